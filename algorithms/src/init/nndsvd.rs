//! Nonnegative double singular value decomposition. Boutsidis & Gallopoulos, Pattern Recognition 41 (2008): each
//! singular pair (u, v) is split into u⁺v⁺ᵀ + u⁻v⁻ᵀ and the part with the larger ‖u±‖·‖v±‖ becomes a component.

use super::leading::{Triplets, leading};
use crate::problem::{Factors, InvalidProblem, Problem, Shape};
use crate::random::{Key, Stream};
use faer::Mat;

/// What stands in the place of zeros.
pub(super) enum Fill<'a> {
    Zero,
    /// mean(A).
    Mean,
    /// U(0, 1)·mean(A)/100, drawn for each entry of both factors.
    Random(&'a Key),
}

pub(super) fn start(problem: &Problem<'_, f64>, fill: Fill<'_>) -> Result<Factors<f64>, InvalidProblem> {
    let Shape { m, n, rank } = problem.shape();
    let Triplets { u, s, v } = leading(problem.matrix, rank, problem.par)?;
    let mut factors = Factors { w: Mat::zeros(m, rank), ht: Mat::zeros(n, rank) };
    for l in 0..rank {
        let (w, h) = (factors.w.col_as_slice_mut(l), factors.ht.col_as_slice_mut(l));
        let (u, v) = (u.col(l), v.col(l));
        // Relative to the first one, a singular value at rounding level is a zero: its vectors are noise.
        if s[l] <= s[0] * f64::EPSILON * crate::matrix::count(m.max(n)) {
            continue;
        }
        if l == 0 {
            // Perron–Frobenius: the leading pair has one sign.
            let root = s[0].sqrt();
            w.iter_mut().zip(u.iter()).for_each(|(w, u)| *w = root * u.abs());
            h.iter_mut().zip(v.iter()).for_each(|(h, v)| *h = root * v.abs());
            continue;
        }
        let (plus_u, minus_u) = part_norms(u.iter());
        let (plus_v, minus_v) = part_norms(v.iter());
        // (u, v) and (−u, −v) are the same pair; the larger product does not depend on which one came, and a tie is
        // broken by the sign of the largest entry of u, so that the result does not depend on the platform.
        let (plus, minus) = (plus_u * plus_v, minus_u * minus_v);
        let tie = (plus - minus).abs() <= 1e-10 * plus.max(minus);
        let positive = if tie { largest_is_positive(u.iter()) } else { plus > minus };
        let (sign, product, norm_u, norm_v) =
            if positive { (1.0, plus, plus_u, plus_v) } else { (-1.0, minus, minus_u, minus_v) };
        if product > 0.0 {
            let root = (s[l] * product).sqrt();
            w.iter_mut().zip(u.iter()).for_each(|(w, u)| *w = root * (sign * u).max(0.0) / norm_u);
            h.iter_mut().zip(v.iter()).for_each(|(h, v)| *h = root * (sign * v).max(0.0) / norm_v);
        }
    }
    let mean = problem.matrix.mean();
    for (x, factor) in [(&mut factors.w, 0), (&mut factors.ht, 1)] {
        match fill {
            Fill::Zero => {}
            Fill::Mean => fill_zeros(x, |_| Box::new(move || mean)),
            Fill::Random(key) => fill_zeros(x, |i| {
                let mut stream = Stream::new(key, 2 * i + factor);
                Box::new(move || 0.01 * mean * stream.uniform())
            }),
        }
    }
    Ok(factors)
}

/// Replaces zeros, row by row, by what the row's own source gives; a row draws as often as it has entries.
fn fill_zeros(x: &mut Mat<f64>, source: impl Fn(u64) -> Box<dyn FnMut() -> f64>) {
    for i in 0..x.nrows() {
        let mut next = source(i as u64);
        for j in 0..x.ncols() {
            let value = next();
            if x[(i, j)] == 0.0 {
                x[(i, j)] = value;
            }
        }
    }
}

/// ‖x⁺‖ and ‖x⁻‖.
fn part_norms<'a>(x: impl Iterator<Item = &'a f64>) -> (f64, f64) {
    let (plus, minus) = x.fold((0.0, 0.0), |(p, m), x| if *x > 0.0 { (p + x * x, m) } else { (p, m + x * x) });
    (plus.sqrt(), minus.sqrt())
}

fn largest_is_positive<'a>(x: impl Iterator<Item = &'a f64>) -> bool {
    let mut largest = 0.0_f64;
    for x in x {
        if x.abs() > largest.abs() * (1.0 + 1e-10) {
            largest = *x;
        }
    }
    largest > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::measure::Evaluator;
    use crate::random::key;
    use faer::Par;

    fn data(m: usize, n: usize) -> Matrix<f64> {
        let mut rng = Stream::of(5, "nndsvd test");
        Matrix::dense(Mat::from_fn(m, n, |_, _| rng.uniform())).expect("valid")
    }

    fn zeros(x: &Mat<f64>) -> usize {
        x.col_iter().map(|c| c.iter().filter(|v| **v == 0.0).count()).sum()
    }

    #[test]
    fn rank_one_is_the_truncated_svd() {
        // For rank 1 the leading pair itself is nonnegative, so the start is the best rank-one approximation.
        let matrix = data(9, 6);
        let problem = Problem::new(&matrix, 1, key(0, "")).expect("valid");
        let f = start(&problem, Fill::Zero).expect("a start");
        let look = Evaluator::new(&matrix, &f, Par::Seq).look(&f, (0.0, 0.0));
        let s = matrix.to_dense().singular_values().expect("converges");
        let best: f64 = s[1..].iter().map(|s| s * s).sum();
        assert!((2.0 * look.objective - best).abs() < 1e-10 * best, "{look:?}");
    }

    #[test]
    fn zeros_stay_are_averaged_or_drawn() {
        let matrix = data(9, 6);
        let problem = Problem::new(&matrix, 4, key(0, "")).expect("valid");
        let plain = start(&problem, Fill::Zero).expect("a start");
        assert!(zeros(&plain.w) > 0 && zeros(&plain.ht) > 0);
        let mean = start(&problem, Fill::Mean).expect("a start");
        let drawn = start(&problem, Fill::Random(&key(3, "fill"))).expect("a start");
        let mut fills = vec![];
        for ((p, a), r) in [(&plain.w, &mean.w), (&plain.ht, &mean.ht)].into_iter().zip([&drawn.w, &drawn.ht]) {
            for j in 0..4 {
                for i in 0..p.nrows() {
                    if p[(i, j)] == 0.0 {
                        assert!((a[(i, j)] - matrix.mean()).abs() < 1e-15);
                        assert!(r[(i, j)] > 0.0 && r[(i, j)] < matrix.mean() / 100.0);
                        fills.push(r[(i, j)]);
                    } else {
                        assert_eq!((a[(i, j)], r[(i, j)]), (p[(i, j)], p[(i, j)]));
                    }
                }
            }
        }
        fills.sort_by(f64::total_cmp);
        fills.dedup();
        assert_eq!(fills.len(), zeros(&plain.w) + zeros(&plain.ht), "each zero has a draw of its own");
    }

    #[test]
    fn a_sparse_matrix_starts_as_the_same_dense_one() {
        let mut rng = Stream::of(6, "nndsvd test");
        let a = Mat::from_fn(80, 50, |_, _| if rng.uniform() < 0.15 { rng.uniform() } else { 0.0 });
        let (mut starts, mut rows, mut values) = (vec![0], vec![], vec![]);
        for j in 0..50 {
            rows.extend(0..80);
            values.extend_from_slice(a.col_as_slice(j));
            starts.push(rows.len());
        }
        let sparse = Matrix::Sparse(crate::Sparse::from_csc(80, 50, starts, rows, values).expect("valid"));
        let dense = Matrix::dense(a).expect("valid");
        let fills: [fn() -> Fill<'static>; 2] = [|| Fill::Zero, || Fill::Mean];
        for fill in fills {
            let go = |matrix: &Matrix<f64>| {
                let problem = Problem::new(matrix, 6, key(0, "")).expect("valid");
                start(&problem, fill()).expect("a start")
            };
            let (expected, found) = (go(&dense), go(&sparse));
            let worst = (&expected.w - &found.w).norm_max().max((&expected.ht - &found.ht).norm_max());
            assert!(worst < 1e-8, "{worst:e}");
        }
    }

    #[test]
    fn exact_low_rank_data_give_zero_components_not_noise() {
        let (x, y) = (data(8, 2).to_dense(), data(5, 2).to_dense());
        let matrix = Matrix::dense(&x * y.transpose()).expect("valid");
        let problem = Problem::new(&matrix, 4, key(0, "")).expect("valid");
        let f = start(&problem, Fill::Zero).expect("a start");
        assert!((2..4).all(|l| f.w.col_as_slice(l).iter().all(|v| *v == 0.0)));
        assert!(f.w.is_all_finite() && f.ht.is_all_finite());
    }
}
