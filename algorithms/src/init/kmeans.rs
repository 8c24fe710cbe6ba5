//! Centroids of the columns of A as W: k-means++ (Arthur & Vassilvitskii, SODA 2007) and Lloyd's iteration (IEEE Trans.
//! Information Theory 28, 1982). As a start for NMF: Wild, Curry & Dougherty, Pattern Recognition 37 (2004).

use super::columns::completed;
use crate::kernels::dot_slices;
use crate::matrix::count;
use crate::problem::{Factors, Problem, Shape};
use crate::random::{Key, Stream};
use faer::{Mat, MatRef};

/// Rounds of Lloyd's iteration, where the clusters have not come to rest before.
const ROUNDS: usize = 100;

pub(super) fn start(problem: &Problem<'_, f64>, key: &Key) -> Factors<f64> {
    completed(problem, centroids(problem, key).0)
}

/// The centroids of the columns of A (m×k), none of them without columns, and of each column the one it belongs to.
#[must_use]
pub fn centroids(problem: &Problem<'_, f64>, key: &Key) -> (Mat<f64>, Vec<usize>) {
    let Shape { m, n, rank } = problem.shape();
    let (_, squares) = problem.matrix.column_sums();
    let mut centroids = seeds(problem, &squares, &mut Stream::new(key, 0));
    let (mut cross, mut weights) = (Mat::zeros(n, rank), Mat::zeros(n, rank));
    let mut clusters = Clusters { of: vec![usize::MAX; n], distances: vec![0.0; n], sizes: vec![0; rank] };
    for _ in 0..ROUNDS {
        problem.matrix.transpose_times(cross.as_mut(), centroids.as_ref(), problem.par);
        if !clusters.assign(&squares, &centroids, cross.as_ref()) {
            break;
        }
        clusters.fill_empty();
        weights.fill(0.0);
        for (j, &l) in clusters.of.iter().enumerate() {
            weights[(j, l)] = count(clusters.sizes[l]).recip();
        }
        centroids = Mat::zeros(m, rank);
        problem.matrix.times(centroids.as_mut(), weights.as_ref(), problem.par);
    }
    (centroids, clusters.of)
}

/// The columns to begin with: each drawn with a probability that goes with its squared distance from those before.
fn seeds(problem: &Problem<'_, f64>, squares: &[f64], stream: &mut Stream) -> Mat<f64> {
    let Shape { m, n, rank } = problem.shape();
    let mut seeds = Mat::zeros(m, rank);
    let (mut nearest, mut along) = (vec![f64::INFINITY; n], Mat::zeros(n, 1));
    for l in 0..rank {
        let j = if l == 0 { stream.below(n) } else { weighted(&nearest, stream) };
        problem.matrix.copy_column(j, seeds.col_as_slice_mut(l));
        problem.matrix.transpose_times(along.as_mut(), seeds.subcols(l, 1), problem.par);
        for ((d, q), a) in nearest.iter_mut().zip(squares).zip(along.col_as_slice(0)) {
            *d = d.min((q - 2.0 * a + squares[j]).max(0.0));
        }
        nearest[j] = 0.0;
    }
    seeds
}

/// A place drawn by weight; any where all weights are 0.
fn weighted(weights: &[f64], stream: &mut Stream) -> usize {
    let total: f64 = weights.iter().sum();
    let mut left = stream.uniform() * total;
    let mut heavy = (0..weights.len()).filter(|&j| weights[j] > 0.0);
    let found = heavy.clone().find(|&j| {
        left -= weights[j];
        left <= 0.0
    });
    found.or_else(|| heavy.next_back()).unwrap_or_else(|| stream.below(weights.len()))
}

struct Clusters {
    /// The cluster of each column.
    of: Vec<usize>,
    /// Its squared distance from the centroid.
    distances: Vec<f64>,
    sizes: Vec<usize>,
}

impl Clusters {
    /// Assigns each column to the nearest centroid; whether any has changed sides.
    fn assign(&mut self, squares: &[f64], centroids: &Mat<f64>, cross: MatRef<'_, f64>) -> bool {
        let rank = centroids.ncols();
        let norms: Vec<f64> =
            (0..rank).map(|l| dot_slices(centroids.col_as_slice(l), centroids.col_as_slice(l))).collect();
        let mut changed = false;
        self.sizes.fill(0);
        for (j, of) in self.of.iter_mut().enumerate() {
            let distance = |l: usize| norms[l] - 2.0 * cross[(j, l)];
            let best = (1..rank).fold(0, |best, l| if distance(l) < distance(best) { l } else { best });
            changed |= *of != best;
            *of = best;
            self.distances[j] = (squares[j] + distance(best)).max(0.0);
            self.sizes[best] += 1;
        }
        changed
    }

    /// Gives each empty cluster the column that is farthest from its centroid, of a cluster that keeps another.
    fn fill_empty(&mut self) {
        for l in 0..self.sizes.len() {
            if self.sizes[l] > 0 {
                continue;
            }
            let candidates = (0..self.of.len()).filter(|&j| self.sizes[self.of[j]] > 1);
            let farthest = candidates.reduce(|best, j| if self.distances[j] > self.distances[best] { j } else { best });
            let j = farthest.expect("k ≤ n columns: where a cluster is empty, another has two");
            self.sizes[self.of[j]] -= 1;
            (self.of[j], self.distances[j], self.sizes[l]) = (l, 0.0, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::random::key;

    fn problem(matrix: &Matrix<f64>, rank: usize) -> Problem<'_, f64> {
        Problem::new(matrix, rank, key(0, "")).expect("valid")
    }

    fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum()
    }

    /// The nearest centroid of each column, and the mean of each cluster, from the columns themselves.
    fn lloyd(a: &Mat<f64>, c: &Mat<f64>) -> (Vec<usize>, Mat<f64>) {
        let nearest = |j: usize| {
            let distance = |l: usize| squared_distance(a.col_as_slice(j), c.col_as_slice(l));
            (0..c.ncols()).fold(0, |best, l| if distance(l) < distance(best) { l } else { best })
        };
        let of: Vec<usize> = (0..a.ncols()).map(nearest).collect();
        let mean = |i: usize, l: usize| {
            let inside: Vec<f64> = (0..a.ncols()).filter(|&j| of[j] == l).map(|j| a[(i, j)]).collect();
            inside.iter().sum::<f64>() / count(inside.len())
        };
        (of.clone(), Mat::from_fn(a.nrows(), c.ncols(), mean))
    }

    #[test]
    fn the_centroids_are_the_means_of_the_columns_nearest_to_them() {
        let mut stream = Stream::of(1, "kmeans test");
        let a = Mat::from_fn(8, 200, |_, _| stream.uniform());
        let matrix = Matrix::dense(a.clone()).expect("valid");
        for seed in 0..5 {
            let (found, clusters) = centroids(&problem(&matrix, 6), &key(seed, "start"));
            let (of, means) = lloyd(&a, &found);
            assert_eq!(of, clusters);
            assert!((&means - &found).norm_max() < 1e-12);
        }
    }

    #[test]
    fn clusters_far_apart_are_found() {
        let mut stream = Stream::of(2, "kmeans test");
        let places = Mat::from_fn(6, 5, |i, l| if i == l { 10.0 } else { 1.0 });
        let a = Mat::from_fn(6, 100, |i, j| places[(i, j % 5)] + 0.1 * stream.uniform());
        let matrix = Matrix::dense(a.clone()).expect("valid");
        for seed in 0..10 {
            let (found, _) = centroids(&problem(&matrix, 5), &key(seed, "start"));
            let (of, _) = lloyd(&a, &found);
            assert!((0..100).all(|j| of[j] == of[j % 5]), "seed {seed}");
            let mut used = of[..5].to_vec();
            used.sort_unstable();
            assert_eq!(used, [0, 1, 2, 3, 4], "seed {seed}");
        }
    }

    #[test]
    fn seeds_are_drawn_by_squared_distance() {
        let mut stream = Stream::of(3, "kmeans test");
        let mut seen = [0_u32; 4];
        (0..10_000).for_each(|_| seen[weighted(&[1.0, 0.0, 3.0, 6.0], &mut stream)] += 1);
        let expected = [1000, 0, 3000, 6000];
        assert!(seen.iter().zip(expected).all(|(s, e)| s.abs_diff(e) < 200), "{seen:?}");
        assert!((0..20).all(|_| weighted(&[0.0; 3], &mut stream) < 3));
    }

    /// Fewer different columns than clusters.
    #[test]
    fn no_cluster_stays_empty() {
        let a = Mat::from_fn(4, 9, |i, j| if i == j % 2 { 1.0 } else { 0.0 });
        let matrix = Matrix::dense(a).expect("valid");
        let (found, _) = centroids(&problem(&matrix, 4), &key(1, "start"));
        assert!((0..4).all(|l| (found.col(l).norm_l2() - 1.0).abs() < 1e-12), "{found:?}");
    }
}
