//! A dense matrix in the one layout that both of its products run from.
//!
//! A product with a skinny factor is bound by the way to the registers, and packing the large operand anew at each call
//! costs a third of it. A never changes, so it is packed once: into blocks of columns, in these into panels a few vectors
//! of rows high, and in these column after column. `A·Y` loads such columns as vectors and broadcasts Y; `Aᵀ·X` multiplies
//! them with columns of X and sums. One copy serves both, and the factors are read where they are.

mod products;

use crate::kernels::scratch::Buffer;
use crate::kernels::tiles::HEIGHT;
use crate::kernels::{column, pieces};
use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef, Par};
use products::{Times, TransposeTimes};
use pulp::{Arch, Simd, WithSimd};

/// Bytes of a panel in a block, about: while it is worked on, it and the next one share the first-level cache.
const PANEL: usize = 25 << 10;
/// Bytes of a column of A that a tile of Aᵀ·X runs along, about: the columns of X beside it stay in the first-level cache.
const COLUMN: usize = 2 << 10;
/// Columns of A in a tile of Aᵀ·X.
const COLUMNS: usize = 4;

/// A dense m×n matrix, packed.
#[derive(Debug)]
pub struct Dense<T> {
    rows: usize,
    cols: usize,
    /// Rows of a panel.
    height: usize,
    /// Columns of a block but the last.
    width: usize,
    store: Buffer<T>,
}

impl<T: Real> Dense<T> {
    /// Packs a matrix.
    #[must_use]
    pub fn new(a: MatRef<'_, T>) -> Self {
        Self::from_fn(a.nrows(), a.ncols(), |j, rows| rows.copy_from_slice(column(a, j)))
    }

    /// A matrix of columns that `fill` writes.
    pub(crate) fn from_fn(rows: usize, cols: usize, mut fill: impl FnMut(usize, &mut [T])) -> Self {
        let mut dense = Self::zeros(rows, cols);
        let mut buffer = vec![T::of(0.0); rows];
        let height = dense.height;
        for j in 0..cols {
            fill(j, &mut buffer);
            for (p, part) in buffer.chunks(height).enumerate() {
                let at = dense.offset(j, p);
                dense.store[at..at + part.len()].copy_from_slice(part);
            }
        }
        dense
    }

    fn zeros(rows: usize, cols: usize) -> Self {
        struct Height<T>(std::marker::PhantomData<T>);
        impl<T: Real> WithSimd for Height<T> {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                HEIGHT * T::lanes::<S>()
            }
        }
        let height = Arch::new().dispatch(Height::<T>(std::marker::PhantomData));
        // Equal blocks. An odd number of tiles: the same column in two panels then never falls on the same place of a page,
        // where they would drive each other from the cache.
        let most = PANEL / (height * size_of::<T>());
        let tiles = cols.div_ceil(cols.div_ceil(most)).div_ceil(COLUMNS) | 1;
        let mut dense = Dense { rows, cols, height, width: tiles * COLUMNS, store: Buffer::new(0) };
        dense.store = Buffer::new(dense.len());
        dense
    }

    /// Rows m.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.rows
    }

    /// Columns n.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.cols
    }

    pub(crate) fn panels(&self) -> usize {
        self.rows.div_ceil(self.height)
    }

    pub(crate) fn blocks(&self) -> usize {
        self.cols.div_ceil(self.width)
    }

    fn len(&self) -> usize {
        self.panels() * self.height * self.cols
    }

    fn values(&self) -> &[T] {
        &self.store
    }

    /// Columns of a block.
    pub(crate) fn columns(&self, block: usize) -> std::ops::Range<usize> {
        block * self.width..((block + 1) * self.width).min(self.cols)
    }

    /// Where a column begins in a panel.
    fn offset(&self, j: usize, panel: usize) -> usize {
        let columns = self.columns(j / self.width);
        let (from, width) = (columns.start, columns.len());
        ((from * self.panels()) + panel * width + (j - from)) * self.height
    }

    /// A panel of a block: its columns one after the other.
    pub(crate) fn panel(&self, block: usize, panel: usize) -> &[T] {
        let columns = self.columns(block);
        let at = self.offset(columns.start, panel);
        &self.values()[at..at + columns.len() * self.height]
    }

    /// Rows of a panel.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Columns of a block, the last of which may have fewer.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Copies column j.
    pub fn copy_column(&self, j: usize, dst: &mut [T]) {
        for (p, part) in dst.chunks_mut(self.height).enumerate() {
            let at = self.offset(j, p);
            part.copy_from_slice(&self.values()[at..at + part.len()]);
        }
    }

    /// Copies the block that begins at (row, col) and has the shape of `block`; any strides.
    pub fn copy_block(&self, row: usize, col: usize, mut block: MatMut<'_, T>) {
        let end = row + block.nrows();
        for j in 0..block.ncols() {
            let mut i = row;
            while i < end {
                let panel = i / self.height;
                let rows = ((panel + 1) * self.height).min(end) - i;
                let from = &self.values()[self.offset(col + j, panel) + i % self.height..][..rows];
                let to = block.rb_mut().col_mut(j).subrows_mut(i - row, rows);
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                i += rows;
            }
        }
    }

    /// The same matrix in another precision; entries round to nearest.
    #[must_use]
    pub fn convert<U: Real>(&self) -> Dense<U> {
        let mut buffer = vec![T::of(0.0); self.rows];
        Dense::from_fn(self.rows, self.cols, |j, column| {
            self.copy_column(j, &mut buffer);
            column.iter_mut().zip(&buffer).for_each(|(to, from)| *to = U::of(from.to_f64()));
        })
    }

    /// The matrix as faer holds it.
    #[must_use]
    pub fn to_mat(&self) -> Mat<T> {
        let mut a = Mat::zeros(self.rows, self.cols);
        for j in 0..self.cols {
            self.copy_column(j, a.col_as_slice_mut(j));
        }
        a
    }

    /// Calls `f` with pieces of the matrix that together hold each entry once; other values in them are zero.
    pub(crate) fn for_each_piece(&self, mut f: impl FnMut(&[T])) {
        self.values().chunks(4096).for_each(&mut f);
    }

    /// The panels that a tile of Aᵀ·X runs along.
    fn group(&self) -> usize {
        let most = COLUMN / (self.height * size_of::<T>());
        self.panels().div_ceil(self.panels().div_ceil(most))
    }

    /// Makes the present thread hold the memory that products with k columns want.
    pub fn reserve(&self, k: usize) {
        T::with_scratch(self.group() * self.height * k, |_| ());
    }

    /// `dst = A·Y` for Y n×k, dst m×k.
    pub fn times(&self, dst: MatMut<'_, T>, y: MatRef<'_, T>, par: Par) {
        assert_eq!(y.nrows(), self.cols, "Y has a row for each column of A");
        assert_eq!(dst.shape(), (self.rows, y.ncols()), "the result has the rows of A and the columns of Y");
        Times { a: self, y, panels: 0..self.panels(), dst }.divided(pieces(par));
    }

    /// `dst = Aᵀ·X` for X m×k, dst n×k.
    pub fn transpose_times(&self, dst: MatMut<'_, T>, x: MatRef<'_, T>, par: Par) {
        assert_eq!(x.nrows(), self.rows, "X has a row for each row of A");
        assert_eq!(
            dst.shape(),
            (self.cols, x.ncols()),
            "the result has a row for each column of A and the columns of X"
        );
        // The last group of panels goes beyond the end of X: its rows are set out with zeros below.
        let group = self.group();
        let first = (self.panels() - 1) / group * group;
        let (from, rows) = (first * self.height, (self.panels() - first) * self.height);
        T::with_scratch(rows * x.ncols(), |last| {
            for (q, to) in last.chunks_exact_mut(rows).enumerate() {
                let (to, beyond) = to.split_at_mut(self.rows - from);
                to.copy_from_slice(&column(x, q)[from..]);
                beyond.fill(T::of(0.0));
            }
            let task = TransposeTimes { a: self, x, last, blocks: 0..self.blocks(), dst };
            task.divided(pieces(par));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Accum;
    use faer::linalg::matmul::matmul;

    fn entry<T: Real>(i: usize, j: usize) -> T {
        T::of(((i * 37 + j * 101 + i * j) % 113) as f64 / 113.0)
    }

    fn agrees<T: Real>(m: usize, n: usize, k: usize, par: Par) {
        let a = Mat::<T>::from_fn(m, n, entry);
        let (y, x) = (Mat::<T>::from_fn(n, k, |i, j| entry(j, i)), Mat::<T>::from_fn(m, k, |i, j| entry(i + 3, j)));
        let dense = Dense::new(a.as_ref());
        assert_eq!(dense.to_mat(), a);
        let (row, col) = (m / 3, n / 4);
        let mut block = Mat::zeros(n - col, m - row);
        dense.copy_block(row, col, block.as_mut().transpose_mut());
        assert_eq!(block.transpose(), a.submatrix(row, col, m - row, n - col));
        let one = T::of(1.0);
        let close = |found: &Mat<T>, expected: &Mat<T>, length: usize| {
            let worst = (0..found.ncols())
                .flat_map(|j| found.col_as_slice(j).iter().zip(expected.col_as_slice(j)))
                .map(|(f, e)| (f.to_f64() - e.to_f64()).abs())
                .fold(0.0, f64::max);
            // n ε Σ|a||y|, the entries being at most 1.
            assert!(worst <= (length as f64).powi(2) * T::EPSILON, "{m}×{n}, k = {k}, {}: {worst:e}", T::NAME);
        };
        let (mut found, mut expected) = (Mat::from_fn(m, k, |_, _| T::of(9.0)), Mat::zeros(m, k));
        dense.times(found.as_mut(), y.as_ref(), par);
        matmul(expected.as_mut(), Accum::Replace, &a, &y, one, Par::Seq);
        close(&found, &expected, n);
        let (mut found, mut expected) = (Mat::from_fn(n, k, |_, _| T::of(9.0)), Mat::zeros(n, k));
        dense.transpose_times(found.as_mut(), x.as_ref(), par);
        matmul(expected.as_mut(), Accum::Replace, a.transpose(), &x, one, Par::Seq);
        close(&found, &expected, m);
    }

    #[test]
    fn products_agree_with_plain_ones_on_every_shape_of_tile() {
        for k in (1..=29).chain([48, 49, 50]) {
            agrees::<f64>(41, 53, k, Par::Seq);
            agrees::<f32>(41, 53, k, Par::Seq);
        }
        let ragged = [(1, 1), (1, 40), (40, 1), (12, 12), (13, 25), (120, 240), (121, 241), (250, 500), (7, 723)];
        for (m, n) in ragged {
            for k in [1, 7, 20] {
                agrees::<f64>(m, n, k, Par::Seq);
                agrees::<f32>(m, n, k, Par::rayon(3));
            }
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let a = Dense::new(Mat::<f64>::from_fn(300, 700, entry).as_ref());
        let (y, x) = (Mat::from_fn(700, 11, entry), Mat::from_fn(300, 11, entry));
        let run = |par| {
            let (mut one, mut other) = (Mat::zeros(300, 11), Mat::zeros(700, 11));
            a.times(one.as_mut(), y.as_ref(), par);
            a.transpose_times(other.as_mut(), x.as_ref(), par);
            (one, other)
        };
        let once = run(Par::Seq);
        assert!([2, 3, 5].into_iter().all(|threads| run(Par::rayon(threads)) == once));
    }
}
