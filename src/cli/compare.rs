//! `compare`: one results folder against another, or one algorithm against another, with an exit code for a gate.

use super::folder::Folder;
use super::{Failure, out};
use crate::analysis::show::{percent, significant};
use crate::analysis::{
    ASSUMED_FLOOR, BestValues, Comparison, DEFAULT_TARGETS, Problem, Side, Speed, Versus, entrants, on_one_machine,
    opponents, problems, versus,
};
use crate::results::record::Record;
use clap::{Args, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use miette::miette;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit codes: 0 nothing of `--fail-on` happened; 1 B is slower or worse; 2 it cannot be told; 3 there is nothing to
/// compare.
#[derive(Args)]
pub(super) struct Options {
    /// A results folder, results/<experiment>; with --in, the label of an algorithm: the one to compare with
    a: String,
    /// A results folder, or the label of an algorithm: the one that is judged
    b: String,
    /// A and B are algorithms of this results folder
    #[arg(long = "in", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// What to fail on, on any problem or over all (for `cannot-tell`: over all)
    #[arg(long, value_enum, value_delimiter = ',', default_value = "slower,worse,cannot-tell")]
    fail_on: Vec<Verdict>,
    /// Never fail
    #[arg(long, conflicts_with = "fail_on")]
    fail_on_nothing: bool,
    /// Targets for the speed: gaps to the best value known
    #[arg(long, value_delimiter = ',', value_name = "GAP")]
    targets: Vec<f64>,
    /// The relative difference of times that is noise, instead of what `nmfbench noise` has measured
    #[arg(long, value_name = "SHARE")]
    floor: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Verdict {
    /// B takes longer
    Slower,
    /// B ends higher
    Worse,
    /// Neither speed nor quality can be told
    CannotTell,
}

pub(super) fn compare(options: &Options) -> Result<ExitCode, Failure> {
    match judged(options) {
        Ok(code) => Ok(code),
        Err(report) => {
            eprintln!("{report:?}");
            Ok(ExitCode::from(3))
        }
    }
}

fn judged(options: &Options) -> Result<ExitCode, miette::Report> {
    let (a, b) = match &options.folder {
        Some(folder) => (Folder::read(folder)?, Folder::read(folder)?),
        None => (Folder::read(Path::new(&options.a))?, Folder::read(Path::new(&options.b))?),
    };
    let all: Vec<Record> = a.records.iter().chain(&b.records).cloned().collect();
    let best = BestValues::over(&all);
    let (timed_a, timed_b) = (on_one_machine(&a.records), on_one_machine(&b.records));
    let one_machine = timed_a.machine == timed_b.machine;
    let known = a.noise.iter().chain(&b.noise).find(|n| n.machine == timed_a.machine);
    let floor = options.floor.or(known.map(|n| n.floor)).unwrap_or(ASSUMED_FLOOR);
    let (pa, pb) = (problems(&timed_a.records), problems(&timed_b.records));
    let ladder = if options.targets.is_empty() { DEFAULT_TARGETS } else { &options.targets };
    let names = names(options, &pa, &pb)?;
    let mut text = String::new();
    let mut seen = Vec::new();
    for (first, second) in &names {
        let both = opponents(&pa, &pb, (first, second));
        if both.is_empty() {
            continue;
        }
        let found = versus(&both, &best, ladder, one_machine.then_some(floor));
        let what = if first == second { first.clone() } else { format!("{second} against {first}") };
        let _ = writeln!(text, "{what}\n{}\n", table(&found));
        seen.extend(found);
    }
    if seen.is_empty() {
        return Err(miette!("the two have no problem and algorithm in common"));
    }
    let source = match (options.floor, known) {
        (Some(_), _) => "as given",
        (None, Some(_)) => "measured on this machine",
        (None, None) => "assumed; `nmfbench noise` measures it",
    };
    let _ = writeln!(
        text,
        "B against A on equal starts; ratios are B / A, medians with 95 % bootstrap intervals; Wilcoxon's signed ranks \
         (for very few pairs Student's t), Holm-corrected, 5 %; times within {} are noise ({source}).",
        percent(floor)
    );
    if !one_machine {
        let _ = writeln!(text, "Times come from different machines and are not compared.");
    }
    let code = code(options, &seen);
    out(&text);
    Ok(code)
}

/// The pairs of labels to compare.
fn names(options: &Options, a: &[Problem<'_>], b: &[Problem<'_>]) -> Result<Vec<(String, String)>, miette::Report> {
    let labels = |problems: &[Problem<'_>]| entrants(&problems.iter().collect::<Vec<_>>());
    let (of_a, of_b) = (labels(a), labels(b));
    if options.folder.is_none() {
        return Ok(of_a.into_iter().filter(|l| of_b.contains(l)).map(|l| (l.clone(), l)).collect());
    }
    for name in [&options.a, &options.b] {
        if !of_a.contains(name) {
            let near =
                of_a.iter().max_by(|x, y| strsim::jaro_winkler(name, x).total_cmp(&strsim::jaro_winkler(name, y)));
            let help = near.map_or_else(String::new, |n| format!("did you mean `{n}`? there are {}", of_a.join(", ")));
            return Err(miette!(help = help, "no algorithm is labelled `{name}`"));
        }
    }
    Ok(vec![(options.a.clone(), options.b.clone())])
}

fn table(found: &[Versus]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["problem", "pairs", "speed", "time B / A", "quality", "at the end B / A"]);
    for v in found {
        let measure = match v.measure {
            Speed::ToTarget(epsilon) => format!("to {}", percent(epsilon)),
            Speed::PerIteration => "per iteration".into(),
        };
        let speed = v.speed.as_ref().map(|c| (word(c, "faster", "slower"), format!("{} {measure}", ratio(c))));
        let (speed, time) = speed.unwrap_or_else(|| ("not compared".into(), "—".into()));
        let quality = word(&v.quality, "better", "worse");
        table.add_row([v.problem.clone(), v.quality.pairs.to_string(), speed, time, quality, ratio(&v.quality)]);
    }
    table
}

fn word(c: &Comparison, lower: &str, higher: &str) -> String {
    match c.lower {
        Side::Second => lower.into(),
        Side::First => higher.into(),
        Side::CannotTell => "cannot tell".into(),
    }
}

fn ratio(c: &Comparison) -> String {
    let c = c.reversed();
    let say = |v: f64| significant(v, 3 + usize::from((0.99..1.01).contains(&v)));
    if c.ratio.is_known() {
        format!("{} [{}, {}]", say(c.ratio.value), say(c.ratio.low), say(c.ratio.high))
    } else {
        say(c.ratio.value)
    }
}

fn code(options: &Options, seen: &[Versus]) -> ExitCode {
    let on = |what: Verdict| !options.fail_on_nothing && options.fail_on.contains(&what);
    let higher = |c: &Comparison| c.lower == Side::First;
    let slower = seen.iter().any(|v| v.speed.as_ref().is_some_and(higher));
    let worse = seen.iter().any(|v| higher(&v.quality));
    let unclear = |c: &Comparison| c.lower == Side::CannotTell;
    let open = |v: &&Versus| unclear(&v.quality) && v.speed.as_ref().is_none_or(unclear);
    if on(Verdict::Slower) && slower || on(Verdict::Worse) && worse {
        ExitCode::from(1)
    } else if on(Verdict::CannotTell) && seen.iter().filter(|v| v.problem == "all problems").any(|v| open(&v)) {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}
