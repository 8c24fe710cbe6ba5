//! Average ranks over problems, Friedman's test and the critical difference (Demšar 2006).

use super::stats::median;
use serde::Serialize;
use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, Normal};

/// Entrants ranked over problems.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ranks {
    /// The entrants, as given.
    pub labels: Vec<String>,
    /// The mean rank of each; 1 is the lowest value.
    pub ranks: Vec<f64>,
    /// How many problems.
    pub problems: usize,
    /// Friedman's p for “all are alike”.
    pub p: f64,
    /// Mean ranks that differ by less cannot be told apart (Nemenyi, 5 %).
    pub critical_difference: f64,
}

/// Ranks medians over seeds: `values[problem][entrant]` are the values of all seeds, failures infinite. Equal medians
/// share their mean rank. `None` for fewer than two entrants or problems.
#[must_use]
pub fn ranks(labels: &[String], values: &[Vec<Vec<f64>>]) -> Option<Ranks> {
    let (k, n) = (labels.len(), values.len());
    if k < 2 || n < 2 || values.iter().any(|problem| problem.len() != k) {
        return None;
    }
    let (mut sums, mut ties) = (vec![0.0; k], 0.0);
    for problem in values {
        let medians: Vec<f64> = problem.iter().map(|seeds| median(seeds).unwrap_or(f64::INFINITY)).collect();
        for (i, own) in medians.iter().enumerate() {
            let lower = medians.iter().filter(|m| m.total_cmp(own).is_lt()).count() as f64;
            let equal = medians.iter().filter(|m| m.total_cmp(own).is_eq()).count() as f64;
            sums[i] += lower + (equal + 1.0) / 2.0;
            // Σ (t³ − t) over groups of t equals, spread over their members.
            ties += equal * equal - 1.0;
        }
    }
    let (kf, nf) = (k as f64, n as f64);
    let squares = sums.iter().map(|s| s * s).sum::<f64>();
    let statistic = 12.0 / (nf * kf * (kf + 1.0)) * squares - 3.0 * nf * (kf + 1.0);
    let correction = 1.0 - ties / (nf * kf * (kf * kf - 1.0));
    let p = match ChiSquared::new(kf - 1.0) {
        Ok(chi) if correction > 0.0 => chi.sf((statistic / correction).max(0.0)),
        _ => 1.0,
    };
    let q = studentized_range(0.05, k) / std::f64::consts::SQRT_2;
    Some(Ranks {
        labels: labels.to_vec(),
        ranks: sums.iter().map(|s| s / nf).collect(),
        problems: n,
        p,
        critical_difference: q * (kf * (kf + 1.0) / (6.0 * nf)).sqrt(),
    })
}

/// The value that the range of `k` standard normals exceeds with probability `alpha`.
fn studentized_range(alpha: f64, k: usize) -> f64 {
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if range_below(middle, k) < 1.0 - alpha { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// P(range ≤ q) = k ∫ φ(z) [Φ(z) − Φ(z − q)]^(k−1) dz, by Simpson's rule.
fn range_below(q: f64, k: usize) -> f64 {
    const STEPS: usize = 400;
    let normal = Normal::standard();
    let (from, to) = (-8.5, 8.5 + q);
    let h = (to - from) / STEPS as f64;
    let at = |i: usize| {
        let z = from + h * i as f64;
        normal.pdf(z) * (normal.cdf(z) - normal.cdf(z - q)).powi(k as i32 - 1)
    };
    let inner: f64 = (1..STEPS).map(|i| if i % 2 == 1 { 4.0 * at(i) } else { 2.0 * at(i) }).sum();
    k as f64 * h / 3.0 * (at(0) + inner + at(STEPS))
}

impl Ranks {
    /// Groups of entrants, by index in the order of their ranks, whose ranks lie within the critical difference; only
    /// the largest, and none of one.
    #[must_use]
    pub fn cliques(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.ranks.len()).collect();
        order.sort_by(|a, b| self.ranks[*a].total_cmp(&self.ranks[*b]));
        let mut cliques: Vec<Vec<usize>> = Vec::new();
        let mut end = 0;
        for first in 0..order.len() {
            let near = |at: &usize| self.ranks[*at] - self.ranks[order[first]] <= self.critical_difference;
            let last = first + order[first..].iter().take_while(|at| near(at)).count();
            if last > end && last - first > 1 {
                cliques.push(order[first..last].to_vec());
            }
            end = end.max(last);
        }
        cliques
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[[f64; 3]]) -> Ranks {
        let labels = ["a", "b", "c"].map(String::from);
        let values: Vec<Vec<Vec<f64>>> = rows.iter().map(|row| row.iter().map(|v| vec![*v]).collect()).collect();
        ranks(&labels, &values).unwrap()
    }

    #[test]
    fn ranks_by_hand() {
        let told = of(&[[1.0, 2.0, 3.0], [1.0, 3.0, 2.0], [1.0, 2.0, f64::INFINITY], [5.0, 5.0, 9.0]]);
        assert_eq!(told.ranks, [4.5 / 4.0, 8.5 / 4.0, 11.0 / 4.0]);
        // 12 / (4·3·4) · (4.5² + 8.5² + 11²) − 3·4·4 = 5.375; one pair of ties: 1 − 6 / (4·24).
        let corrected: f64 = 5.375 / (1.0 - 6.0 / 96.0);
        assert!((told.p - (-corrected / 2.0).exp()).abs() < 1e-12, "{}", told.p);
        assert!(ranks(&["a".into()], &[vec![vec![1.0]], vec![vec![1.0]]]).is_none());
    }

    #[test]
    fn the_critical_values_are_those_of_the_table() {
        // Demšar 2006, table 5(a): q over √2 at 5 %.
        for (k, q) in [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)] {
            let told = studentized_range(0.05, k) / std::f64::consts::SQRT_2;
            assert!((told - q).abs() < 1.5e-3, "{k}: {told}");
        }
    }

    #[test]
    fn cliques_are_the_largest_groups_that_cannot_be_told_apart() {
        let of = |ranks: &[f64]| Ranks {
            labels: vec![String::new(); ranks.len()],
            ranks: ranks.to_vec(),
            problems: 9,
            p: 0.0,
            critical_difference: 1.0,
        };
        assert_eq!(of(&[3.0, 1.0, 1.5, 2.2]).cliques(), [vec![1, 2], vec![2, 3], vec![3, 0]]);
        assert_eq!(of(&[1.0, 1.5, 2.0, 4.0]).cliques(), [vec![0, 1, 2]]);
        assert!(of(&[1.0, 3.0]).cliques().is_empty());
    }
}
