//! A sentence of a paper as a check: what the stored runs say of it.
//!
//! A comparison goes over pairs of runs that differ in nothing but the algorithm (same data, rank, start, seed, precision
//! and threads). A pair is undecided where both runs failed or fell short, or where they differ by less than can be told
//! apart. The claim holds if its share of the pairs is reached whatever the undecided ones are counted as, does not hold
//! if it is missed whatever they are counted as, and cannot be told otherwise, nor from fewer than three pairs.
//! A bound goes over the median of the runs of each problem.

use super::best::BestValues;
use super::groups::{Problem, Run, problems};
use super::machine::on_one_machine;
use super::measure::{X, Y};
use super::show::{percent, significant};
use super::stats::median;
use super::targets::reach;
use crate::results::record::Record;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Pairs from which a comparison says anything.
const LEAST_PAIRS: usize = 3;
/// Relative differences of times that are taken for noise of the clock.
const CLOCK_NOISE: f64 = 0.05;
/// Relative differences of anything else that are taken for rounding.
const ROUNDING: f64 = 1e-9;

/// A claim as an experiment writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The sentence.
    pub says: String,
    /// Who says it, and where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The algorithm it is about, by name or label.
    pub of: String,
    /// Those it is compared with; empty for a bound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub than: Vec<String>,
    /// What is compared.
    pub measure: Quantity,
    /// Whether smaller or larger is claimed.
    #[serde(default)]
    pub is: Direction,
    /// The gap of the target, for `time-to-target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// What a target costs, or what `at` counts.
    #[serde(default = "seconds")]
    pub x: X,
    /// Where the measure is read, in units of `x`; at the end of each run without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
    /// The share of the pairs in which it must be so.
    #[serde(default = "most")]
    pub share: f64,
    /// By which factor at least.
    #[serde(default = "one")]
    pub factor: f64,
    /// The least median that the claim allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The greatest median that the claim allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Only on these data sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dataset: Vec<String>,
    /// Only at these ranks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rank: Vec<usize>,
    /// Only from these starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub init: Vec<String>,
}

fn seconds() -> X {
    X::Seconds
}

fn most() -> f64 {
    0.8
}

fn one() -> f64 {
    1.0
}

/// What a claim compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// The price of a target.
    TimeToTarget,
    /// Seconds per iteration without set-up.
    SecondsPerIteration,
    /// A measure of a checkpoint.
    #[serde(untagged)]
    Measure(Y),
}

/// Which way a claim points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Smaller: sooner, or a lower error.
    #[default]
    Below,
    /// Larger.
    Above,
}

/// What the runs say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is so.
    Holds,
    /// It is not.
    DoesNotHold,
    /// The runs do not decide it.
    CannotTell,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Holds => "holds",
            Verdict::DoesNotHold => "does not hold",
            Verdict::CannotTell => "cannot tell",
        })
    }
}

/// A claim and what the runs say of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The sentence.
    pub says: String,
    /// Who says it.
    pub source: Option<String>,
    /// What the runs say.
    pub verdict: Verdict,
    /// The numbers behind it, in words.
    pub numbers: String,
}

/// What these records say of each claim. Where a claim speaks of seconds, only runs of one machine count.
#[must_use]
pub fn judge(claims: &[Claim], records: &[Record], best: &BestValues) -> Vec<Finding> {
    let timed = on_one_machine(records);
    let finding = |claim: &Claim| {
        let records = if claim.is_time() { &timed.records } else { records };
        let relevant: Vec<Problem<'_>> = problems(records).into_iter().filter(|p| claim.concerns(p)).collect();
        let (verdict, numbers) =
            if claim.than.is_empty() { claim.bound(&relevant, best) } else { claim.comparison(&relevant, best) };
        Finding { says: claim.says.clone(), source: claim.source.clone(), verdict, numbers }
    };
    claims.iter().map(finding).collect()
}

impl Claim {
    fn is_time(&self) -> bool {
        match self.measure {
            Quantity::SecondsPerIteration => true,
            Quantity::TimeToTarget => self.x.is_time(),
            Quantity::Measure(_) => self.at.is_some() && self.x.is_time(),
        }
    }

    fn concerns(&self, problem: &Problem<'_>) -> bool {
        let one_of = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        one_of(&self.dataset, &problem.dataset.name)
            && one_of(&self.init, problem.init)
            && (self.rank.is_empty() || self.rank.contains(&problem.rank))
    }

    /// The quantity of a run; infinitely bad for a failure.
    fn value(&self, run: &Run<'_>, best: &BestValues) -> f64 {
        let bad = if self.is == Direction::Below { f64::INFINITY } else { f64::NEG_INFINITY };
        let optimum = best.objective(run.record);
        let value = match self.measure {
            Quantity::TimeToTarget => reach(run, optimum, self.gap.unwrap_or(0.01), self.x),
            Quantity::SecondsPerIteration => run.seconds_per_iteration,
            Quantity::Measure(y) => {
                let look = match self.at {
                    None => run.end(),
                    Some(at) => run.trace.iter().take_while(|c| self.x.of(c) <= at).last().filter(|_| run.proper),
                };
                look.map_or(f64::NAN, |c| y.of(c, run.start(), optimum))
            }
        };
        if value.is_nan() { bad } else { value }
    }

    /// The runs of an algorithm on a problem.
    fn runs<'p, 'a>(problem: &'p Problem<'a>, name: &str) -> Vec<&'p Run<'a>> {
        let called = |r: &Record| r.label == name || r.algorithm == name;
        problem.entrants.iter().flat_map(|e| &e.runs).filter(|run| called(run.record)).collect()
    }

    fn comparison(&self, problems: &[Problem<'_>], best: &BestValues) -> (Verdict, String) {
        let (mut yes, mut no, mut open) = (0_usize, 0_usize, 0_usize);
        let mut ratios = Vec::new();
        for problem in problems {
            let ours = Self::runs(problem, &self.of);
            for other in self.than.iter().flat_map(|name| Self::runs(problem, name)) {
                for own in ours.iter().filter(|own| pairs(own.record, other.record)) {
                    let (a, b) = (self.value(own, best), self.value(other, best));
                    match self.decides(a, b) {
                        Some(true) => yes += 1,
                        Some(false) => no += 1,
                        None => open += 1,
                    }
                    let ratio = b / a;
                    ratios.push(if ratio.is_nan() { 1.0 } else { ratio });
                }
            }
        }
        let count = yes + no + open;
        let verdict = if count < LEAST_PAIRS {
            Verdict::CannotTell
        } else if yes as f64 >= self.share * count as f64 {
            Verdict::Holds
        } else if ((yes + open) as f64) < self.share * count as f64 {
            Verdict::DoesNotHold
        } else {
            Verdict::CannotTell
        };
        let mut numbers = match count {
            0 => "no pairs of runs to compare".to_owned(),
            _ => format!("in {yes} of {count} pairs (claimed: {})", percent(self.share)),
        };
        if open > 0 {
            numbers += &format!(", {open} undecided");
        }
        if let Some(ratio) = median(&ratios).filter(|_| count > 0) {
            let others = if self.than.len() == 1 { self.than[0].as_str() } else { "the others" };
            numbers += &format!("; median ratio {others} / {}: {}", self.of, significant(ratio, 3));
        }
        if (1..LEAST_PAIRS).contains(&count) {
            numbers += &format!("; fewer than {LEAST_PAIRS} pairs");
        }
        (verdict, numbers)
    }

    /// Whether a pair is as claimed; `None` where it cannot be told.
    fn decides(&self, own: f64, other: f64) -> Option<bool> {
        if own.is_infinite() && other.is_infinite() {
            return None;
        }
        let (small, large) = if self.is == Direction::Below { (own, other) } else { (other, own) };
        let noise = if self.is_time() { CLOCK_NOISE } else { ROUNDING };
        let threshold = large / self.factor;
        if (small - threshold).abs() <= noise * threshold.abs() {
            return None;
        }
        Some(small < threshold)
    }

    fn bound(&self, problems: &[Problem<'_>], best: &BestValues) -> (Verdict, String) {
        let mut medians = Vec::new();
        for problem in problems {
            let values: Vec<f64> = Self::runs(problem, &self.of).into_iter().map(|r| self.value(r, best)).collect();
            if let Some(value) = median(&values) {
                medians.push((format!("{}, k = {}", problem.dataset.name, problem.rank), value));
            }
        }
        if medians.is_empty() {
            return (Verdict::CannotTell, "no runs to look at".into());
        }
        let inside = |v: f64| self.at_least.is_none_or(|low| v >= low) && self.at_most.is_none_or(|top| v <= top);
        let holds = medians.iter().all(|(_, v)| inside(*v));
        let told: Vec<String> = medians.iter().map(|(name, v)| format!("{} on {name}", significant(*v, 4))).collect();
        let bounds: Vec<String> = [("at least", self.at_least), ("at most", self.at_most)]
            .into_iter()
            .filter_map(|(words, bound)| Some(format!("{words} {}", significant(bound?, 4))))
            .collect();
        let verdict = if holds { Verdict::Holds } else { Verdict::DoesNotHold };
        (verdict, format!("median {} (claimed: {})", told.join(", "), bounds.join(" and ")))
    }
}

/// Whether two runs of a problem differ in the algorithm only.
fn pairs(a: &Record, b: &Record) -> bool {
    a.seed == b.seed && a.precision == b.precision && a.threads == b.threads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::invented::{at, failed, run};
    use crate::results::record::Status;

    fn claim(toml: &str) -> Claim {
        toml::from_str(&format!("says = \"so\"\n{toml}")).expect("a claim")
    }

    /// Five seeds of `fast` and `slow`: both come from 100 to 1 (the best), `slow` in so many times as long.
    fn race(ratios: [f64; 5]) -> Vec<Record> {
        let seed = |(s, ratio): (u64, f64)| {
            let one = |name, t| at(run(name, s, &[100.0, 40.0, 1.0]), &[0.0, t, 2.0 * t]);
            [one("fast", 1.0), one("slow", ratio)]
        };
        (0..).zip(ratios).flat_map(seed).collect()
    }

    fn verdict(claim: &Claim, records: &[Record]) -> (Verdict, String) {
        let finding = judge(std::slice::from_ref(claim), records, &BestValues::over(records)).remove(0);
        (finding.verdict, finding.numbers)
    }

    #[test]
    fn a_share_of_the_pairs_decides() {
        let sooner = claim("of = \"fast\"\nthan = [\"slow\"]\nmeasure = \"time-to-target\"\ngap = 0.01\nshare = 0.8");
        let (found, numbers) = verdict(&sooner, &race([2.0, 2.0, 3.0, 2.0, 0.5]));
        assert_eq!(found, Verdict::Holds);
        assert_eq!(numbers, "in 4 of 5 pairs (claimed: 80 %); median ratio slow / fast: 2.00");
        assert_eq!(verdict(&sooner, &race([2.0, 2.0, 3.0, 0.5, 0.5])).0, Verdict::DoesNotHold);
        // One that differs by 2 % counts for neither: with it the claim would hold, without it not.
        let (found, numbers) = verdict(&sooner, &race([2.0, 2.0, 3.0, 1.02, 0.5]));
        assert_eq!(found, Verdict::CannotTell);
        assert!(numbers.contains("3 of 5 pairs (claimed: 80 %), 1 undecided"), "{numbers}");
        assert_eq!(verdict(&sooner, &race([2.0; 5])[..4]).0, Verdict::CannotTell, "two pairs are too few");
        let none = verdict(&sooner, &[]);
        assert_eq!(none, (Verdict::CannotTell, "no pairs of runs to compare".into()));
    }

    #[test]
    fn a_factor_is_asked_of_each_pair() {
        let text = "of = \"fast\"\nthan = [\"slow\"]\nmeasure = \"time-to-target\"\ngap = 0.01\nfactor = 2.5";
        assert_eq!(verdict(&claim(text), &race([3.0; 5])).0, Verdict::Holds);
        assert_eq!(verdict(&claim(text), &race([2.0; 5])).0, Verdict::DoesNotHold);
    }

    #[test]
    fn a_failure_is_worse_than_anything_and_two_decide_nothing() {
        let mut records = race([2.0; 5]);
        records[0] = failed(records[0].clone(), Status::Crashed);
        let lower = claim("of = \"fast\"\nthan = [\"slow\"]\nmeasure = \"relative_error\"\nshare = 0.1");
        let (found, numbers) = verdict(&lower, &records);
        // Equal errors in four pairs, and one lost: even if all open ones counted, the fifth is against it.
        assert_eq!(found, Verdict::CannotTell);
        assert!(numbers.starts_with("in 0 of 5 pairs (claimed: 10 %), 4 undecided"), "{numbers}");
        records[1] = failed(records[1].clone(), Status::Crashed);
        assert!(verdict(&lower, &records).1.contains("5 undecided"));
    }

    #[test]
    fn larger_may_be_claimed_and_a_median_bounded() {
        let records = race([2.0; 5]);
        let bound = |text: &str| verdict(&claim(&format!("of = \"fast\"\nmeasure = \"objective\"\n{text}")), &records);
        assert_eq!(bound("at_most = 1.0").0, Verdict::Holds);
        assert_eq!(
            bound("at_least = 2.0"),
            (Verdict::DoesNotHold, "median 1.000 on blobs, k = 2 (claimed: at least 2.000)".into())
        );
        // At one second `fast` has come to 40.
        assert_eq!(bound("at_least = 40.0\nat_most = 40.0\nat = 1.5").0, Verdict::Holds);
        assert_eq!(bound("at_most = 1.0\nrank = [9]").0, Verdict::CannotTell);
        let above =
            claim("of = \"slow\"\nthan = [\"fast\"]\nmeasure = \"objective\"\nis = \"above\"\nat = 2.0\nshare = 1.0");
        assert_eq!(verdict(&above, &records).0, Verdict::Holds);
    }
}
