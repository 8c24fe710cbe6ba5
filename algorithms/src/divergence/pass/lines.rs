//! N of the Kullback–Leibler divergence on a sparse matrix: V is formed at the stored entries and nowhere else, as
//! N = Σ b/v·y over these, D is the sum of Y's rows, and zeros of B add no more than v to the divergence. Time O(nnz·k).

use super::{Shared, Work};
use crate::divergence::view::{View, column_sums};
use crate::kernels::scratch::Buffer;
use crate::kernels::{column, rows};
use crate::real::Real;
use crate::sparse::product::{depths, pack_rows, padded};
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef};
use pulp::{Arch, Simd, WithSimd};

/// Rows of X that are rearranged at a time.
const STRIP: usize = 64;
/// Stored entries whose weights are formed before they are used: their rows of Y are then still in the cache.
const BATCH: usize = 64;
/// Below this share of ΣV the sum over the zeros of B is not taken from a difference.
const DIFFERENCE: f64 = 1e-4;

pub(super) struct Lines<T> {
    /// k, up to whole vectors.
    width: usize,
    size: usize,
    /// Y row by row.
    packed: Buffer<T>,
    parts: Vec<Part<T>>,
}

struct Part<T> {
    /// Rows of X and of N.
    x: Buffer<T>,
    sums: Buffer<T>,
    n: Mat<T>,
    d: Mat<T>,
    /// Σ d(b|v) and Σ v over the stored entries.
    value: f64,
    inside: f64,
}

impl<T: Real> Lines<T> {
    pub(super) fn new((p, q, k): (usize, usize, usize)) -> Self {
        let width = padded::<T>(k);
        let size = p.div_ceil(64).max(STRIP);
        let part = |_| Part {
            x: Buffer::new(STRIP * width),
            sums: Buffer::new(STRIP * width),
            n: Mat::zeros(STRIP, k),
            d: Mat::zeros(STRIP, k),
            value: 0.0,
            inside: 0.0,
        };
        Lines { width, size, packed: Buffer::new(q * width), parts: rows::states(p, size, part) }
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
        let zeros = if s.valued { Some(Zeros::of(x.rb(), y, &s.sums)) } else { None };
        let Lines { width, size, packed, parts } = self;
        pack_rows(packed, y, *width);
        let (packed, width) = (&packed[..], *width);
        rows::for_blocks(view.par, x, *size, parts, |part, from, mut x| {
            (part.value, part.inside) = (0.0, 0.0);
            for at in (0..x.nrows()).step_by(STRIP) {
                let tall = STRIP.min(x.nrows() - at);
                let mut x = x.rb_mut().subrows_mut(at, tall);
                pack_rows(&mut part.x[..tall * width], x.rb(), width);
                Arch::new().dispatch(Strip { part, packed, width, view, rows: from + at..from + at + tall, shared: s });
                for q in 0..x.ncols() {
                    let n = &mut part.n.col_as_slice_mut(q)[..tall];
                    n.iter_mut().zip(part.sums[q..].iter().step_by(width)).for_each(|(n, sum)| *n = *sum);
                }
                s.fill(&mut part.d, tall);
                work.rows(x.rb_mut(), part.n.subrows(0, tall), part.d.subrows(0, tall), from + at);
            }
        });
        let (value, inside) = self.parts.iter().fold((0.0, 0.0), |(v, i), p| (v + p.value, i + p.inside));
        value + zeros.map_or(0.0, |zeros| zeros.sum(inside, view, y))
    }
}

/// Some rows of X.
struct Strip<'a, T> {
    part: &'a mut Part<T>,
    packed: &'a [T],
    width: usize,
    view: &'a View<'a, T>,
    rows: std::ops::Range<usize>,
    shared: &'a Shared<T>,
}

impl<T: Real> WithSimd for Strip<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.part.sums.fill(T::of(0.0));
        for (at, row) in self.rows.clone().enumerate() {
            let Some((places, values)) = self.view.line(row) else { continue };
            for (places, values) in places.chunks(BATCH).zip(values.chunks(BATCH)) {
                let mut weights = [T::of(0.0); BATCH];
                self.model(simd, at, places, &mut weights[..places.len()]);
                let weights = &mut weights[..places.len()];
                if self.shared.valued {
                    self.part.value += self.shared.divergence(values, weights);
                    self.part.inside += weights.iter().map(|v| v.to_f64()).sum::<f64>();
                }
                let floor = self.shared.floor;
                for (v, b) in weights.iter_mut().zip(values) {
                    *v = *b / if *v >= floor { *v } else { floor };
                }
                for (v, depth) in depths(self.width / T::lanes::<S>()) {
                    match depth {
                        8 => self.add::<S, 8>(simd, at, v, places, weights),
                        7 => self.add::<S, 7>(simd, at, v, places, weights),
                        6 => self.add::<S, 6>(simd, at, v, places, weights),
                        5 => self.add::<S, 5>(simd, at, v, places, weights),
                        4 => self.add::<S, 4>(simd, at, v, places, weights),
                        3 => self.add::<S, 3>(simd, at, v, places, weights),
                        2 => self.add::<S, 2>(simd, at, v, places, weights),
                        _ => self.add::<S, 1>(simd, at, v, places, weights),
                    }
                }
            }
        }
    }
}

impl<T: Real> Strip<'_, T> {
    /// v at these places of row `at`.
    #[inline(always)]
    fn model<S: Simd>(&self, simd: S, at: usize, places: &[u32], model: &mut [T]) {
        let x = T::vectors::<S>(&self.part.x[at * self.width..(at + 1) * self.width]).0;
        for (to, &place) in model.iter_mut().zip(places) {
            let y = T::vectors::<S>(&self.packed[place as usize * self.width..][..self.width]).0;
            let mut sum = T::splat(simd, T::of(0.0));
            for (x, y) in x.iter().zip(y) {
                sum = T::mul_add(simd, *x, *y, sum);
            }
            *to = T::sum(simd, sum);
        }
    }

    /// Adds to the vectors v … v + V of row `at` of N.
    #[inline(always)]
    fn add<S: Simd, const V: usize>(&mut self, simd: S, at: usize, v: usize, places: &[u32], weights: &[T]) {
        let lanes = T::lanes::<S>();
        let (packed, width) = (&self.packed[v * lanes..], self.width);
        let to = &mut self.part.sums[at * width + v * lanes..][..V * lanes];
        let to = T::vectors_mut::<S>(to).0;
        let mut sums: [T::Vector<S>; V] = std::array::from_fn(|i| to[i]);
        for (&place, &weight) in places.iter().zip(weights) {
            let weight = T::splat(simd, weight);
            let y = T::vectors::<S>(&packed[place as usize * width..][..V * lanes]).0;
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum = T::mul_add(simd, weight, *y, *sum);
            }
        }
        to.copy_from_slice(&sums);
    }
}

/// What the zeros of B add to the divergence: Σ v over them.
struct Zeros {
    /// ΣV over all entries, from the sums of the factors' columns.
    total: f64,
    /// X as it was.
    x: Mat<f64>,
}

impl Zeros {
    fn of<T: Real>(x: MatRef<'_, T>, y: MatRef<'_, T>, of_y: &[f64]) -> Self {
        let mut sums = vec![0.0; y.ncols()];
        column_sums(&mut sums, x);
        Zeros { total: sums.iter().zip(of_y).map(|(x, y)| x * y).sum(), x: crate::kernels::convert(x) }
    }

    /// ΣV less `inside`, its part at the stored entries; from the entries themselves where the difference has lost its
    /// digits, which costs O(pqk).
    fn sum<T: Real>(&self, inside: f64, view: &View<'_, T>, y: MatRef<'_, T>) -> f64 {
        let difference = self.total - inside;
        if difference > DIFFERENCE * self.total || self.total <= 0.0 {
            return difference;
        }
        let mut v = vec![0.0_f64; y.nrows()];
        let mut sum = 0.0;
        for i in 0..self.x.nrows() {
            v.fill(0.0);
            for l in 0..y.ncols() {
                let x = self.x[(i, l)];
                v.iter_mut().zip(column(y, l)).for_each(|(v, y)| *v += x * y.to_f64());
            }
            let places = view.line(i).map_or(&[][..], |line| line.0);
            places.iter().for_each(|place| v[*place as usize] = 0.0);
            sum += v.iter().sum::<f64>();
        }
        sum
    }
}
