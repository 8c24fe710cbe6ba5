//! Intervals by resampling in two levels: data sets are the clusters, the seeds of a problem are nested in them.
//!
//! Runs of one data set resemble each other, so a band that resampled all runs alike would promise more than a few data
//! sets can (Davison & Hinkley 1997, §3.8). Every draw derives from a fixed seed: the same values give the same interval.

use super::stats::quantile;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Values of data sets, of problems in each, of seeds in each of those.
pub type Nested<T> = Vec<Vec<Vec<T>>>;

/// A value with the ends of its interval; the ends are NaN where there is nothing to resample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The statistic of the sample itself.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end; +∞ where failures reach it.
    pub high: f64,
}

impl Interval {
    /// A value about whose uncertainty nothing is known.
    #[must_use]
    pub fn bare(value: f64) -> Self {
        Self { value, low: f64::NAN, high: f64::NAN }
    }

    /// Whether there are ends.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.low.is_nan() && !self.high.is_nan()
    }
}

/// How intervals are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// How many samples are drawn.
    pub resamples: usize,
    /// The share of them inside the interval.
    pub level: f64,
    /// Of the random stream.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 1000, level: 0.95, seed: 0 }
    }
}

impl Bootstrap {
    /// The percentile interval of a statistic: each sample draws as many data sets as there are, with replacement, keeps
    /// the problems of each, and draws from each problem as many seeds as it has.
    ///
    /// A single data set stays itself; then the interval tells of other seeds, not of other data.
    pub fn interval<T>(&self, nested: &[Vec<Vec<T>>], statistic: impl Fn(&[&T]) -> f64) -> Interval {
        let all: Vec<&T> = nested.iter().flatten().flatten().collect();
        let value = statistic(&all);
        let clusters: Vec<&Vec<Vec<T>>> = nested.iter().filter(|c| c.iter().any(|p| !p.is_empty())).collect();
        if clusters.is_empty() || clusters.len() == 1 && clusters[0].iter().all(|p| p.len() < 2) {
            return Interval::bare(value);
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut sample: Vec<&T> = Vec::with_capacity(all.len());
        let drawn: Vec<f64> = (0..self.resamples.max(1))
            .map(|_| {
                sample.clear();
                for _ in 0..clusters.len() {
                    let cluster = clusters[random.random_range(0..clusters.len())];
                    for problem in cluster.iter().filter(|p| !p.is_empty()) {
                        sample.extend((0..problem.len()).map(|_| &problem[random.random_range(0..problem.len())]));
                    }
                }
                statistic(&sample)
            })
            .collect();
        let tail = (1.0 - self.level) / 2.0;
        let end = |p| quantile(&drawn, p).unwrap_or(f64::NAN);
        Interval { value, low: end(tail), high: end(1.0 - tail) }
    }
}

/// The interval of Wilson (1927) for a share: `successes` of `count`, at 95 %.
#[must_use]
pub fn share(successes: usize, count: usize) -> Interval {
    const Z: f64 = 1.959_963_984_540_054;
    let n = count as f64;
    if count == 0 {
        return Interval::bare(f64::NAN);
    }
    let p = successes as f64 / n;
    let (middle, scale) = (p + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // Exactly 0 and 1 where rounding would leave a trace of the difference.
    let low = if successes == 0 { 0.0 } else { (middle - half) / scale };
    Interval { value: p, low, high: if successes == count { 1.0 } else { (middle + half) / scale } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::median;

    fn mean(values: &[&f64]) -> f64 {
        values.iter().copied().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn one_problem_gives_the_quantiles_of_all_equally_likely_samples() {
        // Of the 27 samples of {0, 3, 9} in order, the means in order begin 0, 1, 1, 1, … and end …, 7, 7, 7, 9.
        let many = Bootstrap { resamples: 20_000, level: 0.9, seed: 1 };
        let told = many.interval(&[vec![vec![0.0, 3.0, 9.0]]], mean);
        assert_eq!((told.value, told.low, told.high), (4.0, 1.0, 7.0));
        assert_eq!(told, many.interval(&[vec![vec![0.0, 3.0, 9.0]]], mean), "the same twice");
    }

    #[test]
    fn data_sets_are_drawn_whole_and_seeds_within_their_problem() {
        // Within a data set nothing varies: the mean is 0, 5 or 10 with shares 1/4, 1/2, 1/4.
        let nested = [vec![vec![0.0; 4]; 2], vec![vec![10.0; 4]; 2]];
        let told = Bootstrap::default().interval(&nested, mean);
        assert_eq!((told.value, told.low, told.high), (5.0, 0.0, 10.0));
        // In one data set problems are kept: each sample has both.
        let told = Bootstrap::default().interval(&[vec![vec![0.0; 3], vec![10.0; 3]]], mean);
        assert_eq!((told.low, told.high), (5.0, 5.0));
    }

    #[test]
    fn a_failure_is_infinite_and_a_lone_value_has_no_interval() {
        let median = |v: &[&f64]| median(&v.iter().map(|x| **x).collect::<Vec<_>>()).unwrap_or(f64::NAN);
        let told = Bootstrap::default().interval(&[vec![vec![1.0, 2.0, f64::INFINITY]]], median);
        assert_eq!((told.value, told.low, told.high), (2.0, 1.0, f64::INFINITY));
        assert!(!Bootstrap::default().interval(&[vec![vec![1.0], vec![2.0]]], median).is_known());
        assert!(Bootstrap::default().interval(&[] as &[Vec<Vec<f64>>], median).value.is_nan());
    }
}
