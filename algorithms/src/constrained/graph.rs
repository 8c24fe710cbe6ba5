//! The graph of nearest neighbours among the columns of A.

use crate::kernels::{column, column_mut, dot_slices};
use crate::matrix::{InvalidMatrix, Matrix, count};
use crate::real::Real;
use crate::sparse::Sparse;
use faer::prelude::*;
use faer::{Mat, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The weight of an edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Weighting {
    /// 1; neighbours by Euclidean distance.
    #[default]
    Binary,
    /// exp(−d²/σ), d being the Euclidean distance.
    Heat,
    /// The cosine of the angle, by which neighbours are found as well.
    Cosine,
}

/// Columns whose inner products with all others are formed at a time.
const WIDTH: usize = 64;

/// Passes over A that making a graph takes: for the norms, for copies of the columns, and for the products with these.
pub(super) fn passes<T: Real>(a: &Matrix<T>) -> f64 {
    2.0 + count(a.ncols().div_ceil(WIDTH))
}

/// The symmetric n×n matrix of edge weights: columns i and j are joined when either is among the p nearest of the other.
/// Of two equally near the first counts. `sigma` is in units of the mean squared distance of the edges.
///
/// # Errors
/// When the weights are out of the range of the scalar.
pub(super) fn neighbours<T: Real>(
    a: &Matrix<T>,
    p: usize,
    weighting: Weighting,
    sigma: f64,
    par: Par,
) -> Result<Sparse<T>, InvalidMatrix> {
    let mut edges = edges(a, p.min(a.ncols() - 1), weighting, par);
    // Both ends may have found an edge, with distances that differ by rounding: one of them is kept.
    edges.sort_unstable_by(|x, y| (x.0, x.1).cmp(&(y.0, y.1)).then(x.2.total_cmp(&y.2)));
    edges.dedup_by_key(|e| (e.0, e.1));
    let mean = edges.iter().map(|e| e.2).sum::<f64>() / count(edges.len().max(1));
    let weight = |distance: f64| match weighting {
        Weighting::Binary => 1.0,
        Weighting::Heat if mean > 0.0 => (-distance / (sigma * mean)).exp(),
        Weighting::Heat => 1.0,
        Weighting::Cosine => 1.0 - distance,
    };
    let n = a.ncols();
    let both = edges.iter().flat_map(|&(i, j, d)| [(i, j, d), (j, i, d)]);
    let mut starts = vec![0; n + 1];
    both.clone().for_each(|(_, j, _)| starts[j + 1] += 1);
    (0..n).for_each(|j| starts[j + 1] += starts[j]);
    let (mut next, mut rows) = (starts.clone(), vec![0_u32; 2 * edges.len()]);
    let mut values = vec![T::of(0.0); rows.len()];
    for (i, j, distance) in both {
        rows[next[j]] = u32::try_from(i).expect("as many columns as a sparse matrix may have");
        values[next[j]] = T::of(weight(distance).max(0.0));
        next[j] += 1;
    }
    Sparse::from_csc(n, n, starts, rows, values)
}

/// (i, j, distance) with i < j for each neighbour of each column: the squared distance, or 1 − cosine.
fn edges<T: Real>(a: &Matrix<T>, p: usize, weighting: Weighting, par: Par) -> Vec<(usize, usize, f64)> {
    let (m, n) = (a.nrows(), a.ncols());
    let (mut block, mut products) = (Mat::<T>::zeros(m, WIDTH.min(n)), Mat::<T>::zeros(n, WIDTH.min(n)));
    let mut squares = vec![0.0; n];
    for (j, square) in squares.iter_mut().enumerate() {
        let column = block.col_as_slice_mut(0);
        a.copy_column(j, column);
        *square = dot_slices(column, column);
    }
    let (mut edges, mut near) = (Vec::with_capacity(n * p), Vec::with_capacity(n));
    for from in (0..n).step_by(WIDTH) {
        let width = WIDTH.min(n - from);
        let mut columns = block.subcols_mut(0, width);
        (0..width).for_each(|l| a.copy_column(from + l, column_mut(columns.rb_mut(), l)));
        let mut inner = products.subcols_mut(0, width);
        a.transpose_times(inner.rb_mut(), columns.rb(), par);
        for l in 0..width {
            let j = from + l;
            let inner = column(inner.rb(), l);
            let distance = |i: usize| match weighting {
                Weighting::Cosine => {
                    let norms = (squares[i] * squares[j]).sqrt();
                    if norms > 0.0 { 1.0 - inner[i].to_f64() / norms } else { 1.0 }
                }
                _ => (squares[i] + squares[j] - 2.0 * inner[i].to_f64()).max(0.0),
            };
            near.clear();
            near.extend((0..n).filter(|i| *i != j).map(|i| (distance(i), i)));
            if p < near.len() {
                near.select_nth_unstable_by(p, |x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
            }
            edges.extend(near.iter().take(p).map(|&(d, i)| (i.min(j), i.max(j), d)));
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use faer::mat;

    fn graph(a: &Mat<f64>, p: usize, weighting: Weighting) -> Mat<f64> {
        let a = Matrix::dense(a.clone()).expect("valid");
        neighbours(&a, p, weighting, 1.0, Par::Seq).expect("in range").to_mat()
    }

    /// Points 0, 1, 3 and 8 on a line: the nearest of each is 1, 0, 1 and 3 (by number 1, 0, 1, 2).
    #[test]
    fn neighbours_by_hand() {
        let line = mat![[0.0, 1.0, 3.0, 8.0]];
        let expected = mat![[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]];
        assert_eq!(graph(&line, 1, Weighting::Binary), expected);
        // Squared distances 1, 4 and 25 have the mean 10.
        let heat = graph(&line, 1, Weighting::Heat);
        assert!((heat[(1, 0)] - (-0.1_f64).exp()).abs() < 1e-15 && (heat[(2, 3)] - (-2.5_f64).exp()).abs() < 1e-15);
        // Angles: (1 0), (1 1), (0 1): the one in the middle is the nearest of both others.
        let cosine = graph(&mat![[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], 1, Weighting::Cosine);
        let half = 0.5_f64.sqrt();
        let expected = mat![[0.0, half, 0.0], [half, 0.0, half], [0.0, half, 0.0]];
        assert!((cosine - expected).norm_max() < 1e-15);
    }

    #[test]
    fn a_graph_is_symmetric_and_each_has_its_neighbours() {
        let mut stream = Stream::of(1, "graph");
        let a = Mat::from_fn(4, 150, |_, _| stream.uniform());
        for weighting in [Weighting::Binary, Weighting::Heat, Weighting::Cosine] {
            for (p, least) in [(1, 1), (5, 5), (149, 149), (1000, 149)] {
                let w = graph(&a, p, weighting);
                assert_eq!(w, w.transpose().to_owned());
                let degree = |j: usize| w.col_as_slice(j).iter().filter(|v| **v > 0.0).count();
                assert!((0..150).all(|j| degree(j) >= least && w[(j, j)].abs() < 1e-300), "{weighting:?}, {p}");
                assert!((0..150).map(degree).sum::<usize>() <= 2 * 150 * p);
            }
        }
        assert_eq!(graph(&mat![[1.0], [2.0]], 5, Weighting::Binary), mat![[0.0]], "one column has no neighbour");
    }
}
