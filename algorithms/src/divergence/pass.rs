//! The two sums behind every gradient of a β-divergence, from blocks that stay in the cache:
//!
//! N = (B ∘ V^(β−2))ᵀY and D = (V^(β−1))ᵀY with V = YXᵀ; the gradient by X is D − N. V is never held as a whole.

use crate::divergence::beta::Beta;
use crate::divergence::view::{View, at_least, column_sums, lift, model, share};
use crate::kernels::{column, column_mut, rows};
use crate::matrix::count;
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Rows of X and of Y to a block of B.
const HEIGHT: usize = 256;
const WIDTH: usize = 64;

/// Workspaces for one factor.
pub(crate) struct Pass<T> {
    beta: Beta,
    /// Below this the model counts as this.
    floor: T,
    size: usize,
    /// Σ over each column of Y, where that is all of D.
    sums: Vec<f64>,
    parts: Vec<Part<T>>,
    /// Whether the divergence is wanted as well.
    valued: bool,
}

struct Part<T> {
    a: Mat<T>,
    v: Mat<T>,
    n: Mat<T>,
    d: Mat<T>,
    value: f64,
}

impl<T: Real> Pass<T> {
    /// For X of p rows, Y of q rows, k columns each.
    pub(crate) fn new((p, q, k): (usize, usize, usize), beta: Beta, floor: T) -> Self {
        let size = share(p);
        let part = |rows: usize| {
            let width = WIDTH.min(rows);
            let tile = || Mat::zeros(HEIGHT.min(q), width);
            Part { a: tile(), v: tile(), n: Mat::zeros(width, k), d: Mat::zeros(width, k), value: 0.0 }
        };
        Pass { beta, floor, size, sums: vec![0.0; k], parts: rows::states(p, size, part), valued: false }
    }

    /// The same with the divergence of B from YXᵀ.
    pub(crate) fn valued(self) -> Self {
        Pass { valued: true, ..self }
    }

    /// Hands the rows of X, a few at a time, to `work` with their N and D and the first row's number; all sums are taken
    /// before. Returns the divergence if that was asked for.
    pub(crate) fn run(
        &mut self,
        x: MatMut<'_, T>,
        view: &View<'_, T>,
        y: MatRef<'_, T>,
        work: impl Fn(MatMut<'_, T>, MatRef<'_, T>, MatRef<'_, T>, usize) + Sync,
    ) -> f64 {
        let Pass { beta, floor, size, sums, parts, valued } = self;
        column_sums(sums, y);
        let shared = Shared { beta: *beta, floor: *floor, sums, valued: *valued };
        rows::for_blocks(view.par, x, *size, parts, |part, from, mut x| {
            part.value = 0.0;
            for row in (0..x.nrows()).step_by(WIDTH) {
                let width = WIDTH.min(x.nrows() - row);
                let mut x = x.rb_mut().subrows_mut(row, width);
                part.sum(&shared, x.rb(), view, y, from + row);
                work(x.rb_mut(), part.n.subrows(0, width), part.d.subrows(0, width), from + row);
            }
        });
        parts.iter().map(|p| p.value).sum()
    }

    /// Flops of a run by formula.
    pub(crate) fn flops(&self, (p, q, k): (usize, usize, usize)) -> f64 {
        let products = if self.beta == Beta::KullbackLeibler { 4.0 } else { 6.0 };
        count(p) * count(q) * (products * count(k) + 2.0)
    }
}

struct Shared<'a, T> {
    beta: Beta,
    floor: T,
    sums: &'a [f64],
    valued: bool,
}

impl<T: Real> Part<T> {
    /// N and D of these rows.
    fn sum(&mut self, s: &Shared<'_, T>, x: MatRef<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>, row: usize) {
        let (width, plain) = (x.nrows(), s.beta == Beta::KullbackLeibler);
        let arch = pulp::Arch::new();
        for other in (0..y.nrows()).step_by(HEIGHT) {
            let height = HEIGHT.min(y.nrows() - other);
            let mut a = self.a.as_mut().submatrix_mut(0, 0, height, width);
            let mut v = self.v.as_mut().submatrix_mut(0, 0, height, width);
            let y = y.subrows(other, height);
            view.copy(other, row, a.rb_mut());
            model(v.rb_mut(), y, x);
            for j in 0..width {
                let (a, v) = (column(a.rb(), j), column(v.rb(), j));
                if s.valued {
                    let each = a.iter().zip(v).map(|(a, v)| s.beta.divergence(a.to_f64(), v.to_f64()));
                    self.value += each.sum::<f64>();
                }
            }
            lift(v.rb_mut(), s.floor);
            for j in 0..width {
                let (a, v) = (column_mut(a.rb_mut(), j), column_mut(v.rb_mut(), j));
                arch.dispatch(
                    #[inline(always)]
                    || s.beta.weigh(a, v),
                );
            }
            let accum = if other == 0 { Accum::Replace } else { Accum::Add };
            let n = self.n.subrows_mut(0, width);
            matmul(n, accum, a.rb().transpose(), y, T::of(1.0), Par::Seq);
            if !plain {
                let d = self.d.subrows_mut(0, width);
                matmul(d, accum, v.rb().transpose(), y, T::of(1.0), Par::Seq);
            }
        }
        if plain {
            for (j, sum) in s.sums.iter().enumerate() {
                self.d.col_as_slice_mut(j)[..width].fill(T::of(*sum));
            }
        }
    }
}

/// Overwrites X with the gradient by X of the β-divergence of B from YXᵀ; returns the divergence and ‖N‖²_F for each
/// column. Allocates: for measuring.
pub(crate) fn gradient<T: Real>(x: &mut Mat<T>, view: &View<'_, T>, y: MatRef<'_, T>, beta: Beta) -> (f64, Vec<f64>) {
    let shape = (x.nrows(), y.nrows(), y.ncols());
    let positive = std::sync::Mutex::new(Mat::<T>::zeros(shape.0, shape.2));
    let mut pass = Pass::new(shape, beta, T::of(T::TINY)).valued();
    let value = pass.run(x.as_mut(), view, y, |mut x, n, d, from| {
        for j in 0..x.ncols() {
            for (x, (n, d)) in column_mut(x.rb_mut(), j).iter_mut().zip(column(n, j).iter().zip(column(d, j))) {
                *x = *d - *n;
            }
        }
        let mut all = positive.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.as_mut().subrows_mut(from, x.nrows()).copy_from(n);
    });
    let positive = positive.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let squares = |j: usize| positive.col_as_slice(j).iter().map(|n| n.to_f64() * n.to_f64()).sum::<f64>();
    (value, (0..shape.2).map(squares).collect())
}

/// The new value of an entry by a factor, kept at or above the floor.
#[inline(always)]
pub(crate) fn scaled<T: Real>(x: T, by: T, floor: T) -> T {
    at_least(x * by, floor)
}
