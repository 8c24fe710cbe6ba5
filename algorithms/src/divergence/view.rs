//! The data as one factor sees them, and how they are read: a small block at a time.

use crate::matrix::{Matrix, count_passes};
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// B = A for H and Aᵀ for W: with X (p×k) the factor to be improved and Y (q×k) the other one, B (q×p) ≈ Y·Xᵀ, and column
/// i of B belongs to row i of X.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    matrix: &'a Matrix<T>,
    transposed: bool,
    /// Threads that may be used.
    pub par: Par,
}

impl<'a, T: Real> View<'a, T> {
    /// What H sees: B = A.
    #[must_use]
    pub fn of_h(matrix: &'a Matrix<T>, par: Par) -> Self {
        View { matrix, transposed: false, par }
    }

    /// What W sees: B = Aᵀ.
    #[must_use]
    pub fn of_w(matrix: &'a Matrix<T>, par: Par) -> Self {
        View { matrix, transposed: true, par }
    }

    /// p, the columns of B and rows of X.
    #[must_use]
    pub fn rows(&self) -> usize {
        if self.transposed { self.matrix.nrows() } else { self.matrix.ncols() }
    }

    /// q, the rows of B and of Y.
    #[must_use]
    pub fn others(&self) -> usize {
        if self.transposed { self.matrix.ncols() } else { self.matrix.nrows() }
    }

    /// The matrix behind it.
    pub(crate) fn matrix(&self) -> &'a Matrix<T> {
        self.matrix
    }

    /// Whether B is A's transpose.
    pub(crate) fn is_transposed(&self) -> bool {
        self.transposed
    }

    /// Column `row` of B where A is sparse: the places of its stored entries, and these. All others are 0.
    pub(crate) fn line(&self, row: usize) -> Option<(&'a [u32], &'a [T])> {
        match (self.matrix, self.transposed) {
            (Matrix::Sparse(a), true) => Some(a.row(row)),
            (Matrix::Sparse(a), false) => Some(a.column(row)),
            _ => None,
        }
    }

    /// Entries of B that a method which treats zeros by themselves has to visit.
    pub(crate) fn entries(&self) -> usize {
        self.matrix.nnz()
    }

    /// The most stored entries that a column of B has; all q where A is dense.
    pub(crate) fn longest(&self) -> usize {
        (0..self.rows()).map(|row| self.line(row).map_or(self.others(), |line| line.0.len())).max().unwrap_or(0)
    }

    /// Copies the block of B that begins at row `other` and column `row` and has the shape of `block`.
    pub fn copy(&self, other: usize, row: usize, block: MatMut<'_, T>) {
        if self.transposed {
            self.matrix.copy_block(row, other, block.transpose_mut());
        } else {
            self.matrix.copy_block(other, row, block);
        }
    }
}

/// `v = Y·Xᵀ` for rows of Y and X that belong to a block of B. On the calling thread.
pub(crate) fn model<T: Real>(v: MatMut<'_, T>, y: MatRef<'_, T>, x: MatRef<'_, T>) {
    matmul(v, Accum::Replace, y, x.transpose(), T::of(1.0), Par::Seq);
}

/// Raises the entries to the floor.
pub(crate) fn lift<T: Real>(mut v: MatMut<'_, T>, floor: T) {
    for j in 0..v.ncols() {
        crate::kernels::column_mut(v.as_mut(), j).iter_mut().for_each(|v| *v = at_least(*v, floor));
    }
}

/// The larger one; the floor also where x is not a number.
#[inline(always)]
pub(crate) fn at_least<T: Real>(x: T, floor: T) -> T {
    if x >= floor { x } else { floor }
}

/// Σ over the rows of each column, in double precision.
pub(crate) fn column_sums<T: Real>(sums: &mut [f64], y: MatRef<'_, T>) {
    for (j, sum) in sums.iter_mut().enumerate() {
        *sum = crate::kernels::column(y, j).iter().map(|y| y.to_f64()).sum();
    }
}

/// Σ over each column of B: the row sums of A for W, its column sums for H.
pub(crate) fn data_sums<T: Real>(view: &View<'_, T>) -> Vec<f64> {
    per_column(view, 0.0, |sum, b| sum + b)
}

/// Folds each column of B, in order; zeros may be left out.
pub(crate) fn per_column<T: Real>(view: &View<'_, T>, start: f64, fold: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let (p, q) = (view.rows(), view.others());
    if let Matrix::Sparse(_) = view.matrix {
        count_passes(1.0);
        let line = |row| view.line(row).map_or(&[][..], |line| line.1);
        return (0..p).map(|row| line(row).iter().fold(start, |s, b| fold(s, b.to_f64()))).collect();
    }
    let mut found = vec![start; p];
    let mut block = Mat::zeros(q.min(256), p.min(64));
    for row in (0..p).step_by(block.ncols()) {
        let width = block.ncols().min(p - row);
        for other in (0..q).step_by(block.nrows()) {
            let height = block.nrows().min(q - other);
            let mut tile = block.as_mut().submatrix_mut(0, 0, height, width);
            view.copy(other, row, tile.as_mut());
            for j in 0..width {
                let column = crate::kernels::column(tile.as_ref(), j);
                found[row + j] = column.iter().fold(found[row + j], |s, b| fold(s, b.to_f64()));
            }
        }
    }
    found
}

/// Rows of X that one state is responsible for: few states, as each has workspaces of its own.
pub(crate) fn share(p: usize) -> usize {
    p.div_ceil(16).max(64)
}
