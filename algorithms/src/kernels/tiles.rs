//! The innermost loops: a tile of a result stays in registers while the contraction runs.
//!
//! With AVX2's sixteen registers twelve sums leave room for the operands; with AVX-512's thirty-two, twenty do. One sum in
//! memory would halve the speed.

use super::lanes::Lanes;
use pulp::Simd;

/// Vectors of rows that a tile of X·G has.
pub(crate) const TALL: usize = 2;
/// Vectors of rows in a panel of A, and in a step of [`dots`].
pub(crate) const HEIGHT: usize = 4;

/// Σ_j a_j y_jᵀ for one tile of a panel of STACK tiles, H vectors of rows each, and K columns of the other operand, of
/// which `rows` gives row j.
#[inline(always)]
pub(crate) fn outer<S: Simd, T: Lanes + Default, const K: usize, const H: usize, const STACK: usize>(
    simd: S,
    panel: &[T],
    tile: usize,
    rows: impl Iterator<Item = [T; K]>,
) -> [[T::Vector<S>; H]; K] {
    let zero = T::splat(simd, T::default());
    let mut sums = [[zero; H]; K];
    let columns = T::vectors::<S>(panel).0.as_chunks::<H>().0.as_chunks::<STACK>().0;
    for (a, y) in columns.iter().zip(rows) {
        for (sums, y) in sums.iter_mut().zip(y) {
            let y = T::splat(simd, y);
            for (sum, a) in sums.iter_mut().zip(&a[tile]) {
                *sum = T::mul_add(simd, *a, y, *sum);
            }
        }
    }
    sums
}

/// ⟨a_j, x_q⟩ for J columns and Q columns; a step goes over HEIGHT vectors of each, and `steps` gives those of the first.
#[inline(always)]
pub(crate) fn dots<'a, S: Simd, T: Lanes + Default + 'a, const J: usize, const Q: usize>(
    simd: S,
    steps: impl Iterator<Item = [&'a [T::Vector<S>; HEIGHT]; J]>,
    x: [&'a [T]; Q],
) -> [[T; Q]; J]
where
    T::Vector<S>: 'a,
{
    let zero = T::splat(simd, T::default());
    let mut sums = [[zero; Q]; J];
    let x = x.map(|x| T::vectors::<S>(x).0.as_chunks::<HEIGHT>().0);
    let length = x[0].len();
    let x = x.map(|x| &x[..length]);
    for (step, a) in steps.take(length).enumerate() {
        for v in 0..HEIGHT {
            for (sums, a) in sums.iter_mut().zip(&a) {
                for (sum, x) in sums.iter_mut().zip(&x) {
                    *sum = T::mul_add(simd, a[v], x[step][v], *sum);
                }
            }
        }
    }
    // Element by element with constant places: a loop over them would keep the sums in memory from the beginning.
    let mut reduced = [[T::default(); Q]; J];
    macro_rules! reduce {
        ($j:literal: $($q:literal)*) => {
            $(if $j < J && $q < Q {
                reduced[$j][$q] = T::sum(simd, sums[$j][$q]);
            })*
        };
    }
    reduce!(0: 0 1 2 3 4 5);
    reduce!(1: 0 1 2 3 4 5);
    reduce!(2: 0 1 2 3 4 5);
    reduce!(3: 0 1 2 3 4 5);
    const { assert!(J <= 4 && Q <= 6) };
    reduced
}

/// The columns of tiles that take k of them, as (first, count): as few tiles of at most `most` columns as do, and those as
/// equal as they can be.
pub(crate) fn widths(k: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let tiles = k.div_ceil(most);
    (0..tiles).map(move |t| (k * t / tiles, k * (t + 1) / tiles - k * t / tiles))
}

/// Calls a generic function with the width of a tile, from 1 to 6, as its last constant.
macro_rules! by_width {
    ($width:expr, $self:ident . $function:ident :: < $($generic:tt),* > ( $($argument:expr),* )) => {
        match $width {
            6 => $self.$function::<$($generic,)* 6>($($argument),*),
            5 => $self.$function::<$($generic,)* 5>($($argument),*),
            4 => $self.$function::<$($generic,)* 4>($($argument),*),
            3 => $self.$function::<$($generic,)* 3>($($argument),*),
            2 => $self.$function::<$($generic,)* 2>($($argument),*),
            _ => $self.$function::<$($generic,)* 1>($($argument),*),
        }
    };
}
pub(crate) use by_width;

/// Asks for the cache line of `values[at]`, if there is one, to be near at hand.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        #[expect(unsafe_code, reason = "the hint has no safe form")]
        // SAFETY: the pointer is that of a reference; the instruction reads nothing that a program sees, and SSE, which
        // it wants, is part of x86-64.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, at);
}

/// Asks for the cache line of `values[at]`, if there is one, to be in the second-level cache.
#[inline(always)]
pub(crate) fn prefetch_far<T>(values: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(at) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        #[expect(unsafe_code, reason = "the hint has no safe form")]
        // SAFETY: as in `prefetch`.
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, at);
}
