//! How well a run's factors agree with what is known of the data.

use serde::{Deserialize, Serialize};

/// Measures that need a truth; NaN (in JSON `null`) where it is not known.
///
/// Columns of W are matched with the true parts so that the sum of the cosines is greatest; a part for which no column is
/// left counts as a cosine of 0. Clusters are the components that give the samples most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scores {
    /// Mean over the true parts of the cosine with the matched column of W.
    #[serde(with = "super::record::null_is_nan")]
    pub recovery: f64,
    /// The least of these cosines.
    #[serde(with = "super::record::null_is_nan")]
    pub recovery_least: f64,
    /// Mean cosine of the true activations with the matched rows of H.
    #[serde(with = "super::record::null_is_nan")]
    pub recovery_h: f64,
    /// Mean spectral angle between the true parts and the matched columns of W, in degrees.
    #[serde(with = "super::record::null_is_nan")]
    pub angle: f64,
    /// The greatest of these angles.
    #[serde(with = "super::record::null_is_nan")]
    pub angle_greatest: f64,
    /// How far W⁺·(true W) is from a scaled permutation, 0 to 1 (Amari, Cichocki & Yang 1996).
    #[serde(with = "super::record::null_is_nan")]
    pub amari: f64,
    /// Share of the samples in the right class, clusters given to classes one to one.
    #[serde(with = "super::record::null_is_nan")]
    pub accuracy: f64,
    /// Mutual information of clusters and classes over the mean of their entropies.
    #[serde(with = "super::record::null_is_nan")]
    pub nmi: f64,
    /// Adjusted Rand index of clusters and classes (Hubert & Arabie 1985).
    #[serde(with = "super::record::null_is_nan")]
    pub ari: f64,
    /// Share of the samples held out that the nearest samples in coefficients give the right class.
    #[serde(with = "super::record::null_is_nan")]
    pub recognition: f64,
    /// The same share with as many principal components instead of W.
    #[serde(with = "super::record::null_is_nan")]
    pub recognition_pca: f64,
}

impl Default for Scores {
    fn default() -> Self {
        let unknown = f64::NAN;
        Self {
            recovery: unknown,
            recovery_least: unknown,
            recovery_h: unknown,
            angle: unknown,
            angle_greatest: unknown,
            amari: unknown,
            accuracy: unknown,
            nmi: unknown,
            ari: unknown,
            recognition: unknown,
            recognition_pca: unknown,
        }
    }
}

impl Scores {
    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        [self.recovery, self.accuracy, self.recognition].iter().any(|score| score.is_finite())
    }
}
