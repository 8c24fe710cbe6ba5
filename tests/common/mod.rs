//! A folder with an experiment in it, and the program to run on it.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A scratch folder of one test.
pub(crate) struct Bench {
    folder: TempDir,
}

/// A small experiment: seconds at most, also unoptimised.
#[allow(dead_code, reason = "each test program uses some of these")]
pub(crate) const SMALL: &str = r#"
name = "small"
question = "Which ends lower?"

[[dataset]]
name = "made"
generator = "low-rank"
m = 30
n = 24
rank = 4
noise = 0.05

[sweep]
rank = [3, 4]
init = ["random", "nndsvda"]
seeds = 2

[stop]
iterations = 40

[[algorithm]]
name = "mu"
[[algorithm]]
name = "als"
[[algorithm]]
name = "hals"
[[algorithm]]
name = "pgd"
"#;

#[allow(dead_code, reason = "each test program uses some of these")]
impl Bench {
    pub(crate) fn new() -> Self {
        Bench { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn with(file: &str, text: &str) -> Self {
        let bench = Bench::new();
        bench.write(file, text.as_bytes());
        bench
    }

    pub(crate) fn write(&self, file: &str, content: &[u8]) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, content).expect("written");
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// The program, in this folder, without the data of the machine.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nmfbench"));
        command.env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        command.current_dir(self.folder.path()).env_remove("NMFBENCH_DATA").env("NO_COLOR", "1").env("COLUMNS", "200");
        command
    }

    /// Standard output and standard error of a call that must end with this code.
    pub(crate) fn call(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = self.program().args(arguments).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
        assert!(!err.contains("panicked"), "{err}");
        (out, err)
    }

    /// Columns of a table of the results, row by row, sorted.
    pub(crate) fn columns(&self, table: &str, names: &[&str]) -> Vec<Vec<String>> {
        columns(&self.path(table), names)
    }
}

pub(crate) fn columns(table: &Path, names: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(table).expect("a table");
    let header = reader.headers().expect("a header").clone();
    let at: Vec<usize> = names
        .iter()
        .map(|name| header.iter().position(|h| h == *name).unwrap_or_else(|| panic!("no column {name}")))
        .collect();
    let mut rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| {
            let row = row.expect("a row");
            at.iter().map(|i| row[*i].to_owned()).collect()
        })
        .collect();
    rows.sort();
    rows
}

/// What a run came to, timings aside.
#[allow(dead_code, reason = "each test program uses some of these")]
pub(crate) const OUTCOME: &[&str] = &[
    "run",
    "dataset",
    "rank",
    "init",
    "seed",
    "algorithm",
    "status",
    "stop_reason",
    "iterations",
    "relative_error",
    "kkt_residual",
    "objective",
    "sparseness_w",
    "flops",
    "factors_sha256",
];

/// What a look saw, timings aside.
#[allow(dead_code, reason = "each test program uses some of these")]
pub(crate) const LOOK: &[&str] = &["run", "iteration", "flops", "objective", "relative_error", "kkt_residual"];
