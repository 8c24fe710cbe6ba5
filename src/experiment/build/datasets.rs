//! Data sets and what may stand in for them: where each comes from, and how it is read.

use super::{Origins, words};
use crate::experiment::check::{Checker, Table};
use crate::experiment::expect::Scalar;
use crate::experiment::model::{DataSource, Dataset, FileSource, StandIn};
use crate::experiment::report::{Problem, suggest};
use crate::experiment::schema::READING;
use crate::experiment::vocabulary::GeneratorInfo;
use serde_json::{Map, Value};
use std::path::PathBuf;

pub(super) fn datasets<'a>(
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
pub(super) fn stand_ins<'a>(
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
