//! What an axis can show of a checkpoint.

use crate::results::record::Checkpoint;
use nmfbench_algorithms::Objective;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a horizontal axis shows: the price paid so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum X {
    /// The solver's clock, in seconds.
    Seconds,
    /// Outer iterations.
    Iterations,
    /// Analytic floating-point operations.
    Flops,
    /// Passes over the data.
    Passes,
}

impl X {
    /// The price at a checkpoint.
    #[must_use]
    pub fn of(self, checkpoint: &Checkpoint) -> f64 {
        match self {
            X::Seconds => checkpoint.seconds,
            X::Iterations => checkpoint.iteration as f64,
            X::Flops => checkpoint.flops,
            X::Passes => checkpoint.passes,
        }
    }

    /// The axis's name with its unit.
    #[must_use]
    pub fn axis_name(self) -> &'static str {
        match self {
            X::Seconds => "solver time (s)",
            X::Iterations => "outer iterations",
            X::Flops => "floating-point operations (flop)",
            X::Passes => "passes over the data",
        }
    }

    /// Whether the price depends on the machine, so that machines must not be pooled.
    #[must_use]
    pub fn is_time(self) -> bool {
        self == X::Seconds
    }
}

impl fmt::Display for X {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            X::Seconds => "seconds",
            X::Iterations => "iterations",
            X::Flops => "flops",
            X::Passes => "passes",
        })
    }
}

/// What a vertical axis shows: the quality reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Y {
    /// ‖A − WH‖ / ‖A‖.
    RelativeError,
    /// (f − f*) / (f₀ − f*): 1 at the run's start, 0 at the best objective known of the problem.
    Gap,
    /// The objective itself.
    Objective,
    /// The norm of the projected gradient over that at the start.
    KktResidual,
    /// Mean Hoyer sparseness of the columns of W.
    SparsenessW,
    /// Mean Hoyer sparseness of the rows of H.
    SparsenessH,
}

impl Y {
    /// The quality at a checkpoint of a run that started at objective `start`, where `best` is the least objective
    /// known. NaN where the measure has no value; a gap that rounding made negative is 0.
    #[must_use]
    pub fn of(self, checkpoint: &Checkpoint, start: f64, best: f64) -> f64 {
        match self {
            Y::RelativeError => checkpoint.relative_error,
            Y::Gap if start > best => ((checkpoint.objective - best) / (start - best)).max(0.0),
            Y::Gap => f64::NAN,
            Y::Objective => checkpoint.objective,
            Y::KktResidual => checkpoint.kkt_residual,
            Y::SparsenessW => checkpoint.sparseness_w,
            Y::SparsenessH => checkpoint.sparseness_h,
        }
    }

    /// The axis's name with its formula or unit, for runs that minimise `objective`.
    #[must_use]
    pub fn axis_name(self, objective: Objective) -> String {
        self.name_lines(objective).join(" ")
    }

    /// The same in lines that fit beside a low panel.
    #[must_use]
    pub fn name_lines(self, objective: Objective) -> &'static [&'static str] {
        match self {
            Y::RelativeError => &["relative error", "‖A − WH‖ / ‖A‖"],
            Y::Gap => &["gap", "(f − f*) / (f₀ − f*)"],
            Y::Objective => match Objective::of_beta(objective.beta()) {
                Objective::Frobenius => &["objective", "½‖A − WH‖²"],
                Objective::KullbackLeibler => &["Kullback–Leibler", "divergence D(A | WH)"],
                Objective::ItakuraSaito => &["Itakura–Saito", "divergence D(A | WH)"],
                Objective::Beta(_) => &["β-divergence", "D(A | WH)"],
            },
            Y::KktResidual => &["KKT residual"],
            Y::SparsenessW => &["Hoyer sparseness", "of W"],
            Y::SparsenessH => &["Hoyer sparseness", "of H"],
        }
    }

    /// Whether the measure is drawn on a logarithmic axis unless said otherwise.
    #[must_use]
    pub fn is_log(self) -> bool {
        !matches!(self, Y::SparsenessW | Y::SparsenessH)
    }
}

impl fmt::Display for Y {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Y::RelativeError => "relative_error",
            Y::Gap => "gap",
            Y::Objective => "objective",
            Y::KktResidual => "kkt_residual",
            Y::SparsenessW => "sparseness_w",
            Y::SparsenessH => "sparseness_h",
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;
    use crate::analysis::invented::checkpoint;

    #[test]
    fn the_gap_is_one_at_the_start_and_none_without_a_descent() {
        let half = checkpoint(3, 0.1, 6.0);
        assert_eq!(Y::Gap.of(&half, 10.0, 2.0), 0.5);
        assert_eq!(Y::Gap.of(&half, 10.0, 6.0 + 1e-15), 0.0);
        assert!(Y::Gap.of(&half, 2.0, 2.0).is_nan());
        assert!(Y::Gap.of(&half, 2.0, f64::NAN).is_nan());
    }

    #[test]
    fn the_axis_of_the_objective_says_which_it_is() {
        let name = |objective| Y::Objective.axis_name(objective);
        assert_eq!(name(Objective::Frobenius), "objective ½‖A − WH‖²");
        assert_eq!(name(Objective::Beta(1.0)), "Kullback–Leibler divergence D(A | WH)");
        assert_eq!(name(Objective::Beta(1.5)), "β-divergence D(A | WH)");
        assert_eq!(Y::Gap.axis_name(Objective::Frobenius), "gap (f − f*) / (f₀ − f*)");
    }

    #[test]
    fn names_in_files_are_those_shown() {
        for x in [X::Seconds, X::Iterations, X::Flops, X::Passes] {
            assert_eq!(serde_json::to_string(&x).unwrap(), format!("\"{x}\""));
        }
        for y in [Y::RelativeError, Y::Gap, Y::Objective, Y::KktResidual, Y::SparsenessW, Y::SparsenessH] {
            assert_eq!(serde_json::to_string(&y).unwrap(), format!("\"{y}\""));
        }
    }
}
