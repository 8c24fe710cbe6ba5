//! What can be wrong with a data set, said so that its owner can mend it.

use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a data set could not be loaded or stored. Positions are counted from 0, lines and fields of text from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// No catalogue entry of this name.
    #[error("no data set is called `{name}`{}", hint(near, known))]
    Unknown {
        /// The name asked for.
        name: String,
        /// Names that resemble it, best first.
        near: Vec<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A field of the request does not fit.
    #[error("`{field}`: found {found}, expected {expected}")]
    Field {
        /// The key in the request's table.
        field: String,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: String,
    },
    /// A catalogued data set that must be fetched first.
    #[error("{0}")]
    Absent(Box<Absent>),
    /// The system refused to read or write.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, `open` or `list`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The bytes are not what the format demands.
    #[error("{origin}: {position}: found {found}, expected {expected}")]
    Malformed {
        /// The file, with the member or variable where there is one.
        origin: String,
        /// Where in the file: a byte, a line and field, a named part.
        position: String,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// An entry that is NaN, infinite or negative: the first one, row by row.
    #[error(
        "{origin}: row {row}, column {column} (counted from 0): found {value}, expected a finite number ≥ 0{}",
        declared(*value)
    )]
    Entry {
        /// The file or data set.
        origin: String,
        /// Row of the table as it is stored (for pictures: the pixel).
        row: usize,
        /// Column of the table as it is stored (for pictures: the picture).
        column: usize,
        /// The entry.
        value: f64,
    },
    /// A matrix without entries.
    #[error("{origin}: found an empty matrix ({rows}×{columns}), expected at least one row and one column")]
    Empty {
        /// The file or data set.
        origin: String,
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
    },
    /// More than can be held, or more than the file can contain.
    #[error("{origin}: found a size of {found}, expected at most {limit}")]
    TooLarge {
        /// The file or data set.
        origin: String,
        /// The claimed size with its unit.
        found: String,
        /// The bound, its unit and its reason.
        limit: String,
    },
    /// A file of the catalogue that decodes to other values than the catalogue records.
    #[error(
        "{}: found values with sha256 {found}, expected {expected} (the catalogue's `{name}`); \
         to use this file as it is, give it by `path`",
        path.display()
    )]
    Digest {
        /// The data set's name.
        name: String,
        /// The file read.
        path: PathBuf,
        /// Digest of what was read.
        found: String,
        /// Digest in the catalogue.
        expected: String,
    },
}

/// A catalogued data set whose files are not there, and how to come by them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the data set `{name}` is not on this machine: {}; to get it: {}; home: {home}; licence: {licence}; cite: {citation}",
    self.searched(),
    self.way()
)]
pub struct Absent {
    /// The catalogue's name.
    pub name: String,
    /// The paths tried; empty when there was no data folder.
    pub looked: Vec<PathBuf>,
    /// How to get it, a sentence.
    pub get: String,
    /// Its official home.
    pub home: String,
    /// Its terms.
    pub licence: String,
    /// What to cite.
    pub citation: String,
    /// Whether the program can fetch it.
    pub fetched: bool,
}

impl Absent {
    fn way(&self) -> String {
        let name = &self.name;
        match self.fetched {
            true => format!("`nmfbench data fetch {name}`, or {}", self.get),
            false => format!("{}, or `nmfbench data import {name} --from FILE`", self.get),
        }
    }

    fn searched(&self) -> String {
        if self.looked.is_empty() {
            return "no data folder was given (`--data-dir DIR`)".to_owned();
        }
        let paths: Vec<_> = self.looked.iter().map(|path| path.display().to_string()).collect();
        format!("looked for {}", paths.join(" and "))
    }
}

impl DataError {
    pub(crate) fn field(field: &str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Field { field: field.to_owned(), found: found.into(), expected: expected.into() }
    }

    pub(crate) fn malformed(
        origin: impl Into<String>,
        position: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        let (origin, position) = (origin.into(), position.into());
        Self::Malformed { origin, position, found: found.into(), expected: expected.into() }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

fn hint(near: &[String], known: &[String]) -> String {
    match near {
        [] => format!("; there are: {}", known.join(", ")),
        near => format!("; did you mean `{}`?", near.join("` or `")),
    }
}

/// How a file may have such an entry all the same.
fn declared(value: f64) -> &'static str {
    if value.is_nan() {
        " (or, in a dense file, missing = \"nan\")"
    } else if value.is_finite() {
        " (or, in a dense file, signed = true)"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_names_the_places_the_home_and_the_terms() {
        let mut absent = Absent {
            name: "orl".into(),
            looked: vec![],
            get: "download it".into(),
            home: "https://example.org".into(),
            licence: "none stated".into(),
            citation: "them".into(),
            fetched: false,
        };
        assert!(absent.to_string().contains("no data folder was given"));
        absent.looked = vec!["a/b.npy".into(), "a/c".into()];
        assert_eq!(
            DataError::Absent(Box::new(absent)).to_string(),
            "the data set `orl` is not on this machine: looked for a/b.npy and a/c; to get it: download it, or \
             `nmfbench data import orl --from FILE`; home: https://example.org; licence: none stated; cite: them"
        );
    }

    #[test]
    fn near_names_come_first() {
        let error =
            DataError::Unknown { name: "dogits".into(), near: vec!["digits".into()], known: vec!["digits".into()] };
        assert_eq!(error.to_string(), "no data set is called `dogits`; did you mean `digits`?");
    }
}
