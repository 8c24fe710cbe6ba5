//! Small dense routines that several algorithms share. Nothing here allocates unless it returns a matrix.

mod gram;
pub(crate) mod lanes;
pub mod machine;
pub mod nnls;
pub(crate) mod panels;
pub(crate) mod passive;
pub(crate) mod rows;
pub(crate) mod scratch;
pub(crate) mod spectral;
pub(crate) mod tiles;

pub use gram::gram;

use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef, Par};

/// ⟨X, Y⟩ = Σ x_ij y_ij, accumulated in double precision; both p×k with contiguous columns.
#[must_use]
pub fn dot<T: Real>(x: MatRef<'_, T>, y: MatRef<'_, T>) -> f64 {
    assert_eq!(x.shape(), y.shape(), "an inner product takes two matrices of one shape");
    (0..x.ncols()).map(|j| dot_slices(column(x, j), column(y, j))).sum()
}

/// Σ x_i y_i in double precision, eight sums side by side so that it vectorises.
pub(crate) fn dot_slices<T: Real>(x: &[T], y: &[T]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (xs, ys) = (x.chunks_exact(8), y.chunks_exact(8));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a.to_f64() * b.to_f64()).sum();
    for (a, b) in xs.zip(ys) {
        for i in 0..8 {
            sums[i] += a[i].to_f64() * b[i].to_f64();
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Column j as a slice.
///
/// # Panics
/// When the columns are not contiguous: the factors and workspaces of this crate always are.
#[must_use]
pub fn column<T: Real>(x: MatRef<'_, T>, j: usize) -> &[T] {
    x.col(j).try_as_col_major().expect("columns are contiguous").as_slice()
}

/// Column j as a mutable slice.
///
/// # Panics
/// When the columns are not contiguous: the factors and workspaces of this crate always are.
#[must_use]
pub fn column_mut<T: Real>(x: MatMut<'_, T>, j: usize) -> &mut [T] {
    x.col_mut(j).try_as_col_major_mut().expect("columns are contiguous").as_slice_mut()
}

/// The same matrix in another precision.
#[must_use]
pub fn convert<T: Real, U: Real>(x: MatRef<'_, T>) -> Mat<U> {
    let mut y = Mat::zeros(x.nrows(), x.ncols());
    convert_into(y.as_mut(), x);
    y
}

/// `dst = x`, rounded to the other precision.
pub fn convert_into<T: Real, U: Real>(mut dst: MatMut<'_, U>, x: MatRef<'_, T>) {
    for j in 0..x.ncols() {
        for (y, x) in column_mut(dst.rb_mut(), j).iter_mut().zip(column(x, j)) {
            *y = U::of(x.to_f64());
        }
    }
}

/// How many threads may be used.
pub(crate) fn threads(par: Par) -> usize {
    match par {
        Par::Seq => 1,
        Par::Rayon(n) => n.get(),
    }
}

/// Pieces that work is divided into: a few for each thread, so that one that is held up leaves some to the others.
pub(crate) fn pieces(par: Par) -> usize {
    match threads(par) {
        1 => 1,
        threads => 4 * threads,
    }
}
