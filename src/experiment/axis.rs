//! The axes of an experiment, as `--only` and `[[exclude]]` name them.

use super::model::{Experiment, Variant};
use super::plan::Cell;
use super::report::{Problem, quoted, suggest};
use serde::Serialize;
use std::collections::BTreeMap;

/// One axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// By name.
    Dataset,
    /// The rank k.
    Rank,
    /// By name.
    Init,
    /// Runs that no seed reaches belong to all of them.
    Seed,
    /// Counts from 0.
    Repetition,
    /// By name or label.
    Algorithm,
    /// `f64` or `f32`.
    Precision,
    /// How many.
    Threads,
}

impl Axis {
    /// All of them.
    pub const ALL: [Axis; 8] = [
        Axis::Dataset,
        Axis::Rank,
        Axis::Init,
        Axis::Seed,
        Axis::Repetition,
        Axis::Algorithm,
        Axis::Precision,
        Axis::Threads,
    ];

    /// As written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Axis::Dataset => "dataset",
            Axis::Rank => "rank",
            Axis::Init => "init",
            Axis::Seed => "seed",
            Axis::Repetition => "repetition",
            Axis::Algorithm => "algorithm",
            Axis::Precision => "precision",
            Axis::Threads => "threads",
        }
    }

    /// The axis of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Axis> {
        Axis::ALL.into_iter().find(|axis| axis.name() == name)
    }

    /// The words an experiment has on this axis.
    #[must_use]
    pub fn values(self, experiment: &Experiment) -> Vec<String> {
        let sweep = &experiment.sweep;
        match self {
            Axis::Dataset => experiment.dataset.iter().map(|dataset| dataset.name.clone()).collect(),
            Axis::Rank => sweep.rank.iter().map(ToString::to_string).collect(),
            Axis::Init => sweep.init.iter().map(|init| init.name().to_owned()).collect(),
            Axis::Seed => sweep.seeds.iter().map(ToString::to_string).collect(),
            Axis::Repetition => (0..sweep.repetitions).map(|repetition| repetition.to_string()).collect(),
            Axis::Algorithm => {
                let variants = experiment.algorithm.iter().flat_map(|algorithm| &algorithm.variants);
                let words = |variant: &Variant| [variant.algorithm.clone(), variant.label.clone()];
                let mut words: Vec<String> = variants.flat_map(words).collect();
                let mut seen = std::collections::HashSet::new();
                words.retain(|word| seen.insert(word.clone()));
                words
            }
            Axis::Precision => sweep.precision.iter().map(|precision| precision.name().to_owned()).collect(),
            Axis::Threads => sweep.threads.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether a run has this value.
    fn has(self, cell: &Cell, experiment: &Experiment, value: &str) -> bool {
        match self {
            Axis::Dataset => experiment.dataset[cell.dataset].name == value,
            Axis::Rank => cell.rank.to_string() == value,
            Axis::Init => cell.init.name() == value,
            Axis::Seed => !cell.seeded || cell.seed.to_string() == value,
            Axis::Repetition => cell.repetition.to_string() == value,
            Axis::Algorithm => cell.algorithm == value || cell.label == value,
            Axis::Precision => cell.precision.name() == value,
            Axis::Threads => cell.threads.to_string() == value,
        }
    }
}

/// Values on some axes: a run fits when it has one of them on each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    axes: BTreeMap<Axis, Vec<String>>,
}

impl Filter {
    pub(crate) fn add(&mut self, axis: Axis, value: String) {
        self.axes.entry(axis).or_default().push(value);
    }

    pub(crate) fn fits(&self, cell: &Cell, experiment: &Experiment) -> bool {
        self.axes.iter().all(|(axis, values)| values.iter().any(|value| axis.has(cell, experiment, value)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.axes.is_empty()
    }

    /// Whether this filter speaks of seeds at all.
    pub(crate) fn names(&self, axis: Axis) -> bool {
        self.axes.contains_key(&axis)
    }
}

/// The filter of all `--only axis=value`: a union within an axis, an intersection of axes.
pub(crate) fn only(arguments: &[String], experiment: &Experiment) -> Result<Filter, Vec<Problem>> {
    let mut filter = Filter::default();
    let mut problems = Vec::new();
    for argument in arguments {
        match only_one(argument, experiment) {
            Ok((axis, value)) => filter.add(axis, value),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(filter) } else { Err(problems) }
}

fn only_one(argument: &str, experiment: &Experiment) -> Result<(Axis, String), Problem> {
    let names = Axis::ALL.map(Axis::name);
    let Some((name, value)) = argument.split_once('=') else {
        let problem = Problem::new(format!("--only {argument}: expected axis=value"));
        return Err(problem.help(format!("axes: {}", quoted(&names))));
    };
    let (name, value) = (name.trim(), value.trim());
    let Some(axis) = Axis::of(name) else {
        return Err(Problem::new(format!("--only {argument}: unknown axis `{name}`")).help(suggest(name, &names)));
    };
    let known = axis.values(experiment);
    if known.iter().any(|word| word == value) {
        return Ok((axis, value.to_owned()));
    }
    let message = format!("--only {argument}: the experiment has no {name} `{value}`");
    let near = super::report::near(value, known.iter().map(String::as_str));
    let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", quoted(&near)) };
    Err(Problem::new(message).help(format!("it has {}{hint}", quoted(&known))))
}
