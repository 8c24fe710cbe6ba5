//! Weighted multiplicative update. Zhang, Wang, Ford & Makedon, "Learning from incomplete ratings using non-negative
//! matrix factorization", SIAM Data Mining (2006), §3.2; with weights of any size Blondel, Ho & Van Dooren, "Weighted
//! nonnegative matrix factorization and face feature extraction" (2008), Theorem 4.
//!
//! min ½Σ ω_ij (a_ij − (WH)_ij)² by
//!
//! W ← W ∘ ((Ω∘A)Hᵀ) ⊘ ((Ω∘(WH))Hᵀ),   H ← H ∘ (Wᵀ(Ω∘A)) ⊘ (Wᵀ(Ω∘(WH))),
//!
//! an entry of weight 0 being one that is not known. With all weights 1 it is `mu`. Where Ω is sparse an iteration costs
//! O(nnz(Ω)·k). The floor ε > 0 acts as in `mu`, and the objective never rises: a majoriser that is separable in the
//! entries has its least value over x ≥ ε where that over x ≥ 0 is raised to ε.

use super::{floor, multiply, product_flops};
use crate::algorithm::{Accepts, Algorithm, Solver, Traits};
use crate::kernels;
use crate::matrix::{Matrix, count};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::products::{Factor, Order};
use crate::real::Real;
use crate::weighted::Model;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Weighted multiplicative update.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Wnmf {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
    /// The factor that is updated first in an iteration; the other one then sees its new value.
    first: Factor,
}

impl Default for Wnmf {
    fn default() -> Self {
        Wnmf { floor: 1e-16, first: Factor::W }
    }
}

impl Algorithm for Wnmf {
    const TRAITS: Traits = Traits { monotone: true, locks_zeros: true, ..Traits::of(Objective::Frobenius) };
    const ACCEPTS: Accepts = Accepts { weighted: true, ..Accepts::NONNEGATIVE };

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let side = |rows, model: fn(&Matrix<T>, usize) -> Model<T>| Side {
            cross: Mat::zeros(rows, rank),
            model: Mat::zeros(rows, rank),
            weighted: match problem.matrix {
                Matrix::Weighted(a) => Some(model(a.weights(), rank)),
                _ => None,
            },
        };
        Ok(Box::new(Machine {
            w: side(m, Model::of_w),
            h: side(n, Model::of_h),
            gram: Mat::zeros(rank, rank),
            sequence: Order { first: self.first }.sequence(),
            floor: floor(self.floor, problem),
        }))
    }
}

struct Machine<T> {
    w: Side<T>,
    h: Side<T>,
    /// k×k, where all weights are 1.
    gram: Mat<T>,
    sequence: [Factor; 2],
    floor: T,
}

/// Workspaces of one factor X (p×k).
struct Side<T> {
    /// (Ω∘A)·Y, p×k.
    cross: Mat<T>,
    /// (Ω∘(X·Yᵀ))·Y, p×k.
    model: Mat<T>,
    weighted: Option<Model<T>>,
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let (mut effort, par, k) = (Effort::default(), problem.par, problem.rank);
        for factor in self.sequence {
            let (side, x, y) = match factor {
                Factor::W => (&mut self.w, &mut factors.w, &factors.ht),
                Factor::H => (&mut self.h, &mut factors.ht, &factors.w),
            };
            match factor {
                Factor::W => problem.matrix.times(side.cross.as_mut(), y.as_ref(), par),
                Factor::H => problem.matrix.transpose_times(side.cross.as_mut(), y.as_ref(), par),
            }
            let (p, q) = (count(x.nrows()), y.nrows());
            effort.flops += match (problem.matrix, &mut side.weighted) {
                (Matrix::Weighted(a), Some(model)) => {
                    model.run(a.weights(), side.model.as_mut(), x, y, par);
                    2.0 * count(problem.matrix.nnz()) * count(k) + model.flops()
                }
                _ => {
                    kernels::gram(self.gram.as_mut(), y.as_ref(), par);
                    matmul(side.model.as_mut(), Accum::Replace, &*x, &self.gram, T::of(1.0), par);
                    product_flops(problem.matrix, q, k) + 2.0 * p * count(k * k)
                }
            };
            multiply(x.as_mut(), side.cross.as_ref(), side.model.as_ref(), self.floor);
            effort.flops += 2.0 * p * count(k);
            effort.passes += 1.0;
        }
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.floor.to_f64(), self.floor.to_f64())
    }
}
