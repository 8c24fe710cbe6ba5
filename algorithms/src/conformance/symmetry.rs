//! What a method must not see: the unit of A, the names of the components, which way A lies.

use super::cases::{distance, entries, factor_distance};
use super::subject::{Finding, Subject, random_start};
use crate::matrix::Matrix;
use crate::problem::Factors;
use faer::Mat;

/// Paths that should be the same agree to this; rounding differs, and iterations amplify it.
const SAME: f64 = 1e-9;

/// The largest of the distances, or the first that is too large.
fn agree(distances: impl Iterator<Item = f64>, what: &str) -> Result<f64, String> {
    let mut worst = 0.0_f64;
    for (i, apart) in distances.enumerate() {
        if apart.is_nan() || apart > SAME {
            return Err(format!("{what}: apart by {apart:.1e} after iteration {i}"));
        }
        worst = worst.max(apart);
    }
    Ok(worst)
}

pub(super) fn scale(subject: &Subject<'_>) -> Finding {
    let matrix = subject.noisy(17, 11, 4, true, 4);
    let start = random_start(&matrix, 4, 4);
    let plain = subject.path(&matrix, &start, 30)?;
    let times = |x: &Mat<f64>, by: f64| Mat::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] * by);
    let scaled = |f: &Factors<f64>, by| Factors { w: times(&f.w, by), ht: times(&f.ht, by) };
    let mut worst = 0.0_f64;
    for power in [1, 5, -4, -10] {
        // Every operation is then the same but for the exponent.
        let by = 2.0_f64.powi(power);
        let matrix = Matrix::dense(times(&entries(&matrix), by * by)).map_err(|e| e.to_string())?;
        let path = subject.path(&matrix, &scaled(&start, by), 30)?;
        let distances = plain.iter().zip(&path).map(|(p, f)| factor_distance(&scaled(p, by), f));
        worst = worst.max(agree(distances, &format!("c = 4^{power}"))?);
    }
    Ok(format!("c = 4, 4^5, 4^-4, 4^-10: apart by {worst:.1e}"))
}

pub(super) fn permutation(subject: &Subject<'_>) -> Finding {
    let matrix = subject.noisy(17, 11, 4, false, 5);
    let start = random_start(&matrix, 4, 5);
    let permuted = |f: &Factors<f64>| {
        let swap = |x: &Mat<f64>| Mat::from_fn(x.nrows(), 4, |i, j| x[(i, [2, 0, 3, 1][j])]);
        Factors { w: swap(&f.w), ht: swap(&f.ht) }
    };
    let (plain, path) = (subject.path(&matrix, &start, 20)?, subject.path(&matrix, &permuted(&start), 20)?);
    let distances = plain.iter().zip(&path).map(|(p, f)| factor_distance(&permuted(p), f));
    agree(distances, "components renamed").map(|worst| format!("apart by {worst:.1e}"))
}

pub(super) fn transposition(subject: &Subject<'_>) -> Finding {
    let matrix = subject.noisy(17, 11, 4, true, 3);
    let transposed = Matrix::dense(entries(&matrix).transpose().to_owned()).map_err(|e| e.to_string())?;
    let start = random_start(&matrix, 4, 3);
    let swapped = Factors { w: start.ht.clone(), ht: start.w.clone() };
    let ordered = subject.takes("first");
    let first = |factor: &str| if ordered { subject.with("first", factor) } else { subject.again() };
    let (one, other) = (first("w")?.path(&matrix, &start, 30)?, first("h")?.path(&transposed, &swapped, 30)?);
    let distances = one.iter().zip(&other).map(|(a, b)| distance(&a.w, &b.ht).max(distance(&a.ht, &b.w)));
    agree(distances, "A transposed").map(|worst| format!("apart by {worst:.1e}"))
}
