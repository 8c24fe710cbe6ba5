//! The data matrix A, and the only operations through which algorithms touch it.

use crate::dense::Dense;
use crate::kernels;
use crate::real::Real;
use crate::sparse::Sparse;
use crate::weighted::Weighted;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use std::cell::Cell;
use thiserror::Error;

/// A matrix A (m×n): nonnegative, unless it was made by a constructor that says otherwise.
///
/// An algorithm never looks inside: it calls the products below, so it runs on every storage there is. Where A has
/// weights Ω the products are those of Ω∘A, and norms, means and residuals are weighted.
#[derive(Debug)]
#[non_exhaustive]
pub enum Matrix<T> {
    /// All entries, in the layout that the products want.
    Dense(Dense<T>),
    /// The entries that are not zero; made by [`Sparse::from_csc`].
    Sparse(Sparse<T>),
    /// A with a weight for each entry, 0 where it is missing; for the methods that accept it.
    Weighted(Weighted<T>),
}

/// Why a matrix cannot be factorised.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum InvalidMatrix {
    /// No rows or no columns.
    #[error("the matrix is empty ({rows}×{cols}); expected at least one row and one column")]
    Empty {
        /// Rows found.
        rows: usize,
        /// Columns found.
        cols: usize,
    },
    /// Index arrays that describe no sparse matrix.
    #[error("found {found}; expected {expected}")]
    Structure {
        /// What stands there.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// NaN or an infinity.
    #[error("entry ({row}, {col}) is {value}; expected a finite number (positions count from 0)")]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        col: usize,
        /// What stands there.
        value: f64,
    },
    /// An entry below 0.
    #[error("entry ({row}, {col}) is {value}; expected a number ≥ 0 (positions count from 0)")]
    NotNonnegative {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        col: usize,
        /// What stands there.
        value: f64,
    },
    /// An entry of 0 where the objective is infinite at any model.
    #[error("entry ({row}, {col}) is 0; a divergence with beta = {beta} needs numbers > 0 (positions count from 0)")]
    NotPositive {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        col: usize,
        /// β.
        beta: f64,
    },
    /// Weights, where every entry must count alike.
    #[error("{}", match missing {
        Some((row, col)) => format!(
            "entry ({row}, {col}) is missing; this method needs every entry (`wnmf` does not; positions count from 0)"
        ),
        None => "the entries have weights; this method cannot weigh them (`wnmf` can)".to_owned(),
    })]
    Weighted {
        /// Row and column of the first entry of weight 0, from 0.
        missing: Option<(usize, usize)>,
    },
    /// Weights of another shape than the data.
    #[error("the weights are {}×{}; expected {}×{}, as the data", found.0, found.1, expected.0, expected.1)]
    WeightShape {
        /// Rows and columns of the weights.
        found: (usize, usize),
        /// Rows and columns of the data.
        expected: (usize, usize),
    },
    /// A matrix of another shape where a symmetric one is needed.
    #[error("the matrix is {rows}×{cols}; this method takes symmetric matrices only")]
    NotSquare {
        /// Rows found.
        rows: usize,
        /// Columns found.
        cols: usize,
    },
    /// Two entries that should be the same.
    #[error(
        "entry ({row}, {col}) is {value} but entry ({col}, {row}) is {mirrored}; this method takes symmetric matrices \
         only (positions count from 0)"
    )]
    NotSymmetric {
        /// Row, from 0.
        row: usize,
        /// Column, from 0; below the row.
        col: usize,
        /// What stands there.
        value: f64,
        /// What stands in the mirrored place.
        mirrored: f64,
    },
    /// The sum of squares cannot be represented.
    #[error("the sum of squared entries is {squared_norm:e} in {scalar}: out of range; rescale the data")]
    OutOfRange {
        /// Σ a², as computed.
        squared_norm: f64,
        /// The scalar type.
        scalar: &'static str,
    },
}

/// Where the cube of a norm is still far from the ends of the range of double precision.
const CUBE_RANGE: f64 = 1e270;

/// Rows and columns of the tiles in which a matrix is compared with its transpose.
const SQUARE: usize = 128;

/// Stored entries that are summed by themselves, so that long sums keep their digits.
const PIECE: usize = 4096;

/// Checks that Σ a² and what grows with it can be represented.
pub(crate) fn check_range<T: Real>(largest: f64, squared_norm: f64) -> Result<(), InvalidMatrix> {
    // Grams and objectives go with the square of A's entries, squared gradients (always in double precision) with
    // the cube: they must neither overflow nor vanish, also where the gradient has fallen by a few orders.
    let squares = T::of(squared_norm).to_f64().is_finite() && T::of(largest * largest).to_f64() >= T::TINY;
    let cubes = squared_norm.powf(1.5) <= CUBE_RANGE && largest.powi(3) >= 1.0 / CUBE_RANGE;
    if largest > 0.0 && !(squares && cubes) {
        return Err(InvalidMatrix::OutOfRange { squared_norm, scalar: T::NAME });
    }
    Ok(())
}

thread_local! {
    static PASSES: Cell<f64> = const { Cell::new(0.0) };
}

/// How often this thread has gone over a matrix so far, in products with it and copies of blocks of it: the count that
/// the passes a method reports are held against.
pub(crate) fn passes() -> f64 {
    PASSES.get()
}

/// Notes that so much of a matrix was read.
pub(crate) fn count_passes(more: f64) {
    PASSES.set(PASSES.get() + more);
}

impl<T: Real> Matrix<T> {
    /// Takes a dense matrix after checking that it is nonempty, finite, nonnegative and that its norm is in range.
    ///
    /// # Errors
    /// Names the first offending entry, in column order.
    pub fn dense(a: Mat<T>) -> Result<Self, InvalidMatrix> {
        Self::dense_copy(a.as_ref())
    }

    /// The same from a matrix that stays where it is; its columns are contiguous.
    ///
    /// # Errors
    /// As [`Matrix::dense`].
    pub fn dense_copy(a: MatRef<'_, T>) -> Result<Self, InvalidMatrix> {
        Self::checked(a, false)
    }

    /// The same for entries of any sign, which few methods accept; columns are contiguous.
    ///
    /// # Errors
    /// Names the first entry that is not finite, in column order.
    pub fn signed(a: MatRef<'_, T>) -> Result<Self, InvalidMatrix> {
        Self::checked(a, true)
    }

    fn checked(a: MatRef<'_, T>, signed: bool) -> Result<Self, InvalidMatrix> {
        if a.nrows() == 0 || a.ncols() == 0 {
            return Err(InvalidMatrix::Empty { rows: a.nrows(), cols: a.ncols() });
        }
        let mut largest = 0.0_f64;
        for col in 0..a.ncols() {
            for (row, value) in kernels::column(a, col).iter().enumerate() {
                let value = value.to_f64();
                if !value.is_finite() {
                    return Err(InvalidMatrix::NotFinite { row, col, value });
                }
                if value < 0.0 && !signed {
                    return Err(InvalidMatrix::NotNonnegative { row, col, value });
                }
                largest = largest.max(value.abs());
            }
        }
        let matrix = Matrix::Dense(Dense::new(a));
        check_range::<T>(largest, matrix.squared_norm())?;
        Ok(matrix)
    }

    /// Rows m.
    #[must_use]
    pub fn nrows(&self) -> usize {
        match self {
            Matrix::Dense(a) => a.nrows(),
            Matrix::Sparse(a) => a.nrows(),
            Matrix::Weighted(a) => a.nrows(),
        }
    }

    /// Columns n.
    #[must_use]
    pub fn ncols(&self) -> usize {
        match self {
            Matrix::Dense(a) => a.ncols(),
            Matrix::Sparse(a) => a.ncols(),
            Matrix::Weighted(a) => a.ncols(),
        }
    }

    /// Stored entries: m·n when dense, those that are not zero when sparse. A product with an m×k or n×k factor costs 2·nnz·k operations.
    #[must_use]
    pub fn nnz(&self) -> usize {
        match self {
            Matrix::Dense(a) => a.nrows() * a.ncols(),
            Matrix::Sparse(a) => a.nnz(),
            Matrix::Weighted(a) => a.product().nnz(),
        }
    }

    /// Makes the present thread hold the memory that products with factors of k columns want, so that these need none.
    pub fn reserve(&self, k: usize, par: Par) {
        T::with_scratch(kernels::panels::wanted::<T>(k, kernels::pieces(par)), |_| ());
        match self {
            Matrix::Dense(a) => a.reserve(k),
            Matrix::Sparse(a) => a.reserve(k, par),
            Matrix::Weighted(a) => a.product().reserve(k, par),
        }
    }

    /// `dst = A·Y` for Y n×k, dst m×k.
    pub fn times(&self, dst: MatMut<'_, T>, y: MatRef<'_, T>, par: Par) {
        count_passes(1.0);
        match self {
            Matrix::Dense(a) => a.times(dst, y, par),
            Matrix::Sparse(a) => a.times(dst, y, par),
            Matrix::Weighted(a) => a.product().times(dst, y, par),
        }
    }

    /// `dst = Aᵀ·X` for X m×k, dst n×k.
    pub fn transpose_times(&self, dst: MatMut<'_, T>, x: MatRef<'_, T>, par: Par) {
        count_passes(1.0);
        match self {
            Matrix::Dense(a) => a.transpose_times(dst, x, par),
            Matrix::Sparse(a) => a.transpose_times(dst, x, par),
            Matrix::Weighted(a) => a.product().transpose_times(dst, x, par),
        }
    }

    /// ‖A‖²_F, accumulated in double precision; Σ ω_ij a_ij² where there are weights.
    #[must_use]
    pub fn squared_norm(&self) -> f64 {
        if let Matrix::Weighted(a) = self {
            return a.squared_norm();
        }
        self.sum_pieces(|piece| kernels::dot_slices(piece, piece))
    }

    /// Σ a_ij, accumulated in double precision.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum_pieces(|piece| piece.iter().map(|x| x.to_f64()).sum())
    }

    /// Σ over pieces that together hold each entry that is not zero once.
    fn sum_pieces(&self, of: impl Fn(&[T]) -> f64) -> f64 {
        let mut sum = 0.0;
        match self {
            Matrix::Dense(a) => a.for_each_piece(|piece| sum += of(piece)),
            Matrix::Sparse(a) => a.values().chunks(PIECE).for_each(|piece| sum += of(piece)),
            Matrix::Weighted(a) => sum = a.product().sum_pieces(of),
        }
        sum
    }

    /// Σ |a_ij| / (m·n), the size of an entry; Σ ω_ij |a_ij| / Σ ω_ij where there are weights.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let total = match self {
            Matrix::Weighted(a) => a.weights().sum(),
            _ => count(self.nrows()) * count(self.ncols()),
        };
        let sum = self.sum_pieces(|piece| piece.iter().map(|x| x.to_f64().abs()).sum());
        if total > 0.0 { sum / total } else { 0.0 }
    }

    /// max a_ij, at least 0.
    #[must_use]
    pub fn largest(&self) -> f64 {
        let largest = std::cell::Cell::new(0.0_f64);
        self.sum_pieces(|piece| {
            largest.set(piece.iter().fold(largest.get(), |most, x| most.max(x.to_f64())));
            0.0
        });
        largest.get()
    }

    /// Row, column and value of the first entry below 0, in column order.
    #[must_use]
    pub fn first_negative(&self) -> Option<(usize, usize, f64)> {
        let negative = |x: &T| *x < T::of(0.0);
        if self.sum_pieces(|piece| f64::from(u8::from(piece.iter().any(negative)))) <= 0.0 {
            return None;
        }
        let mut column = vec![T::of(0.0); self.nrows()];
        (0..self.ncols()).find_map(|col| {
            self.copy_column(col, &mut column);
            column.iter().position(negative).map(|row| (row, col, column[row].to_f64()))
        })
    }

    /// ‖A − W·Htᵀ‖²_F (weighted where A is) from the residual itself, a block of columns at a time; W m×k, Ht n×k.
    ///
    /// Needed where the Gram identity has lost its digits. `block` is an m×b buffer, b ≥ 1.
    #[must_use]
    pub fn squared_residual(&self, w: MatRef<'_, T>, ht: MatRef<'_, T>, block: &mut Mat<T>, par: Par) -> f64 {
        if let Matrix::Weighted(a) = self {
            return a.squared_residual(w, ht, block);
        }
        let width = block.ncols();
        let mut sum = 0.0;
        for j in (0..self.ncols()).step_by(width) {
            let b = width.min(self.ncols() - j);
            let mut r = block.subcols_mut(0, b);
            (0..b).for_each(|l| self.copy_column(j + l, kernels::column_mut(r.rb_mut(), l)));
            matmul(r.rb_mut(), Accum::Add, w, ht.subrows(j, b).transpose(), T::of(-1.0), par);
            sum += kernels::dot(r.rb(), r.rb());
        }
        sum
    }

    /// Writes column j into `dst` (m values).
    pub(crate) fn copy_column(&self, j: usize, dst: &mut [T]) {
        count_passes(1.0 / count(self.ncols()));
        match self {
            Matrix::Dense(a) => a.copy_column(j, dst),
            Matrix::Sparse(a) => a.copy_column(j, dst),
            Matrix::Weighted(a) => a.product().copy_column(j, dst),
        }
    }

    /// These columns as a matrix of their own, in this order.
    pub(crate) fn select_columns(&self, columns: &[usize]) -> Self {
        count_passes(count(columns.len()) / count(self.ncols()));
        match self {
            Matrix::Dense(a) => {
                Matrix::Dense(Dense::from_fn(a.nrows(), columns.len(), |j, to| a.copy_column(columns[j], to)))
            }
            Matrix::Sparse(a) => Matrix::Sparse(a.select_columns(columns)),
            Matrix::Weighted(a) => a.product().select_columns(columns),
        }
    }

    /// Σ_i a_ij and Σ_i a_ij² of each column j, accumulated in double precision.
    pub(crate) fn column_sums(&self) -> (Vec<f64>, Vec<f64>) {
        if let Matrix::Weighted(a) = self {
            return a.product().column_sums();
        }
        count_passes(1.0);
        let of = |values: &[T]| (values.iter().map(|v| v.to_f64()).sum::<f64>(), kernels::dot_slices(values, values));
        let mut buffer = match self {
            Matrix::Dense(a) => vec![T::of(0.0); a.nrows()],
            Matrix::Sparse(_) | Matrix::Weighted(_) => Vec::new(),
        };
        let column = |j| match self {
            Matrix::Dense(a) => {
                a.copy_column(j, &mut buffer);
                of(&buffer)
            }
            Matrix::Sparse(a) => of(a.column(j).1),
            Matrix::Weighted(_) => unreachable!("its product is looked at instead"),
        };
        (0..self.ncols()).map(column).unzip()
    }

    /// Copies the block of A that begins at (row, col) and has the shape of `block`; any strides.
    ///
    /// For the methods that need each entry beside the model: they never hold more than a block of either.
    pub fn copy_block(&self, row: usize, col: usize, block: MatMut<'_, T>) {
        count_passes(count(block.nrows() * block.ncols()) / (count(self.nrows()) * count(self.ncols())));
        match self {
            Matrix::Dense(a) => a.copy_block(row, col, block),
            Matrix::Sparse(a) => a.copy_block(row, col, block),
            Matrix::Weighted(a) => a.product().copy_block(row, col, block),
        }
    }

    /// Checks that A = Aᵀ, but for rounding of the last places.
    pub(crate) fn check_symmetric(&self) -> Result<(), InvalidMatrix> {
        let (rows, cols) = (self.nrows(), self.ncols());
        if rows != cols {
            return Err(InvalidMatrix::NotSquare { rows, cols });
        }
        let mut tile = Mat::<T>::zeros(SQUARE.min(rows), SQUARE.min(rows));
        let mut mirrored = tile.clone();
        for from in (0..cols).step_by(SQUARE) {
            let width = SQUARE.min(cols - from);
            for top in (from..rows).step_by(SQUARE) {
                let height = SQUARE.min(rows - top);
                let (mut a, mut b) = (tile.get_mut(..height, ..width), mirrored.get_mut(..height, ..width));
                self.copy_block(top, from, a.rb_mut());
                self.copy_block(from, top, b.rb_mut().transpose_mut());
                for j in 0..width {
                    for (i, (a, b)) in kernels::column(a.rb(), j).iter().zip(kernels::column(b.rb(), j)).enumerate() {
                        let (value, mirrored) = (a.to_f64(), b.to_f64());
                        if (value - mirrored).abs() > 8.0 * T::EPSILON * value.abs().max(mirrored.abs()) {
                            return Err(InvalidMatrix::NotSymmetric { row: top + i, col: from + j, value, mirrored });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The matrix as faer holds it, for the factorisations that start from all of A.
    #[cfg(test)]
    pub(crate) fn to_dense(&self) -> Mat<T> {
        match self {
            Matrix::Dense(a) => a.to_mat(),
            Matrix::Sparse(a) => a.to_mat(),
            Matrix::Weighted(a) => a.product().to_dense(),
        }
    }

    /// The same matrix in another precision; entries round to nearest.
    #[must_use]
    pub fn convert<U: Real>(&self) -> Matrix<U> {
        match self {
            Matrix::Dense(a) => Matrix::Dense(a.convert()),
            Matrix::Sparse(a) => Matrix::Sparse(a.convert()),
            Matrix::Weighted(a) => Matrix::Weighted(a.convert()),
        }
    }
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2⁵³")]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}
