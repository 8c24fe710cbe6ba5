//! ADMM on both factors and the methods that take a mini-batch of columns at a time; with all columns in one batch the
//! latter are methods that alternate.

use crate::common::naive::{self, Pair, Rows, nearest};
use crate::common::{self, data, entries, method, problem, random_start, sparse_copy, steps};
use crate::shared::{apart, gram, note, number, plus, rows, to_pair};
use faer::Mat;
use nmfbench_algorithms::Matrix;
use nmfbench_algorithms::random::{Stream, key};

/// The crate's iterates beside a twin's, on dense and on sparse storage.
fn follows(name: &str, parameters: &str, matrix: &Matrix<f64>, k: usize, twin: impl Fn(&Rows, &mut Pair, u32)) {
    let start = random_start(matrix, k, 1);
    let a = rows(&entries(matrix));
    for matrix in [matrix, &sparse_copy(&entries(matrix))] {
        let real = steps(&*method(name, parameters), matrix, &start, 20);
        for i in [1_u32, 2, 3, 5, 10, 20] {
            let mut pair = to_pair(&start);
            twin(&a, &mut pair, i);
            let apart = apart(&pair, &real[i as usize]);
            assert!(apart <= 1e-7, "{name} {parameters}, rank {k}: apart by {apart:e} after iteration {i}");
        }
    }
    note(name, 20);
}

/// The columns of a matrix, as rows.
fn some_columns(a: &Rows, wanted: &[usize]) -> Rows {
    a.iter().map(|row| wanted.iter().map(|&j| row[j]).collect()).collect()
}

/// Xu et al. (2012), Algorithm 1 with Z = A: one half of it, for the factor on the right. Returns Y.
fn free(a: &Rows, x: &Rows, v: &Rows, multiplier: &Rows, beta: f64) -> Rows {
    let mut g = gram(x);
    (0..g.len()).for_each(|l| g[l][l] += beta);
    let c = naive::product(&naive::transposed(x), a);
    naive::solve(g, plus(&plus(&c, beta, v), -1.0, multiplier))
}

fn projected(y: &Rows, multiplier: &mut Rows, beta: f64) -> Rows {
    let v: Rows = plus(y, beta.recip(), multiplier).iter().map(|r| r.iter().map(|v| v.max(0.0)).collect()).collect();
    *multiplier = plus(multiplier, 1.618 * beta, &plus(y, -1.0, &v));
    v
}

fn admm(a: &Rows, pair: &mut Pair, iterations: u32) {
    let (m, n, k) = (a.len(), a[0].len(), pair.h.len());
    let norm = a.iter().flatten().map(|a| a * a).sum::<f64>().sqrt();
    let alpha = 1.91e-4 * norm * number(m.max(n)) / number(k);
    let beta = alpha * number(n) / number(m);
    let (mut lambda, mut pi) = (vec![vec![0.0; m]; k], vec![vec![0.0; n]; k]);
    let mut y = pair.h.clone();
    for _ in 0..iterations {
        let xt = free(&naive::transposed(a), &naive::transposed(&y), &naive::transposed(&pair.w), &lambda, alpha);
        y = free(a, &naive::transposed(&xt), &pair.h, &pi, beta);
        pair.w = naive::transposed(&projected(&xt, &mut lambda, alpha));
        pair.h = projected(&y, &mut pi, beta);
    }
}

pub(crate) fn admm_follows_xu() {
    follows("admm", "{}", &data(12, 9, 3, false, 1), 3, admm);
    follows("admm", "{}", &data(16, 30, 4, true, 2), 4, admm);
}

/// The batches that the crate draws: the columns in a random order, in parts of about the same size.
fn batches(n: usize, size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut stream = Stream::new(&key(0, "algorithm"), 0);
    (0..n).for_each(|i| order.swap(i, i + stream.below(n - i)));
    let number = n.div_ceil(size);
    (0..number).map(|b| order[b * n / number..(b + 1) * n / number].to_vec()).collect()
}

/// Mairal et al. (2010), Algorithms 1 and 2; S and C are summed anew from the codes seen last, or from all codes ever with
/// their weights.
fn online(a: &Rows, pair: &mut Pair, iterations: u32, batches: &[Vec<usize>], rescale: bool) {
    let (m, k) = (a.len(), pair.h.len());
    for l in 0..k {
        let norm = pair.w.iter().map(|row| row[l] * row[l]).sum::<f64>().sqrt();
        pair.w.iter_mut().for_each(|row| row[l] /= norm);
        pair.h[l].iter_mut().for_each(|h| *h *= norm);
    }
    // (weight, columns of A, codes): one entry for each batch seen.
    let mut past: Vec<(f64, usize, Rows)> = vec![];
    for t in 1..=iterations {
        let turn = (t as usize - 1) % batches.len();
        let w = naive::transposed(&pair.w);
        let codes: Vec<Vec<f64>> = batches[turn]
            .iter()
            .map(|&j| nearest(&w, &a.iter().map(|row| row[j]).collect::<Vec<f64>>(), false))
            .collect();
        for (&j, code) in batches[turn].iter().zip(&codes) {
            (0..k).for_each(|l| pair.h[l][j] = code[l]);
        }
        if rescale {
            let (eta, t) = (number(batches[turn].len()), f64::from(t));
            let theta = if t < eta { t * eta } else { eta * eta + t - eta };
            past.iter_mut().for_each(|p| p.0 *= (theta + 1.0 - eta) / (theta + 1.0));
        } else {
            past.retain(|p| p.1 != turn);
        }
        past.push((1.0, turn, naive::transposed(&codes)));
        let (mut s, mut c) = (vec![vec![0.0; k]; k], vec![vec![0.0; k]; m]);
        for (weight, turn, h) in &past {
            let ht = naive::transposed(h);
            s = plus(&s, *weight, &naive::product(h, &ht));
            c = plus(&c, *weight, &naive::product(&some_columns(a, &batches[*turn]), &ht));
        }
        for j in 0..k {
            let column =
                |i: usize| pair.w[i][j] + (c[i][j] - (0..k).map(|l| pair.w[i][l] * s[l][j]).sum::<f64>()) / s[j][j];
            let u: Vec<f64> = (0..m).map(|i| column(i).max(0.0)).collect();
            let norm = u.iter().map(|u| u * u).sum::<f64>().sqrt().max(1.0);
            (0..m).for_each(|i| pair.w[i][j] = u[i] / norm);
        }
    }
}

pub(crate) fn online_follows_mairal() {
    let matrix = data(12, 31, 3, false, 3);
    for (past, rescale) in [("replace", false), ("rescale", true)] {
        for size in [7, 10, 16] {
            let parameters = format!(r#"{{"batch": {size}, "past": "{past}"}}"#);
            follows("online", &parameters, &matrix, 3, |a, pair, t| online(a, pair, t, &batches(31, size), rescale));
        }
    }
}

/// Nothing is carried over then: exact least squares for H and one round of hierarchical least squares for W, in turn.
#[test]
fn online_with_all_columns_is_a_batch_method() {
    let matrix = data(12, 31, 3, true, 4);
    follows("online", "{}", &matrix, 3, |a, pair, t| online(a, pair, t, &[(0..31).collect()], false));
}

/// A column of W that no code uses is replaced by a column of A, with norm 1.
#[test]
fn online_replaces_what_is_never_used() {
    let matrix = data(12, 31, 3, false, 5);
    let mut start = random_start(&matrix, 3, 1);
    start.w.col_mut(1).fill(0.0);
    start.ht.col_mut(1).fill(0.0);
    let path = steps(&*method("online", r#"{"batch": 8}"#), &matrix, &start, 8);
    assert!(path[..4].iter().all(|f| f.w.col(1).norm_l2() == 0.0), "not before the round is over");
    assert!((path[4].w.col(1).norm_l2() - 1.0).abs() < 1e-12);
    assert!((0..31).any(|j| {
        let a = entries(&matrix).col(j).to_owned();
        (&a / faer::Scale(a.norm_l2()) - path[4].w.col(1)).norm_l2() < 1e-12
    }));
    assert!(path[8].ht.col(1).norm_l2() > 0.0, "and then it is used");
}

/// Lefèvre et al. (2011), Algorithm 1, for the Frobenius norm.
fn minibatch(a: &Rows, pair: &mut Pair, iterations: u32, batches: &[Vec<usize>], forget: f64, inner: u32) {
    let (m, n, k) = (a.len(), a[0].len(), pair.h.len());
    let (mut num, mut den) = (vec![vec![0.0; k]; m], vec![vec![0.0; k]; m]);
    for t in 0..iterations {
        let columns = &batches[t as usize % batches.len()];
        let part = some_columns(a, columns);
        let mut h = some_columns(&pair.h, columns);
        (0..inner).for_each(|_| naive::multiplicative_h(&part, &pair.w, &mut h));
        for (place, &j) in columns.iter().enumerate() {
            (0..k).for_each(|l| pair.h[l][j] = h[l][place]);
        }
        let ht = naive::transposed(&h);
        let (top, bottom) = (naive::product(&part, &ht), naive::product(&naive::product(&pair.w, &h), &ht));
        let kept = forget.powf(number(columns.len()) / number(n));
        for i in 0..m {
            for l in 0..k {
                num[i][l] = kept * num[i][l] + pair.w[i][l] * top[i][l];
                den[i][l] = kept * den[i][l] + bottom[i][l];
                pair.w[i][l] = num[i][l] / den[i][l];
            }
        }
    }
}

pub(crate) fn minibatch_mu_follows_lefevre() {
    let matrix = data(12, 31, 3, false, 6);
    follows("minibatch-mu", r#"{"batch": 10}"#, &matrix, 3, |a, p, t| minibatch(a, p, t, &batches(31, 10), 0.7, 1));
    let parameters = r#"{"batch": 7, "forget": 0.25, "inner_iterations": 4}"#;
    follows("minibatch-mu", parameters, &matrix, 3, |a, p, t| minibatch(a, p, t, &batches(31, 7), 0.25, 4));
}

/// Lefèvre et al. (2011), Algorithm 1, with the weights and the exponent of any β (Févotte & Idier 2011, §4.1).
fn minibatch_beta(a: &Rows, pair: &mut Pair, batches: &[Vec<usize>], (beta, forget, inner): (f64, f64, u32), t: u32) {
    let (m, n, k) = (a.len(), a[0].len(), pair.h.len());
    let exponent = if beta < 1.0 { 1.0 / (2.0 - beta) } else { 1.0 };
    let (mut num, mut den) = (vec![vec![0.0; k]; m], vec![vec![0.0; k]; m]);
    let weights = |a: f64, v: f64| (a * v.powf(beta - 2.0), v.powf(beta - 1.0));
    for t in 0..t {
        let columns = &batches[t as usize % batches.len()];
        let part = some_columns(a, columns);
        let mut h = some_columns(&pair.h, columns);
        for _ in 0..inner {
            let v = naive::product(&pair.w, &h);
            for (l, row) in h.iter_mut().enumerate() {
                for (place, h) in row.iter_mut().enumerate() {
                    let each = |i: usize| (pair.w[i][l], weights(part[i][place], v[i][place]));
                    let (top, bottom) = (0..m).map(each).fold((0.0, 0.0), |s, (w, (p, q))| (s.0 + w * p, s.1 + w * q));
                    *h *= (top / bottom).powf(exponent);
                }
            }
        }
        for (place, &j) in columns.iter().enumerate() {
            (0..k).for_each(|l| pair.h[l][j] = h[l][place]);
        }
        let v = naive::product(&pair.w, &h);
        let kept = forget.powf(number(columns.len()) / number(n));
        for i in 0..m {
            for l in 0..k {
                let each = |j: usize| (h[l][j], weights(part[i][j], v[i][j]));
                let (top, bottom) =
                    (0..columns.len()).map(each).fold((0.0, 0.0), |s, (h, (p, q))| (s.0 + h * p, s.1 + h * q));
                num[i][l] = kept * num[i][l] + pair.w[i][l].powf(1.0 / exponent) * top;
                den[i][l] = kept * den[i][l] + bottom;
                pair.w[i][l] = (num[i][l] / den[i][l]).powf(exponent);
            }
        }
    }
}

pub(crate) fn minibatch_mu_beta_follows_lefevre() {
    let matrix = data(12, 31, 3, false, 6);
    // Itakura–Saito, for which the paper is, takes no zeros.
    let all = entries(&matrix);
    let positive = Matrix::dense(Mat::from_fn(12, 31, |i, j| all[(i, j)] + 0.1)).expect("valid");
    for (beta, matrix) in [(0.0, &positive), (0.5, &matrix), (1.0, &matrix), (1.5, &matrix)] {
        let parameters = format!(r#"{{"batch": 10, "beta": {beta:?}}}"#);
        let own = (beta, 0.7, 1);
        follows("minibatch-mu-beta", &parameters, matrix, 3, |a, p, t| minibatch_beta(a, p, &batches(31, 10), own, t));
    }
    let parameters = r#"{"batch": 7, "beta": 0.3, "forget": 0.25, "inner_iterations": 4}"#;
    let own = (0.3, 0.25, 4);
    follows("minibatch-mu-beta", parameters, &matrix, 3, |a, p, t| minibatch_beta(a, p, &batches(31, 7), own, t));
}

#[test]
fn minibatch_mu_beta_with_all_columns_and_no_memory_is_mu_beta() {
    let matrix = data(12, 31, 3, false, 7);
    let start = random_start(&matrix, 3, 1);
    for beta in [0.5, 1.0] {
        let one = method("minibatch-mu-beta", &format!(r#"{{"forget": 0.0, "beta": {beta:?}}}"#));
        let other = method("mu-beta", &format!(r#"{{"first": "h", "beta": {beta:?}}}"#));
        let (one, other) = (steps(&*one, &matrix, &start, 30), steps(&*other, &matrix, &start, 30));
        for (i, (one, other)) in one.iter().zip(&other).enumerate() {
            let apart = common::factor_distance(other, one);
            assert!(apart <= 1e-9, "β = {beta}: apart by {apart:e} after iteration {i}");
        }
    }
}

#[test]
fn minibatch_mu_with_all_columns_and_no_memory_is_mu() {
    let matrix = data(12, 31, 3, true, 7);
    let start = random_start(&matrix, 3, 1);
    let one = steps(&*method("minibatch-mu", r#"{"forget": 0.0}"#), &matrix, &start, 30);
    let other = steps(&*method("mu", r#"{"first": "h"}"#), &matrix, &start, 30);
    for (i, (one, other)) in one.iter().zip(&other).enumerate() {
        let apart = common::factor_distance(other, one);
        assert!(apart <= 1e-9, "apart by {apart:e} after iteration {i}");
    }
}

/// A round through A is two passes, whatever the size of the batches, and putting the batches together is one.
#[test]
fn a_mini_batch_is_a_fraction_of_a_pass() {
    let dense = data(12, 31, 3, false, 8);
    for matrix in [&dense, &sparse_copy(&entries(&dense))] {
        let problem = problem(matrix, 3);
        for name in ["online", "minibatch-mu", "minibatch-mu-beta"] {
            for (size, number) in [(31, 1), (16, 2), (7, 5)] {
                let mut factors = random_start(&dense, 3, 1);
                let method = method(name, &format!(r#"{{"batch": {size}}}"#));
                let mut solver = method.start_f64(&problem, &factors).expect("starts");
                let mut round = || -> (f64, f64) {
                    let all = (0..number).map(|_| solver.step(&problem, &mut factors).expect("a step"));
                    all.fold((0.0, 0.0), |sum, e| (sum.0 + e.passes, sum.1 + e.flops))
                };
                let ((first, _), (second, flops)) = (round(), round());
                assert!((second - 2.0).abs() < 1e-12, "{name}, {number} batches: {second} passes");
                let setup = if number > 1 { 1.0 } else { 0.0 };
                assert!((first - second - setup).abs() < 1e-12, "{name}, {number} batches: {first} passes at first");
                assert!(flops > 4.0 * 3.0 * f64::from(u32::try_from(matrix.nnz()).expect("small")), "{name}: {flops}");
            }
        }
    }
}

/// The order of the columns comes from the problem's key and from nothing else.
#[test]
fn the_key_decides_the_batches() {
    let matrix = data(12, 31, 3, false, 9);
    let start = random_start(&matrix, 3, 1);
    for name in ["online", "minibatch-mu", "minibatch-mu-beta"] {
        let go = |seed: u64| {
            let mut problem = problem(&matrix, 3);
            problem.key = key(seed, "algorithm");
            let mut factors = start.clone();
            let mut solver = method(name, r#"{"batch": 8}"#).start_f64(&problem, &factors).expect("starts");
            for _ in 0..4 {
                solver.step(&problem, &mut factors).expect("a step");
            }
            factors.fingerprint()
        };
        assert!(go(1) == go(1) && go(1) != go(2), "{name}");
    }
}
