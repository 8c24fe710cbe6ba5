//! The experiment file: TOML in, a checked plan of runs out.
//!
//! Text → tree with places ([`tree`]) → typed values held against one table of keys ([`schema`], [`check`]) →
//! [`Experiment`] ([`build`], [`methods`]) → [`Plan`]. Whatever is wrong is collected and shown at once in a
//! [`Report`]; nothing unknown is ever passed over in favour of a default.

mod axis;
mod build;
mod check;
mod describe;
mod expect;
mod external;
mod key;
mod methods;
mod model;
mod overrides;
mod plan;
mod report;
pub mod schema;
#[cfg(test)]
mod tests;
mod tree;
mod vocabulary;

pub use axis::Axis;
pub use describe::{json_schema, reference};
pub use key::stream;
pub use model::{
    Algorithm, Checkpoints, DataSource, Dataset, Exchange, Exclude, Experiment, External, FileSource, Init, Keep,
    Precision, StandIn, Stop, Sweep, Targets, Timing, Variant,
};
pub use nmfbench_algorithms::Objective;
pub use plan::{Block, Cell, Excluded, Plan};
pub(crate) use report::suggest;
pub use report::{Problem, Report};
pub use vocabulary::{GeneratorInfo, InitInfo, PeerInfo, Vocabulary};

use check::Checker;
use std::path::{Path, PathBuf};

/// What the command line adds to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `--set path=value`, in order.
    pub set: Vec<String>,
    /// `--only axis=value`.
    pub only: Vec<String>,
    /// `--quick`.
    pub quick: bool,
}

/// The text of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What reports call it: its path.
    pub name: String,
    /// The TOML.
    pub text: String,
    /// Where its relative paths start. Without it, files the text names are not looked for.
    pub folder: Option<PathBuf>,
}

/// The plan of the experiment in the file at `path`.
///
/// # Errors
/// All that is wrong with the file or the options.
pub fn load(path: &Path, options: &Options, vocabulary: &dyn Vocabulary) -> Result<Plan, Report> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Report::new(&name, "", vec![Problem::new(format!("cannot read the file: {error}"))]))?;
    // The parent of a bare file name is the empty path, which joins to paths seen from here.
    let folder = path.parent().map(Path::to_path_buf);
    plan(&Source { name, text, folder }, options, vocabulary)
}

/// The plan of an experiment.
///
/// # Errors
/// All that is wrong with the text or the options.
pub fn plan(source: &Source, options: &Options, vocabulary: &dyn Vocabulary) -> Result<Plan, Report> {
    let report = |problems| Report::new(&source.name, &source.text, problems);
    if source.text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#')) {
        let parts = "a `name`, a [[dataset]], [sweep] with a `rank`, [stop] and an [[algorithm]]";
        return Err(report(vec![Problem::new("the file is empty").help(format!("an experiment needs {parts}"))]));
    }
    tree::parse(&source.text).map_err(report)?;
    let edited = overrides::apply(&source.text, &options.set, options.quick).map_err(report)?;
    let name = format!("{}{}", source.name, edited.suffix);
    let shown = |problems| Report::new(&name, &edited.text, problems);
    let folder = source.folder.as_deref();
    let touched = options.quick || !options.set.is_empty();
    let (experiment, origins, mut problems) = check(&edited.text, folder, touched, vocabulary).map_err(shown)?;
    if !options.quick {
        problems.extend(quick_problems(&edited.text, &problems, folder, vocabulary));
    }
    if !problems.is_empty() {
        return Err(shown(problems));
    }
    let mut plan = Plan::expand(experiment, origins, &options.only, vocabulary).map_err(shown)?;
    plan.notes.splice(0..0, edited.notes);
    plan.notes.extend(standing_notes(&plan.experiment));
    plan.source = (name, edited.text);
    Ok(plan)
}

/// What a text says, with all that is wrong about it; only bad syntax leaves nothing to say.
fn check(
    text: &str,
    folder: Option<&Path>,
    edited: bool,
    vocabulary: &dyn Vocabulary,
) -> Result<(Experiment, build::Origins, Vec<Problem>), Vec<Problem>> {
    let entries = tree::parse(text)?;
    let mut checker = Checker { vocabulary, folder, edited, problems: Vec::new() };
    let tables = checker.file(entries);
    let (experiment, origins) = build::experiment(&mut checker, &tables);
    Ok((experiment, origins, checker.problems))
}

/// What would go wrong under `--quick` and goes right without: told now, at the `[quick]` table.
fn quick_problems(text: &str, present: &[Problem], folder: Option<&Path>, vocabulary: &dyn Vocabulary) -> Vec<Problem> {
    let Some(table) = tree::parse(text).ok().and_then(|tree| tree.into_iter().find(|entry| entry.key == "quick"))
    else {
        return Vec::new();
    };
    let shortened = match overrides::apply_quick(text) {
        Ok(shortened) => shortened,
        Err(problems) => return problems,
    };
    let Ok((_, _, found)) = check(&shortened, folder, true, vocabulary) else { return Vec::new() };
    let fresh = found.iter().filter(|new| present.iter().all(|old| old.message() != new.message()));
    let problem = |new: &Problem| {
        let problem = Problem::new(format!("with --quick: {}", new.message())).at(&table.key_span, "an override here");
        match new.advice() {
            Some(help) => problem.help(help),
            None => problem,
        }
    };
    fresh.map(problem).collect()
}

/// What a reader of any result of the experiment has to know.
fn standing_notes(experiment: &Experiment) -> Vec<String> {
    let mut notes = Vec::new();
    if experiment.stop.iterations.is_none() && experiment.stop.flops.is_none() {
        notes.push("runs end by the clock: how far they get depends on the machine".into());
    }
    if experiment.sweep.seeds.len() == 1 {
        notes.push("one seed: nothing can be said about the spread over starts".into());
    }
    notes
}
