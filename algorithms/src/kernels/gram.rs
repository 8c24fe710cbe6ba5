//! The Gram matrix of a tall factor: inner products of its columns, one triangle of them.

use super::tiles::{HEIGHT, by_width, dots, widths};
use super::{column, column_mut, threads};
use crate::real::Real;
use faer::prelude::*;
use faer::{MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};
use std::array::from_fn;
use std::ops::Range;

/// Bytes of a column that a tile runs along, at most: those of a tile stay in the first-level cache.
const COLUMN: usize = 2 << 10;
/// Columns of X in a tile, on one side.
const COLUMNS: usize = 4;
/// And on the other, at most.
const MOST: usize = 5;
/// Rows of a step, at most: HEIGHT vectors of the widest kind.
pub(super) const STEP: usize = 64;
/// Operations from which on threads pay.
const LARGE: usize = 1 << 17;

/// `gram = XᵀX` for X p×k with contiguous columns: one triangle is computed and mirrored.
pub fn gram<T: Real>(mut gram: MatMut<'_, T>, x: MatRef<'_, T>, par: Par) {
    let (p, k) = x.shape();
    assert_eq!(gram.shape(), (k, k), "a Gram matrix has a row and a column for each column of the factor");
    let threads = if p * k * k < LARGE { 1 } else { threads(par) };
    T::with_scratch(threads * STEP * k, |tail| {
        Task { gram: gram.rb_mut(), x, tail, columns: 0..k }.divided(threads);
    });
    for j in 0..k {
        for i in 0..j {
            gram[(i, j)] = gram[(j, i)];
        }
    }
}

/// Some columns of the lower triangle.
struct Task<'a, T> {
    gram: MatMut<'a, T>,
    x: MatRef<'a, T>,
    /// For the last rows of X, with zeros below, column after column; as often as there are threads.
    tail: &'a mut [T],
    columns: Range<usize>,
}

impl<T: Real> Task<'_, T> {
    /// By as many threads; an entry is summed by one of them, so the bits stay.
    fn divided(self, threads: usize) {
        let Task { gram, x, tail, columns } = self;
        let k = x.ncols();
        // Column j has k − j entries: the area left of `middle` is to be the first threads' share.
        let area = |j: usize| (k - columns.start) * (j - columns.start) - (j - columns.start).pow(2) / 2;
        let share = area(columns.end) * (threads / 2) / threads;
        let middle = columns.clone().step_by(COLUMNS).find(|&j| area(j) >= share).unwrap_or(columns.end);
        if threads < 2 || middle == columns.start || middle == columns.end {
            return Arch::new().dispatch(Task { gram, x, tail, columns });
        }
        let (left, right) = gram.split_at_col_mut(middle - columns.start);
        let (first, last) = (columns.start..middle, middle..columns.end);
        let (before, after) = tail.split_at_mut(threads / 2 * STEP * k);
        rayon::join(
            || Task { gram: left, x, tail: before, columns: first }.divided(threads / 2),
            || Task { gram: right, x, tail: after, columns: last }.divided(threads - threads / 2),
        );
    }
}

impl<T: Real> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Task { gram, x, tail, columns } = self;
        let step = HEIGHT * T::lanes::<S>();
        let (p, whole) = (x.nrows(), x.nrows() / step * step);
        for q in columns.start..x.ncols() {
            let (to, beyond) = tail[q * step..(q + 1) * step].split_at_mut(p - whole);
            to.copy_from_slice(&column(x, q)[whole..]);
            beyond.fill(T::of(0.0));
        }
        let mut triangle = Triangle { gram, x, tail, step, columns };
        let length = (COLUMN / size_of::<T>()).next_multiple_of(step);
        for from in (0..whole).step_by(length) {
            triangle.add::<S>(simd, (from, length.min(whole - from)));
        }
        if whole < p {
            triangle.add::<S>(simd, (whole, step));
        }
    }
}

struct Triangle<'a, T> {
    gram: MatMut<'a, T>,
    x: MatRef<'a, T>,
    tail: &'a [T],
    step: usize,
    columns: Range<usize>,
}

impl<'a, T: Real> Triangle<'a, T> {
    /// Adds what some rows contribute, given as the first and their number.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, rows: (usize, usize)) {
        let most = if S::REGISTER_COUNT >= 32 { MOST } else { 3 };
        let (k, mut j) = (self.x.ncols(), self.columns.start);
        while j + COLUMNS <= self.columns.end {
            for (q, width) in widths(k - j, most) {
                by_width!(width, self.tile::<S, COLUMNS>(simd, rows, (j, j + q)));
            }
            j += COLUMNS;
        }
        for j in j..self.columns.end {
            for (q, width) in widths(k - j, most) {
                by_width!(width, self.tile::<S, 1>(simd, rows, (j, j + q)));
            }
        }
    }

    #[inline(always)]
    fn rows(&self, q: usize, (from, length): (usize, usize)) -> &'a [T] {
        if from + length > self.x.nrows() {
            &self.tail[q * self.step..(q + 1) * self.step]
        } else {
            &column(self.x, q)[from..from + length]
        }
    }

    /// The entries (q … q + Q, j … j + J).
    #[inline(always)]
    fn tile<S: Simd, const J: usize, const Q: usize>(&mut self, simd: S, rows: (usize, usize), (j, q): (usize, usize)) {
        let a: [&[_]; J] = from_fn(|l| T::vectors::<S>(self.rows(j + l, rows)).0.as_chunks::<HEIGHT>().0);
        let steps = (0..a[0].len()).map(|i| from_fn(|l| &a[l][i]));
        let sums = dots::<S, T, J, Q>(simd, steps, from_fn(|l| self.rows(q + l, rows)));
        for (l, sums) in sums.iter().enumerate() {
            let entries = &mut column_mut(self.gram.rb_mut(), j + l - self.columns.start)[q..q + Q];
            for (entry, sum) in entries.iter_mut().zip(sums) {
                *entry = if rows.0 == 0 { *sum } else { *entry + *sum };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    fn agrees<T: Real>(p: usize, k: usize) {
        let x = Mat::<T>::from_fn(p, k, |i, j| T::of(((i * 31 + j * 17 + i * j) % 23) as f64 / 23.0));
        let of = |par| {
            let mut found = Mat::from_fn(k, k, |_, _| T::of(9.0));
            gram(found.as_mut(), x.as_ref(), par);
            found
        };
        let found = of(Par::Seq);
        for (i, j) in (0..k).flat_map(|i| (0..k).map(move |j| (i, j))) {
            let exact: f64 = (0..p).map(|l| x[(l, i)].to_f64() * x[(l, j)].to_f64()).sum();
            let error = (found[(i, j)].to_f64() - exact).abs();
            assert!(error <= T::EPSILON * (p as f64) * exact.max(1.0), "{p}×{k} ({i}, {j}): {error:e}");
        }
        assert!([2, 3, 7].into_iter().all(|threads| of(Par::rayon(threads)) == found), "threads change no bit");
    }

    #[test]
    fn entries_are_inner_products_of_columns() {
        for k in (1..=12).chain([20, 33, 49]) {
            for p in [1, 15, 32, 63, 64, 65, 300, 1100] {
                agrees::<f64>(p, k);
                agrees::<f32>(p, k);
            }
        }
    }
}
