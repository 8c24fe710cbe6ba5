//! `noise`: every algorithm of an experiment under two labels through the whole pipeline. What differs is noise.

use super::list::plain_table;
use super::present;
use super::run::{Asked, sweep};
use super::{Experiment as Arguments, Failure, out};
use crate::analysis::show::{percent, significant};
use crate::analysis::{NoiseFloor, floor, on_one_machine, problems, twins};
use crate::results::machine::Machine;
use crate::runner::Options;
use miette::miette;
use nmfbench_algorithms::Registry;
use std::process::ExitCode;

/// What the second label adds.
const MARK: &str = " (again)";

pub(super) fn noise(registry: &Registry, arguments: &Arguments, quiet: bool) -> Result<ExitCode, Failure> {
    let mut asked = Asked::read(registry, arguments)?;
    let name = format!("{}-noise", asked.plan.experiment.name);
    asked.plan = asked.plan.with_twins(&name, MARK);
    let quick = if arguments.quick { "-quick" } else { "" };
    asked.folder = arguments.results.join(format!("{name}{quick}"));
    let made = sweep(registry, arguments, &asked, &Options::default(), quiet)?;
    if made.sweep.missing > 0 {
        return Ok(ExitCode::from(130));
    }
    let machine = Machine::here();
    let own: Vec<_> = made.kept.records.iter().filter(|r| r.machine == machine.id).cloned().collect();
    let timed = on_one_machine(&own);
    let found = twins(&problems(&timed.records), MARK);
    let Some(floor) = floor(&found) else {
        return Err(Failure::Failed(miette!("no algorithm ran properly under both of its labels")));
    };
    let measured = NoiseFloor {
        machine: machine.id.clone(),
        floor,
        comparisons: found.len(),
        pairs: found.iter().map(|t| t.pairs).sum(),
        experiment: asked.plan.experiment.name.clone(),
        measured: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let mut text = serde_json::to_vec_pretty(&measured).expect("plain data");
    text.push(b'\n');
    let file = format!("noise-{}.json", machine.id);
    // Beside the folders of experiments: it holds for all of them.
    let beside = format!("../{file}");
    made.store.write(&beside, &text).map_err(Failure::failed)?;
    let mut table = plain_table();
    table.set_header(["algorithm", "problem", "pairs", "time / time again"]);
    for t in &found {
        table.add_row([t.label.clone(), t.problem.clone(), t.pairs.to_string(), significant(t.ratio, 4)]);
    }
    present::tables(&made.kept, &made.store, &asked.plan).map_err(Failure::failed)?;
    out(&format!(
        "{table}\n\nTimes of one algorithm differ by up to {} on machine {}: verdicts call nothing within it a difference \
         ({}).\nThe verdicts on these runs, which are to tell nothing apart: {}",
        percent((floor * 1e5).round() / 1e5),
        machine.id,
        arguments.results.join(&file).display(),
        made.store.path("summary.md").display()
    ));
    Ok(ExitCode::SUCCESS)
}
