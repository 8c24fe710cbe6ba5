//! Tests of paired differences: Wilcoxon's signed ranks, Student's t, and Holm's correction.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Up to so many differences the distribution of the rank sum is computed exactly, ties and all.
const EXACT: usize = 100;

/// Wilcoxon's test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SignedRank {
    /// Differences that are not zero.
    pub count: usize,
    /// The rank sum of the positive ones.
    pub plus: f64,
    /// The rank sum of the negative ones.
    pub minus: f64,
    /// Two-sided.
    pub p: f64,
}

/// Wilcoxon's signed-rank test (1945) of symmetry about zero. Zeros are left out; equal sizes share their mean rank;
/// infinite differences share the highest. `None` where all are zero.
///
/// For up to 100 differences p is exact given the ties: all signs are equally likely. Beyond, it is the normal
/// approximation with corrections for ties and continuity.
#[must_use]
pub fn signed_rank(differences: &[f64]) -> Option<SignedRank> {
    let mut kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0 && !d.is_nan()).collect();
    kept.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = kept.len();
    if n == 0 {
        return None;
    }
    let doubled = doubled_ranks(&kept);
    let plus: usize = kept.iter().zip(&doubled).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let total: usize = doubled.iter().sum();
    let least = plus.min(total - plus);
    let p = if n <= EXACT { exact(&doubled, least) } else { approximate(&doubled, least) };
    let half = |doubled: usize| doubled as f64 / 2.0;
    Some(SignedRank { count: n, plus: half(plus), minus: half(total - plus), p: p.min(1.0) })
}

/// Twice the mean ranks of sizes in ascending order: whole numbers.
fn doubled_ranks(sorted: &[f64]) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    while ranks.len() < sorted.len() {
        let first = ranks.len();
        let size = sorted[first].abs();
        let equal = sorted[first..].iter().take_while(|d| d.abs().total_cmp(&size).is_eq()).count();
        // Ranks first + 1 … first + equal; twice their mean.
        ranks.extend(std::iter::repeat_n(2 * first + equal + 1, equal));
    }
    ranks
}

/// 2 P(sum ≤ least) when each rank is in the sum with probability one half.
fn exact(doubled: &[usize], least: usize) -> f64 {
    let total: usize = doubled.iter().sum();
    let mut chance = vec![0.0; total + 1];
    chance[0] = 1.0;
    let mut reach = 0;
    for rank in doubled {
        reach += rank;
        for sum in (0..=reach).rev() {
            let without = chance[sum];
            let with = if sum >= *rank { chance[sum - rank] } else { 0.0 };
            chance[sum] = 0.5 * (without + with);
        }
    }
    2.0 * chance[..=least].iter().sum::<f64>()
}

fn approximate(doubled: &[usize], least: usize) -> f64 {
    let mean = doubled.iter().sum::<usize>() as f64 / 4.0;
    let variance = doubled.iter().map(|r| (*r as f64 / 2.0).powi(2)).sum::<f64>() / 4.0;
    let z = ((least as f64 / 2.0 - mean + 0.5) / variance.sqrt()).min(0.0);
    2.0 * Normal::standard().cdf(z)
}

/// The two-sided p of Student's t for a mean of zero. 1 for fewer than two values; 0 where all are equal and not zero.
#[must_use]
pub fn student(differences: &[f64]) -> f64 {
    let n = differences.len() as f64;
    if differences.len() < 2 {
        return 1.0;
    }
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    if mean == 0.0 {
        return 1.0;
    }
    match StudentsT::new(0.0, 1.0, n - 1.0) {
        Ok(t) if error > 0.0 => 2.0 * t.cdf(-(mean / error).abs()),
        _ => 0.0,
    }
}

/// Holm's step-down correction (1979): adjusted p in the order given.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (mut adjusted, mut most) = (vec![1.0; p.len()], 0.0_f64);
    for (i, at) in order.into_iter().enumerate() {
        most = most.max((p.len() - i) as f64 * p[at]).min(1.0);
        adjusted[at] = most;
    }
    adjusted
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;

    #[test]
    fn small_cases_by_counting_signs() {
        // Ranks 1, 2, 3 all positive: 2 of 8 sign patterns are as extreme.
        let told = signed_rank(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((told.plus, told.minus, told.p), (6.0, 0.0, 0.25));
        // The sum of the negatives is 1: patterns with a sum of at most 1 are {} and {1}.
        assert_eq!(signed_rank(&[-1.0, 2.0, 3.0]).unwrap().p, 0.5);
        // Ranks 1.5, 1.5, 3 with one of the tied negative: sums of at most 1.5 are {}, {1.5}, {1.5}.
        assert_eq!(signed_rank(&[-1.0, 1.0, 2.0]).unwrap().p, 0.75);
        assert_eq!(signed_rank(&[0.0, 0.0]), None);
        assert_eq!(signed_rank(&[f64::INFINITY; 6]).unwrap().p, 2.0 / 64.0);
        assert_eq!(signed_rank(&[1.0, -1.0]).unwrap().p, 1.0);
    }

    #[test]
    fn holm_by_hand() {
        assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
        assert_eq!(holm(&[0.5, 0.9]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn student_without_spread() {
        assert_eq!(student(&[1.0, 1.0, 1.0]), 0.0);
        assert_eq!(student(&[1.0, -1.0]), 1.0);
        assert_eq!(student(&[3.0]), 1.0);
        // t = √3 at 2 degrees of freedom: p = 1 − t / √(t² + 2).
        let p = student(&[0.0, 1.0, 2.0]);
        assert!((p - (1.0 - (3.0_f64 / 5.0).sqrt())).abs() < 1e-12, "{p}");
    }
}
