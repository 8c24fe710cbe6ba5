//! `runs.csv` and `traces.csv`: tidy tables, rebuilt from the records; the same tables for other programs.

use crate::results::record::{Checkpoint, ProgramMode, Record};
use crate::results::scores::Scores;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fmt::Write;
use std::sync::Arc;

/// A tidy table: named columns, and a value for each in every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

/// One value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A count; `None` where there is none.
    Whole(Option<u64>),
    /// A number; NaN where there is none.
    Number(f64),
}

type RunColumn = (&'static str, fn(&Record) -> Value);
type LookColumn = (&'static str, fn(&str, &Checkpoint) -> Value);

const RUN: &[RunColumn] = &[
    ("run", |r| text(&r.key)),
    ("experiment", |r| text(&r.experiment)),
    ("dataset", |r| text(&r.dataset.name)),
    ("m", |r| whole(r.dataset.m as u64)),
    ("n", |r| whole(r.dataset.n as u64)),
    ("nnz", |r| whole(r.dataset.nnz as u64)),
    ("rank", |r| whole(r.rank as u64)),
    ("init", |r| text(&r.init)),
    ("seed", |r| whole(r.seed)),
    ("repetition", |r| whole(r.repetition.into())),
    ("algorithm", |r| text(&r.algorithm)),
    ("label", |r| text(&r.label)),
    ("parameters", |r| Value::Text(serde_json::Value::Object(r.parameters.clone()).to_string())),
    ("precision", |r| text(&r.precision)),
    ("threads", |r| whole(r.threads as u64)),
    ("status", |r| Value::Text(r.status.to_string())),
    ("stop_reason", |r| text(&r.stop_reason)),
    ("iterations", |r| whole(r.iterations)),
    ("setup_seconds", |r| Value::Number(r.setup_seconds)),
    ("seconds", |r| Value::Number(r.seconds)),
    ("cpu_seconds", |r| Value::Number(r.cpu_seconds)),
    ("relative_error", |r| last(r, |c| c.relative_error)),
    ("kkt_residual", |r| last(r, |c| c.kkt_residual)),
    ("objective", |r| last(r, |c| c.objective)),
    ("sparseness_w", |r| last(r, |c| c.sparseness_w)),
    ("sparseness_h", |r| last(r, |c| c.sparseness_h)),
    ("dead_components", |r| Value::Whole(r.last().map(|c| c.dead_components as u64))),
    ("flops", |r| last(r, |c| c.flops)),
    ("passes", |r| last(r, |c| c.passes)),
    ("repairs", |r| Value::Whole(r.last().map(|c| c.repairs))),
    ("evaluation_seconds", |r| Value::Number(r.evaluation_seconds)),
    ("products_seconds", |r| Value::Number(r.parts.map_or(f64::NAN, |p| p.products))),
    ("gram_seconds", |r| Value::Number(r.parts.map_or(f64::NAN, |p| p.gram))),
    ("update_seconds", |r| Value::Number(r.parts.map_or(f64::NAN, |p| p.update))),
    ("peak_memory_bytes", |r| Value::Whole(r.peak_memory_bytes)),
    ("machine", |r| text(&r.machine)),
    ("version", |r| text(&r.version)),
    ("started", |r| text(&r.started)),
    ("factors_sha256", |r| text(r.factors.as_ref().map_or("", |f| &f.sha256))),
    ("solver", |r| text(r.program.as_ref().map_or("", |p| &p.solver))),
    ("solver_version", |r| text(r.program.as_ref().map_or("", |p| &p.version))),
    ("minimised", |r| Value::Text(minimised(r))),
    ("timing", |r| text(&r.timing)),
    ("nondeterministic", |r| text(if r.nondeterministic { "yes" } else { "no" })),
    ("disturbed", |r| Value::Text(r.marks().iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))),
    ("tries", |r| whole(r.tries.into())),
    ("involuntary_switches", |r| Value::Whole(r.disturbance.and_then(|d| d.involuntary_switches))),
    ("major_faults", |r| Value::Whole(r.disturbance.and_then(|d| d.major_faults))),
    ("stall_seconds", |r| Value::Number(r.disturbance.and_then(|d| d.stall_seconds).unwrap_or(f64::NAN))),
    ("steal_seconds", |r| Value::Number(r.disturbance.and_then(|d| d.steal_seconds).unwrap_or(f64::NAN))),
    ("probe_before_seconds", |r| Value::Number(r.disturbance.map_or(f64::NAN, |d| d.probe_before))),
    ("probe_after_seconds", |r| Value::Number(r.disturbance.map_or(f64::NAN, |d| d.probe_after))),
    ("recovery", |r| scored(r, |s| s.recovery)),
    ("recovery_least", |r| scored(r, |s| s.recovery_least)),
    ("recovery_h", |r| scored(r, |s| s.recovery_h)),
    ("angle", |r| scored(r, |s| s.angle)),
    ("angle_greatest", |r| scored(r, |s| s.angle_greatest)),
    ("amari", |r| scored(r, |s| s.amari)),
    ("accuracy", |r| scored(r, |s| s.accuracy)),
    ("nmi", |r| scored(r, |s| s.nmi)),
    ("ari", |r| scored(r, |s| s.ari)),
    ("recognition", |r| scored(r, |s| s.recognition)),
    ("recognition_pca", |r| scored(r, |s| s.recognition_pca)),
    ("mode", |r| text(r.program.as_ref().map_or("", |p| mode(p.mode)))),
];

const TRACE: &[LookColumn] = &[
    ("run", |key, _| text(key)),
    ("iteration", |_, c| whole(c.iteration)),
    ("seconds", |_, c| Value::Number(c.seconds)),
    ("cpu_seconds", |_, c| Value::Number(c.cpu_seconds)),
    ("flops", |_, c| Value::Number(c.flops)),
    ("passes", |_, c| Value::Number(c.passes)),
    ("objective", |_, c| Value::Number(c.objective)),
    ("relative_error", |_, c| Value::Number(c.relative_error)),
    ("kkt_residual", |_, c| Value::Number(c.kkt_residual)),
    ("sparseness_w", |_, c| Value::Number(c.sparseness_w)),
    ("sparseness_h", |_, c| Value::Number(c.sparseness_h)),
    ("dead_components", |_, c| whole(c.dead_components as u64)),
    ("repairs", |_, c| whole(c.repairs)),
];

/// As experiments write it.
fn minimised(r: &Record) -> String {
    match serde_json::json!(r.objective) {
        serde_json::Value::String(name) => name,
        other => other.to_string(),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn whole(count: u64) -> Value {
    Value::Whole(Some(count))
}

fn last(r: &Record, value: fn(&Checkpoint) -> f64) -> Value {
    Value::Number(r.last().map_or(f64::NAN, value))
}

fn scored(r: &Record, score: fn(&Scores) -> f64) -> Value {
    Value::Number(r.last().and_then(|c| c.scores).map_or(f64::NAN, |scores| score(&scores)))
}

fn mode(mode: ProgramMode) -> &'static str {
    match mode {
        ProgramMode::Continue => "continue",
        ProgramMode::Restart => "restart",
    }
}

/// One row a run.
#[must_use]
pub fn runs(records: &[Record]) -> Table {
    let rows = records.iter().map(|r| RUN.iter().map(|(_, value)| value(r)).collect());
    Table { columns: RUN.iter().map(|(name, _)| *name).collect(), rows: rows.collect() }
}

/// One row a checkpoint.
#[must_use]
pub fn traces(records: &[Record]) -> Table {
    let looks = records.iter().flat_map(|r| r.trace.iter().map(move |c| (r, c)));
    let rows = looks.map(|(r, c)| TRACE.iter().map(|(_, value)| value(&r.key, c)).collect());
    Table { columns: TRACE.iter().map(|(name, _)| *name).collect(), rows: rows.collect() }
}

impl Table {
    /// Comma-separated, numbers so that they read back to the same bits, empty where there is none.
    #[must_use]
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).expect("memory takes any record");
        for row in &self.rows {
            writer.write_record(row.iter().map(Value::plain)).expect("rows are as long as the header");
        }
        writer.into_inner().expect("memory can be flushed")
    }

    /// A JSON object a line, `null` where there is no value.
    #[must_use]
    pub fn json_lines(&self) -> Vec<u8> {
        let mut lines = String::new();
        for row in &self.rows {
            let pairs = self.columns.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.json()));
            let _ = writeln!(lines, "{}", serde_json::Value::Object(pairs.collect()));
        }
        lines.into_bytes()
    }

    /// Parquet: text, 64-bit integers and doubles, null where there is no value.
    ///
    /// # Errors
    /// When the writer refuses.
    pub fn parquet(&self) -> Result<Vec<u8>, ParquetError> {
        let mut schema = String::from("message table {\n");
        for (at, name) in self.columns.iter().enumerate() {
            let kind = match self.rows.first().map(|row| &row[at]) {
                Some(Value::Whole(_)) => format!("optional int64 {name}"),
                Some(Value::Number(_)) => format!("optional double {name}"),
                _ => format!("required binary {name} (UTF8)"),
            };
            let _ = writeln!(schema, "  {kind};");
        }
        schema.push('}');
        let schema = Arc::new(parse_message_type(&schema)?);
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default()))?;
        let mut group = writer.next_row_group()?;
        let mut at = 0;
        while let Some(mut column) = group.next_column()? {
            let values = self.rows.iter().map(|row| &row[at]);
            let levels: Vec<i16> = values.clone().map(|value| i16::from(!value.is_missing())).collect();
            match self.rows.first().map(|row| &row[at]) {
                Some(Value::Whole(_)) => {
                    let whole: Vec<i64> = values.filter_map(Value::whole).collect();
                    column.typed::<Int64Type>().write_batch(&whole, Some(&levels), None)?;
                }
                Some(Value::Number(_)) => {
                    let numbers: Vec<f64> = values.filter_map(Value::number).collect();
                    column.typed::<DoubleType>().write_batch(&numbers, Some(&levels), None)?;
                }
                _ => {
                    let texts: Vec<ByteArray> =
                        values.map(|value| ByteArray::from(value.plain().into_bytes())).collect();
                    column.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
                }
            }
            column.close()?;
            at += 1;
        }
        group.close()?;
        writer.into_inner()
    }
}

impl Value {
    fn is_missing(&self) -> bool {
        matches!(self, Value::Whole(None)) || matches!(self, Value::Number(x) if x.is_nan())
    }

    fn whole(&self) -> Option<i64> {
        match self {
            Value::Whole(Some(count)) => Some(i64::try_from(*count).unwrap_or(i64::MAX)),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Number(x) if !x.is_nan() => Some(*x),
            _ => None,
        }
    }

    fn plain(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Whole(count) => count.map(|count| count.to_string()).unwrap_or_default(),
            Value::Number(x) => number(*x),
        }
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Value::Text(text) => text.as_str().into(),
            Value::Whole(count) => (*count).into(),
            Value::Number(x) => (*x).into(),
        }
    }
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
            scores: None,
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
                sparse: false,
                image: None,
                synthetic: true,
            },
            objective: nmfbench_algorithms::Objective::Frobenius,
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
            parts: None,
            peak_memory_bytes: None,
            machine: "m".into(),
            version: "0".into(),
            started: "2026-01-01T00:00:00Z".into(),
            factors: None,
            program: None,
            stderr: None,
            disturbance: None,
            tries: 0,
            timing: "paused".into(),
            nondeterministic: false,
            trace: vec![look, last],
        }
    }

    #[test]
    fn tables_open_with_the_agreed_columns_and_quote_what_needs_it() {
        let runs = String::from_utf8(runs(&[sample("k")]).csv()).expect("text");
        let (header, row) = runs.split_once('\n').expect("two lines");
        assert!(header.starts_with(
            "run,experiment,dataset,m,n,nnz,rank,init,seed,repetition,algorithm,label,parameters,precision,threads,\
             status,stop_reason,iterations,setup_seconds,seconds,cpu_seconds,relative_error,kkt_residual"
        ));
        assert!(
            row.starts_with("k,tests,\"made, up\",4,3,12,2,random,1,0,mu,mu,\"{\"\"floor\"\":1e-16}\",f64,1,budget")
        );
        let traces = String::from_utf8(traces(&[sample("k")]).csv()).expect("text");
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

    #[test]
    fn parquet_and_json_hold_what_the_csv_holds() {
        use parquet::file::reader::{FileReader, SerializedFileReader};
        use parquet::record::RowAccessor;
        let mut second = sample("second");
        second.peak_memory_bytes = None;
        second.cpu_seconds = f64::NAN;
        let table = runs(&[sample("first"), second]);
        let at = |name: &str| table.columns.iter().position(|column| *column == name).expect(name);
        let bytes: bytes::Bytes = table.parquet().expect("written").into();
        let reader = SerializedFileReader::new(bytes).expect("a Parquet file");
        let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
        assert_eq!((rows.len(), rows[0].len()), (2, table.columns.len()));
        assert_eq!(rows[1].get_string(at("run")).expect("text"), "second");
        assert_eq!(
            rows[0].get_double(at("cpu_seconds")).expect("a number").to_bits(),
            sample("k").cpu_seconds.to_bits()
        );
        assert!(rows[1].get_double(at("cpu_seconds")).is_err() && rows[1].get_long(at("peak_memory_bytes")).is_err());
        let lines = String::from_utf8(table.json_lines()).expect("text");
        let line: serde_json::Value = serde_json::from_str(lines.lines().nth(1).expect("a second line")).expect("JSON");
        assert!(line["cpu_seconds"].is_null() && line["run"] == "second");
    }
}
