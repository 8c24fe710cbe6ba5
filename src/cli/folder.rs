//! A results folder by itself, without its experiment's file.

use super::present::noise;
use crate::analysis::NoiseFloor;
use crate::results::record::Record;
use crate::results::store::Store;
use miette::miette;
use serde_json::Value;
use std::path::Path;

/// What a folder holds of what was asked last.
pub(super) struct Folder {
    pub(super) store: Store,
    pub(super) records: Vec<Record>,
    pub(super) noise: Vec<NoiseFloor>,
    /// `plan.json`, where it is there.
    plan: Value,
}

impl Folder {
    pub(super) fn read(folder: &Path) -> Result<Self, miette::Report> {
        let store = Store::open(folder).map_err(|e| miette!("{e}"))?;
        let mut records = store.load_all().map_err(|e| miette!("{e}"))?;
        // A folder may hold runs of earlier forms of its experiment; what counts is what was asked last.
        let text = std::fs::read(store.path("plan.json")).ok();
        let plan: Value = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        if let Some(keys) = plan["keys"].as_array() {
            let keys: Vec<&str> = keys.iter().filter_map(Value::as_str).collect();
            let mut places: Vec<(usize, Record)> = records
                .into_iter()
                .filter_map(|record| Some((keys.iter().position(|key| *key == record.key)?, record)))
                .collect();
            places.sort_by_key(|place| place.0);
            records = places.into_iter().map(|place| place.1).collect();
        }
        Ok(Folder { noise: noise(&store), store, records, plan })
    }

    /// A part of the experiment as it was asked; null where it is not known.
    pub(super) fn asked(&self, part: &str) -> &Value {
        &self.plan["plan"]["experiment"][part]
    }
}
