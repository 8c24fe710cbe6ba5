//! The answer in plain words, and “cannot tell” where the numbers do not carry one.

use super::rows::{ProblemSummary, Row};
use crate::analysis::{Summary, show};

/// A paragraph for one problem.
pub(super) fn verdict(problem: &ProblemSummary) -> String {
    let mut sentences = vec![soonest(problem)];
    sentences.push(compared(&problem.rows, "Lowest final relative error", |r| r.error, |v| show::significant(v, 4)));
    sentences.push(compared(&problem.rows, "Cheapest iteration", |r| r.rate, show::seconds));
    sentences.retain(|s| !s.is_empty());
    if sentences.is_empty() {
        "No run ended properly, so there is nothing to compare.".into()
    } else {
        sentences.join(" ")
    }
}

/// Who is soonest to the hardest target that somebody's median run reaches.
fn soonest(problem: &ProblemSummary) -> String {
    let mut ladder: Vec<usize> = (0..problem.ladder.len()).collect();
    ladder.sort_by(|a, b| problem.ladder[*a].total_cmp(&problem.ladder[*b]));
    let reached = |i: &usize| problem.rows.iter().any(|r| median(r.targets[*i]).is_finite());
    match ladder.into_iter().find(reached) {
        Some(i) => {
            let head = format!("Soonest to a gap of {}", show::percent(problem.ladder[i]));
            compared(&problem.rows, &head, |r| r.targets[i], show::seconds)
        }
        None if problem.ladder.is_empty() => String::new(),
        None => "No median run comes to any of the targets.".into(),
    }
}

/// “head: leader, median a (k/n runs), next second (b), 1.5 ×, … last.”
fn compared(rows: &[Row], head: &str, of: impl Fn(&Row) -> Option<Summary>, say: impl Fn(f64) -> String) -> String {
    let mut ranked: Vec<(&str, Summary)> = rows.iter().filter_map(|r| Some((r.label.as_str(), of(r)?))).collect();
    ranked.retain(|r| r.1.median.is_finite());
    ranked.sort_by(|a, b| a.1.median.total_cmp(&b.1.median));
    let Some((leader, first)) = ranked.first().copied() else { return String::new() };
    let absent: Vec<&str> = rows.iter().filter(|r| !median(of(r)).is_finite()).map(|r| r.label.as_str()).collect();
    let told = |name: &str, s: &Summary| format!("{name} (median {}, {}/{} runs)", say(s.median), s.finite, s.count);
    let mut text = match ranked.get(1) {
        None => format!("{head}: {}, the only one whose median run does it", told(leader, &first)),
        Some((_, second)) if first.differs_from(second) => {
            let times: Vec<String> = ranked[1..].iter().map(|(name, s)| ratio(name, s, &first, &say)).collect();
            format!("{head}: {}, before {}", told(leader, &first), few(&times))
        }
        Some(_) => cannot_tell(head, &ranked, &told),
    };
    if !absent.is_empty() {
        let absent: Vec<String> = absent.into_iter().map(str::to_owned).collect();
        text.push_str(&format!("; not (or not in half of the runs): {}", few(&absent)));
    }
    text + "."
}

fn ratio(name: &str, this: &Summary, first: &Summary, say: &impl Fn(f64) -> String) -> String {
    let times = this.median / first.median;
    let factor = if times.is_finite() {
        format!(", {} ×", show::significant(times, 2 + usize::from(times < 1.1)))
    } else {
        String::new()
    };
    let sure = if first.differs_from(this) { "" } else { ", within the spread" };
    format!("{name} ({}{factor}{sure})", say(this.median))
}

/// Names everybody who cannot be told from the leader, and the reason.
fn cannot_tell(head: &str, ranked: &[(&str, Summary)], told: &impl Fn(&str, &Summary) -> String) -> String {
    let first = ranked[0].1;
    if ranked.iter().any(|r| r.1.count < 3) {
        let all: Vec<String> = ranked.iter().map(|(name, s)| told(name, s)).collect();
        return format!("{head}: cannot tell from fewer than three seeds; seen are {}", few(&all));
    }
    let (tied, behind): (Vec<_>, Vec<_>) = ranked.iter().partition(|r| !first.differs_from(&r.1));
    let names: Vec<String> = tied.iter().map(|(name, s)| told(name, s)).collect();
    let mut text = format!("{head}: cannot tell, the medians of {} differ by less than their spread", join(&names));
    if !behind.is_empty() {
        let names: Vec<String> = behind.iter().map(|(name, s)| told(name, s)).collect();
        text.push_str(&format!("; behind them {}", join(&names)));
    }
    text
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
    use crate::report::summarize;
    use crate::results::record::Record;

    fn told(records: &[Record]) -> String {
        verdict(&summarize(records, &BestValues::over(records), &[0.1, 0.01])[0])
    }

    fn seeds(algorithm: &str, ends: &[(f64, f64)]) -> Vec<Record> {
        let one = |(s, (end, t)): (usize, &(f64, f64))| at(run(algorithm, s as u64, &[100.0, *end]), &[0.0, *t]);
        ends.iter().enumerate().map(one).collect()
    }

    #[test]
    fn a_clear_leader_is_named_with_the_factor() {
        let mut records = seeds("mu", &[(1.0, 3.0), (1.0, 3.1), (1.0, 3.2)]);
        records.extend(seeds("hals", &[(1.0, 1.0), (1.0, 1.1), (1.0, 1.2)]));
        records.extend(seeds("als", &[(60.0, 1.0), (60.0, 1.1), (60.0, 1.2)]));
        let text = told(&records);
        assert!(
            text.starts_with(
                "Soonest to a gap of 1 %: hals (median 1.10 s, 3/3 runs), before mu (3.10 s, \
                 2.8 ×); not (or not in half of the runs): als."
            ),
            "{text}"
        );
        assert!(text.contains("Lowest final relative error: cannot tell, the medians of mu (median 0.1414"), "{text}");
    }

    #[test]
    fn a_difference_within_the_spread_is_no_verdict() {
        let mut records = seeds("mu", &[(1.0, 1.0), (1.0, 2.0), (1.0, 5.0)]);
        records.extend(seeds("hals", &[(1.0, 1.0), (1.0, 1.9), (1.0, 4.0)]));
        assert!(told(&records).starts_with("Soonest to a gap of 1 %: cannot tell, the medians of"));
        let one = [run("mu", 0, &[9.0, 1.0]), run("hals", 0, &[9.0, 2.0])];
        assert!(told(&one).contains("cannot tell from fewer than three seeds"), "{}", told(&one));
    }

    #[test]
    fn nothing_but_failures_is_said_so() {
        let lost = run("mu", 0, &[f64::NAN]);
        assert!(verdict(&summarize(&[lost], &BestValues::default(), &[])[0]).contains("nothing to compare"));
    }
}
