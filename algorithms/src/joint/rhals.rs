//! Randomised hierarchical alternating least squares. Erichson, Mendible, Wihlborn & Kutz, "Randomized nonnegative matrix
//! factorization", Pattern Recognition Letters 104 (2018), Algorithm 1.
//!
//! A ≈ QB once, Q with l = k + p orthonormal columns from a random sketch with q power iterations (Halko, Martinsson &
//! Tropp, SIAM Review 53, 2011); then all iterations touch B and W̃ = QᵀW only:
//!
//! - h_j ← max(0, h_j + (BᵀW̃ − HᵀW̃ᵀW̃)_j / (W̃ᵀW̃)_jj), column after column;
//! - w̃_j ← w̃_j + (BHᵀ − W̃HHᵀ)_j / (HHᵀ)_jj, w_j ← max(0, Qw̃_j), w̃_j ← Qᵀw_j.
//!
//! The longer side of A is compressed: where n > m all of this is done to Aᵀ, so that W is updated first. The sketch has
//! entries uniform on (−1, 1). The objective of the compressed problem falls, that of A need not.
//!
//! 20 columns beyond the rank and 2 power iterations are the defaults of the authors' program (ristretto).

use crate::algorithm::{Algorithm, Rule, Side, Solver, Subproblem, Traits, Update};
use crate::conformance::Property;
use crate::kernels::{self, column, column_mut};
use crate::matrix::{Matrix, count};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::random::Stream;
use crate::real::{Real, max};
use crate::rules::Hals;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply_householder,
};
use faer::linalg::matmul::matmul;
use faer::linalg::qr::no_pivoting::factor;
use faer::prelude::*;
use faer::{Accum, Conj, Mat, MatMut, MatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Randomised hierarchical alternating least squares.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RHals {
    /// p: columns of the sketch beyond the rank.
    #[schemars(range(min = 0))]
    oversampling: u32,
    /// q: power iterations, two products with A each, which sharpen the sketch.
    #[schemars(range(min = 0))]
    power_iterations: u32,
}

impl Default for RHals {
    fn default() -> Self {
        RHals { oversampling: 20, power_iterations: 2 }
    }
}

impl Algorithm for RHals {
    const TRAITS: Traits = Traits { stochastic: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Permutation, "goes through the components in order, and the order matters");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let long = Long { matrix: problem.matrix, transposed: n > m, par: problem.par };
        let (rows, cols) = (m.max(n), m.min(n));
        let l = cols.min(rank.saturating_add(self.oversampling as usize));
        let q = self.sketch(problem, &long, l);
        let mut b = Mat::zeros(cols, l);
        long.transpose_times(b.as_mut(), q.as_ref());
        let x = if long.transposed { &factors.ht } else { &factors.w };
        let mut compressed = Mat::zeros(l, rank);
        matmul(&mut compressed, Accum::Replace, q.transpose(), x, T::of(1.0), problem.par);
        let side = Side { rows: cols, others: rows, rank, nnz: 0, scale: 0.0, start_gradient: 0.0 };
        // 2(q + 1) passes with l columns, and 2q + 1 orthonormalisations.
        let (l_, rounds) = (count(l), f64::from(self.power_iterations));
        let passes = 2.0 * (rounds + 1.0);
        let orthonormal = 4.0 * l_ * l_ * ((rounds + 1.0) * count(rows) + rounds * count(cols));
        let flops = passes * 2.0 * count(problem.matrix.nnz()) * l_ + orthonormal;
        Ok(Box::new(Machine {
            transposed: long.transposed,
            q,
            b,
            compressed,
            gram: Mat::zeros(rank, rank),
            cross: Mat::zeros(cols, rank),
            right: Mat::zeros(l, rank),
            hals: Hals::default().prepare(&side),
            setup: Effort { flops, passes, repairs: 0 },
        }))
    }
}

/// A, or Aᵀ where that is the taller one.
struct Long<'a, T> {
    matrix: &'a Matrix<T>,
    transposed: bool,
    par: Par,
}

impl<T: Real> Long<'_, T> {
    fn times(&self, dst: MatMut<'_, T>, y: MatRef<'_, T>) {
        if self.transposed {
            self.matrix.transpose_times(dst, y, self.par);
        } else {
            self.matrix.times(dst, y, self.par);
        }
    }

    fn transpose_times(&self, dst: MatMut<'_, T>, x: MatRef<'_, T>) {
        if self.transposed {
            self.matrix.times(dst, x, self.par);
        } else {
            self.matrix.transpose_times(dst, x, self.par);
        }
    }
}

impl RHals {
    /// Q, whose columns span nearly what the l leading left singular vectors of the taller matrix do.
    fn sketch<T: Real>(&self, problem: &Problem<'_, T>, long: &Long<'_, T>, l: usize) -> Mat<T> {
        let Shape { m, n, .. } = problem.shape();
        let mut small = Mat::zeros(m.min(n), l);
        for j in 0..l {
            let mut stream = Stream::new(&problem.key, j as u64);
            small.col_as_slice_mut(j).iter_mut().for_each(|s| *s = T::of(2.0 * stream.uniform() - 1.0));
        }
        let mut q = Mat::zeros(m.max(n), l);
        long.times(q.as_mut(), small.as_ref());
        orthonormalize(&mut q);
        for _ in 0..self.power_iterations {
            long.transpose_times(small.as_mut(), q.as_ref());
            orthonormalize(&mut small);
            long.times(q.as_mut(), small.as_ref());
            orthonormalize(&mut q);
        }
        q
    }
}

/// Replaces the columns of Y (p×l, p ≥ l) by orthonormal ones with the same span, by Householder reflections.
fn orthonormalize<T: Real>(y: &mut Mat<T>) {
    let (p, l) = y.shape();
    let block = factor::recommended_block_size::<T>(p, l);
    let scratch = StackReq::any_of(&[
        factor::qr_in_place_scratch::<T>(p, l, block, Par::Seq, default()),
        apply_scratch::<T>(p, block, l),
    ]);
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    let mut coefficients = Mat::zeros(block, l);
    factor::qr_in_place(y.as_mut(), coefficients.as_mut(), Par::Seq, stack, default());
    let mut q = Mat::zeros(p, l);
    q.diagonal_mut().fill(T::of(1.0));
    apply_householder(y.as_ref(), coefficients.as_ref(), Conj::No, q.as_mut(), Par::Seq, stack);
    *y = q;
}

struct Machine<T: Real> {
    transposed: bool,
    /// Q, p×l for the longer side p.
    q: Mat<T>,
    /// Bᵀ, q×l for the shorter side q.
    b: Mat<T>,
    /// W̃, l×k.
    compressed: Mat<T>,
    /// k×k.
    gram: Mat<T>,
    /// BᵀW̃, q×k.
    cross: Mat<T>,
    /// BHᵀ, l×k.
    right: Mat<T>,
    hals: <Hals as Rule>::Update<T>,
    /// The work of the compression, until it has been reported.
    setup: Effort,
}

impl<T: Real> Machine<T> {
    /// The factor of the longer side (p×k), given that of the shorter one (q×k).
    fn update_long(&mut self, mut x: MatMut<'_, T>, y: MatRef<'_, T>, par: Par) {
        matmul(&mut self.right, Accum::Replace, self.b.transpose(), y, T::of(1.0), par);
        kernels::gram(self.gram.as_mut(), y, par);
        for j in 0..self.gram.ncols() {
            let diagonal = self.gram[(j, j)];
            if diagonal <= T::of(T::TINY / T::EPSILON) {
                continue; // the other factor's component is zero, or its square has lost its digits
            }
            let right = self.right.col_as_slice_mut(j);
            for (l, g) in self.gram.col_as_slice(j).iter().enumerate() {
                right.iter_mut().zip(self.compressed.col_as_slice(l)).for_each(|(r, w)| *r -= *g * *w);
            }
            let step = T::of(1.0) / diagonal;
            let own = self.compressed.col_as_slice_mut(j);
            own.iter_mut().zip(&*right).for_each(|(w, r)| *w += *r * step);
            let mut target = x.rb_mut().subcols_mut(j, 1);
            matmul(target.rb_mut(), Accum::Replace, &self.q, self.compressed.subcols(j, 1), T::of(1.0), par);
            column_mut(target.rb_mut(), 0).iter_mut().for_each(|x| *x = max(*x, T::of(0.0)));
            let own = self.compressed.subcols_mut(j, 1);
            matmul(own, Accum::Replace, self.q.transpose(), target.rb(), T::of(1.0), par);
        }
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let Factors { w, ht } = factors;
        let (x, y) = if self.transposed { (ht, w) } else { (w, ht) };
        matmul(&mut self.cross, Accum::Replace, &self.b, &self.compressed, T::of(1.0), problem.par);
        kernels::gram(self.gram.as_mut(), self.compressed.as_ref(), problem.par);
        let s = Subproblem { gram: self.gram.as_ref(), cross: self.cross.as_ref(), par: problem.par };
        let mut effort = std::mem::take(&mut self.setup);
        effort += self.hals.update(y.as_mut(), &s)?;
        self.update_long(x.as_mut(), y.as_ref(), problem.par);
        if !column(x.as_ref(), 0).iter().all(|x| x.to_f64().is_finite()) {
            return Err(Breakdown::NotFinite { what: "W" });
        }
        let (p, q) = (count(x.nrows()), count(y.nrows()));
        let (l, k) = (count(self.q.ncols()), count(problem.rank));
        effort.flops += 4.0 * q * l * k + (l + q) * k * (k + 1.0);
        effort.flops += 4.0 * p * l * k + 2.0 * l * k * k + p * k;
        Ok(effort)
    }
}
