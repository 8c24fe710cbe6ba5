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
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef, Par};
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
    const TRAITS: Traits = Traits::of(Objective::Frobenius);
    type Update<T: Real> = AlsUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> AlsUpdate<T> {
        let k = side.rank;
        let scratch = llt::solve::solve_in_place_scratch::<T>(k, side.rows, Par::Seq);
        AlsUpdate {
            ridge: self.ridge,
            factor: Mat::zeros(k, k),
            scale: vec![T::of(0.0); k],
            memory: MemBuffer::new(scratch),
        }
    }
}

pub struct AlsUpdate<T> {
    ridge: f64,
    /// D(G + λI)D and its Cholesky factor, k×k; D makes its diagonal 1.
    factor: Mat<T>,
    /// The diagonal of D; 0 for a component that the other factor lacks, or has so small that its square is lost.
    scale: Vec<T>,
    memory: MemBuffer,
}

impl<T: Real> AlsUpdate<T> {
    /// Scales the Gram matrix to a unit diagonal: which components are dependent must not hinge on how norms are shared
    /// between W and H, and that share can drift without bound here.
    fn scale_gram(&mut self, gram: MatRef<'_, T>) {
        let k = gram.nrows();
        let diagonal = |i: usize| gram[(i, i)].to_f64();
        let ridge = self.ridge * (0..k).map(diagonal).sum::<f64>() / count(k);
        for i in 0..k {
            let d = diagonal(i) + ridge;
            self.scale[i] = T::of(if d > T::TINY / T::EPSILON { d.sqrt().recip() } else { 0.0 });
        }
        for j in 0..k {
            for i in 0..k {
                self.factor[(i, j)] = if i == j { T::of(1.0) } else { gram[(i, j)] * self.scale[i] * self.scale[j] };
            }
        }
    }

    fn scale_columns(&self, mut x: MatMut<'_, T>) {
        for (j, scale) in self.scale.iter().enumerate() {
            column_mut(x.rb_mut(), j).iter_mut().for_each(|x| *x *= *scale);
        }
    }
}

impl<T: Real> Update<T> for AlsUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let k = x.ncols();
        self.scale_gram(s.gram);
        let repairs = lifted_cholesky(&mut self.factor, T::of(count(k) * T::EPSILON));
        if !self.factor[(k - 1, k - 1)].to_f64().is_finite() {
            return Err(Breakdown::NotFinite { what: "the Gram matrix" });
        }
        x.copy_from(s.cross);
        self.scale_columns(x.rb_mut());
        let stack = MemStack::new(&mut self.memory);
        llt::solve::solve_in_place(self.factor.as_ref(), x.rb_mut().transpose_mut(), Par::Seq, stack);
        self.scale_columns(x.rb_mut());
        for j in 0..k {
            for x in column_mut(x.rb_mut(), j) {
                *x = max(*x, T::of(0.0));
            }
        }
        let (p, k) = (count(x.nrows()), count(k));
        Ok(Effort { flops: 2.0 * p * k * k + k * k * k / 3.0 + 3.0 * p * k, passes: 0.0, repairs })
    }
}

/// Overwrites the lower triangle of a symmetric matrix of unit diagonal with its Cholesky factor. A component that
/// depends on those before it has no pivot of its own; with a pivot of 1 it becomes about 0. Returns how many were
/// lifted.
///
/// faer's regularised factorisation (0.24) divides by the lifted pivot but leaves the old one on the diagonal.
fn lifted_cholesky<T: Real>(a: &mut Mat<T>, least: T) -> u64 {
    let mut lifted = 0;
    for j in 0..a.ncols() {
        for l in 0..j {
            let factor = a[(j, l)];
            for i in j..a.nrows() {
                let product = a[(i, l)] * factor;
                a[(i, j)] -= product;
            }
        }
        if a[(j, j)] <= least {
            a[(j, j)] = T::of(1.0);
            lifted += 1;
        }
        let root = T::of(a[(j, j)].to_f64().sqrt());
        a[(j, j)] = root;
        for i in j + 1..a.nrows() {
            a[(i, j)] /= root;
        }
    }
    lifted
}
