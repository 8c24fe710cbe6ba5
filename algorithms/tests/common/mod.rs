//! What the tests of this crate share: small problems, and runs of a registered algorithm with every iterate kept.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod naive;

use faer::{Mat, Par};
use nmfbench_algorithms::parameters::Table;
use nmfbench_algorithms::random::{Stream, key};
use nmfbench_algorithms::{
    BUILTIN, Evaluator, Factors, Init, Matrix, Measures, Method, Objective, Observer, Problem, Progress, Reason,
    Registry, Schedule, Sparse, StartIn, Stop, drive,
};

/// A run with all that was seen on the way; entry i belongs to iteration i.
pub(crate) struct Run {
    pub(crate) path: Vec<Factors<f64>>,
    pub(crate) measures: Vec<Measures>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) floors: (f64, f64),
    pub(crate) reason: Reason,
    pub(crate) objective: Objective,
}

impl Run {
    pub(crate) fn last(&self) -> &Factors<f64> {
        self.path.last().expect("the start is always there")
    }

    pub(crate) fn end(&self) -> &Measures {
        self.measures.last().expect("the start is always there")
    }

    /// The largest rise of the objective in one iteration, in units of ε·½‖A‖², or ε·Σa^β for a divergence (0 when it
    /// never rises).
    pub(crate) fn worst_rise(&self, matrix: &Matrix<f64>) -> f64 {
        let a = entries(matrix);
        let powers = |beta: f64| (0..a.ncols()).flat_map(|j| a.col_as_slice(j)).map(|a| a.powf(beta)).sum::<f64>();
        let size = match self.objective {
            Objective::Frobenius => 0.5 * matrix.squared_norm(),
            other => powers(other.beta()),
        };
        let unit = f64::EPSILON * size;
        self.measures.windows(2).map(|m| (m[1].objective - m[0].objective) / unit).fold(0.0, f64::max)
    }
}

/// Keeps what it is shown.
struct Recorder<'a> {
    evaluator: Evaluator<'a>,
    run: Run,
}

impl<T: StartIn> Observer<T> for Recorder<'_> {
    fn look(&mut self, progress: &Progress, factors: &Factors<T>, floors: (f64, f64)) -> Measures {
        let factors: Factors<f64> = factors.convert();
        let measures = self.evaluator.look(&factors, floors);
        self.run.path.push(factors);
        self.run.measures.push(measures);
        self.run.progress.push(*progress);
        self.run.floors = floors;
        measures
    }
}

/// A run of a method from a start, looked at after every iteration; `factors` end as its last iterate.
pub(crate) fn run_in<T: StartIn>(
    method: &dyn Method,
    problem: &Problem<'_, T>,
    factors: &mut Factors<T>,
    stop: &Stop,
) -> Run {
    let matrix = problem.matrix.convert::<f64>();
    let run = Run {
        path: vec![],
        measures: vec![],
        progress: vec![],
        floors: (0.0, 0.0),
        reason: Reason::Iterations,
        objective: method.objective(),
    };
    let evaluator = Evaluator::of(method.objective(), &matrix, &factors.convert(), Par::Seq);
    let mut recorder = Recorder { evaluator, run };
    let start = |p: &Problem<'_, T>, f: &Factors<T>| T::start(method, p, f);
    let (reason, _) = drive(start, problem, factors, stop, Schedule::Every(1), &mut recorder);
    Run { reason, ..recorder.run }
}

/// A run on one thread in double precision for a number of iterations.
pub(crate) fn run(method: &dyn Method, matrix: &Matrix<f64>, start: &Factors<f64>, iterations: u64) -> Run {
    let problem = problem(matrix, start.rank());
    run_in(method, &problem, &mut start.clone(), &iterations_only(iterations))
}

pub(crate) fn problem<T: StartIn>(matrix: &Matrix<T>, rank: usize) -> Problem<'_, T> {
    Problem::new(matrix, rank, key(0, "algorithm")).expect("the rank fits")
}

pub(crate) fn iterations_only(iterations: u64) -> Stop {
    Stop { iterations: Some(iterations), ..Stop::default() }
}

/// The registered algorithm with these parameters, given as JSON.
pub(crate) fn method(name: &str, parameters: &str) -> Box<dyn Method> {
    let table: Table = serde_json::from_str(parameters).expect("a JSON object");
    Registry::builtin().get(name).expect("registered").parse(&table).expect("valid parameters")
}

/// Every registered algorithm with its defaults, but for those whose data or factors are of another kind: these are asked
/// for the same in `methods/constrained.rs`.
pub(crate) fn all_methods() -> impl Iterator<Item = (&'static str, Box<dyn Method>)> {
    BUILTIN.iter().filter(|e| !e.accepts.symmetric_only && !e.accepts.signed).map(|e| (e.name, method(e.name, "{}")))
}

/// The iterates of a method without the loop around it, the start first: nothing can stop it.
pub(crate) fn steps(method: &dyn Method, matrix: &Matrix<f64>, start: &Factors<f64>, count: u64) -> Vec<Factors<f64>> {
    let problem = problem(matrix, start.rank());
    let mut solver = method.start_f64(&problem, start).expect("starts");
    let mut path = vec![start.clone()];
    for _ in 0..count {
        let mut next = path[path.len() - 1].clone();
        solver.step(&problem, &mut next).expect("a step");
        path.push(next);
    }
    path
}

pub(crate) fn uniform(rows: usize, cols: usize, stream: &mut Stream) -> Mat<f64> {
    Mat::from_fn(rows, cols, |_, _| stream.uniform())
}

/// Like [`uniform`], with this share of the entries set to zero.
pub(crate) fn sparse(rows: usize, cols: usize, zeros: f64, stream: &mut Stream) -> Mat<f64> {
    Mat::from_fn(rows, cols, |_, _| if stream.uniform() < zeros { 0.0 * stream.uniform() } else { stream.uniform() })
}

/// Noise over a planted product, a tenth of the entries zero; row 2 and column 1 all zero where asked for.
pub(crate) fn data(m: usize, n: usize, rank: usize, empty_lines: bool, seed: u64) -> Matrix<f64> {
    let mut stream = Stream::of(seed, "test data");
    let planted = sparse(m, rank, 0.4, &mut stream) * sparse(rank, n, 0.4, &mut stream);
    let (noise, mask) = (uniform(m, n, &mut stream), uniform(m, n, &mut stream));
    valid(Mat::from_fn(m, n, |i, j| {
        let zero = mask[(i, j)] < 0.1 || (empty_lines && (i == 2 || j == 1));
        if zero { 0.0 } else { planted[(i, j)] + 0.2 * noise[(i, j)] }
    }))
}

pub(crate) fn valid(a: Mat<f64>) -> Matrix<f64> {
    Matrix::dense(a).expect("a valid matrix")
}

/// The same matrix without its zeros.
pub(crate) fn sparse_copy(a: &Mat<f64>) -> Matrix<f64> {
    let (mut starts, mut rows, mut kept) = (vec![0], vec![], vec![]);
    for j in 0..a.ncols() {
        for (i, value) in a.col_as_slice(j).iter().enumerate().filter(|(_, value)| **value != 0.0) {
            rows.push(u32::try_from(i).expect("small"));
            kept.push(*value);
        }
        starts.push(rows.len());
    }
    Matrix::Sparse(Sparse::from_csc(a.nrows(), a.ncols(), starts, rows, kept).expect("a valid matrix"))
}

/// A random start, scaled and balanced.
pub(crate) fn random_start(matrix: &Matrix<f64>, rank: usize, seed: u64) -> Factors<f64> {
    start(Init::Random, matrix, rank, seed)
}

pub(crate) fn start(init: Init, matrix: &Matrix<f64>, rank: usize, seed: u64) -> Factors<f64> {
    init.start(&problem(matrix, rank), &key(seed, "start")).expect("a start")
}

pub(crate) fn entries(matrix: &Matrix<f64>) -> Mat<f64> {
    match matrix {
        Matrix::Dense(a) => a.to_mat(),
        Matrix::Sparse(a) => a.to_mat(),
        other => panic!("entries of {other:?} are not known"),
    }
}

/// max |x − y| / max |x|.
pub(crate) fn distance(x: &Mat<f64>, y: &Mat<f64>) -> f64 {
    let largest = x.norm_max();
    (x - y).norm_max() / if largest > 0.0 { largest } else { 1.0 }
}

/// The larger [`distance`] of the two factors.
pub(crate) fn factor_distance(x: &Factors<f64>, y: &Factors<f64>) -> f64 {
    distance(&x.w, &y.w).max(distance(&x.ht, &y.ht))
}

pub(crate) fn values(f: &Factors<f64>) -> impl Iterator<Item = f64> + '_ {
    [&f.w, &f.ht].into_iter().flat_map(|x| (0..x.ncols()).flat_map(|j| x.col_as_slice(j).iter().copied()))
}

/// Panics unless all entries are finite and at least 0.
pub(crate) fn assert_feasible(f: &Factors<f64>, what: &str) {
    let offender = values(f).find(|v| !v.is_finite() || *v < 0.0);
    assert_eq!(offender, None, "{what}: an entry of the factors");
}
