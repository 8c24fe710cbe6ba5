//! A sparse matrix, held by columns and by rows: each product then reads its operand once and writes each row of the
//! result once, on any number of threads.

pub(crate) mod product;

use crate::matrix::{InvalidMatrix, check_range};
use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef, Par};
use std::ops::Range;

/// A sparse m×n matrix, with entries > 0 unless it was made by a constructor that says otherwise; zeros are not stored.
///
/// It is kept twice, in compressed columns and in compressed rows: 2·nnz values and 32-bit indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T> {
    columns: Compressed<T>,
    rows: Compressed<T>,
}

/// Compressed lines (columns or rows): line l holds `values[starts[l]..starts[l + 1]]` at ascending positions.
#[derive(Clone, Debug, PartialEq)]
struct Compressed<T> {
    starts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<T>,
}

impl<T: Real> Sparse<T> {
    /// Takes compressed columns (CSC): column j holds `values[col_starts[j]..col_starts[j + 1]]` in the rows that
    /// `row_indices` names in the same places, counted from 0. Rows may stand in any order; values for one place are
    /// added, zeros dropped.
    ///
    /// # Errors
    /// [`InvalidMatrix::Structure`] when the three arrays do not describe a rows×cols matrix; else as
    /// [`crate::Matrix::dense`], the first offending entry in column order.
    pub fn from_csc(
        rows: usize,
        cols: usize,
        col_starts: Vec<usize>,
        row_indices: Vec<u32>,
        values: Vec<T>,
    ) -> Result<Self, InvalidMatrix> {
        Self::checked((rows, cols), col_starts, row_indices, values, false)
    }

    /// The same for entries of any sign, which few methods accept.
    ///
    /// # Errors
    /// As [`Sparse::from_csc`], but for entries below 0.
    pub fn from_csc_signed(
        rows: usize,
        cols: usize,
        col_starts: Vec<usize>,
        row_indices: Vec<u32>,
        values: Vec<T>,
    ) -> Result<Self, InvalidMatrix> {
        Self::checked((rows, cols), col_starts, row_indices, values, true)
    }

    fn checked(
        (rows, cols): (usize, usize),
        col_starts: Vec<usize>,
        row_indices: Vec<u32>,
        values: Vec<T>,
        signed: bool,
    ) -> Result<Self, InvalidMatrix> {
        check_structure(rows, cols, &col_starts, &row_indices, values.len())?;
        let mut columns = Compressed { starts: col_starts, indices: row_indices, values };
        let largest = columns.tidy(signed)?;
        let rows = columns.transposed(rows);
        let matrix = Sparse { columns, rows };
        check_range::<T>(largest, matrix.columns.squared_norm())?;
        Ok(matrix)
    }

    /// Rows m.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.rows.lines()
    }

    /// Columns n.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.columns.lines()
    }

    /// Entries that are not zero.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.columns.values.len()
    }

    /// Column j: its rows, ascending, and the values there.
    #[must_use]
    pub fn column(&self, j: usize) -> (&[u32], &[T]) {
        self.columns.line(j)
    }

    /// Row i: its columns, ascending, and the values there.
    #[must_use]
    pub fn row(&self, i: usize) -> (&[u32], &[T]) {
        self.rows.line(i)
    }

    /// The n + 1 bounds of the columns among the stored entries.
    #[must_use]
    pub fn col_starts(&self) -> &[usize] {
        &self.columns.starts
    }

    /// The row of each stored entry, column after column.
    #[must_use]
    pub fn row_indices(&self) -> &[u32] {
        &self.columns.indices
    }

    /// The stored entries, column after column.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.columns.values
    }

    /// Writes column j into `dst` (m values), zeros included.
    pub fn copy_column(&self, j: usize, dst: &mut [T]) {
        dst.fill(T::of(0.0));
        let (rows, values) = self.column(j);
        rows.iter().zip(values).for_each(|(&i, &value)| dst[i as usize] = value);
    }

    /// These columns as a matrix of their own, in this order.
    pub(crate) fn select_columns(&self, wanted: &[usize]) -> Self {
        let mut columns = Compressed { starts: vec![0], indices: Vec::new(), values: Vec::new() };
        for &j in wanted {
            let (rows, values) = self.column(j);
            columns.indices.extend_from_slice(rows);
            columns.values.extend_from_slice(values);
            columns.starts.push(columns.indices.len());
        }
        let rows = columns.transposed(self.nrows());
        Sparse { columns, rows }
    }

    /// Copies the block that begins at (row, col) and has the shape of `block`, zeros included; any strides.
    pub fn copy_block(&self, row: usize, col: usize, mut block: MatMut<'_, T>) {
        let end = row + block.nrows();
        for j in 0..block.ncols() {
            let mut to = block.rb_mut().col_mut(j);
            to.fill(T::of(0.0));
            let (rows, values) = self.column(col + j);
            let first = rows.partition_point(|i| (*i as usize) < row);
            let inside = rows.iter().zip(values).skip(first).take_while(|(i, _)| (**i as usize) < end);
            inside.for_each(|(i, value)| to[*i as usize - row] = *value);
        }
    }

    /// The same matrix in another precision; entries round to nearest.
    #[must_use]
    pub fn convert<U: Real>(&self) -> Sparse<U> {
        Sparse { columns: self.columns.convert(), rows: self.rows.convert() }
    }

    /// All m·n entries; for small matrices.
    #[must_use]
    pub fn to_mat(&self) -> Mat<T> {
        let mut a = Mat::zeros(self.nrows(), self.ncols());
        (0..self.ncols()).for_each(|j| self.copy_column(j, a.col_as_slice_mut(j)));
        a
    }

    /// Makes the present thread hold the memory that products with k columns want.
    pub fn reserve(&self, k: usize, par: Par) {
        let size = |lines: usize, others: usize| product::scratch::<T>(lines, others, k, par);
        let (m, n) = (self.nrows(), self.ncols());
        T::with_scratch(size(m, n).max(size(n, m)), |_| ());
    }

    /// `dst = A·Y` for Y n×k, dst m×k.
    pub fn times(&self, dst: MatMut<'_, T>, y: MatRef<'_, T>, par: Par) {
        product::times(&self.rows, dst, y, par);
    }

    /// `dst = Aᵀ·X` for X m×k, dst n×k.
    pub fn transpose_times(&self, dst: MatMut<'_, T>, x: MatRef<'_, T>, par: Par) {
        product::times(&self.columns, dst, x, par);
    }
}

/// Checks all but the values.
fn check_structure(
    rows: usize,
    cols: usize,
    starts: &[usize],
    indices: &[u32],
    values: usize,
) -> Result<(), InvalidMatrix> {
    let wrong = |found: String, expected: String| Err(InvalidMatrix::Structure { found, expected });
    if rows == 0 || cols == 0 {
        return Err(InvalidMatrix::Empty { rows, cols });
    }
    if u32::try_from(rows.max(cols)).is_err() {
        return wrong(format!("a {rows}×{cols} matrix"), format!("at most {} rows and columns", u32::MAX));
    }
    if starts.len() != cols + 1 {
        return wrong(format!("{} column starts", starts.len()), format!("{} for {cols} columns", cols + 1));
    }
    if indices.len() != values {
        return wrong(format!("{} row indices", indices.len()), format!("as many as values, {values}"));
    }
    if starts[0] != 0 || starts[cols] != values {
        let found = format!("column starts from {} to {}", starts[0], starts[cols]);
        return wrong(found, format!("from 0 to the number of values, {values}"));
    }
    for (j, pair) in starts.windows(2).enumerate() {
        if pair[0] > pair[1] {
            let found = format!("column {j} from {} to {} (columns count from 0)", pair[0], pair[1]);
            return wrong(found, "column starts that never fall".into());
        }
    }
    for (j, pair) in starts.windows(2).enumerate() {
        if let Some(i) = indices[pair[0]..pair[1]].iter().find(|&&i| i as usize >= rows) {
            return wrong(format!("row {i} in column {j}"), format!("rows below {rows}, counted from 0"));
        }
    }
    Ok(())
}

impl<T: Real> Compressed<T> {
    fn lines(&self) -> usize {
        self.starts.len() - 1
    }

    fn range(&self, line: usize) -> Range<usize> {
        self.starts[line]..self.starts[line + 1]
    }

    fn line(&self, line: usize) -> (&[u32], &[T]) {
        (&self.indices[self.range(line)], &self.values[self.range(line)])
    }

    fn squared_norm(&self) -> f64 {
        (0..self.lines()).map(|l| self.line(l).1).map(|v| crate::kernels::dot_slices(v, v)).sum()
    }

    /// Sorts each column by rows, adds what stands for one place, drops zeros; the largest entry.
    fn tidy(&mut self, signed: bool) -> Result<f64, InvalidMatrix> {
        let mut largest = 0.0_f64;
        let mut sorted: Vec<(u32, T)> = Vec::new();
        let (mut from, mut kept) = (0, 0);
        for col in 0..self.lines() {
            let to = self.starts[col + 1];
            sorted.clear();
            sorted.extend(self.indices[from..to].iter().copied().zip(self.values[from..to].iter().copied()));
            if !sorted.is_sorted_by_key(|e| e.0) {
                // Stable, so that a sum is taken in the order of the file.
                sorted.sort_by_key(|e| e.0);
            }
            self.starts[col] = kept;
            for same in sorted.chunk_by(|a, b| a.0 == b.0) {
                let row = same[0].0 as usize;
                same.iter().try_for_each(|e| check_value(row, col, e.1.to_f64(), signed))?;
                let sum = same[1..].iter().fold(same[0].1, |sum, e| sum + e.1);
                check_value(row, col, sum.to_f64(), signed)?;
                if sum.to_f64().abs() > 0.0 {
                    (self.indices[kept], self.values[kept]) = (same[0].0, sum);
                    largest = largest.max(sum.to_f64().abs());
                    kept += 1;
                }
            }
            from = to;
        }
        let lines = self.lines();
        self.starts[lines] = kept;
        self.indices.truncate(kept);
        self.values.truncate(kept);
        Ok(largest)
    }

    /// The same entries by the other index, of which there are `others`.
    fn transposed(&self, others: usize) -> Self {
        let mut starts = vec![0; others + 1];
        self.indices.iter().for_each(|&i| starts[i as usize + 1] += 1);
        (0..others).for_each(|i| starts[i + 1] += starts[i]);
        let mut next = starts.clone();
        let (mut indices, mut values) = (vec![0; self.indices.len()], vec![T::of(0.0); self.values.len()]);
        for line in 0..self.lines() {
            let number = u32::try_from(line).expect("checked to fit");
            let (places, entries) = self.line(line);
            for (&i, &value) in places.iter().zip(entries) {
                let at = &mut next[i as usize];
                (indices[*at], values[*at]) = (number, value);
                *at += 1;
            }
        }
        Compressed { starts, indices, values }
    }

    fn convert<U: Real>(&self) -> Compressed<U> {
        let values = self.values.iter().map(|v| U::of(v.to_f64())).collect();
        Compressed { starts: self.starts.clone(), indices: self.indices.clone(), values }
    }
}

fn check_value(row: usize, col: usize, value: f64, signed: bool) -> Result<(), InvalidMatrix> {
    if !value.is_finite() {
        return Err(InvalidMatrix::NotFinite { row, col, value });
    }
    if value < 0.0 && !signed {
        return Err(InvalidMatrix::NotNonnegative { row, col, value });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::mat;

    fn csc(starts: &[usize], rows: &[u32], values: &[f64]) -> Result<Sparse<f64>, InvalidMatrix> {
        Sparse::from_csc(3, starts.len() - 1, starts.to_vec(), rows.to_vec(), values.to_vec())
    }

    #[test]
    fn order_duplicates_and_zeros_are_tidied() {
        let found = csc(&[0, 4, 4, 7], &[2, 0, 2, 1, 0, 1, 0], &[5.0, 1.0, 0.5, 0.0, -0.0, 3.0, 0.0]).expect("valid");
        assert_eq!(found.to_mat(), mat![[1.0, 0.0, 0.0], [0.0, 0.0, 3.0], [5.5, 0.0, 0.0]]);
        assert_eq!((found.col_starts(), found.row_indices()), (&[0, 2, 2, 3][..], &[0, 2, 1][..]));
        assert_eq!((found.nrows(), found.ncols(), found.nnz()), (3, 3, 3));
        let mut block = Mat::from_fn(2, 2, |_, _| 9.0);
        found.copy_block(1, 1, block.as_mut().transpose_mut());
        assert_eq!(block, mat![[0.0, 0.0], [3.0, 0.0]]);
        assert_eq!(found.row(1), (&[2][..], &[3.0][..]));
        assert_eq!(found.row(2), (&[0][..], &[5.5][..]));
        assert_eq!(csc(&[0, 2, 2, 3], &[0, 2, 1], &[1.0, 5.5, 3.0]), Ok(found));
    }

    #[test]
    fn impossible_arrays_are_refused_with_the_reason() {
        let message =
            |starts: &[usize], rows: &[u32], values: &[f64]| csc(starts, rows, values).unwrap_err().to_string();
        let error = message(&[0, 1, 3], &[0, 3, 1], &[1.0; 3]);
        assert!(error.contains("found row 3 in column 1; expected rows below 3"), "{error}");
        let error = message(&[0, 2, 1, 2], &[0, 1], &[1.0; 2]);
        assert!(error.contains("column 1 from 2 to 1"), "{error}");
        let error = message(&[0, 2], &[0, 1, 2], &[1.0; 3]);
        assert!(error.contains("from 0 to 2") && error.contains("number of values, 3"), "{error}");
        let error = message(&[0, 9, 2], &[0, 1], &[1.0; 2]);
        assert!(error.contains("never fall"), "{error}");
        let error = message(&[0, 2], &[0, 1], &[1.0; 3]);
        assert!(error.contains("2 row indices"), "{error}");
        let error = Sparse::from_csc(3, 2, vec![0, 1], vec![0], vec![1.0]).unwrap_err().to_string();
        assert!(error.contains("2 column starts; expected 3 for 2 columns"), "{error}");
        let none = Sparse::<f64>::from_csc(0, 2, vec![0, 0, 0], vec![], vec![]);
        assert_eq!(none, Err(InvalidMatrix::Empty { rows: 0, cols: 2 }));
        let wide = Sparse::<f64>::from_csc(1 << 33, 1, vec![0, 0], vec![], vec![]).unwrap_err().to_string();
        assert!(wide.contains("at most 4294967295"), "{wide}");
    }

    #[test]
    fn bad_values_are_named_by_position() {
        let refused = |rows: &[u32], values: &[f64]| csc(&[0, 0, rows.len()], rows, values).unwrap_err();
        assert_eq!(refused(&[2, 1], &[1.0, -2.0]), InvalidMatrix::NotNonnegative { row: 1, col: 1, value: -2.0 });
        // A negative value is an error even where the sum at its place is not.
        assert_eq!(refused(&[1, 1], &[3.0, -2.0]), InvalidMatrix::NotNonnegative { row: 1, col: 1, value: -2.0 });
        assert!(matches!(refused(&[0], &[f64::NAN]), InvalidMatrix::NotFinite { row: 0, col: 1, .. }));
        // Where a sign is allowed, what adds up to nothing is nothing.
        let signed = Sparse::from_csc_signed(3, 1, vec![0, 3], vec![1, 1, 0], vec![3.0, -3.0, -2.0]).expect("valid");
        assert_eq!((signed.row_indices(), signed.values()), (&[0][..], &[-2.0][..]));
        let infinite = InvalidMatrix::NotFinite { row: 2, col: 1, value: f64::INFINITY };
        assert_eq!(refused(&[2, 2], &[f64::MAX, f64::MAX]), infinite);
        assert!(matches!(refused(&[0], &[1e200]), InvalidMatrix::OutOfRange { .. }));
    }
}
