//! The method under test, and runs of it.

use super::cases;
use crate::algorithm::{Accepts, Solver, Traits};
use crate::drive::{Observer, Progress, Reason, Schedule, Stop, drive};
use crate::init::Init;
use crate::matrix::Matrix;
use crate::measure::{Evaluator, Measures};
use crate::parameters::Table;
use crate::problem::{Effort, Factors, Objective, Problem};
use crate::random::key;
use crate::registry::{Entry, Method, StartIn};
use faer::{Mat, Par};

/// What a check finds: the figures of a success, or those of a failure.
pub(super) type Finding = Result<String, String>;

/// A method with the parameters under which a property is looked at.
pub(super) struct Subject<'e> {
    entry: &'e Entry,
    parameters: Table,
    pub(super) method: Box<dyn Method>,
}

/// After an iteration; number 0 is the start.
pub(super) struct Seen<'a, T> {
    pub(super) iteration: usize,
    pub(super) factors: &'a Factors<T>,
    /// Of this iteration alone.
    pub(super) effort: Effort,
    pub(super) solver: &'a dyn Solver<T>,
}

impl<'e> Subject<'e> {
    pub(super) fn new(entry: &'e Entry, parameters: Table) -> Result<Self, String> {
        let method = entry.parse(&parameters).map_err(|e| format!("its own parameters are refused: {e}"))?;
        Ok(Subject { entry, parameters, method })
    }

    /// The same method made anew.
    pub(super) fn again(&self) -> Result<Self, String> {
        Subject::new(self.entry, self.parameters.clone())
    }

    /// The same method with one parameter changed.
    pub(super) fn with(&self, name: &str, value: impl Into<serde_json::Value>) -> Result<Self, String> {
        let mut parameters = self.parameters.clone();
        parameters.insert(name.to_owned(), value.into());
        Subject::new(self.entry, parameters)
    }

    pub(super) fn takes(&self, name: &str) -> bool {
        self.entry.fields().iter().any(|f| f.name == name)
    }

    pub(super) fn traits(&self) -> Traits {
        self.entry.traits
    }

    pub(super) fn accepts(&self) -> Accepts {
        self.entry.accepts
    }

    pub(super) fn objective(&self) -> Objective {
        self.method.objective()
    }

    /// A matrix made of these entries that the method takes: symmetric where it must be, positive where the divergence
    /// asks for it.
    pub(super) fn matrix(&self, a: Mat<f64>) -> Result<Matrix<f64>, String> {
        Matrix::dense(self.suited(a)).map_err(|e| e.to_string())
    }

    pub(super) fn suited(&self, a: Mat<f64>) -> Mat<f64> {
        let least = if self.objective().beta() <= 0.0 { 1e-3 * a.norm_max() } else { 0.0 };
        let a = Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)].max(least));
        if !self.accepts().symmetric_only {
            return a;
        }
        let m = a.nrows().min(a.ncols());
        Mat::from_fn(m, m, |i, j| 0.5 * (a[(i, j)] + a[(j, i)]))
    }

    /// [`cases::noisy`], made to suit.
    pub(super) fn noisy(&self, m: usize, n: usize, rank: usize, empty_lines: bool, seed: u64) -> Matrix<f64> {
        self.matrix(cases::noisy(m, n, rank, empty_lines, seed)).expect("a valid matrix")
    }

    /// A product with unique factors, and these.
    pub(super) fn planted(&self, m: usize, n: usize, rank: usize, seed: u64) -> (Matrix<f64>, Factors<f64>) {
        let mut truth = cases::separable(m, n, rank, seed);
        if self.accepts().symmetric_only {
            truth.ht = truth.w.clone();
        }
        (Matrix::dense(cases::product(&truth)).expect("a valid matrix"), truth)
    }

    /// Whether the method takes this problem at all.
    pub(super) fn refuses(&self, problem: &Problem<'_, f64>) -> Option<String> {
        let parameters = self.method.check(&problem.shape()).err().map(|e| e.to_string());
        let data = self.accepts().check(problem.matrix).and_then(|()| self.objective().check(problem.matrix));
        parameters.or(data.err().map(|e| e.to_string()))
    }

    /// Shows each iteration, the start first, until `see` says that it has seen enough; nothing else can stop it.
    pub(super) fn walk<T: StartIn>(
        &self,
        problem: &Problem<'_, T>,
        start: &Factors<T>,
        iterations: usize,
        mut see: impl FnMut(&Seen<'_, T>) -> bool,
    ) -> Result<(), String> {
        let mut factors = start.clone();
        let mut solver = T::start(&*self.method, problem, &factors).map_err(|e| format!("cannot start: {e}"))?;
        let mut enough = see(&Seen { iteration: 0, factors: &factors, effort: Effort::default(), solver: &*solver });
        for iteration in 1..=iterations {
            if enough {
                break;
            }
            let effort =
                solver.step(problem, &mut factors).map_err(|e| format!("breaks down in iteration {iteration}: {e}"))?;
            enough = see(&Seen { iteration, factors: &factors, effort, solver: &*solver });
        }
        Ok(())
    }

    /// All iterates on one thread, the start first.
    pub(super) fn path(
        &self,
        matrix: &Matrix<f64>,
        start: &Factors<f64>,
        iterations: usize,
    ) -> Result<Vec<Factors<f64>>, String> {
        let mut path = vec![];
        self.walk(&problem(matrix, start.rank()), start, iterations, |seen| {
            path.push(seen.factors.clone());
            false
        })?;
        Ok(path)
    }

    /// A run as the framework makes it, looked at after each iteration.
    pub(super) fn run<T: StartIn>(&self, problem: &Problem<'_, T>, start: &Factors<T>, iterations: u64) -> Run<T> {
        let matrix = problem.matrix.convert::<f64>();
        let evaluator = Evaluator::of(self.objective(), &matrix, &start.convert(), Par::Seq);
        let mut notes = Notes { evaluator, path: vec![], measures: vec![] };
        let stop = Stop { iterations: Some(iterations), ..Stop::default() };
        let begin = |p: &Problem<'_, T>, f: &Factors<T>| T::start(&*self.method, p, f);
        let (reason, _) = drive(begin, problem, &mut start.clone(), &stop, Schedule::Every(1), &mut notes);
        Run { path: notes.path, measures: notes.measures, reason }
    }
}

/// What was seen of a run; entry i belongs to iteration i.
pub(super) struct Run<T> {
    /// Iterates with the floors that they were kept at.
    pub(super) path: Vec<(Factors<T>, (f64, f64))>,
    pub(super) measures: Vec<Measures>,
    pub(super) reason: Reason,
}

struct Notes<'a, T> {
    evaluator: Evaluator<'a>,
    path: Vec<(Factors<T>, (f64, f64))>,
    measures: Vec<Measures>,
}

impl<T: StartIn> Observer<T> for Notes<'_, T> {
    fn look(&mut self, _: &Progress, factors: &Factors<T>, floors: (f64, f64)) -> Measures {
        let measures = self.evaluator.look(&factors.convert(), floors);
        self.path.push((factors.clone(), floors));
        self.measures.push(measures);
        measures
    }
}

/// On one thread.
pub(super) fn problem<T: StartIn>(matrix: &Matrix<T>, rank: usize) -> Problem<'_, T> {
    Problem::new(matrix, rank, key(0, "algorithm")).expect("the rank fits")
}

/// A random start, scaled and balanced.
pub(super) fn random_start(matrix: &Matrix<f64>, rank: usize, seed: u64) -> Factors<f64> {
    start(Init::Random, matrix, rank, seed).expect("a random start never fails")
}

/// None where that initialisation has none for this matrix.
pub(super) fn start(init: Init, matrix: &Matrix<f64>, rank: usize, seed: u64) -> Option<Factors<f64>> {
    init.start(&problem(matrix, rank), &key(seed, "start")).ok()
}
