//! What an iteration of each algorithm costs at one shape, with the time of the two products A·Hᵀ and Aᵀ·W alone as the
//! yardstick.
//!
//! All candidates take turns, round after round, so that a disturbance of the machine falls on all of them; what is told
//! is the median over the rounds and the quartiles.

use crate::analysis::quantile;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use nmfbench_algorithms::kernels::machine::{Memory, multiply_adds};
use nmfbench_algorithms::parameters::Table;
use nmfbench_algorithms::random::{Stream, key};
use nmfbench_algorithms::{
    Breakdown, Entry, Factors, Init, InvalidMatrix, InvalidProblem, Matrix, Problem, Real, Solver, Sparse, StartIn,
    kernels,
};
use std::hint::black_box;
use std::time::{Duration, Instant};
use thiserror::Error;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Rows of A.
    pub m: usize,
    /// Columns of A.
    pub n: usize,
    /// Share of the entries that are not zero, for a sparse matrix; dense without it.
    pub density: Option<f64>,
    /// The rank k.
    pub rank: usize,
    /// Threads of the products and updates.
    pub threads: usize,
    /// How often each candidate has its turn.
    pub rounds: usize,
    /// Iterations of each algorithm before the first that counts.
    pub warm_up: usize,
}

/// Why nothing was measured.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The shape makes no matrix.
    #[error(transparent)]
    Matrix(#[from] InvalidMatrix),
    /// The rank does not fit.
    #[error(transparent)]
    Problem(#[from] InvalidProblem),
    /// No threads could be had.
    #[error("cannot make {threads} threads: {source}")]
    Threads {
        /// As many were wanted.
        threads: usize,
        /// The reason.
        source: rayon::ThreadPoolBuildError,
    },
}

/// The durations of one candidate, a round each.
#[derive(Clone, Debug, PartialEq)]
pub struct Times(Vec<f64>);

impl Times {
    /// A quantile in seconds, interpolated linearly; `p` from 0 to 1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        quantile(&self.0, p).unwrap_or(f64::NAN)
    }

    /// The median in seconds.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// A·Hᵀ.
    pub times: Times,
    /// Aᵀ·W.
    pub transpose_times: Times,
    /// Both Gram matrices.
    pub grams: Times,
    /// A product of two square matrices of order [`SQUARE`], by faer: what a product does at its best.
    pub square: Times,
    /// 10⁹ operations in registers alone, on all threads: what the arithmetic does at its best.
    pub registers: Times,
    /// Reading 10⁹ bytes that no cache holds, on all threads.
    pub memory: Times,
    /// One iteration of each algorithm.
    pub steps: Vec<Steps>,
    /// Algorithms that cannot run on this matrix, and why.
    pub left_out: Vec<(String, Breakdown)>,
    /// Stored entries of A.
    pub nnz: usize,
}

/// One iteration of an algorithm.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The algorithm.
    pub name: String,
    /// Its durations.
    pub times: Times,
    /// Operations of the last iteration, by formula.
    pub flops: f64,
}

/// Order of the square matrices whose product is the machine's mark.
pub const SQUARE: usize = 1000;

impl Bench {
    /// Measures these algorithms with their defaults, in precision `T`, on a matrix of uniform entries,
    /// or of counts of words whose frequencies follow Zipf's law where a density is given.
    ///
    /// # Errors
    /// When the shape or the number of threads is not possible.
    pub fn run<T: StartIn>(&self, algorithms: &[&Entry]) -> Result<Outcome, BenchError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build();
        let pool = pool.map_err(|source| BenchError::Threads { threads: self.threads, source })?;
        pool.install(|| self.measure::<T>(algorithms))
    }

    #[expect(clippy::cast_precision_loss, reason = "bytes are far below 2⁵³")]
    fn measure<T: StartIn>(&self, algorithms: &[&Entry]) -> Result<Outcome, BenchError> {
        let mut stream = Stream::of(1, "bench");
        let double = match self.density {
            Some(density) => counts(self.m, self.n, density, &mut stream)?,
            None => Matrix::dense(Mat::from_fn(self.m, self.n, |_, _| stream.uniform()))?,
        };
        let par = if self.threads > 1 { Par::rayon(self.threads) } else { Par::Seq };
        let start = {
            let mut problem = Problem::new(&double, self.rank, key(1, "bench"))?;
            problem.par = par;
            Init::Random.start(&problem, &key(2, "bench"))?.convert::<T>()
        };
        let matrix = double.convert::<T>();
        drop(double);
        let mut problem = Problem::new(&matrix, self.rank, key(1, "bench"))?;
        problem.par = par;

        let (mut solvers, mut left_out) = (Vec::new(), Vec::new());
        for entry in algorithms {
            let method = entry.parse(&Table::new()).unwrap_or_else(|e| unreachable!("defaults are valid: {e}"));
            let mut factors = start.clone();
            let mut solver = T::start(&*method, &problem, &factors);
            for _ in 0..self.warm_up {
                solver = solver.and_then(|mut solver| solver.step(&problem, &mut factors).map(|_| solver));
            }
            match solver {
                Ok(solver) => {
                    solvers.push(Candidate { name: entry.name, solver, factors, seconds: vec![], flops: 0.0 })
                }
                Err(why) => left_out.push((entry.name.to_owned(), why)),
            }
        }

        let k = self.rank;
        let (mut aht, mut atw, mut gram) = (Mat::zeros(self.m, k), Mat::zeros(self.n, k), Mat::zeros(k, k));
        let side = |seed| Mat::<T>::from_fn(SQUARE, SQUARE, |i, j| T::of(((i * 7 + j * seed) % 11) as f64));
        let (x, y, mut xy) = (side(3), side(5), Mat::<T>::zeros(SQUARE, SQUARE));
        let (mut times, mut transpose_times, mut grams, mut square) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut registers, mut memory, read) = (Vec::new(), Vec::new(), Memory::<T>::new(READ));
        for _ in 0..self.rounds {
            times.push(seconds(|| matrix.times(aht.as_mut(), start.ht.as_ref(), par)));
            transpose_times.push(seconds(|| matrix.transpose_times(atw.as_mut(), start.w.as_ref(), par)));
            grams.push(seconds(|| {
                kernels::gram(gram.as_mut(), start.w.as_ref(), par);
                kernels::gram(gram.as_mut(), start.ht.as_ref(), par);
            }));
            registers.push(seconds_of_registers::<T>(self.threads));
            memory.push(seconds(|| read.read(self.threads)) / read.bytes() as f64 * 1e9);
            square.push(seconds(|| matmul(&mut xy, Accum::Replace, &x, &y, T::of(1.0), par)));
            solvers.retain_mut(|candidate| match candidate.turn(&problem) {
                Ok(()) => true,
                Err(why) => {
                    left_out.push((candidate.name.to_owned(), why));
                    false
                }
            });
            black_box((&aht, &atw, &gram, &xy));
        }
        let steps =
            solvers.into_iter().map(|c| Steps { name: c.name.to_owned(), times: Times(c.seconds), flops: c.flops });
        let steps = steps.collect();
        let [times, transpose_times, grams, square] = [times, transpose_times, grams, square].map(Times);
        let [registers, memory] = [registers, memory].map(Times);
        Ok(Outcome { times, transpose_times, grams, square, registers, memory, steps, left_out, nnz: matrix.nnz() })
    }
}

/// Bytes that are read to learn how fast memory is.
const READ: usize = 128 << 20;

/// Seconds that 10⁹ operations in registers take, each thread doing its share.
fn seconds_of_registers<T: Real>(threads: usize) -> f64 {
    fn on<T: Real>(threads: usize) -> f64 {
        if threads < 2 {
            return multiply_adds::<T>(1 << 18);
        }
        let (one, others) = rayon::join(|| on::<T>(1), || on::<T>(threads - 1));
        one + others
    }
    let began = Instant::now();
    let operations = on::<T>(threads);
    began.elapsed().as_secs_f64() / operations * 1e9
}

/// An algorithm at work.
struct Candidate<'a, T> {
    name: &'a str,
    solver: Box<dyn Solver<T>>,
    factors: Factors<T>,
    seconds: Vec<f64>,
    flops: f64,
}

impl<T: Real> Candidate<'_, T> {
    fn turn(&mut self, problem: &Problem<'_, T>) -> Result<(), Breakdown> {
        let began = Instant::now();
        let effort = self.solver.step(problem, &mut self.factors)?;
        self.seconds.push(began.elapsed().as_secs_f64());
        self.flops = effort.flops;
        Ok(())
    }
}

/// Columns of word counts: row r has a chance that falls as 1/r, and the rows stand in no order. As many entries in each
/// column as the density asks for.
///
/// # Errors
/// When there is no row or no column.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "rows fit")]
pub fn counts(m: usize, n: usize, density: f64, stream: &mut Stream) -> Result<Matrix<f64>, InvalidMatrix> {
    let wanted = ((density * m as f64).round() as usize).clamp(1, m);
    // A stride without a divisor in common with m visits every row.
    let stride = (0..).map(|i| m * 5 / 8 + i).find(|s| gcd(*s, m) == 1).unwrap_or(1);
    let (mut starts, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut column = std::collections::BTreeMap::new();
    for _ in 0..n {
        column.clear();
        while column.len() < wanted {
            let rank = ((m as f64 + 1.0).powf(stream.uniform()) as usize).clamp(1, m) - 1;
            *column.entry(rank * stride % m).or_insert(0.0) += 1.0;
        }
        for (row, count) in &column {
            rows.push(*row as u32);
            values.push(*count);
        }
        starts.push(rows.len());
    }
    Ok(Matrix::Sparse(Sparse::from_csc(m, n, starts, rows, values)?))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The least time a clock can tell from nothing; faster work is repeated until it has taken as long.
const TICK: Duration = Duration::from_micros(200);

/// Seconds that `work` takes.
fn seconds(mut work: impl FnMut()) -> f64 {
    let (began, mut times) = (Instant::now(), 0_u32);
    while times == 0 || began.elapsed() < TICK {
        work();
        times += 1;
    }
    began.elapsed().as_secs_f64() / f64::from(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nmfbench_algorithms::Registry;

    #[test]
    fn every_candidate_has_its_turn_in_every_round() {
        let bench = Bench { m: 30, n: 20, density: None, rank: 3, threads: 2, rounds: 4, warm_up: 1 };
        let registry = Registry::builtin();
        let algorithms: Vec<&Entry> = ["mu", "hals"].map(|name| registry.get(name).expect("built in")).to_vec();
        for outcome in [bench.run::<f64>(&algorithms), bench.run::<f32>(&algorithms)] {
            let outcome = outcome.expect("measured");
            let Outcome { times, transpose_times, grams, square, registers, memory, .. } = &outcome;
            let lengths = [times, transpose_times, grams, square, registers, memory].map(|t| t.0.len());
            assert_eq!((lengths, outcome.nnz), ([4; 6], 600));
            assert_eq!(
                outcome.steps.iter().map(|s| (s.name.as_str(), s.times.0.len())).collect::<Vec<_>>(),
                [("mu", 4), ("hals", 4)]
            );
            assert!(outcome.steps.iter().all(|s| s.times.median() > 0.0 && s.flops > 7200.0));
        }
    }

    #[test]
    fn counts_have_the_density_asked_for() {
        let matrix = counts(200, 50, 0.05, &mut Stream::of(1, "counts")).expect("valid");
        assert_eq!((matrix.nrows(), matrix.ncols(), matrix.nnz()), (200, 50, 500));
        let bench = Bench { m: 200, n: 50, density: Some(0.05), rank: 3, threads: 1, rounds: 2, warm_up: 0 };
        assert_eq!(bench.run::<f32>(&[]).expect("measured").nnz, 500);
    }

    #[test]
    fn a_rank_that_does_not_fit_is_refused() {
        let bench = Bench { m: 3, n: 20, density: None, rank: 9, threads: 1, rounds: 1, warm_up: 0 };
        assert!(bench.run::<f64>(&[]).expect_err("refused").to_string().contains('9'));
    }
}
