//! The entries of A: all of them, or those that are not zero.

use super::csc::Csc;
use super::error::DataError;
use super::request::Missing;
use super::table::{checked_count, transposed};
use faer::MatRef;
use nmfbench_algorithms::{InvalidMatrix, Matrix, Sparse};
use sha2::{Digest, Sha256};

/// The entries of a matrix A (m×n), finite, and ≥ 0 unless they were asked for with a sign.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// All m·n, column by column.
    Dense(Vec<f64>),
    /// Those that are not zero.
    Sparse(Csc),
}

impl Values {
    /// The dense entries, where they are dense.
    #[must_use]
    pub fn dense(&self) -> Option<&[f64]> {
        match self {
            Self::Dense(values) => Some(values),
            Self::Sparse(_) => None,
        }
    }

    /// The m×n matrix in the form in which its entries are held; signs are the loader's affair.
    ///
    /// # Errors
    /// Names the first entry that no such matrix may have.
    pub fn into_matrix(self, m: usize, n: usize) -> Result<Matrix<f64>, InvalidMatrix> {
        match self {
            Self::Dense(values) => Matrix::signed(MatRef::from_column_major_slice(&values, m, n)),
            Self::Sparse(csc) => Sparse::from_csc(m, n, csc.starts, csc.rows, csc.values).map(Matrix::Sparse),
        }
    }

    /// Entries held: m·n, or those that are not zero.
    #[must_use]
    pub fn stored(&self) -> &[f64] {
        match self {
            Self::Dense(values) => values,
            Self::Sparse(csc) => &csc.values,
        }
    }

    /// Entries that are not zero.
    #[must_use]
    pub fn nonzeros(&self) -> usize {
        self.stored().iter().filter(|value| value.abs() > 0.0).count()
    }

    /// Column j of the m×n matrix, zeros included.
    #[must_use]
    pub fn column(&self, m: usize, j: usize) -> Vec<f64> {
        match self {
            Self::Dense(values) => values[j * m..(j + 1) * m].to_vec(),
            Self::Sparse(csc) => {
                let mut column = vec![0.0; m];
                let inside = csc.starts[j]..csc.starts[j + 1];
                csc.rows[inside.clone()].iter().zip(&csc.values[inside]).for_each(|(&i, &v)| column[i as usize] = v);
                column
            }
        }
    }

    /// The columns `kept` of a matrix of m rows, in their order.
    pub(crate) fn columns(&self, m: usize, kept: &[usize]) -> Self {
        match self {
            Self::Dense(values) => {
                Self::Dense(kept.iter().flat_map(|&j| values[j * m..(j + 1) * m].iter().copied()).collect())
            }
            Self::Sparse(csc) => {
                let mut chosen = Csc { starts: vec![0], ..Csc::default() };
                for &j in kept {
                    let inside = csc.starts[j]..csc.starts[j + 1];
                    chosen.rows.extend_from_slice(&csc.rows[inside.clone()]);
                    chosen.values.extend_from_slice(&csc.values[inside]);
                    chosen.starts.push(chosen.values.len());
                }
                Self::Sparse(chosen)
            }
        }
    }

    /// sha256 (hex) over m and n as little-endian u64, then the column-major values as little-endian f64; for sparse
    /// values over the word `csc`, m, n and the number of entries, then starts (u64), rows (u32) and values.
    #[must_use]
    pub fn digest(&self, m: usize, n: usize) -> String {
        let mut hash = Sha256::new();
        let sizes = |hash: &mut Sha256, sizes: &[usize]| {
            sizes.iter().for_each(|&size| hash.update((size as u64).to_le_bytes()));
        };
        match self {
            Self::Dense(values) => {
                sizes(&mut hash, &[m, n]);
                update(&mut hash, values, |value| value.to_le_bytes());
            }
            Self::Sparse(Csc { starts, rows, values }) => {
                hash.update(b"csc");
                sizes(&mut hash, &[m, n, values.len()]);
                update(&mut hash, starts, |&start| (start as u64).to_le_bytes());
                update(&mut hash, rows, |row| row.to_le_bytes());
                update(&mut hash, values, |value| value.to_le_bytes());
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Calls `visit` with row, column and value of each stored entry of a matrix of m rows, column by column.
    pub(crate) fn visit(&self, m: usize, mut visit: impl FnMut(usize, usize, f64)) {
        match self {
            Self::Dense(values) => {
                for (column, values) in values.chunks(m).enumerate() {
                    values.iter().enumerate().for_each(|(row, &value)| visit(row, column, value));
                }
            }
            Self::Sparse(csc) => {
                for (column, bounds) in csc.starts.windows(2).enumerate() {
                    (bounds[0]..bounds[1]).for_each(|at| visit(csc.rows[at] as usize, column, csc.values[at]));
                }
            }
        }
    }

    /// Replaces each stored entry of a matrix of m rows by what `map` makes of row, column and value. `map` takes 0 to 0;
    /// results must be finite and ≥ 0, those that are 0 are stored no longer where zeros are not.
    ///
    /// # Errors
    /// [`DataError::Entry`] for the first result that is not finite.
    pub(crate) fn map(
        &mut self,
        m: usize,
        origin: &str,
        map: impl Fn(usize, usize, f64) -> f64,
    ) -> Result<(), DataError> {
        let apply = |row: usize, column: usize, value: &mut f64| {
            *value = map(row, column, *value);
            match value.is_finite() {
                true => Ok(()),
                false => Err(DataError::Entry { origin: origin.to_owned(), row, column, value: *value }),
            }
        };
        match self {
            Self::Dense(values) => {
                for (column, values) in values.chunks_mut(m).enumerate() {
                    values.iter_mut().enumerate().try_for_each(|(row, value)| apply(row, column, value))?;
                }
            }
            Self::Sparse(csc) => {
                for (column, bounds) in csc.starts.windows(2).enumerate() {
                    let inside = bounds[0]..bounds[1];
                    let mut entries = csc.rows[inside.clone()].iter().zip(&mut csc.values[inside]);
                    entries.try_for_each(|(&row, value)| apply(row as usize, column, value))?;
                }
                csc.retain(|_, value| value > 0.0);
            }
        }
        Ok(())
    }

    /// Takes out what stands for entries that are not known, NaN or 0, and leaves 0 there; the weights that are left: 1
    /// for what is known. None where all is.
    pub(crate) fn take_missing(&mut self, missing: Missing) -> Option<Self> {
        match self {
            Self::Sparse(_) if missing == Missing::Nan => None,
            Self::Sparse(csc) => Some(Self::Sparse(Csc { values: vec![1.0; csc.values.len()], ..csc.clone() })),
            Self::Dense(values) => {
                let gone = |value: f64| if missing == Missing::Nan { value.is_nan() } else { value.abs() <= 0.0 };
                let weights: Vec<f64> = values.iter().map(|value| f64::from(u8::from(!gone(*value)))).collect();
                values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
                weights.contains(&0.0).then_some(Self::Dense(weights))
            }
        }
    }

    /// The transpose of an m×n matrix.
    pub(crate) fn transposed(self, m: usize, n: usize) -> Self {
        match self {
            Self::Dense(values) => Self::Dense(transposed(&values, m, n)),
            Self::Sparse(csc) => Self::Sparse(csc.transposed(m)),
        }
    }

    /// All entries.
    ///
    /// # Errors
    /// [`DataError::TooLarge`] when they are more than can be held.
    pub(crate) fn into_dense(self, m: usize, n: usize, origin: &str) -> Result<Vec<f64>, DataError> {
        match self {
            Self::Dense(values) => Ok(values),
            Self::Sparse(_) => {
                let mut dense = vec![0.0; checked_count(origin, &[m as u64, n as u64])?];
                self.visit(m, |row, column, value| dense[row + m * column] = value);
                Ok(dense)
            }
        }
    }

    /// Only the entries that are not zero.
    pub(crate) fn into_sparse(self, m: usize) -> Csc {
        match self {
            Self::Sparse(csc) => csc,
            Self::Dense(values) => {
                let mut csc = Csc { starts: vec![0], ..Csc::default() };
                for column in values.chunks(m) {
                    for (row, &value) in (0_u32..).zip(column).filter(|(_, value)| value.abs() > 0.0) {
                        csc.rows.push(row);
                        csc.values.push(value);
                    }
                    csc.starts.push(csc.values.len());
                }
                csc
            }
        }
    }
}

fn update<T, const N: usize>(hash: &mut Sha256, items: &[T], bytes: impl Fn(&T) -> [u8; N]) {
    let mut buffer = Vec::with_capacity(1 << 16);
    for chunk in items.chunks(1 << 13) {
        buffer.clear();
        buffer.extend(chunk.iter().flat_map(&bytes));
        hash.update(&buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_digest_tells_shapes_places_and_storage() {
        let csc = Csc { starts: vec![0, 1], rows: vec![1], values: vec![2.0] };
        let base = Values::Sparse(csc.clone()).digest(2, 1);
        assert_ne!(base, Values::Sparse(csc.clone()).digest(3, 1));
        assert_ne!(base, Values::Sparse(Csc { rows: vec![0], ..csc.clone() }).digest(2, 1));
        assert_ne!(base, Values::Sparse(Csc { values: vec![2.5], ..csc }).digest(2, 1));
        assert_ne!(base, Values::Dense(vec![0.0, 2.0]).digest(2, 1));
    }

    #[test]
    fn a_map_that_makes_zeros_drops_them_and_one_that_overflows_is_named() {
        let dense = vec![0.0, 2.0, 3.0, 0.0, 5.0, 6.0];
        let mut sparse = Values::Sparse(Values::Dense(dense.clone()).into_sparse(2));
        sparse.map(2, "t", |row, _, value| if row == 0 { 0.0 } else { value + 1.0 }).unwrap();
        assert_eq!((sparse.stored(), sparse.nonzeros()), (&[3.0, 7.0][..], 2));
        let error = sparse.map(2, "t", |_, column, value| value / column as f64).unwrap_err().to_string();
        assert!(error.starts_with("t: row 1, column 0 (counted from 0): found inf"), "{error}");
    }

    proptest! {
        #[test]
        fn dense_and_sparse_are_two_forms_of_one_matrix(
            entries in prop::collection::vec(prop_oneof![Just(0.0), 0.1..9.0_f64], 12),
        ) {
            let dense = Values::Dense(entries);
            let sparse = Values::Sparse(dense.clone().into_sparse(4));
            prop_assert_eq!(sparse.clone().into_dense(4, 3, "t").unwrap(), dense.dense().unwrap());
            let (a, b) = (dense.transposed(4, 3), sparse.transposed(4, 3));
            prop_assert_eq!(b.into_dense(3, 4, "t").unwrap(), a.dense().unwrap());
        }
    }
}
