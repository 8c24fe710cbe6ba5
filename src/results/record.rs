//! The record of one run: the truth from which every table and figure is rebuilt.

use super::disturbance::{Disturbance, Mark};
use super::scores::Scores;
use nmfbench_algorithms::Objective;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of this schema; a reader refuses records of a newer one.
pub const FORMAT: u32 = 1;

/// One run and its trace, as stored in `runs/<key>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The schema this was written with, see [`FORMAT`].
    pub format: u32,
    /// Hash of everything that determines the iterates, and the repetition.
    pub key: String,
    /// The experiment's name.
    pub experiment: String,
    /// The data, as far as tables and figures need to know it.
    pub dataset: DatasetFacts,
    /// What is minimised.
    #[serde(default)]
    pub objective: Objective,
    /// The factorisation rank k.
    pub rank: usize,
    /// The initialisation by name, or `files` for factors from disk.
    pub init: String,
    /// The seed of the start (and of the algorithm where it draws).
    pub seed: u64,
    /// Counts from 0; repetitions of one key repeat the same iterates.
    pub repetition: u32,
    /// The registered name.
    pub algorithm: String,
    /// What legends call it: by default the name, and the swept parameters where there are any.
    pub label: String,
    /// The resolved parameters, defaults included.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// `f64` or `f32`.
    pub precision: String,
    /// Threads the solver may use.
    pub threads: usize,
    /// How the run ended.
    pub status: Status,
    /// The rule that fired (`iterations`, `seconds`, `flops`, `kkt`, `relative_change`, …) or what went wrong.
    pub stop_reason: String,
    /// Outer iterations done.
    pub iterations: u64,
    /// Seconds of set-up on the solver's clock, contained in `seconds`.
    pub setup_seconds: f64,
    /// Seconds on the solver's clock: set-up and steps, never evaluation.
    pub seconds: f64,
    /// Processor seconds over the same intervals, all threads; NaN where nobody can tell.
    #[serde(with = "null_is_nan")]
    pub cpu_seconds: f64,
    /// Seconds spent looking (evaluation), off the clock.
    pub evaluation_seconds: f64,
    /// Where `seconds` went, as far as the method tells; the rest is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// Peak resident memory of the run's process in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// The machine, see `machine-<id>.json`.
    pub machine: String,
    /// Version of nmfbench that made the record.
    pub version: String,
    /// When the run started, UTC, RFC 3339.
    pub started: String,
    /// The final factors: `w` (m×k) and `h` (k×n) in one `.npz`, where they were kept.
    pub factors: Option<FactorsFile>,
    /// The program that ran it, where it is not a registered algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramFacts>,
    /// The end of what the run's processes said on standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
    /// What else went on; absent in records of before it was read, and where the run did not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbance: Option<Disturbance>,
    /// How many disturbed tries came before this one; they are kept in `tries/`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
    /// How times and measures came about: `paused`, the clock stopped for each look, or `replay`, one pass was timed and
    /// never looked at, and a second repeated its iterates and was measured.
    #[serde(default = "paused")]
    pub timing: String,
    /// A replay of the run came to other iterates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nondeterministic: bool,
    /// The checkpoints; the first is iteration 0, the start.
    pub trace: Vec<Checkpoint>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn paused() -> String {
    "paused".into()
}

impl Record {
    /// The last look at the run, if it got as far as one.
    #[must_use]
    pub fn last(&self) -> Option<&Checkpoint> {
        self.trace.last()
    }

    /// Why its times are suspect; empty where nothing is known against them.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        self.disturbance.map_or_else(Vec::new, |d| d.marks(self.seconds, self.cpu_seconds))
    }
}

/// Seconds on the solver's clock by the parts of the work, all iterations together, without set-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// A·Hᵀ and Aᵀ·W.
    pub products: f64,
    /// HHᵀ and WᵀW.
    pub gram: f64,
    /// The factors' updates, the products being there.
    pub update: f64,
}

/// A program of another language as it introduced itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFacts {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The solver's own name.
    pub solver: String,
    /// Its version.
    pub version: String,
    /// How checkpoints come about.
    pub mode: ProgramMode,
    /// Milliseconds from its launch to its being ready, off the clock.
    pub startup_milliseconds: u64,
}

/// How the checkpoints of a program come about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramMode {
    /// It goes on from where it stands.
    #[default]
    Continue,
    /// Each is a run of its own from the start.
    Restart,
}

/// What a record says about its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetFacts {
    /// The name in the experiment.
    pub name: String,
    /// How figures call it; says "synthetic" where it is.
    pub title: String,
    /// Rows.
    pub m: usize,
    /// Columns.
    pub n: usize,
    /// Entries that are not zero.
    pub nnz: usize,
    /// sha256 of the prepared matrix.
    pub digest: String,
    /// Only the entries that are not zero are stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sparse: bool,
    /// The picture that a column is, if it is one.
    pub image: Option<ImageShape>,
    /// Made by a program, not measured.
    pub synthetic: bool,
}

/// Height and width of the picture in each column (pixels in row-major order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageShape {
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
}

/// Where the factors of a run lie, relative to the results folder, and the digest of their bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorsFile {
    /// Path relative to the experiment's results folder.
    pub path: String,
    /// sha256 over shape and values of W, then H (little-endian f64).
    pub sha256: String,
}

/// One look at a run. Measures that are not finite are stored as `null` and read back as NaN.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Outer iterations so far.
    pub iteration: u64,
    /// Solver's clock.
    pub seconds: f64,
    /// Processor time on the solver's clock; NaN where nobody can tell.
    #[serde(with = "null_is_nan")]
    pub cpu_seconds: f64,
    /// Analytic floating-point operations so far; NaN where a program of another language does not count them.
    #[serde(with = "null_is_nan")]
    pub flops: f64,
    /// Passes over A so far (one product with A is one pass); NaN like `flops`.
    #[serde(with = "null_is_nan")]
    pub passes: f64,
    /// What is minimised, see [`Record::objective`].
    #[serde(with = "null_is_nan")]
    pub objective: f64,
    /// ‖A − WH‖_F / ‖A‖_F.
    #[serde(with = "null_is_nan")]
    pub relative_error: f64,
    /// ‖∇ᴾ(W,H)‖_F / ‖∇(W₀,H₀)‖_F at column-balanced factors (Lin 2007; Kim & Park 2008).
    #[serde(with = "null_is_nan")]
    pub kkt_residual: f64,
    /// Mean Hoyer sparseness of the columns of W.
    #[serde(with = "null_is_nan")]
    pub sparseness_w: f64,
    /// Mean Hoyer sparseness of the rows of H.
    #[serde(with = "null_is_nan")]
    pub sparseness_h: f64,
    /// Components whose outer product is zero.
    pub dead_components: usize,
    /// How often a numerical safeguard fired so far (a lifted pivot, a fall-back).
    pub repairs: u64,
    /// Agreement with what is known of the data; at the last look of a run only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A convergence rule fired (`kkt`, `relative_change`).
    Converged,
    /// The objective reached its target.
    Target,
    /// Iterations, seconds or flops were used up.
    Budget,
    /// The objective left the finite numbers or rose beyond all bounds.
    Diverged,
    /// Nothing moves although the point is not stationary.
    Stalled,
    /// The algorithm said it cannot go on.
    Breakdown,
    /// The hard wall limit fired.
    Timeout,
    /// The system ended the run for lack of memory.
    OutOfMemory,
    /// A panic or a signal.
    Crashed,
    /// The user stopped it.
    Interrupted,
}

impl Status {
    /// Whether the run ended as runs should; the others count as failures and are infinite in statistics.
    #[must_use]
    pub fn is_proper(self) -> bool {
        matches!(self, Status::Converged | Status::Target | Status::Budget)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Converged => "converged",
            Status::Target => "target",
            Status::Budget => "budget",
            Status::Diverged => "diverged",
            Status::Stalled => "stalled",
            Status::Breakdown => "breakdown",
            Status::Timeout => "timeout",
            Status::OutOfMemory => "out-of-memory",
            Status::Crashed => "crashed",
            Status::Interrupted => "interrupted",
        })
    }
}

/// JSON has no NaN and no infinity: they are written as `null` and come back as NaN.
pub(super) mod null_is_nan {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
    pub(in crate::results) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.serialize_none() }
    }

    pub(in crate::results) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}
