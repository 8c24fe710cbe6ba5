//! The traces of all runs as columns that a browser can read: numbers, their bytes by place, deflated, base64.

use crate::analysis::{BestValues, Problem, Run, X, Y};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Serialize;
use std::io::Write as _;

/// Up to so many looks each number keeps all its bits; beyond, about five digits are kept so that a page of a million
/// looks stays small enough to send.
const EXACT: usize = 60_000;
/// The bits of the mantissa that are left out then, of the 23 of single precision.
const DROPPED: u32 = 6;

/// How the numbers of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// As they are.
    F64,
    /// Rounded.
    F32,
}

/// One measure of all looks of all runs.
pub(super) struct Column {
    /// As in traces.csv; `objective` is `share` where numbers are rounded, see [`columns`].
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Deflated bytes in base64.
    pub(super) text: String,
}

/// The columns of all runs in order.
///
/// Rounded, an objective would lose what a small gap shows of it: then its distance from the best known is stored, in
/// units of the start's distance (of the best itself, or 1, where there is none).
pub(super) fn columns(problems: &[&Problem<'_>], best: &BestValues) -> Vec<Column> {
    let runs: Vec<&Run<'_>> = problems.iter().flat_map(|p| &p.entrants).flat_map(|e| &e.runs).collect();
    let kind = if runs.iter().map(|r| r.trace.len()).sum::<usize>() <= EXACT { Kind::F64 } else { Kind::F32 };
    let all = |of: &dyn Fn(&Run<'_>) -> Vec<f64>| runs.iter().flat_map(|run| of(run)).collect::<Vec<f64>>();
    let mut columns = Vec::new();
    for x in [X::Seconds, X::Iterations, X::Flops, X::Passes] {
        let values = all(&|run| run.trace.iter().map(|c| x.of(c)).collect());
        columns.push(column(&x.to_string(), kind, &values));
    }
    for y in [Y::Objective, Y::RelativeError, Y::KktResidual, Y::SparsenessW, Y::SparsenessH] {
        let (name, values) = if y == Y::Objective && kind == Kind::F32 {
            ("share".to_owned(), all(&|run| shares(run, best.objective(run.record))))
        } else {
            (y.to_string(), all(&|run| run.trace.iter().map(|c| y.of(c, run.start(), f64::NAN)).collect()))
        };
        columns.push(column(&name, kind, &values));
    }
    columns
}

fn shares(run: &Run<'_>, best: f64) -> Vec<f64> {
    let base = if best.is_finite() { best } else { 0.0 };
    let span = match run.start() - base {
        span if span > 0.0 => span,
        _ if base.abs() > 0.0 => base.abs(),
        _ => 1.0,
    };
    run.trace.iter().map(|c| (c.objective - base) / span).collect()
}

fn column(name: &str, kind: Kind, values: &[f64]) -> Column {
    let bytes: Vec<u8> = match kind {
        Kind::F64 => by_place(values.iter().map(|v| v.to_le_bytes())),
        Kind::F32 => by_place(values.iter().map(|v| rounded(*v).to_le_bytes())),
    };
    Column { name: name.into(), kind, text: deflated(&bytes) }
}

/// To the nearest with fewer bits; whole numbers that single precision holds stay.
fn rounded(value: f64) -> f32 {
    let near = value as f32;
    if !near.is_finite() || f64::from(near).total_cmp(&value).is_eq() && near.fract() == 0.0 {
        return near;
    }
    let half = 1 << (DROPPED - 1);
    f32::from_bits((near.to_bits() + half) & !((1 << DROPPED) - 1))
}

/// All first bytes, then all second ones, and so on: like beside like deflates well.
fn by_place<const N: usize>(values: impl ExactSizeIterator<Item = [u8; N]>) -> Vec<u8> {
    let count = values.len();
    let mut bytes = vec![0; N * count];
    for (i, value) in values.enumerate() {
        for (place, byte) in value.into_iter().enumerate() {
            bytes[place * count + i] = byte;
        }
    }
    bytes
}

/// Deflated (zlib), in base64.
pub(super) fn deflated(bytes: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    STANDARD.encode(written.expect("memory takes what is written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_five_digits_whole_numbers_and_what_is_no_number() {
        for value in [1.234_567_89, 9.999_999e-7, 3.3e20, 0.1] {
            let back = f64::from(rounded(value));
            assert!((back / value - 1.0).abs() < 5e-6, "{value} became {back}");
        }
        for whole in [0.0, 7.0, 1e6, 12345.0] {
            assert!(f64::from(rounded(whole)).total_cmp(&whole).is_eq(), "{whole}");
        }
        assert!(rounded(f64::NAN).is_nan());
    }

    #[test]
    fn bytes_stand_by_place() {
        assert_eq!(by_place([[1, 2], [3, 4], [5, 6]].into_iter()), [1, 3, 5, 2, 4, 6]);
    }
}
