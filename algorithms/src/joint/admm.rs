//! ADMM on both factors at once. Xu, Yin, Wen & Zhang, "An alternating direction algorithm for matrix completion with
//! nonnegative factors", Frontiers of Mathematics in China 7 (2012), Algorithm 1, with every entry known (Z = A).
//!
//! A ≈ XY with X = U ≥ 0, Y = V ≥ 0, multipliers Λ, Π and weights α, β:
//!
//! - X ← (AYᵀ + αU − Λ)(YYᵀ + αI)⁻¹,   Y ← (XᵀX + βI)⁻¹(XᵀA + βV − Π);
//! - U ← max(0, X + Λ/α),   V ← max(0, Y + Π/β);
//! - Λ ← Λ + γα(X − U),   Π ← Π + γβ(Y − V).
//!
//! U and V are the factors. Whenever it converges, it does so to a KKT point; that it converges is not proved.
//!
//! Units and γ are those of the authors' program, whose α is 2e-4; 1.91e-4 is the paper's, from memory.

use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::kernels::rows::{self, BLOCK};
use crate::kernels::{self, column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::{Real, max};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::prelude::*;
use faer::{Mat, MatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// ADMM on both factors at once.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Admm {
    /// α, the weight of the constraint on W, in units of ‖A‖_F·max(m, n)/k; that of the constraint on H is n/m times it.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    alpha: f64,
    /// γ, the step length of the multipliers.
    #[schemars(range(max = 1.618), extend("exclusiveMinimum" = 0.0))]
    gamma: f64,
}

impl Default for Admm {
    fn default() -> Self {
        Admm { alpha: 1.91e-4, gamma: 1.618 }
    }
}

impl Algorithm for Admm {
    const TRAITS: Traits =
        Traits::of(Objective::Frobenius).except(Property::Transposition, "X comes first, and α and β differ");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let alpha = self.alpha * problem.squared_norm.sqrt() * count(m.max(n)) / count(rank);
        let half = |x: &Mat<T>, weight: f64| Half {
            free: x.clone(),
            multiplier: Mat::zeros(x.nrows(), rank),
            cross: Mat::zeros(x.nrows(), rank),
            gram: Mat::zeros(rank, rank),
            weight: weight.max(T::TINY / T::EPSILON), // A may be zero
            memory: MemBuffer::new(llt::factor::cholesky_in_place_scratch::<T>(rank, Par::Seq, default())),
            blocks: rows::states(x.nrows(), BLOCK, |rows| {
                MemBuffer::new(llt::solve::solve_in_place_scratch::<T>(rank, rows, Par::Seq))
            }),
        };
        let (w, h) = (half(&factors.w, alpha), half(&factors.ht, alpha * count(n) / count(m)));
        Ok(Box::new(Machine { w, h, gamma: self.gamma }))
    }
}

struct Machine<T> {
    w: Half<T>,
    h: Half<T>,
    gamma: f64,
}

/// One factor, p×k.
struct Half<T> {
    /// X (or Yᵀ).
    free: Mat<T>,
    /// Λ (or Πᵀ).
    multiplier: Mat<T>,
    /// A times the other factor.
    cross: Mat<T>,
    /// The other factor's Gram matrix with the weight on its diagonal, and its Cholesky factor.
    gram: Mat<T>,
    /// α (or β).
    weight: f64,
    memory: MemBuffer,
    /// Workspaces for blocks of rows.
    blocks: Vec<MemBuffer>,
}

impl<T: Real> Half<T> {
    /// X from U, Λ and the other free factor, with which `cross` is formed already.
    fn solve(&mut self, feasible: &Mat<T>, other: MatRef<'_, T>, par: Par) -> Result<(), Breakdown> {
        let Half { free, multiplier, cross, gram, weight, memory, blocks } = self;
        let weight = T::of(*weight);
        kernels::gram(gram.as_mut(), other, par);
        for l in 0..gram.ncols() {
            gram[(l, l)] += weight;
        }
        llt::factor::cholesky_in_place(gram.as_mut(), default(), Par::Seq, MemStack::new(memory), default())
            .map_err(|_| Breakdown::NotFinite { what: "the Gram matrix" })?;
        for j in 0..free.ncols() {
            let terms = cross.col_as_slice(j).iter().zip(feasible.col_as_slice(j)).zip(multiplier.col_as_slice(j));
            for (x, ((c, u), l)) in free.col_as_slice_mut(j).iter_mut().zip(terms) {
                *x = *c + weight * *u - *l;
            }
        }
        let factor = gram.as_ref();
        rows::for_blocks(par, free.as_mut(), BLOCK, blocks, |memory, _, x| {
            llt::solve::solve_in_place(factor, x.transpose_mut(), Par::Seq, MemStack::new(memory));
        });
        Ok(())
    }

    /// U and Λ from X.
    fn project(&mut self, feasible: &mut Mat<T>, gamma: f64) {
        let (inverse, step) = (T::of(self.weight.recip()), T::of(gamma * self.weight));
        for j in 0..feasible.ncols() {
            let u = column_mut(feasible.as_mut(), j).iter_mut();
            let known = column(self.free.as_ref(), j).iter().zip(self.multiplier.col_as_slice_mut(j));
            for (u, (x, l)) in u.zip(known) {
                *u = max(*x + *l * inverse, T::of(0.0));
                *l += step * (*x - *u);
            }
        }
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let (Machine { w, h, gamma }, par) = (self, problem.par);
        problem.matrix.times(w.cross.as_mut(), h.free.as_ref(), par);
        w.solve(&factors.w, h.free.as_ref(), par)?;
        problem.matrix.transpose_times(h.cross.as_mut(), w.free.as_ref(), par);
        h.solve(&factors.ht, w.free.as_ref(), par)?;
        if !w.free.is_all_finite() || !h.free.is_all_finite() {
            return Err(Breakdown::NotFinite { what: "X or Y" });
        }
        w.project(&mut factors.w, *gamma);
        h.project(&mut factors.ht, *gamma);
        let Shape { m, n, rank } = problem.shape();
        let (p, k) = (count(m + n), count(rank));
        let flops = 4.0 * count(problem.matrix.nnz()) * k + p * k * (k + 1.0) + 2.0 * k * k * k / 3.0;
        Ok(Effort { flops: flops + 2.0 * p * k * k + 11.0 * p * k, passes: 2.0, repairs: 0 })
    }
}
