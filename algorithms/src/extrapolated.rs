//! Extrapolation between the updates. Ang & Gillis, "Accelerating nonnegative matrix factorization algorithms using
//! extrapolation", Neural Computation 31 (2019), Algorithm 3.
//!
//! With U the factor that is updated first and V the other one, and extrapolated points Û, V̂ beside them:
//!
//! - U_n ← update of Û against V̂; then Û ← U_n + β(U_n − U) (hp ≥ 2), and max(0, Û) (hp = 3); Û ← U_n for hp = 1;
//! - V_n ← update of V̂ against Û; then V̂ ← V_n + β(V_n − V), and Û ← U_n + β(U_n − U) for hp = 1;
//! - if the error of (Û as V saw it, V_n) is above that of the iteration before: Û ← U, V̂ ← V, β̄ ← the β before, β ← β/η;
//!   else (U, V) ← (U_n, V_n), β ← min(β̄, γβ), β̄ ← min(1, γ̄β̄).
//!
//! That error costs next to nothing: the products of the second update hold it. A rejected iteration leaves the factors
//! as they were. The factors handed out are the pair that was measured, so for hp = 3 they are (Û, V_n): (U_n, V_n) may
//! be far worse when the two differ much. For hp = 2, where Û may have entries below 0, they are (U_n, V_n).
//!
//! Defaults are those of the authors' program: β = 0.5 and η = 1.5 at first, γ = 1.01 and γ̄ = 1.005, for exact least
//! squares 1.1 and 1.05, and hp = 3.

use crate::algorithm::{Algorithm, Rule, Solver, Traits, Update, Within};
use crate::alternating;
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::parameters::{self, Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Part, Problem, Shape};
use crate::products::{Factor, Order, Penalties, Products};
use crate::real::{Real, positive};
use faer::prelude::*;
use faer::{Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The algorithm that applies a rule to each factor in turn, from extrapolated points.
#[derive(Clone, Debug)]
pub struct Extrapolated<R> {
    rule: R,
    momentum: Momentum,
    order: Order,
    penalties: Penalties,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Momentum {
    /// β in the first iteration.
    #[schemars(range(min = 0.0, max = 1.0))]
    beta_start: f64,
    /// η: β is divided by this when the error has risen.
    #[schemars(extend("exclusiveMinimum" = 1.0))]
    eta: f64,
    /// γ: β is multiplied by this when the error has fallen.
    #[schemars(range(min = 1.0))]
    gamma: f64,
    /// γ̄: the upper bound of β is multiplied by this when the error has fallen; at most γ.
    #[schemars(range(min = 1.0))]
    gamma_bar: f64,
    /// The first factor is extrapolated after both updates (1), between them (2), or between them and projected (3).
    #[schemars(range(min = 1, max = 3))]
    hp: u32,
}

impl Default for Momentum {
    fn default() -> Self {
        Momentum { beta_start: 0.5, eta: 1.5, gamma: 1.01, gamma_bar: 1.005, hp: 3 }
    }
}

impl<R: Rule> Parameters for Extrapolated<R> {
    fn fields() -> Vec<Field> {
        let fields = [R::fields(), Momentum::fields(), Order::fields(), Penalties::fields()].concat();
        parameters::with_defaults(fields, R::tuned(Within::Extrapolated))
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        parameters::insert_defaults(table, &Self::fields(), R::tuned(Within::Extrapolated));
        let rule = R::claim(table)?;
        let momentum = Momentum::claim(table)?;
        if momentum.gamma_bar > momentum.gamma {
            let message = format!("expected at most gamma = {}, found {}", momentum.gamma, momentum.gamma_bar);
            return Err(ParameterError { key: "gamma_bar".into(), message });
        }
        Ok(Extrapolated { rule, momentum, order: Order::claim(table)?, penalties: Penalties::claim(table)? })
    }

    fn table(&self) -> Table {
        let own = self.momentum.table().into_iter().chain(self.order.table()).chain(self.penalties.table());
        self.rule.table().into_iter().chain(own).collect()
    }
}

impl<R: Rule> Algorithm for Extrapolated<R> {
    /// The extrapolated error is what falls, not that of the factors; the paper proves no convergence.
    const TRAITS: Traits = Traits { monotone: false, stationary: false, ..R::TRAITS };

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let mut products = Products::new(problem, self.penalties.clone());
        let (w, h) = alternating::prepare(&self.rule, problem, factors, &mut products);
        let Momentum { beta_start, .. } = self.momentum;
        Ok(Box::new(Machine {
            w,
            h,
            products,
            order: self.order.clone(),
            own: Mat::zeros(problem.rank, problem.rank),
            held: factors.clone(),
            fresh: factors.clone(),
            ahead: factors.clone(),
            schedule: Schedule { momentum: self.momentum.clone(), beta: beta_start, last: beta_start, bound: 1.0 },
            error: None,
        }))
    }

    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        self.rule.check(shape)
    }
}

struct Machine<T, U> {
    w: U,
    h: U,
    products: Products<T>,
    order: Order,
    /// XᵀX of the factor that was updated last, k×k.
    own: Mat<T>,
    /// W and H: the updates of the last accepted iteration.
    held: Factors<T>,
    /// W_n and H_n.
    fresh: Factors<T>,
    /// Ŵ and Ĥ.
    ahead: Factors<T>,
    schedule: Schedule,
    /// The error of the iteration before; none before the first.
    error: Option<f64>,
}

/// β and how it changes.
#[derive(Clone, Debug)]
struct Schedule {
    momentum: Momentum,
    /// β.
    beta: f64,
    /// β of the iteration before.
    last: f64,
    /// β̄.
    bound: f64,
}

impl Schedule {
    fn after(&mut self, accepted: bool) {
        let beta = self.beta;
        if accepted {
            self.beta = self.bound.min(self.momentum.gamma * beta);
            self.bound = (self.momentum.gamma_bar * self.bound).min(1.0);
        } else {
            self.bound = self.last;
            self.beta = beta / self.momentum.eta;
        }
        self.last = beta;
    }
}

impl<T> Factors<T> {
    fn get(&self, factor: Factor) -> &Mat<T> {
        match factor {
            Factor::W => &self.w,
            Factor::H => &self.ht,
        }
    }

    fn get_mut(&mut self, factor: Factor) -> &mut Mat<T> {
        match factor {
            Factor::W => &mut self.w,
            Factor::H => &mut self.ht,
        }
    }
}

impl<T: Real, U: Update<T>> Machine<T, U> {
    /// Updates one factor from its extrapolated point against the other's. Returns the work.
    fn half(&mut self, problem: &Problem<'_, T>, factor: Factor) -> Result<Effort, Breakdown> {
        let other = self.ahead.get(factor.other());
        let (_, mut effort) = self.products.subproblem(problem, factor, other);
        if self.error.is_none() {
            // The first subproblem of all is formed at the start: its error is at hand.
            let start = (self.held.get(factor), self.held.get(factor.other()));
            let (error, work) = self.products.objective(problem, factor, start, &mut self.own);
            self.error = Some(error);
            effort += work;
        }
        let update = if factor == Factor::W { &mut self.w } else { &mut self.h };
        let fresh = self.fresh.get_mut(factor);
        copy(fresh, self.ahead.get(factor));
        effort += update.update(fresh.as_mut(), &self.products.again(problem, factor))?;
        problem.lap(Part::Update);
        clip(fresh.as_mut()); // a component that the rule skips may have been extrapolated below 0
        effort.flops += 3.0 * count(fresh.nrows()) * count(fresh.ncols());
        Ok(effort)
    }

    /// Û ← U_n + β(U_n − U).
    fn extrapolate(&mut self, factor: Factor) {
        let beta = T::of(self.schedule.beta);
        let (new, old) = (self.fresh.get(factor), self.held.get(factor));
        let ahead = self.ahead.get_mut(factor);
        for j in 0..new.ncols() {
            let pairs = new.col_as_slice(j).iter().zip(old.col_as_slice(j));
            for (a, (n, o)) in ahead.col_as_slice_mut(j).iter_mut().zip(pairs) {
                *a = *n + beta * (*n - *o);
            }
        }
    }
}

impl<T: Real, U: Update<T>> Solver<T> for Machine<T, U> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let [first, second] = self.order.sequence();
        let hp = self.schedule.momentum.hp;
        let mut effort = self.half(problem, first)?;
        if hp == 1 {
            copy(self.ahead.get_mut(first), self.fresh.get(first));
        } else {
            self.extrapolate(first);
        }
        if hp == 3 {
            clip(self.ahead.get_mut(first).as_mut());
        }
        effort += self.half(problem, second)?;
        let pair = (self.fresh.get(second), self.ahead.get(first));
        let (error, work) = self.products.objective(problem, second, pair, &mut self.own);
        effort += work;
        if !error.is_finite() {
            return Err(Breakdown::NotFinite { what: "the objective" });
        }
        let accepted = self.error.is_none_or(|before| error <= before);
        if accepted {
            let shown = if hp == 3 { self.ahead.get(first) } else { self.fresh.get(first) };
            copy(factors.get_mut(first), shown);
            copy(factors.get_mut(second), self.fresh.get(second));
            self.extrapolate(second);
            if hp == 1 {
                self.extrapolate(first);
            }
            std::mem::swap(&mut self.held, &mut self.fresh);
        } else {
            copy(&mut self.ahead.w, &self.held.w);
            copy(&mut self.ahead.ht, &self.held.ht);
        }
        // Also after a rejection, as in the paper: the error seen with Û may be out of reach from (U, V) for a while.
        self.error = Some(error);
        self.schedule.after(accepted);
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.w.floor(), self.h.floor())
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        self.products.penalised(problem, factors)
    }
}

fn copy<T: Real>(to: &mut Mat<T>, from: &Mat<T>) {
    for j in 0..to.ncols() {
        to.col_as_slice_mut(j).copy_from_slice(column(from.as_ref(), j));
    }
}

fn clip<T: Real>(mut x: MatMut<'_, T>) {
    for j in 0..x.ncols() {
        column_mut(x.rb_mut(), j).iter_mut().for_each(|x| *x = positive(*x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beta_grows_below_its_bound_and_is_cut_on_a_rise() {
        let momentum = Momentum { gamma: 1.1, gamma_bar: 1.05, ..Momentum::default() };
        let mut s = Schedule { momentum, beta: 0.5, last: 0.5, bound: 1.0 };
        let near = |x: f64, y: f64| (x - y).abs() < 1e-15;
        s.after(true);
        assert!(near(s.beta, 0.55) && near(s.bound, 1.0));
        s.after(false); // 0.55 was too much: never above 0.5 for now
        assert!(near(s.beta, 0.55 / 1.5) && near(s.bound, 0.5));
        s.after(true);
        assert!(near(s.beta, 0.55 / 1.5 * 1.1) && near(s.bound, 0.525));
        for _ in 0..100 {
            s.after(true);
        }
        assert!(near(s.beta, 1.0) && near(s.bound, 1.0));
    }

    #[test]
    fn the_bound_may_not_outgrow_beta() {
        let given: Table = serde_json::from_str(r#"{"gamma_bar": 1.2}"#).expect("json");
        let error = parameters::parse::<Extrapolated<crate::Hals>>(&given).expect_err("refused").to_string();
        assert_eq!(error, "`gamma_bar`: expected at most gamma = 1.01, found 1.2");
    }
}
