//! What each run paid for each target: the flat table that time-to-target, ECDFs and profiles are made of.

use super::best::BestValues;
use super::bootstrap::{Bootstrap, Interval, Nested, share};
use super::groups::Problem;
use super::measure::X;
use super::stats::median;
use super::targets::reach;
use serde::Serialize;

/// One run and one target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    /// What legends call the entrant.
    pub label: String,
    /// The data set, by digest: the cluster.
    pub data: String,
    /// The problem, as an index into those it was made from.
    pub problem: usize,
    /// The seed.
    pub seed: u64,
    /// The target ε.
    pub epsilon: f64,
    /// The price of the target; +∞ where it is not reached or the run failed.
    pub price: f64,
    /// The price of the whole run, which a restart after it has to pay.
    pub spent: f64,
    /// The price of one product with A and one with Aᵀ, where this measure knows it: the unit of data profiles.
    pub unit: f64,
}

/// All runs of all problems on a ladder of targets.
#[must_use]
pub fn attempts(problems: &[Problem<'_>], best: &BestValues, ladder: &[f64], x: X) -> Vec<Attempt> {
    let mut all = Vec::new();
    for (index, problem) in problems.iter().enumerate() {
        let nonzeros = problem.dataset.nnz as f64;
        let unit = match x {
            X::Flops => 4.0 * nonzeros * problem.rank as f64,
            X::Passes => 2.0,
            X::Iterations => 1.0,
            X::Seconds => f64::NAN,
        };
        for entrant in &problem.entrants {
            for run in &entrant.runs {
                let seen = run.trace.iter().map(|c| x.of(c)).filter(|p| p.is_finite()).fold(0.0, f64::max);
                let spent = if x == X::Seconds && !run.proper { seen.max(run.record.seconds) } else { seen };
                for epsilon in ladder {
                    all.push(Attempt {
                        label: entrant.label.clone(),
                        data: problem.dataset.digest.clone(),
                        problem: index,
                        seed: run.record.seed,
                        epsilon: *epsilon,
                        price: reach(run, best.objective(run.record), *epsilon, x),
                        spent,
                        unit,
                    });
                }
            }
        }
    }
    all
}

/// The labels in the order of first appearance.
#[must_use]
pub fn labels(attempts: &[Attempt]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for attempt in attempts {
        if !labels.contains(&attempt.label) {
            labels.push(attempt.label.clone());
        }
    }
    labels
}

/// Data sets, problems in each, what belongs to each seed.
#[must_use]
pub fn nested<'a, T>(attempts: impl Iterator<Item = &'a Attempt>, of: impl Fn(&Attempt) -> T) -> Nested<T> {
    /// A problem and what belongs to its seeds.
    type Seeds<T> = (usize, Vec<T>);
    let mut sets: Vec<(&str, Vec<Seeds<T>>)> = Vec::new();
    for attempt in attempts {
        let at = sets.iter().position(|s| s.0 == attempt.data).unwrap_or_else(|| {
            sets.push((&attempt.data, Vec::new()));
            sets.len() - 1
        });
        let problems = &mut sets[at].1;
        match problems.iter_mut().find(|p| p.0 == attempt.problem) {
            Some(problem) => problem.1.push(of(attempt)),
            None => problems.push((attempt.problem, vec![of(attempt)])),
        }
    }
    sets.into_iter().map(|set| set.1.into_iter().map(|problem| problem.1).collect()).collect()
}

/// How one entrant comes to one target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToTarget {
    /// What legends call it.
    pub label: String,
    /// The target ε.
    pub epsilon: f64,
    /// How many runs.
    pub runs: usize,
    /// How many of them reach it.
    pub successes: usize,
    /// Their share, with the interval of Wilson.
    pub rate: Interval,
    /// The median price over all runs, failures infinite.
    pub median: Interval,
    /// The expected price when a run that misses is followed by another, see [`expected`].
    pub expected: Interval,
}

/// The expected price with restarts: all that was spent, divided by the number of successes (Auger & Hansen 2005).
///
/// Exact for runs drawn anew with the observed success rate; +∞ without a success.
#[must_use]
pub fn expected(attempts: &[&Attempt]) -> f64 {
    let (mut spent, mut successes) = (0.0, 0_usize);
    for attempt in attempts {
        let reached = attempt.price.is_finite();
        spent += if reached { attempt.price } else { attempt.spent };
        successes += usize::from(reached);
    }
    if successes == 0 { f64::INFINITY } else { spent / successes as f64 }
}

/// A row for each entrant and each target of the ladder, over all attempts given.
#[must_use]
pub fn to_targets(attempts: &[Attempt], ladder: &[f64], bootstrap: &Bootstrap) -> Vec<ToTarget> {
    let mut rows = Vec::new();
    for label in labels(attempts) {
        for epsilon in ladder {
            let mine = || attempts.iter().filter(|a| a.label == label && a.epsilon.total_cmp(epsilon).is_eq());
            let groups = nested(mine(), Attempt::clone);
            let prices = |of: &[&Attempt]| median(&of.iter().map(|a| a.price).collect::<Vec<f64>>());
            let (runs, successes) = (mine().count(), mine().filter(|a| a.price.is_finite()).count());
            rows.push(ToTarget {
                label: label.clone(),
                epsilon: *epsilon,
                runs,
                successes,
                rate: share(successes, runs),
                median: bootstrap.interval(&groups, |of| prices(of).unwrap_or(f64::NAN)),
                expected: bootstrap.interval(&groups, expected),
            });
        }
    }
    rows
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;
    use crate::analysis::invented::{at, failed, run};
    use crate::analysis::problems;
    use crate::results::record::Status;

    #[test]
    fn a_restart_pays_for_the_runs_that_missed() {
        // best 0, start 100: goal 10. Reached at 1 and at 3; the third ends at 8 without it, the fourth crashes at 4.
        let runs = [
            at(run("mu", 0, &[100.0, 5.0]), &[0.0, 1.0]),
            at(run("mu", 1, &[100.0, 50.0, 9.0]), &[0.0, 1.0, 3.0]),
            at(run("mu", 2, &[100.0, 50.0]), &[0.0, 8.0]),
            failed(at(run("mu", 3, &[100.0, 1.0]), &[0.0, 4.0]), Status::Crashed),
        ];
        let mut records = runs.to_vec();
        records.push(run("als", 0, &[100.0, 0.0]));
        let all = attempts(&problems(&records), &BestValues::over(&records), &[0.1], X::Seconds);
        let rows = to_targets(&all, &[0.1], &Bootstrap::default());
        assert_eq!((rows[0].runs, rows[0].successes, rows[0].rate.value), (4, 2, 0.5));
        assert_eq!(rows[0].expected.value, (1.0 + 3.0 + 8.0 + 4.0) / 2.0);
        assert_eq!(rows[0].median.value, f64::INFINITY, "the middle of 1, 3, ∞, ∞");
        assert_eq!(rows[0].median.low, 1.0);
        assert!(!rows[1].median.is_known(), "one run");
    }

    #[test]
    fn units_are_those_of_two_products() {
        let records = [run("mu", 0, &[10.0, 1.0])];
        let unit = |x| attempts(&problems(&records), &BestValues::over(&records), &[0.5], x)[0].unit;
        assert_eq!((unit(X::Flops), unit(X::Passes), unit(X::Iterations)), (4.0 * 60.0 * 2.0, 2.0, 1.0));
    }
}
