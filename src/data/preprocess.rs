//! What may be done to A (features×samples) before it is factorised, step by step as declared; never more than the stored
//! entries are touched.

use super::error::DataError;
use super::{Dataset, Values};
use serde::{Deserialize, Serialize};

/// A step; `preprocess = [...]` names them in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Leaves out rows without an entry > 0.
    DropZeroRows,
    /// Leaves out columns without an entry > 0.
    DropZeroColumns,
    /// a_ij ← a_ij·ln(n / n_i), n_i the number of columns in which row i is not zero (Salton & Buckley 1988).
    TfIdf,
    /// a_ij ← 1 + ln a_ij where a_ij ≥ 1, a_ij where it is smaller: damped counts.
    LogCounts,
    /// a_ij ← 1 where a_ij > 0.
    Binary,
    /// Rows divided by their sum.
    RowsL1,
    /// Rows divided by their Euclidean norm.
    RowsL2,
    /// Rows divided by their largest entry.
    RowsMax,
    /// Columns divided by their sum.
    ColumnsL1,
    /// Columns divided by their Euclidean norm.
    ColumnsL2,
    /// Columns divided by their largest entry.
    ColumnsMax,
    /// Columns divided by √d_j, d = AᵀA·1: the weights of the normalised cut (Xu, Liu & Gong 2003).
    ColumnsNcw,
    /// Stores all entries.
    Densify,
    /// Stores only the entries that are not zero.
    Sparsify,
}

/// The steps by name, in the order of [`Step`].
pub const STEPS: &[&str] = &[
    "drop-zero-rows",
    "drop-zero-columns",
    "tf-idf",
    "log-counts",
    "binary",
    "rows-l1",
    "rows-l2",
    "rows-max",
    "columns-l1",
    "columns-l2",
    "columns-max",
    "columns-ncw",
    "densify",
    "sparsify",
];

impl Step {
    /// As experiments write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        STEPS[self as usize]
    }

    /// Does it.
    ///
    /// # Errors
    /// [`DataError::Empty`] when nothing is left, [`DataError::Entry`] when a value overflows, [`DataError::TooLarge`].
    pub(crate) fn apply(self, dataset: &mut Dataset) -> Result<(), DataError> {
        let origin = format!("{} after {}", dataset.name, self.name());
        match self {
            Step::DropZeroRows => drop_rows(dataset, &origin),
            Step::DropZeroColumns => drop_columns(dataset, &origin),
            Step::TfIdf => {
                let count = sums(dataset, Side::Row, |_| 1.0, |sum, one| sum + one);
                let n = dataset.n as f64;
                let weights = count.iter().map(|&c| if c > 0.0 { libm::log(n / c) } else { 0.0 }).collect();
                weigh(dataset, Side::Row, weights, &origin)
            }
            Step::LogCounts => elementwise(dataset, &origin, |a| if a >= 1.0 { 1.0 + libm::log(a) } else { a }),
            Step::Binary => elementwise(dataset, &origin, |a| if a > 0.0 { 1.0 } else { 0.0 }),
            Step::RowsL1 => normalise(dataset, Side::Row, Norm::L1, &origin),
            Step::RowsL2 => normalise(dataset, Side::Row, Norm::L2, &origin),
            Step::RowsMax => normalise(dataset, Side::Row, Norm::Max, &origin),
            Step::ColumnsL1 => normalise(dataset, Side::Column, Norm::L1, &origin),
            Step::ColumnsL2 => normalise(dataset, Side::Column, Norm::L2, &origin),
            Step::ColumnsMax => normalise(dataset, Side::Column, Norm::Max, &origin),
            Step::ColumnsNcw => {
                let row = sums(dataset, Side::Row, |a| a, |sum, a| sum + a);
                let mut degree = vec![0.0; dataset.n];
                dataset.values.visit(dataset.m, |i, j, value| degree[j] += value * row[i]);
                weigh(dataset, Side::Column, reciprocal(degree.into_iter().map(f64::sqrt)), &origin)
            }
            Step::Densify => {
                let values = std::mem::replace(&mut dataset.values, Values::Dense(Vec::new()));
                dataset.values = Values::Dense(values.into_dense(dataset.m, dataset.n, &origin)?);
                Ok(())
            }
            Step::Sparsify => {
                let values = std::mem::replace(&mut dataset.values, Values::Dense(Vec::new()));
                dataset.values = Values::Sparse(values.into_sparse(dataset.m));
                Ok(())
            }
        }
    }
}

/// Which index a weight belongs to.
#[derive(Clone, Copy)]
enum Side {
    Row,
    Column,
}

#[derive(Clone, Copy)]
enum Norm {
    L1,
    L2,
    Max,
}

/// For each row or column: `add` over what `of` makes of its entries > 0.
fn sums(dataset: &Dataset, side: Side, of: impl Fn(f64) -> f64, add: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; if matches!(side, Side::Row) { dataset.m } else { dataset.n }];
    dataset.values.visit(dataset.m, |row, column, value| {
        if value > 0.0 {
            let sum = &mut sums[if matches!(side, Side::Row) { row } else { column }];
            *sum = add(*sum, of(value));
        }
    });
    sums
}

fn reciprocal(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    numbers.map(|number| if number > 0.0 { 1.0 / number } else { 0.0 }).collect()
}

fn normalise(dataset: &mut Dataset, side: Side, norm: Norm, origin: &str) -> Result<(), DataError> {
    // The largest entry goes first, so that squares neither overflow nor vanish.
    let largest = sums(dataset, side, |a| a, f64::max);
    scale(dataset, side, &largest, origin)?;
    let norms = match norm {
        Norm::Max => return Ok(()),
        Norm::L1 => sums(dataset, side, |a| a, |sum, a| sum + a),
        Norm::L2 => sums(dataset, side, |a| a * a, |sum, a| sum + a).into_iter().map(f64::sqrt).collect(),
    };
    scale(dataset, side, &norms, origin)
}

/// Divides rows or columns, but for those that would be divided by 0.
fn scale(dataset: &mut Dataset, side: Side, by: &[f64], origin: &str) -> Result<(), DataError> {
    let divide = |value: f64, by: f64| if by > 0.0 { value / by } else { value };
    apply(dataset, side, by, divide, origin)
}

fn weigh(dataset: &mut Dataset, side: Side, weights: Vec<f64>, origin: &str) -> Result<(), DataError> {
    apply(dataset, side, &weights, |value, weight| value * weight, origin)
}

/// The truth follows: D(WH) = (DW)H and (WH)D = W(HD).
fn apply(
    dataset: &mut Dataset,
    side: Side,
    by: &[f64],
    change: impl Fn(f64, f64) -> f64,
    origin: &str,
) -> Result<(), DataError> {
    match side {
        Side::Row => dataset.values.map(dataset.m, origin, |row, _, value| change(value, by[row]))?,
        Side::Column => dataset.values.map(dataset.m, origin, |_, column, value| change(value, by[column]))?,
    }
    for part in &mut dataset.parts {
        let truth = if matches!(side, Side::Row) { &mut part.values } else { &mut part.activations };
        truth.iter_mut().zip(by).for_each(|(value, by)| *value = change(*value, *by));
    }
    Ok(())
}

fn elementwise(dataset: &mut Dataset, origin: &str, map: impl Fn(f64) -> f64) -> Result<(), DataError> {
    // What A is the product of does not survive.
    dataset.parts.clear();
    dataset.values.map(dataset.m, origin, |_, _, value| map(value))
}

/// The positions of what is not zero.
fn kept(dataset: &Dataset, side: Side) -> Vec<usize> {
    let sums = sums(dataset, side, |_| 1.0, f64::max);
    (0..sums.len()).filter(|&at| sums[at] > 0.0).collect()
}

pub(super) fn pick<T: Clone>(items: &[T], kept: &[usize]) -> Vec<T> {
    kept.iter().map(|&at| items[at].clone()).collect()
}

fn drop_rows(dataset: &mut Dataset, origin: &str) -> Result<(), DataError> {
    let kept = kept(dataset, Side::Row);
    if kept.len() == dataset.m {
        return Ok(());
    }
    let mut place = vec![0; dataset.m];
    (0_u32..).zip(&kept).for_each(|(new, &old)| place[old] = new);
    match &mut dataset.values {
        Values::Dense(values) => *values = values.chunks(dataset.m).flat_map(|column| pick(column, &kept)).collect(),
        Values::Sparse(csc) => csc.rows.iter_mut().for_each(|row| *row = place[*row as usize]),
    }
    dataset.m = kept.len();
    dataset.image = None;
    dataset.features = dataset.features.as_ref().map(|names| pick(names, &kept));
    dataset.parts.iter_mut().for_each(|part| part.values = pick(&part.values, &kept));
    nonempty(dataset, origin)
}

fn drop_columns(dataset: &mut Dataset, origin: &str) -> Result<(), DataError> {
    let kept = kept(dataset, Side::Column);
    if kept.len() == dataset.n {
        return Ok(());
    }
    keep_columns(dataset, &kept);
    nonempty(dataset, origin)
}

/// Leaves the columns `kept`, with what is known of each.
pub(super) fn keep_columns(dataset: &mut Dataset, kept: &[usize]) {
    dataset.values = dataset.values.columns(dataset.m, kept);
    dataset.weights = dataset.weights.as_ref().map(|weights| weights.columns(dataset.m, kept));
    dataset.n = kept.len();
    dataset.labels = dataset.labels.as_ref().map(|labels| pick(labels, kept));
    for part in dataset.parts.iter_mut().filter(|part| !part.activations.is_empty()) {
        part.activations = pick(&part.activations, kept);
    }
}

fn nonempty(dataset: &Dataset, origin: &str) -> Result<(), DataError> {
    let (rows, columns) = (dataset.m, dataset.n);
    if rows > 0 && columns > 0 {
        return Ok(());
    }
    Err(DataError::Empty { origin: origin.to_owned(), rows, columns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Part;

    /// 3 terms × 4 documents; the second term and the third document are empty.
    fn counts() -> Dataset {
        let mut dataset =
            Dataset::new("counts", 3, 4, vec![2.0, 0.0, 1.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0]);
        dataset.labels = Some(vec![0, 1, 2, 3]);
        dataset.features = Some(["a", "b", "c"].map(String::from).to_vec());
        dataset.parts = vec![Part { name: "p".into(), values: vec![1.0, 2.0, 3.0], activations: vec![1.0; 4] }];
        dataset
    }

    fn both(steps: &[Step]) -> Dataset {
        let (mut dense, mut sparse) = (counts(), counts());
        Step::Sparsify.apply(&mut sparse).unwrap();
        for step in steps {
            step.apply(&mut dense).unwrap();
            step.apply(&mut sparse).unwrap();
        }
        assert!(sparse.values.dense().is_none());
        assert_eq!((sparse.m, sparse.n, &sparse.labels), (dense.m, dense.n, &dense.labels));
        Step::Densify.apply(&mut sparse).unwrap();
        assert_eq!(sparse.values, dense.values, "{steps:?}");
        dense
    }

    #[test]
    fn names_and_steps_agree() {
        for (at, name) in STEPS.iter().enumerate() {
            let step: Step = serde_json::from_value(serde_json::json!(name)).unwrap();
            assert_eq!((step as usize, step.name()), (at, *name));
        }
    }

    #[test]
    fn empty_rows_and_columns_go_with_what_is_known_of_them() {
        let dropped = both(&[Step::DropZeroRows, Step::DropZeroColumns]);
        assert_eq!((dropped.m, dropped.n), (2, 3));
        assert_eq!(dropped.values.dense().unwrap(), [2.0, 1.0, 0.0, 3.0, 0.0, 4.0]);
        assert_eq!(dropped.labels, Some(vec![0, 1, 3]));
        assert_eq!(dropped.features, Some(vec!["a".into(), "c".into()]));
        assert_eq!((&dropped.parts[0].values[..], dropped.parts[0].activations.len()), (&[1.0, 3.0][..], 3));
        let mut zero = Dataset::new("zero", 2, 1, vec![0.0; 2]);
        let error = Step::DropZeroRows.apply(&mut zero).unwrap_err().to_string();
        assert!(error.starts_with("zero after drop-zero-rows: found an empty matrix (0×1)"), "{error}");
    }

    #[test]
    fn norms_become_one_and_empty_lines_stay() {
        let l1 = both(&[Step::ColumnsL1]);
        assert_eq!(l1.values.dense().unwrap()[..3], [2.0 / 3.0, 0.0, 1.0 / 3.0].map(|v| f64::max(v, 0.0)));
        let l2 = both(&[Step::RowsL2]);
        let third: f64 = l2.values.dense().unwrap().iter().skip(2).step_by(3).map(|v| v * v).sum();
        assert!((third - 1.0).abs() < 1e-15);
        assert!((l2.parts[0].values[2] - 3.0 / 26.0_f64.sqrt()).abs() < 1e-15, "the truth is scaled along");
        assert_eq!(both(&[Step::ColumnsMax]).values.dense().unwrap()[..3], [1.0, 0.0, 0.5]);
        assert_eq!(both(&[Step::RowsMax]).values.dense().unwrap()[9..], [0.0, 0.0, 1.0]);
        both(&[Step::RowsL1]);
        both(&[Step::ColumnsL2]);
    }

    #[test]
    fn weights_by_hand() {
        let weighed = both(&[Step::TfIdf]);
        let values = weighed.values.dense().unwrap();
        // The first term is in one document of four, the third in three.
        assert!(
            (values[0] - 2.0 * 4.0_f64.ln()).abs() < 1e-15 && (values[11] - 4.0 * (4.0 / 3.0_f64).ln()).abs() < 1e-15
        );
        let ncw = both(&[Step::ColumnsNcw]);
        // d₀ = a₀·(a₀ + a₁ + a₂ + a₃) = (2, 0, 1)·(2, 0, 8) = 12.
        assert!((ncw.values.dense().unwrap()[0] - 2.0 / 12.0_f64.sqrt()).abs() < 1e-15);
        let log = both(&[Step::LogCounts]);
        assert!((log.values.dense().unwrap()[5] - (1.0 + 3.0_f64.ln())).abs() < 1e-15 && log.parts.is_empty());
        assert_eq!(both(&[Step::Binary]).values.dense().unwrap()[..6], [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn terms_of_every_document_vanish_under_tf_idf() {
        let mut dataset = Dataset::new("t", 2, 2, vec![1.0, 2.0, 3.0, 0.0]);
        Step::Sparsify.apply(&mut dataset).unwrap();
        Step::TfIdf.apply(&mut dataset).unwrap();
        assert_eq!((dataset.values.nonzeros(), dataset.values.stored().len()), (1, 1));
    }
}
