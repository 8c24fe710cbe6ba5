//! Multiplicative update. Lee & Seung, "Algorithms for non-negative matrix factorization", NIPS 13 (2001), eq. 4.
//!
//! X ← max(X ∘ C ⊘ (XG), ε). The floor ε > 0 keeps an entry from being locked at 0; with it the objective still never
//! rises (Gillis & Glineur 2012, §2; Takahashi & Hibi 2014).

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, max};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Multiplicative update.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Mu {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for Mu {
    fn default() -> Self {
        Mu { floor: 1e-16 }
    }
}

impl Rule for Mu {
    const TRAITS: Traits = Traits {
        objective: Objective::Frobenius,
        monotone: true,
        stationary: false,
        stochastic: false,
        locks_zeros: true,
    };
    type Update<T: Real> = MuUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> MuUpdate<T> {
        // Below the smallest normal number arithmetic slows down by an order of magnitude, so that is the floor's floor.
        let floor = (self.floor.max(0.5 * T::EPSILON) * side.scale).max(T::TINY);
        MuUpdate { floor: T::of(floor), xg: Mat::zeros(side.rows, side.rank) }
    }
}

pub struct MuUpdate<T> {
    floor: T,
    /// XG, p×k.
    xg: Mat<T>,
}

impl<T: Real> Update<T> for MuUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        matmul(&mut self.xg, Accum::Replace, x.rb(), s.gram, T::of(1.0), s.par);
        let tiny = T::of(T::TINY);
        for j in 0..x.ncols() {
            let (c, d) = (column(s.cross, j), self.xg.col_as_slice(j));
            for ((x, c), d) in column_mut(x.rb_mut(), j).iter_mut().zip(c).zip(d) {
                *x = max(*x * *c / max(*d, tiny), self.floor);
            }
        }
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        Ok(Effort { flops: 2.0 * p * k * k + 2.0 * p * k, ..Effort::default() })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}
