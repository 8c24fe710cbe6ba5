//! Alternating least squares. Paatero & Tapper, Environmetrics 5 (1994); Berry et al., CSDA 52 (2007), §3.3: solve the
//! unconstrained problem, then clip,
//!
//! X ← max(0, C (G + λI)⁻¹).
//!
//! Clipping is not a projection in the norm of the problem: the objective may rise, and components may die.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::column_mut;
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, max};
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt::{self, factor::LltRegularization};
use faer::prelude::*;
use faer::{Mat, MatMut, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Alternating least squares.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Als {
    /// λ in the ridge term (λ/2)·‖X‖²_F, in units of trace(G)/k.
    #[schemars(range(min = 0.0))]
    ridge: f64,
}

impl Rule for Als {
    const TRAITS: Traits = Traits {
        objective: Objective::Frobenius,
        monotone: false,
        stationary: false,
        stochastic: false,
        locks_zeros: false,
    };
    type Update<T: Real> = AlsUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> AlsUpdate<T> {
        let k = side.rank;
        let scratch = StackReq::any_of(&[
            llt::factor::cholesky_in_place_scratch::<T>(k, Par::Seq, default()),
            llt::solve::solve_in_place_scratch::<T>(k, side.rows, Par::Seq),
        ]);
        AlsUpdate { ridge: self.ridge, factor: Mat::zeros(k, k), memory: MemBuffer::new(scratch) }
    }
}

pub struct AlsUpdate<T> {
    ridge: f64,
    /// G + λI and its Cholesky factor, k×k.
    factor: Mat<T>,
    memory: MemBuffer,
}

impl<T: Real> Update<T> for AlsUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let k = x.ncols();
        let diagonal = || (0..k).map(|i| s.gram[(i, i)].to_f64());
        let largest = diagonal().fold(0.0, f64::max);
        if largest == 0.0 {
            return Ok(Effort { repairs: 1, ..Effort::default() }); // the other factor is zero: any X is a minimiser
        }
        self.factor.copy_from(s.gram);
        let ridge = T::of(self.ridge * diagonal().sum::<f64>() / count(k));
        for i in 0..k {
            self.factor[(i, i)] = self.factor[(i, i)] + ridge;
        }
        // A dependent or zero component has no pivot: lifting it to the largest one sends that component to about 0.
        let lift = LltRegularization {
            dynamic_regularization_epsilon: T::of(count(k) * T::EPSILON * largest),
            dynamic_regularization_delta: T::of(largest),
        };
        let stack = MemStack::new(&mut self.memory);
        let info = llt::factor::cholesky_in_place(self.factor.as_mut(), lift, Par::Seq, stack, default())
            .map_err(|_| Breakdown::NotFinite { what: "the Gram matrix" })?;
        x.copy_from(s.cross);
        llt::solve::solve_in_place(self.factor.as_ref(), x.rb_mut().transpose_mut(), Par::Seq, stack);
        for j in 0..k {
            for x in column_mut(x.rb_mut(), j) {
                *x = max(*x, T::of(0.0));
            }
        }
        let (p, k) = (count(x.nrows()), count(k));
        let repairs = info.dynamic_regularization_count as u64;
        Ok(Effort { flops: 2.0 * p * k * k + k * k * k / 3.0 + p * k, passes: 0.0, repairs })
    }
}
