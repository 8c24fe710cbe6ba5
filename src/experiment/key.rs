//! Keys of runs and seeds of random streams: hashes of what determines them and of nothing else.

use super::model::{Experiment, External, Init, Timing};
use super::plan::Cell;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Rises when the text that is hashed changes its form.
const FORMAT: u32 = 1;

/// The seed of a random stream, from the base seed and the (axis, value) pairs that say what is drawn, in this order.
/// Every part is hashed with its length before it, so no two lists run together.
#[must_use]
pub fn stream(base_seed: u64, parts: &[(&str, &str)]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"nmfbench stream 1");
    hash.update(base_seed.to_le_bytes());
    for text in parts.iter().flat_map(|(axis, value)| [axis, value]) {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

/// The key of a run; see [`super::plan::Plan::key`].
pub(crate) fn key(experiment: &Experiment, cell: &Cell, dataset: &str, init: Option<&str>) -> String {
    let init = match &cell.init {
        Init::Named(name) => json!({ "name": name }),
        Init::Files { .. } => json!({ "files": init }),
    };
    let mut all = json!({
        "format": FORMAT,
        "objective": experiment.objective,
        "dataset": dataset,
        "rank": cell.rank,
        "init": init,
        "base_seed": experiment.sweep.base_seed,
        "seed": if cell.seeded { cell.seed } else { 0 },
        "repetition": cell.repetition,
        "precision": cell.precision,
        "threads": cell.threads,
        "algorithm": cell.algorithm,
        "parameters": cell.parameters,
        "revision": cell.revision,
        "stop": experiment.stop,
        "checkpoints": experiment.checkpoints,
    });
    if experiment.timing == Timing::Replay && cell.external.is_none() {
        all["timing"] = json!(experiment.timing);
    }
    if cell.twin {
        all["twin"] = json!(true);
    }
    if let Some(external) = &cell.external {
        let External { peer, command, exchange, stochastic: _, digest } = external;
        all["external"] = json!({ "peer": peer, "command": command, "exchange": exchange, "digest": digest });
    }
    let digest = Sha256::digest(canonical(&all).as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// JSON with the keys of every object in order, so that equal values are equal texts.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<(&String, &Value)> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            let pairs = pairs.iter().map(|(key, value)| format!("{}:{}", json!(key), canonical(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_in_every_part() {
        let base = stream(0, &[("rank", "25"), ("seed", "1")]);
        assert_eq!(base, stream(0, &[("rank", "25"), ("seed", "1")]));
        let others = [
            stream(1, &[("rank", "25"), ("seed", "1")]),
            stream(0, &[("rank", "25"), ("seed", "2")]),
            stream(0, &[("rank", "2"), ("5seed", "1")]),
            stream(0, &[("rank", "25seed"), ("", "1")]),
            stream(0, &[("rank", "25")]),
        ];
        assert!(others.iter().all(|other| *other != base));
    }

    #[test]
    fn a_stream_never_changes() {
        // sha256 of the documented bytes; a change here changes every random start there is.
        let hex: String = stream(7, &[("seed", "3")]).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "3f48e5cc");
    }

    #[test]
    fn canonical_text_knows_no_order() {
        let one = json!({ "b": [1, { "y": 0.5, "x": null }], "a": "ü\"" });
        let two = json!({ "a": "ü\"", "b": [1, { "x": null, "y": 0.5 }] });
        assert_eq!(canonical(&one), canonical(&two));
        assert_eq!(canonical(&one), r#"{"a":"ü\"","b":[1,{"x":null,"y":0.5}]}"#);
        assert_ne!(canonical(&json!([1, 2])), canonical(&json!([2, 1])));
    }
}
