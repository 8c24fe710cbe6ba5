//! Distributions over problems, targets and seeds: runtime ECDF, performance profile, data profile, final values.

use super::attempts::{Attempt, labels, nested};
use super::bootstrap::Bootstrap;
use serde::Serialize;
use std::collections::BTreeMap;

/// The share of instances at or below a value, as a right-continuous step function. Failures are instances that never
/// come: the last share is below 1 by theirs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Steps {
    /// Where it rises, ascending and distinct; all finite.
    pub x: Vec<f64>,
    /// The share from there on.
    pub share: Vec<f64>,
    /// How many instances there are.
    pub count: usize,
}

impl Steps {
    /// The distribution of the values; those that are not finite count and never come.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        finite.sort_by(f64::total_cmp);
        let mut steps = Self { count: values.len(), ..Self::default() };
        for (i, value) in finite.iter().enumerate() {
            let share = (i + 1) as f64 / values.len() as f64;
            match steps.x.last() {
                Some(last) if last.total_cmp(value).is_eq() => *steps.share.last_mut().expect("as long as x") = share,
                _ => {
                    steps.x.push(*value);
                    steps.share.push(share);
                }
            }
        }
        steps
    }

    /// The share at or below `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        let after = self.x.partition_point(|v| *v <= x);
        if after == 0 { 0.0 } else { self.share[after - 1] }
    }

    /// The share that ever comes.
    #[must_use]
    pub fn last(&self) -> f64 {
        self.share.last().copied().unwrap_or(0.0)
    }
}

/// One entrant's distribution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// What legends call it.
    pub label: String,
    /// The distribution.
    pub steps: Steps,
}

/// The runtime ECDF: the share of (problem, target, seed) that is reached within a price.
#[must_use]
pub fn ecdf(attempts: &[Attempt]) -> Vec<Distribution> {
    let own = |label: &String| attempts.iter().filter(|a| a.label == *label).map(|a| a.price).collect::<Vec<f64>>();
    labels(attempts).into_iter().map(|label| Distribution { steps: Steps::of(&own(&label)), label }).collect()
}

/// The ends of the interval of one entrant's ECDF at each of the places: data sets are drawn, seeds within their problem,
/// all targets of a seed together. `None` where there is nothing to draw anew.
#[must_use]
pub fn ecdf_band(attempts: &[Attempt], label: &str, places: &[f64], bootstrap: &Bootstrap) -> Option<Vec<[f64; 2]>> {
    let mine = || attempts.iter().filter(|a| a.label == label);
    let first = mine().next()?.epsilon;
    let seeds = nested(mine().filter(|a| a.epsilon.total_cmp(&first).is_eq()), |a| {
        let prices = mine().filter(|b| (b.problem, b.seed) == (a.problem, a.seed)).map(|b| b.price);
        prices.collect::<Vec<f64>>()
    });
    let at = |x: &f64| {
        bootstrap.interval(&seeds, |sample| {
            let all = sample.iter().map(|prices| prices.len()).sum::<usize>();
            let reached = sample.iter().flat_map(|prices| prices.iter()).filter(|price| **price <= *x).count();
            reached as f64 / all.max(1) as f64
        })
    };
    places.iter().map(|x| Some(at(x)).filter(|i| i.is_known()).map(|i| [i.low, i.high])).collect()
}

/// The performance profile of Dolan & Moré (2002): the share of (problem, target, seed) on which an entrant's price is
/// within a factor of the least. Only instances that every entrant tried count; the second value says how many others
/// there were.
///
/// A target that nobody reaches is a failure of everybody.
#[must_use]
pub fn performance(attempts: &[Attempt]) -> (Vec<Distribution>, usize) {
    let labels = labels(attempts);
    let mut instances: BTreeMap<(usize, u64, u64), Vec<Option<f64>>> = BTreeMap::new();
    for attempt in attempts {
        let key = (attempt.problem, attempt.seed, attempt.epsilon.to_bits());
        let at = labels.iter().position(|l| *l == attempt.label).expect("a label of the attempts");
        instances.entry(key).or_insert_with(|| vec![None; labels.len()])[at] = Some(attempt.price);
    }
    let all = instances.len();
    let whole: Vec<Vec<f64>> = instances.into_values().filter_map(|prices| prices.into_iter().collect()).collect();
    let profile = labels.into_iter().enumerate().map(|(i, label)| {
        let ratios: Vec<f64> = whole.iter().map(|prices| ratio(prices[i], least(prices))).collect();
        Distribution { label, steps: Steps::of(&ratios) }
    });
    (profile.collect(), all - whole.len())
}

fn least(prices: &[f64]) -> f64 {
    prices.iter().copied().min_by(f64::total_cmp).unwrap_or(f64::INFINITY)
}

/// The price of a start that is good enough is 0 for everybody.
fn ratio(price: f64, least: f64) -> f64 {
    match (price, least) {
        (price, _) if !price.is_finite() => f64::INFINITY,
        (price, least) if price <= least => 1.0,
        (price, least) => price / least,
    }
}

/// The data profile of Moré & Wild (2009): the share of (problem, target, seed) reached within a number of units of the
/// problem. Their unit is a simplex gradient, n + 1 evaluations; here it is one product with A and one with Aᵀ.
#[must_use]
pub fn data(attempts: &[Attempt]) -> Vec<Distribution> {
    let own = |label: &String| -> Vec<f64> {
        attempts.iter().filter(|a| a.label == *label).map(|a| a.price / a.unit).collect()
    };
    labels(attempts).into_iter().map(|label| Distribution { steps: Steps::of(&own(&label)), label }).collect()
}

/// The expected least of `r` values drawn without replacement: what the best of r restarts comes to.
///
/// Σᵢ v₍ᵢ₎ · C(n − i, r − 1) / C(n, r), unbiased; +∞ where r draws may all fail. `None` where there are fewer than r.
#[must_use]
pub fn best_of(values: &[f64], r: usize) -> Option<f64> {
    let n = values.len();
    if r == 0 || r > n {
        return None;
    }
    let mut sorted: Vec<f64> = values.iter().map(|v| if v.is_nan() { f64::INFINITY } else { *v }).collect();
    sorted.sort_by(f64::total_cmp);
    // C(n − i, r − 1) / C(n, r), from the first, r / n, by the ratio of neighbours.
    let mut weight = r as f64 / n as f64;
    let mut sum = 0.0;
    for (i, value) in sorted.iter().enumerate().take(n - r + 1) {
        sum += weight * value;
        let left = n - i - 1;
        weight *= if left == 0 { 0.0 } else { (left as f64 - r as f64 + 1.0) / left as f64 };
    }
    Some(sum)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn attempt(label: &str, problem: usize, seed: u64, price: f64) -> Attempt {
        let (label, data) = (label.to_string(), "d".to_string());
        Attempt { label, data, problem, seed, epsilon: 0.1, price, spent: 9.0, unit: 2.0 }
    }

    fn attempts() -> Vec<Attempt> {
        let prices = [("a", [1.0, 4.0, INF, INF]), ("b", [2.0, 2.0, 8.0, INF])];
        let mut all = Vec::new();
        for (label, prices) in prices {
            all.extend(prices.into_iter().enumerate().map(|(i, p)| attempt(label, i / 2, (i % 2) as u64, p)));
        }
        all
    }

    #[test]
    fn steps_count_failures() {
        let steps = Steps::of(&[2.0, 1.0, INF, 2.0]);
        assert_eq!((steps.x.as_slice(), steps.share.as_slice()), (&[1.0, 2.0][..], &[0.25, 0.75][..]));
        assert_eq!([0.5, 1.0, 1.9, 2.0, 99.0].map(|x| steps.at(x)), [0.0, 0.25, 0.25, 0.75, 0.75]);
        assert_eq!(Steps::of(&[]).last(), 0.0);
    }

    #[test]
    fn profiles_by_hand() {
        let all = attempts();
        let told = ecdf(&all);
        assert_eq!((told[0].steps.at(3.0), told[1].steps.at(3.0), told[1].steps.last()), (0.25, 0.5, 0.75));
        // Ratios: a is 1, 2, ∞, ∞ and b is 2, 1, 1, ∞.
        let (told, left_out) = performance(&all);
        assert_eq!(left_out, 0);
        assert_eq!((told[0].steps.at(1.0), told[0].steps.at(2.0), told[0].steps.last()), (0.25, 0.5, 0.5));
        assert_eq!((told[1].steps.at(1.0), told[1].steps.at(2.0), told[1].steps.last()), (0.5, 0.75, 0.75));
        let told = data(&all);
        assert_eq!(told[1].steps.x, [1.0, 4.0]);
        let (told, left_out) = performance(&all[1..]);
        assert_eq!((left_out, told[0].steps.count), (1, 3), "what one has not tried is no comparison");
        let start = [attempt("a", 0, 0, 0.0), attempt("b", 0, 0, 0.0)];
        assert_eq!(performance(&start).0[1].steps.at(1.0), 1.0);
    }

    #[test]
    fn the_best_of_r_by_all_subsets() {
        // Pairs of {1, 2, 4}: least 1, 1, 2.
        assert!((best_of(&[4.0, 1.0, 2.0], 2).unwrap() - 4.0 / 3.0).abs() < 1e-15);
        assert!((best_of(&[4.0, 1.0, 2.0], 1).unwrap() - 7.0 / 3.0).abs() < 1e-15);
        assert_eq!(best_of(&[4.0, 1.0, 2.0], 3), Some(1.0));
        assert_eq!(best_of(&[4.0, 1.0], 3), None);
        assert_eq!((best_of(&[1.0, INF], 1), best_of(&[1.0, INF], 2)), (Some(INF), Some(1.0)));
    }
}
