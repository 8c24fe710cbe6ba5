//! The noise floor: how far two labels of one algorithm come apart on a machine.

use super::contest::pairs;
use super::groups::Problem;
use super::stats::median;
use serde::{Deserialize, Serialize};

/// Relative differences of times up to this are not told where nobody has measured the machine's noise.
pub const ASSUMED_FLOOR: f64 = 0.02;

/// What an A/A experiment found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseFloor {
    /// The machine it holds for.
    pub machine: String,
    /// Relative differences of times up to this are noise.
    pub floor: f64,
    /// How many comparisons of one algorithm with itself it comes from.
    pub comparisons: usize,
    /// The pairs of runs in all of them.
    pub pairs: usize,
    /// The experiment.
    pub experiment: String,
    /// When it was measured, UTC.
    pub measured: String,
}

/// Both labels of an algorithm compared on one problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Twins {
    /// The first label.
    pub label: String,
    /// Data, rank and start.
    pub problem: String,
    /// How many pairs.
    pub pairs: usize,
    /// The median of first / second, of the seconds per iteration.
    pub ratio: f64,
}

/// Compares each label with its twin, whose name is the label followed by `mark`.
#[must_use]
pub fn twins(problems: &[Problem<'_>], mark: &str) -> Vec<Twins> {
    let mut found = Vec::new();
    for problem in problems {
        for entrant in &problem.entrants {
            let twin = format!("{}{mark}", entrant.label);
            let both = pairs(&[problem], (&entrant.label, &twin), |_, run| run.seconds_per_iteration);
            let both: Vec<f64> = both.into_iter().flatten().flatten().map(|(a, b)| a / b).collect();
            let finite: Vec<f64> = both.iter().copied().filter(|r| r.is_finite() && *r > 0.0).collect();
            if let Some(ratio) = median(&finite) {
                found.push(Twins {
                    label: entrant.label.clone(),
                    problem: format!("{}, k = {}, {}", problem.dataset.title, problem.rank, problem.init),
                    pairs: finite.len(),
                    ratio,
                });
            }
        }
    }
    found
}

/// The floor: the greatest relative difference among twins, as a ratio above 1, less 1. `None` without twins.
///
/// The greatest, not a quantile: an A/A experiment has few comparisons, and the verdicts that use it are to stay
/// silent on each of them.
#[must_use]
pub fn floor(twins: &[Twins]) -> Option<f64> {
    twins.iter().map(|t| t.ratio.max(t.ratio.recip()) - 1.0).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::invented::{at, run};
    use crate::analysis::problems;

    #[test]
    fn the_floor_is_the_largest_difference_of_twins() {
        let timed = |name: &str, seed, t: f64| {
            let mut record = at(run("mu", seed, &[9.0, 1.0]), &[0.0, t]);
            (record.label, record.iterations) = (name.into(), 1);
            record
        };
        let mut records = vec![timed("mu", 0, 1.0), timed("mu", 1, 2.0), timed("mu", 2, 1.0)];
        records.extend([timed("mu B", 0, 1.1), timed("mu B", 1, 2.0), timed("mu B", 2, 1.25)]);
        let all = problems(&records);
        let found = twins(&all, " B");
        assert_eq!((found.len(), found[0].pairs), (1, 3));
        assert!((floor(&found).unwrap() - 0.1).abs() < 1e-12, "median of 1/1.1, 1, 1/1.25 is 1/1.1");
        assert_eq!(floor(&[]), None);
    }
}
