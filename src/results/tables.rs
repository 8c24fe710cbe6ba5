//! `runs.csv` and `traces.csv`: tidy tables, rebuilt from the records.

use crate::results::record::{Checkpoint, Record};

/// One row a run.
#[must_use]
pub fn runs(records: &[Record]) -> Vec<u8> {
    let header = [
        "run",
        "experiment",
        "dataset",
        "m",
        "n",
        "nnz",
        "rank",
        "init",
        "seed",
        "repetition",
        "algorithm",
        "label",
        "parameters",
        "precision",
        "threads",
        "status",
        "stop_reason",
        "iterations",
        "setup_seconds",
        "seconds",
        "cpu_seconds",
        "relative_error",
        "kkt_residual",
        "objective",
        "sparseness_w",
        "sparseness_h",
        "dead_components",
        "flops",
        "passes",
        "repairs",
        "evaluation_seconds",
        "peak_memory_bytes",
        "machine",
        "version",
        "started",
        "factors_sha256",
    ];
    table(&header, records.iter().map(run_row))
}

fn run_row(r: &Record) -> Vec<String> {
    let last = |value: fn(&Checkpoint) -> String| r.last().map(value).unwrap_or_default();
    vec![
        r.key.clone(),
        r.experiment.clone(),
        r.dataset.name.clone(),
        r.dataset.m.to_string(),
        r.dataset.n.to_string(),
        r.dataset.nnz.to_string(),
        r.rank.to_string(),
        r.init.clone(),
        r.seed.to_string(),
        r.repetition.to_string(),
        r.algorithm.clone(),
        r.label.clone(),
        serde_json::Value::Object(r.parameters.clone()).to_string(),
        r.precision.clone(),
        r.threads.to_string(),
        r.status.to_string(),
        r.stop_reason.clone(),
        r.iterations.to_string(),
        number(r.setup_seconds),
        number(r.seconds),
        number(r.cpu_seconds),
        last(|c| number(c.relative_error)),
        last(|c| number(c.kkt_residual)),
        last(|c| number(c.objective)),
        last(|c| number(c.sparseness_w)),
        last(|c| number(c.sparseness_h)),
        last(|c| c.dead_components.to_string()),
        last(|c| number(c.flops)),
        last(|c| number(c.passes)),
        last(|c| c.repairs.to_string()),
        number(r.evaluation_seconds),
        r.peak_memory_bytes.map(|b| b.to_string()).unwrap_or_default(),
        r.machine.clone(),
        r.version.clone(),
        r.started.clone(),
        r.factors.as_ref().map(|f| f.sha256.clone()).unwrap_or_default(),
    ]
}

/// One row a checkpoint.
#[must_use]
pub fn traces(records: &[Record]) -> Vec<u8> {
    let header = [
        "run",
        "iteration",
        "seconds",
        "cpu_seconds",
        "flops",
        "passes",
        "objective",
        "relative_error",
        "kkt_residual",
        "sparseness_w",
        "sparseness_h",
        "dead_components",
        "repairs",
    ];
    let rows = records.iter().flat_map(|r| r.trace.iter().map(|c| trace_row(&r.key, c)));
    table(&header, rows)
}

fn trace_row(key: &str, c: &Checkpoint) -> Vec<String> {
    vec![
        key.to_owned(),
        c.iteration.to_string(),
        number(c.seconds),
        number(c.cpu_seconds),
        number(c.flops),
        number(c.passes),
        number(c.objective),
        number(c.relative_error),
        number(c.kkt_residual),
        number(c.sparseness_w),
        number(c.sparseness_h),
        c.dead_components.to_string(),
        c.repairs.to_string(),
    ]
}

/// The shortest text that reads back to the same bits; empty for NaN, as tidy tables have it.
fn number(x: f64) -> String {
    if x.is_nan() {
        String::new()
    } else if x != 0.0 && !(1e-4..1e15).contains(&x.abs()) {
        format!("{x:e}")
    } else {
        format!("{x}")
    }
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes any record");
    for row in rows {
        writer.write_record(&row).expect("rows are as long as the header");
    }
    writer.into_inner().expect("memory can be flushed")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::results::record::{DatasetFacts, FORMAT, Status};

    /// A made-up run.
    pub(crate) fn sample(key: &str) -> Record {
        let look = Checkpoint {
            iteration: 0,
            seconds: 0.0,
            cpu_seconds: 0.0,
            flops: 0.0,
            passes: 0.0,
            objective: 12.5,
            relative_error: 0.25,
            kkt_residual: 1.0,
            sparseness_w: f64::NAN,
            sparseness_h: 0.5,
            dead_components: 0,
            repairs: 0,
        };
        // NaN is not equal to itself; a record with one could not be compared.
        let look = Checkpoint { sparseness_w: 0.125, ..look };
        let last = Checkpoint { iteration: 3, seconds: 0.75, flops: 6e20, objective: 1e-7, ..look };
        Record {
            format: FORMAT,
            key: key.into(),
            experiment: "tests".into(),
            dataset: DatasetFacts {
                name: "made, up".into(),
                title: "made up".into(),
                m: 4,
                n: 3,
                nnz: 12,
                digest: "00".into(),
                image: None,
                synthetic: true,
            },
            rank: 2,
            init: "random".into(),
            seed: 1,
            repetition: 0,
            algorithm: "mu".into(),
            label: "mu".into(),
            parameters: serde_json::from_str(r#"{"floor": 1e-16}"#).expect("json"),
            precision: "f64".into(),
            threads: 1,
            status: Status::Budget,
            stop_reason: "iterations".into(),
            iterations: 3,
            setup_seconds: 0.25,
            seconds: 0.75,
            cpu_seconds: 0.5,
            evaluation_seconds: 0.125,
            peak_memory_bytes: None,
            machine: "m".into(),
            version: "0".into(),
            started: "2026-01-01T00:00:00Z".into(),
            factors: None,
            program: None,
            stderr: None,
            trace: vec![look, last],
        }
    }

    #[test]
    fn tables_open_with_the_agreed_columns_and_quote_what_needs_it() {
        let runs = String::from_utf8(runs(&[sample("k")])).expect("text");
        let (header, row) = runs.split_once('\n').expect("two lines");
        assert!(header.starts_with(
            "run,experiment,dataset,m,n,nnz,rank,init,seed,repetition,algorithm,label,parameters,precision,threads,\
             status,stop_reason,iterations,setup_seconds,seconds,cpu_seconds,relative_error,kkt_residual"
        ));
        assert!(
            row.starts_with("k,tests,\"made, up\",4,3,12,2,random,1,0,mu,mu,\"{\"\"floor\"\":1e-16}\",f64,1,budget")
        );
        let traces = String::from_utf8(traces(&[sample("k")])).expect("text");
        assert!(
            traces.starts_with("run,iteration,seconds,cpu_seconds,flops,passes,objective,relative_error,kkt_residual")
        );
        assert_eq!(traces.lines().nth(2), Some("k,3,0.75,0,6e20,0,1e-7,0.25,1,0.125,0.5,0,0"));
    }

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        for x in [0.1 + 0.2, 1e-300, 6.02e23, 1.0 / 3.0, 123_456.789, 0.0, 5e-324] {
            assert_eq!(number(x).parse::<f64>().map(f64::to_bits), Ok(x.to_bits()));
        }
        assert_eq!(number(f64::NAN), "");
    }
}
