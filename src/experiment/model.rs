//! An experiment after the check: what was asked, with every default filled in.

use nmfbench_algorithms::Objective;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A checked experiment. Written as TOML it reads back to the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Experiment {
    /// Names the folder of the results; safe as a file name.
    pub name: String,
    /// What it is to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What is minimised.
    pub objective: Objective,
    /// Whether W and H of each run are kept.
    pub factors: Keep,
    /// How times and measures come about.
    #[serde(skip_serializing_if = "Timing::is_paused")]
    pub timing: Timing,
    /// The matrices, at least one, names distinct.
    pub dataset: Vec<Dataset>,
    /// What may take the place of data sets that are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stand_in: Vec<StandIn>,
    /// The other axes.
    pub sweep: Sweep,
    /// When a run ends.
    pub stop: Stop,
    /// When to look at it.
    pub checkpoints: Checkpoints,
    /// What counts as reaching the best value known.
    pub targets: Targets,
    /// The methods, at least one.
    pub algorithm: Vec<Algorithm>,
    /// What to draw; empty for the standard set. Keys and words are checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub figure: Vec<Value>,
    /// What to write as tables; empty for the standard set. Keys and words are checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<Value>,
    /// What to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Exclude>,
    /// Sentences to check. Keys and words are checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claim: Vec<Value>,
    /// The folder of the file, from which its paths start.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

impl Experiment {
    /// A path of the file as seen from the working folder.
    #[must_use]
    pub fn locate(&self, path: &Path) -> PathBuf {
        self.folder.as_deref().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    /// The experiment as a TOML file with every default written out.
    ///
    /// # Errors
    /// Where a parameter of an algorithm has no form in TOML.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

/// How the times and the measures of a run come about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// The clock stops for each look.
    #[default]
    Paused,
    /// One pass is timed and never looked at; a second repeats its iterates and is measured.
    Replay,
}

impl Timing {
    /// As written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Timing::Paused => "paused",
            Timing::Replay => "replay",
        }
    }

    /// Whether it is the default.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        *self == Timing::Paused
    }
}

/// Which final factors are kept on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Those of every run.
    All,
    /// None.
    None,
}

/// A matrix and how to come by it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dataset {
    /// What it is called; for the catalogue also where it is found.
    pub name: String,
    /// What figures call it, if not what the data say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Rows and columns are swapped after loading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transpose: Option<bool>,
    /// `"max"`, `"none"` or a number to divide by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Value>,
    /// The file of the entries' weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
    /// The steps done to it before it is factorised, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preprocess: Vec<String>,
    /// The share of each class that takes no part in a run and is recognised afterwards, which draw, by how many votes.
    #[serde(flatten)]
    pub held_out: Map<String, Value>,
    /// Where it comes from.
    #[serde(flatten)]
    pub source: DataSource,
}

impl Dataset {
    /// The table as the loader of data reads it: with exactly one of `name`, `path` and `generator`.
    #[must_use]
    pub fn request(&self) -> Value {
        let mut table = serde_json::to_value(self).unwrap_or_default();
        if let (Some(table), false) = (table.as_object_mut(), matches!(self.source, DataSource::Catalogue {})) {
            table.shift_remove("name");
        }
        table
    }
}

/// Generated data for a set of the catalogue that is not on the machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StandIn {
    /// The data set whose place it takes.
    #[serde(rename = "for")]
    pub instead_of: String,
    /// The steps done to it, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preprocess: Vec<String>,
    /// What makes it.
    #[serde(flatten)]
    pub source: DataSource,
}

/// Where a matrix comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DataSource {
    /// The catalogue, by the name.
    Catalogue {},
    /// A program.
    Generator {
        /// Its name.
        generator: String,
        /// Its parameters as given.
        #[serde(flatten)]
        parameters: Map<String, Value>,
    },
    /// A file or a folder of images.
    File(FileSource),
}

/// A matrix in a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileSource {
    /// As written, see [`Experiment::locate`].
    pub path: PathBuf,
    /// How it becomes a matrix: the keys of [`super::schema::READING`] that are given.
    #[serde(flatten)]
    pub reading: Map<String, Value>,
}

/// The axes beside data sets and algorithms; none is empty, no value stands twice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// The ranks k.
    pub rank: Vec<usize>,
    /// The starts.
    pub init: Vec<Init>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// All random streams derive from it.
    pub base_seed: u64,
    /// What the solvers compute in.
    pub precision: Vec<Precision>,
    /// How many threads a solver may use.
    pub threads: Vec<usize>,
    /// How often each run is repeated.
    pub repetitions: u32,
}

/// How a run starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Init {
    /// By a registered name.
    Named(String),
    /// From two files, paths as written in the experiment.
    Files {
        /// `files`, numbered from 1 where there are several.
        name: String,
        /// W, m×k.
        w: PathBuf,
        /// H, k×n.
        h: PathBuf,
    },
}

impl Init {
    /// What records and axes call it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Init::Named(name) | Init::Files { name, .. } => name,
        }
    }
}

impl Serialize for Init {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Init::Named(name) => serializer.serialize_str(name),
            Init::Files { w, h, .. } => BTreeMap::from([("h", h), ("w", w)]).serialize(serializer),
        }
    }
}

/// What a solver computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Double.
    F64,
    /// Single.
    F32,
}

impl Precision {
    /// `f64` or `f32`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Precision::F64 => "f64",
            Precision::F32 => "f32",
        }
    }
}

/// When a run ends: the first to fire. One of `iterations`, `seconds`, `flops` is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// Outer iterations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    /// Seconds on the solver's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Analytic floating-point operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flops: Option<f64>,
    /// KKT residual relative to the start's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kkt: Option<f64>,
    /// Relative change of the objective between checkpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative_change: Option<f64>,
    /// Wall seconds after which the process is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
}

/// When to look at a run, beside its start and end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Checkpoints {
    /// The next look comes at this multiple of the iteration, at least one later.
    Growth {
        /// Above 1.
        growth: f64,
    },
    /// At each multiple of this.
    Every {
        /// At least 1.
        every: u64,
    },
}

impl From<Checkpoints> for nmfbench_algorithms::Schedule {
    fn from(checkpoints: Checkpoints) -> Self {
        match checkpoints {
            Checkpoints::Growth { growth } => Self::Growth(growth),
            Checkpoints::Every { every } => Self::Every(every),
        }
    }
}

/// What counts as reaching the best value known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Targets {
    /// objective ≤ best + gap · (start − best), for each of these.
    pub gap: Vec<f64>,
}

/// A method: its name and, for each parameter, one value or those it is swept over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Algorithm {
    /// The registered name.
    pub name: String,
    /// What legends call it, without the swept parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The program that runs it, if it is not a registered one.
    #[serde(flatten)]
    pub external: Option<External>,
    /// All parameters, defaults filled in; a list is swept.
    #[serde(flatten)]
    pub parameters: Map<String, Value>,
    /// One for each combination of swept values.
    #[serde(skip)]
    pub variants: Vec<Variant>,
}

/// A method with one value for each parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The registered name.
    pub algorithm: String,
    /// What legends call it; no two are the same.
    pub label: String,
    /// As resolved by the algorithm.
    pub parameters: Map<String, Value>,
    /// The algorithm's revision.
    pub revision: u32,
    /// Whether it draws random numbers of its own.
    pub stochastic: bool,
    /// The program that runs it, if it is not a registered one.
    pub external: Option<External>,
}

/// A program that takes part through the solver protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct External {
    /// The library whose adapter comes with nmfbench.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Or the program and its arguments, as written: words that name files start from the experiment's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// The form of the files it gets.
    pub exchange: Exchange,
    /// Whether it draws random numbers of its own.
    pub stochastic: bool,
    /// sha256 over the adapter's files: a changed adapter is another solver.
    #[serde(skip)]
    pub digest: String,
}

/// The form of the matrices that a program gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exchange {
    /// NumPy's arrays.
    #[default]
    Npy,
    /// Matrix Market's text.
    Mtx,
}

/// Runs to leave out: those that have one of the values on each axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exclude {
    /// Why.
    pub reason: String,
    /// The axes and their values.
    #[serde(flatten)]
    pub axes: BTreeMap<super::axis::Axis, Vec<Value>>,
}
