//! Hierarchical alternating least squares. Cichocki, Zdunek & Amari (2007); Cichocki & Phan, IEICE Trans. E92-A (2009),
//! Algorithm 2, in the form without normalisation (Gillis & Glineur 2012, eq. 6): column after column, with the columns
//! before it already new,
//!
//! x_j ← max(ε, x_j + (c_j − X g_j) / g_jj).
//!
//! This is exact coordinate descent, so the objective never rises.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::conformance::Property;
use crate::kernels::panels::{Gram, MOST, Panel, RowUpdate, Tall, update_rows};
use crate::kernels::tiles::{by_width, widths};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::Real;
use faer::MatMut;
use pulp::Simd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::array::from_fn;

/// Hierarchical alternating least squares.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hals {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); 0 lets them be exactly 0.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Rule for Hals {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Permutation, "goes through the components in order, and the order matters");
    type Update<T: Real> = HalsUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> HalsUpdate<T> {
        HalsUpdate { floor: T::of(self.floor * side.scale), steps: vec![T::of(0.0); side.rank] }
    }
}

pub struct HalsUpdate<T> {
    floor: T,
    /// 1 / g_jj; 0 where the other factor's component is zero, or its square has lost its digits.
    steps: Vec<T>,
}

impl<T: Real> Update<T> for HalsUpdate<T> {
    fn update(&mut self, x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        for (j, step) in self.steps.iter_mut().enumerate() {
            let diagonal = s.gram[(j, j)];
            let lost = diagonal <= T::of(T::TINY / T::EPSILON);
            *step = if lost { T::of(0.0) } else { T::of(1.0) / diagonal };
        }
        update_rows(x, s.gram, s.cross, s.par, self);
        Ok(Effort { flops: 2.0 * p * k * k + 3.0 * p * k, ..Effort::default() })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}

impl<T: Real> RowUpdate<T> for HalsUpdate<T> {
    #[inline(always)]
    fn panel<S: Simd>(&self, simd: S, gram: &Gram<'_, T>, mut panel: Panel<'_, S, T>) {
        for (q, width) in widths(panel.x.len(), MOST) {
            by_width!(width, self.columns::<S>(simd, gram, &mut panel, q));
        }
    }
}

impl<T: Real> HalsUpdate<T> {
    /// The columns q … q + K of a panel: one product gives all their residuals, which then follow each column's move.
    #[inline(always)]
    fn columns<S: Simd, const K: usize>(&self, simd: S, gram: &Gram<'_, T>, panel: &mut Panel<'_, S, T>, q: usize) {
        let product = gram.product::<S, K>(simd, panel.x, q);
        let rows = &gram.group::<K>(q)[q..q + K];
        let floor = T::splat(simd, self.floor);
        // What dies away ends at the floor before it is too small for fast arithmetic.
        let least = T::larger(simd, floor, T::splat(simd, T::of(T::TINY)));
        let c: [Tall<S, T>; K] = from_fn(|t| panel.cross(q + t));
        let mut residual: [Tall<S, T>; K] = from_fn(|t| from_fn(|v| T::difference(simd, c[t][v], product[t][v])));
        let x: &mut [Tall<S, T>; K] = panel.x[q..].first_chunk_mut().expect("a group lies within the columns");
        for t in 0..K {
            if self.steps[q + t] == T::of(0.0) {
                continue;
            }
            let step = T::splat(simd, self.steps[q + t]);
            let x = &mut x[t];
            let minus: Tall<S, T> = from_fn(|v| {
                let new = T::kept(simd, T::mul_add(simd, residual[t][v], step, x[v]), least, floor);
                T::difference(simd, std::mem::replace(&mut x[v], new), new)
            });
            for (later, g) in residual.iter_mut().zip(&rows[t]).skip(t + 1) {
                let g = T::splat(simd, *g);
                *later = from_fn(|v| T::mul_add(simd, minus[v], g, later[v]));
            }
        }
        for t in q..q + K {
            panel.set(t, panel.x[t]);
        }
    }
}
