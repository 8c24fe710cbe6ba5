//! The messages of the solver protocol (docs/protocol.md): what nmfbench and a program of another language say.

use crate::results::record::ProgramMode;
use nmfbench_algorithms::Objective;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The version of the protocol.
pub(crate) const PROTOCOL: u32 = 1;

/// The request: the first line a program reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) protocol: u32,
    pub(crate) algorithm: String,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) matrix: MatrixFile,
    pub(crate) start: FactorFiles,
    pub(crate) rank: usize,
    pub(crate) objective: Objective,
    pub(crate) precision: String,
    pub(crate) threads: usize,
    pub(crate) seed: u64,
    pub(crate) budget: Budget,
    pub(crate) folder: PathBuf,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MatrixFile {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) nonzeros: usize,
}

/// How a matrix lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Dense, NumPy's.
    Npy,
    /// Sparse columns, as SciPy writes them.
    Csc,
    /// Matrix Market.
    Mtx,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FactorFiles {
    pub(crate) w: PathBuf,
    pub(crate) h: PathBuf,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Budget {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iterations: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
}

/// What a program is told to do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(crate) enum Order {
    /// Go on to iteration `until`, or until the clock shows `seconds`.
    Advance {
        until: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// Say `done` and exit.
    Finish,
}

/// What a program says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Reply {
    Ready(Ready),
    Checkpoint(Report),
    Done,
    Error { message: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) protocol: u32,
    #[serde(default)]
    pub(crate) solver: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) mode: ProgramMode,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) iteration: u64,
    pub(crate) seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) setup_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) flops: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passes: Option<f64>,
    pub(crate) w: PathBuf,
    pub(crate) h: PathBuf,
    #[serde(default)]
    pub(crate) finished: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}
