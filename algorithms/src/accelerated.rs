//! Acceleration by inner repetition. Gillis & Glineur, "Accelerated multiplicative updates and hierarchical ALS
//! algorithms for nonnegative matrix factorization", Neural Computation 24 (2012), §3.
//!
//! The products that a subproblem is made of cost much more than one update with them. So the update is repeated at most
//! ⌊1 + αρ⌋ times, where
//!
//! ρ = 1 + (nnz(A) + q·k) / (p·(k + 1))
//!
//! relates the cost of the products to that of an update (X p×k, the other factor q×k), and until a repetition moves X
//! by at most ε times what the first did: ‖X⁽ˡ⁺¹⁾ − X⁽ˡ⁾‖_F ≤ ε‖X⁽¹⁾ − X⁽⁰⁾‖_F.
//!
//! Defaults are those of the authors' programs: α = 0.5 and ε = 0.1 for `a-hals`, 2 and 0.1 for `a-mu`, 0.5 and 0 for
//! `a-pgd`.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update, Within};
use crate::conformance::Property;
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::parameters::{self, Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Shape};
use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rule that repeats another one on the same subproblem.
#[derive(Clone, Debug)]
pub struct Accelerated<R> {
    rule: R,
    repeat: Repeat,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Repeat {
    /// α: updates on one subproblem are at most 1 + αρ, where ρ relates the cost of the products to that of an update.
    #[schemars(range(min = 0.0))]
    alpha: f64,
    /// ε: repetition ends when an update moves the factor by at most this share of what the first one did.
    #[schemars(range(min = 0.0, max = 1.0))]
    epsilon: f64,
}

impl Default for Repeat {
    fn default() -> Self {
        Repeat { alpha: 0.5, epsilon: 0.1 }
    }
}

impl Repeat {
    /// ⌊1 + αρ⌋.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is positive")]
    fn most(&self, side: &Side) -> u64 {
        let (p, q, k) = (count(side.rows), count(side.others), count(side.rank));
        let rho = 1.0 + (count(side.nnz) + q * k) / (p * (k + 1.0));
        (1.0 + self.alpha * rho).floor() as u64
    }
}

impl<R: Rule> Parameters for Accelerated<R> {
    fn fields() -> Vec<Field> {
        parameters::with_defaults([R::fields(), Repeat::fields()].concat(), R::tuned(Within::Accelerated))
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        parameters::insert_defaults(table, &Self::fields(), R::tuned(Within::Accelerated));
        Ok(Accelerated { rule: R::claim(table)?, repeat: Repeat::claim(table)? })
    }

    fn table(&self) -> Table {
        self.rule.table().into_iter().chain(self.repeat.table()).collect()
    }
}

impl<R: Rule> Rule for Accelerated<R> {
    const TRAITS: Traits = R::TRAITS.only_with(
        Property::Sparse,
        r#"{"alpha": 0.0}"#,
        "how often it repeats hangs on what a product costs",
    );
    /// How often it repeats hangs on all rows.
    const SEPARABLE: bool = false;
    const WANTS_START_GRADIENT: bool = R::WANTS_START_GRADIENT;

    fn tuned(within: Within) -> Vec<(&'static str, serde_json::Value)> {
        R::tuned(within)
    }

    type Update<T: Real> = AcceleratedUpdate<T, R::Update<T>>;

    fn prepare<T: Real>(&self, side: &Side) -> Self::Update<T> {
        AcceleratedUpdate {
            inner: self.rule.prepare(side),
            most: self.repeat.most(side),
            epsilon: self.repeat.epsilon,
            before: Mat::zeros(side.rows, side.rank),
        }
    }

    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        self.rule.check(shape)
    }
}

pub struct AcceleratedUpdate<T, U> {
    inner: U,
    /// Updates on one subproblem.
    most: u64,
    epsilon: f64,
    /// X before the present update, p×k.
    before: Mat<T>,
}

impl<T: Real, U: Update<T>> Update<T> for AcceleratedUpdate<T, U> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let mut effort = Effort::default();
        let mut first = f64::NAN;
        for repetition in 1..=self.most.max(1) {
            if repetition == self.most {
                effort += self.inner.update(x.rb_mut(), s)?; // whatever it moves, it is the last
                break;
            }
            for j in 0..x.ncols() {
                self.before.col_as_slice_mut(j).copy_from_slice(column(x.rb(), j));
            }
            effort += self.inner.update(x.rb_mut(), s)?;
            let moved = self.moved(x.rb_mut(), s);
            effort.flops += 3.0 * count(x.nrows()) * count(x.ncols());
            if repetition == 1 {
                first = moved;
            }
            if moved <= self.epsilon * first {
                break;
            }
        }
        Ok(effort)
    }

    fn floor(&self) -> f64 {
        self.inner.floor()
    }
}

impl<T: Real, U> AcceleratedUpdate<T, U> {
    /// ‖X − X_before‖_F.
    fn moved(&self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> f64 {
        let mut sum = [0.0];
        for j in 0..x.ncols() {
            for (x, before) in column_mut(x.rb_mut(), j).iter().zip(self.before.col_as_slice(j)) {
                let d = (*x - *before).to_f64();
                sum[0] += d * d;
            }
        }
        s.sum(&mut sum);
        sum[0].sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Hals, Mu};

    #[test]
    fn the_number_of_repetitions_is_the_papers() {
        // ρ_W = 1 + (mn + nk)/(m(k + 1)): m = 100, n = 50, k = 9 gives 1 + 5450/1000 = 6.45.
        let side = Side { rows: 100, others: 50, rank: 9, nnz: 5000, scale: 1.0, start_gradient: 1.0 };
        let most = |alpha| Repeat { alpha, epsilon: 0.1 }.most(&side);
        assert_eq!([most(0.0), most(0.5), most(1.0), most(2.0)], [1, 4, 7, 13]);
    }

    #[test]
    fn defaults_belong_to_the_rule() {
        let alpha = |fields: Vec<Field>| fields.into_iter().find(|f| f.name == "alpha").map(|f| f.default);
        assert_eq!(alpha(Accelerated::<Mu>::fields()), Some(2.0.into()));
        assert_eq!(alpha(Accelerated::<Hals>::fields()), Some(0.5.into()));
        let given: Table = [("alpha".to_owned(), 0.25.into())].into_iter().collect();
        let parsed: Accelerated<Mu> = parameters::parse(&given).expect("valid");
        assert!((parsed.repeat.alpha - 0.25).abs() < 1e-15, "what is given stays");
    }

    /// Counts its calls, and moves X by 1, 1/2, 1/4 …
    struct Halving(f64);

    impl Update<f64> for Halving {
        fn update(&mut self, mut x: MatMut<'_, f64>, _: &Subproblem<'_, f64>) -> Result<Effort, Breakdown> {
            x[(0, 0)] += self.0;
            self.0 *= 0.5;
            Ok(Effort { passes: 1.0, ..Effort::default() })
        }
    }

    #[test]
    fn repetition_ends_at_the_cap_or_when_little_moves() {
        let (gram, cross) = (Mat::<f64>::zeros(1, 1), Mat::<f64>::zeros(1, 1));
        let s = Subproblem { gram: gram.as_ref(), cross: cross.as_ref(), par: faer::Par::Seq };
        let calls = |most, epsilon| {
            let mut x = Mat::zeros(1, 1);
            let before = Mat::zeros(1, 1);
            let mut update = AcceleratedUpdate { inner: Halving(1.0), most, epsilon, before };
            update.update(x.as_mut(), &s).expect("a step").passes
        };
        // The fifth move, 1/16, is the first at or below a tenth of the first.
        for (most, epsilon, expected) in [(1, 0.1, 1.0), (3, 0.1, 3.0), (50, 0.1, 5.0), (50, 0.5, 2.0), (50, 1.0, 1.0)]
        {
            assert!((calls(most, epsilon) - expected).abs() < 1e-15, "{most}, {epsilon}");
        }
    }
}
