//! The two sums behind every gradient of a β-divergence, from blocks that stay in the cache:
//!
//! N = (B ∘ V^(β−2))ᵀY and D = (V^(β−1))ᵀY with V = YXᵀ; the gradient by X is D − N. V is never held as a whole. On a
//! sparse matrix β = 1 needs V at the stored entries only; any other β needs all of V for D, formed a block at a time:
//! time O(mnk), memory of a block.

mod blocks;
mod lines;
mod tiled;
mod under;

use crate::divergence::beta::Beta;
use crate::divergence::view::{View, at_least, column_sums};
use crate::kernels::{column, column_mut, dot};
use crate::matrix::{Matrix, count, count_passes};
use crate::problem::Factors;
use crate::real::Real;
use blocks::Blocks;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef, Par};
use lines::Lines;
use tiled::Tiled;

/// The sums for one factor, with workspaces.
pub(crate) struct Pass<T> {
    shared: Shared<T>,
    way: Way<T>,
    /// Entries of B at which V is formed.
    entries: f64,
}

/// What suits the storage and β.
enum Way<T> {
    Tiled(Tiled<T>),
    Lines(Lines<T>),
    Blocks(Blocks<T>),
}

/// What is done with some rows of X, their N and D and the number of the first.
pub(crate) trait Work<T>: Sync {
    /// Does it.
    fn rows(&self, x: MatMut<'_, T>, n: MatRef<'_, T>, d: MatRef<'_, T>, from: usize);
}

impl<T, F: Fn(MatMut<'_, T>, MatRef<'_, T>, MatRef<'_, T>, usize) + Sync> Work<T> for F {
    fn rows(&self, x: MatMut<'_, T>, n: MatRef<'_, T>, d: MatRef<'_, T>, from: usize) {
        self(x, n, d, from);
    }
}

struct Shared<T> {
    beta: Beta,
    /// Below this the model counts as this.
    floor: T,
    /// Whether the divergence is wanted as well.
    valued: bool,
    /// Σ over each column of Y, where that is all of D.
    sums: Vec<f64>,
}

impl<T: Real> Pass<T> {
    /// For a factor of k columns.
    pub(crate) fn new(view: &View<'_, T>, k: usize, beta: Beta, floor: T) -> Self {
        Self::with(view, k, Shared { beta, floor, valued: false, sums: vec![0.0; k] })
    }

    /// The same with the divergence of B from YXᵀ.
    pub(crate) fn valued(view: &View<'_, T>, k: usize, beta: Beta) -> Self {
        Self::with(view, k, Shared { beta, floor: T::of(T::TINY), valued: true, sums: vec![0.0; k] })
    }

    fn with(view: &View<'_, T>, k: usize, shared: Shared<T>) -> Self {
        let shape = (view.rows(), view.others(), k);
        let way = match view.matrix() {
            Matrix::Dense(a) => Way::Tiled(Tiled::new(a, k, view.is_transposed(), &shared)),
            Matrix::Sparse(_) if shared.plain() => Way::Lines(Lines::new(shape)),
            _ => Way::Blocks(Blocks::new(shape)),
        };
        let entries = match way {
            Way::Lines(_) => count(view.entries()),
            _ => count(shape.0) * count(shape.1),
        };
        Pass { shared, way, entries }
    }

    /// Hands the rows of X, a few at a time, to `work`; the sums of rows are taken before it changes them. Returns the
    /// divergence if that was asked for.
    pub(crate) fn run(
        &mut self,
        x: MatMut<'_, T>,
        view: &View<'_, T>,
        y: MatRef<'_, T>,
        work: impl Fn(MatMut<'_, T>, MatRef<'_, T>, MatRef<'_, T>, usize) + Sync,
    ) -> f64 {
        let Pass { shared, way, .. } = self;
        column_sums(&mut shared.sums, y);
        if !matches!(way, Way::Blocks(_)) {
            count_passes(1.0); // blocks are counted as they are copied
        }
        match (way, view.matrix()) {
            (Way::Tiled(tiled), Matrix::Dense(a)) => tiled.run(x, a, y, shared, (view.par, &work)),
            (Way::Lines(lines), _) => lines.run(x, view, y, shared, &work),
            (Way::Blocks(blocks), _) => blocks.run(x, view, y, shared, &work),
            _ => unreachable!("made for another matrix"),
        }
    }

    /// Flops of a run by formula, for a factor of k columns.
    pub(crate) fn flops(&self, k: usize) -> f64 {
        let products = if self.shared.plain() { 4.0 } else { 6.0 };
        self.entries * (products * count(k) + 2.0)
    }
}

impl<T: Real> Shared<T> {
    /// D is made of Y's column sums.
    fn plain(&self) -> bool {
        self.beta == Beta::KullbackLeibler
    }

    /// V itself is of no further use.
    fn fused(&self) -> bool {
        self.plain() && !self.valued
    }

    /// D from the sums, in the first rows.
    fn fill(&self, d: &mut Mat<T>, rows: usize) {
        if self.plain() {
            for (j, sum) in self.sums.iter().enumerate() {
                d.col_as_slice_mut(j)[..rows].fill(T::of(*sum));
            }
        }
    }

    /// Σ d(a|v).
    #[inline(always)]
    fn divergence(&self, a: &[T], v: &[T]) -> f64 {
        a.iter().zip(v).map(|(a, v)| self.beta.divergence(a.to_f64(), v.to_f64())).sum()
    }

    /// The weights of N and of D in place of data and model.
    #[inline(always)]
    fn weigh(&self, a: &mut [T], v: &mut [T]) {
        v.iter_mut().for_each(|v| *v = at_least(*v, self.floor));
        self.beta.weigh(a, v);
    }
}

/// Overwrites X with the gradient by X of the β-divergence of B from YXᵀ; returns the divergence and ‖N‖²_F for each
/// column. Allocates: for measuring.
pub(crate) fn gradient<T: Real>(x: &mut Mat<T>, view: &View<'_, T>, y: MatRef<'_, T>, beta: Beta) -> (f64, Vec<f64>) {
    let shape = (x.nrows(), y.nrows(), y.ncols());
    let positive = std::sync::Mutex::new(Mat::<T>::zeros(shape.0, shape.2));
    let mut pass = Pass::valued(view, shape.2, beta);
    let value = pass.run(x.as_mut(), view, y, |mut x, n, d, from| {
        for j in 0..x.ncols() {
            for (x, (n, d)) in column_mut(x.rb_mut(), j).iter_mut().zip(column(n, j).iter().zip(column(d, j))) {
                *x = *d - *n;
            }
        }
        let mut all = positive.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.as_mut().subrows_mut(from, x.nrows()).copy_from(n);
    });
    let positive = positive.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let squares = |j: usize| positive.col_as_slice(j).iter().map(|n| n.to_f64() * n.to_f64()).sum::<f64>();
    (value, (0..shape.2).map(squares).collect())
}

/// Σ a·v^(β−1) and Σ v^β with V = WH: the ratio is the scalar by which V fits A best. Allocates: for starts.
pub(crate) fn sums(matrix: &Matrix<f64>, f: &Factors<f64>, beta: Beta) -> (f64, f64) {
    let (mut x, y) = (f.w.clone(), f.ht.as_ref());
    let view = View::of_w(matrix, Par::Seq);
    let found = std::sync::Mutex::new((0.0, 0.0));
    let mut pass = Pass::new(&view, x.ncols(), beta, f64::TINY);
    pass.run(x.as_mut(), &view, y, |x, n, d, _| {
        let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.0 += dot(x.rb(), n);
        found.1 += dot(x.rb(), d);
    });
    found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The new value of an entry by a factor, kept at or above the floor.
#[inline(always)]
pub(crate) fn scaled<T: Real>(x: T, by: T, floor: T) -> T {
    at_least(x * by, floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::sparse::Sparse;

    /// Half of the entries are zero where zeros are allowed.
    fn data<T: Real>(m: usize, n: usize, zeros: bool) -> Mat<T> {
        let mut stream = Stream::of((m * 1000 + n) as u64, "pass");
        Mat::from_fn(m, n, |_, _| {
            let (kept, value) = (stream.uniform() < 0.5, 0.1 + stream.uniform());
            T::of(if kept || !zeros { value } else { 0.0 })
        })
    }

    fn sparse<T: Real>(a: &Mat<T>) -> Matrix<T> {
        let (mut starts, mut places, mut values) = (vec![0], vec![], vec![]);
        for j in 0..a.ncols() {
            for (i, value) in a.col_as_slice(j).iter().enumerate().filter(|(_, v)| **v > T::of(0.0)) {
                places.push(u32::try_from(i).expect("small"));
                values.push(*value);
            }
            starts.push(values.len());
        }
        Matrix::Sparse(Sparse::from_csc(a.nrows(), a.ncols(), starts, places, values).expect("valid"))
    }

    /// N, D and the divergence.
    type Sums<T> = (Mat<T>, Mat<T>, f64);

    fn sums<T: Real>(view: &View<'_, T>, x: &Mat<T>, y: &Mat<T>, beta: Beta, valued: bool) -> Sums<T> {
        let k = x.ncols();
        let mut pass = if valued { Pass::valued(view, k, beta) } else { Pass::new(view, k, beta, T::of(T::TINY)) };
        let found = std::sync::Mutex::new((Mat::zeros(x.nrows(), k), Mat::zeros(x.nrows(), k)));
        let mut value = 0.0;
        // Twice: nothing may be left over from the run before.
        for _ in 0..2 {
            value = pass.run(x.clone().as_mut(), view, y.as_ref(), |mut x, n, d, from| {
                let mut found = found.lock().expect("no panic");
                found.0.as_mut().subrows_mut(from, x.nrows()).copy_from(n);
                found.1.as_mut().subrows_mut(from, x.nrows()).copy_from(d);
                x.fill(T::of(9.0)); // what is handed out may be changed
            });
        }
        let (n, d) = found.into_inner().expect("no panic");
        (n, d, value)
    }

    fn plain<T: Real>(b: impl Fn(usize, usize) -> T, x: &Mat<T>, y: &Mat<T>, beta: f64) -> (Mat<f64>, Mat<f64>, f64) {
        let (mut n, mut d) = (Mat::zeros(x.nrows(), x.ncols()), Mat::zeros(x.nrows(), x.ncols()));
        let mut value = 0.0;
        for i in 0..x.nrows() {
            for j in 0..y.nrows() {
                let v: f64 = (0..x.ncols()).map(|l| x[(i, l)].to_f64() * y[(j, l)].to_f64()).sum();
                let b = b(j, i).to_f64();
                value += Beta::of(beta).divergence(b, v);
                for l in 0..x.ncols() {
                    n[(i, l)] += b * v.powf(beta - 2.0) * y[(j, l)].to_f64();
                    d[(i, l)] += v.powf(beta - 1.0) * y[(j, l)].to_f64();
                }
            }
        }
        (n, d, value)
    }

    fn agrees<T: Real>((m, n, k): (usize, usize, usize), beta: f64) {
        let a = data::<T>(m, n, beta > 0.0);
        let mut stream = Stream::of(k as u64, "factors");
        let mut factor = |rows| Mat::from_fn(rows, k, |_, _| T::of(0.1 + stream.uniform()));
        let (w, ht) = (factor(m), factor(n));
        let matrices = [Some(Matrix::dense(a.clone()).expect("valid")), (beta > 0.0).then(|| sparse(&a))];
        for matrix in matrices.iter().flatten() {
            for (view, x, y) in [(View::of_w(matrix, Par::Seq), &w, &ht), (View::of_h(matrix, Par::Seq), &ht, &w)] {
                let side = if view.is_transposed() { "W" } else { "H" };
                let what = format!("{m}×{n}, k = {k}, β = {beta}, {}, {side}", T::NAME);
                let entry = |j: usize, i: usize| if view.is_transposed() { a[(i, j)] } else { a[(j, i)] };
                let expected = plain(entry, x, y, beta);
                let tolerance = 4.0 * count(m.max(n)) * T::EPSILON;
                for valued in [false, true] {
                    let found = sums(&view, x, y, Beta::of(beta), valued);
                    for (found, expected) in [(&found.0, &expected.0), (&found.1, &expected.1)] {
                        for l in 0..k {
                            for (f, e) in found.col_as_slice(l).iter().zip(expected.col_as_slice(l)) {
                                assert!((f.to_f64() - e).abs() <= tolerance * e.abs(), "{what}: {f} {e}");
                            }
                        }
                    }
                    if valued {
                        assert!((found.2 - expected.2).abs() <= 10.0 * tolerance * expected.2, "{what}: value");
                    }
                    for threads in [2, 3] {
                        let mut threaded = view;
                        threaded.par = Par::rayon(threads);
                        assert!(sums(&threaded, x, y, Beta::of(beta), valued) == found, "{what}: threads change bits");
                    }
                }
            }
        }
    }

    #[test]
    fn sums_are_those_of_plain_loops_on_every_storage_and_any_number_of_threads() {
        for beta in [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 1.3] {
            for shape in [(1, 1, 1), (33, 62, 3), (70, 130, 13), (150, 65, 20)] {
                agrees::<f64>(shape, beta);
            }
            agrees::<f32>((70, 65, 7), beta);
        }
        for k in [1, 2, 5, 8, 9, 30] {
            agrees::<f64>((40, 25, k), 1.0);
        }
        agrees::<f64>((129, 500, 6), 1.0);
        agrees::<f64>((500, 40, 6), 0.5);
    }
}
