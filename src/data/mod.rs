//! Data sets: by name from the catalogue, from files of the common formats, or made by a rule.
//!
//! Whatever the source, [`load`] hands over one matrix A (m×n, features×samples) of finite numbers ≥ 0, dense or sparse as
//! the source has it, or says what is wrong with it and where. What is sparse never passes through a dense form.

pub mod catalogue;
mod cluto;
mod csc;
mod delimited;
mod digits;
mod draw;
pub mod error;
pub mod faces;
pub mod fetch;
mod held_out;
mod idx;
mod kjv;
mod labels;
mod load;
pub mod low_rank;
mod market;
mod mat;
mod npy;
mod npz;
mod pictures;
pub mod planted;
mod prepared;
mod preprocess;
pub mod request;
pub mod sound;
pub mod sparse_uniform;
mod svmlight;
pub mod swimmer;
mod table;
mod text;
mod truth;
mod values;
pub mod word_counts;
pub mod words;

pub use catalogue::{Entry, catalogue, lookup};
pub use csc::Csc;
pub use error::{Absent, DataError};
pub use held_out::{HeldOut, Split};
pub use load::load;
pub use npy::{read_npy, write_npy};
pub use npz::{read_npz_member, write_npz};
pub use prepared::{Prepared, read_market, read_prepared, write_market, write_market_sparse, write_prepared};
pub use preprocess::{STEPS, Step};
pub use request::Request;
pub use table::Table;
pub use values::Values;

use crate::results::about::{About, Domain, Known, Scene};
use crate::results::record::{DatasetFacts, ImageShape};
use sha2::{Digest, Sha256};

/// A matrix ready for factorisation, and where it comes from.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The name in the experiment.
    pub name: String,
    /// How figures call it; says "synthetic" where it is.
    pub title: String,
    /// Rows: features.
    pub m: usize,
    /// Columns: samples.
    pub n: usize,
    /// The entries, all finite, and ≥ 0 unless they were asked for with a sign.
    pub values: Values,
    /// The weights of the entries (m×n, ≥ 0), where they do not all count alike; 0 for one that is not known.
    pub weights: Option<Values>,
    /// The picture in each column (pixels row by row), if it is one.
    pub image: Option<ImageShape>,
    /// Made by a program, not measured.
    pub synthetic: bool,
    /// The class of each column, where it is known.
    pub labels: Option<Vec<u32>>,
    /// What each row is (a word, a band), where it has a name.
    pub features: Option<Vec<String>>,
    /// The parts it was made of, where they are known; empty otherwise.
    pub parts: Vec<Part>,
    /// Samples that take no part in a factorisation, to try it on.
    pub held_out: Option<HeldOut>,
    /// The field it comes from, and what rows and columns stand for; what is said here already is not repeated there.
    pub about: About,
    /// Who made it, or the file it was read from.
    pub origin: String,
    /// Its terms; empty where nothing is known.
    pub licence: String,
    /// What to cite; empty where nothing is known.
    pub citation: String,
}

/// A part that the data were made of: the truth that an analysis may compare the columns of W with.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// Its m values, ≥ 0: a column of the true W.
    pub values: Vec<f64>,
    /// How much of it is in each of the n columns: a row of the true H; empty where that is not known.
    pub activations: Vec<f64>,
}

impl Dataset {
    /// A dense data set of which only the matrix is known, column by column.
    ///
    /// # Panics
    /// When `values` does not hold m·n values.
    #[must_use]
    pub fn new(name: &str, m: usize, n: usize, values: Vec<f64>) -> Self {
        assert_eq!(m * n, values.len(), "an m×n matrix holds m·n values");
        Self::of(name, m, n, Values::Dense(values))
    }

    /// A sparse data set of which only the matrix is known.
    ///
    /// # Panics
    /// When `csc` does not have n columns.
    #[must_use]
    pub fn sparse(name: &str, m: usize, n: usize, csc: Csc) -> Self {
        assert_eq!(n + 1, csc.starts.len(), "n columns have n + 1 bounds");
        Self::of(name, m, n, Values::Sparse(csc))
    }

    fn of(name: &str, m: usize, n: usize, values: Values) -> Self {
        let [title, origin, licence, citation] = [name, "", "", ""].map(str::to_owned);
        let name = name.to_owned();
        let (weights, synthetic) = (None, false);
        let (image, labels, features, parts, held_out) = (None, None, None, Vec::new(), None);
        Self {
            name,
            title,
            m,
            n,
            values,
            weights,
            image,
            synthetic,
            labels,
            features,
            parts,
            held_out,
            about: About::default(),
            origin,
            licence,
            citation,
        }
    }

    /// Entries that are not zero.
    #[must_use]
    pub fn nonzeros(&self) -> usize {
        self.values.nonzeros()
    }

    /// See [`Values::digest`]; where there are weights, sha256 over both digests.
    #[must_use]
    pub fn digest(&self) -> String {
        let values = self.values.digest(self.m, self.n);
        let Some(weights) = &self.weights else { return values };
        let hash = Sha256::new().chain_update(values).chain_update(weights.digest(self.m, self.n));
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What pictures of its factors need to know. The parts of texts and genes are as long as their vocabulary and are not
    /// shown, so they are left out.
    #[must_use]
    pub fn about(&self) -> About {
        let shown = matches!(self.about.domain, Domain::Spectra | Domain::Sound);
        let known = |part: &Part| Known {
            name: part.name.clone(),
            values: part.values.clone(),
            activations: part.activations.clone(),
        };
        About {
            // Where samples have left, the picture has holes.
            scene: self.about.scene.filter(|Scene { height, width, .. }| height * width == self.n),
            features: self.features.clone().unwrap_or_default(),
            labels: self.labels.clone().unwrap_or_default(),
            parts: self.parts.iter().filter(|_| shown).map(known).collect(),
            ..self.about.clone()
        }
    }

    /// What a record says about it.
    #[must_use]
    pub fn facts(&self) -> DatasetFacts {
        DatasetFacts {
            name: self.name.clone(),
            title: self.title.clone(),
            m: self.m,
            n: self.n,
            nnz: self.nonzeros(),
            digest: self.digest(),
            sparse: self.values.dense().is_none(),
            image: self.image,
            synthetic: self.synthetic,
        }
    }
}

#[cfg(test)]
mod tests;
