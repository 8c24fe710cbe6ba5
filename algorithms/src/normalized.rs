//! Normalisation after each iteration: the columns of W sum to 1, and H takes the scale. Lin, IEEE Trans. Neural Networks
//! 18 (2007), §III: without it the iterates of a multiplicative method need not stay bounded.

use crate::algorithm::{Accepts, Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Problem, Shape};
use crate::real::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The algorithm that normalises the factors of another one after each of its iterations; W·H stays as it is.
#[derive(Clone, Debug)]
pub struct Normalized<A> {
    algorithm: A,
    normalize: Normalize,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Normalize {
    /// Whether the columns of W are scaled to sum to 1 after each iteration, and the rows of H inversely.
    normalize: bool,
}

impl Default for Normalize {
    fn default() -> Self {
        Normalize { normalize: true }
    }
}

impl<A: Parameters> Parameters for Normalized<A> {
    fn fields() -> Vec<Field> {
        [A::fields(), Normalize::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Normalized { algorithm: A::claim(table)?, normalize: Normalize::claim(table)? })
    }

    fn table(&self) -> Table {
        self.algorithm.table().into_iter().chain(self.normalize.table()).collect()
    }
}

impl<A: Algorithm> Algorithm for Normalized<A> {
    const TRAITS: Traits = A::TRAITS
        .only_with(
            Property::PenalisedDescent,
            r#"{"normalize": false}"#,
            "normalisation keeps W·H, but not the penalties",
        )
        .only_with(Property::Scale, r#"{"normalize": false}"#, "normalisation gives all of the scale to H")
        .only_with(Property::Transposition, r#"{"normalize": false}"#, "it is W that is normalised");
    const ACCEPTS: Accepts = A::ACCEPTS;

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let inner = self.algorithm.start(problem, factors)?;
        Ok(if self.normalize.normalize { Box::new(Scaling { inner }) } else { inner })
    }

    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        self.algorithm.check(shape)
    }
}

struct Scaling<T> {
    inner: Box<dyn Solver<T>>,
}

impl<T: Real> Solver<T> for Scaling<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let mut effort = self.inner.step(problem, factors)?;
        let Shape { m, n, rank } = problem.shape();
        for l in 0..rank {
            let sum: f64 = factors.w.col_as_slice(l).iter().map(|w| w.to_f64()).sum();
            if sum > 0.0 && sum.is_finite() {
                factors.w.col_as_slice_mut(l).iter_mut().for_each(|w| *w = T::of(w.to_f64() / sum));
                factors.ht.col_as_slice_mut(l).iter_mut().for_each(|h| *h = T::of(h.to_f64() * sum));
            }
        }
        effort.flops += count(rank) * (2.0 * count(m) + count(n));
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        self.inner.floors()
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        self.inner.objective(problem, factors)
    }

    fn finished(&self) -> Option<&'static str> {
        self.inner.finished()
    }
}
