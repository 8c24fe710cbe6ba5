//! What is made of the runs: figures, tables and claims, kept as they were written once they are checked.

use super::known_value;
use crate::experiment::axis::Axis;
use crate::experiment::check::{Checker, Given, Table};
use crate::experiment::model::Experiment;
use crate::experiment::report::Problem;
use serde_json::{Map, Value};

/// A table as it was written.
fn plain(table: &Table) -> Map<String, Value> {
    let json = |given: &Given| {
        let values: Vec<Value> = given.items.iter().map(|item| item.value.json()).collect();
        let value = if given.listed { Some(Value::from(values)) } else { values.into_iter().next() };
        value.map(|value| (given.name.to_owned(), value))
    };
    table.given.iter().filter_map(json).collect()
}

pub(super) fn figures<'a>(checker: &mut Checker<'_>, tables: impl Iterator<Item = &'a Table>) -> Vec<Value> {
    let mut figures = Vec::new();
    let mut files: Vec<String> = Vec::new();
    for table in tables {
        figures.push(Value::Object(plain(table)));
        own_file(checker, table, &mut files, "figures");
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

pub(super) fn tables<'a>(checker: &mut Checker<'_>, tables: impl Iterator<Item = &'a Table>) -> Vec<Value> {
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
        own_file(checker, table, &mut files, "tables");
    }
    all
}

/// No two are written to one file.
fn own_file(checker: &mut Checker<'_>, table: &Table, files: &mut Vec<String>, what: &str) {
    if let (Some(file), Some(item)) = (table.text("file"), table.item("file")) {
        if files.contains(&file) {
            let problem = Problem::new(format!("two {what} are written to `{file}`"));
            checker.problem(problem.at(&item.span, "the second"));
        }
        files.push(file);
    }
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

pub(super) fn claims<'a>(
    checker: &mut Checker<'_>,
    tables: impl Iterator<Item = &'a Table>,
    experiment: &Experiment,
) -> Vec<Value> {
    let mut claims = Vec::new();
    for table in tables {
        for (name, axis) in CLAIM_AXES {
            let known = axis.values(experiment);
            for item in table.get(name).into_iter().flat_map(|given| &given.items) {
                known_value(checker, axis, &known, item, "claims nothing");
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
