//! The data sets known by name: what each is, whose it is, on what terms, and where its files belong.
//!
//! The entries are the files `datasets/*.toml`, built into the program.

use super::error::{Absent, DataError};
use super::fetch::Download;
use super::request::{Generator, Layout, Request, Scale, Source};
use crate::results::about::{Domain, Ruler};
use crate::results::record::ImageShape;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const FILES: [&str; 36] = [
    include_str!("../../datasets/synthetic-faces.toml"),
    include_str!("../../datasets/digits.toml"),
    include_str!("../../datasets/kjv.toml"),
    include_str!("../../datasets/swimmer.toml"),
    include_str!("../../datasets/20newsgroups.toml"),
    include_str!("../../datasets/bbc.toml"),
    include_str!("../../datasets/cbcl-inverted.toml"),
    include_str!("../../datasets/cbcl.toml"),
    include_str!("../../datasets/classic.toml"),
    include_str!("../../datasets/coil20-128.toml"),
    include_str!("../../datasets/coil20.toml"),
    include_str!("../../datasets/cuprite.toml"),
    include_str!("../../datasets/extended-yale-b.toml"),
    include_str!("../../datasets/frey.toml"),
    include_str!("../../datasets/golub.toml"),
    include_str!("../../datasets/indian-pines.toml"),
    include_str!("../../datasets/jasper-ridge.toml"),
    include_str!("../../datasets/lfw-subset.toml"),
    include_str!("../../datasets/london-faces-32.toml"),
    include_str!("../../datasets/london-faces-64.toml"),
    include_str!("../../datasets/medlars.toml"),
    include_str!("../../datasets/medulloblastoma.toml"),
    include_str!("../../datasets/mnist-5k.toml"),
    include_str!("../../datasets/mnist.toml"),
    include_str!("../../datasets/moffett.toml"),
    include_str!("../../datasets/olivetti.toml"),
    include_str!("../../datasets/orl-32.toml"),
    include_str!("../../datasets/orl.toml"),
    include_str!("../../datasets/piano-fevotte.toml"),
    include_str!("../../datasets/piano-mary.toml"),
    include_str!("../../datasets/reuters21578.toml"),
    include_str!("../../datasets/samson.toml"),
    include_str!("../../datasets/tdt2-30.toml"),
    include_str!("../../datasets/tdt2.toml"),
    include_str!("../../datasets/urban.toml"),
    include_str!("../../datasets/yale.toml"),
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
            let score = if inside { 1.0 } else { strsim::jaro_winkler(&name, candidate) };
            (if candidate == name { 2.0 } else { score }, candidate)
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
    /// Rows of A; 0 where they depend on how texts are counted.
    pub m: usize,
    /// Columns of A.
    pub n: usize,
    /// What a column and a row of A are.
    pub orientation: String,
    /// Height and width of the picture in each column.
    pub image: Option<[usize; 2]>,
    /// The field it comes from.
    #[serde(default)]
    pub domain: Domain,
    /// Height and width of the scene whose pixels the columns are.
    pub scene: Option<[usize; 2]>,
    /// Whether these pixels go down the columns of the scene.
    #[serde(default)]
    pub scene_down: bool,
    /// What the rows are numbers of.
    pub rows: Option<Ruler>,
    /// What the columns are numbers of.
    pub columns: Option<Ruler>,
    /// What the classes are called, by their numbers.
    #[serde(default)]
    pub classes: Vec<String>,
    /// What the true parts are called.
    #[serde(default)]
    pub parts: Vec<String>,
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
    /// What is done to it before a factorisation in the literature, and at which rank.
    #[serde(default)]
    pub literature: String,
    /// How to get it, a sentence.
    pub get: String,
    /// [`super::Dataset::digest`] of the loaded data, where it is fixed.
    pub sha256: Option<String>,
    /// The request that makes it (`kind = "generator"`).
    pub request: Option<Request>,
    /// The places in a data folder where it may lie; the first that is there is read (`kind = "folder"`).
    #[serde(default, rename = "file")]
    pub files: Vec<Location>,
    /// What `nmfbench data fetch` gets.
    #[serde(default, rename = "download")]
    pub downloads: Vec<Download>,
}

/// A file or folder of a data folder, and how it is read: the keys of a `[[dataset]]` with a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Request")]
pub struct Location {
    /// Relative to the data folder.
    pub path: PathBuf,
    /// How it is read.
    pub layout: Layout,
}

impl TryFrom<Request> for Location {
    type Error = DataError;

    fn try_from(request: Request) -> Result<Self, DataError> {
        match request.source {
            Source::Path(path) => Ok(Self { path, layout: request.layout }),
            _ => Err(DataError::field("file", "no path", "a path relative to the data folder")),
        }
    }
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
                citation: self.citation.clone(),
                fetched: !self.downloads.is_empty(),
            }))),
        }
    }

    /// `361×2429`, with `?` for what is not fixed.
    #[must_use]
    pub fn shape(&self) -> String {
        let m = if self.m == 0 { "?".to_owned() } else { self.m.to_string() };
        format!("{m}×{}", self.n)
    }

    pub(super) fn layout(&self, location: &Location) -> Layout {
        let scale = location.layout.scale.or(self.scale.map(Scale::By));
        Layout { scale, image: self.image, lenient: true, ..location.layout.clone() }
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
        assert_eq!(names.len(), FILES.len(), "names are distinct");
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
            let inside = |path: &Path| {
                path.is_relative() && path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
            };
            assert!(entry.files.iter().all(|file| inside(&file.path)), "{name}");
            for download in &entry.downloads {
                assert!(inside(&download.file) && download.unpack.as_deref().is_none_or(inside), "{name}");
                assert!(
                    download.sha256.is_some() || download.urls.iter().all(|url| url.starts_with("https://")),
                    "{name}"
                );
                let root = download.unpack.as_ref().unwrap_or(&download.file);
                let read = |file: &Location| {
                    let classes = file.layout.labels.as_ref().map(|labels| file.path.with_file_name(labels));
                    file.path.starts_with(root) || classes.as_deref() == Some(root)
                };
                assert!(entry.files.iter().any(read), "{name}: what is fetched is read");
            }
            if let Some([height, width]) = entry.scene {
                assert_eq!(height * width, entry.n, "{name}");
            }
            assert_eq!(entry.synthetic, entry.title.contains("synthetic"), "{name}");
            if let Some(sha256) = &entry.sha256 {
                assert!(sha256.len() == 64 && sha256.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
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
        assert!(error.contains("nmfbench data import cbcl --from FILE") && error.contains(&entry.citation), "{error}");
        let fetched = lookup("orl").unwrap().locate(None).unwrap_err().to_string();
        assert!(fetched.contains("`nmfbench data fetch orl`"), "{fetched}");
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
