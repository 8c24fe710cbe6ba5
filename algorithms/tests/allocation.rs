//! A step allocates nothing: the allocator of this program counts.

#![expect(unsafe_code, reason = "a counting allocator can only be written so; it passes every call on")]

mod common;

use common::{all_methods, data, entries, problem, random_start, sparse_copy};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use nmfbench_algorithms::{Init, Matrix, kernels};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Allocations of this thread so far; the tests of one program run side by side.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count_one() {
    // While a thread ends its counter may be gone.
    let _ = COUNT.try_with(|c| c.set(c.get() + 1));
}

// SAFETY: every method passes its arguments on to the system's allocator and returns what that returns; counting
// neither allocates (the counter is a constant-initialised cell without a destructor) nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1.0_f64; 10]))), 1);
    assert_eq!(allocations(|| drop(std::hint::black_box(Mat::<f64>::zeros(10, 10)))), 1);
    assert_eq!(allocations(|| ()), 0);
}

/// m, n, k: below and above the sizes at which faer packs its operands.
const SHAPES: [(usize, usize, usize); 4] = [(9, 8, 3), (60, 45, 6), (300, 200, 10), (500, 400, 40)];

/// The same data with their zeros written out and without them.
fn storages(m: usize, n: usize, k: usize) -> [Matrix<f64>; 2] {
    let matrix = data(m, n, k, false, 1);
    let sparse = sparse_copy(&entries(&matrix));
    [matrix, sparse]
}

#[test]
fn a_step_allocates_nothing() {
    for (m, n, k) in SHAPES {
        for matrix in storages(m, n, k) {
            let problem = problem(&matrix, k);
            for init in [Init::Random, Init::Nndsvd] {
                let start = common::start(init, &matrix, k, 1);
                for (name, method) in all_methods() {
                    let mut factors = start.clone();
                    let mut solver = method.start_f64(&problem, &factors).expect("starts");
                    let mut step = || solver.step(&problem, &mut factors).map(|_| ()).expect("a step");
                    let counts = [(); 12].map(|()| allocations(&mut step));
                    let nnz = matrix.nnz();
                    assert_eq!(counts, [0; 12], "{name}, {init}, {m}×{n} rank {k}, {nnz} entries");
                }
            }
        }
    }
}

/// On one thread faer's products allocate nothing either, so that the steps above need no allowance for them. (Should a
/// later faer do so, this fails beside the test above and says why.)
#[test]
fn the_products_allocate_nothing() {
    for (m, n, k) in SHAPES {
        for matrix in storages(m, n, k) {
            let f = random_start(&matrix, k, 1);
            let (mut cross_w, mut cross_h) = (Mat::<f64>::zeros(m, k), Mat::<f64>::zeros(n, k));
            let (mut gram, mut xg) = (Mat::<f64>::zeros(k, k), Mat::<f64>::zeros(m, k));
            matrix.reserve(k);
            for round in 0..4 {
                let counts = [
                    allocations(|| matrix.times(cross_w.as_mut(), f.ht.as_ref(), Par::Seq)),
                    allocations(|| matrix.transpose_times(cross_h.as_mut(), f.w.as_ref(), Par::Seq)),
                    allocations(|| kernels::gram(gram.as_mut(), f.ht.as_ref(), Par::Seq)),
                    allocations(|| matmul(&mut xg, Accum::Replace, &f.w, &gram, 1.0, Par::Seq)),
                ];
                assert_eq!(counts, [0; 4], "{m}×{n} rank {k}, round {round}");
            }
        }
    }
}
