//! Multiplicative updates on mini-batches, with a memory that fades. Lefèvre, Bach & Févotte, "Online algorithms for
//! nonnegative matrix factorization with the Itakura–Saito divergence", WASPAA (2011), Algorithm 1, with the
//! Frobenius norm in its place; `minibatch-mu-beta` is for the divergences.
//!
//! An iteration takes the next mini-batch A_b of columns of A, updates their part of H by
//!
//! H_b ← H_b ∘ (WᵀA_b) ⊘ (WᵀWH_b),
//!
//! and then, with r = ρ^(b/n) for a batch of b columns, so that one round through A weighs the past by ρ,
//!
//! N ← rN + W ∘ (A_bH_bᵀ),   D ← rD + WH_bH_bᵀ,   W ← N ⊘ D.
//!
//! With all columns in one batch and ρ = 0 this is the multiplicative update. The paper also keeps the columns of W at the
//! sum 1, N, D and H being scaled with them; that changes neither WH nor what follows, and is left out. Entries are kept
//! above a floor as those of `mu` are. ρ = 0.7 is the default of scikit-learn's MiniBatchNMF.

use super::batches::{BatchSize, Batches};
use crate::algorithm::{Algorithm, Rule, Side, Solver, Subproblem, Traits, Update};
use crate::conformance::Property;
use crate::kernels;
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::{Real, max};
use crate::rules::Mu;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Multiplicative updates on mini-batches.
#[derive(Clone, Debug)]
pub struct MiniBatchMu {
    size: BatchSize,
    memory: Memory,
    mu: Mu,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Memory {
    /// ρ: what the statistics of one round through A weigh in the next.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(super) forget: f64,
    /// Updates of the batch's part of H in an iteration.
    #[schemars(range(min = 1))]
    pub(super) inner_iterations: u32,
}

impl Default for Memory {
    fn default() -> Self {
        Memory { forget: 0.7, inner_iterations: 1 }
    }
}

impl Parameters for MiniBatchMu {
    fn fields() -> Vec<Field> {
        [BatchSize::fields(), Memory::fields(), Mu::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(MiniBatchMu { size: BatchSize::claim(table)?, memory: Memory::claim(table)?, mu: Mu::claim(table)? })
    }

    fn table(&self) -> Table {
        self.size.table().into_iter().chain(self.memory.table()).chain(self.mu.table()).collect()
    }
}

impl Algorithm for MiniBatchMu {
    const TRAITS: Traits = Traits { stochastic: true, locks_zeros: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Transposition, "takes columns of A, not rows");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let batches = Batches::new(problem, &self.size);
        let side = Side {
            rows: n,
            others: m,
            rank,
            nnz: problem.matrix.nnz(),
            scale: (problem.matrix.mean() / count(rank)).sqrt(),
            start_gradient: 0.0,
        };
        let mu = self.mu.prepare::<T>(&side);
        Ok(Box::new(Machine {
            memory: self.memory.clone(),
            crosses: batches.sizes().map(|b| Mat::zeros(b, rank)).collect(),
            batches,
            floor: T::of(Update::<T>::floor(&mu)),
            mu,
            gram: Mat::zeros(rank, rank),
            products: Mat::zeros(m, rank),
            model: Mat::zeros(m, rank),
            numerator: Mat::zeros(m, rank),
            denominator: Mat::zeros(m, rank),
        }))
    }
}

struct Machine<T: Real> {
    memory: Memory,
    batches: Batches<T>,
    mu: <Mu as Rule>::Update<T>,
    floor: T,
    /// A_bᵀW of each batch.
    crosses: Vec<Mat<T>>,
    /// WᵀW, then H_bH_bᵀ; k×k.
    gram: Mat<T>,
    /// A_bH_bᵀ, m×k.
    products: Mat<T>,
    /// WH_bH_bᵀ, m×k.
    model: Mat<T>,
    /// N, m×k.
    numerator: Mat<T>,
    /// D, m×k.
    denominator: Mat<T>,
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let mut effort = self.batches.setup();
        let (number, _) = self.batches.turn();
        let Machine { batches, mu, crosses, gram, products, model, .. } = self;
        let (batch, cross, par) = (batches.get(number), &mut crosses[number], problem.par);
        batch.gather(&factors.ht);
        effort += batch.transpose_times(problem.matrix, cross.as_mut(), factors.w.as_ref(), par);
        kernels::gram(gram.as_mut(), factors.w.as_ref(), par);
        for _ in 0..self.memory.inner_iterations {
            effort += mu.update(batch.ht.as_mut(), &Subproblem { gram: gram.as_ref(), cross: cross.as_ref(), par })?;
        }
        batch.scatter(&mut factors.ht);
        effort += batch.times(problem.matrix, products.as_mut(), batch.ht.as_ref(), par);
        kernels::gram(gram.as_mut(), batch.ht.as_ref(), par);
        matmul(model.as_mut(), Accum::Replace, factors.w.as_ref(), gram.as_ref(), T::of(1.0), par);
        let (m, b, n) = (count(factors.w.nrows()), count(batch.ht.nrows()), count(factors.ht.nrows()));
        let kept = T::of(self.memory.forget.powf(b / n));
        let (floor, tiny) = (self.floor, T::of(T::TINY));
        for j in 0..problem.rank {
            let sums = self.products.col_as_slice(j).iter().zip(self.model.col_as_slice(j));
            let memory = self.numerator.col_as_slice_mut(j).iter_mut().zip(self.denominator.col_as_slice_mut(j));
            for ((w, (p, d)), (num, den)) in factors.w.col_as_slice_mut(j).iter_mut().zip(sums).zip(memory) {
                *num = kept * *num + *w * *p;
                *den = kept * *den + *d;
                *w = max(*num / max(*den, tiny), floor);
            }
        }
        let k = count(problem.rank);
        effort.flops += (m + b) * k * (k + 1.0) + 2.0 * m * k * k + 6.0 * m * k;
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.floor.to_f64(), self.floor.to_f64())
    }
}
