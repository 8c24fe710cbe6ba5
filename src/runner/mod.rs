//! Makes the runs of a plan that are not there yet: block by block, one timed process at a time.

mod clock;
pub mod estimate;
pub mod prepare;
mod process;
mod protocol;
mod worker;

use crate::data::write_npz;
use crate::experiment::{Block, Cell, Init, Keep, Plan, stream};
use crate::results::machine::Machine;
use crate::results::record::{Checkpoint, FORMAT, FactorsFile, Record, Status};
use crate::results::store::{Store, StoreError};
use nmfbench_algorithms::{Factors, InvalidProblem, Matrix, Problem, Stop};
use prepare::{PrepareError, Prepared};
use process::{End, Outcome, Watch};
use protocol::Request;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use thiserror::Error;

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
}

/// Settings that do not change any result.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Make runs again that crashed, ran out of memory or into the wall limit.
    pub retry_failed: bool,
}

/// One run that is to be made.
struct Job<'a> {
    cell: &'a Cell,
    key: String,
    summary: String,
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
    let mut sweep = Sweep { made: 0, present: 0, missing: 0 };
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
    let mut estimator = estimate::Estimator::new(&store.load_all()?, &machine.id);
    let work = tempfile::Builder::new()
        .prefix(".work-")
        .tempdir_in(store.root())
        .map_err(|e| RunnerError::Files(e.to_string()))?;
    for position in 0..blocks.len() {
        let (block, jobs) = &blocks[position];
        let matrix = prepared.matrix_file(store, block.dataset)?;
        let start = write_start(plan, prepared, block, work.path(), monitor)?;
        for (at, job) in jobs.iter().enumerate() {
            if monitor.interrupted() {
                return Ok(sweep);
            }
            let later = blocks[position + 1..].iter().flat_map(|b| &b.1);
            let left = estimator.total(plan, prepared, jobs[at..].iter().chain(later).map(|j| j.cell));
            monitor.begin(&job.summary, left);
            let request = request(plan, prepared, job, store, matrix.clone(), start.clone());
            let record = make(plan, prepared, job, &request, store, &machine, monitor)?;
            let Some(record) = record else { return Ok(sweep) };
            store.save(&record)?;
            estimator.learn(&record);
            monitor.end(&job.summary, &record);
            sweep.made += 1;
            sweep.missing -= 1;
        }
    }
    Ok(sweep)
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

/// Makes the start of a block and writes it where the processes of its runs find it.
fn write_start(
    plan: &Plan,
    prepared: &Prepared,
    block: &Block,
    work: &std::path::Path,
    monitor: &mut dyn Monitor,
) -> Result<PathBuf, RunnerError> {
    let factors = start(plan, prepared, block, monitor)?;
    let path = work.join("start.npz");
    let (m, n, k) = (factors.w.nrows(), factors.ht.nrows(), factors.rank());
    let (w, h) = (worker::flat(&factors.w), worker::flat(&factors.ht.transpose().to_owned()));
    write_npz(&path, &[("w", m, k, &w), ("h", k, n, &h)]).map_err(|e| RunnerError::Files(e.to_string()))?;
    Ok(path)
}

fn start(
    plan: &Plan,
    prepared: &Prepared,
    block: &Block,
    monitor: &mut dyn Monitor,
) -> Result<Factors<f64>, RunnerError> {
    let name = match &block.init {
        Init::Files { w, h, .. } => return Ok(prepared.given(w, h).clone()),
        Init::Named(name) => name,
    };
    let init: nmfbench_algorithms::Init = name.parse().expect("the plan has checked the name");
    let data = &prepared.datasets[block.dataset];
    if !init.is_random() {
        monitor.note(&format!("{init} start of {} at rank {}", data.facts.name, block.rank));
    }
    let failed = |source| RunnerError::Start { start: format!("{init} at rank {}", block.rank), source };
    let matrix: &Matrix<f64> = &data.matrix;
    let problem = Problem::new(matrix, block.rank, [0; 32]).map_err(failed)?;
    let seed = if init.is_random() { block.seed } else { 0 };
    let key = random_key(plan, "start", &data.facts.digest, block.rank, name, seed);
    init.start(&problem, &key).map_err(failed)
}

/// The digest stands for the data set, since equal runs of different experiments share a key.
fn random_key(plan: &Plan, purpose: &str, digest: &str, rank: usize, name: &str, seed: u64) -> [u8; 32] {
    let parts = [
        ("purpose", purpose),
        ("dataset", digest),
        ("rank", &rank.to_string()),
        ("name", name),
        ("seed", &seed.to_string()),
    ];
    stream(plan.experiment.sweep.base_seed, &parts)
}

fn request(plan: &Plan, prepared: &Prepared, job: &Job<'_>, store: &Store, matrix: PathBuf, start: PathBuf) -> Request {
    let (cell, experiment) = (job.cell, &plan.experiment);
    let digest = &prepared.datasets[cell.dataset].facts.digest;
    let seed = if cell.seeded { cell.seed } else { 0 };
    Request {
        matrix,
        start,
        rank: cell.rank,
        algorithm: cell.algorithm.clone(),
        parameters: cell.parameters.clone(),
        precision: cell.precision.name().into(),
        threads: cell.threads,
        key: random_key(plan, "algorithm", digest, cell.rank, &cell.algorithm, seed),
        stop: Stop {
            iterations: experiment.stop.iterations,
            seconds: experiment.stop.seconds,
            flops: experiment.stop.flops,
            kkt: experiment.stop.kkt,
            relative_change: experiment.stop.relative_change,
        },
        schedule: experiment.checkpoints.into(),
        factors: (experiment.factors == Keep::All).then(|| store.path(&factors_path(&job.key))),
    }
}

fn factors_path(key: &str) -> String {
    format!("runs/{key}.npz")
}

/// Makes one run; `None` when the user stopped it.
fn make(
    plan: &Plan,
    prepared: &Prepared,
    job: &Job<'_>,
    request: &Request,
    store: &Store,
    machine: &Machine,
    monitor: &mut dyn Monitor,
) -> Result<Option<Record>, RunnerError> {
    let started = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let program = std::env::current_exe().map_err(RunnerError::Spawn)?;
    let mut command = Command::new(program);
    command.arg(WORKER);
    // Ten times the budget for looking, reading and a slow last step, unless the experiment says otherwise.
    let stop = &plan.experiment.stop;
    let limit = stop.timeout.or(stop.seconds.map(|s| 60.0 + 10.0 * s)).map(Duration::from_secs_f64);
    let monitor = std::cell::RefCell::new(monitor);
    let outcome = process::execute(
        command,
        request,
        &mut Watch {
            limit,
            interrupted: &|| monitor.borrow().interrupted(),
            look: &mut |checkpoint| monitor.borrow_mut().look(checkpoint),
        },
    )
    .map_err(RunnerError::Spawn)?;
    if matches!(outcome.end, End::Cut(Status::Interrupted, _)) {
        return Ok(None);
    }
    if !matches!(outcome.end, End::Done(_)) {
        // Factors of a run that did not end properly would be mistaken for a result.
        let _ = std::fs::remove_file(store.path(&factors_path(&job.key)));
    }
    Ok(Some(record(plan, prepared, job, outcome, machine, started)))
}

fn record(
    plan: &Plan,
    prepared: &Prepared,
    job: &Job<'_>,
    outcome: Outcome,
    machine: &Machine,
    started: String,
) -> Record {
    let Job { cell, key, .. } = job;
    let last = outcome.trace.last().copied();
    let done = match outcome.end {
        End::Done(done) => done,
        End::Cut(status, reason) => protocol::Done {
            status,
            reason,
            iterations: last.map_or(0, |c| c.iteration),
            setup_seconds: 0.0,
            seconds: last.map_or(0.0, |c| c.seconds),
            cpu_seconds: last.map_or(0.0, |c| c.cpu_seconds),
            evaluation_seconds: 0.0,
            peak_memory_bytes: None,
            factors: None,
        },
    };
    Record {
        format: FORMAT,
        key: key.clone(),
        experiment: plan.experiment.name.clone(),
        dataset: prepared.datasets[cell.dataset].facts.clone(),
        rank: cell.rank,
        init: cell.init.name().into(),
        seed: cell.seed,
        repetition: cell.repetition,
        algorithm: cell.algorithm.clone(),
        label: cell.label.clone(),
        parameters: cell.parameters.clone(),
        precision: cell.precision.name().into(),
        threads: cell.threads,
        status: done.status,
        stop_reason: done.reason,
        iterations: done.iterations,
        setup_seconds: done.setup_seconds,
        seconds: done.seconds,
        cpu_seconds: done.cpu_seconds,
        evaluation_seconds: done.evaluation_seconds,
        peak_memory_bytes: done.peak_memory_bytes,
        machine: machine.id.clone(),
        version: machine.version.clone(),
        started,
        factors: done.factors.map(|sha256| FactorsFile { path: factors_path(key), sha256 }),
        trace: outcome.trace,
    }
}

/// The hidden command with which a program runs itself as the process of one run.
pub const WORKER: &str = "__run";
