//! A sparse matrix times a tall one: one pass over the stored entries, k contiguous sums at a time.

use super::Compressed;
use crate::kernels::{column, column_mut, pieces};
use crate::real::Real;
use faer::prelude::*;
use faer::{MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};
use std::array::from_fn;

/// Lines whose sums are gathered before they go to the columns of the result.
const BLOCK: usize = 32;

/// Values of scratch for a product of some lines over `others` places with k columns.
pub(super) fn scratch<T: Real>(lines: usize, others: usize, k: usize, par: Par) -> usize {
    (others + parts(lines, par) * BLOCK) * padded::<T>(k)
}

fn parts(lines: usize, par: Par) -> usize {
    lines.div_ceil(BLOCK).min(pieces(par))
}

/// k, up to whole vectors.
pub(crate) fn padded<T: Real>(k: usize) -> usize {
    struct Width<T>(std::marker::PhantomData<T>);
    impl<T: Real> WithSimd for Width<T> {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            T::lanes::<S>()
        }
    }
    k.next_multiple_of(Arch::new().dispatch(Width::<T>(std::marker::PhantomData)))
}

/// Row l of `dst` = Σ over the entries a of line l, at place i, of a times row i of Y.
pub(super) fn times<T: Real>(a: &Compressed<T>, dst: MatMut<'_, T>, y: MatRef<'_, T>, par: Par) {
    let (lines, k) = (a.lines(), y.ncols());
    assert_eq!((dst.nrows(), dst.ncols()), (lines, k), "the result has a row per line and a column per column of Y");
    let width = padded::<T>(k);
    T::with_scratch(scratch::<T>(lines, y.nrows(), k, par), |scratch| {
        let (packed, sums) = scratch.split_at_mut(y.nrows() * width);
        pack_in_pieces(packed, y, width, pieces(par));
        let parts = parts(lines, par);
        Lines { a, packed, width, lines: 0..lines, sums, dst }.divided(parts);
    });
}

/// [`pack_rows`] in as many pieces, which any thread may take.
fn pack_in_pieces<T: Real>(packed: &mut [T], y: MatRef<'_, T>, width: usize, pieces: usize) {
    let middle = y.nrows() * (pieces / 2) / pieces / BLOCK * BLOCK;
    if pieces < 2 || middle == 0 {
        return pack_rows(packed, y, width);
    }
    let (upper, lower) = packed.split_at_mut(middle * width);
    let (y0, y1) = y.split_at_row(middle);
    rayon::join(
        || pack_in_pieces(upper, y0, width, pieces / 2),
        || pack_in_pieces(lower, y1, width, pieces - pieces / 2),
    );
}

/// Y row by row, each up to whole vectors with zeros.
pub(crate) fn pack_rows<T: Real>(packed: &mut [T], y: MatRef<'_, T>, width: usize) {
    // Of so many columns at a time the values of a row lie together; more would be more streams than memory follows.
    const SIDE_BY_SIDE: usize = 4;
    const ROWS: usize = 128;
    let k = y.ncols();
    let whole = k / SIDE_BY_SIDE * SIDE_BY_SIDE;
    for (from, rows) in packed.chunks_mut(ROWS * width).enumerate() {
        let (first, count) = (from * ROWS, rows.len() / width);
        for q in (0..whole).step_by(SIDE_BY_SIDE) {
            let columns: [&[T]; SIDE_BY_SIDE] = from_fn(|l| &column(y, q + l)[first..first + count]);
            for (i, row) in rows.chunks_exact_mut(width).enumerate() {
                row[q..q + SIDE_BY_SIDE].copy_from_slice(&columns.map(|column| column[i]));
            }
        }
        for q in whole..k {
            let values = &column(y, q)[first..first + count];
            rows.iter_mut().skip(q).step_by(width).zip(values).for_each(|(to, value)| *to = *value);
        }
        if width > k {
            rows.chunks_exact_mut(width).for_each(|row| row[k..].fill(T::of(0.0)));
        }
    }
}

/// Some lines of a product.
struct Lines<'a, T> {
    a: &'a Compressed<T>,
    packed: &'a [T],
    /// Values in a row of `packed` and of `sums`.
    width: usize,
    lines: std::ops::Range<usize>,
    /// As many blocks as parts.
    sums: &'a mut [T],
    /// The rows of these lines.
    dst: MatMut<'a, T>,
}

impl<T: Real> Lines<'_, T> {
    /// In as many parts of about equal work; a line is summed by one thread in its own order, so the bits stay.
    fn divided(self, parts: usize) {
        if parts < 2 || self.lines.len() < 2 {
            return Arch::new().dispatch(self);
        }
        let Lines { a, packed, width, lines, sums, dst } = self;
        // An entry costs a row of Y; writing the line's sums about another.
        let work = |line: usize| a.starts[line] + line;
        let (first, last) = (work(lines.start), work(lines.end));
        let share = first + (last - first) / parts * (parts / 2);
        let (mut middle, mut after) = (lines.start + 1, lines.end - 1);
        while middle < after {
            let between = usize::midpoint(middle, after);
            if work(between) < share { middle = between + 1 } else { after = between }
        }
        let (upper, lower) = dst.split_at_row_mut(middle - lines.start);
        let (before, after) = sums.split_at_mut(parts / 2 * BLOCK * width);
        rayon::join(
            || Lines { a, packed, width, lines: lines.start..middle, sums: before, dst: upper }.divided(parts / 2),
            || Lines { a, packed, width, lines: middle..lines.end, sums: after, dst: lower }.divided(parts - parts / 2),
        );
    }
}

impl<T: Real> Lines<'_, T> {
    /// The vectors v … v + V of a line's sums, in registers.
    #[inline(always)]
    fn line<S: Simd, const V: usize>(&mut self, simd: S, line: usize, at: usize, v: usize) {
        let lanes = T::lanes::<S>();
        let mut sums = [T::splat(simd, T::of(0.0)); V];
        let (places, values) = self.a.line(line);
        let packed = &self.packed[v * lanes..];
        for (&place, &value) in places.iter().zip(values) {
            let row = &packed[place as usize * self.width..][..V * lanes];
            let value = T::splat(simd, value);
            for (sum, y) in sums.iter_mut().zip(T::vectors::<S>(row).0) {
                *sum = T::mul_add(simd, value, *y, *sum);
            }
        }
        let to = &mut self.sums[at * self.width + v * lanes..][..V * lanes];
        T::vectors_mut::<S>(to).0.copy_from_slice(&sums);
    }
}

/// The vectors that are summed together, as (first, count): as few groups as registers allow, as equal as they can be.
pub(crate) fn depths(vectors: usize) -> impl Iterator<Item = (usize, usize)> {
    const MOST: usize = 8;
    let groups = vectors.div_ceil(MOST);
    (0..groups).map(move |g| (vectors * g / groups, vectors * (g + 1) / groups - vectors * g / groups))
}

impl<T: Real> WithSimd for Lines<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let first = self.lines.start;
        for from in self.lines.clone().step_by(BLOCK) {
            let count = BLOCK.min(self.lines.end - from);
            for line in from..from + count {
                for (v, depth) in depths(self.width / T::lanes::<S>()) {
                    match depth {
                        8 => self.line::<S, 8>(simd, line, line - from, v),
                        7 => self.line::<S, 7>(simd, line, line - from, v),
                        6 => self.line::<S, 6>(simd, line, line - from, v),
                        5 => self.line::<S, 5>(simd, line, line - from, v),
                        4 => self.line::<S, 4>(simd, line, line - from, v),
                        3 => self.line::<S, 3>(simd, line, line - from, v),
                        2 => self.line::<S, 2>(simd, line, line - from, v),
                        _ => self.line::<S, 1>(simd, line, line - from, v),
                    }
                }
            }
            for q in 0..self.dst.ncols() {
                let to = &mut column_mut(self.dst.rb_mut(), q)[from - first..from - first + count];
                to.iter_mut().zip(self.sums[q..].iter().step_by(self.width)).for_each(|(to, sum)| *to = *sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::random::Stream;
    use crate::real::Real;
    use crate::sparse::Sparse;
    use faer::linalg::matmul::matmul;
    use faer::{Accum, Mat, Par};

    /// Every third line or so is empty, the others hold very different numbers of entries.
    fn ragged<T: Real>(m: usize, n: usize) -> Sparse<T> {
        let mut stream = Stream::of((m * 1000 + n) as u64, "ragged");
        let (mut starts, mut rows, mut values) = (vec![0], vec![], vec![]);
        for _ in 0..n {
            let density = (3.0 * stream.uniform() - 1.0).max(0.0) / 2.0;
            for i in 0..m {
                if stream.uniform() < density && i % 4 != 2 {
                    rows.push(u32::try_from(i).expect("small"));
                    values.push(T::of(stream.uniform()));
                }
            }
            starts.push(rows.len());
        }
        Sparse::from_csc(m, n, starts, rows, values).expect("valid")
    }

    fn factor<T: Real>(rows: usize, k: usize, seed: u64) -> Mat<T> {
        let mut stream = Stream::of(seed, "factor");
        Mat::from_fn(rows, k, |_, _| T::of(stream.uniform()))
    }

    fn products<T: Real>(a: &Sparse<T>, y: &Mat<T>, x: &Mat<T>, par: Par) -> (Mat<T>, Mat<T>) {
        let junk = |rows| Mat::from_fn(rows, y.ncols(), |_, _| T::of(9.0));
        let (mut one, mut other) = (junk(a.nrows()), junk(a.ncols()));
        a.times(one.as_mut(), y.as_ref(), par);
        a.transpose_times(other.as_mut(), x.as_ref(), par);
        (one, other)
    }

    fn agrees<T: Real>(m: usize, n: usize, k: usize) {
        let a = ragged::<T>(m, n);
        let (y, x) = (factor::<T>(n, k, 1), factor::<T>(m, k, 2));
        let found = products(&a, &y, &x, Par::Seq);
        let full = a.to_mat();
        let mut expected = (Mat::zeros(m, k), Mat::zeros(n, k));
        matmul(expected.0.as_mut(), Accum::Replace, &full, &y, T::of(1.0), Par::Seq);
        matmul(expected.1.as_mut(), Accum::Replace, full.transpose(), &x, T::of(1.0), Par::Seq);
        for (found, expected, length) in [(&found.0, &expected.0, n), (&found.1, &expected.1, m)] {
            let worst = (0..k)
                .flat_map(|j| found.col_as_slice(j).iter().zip(expected.col_as_slice(j)))
                .map(|(f, e)| (f.to_f64() - e.to_f64()).abs())
                .fold(0.0, f64::max);
            assert!(worst <= (length as f64).powi(2) * T::EPSILON, "{m}×{n}, k = {k}, {}: {worst:e}", T::NAME);
        }
        for threads in [2, 3, 7] {
            assert_eq!(products(&a, &y, &x, Par::rayon(threads)), found, "{threads} threads change no bit");
        }
    }

    #[test]
    fn products_are_those_of_the_dense_matrix_on_any_number_of_threads() {
        for (m, n) in [(1, 1), (1, 70), (70, 1), (31, 33), (200, 130), (64, 500)] {
            for k in [1, 2, 5, 8, 16, 19] {
                agrees::<f64>(m, n, k);
                agrees::<f32>(m, n, k);
            }
        }
    }

    #[test]
    fn one_long_line_and_no_entry_at_all_are_divided_too() {
        let long = Sparse::from_csc(400, 90, [vec![0; 45], vec![400; 46]].concat(), (0..400).collect(), vec![1.0; 400]);
        let none = Sparse::from_csc(400, 90, vec![0; 91], vec![], vec![]);
        for a in [long.expect("valid"), none.expect("valid")] {
            let (y, x) = (factor::<f64>(90, 3, 1), factor(400, 3, 2));
            let once = products(&a, &y, &x, Par::Seq);
            assert_eq!(products(&a, &y, &x, Par::rayon(5)), once);
            let total: f64 = once.0.col_as_slice(0).iter().sum();
            let expected = if a.nnz() > 0 { 400.0 * y[(44, 0)] } else { 0.0 };
            assert!((total - expected).abs() < 1e-10);
        }
    }
}
