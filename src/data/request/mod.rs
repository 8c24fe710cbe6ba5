//! What an experiment asks for: a data set by name, by path or by a rule, and how to lay it out.

mod fields;

use super::error::DataError;
use super::held_out::Split;
use super::low_rank::LowRank;
use super::planted::Planted;
use super::preprocess::Step;
use super::sound::Spectrogram;
use super::sparse_uniform::SparseUniform;
use super::word_counts::WordCounts;
use super::words::Words;
use crate::results::about::Domain;
use fields::{Fields, ScaleField};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One data set as a TOML table asks for it: exactly one of `name`, `path` and `generator`, and options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Request {
    /// Where the data come from.
    pub source: Source,
    /// How figures call it, instead of its own title.
    pub title: Option<String>,
    /// How a file is read and laid out.
    pub layout: Layout,
    /// What is done to A before it is factorised, in this order; a transposition comes after it.
    pub preprocess: Vec<Step>,
    /// Which samples are kept back at the very end, to try a factorisation on.
    pub split: Option<Split>,
}

/// Where data come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// An entry of the catalogue.
    Catalogue(String),
    /// A file, or a folder of pictures.
    Path(PathBuf),
    /// A rule.
    Generator(Generator),
}

/// The rules that make data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Generator {
    /// See [`super::swimmer`].
    Swimmer,
    /// See [`LowRank`].
    LowRank(LowRank),
    /// See [`Planted`].
    Planted(Planted),
    /// See [`WordCounts`].
    WordCounts(WordCounts),
    /// See [`SparseUniform`].
    SparseUniform(SparseUniform),
    /// Rendered faces, see [`super::faces`].
    SyntheticFaces {
        /// Faces, each a column.
        count: usize,
        /// Height and width in pixels.
        size: usize,
        /// Seed of the renderer.
        seed: u64,
        /// How many people the faces are of, each in several pictures; 0 when nobody is there twice.
        people: usize,
    },
}

/// Names of the generators, as `generator = "…"` takes them.
pub const GENERATORS: [&str; 10] = [
    "swimmer",
    "low-rank",
    "half-normal",
    "sparse-factors",
    "near-separable",
    "hyperspectral",
    "notes",
    "word-counts",
    "sparse-uniform",
    "synthetic-faces",
];

/// How a file is read and laid out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The member of an `.npz` or the variable of a `.mat`; needed where there are several.
    pub key: Option<String>,
    /// Swap rows and columns at the very end.
    pub transpose: bool,
    /// Whether a sample is a row or a column of the stored table; columns when left out. A becomes features×samples.
    pub samples: Option<Samples>,
    /// Whether the pixels of a picture are stored row by row (when left out) or column by column, as MATLAB does.
    pub pixels: Option<Pixels>,
    /// Division of all values; left out, pictures from a folder are divided by full white and all else stays as it is.
    pub scale: Option<Scale>,
    /// Height and width of the picture that each sample is.
    pub image: Option<[usize; 2]>,
    /// Where the classes stand: a variable or member of the same file, `first-column` or `last-column` of a table, or a
    /// file beside it (IDX, or a number a line).
    pub labels: Option<String>,
    /// An array of three dimensions is rows×columns×bands: a pixel becomes a column, pixels row by row.
    pub cube: bool,
    /// How a sound becomes a matrix; `.wav` files need it.
    pub spectrogram: Option<Spectrogram>,
    /// How texts are counted; a folder of texts needs it.
    pub words: Option<Words>,
    /// Whether entries may be below 0, in a dense file.
    pub signed: bool,
    /// What stands for an entry that is not known.
    pub missing: Option<Missing>,
    /// The field the data come from, where the format does not say it.
    pub domain: Option<Domain>,
    /// Height and width of the picture whose pixels the samples are, row by row.
    pub scene: Option<[usize; 2]>,
    /// A file beside the data with a name for each row of A.
    pub features: Option<String>,
    /// A file beside the data with the true factors: `w` (or `W`, `M`), and `h` (or `H`, `A`) if they are known.
    pub truth: Option<String>,
    /// How many classes are kept, the largest ones; samples of the others leave.
    pub largest_classes: Option<usize>,
    /// Whether files beside the data (classes, names, true factors) that are not there are done without.
    pub lenient: bool,
    /// The file of the weights of the entries, of the same layout; 0 for an entry that is not known.
    pub weights: Option<PathBuf>,
}

/// What stands for an entry that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// NaN, in a dense file.
    Nan,
    /// 0, or what a sparse file does not store.
    Zero,
}

impl Layout {
    /// Whether the entries are others than known numbers ≥ 0.
    #[must_use]
    pub fn special(&self) -> bool {
        self.signed || self.missing.is_some() || self.weights.is_some()
    }
}

/// What a sample is in the stored table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Samples {
    /// Each row is a sample.
    Rows,
    /// Each column is a sample.
    Columns,
}

/// The order of pixels in a stored picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pixels {
    /// Row by row.
    RowMajor,
    /// Column by column.
    ColumnMajor,
}

/// What all values are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ScaleField", into = "ScaleField")]
pub enum Scale {
    /// Nothing.
    None,
    /// The largest value, unless all are zero.
    Max,
    /// A finite number > 0.
    By(f64),
}

impl Request {
    /// A catalogue entry, as it is.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            source: Source::Catalogue(name.to_owned()),
            title: None,
            layout: Layout::default(),
            preprocess: Vec::new(),
            split: None,
        }
    }

    /// A file or folder with its format's defaults.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { source: Source::Path(path.into()), ..Self::named("") }
    }

    /// A rule.
    #[must_use]
    pub fn generated(generator: Generator) -> Self {
        Self { source: Source::Generator(generator), ..Self::named("") }
    }

    /// The same request with relative paths taken from `folder`, as paths in an experiment are from its file.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        if let Source::Path(path) = &mut self.source {
            *path = folder.join(&*path);
        }
        self.layout.weights = self.layout.weights.map(|path| folder.join(path));
        self
    }
}

impl Generator {
    /// Checks the ranges of the parameters.
    ///
    /// # Errors
    /// [`DataError::Field`] or [`DataError::TooLarge`].
    pub fn check(&self) -> Result<(), DataError> {
        match self {
            Self::Swimmer => Ok(()),
            Self::LowRank(low_rank) => low_rank.check(),
            Self::Planted(planted) => planted.check(),
            Self::WordCounts(counts) => counts.check(),
            Self::SparseUniform(request) => request.check(),
            Self::SyntheticFaces { count, size, people, .. } => {
                if people > count {
                    return Err(DataError::field("people", people.to_string(), format!("0 to the count of {count}")));
                }
                if !(1..=100_000).contains(count) {
                    return Err(DataError::field("count", count.to_string(), "1 to 100000"));
                }
                if !(8..=512).contains(size) {
                    return Err(DataError::field("size", size.to_string(), "8 to 512"));
                }
                super::table::checked_count("synthetic-faces", &[*count as u64, *size as u64, *size as u64]).map(|_| ())
            }
        }
    }
}
