//! The transposed product of the weights of a piece: a broadcast entry of the piece times vectors of a row of Y, summed in
//! registers over the panels of a group.

use crate::kernels::column;
use crate::kernels::lanes::Lanes;
use crate::kernels::tiles::HEIGHT;
use crate::real::Real;
use faer::MatRef;
use pulp::Simd;

/// Panels whose products are summed in registers before they go to memory.
pub(super) const GROUP: usize = 8;

/// The weights of a piece, transposed, times the rows of Y that belong to it.
pub(super) struct Under<'a, T> {
    /// Panel after panel.
    pub(super) weights: &'a [T],
    pub(super) y: &'a [T],
    pub(super) sums: &'a mut [T],
    pub(super) height: usize,
    pub(super) wide: usize,
    pub(super) padded: usize,
}

impl<T: Real> Under<'_, T> {
    #[inline(always)]
    pub(super) fn add<S: Simd>(mut self, simd: S) {
        let lanes = T::lanes::<S>();
        let rows = self.y.len() / self.padded;
        for (v, depth) in depths(self.padded / lanes) {
            let y = &self.y[v * lanes * rows..(v + depth) * lanes * rows];
            let mut j = 0;
            match depth {
                3 => {
                    self.tiles::<S, 4, 3>(simd, y, v, &mut j);
                    self.tiles::<S, 1, 3>(simd, y, v, &mut j);
                }
                2 => {
                    self.tiles::<S, 6, 2>(simd, y, v, &mut j);
                    self.tiles::<S, 1, 2>(simd, y, v, &mut j);
                }
                _ => {
                    self.tiles::<S, 12, 1>(simd, y, v, &mut j);
                    self.tiles::<S, 1, 1>(simd, y, v, &mut j);
                }
            }
        }
    }

    #[inline(always)]
    fn tiles<S: Simd, const J: usize, const V: usize>(&mut self, simd: S, y: &[T], v: usize, j: &mut usize) {
        let (lanes, one) = (T::lanes::<S>(), T::splat(simd, T::of(1.0)));
        while *j + J <= self.wide {
            let (from, to) = (*j * self.height, (*j + J) * self.height);
            let panels = self.weights.chunks_exact(self.wide * self.height).map(|panel| &panel[from..to]);
            let sums = inner::<S, T, J, V>(simd, panels, y);
            for (l, sums) in sums.iter().enumerate() {
                let at = (*j + l) * self.padded + v * lanes;
                let to = T::vectors_mut::<S>(&mut self.sums[at..at + V * lanes]).0;
                for (to, sum) in to.iter_mut().zip(sums) {
                    *to = T::mul_add(simd, one, *sum, *to);
                }
            }
            *j += J;
        }
    }
}

/// The vectors of a tile of Aᵀ·X: threes, and twos where threes would leave one.
fn depths(vectors: usize) -> impl Iterator<Item = (usize, usize)> {
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
pub(super) fn pack_rows<T: Real>(packed: &mut [T], x: MatRef<'_, T>, height: usize, lanes: usize) {
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

/// Σ_i a_iᵀ w_i for J columns of A and V vectors of the other operand's columns; `panels` are the same J columns in
/// each panel of a group, one slice a panel, and `w` holds V vectors a row.
#[inline(always)]
fn inner<'a, S: Simd, T: Lanes + Default + 'a, const J: usize, const V: usize>(
    simd: S,
    panels: impl Iterator<Item = &'a [T]>,
    w: &[T],
) -> [[T::Vector<S>; V]; J] {
    let height = HEIGHT * T::lanes::<S>();
    let zero = T::splat(simd, T::default());
    let mut sums = [[zero; V]; J];
    let rows = T::vectors::<S>(w).0.as_chunks::<V>().0;
    for (panel, rows) in panels.zip(rows.chunks_exact(height)) {
        let columns: [&[T]; J] = std::array::from_fn(|j| &panel[j * height..(j + 1) * height]);
        for (i, w) in rows.iter().enumerate() {
            for (sums, a) in sums.iter_mut().zip(&columns) {
                let a = T::splat(simd, a[i]);
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = T::mul_add(simd, a, *w, *sum);
                }
            }
        }
    }
    sums
}
