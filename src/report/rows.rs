//! The numbers of the summary: a row for each entrant of a problem.

use crate::analysis::{BestValues, Entrant, Problem, Summary, X, Y, on_one_machine, problems, reached};
use crate::results::record::{Record, Status};
use nmfbench_algorithms::Objective;

/// One problem with its rows.
#[derive(Clone, Debug)]
pub struct ProblemSummary {
    /// The data set's title, the rank and the start.
    pub title: String,
    /// Rows, columns and stored nonzeros of the data.
    pub shape: (usize, usize, usize),
    /// Whether a program made the data.
    pub synthetic: bool,
    /// What is minimised.
    pub objective: Objective,
    /// The best objective known of the data and the rank; NaN where none is.
    pub best: f64,
    /// The targets ε of [`Row::targets`].
    pub ladder: Vec<f64>,
    /// The machine whose times are shown, and what was left out.
    pub machine: String,
    /// One for each entrant, in the order of first appearance.
    pub rows: Vec<Row>,
}

/// What one entrant achieved on one problem. Failed runs are infinite in every summary.
#[derive(Clone, Debug)]
pub struct Row {
    /// What legends call it.
    pub label: String,
    /// The number of runs (seeds).
    pub runs: usize,
    /// How the failed runs ended, and how many so.
    pub failures: Vec<(Status, usize)>,
    /// The last relative error ‖A − WH‖ / ‖A‖.
    pub error: Option<Summary>,
    /// The last gap (f − f*) / (f₀ − f*).
    pub gap: Option<Summary>,
    /// The last KKT residual.
    pub kkt: Option<Summary>,
    /// Seconds per iteration without set-up, on the machine shown.
    pub rate: Option<Summary>,
    /// Seconds to each target, on the machine shown.
    pub targets: Vec<Option<Summary>>,
    /// Outer iterations of the runs that ended properly.
    pub iterations: Option<Summary>,
    /// The last Hoyer sparseness of W of the runs that ended properly.
    pub sparseness: Option<Summary>,
}

/// The rows of all problems, in the order of first appearance; `ladder` are the targets ε.
#[must_use]
pub fn summarize(records: &[Record], best: &BestValues, ladder: &[f64]) -> Vec<ProblemSummary> {
    let timed = on_one_machine(records);
    let (all, on_machine) = (problems(records), problems(&timed.records));
    let note = timed.note();
    all.iter().map(|problem| summary(problem, &on_machine, best, ladder, &note)).collect()
}

fn summary(
    problem: &Problem<'_>,
    timed: &[Problem<'_>],
    best: &BestValues,
    ladder: &[f64],
    machine: &str,
) -> ProblemSummary {
    let first = problem.entrants.first().and_then(|e| e.runs.first());
    let objective = first.map_or(f64::NAN, |run| best.objective(run.record));
    let same = |other: &&Problem<'_>| {
        let (a, b) = (other.dataset, problem.dataset);
        (&a.name, &a.digest, other.rank, other.init) == (&b.name, &b.digest, problem.rank, problem.init)
            && other.objective.is(problem.objective)
    };
    let timed = timed.iter().find(same);
    let clocked = |e: &Entrant<'_>| timed.and_then(|p| p.entrants.iter().find(|other| other.label == e.label));
    ProblemSummary {
        title: format!("{}, k = {}, {}", problem.dataset.title, problem.rank, problem.init),
        shape: (problem.dataset.m, problem.dataset.n, problem.dataset.nnz),
        synthetic: problem.dataset.synthetic,
        objective: problem.objective,
        best: objective,
        ladder: ladder.to_vec(),
        machine: machine.to_string(),
        rows: problem.entrants.iter().map(|e| row(e, clocked(e), objective, ladder)).collect(),
    }
}

fn row(entrant: &Entrant<'_>, clocked: Option<&Entrant<'_>>, best: f64, ladder: &[f64]) -> Row {
    let last = |y: Y| {
        let values = entrant.runs.iter().map(|run| run.end().map_or(f64::INFINITY, |c| y.of(c, run.start(), best)));
        // A measure that no run has is no failure of the runs.
        let values: Vec<f64> = values.collect();
        if values.iter().all(|v| v.is_nan()) { None } else { Summary::of(&values) }
    };
    let proper = || entrant.runs.iter().filter_map(|run| run.end());
    let rates = |e: &Entrant<'_>| e.runs.iter().map(|run| run.seconds_per_iteration).collect::<Vec<f64>>();
    let targets = clocked.map(|e| reached(e, best, ladder, X::Seconds));
    Row {
        label: entrant.label.clone(),
        runs: entrant.runs.len(),
        failures: failures(entrant),
        error: last(Y::RelativeError),
        gap: last(Y::Gap),
        kkt: last(Y::KktResidual),
        rate: clocked.and_then(|e| Summary::of(&rates(e))),
        targets: targets.map_or(vec![None; ladder.len()], |t| t.into_iter().map(|r| r.summary).collect()),
        iterations: Summary::of(&proper().map(|c| c.iteration as f64).collect::<Vec<f64>>()),
        sparseness: Summary::of(&proper().map(|c| c.sparseness_w).filter(|v| v.is_finite()).collect::<Vec<f64>>()),
    }
}

fn failures(entrant: &Entrant<'_>) -> Vec<(Status, usize)> {
    let mut counts: Vec<(Status, usize)> = Vec::new();
    for run in entrant.runs.iter().filter(|run| !run.proper) {
        match counts.iter_mut().find(|c| c.0 == run.record.status) {
            Some(count) => count.1 += 1,
            None => counts.push((run.record.status, 1)),
        }
    }
    counts.sort_unstable();
    counts
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;
    use crate::analysis::invented::{at, failed, run};

    #[test]
    fn rows_hold_medians_over_seeds_and_count_failures() {
        let seed = |s, end, t| at(run("hals", s, &[100.0, 10.0, end]), &[0.0, t, 2.0 * t]);
        let records = [seed(0, 2.0, 1.0), seed(1, 4.0, 2.0), failed(seed(2, 1.0, 0.1), Status::Crashed)];
        let best = BestValues::over(&records);
        let all = summarize(&records, &best, &[0.1, 0.02]);
        let row = &all[0].rows[0];
        assert_eq!((row.runs, row.failures.as_slice()), (3, &[(Status::Crashed, 1)][..]));
        assert_eq!(all[0].best, 1.0, "a failed run's point counts for the best");
        let gap = row.gap.unwrap();
        assert!((gap.min - 1.0 / 99.0).abs() < 1e-12 && (gap.median - 3.0 / 99.0).abs() < 1e-12);
        assert_eq!(gap.max, f64::INFINITY);
        // Goal for 0.1 is 10.9, reached at the second look; for 0.02 it is 2.98, reached by the first seed only.
        let (first, second) = (row.targets[0].unwrap(), row.targets[1].unwrap());
        assert_eq!((first.median, first.finite), (2.0, 2));
        assert_eq!((second.min, second.median, second.finite), (2.0, f64::INFINITY, 1));
        assert_eq!(row.iterations.unwrap().median, 2.0);
    }
}
