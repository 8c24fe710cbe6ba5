//! Invented records for tests.

use crate::results::record::{Checkpoint, DatasetFacts, FORMAT, ImageShape, Record, Status};
use nmfbench_algorithms::Objective;

/// One look with the given objective; the other measures follow from it.
pub(crate) fn checkpoint(iteration: u64, seconds: f64, objective: f64) -> Checkpoint {
    Checkpoint {
        iteration,
        seconds,
        cpu_seconds: seconds,
        flops: 1e6 * iteration as f64,
        passes: 2.0 * iteration as f64,
        objective,
        relative_error: (objective / 50.0).sqrt(),
        kkt_residual: objective / 100.0,
        sparseness_w: 0.3,
        sparseness_h: 0.4,
        dead_components: 0,
        repairs: 0,
        scores: None,
    }
}

/// A run with these objectives at iterations 0, 1, 2, …, each of one tenth of a second.
pub(crate) fn run(algorithm: &str, seed: u64, objectives: &[f64]) -> Record {
    let trace: Vec<Checkpoint> =
        objectives.iter().enumerate().map(|(i, f)| checkpoint(i as u64, 0.1 * i as f64, *f)).collect();
    let end = trace.last().map_or((0, 0.0), |c| (c.iteration, c.seconds));
    Record {
        format: FORMAT,
        key: format!("{algorithm}-{seed}"),
        experiment: "invented".into(),
        dataset: DatasetFacts {
            name: "blobs".into(),
            title: "invented blobs (synthetic)".into(),
            m: 12,
            n: 5,
            nnz: 60,
            digest: "d1".into(),
            sparse: false,
            image: Some(ImageShape { height: 4, width: 3 }),
            synthetic: true,
        },
        objective: Objective::Frobenius,
        rank: 2,
        init: "random".into(),
        seed,
        repetition: 0,
        algorithm: algorithm.into(),
        label: algorithm.into(),
        parameters: serde_json::Map::new(),
        precision: "f64".into(),
        threads: 1,
        status: Status::Budget,
        stop_reason: "iterations".into(),
        iterations: end.0,
        setup_seconds: 0.0,
        seconds: end.1,
        cpu_seconds: end.1,
        evaluation_seconds: 0.0,
        parts: None,
        peak_memory_bytes: None,
        machine: "m1".into(),
        version: "0.1.0".into(),
        started: "2026-01-01T00:00:00Z".into(),
        factors: None,
        program: None,
        stderr: None,
        disturbance: None,
        tries: 0,
        timing: "paused".into(),
        nondeterministic: false,
        trace,
    }
}

/// The same run with other times at its checkpoints.
pub(crate) fn at(mut record: Record, seconds: &[f64]) -> Record {
    for (look, t) in record.trace.iter_mut().zip(seconds) {
        look.seconds = *t;
    }
    record.seconds = record.trace.last().map_or(0.0, |c| c.seconds);
    record
}

/// The same run, failed.
pub(crate) fn failed(mut record: Record, status: Status) -> Record {
    record.status = status;
    record
}
