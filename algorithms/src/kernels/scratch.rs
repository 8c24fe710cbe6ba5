//! Memory that a thread keeps for the operands its products rearrange: it grows to the largest wanted and stays.

use std::cell::RefCell;

/// A scalar with a buffer per thread.
pub trait Scratch: Copy + Default + 'static {
    /// Calls `f` with `length` values aligned to a cache line; what they hold is left over from before.
    fn with_scratch<R>(length: usize, f: impl FnOnce(&mut [Self]) -> R) -> R;
}

/// Bytes of a cache line.
pub(crate) const LINE: usize = 64;
/// Bytes of a large page.
const PAGE: usize = 2 << 20;

/// Values that begin at a cache line; many of them at a large page, and in such.
///
/// With pages of 4 KiB the way to each page of a large matrix costs a look-up, and hardware that reads ahead stops at its
/// end: products with a matrix that no cache holds take up to a fifth longer.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    store: Vec<T>,
    from: usize,
    length: usize,
}

impl<T> Buffer<T> {
    /// None at all.
    const EMPTY: Self = Buffer { store: Vec::new(), from: 0, length: 0 };
}

impl<T: Copy + Default> Buffer<T> {
    /// As many zeros.
    pub(crate) fn new(length: usize) -> Self {
        let bytes = length * size_of::<T>();
        let unit = if bytes < PAGE / 2 { LINE } else { PAGE };
        let whole = bytes.next_multiple_of(unit) / size_of::<T>();
        let spare = unit / size_of::<T>();
        let mut store = vec![T::default(); whole + spare];
        let from = store.as_ptr().align_offset(unit).min(spare);
        if unit == PAGE {
            in_large_pages(&mut store[from..from + whole]);
        }
        Buffer { store, from, length }
    }
}

/// Asks for large pages behind these values; before anything is written there, as only then it costs nothing.
fn in_large_pages<T>(values: &mut [T]) {
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        let bytes = size_of_val(values);
        #[expect(unsafe_code, reason = "the request has no safe form")]
        // SAFETY: the range is that of a mutable reference, and this advice changes neither what is in it nor whether it
        // may be read and written. Where the kernel knows no large pages it refuses, and all stays as it was.
        let _ = unsafe { madvise(values.as_mut_ptr().cast(), bytes, Advice::LinuxHugepage) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = values;
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
                thread_local!(static BUFFER: RefCell<Buffer<$scalar>> = const { RefCell::new(Buffer::EMPTY) });
                // Taken out while in use: a thread that waits for others may be given another product meanwhile.
                let mut buffer = BUFFER.replace(Buffer::EMPTY);
                if buffer.len() < length {
                    buffer = Buffer::new(length);
                }
                let result = f(&mut buffer[..length]);
                BUFFER.set(buffer);
                result
            }
        }
    )*};
}

scratch!(f32, f64);
