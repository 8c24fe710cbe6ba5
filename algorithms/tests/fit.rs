//! The public way to factorise a matrix, and every error it can give.

mod common;

use common::{data, distance, entries, random_start, uniform};
use faer::{Mat, mat};
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{
    Alternating, Fit, FitError, Hals, Init, InvalidMatrix, InvalidProblem, Nmf, Reason, Registry, Schedule, Stop,
    apply, entry,
};

fn a() -> Mat<f64> {
    entries(&data(12, 9, 3, false, 1))
}

fn iterations(iterations: u64) -> Stop {
    Stop { iterations: Some(iterations), ..Stop::default() }
}

fn fit(nmf: Nmf) -> Fit {
    nmf.fit(&a()).expect("a factorisation")
}

fn error(nmf: Nmf) -> FitError {
    nmf.fit(&a()).expect_err("refused")
}

#[test]
fn a_fit_is_a_product_and_a_trace() {
    let a = a();
    for name in ["mu", "als", "hals", "pgd"] {
        let fit = fit(Nmf::new(name, 3).seed(4).stop(iterations(40)).schedule(Schedule::Every(10)));
        assert_eq!((fit.w.shape(), fit.h.shape()), ((12, 3), (3, 9)), "{name}");
        assert!((0..3).all(|l| fit.w.col(l).iter().all(|v| *v >= 0.0)), "{name}");
        assert!((0..9).all(|j| fit.h.col(j).iter().all(|v| *v >= 0.0)), "{name}");
        assert_eq!(fit.trace.iter().map(|l| l.iteration).collect::<Vec<_>>(), [0, 10, 20, 30, 40], "{name}");
        assert_eq!(fit.reason, Reason::Iterations, "{name}");
        let residual = (&a - &fit.w * &fit.h).norm_l2();
        let last = fit.trace[4];
        assert!((last.relative_error - residual / a.norm_l2()).abs() < 1e-12, "{name}");
        assert!((last.objective / (0.5 * residual * residual) - 1.0).abs() < 1e-10, "{name}");
        assert!(last.relative_error < fit.trace[0].relative_error, "{name}");
        assert!((fit.trace[0].kkt_residual - 1.0).abs() < 1e-9, "{name}");
    }
}

#[test]
fn the_default_ends_and_an_absent_limit_does_not_run_for_ever() {
    let by_default = fit(Nmf::new("hals", 3));
    assert!(matches!(by_default.reason, Reason::Kkt | Reason::Iterations), "{}", by_default.reason);
    assert!(by_default.trace.last().expect("looks").iteration <= 500);
    // Only `seconds`, and no clock.
    let stop = Stop { seconds: Some(1e-9), ..Stop::default() };
    let unlimited = Nmf::new("hals", 1).stop(stop).fit(&mat![[1.0, 2.0], [3.0, 1.0]]).expect("a factorisation");
    assert!(unlimited.trace.last().expect("looks").iteration <= 100_000);
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let nmf = |seed| Nmf::new("hals", 3).seed(seed).stop(iterations(20));
    let (one, same, other) = (fit(nmf(1)), fit(nmf(1)), fit(nmf(2)));
    assert_eq!((&one.w, &one.h), (&same.w, &same.h));
    assert_ne!(one.w, other.w);
    for (init, random) in Init::ALL.map(|i| (i, i.is_random())) {
        let start = |seed| fit(nmf(seed).init(init).stop(iterations(0))).w;
        // Two seeds of k-means may well come to the same clusters.
        assert_eq!((2..20).any(|seed| start(1) != start(seed)), random, "{init}");
    }
}

#[test]
fn a_given_start_is_used_as_it_is() {
    let start = random_start(&data(12, 9, 3, false, 1), 3, 8);
    let given = (start.w.clone(), start.ht.transpose().to_owned());
    let nmf = Nmf::new("hals", 3).start(given.0.clone(), given.1.clone());
    let untouched = fit(nmf.clone().stop(iterations(0)));
    assert_eq!((&untouched.w, &untouched.h), (&given.0, &given.1));
    assert_eq!(untouched.trace.len(), 1);
    assert_ne!(fit(nmf.stop(iterations(1))).w, given.0);
}

#[test]
fn parameters_and_threads_reach_the_algorithm() {
    let nmf = || Nmf::new("hals", 3).stop(iterations(20));
    let (w_first, h_first) = (fit(nmf()), fit(nmf().parameter("first", "h")));
    assert_ne!(w_first.w, h_first.w);
    let two = fit(nmf().threads(2));
    assert!(distance(&w_first.w, &two.w) <= 1e-10 && distance(&w_first.h, &two.h) <= 1e-10);
    let floored = fit(nmf().parameter("floor", 0.01));
    assert!((0..3).all(|l| floored.w.col(l).iter().all(|v| *v > 0.0)));
}

#[test]
fn another_registry_may_hold_other_algorithms() {
    let registry = Registry::builtin().with(entry::<Alternating<Hals>>("mine", "a copy", "nobody (2025)"));
    let (mine, theirs) = (Nmf::new("mine", 3).registry(registry), Nmf::new("hals", 3));
    assert_eq!(fit(mine.stop(iterations(5))).w, fit(theirs.stop(iterations(5))).w);
    assert!(matches!(error(Nmf::new("mine", 3)), FitError::Algorithm(_)));
}

#[test]
fn unknown_names_and_bad_parameters_are_refused() {
    let unknown = error(Nmf::new("hlas", 3));
    assert!(matches!(unknown, FitError::Algorithm(_)));
    assert_eq!(unknown.to_string(), "unknown algorithm `hlas`; did you mean `hals`, `rhals`?");
    for (key, value, message) in [
        ("flor", serde_json::json!(1.0), "`flor`: unknown parameter `flor`; did you mean `floor`"),
        ("floor", serde_json::json!(-1.0), "`floor`: expected a number ≥ 0, found -1.0"),
        ("floor", serde_json::json!("much"), "`floor`: expected a number ≥ 0, found \"much\""),
        ("first", serde_json::json!("a"), "`first`: expected one of \"w\", \"h\", found \"a\""),
    ] {
        let refused = error(Nmf::new("hals", 3).parameter(key, value));
        assert!(matches!(&refused, FitError::Parameter(p) if p.key == key), "{refused}");
        assert!(refused.to_string().starts_with(message), "{refused}");
    }
}

#[test]
fn ranks_and_starts_that_do_not_fit_are_refused() {
    for rank in [0, 10] {
        let refused = error(Nmf::new("hals", rank));
        assert_eq!(refused, FitError::Problem(InvalidProblem::Rank { rank, m: 12, n: 9 }));
        assert!(refused.to_string().ends_with("expected 1 ≤ rank ≤ 9"), "{refused}");
    }
    let good = || (Mat::<f64>::full(12, 3, 1.0), Mat::<f64>::full(3, 9, 1.0));
    let with = |w, h| error(Nmf::new("hals", 3).start(w, h));
    let shape = |factor, found, expected| FitError::Problem(InvalidProblem::FactorShape { factor, found, expected });
    assert_eq!(with(Mat::zeros(9, 3), good().1), shape("W", (9, 3), (12, 3)));
    assert_eq!(with(good().0, Mat::zeros(9, 3)), shape("H", (9, 3), (3, 9)));
    let (row, col) = (1, 2);
    for (value, source) in [
        (-1.0, InvalidMatrix::NotNonnegative { row, col, value: -1.0 }),
        (f64::INFINITY, InvalidMatrix::NotFinite { row, col, value: f64::INFINITY }),
    ] {
        let (mut w, mut h) = good();
        w[(row, col)] = value;
        let factor = |factor| FitError::Problem(InvalidProblem::Factor { factor, source: source.clone() });
        assert_eq!(with(w, good().1), factor("W"));
        h[(row, col)] = value;
        assert_eq!(with(good().0, h), factor("H"));
    }
}

#[test]
fn data_that_cannot_be_factorised_are_refused() {
    let refused = |a: Mat<f64>| match Nmf::new("hals", 1).fit(&a).expect_err("refused") {
        FitError::Problem(InvalidProblem::Matrix(e)) => e,
        other => panic!("an error of the data was expected, not {other}"),
    };
    let (row, col) = (0, 1);
    assert_eq!(refused(mat![[1.0, -2.0]]), InvalidMatrix::NotNonnegative { row, col, value: -2.0 });
    assert!(matches!(refused(mat![[1.0, f64::NAN]]), InvalidMatrix::NotFinite { row: 0, col: 1, .. }));
    assert_eq!(refused(Mat::zeros(0, 4)), InvalidMatrix::Empty { rows: 0, cols: 4 });
    assert!(matches!(refused(mat![[1e300]]), InvalidMatrix::OutOfRange { .. }));
}

/// Optimality by its definition: the gradient is ≥ 0, and 0 where the coefficient is not.
#[test]
fn apply_solves_nonnegative_least_squares_exactly() {
    let mut stream = Stream::of(2, "apply");
    let w = uniform(10, 4, &mut stream);
    // Random columns and, last, one that W reaches exactly.
    let mut columns = uniform(10, 30, &mut stream);
    let truth = [0.5, 0.0, 2.0, 1.0];
    for i in 0..10 {
        columns[(i, 29)] = (0..4).map(|l| w[(i, l)] * truth[l]).sum();
    }
    let h = apply(&w, &columns).expect("solves");
    assert_eq!(h.shape(), (4, 30));
    let gradient = w.transpose() * (&w * &h - &columns);
    let mut zeros = 0;
    for j in 0..30 {
        for l in 0..4 {
            assert!(h[(l, j)] >= 0.0 && gradient[(l, j)] >= -1e-12, "{l}, {j}");
            assert!(h[(l, j)] == 0.0 || gradient[(l, j)].abs() <= 1e-12, "{l}, {j}: {}", gradient[(l, j)]);
            zeros += usize::from(h[(l, j)] == 0.0);
        }
    }
    assert!(zeros > 5, "without active bounds this would be plain least squares");
    assert!((0..4).all(|l| (h[(l, 29)] - truth[l]).abs() < 1e-12));
}

#[test]
fn a_model_is_applied_to_new_columns_of_its_own_height() {
    let fit = fit(Nmf::new("hals", 3).stop(iterations(300)));
    let again = fit.apply(&a()).expect("fits");
    let error = |h: &Mat<f64>| (a() - &fit.w * h).norm_l2();
    assert!(error(&again) <= error(&fit.h) * (1.0 + 1e-12), "exact coefficients are at least as good");
    let refused = fit.apply(&Mat::zeros(11, 2)).expect_err("refused");
    assert_eq!(refused, FitError::Rows { found: 11, expected: 12 });
    assert_eq!(refused.to_string(), "new data have 11 rows; the model was made from 12");
    let refused = fit.apply(&Mat::full(12, 2, -1.0)).expect_err("refused");
    let negative = InvalidMatrix::NotNonnegative { row: 0, col: 0, value: -1.0 };
    assert_eq!(refused, FitError::Problem(InvalidProblem::Matrix(negative)));
}
