//! What a `[[figure]]` of an experiment says.

use super::axis::Scale;
use crate::analysis::{X, Y};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One figure to draw; what is left out has a default that suits the kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FigureSpec {
    /// What is drawn.
    pub kind: FigureKind,
    /// The horizontal axis of `convergence`, and the price in `time-to-target`: by default `seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<X>,
    /// The vertical axis of `convergence`, and the measure of `final-error`: by default `relative_error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<Y>,
    /// The name of the file, without extension; by default made of kind and axes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The scale of the horizontal axis; by default logarithmic, for `final-error` where values span a decade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_scale: Option<Scale>,
    /// The scale of the vertical axis; by default logarithmic, linear for the sparseness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y_scale: Option<Scale>,
    /// The quantiles that bound the band; by default 0.1 and 0.9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<[f64; 2]>,
    /// The gaps of `time-to-target` and of the kinds made of it, instead of those of the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<f64>>,
}

/// The kinds of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// Quality over price, one curve for each entrant, one panel for each problem.
    Convergence,
    /// Seconds per iteration.
    Runtime,
    /// The price of coming close to the best objective known.
    TimeToTarget,
    /// Where runs end.
    FinalError,
    /// What was learnt, shown as the field of the data shows it: pictures, topics, spectra, sounds, genes.
    Factors,
    /// The basis beside those of vector quantisation and principal components, and a picture as each encodes it (Lee &
    /// Seung 1999, Fig. 1).
    Encoding,
    /// The share of problem × target × seed reached within a price.
    Ecdf,
    /// The share within a factor of the least price (Dolan & Moré).
    Profile,
    /// The share reached within so many units of each problem (Moré & Wild).
    DataProfile,
    /// Everybody against everybody: median ratios and paired tests.
    Matrix,
    /// Mean ranks and what cannot be told apart (Demšar).
    CriticalDifference,
    /// Time of an iteration over rank, rows and columns.
    Scaling,
    /// Time of an iteration by the parts of its work.
    Breakdown,
    /// The last value of a measure over the rank.
    OverRank,
}

impl FigureSpec {
    /// A figure of a kind with every default.
    #[must_use]
    pub fn new(kind: FigureKind) -> Self {
        Self {
            kind,
            x: None,
            y: None,
            file: None,
            title: None,
            x_scale: None,
            y_scale: None,
            band: None,
            targets: None,
        }
    }

    /// A convergence figure with these axes.
    #[must_use]
    pub fn convergence(x: X, y: Y) -> Self {
        Self { x: Some(x), y: Some(y), ..Self::new(FigureKind::Convergence) }
    }

    /// The file's name, without extension and page.
    #[must_use]
    pub fn name(&self) -> String {
        let (x, y) = (self.x.unwrap_or(X::Seconds), self.y.unwrap_or(Y::RelativeError));
        self.file.clone().unwrap_or_else(|| match self.kind {
            FigureKind::Convergence => format!("convergence-{y}-{x}"),
            FigureKind::Runtime => "runtime".into(),
            FigureKind::TimeToTarget if x == X::Seconds => "time-to-target".into(),
            FigureKind::TimeToTarget => format!("{x}-to-target"),
            FigureKind::FinalError if y == Y::RelativeError => "final-error".into(),
            FigureKind::FinalError => format!("final-{y}"),
            FigureKind::Factors => "factors".into(),
            FigureKind::Encoding => "encoding".into(),
            FigureKind::Ecdf if x == X::Seconds => "ecdf".into(),
            FigureKind::Ecdf => format!("ecdf-{x}"),
            FigureKind::Profile if x == X::Seconds => "profile".into(),
            FigureKind::Profile => format!("profile-{x}"),
            FigureKind::DataProfile if self.x.unwrap_or(X::Flops) == X::Flops => "data-profile".into(),
            FigureKind::DataProfile => format!("data-profile-{x}"),
            FigureKind::Matrix => self.compared("matrix"),
            FigureKind::CriticalDifference => self.compared("critical-difference"),
            FigureKind::Scaling => "scaling".into(),
            FigureKind::Breakdown => "breakdown".into(),
            FigureKind::OverRank => format!("{y}-over-rank"),
        })
    }

    /// The name of a figure that compares prices or final values.
    fn compared(&self, kind: &str) -> String {
        match (self.x, self.y) {
            (_, Some(y)) => format!("{kind}-{y}"),
            (Some(x), None) if x != X::Seconds => format!("{kind}-{x}"),
            _ => kind.into(),
        }
    }

    /// The band's quantiles, in order and within 0…1.
    #[must_use]
    pub fn band(&self) -> [f64; 2] {
        let [a, b] = self.band.unwrap_or([0.1, 0.9]).map(|q| if q.is_finite() { q.clamp(0.0, 1.0) } else { 0.5 });
        [a.min(b), a.max(b)]
    }
}

/// The figures of an experiment that names none.
#[must_use]
pub fn default_figures() -> Vec<FigureSpec> {
    vec![
        FigureSpec::convergence(X::Seconds, Y::RelativeError),
        FigureSpec::convergence(X::Iterations, Y::RelativeError),
        FigureSpec::convergence(X::Flops, Y::RelativeError),
        FigureSpec::convergence(X::Seconds, Y::KktResidual),
        FigureSpec::new(FigureKind::Runtime),
        FigureSpec::new(FigureKind::TimeToTarget),
        FigureSpec::new(FigureKind::FinalError),
        FigureSpec::new(FigureKind::Ecdf),
        FigureSpec::new(FigureKind::Profile),
        FigureSpec::new(FigureKind::Matrix),
        FigureSpec::new(FigureKind::Factors),
    ]
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_from_toml_and_unknown_keys_are_refused() {
        let spec: FigureSpec = toml::from_str(
            "kind = \"time-to-target\"\nx = \"flops\"\nx_scale = \"log\"\nband = [0.9, 0.2]\ntargets = [1e-2]",
        )
        .unwrap();
        assert_eq!((spec.kind, spec.x, spec.x_scale), (FigureKind::TimeToTarget, Some(X::Flops), Some(Scale::Log)));
        assert_eq!(spec.band(), [0.2, 0.9]);
        assert_eq!(spec.name(), "flops-to-target");
        assert!(toml::from_str::<FigureSpec>("kind = \"convergence\"\ncolour = 1").is_err());
        assert!(toml::from_str::<FigureSpec>("kind = \"pie\"").is_err());
    }

    #[test]
    fn default_names_differ() {
        let mut names: Vec<String> = default_figures().iter().map(FigureSpec::name).collect();
        assert_eq!(names[0], "convergence-relative_error-seconds");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 11);
    }
}
