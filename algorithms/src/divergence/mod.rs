//! Alternating methods for divergences other than the Frobenius norm.
//!
//! There the subproblem of a factor does not reduce to a Gram matrix: each step needs the data beside the present model.
//! A method improves X (p×k) given Y (q×k) and a [`View`] of the data, B ≈ Y·Xᵀ, in which W and H look alike. B is read in
//! small blocks and the model is formed for a block at a time.

mod admm;
mod beta;
mod coordinate;
mod multiplicative;
mod pass;
mod primal_dual;
mod view;

pub use admm::AdmmKl;
pub use coordinate::{CcdKl, SnKl, SnMuKl};
pub use multiplicative::{BmdKl, MuBeta, MuKl};
pub use primal_dual::PdKl;
pub use view::View;

pub(crate) use beta::Beta;
pub(crate) use multiplicative::Multiplicative;
pub(crate) use pass::{Pass, gradient, sums};
pub(crate) use view::{at_least, lift};

use crate::algorithm::{Algorithm, Solver, Traits};
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem};
use crate::products::{Factor, Order};
use crate::real::Real;
use faer::{MatMut, MatRef};

/// The parameters of a method for one factor, and how to make the machine that runs it.
pub trait DivergenceRule: Parameters {
    /// What holds for the alternating algorithm made of this rule.
    const TRAITS: Traits;
    /// See [`Algorithm::implied`].
    fn implied(_objective: Objective) -> Table {
        Table::new()
    }
    /// The machine: workspaces and state of one factor.
    type Half<T: Real>: Half<T> + 'static;
    /// The objective with these parameters.
    fn objective(&self) -> Objective {
        Self::TRAITS.objective
    }
    /// Allocates the workspaces for a factor of k columns, once. `scale` is √(mean(A)/k), the size of an entry of two
    /// balanced factors.
    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> Self::Half<T>;
}

/// Improves one factor.
pub trait Half<T: Real>: Send {
    /// Overwrites X (p×k, contiguous columns) with a better one for B ≈ Y·Xᵀ, without allocating.
    ///
    /// # Errors
    /// When the method cannot go on.
    fn update(&mut self, x: MatMut<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>) -> Result<Effort, Breakdown>;

    /// The lower bound that it keeps the entries of X at.
    fn floor(&self) -> f64;
}

/// The algorithm that applies a rule to each factor in turn.
#[derive(Clone, Debug)]
pub struct AlternatingDivergence<R> {
    rule: R,
    order: Order,
}

impl<R: Parameters> Parameters for AlternatingDivergence<R> {
    fn fields() -> Vec<Field> {
        [R::fields(), Order::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(AlternatingDivergence { rule: R::claim(table)?, order: Order::claim(table)? })
    }

    fn table(&self) -> Table {
        self.rule.table().into_iter().chain(self.order.table()).collect()
    }
}

impl<R: DivergenceRule> Algorithm for AlternatingDivergence<R> {
    const TRAITS: Traits = R::TRAITS;

    fn objective(&self) -> Objective {
        self.rule.objective()
    }

    fn implied(objective: Objective) -> Table {
        R::implied(objective)
    }

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        self.objective().check(problem.matrix).map_err(|e| Breakdown::Other(e.to_string()))?;
        let scale = (problem.matrix.mean() / count(problem.rank)).sqrt();
        let half = |view: View<'_, T>| self.rule.prepare(&view, problem.rank, scale);
        Ok(Box::new(Machine {
            w: half(View::of_w(problem.matrix, problem.par)),
            h: half(View::of_h(problem.matrix, problem.par)),
            order: self.order.clone(),
            begun: false,
        }))
    }
}

struct Machine<U> {
    w: U,
    h: U,
    order: Order,
    begun: bool,
}

impl<T: Real, U: Half<T>> Solver<T> for Machine<U> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let mut effort = Effort::default();
        if !self.begun {
            // A start may have entries below the floors, where each half takes both factors to be above theirs.
            self.begun = true;
            view::lift(factors.w.as_mut(), T::of(self.w.floor()));
            view::lift(factors.ht.as_mut(), T::of(self.h.floor()));
        }
        for factor in self.order.sequence() {
            effort += match factor {
                Factor::W => {
                    let view = View::of_w(problem.matrix, problem.par);
                    self.w.update(factors.w.as_mut(), &view, factors.ht.as_ref())?
                }
                Factor::H => {
                    let view = View::of_h(problem.matrix, problem.par);
                    self.h.update(factors.ht.as_mut(), &view, factors.w.as_ref())?
                }
            };
        }
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.w.floor(), self.h.floor())
    }
}

/// The floor of the entries in the scalar type: in units of `scale`, never below the type's own precision.
fn floor<T: Real>(floor: f64, scale: f64) -> T {
    T::of((floor.max(0.5 * T::EPSILON) * scale).max(T::TINY))
}

/// The floor of the model V = YXᵀ where both factors are kept above one of their own: it only acts on a start with zeros.
pub(crate) fn model_floor<T: Real>(floor: T) -> T {
    T::of((floor.to_f64() * floor.to_f64()).max(T::TINY))
}

/// Traits of the methods here: for the Kullback–Leibler divergence, with a floor.
const fn kullback_leibler(monotone: bool) -> Traits {
    Traits { monotone, ..Traits::of(Objective::KullbackLeibler) }
}
