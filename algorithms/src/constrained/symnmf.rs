//! Symmetric factorisation A ≈ HᵀH. Kuang, Ding & Park, "Symmetric nonnegative matrix factorization for graph
//! clustering", SIAM Data Mining (2012); Kuang, Yun & Park, "SymNMF: nonnegative low-rank approximation of a similarity
//! matrix for graph clustering", J. Global Optimization 62 (2015), §4.2 (the method by alternating least squares).
//!
//! With W and Ht both n×k, min ½‖A − W·Htᵀ‖² + ½α‖W − Ht‖² over W, Ht ≥ 0: each factor X, the other one being Y, solves a
//! nonnegative least-squares problem with
//!
//! G = YᵀY + αI,   C = AY + αY.
//!
//! With exact subproblems this penalised objective never rises and its stationary points are reached; W and Ht then
//! differ the less, the larger α is.

use crate::algorithm::{Accepts, Algorithm, Rule, Side, Solver, Subproblem, Traits, Update};
use crate::constrained::product_flops;
use crate::kernels;
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Problem, Shape};
use crate::products::{Factor, Order};
use crate::real::Real;
use faer::Mat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Symmetric factorisation of a symmetric A, its subproblems solved by a rule.
#[derive(Clone, Debug)]
pub struct SymNmf<R> {
    rule: R,
    coupling: Coupling,
    order: Order,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Coupling {
    /// α in the term ½α‖W − Hᵀ‖²_F added to ½‖A − WH‖²_F, in units of the largest entry of A. The authors' default is
    /// max(A)², for similarities of about 1, where it is the same.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    alpha: f64,
}

impl Default for Coupling {
    fn default() -> Self {
        Coupling { alpha: 1.0 }
    }
}

impl<R: Parameters> Parameters for SymNmf<R> {
    fn fields() -> Vec<Field> {
        [R::fields(), Coupling::fields(), Order::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(SymNmf { rule: R::claim(table)?, coupling: Coupling::claim(table)?, order: Order::claim(table)? })
    }

    fn table(&self) -> Table {
        self.rule.table().into_iter().chain(self.coupling.table()).chain(self.order.table()).collect()
    }
}

impl<R: Rule> Algorithm for SymNmf<R> {
    // What the rule claims of the plain objective holds for the penalised one; stationary points of that are none of the
    // plain one.
    const TRAITS: Traits = Traits { stationary: false, ..R::TRAITS };
    const ACCEPTS: Accepts = Accepts { symmetric_only: true, ..Accepts::NONNEGATIVE };

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        const { assert!(!R::WANTS_START_GRADIENT, "the gradient of the penalised objective is not at hand") }
        Self::ACCEPTS.check(problem.matrix).map_err(|e| Breakdown::Other(e.to_string()))?;
        let (n, rank, matrix) = (problem.matrix.nrows(), problem.rank, problem.matrix);
        let scale = (matrix.mean() / count(rank)).sqrt();
        let side = Side { rows: n, others: n, rank, nnz: matrix.nnz(), scale, start_gradient: f64::NAN };
        Ok(Box::new(Machine {
            w: self.rule.prepare::<T>(&side),
            h: self.rule.prepare::<T>(&side),
            cross: Mat::zeros(n, rank),
            gram: Mat::zeros(rank, rank),
            alpha: self.coupling.alpha * matrix.largest(),
            order: self.order.clone(),
        }))
    }

    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        self.rule.check(shape)
    }
}

struct Machine<T, U> {
    w: U,
    h: U,
    /// C, n×k.
    cross: Mat<T>,
    /// G, k×k.
    gram: Mat<T>,
    alpha: f64,
    order: Order,
}

impl<T: Real, U: Update<T>> Solver<T> for Machine<T, U> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let (mut effort, alpha, k) = (Effort::default(), T::of(self.alpha), problem.rank);
        for factor in self.order.sequence() {
            let (update, x, y) = match factor {
                Factor::W => (&mut self.w, &mut factors.w, &factors.ht),
                Factor::H => (&mut self.h, &mut factors.ht, &factors.w),
            };
            problem.matrix.times(self.cross.as_mut(), y.as_ref(), problem.par);
            kernels::gram(self.gram.as_mut(), y.as_ref(), problem.par);
            for l in 0..k {
                self.gram[(l, l)] += alpha;
                let column = self.cross.col_as_slice_mut(l).iter_mut().zip(y.col_as_slice(l));
                column.for_each(|(c, y)| *c += alpha * *y);
            }
            let subproblem = Subproblem { gram: self.gram.as_ref(), cross: self.cross.as_ref(), par: problem.par };
            effort += update.update(x.as_mut(), &subproblem)?;
            effort.flops += product_flops(problem.matrix, y.nrows(), k) + 2.0 * count(y.nrows() * k);
            effort.passes += 1.0;
        }
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.w.floor(), self.h.floor())
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        let apart = &factors.w - &factors.ht;
        Some(problem.frobenius(factors) + 0.5 * self.alpha * kernels::dot(apart.as_ref(), apart.as_ref()))
    }
}
