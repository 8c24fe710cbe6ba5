//! Weighted and missing entries.

use crate::common::naive::{Rows, product, transposed};
use crate::common::{self, distance, entries, method, random_start, sparse_copy, steps, uniform, valid};
use crate::constrained::{data, weighted, weights};
use crate::shared::{each, matrix, note, rows};
use faer::{Mat, Par};
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{Evaluator, Factors, Matrix, Weighted};

/// Σ ω a w and Σ ω v w over what an entry of H sees.
fn weighted_h(a: &Rows, omega: &Rows, w: &Rows, h: &mut Rows) {
    let v = product(w, h);
    *h = each(h, |l, j, h| {
        let sum = |x: &Rows| (0..a.len()).map(|i| omega[i][j] * x[i][j] * w[i][l]).sum::<f64>();
        h * sum(a) / sum(&v)
    });
}

pub(crate) fn wnmf_follows_its_paper_with_dense_and_sparse_weights() {
    let (a, omega) = (data(15, 22, 1), weights(15, 22, 1));
    let (values, weights) = (rows(&entries(&a)), rows(&omega));
    let sparse_weights = Weighted::new(&a, sparse_copy(&omega)).expect("one shape");
    let both_sparse = Weighted::new(&sparse_copy(&entries(&a)), sparse_copy(&omega)).expect("one shape");
    assert!(matches!(sparse_weights.product(), Matrix::Sparse(_)));
    let of = |weighted| Matrix::Weighted(weighted);
    for problem in [weighted(&a, &omega), of(sparse_weights), of(both_sparse)] {
        let start = random_start(&problem, 4, 1);
        let real = steps(&*method("wnmf", "{}"), &problem, &start, 20);
        let (mut w, mut h) = (rows(&start.w), transposed(&rows(&start.ht)));
        for factors in &real[1..] {
            let mut wt = transposed(&w);
            weighted_h(&transposed(&values), &transposed(&weights), &transposed(&h), &mut wt);
            w = transposed(&wt);
            weighted_h(&values, &weights, &w, &mut h);
            let ht = factors.ht.transpose().to_owned();
            let apart = distance(&matrix(&w), &factors.w).max(distance(&matrix(&h), &ht));
            assert!(apart <= 1e-9, "apart by {apart:e}");
        }
    }
    // Where all weights are 1, or there are none, it is Lee & Seung's update.
    let start = random_start(&a, 4, 2);
    let mu = steps(&*method("mu", "{}"), &a, &start, 20);
    let ones = Matrix::Weighted(Weighted::new(&a, valid(Mat::full(15, 22, 1.0))).expect("one shape"));
    for problem in [&a, &ones] {
        let found = steps(&*method("wnmf", "{}"), problem, &start, 20);
        assert!(common::factor_distance(&mu[20], &found[20]) < 1e-10);
    }
    note("wnmf", 20);
}

#[test]
fn measures_are_weighted_where_the_data_are() {
    let (a, omega) = (data(9, 12, 2), weights(9, 12, 2));
    let problem = weighted(&a, &omega);
    let f = random_start(&problem, 3, 2);
    let (a, wh) = (entries(&a), &f.w * f.ht.transpose());
    let sum = |of: &dyn Fn(usize, usize) -> f64| {
        (0..12).flat_map(|j| (0..9).map(move |i| (i, j))).map(|(i, j)| of(i, j)).sum::<f64>()
    };
    let squares = sum(&|i, j| omega[(i, j)] * (a[(i, j)] - wh[(i, j)]).powi(2));
    let size = sum(&|i, j| omega[(i, j)] * a[(i, j)].powi(2));
    let mean = sum(&|i, j| omega[(i, j)] * a[(i, j)]) / sum(&|i, j| omega[(i, j)]);
    assert!((problem.squared_norm() / size - 1.0).abs() < 1e-13 && (problem.mean() / mean - 1.0).abs() < 1e-13);
    let start = random_start(&problem, 3, 3);
    let look = Evaluator::new(&problem, &start, Par::Seq).look(&f, (0.0, 0.0));
    assert!((look.objective / (0.5 * squares) - 1.0).abs() < 1e-13);
    assert!((look.relative_error / (squares / size).sqrt() - 1.0).abs() < 1e-13);
    // The random start is scaled for the entries that are known: no other scalar is better.
    let error = |by: f64| sum(&|i, j| omega[(i, j)] * (a[(i, j)] - by * wh[(i, j)]).powi(2));
    assert!(error(1.0) < error(1.001) && error(1.0) < error(0.999));
    // The KKT residual by differences of the objective; both pairs are balanced and nothing is at a bound.
    let gradient = |f: &Factors<f64>| {
        let value = |f: &Factors<f64>| Evaluator::new(&problem, f, Par::Seq).look(f, (0.0, 0.0)).objective;
        let mut squares = 0.0;
        for (is_w, rows) in [(true, 9), (false, 12)] {
            for (i, l) in (0..rows).flat_map(|i| (0..3).map(move |l| (i, l))) {
                let moved = |by: f64| {
                    let mut f = f.clone();
                    *(if is_w { &mut f.w[(i, l)] } else { &mut f.ht[(i, l)] }) += by;
                    value(&f)
                };
                squares += ((moved(1e-5) - moved(-1e-5)) / 2e-5).powi(2);
            }
        }
        squares.sqrt()
    };
    assert!((look.kkt_residual * gradient(&start) / gradient(&f) - 1.0).abs() < 1e-6);
}

#[test]
fn missing_entries_are_recovered_and_do_not_matter() {
    let mut stream = Stream::of(4, "missing");
    let (w, h) = (uniform(30, 2, &mut stream), uniform(2, 25, &mut stream));
    let full = w * h;
    let mask = Mat::from_fn(30, 25, |_, _| if stream.uniform() < 0.4 { 0.0 } else { 1.0 });
    let with = |hidden: f64| {
        let a = valid(Mat::from_fn(30, 25, |i, j| if mask[(i, j)] > 0.0 { full[(i, j)] } else { hidden }));
        Matrix::Weighted(Weighted::new(&a, sparse_copy(&mask)).expect("one shape"))
    };
    let (zeros, large) = (with(0.0), with(1e6));
    let start = random_start(&zeros, 2, 4);
    assert_eq!(start, random_start(&large, 2, 4));
    let [one, two] = [&zeros, &large].map(|a| steps(&*method("wnmf", "{}"), a, &start, 1500).pop().expect("some"));
    assert_eq!(one, two, "what stands where nothing is known has no influence");
    let found = &one.w * one.ht.transpose();
    assert!((&found - &full).norm_l2() < 0.02 * full.norm_l2(), "{}", (&found - &full).norm_l2() / full.norm_l2());
}
