//! The data sets known by name: what each is, whose it is, on what terms, and where its files belong.
//!
//! The entries are the files `datasets/*.toml`, built into the program.

use super::error::{Absent, DataError};
use super::request::{Generator, Layout, Request, Source};
use crate::results::record::ImageShape;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const FILES: [&str; 7] = [
    include_str!("../../datasets/synthetic-faces.toml"),
    include_str!("../../datasets/digits.toml"),
    include_str!("../../datasets/swimmer.toml"),
    include_str!("../../datasets/orl.toml"),
    include_str!("../../datasets/cbcl.toml"),
    include_str!("../../datasets/frey.toml"),
    include_str!("../../datasets/olivetti.toml"),
];

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    FILES.iter().map(|text| toml::from_str(text).expect("the catalogue is checked by a test")).collect()
});

/// All entries, those that need no file first.
#[must_use]
pub fn catalogue() -> &'static [Entry] {
    &ENTRIES
}

/// The entry of a name.
///
/// # Errors
/// [`DataError::Unknown`] with the names that resemble it.
pub fn lookup(name: &str) -> Result<&'static Entry, DataError> {
    let names = || catalogue().iter().map(|entry| entry.name.as_str());
    catalogue().iter().find(|entry| entry.name == name).ok_or_else(|| DataError::Unknown {
        name: name.to_owned(),
        near: near(name, names()),
        known: names().map(str::to_owned).collect(),
    })
}

/// The candidates that resemble `name`, best first.
pub(crate) fn near<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let name = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .map(|candidate| {
            let inside = name.len() > 2 && candidate.contains(&name);
            (if inside { 1.0 } else { strsim::jaro_winkler(&name, candidate) }, candidate)
        })
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// How the program comes by the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Part of the program.
    Embedded,
    /// Made by a rule.
    Generator,
    /// Read from a data folder.
    Folder,
}

/// One data set of the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name by which experiments ask for it.
    pub name: String,
    /// How figures call it; says "synthetic" where it is.
    pub title: String,
    /// What it contains, a sentence.
    pub summary: String,
    /// How the program comes by it.
    pub kind: Kind,
    /// Made by a program, not measured.
    #[serde(default)]
    pub synthetic: bool,
    /// Rows of A.
    pub m: usize,
    /// Columns of A.
    pub n: usize,
    /// What a column and a row of A are.
    pub orientation: String,
    /// Height and width of the picture in each column.
    pub image: Option<[usize; 2]>,
    /// What stored values are divided by.
    pub scale: Option<f64>,
    /// Who made it, and when.
    pub origin: String,
    /// Its official home.
    pub home: String,
    /// Its terms.
    pub licence: String,
    /// What to cite.
    pub citation: String,
    /// How to get it, a sentence.
    pub get: String,
    /// [`super::Dataset::digest`] of the loaded data, where it is fixed.
    pub sha256: Option<String>,
    /// The request that makes it (`kind = "generator"`).
    pub request: Option<Request>,
    /// The places in a data folder where it may lie; the first that is there is read (`kind = "folder"`).
    #[serde(default, rename = "file")]
    pub files: Vec<Location>,
}

/// A file or folder of a data folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Relative to the data folder.
    pub path: PathBuf,
    /// The member or variable.
    pub key: Option<String>,
    /// Whether a sample is a row of the stored table.
    #[serde(default)]
    pub samples_in_rows: bool,
    /// Whether pictures are stored column by column.
    #[serde(default)]
    pub column_major_pixels: bool,
}

impl Entry {
    /// The picture in each column.
    #[must_use]
    pub fn image_shape(&self) -> Option<ImageShape> {
        self.image.map(|[height, width]| ImageShape { height, width })
    }

    /// The rule that makes it, if one does.
    #[must_use]
    pub fn generator(&self) -> Option<Generator> {
        match &self.request {
            Some(Request { source: Source::Generator(generator), .. }) => Some(*generator),
            _ => None,
        }
    }

    /// Where the data set lies: its place in the catalogue and the path that exists.
    ///
    /// # Errors
    /// [`DataError::Absent`] when there is no data folder or none of the places is there.
    pub fn locate(&self, data_dir: Option<&Path>) -> Result<(&Location, PathBuf), DataError> {
        let paths: Vec<PathBuf> =
            data_dir.map(|folder| self.files.iter().map(|file| folder.join(&file.path)).collect()).unwrap_or_default();
        match paths.iter().position(|path| path.exists()) {
            Some(index) => Ok((&self.files[index], paths[index].clone())),
            None => Err(DataError::Absent(Box::new(Absent {
                name: self.name.clone(),
                looked: paths,
                get: self.get.clone(),
                home: self.home.clone(),
                licence: self.licence.clone(),
            }))),
        }
    }

    pub(super) fn layout(&self, location: &Location) -> Layout {
        use super::request::{Pixels, Samples, Scale};
        Layout {
            key: location.key.clone(),
            transpose: false,
            samples: location.samples_in_rows.then_some(Samples::Rows),
            pixels: location.column_major_pixels.then_some(Pixels::ColumnMajor),
            scale: self.scale.map(Scale::By),
            image: self.image,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_parses_and_says_what_it_must() {
        for text in FILES {
            toml::from_str::<Entry>(text).unwrap();
        }
        let names: BTreeSet<_> = catalogue().iter().map(|entry| entry.name.as_str()).collect();
        let expected = ["cbcl", "digits", "frey", "olivetti", "orl", "swimmer", "synthetic-faces"];
        assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
        for entry in catalogue() {
            let name = &entry.name;
            for text in [&entry.title, &entry.summary, &entry.origin, &entry.home, &entry.licence, &entry.get] {
                assert!(!text.trim().is_empty(), "{name}");
            }
            assert!(!entry.citation.is_empty() && !entry.orientation.is_empty(), "{name}");
            if let Some([height, width]) = entry.image {
                assert_eq!(height * width, entry.m, "{name}");
            }
            assert_eq!(entry.kind == Kind::Generator, entry.generator().is_some(), "{name}");
            assert_eq!(entry.kind == Kind::Folder, !entry.files.is_empty(), "{name}");
            assert!(entry.files.iter().all(|file| file.path.is_relative()), "{name}");
            assert_eq!(entry.synthetic, entry.title.contains("synthetic"), "{name}");
            if let Some(sha256) = &entry.sha256 {
                assert!(sha256.len() == 64 && sha256.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
            } else {
                assert_eq!(name, "synthetic-faces");
            }
        }
    }

    #[test]
    fn names_that_resemble_are_suggested() {
        let suggested = |name: &str| match lookup(name) {
            Err(DataError::Unknown { near, .. }) => near,
            _ => panic!("{name} is not in the catalogue"),
        };
        assert_eq!(suggested("digit")[0], "digits");
        assert_eq!(suggested("faces")[0], "synthetic-faces");
        assert_eq!(suggested("ORL")[0], "orl");
        assert_eq!(suggested("olivetty")[0], "olivetti");
        assert!(suggested("zzz").is_empty());
        assert_eq!(lookup("orl").unwrap().name, "orl");
    }

    #[test]
    fn what_is_not_there_says_how_to_get_it() {
        let entry = lookup("cbcl").unwrap();
        let error = entry.locate(None).unwrap_err().to_string();
        assert!(error.contains("no data folder was given") && error.contains(&entry.home), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let error = entry.locate(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("cbcl_faces.npy") && error.contains(&entry.licence), "{error}");
        assert!(error.contains(&entry.get), "{error}");
    }

    #[test]
    fn the_first_place_that_is_there_is_taken() {
        let entry = lookup("orl").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let second = folder.path().join("orl/att_faces");
        std::fs::create_dir_all(&second).unwrap();
        assert_eq!(entry.locate(Some(folder.path())).unwrap().1, second);
        let first = folder.path().join("orl/orl_faces.npy");
        std::fs::write(&first, b"").unwrap();
        assert_eq!(entry.locate(Some(folder.path())).unwrap().1, first);
    }
}
