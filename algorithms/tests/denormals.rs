//! Numbers below the smallest normal one cost ten times and more to compute with, and late iterations are where entries
//! die away: no factor may hold one, whatever became of it.

mod common;

use common::entries;
use faer::Mat;
use nmfbench_algorithms::conformance::cases;
use nmfbench_algorithms::parameters::Table;
use nmfbench_algorithms::random::key;
use nmfbench_algorithms::{Entry, Factors, Init, Matrix, Problem, Real, Registry, StartIn};

/// Entries that are neither 0 nor normal.
fn denormals<T: Real>(f: &Factors<T>) -> usize {
    let below = |x: &&T| (0.0..T::TINY).contains(&x.to_f64().abs()) && x.to_f64().abs() > 0.0;
    let count = |x: &Mat<T>| (0..x.ncols()).map(|j| x.col_as_slice(j).iter().filter(below).count()).sum::<usize>();
    count(&f.w) + count(&f.ht)
}

/// Iterates from a start whose entries lie within three orders of magnitude of the smallest normal number in every other
/// place, on data of rank 2 with a block of zeros: what is of no use there dies away from the first iteration on.
fn first_denormal<T: StartIn>(entry: &Entry, a: &Matrix<f64>, iterations: usize) -> Option<(usize, usize)> {
    let method = entry.parse(&Table::new()).expect("the defaults are valid");
    let matrix = a.convert::<T>();
    let problem = Problem::new(&matrix, 5, key(0, "denormals")).expect("the rank fits");
    let double = Problem::new(a, 5, key(0, "denormals")).expect("the rank fits");
    let mut factors = Init::Random.start(&double, &key(1, "denormals")).expect("a start").convert::<T>();
    for x in [&mut factors.w, &mut factors.ht] {
        let (rows, cols) = x.shape();
        for (j, i) in (0..cols).flat_map(|j| (0..rows).map(move |i| (j, i))) {
            if (i + j) % 2 == 1 {
                x[(i, j)] = T::of(T::TINY * (1.0 + 10.0 * ((i * 31 + j * 7) % 100) as f64));
            }
        }
    }
    if entry.accepts.symmetric_only {
        factors.ht = factors.w.clone();
    }
    let mut solver = T::start(&*method, &problem, &factors).ok()?;
    for iteration in 1..=iterations {
        if solver.step(&problem, &mut factors).is_err() {
            return None;
        }
        let found = denormals(&factors);
        if found > 0 {
            return Some((iteration, found));
        }
    }
    None
}

#[test]
fn no_factor_holds_denormal_numbers() {
    let planted = cases::product(&cases::separable(24, 18, 2, 3));
    let mut found = Vec::new();
    for entry in Registry::builtin().entries() {
        let method = entry.parse(&Table::new()).expect("the defaults are valid");
        let positive = method.objective().beta() <= 0.0;
        let size = if entry.accepts.symmetric_only { 18 } else { 24 };
        let a = Mat::from_fn(size, 18, |i, j| {
            let (i, j) = if entry.accepts.symmetric_only { (i.max(j), i.min(j)) } else { (i, j) };
            let a = if i < 6 && j < 6 { 0.0 } else { planted[(i, j)] };
            if positive { a.max(1e-3) } else { a }
        });
        let a = Matrix::dense(a).expect("valid");
        assert!(entries(&a).norm_max() > 0.1);
        let double = first_denormal::<f64>(entry, &a, 60).map(|at| (entry.name, "f64", at));
        let single = first_denormal::<f32>(entry, &a, 60).map(|at| (entry.name, "f32", at));
        found.extend(double.into_iter().chain(single));
    }
    assert!(found.is_empty(), "(method, scalar, (iteration, entries)): {found:?}");
}

/// The test can see one, and the start above is no trivial one.
#[test]
fn the_count_counts() {
    let of = |value| Factors { w: Mat::<f64>::full(2, 1, value), ht: Mat::<f64>::full(1, 1, 1.0) };
    assert_eq!([1e-310, -1e-310, 0.0, f64::MIN_POSITIVE].map(|value| denormals(&of(value))), [2, 2, 0, 0]);
}
