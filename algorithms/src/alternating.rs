//! Alternation: any rule, on W and then on H with the new W.

use crate::algorithm::{Algorithm, Rule, Side, Solver, Subproblem, Traits, Update};
use crate::kernels;
use crate::matrix::count;
use crate::measure;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Problem, Shape};
use crate::real::Real;
use faer::{Mat, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The algorithm that applies a rule to each factor in turn.
#[derive(Clone, Debug)]
pub struct Alternating<R> {
    order: Order,
    rule: R,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Order {
    /// The factor that is updated first in an iteration; the other one then sees its new value.
    first: First,
}

/// Which factor comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum First {
    #[default]
    W,
    H,
}

impl<R: Parameters> Parameters for Alternating<R> {
    fn fields() -> Vec<Field> {
        [R::fields(), Order::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Alternating { rule: R::claim(table)?, order: Order::claim(table)? })
    }

    fn table(&self) -> Table {
        self.rule.table().into_iter().chain(self.order.table()).collect()
    }
}

impl<R: Rule> Algorithm for Alternating<R> {
    const TRAITS: Traits = R::TRAITS;

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let zeros = |rows| Mat::<T>::zeros(rows, rank);
        let mut products = Products { cross_w: zeros(m), cross_h: zeros(n), gram: zeros(rank) };
        let start_gradient = if R::WANTS_START_GRADIENT { products.gradient_norm(problem, factors) } else { f64::NAN };
        let scale = (problem.matrix.mean() / count(rank)).sqrt();
        let side = |rows, others| Side { rows, others, rank, nnz: problem.matrix.nnz(), scale, start_gradient };
        Ok(Box::new(Machine {
            w: self.rule.prepare::<T>(&side(m, n)),
            h: self.rule.prepare::<T>(&side(n, m)),
            products,
            first: self.order.first,
        }))
    }

    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        self.rule.check(shape)
    }
}

/// The updates of both factors and the products they are fed with.
struct Machine<T, U> {
    w: U,
    h: U,
    products: Products<T>,
    first: First,
}

struct Products<T> {
    /// A·Ht, m×k.
    cross_w: Mat<T>,
    /// Aᵀ·W, n×k.
    cross_h: Mat<T>,
    /// HHᵀ or WᵀW, k×k.
    gram: Mat<T>,
}

impl<T: Real> Products<T> {
    fn for_w<'a>(&'a mut self, problem: &Problem<'_, T>, ht: &Mat<T>) -> (Subproblem<'a, T>, Effort) {
        problem.matrix.times(self.cross_w.as_mut(), ht.as_ref(), problem.par);
        kernels::gram(self.gram.as_mut(), ht.as_ref(), problem.par);
        let subproblem = Subproblem { gram: self.gram.as_ref(), cross: self.cross_w.as_ref(), par: problem.par };
        (subproblem, Self::effort(problem, ht))
    }

    fn for_h<'a>(&'a mut self, problem: &Problem<'_, T>, w: &Mat<T>) -> (Subproblem<'a, T>, Effort) {
        problem.matrix.transpose_times(self.cross_h.as_mut(), w.as_ref(), problem.par);
        kernels::gram(self.gram.as_mut(), w.as_ref(), problem.par);
        let subproblem = Subproblem { gram: self.gram.as_ref(), cross: self.cross_h.as_ref(), par: problem.par };
        (subproblem, Self::effort(problem, w))
    }

    /// One product with A, and one triangle of the Gram matrix of Y.
    fn effort(problem: &Problem<'_, T>, y: &Mat<T>) -> Effort {
        let k = count(problem.rank);
        let flops = 2.0 * count(problem.matrix.nnz()) * k + count(y.nrows()) * k * (k + 1.0);
        Effort { flops, passes: 1.0, repairs: 0 }
    }

    /// ‖∇(W, H)‖_F, both factors at once.
    fn gradient_norm(&mut self, problem: &Problem<'_, T>, factors: &Factors<T>) -> f64 {
        let mut buffer = Mat::<T>::zeros(problem.matrix.nrows().max(problem.matrix.ncols()), problem.rank);
        let (side, _) = self.for_w(problem, &factors.ht);
        let w = measure::squared_gradient(&factors.w, &side, buffer.as_mut(), Par::Seq);
        let (side, _) = self.for_h(problem, &factors.w);
        let h = measure::squared_gradient(&factors.ht, &side, buffer.as_mut(), Par::Seq);
        (w + h).sqrt()
    }
}

impl<T: Real, U: Update<T>> Solver<T> for Machine<T, U> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let mut effort = Effort::default();
        let order = if self.first == First::W { [First::W, First::H] } else { [First::H, First::W] };
        for factor in order {
            if factor == First::W {
                let (subproblem, products) = self.products.for_w(problem, &factors.ht);
                effort += products;
                effort += self.w.update(factors.w.as_mut(), &subproblem)?;
            } else {
                let (subproblem, products) = self.products.for_h(problem, &factors.w);
                effort += products;
                effort += self.h.update(factors.ht.as_mut(), &subproblem)?;
            }
        }
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.w.floor(), self.h.floor())
    }
}
