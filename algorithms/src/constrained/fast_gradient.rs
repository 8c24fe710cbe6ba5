//! The fast gradient method for min q(X) = ½⟨XG, X⟩ − ⟨C, X⟩ over a set that can be projected on. Nesterov, "Introductory
//! lectures on convex optimization" (2004), §2.2; for factorisations Gillis, "Nonnegative matrix factorization" (2020),
//! §8.3.4.
//!
//! With L = ‖G‖₂, Y₀ = X₀ and α₀ = 0.05,
//!
//! X_t = P(Y_{t−1} − ∇(Y_{t−1})/L),   α_t = ½(√(α⁴ + 4α²) − α²) of α = α_{t−1},   Y_t = X_t + α(1 − α)/(α² + α_t)·(X_t − X_{t−1}).
//!
//! Where q has risen it goes back one step and begins anew without momentum, so that the last point is never worse than
//! the first. ∇ is affine: one product a step gives ∇(X), that at Y, and the change of q, ½⟨∇(X_t) + ∇(X_{t−1}), X_t −
//! X_{t−1}⟩, with all its digits.

use crate::kernels::spectral::SpectralNorm;
use crate::kernels::{column, dot};
use crate::matrix::count;
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

const ALPHA: f64 = 0.05;

/// Workspaces for a factor of p rows.
pub(super) struct FastGradient<T> {
    norm: SpectralNorm<T>,
    /// Y, ∇(Y), ∇(X) and the two of the step before; p×k each.
    ahead: Mat<T>,
    ahead_gradient: Mat<T>,
    gradient: Mat<T>,
    before: Mat<T>,
    before_gradient: Mat<T>,
}

/// When to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Steps, at most.
    pub(super) steps: u32,
    /// Ends when a step is this much shorter than the first.
    pub(super) change: f64,
}

impl<T: Real> FastGradient<T> {
    pub(super) fn new(p: usize, k: usize) -> Self {
        let zeros = || Mat::zeros(p, k);
        FastGradient {
            norm: SpectralNorm::new(k),
            ahead: zeros(),
            ahead_gradient: zeros(),
            gradient: zeros(),
            before: zeros(),
            before_gradient: zeros(),
        }
    }

    /// Improves a feasible X; `project` makes a point feasible. Returns the flops, without those of the projections.
    pub(super) fn run(
        &mut self,
        x: &mut Mat<T>,
        (gram, cross): (MatRef<'_, T>, MatRef<'_, T>),
        limits: Limits,
        mut project: impl FnMut(&mut Mat<T>),
        par: Par,
    ) -> f64 {
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        let lipschitz = self.norm.of(gram);
        let mut flops = SpectralNorm::<T>::flops(k);
        if lipschitz <= T::TINY / T::EPSILON {
            return flops; // nothing depends on X
        }
        let step = T::of(lipschitz.recip());
        slope(&mut self.gradient, x, gram, cross, par);
        self.restart(x);
        let (mut alpha, mut first, mut fresh) = (ALPHA, 0.0, true);
        for t in 0..limits.steps {
            for j in 0..x.ncols() {
                let from = self.ahead.col_as_slice(j).iter().zip(self.ahead_gradient.col_as_slice(j));
                x.col_as_slice_mut(j).iter_mut().zip(from).for_each(|(x, (y, g))| *x = *y - step * *g);
            }
            project(x);
            slope(&mut self.gradient, x, gram, cross, par);
            flops += 2.0 * p * k * k + 14.0 * p * k;
            let (change, length) = self.change(x);
            if change > 0.0 {
                copy(x, &self.before);
                copy(&mut self.gradient, &self.before_gradient);
                if fresh {
                    break; // without momentum it rises by rounding alone
                }
                self.restart(x);
                (alpha, fresh) = (ALPHA, true);
                continue;
            }
            first = if t == 0 { length } else { first };
            if length <= limits.change * first {
                break;
            }
            let next = 0.5 * ((alpha.powi(4) + 4.0 * alpha * alpha).sqrt() - alpha * alpha);
            self.extrapolate(x, T::of(alpha * (1.0 - alpha) / (alpha * alpha + next)));
            (alpha, fresh) = (next, false);
        }
        flops
    }

    /// Without momentum from X, whose gradient is known.
    fn restart(&mut self, x: &Mat<T>) {
        copy(&mut self.ahead, x);
        copy(&mut self.before, x);
        copy(&mut self.ahead_gradient, &self.gradient);
        copy(&mut self.before_gradient, &self.gradient);
    }

    /// The change of q by the last step, and that step's length.
    fn change(&self, x: &Mat<T>) -> (f64, f64) {
        let (mut change, mut squares) = (0.0, 0.0);
        for j in 0..x.ncols() {
            let points = x.col_as_slice(j).iter().zip(self.before.col_as_slice(j));
            let slopes = self.gradient.col_as_slice(j).iter().zip(self.before_gradient.col_as_slice(j));
            for ((x, before), (g, h)) in points.zip(slopes) {
                let d = (*x - *before).to_f64();
                change += 0.5 * (g.to_f64() + h.to_f64()) * d;
                squares += d * d;
            }
        }
        (change, squares.sqrt())
    }

    /// Y and ∇(Y) by this weight; X becomes the one before.
    fn extrapolate(&mut self, x: &Mat<T>, weight: T) {
        for (ahead, before, now) in [
            (&mut self.ahead, &mut self.before, x),
            (&mut self.ahead_gradient, &mut self.before_gradient, &self.gradient),
        ] {
            for j in 0..now.ncols() {
                let sides = ahead.col_as_slice_mut(j).iter_mut().zip(before.col_as_slice_mut(j));
                for ((ahead, before), now) in sides.zip(now.col_as_slice(j)) {
                    *ahead = *now + weight * (*now - *before);
                    *before = *now;
                }
            }
        }
    }
}

/// ∇ = XG − C.
pub(super) fn slope<T: Real>(gradient: &mut Mat<T>, x: &Mat<T>, gram: MatRef<'_, T>, cross: MatRef<'_, T>, par: Par) {
    matmul(gradient.as_mut(), Accum::Replace, x, gram, T::of(1.0), par);
    for j in 0..x.ncols() {
        gradient.col_as_slice_mut(j).iter_mut().zip(column(cross, j)).for_each(|(g, c)| *g -= *c);
    }
}

pub(super) fn copy<T: Real>(to: &mut Mat<T>, from: &Mat<T>) {
    to.as_mut().copy_from(from);
}

/// q(X⁺) − q(X) = ⟨∇(X), D⟩ + ½⟨DᵀD, G⟩ for D = X⁺ − X; `own` is a k×k workspace.
pub(super) fn rise<T: Real>(gradient: &Mat<T>, d: &Mat<T>, gram: MatRef<'_, T>, own: &mut Mat<T>, par: Par) -> f64 {
    crate::kernels::gram(own.as_mut(), d.as_ref(), par);
    dot(gradient.as_ref(), d.as_ref()) + 0.5 * dot(own.as_ref(), gram)
}
