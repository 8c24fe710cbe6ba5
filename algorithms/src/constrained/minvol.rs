//! Minimum-volume factorisation. Leplat, Ang & Gillis, "Minimum-volume rank-deficient nonnegative matrix factorizations",
//! IEEE ICASSP (2019), Algorithm 1; Gillis, "Nonnegative matrix factorization" (2020), §4.3.3 and §8.
//!
//! min ½‖A − WH‖² + ½λ·log det(WᵀW + δI) over W, H ≥ 0 with Σ_l h_lj ≤ 1 for each column of H (the paper), or with
//! columns of W that sum to 1.
//!
//! log det is concave: at the present W, with Q = (WᵀW + δI)⁻¹, it is at most log det(WᵀW + δI) + tr(Q(W⁺ᵀW⁺ − WᵀW)).
//! So W takes steps of the fast gradient method on ½⟨W(HHᵀ + λQ), W⟩ − ⟨AHᵀ, W⟩, and H on the least-squares problem, each
//! never worse than before: the objective never rises.
//!
//! As the authors' program has it, λ = λ̃·‖A − W₀H₀‖²/|log det(W₀ᵀW₀ + δI)|; the defaults (λ̃ = δ = 0.1, 10 inner steps,
//! 1e-6) are its own. All of log det is taken in units of the mean squared norm of the columns of W₀, so that neither δ
//! nor λ̃ depends on the scale of A. The start is made feasible without changing WH.

use super::fast_gradient::{FastGradient, Limits};
use super::projection::onto_simplex;
use super::{column_norm, product_flops, scale_column};
use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::kernels;
use crate::kernels::spectral::Eigen;
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::products::Factor;
use crate::real::{Real, positive};
use faer::Mat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Minimum-volume factorisation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MinVol {
    /// λ̃: the share of the penalty ½λ·log det(WᵀW + δI) in the objective, λ = λ̃·‖A − W₀H₀‖²/|log det(W₀ᵀW₀ + δI)|.
    #[schemars(range(min = 0.0))]
    lambda: f64,
    /// δ, in units of the mean squared norm of the start's columns of W.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    delta: f64,
    /// The factor whose columns are bounded: those of H sum to at most 1, or those of W to 1.
    stochastic: Factor,
    /// Steps on one factor in one outer iteration, at most.
    #[schemars(range(min = 1))]
    inner_iterations: u32,
    /// Ends the steps on a factor when one is this much shorter than the first.
    #[schemars(range(min = 0.0))]
    inner_tolerance: f64,
}

impl Default for MinVol {
    fn default() -> Self {
        MinVol { lambda: 0.1, delta: 0.1, stochastic: Factor::H, inner_iterations: 10, inner_tolerance: 1e-6 }
    }
}

impl Algorithm for MinVol {
    const TRAITS: Traits = Traits { monotone: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Scale, "W takes the scale of the data: the columns of H sum to at most 1")
        .except(Property::Transposition, "the volume is that of W")
        .except(Property::FixedPoint, "an exact factorisation may have a smaller volume")
        .except(Property::Recovery, "the penalty moves the minimum");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank: k } = problem.shape();
        let mut machine = Machine {
            parameters: self.clone(),
            for_w: FastGradient::new(m, k),
            for_h: FastGradient::new(n, k),
            cross_w: Mat::zeros(m, k),
            cross_h: Mat::zeros(n, k),
            gram: Mat::zeros(k, k),
            inverse: Mat::zeros(k, k),
            eigen: Eigen::new(k),
            line: vec![0.0; if self.stochastic == Factor::W { m } else { k }],
            unit: 1.0,
            lambda: 0.0,
            begun: false,
        };
        let mut feasible = factors.clone();
        machine.make_feasible(&mut feasible);
        let squares = (0..k).map(|l| column_norm(&feasible.w, l).powi(2)).sum::<f64>() / count(k);
        machine.unit = if squares > 0.0 { squares } else { 1.0 };
        // Where the volume happens to be that of the unit cube, its logarithm is no measure of anything.
        let volume = log_det(&feasible.w, machine.unit, self.delta, &mut machine.inverse, &mut machine.eigen);
        let volume = volume.ok_or(NOT_FINITE)?.abs().max(1e-3 * count(k));
        let error = 2.0 * problem.frobenius(&feasible);
        machine.lambda = self.lambda * error.max(1e-6 * problem.squared_norm) / volume;
        Ok(Box::new(machine))
    }
}

const NOT_FINITE: Breakdown = Breakdown::NotFinite { what: "WᵀW" };

struct Machine<T> {
    parameters: MinVol,
    for_w: FastGradient<T>,
    for_h: FastGradient<T>,
    /// AHᵀ, m×k.
    cross_w: Mat<T>,
    /// AᵀW, n×k.
    cross_h: Mat<T>,
    /// HHᵀ + λQ, then WᵀW; k×k.
    gram: Mat<T>,
    /// WᵀW + δI, then Q; k×k.
    inverse: Mat<T>,
    eigen: Eigen<T>,
    /// A column of H or of W while it is projected.
    line: Vec<f64>,
    /// The mean squared norm of the columns of W₀.
    unit: f64,
    lambda: f64,
    begun: bool,
}

impl<T: Real> Machine<T> {
    /// Scales the factors to the feasible set, WH staying as it is.
    fn make_feasible(&mut self, f: &mut Factors<T>) {
        let (m, k) = (f.w.nrows(), f.rank());
        match self.parameters.stochastic {
            Factor::H => {
                let sum = |j: usize| (0..k).map(|l| f.ht[(j, l)].to_f64()).sum::<f64>();
                let largest = (0..f.ht.nrows()).map(sum).fold(0.0, f64::max);
                if largest > 0.0 {
                    for l in 0..k {
                        scale_column(&mut f.w, l, largest);
                        scale_column(&mut f.ht, l, largest.recip());
                    }
                }
            }
            Factor::W => {
                for l in 0..k {
                    let sum: f64 = f.w.col_as_slice(l).iter().map(|w| w.to_f64()).sum();
                    if sum > T::TINY / T::EPSILON {
                        scale_column(&mut f.w, l, sum.recip());
                        scale_column(&mut f.ht, l, sum);
                    } else {
                        f.w.col_as_slice_mut(l).fill(T::of(count(m).recip()));
                        f.ht.col_as_slice_mut(l).fill(T::of(0.0));
                    }
                }
            }
        }
        self.project(f, Factor::W);
        self.project(f, Factor::H);
    }

    fn project(&mut self, f: &mut Factors<T>, factor: Factor) {
        let x = if factor == Factor::W { &mut f.w } else { &mut f.ht };
        project(x, factor, self.parameters.stochastic, &mut self.line);
    }

    fn limits(&self) -> Limits {
        Limits { steps: self.parameters.inner_iterations, change: self.parameters.inner_tolerance }
    }
}

/// log det(WᵀW/u + δI), decomposing that matrix; `gram` is a k×k workspace.
fn log_det<T: Real>(w: &Mat<T>, unit: f64, delta: f64, gram: &mut Mat<T>, eigen: &mut Eigen<T>) -> Option<f64> {
    kernels::gram(gram.as_mut(), w.as_ref(), faer::Par::Seq);
    for j in 0..w.ncols() {
        gram.col_as_slice_mut(j).iter_mut().for_each(|x| *x = T::of(x.to_f64() / unit));
        gram[(j, j)] += T::of(delta);
    }
    // WᵀW has no eigenvalue below 0.
    eigen.decompose(gram.as_ref()).then(|| eigen.values().map(|v| v.max(delta).ln()).sum())
}

/// Makes X feasible: its entries ≥ 0, and its sums where this is the bounded factor.
fn project<T: Real>(x: &mut Mat<T>, factor: Factor, stochastic: Factor, line: &mut [f64]) {
    if factor != stochastic {
        (0..x.ncols()).for_each(|j| x.col_as_slice_mut(j).iter_mut().for_each(|x| *x = positive(*x)));
    } else if factor == Factor::W {
        for l in 0..x.ncols() {
            line.iter_mut().zip(x.col_as_slice(l)).for_each(|(to, x)| *to = x.to_f64());
            onto_simplex(line, false);
            x.col_as_slice_mut(l).iter_mut().zip(&*line).for_each(|(x, from)| *x = positive(T::of(*from)));
        }
    } else {
        for j in 0..x.nrows() {
            line.iter_mut().enumerate().for_each(|(l, to)| *to = x[(j, l)].to_f64());
            onto_simplex(line, true);
            line.iter().enumerate().for_each(|(l, from)| x[(j, l)] = positive(T::of(*from)));
        }
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let (matrix, par) = (problem.matrix, problem.par);
        let Shape { m, n, rank } = problem.shape();
        if !self.begun {
            self.begun = true;
            self.make_feasible(factors);
        }
        let (limits, stochastic) = (self.limits(), self.parameters.stochastic);

        matrix.times(self.cross_w.as_mut(), factors.ht.as_ref(), par);
        kernels::gram(self.gram.as_mut(), factors.ht.as_ref(), par);
        let (lambda, delta) = (self.lambda / self.unit, self.parameters.delta);
        log_det(&factors.w, self.unit, delta, &mut self.inverse, &mut self.eigen).ok_or(NOT_FINITE)?;
        self.eigen.apply(self.inverse.as_mut(), |v| lambda / v.max(delta));
        for j in 0..rank {
            for i in 0..rank {
                let symmetric = self.inverse[(i.max(j), i.min(j))];
                self.gram[(i, j)] += symmetric;
            }
        }
        let line = &mut self.line;
        let quadratic = (self.gram.as_ref(), self.cross_w.as_ref());
        let mut flops =
            self.for_w.run(&mut factors.w, quadratic, limits, |x| project(x, Factor::W, stochastic, line), par);

        matrix.transpose_times(self.cross_h.as_mut(), factors.w.as_ref(), par);
        kernels::gram(self.gram.as_mut(), factors.w.as_ref(), par);
        let line = &mut self.line;
        let quadratic = (self.gram.as_ref(), self.cross_h.as_ref());
        flops += self.for_h.run(&mut factors.ht, quadratic, limits, |x| project(x, Factor::H, stochastic, line), par);
        let k = count(rank);
        flops += product_flops(matrix, n, rank) + product_flops(matrix, m, rank);
        flops += count(m) * k * (k + 1.0) + Eigen::<T>::flops(k);
        Ok(Effort { flops, passes: 2.0, repairs: 0 })
    }

    fn objective(&self, problem: &Problem<'_, T>, f: &Factors<T>) -> Option<f64> {
        let (k, slack) = (f.rank(), T::EPSILON.sqrt());
        let feasible = match self.parameters.stochastic {
            Factor::H => (0..f.ht.nrows()).all(|j| (0..k).map(|l| f.ht[(j, l)].to_f64()).sum::<f64>() <= 1.0 + slack),
            Factor::W => (0..k).all(|l| {
                let sum: f64 = f.w.col_as_slice(l).iter().map(|w| w.to_f64()).sum();
                (sum - 1.0).abs() <= slack
            }),
        };
        if !feasible {
            return Some(f64::INFINITY);
        }
        let volume = log_det(&f.w, self.unit, self.parameters.delta, &mut Mat::zeros(k, k), &mut Eigen::new(k));
        Some(problem.frobenius(f) + 0.5 * self.lambda * volume.unwrap_or(f64::NAN))
    }
}
