//! The two innermost loops of the products with a dense A: a tile of the result stays in registers while the
//! contraction runs. Twelve sums leave four of AVX2's sixteen registers to operands; one sum in memory would halve the speed.

use super::lanes::Lanes;
use pulp::Simd;

/// Vectors of rows in a tile of A·Y.
pub(crate) const TALL: usize = 2;
/// Tiles of A·Y that lie on top of each other in a panel of A: the columns of a panel are then long enough for the other
/// product to run along them.
pub(crate) const STACK: usize = 4;
/// Vectors of rows in a panel of A.
pub(crate) const HEIGHT: usize = STACK * TALL;

/// Σ_j a_j y_jᵀ for one tile of a panel of STACK tiles and K columns of the other operand.
#[inline(always)]
pub(crate) fn outer<S: Simd, T: Lanes + Default, const K: usize, const STACK: usize>(
    simd: S,
    panel: &[T],
    tile: usize,
    y: &[T],
) -> [[T::Vector<S>; TALL]; K] {
    let zero = T::splat(simd, T::default());
    let mut sums = [[zero; TALL]; K];
    let columns = T::vectors::<S>(panel).0.as_chunks::<TALL>().0.as_chunks::<STACK>().0;
    let rows = y.as_chunks::<K>().0;
    for (a, y) in columns.iter().zip(rows) {
        for (sums, y) in sums.iter_mut().zip(y) {
            let y = T::splat(simd, *y);
            for (sum, a) in sums.iter_mut().zip(&a[tile]) {
                *sum = T::mul_add(simd, *a, y, *sum);
            }
        }
    }
    sums
}

/// Σ_i a_iᵀ w_i for J columns of A and V vectors of the other operand's columns; `panels` are the same J columns in
/// each panel of a group, one slice a panel, and `w` holds V vectors a row.
#[inline(always)]
pub(crate) fn inner<'a, S: Simd, T: Lanes + Default + 'a, const J: usize, const V: usize>(
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

/// The columns of the tiles of a product with k columns, as (first, count): as few tiles as do, and those as equal as they can be.
pub(crate) fn widths(k: usize) -> impl Iterator<Item = (usize, usize)> {
    const MOST: usize = 6;
    let tiles = k.div_ceil(MOST);
    (0..tiles).map(move |t| (k * t / tiles, k * (t + 1) / tiles - k * t / tiles))
}
