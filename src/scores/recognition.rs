//! Which class the nearest known samples have: the use of a factorisation as features.

use super::baselines::principal;
use crate::data::HeldOut;
use faer::Mat;
use nmfbench_algorithms::{Factors, Matrix, apply_matrix};
use std::collections::BTreeMap;

/// The share of the samples held out that are given their class by the nearest samples of A, in coefficients: those of
/// both by exact nonnegative least squares with W fixed, each times the norm of its column of W, so that the scaling of
/// the factors does not matter. None where the data have weights or do not fit.
pub(super) fn rate(factors: &Factors<f64>, known: (&Matrix<f64>, &[u32]), held_out: &HeldOut) -> Option<f64> {
    if matches!(known.0, Matrix::Weighted(_)) {
        return None;
    }
    let asked = held_out.values.clone().into_matrix(factors.w.nrows(), held_out.labels.len()).ok()?;
    let norms: Vec<f64> = (0..factors.rank()).map(|l| super::recovery::norm(factors.w.col_as_slice(l))).collect();
    let coefficients = |a: &Matrix<f64>| {
        let mut h = apply_matrix(&factors.w, a).ok()?;
        for j in 0..h.ncols() {
            norms.iter().enumerate().for_each(|(l, norm)| h[(l, j)] *= norm);
        }
        Some(h)
    };
    Some(share(&coefficients(known.0)?, known.1, &coefficients(&asked)?, held_out))
}

/// The same with the first k principal components of A (columns centred by their mean): the baseline. None for sparse data,
/// whose centred form would be dense.
pub(super) fn principal_rate(k: usize, known: (&Matrix<f64>, &[u32]), held_out: &HeldOut) -> Option<f64> {
    let Matrix::Dense(a) = known.0 else { return None };
    let mut a = a.to_mat();
    let (m, n) = a.shape();
    let mean: Vec<f64> = (0..m).map(|i| (0..n).map(|j| a[(i, j)]).sum::<f64>() / n as f64).collect();
    let mut asked = Mat::from_fn(m, held_out.labels.len(), |_, _| 0.0);
    for j in 0..held_out.labels.len() {
        let column = held_out.values.column(m, j);
        (0..m).for_each(|i| asked[(i, j)] = column[i] - mean[i]);
    }
    for j in 0..n {
        (0..m).for_each(|i| a[(i, j)] -= mean[i]);
    }
    let basis = principal(&a, k);
    Some(share(&(basis.transpose() * &a), known.1, &(basis.transpose() * &asked), held_out))
}

/// The share given their class by a vote of the nearest columns; of equal votes the smallest class has it.
fn share(known: &Mat<f64>, classes: &[u32], asked: &Mat<f64>, held_out: &HeldOut) -> f64 {
    let right = (0..asked.ncols()).filter(|&j| {
        let point = asked.col_as_slice(j);
        let distance = |i: usize| known.col_as_slice(i).iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let mut near: Vec<(f64, usize)> = (0..known.ncols()).map(|i| (distance(i), i)).collect();
        let count = held_out.neighbours.min(near.len());
        near.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut votes: BTreeMap<u32, usize> = BTreeMap::new();
        near[..count].iter().for_each(|(_, i)| *votes.entry(classes[*i]).or_default() += 1);
        // The last of equals is the first in falling order of classes.
        let chosen = votes.into_iter().rev().max_by_key(|(_, count)| *count).map(|(class, _)| class);
        chosen == Some(held_out.labels[j])
    });
    right.count() as f64 / held_out.labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;
    use faer::mat;

    fn held_out(columns: &[f64], labels: &[u32], neighbours: usize) -> HeldOut {
        HeldOut { values: Values::Dense(columns.to_vec()), labels: labels.to_vec(), neighbours }
    }

    #[test]
    fn the_nearest_in_scaled_coefficients_decides() {
        // W = diag(1, 10) of another scaling than the data: coefficients times norms are the data themselves.
        let a = Matrix::dense(mat![[1.0, 2.0, 9.0, 8.0], [1.0, 0.0, 9.0, 9.0]]).expect("valid");
        let factors = Factors { w: mat![[1.0, 0.0], [0.0, 10.0]], ht: Mat::zeros(4, 2) };
        let classes = [0, 0, 1, 1];
        let asked = held_out(&[1.0, 2.0, 8.0, 8.0, 7.0, 7.0], &[0, 1, 0], 1);
        let found = rate(&factors, (&a, &classes), &asked).expect("a rate");
        assert!((found - 2.0 / 3.0).abs() < 1e-15, "the third is near class 1");
    }

    #[test]
    fn of_equal_votes_the_smallest_class_has_it() {
        let a = Matrix::dense(mat![[1.0, 3.0, 10.0]]).expect("valid");
        let factors = Factors { w: mat![[1.0]], ht: Mat::zeros(3, 1) };
        let vote = |neighbours, class| rate(&factors, (&a, &[5, 2, 2]), &held_out(&[1.5], &[class], neighbours));
        assert_eq!(vote(1, 5), Some(1.0));
        assert_eq!(vote(2, 2), Some(1.0), "one vote each");
        assert_eq!(vote(9, 2), Some(1.0), "all there are");
    }

    #[test]
    fn principal_components_keep_distances_when_there_are_all() {
        // Three points in space; the first component alone is the long axis and mistakes the last one's class.
        let a = Matrix::dense(mat![[0.0, 10.0, 10.0], [0.0, 0.0, 1.0]]).expect("valid");
        let classes = [0, 1, 2];
        let asked = held_out(&[0.5, 0.0, 9.9, 0.9], &[0, 2], 1);
        for (k, expected) in [(2, 1.0), (1, 0.5)] {
            assert_eq!(principal_rate(k, (&a, &classes), &asked), Some(expected), "{k}");
        }
        let tall = Matrix::dense(mat![[0.0, 10.0], [0.0, 0.0], [1.0, 1.0]]).expect("valid");
        let asked = held_out(&[2.0, 0.0, 1.0, 8.0, 0.0, 1.0], &[0, 1], 1);
        assert_eq!(principal_rate(5, (&tall, &[0, 1]), &asked), Some(1.0), "more components than samples");
    }
}
