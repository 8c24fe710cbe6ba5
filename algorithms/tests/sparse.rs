//! Every algorithm runs on sparse data as on the same data with their zeros written out.

mod common;

use common::{
    all_methods, assert_feasible, entries, method, problem, random_start, run, sparse_copy, start, steps, valid,
};
use faer::{Mat, Par};
use nmfbench_algorithms::parameters::Table;
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{BUILTIN, Entry, Evaluator, Factors, Init, Matrix, Objective};

/// Entries on a ragged pattern: some rows and columns are empty, one column is full, the densities of the others differ.
fn ragged(m: usize, n: usize, seed: u64) -> Mat<f64> {
    let mut stream = Stream::of(seed, "ragged");
    let density: Vec<f64> = (0..n).map(|_| 0.6 * stream.uniform() * stream.uniform()).collect();
    Mat::from_fn(m, n, |i, j| {
        let (kept, value) = (stream.uniform() < density[j], 5.0 * stream.uniform());
        let empty = i % 7 == 3 || j % 11 == 4;
        if (kept && !empty) || j == 1 { value } else { 0.0 }
    })
}

/// Matrices and ranks: ragged ones, and one entry alone.
fn cases() -> Vec<(Mat<f64>, usize, &'static str)> {
    let single = Mat::from_fn(6, 5, |i, j| if (i, j) == (3, 2) { 7.0 } else { 0.0 });
    vec![
        (ragged(14, 9, 1), 3, "14×9"),
        (ragged(60, 130, 2), 6, "60×130"),
        (ragged(300, 40, 3), 8, "300×40"),
        (single, 2, "a single entry"),
    ]
}

fn both(a: &Mat<f64>) -> (Matrix<f64>, Matrix<f64>) {
    (valid(a.clone()), sparse_copy(a))
}

#[test]
fn sums_norms_and_conversions_are_those_of_the_dense_matrix() {
    for (a, rank, what) in cases() {
        let (dense, sparse) = both(&a);
        assert_eq!(entries(&sparse), a, "{what}");
        assert_eq!((sparse.nrows(), sparse.ncols()), a.shape());
        let nonzeros = (0..a.ncols()).flat_map(|j| a.col_as_slice(j)).filter(|v| **v > 0.0).count();
        assert_eq!(sparse.nnz(), nonzeros);
        assert!((sparse.squared_norm() - dense.squared_norm()).abs() <= 1e-14 * dense.squared_norm());
        assert!((sparse.sum() - dense.sum()).abs() <= 1e-14 * dense.sum());
        assert!((sparse.mean() - dense.mean()).abs() <= 1e-14 * dense.mean());
        let single = sparse.convert::<f32>();
        assert_eq!(entries(&single.convert()), entries(&dense.convert::<f32>().convert()), "{what}");
        let f = random_start(&dense, rank, 5);
        let residual = |matrix: &Matrix<f64>, width| {
            let mut block = Mat::zeros(a.nrows(), width);
            matrix.squared_residual(f.w.as_ref(), f.ht.as_ref(), &mut block, Par::Seq)
        };
        let expected = (&a - &f.w * f.ht.transpose()).squared_norm_l2();
        for width in [1, 3, a.ncols()] {
            assert!((residual(&sparse, width) - expected).abs() <= 1e-12 * expected, "{what}, blocks of {width}");
            assert!(
                residual(&sparse, width).total_cmp(&residual(&dense, width)).is_eq(),
                "{what}: the same arithmetic"
            );
        }
    }
}

#[test]
fn measures_agree() {
    for (a, rank, what) in cases() {
        let (dense, sparse) = both(&a);
        let first = random_start(&dense, rank, 1);
        for f in [&first, &random_start(&dense, rank, 2)] {
            for objective in [2.0, 1.0, 0.5, 1.5].map(Objective::of_beta) {
                let look = |matrix| Evaluator::of(objective, matrix, &first, Par::rayon(2)).look(f, (0.0, 0.0));
                let (expected, found) = (look(&dense), look(&sparse));
                for (e, f) in [
                    (expected.objective, found.objective),
                    (expected.relative_error, found.relative_error),
                    (expected.kkt_residual, found.kkt_residual),
                ] {
                    assert!((e - f).abs() <= 1e-11 * e.abs(), "{what}, {objective:?}: {expected:?}, {found:?}");
                }
            }
        }
    }
}

/// Where the model all but vanishes off the stored entries, their sum is no difference of two large numbers.
#[test]
fn a_divergence_near_its_least_keeps_its_digits_on_sparse_data() {
    let side = |rows: usize, off: f64| Mat::from_fn(rows, 2, |i, l| if i % 2 == l { 1.0 + i as f64 } else { off });
    let exact = Factors { w: side(8, 0.0), ht: side(6, 0.0) };
    let (dense, sparse) = both(&(&exact.w * exact.ht.transpose()));
    for off in [0.0, 1e-12, 1e-6] {
        let near = Factors { w: side(8, off), ht: side(6, off) };
        let look = |matrix| {
            Evaluator::of(Objective::KullbackLeibler, matrix, &exact, Par::Seq).look(&near, (0.0, 0.0)).objective
        };
        let (expected, found) = (look(&dense), look(&sparse));
        assert!((expected - found).abs() <= 1e-10 * expected, "{off:e}: {expected:e}, {found:e}");
    }
}

/// Rounding differs, and a line search or an exact solve may turn on it much later: so a few iterations. How often an
/// accelerated method repeats its update hangs on what a product costs, which differs too: so it does not repeat here.
#[test]
fn every_algorithm_makes_the_same_iterates() {
    // Where 0 is a value of α it is that of the repetitions.
    let never: Table = serde_json::from_str(r#"{"alpha": 0.0}"#).expect("json");
    let once = |e: &Entry| if e.parse(&never).is_ok() { r#"{"alpha": 0.0}"# } else { "{}" };
    let any_shape = BUILTIN.iter().filter(|e| !e.accepts.symmetric_only);
    let methods: Vec<_> = any_shape.map(|e| (e.name, method(e.name, once(e)), e.accepts.signed)).collect();
    for (a, rank, what) in cases() {
        let (dense, sparse) = both(&a);
        for init in [Init::Random, Init::Nndsvda] {
            let start = start(init, &dense, rank, 3);
            for (name, method, signed) in &methods {
                let path = |matrix| steps(&**method, matrix, &start, 4);
                for (i, (d, s)) in path(&dense).iter().zip(&path(&sparse)).enumerate() {
                    if !signed {
                        assert_feasible(s, name);
                    }
                    let product = |f: &Factors<f64>| &f.w * f.ht.transpose();
                    let (d, s) = (product(d), product(s));
                    let apart = (&d - &s).norm_l2();
                    assert!(apart <= 1e-9 * d.norm_l2(), "{name} on {what}, {init}, iteration {i}: {apart:e}");
                }
            }
        }
    }
}

#[test]
fn every_algorithm_survives_empty_lines_for_long() {
    for (a, rank, what) in cases() {
        let (_, sparse) = both(&a);
        for init in Init::ALL {
            let start = start(init, &sparse, rank, 1);
            for (name, method) in all_methods() {
                let run = run(&*method, &sparse, &start, 40);
                run.path.iter().for_each(|f| assert_feasible(f, &format!("{name} on {what}, {init}")));
                assert!(run.measures.iter().all(|m| m.objective >= 0.0 && m.kkt_residual >= 0.0), "{name} on {what}");
            }
        }
    }
}

#[test]
fn three_threads_change_no_bit_of_a_product() {
    let sparse = sparse_copy(&ragged(300, 500, 4));
    let f = random_start(&sparse, 9, 1);
    let go = |par| {
        let (mut one, mut other) = (Mat::zeros(300, 9), Mat::zeros(500, 9));
        sparse.times(one.as_mut(), f.ht.as_ref(), par);
        sparse.transpose_times(other.as_mut(), f.w.as_ref(), par);
        (one, other)
    };
    assert_eq!(go(Par::Seq), go(Par::rayon(3)));
}

/// A step's own products are exact copies on any number of threads where its Gram matrices are small enough for faer to
/// keep them on one.
#[test]
fn three_threads_change_no_bit_of_a_run() {
    let sparse = sparse_copy(&ragged(300, 500, 4));
    let start = random_start(&sparse, 6, 1);
    for (name, method) in all_methods() {
        let go = |threads| {
            let problem = problem(&sparse, 6).with_threads(threads);
            let mut solver = method.start_f64(&problem, &start).expect("starts");
            let mut factors = start.clone();
            for _ in 0..5 {
                solver.step(&problem, &mut factors).expect("a step");
            }
            factors.fingerprint()
        };
        assert_eq!(go(1), go(3), "{name}");
    }
}
