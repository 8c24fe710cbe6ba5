//! N and D on a dense matrix, in the layout that its products run from.
//!
//! A piece of V, a few panels high and a few columns wide, is formed from packed rows of both factors, weighed against the
//! same piece of the data, and multiplied back while it is in the cache. Both products are sums in registers.

use super::under::{GROUP, Under, pack_rows};
use super::{Shared, Work};
use crate::dense::Dense;
use crate::kernels::scratch::{Buffer, LINE};
use crate::kernels::tiles::{HEIGHT, TALL, by_width, outer, prefetch, prefetch_far};
use crate::kernels::{column, rows};
use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Columns of a piece, at most: as many as tiles of all widths divide.
const WIDTH: usize = 60;

/// Tiles on top of each other in a panel.
const STACK: usize = HEIGHT / TALL;

/// The tiles of k columns.
fn widths(k: usize) -> impl Iterator<Item = (usize, usize)> {
    crate::kernels::tiles::widths(k, 6)
}

/// Packed rows of K values each.
fn rows_of<T: Copy, const K: usize>(packed: &[T]) -> impl Iterator<Item = [T; K]> {
    packed.as_chunks().0.iter().copied()
}

pub(super) struct Tiled<T> {
    /// Columns of A belong to rows of X: X is Ht.
    columns: bool,
    /// Rows of X to a part.
    size: usize,
    pieces: Vec<Piece>,
    /// Y as the model wants it, and as the products do.
    model: Buffer<T>,
    product: Buffer<T>,
    parts: Vec<Part<T>>,
}

/// Some columns of a block of A.
struct Piece {
    block: usize,
    /// As columns of A.
    columns: Range<usize>,
    /// The first of them in the block.
    first: usize,
}

struct Part<T> {
    /// Rows of X: a panel of W, or some rows of Ht in groups.
    x: Buffer<T>,
    /// The piece of the data, then N's weights.
    a: Buffer<T>,
    /// The piece of the model, then D's weights; empty where D needs none and nothing is valued.
    v: Buffer<T>,
    /// N and D row by row, for the rows of Ht.
    sums: [Buffer<T>; 2],
    n: Mat<T>,
    d: Mat<T>,
    value: f64,
}

impl<T: Real> Tiled<T> {
    pub(super) fn new(a: &Dense<T>, k: usize, transposed: bool, s: &Shared<T>) -> Self {
        let (height, panels) = (a.height(), a.panels());
        let padded = k.next_multiple_of(height / HEIGHT);
        let mut pieces = Vec::new();
        for block in 0..a.blocks() {
            let all = a.columns(block);
            for from in all.clone().step_by(WIDTH) {
                pieces.push(Piece { block, columns: from..(from + WIDTH).min(all.end), first: from - all.start });
            }
        }
        let wide = WIDTH.min(a.width());
        let part = |rows: usize| {
            let (x, size) = if transposed { (height, height) } else { (wide, wide * GROUP) };
            let whole = if transposed { 0 } else { rows * padded };
            let piece = if transposed { height * wide } else { height * size };
            let rows = if transposed { height } else { rows };
            let separate = !s.fused();
            Part {
                x: Buffer::new(x * k),
                a: Buffer::new(piece),
                v: Buffer::new(if separate { piece } else { 0 }),
                sums: [whole, if s.plain() { 0 } else { whole }].map(Buffer::new),
                n: Mat::zeros(rows, k),
                d: Mat::zeros(rows, k),
                value: 0.0,
            }
        };
        let (p, size) = if transposed {
            (a.nrows(), a.nrows().div_ceil(16).next_multiple_of(height))
        } else {
            (a.ncols(), a.width())
        };
        let tall = panels * height;
        let (model, product) = if transposed { (a.ncols() * k, a.ncols() * k) } else { (tall * k, tall * padded) };
        Tiled {
            columns: !transposed,
            size,
            pieces,
            model: Buffer::new(model),
            product: Buffer::new(product),
            parts: rows::states(p, size, part),
        }
    }

    /// See [`super::Pass::run`].
    pub(super) fn run(
        &mut self,
        x: MatMut<'_, T>,
        a: &Dense<T>,
        y: MatRef<'_, T>,
        s: &Shared<T>,
        (par, work): (Par, &impl Work<T>),
    ) -> f64 {
        let k = y.ncols();
        let (height, padded) = (a.height(), k.next_multiple_of(a.height() / HEIGHT));
        if self.columns {
            pack_panels(&mut self.model, y, height);
            pack_rows(&mut self.product, y, height, height / HEIGHT);
        } else {
            for piece in &self.pieces {
                let range = piece.columns.start * k..piece.columns.end * k;
                let y = y.subrows(piece.columns.start, piece.columns.len());
                pack_groups(&mut self.model[range.clone()], y);
                pack_columns(&mut self.product[range], y);
            }
        }
        let Tiled { columns, size, pieces, model, product, parts } = self;
        let task = Task { a, k, padded, pieces, model, product, shared: s };
        rows::for_blocks(par, x, *size, parts, |part, from, mut x| {
            part.value = 0.0;
            if *columns {
                for piece in task.pieces.iter().filter(|p| (from..from + x.nrows()).contains(&p.columns.start)) {
                    let (at, wide) = (piece.columns.start - from, piece.columns.len());
                    pack_groups(&mut part.x[..wide * k], x.rb().subrows(at, wide));
                    Arch::new().dispatch(Columns { task: &task, part, piece, at });
                }
                part.finish(s, x.nrows(), padded);
                let tall = x.nrows();
                work.rows(x.rb_mut(), part.n.subrows(0, tall), part.d.subrows(0, tall), from);
            } else {
                for at in (0..x.nrows()).step_by(height) {
                    let tall = height.min(x.nrows() - at);
                    let mut x = x.rb_mut().subrows_mut(at, tall);
                    pack_panels(&mut part.x, x.rb(), height);
                    Arch::new().dispatch(Panel { task: &task, part, panel: (from + at) / height });
                    s.fill(&mut part.d, tall);
                    work.rows(x.rb_mut(), part.n.subrows(0, tall), part.d.subrows(0, tall), from + at);
                }
            }
        });
        self.parts.iter().map(|p| p.value).sum()
    }
}

/// Rows in panels, column after column in each, zeros below the last row.
fn pack_panels<T: Real>(packed: &mut [T], y: MatRef<'_, T>, height: usize) {
    let k = y.ncols();
    for (p, panel) in packed.chunks_exact_mut(height * k).enumerate() {
        let rows = height.min(y.nrows() - p * height);
        for (l, to) in panel.chunks_exact_mut(height).enumerate() {
            to[..rows].copy_from_slice(&column(y, l)[p * height..p * height + rows]);
            to[rows..].fill(T::of(0.0));
        }
    }
}

/// Rows in groups of as many as a tile takes, in each column after column.
fn pack_groups<T: Real>(packed: &mut [T], y: MatRef<'_, T>) {
    let k = y.ncols();
    for (q, width) in widths(y.nrows()) {
        let group = &mut packed[q * k..(q + width) * k];
        for (l, to) in group.chunks_exact_mut(width).enumerate() {
            to.copy_from_slice(&column(y, l)[q..q + width]);
        }
    }
}

/// Columns in groups of as many as a tile takes, in each row after row.
fn pack_columns<T: Real>(packed: &mut [T], y: MatRef<'_, T>) {
    let rows = y.nrows();
    for (q, width) in widths(y.ncols()) {
        let group = &mut packed[q * rows..(q + width) * rows];
        for l in 0..width {
            group.iter_mut().skip(l).step_by(width).zip(column(y, q + l)).for_each(|(to, y)| *to = *y);
        }
    }
}

impl<T: Real> Part<T> {
    /// N and D from their sums.
    fn finish(&mut self, s: &Shared<T>, rows: usize, padded: usize) {
        let spread = |to: &mut Mat<T>, sums: &mut [T]| {
            for q in 0..to.ncols() {
                let to = &mut to.col_as_slice_mut(q)[..rows];
                to.iter_mut().zip(sums.chunks_exact(padded)).for_each(|(to, sums)| *to = sums[q]);
            }
            sums.fill(T::of(0.0)); // for the next run
        };
        spread(&mut self.n, &mut self.sums[0]);
        if s.plain() {
            s.fill(&mut self.d, rows);
        } else {
            spread(&mut self.d, &mut self.sums[1]);
        }
    }
}

/// What all parts see.
struct Task<'a, T> {
    a: &'a Dense<T>,
    k: usize,
    /// k, up to whole vectors.
    padded: usize,
    pieces: &'a [Piece],
    model: &'a [T],
    product: &'a [T],
    shared: &'a Shared<T>,
}

impl<T: Real> Task<'_, T> {
    /// The data of a piece in a panel.
    fn data(&self, piece: &Piece, panel: usize) -> &[T] {
        let height = self.a.height();
        &self.a.panel(piece.block, panel)[piece.first * height..(piece.first + piece.columns.len()) * height]
    }

    /// Rows of A in a panel.
    fn rows(&self, panel: usize) -> usize {
        self.a.height().min(self.a.nrows() - panel * self.a.height())
    }

    /// A piece of one panel: `tall` are the panel's rows in one factor, `groups` the piece's columns in the other, `data`
    /// is that of the piece and `next` that of the one to be formed after it. What it ends as are the weights of N in `a`
    /// and those of D in `v`. Returns the divergence where it is asked for.
    #[inline(always)]
    fn form<S: Simd>(
        &self,
        simd: S,
        (tall, groups): (&[T], &[T]),
        (data, next): (&[T], &[T]),
        rows: usize,
        (a, v): (&mut [T], &mut [T]),
    ) -> f64 {
        let height = self.a.height();
        for (q, width) in widths(data.len() / height) {
            // A tile reads its data when its sums are complete, and would wait for memory then.
            for at in (q * height..(q + width) * height).step_by(LINE / size_of::<T>()) {
                prefetch(data, at + width * height);
                prefetch_far(next, at);
            }
            let group = &groups[q * self.k..(q + width) * self.k];
            by_width!(width, self.group::<S>(simd, (tall, group), &data[q * height..], q, (&mut *a, &mut *v)));
        }
        if self.shared.fused() {
            return 0.0;
        }
        let mut value = 0.0;
        for (a, v) in a.chunks_exact(height).zip(v.chunks_exact_mut(height)) {
            v[rows..].fill(T::of(1.0)); // nothing is there, and its weight must be finite
            if self.shared.valued {
                value += self.shared.divergence(&a[..rows], &v[..rows]);
            }
        }
        self.shared.weigh(a, v);
        value
    }

    #[inline(always)]
    fn group<S: Simd, const K: usize>(
        &self,
        simd: S,
        (tall, group): (&[T], &[T]),
        data: &[T],
        q: usize,
        (a, v): (&mut [T], &mut [T]),
    ) {
        let height = self.a.height();
        let floor = T::splat(simd, self.shared.floor);
        for tile in 0..STACK {
            let sums = outer::<S, T, K, TALL, STACK>(simd, tall, tile, rows_of(group));
            for (l, sums) in sums.iter().enumerate() {
                let part = height / STACK;
                let from = l * height + tile * part;
                let data = T::vectors::<S>(&data[from..from + part]).0;
                let to = q * height + from;
                let a = T::vectors_mut::<S>(&mut a[to..to + part]).0;
                if self.shared.fused() {
                    for ((a, data), v) in a.iter_mut().zip(data).zip(sums) {
                        *a = T::quotient(simd, *data, T::larger(simd, *v, floor));
                    }
                } else {
                    a.copy_from_slice(data);
                    T::vectors_mut::<S>(&mut v[to..to + part]).0.copy_from_slice(sums);
                }
            }
        }
    }
}

/// N and D for the rows of W in one panel.
struct Panel<'a, T> {
    task: &'a Task<'a, T>,
    part: &'a mut Part<T>,
    panel: usize,
}

impl<T: Real> WithSimd for Panel<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Panel { task, part, panel } = self;
        let (height, k) = (task.a.height(), task.k);
        let Part { x, a, v, n, d, value, .. } = part;
        n.fill(T::of(0.0));
        if !task.shared.plain() {
            d.fill(T::of(0.0));
        }
        let rows = task.rows(panel);
        for (i, piece) in task.pieces.iter().enumerate() {
            let next = task.pieces.get(i + 1).map_or(&[][..], |piece| task.data(piece, panel));
            let (from, wide) = (piece.columns.start, piece.columns.len());
            let a = &mut a[..wide * height];
            let held = v.len().min(wide * height);
            let v = &mut v[..held];
            let groups = &task.model[from * k..(from + wide) * k];
            *value += task.form(simd, (x, groups), (task.data(piece, panel), next), rows, (&mut *a, &mut *v));
            for (q, width) in widths(k) {
                let y = &task.product[from * k + q * wide..from * k + (q + width) * wide];
                let back = Back { n: &mut *n, q };
                by_width!(width, back.add::<S>(simd, a, y));
                if !task.shared.plain() {
                    let back = Back { n: &mut *d, q };
                    by_width!(width, back.add::<S>(simd, v, y));
                }
            }
        }
    }
}

/// Some columns of N.
struct Back<'a, T> {
    n: &'a mut Mat<T>,
    q: usize,
}

impl<T: Real> Back<'_, T> {
    /// Adds the weights of a piece times the rows of Y that belong to it.
    #[inline(always)]
    fn add<S: Simd, const K: usize>(self, simd: S, weights: &[T], y: &[T]) {
        let part = self.n.nrows() / STACK;
        let one = T::splat(simd, T::of(1.0));
        for tile in 0..STACK {
            let sums = outer::<S, T, K, TALL, STACK>(simd, weights, tile, rows_of(y));
            for (l, sums) in sums.iter().enumerate() {
                let to = &mut self.n.col_as_slice_mut(self.q + l)[tile * part..(tile + 1) * part];
                for (to, sum) in T::vectors_mut::<S>(to).0.iter_mut().zip(sums) {
                    *to = T::mul_add(simd, one, *sum, *to);
                }
            }
        }
    }
}

/// N and D for the rows of Ht that a piece has.
struct Columns<'a, T> {
    task: &'a Task<'a, T>,
    part: &'a mut Part<T>,
    piece: &'a Piece,
    /// The piece's first row in the part.
    at: usize,
}

impl<T: Real> WithSimd for Columns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Columns { task, part, piece, at } = self;
        let (height, k, padded, wide) = (task.a.height(), task.k, task.padded, piece.columns.len());
        let Part { x, a, v, sums: [n, d], value, .. } = part;
        let size = wide * height;
        for group in (0..task.a.panels()).step_by(GROUP) {
            let panels = GROUP.min(task.a.panels() - group);
            for i in 0..panels {
                let tall = &task.model[(group + i) * height * k..(group + i + 1) * height * k];
                let v = if v.is_empty() { &mut [][..] } else { &mut v[i * size..(i + 1) * size] };
                let a = &mut a[i * size..(i + 1) * size];
                let panel = group + i;
                let next = if panel + 1 < task.a.panels() { task.data(piece, panel + 1) } else { &[] };
                let data = (task.data(piece, panel), next);
                *value += task.form(simd, (tall, &x[..wide * k]), data, task.rows(panel), (a, v));
            }
            let y = &task.product[group * height * padded..(group + panels) * height * padded];
            let sums = at * padded..(at + wide) * padded;
            Under { weights: &a[..panels * size], y, sums: &mut n[sums.clone()], height, wide, padded }.add(simd);
            if !task.shared.plain() {
                Under { weights: &v[..panels * size], y, sums: &mut d[sums], height, wide, padded }.add(simd);
            }
        }
    }
}
