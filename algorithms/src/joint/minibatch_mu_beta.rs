//! Multiplicative updates for a β-divergence on mini-batches, with a memory that fades. Lefèvre, Bach & Févotte, "Online
//! algorithms for nonnegative matrix factorization with the Itakura–Saito divergence", WASPAA (2011), Algorithm 1; for any
//! β Serizel, Essid & Richard, "Mini-batch stochastic approaches for accelerated multiplicative updates in nonnegative
//! matrix factorisation with beta-divergence", MLSP (2016).
//!
//! With V the model of a mini-batch A_b of columns of A, γ the exponent of `mu-beta`, and r = ρ^(b/n) for b columns,
//!
//! H_b ← H_b ∘ ((Wᵀ(A_b ∘ V^(β−2))) ⊘ (WᵀV^(β−1)))^γ,
//!
//! N ← rN + W^(1/γ) ∘ ((A_b ∘ V^(β−2))H_bᵀ),   D ← rD + V^(β−1)H_bᵀ,   W ← (N ⊘ D)^γ.
//!
//! With all columns in one batch and ρ = 0 this is `mu-beta`. The paper also keeps the columns of W at the sum 1, N, D and
//! H being scaled with them; that changes neither WH nor what follows, and is left out. Entries are kept above a floor as
//! those of `mu-beta` are. ρ = 0.7 is the default of scikit-learn's MiniBatchNMF.

use super::batches::{BatchSize, Batches};
use super::minibatch_mu::Memory;
use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::divergence::{DivergenceRule, Half, MuBeta, Multiplicative, Pass, View, at_least, lift, model_floor};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::Real;
use faer::Mat;
use faer::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Multiplicative updates for a β-divergence on mini-batches.
#[derive(Clone, Debug)]
pub struct MiniBatchMuBeta {
    size: BatchSize,
    memory: Memory,
    mu: MuBeta,
}

impl Parameters for MiniBatchMuBeta {
    fn fields() -> Vec<Field> {
        [BatchSize::fields(), Memory::fields(), MuBeta::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(MiniBatchMuBeta { size: BatchSize::claim(table)?, memory: Memory::claim(table)?, mu: MuBeta::claim(table)? })
    }

    fn table(&self) -> Table {
        self.size.table().into_iter().chain(self.memory.table()).chain(self.mu.table()).collect()
    }
}

impl Algorithm for MiniBatchMuBeta {
    const TRAITS: Traits =
        Traits { stochastic: true, locks_zeros: true, ..Traits::of(<MuBeta as DivergenceRule>::TRAITS.objective) }
            .except(Property::Transposition, "takes columns of A, not rows");

    fn objective(&self) -> Objective {
        self.mu.objective()
    }

    fn implied(objective: Objective) -> Table {
        MuBeta::implied(objective)
    }

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        self.objective().check(problem.matrix).map_err(|e| Breakdown::Other(e.to_string()))?;
        let Shape { m, rank, .. } = problem.shape();
        let scale = (problem.matrix.mean() / count(rank)).sqrt();
        let batches = Batches::new(problem, &self.size);
        let halves = batches.matrices(problem.matrix).map(|part| {
            let h = self.mu.prepare::<T>(&View::of_h(part, problem.par), rank, scale);
            let floor = model_floor(T::of(h.floor()));
            Halves { w: Pass::new(&View::of_w(part, problem.par), rank, self.mu.beta(), floor), h }
        });
        let halves: Vec<Halves<T>> = halves.collect();
        Ok(Box::new(Machine {
            memory: self.memory.clone(),
            exponent: self.mu.beta().exponent(),
            floor: T::of(halves[0].h.floor()),
            halves,
            batches,
            numerator: Mat::zeros(m, rank),
            denominator: Mat::zeros(m, rank),
            begun: false,
        }))
    }
}

/// What updates the factors by one batch.
struct Halves<T> {
    w: Pass<T>,
    h: Multiplicative<T>,
}

struct Machine<T: Real> {
    memory: Memory,
    batches: Batches<T>,
    /// Of each batch.
    halves: Vec<Halves<T>>,
    /// γ(β).
    exponent: f64,
    floor: T,
    /// N, m×k.
    numerator: Mat<T>,
    /// D, m×k.
    denominator: Mat<T>,
    begun: bool,
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        if !self.begun {
            // A start may have entries below the floors, where each half takes both factors to be above theirs.
            self.begun = true;
            lift(factors.w.as_mut(), self.floor);
            lift(factors.ht.as_mut(), self.floor);
        }
        let mut effort = self.batches.setup();
        let (number, _) = self.batches.turn();
        let (batch, Halves { w, h }) = (self.batches.get(number), &mut self.halves[number]);
        batch.gather(&factors.ht);
        for _ in 0..self.memory.inner_iterations {
            let (part, rows) = batch.with_rows(problem.matrix);
            let done = h.update(rows.as_mut(), &View::of_h(part, problem.par), factors.w.as_ref())?;
            batch.count_as_part();
            effort += Effort { passes: batch.share, ..done };
        }
        batch.scatter(&mut factors.ht);

        let (m, k) = (factors.w.nrows(), problem.rank);
        let kept = T::of(self.memory.forget.powf(count(batch.ht.nrows()) / count(factors.ht.nrows())));
        let (exponent, floor) = (self.exponent, self.floor);
        let power = |x: T, by: f64| T::of(x.to_f64().powf(by));
        let memory = Mutex::new((self.numerator.as_mut(), self.denominator.as_mut()));
        let view = View::of_w(batch.matrix(problem.matrix), problem.par);
        w.run(factors.w.as_mut(), &view, batch.ht.as_ref(), |mut x, n, d, from| {
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            let (num, den) = &mut *memory;
            let rows = x.nrows();
            for j in 0..k {
                let x = column_mut(x.rb_mut(), j);
                let new = (column(n, j), column(d, j));
                let num = column_mut(num.rb_mut().subrows_mut(from, rows), j);
                let den = column_mut(den.rb_mut().subrows_mut(from, rows), j);
                // Apart: within one loop the power would be taken where it is not wanted, too.
                if exponent >= 1.0 {
                    renew(x, new, (num, den), (kept, floor), (|x| x, |x| x));
                } else {
                    renew(x, new, (num, den), (kept, floor), (|x| power(x, exponent.recip()), |x| power(x, exponent)));
                }
            }
        });
        batch.count_as_part();
        effort += Effort { flops: w.flops(k) + 6.0 * count(m) * count(k), passes: batch.share, repairs: 0 };
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.floor.to_f64(), self.floor.to_f64())
    }
}

/// A column of W, N and D with what the batch adds; `up` takes an entry to the power 1/γ and `down` to the power γ.
fn renew<T: Real>(
    x: &mut [T],
    (n, d): (&[T], &[T]),
    (num, den): (&mut [T], &mut [T]),
    (kept, floor): (T, T),
    (up, down): (impl Fn(T) -> T, impl Fn(T) -> T),
) {
    let tiny = T::of(T::TINY);
    for ((x, (n, d)), (num, den)) in x.iter_mut().zip(n.iter().zip(d)).zip(num.iter_mut().zip(den)) {
        *num = kept * *num + up(*x) * *n;
        *den = kept * *den + *d;
        *x = at_least(down(*num / at_least(*den, tiny)), floor);
    }
}
