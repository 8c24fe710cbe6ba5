//! Makes the runs of a plan that are not there yet: block by block, one timed process at a time.

mod clock;
pub(crate) mod counters;
pub mod estimate;
mod external;
mod laps;
mod make;
pub mod prepare;
mod process;
mod protocol;
mod replay;
mod solver;
mod trial;
mod wire;
mod worker;

use crate::experiment::Plan;
use crate::results::machine::Machine;
use crate::results::record::{Checkpoint, Record, Status};
use crate::results::store::{Store, StoreError};
use estimate::Estimator;
use make::{Job, Maker};
use nmfbench_algorithms::InvalidProblem;
use prepare::{PrepareError, Prepared};
use std::time::Duration;
use thiserror::Error;

pub(crate) use solver::{say, solve};
pub(crate) use trial::try_program;
pub(crate) use wire::Reply;
pub(crate) use worker::serve;

/// Why a sweep could not go on. What was completed is kept.
#[derive(Debug, Error)]
pub enum RunnerError {
    /// The results folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data or the given factors.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A start could not be made.
    #[error("{start}: {source}")]
    Start {
        /// Which.
        start: String,
        /// Why.
        source: InvalidProblem,
    },
    /// A file for the processes of the runs could not be written.
    #[error("cannot prepare the files of a run: {0}")]
    Files(String),
    /// The process of a run could not be started.
    #[error("cannot start the process of a run: {0}")]
    Spawn(std::io::Error),
}

/// What the runner tells while it works.
pub trait Monitor {
    /// Before the first run: how many are there already.
    fn found(&mut self, _present: usize) {}
    /// Work off the clock that may take a while.
    fn note(&mut self, _text: &str) {}
    /// A run begins; `left` is the estimated wall time of this and all later runs, where anything is known.
    fn begin(&mut self, _summary: &str, _left: Option<Duration>) {}
    /// A look at the present run.
    fn look(&mut self, _checkpoint: &Checkpoint) {}
    /// A run is stored.
    fn end(&mut self, _summary: &str, _record: &Record) {}
    /// Whether the user wants to stop.
    fn interrupted(&self) -> bool {
        false
    }
}

/// What a sweep came to.
#[derive(Debug)]
pub struct Sweep {
    /// Runs made now.
    pub made: usize,
    /// Runs that were there already.
    pub present: usize,
    /// Runs that are still missing, because the user stopped.
    pub missing: usize,
    /// Runs made now whose times something disturbed, after all tries.
    pub disturbed: usize,
}

/// Settings that do not change any result.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Make runs again that crashed, ran out of memory or into the wall limit.
    pub retry_failed: bool,
    /// How often to make a run again whose times something disturbed. All tries are kept.
    pub repeat_disturbed: u32,
}

/// Makes what is missing. The records lie in the store afterwards.
///
/// # Errors
/// When the store, a start or a process fails; what was completed is kept.
pub fn run(
    plan: &Plan,
    prepared: &Prepared,
    store: &Store,
    options: &Options,
    monitor: &mut dyn Monitor,
) -> Result<Sweep, RunnerError> {
    let machine = Machine::here();
    store.save_machine(&machine)?;
    let mut sweep = Sweep { made: 0, present: 0, missing: 0, disturbed: 0 };
    let mut blocks = Vec::new();
    for block in plan.blocks() {
        let mut jobs = Vec::new();
        for index in &block.cells {
            let cell = &plan.cells[*index];
            let key = prepared.key(plan, cell);
            if present(store, &key, options, monitor) {
                sweep.present += 1;
            } else {
                jobs.push(Job { cell, key, summary: cell.summary(&plan.experiment) });
            }
        }
        if !jobs.is_empty() {
            blocks.push((block, jobs));
        }
    }
    sweep.missing = blocks.iter().map(|b| b.1.len()).sum();
    monitor.found(sweep.present);
    if sweep.missing == 0 {
        return Ok(sweep);
    }
    let mut estimator = Estimator::new(&store.load_all()?, &machine.id);
    let maker = Maker::new(plan, prepared, store, &machine)?;
    for (position, (block, jobs)) in blocks.iter().enumerate() {
        let files = maker.files(block, monitor)?;
        for (at, job) in jobs.iter().enumerate() {
            if monitor.interrupted() {
                return Ok(sweep);
            }
            let later = blocks[position + 1..].iter().flat_map(|b| &b.1);
            let left = estimator.total(plan, prepared, jobs[at..].iter().chain(later).map(|j| j.cell));
            monitor.begin(&job.summary, left);
            let Some(record) = undisturbed(&maker, job, &files, store, options, monitor)? else { return Ok(sweep) };
            store.save(&record)?;
            sweep.disturbed += usize::from(!record.marks().is_empty());
            estimator.learn(&record);
            monitor.end(&job.summary, &record);
            sweep.made += 1;
            sweep.missing -= 1;
        }
    }
    Ok(sweep)
}

/// Makes a run, and makes it again while something disturbs it. Every try is kept; what counts is the first that nothing
/// disturbed, else the one with the fewest marks: never the one with the least time, which would favour luck.
fn undisturbed(
    maker: &Maker<'_>,
    job: &Job<'_>,
    files: &make::Files,
    store: &Store,
    options: &Options,
    monitor: &mut dyn Monitor,
) -> Result<Option<Record>, RunnerError> {
    let mut kept: Option<Record> = None;
    for tries in 0..=options.repeat_disturbed {
        let Some(mut record) = maker.make(job, files, monitor)? else { return Ok(None) };
        record.tries = tries;
        let marks = record.marks();
        if options.repeat_disturbed > 0 && !marks.is_empty() {
            store.save_try(&record, tries)?;
        }
        if kept.as_ref().is_none_or(|best| marks.len() < best.marks().len()) {
            kept = Some(record);
        }
        if marks.is_empty() {
            break;
        }
    }
    Ok(kept)
}

/// Whether the run is there and need not be made again.
fn present(store: &Store, key: &str, options: &Options, monitor: &mut dyn Monitor) -> bool {
    match store.load(key) {
        Ok(Some(record)) => {
            let failed = matches!(record.status, Status::Crashed | Status::OutOfMemory | Status::Timeout);
            !(failed && options.retry_failed)
        }
        Ok(None) => false,
        Err(why) => {
            monitor.note(&format!("{why}; the run is made again"));
            false
        }
    }
}

/// The hidden command with which a program runs itself as the process of one run.
pub const WORKER: &str = "__run";
