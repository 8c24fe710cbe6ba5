//! The leading singular triplets of A: from all of a small dense matrix, else by products with A alone.
//!
//! The second way is a block Krylov iteration with restarts (after Musco & Musco, "Randomized block Krylov methods for
//! stronger and faster approximate singular value decomposition", NIPS 2015): from a block X of right vectors it spans
//! [X, CX, C²X, …] with C = AᵀA, takes the singular triplets of A restricted to that space, and goes on from the leading
//! ones until each of the k wanted satisfies ‖Aᵀu − σv‖ ≤ 1e-11·σ₁ (Av = σu holds by construction). The first block is
//! drawn from a fixed seed, so that the result depends on A and k alone.

use crate::kernels::{column_mut, dot_slices};
use crate::matrix::Matrix;
use crate::problem::InvalidProblem;
use crate::random::Stream;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// A dense matrix with a shorter side than this is decomposed as a whole.
const WHOLE: usize = 1000;
/// Blocks of the Krylov space.
const BLOCKS: usize = 5;
/// Restarts before the iteration is given up.
const RESTARTS: usize = 500;
/// ‖Aᵀu − σv‖ at the end, in units of σ₁.
const TOLERANCE: f64 = 1e-11;
/// What is left of a vector beside a basis, relative to its length before, when it lies in its span.
const INSIDE: f64 = 1e-13;

/// σ₁ ≥ … ≥ σ_k with their vectors in the columns of U (m×k) and V (n×k); triplets beyond the rank of A are zero.
pub(super) struct Triplets {
    pub(super) u: Mat<f64>,
    pub(super) s: Vec<f64>,
    pub(super) v: Mat<f64>,
}

/// The k leading triplets of A, k ≤ min(m, n).
pub(super) fn leading(matrix: &Matrix<f64>, k: usize, par: Par) -> Result<Triplets, InvalidProblem> {
    match matrix {
        Matrix::Dense(a) if a.nrows().min(a.ncols()) <= WHOLE => {
            let svd = a.to_mat().thin_svd().map_err(|_| InvalidProblem::Svd)?;
            let (u, v) = (svd.U().subcols(0, k).to_owned(), svd.V().subcols(0, k).to_owned());
            Ok(Triplets { u, s: svd.S().column_vector().iter().take(k).copied().collect(), v })
        }
        _ => iterate(matrix, k, par),
    }
}

fn iterate(matrix: &Matrix<f64>, k: usize, par: Par) -> Result<Triplets, InvalidProblem> {
    let (m, n) = (matrix.nrows(), matrix.ncols());
    let most = m.min(n);
    let block = (k + (k / 2).max(8)).min(most);
    let mut stream = Stream::of(0, "leading triplets");
    let drawn = Mat::from_fn(m, block, |_, _| stream.uniform() - 0.5);
    // In the row space of A, which as many vectors as A's shorter side span.
    let mut first = Mat::zeros(n, block);
    matrix.transpose_times(first.as_mut(), drawn.as_ref(), par);
    for _ in 0..RESTARTS {
        let (basis, image) = krylov(matrix, &first, (BLOCKS * block).min(most), par);
        let found = restricted(&basis, &image)?;
        let wanted = k.min(found.s.len());
        // A space as large as A's shorter side, or one that A maps into itself, leaves a residual of rounding.
        if wanted == 0 || residual(matrix, &found, wanted, par) <= TOLERANCE * found.s[0] {
            return Ok(found.resized(k));
        }
        let columns = block.min(found.s.len());
        first = found.v.subcols(0, columns).to_owned();
    }
    Err(InvalidProblem::Svd)
}

/// An orthonormal basis V of the space of the first block, with as many columns at most, and A·V.
fn krylov(matrix: &Matrix<f64>, first: &Mat<f64>, most: usize, par: Par) -> (Mat<f64>, Mat<f64>) {
    let (m, n) = (matrix.nrows(), matrix.ncols());
    let (mut basis, mut image) = (Mat::zeros(n, most), Mat::zeros(m, most));
    let (mut from, mut to) = (0, extend(&mut basis, 0, first.as_ref()));
    loop {
        let columns = to - from;
        if columns == 0 {
            return (basis.subcols(0, to).to_owned(), image.subcols(0, to).to_owned());
        }
        let mut part = Mat::zeros(m, columns);
        matrix.times(part.as_mut(), basis.subcols(from, columns).to_owned().as_ref(), par);
        image.subcols_mut(from, columns).copy_from(&part);
        if to == most {
            return (basis.subcols(0, to).to_owned(), image.subcols(0, to).to_owned());
        }
        let mut next = Mat::zeros(n, columns);
        matrix.transpose_times(next.as_mut(), part.as_ref(), par);
        from = to;
        to += extend(&mut basis, to, next.as_ref());
    }
}

/// Adds to the first `count` columns of an orthonormal basis what the block has beside them, as far as there is room;
/// how many columns that gave.
fn extend(basis: &mut Mat<f64>, count: usize, block: MatRef<'_, f64>) -> usize {
    let mut block = block.to_owned();
    let before: Vec<f64> = (0..block.ncols()).map(|j| norm(block.col_as_slice(j))).collect();
    // Twice: what the first time leaves behind in rounding is large beside a short remainder.
    for _ in 0..2 {
        let known = basis.subcols(0, count);
        let mut inside = Mat::zeros(count, block.ncols());
        matmul(inside.as_mut(), Accum::Replace, known.transpose(), block.as_ref(), 1.0, Par::Seq);
        matmul(block.as_mut(), Accum::Add, known, inside.as_ref(), -1.0, Par::Seq);
    }
    let mut added = 0;
    for (j, before) in before.into_iter().enumerate() {
        if count + added == basis.ncols() {
            break;
        }
        let mut vector = block.col_as_slice(j).to_vec();
        let mut inside = norm(&vector) <= INSIDE * before;
        for _ in 0..2 {
            for l in if inside { 0..0 } else { 0..count + added } {
                let known = basis.col_as_slice(l);
                let along = dot_slices(known, &vector);
                vector.iter_mut().zip(known).for_each(|(x, y)| *x -= along * y);
            }
            let length = norm(&vector);
            inside |= length <= INSIDE * before || !length.is_finite();
            vector.iter_mut().for_each(|x| *x /= length);
        }
        if !inside {
            column_mut(basis.as_mut(), count + added).copy_from_slice(&vector);
            added += 1;
        }
    }
    added
}

/// The singular triplets of A·V·Vᵀ for an orthonormal V, given A·V.
fn restricted(basis: &Mat<f64>, image: &Mat<f64>) -> Result<Triplets, InvalidProblem> {
    let mut left = Mat::zeros(image.nrows(), image.ncols());
    let rank = extend(&mut left, 0, image.as_ref());
    let left = left.subcols(0, rank);
    let mut core = Mat::zeros(rank, image.ncols());
    matmul(core.as_mut(), Accum::Replace, left.transpose(), image, 1.0, Par::Seq);
    if rank == 0 {
        return Ok(Triplets { u: Mat::zeros(image.nrows(), 0), s: vec![], v: Mat::zeros(basis.nrows(), 0) });
    }
    let svd = core.thin_svd().map_err(|_| InvalidProblem::Svd)?;
    let (mut u, mut v) = (Mat::zeros(image.nrows(), rank), Mat::zeros(basis.nrows(), rank));
    matmul(u.as_mut(), Accum::Replace, left, svd.U().subcols(0, rank), 1.0, Par::Seq);
    matmul(v.as_mut(), Accum::Replace, basis, svd.V().subcols(0, rank), 1.0, Par::Seq);
    Ok(Triplets { u, s: svd.S().column_vector().iter().take(rank).copied().collect(), v })
}

/// The largest ‖Aᵀu − σv‖ of the first triplets.
fn residual(matrix: &Matrix<f64>, found: &Triplets, count: usize, par: Par) -> f64 {
    let mut back = Mat::zeros(matrix.ncols(), count);
    matrix.transpose_times(back.as_mut(), found.u.subcols(0, count).to_owned().as_ref(), par);
    let of = |l: usize| {
        let pairs = back.col_as_slice(l).iter().zip(found.v.col_as_slice(l));
        pairs.map(|(b, v)| (b - found.s[l] * v).powi(2)).sum::<f64>().sqrt()
    };
    (0..count).map(of).fold(0.0, f64::max)
}

impl Triplets {
    /// The first k, zeros where there are fewer.
    fn resized(mut self, k: usize) -> Self {
        let there = self.s.len();
        self.s.resize(k, 0.0);
        let fit = |x: &Mat<f64>| Mat::from_fn(x.nrows(), k, |i, l| if l < there { x[(i, l)] } else { 0.0 });
        Triplets { u: fit(&self.u), v: fit(&self.v), s: self.s }
    }
}

fn norm(x: &[f64]) -> f64 {
    dot_slices(x, x).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparse::Sparse;

    fn random(rows: usize, cols: usize, kept: f64, seed: u64) -> Mat<f64> {
        let mut stream = Stream::of(seed, "leading test");
        Mat::from_fn(rows, cols, |_, _| if stream.uniform() < kept { stream.uniform() } else { 0.0 * stream.uniform() })
    }

    fn sparse(a: &Mat<f64>) -> Matrix<f64> {
        let (mut starts, mut rows, mut values) = (vec![0], vec![], vec![]);
        for j in 0..a.ncols() {
            for (i, v) in a.col_as_slice(j).iter().enumerate() {
                rows.push(u32::try_from(i).expect("small"));
                values.push(*v);
            }
            starts.push(rows.len());
        }
        Matrix::Sparse(Sparse::from_csc(a.nrows(), a.ncols(), starts, rows, values).expect("valid"))
    }

    /// The worst of |σ − σ'|/σ₁ and of the vectors' differences, up to their common sign.
    fn apart(found: &Triplets, exact: &Triplets) -> (f64, f64) {
        let values = found.s.iter().zip(&exact.s).map(|(f, e)| (f - e).abs() / exact.s[0]).fold(0.0, f64::max);
        let vectors = (0..found.s.len()).map(|l| {
            let sign = dot_slices(found.u.col_as_slice(l), exact.u.col_as_slice(l)).signum();
            let difference = |x: &Mat<f64>, y: &Mat<f64>| {
                let pairs = x.col_as_slice(l).iter().zip(y.col_as_slice(l));
                pairs.map(|(x, y)| (sign * x - y).abs()).fold(0.0, f64::max)
            };
            difference(&found.u, &exact.u).max(difference(&found.v, &exact.v))
        });
        (values, vectors.fold(0.0, f64::max))
    }

    #[test]
    fn the_iteration_agrees_with_the_whole_decomposition() {
        for (m, n, kept, k) in [(40, 25, 0.2, 3), (25, 40, 0.2, 25), (300, 200, 0.05, 6), (150, 600, 0.3, 10)] {
            let a = random(m, n, kept, m as u64);
            let exact = leading(&Matrix::dense(a.clone()).expect("valid"), k, Par::Seq).expect("converges");
            // As a sparse matrix, and as one that is dense and large would be.
            let dense = Matrix::dense(a.clone()).expect("valid");
            for found in [leading(&sparse(&a), k, Par::Seq), iterate(&dense, k, Par::Seq)] {
                let (values, vectors) = apart(&found.expect("converges"), &exact);
                assert!(values < 1e-12 && vectors < 1e-8, "{m}×{n}, k = {k}: {values:e}, {vectors:e}");
            }
        }
    }

    #[test]
    fn what_lies_beyond_the_rank_is_zero() {
        let a = random(60, 2, 0.5, 1) * random(2, 50, 0.5, 2);
        let found = leading(&sparse(&a), 4, Par::Seq).expect("converges");
        assert!(found.s[1] > 0.1 && found.s[2] <= 1e-12 * found.s[0], "{:?}", found.s);
        let none = leading(&sparse(&Mat::zeros(6, 5)), 2, Par::Seq).expect("converges");
        assert_eq!((none.s, none.u.shape(), none.v.shape()), (vec![0.0; 2], (6, 2), (5, 2)));
    }
}
