//! Numbers as people read them.

/// `value` with so many significant digits: plain between 10⁻⁴ and 10⁶, else with an exponent; “—” for NaN, “∞” for
/// infinity.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "—".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { "−∞".into() };
    }
    if value == 0.0 {
        return "0".into();
    }
    let digits = digits.max(1);
    // Rounding first: 9.996 with three digits is 10.0, one exponent further.
    let rounded = format!("{value:.*e}", digits - 1);
    let exponent: i32 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        rounded
    }
}

/// A time with its unit: µs, ms or s, three digits.
pub(crate) fn seconds(value: f64) -> String {
    match value {
        v if !v.is_finite() || v == 0.0 || v >= 1.0 => significant(v, 3) + if v.is_finite() { " s" } else { "" },
        v if v >= 0.999_5e-3 => significant(v * 1e3, 3) + " ms",
        v => significant(v * 1e6, 3) + " µs",
    }
}

/// A share as per cent, such as “0.1 %”.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.6}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// With a capital first letter; formulas stay.
pub(crate) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_sensible_digits() {
        let shown: Vec<String> =
            [0.0, 1.0, 0.123456, 9.996, 12345.6, 1.5e-7, 1234567.0, f64::NAN].map(|v| significant(v, 3)).into();
        assert_eq!(shown, ["0", "1.00", "0.123", "10.0", "12346", "1.50e-7", "1.23e6", "—"]);
        assert_eq!([2.5e-5, 0.0123, 1.0, f64::INFINITY].map(seconds), ["25.0 µs", "12.3 ms", "1.00 s", "∞"]);
        assert_eq!([0.1, 0.01, 1e-3, 0.000125].map(percent), ["10 %", "1 %", "0.1 %", "0.0125 %"]);
    }
}
