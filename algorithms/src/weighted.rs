//! A matrix with a weight for each entry: 0 where it is missing.
//!
//! The objective is then ½Σ ω_ij (a_ij − (WH)_ij)², whose gradient by W is (Ω∘(WH))Hᵀ − (Ω∘A)Hᵀ: a method needs products
//! with Ω∘A, which is stored, and with Ω∘(WH), which [`Model`] forms a block or an entry at a time.

mod model;

pub(crate) use model::Model;

use crate::kernels::column;
use crate::matrix::{InvalidMatrix, Matrix};
use crate::problem::Factors;
use crate::real::Real;
use crate::sparse::Sparse;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatRef, Par};

/// A (m×n) with weights Ω ≥ 0 of the same shape.
#[derive(Debug)]
pub struct Weighted<T> {
    /// Ω∘A.
    product: Box<Matrix<T>>,
    /// Ω.
    weights: Box<Matrix<T>>,
}

impl<T: Real> Weighted<T> {
    /// Takes a matrix and its weights. Entries of weight 0 do not matter: they are missing. Where either is sparse, Ω∘A
    /// is.
    ///
    /// # Errors
    /// When the shapes differ, either has weights itself, or an entry of Ω∘A is below 0 or out of range.
    pub fn new(a: &Matrix<T>, weights: Matrix<T>) -> Result<Self, InvalidMatrix> {
        let shape = |x: &Matrix<T>| (x.nrows(), x.ncols());
        if shape(a) != shape(&weights) {
            return Err(InvalidMatrix::WeightShape { found: shape(&weights), expected: shape(a) });
        }
        if let Some(Matrix::Weighted(x)) = [a, &weights].into_iter().find(|x| matches!(x, Matrix::Weighted(_))) {
            return Err(InvalidMatrix::Weighted { missing: x.first_missing() });
        }
        if let Some((row, col, value)) = weights.first_negative() {
            return Err(InvalidMatrix::NotNonnegative { row, col, value });
        }
        Ok(Weighted { product: Box::new(product(a, &weights)?), weights: Box::new(weights) })
    }

    /// The same from Ω∘A and Ω, as [`Weighted::product`] and [`Weighted::weights`] hand them out.
    ///
    /// # Errors
    /// When the shapes differ, or an entry is below 0.
    pub fn from_product(product: Matrix<T>, weights: Matrix<T>) -> Result<Self, InvalidMatrix> {
        let shape = |x: &Matrix<T>| (x.nrows(), x.ncols());
        if shape(&product) != shape(&weights) {
            return Err(InvalidMatrix::WeightShape { found: shape(&weights), expected: shape(&product) });
        }
        if let Some((row, col, value)) = product.first_negative().or_else(|| weights.first_negative()) {
            return Err(InvalidMatrix::NotNonnegative { row, col, value });
        }
        Ok(Weighted { product: Box::new(product), weights: Box::new(weights) })
    }

    /// Rows m.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.weights.nrows()
    }

    /// Columns n.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.weights.ncols()
    }

    /// Ω∘A.
    #[must_use]
    pub fn product(&self) -> &Matrix<T> {
        &self.product
    }

    /// Ω.
    #[must_use]
    pub fn weights(&self) -> &Matrix<T> {
        &self.weights
    }

    /// Row and column of the first entry of weight 0, in column order.
    #[must_use]
    pub fn first_missing(&self) -> Option<(usize, usize)> {
        let mut weights = vec![T::of(0.0); self.nrows()];
        (0..self.ncols()).find_map(|col| {
            self.weights.copy_column(col, &mut weights);
            weights.iter().position(|w| *w <= T::of(0.0)).map(|row| (row, col))
        })
    }

    /// The same in another precision; entries round to nearest.
    #[must_use]
    pub fn convert<U: Real>(&self) -> Weighted<U> {
        Weighted { product: Box::new(self.product.convert()), weights: Box::new(self.weights.convert()) }
    }

    /// Σ ω a².
    pub(crate) fn squared_norm(&self) -> f64 {
        let mut sum = 0.0;
        self.for_each_column(|_, weights, products| {
            sum += weights.iter().zip(products).map(|(w, b)| squared(*w, *b, 0.0)).sum::<f64>();
        });
        sum
    }

    /// Σ ω (a − v)², V = W·Htᵀ; `block` is an m×b buffer.
    pub(crate) fn squared_residual(&self, w: MatRef<'_, T>, ht: MatRef<'_, T>, block: &mut Mat<T>) -> f64 {
        let mut sum = 0.0;
        let mut model = block.subcols_mut(0, 1);
        self.for_each_column(|j, weights, products| {
            matmul(model.rb_mut(), Accum::Replace, w, ht.subrows(j, 1).transpose(), T::of(1.0), Par::Seq);
            let each = weights.iter().zip(products).zip(column(model.rb(), 0));
            sum += each.map(|((w, b), v)| squared(*w, *b, v.to_f64())).sum::<f64>();
        });
        sum
    }

    /// Σ ω v², V = WH.
    pub(crate) fn squared_model(&self, factors: &Factors<T>) -> f64 {
        let mut product = Mat::zeros(self.nrows(), factors.rank());
        Model::of_w(&self.weights, factors.rank()).run(
            &self.weights,
            product.as_mut(),
            &factors.w,
            &factors.ht,
            Par::Seq,
        );
        crate::kernels::dot(product.as_ref(), factors.w.as_ref())
    }

    /// Each column's number, weights and products.
    fn for_each_column(&self, mut f: impl FnMut(usize, &[T], &[T])) {
        let mut buffers = [(); 2].map(|()| vec![T::of(0.0); self.nrows()]);
        for j in 0..self.ncols() {
            let [weights, products] = &mut buffers;
            self.weights.copy_column(j, weights);
            self.product.copy_column(j, products);
            f(j, weights, products);
        }
    }
}

/// ω(a − v)² from ω, ωa and v.
fn squared<T: Real>(weight: T, product: T, v: f64) -> f64 {
    let (weight, product) = (weight.to_f64(), product.to_f64());
    if weight > 0.0 { (product / weight - v).powi(2) * weight } else { 0.0 }
}

/// Ω∘A: dense where both are.
fn product<T: Real>(a: &Matrix<T>, weights: &Matrix<T>) -> Result<Matrix<T>, InvalidMatrix> {
    let (m, n) = (a.nrows(), a.ncols());
    if let (Matrix::Dense(_), Matrix::Dense(_)) = (a, weights) {
        let (mut product, mut buffer) = (Mat::zeros(m, n), vec![T::of(0.0); m]);
        for j in 0..n {
            a.copy_column(j, product.col_as_slice_mut(j));
            weights.copy_column(j, &mut buffer);
            product.col_as_slice_mut(j).iter_mut().zip(&buffer).for_each(|(a, w)| *a *= *w);
        }
        return Matrix::dense(product);
    }
    let (sparse, other) = if let Matrix::Sparse(x) = a { (x, weights) } else { (as_sparse(weights), a) };
    let (mut values, mut buffer) = (Vec::with_capacity(sparse.nnz()), vec![T::of(0.0); m]);
    for j in 0..n {
        other.copy_column(j, &mut buffer);
        let (rows, entries) = sparse.column(j);
        values.extend(rows.iter().zip(entries).map(|(i, x)| *x * buffer[*i as usize]));
    }
    let (starts, rows) = (sparse.col_starts().to_vec(), sparse.row_indices().to_vec());
    Ok(Matrix::Sparse(Sparse::from_csc(m, n, starts, rows, values)?))
}

fn as_sparse<T>(x: &Matrix<T>) -> &Sparse<T> {
    match x {
        Matrix::Sparse(x) => x,
        _ => unreachable!("one of the two is sparse, and neither has weights"),
    }
}
