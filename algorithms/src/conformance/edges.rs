//! Hostile but legal input: a defined outcome, and factors that stay feasible throughout.

use super::basics::{bounds, infeasible};
use super::cases::{noisy, uniform};
use super::subject::{Finding, Subject, problem, random_start, start};
use crate::drive::Reason;
use crate::init::Init;
use crate::matrix::Matrix;
use crate::problem::Factors;
use crate::random::Stream;
use faer::Mat;

/// From one start: what comes out may be bad, but never infeasible or undefined.
fn survives(subject: &Subject<'_>, matrix: &Matrix<f64>, start: &Factors<f64>, what: &str) -> Result<(), String> {
    let run = subject.run(&problem(matrix, start.rank()), start, 30);
    let shapes = [(matrix.nrows(), start.rank()), (matrix.ncols(), start.rank())];
    for (i, ((factors, floors), measures)) in run.path.iter().zip(&run.measures).enumerate() {
        if let Some(wrong) = infeasible(factors, shapes, bounds(*floors)) {
            return Err(format!("{wrong} after iteration {i}, {what}"));
        }
        let undefined = |x: f64| x.is_nan() || x < 0.0;
        if undefined(measures.objective) || undefined(measures.kkt_residual) {
            return Err(format!("{measures:?} after iteration {i}, {what}"));
        }
    }
    match run.reason {
        Reason::Iterations | Reason::FixedPoint | Reason::Finished(_) => Ok(()),
        reason => Err(format!("{reason}, {what}")),
    }
}

/// From these starts; `false` where the method refuses such a problem.
fn survives_all(subject: &Subject<'_>, a: Mat<f64>, rank: usize, inits: &[Init], what: &str) -> Result<bool, String> {
    // What is refused for its range is refused for every method.
    let Ok(matrix) = subject.matrix(a) else { return Ok(false) };
    let rank = rank.min(matrix.nrows()).min(matrix.ncols());
    if subject.refuses(&problem(&matrix, rank)).is_some() {
        return Ok(false);
    }
    for init in inits {
        if let Some(start) = start(*init, &matrix, rank, 1) {
            survives(subject, &matrix, &start, &format!("{what}, from {init}"))?;
        }
    }
    Ok(true)
}

pub(super) fn edges(subject: &Subject<'_>) -> Finding {
    let mut stream = Stream::of(1, "edges");
    let single = Mat::from_fn(6, 5, |i, j| if (i, j) == (3, 2) { 7.0 } else { 0.0 });
    let low = uniform(12, 2, &mut stream) * uniform(2, 9, &mut stream);
    let sizes = Mat::from_fn(8, 7, |_, _| 10.0_f64.powf(24.0 * stream.uniform() - 12.0));
    let cases = [
        ("1×1", uniform(1, 1, &mut stream), 1),
        ("1×n", uniform(1, 9, &mut stream), 1),
        ("m×1", uniform(9, 1, &mut stream), 1),
        ("rank 1", noisy(7, 5, 3, false, 2), 1),
        ("rank min(m, n)", noisy(7, 5, 3, false, 2), 5),
        ("rank 5 for data of rank 2", low, 5),
        ("a zero row and a zero column", noisy(9, 8, 3, true, 4), 3),
        ("a single entry", single, 2),
        ("a constant matrix", Mat::full(6, 5, 3.5), 3),
        ("an all-zero matrix", Mat::zeros(6, 5), 3),
        ("entries from 1e-12 to 1e12", sizes, 3),
    ];
    let (mut survived, mut refused) = (0, vec![]);
    for (what, a, rank) in cases {
        if survives_all(subject, a, rank, &Init::ALL, what)? { survived += 1 } else { refused.push(what) }
    }
    for size in [0.0, 1e-300, 1e-170, 1e-161, 1e-158, 1e-150] {
        component(subject, size)?;
        survived += 1;
    }
    let refused = if refused.is_empty() { String::new() } else { format!("; refused: {}", refused.join(", ")) };
    Ok(format!("{survived} cases{refused}"))
}

/// Component 1 of H is next to nothing, or both are zero: nobody divides by its Gram diagonal.
fn component(subject: &Subject<'_>, size: f64) -> Result<(), String> {
    let matrix = subject.noisy(9, 8, 3, true, 8);
    let mut start = random_start(&matrix, 3, 8);
    (0..start.ht.nrows()).for_each(|j| start.ht[(j, 1)] *= size);
    if size == 0.0 {
        start.w.col_mut(1).fill(0.0);
    }
    survives(subject, &matrix, &start, &format!("a component of size {size:e}"))
}

/// Grams and gradients are products of entries: near the ends of the range the matrix is refused, or all goes well. The
/// starts are those that scale with √A: a zero replaced by the mean of A in both factors makes a model of the size of A².
pub(super) fn extremes(subject: &Subject<'_>) -> Finding {
    let a = noisy(8, 7, 3, false, 6);
    let (mut survived, mut refused) = (0, 0);
    for exponent in [-300, -200, -100, -80, -50, 50, 80, 100, 200, 300] {
        let scaled = Mat::from_fn(8, 7, |i, j| a[(i, j)] * 10.0_f64.powi(exponent));
        let what = format!("entries near 1e{exponent}");
        if !survives_all(subject, scaled.clone(), 3, &[Init::Random, Init::Nndsvd], &what)? {
            refused += 1;
            continue;
        }
        survived += 1;
        // Data that are tiny or huge must not be taken for a stationary point. The objective may rise where the start
        // does not meet a constraint.
        let matrix = subject.matrix(scaled)?;
        let run = subject.run(&problem(&matrix, 3), &random_start(&matrix, 3, 1), 5);
        let (first, last) = (run.measures[0].objective, run.measures[run.measures.len() - 1].objective);
        let still = run.path[0].0.fingerprint() == run.path[run.path.len() - 1].0.fingerprint();
        if first.is_finite() && (still || last.is_nan()) {
            return Err(format!("{what}: {first:e} becomes {last:e}, {}", run.reason));
        }
    }
    let found = format!("{survived} magnitudes, {refused} out of range");
    if survived == 0 { Err(found) } else { Ok(found) }
}
