//! Projected gradient on both factors at once. Lin, "Projected gradient methods for nonnegative matrix factorization",
//! Neural Computation 19 (2007), §4.2 with Algorithm 4.
//!
//! (W, H)⁺ = max(0, (W, H) − α∇f), with the largest α = β^t, searched from the α of the iteration before, that satisfies
//!
//! f(W⁺, H⁺) − f(W, H) ≤ σ⟨∇f, (D, E)⟩,   D = W⁺ − W, E = H⁺ − H.
//!
//! The difference is formed from its own terms, not from two values of f, so that it keeps its digits near the optimum:
//! with R = WH − A and M = DH⁺ + WE it is ⟨R, DH + WE + DE⟩ + ½‖M‖², all by k×k products and A·H⁺ᵀ. The first search
//! begins at the power of β nearest to 1/(trace(WᵀW) + trace(HHᵀ)), which does not depend on the scale of A.

use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::kernels::{self, dot};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem};
use crate::real::{Real, max};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Joint projected gradient.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PGrad {
    /// σ, the share of the linear decrease that a step must achieve.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    sigma: f64,
    /// β, the factor between two trial step lengths.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    beta: f64,
    /// Trial step lengths in one search.
    #[schemars(range(min = 1))]
    trials: u32,
}

impl Default for PGrad {
    fn default() -> Self {
        PGrad { sigma: 0.01, beta: 0.1, trials: 20 }
    }
}

impl Algorithm for PGrad {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) }.only_with(
        Property::Scale,
        r#"{"beta": 0.5, "trials": 60}"#,
        "the step lengths are powers of beta: where c is a power of it, all is the same",
    );

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let k = problem.rank;
        let point = || Point {
            w: factors.w.clone(),
            ht: factors.ht.clone(),
            cross_w: Mat::zeros(factors.w.nrows(), k),
            descent: 0.0,
        };
        let mut machine = Machine {
            rule: self.clone(),
            alpha: 1.0,
            begun: false,
            gradient_w: Mat::zeros(factors.w.nrows(), k),
            gradient_h: Mat::zeros(factors.ht.nrows(), k),
            cross_w: Mat::zeros(factors.w.nrows(), k),
            cross_h: Mat::zeros(factors.ht.nrows(), k),
            move_w: Mat::zeros(factors.w.nrows(), k),
            move_h: Mat::zeros(factors.ht.nrows(), k),
            grams: std::array::from_fn(|_| Mat::zeros(k, k)),
            trial: point(),
            kept: point(),
        };
        problem.matrix.times(machine.cross_w.as_mut(), factors.ht.as_ref(), problem.par);
        Ok(Box::new(machine))
    }
}

struct Machine<T> {
    rule: PGrad,
    alpha: f64,
    /// Whether `alpha` has its first value, and the first product has been counted.
    begun: bool,
    gradient_w: Mat<T>,
    gradient_h: Mat<T>,
    /// A·Ht at the present point, m×k.
    cross_w: Mat<T>,
    /// Aᵀ·W at the present point, n×k.
    cross_h: Mat<T>,
    /// D.
    move_w: Mat<T>,
    /// Eᵀ, n×k.
    move_h: Mat<T>,
    /// WᵀW, HHᵀ, DᵀD, EEᵀ, WᵀD, HEᵀ; all k×k.
    grams: [Mat<T>; 6],
    trial: Point<T>,
    kept: Point<T>,
}

/// A point on the projected path.
struct Point<T> {
    w: Mat<T>,
    ht: Mat<T>,
    /// A·Ht there.
    cross_w: Mat<T>,
    /// ⟨∇f, (D, E)⟩.
    descent: f64,
}

impl<T: Real> Point<T> {
    fn is_same(&self, other: &Self) -> bool {
        let same = |x: &Mat<T>, y: &Mat<T>| (0..x.ncols()).all(|j| x.col_as_slice(j) == y.col_as_slice(j));
        same(&self.w, &other.w) && same(&self.ht, &other.ht)
    }
}

impl<T: Real> Machine<T> {
    /// Gradients at the present point, whose A·Ht is known.
    fn gradients(&mut self, problem: &Problem<'_, T>, f: &Factors<T>) {
        problem.matrix.transpose_times(self.cross_h.as_mut(), f.w.as_ref(), problem.par);
        let [gram_w, gram_h, ..] = &mut self.grams;
        kernels::gram(gram_w.as_mut(), f.w.as_ref(), problem.par);
        kernels::gram(gram_h.as_mut(), f.ht.as_ref(), problem.par);
        for (gradient, x, gram, cross) in [
            (&mut self.gradient_w, &f.w, &*gram_h, &self.cross_w),
            (&mut self.gradient_h, &f.ht, &*gram_w, &self.cross_h),
        ] {
            matmul(gradient.as_mut(), Accum::Replace, x, gram, T::of(1.0), problem.par);
            for j in 0..x.ncols() {
                for (g, c) in gradient.col_as_slice_mut(j).iter_mut().zip(cross.col_as_slice(j)) {
                    *g -= *c;
                }
            }
        }
    }

    /// Goes to the step length `alpha` on the path and says whether the decrease there is sufficient; `trial` is there.
    fn go(&mut self, problem: &Problem<'_, T>, f: &Factors<T>) -> bool {
        let alpha = T::of(self.alpha);
        let Machine { trial, gradient_w, gradient_h, move_w, move_h, .. } = self;
        for (new, d, x, g) in
            [(&mut trial.w, &mut *move_w, &f.w, &*gradient_w), (&mut trial.ht, &mut *move_h, &f.ht, &*gradient_h)]
        {
            for j in 0..x.ncols() {
                let (x, g) = (x.col_as_slice(j), g.col_as_slice(j));
                let (new, d) = (new.col_as_slice_mut(j), d.col_as_slice_mut(j));
                for i in 0..x.len() {
                    new[i] = max(x[i] - alpha * g[i], T::of(0.0));
                    d[i] = new[i] - x[i];
                }
            }
        }
        trial.descent = dot(gradient_w.as_ref(), move_w.as_ref()) + dot(gradient_h.as_ref(), move_h.as_ref());
        if trial.descent >= 0.0 || trial.descent.is_nan() {
            return false;
        }
        problem.matrix.times(trial.cross_w.as_mut(), trial.ht.as_ref(), problem.par);
        let change = self.change(problem, f);
        change <= self.rule.sigma * self.trial.descent
    }

    /// f at the trial point − f at the present one.
    fn change(&mut self, problem: &Problem<'_, T>, f: &Factors<T>) -> f64 {
        let par = problem.par;
        let moved = self.inner_with_difference();
        let [ww, hh, dd, ee, wd, he] = &mut self.grams;
        kernels::gram(dd.as_mut(), self.move_w.as_ref(), par);
        kernels::gram(ee.as_mut(), self.move_h.as_ref(), par);
        matmul(wd.as_mut(), Accum::Replace, f.w.transpose(), &self.move_w, T::of(1.0), par);
        matmul(he.as_mut(), Accum::Replace, f.ht.transpose(), &self.move_h, T::of(1.0), par);
        // ⟨R, DE⟩ = ⟨HEᵀ, WᵀD⟩ − ⟨AEᵀ, D⟩, and AEᵀ is the difference of two products at hand.
        let mixed = dot(he.as_ref(), wd.as_ref()) - moved;
        // ‖DH⁺ + WE‖² = ⟨DᵀD, H⁺H⁺ᵀ⟩ + ⟨WᵀW, EEᵀ⟩ + 2⟨WᵀD, EH⁺ᵀ⟩, H⁺ = H + E.
        let transposed = he.transpose();
        let mut squared = dot(dd.as_ref(), hh.as_ref()) + 2.0 * dot(dd.as_ref(), he.as_ref());
        squared += dot(dd.as_ref(), ee.as_ref()) + dot(ww.as_ref(), ee.as_ref());
        squared += 2.0 * (strided_dot(wd.as_ref(), transposed) + dot(wd.as_ref(), ee.as_ref()));
        self.trial.descent + mixed + 0.5 * squared
    }

    /// ⟨A·Ht⁺ − A·Ht, D⟩.
    fn inner_with_difference(&self) -> f64 {
        let mut sum = 0.0;
        for j in 0..self.move_w.ncols() {
            let crosses = self.trial.cross_w.col_as_slice(j).iter().zip(self.cross_w.col_as_slice(j));
            let of_column = crosses.zip(self.move_w.col_as_slice(j));
            sum += of_column.map(|((new, old), d)| (*new - *old).to_f64() * d.to_f64()).sum::<f64>();
        }
        sum
    }

    /// On success `kept` holds the new point. Returns how many trials were made.
    fn search(&mut self, problem: &Problem<'_, T>, f: &Factors<T>) -> (bool, u32) {
        let growing = self.go(problem, f);
        if growing {
            std::mem::swap(&mut self.trial, &mut self.kept);
        }
        for trial in 2..=self.rule.trials {
            if growing {
                self.alpha /= self.rule.beta;
                let sufficient = self.alpha.is_finite() && self.go(problem, f);
                if !sufficient || self.trial.is_same(&self.kept) {
                    self.alpha *= self.rule.beta;
                    return (true, trial);
                }
                std::mem::swap(&mut self.trial, &mut self.kept);
            } else {
                self.alpha *= self.rule.beta;
                if self.go(problem, f) {
                    std::mem::swap(&mut self.trial, &mut self.kept);
                    return (true, trial);
                }
            }
        }
        (growing, self.rule.trials)
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let mut effort = Effort::default();
        self.gradients(problem, factors);
        let [ww, hh, ..] = &self.grams;
        let trace: f64 = (0..problem.rank).map(|l| ww[(l, l)].to_f64() + hh[(l, l)].to_f64()).sum();
        if !self.begun {
            self.begun = true;
            effort.passes += 1.0; // A·Ht at the start
            if trace > 0.0 {
                self.alpha = self.rule.beta.powf(-trace.log(self.rule.beta).round());
            }
        }
        let (found, trials) = self.search(problem, factors);
        if found {
            factors.w.copy_from(&self.kept.w);
            factors.ht.copy_from(&self.kept.ht);
            std::mem::swap(&mut self.cross_w, &mut self.kept.cross_w);
        } else {
            effort.repairs = 1; // no step length decreases: the point is as good as rounding allows
        }
        let (rows, k) = (count(factors.w.nrows() + factors.ht.nrows()), count(problem.rank));
        effort.passes += 1.0 + f64::from(trials);
        effort.flops += 2.0 * count(problem.matrix.nnz()) * k * effort.passes;
        effort.flops += rows * k * ((k + 1.0) + 2.0 * k + 1.0);
        effort.flops += f64::from(trials) * rows * k * ((k + 1.0) + 2.0 * k + 6.0);
        Ok(effort)
    }
}

/// ⟨X, Y⟩ for small matrices of any layout.
fn strided_dot<T: Real>(x: MatRef<'_, T>, y: MatRef<'_, T>) -> f64 {
    (0..x.ncols()).map(|j| (0..x.nrows()).map(|i| x[(i, j)].to_f64() * y[(i, j)].to_f64()).sum::<f64>()).sum()
}
