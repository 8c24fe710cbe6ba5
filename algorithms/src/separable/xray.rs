//! Fast conical hull algorithm. Kumar, Sindhwani & Kambadur, "Fast conical hull algorithms for near-separable non-negative
//! matrix factorization", ICML (2013), Algorithm 1.
//!
//! With R = A − A_K H, H ≥ 0 the exact least-squares coefficients for the columns selected so far, a column outside their
//! cone points to an extreme ray: for a column r_i of R the next one is
//!
//! argmax_j r_iᵀa_j / pᵀa_j,   p > 0 (here all ones).
//!
//! Which r_i is the rule (§4): one at random (`rand`), the longest (`max`), or the one with the largest ‖(Aᵀr_i)₊‖ (`dist`).
//! `greedy` takes the column whose ray alone lowers ‖R‖ most, argmax_j ‖(Rᵀa_j)₊‖/‖a_j‖, instead; that need not be an
//! extreme ray, so it alone promises nothing on separable data. The columns need no scaling: a cone does not change by it.

use super::Selection;
use crate::algorithm::{Rule, Side, Subproblem, Update};
use crate::kernels::{column, column_mut, dot_slices};
use crate::matrix::count;
use crate::problem::{Effort, Problem, Shape};
use crate::random::Stream;
use crate::real::Real;
use crate::rules::AnlsBpp;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fast conical hull algorithm.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Xray {
    /// How the next column is found: by the residual of a random column (rand), by the longest residual (max), by the one
    /// with the largest positive correlation with A (dist), or by the greatest decrease of the error (greedy). The last two
    /// multiply A by a matrix of its own size for every column they find; greedy need not find extreme rays.
    rule: Detection,
}

/// The selection rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Detection {
    Rand,
    #[default]
    Max,
    Dist,
    Greedy,
}

/// Columns of R that are formed at a time.
const BLOCK: usize = 64;

impl Selection for Xray {
    /// With the rule `rand`.
    const STOCHASTIC: bool = true;

    fn select<T: Real>(&self, problem: &Problem<'_, T>) -> (Vec<usize>, Effort) {
        let mut search = Search::new(problem);
        while search.selected.len() < problem.rank {
            let found = match self.rule {
                Detection::Greedy => search.greedy(),
                Detection::Dist => search.farthest().and_then(|i| search.extreme(i)),
                Detection::Max => search.longest().and_then(|i| search.extreme(i)),
                Detection::Rand => search.random().and_then(|i| search.extreme(i)),
            };
            let Some(j) = found else { break };
            search.add(j);
        }
        (search.selected, search.effort)
    }
}

struct Search<'a, T: Real> {
    problem: &'a Problem<'a, T>,
    /// Σ_i a_ij.
    sums: Vec<f64>,
    /// ‖a_j‖².
    squares: Vec<f64>,
    /// ‖r_j‖², 0 where that is rounding.
    residuals: Vec<f64>,
    selected: Vec<usize>,
    /// A_K, m×k; zeros where nothing has been selected yet. So the other matrices.
    w: Mat<T>,
    /// H, n×k.
    ht: Mat<T>,
    /// AᵀA_K, n×k.
    cross: Mat<T>,
    /// A_KᵀA_K, k×k.
    gram: Mat<T>,
    exact: <AnlsBpp as Rule>::Update<T>,
    effort: Effort,
}

impl<'a, T: Real> Search<'a, T> {
    fn new(problem: &'a Problem<'a, T>) -> Self {
        let Shape { m, n, rank } = problem.shape();
        let (sums, squares) = problem.matrix.column_sums();
        let side = Side { rows: n, others: m, rank, nnz: 0, scale: 0.0, start_gradient: 0.0 };
        Search {
            problem,
            sums,
            residuals: squares.clone(),
            squares,
            selected: Vec::with_capacity(rank),
            w: Mat::zeros(m, rank),
            ht: Mat::zeros(n, rank),
            cross: Mat::zeros(n, rank),
            gram: Mat::zeros(rank, rank),
            exact: AnlsBpp::default().prepare::<T>(&side),
            effort: Effort { flops: 3.0 * count(problem.matrix.nnz()), passes: 1.0, repairs: 0 },
        }
    }

    fn multiply(&mut self, dst: &mut Mat<T>, x: &Mat<T>) {
        self.problem.matrix.transpose_times(dst.as_mut(), x.as_ref(), self.problem.par);
        self.effort.flops += 2.0 * count(self.problem.matrix.nnz()) * count(x.ncols());
        self.effort.passes += 1.0;
    }

    /// The columns `from` … of R, as many as `block` has.
    fn residual(&mut self, from: usize, block: &mut Mat<T>) {
        let (b, chosen) = (block.ncols(), self.selected.len());
        for l in 0..b {
            self.problem.matrix.copy_column(from + l, block.col_as_slice_mut(l));
        }
        let (w, h) = (self.w.subcols(0, chosen), self.ht.submatrix(from, 0, b, chosen));
        if chosen > 0 {
            matmul(block.as_mut(), Accum::Add, w, h.transpose(), T::of(-1.0), self.problem.par);
        }
        self.effort.flops += 2.0 * count(block.nrows()) * count(b) * count(chosen);
        self.effort.passes += count(b) / count(self.problem.matrix.ncols());
    }

    /// A column with a residual, each as likely.
    fn random(&mut self) -> Option<usize> {
        let outside: Vec<usize> = (0..self.residuals.len()).filter(|&i| self.residuals[i] > 0.0).collect();
        let mut stream = Stream::new(&self.problem.key, self.selected.len() as u64);
        outside.get(stream.below(outside.len().max(1))).copied()
    }

    fn longest(&mut self) -> Option<usize> {
        largest(self.residuals.iter().copied())
    }

    fn farthest(&mut self) -> Option<usize> {
        let mut values = vec![0.0; self.residuals.len()];
        self.correlations(|from, l, along| values[from + l] = along.iter().map(|t| t * t).sum());
        let inside = |(v, r): (f64, &f64)| if *r > 0.0 { v } else { 0.0 };
        largest(values.into_iter().zip(&self.residuals).map(inside))
    }

    fn greedy(&mut self) -> Option<usize> {
        let mut values = vec![0.0; self.residuals.len()];
        self.correlations(|_, _, along| {
            values.iter_mut().zip(along).for_each(|(value, t)| *value += t * t);
        });
        self.selected.iter().for_each(|&j| values[j] = 0.0);
        let of = |(v, q): (f64, &f64)| if *q > 0.0 { v / q } else { 0.0 };
        largest(self.residuals.iter().copied())?;
        largest(values.into_iter().zip(&self.squares).map(of))
    }

    /// Calls `f` with each (Aᵀr_i)₊, in units of ‖A‖²: the first column of its block, its place there, and the n values.
    fn correlations(&mut self, mut f: impl FnMut(usize, usize, &[f64])) {
        let Shape { m, n, .. } = self.problem.shape();
        let mut values = Vec::with_capacity(n);
        for from in (0..n).step_by(BLOCK) {
            let b = BLOCK.min(n - from);
            let (mut block, mut along) = (Mat::zeros(m, b), Mat::zeros(n, b));
            self.residual(from, &mut block);
            self.multiply(&mut along, &block);
            for l in 0..b {
                let unit = self.problem.squared_norm;
                values.clear();
                values.extend(along.col_as_slice(l).iter().map(|t| t.to_f64().max(0.0) / unit));
                f(from, l, &values);
            }
        }
        self.effort.flops += 2.0 * count(n) * count(n);
    }

    /// The extreme ray that the residual of column i points to.
    fn extreme(&mut self, i: usize) -> Option<usize> {
        let Shape { m, n, .. } = self.problem.shape();
        let (mut r, mut along) = (Mat::zeros(m, 1), Mat::zeros(n, 1));
        self.residual(i, &mut r);
        self.multiply(&mut along, &r);
        let chosen = |j: usize| self.selected.contains(&j) || self.sums[j] <= 0.0;
        let of = |(j, v): (usize, &T)| if chosen(j) { 0.0 } else { v.to_f64() / self.sums[j] };
        largest(along.col_as_slice(0).iter().enumerate().map(of))
    }

    /// Selects a column and projects all onto the cone that now is.
    fn add(&mut self, j: usize) {
        let Shape { m, n, rank } = self.problem.shape();
        let new = self.selected.len();
        self.selected.push(j);
        self.problem.matrix.copy_column(j, self.w.col_as_slice_mut(new));
        self.effort.passes += count(n).recip();
        if self.selected.len() == rank {
            return; // nothing looks at the residual any more
        }
        let (ray, mut along) = (self.w.subcols(new, 1).to_owned(), Mat::zeros(n, 1));
        self.multiply(&mut along, &ray);
        self.cross.col_as_slice_mut(new).copy_from_slice(along.col_as_slice(0));
        for l in 0..=new {
            let value = T::of(dot_slices(self.w.col_as_slice(l), self.w.col_as_slice(new)));
            (self.gram[(l, new)], self.gram[(new, l)]) = (value, value);
        }
        let s = Subproblem { gram: self.gram.as_ref(), cross: self.cross.as_ref(), par: self.problem.par };
        self.effort += self.exact.update(self.ht.as_mut(), &s).expect("exact least squares always come to an end");
        let mut product = Mat::zeros(n, rank);
        matmul(&mut product, Accum::Replace, &self.ht, &self.gram, T::of(1.0), self.problem.par);
        self.residuals.copy_from_slice(&self.squares);
        for l in 0..=new {
            let terms = column(self.ht.as_ref(), l).iter().zip(column(self.cross.as_ref(), l).iter());
            for (r, ((h, c), p)) in self.residuals.iter_mut().zip(terms.zip(column_mut(product.as_mut(), l))) {
                *r += h.to_f64() * (p.to_f64() - 2.0 * c.to_f64());
            }
        }
        let rounding = 16.0 * count(rank) * T::EPSILON;
        for (r, q) in self.residuals.iter_mut().zip(&self.squares) {
            *r = if *r <= rounding * q { 0.0 } else { *r };
        }
        let (m, n, k) = (count(m), count(n), count(rank));
        self.effort.flops += 2.0 * m * count(new + 1) + 2.0 * n * k * k + 4.0 * n * k;
    }
}

/// The first place of the largest number, if one is above 0.
fn largest(values: impl Iterator<Item = f64>) -> Option<usize> {
    values.enumerate().fold((None, 0.0), |best, (j, v)| if v > best.1 { (Some(j), v) } else { best }).0
}
