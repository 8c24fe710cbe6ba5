//! What may only change the rounding: storage, precision, threads.

use super::basics::{bounds, infeasible};
use super::cases::{self, factor_distance, model_distance, uniform};
use super::subject::{Finding, Subject, problem, random_start, start};
use crate::init::Init;
use crate::matrix::Matrix;
use crate::problem::Factors;
use crate::random::Stream;
use faer::Mat;

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

/// Rounding differs, iterations amplify it, and a line search or an inner stop may turn on it later: so a few iterations,
/// the first two to nearly all digits.
pub(super) fn sparse(subject: &Subject<'_>) -> Finding {
    let single = Mat::from_fn(6, 5, |i, j| if (i, j) == (3, 2) { 7.0 } else { 0.0 });
    let cases = [(ragged(14, 9, 1), 3), (ragged(60, 130, 2), 6), (ragged(130, 40, 3), 8), (single, 2)];
    let mut worst = 0.0_f64;
    for (a, rank) in cases {
        let a = subject.suited(a);
        let (m, n) = a.shape();
        let (dense, sparse) = (Matrix::dense(a.clone()).map_err(|e| e.to_string())?, cases::sparse(&a));
        for init in [Init::Random, Init::Nndsvda] {
            let Some(start) = start(init, &dense, rank, 3) else { continue };
            let (one, other) = (subject.path(&dense, &start, 4)?, subject.path(&sparse, &start, 4)?);
            for (i, (d, s)) in one.iter().zip(&other).enumerate() {
                let apart = model_distance(d, s);
                let allowed = if i <= 2 { 1e-9 } else { 1e-6 };
                if apart.is_nan() || apart > allowed {
                    return Err(format!("apart by {apart:.1e} after iteration {i} on {m}×{n} rank {rank} from {init}"));
                }
                worst = worst.max(apart);
            }
        }
    }
    Ok(format!("apart by {worst:.1e} in 4 iterations"))
}

/// How far the model of the first iterations in single precision may be from that in double: systems that are not well
/// conditioned amplify its ε of 1e-7.
const SINGLE: f64 = 1e-2;

pub(super) fn precision(subject: &Subject<'_>) -> Finding {
    let matrix = subject.noisy(40, 30, 5, false, 1);
    let start = random_start(&matrix, 5, 1);
    let double = subject.path(&matrix, &start, 5)?;
    let single: Matrix<f32> = matrix.convert();
    let mut path: Vec<Factors<f64>> = vec![];
    subject.walk(&problem(&single, 5), &start.convert(), 5, |s| {
        path.push(s.factors.convert());
        false
    })?;
    let apart = double.iter().zip(&path).map(|(d, s)| model_distance(d, s)).fold(0.0, f64::max);
    if apart.is_nan() || apart > SINGLE {
        return Err(format!("apart by {apart:.1e} in 5 iterations"));
    }
    for scale in [1e-15, 1.0, 255.0, 1e12] {
        let noisy = cases::noisy(9, 8, 3, true, 9);
        let double = subject.matrix(Mat::from_fn(9, 8, |i, j| scale * noisy[(i, j)]))?;
        let (single, shapes) = (double.convert::<f32>(), [(double.nrows(), 4), (double.ncols(), 4)]);
        for init in Init::ALL {
            let Some(start) = self::start(init, &double, 4, 9) else { continue };
            let run = subject.run(&problem(&single, 4), &start.convert(), 50);
            let wrong = run.path.iter().find_map(|(f, floors)| infeasible(f, shapes, bounds(*floors)));
            if let Some(wrong) = wrong {
                return Err(format!("{wrong} from {init} on entries near {scale:e}"));
            }
        }
    }
    Ok(format!("apart by {apart:.1e} in 5 iterations"))
}

pub(super) fn threads(subject: &Subject<'_>) -> Finding {
    // Large enough that the products are divided.
    let matrix = subject.matrix(uniform(300, 260, &mut Stream::of(7, "threads")))?;
    let start = random_start(&matrix, 8, 7);
    let go = |threads| {
        let mut last = start.clone();
        subject.walk(&problem(&matrix, 8).with_threads(threads), &start, 5, |s| {
            last = s.factors.clone();
            false
        })?;
        Ok::<_, String>(last)
    };
    let (one, two, again) = (go(1)?, go(2)?, go(2)?);
    let apart = factor_distance(&one, &two);
    if apart.is_nan() || apart > 1e-10 {
        return Err(format!("two threads are apart from one by {apart:.1e}"));
    }
    if two.fingerprint() != again.fingerprint() {
        return Err("two threads give other bits the second time".into());
    }
    Ok(if one.fingerprint() == two.fingerprint() { "the same bits".into() } else { format!("apart by {apart:.1e}") })
}
