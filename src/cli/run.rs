//! `run`, `plan`, `check` and `figures`: from an experiment file to runs, tables and pictures.

use super::monitor::{Progress, catch_interrupts, duration};
use super::present::{self, Form, Kept, Purpose};
use super::vocabulary::Words;
use super::{Experiment as Arguments, Failure, How, out};
use crate::analysis::Verdict;
use crate::data::catalogue::Kind;
use crate::data::{DataError, Entry, lookup};
use crate::experiment::{self, Init, Plan, Source};
use crate::report;
use crate::results::machine::Machine;
use crate::results::record::{Record, Status};
use crate::results::store::Store;
use crate::runner::estimate::Estimator;
use crate::runner::prepare::{PrepareError, Prepared};
use crate::runner::{self, Options, RunnerError, Sweep};
use miette::miette;
use nmfbench_algorithms::Registry;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// A file that has been read and checked, and where its results lie.
pub(super) struct Asked {
    pub(super) plan: Plan,
    pub(super) folder: PathBuf,
}

impl Asked {
    pub(super) fn read(registry: &Registry, arguments: &Arguments) -> Result<Self, Failure> {
        let Arguments { file, text, how } = arguments;
        let options = experiment::Options { set: how.set.clone(), only: how.only.clone(), quick: how.quick };
        let plan = match text {
            Some(text) => {
                let source = Source { name: file.display().to_string(), text: (*text).into(), folder: None };
                experiment::plan(&source, &options, &Words(registry))
            }
            None => experiment::load(file, &options, &Words(registry)),
        };
        let mut plan = plan.map_err(Failure::invalid)?;
        let mut name = plan.experiment.name.clone();
        if how.stand_ins {
            let absent: Vec<_> = absent(&plan, how).iter().map(|e| (e.name.as_str(), e.title.as_str())).collect();
            if plan.stand_in(&absent) {
                name += "-stand-in";
            }
        }
        if how.quick {
            name += "-quick";
        }
        Ok(Asked { plan, folder: how.results.join(name) })
    }

    /// Loads the data and checks what only they can tell.
    pub(super) fn prepare(&self, registry: &Registry, arguments: &Arguments) -> Result<Prepared, Failure> {
        let folder = super::data::folder(arguments.how.data_dir.as_deref());
        let mut prepared = Prepared::new(&self.plan, folder.as_deref()).map_err(|error| self.unprepared(error))?;
        prepared.check_accepted(&self.plan, registry).map_err(Failure::bad_data)?;
        self.plan.check_shapes(&prepared.shapes(), &Words(registry)).map_err(Failure::invalid)?;
        prepared.check_methods(&self.plan, registry).map_err(Failure::bad_data)?;
        prepared.read_given(&self.plan).map_err(Failure::bad_data)?;
        Ok(prepared)
    }

    /// Data that are not there may have a stand-in.
    fn unprepared(&self, error: PrepareError) -> Failure {
        let absent = if let PrepareError::Data(DataError::Absent(absent)) = &error { Some(&absent.name) } else { None };
        let stand_in = |name: &String| self.plan.experiment.stand_in.iter().any(|s| s.instead_of == *name);
        if absent.is_some_and(stand_in) {
            let help = "`--stand-ins` runs the experiment on generated data instead, and says so in each figure";
            return Failure::Invalid(miette!(help = help, "{error}"));
        }
        Failure::bad_data(error)
    }

    /// What a person should know before looking at any result.
    fn notes(&self, registry: &Registry) -> Vec<String> {
        let mut notes = self.plan.notes.clone();
        let experiment = &self.plan.experiment;
        let zeros = |init: &Init| init.name().parse::<nmfbench_algorithms::Init>().is_ok_and(|i| i.has_zeros());
        if experiment.sweep.init.iter().any(zeros) {
            for a in &experiment.algorithm {
                if registry.get(&a.name).is_ok_and(|e| e.traits.locks_zeros) {
                    notes
                        .push(format!("{} hardly moves entries that `nndsvd` starts at 0; `nndsvda` has none", a.name));
                }
            }
        }
        notes
    }
}

/// The sets of the catalogue that a plan wants and this machine has not.
pub(super) fn absent(plan: &Plan, how: &How) -> Vec<&'static Entry> {
    let folder = super::data::folder(how.data_dir.as_deref());
    let catalogued = |d: &&experiment::Dataset| matches!(d.source, experiment::DataSource::Catalogue {});
    let entries = plan.experiment.dataset.iter().filter(catalogued).filter_map(|d| lookup(&d.name).ok());
    entries.filter(|e| e.kind == Kind::Folder && e.locate(folder.as_deref()).is_err()).collect()
}

/// What a sweep came to, and what is stored now.
pub(super) struct Made {
    pub(super) sweep: Sweep,
    pub(super) kept: Kept,
    pub(super) store: Store,
}

/// Makes what is missing of a plan.
pub(super) fn sweep(
    registry: &Registry,
    arguments: &Arguments,
    asked: &Asked,
    options: &Options,
    quiet: bool,
) -> Result<Made, Failure> {
    let say = |text: &str| {
        if !quiet {
            eprintln!("{text}");
        }
    };
    let Asked { plan, folder } = asked;
    let runs = plan.cells.len();
    say(&format!("{}: {runs} runs", plan.experiment.name));
    plan.experiment.question.iter().for_each(|q| say(&format!("  {q}")));
    asked.notes(registry).iter().for_each(|note| say(&format!("  note: {note}")));
    if !Machine::here().is_optimised() {
        say("  note: this build is not optimised; its timings say nothing (use --release)");
    }
    let prepared = asked.prepare(registry, arguments)?;
    let store = Store::create(folder).map_err(Failure::failed)?;
    present::save_plan(plan, &prepared, &store).map_err(Failure::failed)?;
    catch_interrupts();
    let mut progress = Progress::new(runs, quiet);
    let sweep = runner::run(plan, &prepared, &store, options, &mut progress);
    progress.finish();
    let sweep = sweep.map_err(|e| match e {
        RunnerError::Prepare(e) => Failure::bad_data(e),
        e => Failure::failed(e),
    })?;
    if sweep.missing > 0 {
        say(&format!(
            "stopped: {} of {runs} runs are there, {} are missing; the same command goes on from here",
            runs - sweep.missing,
            sweep.missing
        ));
    }
    if sweep.disturbed > 0 {
        say(&format!(
            "{} of the runs made were disturbed (`disturbed` in runs.csv says by what); --repeat-disturbed N tries again",
            sweep.disturbed
        ));
    }
    let kept = Kept::of_run(plan, &prepared, &store);
    Ok(Made { sweep, kept, store })
}

pub(super) fn run(
    registry: &Registry,
    arguments: &Arguments,
    options: &Options,
    quiet: bool,
) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let asked = Asked::read(registry, arguments)?;
    let say = |text: &str| {
        if !quiet {
            eprintln!("{text}");
        }
    };
    let Made { sweep, kept, store } = sweep(registry, arguments, &asked, options, quiet)?;
    let plan = &asked.plan;
    let text = present::tables(&kept, &store, plan).map_err(Failure::failed)?;
    out(&text);
    if sweep.missing > 0 {
        return Ok(ExitCode::from(130));
    }
    let drawn = store.path("figures").read_dir().is_ok_and(|mut f| f.next().is_some());
    if sweep.made == 0 && drawn && store.path("report.html").exists() {
        say(&format!(
            "all {} runs are there already, nothing was run; `nmfbench figures {}` redraws the figures",
            plan.cells.len(),
            arguments.file.display()
        ));
    } else {
        let figures = present::figures(&kept, &store, plan, &mut |text| say(text)).map_err(Failure::failed)?;
        present::report(&kept.records, &store, &Purpose::of(plan), &Form::default()).map_err(Failure::failed)?;
        say(&done(&sweep, figures, &store, began));
    }
    Ok(ending(&kept.records))
}

fn done(sweep: &Sweep, figures: usize, store: &Store, began: Instant) -> String {
    format!(
        "{} runs made, {} were there; {figures} figures and report.html; all in {} ({})",
        sweep.made,
        sweep.present,
        store.root().display(),
        duration(began.elapsed())
    )
}

/// 0, or 3 where a run did not get to an end of its own.
fn ending(records: &[Record]) -> ExitCode {
    let broken = |r: &&Record| matches!(r.status, Status::Crashed | Status::OutOfMemory | Status::Timeout);
    let broken: Vec<&Record> = records.iter().filter(broken).collect();
    for r in &broken {
        eprintln!("{} ({}, rank {}, {}, seed {}): {}", r.label, r.dataset.name, r.rank, r.init, r.seed, r.stop_reason);
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        eprintln!("{} runs did not end by themselves; `--retry-failed` makes them again", broken.len());
        ExitCode::from(3)
    }
}

pub(super) fn plan(registry: &Registry, arguments: &Arguments, all: bool) -> Result<ExitCode, Failure> {
    let asked = Asked::read(registry, arguments)?;
    let prepared = asked.prepare(registry, arguments)?;
    let Asked { plan, folder } = &asked;
    let store = Store::open(folder).ok();
    let is_there = |key: &str| store.as_ref().is_some_and(|s| matches!(s.load(key), Ok(Some(_))));
    let mut text = String::new();
    let _ = writeln!(text, "{}: {} runs in {} blocks", plan.experiment.name, plan.cells.len(), plan.blocks().len());
    plan.experiment.question.iter().for_each(|q| {
        let _ = writeln!(text, "  {q}");
    });
    for data in &prepared.datasets {
        let f = &data.facts;
        let _ = writeln!(text, "  {}: {}×{}, {} nonzeros; {}", f.name, f.m, f.n, f.nnz, f.title);
    }
    let mut missing = Vec::new();
    for block in plan.blocks() {
        for index in block.cells {
            let cell = &plan.cells[index];
            let there = is_there(&prepared.key(plan, cell));
            if !there {
                missing.push(cell);
            }
            if all {
                let mark = if there { "there" } else { "to run" };
                let _ = writeln!(text, "  {mark:>6}  {}", cell.summary(&plan.experiment));
            }
        }
    }
    for excluded in &plan.excluded {
        let _ = writeln!(text, "  left out: {} ({})", excluded.cell, excluded.reason);
    }
    asked.notes(registry).iter().for_each(|note| {
        let _ = writeln!(text, "  note: {note}");
    });
    let there = plan.cells.len() - missing.len();
    let records = store.and_then(|s| s.load_all().ok()).unwrap_or_default();
    let estimator = Estimator::new(&records, &Machine::here().id);
    let left = estimator.total(plan, &prepared, missing.iter().copied()).map(duration);
    let left = left.map_or_else(|| "time unknown".into(), |left| format!("about {left}"));
    let _ = writeln!(text, "  {there} there, {} to run, {left}; results in {}", missing.len(), folder.display());
    out(&text);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check(registry: &Registry, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let asked = Asked::read(registry, arguments)?;
    asked.prepare(registry, arguments)?;
    let runs = asked.plan.cells.len();
    out(&format!("{} is valid: {runs} runs", arguments.file.display()));
    asked.notes(registry).iter().for_each(|note| eprintln!("note: {note}"));
    Ok(ExitCode::SUCCESS)
}

/// The stored runs of an experiment.
pub(super) fn stored(asked: &Asked, arguments: &Arguments) -> Result<(Store, Kept), Failure> {
    let store = Store::open(&asked.folder).map_err(Failure::failed)?;
    let kept = Kept::stored(&asked.plan, &store).map_err(|why| {
        Failure::Failed(miette!(
            help = format!("`nmfbench run {}` makes what is missing", arguments.file.display()),
            "{why}"
        ))
    })?;
    if kept.missing > 0 {
        eprintln!("{} of {} runs are not there yet; made without them", kept.missing, asked.plan.cells.len());
    }
    Ok((store, kept))
}

pub(super) fn claims(registry: &Registry, arguments: &Arguments, strict: bool) -> Result<ExitCode, Failure> {
    let asked = Asked::read(registry, arguments)?;
    if asked.plan.experiment.claim.is_empty() {
        out(&format!("{} claims nothing; a [[claim]] would", arguments.file.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let (store, kept) = stored(&asked, arguments)?;
    let findings = present::claims(&kept, &store, &asked.plan).map_err(Failure::failed)?;
    out(&report::claims_text(&findings));
    let refuted = findings.iter().any(|finding| finding.verdict == Verdict::DoesNotHold);
    Ok(if strict && refuted { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

pub(super) fn figures(registry: &Registry, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let asked = Asked::read(registry, arguments)?;
    let (store, kept) = stored(&asked, arguments)?;
    let text = present::tables(&kept, &store, &asked.plan).map_err(Failure::failed)?;
    out(&text);
    let figures =
        present::figures(&kept, &store, &asked.plan, &mut |text| eprintln!("{text}")).map_err(Failure::failed)?;
    let page =
        present::report(&kept.records, &store, &Purpose::of(&asked.plan), &Form::default()).map_err(Failure::failed)?;
    eprintln!("{figures} figures in {}; {}", store.path("figures").display(), page.display());
    Ok(ExitCode::SUCCESS)
}
