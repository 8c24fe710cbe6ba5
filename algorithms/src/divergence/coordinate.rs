//! Coordinate methods for the Kullback–Leibler divergence: one entry x of a row at a time, the model v = Yxᵀ of that row
//! kept up to date. With b the data of the row and y the column of Y that belongs to x,
//!
//! g = Σ y − Σ by/v,   h = Σ by²/v²,   x₊ = max(ε, x − g/h).
//!
//! Where b = 0 neither sum has a term, so on a sparse matrix v is kept at the stored entries alone: time O(nnz·k).
//!
//! - `ccd-kl`: Newton steps on an entry until one moves it by less than half its value, at most two. Hsieh & Dhillon, "Fast
//!   coordinate descent methods with variable selection for non-negative matrix factorization", KDD (2011), Algorithm 2;
//!   the numbers are those of the authors' program. A step that lowers x may overshoot, so the objective may rise.
//! - `sn-kl`: one scalar Newton step, damped so that it never does. The objective is self-concordant in x with constant
//!   c = 1/√(min b); where g > 0 and λ = c·√h·|x₊ − x| > 0.683802, only 1/(1 + λ) of the step is made. Hien & Gillis,
//!   "Algorithms for nonnegative matrix factorization with the Kullback–Leibler divergence", J. Sci. Comput. 87 (2021),
//!   Algorithm 2 (SN).
//! - `sn-mu-kl`: the same with a multiplicative update after every ten iterations (Hien & Gillis 2021, SN-MU).

use crate::algorithm::Traits;
use crate::conformance::Property;
use crate::divergence::beta::Beta;
use crate::divergence::multiplicative::Multiplicative;
use crate::divergence::view::{View, at_least, column_sums, lift, model, per_column, share};
use crate::divergence::{DivergenceRule, Half, floor, kullback_leibler, model_floor};
use crate::kernels::{column, column_mut, rows};
use crate::matrix::{count, count_passes};
use crate::problem::{Breakdown, Effort};
use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut, MatRef};
use pulp::{Arch, Simd, WithSimd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cyclic coordinate descent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CcdKl {
    /// Newton steps on one entry, at most.
    #[schemars(range(min = 1))]
    newton_steps: u32,
    /// An entry is done when a Newton step moves it by less than this share of its value.
    #[schemars(range(min = 0.0))]
    newton_tolerance: f64,
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for CcdKl {
    fn default() -> Self {
        CcdKl { newton_steps: 2, newton_tolerance: 0.5, floor: 1e-16 }
    }
}

impl DivergenceRule for CcdKl {
    const TRAITS: Traits = kullback_leibler(false)
        .except(Property::Permutation, "goes through the components in order, and the order matters");
    type Half<T: Real> = Sweep<T>;

    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> Sweep<T> {
        let step = Step::Repeated { most: self.newton_steps, share: T::of(self.newton_tolerance) };
        Sweep::new(view, rank, step, vec![], floor(self.floor, scale))
    }
}

/// Scalar Newton.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SnKl {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for SnKl {
    fn default() -> Self {
        SnKl { floor: 1e-16 }
    }
}

impl DivergenceRule for SnKl {
    const TRAITS: Traits = kullback_leibler(true)
        .except(Property::Permutation, "goes through the components in order, and the order matters");
    type Half<T: Real> = Sweep<T>;

    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> Sweep<T> {
        let least = per_column(view, f64::INFINITY, |least, b| if b > 0.0 { least.min(b) } else { least });
        let constants = least.into_iter().map(|b| T::of(1.0 / b.sqrt())).collect();
        Sweep::new(view, rank, Step::Damped, constants, floor(self.floor, scale))
    }
}

/// Scalar Newton with a multiplicative update now and then.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SnMuKl {
    /// Iterations of scalar Newton between two groups of multiplicative updates.
    #[schemars(range(min = 1))]
    sn_iterations: u32,
    /// Multiplicative updates in a group.
    #[schemars(range(min = 1))]
    mu_iterations: u32,
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for SnMuKl {
    fn default() -> Self {
        SnMuKl { sn_iterations: 10, mu_iterations: 1, floor: 1e-16 }
    }
}

impl DivergenceRule for SnMuKl {
    const TRAITS: Traits = kullback_leibler(true)
        .except(Property::Permutation, "goes through the components in order, and the order matters");
    type Half<T: Real> = Mixed<T>;

    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> Mixed<T> {
        Mixed {
            newton: SnKl { floor: self.floor }.prepare(view, rank, scale),
            multiplicative: Multiplicative::new(view, rank, Beta::KullbackLeibler, floor(self.floor, scale)),
            period: (u64::from(self.sn_iterations), u64::from(self.mu_iterations)),
            done: 0,
        }
    }
}

pub struct Mixed<T> {
    newton: Sweep<T>,
    multiplicative: Multiplicative<T>,
    /// Iterations of the one and of the other.
    period: (u64, u64),
    done: u64,
}

impl<T: Real> Half<T> for Mixed<T> {
    fn update(&mut self, x: MatMut<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>) -> Result<Effort, Breakdown> {
        let newton = self.done % (self.period.0 + self.period.1) < self.period.0;
        self.done += 1;
        if newton { self.newton.update(x, view, y) } else { self.multiplicative.update(x, view, y) }
    }

    fn floor(&self) -> f64 {
        self.newton.floor()
    }
}

/// How an entry moves.
#[derive(Clone, Copy)]
enum Step<T> {
    /// By Newton steps until one is below a share of the entry.
    Repeated { most: u32, share: T },
    /// By one Newton step, damped.
    Damped,
}

/// Above this a step down is damped: there 1/(1 + λ) of it decreases the objective by more than all of it is sure to.
const DAMPED: f64 = 0.683802;
/// Where a step takes more than all but this share of v away, the difference has lost its digits, and the next step
/// would follow its rounding: v is then formed afresh.
const CANCELLED: f64 = 1e-6;
/// Rows at a time: the model is formed for as many.
const STRIP: usize = 4;

/// Goes through all entries of a factor.
pub struct Sweep<T> {
    step: Step<T>,
    /// c of each row, for damped steps.
    constants: Vec<T>,
    floor: T,
    /// Σ over each column of Y.
    sums: Vec<f64>,
    size: usize,
    strips: Vec<Strip<T>>,
}

struct Strip<T> {
    /// Data and model of a few rows, q×STRIP; of one row's stored entries where the data are sparse.
    b: Mat<T>,
    v: Mat<T>,
    /// A column of Y at these places.
    y: Vec<T>,
    /// Entries that the steps have gone over.
    work: f64,
}

impl<T: Real> Sweep<T> {
    fn new(view: &View<'_, T>, rank: usize, step: Step<T>, constants: Vec<T>, floor: T) -> Self {
        let (p, q) = (view.rows(), view.others());
        let longest = view.line(0).map(|_| view.longest());
        let strip = |rows: usize| {
            let (b, v) = match longest {
                Some(longest) => (Mat::new(), Mat::zeros(longest, 1)),
                None => (Mat::zeros(q, STRIP.min(rows)), Mat::zeros(q, STRIP.min(rows))),
            };
            Strip { b, v, y: vec![T::of(0.0); longest.unwrap_or(0)], work: 0.0 }
        };
        let size = share(p);
        Sweep { step, constants, floor, sums: vec![0.0; rank], size, strips: rows::states(p, size, strip) }
    }
}

impl<T: Real> Half<T> for Sweep<T> {
    fn update(&mut self, x: MatMut<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>) -> Result<Effort, Breakdown> {
        let k = x.ncols();
        let Sweep { step, constants, floor, sums, size, strips } = self;
        column_sums(sums, y);
        let shared = Shared { constants, step: *step, floor: *floor, model_floor: model_floor(*floor), sums, y };
        if view.line(0).is_some() {
            count_passes(1.0);
        }
        let arch = Arch::new();
        rows::for_blocks(view.par, x, *size, strips, |strip, from, mut x| {
            strip.work = 0.0;
            if view.line(from).is_some() {
                for i in 0..x.nrows() {
                    let Some((places, b)) = view.line(from + i) else { continue };
                    let Strip { v, y, .. } = strip;
                    strip.work += arch.dispatch(Row {
                        shared: &shared,
                        x: x.rb_mut().subrows_mut(i, 1),
                        constant: shared.constant(from + i),
                        b,
                        v: &mut v.col_as_slice_mut(0)[..b.len()],
                        places: Some(places),
                        here: &mut y[..b.len()],
                    });
                }
                return;
            }
            for row in (0..x.nrows()).step_by(STRIP) {
                let width = STRIP.min(x.nrows() - row);
                let mut x = x.rb_mut().subrows_mut(row, width);
                let Strip { b, v, work, .. } = strip;
                let (mut b, mut v) = (b.subcols_mut(0, width), v.subcols_mut(0, width));
                view.copy(0, from + row, b.rb_mut());
                model(v.rb_mut(), y, x.rb());
                lift(v.rb_mut(), shared.model_floor);
                for i in 0..width {
                    *work += arch.dispatch(Row {
                        shared: &shared,
                        x: x.rb_mut().subrows_mut(i, 1),
                        constant: shared.constant(from + row + i),
                        b: column(b.rb(), i),
                        v: column_mut(v.rb_mut(), i),
                        places: None,
                        here: &mut [],
                    });
                }
            }
        });
        let work = strips.iter().map(|s| s.work).sum::<f64>();
        Ok(Effort { flops: 2.0 * count(view.entries()) * count(k) + 8.0 * work, passes: 1.0, repairs: 0 })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}

struct Shared<'a, T> {
    constants: &'a [T],
    step: Step<T>,
    floor: T,
    model_floor: T,
    sums: &'a [f64],
    y: MatRef<'a, T>,
}

impl<T: Real> Shared<'_, T> {
    /// c of a row.
    fn constant(&self, row: usize) -> T {
        self.constants.get(row).copied().unwrap_or_default()
    }

    /// The model of one row, afresh.
    #[inline(always)]
    fn model(&self, x: MatRef<'_, T>, v: &mut [T], places: Option<&[u32]>) {
        v.fill(T::of(0.0));
        for r in 0..x.ncols() {
            let (x, y) = (x[(0, r)], column(self.y, r));
            match places {
                Some(places) => v.iter_mut().zip(places).for_each(|(v, place)| *v += x * y[*place as usize]),
                None => v.iter_mut().zip(y).for_each(|(v, y)| *v += x * *y),
            }
        }
        v.iter_mut().for_each(|v| *v = at_least(*v, self.model_floor));
    }

    #[inline(always)]
    fn target(&self, x: T, g: T, h: T, constant: T) -> T {
        let zero = T::of(0.0);
        if h <= zero {
            return if g > zero { self.floor } else { at_least(x, self.floor) }; // linear in x, or constant
        }
        let target = at_least(x - g / h, self.floor);
        if let (Step::Damped, true) = (self.step, g > zero) {
            let lambda = constant * faer::traits::math_utils::sqrt(&h) * absolute(target - x);
            if lambda > T::of(DAMPED) {
                return at_least(x + (target - x) / (T::of(1.0) + lambda), self.floor);
            }
        }
        target
    }
}

/// One row of X (1×k), with all of its data or with those at some places.
struct Row<'a, 'x, T> {
    shared: &'a Shared<'a, T>,
    x: MatMut<'x, T>,
    constant: T,
    b: &'a [T],
    /// The model; with `places` formed here.
    v: &'a mut [T],
    places: Option<&'a [u32]>,
    /// Room for a column of Y at the places.
    here: &'a mut [T],
}

impl<T: Real> WithSimd for Row<'_, '_, T> {
    /// How many entries the Newton steps have gone over.
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Row { shared, mut x, constant, b, v, places, here } = self;
        if places.is_some() {
            shared.model(x.rb(), v, places);
        }
        let mut steps = 0.0;
        for r in 0..x.ncols() {
            let mut y = column(shared.y, r);
            if let Some(places) = places {
                here.iter_mut().zip(places).for_each(|(here, place)| *here = y[*place as usize]);
                y = here;
            }
            let sum = T::of(shared.sums[r]);
            let most = if let Step::Repeated { most, .. } = shared.step { most } else { 1 };
            for _ in 0..most {
                let (first, h) = moments(simd, b, v, y);
                let before = x[(0, r)];
                let after = shared.target(before, sum - first, h, constant);
                let moved = after - before;
                steps += 1.0;
                if moved != T::of(0.0) {
                    x[(0, r)] = after;
                    if shift(simd, v, moved, y, shared.model_floor) {
                        shared.model(x.rb(), v, places);
                    }
                }
                if let Step::Repeated { share, .. } = shared.step
                    && absolute(moved) < share * before
                {
                    break;
                }
            }
        }
        steps * count(b.len())
    }
}

#[inline(always)]
fn absolute<T: Real>(x: T) -> T {
    if x < T::of(0.0) { -x } else { x }
}

/// Σ by/v and Σ by²/v².
#[inline(always)]
fn moments<S: Simd, T: Real>(simd: S, b: &[T], v: &[T], y: &[T]) -> (T, T) {
    let ((bs, b), (vs, v), (ys, y)) = (T::vectors::<S>(b), T::vectors::<S>(v), T::vectors::<S>(y));
    let mut less = T::splat(simd, T::of(0.0));
    let mut second = less;
    for (b, (v, y)) in bs.iter().zip(vs.iter().zip(ys)) {
        let t = T::quotient(simd, *y, *v);
        let u = T::product(simd, *b, t);
        less = T::difference(simd, less, u);
        second = T::mul_add(simd, u, t, second);
    }
    let (mut first, mut second) = (-T::sum(simd, less), T::sum(simd, second));
    for (b, (v, y)) in b.iter().zip(v.iter().zip(y)) {
        let t = *y / *v;
        let u = *b * t;
        first += u;
        second += u * t;
    }
    (first, second)
}

/// v ← max(v + moved·y, floor); whether digits of an entry are lost, see [`CANCELLED`].
#[inline(always)]
fn shift<S: Simd, T: Real>(simd: S, v: &mut [T], moved: T, y: &[T], floor: T) -> bool {
    let share = T::of(CANCELLED);
    let ((vs, v), (ys, y)) = (T::vectors_mut::<S>(v), T::vectors::<S>(y));
    let (moves, floors, shares) = (T::splat(simd, moved), T::splat(simd, floor), T::splat(simd, share));
    let mut worst = T::splat(simd, T::of(0.0));
    for (v, y) in vs.iter_mut().zip(ys) {
        let new = T::mul_add(simd, moves, *y, *v);
        worst = T::larger(simd, worst, T::difference(simd, T::product(simd, shares, *v), new));
        *v = T::larger(simd, new, floors);
    }
    let mut lost = T::sum(simd, worst) > T::of(0.0);
    for (v, y) in v.iter_mut().zip(y) {
        let new = *v + moved * *y;
        lost |= new < share * *v;
        *v = at_least(new, floor);
    }
    lost
}
