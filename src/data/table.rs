//! A table as a file stores it, and the way from there to the matrix A (m×n, column-major).

use super::csc::Csc;
use super::error::DataError;
use crate::results::record::ImageShape;

/// The most values held at once: 2³⁰, 8 GiB as `f64`.
pub(crate) const MAX_VALUES: usize = 1 << 30;

/// No deflate stream grows by more than this when it is unpacked; a file claiming more is lying.
pub(crate) const MAX_INFLATION: u64 = 1032;

/// A dense column-major table of `f64`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// The rows·columns values, one column after the other.
    pub values: Vec<f64>,
}

/// Which index runs fastest in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    RowMajor,
    ColumnMajor,
}

/// A table in the order of its file.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) order: Order,
    pub(crate) values: Vec<f64>,
    /// Set where each column is known to be a picture.
    pub(crate) image: Option<ImageShape>,
    /// The value of full white, where the format knows one.
    pub(crate) full_scale: Option<f64>,
}

/// A sparse table as a file stores it: columns in order, entries checked.
#[derive(Clone, Debug)]
pub(crate) struct SparseStored {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) csc: Csc,
    /// Set where the format says that each column is a sample.
    pub(crate) samples: bool,
    /// The class of each column, where the format has one.
    pub(crate) labels: Option<Vec<u32>>,
    /// The name of each row, where the format has one.
    pub(crate) features: Option<Vec<String>>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Dense(Stored),
    Sparse(SparseStored),
}

impl SparseStored {
    pub(crate) fn new(rows: usize, columns: usize, csc: Csc) -> Self {
        Self { rows, columns, csc, samples: false, labels: None, features: None }
    }
}

impl From<Stored> for Content {
    fn from(stored: Stored) -> Self {
        Self::Dense(stored)
    }
}

impl Stored {
    pub(crate) fn new(rows: usize, columns: usize, order: Order, values: Vec<f64>) -> Self {
        assert_eq!(rows * columns, values.len(), "a table holds rows·columns values");
        Self { rows, columns, order, values, image: None, full_scale: None }
    }

    /// Refuses an empty table and the first entry, row by row, that is NaN, infinite or negative; −0 becomes 0.
    #[cfg(test)]
    pub(crate) fn check(&mut self, origin: &str) -> Result<(), DataError> {
        self.check_as(origin, |_| false)
    }

    /// The same, but for entries that `allowed` lets pass.
    pub(crate) fn check_as(&mut self, origin: &str, allowed: impl Fn(f64) -> bool) -> Result<(), DataError> {
        let (rows, columns) = (self.rows, self.columns);
        if rows == 0 || columns == 0 {
            return Err(DataError::Empty { origin: origin.to_owned(), rows, columns });
        }
        let mut first: Option<(usize, usize, f64)> = None;
        for (index, value) in self.values.iter_mut().enumerate() {
            if (value.is_finite() && *value >= 0.0) || allowed(*value) {
                *value += 0.0;
                continue;
            }
            let (row, column) = match self.order {
                Order::RowMajor => (index / columns, index % columns),
                Order::ColumnMajor => (index % rows, index / rows),
            };
            if first.is_none_or(|(r, c, _)| (row, column) < (r, c)) {
                first = Some((row, column, *value));
            }
        }
        match first {
            None => Ok(()),
            Some((row, column, value)) => Err(DataError::Entry { origin: origin.to_owned(), row, column, value }),
        }
    }

    /// The column-major matrix, or its transpose.
    pub(crate) fn into_table(self, transpose: bool) -> Table {
        let (rows, columns) = if transpose { (self.columns, self.rows) } else { (self.rows, self.columns) };
        // The row-major layout of a table is the column-major layout of its transpose.
        let in_place = transpose == (self.order == Order::RowMajor);
        let values = if in_place { self.values } else { transposed(&self.values, columns, rows) };
        Table { rows, columns, values }
    }
}

/// The column-major `rows×columns` matrix in `values` as the column-major `columns×rows` matrix, in square blocks.
pub(crate) fn transposed(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    const BLOCK: usize = 32;
    let mut out = vec![0.0; values.len()];
    for column_block in (0..columns).step_by(BLOCK) {
        for row_block in (0..rows).step_by(BLOCK) {
            for j in column_block..columns.min(column_block + BLOCK) {
                for i in row_block..rows.min(row_block + BLOCK) {
                    out[j + i * columns] = values[i + j * rows];
                }
            }
        }
    }
    out
}

/// `rows·columns` where that many values may be held.
pub(crate) fn checked_count(origin: &str, dimensions: &[u64]) -> Result<usize, DataError> {
    // A zero anywhere must not hide an overflow of the rest from those who multiply in another order.
    let nonzero = dimensions.iter().map(|&d| d.max(1));
    let product = nonzero.clone().try_fold(1_u64, u64::checked_mul);
    let count = product.and_then(|p| usize::try_from(p).ok()).filter(|&p| p <= MAX_VALUES);
    match count {
        Some(_) if dimensions.contains(&0) => Ok(0),
        Some(count) => Ok(count),
        None => Err(DataError::TooLarge {
            origin: origin.to_owned(),
            found: dimensions.iter().map(u64::to_string).collect::<Vec<_>>().join("×"),
            limit: format!("{MAX_VALUES} values (8 GiB as f64)"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(order: Order) -> Stored {
        Stored::new(2, 3, order, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    }

    #[test]
    fn both_orders_and_both_directions() {
        let rows = table(Order::RowMajor);
        assert_eq!(rows.clone().into_table(false).values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let flipped = rows.into_table(true);
        assert_eq!((flipped.rows, flipped.columns), (3, 2));
        assert_eq!(flipped.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let columns = table(Order::ColumnMajor);
        assert_eq!(columns.clone().into_table(false).values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(columns.into_table(true).values, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }

    #[test]
    fn the_first_bad_entry_is_the_first_by_rows_in_either_order() {
        for order in [Order::RowMajor, Order::ColumnMajor] {
            let mut bad = Stored::new(3, 3, order, vec![0.0; 9]);
            let at = |row: usize, column: usize| match order {
                Order::RowMajor => row * 3 + column,
                Order::ColumnMajor => row + column * 3,
            };
            bad.values[at(1, 2)] = -1.5;
            bad.values[at(2, 0)] = f64::NAN;
            let error = bad.check("t").unwrap_err();
            assert!(error.to_string().starts_with("t: row 1, column 2 (counted from 0): found -1.5"), "{error}");
        }
    }

    #[test]
    fn infinities_are_refused_and_minus_zero_becomes_zero() {
        for bad in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert!(matches!(
                Stored::new(1, 1, Order::RowMajor, vec![bad]).check("t"),
                Err(DataError::Entry { row: 0, column: 0, .. })
            ));
        }
        let mut zero = Stored::new(1, 1, Order::RowMajor, vec![-0.0]);
        zero.check("t").unwrap();
        assert_eq!(zero.values[0].to_bits(), 0);
    }

    #[test]
    fn counts_are_bounded_even_beside_a_zero() {
        assert_eq!(checked_count("t", &[3, 4]).unwrap(), 12);
        assert_eq!(checked_count("t", &[0, 4]).unwrap(), 0);
        assert!(matches!(checked_count("t", &[u64::MAX, 2]), Err(DataError::TooLarge { .. })));
        assert!(matches!(checked_count("t", &[0, u64::MAX, 2]), Err(DataError::TooLarge { .. })));
        assert!(matches!(checked_count("t", &[1 << 16, 1 << 16]), Err(DataError::TooLarge { .. })));
    }

    #[test]
    fn transposing_twice_is_the_identity_over_block_edges() {
        let (rows, columns) = (37, 65);
        let values: Vec<f64> = (0..rows * columns).map(|v| v as f64).collect();
        let once = transposed(&values, rows, columns);
        assert_eq!(once[columns + 2].to_bits(), values[2 * rows + 1].to_bits());
        assert_eq!(transposed(&once, columns, rows), values);
    }
}
