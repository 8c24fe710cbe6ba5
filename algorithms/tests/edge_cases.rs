//! What is refused, and what becomes of a dead component. That every algorithm survives hostile input is part of the
//! conformance suite.

mod common;

use common::{data, method, run, start};
use faer::Mat;
use nmfbench_algorithms::random::key;
use nmfbench_algorithms::{Init, InvalidMatrix, InvalidProblem, Matrix, Problem};

#[test]
fn ranks_that_do_not_fit_are_refused() {
    let matrix = data(7, 5, 3, false, 2);
    for rank in [0, 6] {
        let error = Problem::new(&matrix, rank, key(0, "")).expect_err("refused");
        assert_eq!(error, InvalidProblem::Rank { rank, m: 7, n: 5 });
    }
}

/// Grams and gradients are products of entries: the suite goes near these ends of the range, and these lie beyond.
#[test]
fn magnitudes_that_cannot_be_factorised_are_refused() {
    let a = common::entries(&data(8, 7, 3, false, 6));
    for exponent in [-300, -200, -160, 160, 200, 300] {
        let scaled = Mat::from_fn(8, 7, |i, j| a[(i, j)] * 10.0_f64.powi(exponent));
        let error = Matrix::dense(scaled).expect_err("refused");
        assert!(matches!(error, InvalidMatrix::OutOfRange { .. }), "1e{exponent}: {error}");
    }
    for exponent in [-80, 80] {
        assert!(Matrix::dense(Mat::from_fn(8, 7, |i, j| a[(i, j)] * 10.0_f64.powi(exponent))).is_ok(), "1e{exponent}");
    }
}

/// Component 1 of both factors is zero: skipped on both sides, so it stays, and it is counted.
#[test]
fn a_dead_component_is_counted() {
    let matrix = data(9, 8, 3, false, 7);
    let mut start = start(Init::Random, &matrix, 3, 7);
    start.w.col_mut(1).fill(0.0);
    start.ht.col_mut(1).fill(0.0);
    let run = run(&*method("hals", "{}"), &matrix, &start, 30);
    assert_eq!((run.measures[0].dead_components, run.end().dead_components), (1, 1));
    assert!(run.end().objective < run.measures[0].objective, "the others go on");
}

/// An entry at 0 stays there, though its row has others; one at the floor may rise.
#[test]
fn without_a_floor_a_multiplicative_update_never_leaves_zero() {
    let matrix = data(9, 8, 3, false, 8);
    let ends = |parameters: &str| {
        let end = |i: usize| {
            let mut start = start(Init::Random, &matrix, 3, 8);
            start.w[(i, 0)] = 0.0;
            let run = run(&*method("mu", parameters), &matrix, &start, 200);
            run.path.last().expect("looked at").w[(i, 0)]
        };
        (0..9).map(end).collect::<Vec<f64>>()
    };
    let (locked, floored) = (ends("{\"floor\": 0.0}"), ends("{}"));
    assert!(locked.iter().all(|w| *w < 1e-100), "{locked:?}");
    assert!(floored.iter().any(|w| *w > 1e-3), "{floored:?}");
}

#[test]
fn matrices_that_cannot_be_factorised_are_refused_with_the_place() {
    let with = |value| {
        let mut a = Mat::<f64>::zeros(3, 4);
        a[(2, 1)] = value;
        a[(0, 3)] = value;
        Matrix::dense(a)
    };
    let (row, col) = (2, 1);
    let refused = |value| with(value).expect_err("refused");
    assert_eq!(refused(-1.5), InvalidMatrix::NotNonnegative { row, col, value: -1.5 });
    assert_eq!(refused(f64::INFINITY), InvalidMatrix::NotFinite { row, col, value: f64::INFINITY });
    assert_eq!(refused(f64::NAN).to_string(), "entry (2, 1) is NaN; expected a finite number (positions count from 0)");
    for value in [1e200, 1e-200, 1e300, 1e-300, f64::from_bits(1)] {
        assert!(matches!(refused(value), InvalidMatrix::OutOfRange { scalar: "f64", .. }), "{value:e}");
    }
    assert!(with(0.0).is_ok() && with(-0.0).is_ok() && with(1.0).is_ok());
    for (rows, cols) in [(0, 3), (3, 0), (0, 0)] {
        let error = Matrix::<f64>::dense(Mat::zeros(rows, cols)).expect_err("refused");
        assert_eq!(error, InvalidMatrix::Empty { rows, cols });
    }
}
