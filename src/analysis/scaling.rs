//! How the time of an iteration grows with the rank and the sides of A: exponents of a power law and their intervals.

use super::groups::Problem;
use super::stats::median;
use faer::Mat;
use faer::prelude::Solve;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::fmt;

/// What the size of a problem is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// The rank k.
    Rank,
    /// The rows of A.
    M,
    /// The columns of A.
    N,
}

impl Size {
    /// All of them.
    pub const ALL: [Size; 3] = [Size::Rank, Size::M, Size::N];

    /// Its value for a problem.
    #[must_use]
    pub fn of(self, problem: &Problem<'_>) -> f64 {
        (match self {
            Size::Rank => problem.rank,
            Size::M => problem.dataset.m,
            Size::N => problem.dataset.n,
        }) as f64
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Size::Rank => "rank",
            Size::M => "m",
            Size::N => "n",
        })
    }
}

/// The time of an iteration of one entrant on one problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// Rank, rows, columns: in the order of [`Size::ALL`].
    pub size: [f64; 3],
    /// Seconds per iteration: the median over its seeds.
    pub seconds: f64,
}

/// One exponent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Exponent {
    /// Of what.
    pub size: Size,
    /// The fitted exponent.
    pub value: f64,
    /// The lower end of its 95 % interval; NaN where no degree of freedom is left.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A fitted power law: seconds ≈ exp(intercept) · Π sizeᵉ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scaling {
    /// What legends call the entrant.
    pub label: String,
    /// The problems' timings, failures left in as +∞.
    pub timings: Vec<Timing>,
    /// One for each size that varies by itself.
    pub exponents: Vec<Exponent>,
    /// log seconds at size 1.
    pub intercept: f64,
}

impl Scaling {
    /// The fitted seconds at a size.
    #[must_use]
    pub fn seconds(&self, size: [f64; 3]) -> f64 {
        let rise: f64 = self.exponents.iter().map(|e| e.value * size[e.size as usize].ln()).sum();
        (self.intercept + rise).exp()
    }
}

/// The power law of each entrant over all problems, by least squares on logarithms with Student's intervals. Sizes that
/// do not vary, or only together with an earlier one, have no exponent of their own.
#[must_use]
pub fn scaling(problems: &[Problem<'_>]) -> Vec<Scaling> {
    let mut entrants: Vec<(String, Vec<Timing>)> = Vec::new();
    for problem in problems {
        for entrant in &problem.entrants {
            let rates: Vec<f64> = entrant.runs.iter().map(|run| run.seconds_per_iteration).collect();
            let timing = Timing {
                size: Size::ALL.map(|size| size.of(problem)),
                seconds: median(&rates).unwrap_or(f64::INFINITY),
            };
            match entrants.iter_mut().find(|e| e.0 == entrant.label) {
                Some(known) => known.1.push(timing),
                None => entrants.push((entrant.label.clone(), vec![timing])),
            }
        }
    }
    entrants.into_iter().map(|(label, timings)| fit(label, timings)).collect()
}

fn fit(label: String, timings: Vec<Timing>) -> Scaling {
    let usable: Vec<&Timing> = timings.iter().filter(|t| t.seconds.is_finite() && t.seconds > 0.0).collect();
    let y: Vec<f64> = usable.iter().map(|t| t.seconds.ln()).collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
    // Columns that vary, each made orthogonal to those kept before: what is left of a copy is nothing.
    let mut kept: Vec<(Size, Vec<f64>)> = Vec::new();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for (i, size) in Size::ALL.into_iter().enumerate() {
        let raw: Vec<f64> = usable.iter().map(|t| t.size[i].ln()).collect();
        let centre = mean(&raw);
        let column: Vec<f64> = raw.iter().map(|v| v - centre).collect();
        let mut rest = column.clone();
        for b in &basis {
            let share = dot(&rest, b) / dot(b, b);
            rest.iter_mut().zip(b).for_each(|(r, b)| *r -= share * b);
        }
        if dot(&rest, &rest) > 1e-9 * dot(&raw, &raw).max(1e-9) {
            kept.push((size, column));
            basis.push(rest);
        }
    }
    let (p, n, centre) = (kept.len(), y.len(), mean(&y));
    if p == 0 || n <= p {
        return Scaling { label, timings, exponents: Vec::new(), intercept: centre };
    }
    let gram = Mat::from_fn(p, p, |i, j| dot(&kept[i].1, &kept[j].1));
    let right = Mat::from_fn(p, p + 1, |i, j| {
        if j < p { f64::from(u8::from(i == j)) } else { kept[i].1.iter().zip(&y).map(|(x, y)| x * (y - centre)).sum() }
    });
    let solved = gram.partial_piv_lu().solve(&right);
    let slope = |i: usize| solved[(i, p)];
    let residual: f64 =
        (0..n).map(|row| (y[row] - centre - (0..p).map(|i| slope(i) * kept[i].1[row]).sum::<f64>()).powi(2)).sum();
    let freedom = (n - p - 1) as f64;
    let t = StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(0.975));
    let exponents: Vec<Exponent> = (0..p)
        .map(|i| {
            let half = t * (residual / freedom * solved[(i, i)]).sqrt();
            Exponent { size: kept[i].0, value: slope(i), low: slope(i) - half, high: slope(i) + half }
        })
        .collect();
    let mean_log = |size: Size| mean(&usable.iter().map(|t| t.size[size as usize].ln()).collect::<Vec<f64>>());
    let intercept = centre - exponents.iter().map(|e| e.value * mean_log(e.size)).sum::<f64>();
    Scaling { label, timings, exponents, intercept }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(k: f64, m: f64, n: f64, seconds: f64) -> Timing {
        Timing { size: [k, m, n], seconds }
    }

    #[test]
    fn a_power_law_is_found_again() {
        let sizes =
            [(10.0, 100.0, 50.0), (20.0, 100.0, 50.0), (40.0, 300.0, 50.0), (10.0, 700.0, 80.0), (30.0, 90.0, 20.0)];
        let timings = sizes.map(|(k, m, n): (f64, f64, f64)| timing(k, m, n, 1e-6 * k.powi(2) * m * n.sqrt()));
        let told = fit("a".into(), timings.to_vec());
        let found: Vec<f64> = told.exponents.iter().map(|e| e.value).collect();
        assert!((found[0] - 2.0).abs() < 1e-9 && (found[1] - 1.0).abs() < 1e-9 && (found[2] - 0.5).abs() < 1e-9);
        assert!((told.seconds([10.0, 100.0, 50.0]) / timings[0].seconds - 1.0).abs() < 1e-9);
        assert!(told.exponents[0].low <= 2.0 + 1e-9 && told.exponents[0].high >= 2.0 - 1e-9);
    }

    #[test]
    fn sizes_that_do_not_vary_by_themselves_have_no_exponent() {
        let together = [1.0, 2.0, 4.0].map(|s| timing(10.0 * s, 100.0 * s, 7.0, s));
        let told = fit("a".into(), together.to_vec());
        assert_eq!(told.exponents.iter().map(|e| e.size).collect::<Vec<_>>(), [Size::Rank]);
        let two = fit("a".into(), together[..2].to_vec());
        assert!((two.exponents[0].value - 1.0).abs() < 1e-12 && two.exponents[0].low.is_nan(), "no freedom left");
        let failed = fit("a".into(), vec![timing(1.0, 2.0, 3.0, f64::INFINITY)]);
        assert!(failed.exponents.is_empty() && failed.timings.len() == 1);
    }
}
