//! Alternating optimisation by ADMM. Huang, Sidiropoulos & Liavas, "A flexible and efficient algorithmic framework for
//! constrained matrix and tensor factorization", IEEE Trans. Signal Processing 64 (2016), Algorithm 1.
//!
//! With ρ = trace(G)/k and a dual variable U that is kept from one outer iteration to the next,
//!
//! X̃ = (C + ρ(X + U)) (G + ρI)⁻¹,   X ← max(0, X̃ − U),   U ← U + X − X̃,
//!
//! until ‖X − X̃‖² ≤ ε‖X‖² and ‖X − X_before‖² ≤ ε‖U‖². The condition number of G + ρI is at most k + 1, so its inverse is
//! formed once per update, from its Cholesky factor, and each inner step is one product.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::rows::{self, BLOCK};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, max};
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Alternating optimisation by ADMM.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AoAdmm {
    /// ADMM steps on one factor in one outer iteration, at most.
    #[schemars(range(min = 1))]
    inner_iterations: u32,
    /// ε: the inner steps end when the squared primal and dual residuals, relative to ‖X‖² and ‖U‖², are at most this.
    #[schemars(range(min = 0.0))]
    inner_tolerance: f64,
}

impl Default for AoAdmm {
    fn default() -> Self {
        AoAdmm { inner_iterations: 5, inner_tolerance: 0.01 }
    }
}

impl Rule for AoAdmm {
    const TRAITS: Traits = Traits { stationary: true, ..Traits::of(Objective::Frobenius) };
    const SEPARABLE: bool = false;
    type Update<T: Real> = AoAdmmUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> AoAdmmUpdate<T> {
        let k = side.rank;
        let block = |rows| {
            let zeros = || Mat::zeros(rows, k);
            Block { dual: zeros(), right: zeros(), free: zeros(), squares: [0.0; 4] }
        };
        let scratch = StackReq::any_of(&[
            llt::factor::cholesky_in_place_scratch::<T>(k, Par::Seq, default()),
            llt::solve::solve_in_place_scratch::<T>(k, k, Par::Seq),
        ]);
        AoAdmmUpdate {
            rule: self.clone(),
            factor: Mat::zeros(k, k),
            inverse: Mat::zeros(k, k),
            memory: MemBuffer::new(scratch),
            blocks: rows::states(side.rows, BLOCK, block),
        }
    }
}

pub struct AoAdmmUpdate<T> {
    rule: AoAdmm,
    /// The Cholesky factor of G + ρI, k×k.
    factor: Mat<T>,
    /// (G + ρI)⁻¹, k×k.
    inverse: Mat<T>,
    memory: MemBuffer,
    blocks: Vec<Block<T>>,
}

/// State and workspaces for a block of rows.
struct Block<T> {
    /// U.
    dual: Mat<T>,
    /// C + ρ(X + U).
    right: Mat<T>,
    /// X̃.
    free: Mat<T>,
    /// ‖X − X̃‖², ‖X‖², ‖X − X_before‖², ‖U‖².
    squares: [f64; 4],
}

impl<T: Real> Block<T> {
    fn advance(&mut self, mut x: MatMut<'_, T>, from: usize, s: &Subproblem<'_, T>, inverse: &Mat<T>, rho: T) {
        let zero = T::of(0.0);
        for j in 0..x.ncols() {
            let c = &column(s.cross, j)[from..from + x.nrows()];
            let (right, dual) = (self.right.col_as_slice_mut(j), self.dual.col_as_slice(j));
            for (((r, c), x), u) in right.iter_mut().zip(c).zip(column(x.rb(), j)).zip(dual) {
                *r = *c + rho * (*x + *u);
            }
        }
        matmul(&mut self.free, Accum::Replace, &self.right, inverse, T::of(1.0), Par::Seq);
        self.squares = [0.0; 4];
        for j in 0..x.ncols() {
            let mut sums = [zero; 4];
            let (free, dual) = (self.free.col_as_slice(j), self.dual.col_as_slice_mut(j));
            for ((x, free), u) in column_mut(x.rb_mut(), j).iter_mut().zip(free).zip(dual) {
                let new = max(*free - *u, zero);
                let (primal, moved) = (new - *free, new - *x);
                *u += primal;
                *x = new;
                sums[0] += primal * primal;
                sums[1] += new * new;
                sums[2] += moved * moved;
                sums[3] += *u * *u;
            }
            self.squares.iter_mut().zip(sums).for_each(|(s, sum)| *s += sum.to_f64());
        }
    }
}

impl<T: Real> AoAdmmUpdate<T> {
    /// (G + ρI)⁻¹.
    fn invert(&mut self, s: &Subproblem<'_, T>, rho: f64) -> Result<(), Breakdown> {
        self.factor.copy_from(s.gram);
        for l in 0..s.gram.ncols() {
            self.factor[(l, l)] += T::of(rho);
        }
        let stack = MemStack::new(&mut self.memory);
        llt::factor::cholesky_in_place(self.factor.as_mut(), default(), Par::Seq, stack, default())
            .map_err(|_| Breakdown::NotFinite { what: "the Gram matrix" })?;
        self.inverse.fill(T::of(0.0));
        self.inverse.diagonal_mut().fill(T::of(1.0));
        llt::solve::solve_in_place(self.factor.as_ref(), self.inverse.as_mut(), Par::Seq, stack);
        Ok(())
    }
}

impl<T: Real> Update<T> for AoAdmmUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        let rho = (0..s.gram.ncols()).map(|l| s.gram[(l, l)].to_f64()).sum::<f64>() / k;
        if rho <= T::TINY / T::EPSILON {
            return Ok(Effort::default()); // the other factor is zero: nothing depends on X
        }
        self.invert(s, rho)?;
        let mut steps = 0;
        while steps < self.rule.inner_iterations {
            let inverse = &self.inverse;
            rows::for_blocks(s.par, x.rb_mut(), BLOCK, &mut self.blocks, |b, from, x| {
                b.advance(x, from, s, inverse, T::of(rho));
            });
            steps += 1;
            let mut sums = [0.0; 4];
            for block in &self.blocks {
                sums.iter_mut().zip(block.squares).for_each(|(s, b)| *s += b);
            }
            s.sum(&mut sums);
            let [primal, x, moved, dual] = sums;
            if primal <= self.rule.inner_tolerance * x && moved <= self.rule.inner_tolerance * dual {
                break;
            }
        }
        let flops = k * k * k * (1.0 / 3.0 + 2.0) + f64::from(steps) * (2.0 * p * k * k + 15.0 * p * k);
        Ok(Effort { flops, ..Effort::default() })
    }
}
