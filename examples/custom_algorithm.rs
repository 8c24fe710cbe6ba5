//! A program of one's own: all of nmfbench, and one algorithm more.
//!
//! `cargo run --release --example custom_algorithm -- run examples/custom_algorithm.toml` races it against the built-in
//! ones; it also stands in `list` and `info`, and in every figure.

use faer::reborrow::ReborrowMut;
use faer::{Mat, MatMut, linalg::matmul::matmul};
use nmfbench::algorithms::kernels::{column, column_mut};
use nmfbench::algorithms::{Alternating, Breakdown, Effort, Objective, Real, Registry, Rule, Side, Subproblem, Traits};
use nmfbench::algorithms::{Update, entry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Projected gradient with the fixed step 1/((1 + damping)·‖G‖_F), short enough that the objective never rises.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct FixedStep {
    /// How much shorter than 1/‖G‖_F the step is.
    #[schemars(range(min = 0.0))]
    damping: f64,
}

impl Rule for FixedStep {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };
    type Update<T: Real> = Step<T>;
    fn prepare<T: Real>(&self, side: &Side) -> Step<T> {
        Step { damping: self.damping, xg: Mat::zeros(side.rows, side.rank) }
    }
}

struct Step<T> {
    damping: f64,
    xg: Mat<T>, // XG, p×k
}

impl<T: Real> Update<T> for Step<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let step = T::of(1.0 / ((1.0 + self.damping) * s.gram.norm_l2().to_f64()).max(T::TINY));
        matmul(&mut self.xg, faer::Accum::Replace, x.as_ref(), s.gram, T::of(1.0), s.par);
        for j in 0..x.ncols() {
            let (c, xg) = (column(s.cross, j), self.xg.col_as_slice(j));
            for ((x, c), xg) in column_mut(x.rb_mut(), j).iter_mut().zip(c).zip(xg) {
                let moved = *x - step * (*xg - *c);
                *x = if moved > T::of(0.0) { moved } else { T::of(0.0) };
            }
        }
        let (p, k) = (x.nrows() as f64, x.ncols() as f64);
        Ok(Effort { flops: 2.0 * p * k * k + 3.0 * p * k, ..Effort::default() })
    }
}

fn main() -> std::process::ExitCode {
    let mine = entry::<Alternating<FixedStep>>("fixed-step", "projected gradient, step 1/‖G‖", "this example (2026)");
    nmfbench::main_with(Registry::builtin().with(mine))
}
