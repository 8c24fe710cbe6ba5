//! Nesterov's optimal gradient method on each factor. Guan, Tao, Luo & Yuan, "NeNMF: an optimal gradient method for
//! nonnegative matrix factorization", IEEE Trans. Signal Processing 60 (2012), Algorithms 1 and 2.
//!
//! With L = ‖G‖₂, Y₀ = X₀ and α₀ = 1,
//!
//! X_t = max(0, Y_t − ∇(Y_t)/L),   α_{t+1} = (1 + √(4α_t² + 1))/2,   Y_{t+1} = X_t + (α_t − 1)/α_{t+1}·(X_t − X_{t−1}),
//!
//! until the projected gradient at X_t is below a tolerance. That is the start's gradient norm times a factor; it falls
//! to a tenth whenever the least number of inner steps was enough. ∇ is affine, so ∇(Y) follows from ∇(X) and one product
//! per inner step suffices.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::rows::{self, BLOCK};
use crate::kernels::spectral::SpectralNorm;
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, positive};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Nesterov's optimal gradient method.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NeNmf {
    /// Gradient steps on one factor in one outer iteration, at most.
    #[schemars(range(min = 1))]
    inner_iterations: u32,
    /// Gradient steps on one factor in one outer iteration, at least.
    #[schemars(range(min = 1))]
    inner_minimum: u32,
    /// First inner tolerance on the projected gradient, in units of the start's gradient norm.
    #[schemars(range(min = 0.0))]
    inner_tolerance: f64,
}

impl Default for NeNmf {
    fn default() -> Self {
        NeNmf { inner_iterations: 1000, inner_minimum: 10, inner_tolerance: 1e-3 }
    }
}

impl Rule for NeNmf {
    const TRAITS: Traits = Traits { stationary: true, ..Traits::of(Objective::Frobenius) };
    const SEPARABLE: bool = false;
    const WANTS_START_GRADIENT: bool = true;
    type Update<T: Real> = NeNmfUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> NeNmfUpdate<T> {
        let block = |rows| {
            let zeros = || Mat::zeros(rows, side.rank);
            Block { y: zeros(), gradient_y: zeros(), gradient_x: zeros(), fresh: zeros(), squares: 0.0 }
        };
        NeNmfUpdate {
            rule: self.clone(),
            tolerance: self.inner_tolerance * side.start_gradient,
            norm: SpectralNorm::new(side.rank),
            blocks: rows::states(side.rows, BLOCK, block),
        }
    }
}

pub struct NeNmfUpdate<T> {
    rule: NeNmf,
    tolerance: f64,
    norm: SpectralNorm<T>,
    blocks: Vec<Block<T>>,
}

/// Workspaces for a block of rows.
struct Block<T> {
    /// Y, the extrapolated point.
    y: Mat<T>,
    /// ∇(Y).
    gradient_y: Mat<T>,
    /// ∇(X).
    gradient_x: Mat<T>,
    /// ∇ at the new X.
    fresh: Mat<T>,
    /// Squared norm of the projected gradient at X.
    squares: f64,
}

impl<T: Real> Block<T> {
    /// ∇(X) into `fresh`.
    fn gradient(&mut self, x: MatRef<'_, T>, from: usize, s: &Subproblem<'_, T>) {
        self.fresh.copy_from(s.cross.subrows(from, x.nrows()));
        for j in 0..x.ncols() {
            self.fresh.col_as_slice_mut(j).iter_mut().for_each(|g| *g = -*g);
        }
        matmul(&mut self.fresh, Accum::Add, x, s.gram, T::of(1.0), Par::Seq);
    }

    fn begin(&mut self, x: MatMut<'_, T>, from: usize, s: &Subproblem<'_, T>) {
        self.gradient(x.rb(), from, s);
        self.y.copy_from(x.rb());
        self.gradient_x.copy_from(&self.fresh);
        self.gradient_y.copy_from(&self.fresh);
    }

    /// One step of length `step`, and the extrapolation by `momentum` after it.
    fn advance(&mut self, mut x: MatMut<'_, T>, from: usize, s: &Subproblem<'_, T>, step: T, momentum: T) {
        let zero = T::of(0.0);
        for j in 0..x.ncols() {
            let (y, g) = (self.y.col_as_slice_mut(j), self.gradient_y.col_as_slice(j));
            for ((x, y), g) in column_mut(x.rb_mut(), j).iter_mut().zip(y).zip(g) {
                let new = positive(*y - step * *g);
                *y = new + momentum * (new - *x);
                *x = new;
            }
        }
        self.gradient(x.rb(), from, s);
        self.squares = 0.0;
        for j in 0..x.ncols() {
            let (gx, gy) = (self.gradient_x.col_as_slice_mut(j), self.gradient_y.col_as_slice_mut(j));
            let mut sum = 0.0;
            for (((x, new), gx), gy) in column(x.rb(), j).iter().zip(self.fresh.col_as_slice(j)).zip(gx).zip(gy) {
                let counts = *x > zero || *new < zero;
                sum += if counts { new.to_f64() * new.to_f64() } else { 0.0 };
                *gy = *new + momentum * (*new - *gx);
                *gx = *new;
            }
            self.squares += sum;
        }
    }
}

impl<T: Real> Update<T> for NeNmfUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        let lipschitz = self.norm.of(s.gram);
        let mut effort = Effort { flops: SpectralNorm::<T>::flops(k), ..Effort::default() };
        if lipschitz <= T::TINY / T::EPSILON {
            return Ok(effort); // the other factor is zero: nothing depends on X
        }
        let step = T::of(1.0 / lipschitz);
        rows::for_blocks(s.par, x.rb_mut(), BLOCK, &mut self.blocks, |b, from, x| b.begin(x, from, s));
        let (mut alpha, mut steps) = (1.0_f64, 0);
        while steps < self.rule.inner_iterations {
            let next = 0.5 * (1.0 + (4.0 * alpha * alpha + 1.0).sqrt());
            let momentum = T::of((alpha - 1.0) / next);
            alpha = next;
            rows::for_blocks(s.par, x.rb_mut(), BLOCK, &mut self.blocks, |b, from, x| {
                b.advance(x, from, s, step, momentum);
            });
            steps += 1;
            let mut sum = [self.blocks.iter().map(|b| b.squares).sum::<f64>()];
            s.sum(&mut sum);
            if steps >= self.rule.inner_minimum && sum[0].sqrt() <= self.tolerance {
                break;
            }
        }
        if steps <= self.rule.inner_minimum {
            self.tolerance *= 0.1;
        }
        effort.flops += 2.0 * p * k * k * f64::from(steps + 1) + 11.0 * p * k * f64::from(steps);
        Ok(effort)
    }
}
