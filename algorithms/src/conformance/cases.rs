//! Small problems with known properties, for this suite and other tests.

use crate::matrix::Matrix;
use crate::problem::Factors;
use crate::random::Stream;
use crate::sparse::Sparse;
use faer::{Mat, mat};

/// Entries uniform on (0, 1).
pub fn uniform(rows: usize, cols: usize, stream: &mut Stream) -> Mat<f64> {
    Mat::from_fn(rows, cols, |_, _| stream.uniform())
}

/// Like [`uniform`], with this share of the entries set to zero.
pub fn with_zeros(rows: usize, cols: usize, share: f64, stream: &mut Stream) -> Mat<f64> {
    Mat::from_fn(rows, cols, |_, _| if stream.uniform() < share { 0.0 * stream.uniform() } else { stream.uniform() })
}

/// Noise over a planted product, a tenth of the entries zero; row 2 and column 1 all zero where asked for.
#[must_use]
pub fn noisy(m: usize, n: usize, rank: usize, empty_lines: bool, seed: u64) -> Mat<f64> {
    let mut stream = Stream::of(seed, "test data");
    let planted = with_zeros(m, rank, 0.4, &mut stream) * with_zeros(rank, n, 0.4, &mut stream);
    let (noise, mask) = (uniform(m, n, &mut stream), uniform(m, n, &mut stream));
    Mat::from_fn(m, n, |i, j| {
        let zero = mask[(i, j)] < 0.1 || (empty_lines && (i == 2 || j == 1));
        if zero { 0.0 } else { planted[(i, j)] + 0.2 * noise[(i, j)] }
    })
}

/// Factors of which each component has a row of W and a column of H to itself: no others have that product, but for the
/// order and the scale of the components.
#[must_use]
pub fn separable(m: usize, n: usize, rank: usize, seed: u64) -> Factors<f64> {
    let mut stream = Stream::of(seed, "separable");
    let mut factor = |rows: usize| {
        let x = with_zeros(rows, rank, 0.5, &mut stream);
        Mat::from_fn(rows, rank, |i, j| if i < rank { f64::from(u8::from(i == j)) } else { x[(i, j)] })
    };
    Factors { w: factor(m), ht: factor(n) }
}

/// The example of Laurberg et al., "Theorems on positive data: on the uniqueness of NMF", Computational Intelligence and
/// Neuroscience (2008): W·Wᵀ (6×6) has no other factorisation of rank 3, but for order and scale.
#[must_use]
pub fn laurberg() -> Mat<f64> {
    let a = 0.3;
    mat![[a, 1.0, 0.0], [1.0, a, 0.0], [0.0, a, 1.0], [0.0, 1.0, a], [1.0, 0.0, a], [a, 0.0, 1.0]]
}

/// W·H.
#[must_use]
pub fn product(f: &Factors<f64>) -> Mat<f64> {
    &f.w * f.ht.transpose()
}

/// The same matrix in sparse storage, without its zeros.
///
/// # Panics
/// When an entry is negative or not finite.
#[must_use]
pub fn sparse(a: &Mat<f64>) -> Matrix<f64> {
    let (mut starts, mut rows, mut kept) = (vec![0], vec![], vec![]);
    for j in 0..a.ncols() {
        for (i, value) in a.col_as_slice(j).iter().enumerate().filter(|(_, value)| **value != 0.0) {
            rows.push(u32::try_from(i).expect("a small matrix"));
            kept.push(*value);
        }
        starts.push(rows.len());
    }
    Matrix::Sparse(Sparse::from_csc(a.nrows(), a.ncols(), starts, rows, kept).expect("a valid matrix"))
}

/// All entries.
#[must_use]
pub fn entries(matrix: &Matrix<f64>) -> Mat<f64> {
    let mut all = Mat::zeros(matrix.nrows(), matrix.ncols());
    matrix.copy_block(0, 0, all.as_mut());
    all
}

/// max |x − y| / max |x|.
#[must_use]
pub fn distance(x: &Mat<f64>, y: &Mat<f64>) -> f64 {
    let largest = x.norm_max();
    (x - y).norm_max() / if largest > 0.0 { largest } else { 1.0 }
}

/// The larger [`distance`] of the two factors.
#[must_use]
pub fn factor_distance(x: &Factors<f64>, y: &Factors<f64>) -> f64 {
    distance(&x.w, &y.w).max(distance(&x.ht, &y.ht))
}

/// ‖XY − X'Y'‖_F / ‖XY‖_F of two pairs.
#[must_use]
pub fn model_distance(x: &Factors<f64>, y: &Factors<f64>) -> f64 {
    let (x, y) = (product(x), product(y));
    let norm = x.norm_l2();
    (&x - &y).norm_l2() / if norm > 0.0 { norm } else { 1.0 }
}
