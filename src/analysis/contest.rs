//! Pairs of runs that share data, rank, start and seed.

use super::bootstrap::{Bootstrap, Nested};
use super::groups::{Problem, Run};
use super::paired::{Comparison, Side, matrix};
use crate::results::record::Checkpoint;
use nmfbench_algorithms::Objective;
use serde::Serialize;

/// The values of two entrants on the starts that both tried, nested by data set and problem; empty problems are left out.
#[must_use]
pub fn pairs(
    problems: &[&Problem<'_>],
    names: (&str, &str),
    value: impl Fn(&Problem<'_>, &Run<'_>) -> f64,
) -> Nested<(f64, f64)> {
    type Seeds = Vec<(f64, f64)>;
    let mut sets: Vec<(&str, Vec<Seeds>)> = Vec::new();
    for problem in problems {
        let named = |name: &str| problem.entrants.iter().find(|e| e.label == name);
        let (Some(a), Some(b)) = (named(names.0), named(names.1)) else { continue };
        let of_seed = |run: &Run<'_>| {
            let other = b.runs.iter().find(|other| other.record.seed == run.record.seed)?;
            Some((value(problem, run), value(problem, other)))
        };
        let found: Vec<(f64, f64)> = a.runs.iter().filter_map(of_seed).collect();
        if found.is_empty() {
            continue;
        }
        match sets.iter_mut().find(|set| set.0 == problem.dataset.digest) {
            Some(set) => set.1.push(found),
            None => sets.push((&problem.dataset.digest, vec![found])),
        }
    }
    sets.into_iter().map(|set| set.1).collect()
}

/// The labels of all entrants in the order of first appearance.
#[must_use]
pub fn entrants(problems: &[&Problem<'_>]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for entrant in problems.iter().flat_map(|p| &p.entrants) {
        if !labels.contains(&entrant.label) {
            labels.push(entrant.label.clone());
        }
    }
    labels
}

/// Entrants compared on one price or quality; lower is better.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contest {
    /// Everybody, in the order of first appearance.
    pub labels: Vec<String>,
    /// Each pair once, Holm-corrected over all of them.
    pub all: Vec<Comparison>,
    /// Who is ahead of most others by median ratio, with a finite value in at least half of its pairs; not yet a verdict.
    pub leader: Option<String>,
}

impl Contest {
    /// Compares all entrants of these problems on a value of their runs, infinite for a failure.
    #[must_use]
    pub fn of(
        problems: &[&Problem<'_>],
        floor: f64,
        bootstrap: &Bootstrap,
        value: impl Fn(&Problem<'_>, &Run<'_>) -> f64,
    ) -> Self {
        let labels = entrants(problems);
        let all = matrix(&labels, floor, bootstrap, |a, b| pairs(problems, (a, b), &value));
        let reaches = |label: &String| {
            let runs =
                problems.iter().flat_map(|p| p.entrants.iter().filter(|e| e.label == *label).map(move |e| (p, e)));
            let values: Vec<f64> = runs.flat_map(|(p, e)| e.runs.iter().map(|r| value(p, r))).collect();
            2 * values.iter().filter(|v| v.is_finite()).count() >= values.len().max(1)
        };
        let mut contest = Self { labels, all, leader: None };
        let ahead = |label: &String| {
            let row = contest.row(label);
            let behind = row.iter().filter(|c| c.ratio.value > 1.0).count();
            let slack: f64 = row.iter().map(|c| c.ratio.value.ln()).filter(|l| l.is_finite()).sum();
            (behind, slack)
        };
        let able = contest.labels.iter().filter(|l| reaches(l));
        let first = able.map(|l| (ahead(l), l)).min_by(|a, b| a.0.0.cmp(&b.0.0).then(a.0.1.total_cmp(&b.0.1)));
        contest.leader = first.map(|(_, label)| label.clone());
        contest
    }

    /// One entrant against each other, itself first.
    #[must_use]
    pub fn row(&self, label: &str) -> Vec<Comparison> {
        let seen = |c: &Comparison| match (c.first == label, c.second == label) {
            (true, _) => Some(c.clone()),
            (_, true) => Some(c.reversed()),
            _ => None,
        };
        self.all.iter().filter_map(seen).collect()
    }

    /// The leader, where it can be told from everybody else.
    #[must_use]
    pub fn winner(&self) -> Option<&str> {
        let leader = self.leader.as_deref()?;
        let row = self.row(leader);
        (!row.is_empty() && row.iter().all(|c| c.lower == Side::First)).then_some(leader)
    }
}

/// What a run came to in what the experiment minimises: the final relative error for the Frobenius norm, else the final
/// objective. +∞ for a failure or where there is none.
#[must_use]
pub fn final_quality(run: &Run<'_>) -> f64 {
    let of = |c: &Checkpoint| {
        if run.record.objective.is(Objective::Frobenius) { c.relative_error } else { c.objective }
    };
    let value = run.end().map_or(f64::INFINITY, of);
    if value.is_nan() { f64::INFINITY } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::invented::run;
    use crate::analysis::problems;

    #[test]
    fn runs_are_paired_by_seed_within_their_problem() {
        let mut records = vec![run("a", 0, &[9.0, 1.0]), run("a", 1, &[9.0, 2.0]), run("b", 1, &[9.0, 3.0])];
        let mut other = run("b", 0, &[9.0, 7.0]);
        other.rank = 5;
        records.push(other);
        let all = problems(&records);
        let all: Vec<&Problem<'_>> = all.iter().collect();
        let found = pairs(&all, ("a", "b"), |_, run| run.end().map_or(f64::INFINITY, |c| c.objective));
        assert_eq!(found, [[[(2.0, 3.0)]]]);
        assert_eq!(entrants(&all), ["a", "b"]);
    }

    #[test]
    fn the_leader_wins_only_against_everybody() {
        let mut records = Vec::new();
        for seed in 0..9 {
            let wobble = 1.0 + 0.01 * seed as f64;
            for (name, end) in [("a", 1.0), ("b", 2.0), ("c", if seed % 2 == 0 { 0.9 } else { 1.2 })] {
                records.push(run(name, seed, &[50.0, wobble * end]));
            }
        }
        let of = |records: &[_]| {
            let all = problems(records);
            let all: Vec<&Problem<'_>> = all.iter().collect();
            Contest::of(&all, 0.0, &Bootstrap::default(), |_, run| final_quality(run))
        };
        let three = of(&records);
        assert_eq!((three.all.len(), three.winner()), (3, None), "a and c cannot be told apart");
        records.retain(|r| r.label != "c");
        let two = of(&records);
        assert_eq!((two.leader.as_deref(), two.winner()), (Some("a"), Some("a")));
        assert_eq!(two.row("b")[0].lower, Side::Second);
    }
}
