//! Hostile but legal input: every algorithm from every start has a defined outcome, and its factors stay finite and
//! nonnegative throughout.

mod common;

use common::{all_methods, assert_feasible, data, iterations_only, problem, run, run_in, start, uniform, valid};
use faer::Mat;
use nmfbench_algorithms::random::{Stream, key};
use nmfbench_algorithms::{Factors, Init, InvalidMatrix, InvalidProblem, Matrix, Problem, Reason};

/// Runs every algorithm from every start on A; what comes out may be bad, but never infeasible or undefined.
fn survives(matrix: &Matrix<f64>, rank: usize, what: &str) {
    for init in Init::ALL {
        let start = start(init, matrix, rank, 1);
        assert_feasible(&start, &format!("{what}, {init}"));
        for (name, method) in all_methods() {
            let what = format!("{name} on {what}, from {init}");
            let run = run(&*method, matrix, &start, 50);
            for (i, f) in run.path.iter().enumerate() {
                assert_feasible(f, &format!("{what}, iteration {i}"));
            }
            for measures in &run.measures {
                assert!(measures.objective >= 0.0, "{what}: {measures:?}");
                assert!(measures.kkt_residual >= 0.0, "{what}: {measures:?}");
            }
            let defined = matches!(run.reason, Reason::Iterations | Reason::FixedPoint);
            assert!(defined, "{what}: {}", run.reason);
        }
    }
}

#[test]
fn one_row_or_column() {
    let mut stream = Stream::of(1, "lines");
    for (m, n) in [(1, 1), (1, 9), (9, 1)] {
        survives(&valid(uniform(m, n, &mut stream)), 1, &format!("{m}×{n}"));
    }
}

#[test]
fn the_smallest_and_the_largest_rank() {
    let matrix = data(7, 5, 3, false, 2);
    survives(&matrix, 1, "rank 1");
    survives(&matrix, 5, "rank min(m, n)");
    for rank in [0, 6] {
        let error = Problem::new(&matrix, rank, key(0, "")).expect_err("refused");
        assert_eq!(error, InvalidProblem::Rank { rank, m: 7, n: 5 });
    }
}

#[test]
fn a_rank_above_that_of_the_data() {
    let mut stream = Stream::of(3, "low rank");
    let matrix = valid(uniform(12, 2, &mut stream) * uniform(2, 9, &mut stream));
    survives(&matrix, 5, "data of rank 2");
}

#[test]
fn zero_rows_and_columns() {
    survives(&data(9, 8, 3, true, 4), 3, "a zero row and a zero column");
    let single = Mat::from_fn(6, 5, |i, j| if (i, j) == (3, 2) { 7.0 } else { 0.0 });
    survives(&valid(single), 2, "one entry");
}

#[test]
fn constant_data() {
    survives(&valid(Mat::from_fn(6, 5, |_, _| 3.5)), 3, "a constant matrix");
    survives(&valid(Mat::zeros(6, 5)), 3, "an all-zero matrix");
}

#[test]
fn entries_of_very_different_size() {
    let mut stream = Stream::of(5, "sizes");
    let a = Mat::from_fn(8, 7, |_, _| 10.0_f64.powf(24.0 * stream.uniform() - 12.0));
    survives(&valid(a), 3, "entries from 1e-12 to 1e12");
}

/// Grams and gradients are products of entries: near the ends of the range the matrix is refused, or all goes well.
#[test]
fn entries_near_the_ends_of_the_range() {
    let a = common::entries(&data(8, 7, 3, false, 6));
    let mut refused = 0;
    for exponent in [-300, -200, -160, -152, -150, -120, -105, -100, 90, 100, 105, 120, 150, 152, 160, 200, 300] {
        let scaled = Mat::from_fn(8, 7, |i, j| a[(i, j)] * 10.0_f64.powi(exponent));
        match Matrix::dense(scaled) {
            Ok(matrix) => survives(&matrix, 3, &format!("entries near 1e{exponent}")),
            Err(error) => {
                assert!(matches!(error, InvalidMatrix::OutOfRange { .. }), "1e{exponent}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 6, "1e±300 and the like cannot be factorised: {refused} refused");
}

/// Where it is not refused, tiny or huge data do not make the KKT residual vanish or end a run at once.
#[test]
fn what_is_accepted_is_also_measured() {
    let a = common::entries(&data(8, 7, 3, false, 6));
    for exponent in [-150, -120, -100, -50, 50, 100, 120, 150] {
        let scaled = Mat::from_fn(8, 7, |i, j| a[(i, j)] * 10.0_f64.powi(exponent));
        let Ok(matrix) = Matrix::dense(scaled) else { continue };
        let start = start(Init::Random, &matrix, 3, 1);
        for (name, method) in all_methods() {
            let run = run(&*method, &matrix, &start, 5);
            let first = run.measures[0].kkt_residual;
            assert!((first - 1.0).abs() < 1e-9, "1e{exponent}: the KKT residual of the start is {first}");
            let (before, after) = (run.measures[0].objective, run.end().objective);
            assert!(after < before, "{name} on entries near 1e{exponent}: {before} → {after}, {}", run.reason);
        }
    }
}

/// Component 1 of both factors is zero: nobody divides by its Gram diagonal, and it is counted.
#[test]
fn a_dead_component_is_survived_and_counted() {
    let matrix = data(9, 8, 3, false, 7);
    let mut start = start(Init::Random, &matrix, 3, 7);
    start.w.col_mut(1).fill(0.0);
    start.ht.col_mut(1).fill(0.0);
    for (name, method) in all_methods() {
        let run = run(&*method, &matrix, &start, 30);
        assert_eq!(run.measures[0].dead_components, 1);
        run.path.iter().for_each(|f| assert_feasible(f, &format!("{name} with a dead component")));
        assert!(run.end().objective < run.measures[0].objective, "{name}: the others go on");
        if name == "hals" {
            // Skipped on both sides, so it stays; the gradient there is zero as well.
            assert_eq!(run.end().dead_components, 1, "{name}");
        }
    }
}

/// Its Gram diagonal is subnormal: the reciprocal overflows.
#[test]
fn an_almost_dead_component_is_survived() {
    let matrix = data(9, 8, 3, true, 8);
    for size in [1e-150, 1e-155, 1e-158, 1e-160, 1e-161, 1e-170, 1e-300] {
        let mut start = start(Init::Random, &matrix, 3, 8);
        for j in 0..8 {
            start.ht[(j, 1)] *= size;
        }
        for (name, method) in all_methods() {
            let run = run(&*method, &matrix, &start, 20);
            for f in &run.path {
                assert_feasible(f, &format!("{name} with a component of size {size:e}"));
            }
            assert!(!matches!(run.reason, Reason::NotFinite(_) | Reason::Rise(_)), "{name}, {size:e}: {}", run.reason);
        }
    }
}

#[test]
fn single_precision_survives_too() {
    for scale in [1e-15, 1.0, 255.0, 1e12] {
        let double = valid(Mat::from_fn(9, 8, |i, j| scale * common::entries(&data(9, 8, 3, true, 9))[(i, j)]));
        let single: Matrix<f32> = double.convert();
        for init in Init::ALL {
            for (name, method) in all_methods() {
                let mut factors: Factors<f32> = start(init, &double, 4, 9).convert();
                let run = run_in(&*method, &problem(&single, 4), &mut factors, &iterations_only(50));
                run.path.iter().for_each(|f| assert_feasible(f, &format!("{name} in f32, {init}, scale {scale:e}")));
                assert!(run.measures.iter().all(|m| m.kkt_residual.is_finite()), "{name} in f32, {init}");
            }
        }
    }
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
