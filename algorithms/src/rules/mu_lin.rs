//! Modified multiplicative update. Lin, "On the convergence of multiplicative update algorithms for nonnegative matrix
//! factorization", IEEE Trans. Neural Networks 18 (2007), Algorithm 2.
//!
//! With ∇ = XG − C, and X̄ = X where ∇ ≥ 0 and max(X, σ) where ∇ < 0,
//!
//! X ← X − X̄ ⊘ (X̄G + δ) ∘ ∇.
//!
//! An entry at 0 that the gradient wants up is moved as if it were σ, so no zero is locked; limit points are stationary.
//! The paper keeps the factors bounded by normalising the columns of W: [`crate::Normalized`] does that.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::rows::{self, BLOCK};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, max, positive};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lin's modified multiplicative update.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MuLin {
    /// σ, the size at which a smaller entry counts where the gradient is negative, in units of the factor's mean entry.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    sigma: f64,
    /// δ, added to the denominators, in units of the factor's mean entry times trace(G)/k.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    delta: f64,
}

impl Default for MuLin {
    fn default() -> Self {
        MuLin { sigma: 1e-8, delta: 1e-8 }
    }
}

impl Rule for MuLin {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };
    const SEPARABLE: bool = false;
    type Update<T: Real> = MuLinUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> MuLinUpdate<T> {
        let block = |rows| Block {
            gradient: Mat::zeros(rows, side.rank),
            lifted: Mat::zeros(rows, side.rank),
            denominator: Mat::zeros(rows, side.rank),
        };
        MuLinUpdate { rule: self.clone(), blocks: rows::states(side.rows, BLOCK, block) }
    }
}

pub struct MuLinUpdate<T> {
    rule: MuLin,
    blocks: Vec<Block<T>>,
}

/// Workspaces for a block of rows.
struct Block<T> {
    /// ∇ = XG − C.
    gradient: Mat<T>,
    /// X̄.
    lifted: Mat<T>,
    /// X̄G.
    denominator: Mat<T>,
}

impl<T: Real> Update<T> for MuLinUpdate<T> {
    fn update(&mut self, x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = x.shape();
        let mut sums = [(0..k).flat_map(|j| column(x.rb(), j)).map(|x| x.to_f64()).sum::<f64>(), count(p)];
        s.sum(&mut sums);
        let mean = sums[0] / (sums[1] * count(k));
        let trace: f64 = (0..k).map(|l| s.gram[(l, l)].to_f64()).sum();
        let sigma = T::of(self.rule.sigma * mean);
        let delta = T::of((self.rule.delta * mean * trace / count(k)).max(T::TINY));
        rows::for_blocks(s.par, x, BLOCK, &mut self.blocks, |block, from, x| {
            block.update(x, from, s, sigma, delta);
        });
        let (p, k) = (count(p), count(k));
        Ok(Effort { flops: 4.0 * p * k * k + 6.0 * p * k, ..Effort::default() })
    }
}

impl<T: Real> Block<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, from: usize, s: &Subproblem<'_, T>, sigma: T, delta: T) {
        let zero = T::of(0.0);
        matmul(&mut self.gradient, Accum::Replace, x.rb(), s.gram, T::of(1.0), Par::Seq);
        for j in 0..x.ncols() {
            let c = &column(s.cross, j)[from..from + x.nrows()];
            let (gradient, lifted) = (self.gradient.col_as_slice_mut(j), self.lifted.col_as_slice_mut(j));
            for (((g, l), c), x) in gradient.iter_mut().zip(lifted).zip(c).zip(column(x.rb(), j)) {
                *g -= *c;
                *l = if *g < zero { max(*x, sigma) } else { *x };
            }
        }
        matmul(&mut self.denominator, Accum::Replace, &self.lifted, s.gram, T::of(1.0), Par::Seq);
        for j in 0..x.ncols() {
            let (gradient, lifted) = (self.gradient.col_as_slice(j), self.lifted.col_as_slice(j));
            let d = self.denominator.col_as_slice(j);
            for (((x, g), l), d) in column_mut(x.rb_mut(), j).iter_mut().zip(gradient).zip(lifted).zip(d) {
                *x = positive(*x - *l / (*d + delta) * *g); // below 0 by rounding, or where a penalty outweighs C
            }
        }
    }
}
