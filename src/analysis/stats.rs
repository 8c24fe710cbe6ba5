//! Quantiles that know infinity: a failed run is a value above all others.

/// The `p`-quantile (0 ≤ p ≤ 1) by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996).
///
/// NaN counts as +∞; between a finite value and +∞ there is only +∞. `None` for no values.
#[must_use]
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().map(|v| if v.is_nan() { f64::INFINITY } else { *v }).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = p.clamp(0.0, 1.0) * last as f64;
    let (below, share) = (at.floor() as usize, at.fract());
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    // Not `low + share·(high − low)` throughout: ∞ − ∞ is no number, and 0·∞ neither.
    Some(if share < 1e-12 || low.total_cmp(&high).is_eq() { low } else { low + share * (high - low) })
}

/// The middle value; for an even number the mean of the two in the middle. NaN counts as +∞.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// Where a sample lies: its ends, quartiles and median; failures are infinite and belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The number of values, infinite ones included.
    pub count: usize,
    /// The number of finite values.
    pub finite: usize,
    /// The least value.
    pub min: f64,
    /// The 25 % quantile.
    pub lower: f64,
    /// The median.
    pub median: f64,
    /// The 75 % quantile.
    pub upper: f64,
    /// The greatest value.
    pub max: f64,
}

impl Summary {
    /// The summary of at least one value.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        Some(Self {
            count: values.len(),
            finite: values.iter().filter(|v| v.is_finite()).count(),
            min: quantile(values, 0.0)?,
            lower: quantile(values, 0.25)?,
            median: median(values)?,
            upper: quantile(values, 0.75)?,
            max: quantile(values, 1.0)?,
        })
    }

    /// Whether the two can be told apart: their interquartile ranges do not meet, and there are three values each.
    ///
    /// The same answer for values and for their logarithms, so it suits times and errors alike.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        self.count >= 3 && other.count >= 3 && (self.upper < other.lower || other.upper < self.lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_and_keep_infinity() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(quantile(&[0.0, 10.0, 20.0, 30.0, 40.0], 0.1), Some(4.0));
        assert_eq!(quantile(&[0.0, 10.0, 20.0, 30.0, 40.0], 0.9), Some(36.0));
        assert_eq!(median(&[1.0, f64::INFINITY]), Some(f64::INFINITY));
        assert_eq!(median(&[1.0, 2.0, f64::NAN]), Some(2.0));
        assert_eq!(median(&[f64::INFINITY, f64::INFINITY]), Some(f64::INFINITY));
        assert_eq!(quantile(&[1.0, f64::INFINITY], 0.0), Some(1.0));
    }

    #[test]
    fn a_difference_must_exceed_the_spread() {
        let of = |v: &[f64]| Summary::of(v).unwrap();
        let tight = of(&[1.0, 1.1, 1.2]);
        assert!((tight.lower - 1.05).abs() < 1e-12 && (tight.upper - 1.15).abs() < 1e-12);
        assert!(tight.differs_from(&of(&[2.0, 2.1, 2.2])) && of(&[2.0, 2.1, 2.2]).differs_from(&tight));
        assert!(!tight.differs_from(&of(&[1.1, 1.15, 1.2])));
        assert!(!tight.differs_from(&of(&[0.0, 2.0, 9.0])), "the other's spread counts too");
        assert!(tight.differs_from(&of(&[2.0, f64::INFINITY, f64::INFINITY])));
        assert!(!of(&[1.0]).differs_from(&of(&[9.0])), "one value has no spread");
        assert_eq!(of(&[1.0, f64::INFINITY]).finite, 1);
    }
}
