//! The `[[algorithm]]` entries: parameters checked against the algorithm's own, sweeps multiplied out, labels given.

use super::build::Origins;
use super::check::{Checker, Item, Table};
use super::model::{Algorithm, External, Variant};
use super::report::{Problem, Span};
use super::tree::{Entry, Tree};
use nmfbench_algorithms::Objective;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// More combinations than anybody runs: a slip in a list.
const MOST_VARIANTS: usize = 10_000;

/// A parameter as given: its name, its place, its values.
struct Axis {
    name: String,
    span: Span,
    items: Vec<Item>,
    swept: bool,
}

impl Axis {
    fn new(entry: &Entry, items: Vec<Item>) -> Self {
        let swept = matches!(entry.node.value, Tree::List(_));
        Axis { name: entry.key.clone(), span: entry.node.span.clone(), items, swept }
    }
}

/// The checked entries, each with its variants.
pub(crate) fn algorithms<'a>(
    checker: &mut Checker<'_>,
    tables: impl Iterator<Item = &'a Table>,
    objective: Option<Objective>,
    origins: &mut Origins,
) -> Vec<Algorithm> {
    let mut algorithms: Vec<Algorithm> = Vec::new();
    for table in tables {
        let Some(algorithm) = entry(checker, table, objective, origins, &algorithms) else { continue };
        algorithms.push(algorithm);
    }
    algorithms
}

fn entry(
    checker: &mut Checker<'_>,
    table: &Table,
    objective: Option<Objective>,
    origins: &mut Origins,
    earlier: &[Algorithm],
) -> Option<Algorithm> {
    let Some(name) = table.text("name") else {
        // Without the algorithm its parameters are unknown, but a misspelt `name` is not.
        for entry in &table.others {
            if !super::report::near(&entry.key, ["name", "label"]).is_empty() && table.get("name").is_none() {
                checker.unknown_key(table.section, &[], entry);
            }
        }
        return None;
    };
    let fields = checker.vocabulary.fields(&name);
    let before = checker.problems.len();
    let external = super::external::external(checker, table, &name);
    let mut axes = Vec::new();
    for entry in &table.others {
        match fields.iter().find(|field| field.name == entry.key) {
            Some(field) => {
                let items = checker.parameter(field, true, &entry.node);
                axes.push(Axis::new(entry, items));
            }
            None if external.is_some() => {
                let items = checker.free_parameter(&entry.key, &entry.node);
                axes.push(Axis::new(entry, items));
            }
            None => checker.unknown_key(table.section, &fields, entry),
        }
    }
    let count = axes.iter().try_fold(1_usize, |count, axis| count.checked_mul(axis.items.len()));
    if count.is_none_or(|count| count > MOST_VARIANTS) {
        let message = format!("the sweeps of `{name}` make more than {MOST_VARIANTS} combinations");
        checker.problem(Problem::new(message).at(&table.span, "too many"));
    }
    if checker.problems.len() > before {
        return None;
    }
    let label = table.text("label");
    let variants = variants(checker, &name, label.as_deref(), external.as_ref(), (&axes, objective));
    if let Some(objective) = objective {
        descend(checker, table, &variants, objective);
    }
    let place = table.item("label").or_else(|| table.item("name")).map_or(&table.span, |item| &item.span);
    let variants = distinct(checker, place, earlier, variants);
    let spans: BTreeMap<String, Span> = axes.iter().map(|axis| (axis.name.clone(), axis.span.clone())).collect();
    for variant in &variants {
        origins.variants.insert(variant.label.clone(), (place.clone(), spans.clone()));
    }
    let parameters = filled(&axes, &variants);
    Some(Algorithm { name, label, external, parameters, variants })
}

/// One variant for each combination, the last parameter running fastest.
fn variants(
    checker: &mut Checker<'_>,
    name: &str,
    label: Option<&str>,
    external: Option<&External>,
    (axes, objective): (&[Axis], Option<Objective>),
) -> Vec<Variant> {
    let mut combinations: Vec<Vec<&Item>> = vec![Vec::new()];
    for axis in axes {
        let longer = combinations.iter().flat_map(|one| axis.items.iter().map(|item| [&one[..], &[item]].concat()));
        combinations = longer.collect();
    }
    let mut variants = Vec::new();
    for combination in combinations {
        let pairs = || axes.iter().zip(&combination);
        let given: Map<String, Value> = pairs().map(|(axis, item)| (axis.name.clone(), item.value.json())).collect();
        let swept: Vec<String> = pairs()
            .filter(|(axis, _)| axis.swept)
            .map(|(axis, item)| format!("{}={}", axis.name, item.value.plain()))
            .collect();
        let mut label = label.unwrap_or(name).to_owned();
        if !swept.is_empty() {
            label += &format!(" ({})", swept.join(", "));
        }
        if let Some(external) = external {
            variants.push(Variant {
                algorithm: name.to_owned(),
                label,
                parameters: given,
                revision: 0,
                stochastic: external.stochastic,
                external: Some(external.clone()),
            });
            continue;
        }
        let mut all = objective.map(|objective| checker.vocabulary.implied(name, objective)).unwrap_or_default();
        all.extend(given);
        match checker.vocabulary.resolve(name, &all, None) {
            Ok(parameters) => variants.push(Variant {
                algorithm: name.to_owned(),
                label,
                parameters,
                revision: checker.vocabulary.revision(name),
                stochastic: checker.vocabulary.is_stochastic(name),
                external: None,
            }),
            Err(refused) => {
                let place = pairs().find(|(axis, _)| axis.name == refused.key).map(|(_, item)| item.span.clone());
                let problem = Problem::new(format!("{name}: `{}`: {}", refused.key, refused.message));
                let problem = match place.or_else(|| axes.first().map(|axis| axis.span.clone())) {
                    Some(span) => problem.at(&span, "refused by the algorithm"),
                    None => problem,
                };
                checker.problem(problem);
            }
        }
    }
    variants
}

/// Refuses a method that descends something else than the experiment minimises. What a program does is its own affair.
fn descend(checker: &mut Checker<'_>, table: &Table, variants: &[Variant], objective: Objective) {
    let words = checker.vocabulary;
    let other = variants
        .iter()
        .filter(|variant| variant.external.is_none())
        .map(|variant| (variant, words.objective(&variant.algorithm, &variant.parameters)))
        .find(|(_, own)| !own.is(objective));
    let Some((variant, own)) = other else { return };
    let fits = |name: &String| {
        let implied = words.implied(name, objective);
        words.resolve(name, &implied, None).is_ok_and(|all| words.objective(name, &all).is(objective))
    };
    let fitting: Vec<String> = words.algorithms().into_iter().filter(fits).map(|name| format!("`{name}`")).collect();
    let help = match fitting.as_slice() {
        [] => format!("no algorithm descends {}", objective.words()),
        names => format!("what descends {}: {}", objective.words(), names.join(", ")),
    };
    let message =
        format!("`{}` descends {}, but the experiment minimises {}", variant.label, own.words(), objective.words());
    let span = table.item("name").map_or(&table.span, |item| &item.span);
    checker.problem(Problem::new(message).at(span, "another objective").help(help));
}

/// Variants that are new under a label that is new; the others are problems.
fn distinct(checker: &mut Checker<'_>, place: &Span, earlier: &[Algorithm], found: Vec<Variant>) -> Vec<Variant> {
    let mut kept: Vec<Variant> = Vec::new();
    for variant in found {
        let others = || earlier.iter().flat_map(|algorithm| &algorithm.variants).chain(&kept);
        let same = others().find(|other| {
            other.algorithm == variant.algorithm
                && other.parameters == variant.parameters
                && other.external == variant.external
        });
        if let Some(same) = same {
            let message = format!(
                "`{}` is the same as `{}`: {} with equal parameters",
                variant.label, same.label, variant.algorithm
            );
            checker.problem(Problem::new(message).at(place, "listed before"));
        } else if others().any(|other| other.label == variant.label) {
            let problem = Problem::new(format!("two algorithms are labelled `{}`", variant.label));
            checker.problem(problem.at(place, "the second").help("give each its own `label`"));
        } else {
            kept.push(variant);
        }
    }
    kept
}

/// Given parameters as they were, the others as resolved; what TOML cannot say stays away.
fn filled(axes: &[Axis], variants: &[Variant]) -> Map<String, Value> {
    let given = |axis: &Axis| {
        let values: Vec<Value> = axis.items.iter().map(|item| item.value.json()).collect();
        let value = if axis.swept { Value::from(values) } else { values.into_iter().next().unwrap_or_default() };
        (axis.name.clone(), value)
    };
    let mut parameters: Map<String, Value> = axes.iter().map(given).collect();
    for (key, value) in variants.first().iter().flat_map(|variant| &variant.parameters) {
        let scalar = value.is_boolean() || value.is_number() || value.is_string();
        // A default may depend on a swept parameter; then it has no one value.
        let common = variants.iter().all(|variant| variant.parameters.get(key) == Some(value));
        if scalar && common && !parameters.contains_key(key) {
            parameters.insert(key.clone(), value.clone());
        }
    }
    parameters
}
