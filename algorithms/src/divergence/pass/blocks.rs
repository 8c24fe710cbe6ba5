//! N and D of any β-divergence on a sparse matrix: a block of the data is filled in and the model formed beside it.

use super::{Shared, Work};
use crate::divergence::view::{View, model, share};
use crate::kernels::{column_mut, rows};
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Rows of Y and of X to a block of B.
const HEIGHT: usize = 256;
const WIDTH: usize = 64;

pub(super) struct Blocks<T> {
    size: usize,
    parts: Vec<Part<T>>,
}

struct Part<T> {
    a: Mat<T>,
    v: Mat<T>,
    n: Mat<T>,
    d: Mat<T>,
    value: f64,
}

impl<T: Real> Blocks<T> {
    pub(super) fn new((p, q, k): (usize, usize, usize)) -> Self {
        let size = share(p);
        let part = |rows: usize| {
            let width = WIDTH.min(rows);
            let tile = || Mat::zeros(HEIGHT.min(q), width);
            Part { a: tile(), v: tile(), n: Mat::zeros(width, k), d: Mat::zeros(width, k), value: 0.0 }
        };
        Blocks { size, parts: rows::states(p, size, part) }
    }

    /// See [`super::Pass::run`].
    pub(super) fn run(
        &mut self,
        x: MatMut<'_, T>,
        view: &View<'_, T>,
        y: MatRef<'_, T>,
        s: &Shared<T>,
        work: &impl Work<T>,
    ) -> f64 {
        rows::for_blocks(view.par, x, self.size, &mut self.parts, |part, from, mut x| {
            part.value = 0.0;
            for row in (0..x.nrows()).step_by(WIDTH) {
                let width = WIDTH.min(x.nrows() - row);
                let mut x = x.rb_mut().subrows_mut(row, width);
                part.sum(s, x.rb(), view, y, from + row);
                work.rows(x.rb_mut(), part.n.subrows(0, width), part.d.subrows(0, width), from + row);
            }
        });
        self.parts.iter().map(|p| p.value).sum()
    }
}

impl<T: Real> Part<T> {
    /// N and D of these rows.
    fn sum(&mut self, s: &Shared<T>, x: MatRef<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>, row: usize) {
        let width = x.nrows();
        let arch = pulp::Arch::new();
        for other in (0..y.nrows()).step_by(HEIGHT) {
            let height = HEIGHT.min(y.nrows() - other);
            let mut a = self.a.as_mut().submatrix_mut(0, 0, height, width);
            let mut v = self.v.as_mut().submatrix_mut(0, 0, height, width);
            let y = y.subrows(other, height);
            view.copy(other, row, a.rb_mut());
            model(v.rb_mut(), y, x);
            for j in 0..width {
                let (a, v) = (column_mut(a.rb_mut(), j), column_mut(v.rb_mut(), j));
                if s.valued {
                    self.value += s.divergence(a, v);
                }
                arch.dispatch(
                    #[inline(always)]
                    || s.weigh(a, v),
                );
            }
            let accum = if other == 0 { Accum::Replace } else { Accum::Add };
            let (n, d) = (self.n.subrows_mut(0, width), self.d.subrows_mut(0, width));
            matmul(n, accum, a.rb().transpose(), y, T::of(1.0), Par::Seq);
            matmul(d, accum, v.rb().transpose(), y, T::of(1.0), Par::Seq);
        }
    }
}
