//! Successive projection algorithm. Araújo et al., "The successive projections algorithm for variable selection in
//! spectroscopic multicomponent analysis", Chemometrics and Intelligent Laboratory Systems 57 (2001); its robustness:
//! Gillis & Vavasis, "Fast and robust recursive algorithms for separable nonnegative matrix factorization", IEEE Trans.
//! PAMI 36 (2014), Algorithm 1 with f = ‖·‖².
//!
//! The column of the residual R with the largest norm is selected, and all columns are projected onto the orthogonal
//! complement of it: R ← (I − uuᵀ)R, u = r_j/‖r_j‖. R is never formed: u comes from the selected column of A by
//! orthogonalisation, and the norms fall by ‖r‖² ← ‖r‖² − (uᵀa)², one product with A for each selected column.

use super::{Columns, Scaling, Selection};
use crate::kernels::dot_slices;
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Effort, Problem, Shape};
use crate::real::Real;
use faer::Mat;

/// Successive projection algorithm.
#[derive(Clone, Debug, Default)]
pub struct Spa {
    scaling: Scaling,
}

impl Parameters for Spa {
    fn fields() -> Vec<Field> {
        Scaling::fields()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Spa { scaling: Scaling::claim(table)? })
    }

    fn table(&self) -> Table {
        self.scaling.table()
    }
}

impl Selection for Spa {
    fn select<T: Real>(&self, problem: &Problem<'_, T>) -> (Vec<usize>, Effort) {
        let Shape { m, n, rank } = problem.shape();
        let (columns, mut effort) = Columns::new(problem, &self.scaling);
        let mut residuals = columns.squares.clone();
        let mut selected = Vec::with_capacity(rank);
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(rank);
        let (mut direction, mut along) = (Mat::zeros(m, 1), Mat::zeros(n, 1));
        while selected.len() < rank {
            let Some(j) = columns.largest(&residuals) else { break };
            residuals[j] = 0.0;
            problem.matrix.copy_column(j, direction.col_as_slice_mut(0));
            let u = direction.col_as_slice(0).iter().map(|a| a.to_f64()).collect();
            let Some(u) = beside(&basis, u) else { continue };
            selected.push(j);
            direction.col_as_slice_mut(0).iter_mut().zip(&u).for_each(|(d, u)| *d = T::of(*u));
            basis.push(u);
            problem.matrix.transpose_times(along.as_mut(), direction.as_ref(), problem.par);
            for ((r, v), s) in residuals.iter_mut().zip(along.col_as_slice(0)).zip(&columns.scales) {
                let v = v.to_f64() * s;
                *r = (*r - v * v).max(0.0);
            }
            residuals[j] = 0.0;
            effort.flops += 2.0 * count(problem.matrix.nnz()) + 8.0 * count(m) * count(basis.len()) + 3.0 * count(n);
            effort.passes += 1.0 + count(n).recip();
        }
        (selected, effort)
    }
}

/// The unit vector along what `u` has beside an orthonormal basis; none where that is rounding.
fn beside(basis: &[Vec<f64>], mut u: Vec<f64>) -> Option<Vec<f64>> {
    let before = dot_slices(&u, &u).sqrt();
    // Twice: what the first time leaves behind in rounding is large beside a short remainder.
    for _ in 0..2 {
        for b in basis {
            let inside = dot_slices(b, &u);
            u.iter_mut().zip(b).for_each(|(u, b)| *u -= inside * b);
        }
    }
    let length = dot_slices(&u, &u).sqrt();
    if length <= 1e-14 * before {
        return None;
    }
    u.iter_mut().for_each(|u| *u /= length);
    Some(u)
}
