//! The results folder: every file appears whole or not at all.

use crate::results::machine::Machine;
use crate::results::record::{FORMAT, Record};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use thiserror::Error;

/// How the names of work folders begin.
const WORK: &str = ".work-";

/// The folder of one experiment.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// Held while runs are made, so that two programs never write to one folder.
    _lock: Option<File>,
}

/// Why results could not be stored or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Another program is at work in this folder.
    #[error("another nmfbench is at work in {}; wait for it or choose another folder with --results", .0.display())]
    Busy(PathBuf),
    /// There are no results.
    #[error("there are no results in {}; `nmfbench run` makes them", .0.display())]
    Missing(PathBuf),
}

impl Store {
    /// Opens the folder for making runs: creates it, checks that it can be written, and locks it.
    ///
    /// # Errors
    /// When the folder cannot be made or written, or another program has locked it.
    pub fn create(root: &Path) -> Result<Self, StoreError> {
        for folder in ["", "runs", "data", "figures"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(|e| io("create the folder", &path, e))?;
        }
        let path = root.join(".lock");
        let lock = File::create(&path).map_err(|e| io("write to", &path, e))?;
        let locked = match lock.try_lock() {
            Ok(()) => Some(lock),
            Err(fs::TryLockError::WouldBlock) => return Err(StoreError::Busy(root.to_owned())),
            // A file system without locks is no reason not to work.
            Err(fs::TryLockError::Error(_)) => None,
        };
        let store = Store { root: root.to_owned(), _lock: locked };
        if store._lock.is_some() {
            store.clear_leftovers();
        }
        Ok(store)
    }

    /// Removes what a killed program left half-done: work folders and files under temporary names.
    fn clear_leftovers(&self) {
        for folder in ["", "runs", "data", "figures"] {
            for entry in fs::read_dir(self.path(folder)).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with(WORK) {
                    let _ = fs::remove_dir_all(entry.path());
                } else if name.ends_with(".part") {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }

    /// A folder for files that live no longer than a sweep.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn work_folder(&self) -> Result<TempDir, StoreError> {
        let folder = tempfile::Builder::new().prefix(WORK).tempdir_in(&self.root);
        folder.map_err(|e| io("create a folder in", &self.root, e))
    }

    /// Opens the folder for reading and drawing.
    ///
    /// # Errors
    /// When there are no runs in it.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        if !root.join("runs").is_dir() {
            return Err(StoreError::Missing(root.to_owned()));
        }
        Ok(Store { root: root.to_owned(), _lock: None })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the folder.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Writes a file under a temporary name, syncs it to the disk and renames it.
    ///
    /// # Errors
    /// When the system refuses; nothing is left half-written under the name itself.
    pub fn write(&self, relative: &str, content: &[u8]) -> Result<(), StoreError> {
        let path = self.path(relative);
        let folder = path.parent().unwrap_or(&self.root);
        let put = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = temporary().tempfile_in(folder)?;
            file.write_all(content)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|e| e.error)?;
            Ok(())
        };
        put().map_err(|e| io("write", &path, e))
    }

    /// Writes one run.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn save(&self, record: &Record) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec_pretty(record).expect("a record is plain data");
        text.push(b'\n');
        self.write(&format!("runs/{}.json", record.key), &text)
    }

    /// Writes one disturbed try of a run beside it; `tries/` is for people and is never read back into statistics.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn save_try(&self, record: &Record, number: u32) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec_pretty(record).expect("a record is plain data");
        text.push(b'\n');
        self.write(&format!("tries/{}-{number}.json", record.key), &text)
    }

    /// Writes the facts of a machine.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn save_machine(&self, machine: &Machine) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec_pretty(machine).expect("facts are plain data");
        text.push(b'\n');
        self.write(&format!("machine-{}.json", machine.id), &text)
    }

    /// The facts of the machine with that id, if its file is there and readable.
    #[must_use]
    pub fn machine(&self, id: &str) -> Option<Machine> {
        serde_json::from_slice(&fs::read(self.path(&format!("machine-{id}.json"))).ok()?).ok()
    }

    /// The run with that key: `None` where there is none, an explanation where its file cannot be used.
    ///
    /// # Errors
    /// A sentence naming the file.
    pub fn load(&self, key: &str) -> Result<Option<Record>, String> {
        self.load_file(key, key)
    }

    fn load_file(&self, stem: &str, key: &str) -> Result<Option<Record>, String> {
        let path = self.path(&format!("runs/{stem}.json"));
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(format!("cannot read {}: {e}", path.display())),
        };
        match serde_json::from_slice::<Record>(&text) {
            Ok(record) if record.format > FORMAT => {
                Err(format!("{} has format {}, newer than this program's {FORMAT}", path.display(), record.format))
            }
            Ok(record) if record.key != key => Err(format!("{} holds the run {}", path.display(), record.key)),
            Ok(record) => Ok(Some(record)),
            Err(e) => Err(format!("{} is not a record: {e}", path.display())),
        }
    }

    /// Writes one run beside those of the same key that other machines have made.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn save_variant(&self, record: &Record) -> Result<(), StoreError> {
        match self.load(&record.key) {
            Ok(Some(other)) if other.machine != record.machine => {
                let mut text = serde_json::to_vec_pretty(record).expect("a record is plain data");
                text.push(b'\n');
                self.write(&format!("runs/{}@{}.json", record.key, record.machine), &text)
            }
            _ => self.save(record),
        }
    }

    /// The run with that key as each machine has made it, the folder's own first.
    #[must_use]
    pub fn load_variants(&self, key: &str) -> Vec<Record> {
        let mut found: Vec<Record> = self.load(key).ok().flatten().into_iter().collect();
        for machine in self.other_machines() {
            found.extend(self.load_file(&format!("{key}@{machine}"), key).ok().flatten());
        }
        found
    }

    /// The machines whose facts are here.
    fn other_machines(&self) -> Vec<String> {
        let name = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_prefix("machine-")?.strip_suffix(".json")?.to_owned())
        };
        let mut machines: Vec<String> =
            fs::read_dir(&self.root).into_iter().flatten().flatten().filter_map(name).collect();
        machines.sort();
        machines
    }

    /// All runs of the folder that can be read, whatever experiment file they came from.
    ///
    /// # Errors
    /// When the folder of runs cannot be listed.
    pub fn load_all(&self) -> Result<Vec<Record>, StoreError> {
        let folder = self.path("runs");
        let mut records = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|e| io("list", &folder, e))? {
            let name = entry.map_err(|e| io("list", &folder, e))?.file_name();
            let stem = name.to_str().and_then(|n| n.strip_suffix(".json")).filter(|n| !n.starts_with('.'));
            let key = |stem: &str| stem.split_once('@').map_or(stem, |(key, _)| key).to_owned();
            records.extend(stem.and_then(|stem| self.load_file(stem, &key(stem)).ok().flatten()));
        }
        records.sort_by(|a, b| (&a.key, &a.machine).cmp(&(&b.key, &b.machine)));
        Ok(records)
    }
}

/// A hidden file with the permissions that any other file gets: those of temporary files are for their owner alone.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tables::tests::sample;

    #[test]
    fn a_record_reads_back_to_the_same_bits() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(folder.path()).expect("writable");
        let mut record = sample("k1");
        record.trace[0].objective = 0.1 + 0.2;
        record.trace[0].relative_error = f64::from_bits(0x3ff0_0000_0000_0001);
        store.save(&record).expect("stored");
        let back = store.load("k1").expect("readable").expect("there");
        assert_eq!(back, record);
        assert_eq!(store.load_all().expect("listed"), [record]);
        assert_eq!(store.load("k2"), Ok(None));
    }

    #[test]
    fn measures_that_are_not_finite_come_back_as_nan() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(folder.path()).expect("writable");
        let mut record = sample("k1");
        record.trace[0].objective = f64::INFINITY;
        store.save(&record).expect("stored");
        assert!(store.load("k1").expect("readable").expect("there").trace[0].objective.is_nan());
    }

    #[test]
    fn damaged_and_newer_files_are_named_and_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(folder.path()).expect("writable");
        store.write("runs/bad.json", b"{\"format\":").expect("stored");
        assert!(store.load("bad").expect_err("damaged").contains("bad.json is not a record"));
        let mut record = sample("new");
        record.format = FORMAT + 1;
        store.save(&record).expect("stored");
        assert!(store.load("new").expect_err("newer").contains("newer than this program's"));
        assert!(store.load_all().expect("listed").is_empty());
    }

    #[test]
    fn one_program_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Store::create(folder.path()).expect("writable");
        assert!(matches!(Store::create(folder.path()), Err(StoreError::Busy(_))));
        drop(first);
        assert!(Store::create(folder.path()).is_ok());
    }

    #[test]
    fn what_a_killed_program_left_is_cleared() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(folder.path()).expect("writable");
        store.write("runs/k.json", b"{}").expect("stored");
        store.write(".work-x/start.npz", b"half").expect("stored");
        store.write("runs/k.npz.part", b"half").expect("stored");
        drop(store);
        let store = Store::create(folder.path()).expect("writable");
        assert!(store.path("runs/k.json").exists());
        assert!(!store.path(".work-x").exists() && !store.path("runs/k.npz.part").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_clear_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "x").expect("written");
        let error = Store::create(&file.join("results")).expect_err("a file is no folder").to_string();
        assert!(error.starts_with("cannot create the folder") && error.contains("file"), "{error}");
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Missing(_))));
    }
}
