//! `export`: the tables of a results folder for other programs.

use super::{Failure, out};
use crate::results::store::Store;
use crate::results::tables;
use clap::ValueEnum;
use miette::miette;
use std::path::Path;
use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns with types, for pandas, polars, DuckDB, R's arrow
    Parquet,
    /// Text, numbers so that they read back to the same bits
    Csv,
    /// A JSON object a line
    Jsonl,
}

pub(super) fn export(folder: &Path, format: Format, target: Option<&Path>) -> Result<ExitCode, Failure> {
    let store = Store::open(folder).map_err(Failure::failed)?;
    let mut records = store.load_all().map_err(Failure::failed)?;
    records.sort_by(|a, b| a.key.cmp(&b.key));
    let target = target.unwrap_or(folder);
    std::fs::create_dir_all(target).map_err(|e| Failure::Failed(miette!("cannot make {}: {e}", target.display())))?;
    for (name, table) in [("runs", tables::runs(&records)), ("traces", tables::traces(&records))] {
        let (extension, bytes) = match format {
            Format::Parquet => ("parquet", table.parquet().map_err(|e| Failure::Failed(miette!("{e}")))?),
            Format::Csv => ("csv", table.csv()),
            Format::Jsonl => ("jsonl", table.json_lines()),
        };
        let path = target.join(format!("{name}.{extension}"));
        let part = target.join(format!(".{name}.{extension}.part"));
        let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, &path));
        written.map_err(|e| Failure::Failed(miette!("cannot write {}: {e}", path.display())))?;
        out(&path.display().to_string());
    }
    Ok(ExitCode::SUCCESS)
}
