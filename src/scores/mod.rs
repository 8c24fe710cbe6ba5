//! What a factorisation is worth where the truth is known: how near W comes to the parts that the data were made of, how
//! well H tells the classes of samples apart, and how well it recognises samples that were held out.
//!
//! Pure functions of factors and data. The runner computes them off the clock, once at the end of a run.

mod assignment;
pub(crate) mod baselines;
mod partition;
mod recognition;
mod recovery;

#[cfg(test)]
mod oracles;

pub(crate) use assignment::assign;

use crate::data::Dataset;
use crate::results::scores::Scores;
use nmfbench_algorithms::{Factors, Matrix};
use partition::Contingency;

/// What is known of these factors of A; nothing where nothing is, or where they are not finite. `dataset` holds the parts,
/// the classes and the samples held out; its values may have moved into `a`.
#[must_use]
pub fn score(factors: &Factors<f64>, a: &Matrix<f64>, dataset: &Dataset) -> Option<Scores> {
    let finite = [&factors.w, &factors.ht]
        .iter()
        .all(|x| (0..x.ncols()).all(|l| x.col_as_slice(l).iter().all(|v| v.is_finite())));
    if !finite {
        return None;
    }
    let mut scores = Scores::default();
    if let Some(told) = recovery::recover(factors, &dataset.parts) {
        scores.recovery = told.recovery;
        scores.recovery_least = told.recovery_least;
        scores.recovery_h = told.recovery_h;
        scores.angle = told.angle;
        scores.angle_greatest = told.angle_greatest;
        scores.amari = told.amari;
    }
    if let Some(labels) = dataset.labels.as_ref().filter(|labels| labels.len() == factors.ht.nrows()) {
        let table = Contingency::of(&clusters(factors), labels);
        scores.accuracy = table.accuracy();
        scores.nmi = table.normalized_information();
        scores.ari = table.adjusted_rand();
        if let Some(held_out) = &dataset.held_out {
            scores.recognition = recognition::rate(factors, (a, labels), held_out).unwrap_or(f64::NAN);
        }
    }
    scores.is_known().then_some(scores)
}

/// The recognition rate of the first k principal components of A instead, which depends on nothing but data and rank.
#[must_use]
pub fn principal_recognition(rank: usize, a: &Matrix<f64>, dataset: &Dataset) -> Option<f64> {
    recognition::principal_rate(rank, (a, dataset.labels.as_ref()?), dataset.held_out.as_ref()?)
}

/// The component that gives each column the most: argmax over l of ‖w_l‖h_lj, the first of equals (Xu, Liu & Gong 2003);
/// columns without any are a cluster of their own.
fn clusters(factors: &Factors<f64>) -> Vec<u32> {
    let k = factors.rank();
    let norms: Vec<f64> = (0..k).map(|l| recovery::norm(factors.w.col_as_slice(l))).collect();
    let cluster = |j: usize| {
        let mut best = (0.0, k);
        for (l, norm) in norms.iter().enumerate() {
            let weight = norm * factors.ht[(j, l)];
            if weight > best.0 {
                best = (weight, l);
            }
        }
        best.1 as u32
    };
    (0..factors.ht.nrows()).map(cluster).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::mat;

    #[test]
    fn a_column_belongs_to_the_component_that_gives_it_most() {
        let factors =
            Factors { w: mat![[1.0, 3.0], [0.0, 4.0]], ht: mat![[4.0, 1.0], [6.0, 1.0], [0.0, 0.0], [5.0, 1.0]] };
        assert_eq!(clusters(&factors), [1, 0, 2, 0], "norms are 1 and 5; of equals the first, of nothing neither");
    }

    #[test]
    fn nothing_is_scored_where_nothing_is_known() {
        let a = Matrix::dense(mat![[1.0, 0.0], [0.0, 1.0]]).expect("valid");
        let mut dataset = Dataset::new("made up", 2, 2, vec![1.0, 0.0, 0.0, 1.0]);
        let mut factors = Factors { w: mat![[1.0, 0.0], [0.0, 1.0]], ht: mat![[1.0, 0.0], [0.0, 1.0]] };
        assert!(score(&factors, &a, &dataset).is_none());
        dataset.labels = Some(vec![3, 4]);
        let scores = score(&factors, &a, &dataset).expect("classes");
        assert!((scores.accuracy - 1.0).abs() < 1e-15 && scores.recovery.is_nan() && scores.recognition.is_nan());
        factors.w[(0, 0)] = f64::NAN;
        assert!(score(&factors, &a, &dataset).is_none());
    }
}
