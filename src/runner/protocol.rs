//! What the runner says to the process of a run, and what that process answers: one JSON document in, JSON lines out.

use crate::experiment::{Exchange, Timing};
use crate::results::disturbance::Disturbance;
use crate::results::record::{Checkpoint, Parts, ProgramFacts, Status};
use nmfbench_algorithms::parameters::Table;
use nmfbench_algorithms::{Objective, Reason, Schedule, Stop};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One run to be made: everything is in files, so nothing is rendered, parsed or drawn twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// A, m×n, `.npy` or `.npz`; Ω∘A where there are weights Ω.
    pub(crate) matrix: PathBuf,
    /// Ω, likewise.
    pub(crate) weights: Option<PathBuf>,
    /// The start: `w` (m×k) and `h` (k×n) in one `.npz`.
    pub(crate) start: PathBuf,
    pub(crate) rank: usize,
    pub(crate) objective: Objective,
    pub(crate) algorithm: String,
    pub(crate) parameters: Table,
    /// `f64` or `f32`.
    pub(crate) precision: String,
    pub(crate) threads: usize,
    /// Streams of an algorithm that draws derive from this.
    pub(crate) key: [u8; 32],
    pub(crate) stop: Stop,
    pub(crate) schedule: Schedule,
    #[serde(default)]
    pub(crate) timing: Timing,
    /// Where the final factors go, if they are kept.
    pub(crate) factors: Option<PathBuf>,
    /// The program that solves, if the algorithm is not a registered one.
    pub(crate) program: Option<Program>,
}

/// A program of another language, ready to be launched.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Program {
    /// The program and its arguments; files by their absolute paths.
    pub(crate) command: Vec<String>,
    pub(crate) exchange: Exchange,
    /// Where start and factors are exchanged; made by the run's process, removed by the runner.
    pub(crate) folder: PathBuf,
}

/// What the process says, a line each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// A program of another language is ready.
    Ready(ProgramFacts),
    /// A look at the factors.
    Checkpoint(Checkpoint),
    /// The end.
    Done(Done),
}

/// How the run ended, as the process itself saw it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) status: Status,
    pub(crate) reason: String,
    pub(crate) iterations: u64,
    pub(crate) setup_seconds: f64,
    pub(crate) seconds: f64,
    /// `None` where nobody can tell.
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) evaluation_seconds: f64,
    /// Where the seconds went, where the method tells.
    #[serde(default)]
    pub(crate) parts: Option<Parts>,
    pub(crate) peak_memory_bytes: Option<u64>,
    /// sha256 over the final factors, where they were written.
    pub(crate) factors: Option<String>,
    /// What else went on.
    #[serde(default)]
    pub(crate) disturbance: Option<Disturbance>,
    /// A replay came to other iterates.
    #[serde(default)]
    pub(crate) nondeterministic: bool,
}

/// The outcome that a reason for stopping amounts to.
pub(crate) fn status(reason: &Reason) -> Status {
    match reason {
        Reason::Iterations | Reason::Seconds | Reason::Flops => Status::Budget,
        Reason::Kkt | Reason::RelativeChange | Reason::FixedPoint | Reason::Finished(_) => Status::Converged,
        Reason::Stalled => Status::Stalled,
        Reason::NotFinite(_) | Reason::Rise(_) => Status::Diverged,
        Reason::Breakdown(..) => Status::Breakdown,
    }
}
