//! Alternation: any rule, on W and then on H with the new W.

use crate::algorithm::{Algorithm, Rule, Side, Solver, Traits, Update};
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Part, Problem, Shape};
use crate::products::{Factor, Order, Penalties, Products};
use crate::real::Real;

/// The algorithm that applies a rule to each factor in turn.
///
/// With `l1_w`, `l1_h`, `l2_w`, `l2_h` above 0 it minimises ½‖A − WH‖²_F + l1_w·Σ w_il + l1_h·Σ h_lj + ½·l2_w·‖W‖²_F +
/// ½·l2_h·‖H‖²_F; what a run records remains ½‖A − WH‖²_F.
#[derive(Clone, Debug)]
pub struct Alternating<R> {
    rule: R,
    order: Order,
    penalties: Penalties,
}

impl<R: Parameters> Parameters for Alternating<R> {
    fn fields() -> Vec<Field> {
        [R::fields(), Order::fields(), Penalties::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Alternating { rule: R::claim(table)?, order: Order::claim(table)?, penalties: Penalties::claim(table)? })
    }

    fn table(&self) -> Table {
        self.rule.table().into_iter().chain(self.order.table()).chain(self.penalties.table()).collect()
    }
}

impl<R: Rule> Algorithm for Alternating<R> {
    const TRAITS: Traits = R::TRAITS;

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let mut products = Products::new(problem, self.penalties.clone());
        let (w, h) = prepare(&self.rule, problem, factors, &mut products);
        Ok(Box::new(Machine { w, h, products, order: self.order.clone() }))
    }

    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        self.rule.check(shape)
    }
}

/// The machines of a rule for W and for H.
pub(crate) fn prepare<T: Real, R: Rule>(
    rule: &R,
    problem: &Problem<'_, T>,
    factors: &Factors<T>,
    products: &mut Products<T>,
) -> (R::Update<T>, R::Update<T>) {
    let Shape { m, n, rank } = problem.shape();
    let start_gradient = if R::WANTS_START_GRADIENT { products.gradient_norm(problem, factors) } else { f64::NAN };
    let scale = (problem.matrix.mean() / count(rank)).sqrt();
    let side = |rows, others| Side { rows, others, rank, nnz: problem.matrix.nnz(), scale, start_gradient };
    (rule.prepare::<T>(&side(m, n)), rule.prepare::<T>(&side(n, m)))
}

/// The updates of both factors and the products they are fed with.
struct Machine<T, U> {
    w: U,
    h: U,
    products: Products<T>,
    order: Order,
}

impl<T: Real, U: Update<T>> Solver<T> for Machine<T, U> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let mut effort = Effort::default();
        for factor in self.order.sequence() {
            let (update, x, y) = match factor {
                Factor::W => (&mut self.w, &mut factors.w, &factors.ht),
                Factor::H => (&mut self.h, &mut factors.ht, &factors.w),
            };
            let (subproblem, products) = self.products.subproblem(problem, factor, y);
            effort += products;
            effort += update.update(x.as_mut(), &subproblem)?;
            problem.lap(Part::Update);
        }
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.w.floor(), self.h.floor())
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        self.products.penalised(problem, factors)
    }
}
