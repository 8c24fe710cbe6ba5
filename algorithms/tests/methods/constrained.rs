//! What the constrained methods promise: their own objective, the data that they take, storage and scalars.

use crate::common::naive::{Pair, Rows};
use crate::common::{self, entries, method, problem, random_start, sparse_copy, steps, uniform, valid};
use crate::shared::beside;
use faer::Mat;
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{Factors, FitError, InvalidMatrix, InvalidProblem, Matrix, Nmf, Reason, Solver, Weighted};

/// A twin from a random start.
pub(crate) fn follows(
    row: (&str, &str),
    a: &Matrix<f64>,
    k: usize,
    run: (u64, f64),
    twin: impl FnMut(&Rows, &mut Pair),
) {
    beside(row, a, &random_start(a, k, 1), run, twin);
}

/// Planted, with noise; no zero lines.
pub(crate) fn data(m: usize, n: usize, seed: u64) -> Matrix<f64> {
    common::data(m, n, 4, false, seed)
}

pub(crate) fn symmetric(n: usize, seed: u64) -> Matrix<f64> {
    let x = common::sparse(n, 4, 0.5, &mut Stream::of(seed, "symmetric"));
    let noise = uniform(n, n, &mut Stream::of(seed, "noise"));
    let xx = &x * x.transpose();
    valid(Mat::from_fn(n, n, |i, j| xx[(i, j)] + 0.1 * (noise[(i, j)] + noise[(j, i)])))
}

pub(crate) fn signed(m: usize, n: usize, seed: u64) -> Matrix<f64> {
    let mut stream = Stream::of(seed, "signed");
    let w = Mat::from_fn(m, 4, |_, _| 2.0 * stream.uniform() - 1.0);
    let a = w * uniform(4, n, &mut stream);
    let noise = uniform(m, n, &mut stream);
    Matrix::signed(Mat::from_fn(m, n, |i, j| a[(i, j)] + 0.2 * (noise[(i, j)] - 0.5)).as_ref()).expect("finite")
}

/// About a third of the entries is missing, the others have weights from 0.5 to 1.5; entries that are missing hold 9.
pub(crate) fn weights(m: usize, n: usize, seed: u64) -> Mat<f64> {
    let draw = uniform(m, n, &mut Stream::of(seed, "weights"));
    Mat::from_fn(m, n, |i, j| if draw[(i, j)] < 0.33 { 0.0 } else { 0.5 + draw[(i, j)] })
}

pub(crate) fn weighted(a: &Matrix<f64>, w: &Mat<f64>) -> Matrix<f64> {
    let a = entries(a);
    let a = valid(Mat::from_fn(a.nrows(), a.ncols(), |i, j| if w[(i, j)] > 0.0 { a[(i, j)] } else { 9.0 }));
    Matrix::Weighted(Weighted::new(&a, valid(w.clone())).expect("one shape"))
}

/// Each method with the data it is meant for.
fn cases(seed: u64) -> Vec<(&'static str, &'static str, Matrix<f64>)> {
    vec![
        ("hoyer", "{}", data(14, 11, seed)),
        ("hoyer", r#"{"sparseness_w": 0, "sparseness_h": 0.6}"#, data(14, 11, seed)),
        ("hoyer", r#"{"sparseness_w": 0.4, "sparseness_h": 0.3}"#, data(14, 11, seed)),
        ("onmf", "{}", data(12, 30, seed)),
        ("onmf", r#"{"normalize": false, "inner_iterations": 1}"#, data(12, 30, seed)),
        ("symnmf", "{}", symmetric(15, seed)),
        ("semi-nmf", "{}", signed(14, 19, seed)),
        ("semi-nmf", "{}", data(14, 11, seed)),
        ("minvol", "{}", data(14, 19, seed)),
        ("minvol", r#"{"stochastic": "w", "lambda": 1.0}"#, data(14, 19, seed)),
        ("wnmf", "{}", data(14, 11, seed)),
        ("wnmf", "{}", weighted(&data(14, 11, seed), &weights(14, 11, seed))),
        ("gnmf", "{}", data(14, 19, seed)),
        ("gnmf", r#"{"weighting": "heat", "lambda": 3}"#, data(14, 19, seed)),
        ("gnmf", r#"{"weighting": "cosine", "neighbours": 2}"#, data(14, 19, seed)),
    ]
}

/// What a method descends: its own objective, or the plain one where it has none.
fn value(solver: &dyn Solver<f64>, a: &Matrix<f64>, k: usize, f: &Factors<f64>) -> f64 {
    let problem = problem(a, k);
    solver.objective(&problem, f).unwrap_or_else(|| problem.frobenius(f))
}

#[test]
fn what_each_descends_never_rises() {
    for seed in 0..12 {
        for (name, parameters, a) in cases(seed) {
            let k = 1 + usize::try_from(seed).expect("small") % 6;
            let problem = problem(&a, k);
            let mut factors = random_start(&a, k, seed);
            let mut solver = method(name, parameters).start_f64(&problem, &factors).expect("starts");
            solver.step(&problem, &mut factors).expect("a step");
            let first = value(&*solver, &a, k, &factors);
            assert!(first.is_finite(), "{name} {parameters}: the first iterate is feasible");
            let (mut before, unit) = (first, first.abs() + 0.5 * a.squared_norm());
            for i in 0..80 {
                solver.step(&problem, &mut factors).expect("a step");
                let now = value(&*solver, &a, k, &factors);
                assert!(now <= before + 1e-13 * unit, "{name} {parameters}, seed {seed}: {before} → {now} after {i}");
                before = now;
            }
            assert!(before < first || k == 1, "{name} {parameters}, seed {seed}: {first} → {before}");
        }
    }
}

#[test]
fn factors_keep_their_signs_and_stay_finite() {
    for (name, parameters, a) in cases(3) {
        for f in &steps(&*method(name, parameters), &a, &random_start(&a, 5, 3), 60) {
            assert!(f.ht.col_iter().all(|c| c.iter().all(|v| *v >= 0.0 && v.is_finite())), "{name} {parameters}: H");
            let least = if name == "semi-nmf" { f64::NEG_INFINITY } else { 0.0 };
            assert!(f.w.col_iter().all(|c| c.iter().all(|v| *v >= least && v.is_finite())), "{name} {parameters}: W");
        }
    }
}

#[test]
fn sparse_storage_threads_and_single_precision_give_the_same() {
    for (name, parameters, a) in cases(4) {
        let (start, method) = (random_start(&a, 4, 4), method(name, parameters));
        let path = steps(&*method, &a, &start, 6);
        let what = format!("{name} {parameters}");
        if let Matrix::Dense(dense) = &a {
            let sparse = if a.first_negative().is_none() { sparse_copy(&dense.to_mat()) } else { signed_copy(&a) };
            let other = steps(&*method, &sparse, &start, 6);
            let apart = common::factor_distance(&path[6], &other[6]);
            assert!(apart < 1e-10, "{what}: sparse storage, apart by {apart:e}");
        }
        let two = problem(&a, 4).with_threads(2);
        let mut factors = start.clone();
        let mut solver = method.start_f64(&two, &start).expect("starts");
        (0..6).for_each(|_| _ = solver.step(&two, &mut factors).expect("a step"));
        let apart = common::factor_distance(&path[6], &factors);
        assert!(apart < 1e-10, "{what}: two threads, apart by {apart:e}");
        let single: Matrix<f32> = a.convert();
        let problem = problem(&single, 4);
        let mut factors: Factors<f32> = start.convert();
        let mut solver = method.start_f32(&problem, &factors).expect("starts");
        (0..6).for_each(|_| _ = solver.step(&problem, &mut factors).expect("a step"));
        let apart = common::factor_distance(&path[6], &factors.convert());
        assert!(apart < 1e-3, "{what}: single precision, apart by {apart:e}");
    }
}

/// What `edge_cases.rs` and `allocation.rs` ask of the others: any outcome but an undefined one.
#[test]
fn hostile_data_are_survived_by_those_with_data_of_their_own() {
    let single = Mat::from_fn(6, 6, |i, j| if (i, j) == (3, 3) { 7.0 } else { 0.0 });
    let sizes = Mat::from_fn(6, 6, |i, j| 10.0_f64.powi(i32::try_from(i + j).expect("small") * 2 - 10));
    let low = uniform(6, 2, &mut Stream::of(9, "low"));
    let signs = Mat::from_fn(6, 6, |i, j| if (i + j) % 2 == 0 { -1.5 } else { 1.5 });
    let cases = [Mat::zeros(6, 6), Mat::full(6, 6, 3.5), single, sizes, &low * low.transpose(), Mat::full(1, 1, 2.0)];
    for (name, extra) in [("symnmf", None), ("semi-nmf", Some(signs))] {
        for a in cases.iter().cloned().chain(extra) {
            let a = Matrix::signed(a.as_ref()).expect("finite");
            for scale in [1.0, 1e-30, 1e30] {
                let scaled = Mat::from_fn(a.nrows(), a.ncols(), |i, j| scale * entries(&a)[(i, j)]);
                let Ok(a) = Matrix::signed(scaled.as_ref()) else { continue };
                for (init, k) in nmfbench_algorithms::Init::ALL.into_iter().zip([1, 3, 5, 6]) {
                    let k = k.min(a.nrows());
                    let mut start = common::start(init, &a, k, 1);
                    if k == 3 {
                        start.w.col_mut(1).fill(0.0);
                        start.ht.col_mut(1).fill(0.0);
                    }
                    let run = common::run(&*method(name, "{}"), &a, &start, 50);
                    let what = format!("{name}, {init}, rank {k} of {:?}, {}", entries(&a), run.reason);
                    assert!(run.path.iter().all(|f| f.w.is_all_finite() && f.ht.is_all_finite()), "{what}");
                    assert!(run.path.iter().all(|f| f.ht.col_iter().all(|c| c.iter().all(|h| *h >= 0.0))), "{what}");
                    let defined = matches!(run.reason, Reason::Iterations | Reason::FixedPoint);
                    assert!(defined && run.measures.iter().all(|m| m.kkt_residual >= 0.0), "{what}");
                }
            }
        }
    }
}

fn signed_copy(a: &Matrix<f64>) -> Matrix<f64> {
    let a = entries(a);
    let (m, n) = a.shape();
    let rows = (0..n).flat_map(|_| 0..u32::try_from(m).expect("small")).collect();
    let values = (0..n).flat_map(|j| a.col_as_slice(j).iter().copied()).collect();
    let starts = (0..=n).map(|j| j * m).collect();
    Matrix::Sparse(nmfbench_algorithms::Sparse::from_csc_signed(m, n, starts, rows, values).expect("valid"))
}

#[test]
fn symnmf_takes_symmetric_matrices_only() {
    let refused = |a: &Mat<f64>| match Nmf::new("symnmf", 2).fit(a).expect_err("refused") {
        FitError::Problem(InvalidProblem::Matrix(e)) => e,
        other => panic!("{other}"),
    };
    assert_eq!(refused(&Mat::full(4, 3, 1.0)), InvalidMatrix::NotSquare { rows: 4, cols: 3 });
    let mut a = entries(&symmetric(150, 3));
    assert!(Nmf::new("symnmf", 2).fit(&a).is_ok());
    a[(140, 5)] = 7.0;
    let mirrored = a[(5, 140)];
    assert_eq!(refused(&a), InvalidMatrix::NotSymmetric { row: 140, col: 5, value: 7.0, mirrored });
    let a = valid(a);
    let started = method("symnmf", "{}").start_f64(&problem(&a, 2), &random_start(&a, 2, 1)).err().expect("refused");
    assert!(started.to_string().starts_with("entry (140, 5) is 7 but entry (5, 140) is "), "{started}");
}

#[test]
fn only_semi_nmf_takes_entries_below_0() {
    let a = signed(13, 21, 2);
    let (row, col, value) = a.first_negative().expect("some are below 0");
    let dense = entries(&a);
    assert!((0..col).all(|j| dense.col_as_slice(j).iter().all(|v| *v >= 0.0)), "the first in column order");
    for entry in nmfbench_algorithms::BUILTIN {
        let checked = entry.accepts.check(&a);
        if entry.name == "semi-nmf" {
            assert_eq!(checked, Ok(()));
        } else {
            assert_eq!(checked, Err(InvalidMatrix::NotNonnegative { row, col, value }), "{}", entry.name);
            let error = Nmf::new(entry.name, 2).fit(&dense).expect_err("refused").to_string();
            assert!(error.starts_with(&format!("entry ({row}, {col}) is {value}; expected a number ≥ 0")), "{error}");
        }
    }
    let fit = Nmf::new("semi-nmf", 4).fit(&dense).expect("accepted");
    assert!(fit.trace.last().expect("some").relative_error < 0.2, "{:?}", fit.trace.last());
    assert!(
        fit.w.col_iter().any(|c| c.iter().any(|w| *w < 0.0)) && fit.h.col_iter().all(|c| c.iter().all(|h| *h >= 0.0))
    );
    let again = fit.apply(&dense).expect("columns of any sign, as the model");
    assert!((&dense - &fit.w * again).norm_l2() <= (&dense - &fit.w * &fit.h).norm_l2() * (1.0 + 1e-12));
}

#[test]
fn weights_are_refused_where_they_do_not_belong() {
    let (a, omega) = (data(9, 12, 5), weights(9, 12, 5));
    let given = weighted(&a, &omega);
    let first = (0..12).find_map(|j| (0..9).find(|i| omega[(*i, j)] <= 0.0).map(|i| (i, j)));
    for entry in nmfbench_algorithms::BUILTIN {
        let expected = if entry.name == "wnmf" { Ok(()) } else { Err(InvalidMatrix::Weighted { missing: first }) };
        assert_eq!(entry.accepts.check(&given), expected, "{}", entry.name);
    }
    let (i, j) = first.expect("some are missing");
    let message = InvalidMatrix::Weighted { missing: first }.to_string();
    assert!(message.starts_with(&format!("entry ({i}, {j}) is missing; this method needs every entry")), "{message}");
    let error = Weighted::new(&a, valid(Mat::full(9, 11, 1.0))).expect_err("refused");
    assert_eq!(error.to_string(), "the weights are 9×11; expected 9×12, as the data");
    let mut negative = omega;
    negative[(3, 1)] = -1.0;
    let negative = Matrix::signed(negative.as_ref()).expect("finite");
    let error = Weighted::new(&a, negative).expect_err("refused");
    assert_eq!(error, InvalidMatrix::NotNonnegative { row: 3, col: 1, value: -1.0 });
    assert!(Weighted::new(&given, valid(Mat::full(9, 12, 1.0))).is_err(), "weights of weighted data");
}

/// What each method says it descends, by its formula.
#[test]
fn objectives_are_those_of_their_formulas() {
    let a = data(14, 19, 6);
    let start = random_start(&a, 3, 6);
    let at = |name: &str, parameters: &str, f: &Factors<f64>| {
        let solver = method(name, parameters).start_f64(&problem(&a, 3), &start).expect("starts");
        solver.objective(&problem(&a, 3), f).expect("one of its own")
    };
    let error = |f: &Factors<f64>| 0.5 * (entries(&a) - &f.w * f.ht.transpose()).squared_norm_l2();
    let after = |name: &str, parameters: &str| steps(&*method(name, parameters), &a, &start, 3).pop().expect("some");
    for name in ["hoyer", "onmf", "minvol"] {
        assert!(at(name, "{}", &start) == f64::INFINITY, "{name}: the start does not meet the constraint");
        let f = after(name, "{}");
        let apart = at(name, "{}", &f) - error(&f);
        assert!(
            if name == "minvol" { apart.abs() > 1e-3 * error(&f) } else { apart.abs() < 1e-12 * error(&f) },
            "{name}"
        );
    }
    // Two columns joined or not: half of what moving one of them by d along one component costs is λ·degree·d².
    let f = after("gnmf", "{}");
    let smooth = at("gnmf", "{}", &f) - error(&f);
    let none = at("gnmf", r#"{"lambda": 0}"#, &f) - error(&f);
    let twice = at("gnmf", r#"{"lambda": 200}"#, &f) - error(&f);
    assert!(smooth > 0.0 && none.abs() < 1e-12 * error(&f) && (twice / smooth - 2.0).abs() < 1e-9);
    let same = Factors { w: f.w.clone(), ht: Mat::from_fn(19, 3, |_, l| f.ht[(0, l)]) };
    assert!((at("gnmf", "{}", &same) / error(&same) - 1.0).abs() < 1e-12, "no penalty where all columns are the same");
}
