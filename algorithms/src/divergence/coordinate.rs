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
        let arch = pulp::Arch::new();
        rows::for_blocks(view.par, x, *size, strips, |strip, from, mut x| {
            strip.work = 0.0;
            if view.line(from).is_some() {
                for i in 0..x.nrows() {
                    let x = x.rb_mut().subrows_mut(i, 1);
                    arch.dispatch(
                        #[inline(always)]
                        || strip.sparse(&shared, x, view, from + i),
                    );
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
                    let constant = constants.get(from + row + i).copied().unwrap_or_default();
                    let (b, v) = (column(b.rb(), i), column_mut(v.rb_mut(), i));
                    let x = x.rb_mut().subrows_mut(i, 1);
                    arch.dispatch(
                        #[inline(always)]
                        || *work += shared.row(x, b, v, constant, None, &mut []),
                    );
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

impl<T: Real> Strip<T> {
    /// One row of X (1×k) where the data are sparse.
    #[inline(always)]
    fn sparse(&mut self, shared: &Shared<'_, T>, x: MatMut<'_, T>, view: &View<'_, T>, row: usize) {
        let Some((places, b)) = view.line(row) else { return };
        let (v, y) = (&mut self.v.col_as_slice_mut(0)[..b.len()], &mut self.y[..b.len()]);
        shared.model(x.rb(), v, Some(places));
        let constant = shared.constants.get(row).copied().unwrap_or_default();
        self.work += shared.row(x, b, v, constant, Some(places), y);
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
    /// One row of X (1×k), with all of its data or with those at some places, and room for Y there. Returns how many
    /// entries the Newton steps have gone over.
    #[inline(always)]
    fn row(
        &self,
        mut x: MatMut<'_, T>,
        b: &[T],
        v: &mut [T],
        constant: T,
        places: Option<&[u32]>,
        here: &mut [T],
    ) -> f64 {
        let mut steps = 0.0;
        for r in 0..x.ncols() {
            let mut y = column(self.y, r);
            if let Some(places) = places {
                here.iter_mut().zip(places).for_each(|(here, place)| *here = y[*place as usize]);
                y = here;
            }
            let sum = T::of(self.sums[r]);
            let most = if let Step::Repeated { most, .. } = self.step { most } else { 1 };
            for _ in 0..most {
                let (first, h) = moments(b, v, y);
                let before = x[(0, r)];
                let after = self.target(before, sum - first, h, constant);
                let moved = after - before;
                steps += 1.0;
                if moved != T::of(0.0) {
                    x[(0, r)] = after;
                    let (floor, share) = (self.model_floor, T::of(CANCELLED));
                    let mut lost = false;
                    for (v, y) in v.iter_mut().zip(y) {
                        let new = *v + moved * *y;
                        lost |= new < share * *v;
                        *v = at_least(new, floor);
                    }
                    if lost {
                        self.model(x.rb(), v, places);
                    }
                }
                if let Step::Repeated { share, .. } = self.step
                    && absolute(moved) < share * before
                {
                    break;
                }
            }
        }
        steps * count(b.len())
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

#[inline(always)]
fn absolute<T: Real>(x: T) -> T {
    if x < T::of(0.0) { -x } else { x }
}

/// Σ by/v and Σ by²/v², eight sums side by side so that they vectorise.
#[inline(always)]
fn moments<T: Real>(b: &[T], v: &[T], y: &[T]) -> (T, T) {
    let mut first = [T::of(0.0); 8];
    let mut second = first;
    let (q, whole) = (b.len(), b.len() - b.len() % 8);
    let (v, y) = (&v[..q], &y[..q]);
    for at in (0..whole).step_by(8) {
        let (b, v, y) = (&b[at..at + 8], &v[at..at + 8], &y[at..at + 8]);
        for i in 0..8 {
            let t = y[i] / v[i];
            let u = b[i] * t;
            first[i] += u;
            second[i] += u * t;
        }
    }
    for at in whole..q {
        let t = y[at] / v[at];
        let u = b[at] * t;
        first[at - whole] += u;
        second[at - whole] += u * t;
    }
    let sum = |s: [T; 8]| ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    (sum(first), sum(second))
}
