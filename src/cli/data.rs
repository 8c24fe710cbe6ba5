//! `data`: the sets of the catalogue on this machine: what is there, get what is not, check what is.

use super::list::{dataset, plain_table};
use super::{Failure, out};
use crate::data::catalogue::Kind;
use crate::data::fetch::{Download, Limits, Patience, fetch, sha256, unpack};
use crate::data::{self, DataError, Entry, Request, catalogue, lookup};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use miette::miette;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Action {
    /// Which sets there are, and which of them are on this machine
    List {
        #[command(flatten)]
        folder: Folder,
    },
    /// Everything about one set: what it is, whose, on what terms, where its files belong
    Info {
        /// Its name
        name: String,
        #[command(flatten)]
        folder: Folder,
    },
    /// Download sets into the data folder; interrupted, it goes on where it was
    Fetch {
        /// Which
        #[arg(required = true)]
        names: Vec<String>,
        #[command(flatten)]
        folder: Folder,
    },
    /// Put a file that you have into its place in the data folder
    Import {
        /// The set that it holds
        name: String,
        /// The file
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        #[command(flatten)]
        folder: Folder,
    },
    /// Read sets and compare their values with the catalogue's digests; ends with 1 when one differs
    Verify {
        /// Which; all that are there, when none is named
        names: Vec<String>,
        #[command(flatten)]
        folder: Folder,
    },
}

/// Where the sets lie.
#[derive(Args)]
pub(super) struct Folder {
    /// The data folder; when not given, `nmfbench/data` in the user's cache folder
    #[arg(long, value_name = "DIR", env = "NMFBENCH_DATA")]
    data_dir: Option<PathBuf>,
}

impl Folder {
    fn path(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(default_folder)
    }
}

/// `nmfbench/data` in the cache folder of the platform.
fn default_folder() -> PathBuf {
    dirs::cache_dir().unwrap_or_else(std::env::temp_dir).join("nmfbench").join("data")
}

/// Fetches sets into the data folder of a command, as far as they can be had; what cannot is told.
pub(super) fn fetch_into(given: Option<&Path>, names: &[String]) -> Result<(), Failure> {
    get(names, &given.map_or_else(default_folder, Path::to_owned)).map(|_| ())
}

/// The data folder of a command that only reads: the one given, else the default one where it is there.
pub(super) fn folder(given: Option<&Path>) -> Option<PathBuf> {
    given.map(Path::to_owned).or_else(|| Some(default_folder()).filter(|folder| folder.is_dir()))
}

pub(super) fn data(action: &Action) -> Result<ExitCode, Failure> {
    match action {
        Action::List { folder } => list(&folder.path()),
        Action::Info { name, folder } => info(find(name)?, &folder.path()),
        Action::Fetch { names, folder } => get(names, &folder.path()),
        Action::Import { name, from, folder } => import(find(name)?, from, &folder.path()),
        Action::Verify { names, folder } => verify(names, &folder.path()),
    }
}

fn find(name: &str) -> Result<&'static Entry, Failure> {
    lookup(name).map_err(Failure::bad_data)
}

fn standing(entry: &Entry, folder: &Path) -> String {
    match entry.kind {
        Kind::Embedded => "part of the program".into(),
        Kind::Generator => "made by the program".into(),
        Kind::Folder if entry.locate(Some(folder)).is_ok() => "there".into(),
        Kind::Folder if entry.downloads.is_empty() => "absent".into(),
        Kind::Folder => "absent, can be fetched".into(),
    }
}

fn list(folder: &Path) -> Result<ExitCode, Failure> {
    let mut table = plain_table();
    for entry in catalogue() {
        table.add_row([entry.name.clone(), entry.title.clone(), entry.shape(), standing(entry, folder)]);
    }
    out(&format!("{table}\n\ndata folder: {}", folder.display()));
    Ok(ExitCode::SUCCESS)
}

fn info(entry: &Entry, folder: &Path) -> Result<ExitCode, Failure> {
    let mut text = dataset(entry);
    let _ = writeln!(text, "  on this machine: {}", standing(entry, folder));
    for file in &entry.files {
        let there = if folder.join(&file.path).exists() { "there" } else { "absent" };
        let _ = writeln!(text, "  read from {}: {there}", folder.join(&file.path).display());
    }
    for download in &entry.downloads {
        let sum = download.sha256.as_deref().unwrap_or("not recorded");
        let _ = writeln!(text, "  fetched from {} (sha256 {sum})", download.urls.join(" or "));
    }
    if let Some(digest) = &entry.sha256 {
        let _ = writeln!(text, "  sha256 of the values: {digest}");
    }
    out(text.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn get(names: &[String], folder: &Path) -> Result<ExitCode, Failure> {
    // All names are known before anything is fetched.
    let entries = names.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
    let mut failed = false;
    for entry in entries {
        let name = &entry.name;
        if entry.kind != Kind::Folder || data::load(&Request::named(name), Some(folder)).is_ok() {
            eprintln!("{name}: {}, nothing to fetch", standing(entry, folder));
            continue;
        }
        eprintln!("{name}: licence: {}\n{name}: cite: {}", entry.licence, entry.citation);
        if entry.downloads.is_empty() {
            failed = true;
            eprintln!("{name}: cannot be fetched by a program; home: {}; to get it: {}", entry.home, entry.get);
            continue;
        }
        let results = entry.downloads.iter().map(|download| place(entry, download, folder));
        match results.collect::<Result<Vec<()>, String>>() {
            Ok(_) => failed |= !report(entry, folder)?,
            Err(reason) => {
                failed = true;
                eprintln!("{name}: {reason}; home: {}; to get it by hand: {}", entry.home, entry.get);
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Downloads a file that is not there and unpacks it where that is wanted.
fn place(entry: &Entry, download: &Download, folder: &Path) -> Result<(), String> {
    let target = folder.join(&download.file);
    if !target.exists() {
        transfer(entry, download, folder)?;
    }
    expand(download, &target, folder).map_err(|error| error.to_string())
}

fn transfer(entry: &Entry, download: &Download, folder: &Path) -> Result<(), String> {
    let bar = ProgressBar::new(download.bytes);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(entry.name.clone());
    let digest = fetch(download, folder, Patience::default(), &mut |bytes, total| {
        bar.set_length(total.unwrap_or(download.bytes));
        bar.set_position(bytes);
    });
    bar.finish_and_clear();
    let digest = digest.map_err(|error| error.to_string())?;
    eprintln!("{}: {} (sha256 {digest})", entry.name, folder.join(&download.file).display());
    Ok(())
}

fn expand(download: &Download, archive: &Path, folder: &Path) -> Result<(), DataError> {
    match &download.unpack {
        Some(inside) => unpack(archive, &folder.join(inside), Limits::default()),
        None => Ok(()),
    }
}

/// Says whether a set has the values of the catalogue; false when it has not or cannot be read.
fn report(entry: &Entry, folder: &Path) -> Result<bool, Failure> {
    let name = &entry.name;
    match data::load(&Request::named(name), Some(folder)) {
        Ok(set) => {
            let (m, n, digest) = (set.m, set.n, set.digest());
            let known = if entry.sha256.is_some() { "as recorded" } else { "no digest is recorded" };
            out(&format!("{name}: {m}×{n}, {} entries not 0, sha256 {digest}: {known}", set.nonzeros()));
            Ok(true)
        }
        Err(DataError::Absent(_)) => {
            out(&format!("{name}: absent"));
            Ok(false)
        }
        Err(error) => {
            out(&format!("{name}: {error}"));
            Ok(false)
        }
    }
}

fn import(entry: &Entry, from: &Path, folder: &Path) -> Result<ExitCode, Failure> {
    let name = &entry.name;
    if entry.kind != Kind::Folder {
        return Err(Failure::Invalid(miette!("`{name}` is {}, it takes no file", standing(entry, folder))));
    }
    let own = from.file_name().unwrap_or_default();
    let archive = entry.downloads.iter().find(|download| download.file.file_name() == Some(own));
    let place = entry.files.iter().find(|file| file.path.file_name() == Some(own)).map(|file| &file.path);
    let labels = entry.files.iter().find_map(|file| {
        let labels = file.layout.labels.as_ref()?;
        (own == labels.as_str()).then(|| file.path.with_file_name(labels))
    });
    let Some(place) = archive.map(|download| &download.file).or(place).or(labels.as_ref()) else {
        let known = entry.files.iter().map(|file| &file.path).chain(entry.downloads.iter().map(|d| &d.file));
        let mut known: Vec<_> = known.filter_map(|path| path.file_name()).map(|f| f.display().to_string()).collect();
        known.dedup();
        let help = format!("expected one of: {}", known.join(", "));
        return Err(Failure::Invalid(miette!(help = help, "`{name}` has no file called `{}`", own.display())));
    };
    let target = folder.join(place);
    copy(from, &target).map_err(Failure::bad_data)?;
    eprintln!("{name}: {}", target.display());
    if let Some(download) = archive {
        let found = sha256(&target).map_err(Failure::bad_data)?;
        if download.sha256.as_ref().is_some_and(|expected| *expected != found) {
            eprintln!("{name}: the file has sha256 {found}, another than the one that would be fetched");
        }
        expand(download, &target, folder).map_err(Failure::bad_data)?;
    }
    Ok(if report(entry, folder)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A file, or a folder of files, under a temporary name and then in its place.
fn copy(from: &Path, to: &Path) -> Result<(), DataError> {
    let failed = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source: std::io::Error| DataError::Io { action, path, source }
    };
    let parent = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(failed("make", parent))?;
    if from.is_dir() {
        for entry in std::fs::read_dir(from).map_err(failed("list", from))? {
            let entry = entry.map_err(failed("list", from))?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    let part = PathBuf::from(format!("{}.part", to.display()));
    std::fs::copy(from, &part).map_err(failed("read", from))?;
    std::fs::rename(&part, to).map_err(failed("write", to))
}

fn verify(names: &[String], folder: &Path) -> Result<ExitCode, Failure> {
    let entries: Vec<&Entry> = if names.is_empty() {
        catalogue().iter().filter(|e| e.kind != Kind::Folder || e.locate(Some(folder)).is_ok()).collect()
    } else {
        names.iter().map(|name| find(name)).collect::<Result<_, _>>()?
    };
    let mut all = true;
    for entry in entries {
        all &= report(entry, folder)?;
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
