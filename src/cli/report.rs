//! `report`: the interactive page of a results folder; runs nothing.

use super::folder::Folder;
use super::present::{self, Purpose};
use super::run::{Asked, stored};
use super::{Experiment, Failure, How};
use crate::analysis::DEFAULT_TARGETS;
use crate::experiment::Plan;
use clap::Args;
use miette::miette;
use nmfbench_algorithms::Registry;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Options {
    /// A results folder, results/<experiment>, or the experiment's TOML file
    path: PathBuf,
    #[command(flatten)]
    how: How,
    /// Figures and tables only, without scripts: a smaller page that nothing moves on
    #[arg(long = "static")]
    still: bool,
    /// Where to write; report.html in the results folder, when not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn report(registry: &Registry, options: Options) -> Result<ExitCode, Failure> {
    let Options { path, how, still, out } = options;
    let form = present::Form { still, out: out.as_deref() };
    let written = if path.is_dir() {
        of_folder(&path, &form)?
    } else {
        let arguments = Experiment { file: path, text: None, how };
        let asked = Asked::read(registry, &arguments)?;
        let (store, kept) = stored(&asked, &arguments)?;
        present::report(&kept.records, &store, &Purpose::of(&asked.plan), &form).map_err(Failure::failed)?
    };
    super::out(&written.display().to_string());
    Ok(ExitCode::SUCCESS)
}

fn of_folder(path: &Path, form: &present::Form<'_>) -> Result<PathBuf, Failure> {
    let folder = Folder::read(path).map_err(Failure::Failed)?;
    if folder.records.is_empty() {
        return Err(Failure::Failed(miette!("there are no runs in {}", path.display())));
    }
    let text = |part: &str| folder.asked(part).as_str().unwrap_or_default().to_owned();
    let name = if text("name").is_empty() { folder.records[0].experiment.clone() } else { text("name") };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let ladder: Vec<f64> = list(&folder.asked("targets")["gap"]).iter().filter_map(Value::as_f64).collect();
    let about = Purpose {
        name,
        question: text("question"),
        ladder: if ladder.is_empty() { DEFAULT_TARGETS.to_vec() } else { ladder },
        claims: list(folder.asked("claim")),
        figures: list(folder.asked("figure")),
    };
    present::report(&folder.records, &folder.store, &about, form).map_err(Failure::failed)
}

impl Purpose {
    /// What a plan says of its experiment.
    pub(super) fn of(plan: &Plan) -> Self {
        let experiment = &plan.experiment;
        Purpose {
            name: experiment.name.clone(),
            question: experiment.question.clone().unwrap_or_default(),
            ladder: experiment.targets.gap.clone(),
            claims: experiment.claim.clone(),
            figures: experiment.figure.clone(),
        }
    }
}
