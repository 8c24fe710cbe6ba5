//! Alternating proximal gradient with extrapolation. Xu & Yin, "A block coordinate descent method for regularized
//! multiconvex optimization with applications to nonnegative tensor factorization and completion", SIAM J. Imaging
//! Sciences 6 (2013), Algorithm 1 with update (1.3c), §3.2.
//!
//! One gradient step on each factor from an extrapolated point, with L = ‖G‖₂ of its subproblem:
//!
//! X̂ = X + ω(X − X_before),   X ← max(0, X̂ − (X̂G − C)/L),
//!
//! ω = min((t − 1)/t₊, δ√(L_before/L)) with t₊ = (1 + √(1 + 4t²))/2. Where the objective has not fallen, the iteration is
//! done again with ω = 0, so that it never rises.

use crate::algorithm::{Algorithm, Solver, Subproblem, Traits};
use crate::kernels::spectral::SpectralNorm;
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem};
use crate::products::{Factor, Order, Penalties, Products};
use crate::real::{Real, max};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Alternating proximal gradient.
#[derive(Clone, Debug)]
pub struct Apg {
    momentum: Momentum,
    order: Order,
    penalties: Penalties,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Momentum {
    /// δ: the extrapolation weight is at most this times √(L_before/L), L being the Lipschitz constant of a factor's step.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    delta: f64,
}

impl Default for Momentum {
    fn default() -> Self {
        Momentum { delta: 0.9999 }
    }
}

impl Parameters for Apg {
    fn fields() -> Vec<Field> {
        [Momentum::fields(), Order::fields(), Penalties::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Apg { momentum: Momentum::claim(table)?, order: Order::claim(table)?, penalties: Penalties::claim(table)? })
    }

    fn table(&self) -> Table {
        self.momentum.table().into_iter().chain(self.order.table()).chain(self.penalties.table()).collect()
    }
}

impl Algorithm for Apg {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let k = problem.rank;
        let side = |x: &Mat<T>| Half { before: x.clone(), fresh: x.clone(), ahead: x.clone(), lipschitz: 0.0 };
        Ok(Box::new(Machine {
            products: Products::new(problem, self.penalties.clone()),
            sequence: self.order.sequence(),
            delta: self.momentum.delta,
            norm: SpectralNorm::new(k),
            own: Mat::zeros(k, k),
            w: side(&factors.w),
            h: side(&factors.ht),
            t: 1.0,
            objective: None,
        }))
    }
}

struct Machine<T> {
    products: Products<T>,
    sequence: [Factor; 2],
    delta: f64,
    norm: SpectralNorm<T>,
    /// XᵀX, k×k.
    own: Mat<T>,
    w: Half<T>,
    h: Half<T>,
    /// t of the iteration before.
    t: f64,
    /// The penalised objective; none before the first iteration.
    objective: Option<f64>,
}

/// The state of one factor.
struct Half<T> {
    /// X of the iteration before.
    before: Mat<T>,
    /// The new X.
    fresh: Mat<T>,
    /// X̂.
    ahead: Mat<T>,
    /// L of the iteration before; 0 where there was none.
    lipschitz: f64,
}

impl<T: Real> Half<T> {
    /// X̂ and the new X from it.
    fn advance(&mut self, x: &Mat<T>, s: &Subproblem<'_, T>, weight: f64, lipschitz: f64) -> Effort {
        let (weight, step) = (T::of(weight), T::of(lipschitz.recip()));
        for j in 0..x.ncols() {
            let old = x.col_as_slice(j).iter().zip(self.before.col_as_slice(j));
            for (a, (x, before)) in self.ahead.col_as_slice_mut(j).iter_mut().zip(old) {
                *a = *x + weight * (*x - *before);
            }
        }
        matmul(&mut self.fresh, Accum::Replace, &self.ahead, s.gram, T::of(1.0), s.par);
        for j in 0..x.ncols() {
            let known = self.ahead.col_as_slice(j).iter().zip(column(s.cross, j));
            for (new, (a, c)) in column_mut(self.fresh.as_mut(), j).iter_mut().zip(known) {
                *new = max(*a - step * (*new - *c), T::of(0.0));
            }
        }
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        Effort { flops: 2.0 * p * k * k + 7.0 * p * k, ..Effort::default() }
    }
}

impl<T: Real> Machine<T> {
    fn half(&mut self, factor: Factor) -> &mut Half<T> {
        match factor {
            Factor::W => &mut self.w,
            Factor::H => &mut self.h,
        }
    }

    /// The new value of one factor, its subproblem being formed; `momentum` is (t − 1)/t₊, or 0. Returns L as well.
    fn advance(&mut self, problem: &Problem<'_, T>, x: &Mat<T>, factor: Factor, momentum: f64) -> (f64, Effort) {
        let s = self.products.again(problem, factor);
        let lipschitz = self.norm.of(s.gram);
        let half = if factor == Factor::W { &mut self.w } else { &mut self.h };
        let mut effort = Effort { flops: SpectralNorm::<T>::flops(count(problem.rank)), ..Effort::default() };
        if lipschitz <= T::TINY / T::EPSILON {
            copy(half.fresh.as_mut(), x); // the other factor is zero: nothing depends on this one
            return (0.0, effort);
        }
        let weight = momentum.min(self.delta * (half.lipschitz / lipschitz).sqrt());
        effort += half.advance(x, &s, weight, lipschitz);
        (lipschitz, effort)
    }

    /// Both factors once; returns the objective and both Lipschitz constants. The first subproblem is formed already.
    fn attempt(&mut self, problem: &Problem<'_, T>, factors: &Factors<T>, momentum: f64) -> (f64, [f64; 2], Effort) {
        let [first, second] = self.sequence;
        let of = |f| if f == Factor::W { &factors.w } else { &factors.ht };
        let (l_first, mut effort) = self.advance(problem, of(first), first, momentum);
        let fresh = if first == Factor::W { &self.w.fresh } else { &self.h.fresh };
        effort += self.products.subproblem(problem, second, fresh).1;
        let (l_second, work) = self.advance(problem, of(second), second, momentum);
        effort += work;
        let (w, h) = (&self.w.fresh, &self.h.fresh);
        let pair = if second == Factor::W { (w, h) } else { (h, w) };
        let (objective, work) = self.products.objective(problem, second, pair, &mut self.own);
        effort += work;
        (objective, [l_first, l_second], effort)
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let [first, _] = self.sequence;
        let (x, y) = if first == Factor::W { (&factors.w, &factors.ht) } else { (&factors.ht, &factors.w) };
        let mut effort = self.products.subproblem(problem, first, y).1;
        if self.objective.is_none() {
            let (objective, work) = self.products.objective(problem, first, (x, y), &mut self.own);
            self.objective = Some(objective);
            effort += work;
        }
        let t = 0.5 * (1.0 + (1.0 + 4.0 * self.t * self.t).sqrt());
        let momentum = (self.t - 1.0) / t;
        self.t = t;
        let (mut objective, mut lipschitz, work) = self.attempt(problem, factors, momentum);
        effort += work;
        if momentum > 0.0 && self.objective.is_some_and(|before| objective >= before) {
            let (again, constants, work) = self.attempt(problem, factors, 0.0);
            (objective, lipschitz) = (again, constants);
            effort += work;
        }
        if !objective.is_finite() {
            return Err(Breakdown::NotFinite { what: "the objective" });
        }
        self.objective = Some(objective);
        for (factor, lipschitz) in self.sequence.into_iter().zip(lipschitz) {
            let x = if factor == Factor::W { &mut factors.w } else { &mut factors.ht };
            let half = self.half(factor);
            half.lipschitz = lipschitz;
            copy(half.before.as_mut(), x);
            copy(x.as_mut(), &half.fresh);
        }
        Ok(effort)
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        self.products.penalised(problem, factors)
    }
}

fn copy<T: Real>(mut to: MatMut<'_, T>, from: &Mat<T>) {
    to.copy_from(from);
}
