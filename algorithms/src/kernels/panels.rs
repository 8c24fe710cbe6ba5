//! Updates of a tall factor X that treat each row by itself: given the Gram matrix G and the row's part of the cross
//! product C. A block of rows is rearranged into panels a few vectors high, in which all k columns lie together, updated
//! there by vectors, and put back.
//!
//! What a row becomes depends on that row alone, so the bits do not depend on the number of threads.

use super::lanes::Lanes;
use super::tiles::{TALL, outer, widths};
use super::{column, column_mut, threads};
use crate::real::Real;
use faer::prelude::*;
use faer::{MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};

/// One column of a panel.
pub(crate) type Tall<S, T> = [<T as Lanes>::Vector<S>; TALL];

/// Columns of a group, at most.
pub(crate) const MOST: usize = 6;

/// An update of rows.
pub(crate) trait RowUpdate<T: Real>: Sync {
    /// Updates the rows of one panel; `x` and `c` hold its k columns, and `c` may be overwritten.
    fn panel<S: Simd>(&self, simd: S, gram: &Gram<'_, T>, x: &mut [Tall<S, T>], c: &mut [Tall<S, T>]);
}

/// A k×k matrix, in groups of as many columns as a tile takes, row by row in each.
pub(crate) struct Gram<'a, T> {
    packed: &'a [T],
    rank: usize,
}

impl<T: Real> Gram<'_, T> {
    /// The columns q … q + K of a group.
    #[inline(always)]
    pub(crate) fn group<const K: usize>(&self, q: usize) -> &[[T; K]] {
        self.packed[q * self.rank..(q + K) * self.rank].as_chunks().0
    }

    /// X·G for the columns q … q + K of G.
    #[inline(always)]
    pub(crate) fn product<S: Simd, const K: usize>(&self, simd: S, x: &[Tall<S, T>], q: usize) -> [Tall<S, T>; K] {
        outer::<S, T, K, TALL, 1>(simd, T::values::<S>(x.as_flattened()), 0, self.group::<K>(q).iter().copied())
    }
}

/// Rows rearranged at a time, at most: X and C of a block stay in the second-level cache.
const BLOCK: usize = 64;

/// Calls `update` on all rows of X (p×k), with G (k×k) and C (p×k).
pub(crate) fn update_rows<T: Real>(
    x: MatMut<'_, T>,
    gram: MatRef<'_, T>,
    c: MatRef<'_, T>,
    par: Par,
    update: &impl RowUpdate<T>,
) {
    let rank = x.ncols();
    T::with_scratch(rank * rank + 2 * BLOCK * rank, |scratch| {
        let (packed, rest) = scratch.split_at_mut(rank * rank);
        let mut entries = packed.iter_mut();
        for (q, width) in widths(rank, MOST) {
            for l in 0..rank {
                (0..width).zip(&mut entries).for_each(|(t, to)| *to = gram[(l, q + t)]);
            }
        }
        let rows = Rows { x, c, gram: &Gram { packed, rank }, update };
        rows.divided(threads(par), rest);
    });
}

/// What [`update_rows`] wants of a thread's memory.
pub(crate) fn wanted(rank: usize) -> usize {
    rank * rank + 2 * BLOCK * rank
}

struct Rows<'a, T, U> {
    x: MatMut<'a, T>,
    c: MatRef<'a, T>,
    gram: &'a Gram<'a, T>,
    update: &'a U,
}

impl<T: Real, U: RowUpdate<T>> Rows<'_, T, U> {
    /// By as many threads, the first of which has `scratch`.
    fn divided(self, threads: usize, scratch: &mut [T]) {
        let blocks = self.x.nrows().div_ceil(BLOCK);
        if threads < 2 || blocks < 2 {
            return Arch::new().dispatch(Task { rows: self, scratch });
        }
        let Rows { x, c, gram, update } = self;
        let middle = blocks * (threads / 2) / threads * BLOCK;
        let (x0, x1) = x.split_at_row_mut(middle);
        let (c0, c1) = c.split_at_row(middle);
        rayon::join(
            || Rows { x: x0, c: c0, gram, update }.divided(threads / 2, scratch),
            || {
                let rows = Rows { x: x1, c: c1, gram, update };
                T::with_scratch(2 * BLOCK * gram.rank, |scratch| rows.divided(threads - threads / 2, scratch));
            },
        );
    }
}

struct Task<'a, 'b, T, U> {
    rows: Rows<'a, T, U>,
    scratch: &'b mut [T],
}

impl<T: Real, U: RowUpdate<T>> WithSimd for Task<'_, '_, T, U> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Task { rows: Rows { mut x, c, gram, update }, scratch } = self;
        let rank = gram.rank;
        let (xs, cs) = scratch.split_at_mut(BLOCK * rank);
        let height = TALL * T::lanes::<S>();
        for from in (0..x.nrows()).step_by(BLOCK) {
            let rows = BLOCK.min(x.nrows() - from);
            for j in 0..rank {
                pack(xs, &column(x.rb(), j)[from..from + rows], j, rank, height);
                pack(cs, &column(c, j)[from..from + rows], j, rank, height);
            }
            let whole = rows.next_multiple_of(height) * rank;
            let panels = xs[..whole].chunks_exact_mut(height * rank).zip(cs[..whole].chunks_exact_mut(height * rank));
            for (x, c) in panels {
                let (x, c) = (T::vectors_mut::<S>(x).0, T::vectors_mut::<S>(c).0);
                update.panel(simd, gram, x.as_chunks_mut().0, c.as_chunks_mut().0);
            }
            for j in 0..rank {
                let parts = column_mut(x.rb_mut(), j)[from..from + rows].chunks_mut(height);
                for (part, panel) in parts.zip(xs.chunks_exact(height * rank)) {
                    part.copy_from_slice(&panel[j * height..][..part.len()]);
                }
            }
        }
    }
}

/// Column j of some rows into their panels, with zeros below the last row.
#[inline(always)]
pub(crate) fn pack<T: Real>(panels: &mut [T], rows: &[T], j: usize, rank: usize, height: usize) {
    for (part, panel) in rows.chunks(height).zip(panels.chunks_exact_mut(height * rank)) {
        let to = &mut panel[j * height..(j + 1) * height];
        to[..part.len()].copy_from_slice(part);
        to[part.len()..].fill(T::of(0.0));
    }
}
