//! Data sets: by name from the catalogue, from files of the common formats, or made by a rule.
//!
//! Whatever the source, [`load`] hands over one dense column-major matrix A (m×n, features×samples) of finite numbers
//! ≥ 0, or says what is wrong with it and where.

pub mod catalogue;
mod delimited;
mod digits;
pub mod error;
pub mod faces;
mod load;
pub mod low_rank;
mod mat;
mod npy;
mod npz;
mod pictures;
pub mod request;
pub mod swimmer;
mod table;

pub use catalogue::{Entry, catalogue, lookup};
pub use error::{Absent, DataError};
pub use load::load;
pub use npy::{read_npy, write_npy};
pub use npz::{read_npz_member, write_npz};
pub use request::Request;
pub use table::Table;

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
    /// The m·n values, column by column, all finite and ≥ 0.
    pub values: Vec<f64>,
    /// The picture in each column (pixels row by row), if it is one.
    pub image: Option<ImageShape>,
    /// Made by a program, not measured.
    pub synthetic: bool,
    /// The class of each column, where it is known.
    pub labels: Option<Vec<u32>>,
    /// The parts it was made of, where they are known; empty otherwise.
    pub parts: Vec<Part>,
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
    /// Its m values, ≥ 0.
    pub values: Vec<f64>,
}

impl Dataset {
    /// A data set of which only the matrix is known.
    ///
    /// # Panics
    /// When `values` does not hold m·n values.
    #[must_use]
    pub fn new(name: &str, m: usize, n: usize, values: Vec<f64>) -> Self {
        assert_eq!(m * n, values.len(), "an m×n matrix holds m·n values");
        let [title, origin, licence, citation] = [name, "", "", ""].map(str::to_owned);
        let name = name.to_owned();
        let (image, labels, parts) = (None, None, Vec::new());
        Self { name, title, m, n, values, image, synthetic: false, labels, parts, origin, licence, citation }
    }

    /// Entries that are not zero.
    #[must_use]
    pub fn nonzeros(&self) -> usize {
        self.values.iter().filter(|value| **value > 0.0).count()
    }

    /// sha256 (hex) over m and n as little-endian u64, then the values as little-endian f64.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(self.m, self.n, &self.values)
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
            image: self.image,
            synthetic: self.synthetic,
        }
    }
}

/// sha256 (hex) over m and n as little-endian u64, then the column-major values as little-endian f64.
#[must_use]
pub fn digest(m: usize, n: usize, values: &[f64]) -> String {
    let mut hash = Sha256::new();
    hash.update((m as u64).to_le_bytes());
    hash.update((n as u64).to_le_bytes());
    let mut buffer = Vec::with_capacity(1 << 16);
    for chunk in values.chunks(1 << 13) {
        buffer.clear();
        buffer.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
        hash.update(&buffer);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
