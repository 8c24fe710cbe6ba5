//! What a machine does at its best: the roof that the time of a kernel is held against.

use super::scratch::Buffer;
use crate::real::Real;
use pulp::{Arch, Simd, WithSimd};
use std::array::from_fn;
use std::hint::black_box;

/// Independent sums: enough for the latency of the instruction, and few enough for sixteen registers.
const SUMS: usize = 12;

/// Multiplies and adds in registers alone, on the present thread; returns the number of operations.
pub fn multiply_adds<T: Real>(rounds: u32) -> f64 {
    struct Task<T>(u32, T);
    impl<T: Real> WithSimd for Task<T> {
        type Output = f64;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> f64 {
            let (a, b) = (T::splat(simd, self.1), T::splat(simd, black_box(self.1)));
            let mut sums = [T::splat(simd, T::of(0.0)); SUMS];
            for _ in 0..self.0 {
                sums = from_fn(|i| T::mul_add(simd, a, b, sums[i]));
            }
            black_box(T::values::<S>(&sums));
            2.0 * f64::from(self.0) * crate::matrix::count(SUMS * T::lanes::<S>())
        }
    }
    Arch::new().dispatch(Task(rounds, black_box(T::of(1e-3))))
}

/// Values that no cache holds, in the pages that a dense matrix lies in.
#[derive(Debug)]
pub struct Memory<T>(Buffer<T>);

impl<T: Real> Memory<T> {
    /// As many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let mut values = Buffer::new(bytes / size_of::<T>());
        values.fill(T::of(1.0));
        Memory(values)
    }

    /// How many bytes they are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val::<[T]>(&self.0)
    }

    /// Reads them all, divided among as many threads.
    pub fn read(&self, threads: usize) {
        read(&self.0, threads.max(1));
    }
}

fn read<T: Real>(values: &[T], threads: usize) {
    struct Task<'a, T>(&'a [T]);
    impl<T: Real> WithSimd for Task<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let one = T::splat(simd, T::of(1.0));
            let mut sums = [T::splat(simd, T::of(0.0)); SUMS];
            for vectors in T::vectors::<S>(self.0).0.as_chunks::<SUMS>().0 {
                sums = from_fn(|i| T::mul_add(simd, vectors[i], one, sums[i]));
            }
            black_box(T::values::<S>(&sums));
        }
    }
    if threads == 1 {
        return Arch::new().dispatch(Task(values));
    }
    let (one, others) = values.split_at(values.len() / threads);
    rayon::join(|| read(one, 1), || read(others, threads - 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_counted() {
        let (few, many) = (multiply_adds::<f64>(10), multiply_adds::<f64>(30));
        assert!(few >= 240.0 && (many / few - 3.0).abs() < 1e-12, "{few}, {many}");
        let memory = Memory::<f32>::new(1 << 12);
        memory.read(3);
        assert_eq!(memory.bytes(), 1 << 12);
    }
}
