//! `Y = (Ω∘(X·Zᵀ))·Z` for tall X (p×k) and Z (q×k) and weights Ω (p×q): the product with the weighted model, from which
//! denominators and gradients are made.

use crate::divergence::View;
use crate::kernels::{column, column_mut, rows};
use crate::matrix::{Matrix, count};
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Rows of Z and of X to a tile of dense weights.
const HEIGHT: usize = 256;
const WIDTH: usize = 64;

/// Workspaces of the product for one side: where Ω is sparse in O(nnz·k) operations, else by tiles.
#[derive(Debug)]
pub(crate) struct Model<T> {
    transposed: bool,
    size: usize,
    /// Z row by row, q×k, for sparse weights.
    others: Vec<T>,
    parts: Vec<Part<T>>,
    /// Flops of a run by formula.
    flops: f64,
}

#[derive(Debug)]
struct Part<T> {
    /// Tiles of Ωᵀ and of Z·Xᵀ, for dense weights.
    weights: Mat<T>,
    model: Mat<T>,
    /// A row of X and of the result, for sparse weights.
    row: Vec<T>,
    sum: Vec<T>,
}

impl<T: Real> Model<T> {
    /// For X = W and Z = Ht.
    pub(crate) fn of_w(weights: &Matrix<T>, k: usize) -> Self {
        Self::new(weights, k, true)
    }

    /// For X = Ht and Z = W.
    pub(crate) fn of_h(weights: &Matrix<T>, k: usize) -> Self {
        Self::new(weights, k, false)
    }

    fn new(weights: &Matrix<T>, k: usize, transposed: bool) -> Self {
        let (m, n) = (weights.nrows(), weights.ncols());
        let (p, q) = if transposed { (m, n) } else { (n, m) };
        let sparse = matches!(weights, Matrix::Sparse(_));
        let size = p.div_ceil(16).max(WIDTH);
        let part = |rows: usize| {
            let tile = || if sparse { Mat::new() } else { Mat::zeros(HEIGHT.min(q), WIDTH.min(rows)) };
            let line = || vec![T::of(0.0); if sparse { k } else { 0 }];
            Part { weights: tile(), model: tile(), row: line(), sum: line() }
        };
        Model {
            transposed,
            size,
            others: vec![T::of(0.0); if sparse { q * k } else { 0 }],
            parts: rows::states(p, size, part),
            flops: count(weights.nnz()) * (4.0 * count(k) + 1.0),
        }
    }

    /// Flops of a run by formula.
    pub(crate) fn flops(&self) -> f64 {
        self.flops
    }

    /// `dst = (Ω∘(X·Zᵀ))·Z`, or with Ωᵀ for H. The bits do not depend on the number of threads.
    pub(crate) fn run(&mut self, weights: &Matrix<T>, dst: MatMut<'_, T>, x: &Mat<T>, z: &Mat<T>, par: Par) {
        let (transposed, k) = (self.transposed, x.ncols());
        if let Matrix::Sparse(weights) = weights {
            for l in 0..k {
                z.col_as_slice(l).iter().enumerate().for_each(|(j, z)| self.others[j * k + l] = *z);
            }
            let others = &self.others;
            rows::for_blocks(par, dst, self.size, &mut self.parts, |part, from, mut dst| {
                for i in 0..dst.nrows() {
                    let (places, values) = if transposed { weights.row(from + i) } else { weights.column(from + i) };
                    part.sparse_row(x, from + i, others, places, values);
                    for (l, sum) in part.sum.iter().enumerate() {
                        column_mut(dst.rb_mut(), l)[i] = *sum;
                    }
                }
            });
            return;
        }
        let view = if transposed { View::of_w(weights, par) } else { View::of_h(weights, par) };
        rows::for_blocks(par, dst, self.size, &mut self.parts, |part, from, mut dst| {
            for row in (0..dst.nrows()).step_by(WIDTH) {
                let width = WIDTH.min(dst.nrows() - row);
                let x = x.as_ref().subrows(from + row, width);
                part.tiles(dst.rb_mut().subrows_mut(row, width), &view, x, z.as_ref(), from + row);
            }
        });
    }
}

impl<T: Real> Part<T> {
    /// Row i of the result into `sum`.
    fn sparse_row(&mut self, x: &Mat<T>, i: usize, others: &[T], places: &[u32], weights: &[T]) {
        let k = self.row.len();
        (0..k).for_each(|l| self.row[l] = x[(i, l)]);
        self.sum.fill(T::of(0.0));
        for (j, weight) in places.iter().zip(weights) {
            let z = &others[*j as usize * k..][..k];
            let dot = self.row.iter().zip(z).fold(T::of(0.0), |sum, (x, z)| sum + *x * *z);
            let weighted = *weight * dot;
            self.sum.iter_mut().zip(z).for_each(|(sum, z)| *sum += weighted * *z);
        }
    }

    /// Some rows of the result, a tile of the weights after the other.
    fn tiles(&mut self, mut dst: MatMut<'_, T>, view: &View<'_, T>, x: MatRef<'_, T>, z: MatRef<'_, T>, row: usize) {
        let width = x.nrows();
        for other in (0..z.nrows()).step_by(HEIGHT) {
            let height = HEIGHT.min(z.nrows() - other);
            let mut weights = self.weights.as_mut().submatrix_mut(0, 0, height, width);
            let mut model = self.model.as_mut().submatrix_mut(0, 0, height, width);
            let z = z.subrows(other, height);
            view.copy(other, row, weights.rb_mut());
            matmul(model.rb_mut(), Accum::Replace, z, x.transpose(), T::of(1.0), Par::Seq);
            for j in 0..width {
                let each = column_mut(model.rb_mut(), j).iter_mut().zip(column(weights.rb(), j));
                each.for_each(|(v, w)| *v *= *w);
            }
            let accum = if other == 0 { Accum::Replace } else { Accum::Add };
            matmul(dst.rb_mut(), accum, model.rb().transpose(), z, T::of(1.0), Par::Seq);
        }
    }
}
