//! The answer in plain words, and “cannot tell” where the pairs do not carry one.

use super::rows::{ProblemSummary, Row, quality_name};
use crate::analysis::{Comparison, Contest, FEWEST, Interval, Side, Summary, show};

/// A paragraph for one problem.
pub(super) fn verdict(problem: &ProblemSummary) -> String {
    let mut sentences = Vec::new();
    match &problem.soonest {
        Some((i, contest)) => {
            let head = format!("Soonest to a gap of {}", show::percent(problem.ladder[*i]));
            sentences.push(compared(&problem.rows, contest, &head, |r| r.targets[*i], show::seconds));
        }
        None if problem.ladder.is_empty() || problem.rows.iter().all(|r| !median(r.quality).is_finite()) => {}
        None => sentences.push("No median run comes to any of the targets.".into()),
    }
    let measure = quality_name(problem.objective);
    let head = format!("Lowest final {}{measure}", if measure == "error" { "relative " } else { "" });
    sentences.push(compared(&problem.rows, &problem.lowest, &head, |r| r.quality, |v| show::significant(v, 4)));
    sentences.retain(|s| !s.is_empty());
    if sentences.is_empty() {
        "No run ended properly, so there is nothing to compare.".into()
    } else {
        sentences.join(" ")
    }
}

/// “head: leader (median a, k/n runs), before second (b, 1.5 × [1.4, 1.7]), …”, or that it cannot be told, and why.
fn compared(
    rows: &[Row],
    contest: &Contest,
    head: &str,
    of: impl Fn(&Row) -> Option<Summary>,
    say: impl Fn(f64) -> String,
) -> String {
    let summary = |label: &str| rows.iter().find(|r| r.label == label).and_then(&of);
    let Some((leader, first)) = contest.leader.as_deref().and_then(|l| Some((l, summary(l)?))) else {
        return String::new();
    };
    let mut row: Vec<(Comparison, Summary)> = contest
        .row(leader)
        .into_iter()
        .filter_map(|c| summary(&c.second).map(|s| (c, s)))
        .filter(|(_, s)| s.median.is_finite())
        .collect();
    row.sort_by(|a, b| a.1.median.total_cmp(&b.1.median));
    let absent: Vec<String> = rows.iter().filter(|r| !median(of(r)).is_finite()).map(|r| r.label.clone()).collect();
    let told = |name: &str, s: &Summary| format!("{name} (median {}, {}/{} runs)", say(s.median), s.finite, s.count);
    let behind = |(c, s): &(Comparison, Summary)| {
        format!("{} ({}{})", c.second, say(s.median), factor(&c.reversed().ratio, c.lower == Side::First))
    };
    let mut text = if rows.len() == 1 {
        format!("{head}: {}", told(leader, &first))
    } else if row.is_empty() {
        format!("{head}: {}, the only one whose median run does it", told(leader, &first))
    } else if row.iter().any(|(c, _)| c.pairs < FEWEST) {
        let all: Vec<String> =
            std::iter::once(told(leader, &first)).chain(row.iter().map(|(c, s)| told(&c.second, s))).collect();
        format!("{head}: cannot tell from fewer than three seeds; seen are {}", few(&all))
    } else {
        let (clear, tied): (Vec<_>, Vec<_>) = row.iter().cloned().partition(|(c, _)| c.lower == Side::First);
        let clear: Vec<String> = clear.iter().map(behind).collect();
        if tied.is_empty() {
            format!("{head}: {}, before {}", told(leader, &first), few(&clear))
        } else {
            let tied: Vec<String> = tied.iter().map(behind).collect();
            let rest = if clear.is_empty() { String::new() } else { format!("; behind them {}", few(&clear)) };
            format!("{head}: cannot tell {} from {}{rest}", told(leader, &first), join(&tied))
        }
    };
    if !absent.is_empty() {
        text.push_str(&format!("; not (or not in half of the runs): {}", few(&absent)));
    }
    text + "."
}

/// “, 2.1 × [1.9, 2.4]”: how many times the leader's value.
fn factor(ratio: &Interval, sure: bool) -> String {
    if !ratio.value.is_finite() {
        return String::new();
    }
    let digits = 2 + usize::from(ratio.value < 1.1);
    let say = |v: f64| show::significant(v, digits);
    let ends = if ratio.is_known() { format!(" [{}, {}]", say(ratio.low), say(ratio.high)) } else { String::new() };
    format!(", {}{} ×{ends}", if sure { "" } else { "ratio " }, say(ratio.value))
}

/// The answer to an experiment's question in one sentence, over all of its problems.
#[must_use]
pub fn answer(overall: &Overall) -> String {
    let mut parts = Vec::new();
    if let Some((epsilon, contest)) = &overall.soonest {
        let goal = format!("to a gap of {}", show::percent(*epsilon));
        parts.push(told_overall(contest, ("is soonest", "who is soonest"), &goal, "sooner than"));
    }
    let goal = "at the end";
    let (wins, open) = (format!("has the lowest {}", overall.measure), format!("whose {} is lowest", overall.measure));
    parts.push(told_overall(&overall.lowest, (&wins, &open), goal, "below"));
    parts.retain(|p| !p.is_empty());
    if parts.is_empty() {
        return match &overall.lowest.leader {
            Some(leader) => format!("There is nothing to compare {leader} with."),
            None => "No run ended properly, so there is no answer.".into(),
        };
    }
    let problems =
        if overall.problems == 1 { "On one problem".into() } else { format!("Over {} problems", overall.problems) };
    format!("{problems}, {}.", parts.join("; "))
}

/// All problems of an experiment at once.
#[derive(Clone, Debug)]
pub struct Overall {
    /// How many problems.
    pub problems: usize,
    /// The hardest target that somebody reaches in half of all runs, and the race to it in seconds.
    pub soonest: Option<(f64, Contest)>,
    /// What is compared at the end: the relative “error” for the Frobenius norm, else the “objective”.
    pub measure: &'static str,
    /// That comparison.
    pub lowest: Contest,
}

fn told_overall(contest: &Contest, (wins, open): (&str, &str), goal: &str, ahead: &str) -> String {
    let Some(leader) = contest.leader.as_deref() else { return String::new() };
    let mut row = contest.row(leader);
    if row.is_empty() {
        return String::new();
    }
    // A ratio is below 1 where the leader is ahead; the nearest rival comes first, those that never arrive last.
    row.sort_by(|a, b| b.ratio.value.total_cmp(&a.ratio.value));
    let pairs = |c: &Comparison| format!("{} pairs of runs, p {}", c.pairs, probability(c.adjusted));
    // Who does not come there in half of the pairs is no rival; with few seeds no test could say so.
    let (absent, row): (Vec<_>, Vec<_>) = row.into_iter().partition(|c| c.ratio.value == 0.0);
    let Some(nearest) = row.first() else {
        let of = absent.first().map_or(String::new(), |c| format!(" in half of the runs ({} pairs)", c.pairs));
        return format!("{leader} {wins} {goal}, the only one{of}");
    };
    let times = |c: &Comparison| factor(&c.reversed().ratio, true).trim_start_matches(", ").to_owned();
    let tied: Vec<&Comparison> = row.iter().filter(|c| c.lower != Side::First).collect();
    match tied.as_slice() {
        [] => {
            let times = times_word(nearest, &times);
            format!("{leader} {wins} {goal}, {times} {ahead} the next, {} ({})", nearest.second, pairs(nearest))
        }
        [first, ..] if first.pairs < FEWEST => {
            format!("{open} {goal} cannot be told from {} pairs of runs", first.pairs)
        }
        _ => {
            // Where a pair never arrives there is no ratio to tell.
            let told = |c: &&Comparison| match times(c) {
                times if times.is_empty() => c.second.clone(),
                times => format!("{} (ratio {times})", c.second),
            };
            let names: Vec<String> = tied.iter().map(told).collect();
            format!("{open} {goal} cannot be told: {leader} leads by median, but not clearly before {}", join(&names))
        }
    }
}

fn times_word(c: &Comparison, times: &dyn Fn(&Comparison) -> String) -> String {
    let text = times(c);
    if text.is_empty() { "far".into() } else { text }
}

fn probability(p: f64) -> String {
    if p < 1e-4 { "< 0.0001".into() } else { format!("= {}", show::significant(p, 2)) }
}

/// The names a sentence can carry; the table has them all.
fn few(names: &[String]) -> String {
    const MOST: usize = 4;
    match names.len().saturating_sub(MOST) {
        0 => names.join(", "),
        rest => format!("{} and {rest} more", names[..MOST].join(", ")),
    }
}

fn join(names: &[String]) -> String {
    const MOST: usize = 5;
    match names.split_last() {
        Some(_) if names.len() > MOST => few(names),
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

fn median(summary: Option<Summary>) -> f64 {
    summary.map_or(f64::INFINITY, |s| s.median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::BestValues;
    use crate::analysis::invented::{at, run};
    use crate::report::{Evidence, overall, summarize};
    use crate::results::record::Record;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn evidence<'a>(records: &'a [Record], best: &'a BestValues) -> Evidence<'a> {
        Evidence { records, best, ladder: &[0.1, 0.01], noise: &[] }
    }

    fn told(records: &[Record]) -> String {
        verdict(&summarize(&evidence(records, &BestValues::over(records)))[0])
    }

    fn answered(records: &[Record]) -> String {
        answer(&overall(&evidence(records, &BestValues::over(records))))
    }

    fn seeds(algorithm: &str, ends: &[(f64, f64)]) -> Vec<Record> {
        let one = |(s, (end, t)): (usize, &(f64, f64))| at(run(algorithm, s as u64, &[100.0, *end]), &[0.0, *t]);
        ends.iter().enumerate().map(one).collect()
    }

    #[test]
    fn a_clear_leader_is_named_with_the_factor_and_its_interval() {
        let mut records = seeds("mu", &[(1.0, 3.0), (1.0, 3.1), (1.0, 3.2), (1.0, 3.15)]);
        records.extend(seeds("hals", &[(1.0, 1.0), (1.0, 1.1), (1.0, 1.2), (1.0, 1.15)]));
        records.extend(seeds("als", &[(60.0, 1.0), (60.0, 1.1), (60.0, 1.2), (60.0, 1.1)]));
        let text = told(&records);
        assert!(
            text.starts_with("Soonest to a gap of 1 %: hals (median 1.12 s, 4/4 runs), before mu (3.12 s, 2.8 × [2.7,"),
            "{text}"
        );
        assert!(text.contains("; not (or not in half of the runs): als."), "{text}");
        assert!(text.contains("Lowest final relative error: cannot tell mu (median 0.1414"), "{text}");
        let text = answered(&records);
        assert!(text.starts_with("On one problem, hals is soonest to a gap of 1 %, 2.8 × [2.7,"), "{text}");
        assert!(text.contains("whose error is lowest at the end cannot be told"), "{text}");
    }

    #[test]
    fn a_difference_within_the_spread_is_no_verdict() {
        let mut records = seeds("mu", &[(1.0, 1.0), (1.0, 2.0), (1.0, 5.0)]);
        records.extend(seeds("hals", &[(1.0, 1.1), (1.0, 1.9), (1.0, 4.0)]));
        assert!(told(&records).starts_with("Soonest to a gap of 1 %: cannot tell hals"), "{}", told(&records));
        let one = [run("mu", 0, &[9.0, 1.0]), run("hals", 0, &[9.0, 2.0])];
        assert!(told(&one).contains("cannot tell from fewer than three seeds"), "{}", told(&one));
        assert!(answered(&one).contains("cannot be told from 1 pairs"), "{}", answered(&one));
    }

    #[test]
    fn a_divergence_is_judged_by_itself_and_not_by_an_error_in_another_norm() {
        // `low` ends lower in what is minimised; its error in the Frobenius norm is larger.
        let runs = |name: &'static str, end: f64, error: f64| {
            (0..6).map(move |seed| (name.to_owned(), seed, end * (1.0 + 0.01 * seed as f64), error))
        };
        let records: Vec<Record> = runs("low", 1.0, 0.9)
            .chain(runs("high", 2.0, 0.1))
            .map(|(name, seed, end, error)| {
                let mut record = run(&name, seed, &[100.0, end]);
                record.objective = nmfbench_algorithms::Objective::KullbackLeibler;
                record.trace.iter_mut().for_each(|look| look.relative_error = error);
                record
            })
            .collect();
        assert!(told(&records).contains("Lowest final objective: low (median 1.02"), "{}", told(&records));
        assert!(answered(&records).contains("low has the lowest objective at the end"), "{}", answered(&records));
    }

    #[test]
    fn nothing_but_failures_is_said_so() {
        let lost = [run("mu", 0, &[f64::NAN])];
        assert!(told(&lost).contains("nothing to compare"));
        assert!(answered(&lost).contains("no answer"));
    }

    /// A solver that sits at a bad value after no time, and one that is slower and better.
    #[test]
    fn a_solver_stuck_early_at_a_bad_value_wins_nothing() {
        let mut records = Vec::new();
        for seed in 0..8 {
            let wobble = 1.0 + 0.01 * seed as f64;
            records.push(at(run("stuck", seed, &[100.0, 40.0 * wobble, 40.0 * wobble]), &[0.0, 0.001, 0.002]));
            records.push(at(run("better", seed, &[100.0, 50.0, 2.0 * wobble]), &[0.0, 1.0 * wobble, 2.0 * wobble]));
        }
        for text in [told(&records), answered(&records)] {
            assert!(
                !text.contains("stuck (median") && !text.contains("stuck is") && !text.contains("stuck has"),
                "{text}"
            );
            assert!(text.contains("better"), "{text}");
        }
        assert!(told(&records).starts_with("Soonest to a gap of 1 %: better (median 2.07 s, 8/8 runs), the only one"));
    }

    #[test]
    fn one_that_is_alone_has_nobody_before_or_behind() {
        let records: Vec<Record> = (0..3).map(|seed| run("mu", seed, &[9.0, 1.0])).collect();
        assert_eq!(answered(&records), "There is nothing to compare mu with.");
        assert!(told(&records).contains("mu (median ") && !told(&records).contains("only"), "{}", told(&records));
    }

    /// One algorithm under two labels on 20 seeds, the second slower by a share; each time wobbles by some 2 %.
    fn twice(slower: f64, stream: u64) -> Vec<Record> {
        let mut random = ChaCha8Rng::seed_from_u64(stream);
        let mut records = Vec::new();
        for seed in 0..20 {
            let start: f64 = random.random_range(0.5..2.0);
            for (label, factor) in [("a", 1.0), ("b", 1.0 + slower)] {
                // The sum of uniforms is nearly normal; rarely something else runs and doubles the time.
                let wobble: f64 = (0..6).map(|_| random.random_range(-0.015..0.015)).sum();
                let hit = if random.random_range(0..60) == 0 { 2.0 } else { 1.0 };
                let t = start * factor * (1.0 + wobble) * hit;
                let mut record = at(run("a", seed, &[100.0, 10.0, 1.0]), &[0.0, 0.3 * t, t]);
                record.label = label.into();
                record.parameters.insert("twin".into(), label.into());
                records.push(record);
            }
        }
        records
    }

    #[test]
    fn an_algorithm_cannot_be_told_from_itself_and_a_tenth_slower_can() {
        for stream in 0..10 {
            let text = told(&twice(0.0, stream));
            assert_eq!(text.matches("cannot tell").count(), 2, "{stream}: {text}");
            assert!(!text.contains("before"), "{text}");
            let text = told(&twice(0.1, stream));
            assert!(text.starts_with("Soonest to a gap of 1 %: a (median"), "{stream}: {text}");
            assert!(text.contains("before b (") && text.contains(", 1.1"), "{text}");
        }
    }
}
