//! How near the columns of W come to the parts that the data were made of.

use super::assignment::assign;
use crate::data::Part;
use faer::Mat;
use nmfbench_algorithms::Factors;

/// See the fields of the same name of [`crate::results::scores::Scores`].
pub(super) struct Recovery {
    pub(super) recovery: f64,
    pub(super) recovery_least: f64,
    pub(super) recovery_h: f64,
    pub(super) angle: f64,
    pub(super) angle_greatest: f64,
    pub(super) amari: f64,
}

/// Holds W (m×k) and H against the parts that are not zero; None where there is none of m values.
pub(super) fn recover(factors: &Factors<f64>, parts: &[Part]) -> Option<Recovery> {
    let m = factors.w.nrows();
    let parts: Vec<&Part> = parts.iter().filter(|part| part.values.len() == m && norm(&part.values) > 0.0).collect();
    if parts.is_empty() {
        return None;
    }
    let found: Vec<&[f64]> = (0..factors.rank()).map(|l| factors.w.col_as_slice(l)).collect();
    let cosines: Vec<Vec<f64>> =
        parts.iter().map(|part| found.iter().map(|w| cosine(&part.values, w)).collect()).collect();
    let given = assign(&cosines);
    // A part for which no column is left is not found at all.
    let matched: Vec<f64> = given.iter().zip(&cosines).map(|(l, row)| l.map_or(0.0, |l| row[l])).collect();
    let angles: Vec<f64> = matched.iter().map(|c| c.clamp(-1.0, 1.0).acos().to_degrees()).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let n = factors.ht.nrows();
    let activated = parts.iter().all(|part| part.activations.len() == n);
    let rows: Vec<f64> = given
        .iter()
        .zip(&parts)
        .filter(|_| activated)
        .map(|(l, part)| l.map_or(0.0, |l| cosine(&part.activations, factors.ht.col_as_slice(l))))
        .collect();
    Some(Recovery {
        recovery: mean(&matched),
        recovery_least: matched.iter().copied().fold(f64::INFINITY, f64::min),
        recovery_h: if activated { mean(&rows) } else { f64::NAN },
        angle: mean(&angles),
        angle_greatest: angles.iter().copied().fold(0.0, f64::max),
        amari: amari(&found, &parts.iter().map(|part| &part.values[..]).collect::<Vec<_>>()),
    })
}

/// 0 when each true column is a multiple of one found column and the other way round, 1 at worst: with P = W⁺·T, both
/// with columns of norm 1, the mean over rows of (Σ|p|/max|p| − 1)/(r − 1), averaged with the same over columns (Amari,
/// Cichocki & Yang 1996, for any two numbers of columns).
fn amari(found: &[&[f64]], truth: &[&[f64]]) -> f64 {
    let unit = |columns: &[&[f64]]| {
        let norms: Vec<f64> = columns.iter().map(|c| norm(c)).collect();
        let scale = |l: usize| if norms[l] > 0.0 { 1.0 / norms[l] } else { 0.0 };
        Mat::from_fn(columns[0].len(), columns.len(), |i, l| columns[l][i] * scale(l))
    };
    let (w, t) = (unit(found), unit(truth));
    let Ok(svd) = w.thin_svd() else { return f64::NAN };
    let (u, s, v) = (svd.U(), svd.S().column_vector(), svd.V());
    let cut = if s.nrows() > 0 { 1e-12 * s[0] } else { 0.0 };
    let mut inner = u.transpose() * &t;
    for l in 0..inner.nrows() {
        let inverse = if s[l] > cut { 1.0 / s[l] } else { 0.0 };
        (0..inner.ncols()).for_each(|j| inner[(l, j)] *= inverse);
    }
    let p = v * &inner;
    let (k, r) = (p.nrows(), p.ncols());
    let spread = |values: &mut dyn Iterator<Item = f64>, count: usize| {
        let (mut sum, mut most) = (0.0, 0.0);
        values.for_each(|x| (sum, most) = (sum + x, f64::max(most, x)));
        match count {
            1 => 0.0,
            // A component that takes part in nothing is as far from a permutation as can be.
            _ if most <= 0.0 => 1.0,
            _ => (sum / most - 1.0) / (count - 1) as f64,
        }
    };
    let rows: f64 = (0..k).map(|l| spread(&mut (0..r).map(|j| p[(l, j)].abs()), r)).sum::<f64>() / k as f64;
    let columns: f64 = (0..r).map(|j| spread(&mut (0..k).map(|l| p[(l, j)].abs()), k)).sum::<f64>() / r as f64;
    0.5 * (rows + columns)
}

/// ⟨a, b⟩ / (‖a‖‖b‖); 0 where one of them is 0.
fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let size = norm(a) * norm(b);
    if size > 0.0 { a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / size } else { 0.0 }
}

pub(super) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::mat;

    fn part(values: &[f64], activations: &[f64]) -> Part {
        Part { name: String::new(), values: values.to_vec(), activations: activations.to_vec() }
    }

    #[test]
    fn order_and_scale_do_not_matter() {
        let parts = [part(&[1.0, 0.0, 1.0], &[1.0, 2.0]), part(&[0.0, 3.0, 0.0], &[0.0, 1.0])];
        let factors = Factors { w: mat![[0.0, 2.0], [5.0, 0.0], [0.0, 2.0]], ht: mat![[0.0, 3.0], [9.0, 6.0]] };
        let told = recover(&factors, &parts).expect("parts");
        let all = [told.recovery, told.recovery_least, told.recovery_h, 1.0 + told.amari];
        assert!(all.iter().all(|x| (x - 1.0).abs() < 1e-14), "{all:?}");
        // An angle knows half of the digits of its cosine.
        assert!(told.angle < 1e-5 && told.angle_greatest < 1e-5);
    }

    #[test]
    fn a_part_that_is_missed_counts_as_90_degrees() {
        // The one column found lies at 45° between two parts and stands for the first of them, or the second.
        let parts = [part(&[1.0, 0.0], &[]), part(&[0.0, 1.0], &[])];
        let factors = Factors { w: mat![[1.0], [1.0]], ht: mat![[1.0]] };
        let told = recover(&factors, &parts).expect("parts");
        let half = std::f64::consts::FRAC_1_SQRT_2;
        assert!((told.recovery - half / 2.0).abs() < 1e-15 && told.recovery_least.abs() < 1e-15);
        assert!((told.angle - 67.5).abs() < 1e-12 && (told.angle_greatest - 90.0).abs() < 1e-12);
        // P = W⁺T = (1/√2, 1/√2): the row is spread over both, the columns have one entry.
        assert!((told.amari - 0.5).abs() < 1e-14 && told.recovery_h.is_nan());
        assert!(recover(&factors, &[]).is_none() && recover(&factors, &[part(&[0.0, 0.0], &[])]).is_none());
    }

    #[test]
    fn a_column_of_zeros_is_nothing() {
        let parts = [part(&[1.0, 0.0], &[]), part(&[0.0, 1.0], &[])];
        let factors = Factors { w: mat![[1.0, 0.0], [0.0, 0.0]], ht: mat![[1.0, 1.0]] };
        let told = recover(&factors, &parts).expect("parts");
        assert!((told.recovery - 0.5).abs() < 1e-15 && (told.angle - 45.0).abs() < 1e-12);
        // P = [1 0; 0 0]: rows 0 and 1, columns 0 and 1.
        assert!((told.amari - 0.5).abs() < 1e-14);
    }
}
