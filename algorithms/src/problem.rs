//! What is to be factorised, and the factors.

use crate::kernels;
use crate::matrix::{InvalidMatrix, Matrix};
use crate::random::Key;
use crate::real::Real;
use faer::{Mat, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A ≈ W·Htᵀ: the features W (m×k) and the coefficients as Ht (n×k), both tall, so that one routine serves both.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors<T> {
    /// m×k.
    pub w: Mat<T>,
    /// n×k, the transpose of H.
    pub ht: Mat<T>,
}

impl<T: Real> Factors<T> {
    /// The rank k.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.w.ncols()
    }

    /// The same factors in another precision.
    #[must_use]
    pub fn convert<U: Real>(&self) -> Factors<U> {
        Factors { w: kernels::convert(self.w.as_ref()), ht: kernels::convert(self.ht.as_ref()) }
    }

    /// A number that changes when any bit of the factors does (but for one chance in 2⁶⁴).
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for x in [&self.w, &self.ht] {
            for j in 0..x.ncols() {
                for v in x.col_as_slice(j) {
                    hash = (hash ^ v.bits()).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
                }
            }
        }
        hash
    }
}

/// The numbers m, n, k of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Rows of A.
    pub m: usize,
    /// Columns of A.
    pub n: usize,
    /// The rank k ≤ min(m, n).
    pub rank: usize,
}

/// What every algorithm is given: the data, the rank, the threads it may use, and a key for those that draw.
#[derive(Clone, Debug)]
pub struct Problem<'a, T> {
    /// A.
    pub matrix: &'a Matrix<T>,
    /// ‖A‖²_F.
    pub squared_norm: f64,
    /// The rank k.
    pub rank: usize,
    /// How many threads the products and updates may use.
    pub par: Par,
    /// Streams of an algorithm that draws derive from this and nothing else.
    pub key: Key,
    /// Who is told where the time of a step goes, if anybody is.
    pub laps: Option<&'a dyn Laps>,
}

/// A part of the work of a method that alternates between the factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A·Hᵀ or Aᵀ·W.
    Products,
    /// HHᵀ or WᵀW.
    Gram,
    /// The factor's update, the products being there.
    Update,
}

/// Told at the end of each part of the work: the clock is the caller's.
pub trait Laps: fmt::Debug + Sync {
    /// What was done since the last call, or since the step began, was this.
    fn lap(&self, part: Part);
}

/// Why a problem or a start cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum InvalidProblem {
    /// See [`InvalidMatrix`].
    #[error(transparent)]
    Matrix(#[from] InvalidMatrix),
    /// k = 0 or k > min(m, n).
    #[error("rank {rank} does not fit a {m}×{n} matrix; expected 1 ≤ rank ≤ {}", m.min(n))]
    Rank {
        /// The rank asked for.
        rank: usize,
        /// Rows.
        m: usize,
        /// Columns.
        n: usize,
    },
    /// A given factor of another shape.
    #[error("{factor} is {}×{}; expected {}×{}", found.0, found.1, expected.0, expected.1)]
    FactorShape {
        /// `W` or `H`.
        factor: &'static str,
        /// Its shape.
        found: (usize, usize),
        /// The shape that the data and the rank ask for.
        expected: (usize, usize),
    },
    /// A given factor with an entry that no factor may have.
    #[error("{factor}: {source}")]
    Factor {
        /// `W` or `H`.
        factor: &'static str,
        /// The offending entry.
        source: InvalidMatrix,
    },
    /// The singular value decomposition did not converge.
    #[error("the singular value decomposition behind the start did not converge")]
    Svd,
}

impl<'a, T: Real> Problem<'a, T> {
    /// A problem of rank k on one thread.
    ///
    /// # Errors
    /// When the rank is 0 or above min(m, n).
    pub fn new(matrix: &'a Matrix<T>, rank: usize, key: Key) -> Result<Self, InvalidProblem> {
        let (m, n) = (matrix.nrows(), matrix.ncols());
        if rank == 0 || rank > m.min(n) {
            return Err(InvalidProblem::Rank { rank, m, n });
        }
        Ok(Problem { matrix, squared_norm: matrix.squared_norm(), rank, par: Par::Seq, key, laps: None })
    }

    /// The same problem for this many threads.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.par = if threads > 1 { Par::rayon(threads) } else { Par::Seq };
        self
    }

    /// The same problem with somebody who is told where time goes.
    #[must_use]
    pub fn with_laps(mut self, laps: &'a dyn Laps) -> Self {
        self.laps = Some(laps);
        self
    }

    /// Tells that a part of the work is done.
    pub(crate) fn lap(&self, part: Part) {
        if let Some(laps) = self.laps {
            laps.lap(part);
        }
    }

    /// m, n, k.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape { m: self.matrix.nrows(), n: self.matrix.ncols(), rank: self.rank }
    }

    /// ½‖A − WH‖²_F from the residual itself. Allocates: for measuring.
    #[must_use]
    pub fn frobenius(&self, factors: &Factors<T>) -> f64 {
        let mut block = Mat::zeros(self.matrix.nrows(), self.matrix.ncols().min(64));
        0.5 * self.matrix.squared_residual(factors.w.as_ref(), factors.ht.as_ref(), &mut block, self.par)
    }

    /// Checks that given factors fit: shapes, finite, nonnegative. `h` is k×n.
    ///
    /// # Errors
    /// Names the factor, and the position where an entry is at fault.
    pub fn check_factors(&self, w: &Mat<f64>, h: &Mat<f64>) -> Result<(), InvalidProblem> {
        let Shape { m, n, rank } = self.shape();
        for (factor, x, expected) in [("W", w, (m, rank)), ("H", h, (rank, n))] {
            if x.shape() != expected {
                return Err(InvalidProblem::FactorShape { factor, found: x.shape(), expected });
            }
            Matrix::dense(x.clone()).map_err(|source| InvalidProblem::Factor { factor, source })?;
        }
        Ok(())
    }
}

/// Work done: an axis that no machine can blur.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effort {
    /// Floating-point operations by formula (an addition and a multiplication count one each).
    pub flops: f64,
    /// Passes over A; a product with A or Aᵀ is one.
    pub passes: f64,
    /// How often a numerical safeguard fired: a lifted pivot, a fall-back, a bounded search given up.
    pub repairs: u64,
}

impl std::ops::AddAssign for Effort {
    fn add_assign(&mut self, other: Effort) {
        self.flops += other.flops;
        self.passes += other.passes;
        self.repairs += other.repairs;
    }
}

/// An algorithm cannot go on: recorded as the outcome of the run.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Breakdown {
    /// A step produced NaN or an infinity.
    #[error("{what} is not finite")]
    NotFinite {
        /// The quantity, in the paper's symbols.
        what: &'static str,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

/// The objective an algorithm descends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// ½‖A − WH‖²_F.
    #[default]
    Frobenius,
    /// Σ a·log(a/v) − a + v, V = WH, with 0·log 0 = 0.
    KullbackLeibler,
    /// Σ a/v − log(a/v) − 1; infinite where an entry of A is 0.
    ItakuraSaito,
    /// Σ (a^β + (β − 1)v^β − βav^(β−1)) / (β(β − 1)), the β-divergence: the two before at β = 1 and 0, the first at β = 2.
    Beta(f64),
}

impl Objective {
    /// The objective with this β, by its own name where it has one.
    #[must_use]
    pub fn of_beta(beta: f64) -> Self {
        [Objective::Frobenius, Objective::KullbackLeibler, Objective::ItakuraSaito]
            .into_iter()
            .find(|named| named.beta().total_cmp(&(beta + 0.0)).is_eq())
            .unwrap_or(Objective::Beta(beta))
    }

    /// Whether both are one function of the factors, however they are written.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        Objective::of_beta(self.beta()) == Objective::of_beta(other.beta())
    }

    /// What it is, as a part of a sentence.
    #[must_use]
    pub fn words(self) -> String {
        match Objective::of_beta(self.beta()) {
            Objective::Frobenius => "½‖A − WH‖²_F".into(),
            Objective::KullbackLeibler => "the Kullback–Leibler divergence of A from WH".into(),
            Objective::ItakuraSaito => "the Itakura–Saito divergence of A from WH".into(),
            Objective::Beta(beta) => format!("the β-divergence of A from WH with β = {beta}"),
        }
    }

    /// β; for the Frobenius norm 2.
    #[must_use]
    pub fn beta(self) -> f64 {
        match self {
            Objective::Frobenius => 2.0,
            Objective::KullbackLeibler => 1.0,
            Objective::ItakuraSaito => 0.0,
            Objective::Beta(beta) => beta,
        }
    }

    /// Checks that it can be finite on this matrix: for β ≤ 0 there may be no zero.
    ///
    /// # Errors
    /// Names the first zero, in column order.
    pub fn check<T: Real>(self, matrix: &Matrix<T>) -> Result<(), InvalidMatrix> {
        let beta = self.beta();
        if beta > 0.0 {
            return Ok(());
        }
        let mut column = Mat::<T>::zeros(matrix.nrows(), 1);
        for col in 0..matrix.ncols() {
            matrix.copy_block(0, col, column.as_mut());
            if let Some(row) = column.col_as_slice(0).iter().position(|a| *a <= T::of(0.0)) {
                return Err(InvalidMatrix::NotPositive { row, col, beta });
            }
        }
        Ok(())
    }
}
