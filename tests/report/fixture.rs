//! Invented runs: data sets × ranks × algorithms × seeds with a given number of looks; a few fail, some are disturbed.

use nmfbench::results::record::{Checkpoint, FORMAT, Record};
use serde_json::json;

/// How much of everything.
pub(crate) struct Size {
    pub(crate) data: usize,
    pub(crate) ranks: usize,
    pub(crate) algorithms: usize,
    pub(crate) seeds: usize,
    pub(crate) looks: usize,
}

const NAMES: [&str; 10] = ["mu", "hals", "als", "pgd", "a-hals", "anls-bpp", "gcd", "nenmf", "ao-admm", "mine"];

/// A number between 0 and 1 that looks random and is the same everywhere.
fn noise(parts: &[usize]) -> f64 {
    let hash = parts.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |hash, part| {
        let mixed = (hash ^ *part as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb)
    });
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

pub(crate) fn records(size: &Size) -> Vec<Record> {
    let mut all = Vec::new();
    for data in 0..size.data {
        for rank in 0..size.ranks {
            for seed in 0..size.seeds {
                for algorithm in 0..size.algorithms {
                    all.push(record(size, [data, rank, seed, algorithm]));
                }
            }
        }
    }
    all
}

fn record(size: &Size, [data, rank, seed, algorithm]: [usize; 4]) -> Record {
    let wobble = |salt: usize| noise(&[data, rank, seed, algorithm, salt]);
    let (start, floor) = (50.0 + 20.0 * noise(&[data, rank, seed]), 2.0 + rank as f64);
    let (speed, end) =
        (0.05 + 0.07 * algorithm as f64, floor + 0.3 * wobble(1) + if algorithm == 2 { 3.0 } else { 0.0 });
    let step = 0.01 * (1.0 + 0.2 * wobble(2)) * (1.0 + 0.5 * algorithm as f64);
    let mut trace = Vec::new();
    let mut iteration = 0;
    for look in 0..size.looks {
        let t = iteration as f64;
        let objective = end + (start - end) * (-speed * t).exp() / (1.0 + 0.02 * t);
        trace.push(Checkpoint {
            iteration,
            seconds: step * t,
            cpu_seconds: step * t * 0.99,
            flops: 4.8e4 * t,
            passes: 2.0 * t,
            objective,
            relative_error: (objective / 80.0).sqrt(),
            kkt_residual: (-0.5 * speed * t).exp(),
            sparseness_w: 0.3 + 0.2 * (1.0 - (-speed * t).exp()) + 0.01 * wobble(100 + look),
            sparseness_h: 0.4,
            dead_components: 0,
            repairs: 0,
            scores: None,
        });
        iteration = (iteration + 1).max((iteration as f64 * 1.07) as u64);
    }
    let failed = algorithm == 3 && seed % 5 == 1;
    if failed {
        trace.truncate(size.looks / 2);
    }
    let parameters = if algorithm == 4 { json!({ "alpha": 0.5 }) } else { json!({}) };
    let disturbed =
        json!({ "wall_seconds": 1.0, "involuntary_switches": 900, "probe_before": 1.0, "probe_after": 1.0 });
    // As a record is read, so that what other records may lack need not be named.
    let mut record: Record = serde_json::from_value(json!({
        "format": FORMAT,
        "key": format!("{data}-{rank}-{seed}-{algorithm}"),
        "experiment": "invented",
        "dataset": {
            "name": format!("set{data}"),
            "title": format!("set {data} (synthetic)"),
            "m": 12, "n": 5, "nnz": 60,
            "digest": format!("d{data}"),
            "image": { "height": 4, "width": 3 },
            "synthetic": true,
        },
        "rank": 2 + rank,
        "init": "random",
        "seed": seed,
        "repetition": 0,
        "algorithm": NAMES[algorithm % NAMES.len()],
        "label": NAMES[algorithm % NAMES.len()],
        "parameters": parameters,
        "precision": "f64",
        "threads": 1,
        "status": if failed { "diverged" } else { "budget" },
        "stop_reason": if failed { "the objective is not finite" } else { "iterations" },
        "iterations": trace.last().map(|c| c.iteration),
        "setup_seconds": 0.0,
        "seconds": trace.last().map(|c| c.seconds),
        "cpu_seconds": trace.last().map(|c| c.cpu_seconds),
        "evaluation_seconds": 0.1,
        "peak_memory_bytes": 12 << 20,
        "machine": "m1",
        "version": "0.1.0",
        "started": "2026-01-01T00:00:00Z",
        "factors": null,
        "disturbance": if seed == 2 && algorithm == 1 { disturbed } else { json!(null) },
        "trace": [],
    }))
    .expect("a record");
    record.trace = trace;
    record
}
