//! Factorisation with sparseness constraints. Hoyer, "Non-negative matrix factorization with sparseness constraints", J.
//! Machine Learning Research 5 (2004), §3.1.
//!
//! The sparseness of a vector of n entries is (√n − ‖x‖₁/‖x‖₂)/(√n − 1). A factor that is constrained takes a step of
//! projected gradient,
//!
//! W ← P(W − μ(WH − A)Hᵀ),   H ← P(H − μWᵀ(WH − A)),
//!
//! P giving each column of W, or row of H, the nearest vector ≥ 0 with the sparseness asked for: of unchanged 2-norm for
//! W, of norm 1 for H. A factor that is not constrained takes a multiplicative step. The paper leaves μ open ("set
//! automatically"); as in its program, μ is halved until the objective does not rise, and grows by a fifth after each
//! step. The first μ is 1/mean of the diagonal of HHᵀ or WᵀW: 1 where the rows of H have norm 1.
//!
//! The objective never rises once the constraints are met, which is before the first step.

use super::fast_gradient::{copy, rise, slope};
use super::projection::{norm1, onto_sparseness};
use super::{column_norm, floor, multiply, scale_column};
use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::products::{Factor, Penalties, Products};
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Factorisation with sparseness constraints.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hoyer {
    /// Sparseness of each column of W, (√m − ‖w‖₁/‖w‖₂)/(√m − 1); 0 leaves W free. The paper has no default.
    #[schemars(range(min = 0.0, max = 1.0))]
    sparseness_w: f64,
    /// Sparseness of each row of H, (√n − ‖h‖₁/‖h‖₂)/(√n − 1); 0 leaves H free. The paper has no default.
    #[schemars(range(min = 0.0, max = 1.0))]
    sparseness_h: f64,
    /// Step lengths tried in a search, at most.
    #[schemars(range(min = 1))]
    trials: u32,
    /// Lower bound of the entries of a factor that is left free, in units of √(mean(A)/k); never below the scalar type's
    /// own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for Hoyer {
    fn default() -> Self {
        Hoyer { sparseness_w: 0.75, sparseness_h: 0.0, trials: 60, floor: 1e-16 }
    }
}

impl Algorithm for Hoyer {
    const TRAITS: Traits = Traits { monotone: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Transposition, "W is constrained, H not")
        .except(Property::FixedPoint, "a factorisation of another sparseness is not feasible")
        .except(Property::Recovery, "factors of another sparseness are not feasible");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let side = |rows, sparseness: f64, keep_norm| Side {
            sparseness: (sparseness > 0.0).then_some(sparseness),
            keep_norm,
            mu: None,
            gradient: Mat::zeros(rows, rank),
            fresh: Mat::zeros(rows, rank),
            moves: Mat::zeros(rows, rank),
            line: vec![0.0; rows],
            fixed: vec![false; rows],
        };
        Ok(Box::new(Machine {
            products: Products::new(problem, Penalties::default()),
            w: side(m, self.sparseness_w, true),
            h: side(n, self.sparseness_h, false),
            own: Mat::zeros(rank, rank),
            trials: self.trials,
            floor: floor(self.floor, problem),
            begun: false,
        }))
    }
}

struct Machine<T> {
    products: Products<T>,
    w: Side<T>,
    h: Side<T>,
    /// k×k.
    own: Mat<T>,
    trials: u32,
    floor: T,
    begun: bool,
}

/// The state of one factor X (p×k).
struct Side<T> {
    sparseness: Option<f64>,
    /// Whether a projection keeps the 2-norm, or makes it 1.
    keep_norm: bool,
    /// μ; none before the first search.
    mu: Option<f64>,
    /// ∇ = XG − C, p×k.
    gradient: Mat<T>,
    /// The point tried, and how far it is from X; p×k.
    fresh: Mat<T>,
    moves: Mat<T>,
    /// A column while it is projected.
    line: Vec<f64>,
    fixed: Vec<bool>,
}

/// Gives each column the sparseness asked for.
fn project<T: Real>(x: &mut Mat<T>, sparseness: f64, keep_norm: bool, line: &mut [f64], fixed: &mut [bool]) {
    for l in 0..x.ncols() {
        let norm2 = if keep_norm { column_norm(x, l) } else { 1.0 };
        if norm2 > 0.0 {
            line.iter_mut().zip(x.col_as_slice(l)).for_each(|(to, x)| *to = x.to_f64());
            onto_sparseness(line, norm1(sparseness, count(line.len()), norm2), norm2, fixed);
            x.col_as_slice_mut(l).iter_mut().zip(&*line).for_each(|(x, from)| *x = T::of(*from));
        }
    }
}

impl<T: Real> Machine<T> {
    /// Gives the factors the sparseness asked for. The norms of the rows of H go to W first, so that WH keeps its size.
    fn make_feasible(&mut self, f: &mut Factors<T>) {
        if self.h.sparseness.is_some() {
            for l in 0..f.rank() {
                let norm = column_norm(&f.ht, l);
                if norm > T::TINY / T::EPSILON {
                    scale_column(&mut f.ht, l, norm.recip());
                    scale_column(&mut f.w, l, norm);
                }
            }
        }
        for (side, x) in [(&mut self.w, &mut f.w), (&mut self.h, &mut f.ht)] {
            if let Some(sparseness) = side.sparseness {
                project(x, sparseness, side.keep_norm, &mut side.line, &mut side.fixed);
            }
        }
    }

    /// One step on a factor whose subproblem is formed.
    fn update(&mut self, problem: &Problem<'_, T>, x: &mut Mat<T>, factor: Factor) -> Effort {
        let s = self.products.again(problem, factor);
        let side = if factor == Factor::W { &mut self.w } else { &mut self.h };
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        let mut effort = Effort { flops: 2.0 * p * k * k + 2.0 * p * k, ..Effort::default() };
        let Some(sparseness) = side.sparseness else {
            matmul(side.fresh.as_mut(), Accum::Replace, &*x, s.gram, T::of(1.0), s.par);
            multiply(x.as_mut(), s.cross, side.fresh.as_ref(), self.floor);
            return effort;
        };
        slope(&mut side.gradient, x, s.gram, s.cross, s.par);
        let trace: f64 = (0..x.ncols()).map(|l| s.gram[(l, l)].to_f64()).sum();
        if trace <= T::TINY / T::EPSILON {
            return effort; // nothing depends on X
        }
        let first = side.mu.unwrap_or(k / trace);
        let mut mu = first;
        for _ in 0..self.trials {
            side.go(x, T::of(mu), sparseness);
            effort.flops += p * k * (k + 1.0) + 16.0 * p * k;
            if rise(&side.gradient, &side.moves, s.gram, &mut self.own, s.par) <= 0.0 {
                side.mu = Some(1.2 * mu);
                copy(x, &side.fresh);
                return effort;
            }
            mu *= 0.5;
        }
        // No step length will do: X is as good as rounding allows.
        effort.repairs = 1;
        effort
    }
}

impl<T: Real> Side<T> {
    /// Goes to the point of step length μ.
    fn go(&mut self, x: &Mat<T>, mu: T, sparseness: f64) {
        for l in 0..x.ncols() {
            let from = x.col_as_slice(l).iter().zip(self.gradient.col_as_slice(l));
            self.fresh.col_as_slice_mut(l).iter_mut().zip(from).for_each(|(to, (x, g))| *to = *x - mu * *g);
        }
        project(&mut self.fresh, sparseness, self.keep_norm, &mut self.line, &mut self.fixed);
        for l in 0..x.ncols() {
            let from = self.fresh.col_as_slice(l).iter().zip(x.col_as_slice(l));
            self.moves.col_as_slice_mut(l).iter_mut().zip(from).for_each(|(d, (new, x))| *d = *new - *x);
        }
    }

    /// Whether each column that is not zero has the sparseness asked for, up to the precision of the scalar.
    fn is_feasible(&self, x: &Mat<T>) -> bool {
        let Some(sparseness) = self.sparseness else { return true };
        let n = count(x.nrows());
        (0..x.ncols()).all(|l| {
            let sum: f64 = x.col_as_slice(l).iter().map(|x| x.to_f64().abs()).sum();
            let (found, slack) = (column_norm(x, l), T::EPSILON.sqrt());
            let of_norm = self.keep_norm || (found - 1.0).abs() <= slack;
            found <= 0.0 || (of_norm && (sum / norm1(sparseness, n, found) - 1.0).abs() <= slack)
        })
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        if !self.begun {
            self.begun = true;
            self.make_feasible(factors);
        }
        let mut effort = self.products.subproblem(problem, Factor::W, &factors.ht).1;
        effort += self.update(problem, &mut factors.w, Factor::W);
        effort += self.products.subproblem(problem, Factor::H, &factors.w).1;
        effort += self.update(problem, &mut factors.ht, Factor::H);
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        let of = |side: &Side<T>| if side.sparseness.is_some() { 0.0 } else { self.floor.to_f64() };
        (of(&self.w), of(&self.h))
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        let feasible = self.w.is_feasible(&factors.w) && self.h.is_feasible(&factors.ht);
        Some(if feasible { problem.frobenius(factors) } else { f64::INFINITY })
    }
}
