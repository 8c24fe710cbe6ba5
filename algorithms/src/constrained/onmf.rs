//! Orthogonal factorisation: H ≥ 0 with HHᵀ = I, so that each column of A belongs to one component. Pompili, Gillis,
//! Absil & Glineur, "Two algorithms for orthogonal nonnegative matrix factorization with application to clustering",
//! Neurocomputing 141 (2014), Algorithm 1 (EM-ONMF).
//!
//! Each column a_j goes to the component with the least angle, max_l ⟨a_j, w_l⟩/‖w_l‖; then w_l and the entries of h_l
//! become the leading singular pair of the columns of component l, here by power iterations from the present w_l:
//!
//! h_l ← (⟨a_j, w_l⟩)_j / ‖·‖,   w_l ← Σ_j h_lj a_j.
//!
//! Both are exact minimisations with the other part fixed, so ½‖A − WH‖² never rises, and HHᵀ = I holds exactly at each
//! iterate. That is why it stands here and not the multiplicative updates of Ding, Li, Peng & Park (KDD 2006) or Choi
//! (IJCNN 2008), which only come near orthogonality and have no proof of descent for the constrained problem.
//!
//! A component that has lost all its columns is given the column that is represented worst, which lowers the objective.

use super::{column_norm, scale_column};
use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::kernels::dot_slices;
use crate::matrix::{Matrix, count};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::Real;
use faer::Mat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Orthogonal factorisation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Onmf {
    /// Power iterations for the leading singular pairs in one outer iteration, at most; each reads A twice.
    #[schemars(range(min = 1))]
    inner_iterations: u32,
    /// Ends the power iterations when none of the singular values has grown by more than this share.
    #[schemars(range(min = 0.0))]
    inner_tolerance: f64,
    /// Whether the rows of H have norm 1, so that HHᵀ = I; else those of H and the columns of W have the same norms.
    normalize: bool,
}

impl Default for Onmf {
    fn default() -> Self {
        Onmf { inner_iterations: 10, inner_tolerance: 1e-6, normalize: true }
    }
}

impl Algorithm for Onmf {
    const TRAITS: Traits = Traits { monotone: true, ..Traits::of(Objective::Frobenius) }
        .only_with(Property::Scale, r#"{"normalize": false}"#, "W takes the scale of the data: HHᵀ = I")
        .except(Property::Permutation, "components that have lost all columns get new ones in order")
        .except(Property::Transposition, "the rows of H are orthogonal, the columns of W not")
        .except(Property::FixedPoint, "a factorisation that is not orthogonal is not feasible")
        .except(Property::Recovery, "factors that are not orthogonal are not feasible");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let mut column = vec![T::of(0.0); m];
        let squares = |j: usize, column: &mut Vec<T>| {
            problem.matrix.copy_column(j, column);
            dot_slices(column, column)
        };
        Ok(Box::new(Machine {
            parameters: self.clone(),
            squares: (0..n).map(|j| squares(j, &mut column)).collect(),
            component: vec![None; n],
            residuals: vec![0.0; n],
            cross: Mat::zeros(n, rank),
            norms: vec![0.0; rank],
            sizes: vec![0; rank],
        }))
    }
}

struct Machine<T> {
    parameters: Onmf,
    /// ‖a_j‖².
    squares: Vec<f64>,
    /// The component of each column; none where it is orthogonal to all.
    component: Vec<Option<usize>>,
    /// ‖a_j − w_l h_lj‖² of its component.
    residuals: Vec<f64>,
    /// AᵀW, n×k.
    cross: Mat<T>,
    /// ‖w_l‖.
    norms: Vec<f64>,
    /// Columns of each component.
    sizes: Vec<usize>,
}

impl<T: Real> Machine<T> {
    /// Each column to the component with the least angle.
    fn assign(&mut self, w: &Mat<T>) {
        for (l, norm) in self.norms.iter_mut().enumerate() {
            *norm = column_norm(w, l);
        }
        self.sizes.fill(0);
        for j in 0..self.component.len() {
            let (mut best, mut largest) = (None, 0.0);
            for (l, norm) in self.norms.iter().enumerate() {
                let along = if *norm > 0.0 { self.cross[(j, l)].to_f64() / norm } else { 0.0 };
                if along > largest {
                    (best, largest) = (Some(l), along);
                }
            }
            self.component[j] = best;
            self.residuals[j] = (self.squares[j] - largest * largest).max(0.0);
            if let Some(l) = best {
                self.sizes[l] += 1;
            }
        }
    }

    /// Gives the worst column to each component that has none; how many there were.
    fn refill(&mut self) -> u64 {
        let mut refilled = 0;
        for l in 0..self.sizes.len() {
            if self.sizes[l] > 0 {
                continue;
            }
            let spare = |j: &usize| self.component[*j].is_none_or(|c| self.sizes[c] > 1);
            let beyond_rounding = |j: &usize| self.residuals[*j] > 16.0 * T::EPSILON * self.squares[*j];
            let candidates = (0..self.component.len()).filter(spare).filter(beyond_rounding);
            let Some(worst) = candidates.reduce(|a, b| if self.residuals[b] > self.residuals[a] { b } else { a })
            else {
                break;
            };
            if let Some(before) = self.component[worst] {
                self.sizes[before] -= 1;
            }
            (self.component[worst], self.sizes[l], self.residuals[worst]) = (Some(l), 1, 0.0);
            self.cross[(worst, l)] = T::of(self.squares[worst].sqrt());
            refilled += 1;
        }
        refilled
    }

    /// h_l from AᵀW and the components, with norm 1.
    fn coefficients(&self, ht: &mut Mat<T>) {
        for l in 0..ht.ncols() {
            let entries = self.cross.col_as_slice(l).iter().zip(&self.component);
            for (h, (c, component)) in ht.col_as_slice_mut(l).iter_mut().zip(entries) {
                *h = if *component == Some(l) { *c } else { T::of(0.0) };
            }
            let norm = column_norm(ht, l);
            if norm > 0.0 {
                scale_column(ht, l, norm.recip());
            }
        }
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let (matrix, par): (&Matrix<T>, _) = (problem.matrix, problem.par);
        let Shape { m, n, rank } = problem.shape();
        let mut effort = Effort::default();
        for inner in 0..self.parameters.inner_iterations {
            matrix.transpose_times(self.cross.as_mut(), factors.w.as_ref(), par);
            if inner == 0 {
                self.assign(&factors.w);
                effort.repairs += self.refill();
            }
            self.coefficients(&mut factors.ht);
            matrix.times(factors.w.as_mut(), factors.ht.as_ref(), par);
            let mut growth = 0.0_f64;
            for (l, norm) in self.norms.iter_mut().enumerate() {
                let now = column_norm(&factors.w, l);
                growth = growth.max(if now > 0.0 { (now - *norm) / now } else { 0.0 });
                *norm = now;
            }
            let (rows, k) = (count(2 * m + 5 * n), count(rank));
            effort.passes += 2.0;
            effort.flops += 4.0 * count(matrix.nnz()) * k + rows * k;
            // The norms before the first iteration are those of another scale.
            if inner > 0 && growth <= self.parameters.inner_tolerance {
                break;
            }
        }
        if !self.parameters.normalize {
            for (l, norm) in self.norms.iter().enumerate().filter(|(_, norm)| **norm > 0.0) {
                scale_column(&mut factors.w, l, norm.sqrt().recip());
                scale_column(&mut factors.ht, l, norm.sqrt());
            }
        }
        Ok(effort)
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        let zero = T::of(0.0);
        let in_one = |j: usize| (0..factors.rank()).filter(|l| factors.ht[(j, *l)] > zero).count() <= 1;
        let feasible = (0..factors.ht.nrows()).all(in_one);
        Some(if feasible { problem.frobenius(factors) } else { f64::INFINITY })
    }
}
