//! The numbers of the summary: a row for each entrant of a problem.

use super::verdict::Overall;
use crate::analysis::show::percent;
use crate::analysis::{
    ASSUMED_FLOOR, BestValues, Bootstrap, Contest, Entrant, NoiseFloor, OneMachine, Problem, QUALITY_FLOOR, Summary, X,
    Y, final_quality, on_one_machine, problems, reach, reached,
};
use crate::results::record::{Record, Status};
use nmfbench_algorithms::Objective;

/// What verdicts are made of.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The runs.
    pub records: &'a [Record],
    /// The best objectives known.
    pub best: &'a BestValues,
    /// The targets ε.
    pub ladder: &'a [f64],
    /// What is known of the noise of machines.
    pub noise: &'a [NoiseFloor],
}

impl Evidence<'_> {
    /// The relative difference of times that this machine cannot resolve, and a sentence about where it comes from.
    pub(super) fn floor(&self, machine: &str) -> (f64, String) {
        match self.noise.iter().find(|n| n.machine == machine) {
            Some(n) => (
                n.floor,
                format!(
                    "times differ by up to {} without a cause on this machine",
                    percent((n.floor * 1e3).round() / 1e3)
                ),
            ),
            None => (
                ASSUMED_FLOOR,
                format!("a noise of {} is assumed; `nmfbench noise` measures it", percent(ASSUMED_FLOOR)),
            ),
        }
    }
}

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
    /// The relative difference of times that is noise, in words.
    pub noise: String,
    /// Seconds that the looks at the factors took, and those of the solvers' own clocks, over the runs of the machine
    /// shown; the former are in no other figure.
    pub looking: (f64, f64),
    /// The race to the hardest target that somebody's median run reaches, as an index into the ladder.
    pub soonest: Option<(usize, Contest)>,
    /// What the runs came to in what is minimised, compared; see [`Row::quality`].
    pub lowest: Contest,
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
    /// Runs whose repetitions or replay came to other iterates.
    pub nondeterministic: usize,
    /// Runs whose times something disturbed.
    pub disturbed: usize,
    /// What the runs came to in what is minimised: the last relative error for the Frobenius norm, else the last objective.
    pub quality: Option<Summary>,
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

/// The rows of all problems, in the order of first appearance.
#[must_use]
pub fn summarize(evidence: &Evidence<'_>) -> Vec<ProblemSummary> {
    let timed = on_one_machine(evidence.records);
    let (all, on_machine) = (problems(evidence.records), problems(&timed.records));
    all.iter().map(|problem| summary(problem, &on_machine, evidence, &timed)).collect()
}

/// All problems at once.
#[must_use]
pub fn overall(evidence: &Evidence<'_>) -> Overall {
    let timed = on_one_machine(evidence.records);
    let (all, on_machine) = (problems(evidence.records), problems(&timed.records));
    let (all, on_machine): (Vec<_>, Vec<_>) = (all.iter().collect(), on_machine.iter().collect());
    let floor = evidence.floor(&timed.machine).0;
    let hardest = hardest(&on_machine, evidence);
    Overall {
        problems: all.len(),
        measure: quality_name(evidence.records.first().map(|r| r.objective).unwrap_or_default()),
        soonest: hardest.map(|i| (evidence.ladder[i], race(&on_machine, evidence, evidence.ladder[i], floor))),
        lowest: Contest::of(&all, QUALITY_FLOOR, &Bootstrap::default(), |_, run| final_quality(run)),
    }
}

/// What is compared at the end: where the Frobenius norm is not what is minimised, an error in it proves nothing.
pub(super) fn quality_name(objective: Objective) -> &'static str {
    if objective.is(Objective::Frobenius) { "error" } else { "objective" }
}

fn race(problems: &[&Problem<'_>], evidence: &Evidence<'_>, epsilon: f64, floor: f64) -> Contest {
    Contest::of(problems, floor, &Bootstrap::default(), |_, run| {
        reach(run, evidence.best.objective(run.record), epsilon, X::Seconds)
    })
}

/// The hardest target that some entrant reaches in half of its runs.
fn hardest(problems: &[&Problem<'_>], evidence: &Evidence<'_>) -> Option<usize> {
    let labels = crate::analysis::entrants(problems);
    let reached = |epsilon: f64| {
        labels.iter().any(|label| {
            let mine = problems.iter().flat_map(|p| &p.entrants).filter(|e| e.label == *label).flat_map(|e| &e.runs);
            let prices: Vec<f64> =
                mine.map(|run| reach(run, evidence.best.objective(run.record), epsilon, X::Seconds)).collect();
            2 * prices.iter().filter(|p| p.is_finite()).count() >= prices.len()
        })
    };
    let mut ladder: Vec<usize> = (0..evidence.ladder.len()).collect();
    ladder.sort_by(|a, b| evidence.ladder[*a].total_cmp(&evidence.ladder[*b]));
    ladder.into_iter().find(|i| reached(evidence.ladder[*i]))
}

fn summary(
    problem: &Problem<'_>,
    on_machine: &[Problem<'_>],
    evidence: &Evidence<'_>,
    machine: &OneMachine,
) -> ProblemSummary {
    let ladder = evidence.ladder;
    let first = problem.entrants.first().and_then(|e| e.runs.first());
    let objective = first.map_or(f64::NAN, |run| evidence.best.objective(run.record));
    let same = |other: &&Problem<'_>| {
        let (a, b) = (other.dataset, problem.dataset);
        (&a.name, &a.digest, other.rank, other.init) == (&b.name, &b.digest, problem.rank, problem.init)
            && other.objective.is(problem.objective)
    };
    let timed = on_machine.iter().find(same);
    let clocked = |e: &Entrant<'_>| timed.and_then(|p| p.entrants.iter().find(|other| other.label == e.label));
    let (floor, noise) = evidence.floor(&machine.machine);
    let soonest = timed.and_then(|p| {
        let i = hardest(&[p], evidence)?;
        Some((i, race(&[p], evidence, ladder[i], floor)))
    });
    ProblemSummary {
        title: format!("{}, k = {}, {}", problem.dataset.title, problem.rank, problem.init),
        shape: (problem.dataset.m, problem.dataset.n, problem.dataset.nnz),
        synthetic: problem.dataset.synthetic,
        objective: problem.objective,
        best: objective,
        ladder: ladder.to_vec(),
        machine: machine.note(),
        noise,
        looking: timed.map_or((0.0, 0.0), looking),
        soonest,
        lowest: Contest::of(&[problem], QUALITY_FLOOR, &Bootstrap::default(), |_, run| final_quality(run)),
        rows: problem.entrants.iter().map(|e| row(e, clocked(e), objective, ladder)).collect(),
    }
}

fn looking(problem: &Problem<'_>) -> (f64, f64) {
    let runs = problem.entrants.iter().flat_map(|e| &e.runs).map(|run| run.record);
    runs.fold((0.0, 0.0), |sums, run| (sums.0 + run.evaluation_seconds, sums.1 + run.seconds))
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
        nondeterministic: entrant.runs.iter().filter(|run| run.nondeterministic).count(),
        disturbed: entrant.runs.iter().filter(|run| !run.record.marks().is_empty()).count(),
        quality: Summary::of(&entrant.runs.iter().map(final_quality).collect::<Vec<f64>>()).filter(|s| s.finite > 0),
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
        let all = summarize(&Evidence { records: &records, best: &best, ladder: &[0.1, 0.02], noise: &[] });
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
