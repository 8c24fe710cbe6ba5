//! ADMM for the Kullback–Leibler divergence. Sun & Févotte, "Alternating direction method of multipliers for non-negative
//! matrix factorization with the beta-divergence", ICASSP (2014), Algorithm 1.
//!
//! It minimises D(A|X) subject to X = WH, W = W₊ ≥ 0, H = H₊ ≥ 0. With scaled duals U = α/ρ, in turn:
//!
//! - W ← ((X + U)Hᵀ + κ(W₊ − U_W)) (HHᵀ + κI)⁻¹, and H likewise with the new W;
//! - X ← ½(b + √(b² + 4A/ρ)), b = WH − U − 1/ρ, entry by entry;
//! - W₊ ← max(0, W + U_W), H₊ likewise;
//! - U ← U + X − WH, U_W ← U_W + W − W₊, U_H likewise.
//!
//! The authors' program has these steps, H before W, with κ = ρ = 1.
//!
//! Here κ is the mean of A, and ρ is in units of 1/mean(A): then c·A and √c times the start give √c times the factors, and
//! on data of mean 1 it is the paper's method. X and U are m×n, also where the data are sparse: off their stored
//! entries X is max(0, WH − U − 1/ρ), which depends on all of the past. The method cannot do without, so it refuses sparse
//! data for which these two would need more than a gibibyte. What is handed out is (W₊, H₊), raised to a small floor so
//! that the divergence of what it shows is finite.

use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::divergence::view::at_least;
use crate::divergence::{View, floor, kullback_leibler};
use crate::kernels::{self, column, column_mut, rows};
use crate::matrix::{Matrix, count};
use crate::parameters::{Field, ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Problem, Shape};
use crate::products::{Factor, Order};
use crate::real::{Real, max};
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::traits::math_utils::sqrt;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// ADMM.
#[derive(Clone, Debug)]
pub struct AdmmKl {
    weights: Weights,
    order: Order,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Weights {
    /// ρ, the weight of the constraints, in units of 1/mean(A).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    rho: f64,
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Weights { rho: 1.0, floor: 1e-16 }
    }
}

impl Parameters for AdmmKl {
    fn fields() -> Vec<Field> {
        [Weights::fields(), Order::fields()].concat()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        Ok(AdmmKl { weights: Weights::claim(table)?, order: Order::claim(table)? })
    }

    fn table(&self) -> Table {
        self.weights.table().into_iter().chain(self.order.table()).collect()
    }
}

/// Rows and columns of a block of X.
const HEIGHT: usize = 256;
const WIDTH: usize = 64;

impl Algorithm for AdmmKl {
    const TRAITS: Traits = kullback_leibler(false)
        .except(Property::Transposition, "W always goes first")
        .except(Property::Passes, "counts its products with X, which is as large as A, as passes over A");

    fn check_data<T: Real>(&self, matrix: &Matrix<T>) -> Result<(), Breakdown> {
        refuse(matrix)
    }

    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        refuse(problem.matrix)?;
        let mean = if problem.matrix.sum() > 0.0 { problem.matrix.mean() } else { 1.0 };
        let scratch = StackReq::any_of(&[
            llt::factor::cholesky_in_place_scratch::<T>(rank, Par::Seq, default()),
            llt::solve::solve_in_place_scratch::<T>(rank, m.max(n), Par::Seq),
        ]);
        let side = |x: &Mat<T>| Side {
            free: x.clone(),
            dual: Mat::zeros(x.nrows(), rank),
            plus: x.clone(),
            right: Mat::zeros(x.nrows(), rank),
        };
        let mut lifted = Mat::zeros(m, n);
        matmul(&mut lifted, Accum::Replace, &factors.w, factors.ht.transpose(), T::of(1.0), problem.par);
        let block = |rows| Block {
            dual: Mat::zeros(rows, n),
            a: Mat::zeros(HEIGHT.min(rows), WIDTH.min(n)),
            v: Mat::zeros(HEIGHT.min(rows), WIDTH.min(n)),
        };
        let size = m.div_ceil(16).max(HEIGHT);
        Ok(Box::new(Machine {
            sequence: self.order.sequence(),
            inverse_rho: mean / self.weights.rho,
            kappa: mean,
            floor: floor(self.weights.floor, (problem.matrix.mean() / count(rank)).sqrt()),
            w: side(&factors.w),
            h: side(&factors.ht),
            lifted,
            size,
            blocks: rows::states(m, size, block),
            gram: Mat::zeros(rank, rank),
            memory: MemBuffer::new(scratch),
        }))
    }
}

/// The most that X and U may take where the data are sparse.
const SPARSE_BYTES: f64 = (1_u64 << 30) as f64;

/// Refuses to hold more beside sparse data than anybody would expect.
fn refuse<T: Real>(matrix: &Matrix<T>) -> Result<(), Breakdown> {
    let (m, n) = (matrix.nrows(), matrix.ncols());
    let bytes = 2.0 * count(m) * count(n) * count(size_of::<T>());
    if matches!(matrix, Matrix::Sparse(_)) && bytes > SPARSE_BYTES {
        let gibibytes = bytes / SPARSE_BYTES;
        return Err(Breakdown::Other(format!(
            "the method holds two dense {m}×{n} matrices beside A, {gibibytes:.1} GiB; on sparse data at most 1 GiB"
        )));
    }
    Ok(())
}

struct Machine<T: Real> {
    sequence: [Factor; 2],
    /// 1/ρ.
    inverse_rho: f64,
    kappa: f64,
    floor: T,
    w: Side<T>,
    h: Side<T>,
    /// X + U, m×n.
    lifted: Mat<T>,
    size: usize,
    blocks: Vec<Block<T>>,
    gram: Mat<T>,
    memory: MemBuffer,
}

/// The state of one factor.
struct Side<T> {
    /// W, without a sign constraint.
    free: Mat<T>,
    /// U_W.
    dual: Mat<T>,
    /// W₊.
    plus: Mat<T>,
    /// The right-hand side.
    right: Mat<T>,
}

/// U for some rows, and workspaces.
struct Block<T> {
    dual: Mat<T>,
    a: Mat<T>,
    v: Mat<T>,
}

impl<T: Real> Machine<T> {
    /// W or H from the least-squares problem.
    fn solve(&mut self, factor: Factor, par: Par) -> Result<(), Breakdown> {
        let Machine { w, h, lifted, gram, memory, .. } = self;
        let (side, y, data) =
            if factor == Factor::W { (w, &h.free, lifted.as_ref()) } else { (h, &w.free, lifted.transpose()) };
        matmul(&mut side.right, Accum::Replace, data, y, T::of(1.0), par);
        kernels::gram(gram.as_mut(), y.as_ref(), par);
        let kappa = T::of(self.kappa);
        for l in 0..gram.ncols() {
            gram[(l, l)] += kappa;
            let held = side.plus.col_as_slice(l).iter().zip(side.dual.col_as_slice(l));
            let right = side.right.col_as_slice_mut(l).iter_mut();
            right.zip(held).for_each(|(r, (plus, dual))| *r += kappa * (*plus - *dual));
        }
        let stack = MemStack::new(memory);
        llt::factor::cholesky_in_place(gram.as_mut(), default(), Par::Seq, stack, default())
            .map_err(|_| Breakdown::NotFinite { what: "the Gram matrix" })?;
        llt::solve::solve_in_place(gram.as_ref(), side.right.transpose_mut(), Par::Seq, stack);
        std::mem::swap(&mut side.free, &mut side.right);
        Ok(())
    }

    /// X and U at once: `lifted` ends as X + U.
    fn lift(&mut self, view: &View<'_, T>) {
        let Machine { w, h, lifted, blocks, size, inverse_rho, .. } = self;
        let inverse_rho = T::of(*inverse_rho);
        let (w, ht) = (&w.free, &h.free);
        rows::for_blocks(view.par, lifted.as_mut(), *size, blocks, |block, from, mut lifted| {
            let (rows, cols) = lifted.shape();
            for row in (0..rows).step_by(HEIGHT) {
                let height = HEIGHT.min(rows - row);
                let w = w.subrows(from + row, height);
                for col in (0..cols).step_by(WIDTH) {
                    let width = WIDTH.min(cols - col);
                    let lifted = lifted.rb_mut().submatrix_mut(row, col, height, width);
                    block.lift((row, col), lifted, (w, ht.subrows(col, width)), view, from, inverse_rho);
                }
            }
        });
    }
}

impl<T: Real> Block<T> {
    fn lift(
        &mut self,
        (row, col): (usize, usize),
        mut lifted: MatMut<'_, T>,
        (w, ht): (MatRef<'_, T>, MatRef<'_, T>),
        view: &View<'_, T>,
        from: usize,
        inverse_rho: T,
    ) {
        let (height, width) = lifted.shape();
        let mut a = self.a.as_mut().submatrix_mut(0, 0, height, width);
        let mut v = self.v.as_mut().submatrix_mut(0, 0, height, width);
        view.copy(from + row, col, a.rb_mut());
        matmul(v.rb_mut(), Accum::Replace, w, ht.transpose(), T::of(1.0), Par::Seq);
        let arch = pulp::Arch::new();
        for j in 0..width {
            let dual = &mut self.dual.col_as_slice_mut(col + j)[row..row + height];
            let (a, v, lifted) = (column(a.rb(), j), column(v.rb(), j), column_mut(lifted.rb_mut(), j));
            arch.dispatch(
                #[inline(always)]
                || advance(lifted, dual, a, v, inverse_rho),
            );
        }
    }
}

/// X, then U, and their sum.
#[inline(always)]
fn advance<T: Real>(lifted: &mut [T], dual: &mut [T], a: &[T], v: &[T], inverse_rho: T) {
    let (half, two, four) = (T::of(0.5), T::of(2.0), T::of(4.0));
    for ((lifted, dual), (a, v)) in lifted.iter_mut().zip(dual).zip(a.iter().zip(v)) {
        let b = *v - *dual - inverse_rho;
        let weight = *a * inverse_rho;
        let root = sqrt(&(b * b + four * weight));
        // The form without cancellation for b < 0; there root − b > 0.
        let x = if b < T::of(0.0) { two * weight / (root - b) } else { half * (b + root) };
        *dual += x - *v;
        *lifted = x + *dual;
    }
}

impl<T: Real> Side<T> {
    /// W₊ and U_W, and what is shown of W₊.
    fn project(&mut self, shown: &mut Mat<T>, floor: T) {
        for j in 0..shown.ncols() {
            let free = self.free.col_as_slice(j).iter().zip(self.dual.col_as_slice_mut(j));
            let held = self.plus.col_as_slice_mut(j).iter_mut().zip(shown.col_as_slice_mut(j));
            for ((plus, shown), (free, dual)) in held.zip(free) {
                let sum = *free + *dual;
                *plus = max(sum, T::of(0.0));
                *dual = sum - *plus;
                *shown = at_least(*plus, floor);
            }
        }
    }
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        for factor in self.sequence {
            self.solve(factor, problem.par)?;
        }
        self.lift(&View::of_h(problem.matrix, problem.par));
        self.w.project(&mut factors.w, self.floor);
        self.h.project(&mut factors.ht, self.floor);
        let (m, n, k) = (count(m), count(n), count(rank));
        let flops = 6.0 * m * n * k + 10.0 * m * n + (m + n) * k * (3.0 * k + 8.0) + 2.0 / 3.0 * k * k * k;
        Ok(Effort { flops, passes: 3.0, repairs: 0 })
    }

    fn floors(&self) -> (f64, f64) {
        (self.floor.to_f64(), self.floor.to_f64())
    }
}
