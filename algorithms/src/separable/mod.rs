//! Separable methods: W consists of columns of A, and what is left is to choose which.
//!
//! A is separable when some k of its columns span, with coefficients ≥ 0, all the others: A = A_K·H (Donoho & Stodden 2003;
//! Arora et al. 2012). A method here is the rule by which it selects K; given K, W = A_K and H = argmin_{H ≥ 0} ‖A − WH‖_F
//! exactly. Nothing is iterated, and the start is not looked at.

mod snpa;
mod spa;
mod xray;

pub use snpa::Snpa;
pub use spa::Spa;
pub use xray::Xray;

use crate::algorithm::{Algorithm, Rule, Side, Solver, Subproblem, Traits, Update};
use crate::conformance::Property;
use crate::kernels::{self, column_mut};
use crate::matrix::count;
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::Real;
use crate::rules::AnlsBpp;
use faer::{Mat, MatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The parameters of a method that selects columns.
pub trait Selection: Parameters {
    /// Whether it draws random numbers.
    const STOCHASTIC: bool = false;

    /// The selected columns of A in order, and the work of finding them. At most k; fewer where A has no more to offer.
    fn select<T: Real>(&self, problem: &Problem<'_, T>) -> (Vec<usize>, Effort);
}

/// The algorithm that selects columns of A as W and solves for H.
#[derive(Clone, Debug)]
pub struct Separable<S> {
    selection: S,
}

impl<S: Parameters> Parameters for Separable<S> {
    fn fields() -> Vec<Field> {
        S::fields()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(Separable { selection: S::claim(table)? })
    }

    fn table(&self) -> Table {
        self.selection.table()
    }
}

impl<S: Selection> Algorithm for Separable<S> {
    const TRAITS: Traits = Traits { stochastic: S::STOCHASTIC, direct: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::FixedPoint, NO_START)
        .except(Property::Permutation, NO_START)
        .except(Property::Scale, "W has the scale of A, and H none")
        .except(Property::Transposition, "selects columns of A, not rows");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let (columns, effort) = self.selection.select(problem);
        Ok(Box::new(Machine { fit: Fit::new(problem), columns, selection: effort, done: false }))
    }
}

const NO_START: &str = "the start is of no matter";

struct Machine<T: Real> {
    /// K.
    columns: Vec<usize>,
    /// The work of the selection, until it has been reported.
    selection: Effort,
    fit: Fit<T>,
    done: bool,
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        if self.done {
            return Ok(Effort::default());
        }
        self.done = true;
        take(problem, &self.columns, &mut factors.w);
        let mut effort = std::mem::take(&mut self.selection);
        effort.passes += count(self.columns.len()) / count(problem.matrix.ncols());
        effort += self.fit.coefficients(problem, factors.w.as_ref(), &mut factors.ht);
        Ok(effort)
    }

    fn finished(&self) -> Option<&'static str> {
        self.done.then_some("the columns are selected")
    }
}

/// Writes the selected columns of A into those of W (m×k), and zeros where there are fewer than k.
pub(crate) fn take<T: Real>(problem: &Problem<'_, T>, columns: &[usize], w: &mut Mat<T>) {
    for l in 0..w.ncols() {
        match columns.get(l) {
            Some(&j) => problem.matrix.copy_column(j, w.col_as_slice_mut(l)),
            None => w.col_as_slice_mut(l).fill(T::of(0.0)),
        }
    }
}

/// Workspaces for H = argmin_{H ≥ 0} ‖A − WH‖_F, solved exactly.
pub(crate) struct Fit<T: Real> {
    /// Aᵀ·W, n×k.
    cross: Mat<T>,
    /// WᵀW, k×k.
    gram: Mat<T>,
    exact: <AnlsBpp as Rule>::Update<T>,
}

impl<T: Real> Fit<T> {
    /// Allocates for a problem.
    pub(crate) fn new(problem: &Problem<'_, T>) -> Self {
        let Shape { m, n, rank } = problem.shape();
        let side = Side { rows: n, others: m, rank, nnz: 0, scale: 0.0, start_gradient: 0.0 };
        Fit { cross: Mat::zeros(n, rank), gram: Mat::zeros(rank, rank), exact: AnlsBpp::default().prepare::<T>(&side) }
    }

    /// Overwrites Ht (n×k) with the minimiser for W (m×k).
    pub(crate) fn coefficients(&mut self, problem: &Problem<'_, T>, w: MatRef<'_, T>, ht: &mut Mat<T>) -> Effort {
        for l in 0..problem.rank {
            column_mut(ht.as_mut(), l).fill(T::of(0.0));
        }
        problem.matrix.transpose_times(self.cross.as_mut(), w, problem.par);
        kernels::gram(self.gram.as_mut(), w, problem.par);
        let s = Subproblem { gram: self.gram.as_ref(), cross: self.cross.as_ref(), par: problem.par };
        let mut effort = self.exact.update(ht.as_mut(), &s).expect("exact least squares always come to an end");
        let (m, k) = (count(w.nrows()), count(w.ncols()));
        effort.flops += 2.0 * count(problem.matrix.nnz()) * k + m * k * (k + 1.0);
        effort.passes += 1.0;
        effort
    }
}

/// How the columns are scaled before the selection.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Scaling {
    /// Whether the columns of A are first scaled to the sum 1. The method finds the extreme points of the columns' convex
    /// hull (with 0), so it asks for A = A_K·H with Σ_l h_lj ≤ 1; any separable A is so after this scaling. Where A itself
    /// is, as mixtures of spectra are, do without: the scaling gives columns of little but noise the weight of the others.
    normalize: bool,
}

impl Default for Scaling {
    fn default() -> Self {
        Scaling { normalize: true }
    }
}

/// The columns of A as a selection sees them: ã_j = s_j·a_j.
struct Columns {
    /// s.
    scales: Vec<f64>,
    /// ‖ã_j‖².
    squares: Vec<f64>,
    /// What is rounding beside 1, in a sum of squares.
    rounding: f64,
}

impl Columns {
    /// One pass over A.
    fn new<T: Real>(problem: &Problem<'_, T>, scaling: &Scaling) -> (Self, Effort) {
        let (sums, mut squares) = problem.matrix.column_sums();
        let of = |sum: f64| if sum > 0.0 { sum.recip() } else { 0.0 };
        let scales = sums.into_iter().map(|sum| if scaling.normalize { of(sum) } else { 1.0 }).collect::<Vec<_>>();
        squares.iter_mut().zip(&scales).for_each(|(q, s)| *q *= s * s);
        let flops = 3.0 * count(problem.matrix.nnz());
        let rounding = 16.0 * count(problem.rank) * T::EPSILON;
        (Columns { scales, squares, rounding }, Effort { flops, passes: 1.0, repairs: 0 })
    }

    /// The column with the largest residual ‖r_j‖² (within 1e-6 of it, the largest ‖ã_j‖²; then the first); none where all
    /// residuals are rounding.
    fn largest(&self, residuals: &[f64]) -> Option<usize> {
        let most = residuals.iter().fold(0.0, |most: f64, r| most.max(*r));
        let norm = self.squares.iter().fold(0.0, |most: f64, q| most.max(*q));
        if most <= self.rounding * norm {
            return None;
        }
        let near = (0..residuals.len()).filter(|&j| residuals[j] >= (1.0 - 1e-6) * most);
        near.reduce(|best, j| if self.squares[j] > self.squares[best] { j } else { best })
    }
}
