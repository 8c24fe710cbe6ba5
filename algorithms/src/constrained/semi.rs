//! Semi-nonnegative factorisation. Ding, Li & Jordan, "Convex and semi-nonnegative matrix factorizations", IEEE Trans.
//! Pattern Analysis and Machine Intelligence 32 (2010), §4: A and W of any sign, H ≥ 0.
//!
//! W ← AHᵀ(HHᵀ)⁺ (eq. 10), and with C = AᵀW, S = WᵀW, M± = (|M| ± M)/2 (eq. 11)
//!
//! Ht ← max(Ht ∘ √((C⁺ + Ht·S⁻) ⊘ (C⁻ + Ht·S⁺)), ε).
//!
//! The objective never rises (Theorem 3 there). The floor ε > 0 keeps an entry of H from being locked at 0: the majoriser
//! is separable and convex in each entry, so its least value over x ≥ ε is that over x ≥ 0, raised to ε. Components that
//! depend on others are left out of the inverse (after scaling HHᵀ to a unit diagonal), as a pseudo-inverse does.

use super::{floor, product_flops};
use crate::algorithm::{Accepts, Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::kernels;
use crate::kernels::spectral::Eigen;
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::{Real, max};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Semi-nonnegative factorisation: W of any sign.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SemiNmf {
    /// Lower bound of the entries of H, in units of √(mean|A|/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for SemiNmf {
    fn default() -> Self {
        SemiNmf { floor: 1e-16 }
    }
}

impl Algorithm for SemiNmf {
    const TRAITS: Traits = Traits { monotone: true, locks_zeros: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Transposition, "W may have any sign, H not")
        .except(Property::Recovery, "with a W of any sign an exact product has many factorisations");
    const ACCEPTS: Accepts = Accepts { signed: true, ..Accepts::NONNEGATIVE };

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank: k } = problem.shape();
        Ok(Box::new(Machine {
            cross_w: Mat::zeros(m, k),
            cross_h: Mat::zeros(n, k),
            numerator: Mat::zeros(n, k),
            denominator: Mat::zeros(n, k),
            gram: Mat::zeros(k, k),
            inverse: Mat::zeros(k, k),
            scale: vec![0.0; k],
            parts: [(); 2].map(|()| Mat::zeros(k, k)),
            eigen: Eigen::new(k),
            floor: floor(self.floor, problem),
        }))
    }
}

struct Machine<T> {
    /// A·Ht, m×k.
    cross_w: Mat<T>,
    /// C = AᵀW, n×k.
    cross_h: Mat<T>,
    /// C⁺ + Ht·S⁻ and C⁻ + Ht·S⁺, n×k.
    numerator: Mat<T>,
    denominator: Mat<T>,
    /// HHᵀ, then S, k×k.
    gram: Mat<T>,
    /// (HHᵀ)⁺, k×k.
    inverse: Mat<T>,
    /// 1/√ of the diagonal of HHᵀ.
    scale: Vec<f64>,
    /// S⁺ and S⁻, k×k.
    parts: [Mat<T>; 2],
    eigen: Eigen<T>,
    floor: T,
}

impl<T: Real> Machine<T> {
    /// (HHᵀ)⁺ from HHᵀ; how many components were left out.
    fn invert(&mut self) -> Result<u64, Breakdown> {
        let k = self.gram.ncols();
        for l in 0..k {
            let d = self.gram[(l, l)].to_f64();
            self.scale[l] = if d > T::TINY / T::EPSILON { d.sqrt().recip() } else { 0.0 };
        }
        for j in 0..k {
            for i in 0..k {
                self.gram[(i, j)] = T::of(self.gram[(i, j)].to_f64() * self.scale[i] * self.scale[j]);
            }
        }
        if !self.eigen.decompose(self.gram.as_ref()) {
            return Err(Breakdown::NotFinite { what: "HHᵀ" });
        }
        let least = count(k) * T::EPSILON * self.eigen.values().fold(0.0, f64::max);
        let dropped = self.eigen.values().filter(|v| *v <= least).count();
        self.eigen.apply(self.inverse.as_mut(), |v| if v > least { v.recip() } else { 0.0 });
        for j in 0..k {
            for i in 0..k {
                self.inverse[(i, j)] = T::of(self.inverse[(i, j)].to_f64() * self.scale[i] * self.scale[j]);
            }
        }
        Ok(dropped as u64)
    }

    fn update_h(&mut self, ht: &mut Mat<T>, par: faer::Par) {
        let (k, zero, tiny) = (ht.ncols(), T::of(0.0), T::of(T::TINY));
        let [plus, minus] = &mut self.parts;
        for j in 0..k {
            for i in 0..k {
                let s = self.gram[(i, j)];
                (plus[(i, j)], minus[(i, j)]) = (max(s, zero), max(-s, zero));
            }
            let parts = self.numerator.col_as_slice_mut(j).iter_mut().zip(self.denominator.col_as_slice_mut(j));
            for (c, (n, d)) in self.cross_h.col_as_slice(j).iter().zip(parts) {
                (*n, *d) = (max(*c, zero), max(-*c, zero));
            }
        }
        matmul(self.numerator.as_mut(), Accum::Add, &*ht, &*minus, T::of(1.0), par);
        matmul(self.denominator.as_mut(), Accum::Add, &*ht, &*plus, T::of(1.0), par);
        for j in 0..k {
            let ratios = self.numerator.col_as_slice(j).iter().zip(self.denominator.col_as_slice(j));
            for (h, (n, d)) in ht.col_as_slice_mut(j).iter_mut().zip(ratios) {
                let new = *h * T::of((*n / max(*d, tiny)).to_f64().sqrt());
                // Also where 0 meets an overflow.
                *h = if new >= self.floor { new } else { self.floor };
            }
        }
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let (matrix, par) = (problem.matrix, problem.par);
        let Shape { m, n, rank } = problem.shape();
        matrix.times(self.cross_w.as_mut(), factors.ht.as_ref(), par);
        kernels::gram(self.gram.as_mut(), factors.ht.as_ref(), par);
        let repairs = self.invert()?;
        matmul(factors.w.as_mut(), Accum::Replace, &self.cross_w, &self.inverse, T::of(1.0), par);
        matrix.transpose_times(self.cross_h.as_mut(), factors.w.as_ref(), par);
        kernels::gram(self.gram.as_mut(), factors.w.as_ref(), par);
        self.update_h(&mut factors.ht, par);
        let k = count(rank);
        let products = product_flops(matrix, n, rank) + product_flops(matrix, m, rank);
        let updates = 2.0 * count(m) * k * k + 4.0 * count(n) * k * k + 4.0 * count(n) * k;
        Ok(Effort { flops: products + updates + Eigen::<T>::flops(k), passes: 2.0, repairs })
    }

    fn floors(&self) -> (f64, f64) {
        (f64::NEG_INFINITY, self.floor.to_f64())
    }
}
