//! A dense matrix in the one layout that both of its products run from.
//!
//! A product with a skinny factor is bound by the way to the registers, and packing the large operand anew at each call
//! costs a third of it. A never changes, so it is packed once: into blocks of columns, in these into panels a few vectors
//! of rows high, and in these column after column. `A·Y` loads such columns as vectors and broadcasts Y; `Aᵀ·X` broadcasts
//! their entries and loads X as vectors. One copy serves both.

use crate::kernels::scratch::{aligned, spare};
use crate::kernels::tiles::{HEIGHT, STACK, inner, outer, widths};
use crate::kernels::{column, column_mut, threads};
use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};

/// Columns of a block, at most: with the panels of a group they stay in the second-level cache.
const WIDTH: usize = 240;
/// Columns of a block are a multiple of this, the least that all tiles divide.
const STEP: usize = 12;
/// Panels whose products are summed in registers before they go to memory.
pub(crate) const GROUP: usize = 4;

/// A dense m×n matrix, packed.
#[derive(Debug)]
pub struct Dense<T> {
    rows: usize,
    cols: usize,
    /// Rows of a panel.
    height: usize,
    /// Columns of a block but the last.
    width: usize,
    store: Vec<T>,
    /// Where in the store the first panel begins, at the beginning of a cache line.
    from: usize,
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
                let at = dense.from + dense.offset(j, p);
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
        // An even number of equal blocks, so that two threads have the same to do.
        let blocks = if cols <= 2 * STEP { 1 } else { cols.div_ceil(WIDTH).next_multiple_of(2) };
        let width = cols.div_ceil(blocks).next_multiple_of(STEP);
        let mut dense = Dense { rows, cols, height, width, store: Vec::new(), from: 0 };
        dense.store = vec![T::of(0.0); dense.len() + spare::<T>()];
        dense.from = aligned(&dense.store);
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

    /// Rows of a panel.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Columns of a block but the last.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    fn len(&self) -> usize {
        self.panels() * self.height * self.cols
    }

    fn values(&self) -> &[T] {
        &self.store[self.from..self.from + self.len()]
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

    /// Makes the present thread hold the memory that products with k columns want.
    pub fn reserve(&self, k: usize) {
        let lanes = self.height / HEIGHT;
        let padded = k.next_multiple_of(lanes);
        T::with_scratch(((self.panels() * self.height) + self.cols) * padded, |_| ());
    }

    /// `dst = A·Y` for Y n×k, dst m×k.
    pub fn times(&self, dst: MatMut<'_, T>, y: MatRef<'_, T>, par: Par) {
        let k = y.ncols();
        T::with_scratch(self.cols * k, |packed| {
            for block in 0..self.blocks() {
                let columns = self.columns(block);
                let part = &mut packed[columns.start * k..columns.end * k];
                let mut at = 0;
                for (q, width) in widths(k) {
                    for l in 0..width {
                        for (i, value) in column(y, q + l)[columns.clone()].iter().enumerate() {
                            part[at + i * width + l] = *value;
                        }
                    }
                    at += columns.len() * width;
                }
            }
            let task = Times { a: self, packed, panels: 0..self.panels(), dst };
            task.divided(threads(par));
        });
    }

    /// `dst = Aᵀ·X` for X m×k, dst n×k.
    pub fn transpose_times(&self, dst: MatMut<'_, T>, x: MatRef<'_, T>, par: Par) {
        let lanes = self.height / HEIGHT;
        let padded = x.ncols().next_multiple_of(lanes);
        let packed = self.panels() * self.height * padded;
        T::with_scratch(packed + self.cols * padded, |scratch| {
            let (packed, sums) = scratch.split_at_mut(packed);
            pack_rows(packed, x, self.height, lanes);
            let task = TransposeTimes { a: self, packed, padded, blocks: 0..self.blocks(), sums, dst };
            task.divided(threads(par));
        });
    }
}

/// The vectors of a tile of Aᵀ·X: threes, and twos where threes would leave one.
pub(crate) fn depths(vectors: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let left = vectors - at;
        let depth = match left {
            0 => return None,
            1 | 2 => left,
            _ if left.is_multiple_of(3) => 3,
            _ => 2,
        };
        at += depth;
        Some((at - depth, depth))
    })
}

/// X row by row: in groups of panels, in these by the vectors of a tile, zeros where X ends.
pub(crate) fn pack_rows<T: Real>(packed: &mut [T], x: MatRef<'_, T>, height: usize, lanes: usize) {
    let vectors = x.ncols().div_ceil(lanes);
    let mut rest = packed;
    let padded_rows = x.nrows().next_multiple_of(height);
    for from in (0..padded_rows).step_by(GROUP * height) {
        let rows = (GROUP * height).min(padded_rows - from);
        let filled = rows.min(x.nrows() - from);
        for (v, depth) in depths(vectors) {
            let (tile, later) = rest.split_at_mut(rows * depth * lanes);
            rest = later;
            let stride = depth * lanes;
            tile[filled * stride..].fill(T::of(0.0));
            for l in 0..stride {
                let q = v * lanes + l;
                if q < x.ncols() {
                    for (i, value) in column(x, q)[from..from + filled].iter().enumerate() {
                        tile[i * stride + l] = *value;
                    }
                } else {
                    (0..filled).for_each(|i| tile[i * stride + l] = T::of(0.0));
                }
            }
        }
    }
}

/// A·Y on some panels.
struct Times<'a, T> {
    a: &'a Dense<T>,
    packed: &'a [T],
    panels: std::ops::Range<usize>,
    /// The rows of these panels.
    dst: MatMut<'a, T>,
}

impl<T: Real> Times<'_, T> {
    /// By as many threads; the panels are independent.
    fn divided(self, threads: usize) {
        if threads < 2 || self.panels.len() < 2 {
            return Arch::new().dispatch(self);
        }
        let Times { a, packed, panels, dst } = self;
        let middle = panels.start + panels.len() * (threads / 2) / threads;
        let (upper, lower) = dst.split_at_row_mut((middle - panels.start) * a.height);
        rayon::join(
            || Times { a, packed, panels: panels.start..middle, dst: upper }.divided(threads / 2),
            || Times { a, packed, panels: middle..panels.end, dst: lower }.divided(threads - threads / 2),
        );
    }

    #[inline(always)]
    fn tiles<S: Simd, const K: usize>(&mut self, simd: S, panel: &[T], y: &[T], q: usize, from: usize, first: bool) {
        let height = self.a.height / STACK;
        for tile in 0..STACK {
            let sums = outer::<S, T, K, STACK>(simd, panel, tile, y);
            let from = from + tile * height;
            if from >= self.dst.nrows() {
                return;
            }
            let rows = height.min(self.dst.nrows() - from);
            for (l, sums) in sums.iter().enumerate() {
                let dst = &mut column_mut(self.dst.rb_mut(), q + l)[from..from + rows];
                if rows == height {
                    let (dst, _) = T::vectors_mut::<S>(dst);
                    let one = T::splat(simd, T::of(1.0));
                    for (dst, sum) in dst.iter_mut().zip(sums) {
                        *dst = if first { *sum } else { T::mul_add(simd, one, *sum, *dst) };
                    }
                } else {
                    for (dst, sum) in dst.iter_mut().zip(T::values::<S>(sums)) {
                        *dst = if first { *sum } else { *dst + *sum };
                    }
                }
            }
        }
    }
}

impl<T: Real> WithSimd for Times<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let k = self.dst.ncols();
        for block in 0..self.a.blocks() {
            let columns = self.a.columns(block);
            let packed = &self.packed[columns.start * k..columns.end * k];
            for (at, p) in self.panels.clone().enumerate() {
                let panel = self.a.panel(block, p);
                let (from, first) = (at * self.a.height, block == 0);
                for (q, width) in widths(k) {
                    let y = &packed[q * columns.len()..(q + width) * columns.len()];
                    match width {
                        6 => self.tiles::<S, 6>(simd, panel, y, q, from, first),
                        5 => self.tiles::<S, 5>(simd, panel, y, q, from, first),
                        4 => self.tiles::<S, 4>(simd, panel, y, q, from, first),
                        3 => self.tiles::<S, 3>(simd, panel, y, q, from, first),
                        2 => self.tiles::<S, 2>(simd, panel, y, q, from, first),
                        _ => self.tiles::<S, 1>(simd, panel, y, q, from, first),
                    }
                }
            }
        }
    }
}

/// Aᵀ·X on some blocks of columns.
struct TransposeTimes<'a, T> {
    a: &'a Dense<T>,
    packed: &'a [T],
    /// k, up to whole vectors.
    padded: usize,
    blocks: std::ops::Range<usize>,
    /// The result row by row, for these blocks.
    sums: &'a mut [T],
    /// The rows of these blocks.
    dst: MatMut<'a, T>,
}

impl<T: Real> TransposeTimes<'_, T> {
    /// By as many threads; the columns of A are independent.
    fn divided(self, threads: usize) {
        if threads < 2 || self.blocks.len() < 2 {
            return Arch::new().dispatch(self);
        }
        let TransposeTimes { a, packed, padded, blocks, sums, dst } = self;
        let middle = blocks.start + blocks.len() * (threads / 2) / threads;
        let rows = (middle - blocks.start) * a.width;
        let (upper, lower) = dst.split_at_row_mut(rows);
        let (before, after) = sums.split_at_mut(rows * padded);
        let part = |blocks, sums, dst| TransposeTimes { a, packed, padded, blocks, sums, dst };
        rayon::join(
            || part(blocks.start..middle, before, upper).divided(threads / 2),
            || part(middle..blocks.end, after, lower).divided(threads - threads / 2),
        );
    }

    #[inline(always)]
    fn tiles<S: Simd, const J: usize, const V: usize>(&mut self, simd: S, at: &mut Tile<'_, T>) {
        let lanes = T::lanes::<S>();
        let height = self.a.height;
        while at.j + J <= at.width {
            let panels =
                at.panels.chunks_exact(at.width * height).map(|panel| &panel[at.j * height..(at.j + J) * height]);
            let sums = inner::<S, T, J, V>(simd, panels, at.x);
            let one = T::splat(simd, T::of(1.0));
            for (l, sums) in sums.iter().enumerate() {
                let to = (at.row + at.j + l) * self.padded + at.v * lanes;
                let (dst, _) = T::vectors_mut::<S>(&mut self.sums[to..to + V * lanes]);
                for (dst, sum) in dst.iter_mut().zip(sums) {
                    *dst = if at.first { *sum } else { T::mul_add(simd, one, *sum, *dst) };
                }
            }
            at.j += J;
        }
    }
}

/// Where a tile of Aᵀ·X stands.
struct Tile<'a, T> {
    /// The panels of the group, one after the other.
    panels: &'a [T],
    /// The group's rows of X, the vectors of this tile.
    x: &'a [T],
    /// Columns in the block.
    width: usize,
    /// The first row of the block among the sums.
    row: usize,
    /// The first column in the block.
    j: usize,
    /// The first vector.
    v: usize,
    /// Nothing has been summed yet.
    first: bool,
}

impl<T: Real> WithSimd for TransposeTimes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (a, packed) = (self.a, self.packed);
        let lanes = T::lanes::<S>();
        let panels = a.panels();
        for block in self.blocks.clone() {
            let columns = a.columns(block);
            let row = columns.start - self.blocks.start * a.width;
            for group in (0..panels).step_by(GROUP) {
                let count = GROUP.min(panels - group);
                let rows = count * a.height;
                let values = &a.values()[a.offset(columns.start, group)..][..columns.len() * rows];
                let x = &packed[group * a.height * self.padded..][..rows * self.padded];
                for (v, depth) in depths(self.padded / lanes) {
                    let x = &x[v * lanes * rows..(v + depth) * lanes * rows];
                    let mut at = Tile { panels: values, x, width: columns.len(), row, j: 0, v, first: group == 0 };
                    match depth {
                        3 => {
                            self.tiles::<S, 4, 3>(simd, &mut at);
                            self.tiles::<S, 1, 3>(simd, &mut at);
                        }
                        2 => {
                            self.tiles::<S, 6, 2>(simd, &mut at);
                            self.tiles::<S, 1, 2>(simd, &mut at);
                        }
                        _ => {
                            self.tiles::<S, 12, 1>(simd, &mut at);
                            self.tiles::<S, 1, 1>(simd, &mut at);
                        }
                    }
                }
            }
            let sums = &self.sums[row * self.padded..(row + columns.len()) * self.padded];
            for q in 0..self.dst.ncols() {
                let dst = &mut column_mut(self.dst.rb_mut(), q)[row..row + columns.len()];
                for (dst, sums) in dst.iter_mut().zip(sums.chunks_exact(self.padded)) {
                    *dst = sums[q];
                }
            }
        }
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
