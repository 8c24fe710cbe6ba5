//! Multiplicative update. Lee & Seung, "Algorithms for non-negative matrix factorization", NIPS 13 (2001), eq. 4.
//!
//! X ← max(X ∘ C ⊘ (XG), ε). The floor ε > 0 keeps an entry from being locked at 0; with it the objective still never
//! rises (Gillis & Glineur 2012, §2; Takahashi & Hibi 2014).

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update, Within};
use crate::kernels::panels::{Gram, MOST, Panel, RowUpdate, update_rows};
use crate::kernels::tiles::{by_width, widths};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::Real;
use faer::MatMut;
use pulp::Simd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::array::from_fn;

/// Multiplicative update.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Mu {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k), and not below the scalar type's own precision; 0 is
    /// the rule of 2001 without one, whose entries may fall to where none comes back.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for Mu {
    fn default() -> Self {
        Mu { floor: 1e-16 }
    }
}

impl Rule for Mu {
    const TRAITS: Traits = Traits { monotone: true, locks_zeros: true, ..Traits::of(Objective::Frobenius) };
    fn tuned(within: Within) -> Vec<(&'static str, serde_json::Value)> {
        match within {
            Within::Accelerated => vec![("alpha", 2.0.into())], // Gillis & Glineur (2012), §5
            Within::Extrapolated => vec![],
        }
    }

    type Update<T: Real> = MuUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> MuUpdate<T> {
        let floor = if self.floor > 0.0 { self.floor.max(0.5 * T::EPSILON) * side.scale } else { 0.0 };
        // Below the smallest normal number arithmetic slows down by an order of magnitude.
        MuUpdate { floor: T::of(floor.max(T::TINY)) }
    }
}

pub struct MuUpdate<T> {
    floor: T,
}

impl<T: Real> Update<T> for MuUpdate<T> {
    fn update(&mut self, x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        update_rows(x, s.gram, s.cross, s.par, self);
        Ok(Effort { flops: 2.0 * p * k * k + 2.0 * p * k, ..Effort::default() })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}

impl<T: Real> RowUpdate<T> for MuUpdate<T> {
    #[inline(always)]
    fn panel<S: Simd>(&self, simd: S, gram: &Gram<'_, T>, mut panel: Panel<'_, S, T>) {
        for (q, width) in widths(panel.x.len(), MOST) {
            by_width!(width, self.columns::<S>(simd, gram, &mut panel, q));
        }
    }
}

impl<T: Real> MuUpdate<T> {
    /// The columns q … q + K of a panel become new.
    #[inline(always)]
    fn columns<S: Simd, const K: usize>(&self, simd: S, gram: &Gram<'_, T>, panel: &mut Panel<'_, S, T>, q: usize) {
        let (floor, tiny) = (T::splat(simd, self.floor), T::splat(simd, T::of(T::TINY)));
        let product = gram.product::<S, K>(simd, panel.x, q);
        for (t, d) in product.iter().enumerate() {
            let (x, c) = (panel.x[q + t], panel.cross(q + t));
            panel.set(
                q + t,
                from_fn(|v| {
                    let ratio = T::quotient(simd, T::product(simd, x[v], c[v]), T::larger(simd, d[v], tiny));
                    T::larger(simd, ratio, floor)
                }),
            );
        }
    }
}
