//! Checked tables become an [`Experiment`]; what only several keys together can get wrong is found here.

use super::axis::Axis;
use super::check::{Checker, Given, Item, Table};
use super::expect::Scalar;
use super::model::{
    Checkpoints, DataSource, Dataset, Exclude, Experiment, FileSource, Init, Keep, Precision, StandIn, Stop, Sweep,
    Targets, Timing,
};
use super::report::{Problem, Span, suggest};
use super::schema::READING;
use super::vocabulary::GeneratorInfo;
use nmfbench_algorithms::Objective;
use serde_json::{Map, Value};
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

fn datasets<'a>(
    checker: &mut Checker<'_>,
    tables: impl Iterator<Item = &'a Table>,
    origins: &mut Origins,
) -> Vec<Dataset> {
    let mut datasets: Vec<Dataset> = Vec::new();
    for table in tables {
        let Some((name, source)) = source(checker, table) else { continue };
        if datasets.iter().any(|other| other.name == name) {
            let span = table.item("name").map_or(&table.span, |item| &item.span);
            let problem = Problem::new(format!("two data sets are called `{name}`")).at(span, "the second");
            checker.problem(problem.help("`name` beside `path` or `generator` says what to call it"));
        }
        origins.dataset.push(table.span.clone());
        datasets.push(Dataset {
            name,
            title: table.text("title"),
            transpose: table.item("transpose").map(|item| item.value == Scalar::Bool(true)),
            scale: table.item("scale").map(|item| item.value.json()),
            weights: table.text("weights").map(PathBuf::from),
            preprocess: words(checker, table, "preprocess"),
            held_out: held_out(checker, table),
            source,
        });
    }
    datasets
}

/// What may take the place of data sets of the catalogue.
fn stand_ins<'a>(
    checker: &mut Checker<'_>,
    tables: impl Iterator<Item = &'a Table>,
    datasets: &[Dataset],
) -> Vec<StandIn> {
    let mut all: Vec<StandIn> = Vec::new();
    for table in tables {
        let (Some(instead_of), Some(item)) = (table.text("for"), table.item("for")) else { continue };
        let catalogued = |d: &&Dataset| matches!(d.source, DataSource::Catalogue {});
        let known: Vec<&str> = datasets.iter().filter(catalogued).map(|d| d.name.as_str()).collect();
        if !known.contains(&instead_of.as_str()) {
            let message = format!("the experiment has no data set `{instead_of}` from the catalogue");
            let problem = Problem::new(message).at(&item.span, "stands in for nothing");
            checker.problem(problem.help(suggest(&instead_of, &known)));
        } else if all.iter().any(|other| other.instead_of == instead_of) {
            let problem = Problem::new(format!("two stand-ins for `{instead_of}`"));
            checker.problem(problem.at(&item.span, "the second"));
        }
        let Some(source) = generated(checker, table) else { continue };
        all.push(StandIn { instead_of, preprocess: words(checker, table, "preprocess"), source });
    }
    all
}

/// The generator that a table names, with its parameters.
fn generated(checker: &mut Checker<'_>, table: &Table) -> Option<DataSource> {
    let generator = table.text("generator")?;
    let info = checker.vocabulary.generators().into_iter().find(|info| info.name == generator)?;
    let parameters = others(checker, table, Some(&info));
    Some(DataSource::Generator { generator, parameters })
}

/// The keys that say which samples are kept back.
fn held_out(checker: &mut Checker<'_>, table: &Table) -> Map<String, Value> {
    let given = |name: &str| Some((name.to_owned(), table.item(name)?.value.json()));
    let keys: Map<String, Value> = ["test_share", "test_seed", "neighbours"].into_iter().filter_map(given).collect();
    if let (false, Some(stray)) = (keys.contains_key("test_share"), keys.keys().next()) {
        let span = table.get(stray).map_or(&table.span, |given| &given.key_span);
        let problem = Problem::new(format!("`{stray}` goes with `test_share`"));
        checker.problem(problem.at(span, "of which share?"));
    }
    keys
}

/// The name of a data set and where it comes from; nothing when that is not clear.
fn source(checker: &mut Checker<'_>, table: &Table) -> Option<(String, DataSource)> {
    let only_with_path = |checker: &mut Checker<'_>| {
        for name in READING {
            if let Some(given) = table.get(name) {
                let problem = Problem::new(format!("`{name}` goes with `path` only"));
                checker.problem(problem.at(&given.key_span, "not for this data set"));
            }
        }
    };
    match (table.get("path"), table.get("generator")) {
        (Some(_), Some(generator)) => {
            let problem = Problem::new("a data set has a `path` or a `generator`, not both");
            checker.problem(problem.at(&generator.key_span, "besides `path`"));
            None
        }
        (Some(_), None) => {
            others(checker, table, None);
            let path = PathBuf::from(table.text("path")?);
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            Some((table.text("name").or(stem)?, DataSource::File(file(table, path))))
        }
        (None, Some(_)) => {
            only_with_path(checker);
            let source = generated(checker, table)?;
            Some((table.text("name").or_else(|| table.text("generator"))?, source))
        }
        (None, None) => {
            only_with_path(checker);
            others(checker, table, None);
            let Some(given) = table.get("name") else {
                let problem = Problem::new("a data set needs a `name`, a `path` or a `generator`");
                checker.problem(problem.at(&table.span, "which data?"));
                return None;
            };
            let (name, span) = (table.text("name")?, &given.items.first()?.span);
            let known = checker.vocabulary.datasets();
            if !known.contains(&name) {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let mut help = suggest(&name, &known);
                if name.contains(['.', '/', '\\']) {
                    help += &format!("; for a file write path = \"{name}\"");
                }
                checker.problem(Problem::new(format!("unknown data set `{name}`")).at(span, "not known").help(help));
            }
            Some((name, DataSource::Catalogue {}))
        }
    }
}

fn file(table: &Table, path: PathBuf) -> FileSource {
    let value = |name: &&str| {
        let given = table.get(name)?;
        let mut values = given.items.iter().map(|item| item.value.json());
        let value = if matches!(*name, "image" | "scene") { Value::Array(values.collect()) } else { values.next()? };
        Some(((*name).to_owned(), value))
    };
    FileSource { path, reading: READING.iter().filter_map(value).collect() }
}

/// The keys beside those of the section: parameters of the generator, if there is one.
fn others(checker: &mut Checker<'_>, table: &Table, generator: Option<&GeneratorInfo>) -> Map<String, Value> {
    let fields = generator.map_or(&[][..], |info| &info.fields);
    let mut parameters = Map::new();
    for entry in &table.others {
        match fields.iter().find(|field| field.name == entry.key) {
            Some(field) => {
                let items = checker.parameter(field, false, &entry.node);
                parameters.extend(items.first().map(|item| (field.name.clone(), item.value.json())));
            }
            None => checker.unknown_key(table.section, fields, entry),
        }
    }
    for field in fields.iter().filter(|field| field.default.is_null()) {
        if table.others.iter().all(|entry| entry.key != field.name) {
            let problem = Problem::new(format!("the generator needs `{}`", field.name)).help(field.doc.clone());
            checker.problem(problem.at(&table.span, format!("needs `{}`", field.name)));
        }
    }
    parameters
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

/// A table as it was written.
fn plain(table: &Table) -> Map<String, Value> {
    let json = |given: &Given| {
        let values: Vec<Value> = given.items.iter().map(|item| item.value.json()).collect();
        let value = if given.listed { Some(Value::from(values)) } else { values.into_iter().next() };
        value.map(|value| (given.name.to_owned(), value))
    };
    table.given.iter().filter_map(json).collect()
}

fn figures<'a>(checker: &mut Checker<'_>, tables: impl Iterator<Item = &'a Table>) -> Vec<Value> {
    let mut figures = Vec::new();
    let mut files: Vec<String> = Vec::new();
    for table in tables {
        figures.push(Value::Object(plain(table)));
        if let (Some(file), Some(item)) = (table.text("file"), table.item("file")) {
            if files.contains(&file) {
                let problem = Problem::new(format!("two figures are written to `{file}`"));
                checker.problem(problem.at(&item.span, "the second"));
            }
            files.push(file);
        }
        if let Some([low, high]) = table.get("band").map(|given| given.items.as_slice())
            && low.value.number() >= high.value.number()
        {
            let message = format!("`band`: expected two rising quantiles, found {}", high.value.words());
            checker.problem(Problem::new(message).at(&high.span, "not above the first"));
        }
        axes_fit(checker, table);
    }
    figures
}

fn written<'a>(checker: &mut Checker<'_>, tables: impl Iterator<Item = &'a Table>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut files: Vec<String> = Vec::new();
    for table in tables {
        all.push(Value::Object(plain(table)));
        let kind = table.text("kind").unwrap_or_default();
        for name in ["x", "targets"] {
            if let ("final-error" | "scaling" | "scores", Some(given)) = (kind.as_str(), table.get(name)) {
                let problem = Problem::new(format!("a `{kind}` table has no `{name}`"));
                checker.problem(problem.at(&given.key_span, "not for this kind"));
            }
        }
        if let (Some(file), Some(item)) = (table.text("file"), table.item("file")) {
            if files.contains(&file) {
                let problem = Problem::new(format!("two tables are written to `{file}`"));
                checker.problem(problem.at(&item.span, "the second"));
            }
            files.push(file);
        }
    }
    all
}

/// Axes a kind of figure chooses for itself are refused, lest they be ignored.
fn axes_fit(checker: &mut Checker<'_>, table: &Table) {
    let Some(kind) = table.text("kind") else { return };
    let refuses: &[&str] = match kind.as_str() {
        "convergence" => &["targets"],
        "time-to-target" => &["y", "y_scale", "band"],
        "runtime" => &["x", "y", "y_scale", "band", "targets"],
        "final-error" => &["x", "y_scale", "band", "targets"],
        "ecdf" | "profile" | "data-profile" => &["y", "y_scale", "band"],
        "matrix" | "critical-difference" => &["x_scale", "y_scale", "band"],
        "scaling" => &["x", "y", "x_scale", "band", "targets"],
        "over-rank" => &["x", "targets"],
        _ => &["x", "y", "x_scale", "y_scale", "band", "targets"],
    };
    if let ("data-profile", Some("seconds"), Some(item)) = (kind.as_str(), table.text("x").as_deref(), table.item("x"))
    {
        let problem = Problem::new("a `data-profile` has no unit of seconds");
        checker.problem(problem.at(&item.span, "expected `flops`, `passes` or `iterations`"));
    }
    if let ("matrix" | "critical-difference", Some(_), Some(given)) = (kind.as_str(), table.get("y"), table.get("x")) {
        let problem = Problem::new(format!("a `{kind}` compares prices (`x`) or final values (`y`), not both"));
        checker.problem(problem.at(&given.key_span, "besides `y`"));
    }
    for name in refuses {
        if let Some(given) = table.get(name) {
            let problem = Problem::new(format!("a `{kind}` figure has no `{name}`"));
            checker.problem(problem.at(&given.key_span, "not for this kind"));
        }
    }
}

/// The keys of a claim that name values of an axis.
const CLAIM_AXES: [(&str, Axis); 5] = [
    ("of", Axis::Algorithm),
    ("than", Axis::Algorithm),
    ("dataset", Axis::Dataset),
    ("rank", Axis::Rank),
    ("init", Axis::Init),
];

fn claims<'a>(
    checker: &mut Checker<'_>,
    tables: impl Iterator<Item = &'a Table>,
    experiment: &Experiment,
) -> Vec<Value> {
    let mut claims = Vec::new();
    for table in tables {
        for (name, axis) in CLAIM_AXES {
            for item in table.get(name).into_iter().flat_map(|given| &given.items) {
                let (word, known) = (item.value.plain(), axis.values(experiment));
                // With overrides in force a claim may well have lost its object.
                if !checker.edited && !known.contains(&word) {
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    let problem = Problem::new(format!("the experiment has no {} `{word}`", axis.name()));
                    checker.problem(problem.at(&item.span, "claims nothing").help(suggest(&word, &known)));
                }
            }
        }
        let bounds = ["at_least", "at_most"].map(|name| table.get(name));
        let bounded = bounds.iter().flatten().next();
        match (table.get("than"), bounded) {
            (None, None) => {
                let problem = Problem::new("a claim compares (`than`) or bounds (`at_least`, `at_most`)");
                checker.problem(problem.at(&table.span, "claims nothing that could be checked"));
            }
            (Some(_), Some(bound)) => {
                let problem = Problem::new("a claim compares (`than`) or bounds, not both");
                checker.problem(problem.at(&bound.key_span, "besides `than`"));
            }
            _ => {}
        }
        if let (Some(gap), true) = (table.get("gap"), table.text("measure").is_some_and(|m| m != "time-to-target")) {
            let problem = Problem::new("`gap` goes with `measure = \"time-to-target\"` only");
            checker.problem(problem.at(&gap.key_span, "not for this measure"));
        }
        let mut claim = plain(table);
        for name in ["than", "dataset", "rank", "init"] {
            if let Some(value) = claim.get_mut(name).filter(|value| !value.is_array()) {
                *value = Value::from(vec![value.take()]);
            }
        }
        claims.push(Value::Object(claim));
    }
    claims
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
            for item in &given.items {
                let word = item.value.plain();
                // With overrides in force an exclusion may well have lost its object.
                if !checker.edited && !known.contains(&word) {
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    let problem = Problem::new(format!("the experiment has no {} `{word}`", axis.name()));
                    checker.problem(problem.at(&item.span, "excludes nothing").help(suggest(&word, &known)));
                }
            }
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
