//! One run after the other: its start, its process, its record.

use super::prepare::Prepared;
use super::process::{self, End, Outcome, Watch};
use super::protocol::{Done, Program, Request};
use super::{Monitor, RunnerError, WORKER, worker};
use crate::data::write_npz;
use crate::experiment::{Block, Cell, Init, Keep, Plan, Timing, stream};
use crate::results::machine::Machine;
use crate::results::record::{FORMAT, FactorsFile, Record, Status};
use crate::results::scores::Scores;
use crate::results::store::Store;
use crate::scores::{principal_recognition, score};
use nmfbench_algorithms::{Factors, Problem, Stop};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// One run that is to be made.
pub(super) struct Job<'a> {
    pub(super) cell: &'a Cell,
    pub(super) key: String,
    pub(super) summary: String,
}

/// Makes runs of one plan into one store.
pub(super) struct Maker<'a> {
    plan: &'a Plan,
    prepared: &'a Prepared,
    store: &'a Store,
    machine: &'a Machine,
    /// Holds the start of the present block; gone when the sweep ends.
    work: TempDir,
    /// In it, where a program finds its start and leaves its factors; absolute.
    exchange: PathBuf,
    /// Recognition rates of principal components, by data set and rank.
    principal: RefCell<HashMap<(usize, usize), f64>>,
}

/// What the runs of one block read.
pub(super) struct Files {
    matrix: PathBuf,
    weights: Option<PathBuf>,
    start: PathBuf,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        prepared: &'a Prepared,
        store: &'a Store,
        machine: &'a Machine,
    ) -> Result<Self, RunnerError> {
        let work = store.work_folder().map_err(|e| RunnerError::Files(e.to_string()))?;
        // Programs are launched in a folder of their own.
        let exchange =
            std::path::absolute(work.path().join("exchange")).map_err(|e| RunnerError::Files(e.to_string()))?;
        Ok(Maker { plan, prepared, store, machine, work, exchange, principal: RefCell::default() })
    }

    /// Makes the start of a block and writes it where the processes of its runs find it.
    pub(super) fn files(&self, block: &Block, monitor: &mut dyn Monitor) -> Result<Files, RunnerError> {
        let (matrix, weights) = self.prepared.matrix_files(self.store, block.dataset)?;
        let factors = self.start(block, monitor)?;
        let start = self.work.path().join("start.npz");
        let (m, n, k) = (factors.w.nrows(), factors.ht.nrows(), factors.rank());
        let (w, h) = (worker::flat(&factors.w), worker::flat(&factors.ht.transpose().to_owned()));
        write_npz(&start, &[("w", m, k, &w), ("h", k, n, &h)]).map_err(|e| RunnerError::Files(e.to_string()))?;
        Ok(Files { matrix, weights, start })
    }

    fn start(&self, block: &Block, monitor: &mut dyn Monitor) -> Result<Factors<f64>, RunnerError> {
        let name = match &block.init {
            Init::Files { w, h, .. } => return Ok(self.prepared.given(w, h).clone()),
            Init::Named(name) => name,
        };
        let init: nmfbench_algorithms::Init = name.parse().expect("the plan has checked the name");
        let data = &self.prepared.datasets[block.dataset];
        if !init.is_random() {
            monitor.note(&format!("{init} start of {} at rank {}", data.facts.name, block.rank));
        }
        let failed = |source| RunnerError::Start { start: format!("{init} at rank {}", block.rank), source };
        let problem = Problem::new(&data.matrix, block.rank, [0; 32]).map_err(failed)?;
        let seed = if init.is_random() { block.seed } else { 0 };
        let key = self.random_key("start", &data.facts.digest, block.rank, name, seed);
        init.start_for(self.plan.experiment.objective, &problem, &key).map_err(failed)
    }

    /// The digest stands for the data set, since equal runs of different experiments share a key.
    fn random_key(&self, purpose: &str, digest: &str, rank: usize, name: &str, seed: u64) -> [u8; 32] {
        let parts = [
            ("purpose", purpose),
            ("dataset", digest),
            ("rank", &rank.to_string()),
            ("name", name),
            ("seed", &seed.to_string()),
        ];
        stream(self.plan.experiment.sweep.base_seed, &parts)
    }

    fn request(&self, job: &Job<'_>, files: &Files) -> Request {
        let (cell, experiment) = (job.cell, &self.plan.experiment);
        let digest = &self.prepared.datasets[cell.dataset].facts.digest;
        let seed = if cell.seeded { cell.seed } else { 0 };
        let stop = &experiment.stop;
        Request {
            matrix: files.matrix.clone(),
            weights: files.weights.clone(),
            start: files.start.clone(),
            rank: cell.rank,
            objective: experiment.objective,
            algorithm: cell.algorithm.clone(),
            parameters: cell.parameters.clone(),
            precision: cell.precision.name().into(),
            threads: cell.threads,
            key: self.random_key("algorithm", digest, cell.rank, &cell.algorithm, seed),
            stop: Stop {
                iterations: stop.iterations,
                seconds: stop.seconds,
                flops: stop.flops,
                kkt: stop.kkt,
                relative_change: stop.relative_change,
            },
            schedule: experiment.checkpoints.into(),
            timing: self.timing(cell),
            factors: self.factors(job),
            program: cell.external.as_ref().map(|external| Program {
                command: self.prepared.command(external),
                exchange: external.exchange,
                folder: self.exchange.clone(),
            }),
        }
    }

    /// Where the final factors of a run are written: where they are kept, or where they are only looked at.
    fn factors(&self, job: &Job<'_>) -> Option<PathBuf> {
        if self.keeps() {
            return Some(self.store.path(&factors_path(&job.key)));
        }
        let dataset = &self.prepared.datasets[job.cell.dataset].dataset;
        let known = !dataset.parts.is_empty() || dataset.labels.is_some();
        known.then(|| self.work.path().join("final.npz"))
    }

    fn keeps(&self) -> bool {
        self.plan.experiment.factors == Keep::All
    }

    /// How well the final factors agree with what is known of the data.
    fn scores(&self, job: &Job<'_>) -> Option<Scores> {
        let data = &self.prepared.datasets[job.cell.dataset];
        let factors = worker::read_factors(&self.factors(job)?).ok()?;
        let mut scores = score(&factors, &data.matrix, &data.dataset)?;
        if data.dataset.held_out.is_some() {
            let (dataset, rank) = (job.cell.dataset, job.cell.rank);
            let rate = || principal_recognition(rank, &data.matrix, &data.dataset).unwrap_or(f64::NAN);
            scores.recognition_pca = *self.principal.borrow_mut().entry((dataset, rank)).or_insert_with(rate);
        }
        Some(scores)
    }

    /// Programs stop their own clock whenever they hand factors over; there is nothing to replay.
    fn timing(&self, cell: &Cell) -> Timing {
        if cell.external.is_some() { Timing::Paused } else { self.plan.experiment.timing }
    }

    /// Makes one run; `None` when the user stopped it.
    pub(super) fn make(
        &self,
        job: &Job<'_>,
        files: &Files,
        monitor: &mut dyn Monitor,
    ) -> Result<Option<Record>, RunnerError> {
        let started = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut command = Command::new(std::env::current_exe().map_err(RunnerError::Spawn)?);
        command.arg(WORKER);
        // Ten times the budget for looking, reading and a slow last step, unless the experiment says otherwise.
        let stop = &self.plan.experiment.stop;
        let limit = stop.timeout.or(stop.seconds.map(|s| 60.0 + 10.0 * s));
        let monitor = RefCell::new(monitor);
        let mut watch = Watch {
            limit: limit.and_then(|s| Duration::try_from_secs_f64(s).ok()),
            interrupted: &|| monitor.borrow().interrupted(),
            look: &mut |checkpoint| monitor.borrow_mut().look(checkpoint),
        };
        let mut outcome =
            process::execute(command, &self.request(job, files), &mut watch).map_err(RunnerError::Spawn)?;
        // The next program shall find an empty one.
        let _ = std::fs::remove_dir_all(&self.exchange);
        if matches!(outcome.end, End::Cut(Status::Interrupted, _)) {
            return Ok(None);
        }
        if !matches!(outcome.end, End::Done(_)) {
            // Factors of a run that did not end properly would be mistaken for a result.
            let _ = std::fs::remove_file(self.store.path(&factors_path(&job.key)));
        }
        let written = matches!(&outcome.end, End::Done(done) if done.factors.is_some());
        if let (true, Some(last)) = (written, outcome.trace.last_mut()) {
            last.scores = self.scores(job);
        }
        Ok(Some(self.record(job, outcome, started)))
    }

    fn record(&self, job: &Job<'_>, outcome: Outcome, started: String) -> Record {
        let Job { cell, key, .. } = job;
        let last = outcome.trace.last().copied();
        let done = match outcome.end {
            End::Done(done) => *done,
            End::Cut(status, reason) => Done {
                status,
                reason,
                iterations: last.map_or(0, |c| c.iteration),
                setup_seconds: 0.0,
                seconds: last.map_or(0.0, |c| c.seconds),
                cpu_seconds: last.map(|c| c.cpu_seconds),
                evaluation_seconds: 0.0,
                parts: None,
                peak_memory_bytes: None,
                factors: None,
                disturbance: None,
                nondeterministic: false,
            },
        };
        Record {
            format: FORMAT,
            key: key.clone(),
            experiment: self.plan.experiment.name.clone(),
            dataset: self.prepared.datasets[cell.dataset].facts.clone(),
            objective: self.plan.experiment.objective,
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
            cpu_seconds: done.cpu_seconds.unwrap_or(f64::NAN),
            evaluation_seconds: done.evaluation_seconds,
            parts: done.parts,
            peak_memory_bytes: done.peak_memory_bytes,
            machine: self.machine.id.clone(),
            version: self.machine.version.clone(),
            started,
            factors: done
                .factors
                .filter(|_| self.keeps())
                .map(|sha256| FactorsFile { path: factors_path(key), sha256 }),
            program: outcome.program,
            disturbance: done.disturbance,
            tries: 0,
            timing: self.timing(cell).name().into(),
            nondeterministic: done.nondeterministic,
            stderr: (!outcome.stderr.is_empty()).then_some(outcome.stderr),
            trace: outcome.trace,
        }
    }
}

fn factors_path(key: &str) -> String {
    format!("runs/{key}.npz")
}
