//! What an axis can show of a checkpoint.

use crate::results::record::Checkpoint;
use crate::results::scores::Scores;
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
    /// Mean cosine of the true parts with the columns of W matched to them.
    Recovery,
    /// The least of these.
    RecoveryLeast,
    /// Mean cosine of the true activations with the rows of H matched to them.
    RecoveryH,
    /// Mean spectral angle between true parts and matched columns of W, in degrees.
    Angle,
    /// The greatest of these.
    AngleGreatest,
    /// How far W⁺·(true W) is from a scaled permutation.
    Amari,
    /// Share of samples whose greatest component stands for their class.
    Accuracy,
    /// Normalised mutual information of components and classes.
    Nmi,
    /// Adjusted Rand index of components and classes.
    Ari,
    /// Share of the samples held out that are recognised.
    Recognition,
    /// How much more that is than with as many principal components.
    RecognitionGain,
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
            scored => checkpoint.scores.map_or(f64::NAN, |scores| scored.score(&scores)),
        }
    }

    /// A measure that needs the truth.
    fn score(self, scores: &Scores) -> f64 {
        match self {
            Y::Recovery => scores.recovery,
            Y::RecoveryLeast => scores.recovery_least,
            Y::RecoveryH => scores.recovery_h,
            Y::Angle => scores.angle,
            Y::AngleGreatest => scores.angle_greatest,
            Y::Amari => scores.amari,
            Y::Accuracy => scores.accuracy,
            Y::Nmi => scores.nmi,
            Y::Ari => scores.ari,
            Y::Recognition => scores.recognition,
            Y::RecognitionGain => scores.recognition - scores.recognition_pca,
            _ => f64::NAN,
        }
    }

    /// Whether the measure needs a truth about the data and is therefore known at the end of a run only.
    #[must_use]
    pub fn is_score(self) -> bool {
        Y::SCORES.contains(&self)
    }

    /// Whether more is better.
    #[must_use]
    pub fn rises(self) -> bool {
        self.is_score() && !matches!(self, Y::Angle | Y::AngleGreatest | Y::Amari)
    }

    /// The measures that need a truth.
    pub const SCORES: [Y; 11] = [
        Y::Recovery,
        Y::RecoveryLeast,
        Y::RecoveryH,
        Y::Angle,
        Y::AngleGreatest,
        Y::Amari,
        Y::Accuracy,
        Y::Nmi,
        Y::Ari,
        Y::Recognition,
        Y::RecognitionGain,
    ];

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
            Y::Recovery => &["mean cosine with", "the true parts"],
            Y::RecoveryLeast => &["least cosine with", "the true parts"],
            Y::RecoveryH => &["mean cosine with", "the true activations"],
            Y::Angle => &["mean spectral", "angle (°)"],
            Y::AngleGreatest => &["greatest spectral", "angle (°)"],
            Y::Amari => &["Amari error"],
            Y::Accuracy => &["clustering accuracy"],
            Y::Nmi => &["normalised mutual", "information"],
            Y::Ari => &["adjusted Rand", "index"],
            Y::Recognition => &["recognition rate"],
            Y::RecognitionGain => &["recognition rate", "minus that of PCA"],
        }
    }

    /// Whether the measure is drawn on a logarithmic axis unless said otherwise.
    #[must_use]
    pub fn is_log(self) -> bool {
        !matches!(self, Y::SparsenessW | Y::SparsenessH) && !self.is_score()
    }
}

impl Y {
    /// As experiments and tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Y::RelativeError => "relative_error",
            Y::Gap => "gap",
            Y::Objective => "objective",
            Y::KktResidual => "kkt_residual",
            Y::SparsenessW => "sparseness_w",
            Y::SparsenessH => "sparseness_h",
            Y::Recovery => "recovery",
            Y::RecoveryLeast => "recovery_least",
            Y::RecoveryH => "recovery_h",
            Y::Angle => "angle",
            Y::AngleGreatest => "angle_greatest",
            Y::Amari => "amari",
            Y::Accuracy => "accuracy",
            Y::Nmi => "nmi",
            Y::Ari => "ari",
            Y::Recognition => "recognition",
            Y::RecognitionGain => "recognition_gain",
        }
    }
}

impl fmt::Display for Y {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
    fn what_needs_a_truth_is_known_where_it_was_scored_only() {
        let mut end = checkpoint(3, 0.1, 6.0);
        assert!(Y::SCORES.iter().all(|y| y.of(&end, 10.0, 2.0).is_nan()));
        end.scores = Some(Scores { recognition: 0.75, recognition_pca: 0.5, ..Scores::default() });
        assert_eq!(Y::Recognition.of(&end, 10.0, 2.0), 0.75);
        assert_eq!(Y::RecognitionGain.of(&end, 10.0, 2.0), 0.25);
        assert!(Y::Angle.of(&end, 10.0, 2.0).is_nan() && Y::Nmi.rises() && !Y::Amari.rises() && !Y::Gap.rises());
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
        let scored = Y::SCORES.iter().copied();
        let looked = [Y::RelativeError, Y::Gap, Y::Objective, Y::KktResidual, Y::SparsenessW, Y::SparsenessH];
        for y in scored.chain(looked) {
            assert_eq!(serde_json::to_string(&y).unwrap(), format!("\"{y}\""));
        }
    }
}
