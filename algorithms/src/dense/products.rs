//! The two products, tile by tile: a tile of the result stays in registers while the contraction runs.

use super::{COLUMNS, Dense};
use crate::kernels::scratch::LINE;
use crate::kernels::tiles::{HEIGHT, by_width, dots, outer, prefetch, prefetch_far, widths};
use crate::kernels::{column, column_mut};
use crate::real::Real;
use faer::prelude::*;
use faer::{MatMut, MatRef};
use pulp::{Arch, Simd, WithSimd};
use std::array::from_fn;

/// Columns of X in a tile of Aᵀ·X, at most.
const MOST: usize = 5;

/// A·Y on some panels.
pub(super) struct Times<'a, T> {
    pub(super) a: &'a Dense<T>,
    pub(super) y: MatRef<'a, T>,
    pub(super) panels: std::ops::Range<usize>,
    /// The rows of these panels.
    pub(super) dst: MatMut<'a, T>,
}

/// A panel at work.
#[derive(Clone, Copy)]
struct Panel<'a, T> {
    values: &'a [T],
    /// What lies in memory behind it, as far as nobody has asked for it.
    next: &'a [T],
    /// The columns of A.
    columns: (usize, usize),
    /// The first row, among those of the result.
    from: usize,
    /// Nothing has been summed yet.
    first: bool,
}

impl<T: Real> Times<'_, T> {
    /// In as many pieces, which any thread may take; the panels are independent.
    pub(super) fn divided(self, pieces: usize) {
        if pieces < 2 || self.panels.len() < 2 {
            return Arch::new().dispatch(self);
        }
        let Times { a, y, panels, dst } = self;
        let middle = panels.start + panels.len() * (pieces / 2) / pieces;
        let (upper, lower) = dst.split_at_row_mut((middle - panels.start) * a.height);
        rayon::join(
            || Times { a, y, panels: panels.start..middle, dst: upper }.divided(pieces / 2),
            || Times { a, y, panels: middle..panels.end, dst: lower }.divided(pieces - pieces / 2),
        );
    }

    /// With tiles of H vectors, STACK on top of each other in a panel.
    #[inline(always)]
    fn run<S: Simd, const H: usize, const STACK: usize>(&mut self, simd: S, most: usize) {
        let k = self.dst.ncols();
        let (a, line) = (self.a, LINE / size_of::<T>());
        for block in 0..a.blocks() {
            let columns = a.columns(block);
            for (at, p) in self.panels.clone().enumerate() {
                let (values, behind) = a.values()[a.offset(columns.start, p)..].split_at(columns.len() * a.height);
                let next = &behind[..behind.len().min(values.len())];
                let (from, first) = (at * a.height, block == 0);
                let mut panel = Panel { values, next, columns: (columns.start, columns.end), from, first };
                for (q, width) in widths(k, most) {
                    for tile in 0..STACK {
                        by_width!(width, self.tile::<S, H, STACK>(simd, panel, tile, q));
                        // Each tile asks for a part of the next panel, so that memory is read while this one is at work.
                        panel.next = panel.next.get(columns.len() * line..).unwrap_or_default();
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const H: usize, const STACK: usize, const K: usize>(
        &mut self,
        simd: S,
        panel: Panel<'_, T>,
        tile: usize,
        q: usize,
    ) {
        let height = H * T::lanes::<S>();
        let from = panel.from + tile * height;
        if from >= self.dst.nrows() {
            return;
        }
        let rows = height.min(self.dst.nrows() - from);
        let line = LINE / size_of::<T>();
        if !panel.first {
            for l in 0..K {
                let dst = column(self.dst.rb(), q + l);
                (0..height).step_by(line).for_each(|i| prefetch(dst, from + i));
            }
        }
        let (start, end) = panel.columns;
        let y: [&[T]; K] = from_fn(|l| &column(self.y, q + l)[start..end]);
        let rows_of_y = (0..end - start).map(|j| {
            prefetch(panel.next, j * line);
            from_fn(|l| y[l][j])
        });
        let sums = outer::<S, T, K, H, STACK>(simd, panel.values, tile, rows_of_y);
        for (l, sums) in sums.iter().enumerate() {
            let dst = &mut column_mut(self.dst.rb_mut(), q + l)[from..from + rows];
            if rows == height {
                let (dst, _) = T::vectors_mut::<S>(dst);
                let one = T::splat(simd, T::of(1.0));
                for (dst, sum) in dst.iter_mut().zip(sums) {
                    *dst = if panel.first { *sum } else { T::mul_add(simd, one, *sum, *dst) };
                }
            } else {
                for (dst, sum) in dst.iter_mut().zip(T::values::<S>(sums)) {
                    *dst = if panel.first { *sum } else { *dst + *sum };
                }
            }
        }
    }
}

impl<T: Real> WithSimd for Times<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.run::<S, HEIGHT, 1>(simd, 5);
        } else {
            self.run::<S, 2, { HEIGHT / 2 }>(simd, 6);
        }
    }
}

/// Aᵀ·X on some blocks of columns.
pub(super) struct TransposeTimes<'a, T> {
    pub(super) a: &'a Dense<T>,
    pub(super) x: MatRef<'a, T>,
    /// The rows of X in the last group, column after column, with zeros below.
    pub(super) last: &'a [T],
    pub(super) blocks: std::ops::Range<usize>,
    /// The rows of these blocks.
    pub(super) dst: MatMut<'a, T>,
}

/// Some panels of a block at work.
#[derive(Clone, Copy)]
struct Group<'a, T> {
    panels: &'a [T],
    /// What lies in memory behind them, as far as nobody has asked for it.
    next: &'a [T],
    /// The first row of the panels, and how many they have.
    rows: (usize, usize),
    /// Columns in the block.
    width: usize,
    /// The first of them among the rows of the result.
    row: usize,
}

impl<T: Real> TransposeTimes<'_, T> {
    /// In as many pieces, which any thread may take; the columns of A are independent.
    pub(super) fn divided(self, pieces: usize) {
        if pieces < 2 || self.blocks.len() < 2 {
            return Arch::new().dispatch(self);
        }
        let TransposeTimes { a, x, last, blocks, dst } = self;
        let middle = blocks.start + blocks.len() * (pieces / 2) / pieces;
        let (upper, lower) = dst.split_at_row_mut((middle - blocks.start) * a.width);
        rayon::join(
            || TransposeTimes { a, x, last, blocks: blocks.start..middle, dst: upper }.divided(pieces / 2),
            || TransposeTimes { a, x, last, blocks: middle..blocks.end, dst: lower }.divided(pieces - pieces / 2),
        );
    }
}

impl<T: Real> TransposeTimes<'_, T> {
    /// The columns q … q + Q of the result, as far as a group contributes; `lines` of memory are asked for in each step.
    #[inline(always)]
    fn columns<S: Simd, const Q: usize>(&mut self, simd: S, mut group: Group<'_, T>, q: usize, lines: usize) {
        let (from, rows) = group.rows;
        let last = from + rows > self.a.rows;
        let (x, padded) = (self.x, self.last);
        let x =
            from_fn(|l| if last { &padded[(q + l) * rows..][..rows] } else { &column(x, q + l)[from..from + rows] });
        let asked = group.panels.len() / (group.width * self.a.height) * lines * (LINE / size_of::<T>());
        let mut j = 0;
        while j + COLUMNS <= group.width {
            self.tile::<S, COLUMNS, Q>(simd, group, x, (j, q), lines);
            group.next = group.next.get(asked..).unwrap_or_default();
            j += COLUMNS;
        }
        for j in j..group.width {
            self.tile::<S, 1, Q>(simd, group, x, (j, q), 0);
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const J: usize, const Q: usize>(
        &mut self,
        simd: S,
        group: Group<'_, T>,
        x: [&[T]; Q],
        (j, q): (usize, usize),
        lines: usize,
    ) {
        let (height, line) = (self.a.height, LINE / size_of::<T>());
        let panels = group.panels.chunks_exact(group.width * height).enumerate();
        let steps = panels.map(|(step, panel)| {
            (0..lines).for_each(|l| prefetch_far(group.next, (step * lines + l) * line));
            let columns = T::vectors::<S>(&panel[j * height..(j + J) * height]).0.as_chunks::<HEIGHT>().0;
            from_fn(|j| &columns[j])
        });
        let sums = dots::<S, T, J, Q>(simd, steps, x);
        for l in 0..Q {
            let dst = &mut column_mut(self.dst.rb_mut(), q + l)[group.row + j..][..J];
            for (dst, sums) in dst.iter_mut().zip(&sums) {
                *dst = if group.rows.0 == 0 { sums[l] } else { *dst + sums[l] };
            }
        }
    }
}

impl<T: Real> WithSimd for TransposeTimes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let most = if S::REGISTER_COUNT >= 32 { MOST } else { 3 };
        let (a, k) = (self.a, self.dst.ncols());
        let (panels, size) = (a.panels(), a.group());
        // Each tile asks for its share of the group that is next.
        let lines = (COLUMNS * a.height * size_of::<T>() / LINE).div_ceil(k.div_ceil(most));
        for block in self.blocks.clone() {
            let columns = a.columns(block);
            let row = columns.start - self.blocks.start * a.width;
            let width = columns.len();
            for first in (0..panels).step_by(size) {
                let rows = size.min(panels - first) * a.height;
                let (values, behind) = a.values()[a.offset(columns.start, first)..].split_at(rows * width);
                let next = &behind[..behind.len().min(values.len())];
                let group = Group { panels: values, next, rows: (first * a.height, rows), width, row };
                let mut ahead = group;
                for (q, tile) in widths(k, most) {
                    by_width!(tile, self.columns::<S>(simd, ahead, q, lines));
                    let asked = width / COLUMNS * (rows / a.height) * lines * (LINE / size_of::<T>());
                    ahead.next = ahead.next.get(asked..).unwrap_or_default();
                }
            }
        }
    }
}
