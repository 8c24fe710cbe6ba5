//! Successive nonnegative projection algorithm. Gillis, "Successive nonnegative projection algorithm for robust nonnegative
//! blind source separation", SIAM J. Imaging Sciences 7 (2014), Algorithm 2 with f = ‖·‖².
//!
//! As successive projection, but the residual is what a column has beside the convex hull of the selected ones and 0:
//! r_j = a_j − A_K h_j with h_j = argmin ‖a_j − A_K h‖ over h ≥ 0, Σh ≤ 1. It is more robust, and the selected columns need
//! not be linearly independent. Where the paper iterates on these projections by a fast gradient method they are solved
//! exactly here, and only those that the newly selected column changes ([`Hull`]).

use super::{Columns, Scaling, Selection};
use crate::kernels::column_mut;
use crate::kernels::nnls::Nnls;
use crate::kernels::rows;
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Effort, Problem, Shape};
use crate::real::Real;
use faer::Mat;

/// Columns of A whose projections one thread does at a time.
const BLOCK: usize = 64;

/// Successive nonnegative projection algorithm.
#[derive(Clone, Debug, Default)]
pub struct Snpa {
    scaling: Scaling,
}

impl Parameters for Snpa {
    fn fields() -> Vec<Field> {
        Scaling::fields()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Snpa { scaling: Scaling::claim(table)? })
    }

    fn table(&self) -> Table {
        self.scaling.table()
    }
}

impl Selection for Snpa {
    fn select<T: Real>(&self, problem: &Problem<'_, T>) -> (Vec<usize>, Effort) {
        let Shape { m, n, rank } = problem.shape();
        let (columns, mut effort) = Columns::new(problem, &self.scaling);
        let mut residuals = Mat::from_fn(n, 1, |j, _| columns.squares[j]);
        let mut blocks = rows::states(n, BLOCK, |rows| Block::new(rows, rank));
        let mut selected: Vec<usize> = Vec::with_capacity(rank);
        let mut gram: Vec<f64> = vec![0.0; rank * rank];
        let (mut vertex, mut product) = (Mat::zeros(m, 1), Mat::zeros(n, 1));
        while selected.len() < rank {
            let Some(j) = columns.largest(residuals.col_as_slice(0)) else { break };
            let new = selected.len();
            selected.push(j);
            problem.matrix.copy_column(j, vertex.col_as_slice_mut(0));
            problem.matrix.transpose_times(product.as_mut(), vertex.as_ref(), problem.par);
            let product = product.col_as_slice(0);
            let dot = |i: usize| columns.scales[i] * columns.scales[j] * product[i].to_f64();
            for (l, &i) in selected.iter().enumerate() {
                let value = if i == j { columns.squares[j] } else { dot(i) };
                (gram[new * rank + l], gram[l * rank + new]) = (value, value);
            }
            let (gram, scales, squares) = (&gram, &columns.scales, &columns.squares);
            rows::for_blocks(problem.par, residuals.as_mut(), BLOCK, &mut blocks, |block, from, residuals| {
                let mut hull =
                    Hull { gram, rank, vertices: new + 1, nnls: Nnls::new(Mat::zeros(new + 2, new + 2).as_ref()) };
                block.flops = 0.0;
                for (i, r) in column_mut(residuals, 0).iter_mut().enumerate() {
                    let (h, c) = (&mut block.h[i * rank..][..rank], &mut block.c[i * rank..][..rank]);
                    c[new] = scales[from + i] * scales[j] * product[from + i].to_f64();
                    block.flops += hull.project(h, c, squares[from + i], r);
                }
            });
            selected.iter().for_each(|&j| residuals[(j, 0)] = 0.0);
            effort.flops += 2.0 * count(problem.matrix.nnz()) + blocks.iter().map(|b| b.flops).sum::<f64>();
            effort.passes += 1.0 + count(n).recip();
        }
        (selected, effort)
    }
}

/// Some columns of A.
struct Block {
    /// h of each column, one after the other.
    h: Vec<f64>,
    /// c = A_Kᵀa of each column, likewise.
    c: Vec<f64>,
    flops: f64,
}

impl Block {
    fn new(columns: usize, rank: usize) -> Self {
        Block { h: vec![0.0; columns * rank], c: vec![0.0; columns * rank], flops: 0.0 }
    }
}

/// The convex hull of 0 and some vertices u_1, …, u_v, of which the last is new.
///
/// The point of it nearest to a minimises ‖Pz‖² over z ≥ 0, Σz = 1, the columns of P being −a and u_l − a. So does, up to
/// its length, the minimiser of ‖Py‖² + (1ᵀy − 1)² over y ≥ 0: along y = tz the least value is ‖Pz‖²/(1 + ‖Pz‖²). The
/// latter is a nonnegative least-squares problem.
struct Hull<'a> {
    /// G = UᵀU, at stride `rank`.
    gram: &'a [f64],
    rank: usize,
    /// v.
    vertices: usize,
    nnls: Nnls,
}

impl Hull<'_> {
    /// Replaces h, the nearest point without the new vertex, by that with it; `c` = Uᵀa, `square` = ‖a‖². Updates the
    /// squared distance and returns the work.
    fn project(&mut self, h: &mut [f64], c: &[f64], square: f64, distance: &mut f64) -> f64 {
        let (v, new) = (self.vertices, self.vertices - 1);
        let row = |l: usize| &self.gram[l * self.rank..][..v];
        let inner = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let slope = inner(row(new), &h[..v]) - c[new];
        // With g = Gh − c: at the nearest point no vertex has uᵀ(Uh − a) below that of the point itself, gᵀh.
        let own = *distance - square + inner(&c[..v], &h[..v]);
        let work = 6.0 * count(v);
        if slope >= own - 1e-14 * count(v) * square {
            return work;
        }
        let size = v + 1;
        // In units of the largest entry, so that both terms of the sum count.
        let unit = (0..v).map(|l| row(l)[l] - 2.0 * c[l]).fold(0.0, f64::max) + square;
        let mut system = vec![0.0; size * size];
        for a in 0..size {
            for b in 0..=a {
                let mut value = square;
                for l in [a, b].into_iter().filter(|&l| l > 0) {
                    value -= c[l - 1];
                }
                if a > 0 && b > 0 {
                    value += row(a - 1)[b - 1];
                }
                let value = value / unit + 1.0;
                (system[a * size + b], system[b * size + a]) = (value, value);
            }
        }
        self.nnls.load(&system, 1e-14);
        let mut y = vec![0.0; size];
        self.nnls.solve(&vec![1.0; size], &mut y);
        let sum: f64 = y.iter().sum();
        for (h, y) in h.iter_mut().zip(&y[1..]) {
            *h = y / sum;
        }
        let quadratic: f64 = (0..v).filter(|&l| h[l] > 0.0).map(|l| h[l] * inner(row(l), &h[..v])).sum();
        *distance = (square - 2.0 * inner(&c[..v], &h[..v]) + quadratic).max(0.0);
        let s = count(size);
        work + s * s * s + 6.0 * s * s
    }
}
