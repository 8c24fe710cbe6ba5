//! Methods that ask more of the factors than to be ≥ 0, or less, a file each.

mod fast_gradient;
mod gnmf;
mod graph;
mod hoyer;
mod minvol;
mod onmf;
mod projection;
mod semi;
mod symnmf;
mod wnmf;

pub use gnmf::Gnmf;
pub use hoyer::Hoyer;
pub use minvol::MinVol;
pub use onmf::Onmf;
pub use semi::SemiNmf;
pub use symnmf::SymNmf;
pub use wnmf::Wnmf;

use crate::kernels::column_mut;
use crate::matrix::{Matrix, count};
use crate::problem::Problem;
use crate::real::{Real, max};
use faer::MatMut;
use faer::{Mat, MatRef};

/// Flops of a product with A and of a Gram matrix of a factor with q rows.
fn product_flops<T: Real>(matrix: &Matrix<T>, q: usize, k: usize) -> f64 {
    2.0 * count(matrix.nnz()) * count(k) + count(q) * count(k) * (count(k) + 1.0)
}

/// The floor of multiplicative updates, in units of √(mean|A|/k), as in `mu`.
fn floor<T: Real>(floor: f64, problem: &Problem<'_, T>) -> T {
    let scale = (problem.matrix.mean() / count(problem.rank)).sqrt();
    T::of((floor.max(0.5 * T::EPSILON) * scale).max(T::TINY))
}

/// X ← max(X ∘ N ⊘ D, ε).
fn multiply<T: Real>(mut x: MatMut<'_, T>, n: MatRef<'_, T>, d: MatRef<'_, T>, floor: T) {
    let tiny = T::of(T::TINY);
    for j in 0..x.ncols() {
        let (n, d) = (crate::kernels::column(n, j), crate::kernels::column(d, j));
        for (x, (n, d)) in column_mut(x.as_mut(), j).iter_mut().zip(n.iter().zip(d)) {
            *x = max(*x * *n / max(*d, tiny), floor);
        }
    }
}

/// Multiplies column l.
fn scale_column<T: Real>(x: &mut Mat<T>, l: usize, by: f64) {
    x.col_as_slice_mut(l).iter_mut().for_each(|x| *x = T::of(x.to_f64() * by));
}

/// ‖x‖₂ of column l.
fn column_norm<T: Real>(x: &Mat<T>, l: usize) -> f64 {
    let column = x.col_as_slice(l);
    crate::kernels::dot_slices(column, column).sqrt()
}
