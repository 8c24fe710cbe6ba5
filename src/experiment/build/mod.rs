//! Checked tables become an [`Experiment`]; what only several keys together can get wrong is found here.

mod datasets;
mod evidence;

use super::axis::Axis;
use super::check::{Checker, Item, Table};
use super::expect::Scalar;
use super::model::{Checkpoints, Exclude, Experiment, Init, Keep, Precision, Stop, Sweep, Targets, Timing};
use super::report::{Problem, Span, suggest};
use datasets::{datasets, stand_ins};
use evidence::{claims, figures, tables as written};
use nmfbench_algorithms::Objective;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where things stand in the file, for what is found out later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    pub(crate) dataset: Vec<Span>,
    pub(crate) rank: Vec<Span>,
    pub(crate) exclude: Vec<Span>,
    /// By label: the entry and its parameters.
    pub(crate) variants: BTreeMap<String, (Span, BTreeMap<String, Span>)>,
}

/// The experiment of a file; after problems it may be short of something and is not to be used.
pub(crate) fn experiment(checker: &mut Checker<'_>, tables: &[Table]) -> (Experiment, Origins) {
    let mut origins = Origins::default();
    let of = |name: &'static str| tables.iter().filter(move |table| table.section.name == name);
    let one = |name: &'static str| of(name).next();
    let top = one("");
    let dataset = datasets(checker, of("dataset"), &mut origins);
    let stand_in = stand_ins(checker, of("stand_in"), &dataset);
    let sweep = sweep(checker, one("sweep"), &mut origins);
    let stop = one("stop").map(|table| stop(checker, table)).unwrap_or_default();
    let checkpoints = checkpoints(checker, one("checkpoints"));
    let gap = items(checker, one("targets"), "gap").iter().filter_map(|item| item.value.number()).collect();
    let objective = objective(checker, top);
    let algorithm = super::methods::algorithms(checker, of("algorithm"), objective, &mut origins);
    if let (Some(program), None, None, Some(table)) =
        (algorithm.iter().find(|a| a.external.is_some()), stop.iterations, stop.seconds, one("stop"))
        && stop.flops.is_some()
    {
        let problem = Problem::new(format!("`{}` is a program and may not count its operations", program.name));
        checker.problem(problem.at(&table.span, "needs `iterations` or `seconds` too"));
    }
    let figure = figures(checker, of("figure"));
    let table = written(checker, of("table"));
    let factors = items(checker, top, "factors").iter().any(|item| item.value == Scalar::Text("none".into()));
    let replay = items(checker, top, "timing").iter().any(|item| item.value == Scalar::Text("replay".into()));
    let mut experiment = Experiment {
        name: top.and_then(|top| top.text("name")).unwrap_or_default(),
        question: top.and_then(|top| top.text("question")),
        objective: objective.unwrap_or_default(),
        factors: if factors { Keep::None } else { Keep::All },
        timing: if replay { Timing::Replay } else { Timing::Paused },
        dataset,
        stand_in,
        sweep,
        stop,
        checkpoints,
        targets: Targets { gap },
        algorithm,
        figure,
        table,
        exclude: Vec::new(),
        claim: Vec::new(),
        folder: checker.folder.map(PathBuf::from),
    };
    experiment.exclude = excludes(checker, of("exclude"), &experiment, &mut origins);
    experiment.claim = claims(checker, of("claim"), &experiment);
    (experiment, origins)
}

/// The values of a key, or its declared default where it is not in the file.
fn items(checker: &mut Checker<'_>, table: Option<&Table>, name: &str) -> Vec<Item> {
    let Some(table) = table else { return Vec::new() };
    match (table.get(name), table.section.key(name)) {
        (Some(given), _) => given.items.clone(),
        (None, Some(key)) => checker.default(key),
        (None, None) => Vec::new(),
    }
}

/// The words of a list.
fn words(checker: &mut Checker<'_>, table: &Table, name: &str) -> Vec<String> {
    let word = |item: &Item| match &item.value {
        Scalar::Text(text) => Some(text.clone()),
        _ => None,
    };
    items(checker, Some(table), name).iter().filter_map(word).collect()
}

/// What is minimised; nothing where that is not clear.
fn objective(checker: &mut Checker<'_>, top: Option<&Table>) -> Option<Objective> {
    items(checker, top, "objective").first().and_then(|item| serde_json::from_value(item.value.json()).ok())
}

fn sweep(checker: &mut Checker<'_>, table: Option<&Table>, origins: &mut Origins) -> Sweep {
    let naturals = |items: &[Item]| items.iter().filter_map(|item| item.value.natural()).collect::<Vec<_>>();
    let sizes = |items: &[Item]| naturals(items).into_iter().map(|size| size as usize).collect::<Vec<_>>();
    let rank = items(checker, table, "rank");
    origins.rank = rank.iter().map(|item| item.span.clone()).collect();
    let seeds = items(checker, table, "seeds");
    let listed = table.and_then(|table| table.get("seeds")).is_some_and(|given| given.listed);
    let seeds = match naturals(&seeds).as_slice() {
        // A count without end would only be noticed when the memory is full.
        [count] if !listed && *count > 1_000_000 => {
            let problem = Problem::new(format!("`seeds` = {count}: expected a count of at most 1000000, or a list"));
            checker.problem(problem.at(&seeds[0].span, "too many"));
            Vec::new()
        }
        [count] if !listed => (0..*count).collect(),
        list => list.to_vec(),
    };
    let precision = |item: &Item| match &item.value {
        Scalar::Text(text) if text == "f32" => Precision::F32,
        _ => Precision::F64,
    };
    let repetitions = items(checker, table, "repetitions");
    let few = u32::try_from(naturals(&repetitions).first().copied().unwrap_or(1)).unwrap_or(u32::MAX);
    if few > 10_000 {
        let problem = Problem::new(format!("`repetitions`: expected at most 10000, found {few}"));
        checker.problem(problem.at(&repetitions[0].span, "too many"));
    }
    Sweep {
        rank: sizes(&rank),
        init: inits(&items(checker, table, "init")),
        seeds,
        base_seed: naturals(&items(checker, table, "base_seed")).first().copied().unwrap_or(0),
        precision: items(checker, table, "precision").iter().map(precision).collect(),
        threads: sizes(&items(checker, table, "threads")),
        repetitions: few.min(10_000),
    }
}

fn inits(items: &[Item]) -> Vec<Init> {
    let files = items.iter().filter(|item| matches!(item.value, Scalar::Files { .. })).count();
    let mut number = 0;
    let init = |item: &Item| match &item.value {
        Scalar::Files { w, h } => {
            number += 1;
            let name = if files > 1 { format!("files-{number}") } else { "files".into() };
            Some(Init::Files { name, w: w.into(), h: h.into() })
        }
        Scalar::Text(name) => Some(Init::Named(name.clone())),
        _ => None,
    };
    items.iter().filter_map(init).collect()
}

fn stop(checker: &mut Checker<'_>, table: &Table) -> Stop {
    if ["iterations", "seconds", "flops"].iter().all(|name| table.get(name).is_none()) {
        let problem = Problem::new("[stop] needs at least one of `iterations`, `seconds`, `flops`")
            .at(&table.span, "a run might never end")
            .help(
                "`kkt` and `relative_change` may never be reached; `flops` gives a budget that is the same everywhere",
            );
        checker.problem(problem);
    }
    Stop {
        iterations: table.integer("iterations"),
        seconds: table.number("seconds"),
        flops: table.number("flops"),
        kkt: table.number("kkt"),
        relative_change: table.number("relative_change"),
        timeout: table.number("timeout"),
    }
}

fn checkpoints(checker: &mut Checker<'_>, table: Option<&Table>) -> Checkpoints {
    let given = |name: &str| table.and_then(|table| table.get(name));
    if let (Some(_), Some(every)) = (given("growth"), given("every")) {
        let problem = Problem::new("[checkpoints] takes `growth` or `every`, not both");
        checker.problem(problem.at(&every.key_span, "besides `growth`"));
    }
    let growth = items(checker, table, "growth").first().and_then(|item| item.value.number());
    match (table.and_then(|table| table.integer("every")), growth) {
        (Some(every), _) => Checkpoints::Every { every },
        (None, Some(growth)) => Checkpoints::Growth { growth },
        // What was given instead is wrong and reported.
        (None, None) => Checkpoints::Every { every: 1 },
    }
}

fn excludes<'a>(
    checker: &mut Checker<'_>,
    tables: impl Iterator<Item = &'a Table>,
    experiment: &Experiment,
    origins: &mut Origins,
) -> Vec<Exclude> {
    let mut excludes = Vec::new();
    for table in tables {
        let mut axes = BTreeMap::new();
        for given in &table.given {
            let Some(axis) = Axis::of(given.name) else { continue };
            let known = axis.values(experiment);
            given.items.iter().for_each(|item| known_value(checker, axis, &known, item, "excludes nothing"));
            axes.insert(axis, given.items.iter().map(|item| item.value.json()).collect());
        }
        if axes.is_empty() {
            let names = super::report::quoted(&Axis::ALL.map(Axis::name));
            let problem = Problem::new("[[exclude]] names no axis").at(&table.span, "would exclude everything");
            checker.problem(problem.help(format!("axes: {names}")));
        }
        origins.exclude.push(table.span.clone());
        excludes.push(Exclude { reason: table.text("reason").unwrap_or_default(), axes });
    }
    excludes
}

/// A value of an axis must be one that the experiment has. With overrides in force it may well have lost its object.
fn known_value(checker: &mut Checker<'_>, axis: Axis, known: &[String], item: &Item, label: &str) {
    let word = item.value.plain();
    if !checker.edited && !known.contains(&word) {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let problem = Problem::new(format!("the experiment has no {} `{word}`", axis.name()));
        checker.problem(problem.at(&item.span, label).help(suggest(&word, &known)));
    }
}
