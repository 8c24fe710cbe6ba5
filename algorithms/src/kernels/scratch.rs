//! Memory that a thread keeps for the operands its products rearrange: it grows to the largest wanted and stays.

use std::cell::RefCell;

/// A scalar with a buffer per thread.
pub trait Scratch: Copy + Default + 'static {
    /// Calls `f` with `length` values aligned to a cache line; what they hold is left over from before.
    fn with_scratch<R>(length: usize, f: impl FnOnce(&mut [Self]) -> R) -> R;
}

/// Bytes of a cache line.
const LINE: usize = 64;

/// Where in a slice of at least `LINE` bytes too many the first whole cache line begins.
pub(crate) fn aligned<T>(values: &[T]) -> usize {
    values.as_ptr().align_offset(LINE).min(spare::<T>())
}

/// Values to allocate beyond what is wanted.
pub(crate) fn spare<T>() -> usize {
    LINE / size_of::<T>()
}

/// Values of a workspace that begin at a cache line.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    store: Vec<T>,
    from: usize,
    length: usize,
}

impl<T: Copy + Default> Buffer<T> {
    /// As many zeros.
    pub(crate) fn new(length: usize) -> Self {
        let store = vec![T::default(); length + spare::<T>()];
        let from = aligned(&store);
        Buffer { store, from, length }
    }
}

impl<T> std::ops::Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.store[self.from..self.from + self.length]
    }
}

impl<T> std::ops::DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.store[self.from..self.from + self.length]
    }
}

macro_rules! scratch {
    ($($scalar:ty),*) => {$(
        impl Scratch for $scalar {
            fn with_scratch<R>(length: usize, f: impl FnOnce(&mut [Self]) -> R) -> R {
                thread_local!(static BUFFER: RefCell<Vec<$scalar>> = const { RefCell::new(Vec::new()) });
                // Taken out while in use: a thread that waits for others may be given another product meanwhile.
                let mut buffer = BUFFER.take();
                if buffer.len() < length + spare::<$scalar>() {
                    buffer.resize(length + spare::<$scalar>(), 0.0);
                }
                let from = aligned(&buffer);
                let result = f(&mut buffer[from..from + length]);
                BUFFER.set(buffer);
                result
            }
        }
    )*};
}

scratch!(f32, f64);
