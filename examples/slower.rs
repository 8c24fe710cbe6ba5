//! HALS, slower by a share that one chooses: what a comparison has to find, and with a share of 0 what it must not.
//!
//! `cargo run --release --example slower -- run examples/slower.toml` races it against itself.

use nmfbench::algorithms::parameters::{Field, ParameterError, Parameters, Table};
use nmfbench::algorithms::{
    Algorithm, Alternating, Breakdown, Effort, Factors, Hals, Problem, Real, Registry, Shape, Solver, Traits, entry,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// An algorithm whose every step takes longer than it needs.
#[derive(Clone, Debug)]
struct Slower<A> {
    algorithm: A,
    delay: Delay,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Delay {
    /// The share of a step's own time that is wasted after it.
    #[schemars(range(min = 0.0))]
    slower: f64,
}

impl<A: Parameters> Parameters for Slower<A> {
    fn fields() -> Vec<Field> {
        [A::fields(), Delay::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Slower { algorithm: A::claim(table)?, delay: Delay::claim(table)? })
    }

    fn table(&self) -> Table {
        self.algorithm.table().into_iter().chain(self.delay.table()).collect()
    }
}

impl<A: Algorithm> Algorithm for Slower<A> {
    const TRAITS: Traits = A::TRAITS;

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        Ok(Box::new(Wasting { inner: self.algorithm.start(problem, factors)?, slower: self.delay.slower }))
    }

    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        self.algorithm.check(shape)
    }
}

struct Wasting<T> {
    inner: Box<dyn Solver<T>>,
    slower: f64,
}

impl<T: Real> Solver<T> for Wasting<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let began = Instant::now();
        let effort = self.inner.step(problem, factors)?;
        let until = began.elapsed().mul_f64(1.0 + self.slower);
        while began.elapsed() < until {
            std::hint::spin_loop();
        }
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        self.inner.floors()
    }
}

fn main() -> std::process::ExitCode {
    let mine = entry::<Slower<Alternating<Hals>>>("slower", "HALS, slower by a chosen share", "this example (2026)");
    nmfbench::main_with(Registry::builtin().with(mine))
}
