//! `merge`: the runs of several results folders in one. Runs of different machines stand beside each other.

use super::{Failure, out};
use crate::analysis::BestValues;
use crate::results::record::Record;
use crate::results::store::Store;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What came of the runs of one folder.
#[derive(Default)]
struct Count {
    new: usize,
    other_machine: usize,
    there: usize,
    repeated: usize,
}

pub(super) fn merge(target: &Path, sources: &[PathBuf]) -> Result<ExitCode, Failure> {
    // All are looked at before anything is written.
    let opened: Result<Vec<Store>, _> = sources.iter().map(|folder| Store::open(folder)).collect();
    let opened = opened.map_err(Failure::failed)?;
    let store = Store::create(target).map_err(Failure::failed)?;
    let mut best: BestValues = read_best(&store);
    for source in &opened {
        let mut count = Count::default();
        for record in source.load_all().map_err(Failure::failed)? {
            add(&store, source, &record, &mut count).map_err(Failure::failed)?;
        }
        best.merge(read_best(source));
        copy_missing(source, &store, "", |name| name.starts_with("machine-") && name.ends_with(".json"));
        copy_missing(source, &store, "", |name| name == "experiment.toml");
        join_plans(source, &store).map_err(Failure::failed)?;
        copy_missing(source, &store, "data", |_| true);
        copy_missing(source, &store, "tries", |name| name.ends_with(".json"));
        out(&format!(
            "{}: {} runs added, {} of a machine that the folder had not, {} there already, {} made twice on one machine \
             (the earlier counts, the other is kept in tries/)",
            source.root().display(),
            count.new,
            count.other_machine,
            count.there,
            count.repeated
        ));
    }
    best.merge(BestValues::over(&store.load_all().map_err(Failure::failed)?));
    let mut text = serde_json::to_vec_pretty(&best).expect("numbers and names are plain data");
    text.push(b'\n');
    store.write("best.json", &text).map_err(Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}

fn add(
    store: &Store,
    source: &Store,
    record: &Record,
    count: &mut Count,
) -> Result<(), crate::results::store::StoreError> {
    let there = store.load_variants(&record.key);
    match there.iter().find(|other| other.machine == record.machine) {
        Some(other) if other == record || other.started == record.started => count.there += 1,
        Some(other) => {
            count.repeated += 1;
            // Not the last, not the fastest: the earlier is what anybody who looked has seen.
            let (kept, moved) = if record.started < other.started { (record, other) } else { (other, record) };
            store.save_variant(kept)?;
            store.save_try(moved, 1000 + u32::try_from(count.repeated).unwrap_or(u32::MAX))?;
        }
        None => {
            if there.is_empty() {
                count.new += 1
            } else {
                count.other_machine += 1
            }
            store.save_variant(record)?;
        }
    }
    if let Some(factors) = &record.factors {
        let (from, to) = (source.path(&factors.path), store.path(&factors.path));
        if from.is_file() && !to.exists() {
            let part = to.with_extension("npz.part");
            if std::fs::copy(&from, &part).is_ok() {
                let _ = std::fs::rename(&part, &to);
            }
        }
    }
    Ok(())
}

/// Adds what the source was asked for to what the target was, where both speak of the same data: a cell counts the data
/// sets of its experiment.
fn join_plans(source: &Store, target: &Store) -> Result<(), crate::results::store::StoreError> {
    let read =
        |store: &Store| -> Option<Value> { serde_json::from_slice(&std::fs::read(store.path("plan.json")).ok()?).ok() };
    let Some(new) = read(source) else { return Ok(()) };
    let mut joined = read(target).unwrap_or_else(|| new.clone());
    if joined["plan"]["experiment"]["dataset"] == new["plan"]["experiment"]["dataset"] {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let (mut cells, mut keys) = (list(&joined["plan"]["cells"]), list(&joined["keys"]));
        for (cell, key) in list(&new["plan"]["cells"]).into_iter().zip(list(&new["keys"])) {
            if !keys.contains(&key) {
                cells.push(cell);
                keys.push(key);
            }
        }
        (joined["plan"]["cells"], joined["keys"]) = (cells.into(), keys.into());
    }
    let mut text = serde_json::to_vec_pretty(&joined).expect("plain data");
    text.push(b'\n');
    target.write("plan.json", &text)
}

fn read_best(store: &Store) -> BestValues {
    let stored = std::fs::read(store.path("best.json")).ok();
    stored.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// Files of a folder that the other has not.
fn copy_missing(from: &Store, to: &Store, folder: &str, wanted: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(from.path(folder)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let relative = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if wanted(&name)
            && !to.path(&relative).exists()
            && let Ok(content) = std::fs::read(entry.path())
        {
            let _ = to.write(&relative, &content);
        }
    }
}
