//! One axis type, linear, logarithmic or of names, whose ticks are exact.
//!
//! plotters' own logarithmic axis loses the lowest decade and has no tick at all within one decade.

use super::sheet::{TICK, measure};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How values become places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal steps are equal lengths.
    Linear,
    /// Equal ratios are equal lengths; only positive values have a place.
    Log,
}

/// An axis with its labelled (major) and unlabelled (minor) ticks.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    major: Vec<(f64, String)>,
    minor: Vec<f64>,
}

impl Axis {
    /// Covers the finite (and, on a log axis, positive) values, never of zero width; `ticks` is the wish, not a bound.
    /// `None` when no value has a place.
    pub(crate) fn over(scale: Scale, values: impl IntoIterator<Item = f64>, ticks: usize) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values.into_iter().filter(|v| v.is_finite() && (scale == Scale::Linear || *v > 0.0)) {
            low = low.min(v);
            high = high.max(v);
        }
        if low > high {
            return None;
        }
        Some(match scale {
            Scale::Log => {
                // Too narrow a range shows rounding noise as a cliff.
                let wide = if high / low < 1.02 { 1.02 } else { (high / low).powf(0.03) };
                Self::log((low / wide).max(f64::MIN_POSITIVE), (high * wide).min(f64::MAX), ticks)
            }
            Scale::Linear => {
                let size = high.abs().max(low.abs());
                let wide = if high - low > 1e-9 * size { 0.03 * (high - low) } else { (0.02 * size).max(1e-12) };
                let from_zero = low >= 0.0 && low <= 4.0 * wide && high - low > 1e-9 * size;
                Self::linear(if from_zero { 0.0 } else { low - wide }, high + wide, ticks)
            }
        })
    }

    /// From `low` to `high` in equal steps of 1, 2, 2.5 or 5 × 10ⁿ.
    pub(crate) fn linear(low: f64, high: f64, ticks: usize) -> Self {
        let (major, minor) = linear_ticks(low, high, ticks);
        Self { scale: Scale::Linear, low, high, major, minor }
    }

    /// From `low` > 0 to `high` by decades.
    pub(crate) fn log(low: f64, high: f64, ticks: usize) -> Self {
        let (major, minor) = log_ticks(low, high, ticks);
        Self { scale: Scale::Log, low, high, major, minor }
    }

    /// One row for each name, the first on top at 0, the next at −1 and so on.
    pub(crate) fn names(names: &[String]) -> Self {
        let major = names.iter().enumerate().map(|(i, name)| (-(i as f64), name.clone())).collect();
        Self { scale: Scale::Linear, low: 0.5 - names.len().max(1) as f64, high: 0.5, major, minor: Vec::new() }
    }

    /// The same axis with as many ticks, at most six or so, as have room side by side in so many points.
    pub(crate) fn fit(&self, width: f64) -> Self {
        let with = |ticks: usize| match self.scale {
            Scale::Linear => Self::linear(self.low, self.high, ticks),
            Scale::Log => Self::log(self.low, self.high, ticks),
        };
        let fits = |axis: &Self| {
            let ends = |t: &(f64, String)| {
                let (middle, half) = (axis.unit(t.0).unwrap_or(0.0) * width, measure(&t.1, TICK, false) / 2.0);
                (middle - half, middle + half)
            };
            axis.major.windows(2).all(|pair| ends(&pair[0]).1 + 4.0 <= ends(&pair[1]).0)
        };
        (2..=6).rev().map(with).find(fits).unwrap_or_else(|| {
            let mut axis = with(2);
            while axis.major.len() > 1 && !fits(&axis) {
                axis.name_every_second();
            }
            axis
        })
    }

    /// Every second of the labelled ticks loses its label.
    fn name_every_second(&mut self) {
        let mut second = false;
        let minor = &mut self.minor;
        self.major.retain(|tick| {
            second = !second;
            if !second {
                minor.push(tick.0);
            }
            second
        });
        minor.sort_by(f64::total_cmp);
    }

    pub(crate) fn scale(&self) -> Scale {
        self.scale
    }

    pub(crate) fn major(&self) -> &[(f64, String)] {
        &self.major
    }

    pub(crate) fn minor(&self) -> &[f64] {
        &self.minor
    }

    pub(crate) fn bounds(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The position of a value, 0 at the low end and 1 at the high end, or nothing where it has none.
    pub(crate) fn unit(&self, value: f64) -> Option<f64> {
        let u = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
        };
        u.is_finite().then_some(u)
    }

    /// The inverse of [`Axis::unit`].
    pub(crate) fn value(&self, unit: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.low + unit * (self.high - self.low),
            Scale::Log => (self.low.ln() + unit * (self.high.ln() - self.low.ln())).exp(),
        }
    }

    /// The place of a value between two coordinates; values without a place lie at the low end.
    pub(crate) fn place(&self, value: f64, (from, to): (i32, i32)) -> i32 {
        let u = self.unit(value).unwrap_or(0.0).clamp(-10.0, 10.0);
        from + (f64::from(to - from) * u).round() as i32
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limits: (i32, i32)) -> i32 {
        self.place(*value, limits)
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        if hint.weight().allow_light_points() { self.minor.clone() } else { self.major.iter().map(|t| t.0).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let same = |t: &&(f64, String)| t.0.total_cmp(value).is_eq();
        self.major.iter().find(same).map_or_else(String::new, |t| t.1.clone())
    }
}

type Ticks = (Vec<(f64, String)>, Vec<f64>);

fn linear_ticks(low: f64, high: f64, wanted: usize) -> Ticks {
    let raw = (high - low) / wanted.max(1) as f64;
    let unit = 10f64.powi(raw.log10().floor() as i32);
    let (factor, parts) = [(1.0, 5.0), (2.0, 4.0), (2.5, 5.0), (5.0, 5.0)]
        .into_iter()
        .find(|s| s.0 * unit >= 0.9 * raw)
        .unwrap_or((10.0, 5.0));
    let step = factor * unit;
    let multiples = |step: f64| -> Vec<f64> {
        let (a, b) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        (a..=b).map(|i| i as f64 * step).collect()
    };
    let mut major = multiples(step);
    if major.len() < 2 && wanted < 12 {
        return linear_ticks(low, high, wanted + 2);
    }
    // As many decimals as the step needs, so that neighbours never read alike.
    let decimals = (-step.log10() + if (factor - 2.5f64).abs() < 0.1 { 1.0 } else { 0.0 }).ceil().max(0.0) as i32;
    major.dedup();
    let label =
        |v: &f64| if step.abs() >= 1e5 || decimals > 7 { scientific(*v, step) } else { decimal(*v, decimals as usize) };
    (major.iter().map(|v| (*v, label(v))).collect(), multiples(step / parts))
}

fn log_ticks(low: f64, high: f64, wanted: usize) -> Ticks {
    let (a, b) = ((low.log10() - 1e-9).ceil() as i32, (high.log10() + 1e-9).floor() as i32);
    let inside = |v: &f64| *v >= low * (1.0 - 1e-9) && *v <= high * (1.0 + 1e-9);
    let multiples = |of: &[f64]| -> Vec<f64> {
        (a - 1..=b).flat_map(|e| of.iter().map(move |m| m * 10f64.powi(e))).filter(inside).collect()
    };
    let fine = multiples(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let decades = (b - a + 1).max(0) as usize;
    if decades >= 3 {
        let every = decades.div_ceil(wanted.max(2)) as i32;
        let (labelled, skipped): (Vec<i32>, Vec<i32>) = (a..=b).partition(|e| e.rem_euclid(every) == 0);
        let major = labelled.into_iter().map(|e| (10f64.powi(e), format!("10{}", superscript(e)))).collect();
        return (major, if every == 1 { fine } else { skipped.into_iter().map(|e| 10f64.powi(e)).collect() });
    }
    // Fewer than three decades: 1, 2, 5 of each (1, 3 when those are too many); when even those are few, equal steps.
    let mut some = multiples(&[1.0, 2.0, 5.0]);
    if some.len() > wanted.max(2) {
        some = multiples(&[1.0, 3.0]);
    }
    if some.len() > wanted.max(2) + 1 && decades >= 2 {
        some = multiples(&[1.0]);
    } else if some.len() < 3 {
        return linear_ticks(low, high, wanted);
    }
    // Ticks of one leading digit: plain where that is short for all of them, else with a power of ten.
    let exponent = |v: &f64| (v.log10() + 1e-9).floor() as i32;
    let plain = some.iter().map(exponent).all(|e| (-3..5).contains(&e));
    let label = |v: f64| if plain { decimal(v, (-exponent(&v)).max(0) as usize) } else { scientific(v, v) };
    (some.into_iter().map(|v| (v, label(v))).collect(), fine)
}

fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if zero { "0".into() } else { text.replace('-', "−") }
}

/// With a power of ten and as many digits as `step` asks for.
fn scientific(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let exponent = (value.abs().log10() + 1e-9).floor() as i32;
    let digits = (exponent - (step.abs().log10() + 1e-9).floor() as i32 + 1).clamp(1, 15) as usize;
    let mantissa = format!("{:.digits$}", value / 10f64.powi(exponent));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.').replace('-', "−");
    let power = format!("10{}", superscript(exponent));
    if mantissa == "1" { power } else { format!("{mantissa}·{power}") }
}

/// An exponent as superscript digits.
pub(crate) fn superscript(n: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let lifted = |c: char| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]);
    n.to_string().chars().map(lifted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(axis: &Axis, wanted: usize) {
        let labels: Vec<&String> = axis.major.iter().map(|t| &t.1).collect();
        assert!((2..=2 * wanted + 1).contains(&labels.len()), "{wanted} wanted: {axis:?}");
        let mut distinct = labels.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), labels.len(), "{axis:?}");
        let (low, high) = axis.bounds();
        let slack = 1e-6 * (high - low);
        for v in axis.major.iter().map(|t| t.0).chain(axis.minor.iter().copied()) {
            assert!(v >= low - slack && v <= high + slack, "{v} of {axis:?}");
        }
    }

    #[test]
    fn labels_that_have_no_room_are_left_out() {
        // Less than a decade: 0.04, 0.06 and 0.08 are ticks however few are wished for.
        let axis = Axis::log(0.031, 0.09, 6).fit(40.0);
        assert_eq!(axis.major().iter().map(|t| t.1.as_str()).collect::<Vec<_>>(), ["0.04", "0.08"]);
        assert!(axis.minor().contains(&0.06) && axis.minor().is_sorted());
        assert_eq!(axis.fit(1.0).major().len(), 1);
    }

    #[test]
    fn ticks_are_few_enough_enough_and_differ() {
        for i in -64..24 {
            for d in 0..130 {
                let low = 10f64.powf(f64::from(i) * 0.25);
                let high = low * 10f64.powf(f64::from(d * d) * 0.001);
                for wanted in [3, 5, 7] {
                    for scale in [Scale::Log, Scale::Linear] {
                        check(&Axis::over(scale, [low, high], wanted).unwrap(), wanted);
                    }
                }
            }
        }
    }

    #[test]
    fn whole_decades_are_labelled_from_the_lowest() {
        let labels = |axis: Axis| axis.major.into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(labels(Axis::log(1e-3, 1.0, 6)), ["10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        assert_eq!(labels(Axis::log(0.2, 0.9, 6)), ["0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(labels(Axis::log(0.09, 2.1, 6)), ["0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(labels(Axis::linear(0.0, 10.0, 5)), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(Axis::linear(-0.1, 0.1, 2)), ["−0.1", "0", "0.1"]);
        assert_eq!(labels(Axis::linear(0.11721, 0.11729, 3)), ["0.117225", "0.117250", "0.117275"]);
    }

    #[test]
    fn labels_have_room_in_a_narrow_box() {
        for (low, high) in [(0.0027, 0.5), (0.11, 0.14), (1e-9, 1e3), (0.02, 8.0)] {
            let axis = Axis::over(Scale::Log, [low, high], 6).unwrap().fit(75.0);
            let used: f64 = axis.major.iter().map(|t| measure(&t.1, TICK, false)).sum();
            assert!(axis.major.len() >= 2 && used < 75.0, "{axis:?}");
        }
    }

    #[test]
    fn odd_values_have_no_place_or_a_wide_axis() {
        assert!(Axis::over(Scale::Log, [0.0, -1.0, f64::NAN], 5).is_none());
        assert!(Axis::over(Scale::Linear, [f64::INFINITY], 5).is_none());
        for (scale, v) in [(Scale::Log, 1e-3), (Scale::Linear, 0.0), (Scale::Linear, 7.0), (Scale::Log, 1e-300)] {
            let axis = Axis::over(scale, [v, v, f64::INFINITY], 5).unwrap();
            assert!(axis.bounds().0 < axis.bounds().1 && axis.major.len() >= 2, "{axis:?}");
        }
    }

    #[test]
    fn unit_and_value_are_inverse() {
        for axis in [Axis::log(1e-7, 3.0, 5), Axis::linear(-2.0, 5.0, 5)] {
            for u in [0.0, 0.3, 1.0] {
                assert!((axis.unit(axis.value(u)).unwrap() - u).abs() < 1e-12);
            }
        }
        assert_eq!(Axis::log(1e-3, 1.0, 5).unit(0.0), None);
        assert_eq!(Axis::log(1e-3, 1.0, 5).unit(-1.0), None);
    }
}
