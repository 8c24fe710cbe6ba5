//! Hierarchical alternating least squares. Cichocki, Zdunek & Amari (2007); Cichocki & Phan, IEICE Trans. E92-A (2009),
//! Algorithm 2, in the form without normalisation (Gillis & Glineur 2012, eq. 6): column after column, with the columns
//! before it already new,
//!
//! x_j ← max(ε, x_j + (c_j − X g_j) / g_jj).
//!
//! This is exact coordinate descent, so the objective never rises.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, max};
use faer::MatMut;
use faer::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Hierarchical alternating least squares.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hals {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); 0 lets them be exactly 0.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Rule for Hals {
    const TRAITS: Traits = Traits {
        objective: Objective::Frobenius,
        monotone: true,
        stationary: true,
        stochastic: false,
        locks_zeros: false,
    };
    type Update<T: Real> = HalsUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> HalsUpdate<T> {
        HalsUpdate { floor: T::of(self.floor * side.scale), residual: vec![T::of(0.0); BLOCK] }
    }
}

/// Rows updated together: a block of X and of C stays in the cache while all k columns pass over it.
const BLOCK: usize = 256;

pub struct HalsUpdate<T> {
    floor: T,
    /// c_j − X g_j for the rows of a block.
    residual: Vec<T>,
}

impl<T: Real> Update<T> for HalsUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = x.shape();
        for from in (0..p).step_by(BLOCK) {
            let rows = BLOCK.min(p - from);
            let mut block = x.rb_mut().subrows_mut(from, rows);
            for j in 0..k {
                let diagonal = s.gram[(j, j)];
                if diagonal <= T::of(T::TINY / T::EPSILON) {
                    continue; // the other factor's component is zero, or its square has lost its digits
                }
                let residual = &mut self.residual[..rows];
                residual.copy_from_slice(&column(s.cross, j)[from..from + rows]);
                subtract_product(residual, block.rb(), column(s.gram, j));
                let step = T::of(1.0) / diagonal;
                for (x, r) in column_mut(block.rb_mut(), j).iter_mut().zip(residual.iter()) {
                    *x = max(*x + *r * step, self.floor);
                }
            }
        }
        let (p, k) = (count(p), count(k));
        Ok(Effort { flops: 2.0 * p * k * k + 3.0 * p * k, ..Effort::default() })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}

/// r ← r − X g, four columns at a time so that r is loaded and stored a quarter as often.
fn subtract_product<T: Real>(r: &mut [T], x: faer::MatRef<'_, T>, g: &[T]) {
    let k = x.ncols();
    let whole = k - k % 4;
    for l in (0..whole).step_by(4) {
        let [x0, x1, x2, x3] = [0, 1, 2, 3].map(|i| &column(x, l + i)[..r.len()]);
        let [g0, g1, g2, g3] = [g[l], g[l + 1], g[l + 2], g[l + 3]];
        for (i, r) in r.iter_mut().enumerate() {
            *r -= (g0 * x0[i] + g1 * x1[i]) + (g2 * x2[i] + g3 * x3[i]);
        }
    }
    for (l, g) in g.iter().enumerate().skip(whole) {
        for (r, x) in r.iter_mut().zip(column(x, l)) {
            *r -= *g * *x;
        }
    }
}
