//! How soon a run comes close to the best objective known.

use super::groups::{Entrant, Run};
use super::measure::X;
use super::stats::Summary;

/// The ladder of targets where an experiment names none: to within 10 %, 1 % and 0.1 % of the way to the best.
pub const DEFAULT_TARGETS: &[f64] = &[1e-1, 1e-2, 1e-3];

/// The price at the first checkpoint with f ≤ best + ε (start − best), where `start` is the run's own first objective.
///
/// +∞ for a run that never gets there, that failed (even if it was there before), or when no best is known.
#[must_use]
pub fn reach(run: &Run<'_>, best: f64, epsilon: f64, x: X) -> f64 {
    let goal = best + epsilon * (run.start() - best);
    let there = run.trace.iter().find(|c| c.objective <= goal);
    there.filter(|_| run.proper).map_or(f64::INFINITY, |c| x.of(c))
}

/// The prices of one entrant's runs for one target.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The target ε.
    pub epsilon: f64,
    /// The price of each run, +∞ where it is not reached.
    pub prices: Vec<f64>,
    /// Where the prices lie; the median is infinite when less than half reach the target.
    pub summary: Option<Summary>,
}

/// What each run of an entrant pays for each target.
#[must_use]
pub fn reached(entrant: &Entrant<'_>, best: f64, ladder: &[f64], x: X) -> Vec<Reached> {
    let for_one = |epsilon: &f64| {
        let prices: Vec<f64> = entrant.runs.iter().map(|run| reach(run, best, *epsilon, x)).collect();
        Reached { epsilon: *epsilon, summary: Summary::of(&prices), prices }
    };
    ladder.iter().map(for_one).collect()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;
    use crate::analysis::groups::problems;
    use crate::analysis::invented::{at, failed, run};
    use crate::results::record::Status;

    #[test]
    fn the_first_checkpoint_at_or_below_counts() {
        // best 0, start 100: goals 10, 1 and 0.1.
        let records = [at(run("mu", 0, &[100.0, 50.0, 10.0, 12.0, 1.5]), &[0.0, 0.2, 0.5, 0.7, 0.9])];
        let all = problems(&records);
        let run = &all[0].entrants[0].runs[0];
        assert_eq!(reach(run, 0.0, 0.1, X::Seconds), 0.5);
        assert_eq!(reach(run, 0.0, 0.1, X::Iterations), 2.0);
        assert_eq!(reach(run, 0.0, 0.1, X::Flops), 2e6);
        assert_eq!(reach(run, 0.0, 0.01, X::Seconds), f64::INFINITY);
        assert_eq!(reach(run, f64::NAN, 0.1, X::Seconds), f64::INFINITY);
        assert_eq!(reach(run, 100.0, 0.1, X::Seconds), 0.0, "the start may be the best");
    }

    #[test]
    fn failures_are_infinite_in_the_median_and_counted() {
        let fast = |seed, t| at(run("mu", seed, &[100.0, 5.0]), &[0.0, t]);
        let records = [fast(0, 1.0), fast(1, 3.0), failed(fast(2, 0.1), Status::Diverged)];
        let all = problems(&records);
        let told = reached(&all[0].entrants[0], 0.0, &[0.1], X::Seconds);
        let summary = told[0].summary.unwrap();
        assert_eq!((summary.median, summary.finite, summary.count), (3.0, 2, 3));
    }
}
