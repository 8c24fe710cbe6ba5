//! Records in groups: problems, the entrants of each, the runs of each entrant.

use super::stats::median;
use crate::results::record::{Checkpoint, DatasetFacts, Record};
use nmfbench_algorithms::Objective;

/// One problem and all who tried it: same data, objective, rank and initialisation.
#[derive(Clone, Debug)]
pub struct Problem<'a> {
    /// The data.
    pub dataset: &'a DatasetFacts,
    /// What is minimised.
    pub objective: Objective,
    /// The rank k.
    pub rank: usize,
    /// The initialisation by name.
    pub init: &'a str,
    /// In the order in which the records first name them.
    pub entrants: Vec<Entrant<'a>>,
}

/// One algorithm with one set of parameters, precision and threads on one problem.
#[derive(Clone, Debug)]
pub struct Entrant<'a> {
    /// What legends call it: the record's label, and precision or threads where labels would coincide.
    pub label: String,
    /// The registered name.
    pub algorithm: &'a str,
    /// One for each seed.
    pub runs: Vec<Run<'a>>,
}

/// One seed's run, its repetitions combined.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// A repetition that stands for all; its times are not combined.
    pub record: &'a Record,
    /// Checkpoints with combined times, see [`problems`].
    pub trace: Vec<Checkpoint>,
    /// Whether at least half of the repetitions ended as runs should.
    pub proper: bool,
    /// Median over the repetitions of (seconds − set-up seconds) / iterations; +∞ for a failure or no iteration.
    pub seconds_per_iteration: f64,
    /// How many repetitions were combined.
    pub repetitions: usize,
    /// The least seconds over the repetitions at each checkpoint of `trace`.
    pub fastest: Vec<f64>,
    /// Repetitions, or a replay, came to other iterates: the method is not a function of its seed.
    pub nondeterministic: bool,
}

impl Run<'_> {
    /// The objective at the start; NaN without a trace.
    #[must_use]
    pub fn start(&self) -> f64 {
        self.trace.first().map_or(f64::NAN, |c| c.objective)
    }

    /// The last checkpoint of a run that ended properly.
    #[must_use]
    pub fn end(&self) -> Option<&Checkpoint> {
        self.trace.last().filter(|_| self.proper)
    }
}

/// Groups records by problem, entrant and seed, each in the order of first appearance.
///
/// Repetitions of one seed repeat the same iterates, so their times at a checkpoint are combined by the median; a
/// repetition that did not look there counts as +∞, and a checkpoint whose median is infinite is left out.
#[must_use]
pub fn problems(records: &[Record]) -> Vec<Problem<'_>> {
    let labels = distinct_labels(records);
    let by_problem = grouped(records.iter().zip(&labels), |a, b| same_problem(a.0, b.0));
    by_problem
        .into_iter()
        .map(|members| {
            let first = members[0].0;
            let entrants = grouped(members, |a, b| a.1 == b.1).into_iter().map(entrant).collect();
            Problem {
                dataset: &first.dataset,
                objective: first.objective,
                rank: first.rank,
                init: &first.init,
                entrants,
            }
        })
        .collect()
}

fn entrant<'a>(members: Vec<(&'a Record, &String)>) -> Entrant<'a> {
    let (label, algorithm) = (members[0].1.clone(), members[0].0.algorithm.as_str());
    let seeds = grouped(members.into_iter().map(|m| m.0), |a, b| a.seed == b.seed);
    Entrant { label, algorithm, runs: seeds.iter().map(|repetitions| combine(repetitions)).collect() }
}

fn combine<'a>(repetitions: &[&'a Record]) -> Run<'a> {
    let well = repetitions.iter().filter(|r| r.status.is_proper()).count();
    let proper = 2 * well >= repetitions.len();
    let record = repetitions.iter().find(|r| r.status.is_proper() == proper).copied().unwrap_or(repetitions[0]);
    let rates: Vec<f64> = repetitions.iter().map(|r| rate(r)).collect();
    let trace: Vec<Checkpoint> = record.trace.iter().filter_map(|look| combined_look(look, repetitions)).collect();
    let fastest = |look: &Checkpoint| {
        let looks = repetitions.iter().flat_map(|r| r.trace.iter().filter(|c| c.iteration == look.iteration));
        looks.map(|c| c.seconds).fold(f64::INFINITY, f64::min)
    };
    Run {
        fastest: trace.iter().map(fastest).collect(),
        nondeterministic: repetitions.iter().any(|r| r.nondeterministic || differ(record, r)),
        record,
        trace,
        proper,
        seconds_per_iteration: median(&rates).unwrap_or(f64::INFINITY),
        repetitions: repetitions.len(),
    }
}

/// Whether two runs of one key on one machine saw different objectives at a common iteration.
fn differ(a: &Record, b: &Record) -> bool {
    a.machine == b.machine
        && a.trace.iter().any(|look| {
            let other = b.trace.iter().find(|c| c.iteration == look.iteration);
            other.is_some_and(|c| c.objective.to_bits() != look.objective.to_bits())
        })
}

fn combined_look(look: &Checkpoint, repetitions: &[&Record]) -> Option<Checkpoint> {
    let times = |of: fn(&Checkpoint) -> f64| {
        let each: Vec<f64> = repetitions
            .iter()
            .map(|r| r.trace.iter().find(|c| c.iteration == look.iteration).map_or(f64::INFINITY, of))
            .collect();
        median(&each).filter(|t| t.is_finite())
    };
    Some(Checkpoint { seconds: times(|c| c.seconds)?, cpu_seconds: times(|c| c.cpu_seconds)?, ..*look })
}

fn rate(record: &Record) -> f64 {
    if record.status.is_proper() && record.iterations > 0 {
        (record.seconds - record.setup_seconds) / record.iterations as f64
    } else {
        f64::INFINITY
    }
}

fn same_problem(a: &Record, b: &Record) -> bool {
    let data = a.dataset.name == b.dataset.name && a.dataset.digest == b.dataset.digest;
    data && a.rank == b.rank && a.init == b.init && a.objective.is(b.objective)
}

fn same_entrant(a: &Record, b: &Record) -> bool {
    a.label == b.label
        && a.algorithm == b.algorithm
        && a.parameters == b.parameters
        && a.precision == b.precision
        && a.threads == b.threads
}

/// A label for each record such that different entrants never share one.
fn distinct_labels(records: &[Record]) -> Vec<String> {
    let mut entrants: Vec<&Record> = Vec::new();
    for record in records {
        if !entrants.iter().any(|known| same_entrant(known, record)) {
            entrants.push(record);
        }
    }
    let mut taken: Vec<String> = Vec::new();
    for entrant in &entrants {
        let rivals = || entrants.iter().filter(|other| other.label == entrant.label);
        let mut label = entrant.label.clone();
        if rivals().any(|r| r.precision != entrant.precision) {
            label.push_str(&format!(", {}", entrant.precision));
        }
        if rivals().any(|r| r.threads != entrant.threads) {
            label.push_str(&format!(", {} thr.", entrant.threads));
        }
        let copies = taken.iter().filter(|t| **t == label || t.starts_with(&format!("{label} #"))).count();
        taken.push(if copies == 0 { label } else { format!("{label} #{}", copies + 1) });
    }
    let label = |record| entrants.iter().position(|known| same_entrant(known, record)).map(|i| taken[i].clone());
    records.iter().map(|record| label(record).unwrap_or_default()).collect()
}

/// Splits into groups of equals, each in the order of first appearance.
fn grouped<T>(items: impl IntoIterator<Item = T>, same: impl Fn(&T, &T) -> bool) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|group| same(&group[0], &item)) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;
    use crate::analysis::invented::{at, run};
    use crate::results::record::Status;

    #[test]
    fn problems_are_told_apart_by_data_rank_and_start() {
        let mut records = vec![run("mu", 0, &[2.0, 1.0]); 4];
        records[1].rank = 99;
        records[2].init = "nndsvda".into();
        records[3].dataset.digest = "other".into();
        assert_eq!(problems(&records).len(), 4);
        let mut divergence = records.clone();
        divergence.iter_mut().for_each(|r| r.objective = Objective::KullbackLeibler);
        assert_eq!(problems(&[&records[..], &divergence].concat()).len(), 8);
        records.push(run("hals", 0, &[2.0, 1.0]));
        records.push(run("hals", 1, &[2.0, 1.0]));
        let all = problems(&records);
        let labels: Vec<_> = all[0].entrants.iter().map(|e| (e.label.as_str(), e.runs.len())).collect();
        assert_eq!(labels, [("mu", 1), ("hals", 2)]);
    }

    #[test]
    fn repetitions_share_a_median_time_and_one_failure_among_three_does_not_count() {
        let repeated = |repetition, seconds: [f64; 3], status| {
            let mut record = run("mu", 0, &[9.0, 5.0, 4.0]);
            (record.repetition, record.status) = (repetition, status);
            for (look, t) in record.trace.iter_mut().zip(seconds) {
                look.seconds = t;
            }
            (record.seconds, record.setup_seconds, record.iterations) = (seconds[2], 0.0, 2);
            record
        };
        let mut short = repeated(2, [0.0, 3.0, 30.0], Status::Crashed);
        short.trace.pop();
        let records =
            [repeated(0, [0.0, 1.0, 10.0], Status::Budget), repeated(1, [0.0, 2.0, 20.0], Status::Budget), short];
        let all = problems(&records);
        let run = &all[0].entrants[0].runs[0];
        assert_eq!((run.repetitions, run.proper), (3, true));
        assert_eq!(run.trace.iter().map(|c| c.seconds).collect::<Vec<_>>(), [0.0, 2.0, 20.0]);
        assert_eq!(run.seconds_per_iteration, 10.0, "median of 5, 10 and infinite");
        assert_eq!((run.fastest.as_slice(), run.nondeterministic), (&[0.0, 1.0, 10.0][..], false));
        let mut other = records.clone();
        other[1].trace[1].objective = 5.5;
        assert!(problems(&other)[0].entrants[0].runs[0].nondeterministic, "other iterates under one key");
        let two_of_three = [records[0].clone(), records[2].clone(), records[2].clone()];
        let all = problems(&two_of_three);
        assert!(!all[0].entrants[0].runs[0].proper);
        assert!(all[0].entrants[0].runs[0].end().is_none());
    }

    #[test]
    fn labels_of_different_entrants_never_coincide() {
        let mut records = vec![run("mu", 0, &[2.0, 1.0]); 4];
        records[1].precision = "f32".into();
        records[2].threads = 2;
        records[3].parameters.insert("delta".into(), serde_json::json!(1));
        let all = problems(&records);
        let labels: Vec<_> = all[0].entrants.iter().map(|e| e.label.clone()).collect();
        assert_eq!(labels, ["mu, f64, 1 thr.", "mu, f32, 1 thr.", "mu, f64, 2 thr.", "mu, f64, 1 thr. #2"]);
        assert_eq!(problems(&records[..1])[0].entrants[0].label, "mu");
    }

    #[test]
    fn the_rate_leaves_the_set_up_out() {
        let mut record = at(run("mu", 0, &[2.0, 1.0]), &[0.5, 2.5]);
        (record.seconds, record.setup_seconds, record.iterations) = (2.5, 0.5, 4);
        assert_eq!(problems(&[record.clone()])[0].entrants[0].runs[0].seconds_per_iteration, 0.5);
        record.iterations = 0;
        assert_eq!(problems(&[record])[0].entrants[0].runs[0].seconds_per_iteration, f64::INFINITY);
    }
}
