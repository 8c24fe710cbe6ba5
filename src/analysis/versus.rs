//! One entrant against another, in speed and in quality, problem by problem and over all.

use super::best::BestValues;
use super::bootstrap::Bootstrap;
use super::contest::{final_quality, pairs};
use super::groups::{Entrant, Problem};
use super::measure::X;
use super::paired::{Comparison, QUALITY_FLOOR, compare, decide};
use super::targets::reach;
use serde::Serialize;

/// How the first of two is called inside; reports name them better.
const FIRST: &str = "A";
const SECOND: &str = "B";

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Speed {
    /// Seconds to this gap.
    ToTarget(f64),
    /// Seconds per iteration, where neither reaches a target in half of its runs.
    PerIteration,
}

/// Two entrants on one problem, or on all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Versus {
    /// Data, rank and start; “all problems” for all of them.
    pub problem: String,
    /// What speed means here.
    pub measure: Speed,
    /// Times, lower is faster; `None` where they come from different machines.
    pub speed: Option<Comparison>,
    /// What the runs came to in what is minimised, lower is better.
    pub quality: Comparison,
}

/// Problems that both sides have, each with the entrant of either as `A` and `B`.
#[must_use]
pub fn opponents<'a>(a: &[Problem<'a>], b: &[Problem<'a>], names: (&str, &str)) -> Vec<Problem<'a>> {
    let called = |e: &Entrant<'a>, label: &str| Entrant { label: label.into(), ..e.clone() };
    a.iter()
        .filter_map(|first| {
            let same = |other: &&Problem<'a>| {
                (&other.dataset.digest, other.rank, other.init) == (&first.dataset.digest, first.rank, first.init)
                    && other.objective.is(first.objective)
            };
            let second = b.iter().find(same)?;
            let mine = first.entrants.iter().find(|e| e.label == names.0)?;
            let other = second.entrants.iter().find(|e| e.label == names.1)?;
            Some(Problem { entrants: vec![called(mine, FIRST), called(other, SECOND)], ..first.clone() })
        })
        .collect()
}

/// Compares `A` with `B` on each problem and on all, Holm-corrected over the problems and both measures; `floor` is that
/// of times, `None` where times must not be compared.
#[must_use]
pub fn versus(problems: &[Problem<'_>], best: &BestValues, ladder: &[f64], floor: Option<f64>) -> Vec<Versus> {
    let mut found: Vec<Versus> = problems
        .iter()
        .map(|p| {
            let name = format!("{}, k = {}, {}", p.dataset.title, p.rank, p.init);
            one(&name, &[p], best, ladder, floor, 2 * problems.len())
        })
        .collect();
    together(&mut found);
    let all: Vec<&Problem<'_>> = problems.iter().collect();
    let mut overall = [one("all problems", &all, best, ladder, floor, 2)];
    together(&mut overall);
    found.extend(overall);
    found
}

fn one(
    name: &str,
    problems: &[&Problem<'_>],
    best: &BestValues,
    ladder: &[f64],
    floor: Option<f64>,
    comparisons: usize,
) -> Versus {
    let half = |label: &str, epsilon: f64| {
        let mine = problems.iter().flat_map(|p| p.entrants.iter().filter(|e| e.label == label)).flat_map(|e| &e.runs);
        let prices: Vec<f64> = mine.map(|r| reach(r, best.objective(r.record), epsilon, X::Seconds)).collect();
        2 * prices.iter().filter(|p| p.is_finite()).count() >= prices.len().max(1)
    };
    let mut ladder = ladder.to_vec();
    ladder.sort_by(f64::total_cmp);
    let target = ladder.into_iter().find(|epsilon| half(FIRST, *epsilon) || half(SECOND, *epsilon));
    let measure = target.map_or(Speed::PerIteration, Speed::ToTarget);
    let bootstrap = Bootstrap::default();
    let speed = floor.map(|floor| {
        let times = pairs(problems, (FIRST, SECOND), |_, run| match measure {
            Speed::ToTarget(epsilon) => reach(run, best.objective(run.record), epsilon, X::Seconds),
            Speed::PerIteration => run.seconds_per_iteration,
        });
        compare((FIRST, SECOND), &times, floor, comparisons, &bootstrap)
    });
    let errors = pairs(problems, (FIRST, SECOND), |_, run| final_quality(run));
    let quality = compare((FIRST, SECOND), &errors, QUALITY_FLOOR, comparisons, &bootstrap);
    Versus { problem: name.into(), measure, speed, quality }
}

/// One correction over all that is told together.
fn together(found: &mut [Versus]) {
    let mut all: Vec<Comparison> = found.iter().flat_map(|v| v.speed.iter().chain([&v.quality])).cloned().collect();
    decide(&mut all);
    let mut judged = all.into_iter();
    for v in found {
        if let Some(speed) = &mut v.speed {
            *speed = judged.next().expect("as many as were collected");
        }
        v.quality = judged.next().expect("as many as were collected");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::invented::{at, run};
    use crate::analysis::{Side, problems};
    use crate::results::record::Record;

    fn side(slower: f64, end: f64) -> Vec<Record> {
        let one = |seed: u64| {
            let t = slower * (1.0 + 0.01 * (seed * 7 % 5) as f64);
            at(run("hals", seed, &[100.0, end, end]), &[0.0, t, 2.0 * t])
        };
        (0..10).map(one).collect()
    }

    fn told(b: &[Record]) -> Vec<Versus> {
        let a = side(1.0, 1.0);
        let best = BestValues::over(&[a.clone(), b.to_vec()].concat());
        let both = opponents(&problems(&a), &problems(b), ("hals", "hals"));
        versus(&both, &best, &[0.1, 0.01], Some(0.02))
    }

    #[test]
    fn a_slower_and_a_worse_side_are_told_and_an_equal_one_is_not() {
        let sides = |told: &[Versus]| -> Vec<(Side, Side)> {
            told.iter().map(|v| (v.speed.as_ref().expect("one machine").lower, v.quality.lower)).collect()
        };
        let (first, unclear) = (Side::First, Side::CannotTell);
        assert_eq!(sides(&told(&side(1.2, 1.0))), [(first, unclear); 2]);
        assert_eq!(sides(&told(&side(1.0, 1.5))), [(unclear, first); 2]);
        assert_eq!(sides(&told(&side(1.0, 1.0))), [(unclear, unclear); 2]);
        assert_eq!(sides(&told(&side(0.5, 1.0))), [(Side::Second, unclear); 2]);
    }

    #[test]
    fn problems_that_only_one_side_has_are_left_out() {
        let (a, mut b) = (side(1.0, 1.0), side(1.0, 1.0));
        b.iter_mut().for_each(|r| r.rank = 9);
        assert!(opponents(&problems(&a), &problems(&b), ("hals", "hals")).is_empty());
        let silent =
            versus(&opponents(&problems(&a), &problems(&a), ("hals", "hals")), &BestValues::over(&a), &[], None);
        assert!(silent[0].speed.is_none() && silent[0].measure == Speed::PerIteration);
    }
}
