//! Two entrants on the same starts: wins, the median ratio, a paired test, and a verdict that may be “cannot tell”.

use super::bootstrap::{Bootstrap, Interval, Nested};
use super::signed::{holm, signed_rank, student};
use super::stats::median;
use serde::Serialize;

/// The error rate of a family of comparisons.
pub const LEVEL: f64 = 0.05;
/// Relative differences of errors and objectives up to this are ties.
pub const QUALITY_FLOOR: f64 = 1e-4;
/// Fewer pairs tell nothing.
pub const FEWEST: usize = 3;

/// Who has the lower values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The first of the two.
    First,
    /// The second.
    Second,
    /// It cannot be told.
    CannotTell,
}

/// The test that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Wilcoxon's signed ranks of the logarithms of the ratios.
    SignedRank,
    /// Student's t of them: for so few pairs that no rank test could reach the level.
    Student,
    /// None: too few pairs.
    None,
}

/// Two entrants compared pair by pair; lower is better.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first entrant.
    pub first: String,
    /// The second.
    pub second: String,
    /// How many pairs.
    pub pairs: usize,
    /// Pairs in which the first is lower by more than the floor.
    pub wins: usize,
    /// Pairs within the floor, or in which both fail.
    pub ties: usize,
    /// Pairs in which the second is lower by more than the floor.
    pub losses: usize,
    /// The median of first / second over the pairs in which not both fail.
    pub ratio: Interval,
    /// Which test.
    pub test: Test,
    /// Its two-sided p; 1 without a test.
    pub p: f64,
    /// The same after Holm's correction for the comparisons made together.
    pub adjusted: f64,
    /// The relative difference that the measurement cannot resolve.
    pub floor: f64,
    /// The verdict.
    pub lower: Side,
}

/// Compares pairs of values, both of the same data, start and seed; `comparisons` is how many are made together, of
/// which [`decide`] corrects the verdict. `floor` is the relative difference that the measurement cannot resolve.
///
/// The test is Wilcoxon's, exact for few pairs. Where even equal signs in all pairs could not reach [`LEVEL`] after
/// correction, it is Student's t of the logarithms, which trusts in their being normal; it needs finite values.
#[must_use]
pub fn compare(
    names: (&str, &str),
    pairs: &Nested<(f64, f64)>,
    floor: f64,
    comparisons: usize,
    bootstrap: &Bootstrap,
) -> Comparison {
    let logs: Vec<f64> = pairs.iter().flatten().flatten().map(|pair| difference(*pair)).collect();
    let threshold = (1.0 + floor).ln();
    let count = |of: &dyn Fn(f64) -> bool| logs.iter().filter(|d| of(**d)).count();
    let (wins, losses) = (count(&|d| d < -threshold), count(&|d| d > threshold));
    let ratio = bootstrap.interval(pairs, |sample| {
        let ratios: Vec<f64> = sample.iter().map(|p| difference(**p)).filter(|d| !d.is_nan()).collect();
        median(&ratios).map_or(f64::NAN, f64::exp)
    });
    let resolved: Vec<f64> = logs.iter().copied().filter(|d| !d.is_nan()).collect();
    let (test, p) = test(&resolved, comparisons);
    Comparison {
        first: names.0.into(),
        second: names.1.into(),
        pairs: logs.len(),
        wins,
        ties: logs.len() - wins - losses,
        losses,
        ratio,
        test,
        p,
        adjusted: p,
        floor,
        lower: Side::CannotTell,
    }
}

/// log(a / b): −∞ where only b fails, +∞ where only a does, NaN where both do; 0 for equal values, zeros among them.
fn difference((a, b): (f64, f64)) -> f64 {
    match (a.is_finite(), b.is_finite()) {
        (false, false) => f64::NAN,
        (true, false) => f64::NEG_INFINITY,
        (false, true) => f64::INFINITY,
        (true, true) if a.total_cmp(&b).is_eq() => 0.0,
        (true, true) => (a.max(0.0) / b.max(0.0)).ln(),
    }
}

fn test(logs: &[f64], comparisons: usize) -> (Test, f64) {
    if logs.len() < FEWEST {
        return (Test::None, 1.0);
    }
    let least = 2f64.powi(1 - i32::try_from(logs.len()).unwrap_or(i32::MAX)) * comparisons.max(1) as f64;
    if least > LEVEL && logs.iter().all(|d| d.is_finite()) {
        return (Test::Student, student(logs));
    }
    (Test::SignedRank, signed_rank(logs).map_or(1.0, |told| told.p))
}

/// Corrects comparisons that are made together by Holm's method and gives each its verdict: one side is lower where the
/// corrected test says so, the median ratio is beyond the floor, and the interval of the ratio leaves 1 out.
pub fn decide(comparisons: &mut [Comparison]) {
    let adjusted = holm(&comparisons.iter().map(|c| c.p).collect::<Vec<f64>>());
    for (comparison, adjusted) in comparisons.iter_mut().zip(adjusted) {
        comparison.adjusted = adjusted;
        let (Interval { value, low, high }, floor) = (comparison.ratio, comparison.floor);
        comparison.lower = if adjusted > LEVEL || !comparison.ratio.is_known() {
            Side::CannotTell
        } else if value < 1.0 / (1.0 + floor) && high < 1.0 {
            Side::First
        } else if value > 1.0 + floor && low > 1.0 {
            Side::Second
        } else {
            Side::CannotTell
        };
    }
}

/// Every pair of labels compared once, Holm-corrected over all of them; `values` gives the values of two labels on the
/// starts that both tried.
#[must_use]
pub fn matrix(
    labels: &[String],
    floor: f64,
    bootstrap: &Bootstrap,
    values: impl Fn(&str, &str) -> Nested<(f64, f64)>,
) -> Vec<Comparison> {
    let count = labels.len() * labels.len().saturating_sub(1) / 2;
    let mut all = Vec::with_capacity(count);
    for (i, first) in labels.iter().enumerate() {
        for second in &labels[i + 1..] {
            all.push(compare((first, second), &values(first, second), floor, count, bootstrap));
        }
    }
    decide(&mut all);
    all
}

impl Comparison {
    /// The same seen from the other side.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let Interval { value, low, high } = self.ratio;
        Self {
            first: self.second.clone(),
            second: self.first.clone(),
            wins: self.losses,
            losses: self.wins,
            ratio: Interval { value: value.recip(), low: high.recip(), high: low.recip() },
            lower: match self.lower {
                Side::First => Side::Second,
                Side::Second => Side::First,
                Side::CannotTell => Side::CannotTell,
            },
            ..self.clone()
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn told(pairs: &[(f64, f64)], floor: f64) -> Comparison {
        let mut one = [compare(("a", "b"), &vec![vec![pairs.to_vec()]], floor, 1, &Bootstrap::default())];
        decide(&mut one);
        one[0].clone()
    }

    #[test]
    fn a_clear_difference_is_told_and_its_mirror_too() {
        let pairs: Vec<(f64, f64)> = (0..8).map(|i| (1.0 + 0.01 * f64::from(i), 2.0)).collect();
        let found = told(&pairs, 0.02);
        assert_eq!((found.wins, found.ties, found.losses, found.lower), (8, 0, 0, Side::First));
        assert_eq!(found.p, 2.0 / 256.0, "all eight signs alike");
        let mirrored: Vec<(f64, f64)> = pairs.iter().map(|p| (p.1, p.0)).collect();
        assert_eq!(told(&mirrored, 0.02).lower, Side::Second);
        let back = told(&mirrored, 0.02).reversed();
        assert!((back.ratio.value - found.ratio.value).abs() < 1e-12 && back.lower == Side::First);
    }

    #[test]
    fn what_the_floor_hides_is_not_told() {
        let pairs = vec![(1.0, 1.01); 20];
        assert_eq!(told(&pairs, 0.02).lower, Side::CannotTell);
        assert_eq!(told(&pairs, 0.02).ties, 20);
        assert_eq!(told(&pairs, 0.005).lower, Side::First);
    }

    #[test]
    fn few_pairs_are_tested_by_t_and_two_by_nothing() {
        let pairs = [(1.0, 3.0), (1.1, 3.2), (0.9, 2.8), (1.0, 3.1), (1.05, 3.0)];
        let found = told(&pairs, 0.02);
        assert_eq!((found.test, found.lower), (Test::Student, Side::First));
        assert_eq!((told(&pairs[..2], 0.02).test, told(&pairs[..2], 0.02).lower), (Test::None, Side::CannotTell));
        assert_eq!(told(&[(1.0, 2.0), (2.0, 1.0), (1.5, 1.4), (1.0, 1.1)], 0.02).lower, Side::CannotTell);
    }

    #[test]
    fn a_failure_loses_its_pair_and_two_failures_tie() {
        let pairs = [(1.0, INF), (1.0, INF), (1.0, INF), (1.0, INF), (1.0, INF), (1.0, INF), (INF, INF)];
        let found = told(&pairs, 0.02);
        assert_eq!((found.wins, found.ties, found.test, found.lower), (6, 1, Test::SignedRank, Side::First));
        assert_eq!(found.ratio.value, 0.0);
        assert_eq!(told(&[(INF, INF); 9], 0.02).lower, Side::CannotTell);
        assert_eq!(told(&[(0.0, 0.0); 9], 0.02).ties, 9);
    }

    #[test]
    fn the_matrix_has_each_pair_once() {
        let labels = ["a", "b", "c"].map(String::from);
        let all = matrix(&labels, 0.0, &Bootstrap::default(), |_, _| vec![vec![vec![(1.0, 2.0); 9]]]);
        let pairs: Vec<(&str, &str)> = all.iter().map(|c| (c.first.as_str(), c.second.as_str())).collect();
        assert_eq!(pairs, [("a", "b"), ("a", "c"), ("b", "c")]);
        assert_eq!(all[0].adjusted, 3.0 * all[0].p);
    }
}
