//! Updates of a tall factor X that treat each row by itself: given the Gram matrix G and the row's part of the cross
//! product C. A block of rows is rearranged into panels a few vectors high, in which all k columns lie together, updated
//! there by vectors, and put back.
//!
//! What a row becomes depends on that row alone, so the bits do not depend on the number of threads.

use super::lanes::Lanes;
use super::tiles::{TALL, outer, prefetch, widths};
use super::{column, column_mut, pieces};
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
    /// Updates the rows of one panel: sets each column of the result.
    fn panel<S: Simd>(&self, simd: S, gram: &Gram<'_, T>, panel: Panel<'_, S, T>);
}

/// The rows of one panel: a few vectors high.
pub(crate) struct Panel<'a, S: Simd, T: Real> {
    /// The k columns of X, together.
    pub(crate) x: &'a mut [Tall<S, T>],
    cross: MatRef<'a, T>,
    result: MatMut<'a, T>,
}

impl<S: Simd, T: Real> Panel<'_, S, T> {
    /// Column j of C.
    #[inline(always)]
    pub(crate) fn cross(&self, j: usize) -> Tall<S, T> {
        T::vectors::<S>(column(self.cross, j)).0.as_chunks().0[0]
    }

    /// Writes what column j of X becomes.
    #[inline(always)]
    pub(crate) fn set(&mut self, j: usize, new: Tall<S, T>) {
        T::vectors_mut::<S>(column_mut(self.result.rb_mut(), j)).0.as_chunks_mut().0[0] = new;
    }
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

/// Rows of a panel.
fn height<T: Real>() -> usize {
    struct Height<T>(std::marker::PhantomData<T>);
    impl<T: Real> WithSimd for Height<T> {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            TALL * T::lanes::<S>()
        }
    }
    Arch::new().dispatch(Height::<T>(std::marker::PhantomData))
}

/// Calls `update` on all rows of X (p×k), with G (k×k) and C (p×k).
pub(crate) fn update_rows<T: Real>(
    x: MatMut<'_, T>,
    gram: MatRef<'_, T>,
    c: MatRef<'_, T>,
    par: Par,
    update: &impl RowUpdate<T>,
) {
    let (rank, pieces) = (x.ncols(), pieces(par));
    T::with_scratch(wanted::<T>(rank, pieces), |scratch| {
        let (packed, rest) = scratch.split_at_mut(square(rank));
        let mut entries = packed.iter_mut();
        for (q, width) in widths(rank, MOST) {
            for l in 0..rank {
                (0..width).zip(&mut entries).for_each(|(t, to)| *to = gram[(l, q + t)]);
            }
        }
        let gram = &Gram { packed, rank };
        Rows { x, c, gram, update, height: height::<T>(), scratch: rest }.divided(pieces);
    });
}

/// What [`update_rows`] wants of a thread's memory, its work being in so many pieces: G, and for each piece a panel of X
/// and, for the last rows, one of C and one of what X becomes.
pub(crate) fn wanted<T: Real>(rank: usize, pieces: usize) -> usize {
    square(rank) + pieces * 3 * height::<T>() * rank
}

/// Values of G, up to where a cache line begins again.
fn square(rank: usize) -> usize {
    (rank * rank).next_multiple_of(64)
}

/// Some rows.
struct Rows<'a, T, U> {
    x: MatMut<'a, T>,
    c: MatRef<'a, T>,
    gram: &'a Gram<'a, T>,
    update: &'a U,
    /// Rows of a panel.
    height: usize,
    /// Three panels for each piece.
    scratch: &'a mut [T],
}

impl<T: Real, U: RowUpdate<T>> Rows<'_, T, U> {
    /// In as many pieces, which any thread may take.
    fn divided(self, pieces: usize) {
        let panels = self.x.nrows().div_ceil(self.height);
        if pieces < 2 || panels < 2 {
            return Arch::new().dispatch(self);
        }
        let Rows { x, c, gram, update, height, scratch } = self;
        let half = pieces / 2;
        let middle = panels * half / pieces * height;
        let (x0, x1) = x.split_at_row_mut(middle);
        let (c0, c1) = c.split_at_row(middle);
        let (scratch0, scratch1) = scratch.split_at_mut(half * 3 * height * gram.rank);
        rayon::join(
            || Rows { x: x0, c: c0, gram, update, height, scratch: scratch0 }.divided(half),
            || Rows { x: x1, c: c1, gram, update, height, scratch: scratch1 }.divided(pieces - half),
        );
    }
}

impl<T: Real, U: RowUpdate<T>> WithSimd for Rows<'_, T, U> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Rows { mut x, c, gram, update, height, scratch } = self;
        let rank = gram.rank;
        let (packed, rest) = scratch.split_at_mut(height * rank);
        let whole = x.nrows() / height * height;
        for from in (0..whole).step_by(height) {
            let packed = T::vectors_mut::<S>(packed).0.as_chunks_mut().0;
            for (j, to) in packed.iter_mut().enumerate() {
                let (x, c) = (column(x.rb(), j), column(c, j));
                *to = T::vectors::<S>(&x[from..from + height]).0.as_chunks().0[0];
                // Columns are far apart: nothing else would ask for the next panel in time.
                for i in (0..height).step_by(64 / size_of::<T>()) {
                    prefetch(x, from + height + i);
                    prefetch(c, from + height + i);
                }
            }
            let (cross, result) = (c.subrows(from, height), x.rb_mut().subrows_mut(from, height));
            update.panel(simd, gram, Panel { x: packed, cross, result });
        }
        let rows = x.nrows() - whole;
        if rows > 0 {
            let (last_c, last_x) = rest[..2 * height * rank].split_at_mut(height * rank);
            for j in 0..rank {
                pack(packed, &column(x.rb(), j)[whole..], j, rank, height);
                pack(last_c, &column(c, j)[whole..], j, rank, height);
            }
            let panel = Panel {
                x: T::vectors_mut::<S>(packed).0.as_chunks_mut().0,
                cross: MatRef::from_column_major_slice(last_c, height, rank),
                result: MatMut::from_column_major_slice_mut(last_x, height, rank),
            };
            update.panel(simd, gram, panel);
            for (j, new) in last_x.chunks_exact(height).enumerate() {
                column_mut(x.rb_mut(), j)[whole..].copy_from_slice(&new[..rows]);
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
