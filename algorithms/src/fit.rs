//! A factorisation without a benchmark around it.

use crate::drive::{Observer, Progress, Reason, Schedule, Stop, drive};
use crate::init::Init;
use crate::kernels::{self, column_mut, nnls::Nnls};
use crate::matrix::{InvalidMatrix, Matrix};
use crate::measure::{Evaluator, Measures};
use crate::parameters::{ParameterError, Table};
use crate::problem::{Factors, InvalidProblem, Problem};
use crate::random::key;
use crate::registry::{Registry, UnknownAlgorithm};
use faer::{Mat, Par};
use serde_json::Value;
use thiserror::Error;

/// A factorisation to be made: an algorithm, a rank, a start and a stop rule.
///
/// ```
/// use faer::Mat;
/// use nmfbench_algorithms::{Nmf, Stop};
///
/// let a = Mat::from_fn(20, 30, |i, j| ((i * j) % 7 + (i + j) % 3) as f64);
/// let stop = Stop { iterations: Some(200), kkt: Some(1e-6), ..Stop::default() };
/// let fit = Nmf::new("hals", 4).seed(7).stop(stop).fit(&a)?;
///
/// assert_eq!((fit.w.shape(), fit.h.shape()), ((20, 4), (4, 30)));
/// assert!(fit.trace.last().unwrap().relative_error < fit.trace[0].relative_error);
/// let coefficients = fit.apply(&a)?; // exact nonnegative least squares, W fixed
/// assert_eq!(coefficients.shape(), (4, 30));
/// # Ok::<(), nmfbench_algorithms::FitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Nmf {
    algorithm: String,
    rank: usize,
    parameters: Table,
    init: Start,
    seed: u64,
    stop: Stop,
    schedule: Schedule,
    threads: usize,
    registry: Registry,
}

#[derive(Clone, Debug)]
enum Start {
    Init(Init),
    Given(Box<(Mat<f64>, Mat<f64>)>),
}

/// Why a factorisation could not be made.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum FitError {
    /// The data, the rank or the given start.
    #[error(transparent)]
    Problem(#[from] InvalidProblem),
    /// The algorithm's name.
    #[error(transparent)]
    Algorithm(#[from] UnknownAlgorithm),
    /// One of its parameters.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// New columns that do not fit the model.
    #[error("new data have {found} rows; the model was made from {expected}")]
    Rows {
        /// Rows of the new data.
        found: usize,
        /// Rows of W.
        expected: usize,
    },
}

impl From<InvalidMatrix> for FitError {
    fn from(e: InvalidMatrix) -> Self {
        FitError::Problem(e.into())
    }
}

/// A ≈ W·H, and how it was reached.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The features, m×k.
    pub w: Mat<f64>,
    /// The coefficients, k×n.
    pub h: Mat<f64>,
    /// Iteration and measures at each checkpoint; the first is the start.
    pub trace: Vec<Look>,
    /// Why it ended.
    pub reason: Reason,
}

/// One checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Outer iterations so far.
    pub iteration: u64,
    /// The algorithm's objective; ½‖A − WH‖²_F for most.
    pub objective: f64,
    /// ‖A − WH‖_F / ‖A‖_F.
    pub relative_error: f64,
    /// See [`Measures::kkt_residual`].
    pub kkt_residual: f64,
}

impl Nmf {
    /// By the registered name of the algorithm and the rank; 500 iterations or a KKT residual of 1e-6 unless told
    /// otherwise, from a random start with seed 0.
    #[must_use]
    pub fn new(algorithm: &str, rank: usize) -> Self {
        Nmf {
            algorithm: algorithm.to_owned(),
            rank,
            parameters: Table::new(),
            init: Start::Init(Init::Random),
            seed: 0,
            stop: Stop { iterations: Some(500), kkt: Some(1e-6), ..Stop::default() },
            schedule: Schedule::default(),
            threads: 1,
            registry: Registry::builtin(),
        }
    }

    /// Sets a parameter of the algorithm.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Sets the start.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = Start::Init(init);
        self
    }

    /// Starts from these factors, W m×k and H k×n.
    #[must_use]
    pub fn start(mut self, w: Mat<f64>, h: Mat<f64>) -> Self {
        self.init = Start::Given(Box::new((w, h)));
        self
    }

    /// Sets the seed of the start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the stop rule. There is no clock here, so `seconds` never fires.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Sets when to look at the factors.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the number of threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Takes algorithms from another registry than the built-in one.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Factorises A (m×n).
    ///
    /// # Errors
    /// When the data hold an entry that is not finite or that the algorithm does not accept, the rank or the given start does not fit, or the algorithm or
    /// a parameter is unknown. An algorithm that ends badly is not an error: see [`Fit::reason`].
    pub fn fit(&self, a: &Mat<f64>) -> Result<Fit, FitError> {
        self.fit_matrix(&Matrix::signed(a.as_ref())?)
    }

    /// The same for a matrix in any storage: a sparse one stays sparse.
    ///
    /// # Errors
    /// As [`Nmf::fit`].
    pub fn fit_matrix(&self, matrix: &Matrix<f64>) -> Result<Fit, FitError> {
        let method = self.registry.get(&self.algorithm)?.parse(&self.parameters)?;
        let problem = Problem::new(matrix, self.rank, key(self.seed, "algorithm"))?.with_threads(self.threads);
        method.check(&problem.shape())?;
        method.accepts().check(matrix)?;
        method.objective().check(matrix)?;
        let mut factors = match &self.init {
            Start::Init(init) => init.start_for(method.objective(), &problem, &key(self.seed, "start"))?,
            Start::Given(given) => {
                problem.check_factors(&given.0, &given.1)?;
                Factors { w: given.0.clone(), ht: given.1.transpose().to_owned() }
            }
        };
        // Without a limit a method that never converges would never return.
        let unbounded = self.stop.iterations.is_none() && self.stop.flops.is_none();
        let stop = if unbounded { Stop { iterations: Some(100_000), ..self.stop } } else { self.stop };
        let evaluator = Evaluator::of(method.objective(), matrix, &factors, problem.par);
        let mut notes = Notes { evaluator, trace: vec![] };
        let start = |p: &Problem<'_, f64>, f: &Factors<f64>| method.start_f64(p, f);
        let (reason, _) = drive(start, &problem, &mut factors, &stop, self.schedule, &mut notes);
        Ok(Fit { w: factors.w, h: factors.ht.transpose().to_owned(), trace: notes.trace, reason })
    }
}

struct Notes<'a> {
    evaluator: Evaluator<'a>,
    trace: Vec<Look>,
}

impl Observer<f64> for Notes<'_> {
    fn look(&mut self, progress: &Progress, factors: &Factors<f64>, floors: (f64, f64)) -> Measures {
        let measures = self.evaluator.look(factors, floors);
        let Measures { objective, relative_error, kkt_residual, .. } = measures;
        self.trace.push(Look { iteration: progress.iteration, objective, relative_error, kkt_residual });
        measures
    }
}

impl Fit {
    /// The coefficients (k×p) of new columns (m×p) in the features W, by exact nonnegative least squares.
    ///
    /// # Errors
    /// When the new data have another number of rows, or a negative or non-finite entry.
    pub fn apply(&self, columns: &Mat<f64>) -> Result<Mat<f64>, FitError> {
        apply(&self.w, columns)
    }
}

/// argmin over H ≥ 0 of ‖A − WH‖_F for fixed W (m×k), column by column; `columns` is A, m×p, and the result k×p.
///
/// # Errors
/// When A has another number of rows than W, an entry that is not finite, or one below 0 where W has none.
pub fn apply(w: &Mat<f64>, columns: &Mat<f64>) -> Result<Mat<f64>, FitError> {
    if columns.nrows() != w.nrows() {
        return Err(FitError::Rows { found: columns.nrows(), expected: w.nrows() });
    }
    // A model with entries below 0 was made from such data.
    let signed = (0..w.ncols()).any(|l| w.col_as_slice(l).iter().any(|w| *w < 0.0));
    let matrix = if signed { Matrix::signed(columns.as_ref()) } else { Matrix::dense_copy(columns.as_ref()) }?;
    apply_matrix(w, &matrix)
}

/// The same for a matrix in any storage.
///
/// # Errors
/// When A has another number of rows than W.
pub fn apply_matrix(w: &Mat<f64>, columns: &Matrix<f64>) -> Result<Mat<f64>, FitError> {
    if columns.nrows() != w.nrows() {
        return Err(FitError::Rows { found: columns.nrows(), expected: w.nrows() });
    }
    let k = w.ncols();
    let mut gram = Mat::zeros(k, k);
    kernels::gram(gram.as_mut(), w.as_ref(), Par::Seq);
    let mut cross = Mat::zeros(columns.ncols(), k);
    columns.transpose_times(cross.as_mut(), w.as_ref(), Par::Seq);
    let (mut h, mut c) = (Mat::zeros(k, columns.ncols()), vec![0.0; k]);
    let mut solver = Nnls::new(gram.as_ref());
    for j in 0..columns.ncols() {
        for l in 0..k {
            c[l] = cross[(j, l)];
        }
        solver.solve(&c, column_mut(h.as_mut(), j));
    }
    Ok(h)
}
