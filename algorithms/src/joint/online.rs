//! Online matrix factorisation. Mairal, Bach, Ponce & Sapiro, "Online learning for matrix factorization and sparse
//! coding", JMLR 11 (2010): Algorithm 1 in its form for NMF (§5.3: W ≥ 0, H ≥ 0, λ = 0), with the mini-batches, the
//! treatment of fixed data sets and the purge of §3.4.
//!
//! An iteration takes the next mini-batch A_b of columns of A and
//!
//! - codes it: H_b = argmin_{H ≥ 0} ½‖A_b − WH‖²_F + λΣh, exactly;
//! - adds to S ← S + H_bH_bᵀ and C ← C + A_bH_bᵀ, after what the same columns gave at their last visit has been taken out
//!   (`replace`, §3.4.1), or after all of the past has been multiplied by (θ + 1 − η)/(θ + 1), with θ = tη for t < η and
//!   η² + t − η later (`rescale`, §3.4.2–3, eq. 11);
//! - improves W by Algorithm 2, column after column: w_j ← Π(w_j + (c_j − Ws_j)/s_jj), Π(u) = u₊/max(‖u₊‖, 1).
//!
//! After a round through A a column of W that no code has used is replaced by a random column of A (§3.4.5).
//!
//! 512 columns to a mini-batch are the default of the authors' program (SPAMS).

use super::batches::{BatchSize, Batches};
use crate::algorithm::{Algorithm, Rule, Side, Solver, Subproblem, Traits, Update};
use crate::conformance::Property;
use crate::kernels::{self, dot_slices};
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::random::Stream;
use crate::real::{Real, max};
use crate::rules::AnlsBpp;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Online matrix factorisation.
#[derive(Clone, Debug)]
pub struct Online {
    size: BatchSize,
    rule: Learning,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Learning {
    /// λ in the term λ·Σ h_lj of the coding; the columns of W have norms of at most 1.
    #[schemars(range(min = 0.0))]
    lambda: f64,
    /// What becomes of the past: what the same columns gave before is replaced, or all of it is scaled down (rescale).
    past: Past,
    /// Passes over the columns of W in an iteration.
    #[schemars(range(min = 1))]
    sweeps: u32,
}

impl Default for Learning {
    fn default() -> Self {
        Learning { lambda: 0.0, past: Past::Replace, sweeps: 1 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Past {
    Replace,
    Rescale,
}

impl Parameters for Online {
    fn fields() -> Vec<Field> {
        [BatchSize::fields(), Learning::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Online { size: BatchSize::claim(table)?, rule: Learning::claim(table)? })
    }

    fn table(&self) -> Table {
        self.size.table().into_iter().chain(self.rule.table()).collect()
    }
}

impl Algorithm for Online {
    const TRAITS: Traits = Traits { stochastic: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Permutation, "goes through the components in order")
        .except(Property::Scale, "the columns of W have norms of at most 1")
        .except(Property::Transposition, "takes columns of A, not rows");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, rank, .. } = problem.shape();
        let batches = Batches::new(problem, &self.size);
        let coder = |rows: usize| Coder {
            cross: Mat::zeros(rows, rank),
            change: Mat::zeros(rows, rank),
            exact: AnlsBpp::default().prepare::<T>(&Side {
                rows,
                others: m,
                rank,
                nnz: 0,
                scale: 0.0,
                start_gradient: 0.0,
            }),
            visited: false,
        };
        Ok(Box::new(Machine {
            rule: self.rule.clone(),
            coders: batches.sizes().map(coder).collect(),
            batches,
            gram: Mat::zeros(rank, rank),
            squares: Mat::zeros(rank, rank),
            products: Mat::zeros(m, rank),
            fresh: Mat::zeros(m, rank),
            sum: Mat::zeros(m, 1),
            stream: Stream::new(&problem.key, 1),
            t: 0,
        }))
    }
}

struct Machine<T: Real> {
    rule: Learning,
    batches: Batches<T>,
    /// The coding of each batch.
    coders: Vec<Coder<T>>,
    /// WᵀW, k×k.
    gram: Mat<T>,
    /// S, k×k.
    squares: Mat<T>,
    /// C, m×k.
    products: Mat<T>,
    /// A_b times the change of H_b, m×k.
    fresh: Mat<T>,
    /// W·s_j, m×1.
    sum: Mat<T>,
    /// Columns of A in the place of unused ones.
    stream: Stream,
    /// Iterations done.
    t: u64,
}

struct Coder<T: Real> {
    /// A_bᵀW.
    cross: Mat<T>,
    /// H_b as it was, and then what has come to it.
    change: Mat<T>,
    exact: <AnlsBpp as Rule>::Update<T>,
    visited: bool,
}

impl<T: Real> Machine<T> {
    /// What the past is multiplied by, where it is scaled down.
    fn forgetting(&self, columns: usize) -> f64 {
        let (t, size) = (f64::from(u32::try_from(self.t).unwrap_or(u32::MAX)), count(columns));
        let theta = if t < size { t * size } else { size * size + t - size };
        (theta + 1.0 - size) / (theta + 1.0)
    }

    /// Codes a batch and adds it to S and C.
    fn code(&mut self, problem: &Problem<'_, T>, factors: &Factors<T>, number: usize) -> Result<Effort, Breakdown> {
        let replace = self.rule.past == Past::Replace;
        let alone = self.batches.len() == 1;
        let columns = self.batches.get(number).ht.nrows();
        let keep = match self.rule.past {
            Past::Replace if alone => 0.0, // exactly what is to be taken out
            Past::Replace => 1.0,
            Past::Rescale => self.forgetting(columns),
        };
        let Machine { batches, coders, gram, squares, products, fresh, .. } = self;
        let (batch, coder) = (batches.get(number), &mut coders[number]);
        batch.gather(&factors.ht);
        coder.change.copy_from(&batch.ht);
        let mut effort = batch.transpose_times(problem.matrix, coder.cross.as_mut(), factors.w.as_ref(), problem.par);
        let lambda = T::of(self.rule.lambda);
        for l in 0..problem.rank {
            coder.cross.col_as_slice_mut(l).iter_mut().for_each(|c| *c -= lambda);
        }
        kernels::gram(gram.as_mut(), factors.w.as_ref(), problem.par);
        let s = Subproblem { gram: gram.as_ref(), cross: coder.cross.as_ref(), par: problem.par };
        effort += coder.exact.update(batch.ht.as_mut(), &s)?;
        scale(squares, keep);
        scale(products, keep);
        let (new, old) = (batch.ht.as_ref(), coder.change.as_ref());
        matmul(squares.as_mut(), Accum::Add, new.transpose(), new, T::of(1.0), problem.par);
        let out = replace && coder.visited && !alone;
        if out {
            matmul(squares.as_mut(), Accum::Add, old.transpose(), old, T::of(-1.0), problem.par);
        }
        for l in 0..problem.rank {
            let old = coder.change.col_as_slice_mut(l).iter_mut();
            old.zip(batch.ht.col_as_slice(l)).for_each(|(old, new)| *old = if out { *new - *old } else { *new });
        }
        coder.visited = true;
        effort += batch.times(problem.matrix, fresh.as_mut(), coder.change.as_ref(), problem.par);
        for l in 0..problem.rank {
            let fresh = fresh.col_as_slice(l);
            products.col_as_slice_mut(l).iter_mut().zip(fresh).for_each(|(c, f)| *c += *f);
        }
        let (m, b, k) = (count(factors.w.nrows()), count(batch.ht.nrows()), count(problem.rank));
        effort.flops += m * k * (k + 1.0) + if out { 4.0 } else { 2.0 } * b * k * k + 2.0 * m * k;
        Ok(effort)
    }

    /// Below this a diagonal entry of S is that of a column of W which no code has used.
    fn unused(&self) -> f64 {
        let most = (0..self.squares.ncols()).map(|l| self.squares[(l, l)].to_f64()).fold(0.0, f64::max);
        (4.0 * T::EPSILON * most).max(T::TINY)
    }

    /// Algorithm 2.
    fn improve(&mut self, w: &mut Mat<T>, problem: &Problem<'_, T>) -> Effort {
        let unused = self.unused();
        for _ in 0..self.rule.sweeps {
            for j in 0..w.ncols() {
                let square = self.squares[(j, j)].to_f64();
                if square <= unused {
                    continue;
                }
                let column = self.squares.subcols(j, 1);
                matmul(self.sum.as_mut(), Accum::Replace, w.as_ref(), column, T::of(1.0), problem.par);
                let step = T::of(square.recip());
                let terms = self.products.col_as_slice(j).iter().zip(self.sum.col_as_slice(0));
                for (w, (c, s)) in w.col_as_slice_mut(j).iter_mut().zip(terms) {
                    *w = max(*w + (*c - *s) * step, T::of(0.0));
                }
                let norm = dot_slices(w.col_as_slice(j), w.col_as_slice(j)).sqrt();
                if norm > 1.0 {
                    w.col_as_slice_mut(j).iter_mut().for_each(|w| *w = T::of(w.to_f64() / norm));
                }
            }
        }
        let (m, k) = (count(w.nrows()), count(w.ncols()));
        let flops = f64::from(self.rule.sweeps) * (2.0 * m * k * k + 7.0 * m * k);
        Effort { flops, ..Effort::default() }
    }

    /// Replaces the columns of W that no code has used.
    fn purge(&mut self, w: &mut Mat<T>, problem: &Problem<'_, T>) -> Effort {
        let (unused, mut effort) = (self.unused(), Effort::default());
        for l in 0..w.ncols() {
            if self.squares[(l, l)].to_f64() > unused {
                continue;
            }
            let j = self.stream.below(problem.matrix.ncols());
            let column = w.col_as_slice_mut(l);
            problem.matrix.copy_column(j, column);
            let norm = dot_slices(column, column).sqrt();
            if norm > 0.0 {
                column.iter_mut().for_each(|w| *w = T::of(w.to_f64() / norm));
            }
            effort.flops += 3.0 * count(w.nrows());
            effort.passes += count(problem.matrix.ncols()).recip();
        }
        effort
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let mut effort = self.batches.setup();
        if self.t == 0 {
            into_ball(factors);
        }
        self.t += 1;
        let (number, last) = self.batches.turn();
        effort += self.code(problem, factors, number)?;
        self.batches.get(number).scatter(&mut factors.ht);
        effort += self.improve(&mut factors.w, problem);
        if last {
            effort += self.purge(&mut factors.w, problem);
        }
        Ok(effort)
    }
}

/// Gives the columns of W the norm 1, and H what keeps WH.
fn into_ball<T: Real>(factors: &mut Factors<T>) {
    for l in 0..factors.rank() {
        let norm = dot_slices(factors.w.col_as_slice(l), factors.w.col_as_slice(l)).sqrt();
        if norm > 0.0 && norm.recip().is_finite() {
            factors.w.col_as_slice_mut(l).iter_mut().for_each(|w| *w = T::of(w.to_f64() / norm));
            factors.ht.col_as_slice_mut(l).iter_mut().for_each(|h| *h = T::of(h.to_f64() * norm));
        }
    }
}

fn scale<T: Real>(x: &mut Mat<T>, by: f64) {
    for j in 0..x.ncols() {
        x.col_as_slice_mut(j).iter_mut().for_each(|x| *x *= T::of(by));
    }
}
