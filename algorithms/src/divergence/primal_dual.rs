//! Primal-dual method for the Kullback–Leibler divergence. Yanez & Bach, "Primal-dual algorithms for non-negative matrix
//! factorization with the Kullback–Leibler divergence", ICASSP (2017), Algorithm 1: the method of Chambolle & Pock (2011)
//! on each row of X, a few steps of it.
//!
//! With the data b, model operator Y (q×k) and dual χ of a row,
//!
//! χ ← ½(z − √(z² + 4σb)), z = χ + σYx̄;   x₊ = max(ε, x − τYᵀ(χ + 1));   x̄ ← 2x₊ − x,
//!
//! σ = √(q/k)·ΣY/(Σb·‖Y‖₂) and τ = √(k/q)·Σb/(ΣY·‖Y‖₂), the paper's choice: στ‖Y‖₂² = 1.
//!
//! χ begins at −b ⊘ (Yx), scaled to be feasible, and is then kept, an m×n matrix: formed anew at each turn from the
//! present model it makes the method unstable where the model is small. Where b = 0 the term −b·log v is 0 for every v,
//! so χ is 0 there, and on a sparse matrix it is kept at the stored entries alone.
//!
//! Step sizes, the start of χ and the fixed number of inner steps, 5, are those of the authors' program, which has no test
//! of a duality gap. In two things it differs: it has one χ for both factors, where here each keeps its own, so that
//! threads share the rows of either; and x̄ goes on from where the same factor was left, where here it begins at x. On the
//! digits with k = 10 the divergence after 10, 40 and 100 iterations is then lower by 4, 3 and 0.4 %.

use crate::algorithm::Traits;
use crate::divergence::view::{View, at_least, column_sums, data_sums, lift, model, share};
use crate::divergence::{DivergenceRule, Half, floor, kullback_leibler, model_floor};
use crate::kernels::spectral::SpectralNorm;
use crate::kernels::{self, column, column_mut, rows};
use crate::matrix::{count, count_passes};
use crate::problem::{Breakdown, Effort};
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::traits::math_utils::sqrt;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Primal-dual steps on each factor in turn.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PdKl {
    /// Primal-dual steps on one factor in one outer iteration.
    #[schemars(range(min = 1))]
    inner_iterations: u32,
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for PdKl {
    fn default() -> Self {
        PdKl { inner_iterations: 5, floor: 1e-16 }
    }
}

/// Entries of the data that a strip of rows holds at most, about: it stays in the cache with model and dual.
const STRIP_ENTRIES: usize = 1 << 15;

impl DivergenceRule for PdKl {
    const TRAITS: Traits = kullback_leibler(false);
    type Half<T: Real> = PrimalDual<T>;

    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> PrimalDual<T> {
        let (p, q) = (view.rows(), view.others());
        let size = share(p);
        let longest = view.line(0).map(|_| view.longest());
        let width = if longest.is_some() { 1 } else { (STRIP_ENTRIES / q).clamp(4, 64) };
        let strip = |rows: usize| {
            let wide = || Mat::zeros(width.min(rows), rank);
            let tall = || Mat::zeros(longest.unwrap_or(q), width.min(rows));
            let (b, dual) = if longest.is_some() { (Mat::new(), Mat::new()) } else { (tall(), Mat::zeros(q, rows)) };
            let room = || vec![T::of(0.0); longest.unwrap_or(0)];
            let (v, y, chi) = (tall(), room(), Vec::new());
            Strip { b, v, y, dual, chi, begun: false, ahead: wide(), slope: wide() }
        };
        let mut strips = rows::states(p, size, strip);
        for (i, strip) in strips.iter_mut().enumerate().filter(|_| longest.is_some()) {
            let rows = i * size..((i + 1) * size).min(p);
            let stored: usize = rows.filter_map(|row| view.line(row)).map(|line| line.0.len()).sum();
            strip.chi = vec![T::of(0.0); stored];
        }
        PrimalDual {
            inner: self.inner_iterations,
            floor: floor(self.floor, scale),
            width,
            size,
            data: data_sums(view),
            sums: vec![0.0; rank],
            gram: Mat::zeros(rank, rank),
            norm: SpectralNorm::new(rank),
            strips,
        }
    }
}

pub struct PrimalDual<T> {
    inner: u32,
    floor: T,
    width: usize,
    size: usize,
    /// Σb of each row.
    data: Vec<f64>,
    /// Σ over each column of Y.
    sums: Vec<f64>,
    gram: Mat<T>,
    norm: SpectralNorm<T>,
    strips: Vec<Strip<T>>,
}

/// Workspaces for a few rows.
struct Strip<T> {
    b: Mat<T>,
    v: Mat<T>,
    /// A column of Y at the places of a row's stored entries.
    y: Vec<T>,
    /// χ of all rows of a block, or of all their stored entries, and whether it has been formed.
    dual: Mat<T>,
    chi: Vec<T>,
    begun: bool,
    /// x̄.
    ahead: Mat<T>,
    /// χᵀY.
    slope: Mat<T>,
}

impl<T: Real> Half<T> for PrimalDual<T> {
    fn update(&mut self, x: MatMut<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>) -> Result<Effort, Breakdown> {
        let (q, k) = (count(y.nrows()), count(x.ncols()));
        column_sums(&mut self.sums, y);
        kernels::gram(self.gram.as_mut(), y, view.par);
        let norm = self.norm.of(self.gram.as_ref()).sqrt();
        let total: f64 = self.sums.iter().sum();
        let PrimalDual { inner, floor, width, size, data, sums, strips, .. } = self;
        // Σb·σ and τ/Σb.
        let steps = ((q / k).sqrt() * total / norm, (k / q).sqrt() / (total * norm));
        let sparse = view.line(0).is_some();
        if sparse {
            count_passes(1.0);
        }
        let shared = Shared { sparse, inner: *inner, floor: *floor, data, sums, steps, y };
        rows::for_blocks(view.par, x, *size, strips, |strip, from, mut x| {
            let mut at = 0;
            for i in (0..x.nrows()).filter(|_| shared.sparse) {
                at += strip.sparse(&shared, x.rb_mut().subrows_mut(i, 1), view, (from + i, at));
            }
            for row in (0..x.nrows()).step_by(*width).filter(|_| !shared.sparse) {
                let wide = (*width).min(x.nrows() - row);
                strip.descend(&shared, x.rb_mut().subrows_mut(row, wide), view, (from, row));
            }
            strip.begun = true;
        });
        let products = 4.0 * f64::from(*inner);
        let flops = count(view.entries()) * (k * products + 8.0 * f64::from(*inner))
            + SpectralNorm::<T>::flops(k)
            + q * k * (k + 1.0);
        Ok(Effort { flops, passes: 1.0, repairs: 0 })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}

struct Shared<'a, T> {
    sparse: bool,
    inner: u32,
    floor: T,
    data: &'a [f64],
    sums: &'a [f64],
    steps: (f64, f64),
    y: MatRef<'a, T>,
}

impl<T: Real> Shared<'_, T> {
    /// Divides each χ by max_r (−Yᵀχ)_r/(Yᵀ1)_r, after which −Yᵀχ ≤ Yᵀ1; at the optimum that is 1.
    fn make_feasible(&self, mut dual: MatMut<'_, T>, mut slope: MatMut<'_, T>) {
        matmul(slope.rb_mut(), Accum::Replace, dual.rb().transpose(), self.y, T::of(1.0), Par::Seq);
        for i in 0..dual.ncols() {
            self.scale(column_mut(dual.rb_mut(), i), slope.rb(), i);
        }
    }

    /// The same for one χ, row i of `slope` being its χᵀY.
    fn scale(&self, chi: &mut [T], slope: MatRef<'_, T>, i: usize) {
        let ratio = |(r, sum): (usize, &f64)| -slope[(i, r)].to_f64() / sum;
        let largest = self.sums.iter().enumerate().map(ratio).fold(0.0, f64::max);
        if largest > 0.0 && largest.is_finite() {
            chi.iter_mut().for_each(|chi| *chi = T::of(chi.to_f64() / largest));
        }
    }

    /// x and x̄ of some rows, the first of which is `row`.
    fn primal(&self, mut x: MatMut<'_, T>, mut ahead: MatMut<'_, T>, slope: MatRef<'_, T>, row: usize) {
        for j in 0..x.ncols() {
            let sum = T::of(self.sums[j]);
            for i in 0..x.nrows() {
                let (total, old) = (self.data[row + i], x[(i, j)]);
                let step = T::of(self.steps.1 * total);
                let new =
                    if total > 0.0 { at_least(old - step * (slope[(i, j)] + sum), self.floor) } else { self.floor };
                ahead[(i, j)] = new + new - old;
                x[(i, j)] = new;
            }
        }
    }
}

impl<T: Real> Strip<T> {
    fn descend(&mut self, s: &Shared<'_, T>, mut x: MatMut<'_, T>, view: &View<'_, T>, (from, own): (usize, usize)) {
        let row = from + own;
        let (wide, one) = (x.nrows(), T::of(1.0));
        let [mut b, mut v] = [&mut self.b, &mut self.v].map(|m| m.subcols_mut(0, wide));
        let mut dual = self.dual.subcols_mut(own, wide);
        let [mut ahead, mut slope] = [&mut self.ahead, &mut self.slope].map(|m| m.subrows_mut(0, wide));
        view.copy(0, row, b.rb_mut());
        model(v.rb_mut(), s.y, x.rb());
        lift(v.rb_mut(), model_floor(s.floor));
        ahead.copy_from(x.rb());
        if !self.begun {
            for i in 0..wide {
                let known = column(b.rb(), i).iter().zip(column(v.rb(), i));
                column_mut(dual.rb_mut(), i).iter_mut().zip(known).for_each(|(chi, (b, v))| *chi = -(*b / *v));
            }
            s.make_feasible(dual.rb_mut(), slope.rb_mut());
        }
        let arch = pulp::Arch::new();
        for round in 0..s.inner {
            if round > 0 {
                model(v.rb_mut(), s.y, ahead.rb());
            }
            for i in 0..wide {
                let sigma = s.steps.0 / s.data[row + i];
                if !sigma.is_finite() {
                    continue; // no data in this row: χ is 0
                }
                let (chi, b, v) = (column_mut(dual.rb_mut(), i), column(b.rb(), i), column(v.rb(), i));
                arch.dispatch(
                    #[inline(always)]
                    || advance(chi, b, v, T::of(sigma)),
                );
            }
            matmul(slope.rb_mut(), Accum::Replace, dual.rb().transpose(), s.y, one, Par::Seq);
            s.primal(x.rb_mut(), ahead.rb_mut(), slope.rb(), row);
        }
    }

    /// One row of X (1×k) where the data are sparse; its χ begins at `at`. Returns the number of stored entries.
    fn sparse(
        &mut self,
        s: &Shared<'_, T>,
        mut x: MatMut<'_, T>,
        view: &View<'_, T>,
        (row, at): (usize, usize),
    ) -> usize {
        let Some((places, b)) = view.line(row) else { return 0 };
        let (chi, y) = (&mut self.chi[at..at + b.len()], &mut self.y[..b.len()]);
        let v = &mut self.v.col_as_slice_mut(0)[..b.len()];
        let [mut ahead, mut slope] = [&mut self.ahead, &mut self.slope].map(|m| m.subrows_mut(0, 1));
        ahead.copy_from(x.rb());
        let sigma = s.steps.0 / s.data[row];
        for round in 0..s.inner {
            v.fill(T::of(0.0));
            for r in 0..s.y.ncols() {
                let (x, column) = (ahead[(0, r)], column(s.y, r));
                v.iter_mut().zip(places).for_each(|(v, place)| *v += x * column[*place as usize]);
            }
            let mut dot = |r: usize, chi: &[T]| {
                let column = column(s.y, r);
                y.iter_mut().zip(places).for_each(|(y, place)| *y = column[*place as usize]);
                T::of(kernels::dot_slices(chi, y))
            };
            if round == 0 {
                let floor = model_floor(s.floor);
                v.iter_mut().for_each(|v| *v = at_least(*v, floor));
                if !self.begun {
                    chi.iter_mut().zip(b.iter().zip(&*v)).for_each(|(chi, (b, v))| *chi = -(*b / *v));
                    (0..s.y.ncols()).for_each(|r| slope[(0, r)] = dot(r, chi));
                    s.scale(chi, slope.rb(), 0);
                }
            }
            if sigma.is_finite() {
                advance(chi, b, v, T::of(sigma));
            }
            (0..s.y.ncols()).for_each(|r| slope[(0, r)] = dot(r, chi));
            s.primal(x.rb_mut(), ahead.rb_mut(), slope.rb(), row);
        }
        b.len()
    }
}

/// χ ← ½(z − √(z² + 4σb)), z = χ + σv: written without cancellation for z > 0. Where b = 0 it is 0.
#[inline(always)]
fn advance<T: Real>(chi: &mut [T], b: &[T], v: &[T], sigma: T) {
    let (half, four, two, zero) = (T::of(0.5), T::of(4.0), T::of(2.0), T::of(0.0));
    for (chi, (b, v)) in chi.iter_mut().zip(b.iter().zip(v)) {
        let z = *chi + sigma * *v;
        let weight = sigma * *b;
        let root = sqrt(&(z * z + four * weight));
        let moved = if z > zero { -(two * weight) / (z + root) } else { half * (z - root) };
        *chi = if *b > zero { moved } else { zero };
    }
}
