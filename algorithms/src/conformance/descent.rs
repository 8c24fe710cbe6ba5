//! What becomes of the objective: descent, stationarity, planted factors, fixed points.

use super::cases::model_distance;
use super::matching::matched_cosine;
use super::subject::{Finding, Subject, problem, random_start, start};
use crate::init::Init;
use crate::matrix::{Matrix, count};
use crate::measure::Evaluator;
use crate::problem::{Factors, Objective};
use crate::random::Stream;
use faer::Par;

/// ½‖A‖², or Σa^β for a divergence: what rounding is relative to.
fn size(objective: Objective, matrix: &Matrix<f64>) -> f64 {
    let a = super::cases::entries(matrix);
    let entries = (0..a.ncols()).flat_map(|j| a.col_as_slice(j));
    match objective {
        Objective::Frobenius => 0.5 * matrix.squared_norm(),
        other => entries.map(|a| a.powf(other.beta())).sum(),
    }
}

/// The value after each iteration of what the method descends.
fn values(
    subject: &Subject<'_>,
    matrix: &Matrix<f64>,
    start: &Factors<f64>,
    iterations: usize,
) -> Result<Vec<f64>, String> {
    let problem = problem(matrix, start.rank());
    let mut evaluator = Evaluator::of(subject.objective(), matrix, start, Par::Seq);
    let mut values = vec![];
    subject.walk(&problem, start, iterations, |s| {
        let own = s.solver.objective(&problem, s.factors);
        values.push(own.unwrap_or_else(|| evaluator.look(s.factors, s.solver.floors()).objective));
        false
    })?;
    Ok(values)
}

pub(super) fn descent(subject: &Subject<'_>) -> Finding {
    descends(subject, &[Init::Random, Init::Nndsvda, Init::Nndsvdar])
}

pub(super) fn penalised_descent(subject: &Subject<'_>) -> Finding {
    let weights = [("l1_w", 0.3), ("l1_h", 0.2), ("l2_w", 0.1), ("l2_h", 0.4)];
    let penalised = weights.iter().try_fold(subject.again()?, |subject, (name, weight)| subject.with(name, *weight))?;
    descends(&penalised, &[Init::Random])
}

/// On shapes, ranks and starts of all kinds.
fn descends(subject: &Subject<'_>, inits: &[Init]) -> Finding {
    let (mut worst, mut runs) = (0.0_f64, 0);
    for seed in 0..12 {
        let mut shape = Stream::of(seed, "shapes");
        let mut below = |n: u64| usize::try_from(shape.bits() % n).expect("small");
        let (m, n) = (2 + below(14), 2 + below(14));
        let matrix = subject.noisy(m, n, 3, m > 3 && seed % 2 == 0, seed);
        let (m, n) = (matrix.nrows(), matrix.ncols());
        let rank = 1 + below(m.min(n) as u64);
        if subject.refuses(&problem(&matrix, rank)).is_some() {
            continue;
        }
        // An update sums about m + n + k products for each of its entries.
        let allowed = 2.0 * count(m + n + rank);
        for init in inits {
            let Some(start) = start(*init, &matrix, rank, seed) else { continue };
            let values = values(subject, &matrix, &start, 60)?;
            let unit = f64::EPSILON * size(subject.objective(), &matrix);
            let what = || format!("{m}×{n} rank {rank} from {init}, seed {seed}");
            for (i, pair) in values.windows(2).enumerate().filter(|(_, pair)| pair[0].is_finite()) {
                let rise = (pair[1] - pair[0]) / unit;
                if rise.is_nan() || rise > allowed {
                    return Err(format!("a rise of {rise:.2e} ε in iteration {} on {}", i + 1, what()));
                }
                worst = worst.max(rise / allowed);
            }
            // The leading singular pair, where a start of rank 1 may begin, is the optimum.
            let last = values[values.len() - 1];
            if !values.iter().any(|v| *v > last) && rank > 1 {
                return Err(format!("no descent at all on {}", what()));
            }
            runs += 1;
        }
    }
    if runs == 0 {
        Err("it refuses every problem".into())
    } else {
        Ok(format!("{runs} runs, worst rise {worst:.2} of what rounding allows"))
    }
}

/// The KKT residual that counts as stationary, and the iterations a method is given for it.
const STATIONARY: f64 = 1e-6;
const PATIENCE: usize = 3000;
/// A method of sublinear convergence is at this by then, and has come from three times as much since a tenth of the time.
const NEARLY: f64 = 1e-3;

pub(super) fn stationary(subject: &Subject<'_>) -> Finding {
    let (matrix, _) = subject.planted(20, 15, 4, 1);
    let start = random_start(&matrix, 4, 1);
    let mut evaluator = Evaluator::of(subject.objective(), &matrix, &start, Par::Seq);
    let mut residuals = vec![];
    subject.walk(&problem(&matrix, 4), &start, PATIENCE, |s| {
        residuals.push(evaluator.look(s.factors, s.solver.floors()).kkt_residual);
        residuals[s.iteration] <= STATIONARY
    })?;
    let (last, iterations) = (residuals[residuals.len() - 1], residuals.len() - 1);
    let early = residuals[iterations.min(PATIENCE / 10)];
    if last <= STATIONARY {
        Ok(format!("KKT residual ≤ {STATIONARY:.0e} after {iterations} iterations"))
    } else if last <= NEARLY && last <= early / 3.0 {
        Ok(format!("KKT residual {last:.1e} after {iterations} iterations, {early:.1e} after a tenth of them"))
    } else {
        Err(format!("KKT residual {last:.1e} after {iterations} iterations, expected {STATIONARY:.0e}"))
    }
}

/// Below this cosine a component is another one.
const SAME: f64 = 0.99;

pub(super) fn recovery(subject: &Subject<'_>) -> Finding {
    let (matrix, truth) = subject.planted(20, 15, 3, 5);
    let mut best = (f64::INFINITY, 0.0);
    for seed in 0..5 {
        let start = random_start(&matrix, 3, seed);
        let mut evaluator = Evaluator::of(subject.objective(), &matrix, &start, Par::Seq);
        subject.walk(&problem(&matrix, 3), &start, 1000, |s| {
            if s.iteration % 20 != 0 {
                return false;
            }
            let measures = evaluator.look(s.factors, s.solver.floors());
            if measures.objective < best.0 {
                best = (measures.objective, matched_cosine(&truth, s.factors));
            }
            measures.relative_error <= 1e-6 || measures.kkt_residual <= 1e-8
        })?;
    }
    let found = format!("least matched cosine {:.6}, best of 5 runs", best.1);
    if best.1 >= SAME { Ok(found) } else { Err(format!("{found}, expected {SAME}")) }
}

/// How far the model of an exact factorisation may drift: a floor is felt by its root where the objective has an
/// infinite slope at 0.
const DRIFT: f64 = 1e-7;

pub(super) fn fixed_point(subject: &Subject<'_>) -> Finding {
    let (matrix, truth) = subject.planted(20, 15, 4, 2);
    let path = subject.path(&matrix, &truth, 20)?;
    let apart = path.iter().map(|f| model_distance(&truth, f)).fold(0.0, f64::max);
    let cosine = path.iter().map(|f| matched_cosine(&truth, f)).fold(1.0, f64::min);
    let found = format!("the model moves by {apart:.1e}, its components by a cosine of {:.1e}", 1.0 - cosine);
    if apart <= DRIFT && cosine >= 1.0 - DRIFT { Ok(found) } else { Err(found) }
}
