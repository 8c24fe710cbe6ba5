//! The process of one run: reads the problem from files, drives the solver by the clock, reports each look.

use crate::data::{read_npz_member, write_npz};
use crate::experiment::Timing;
use crate::results::record::Checkpoint;
use crate::runner::clock::{Clock, Stopwatch, SystemClock};
use crate::runner::counters::Counters;
use crate::runner::external::{self, family};
use crate::runner::laps::LapClock;
use crate::runner::prepare::{read_matrix, to_mat};
use crate::runner::protocol::{Done, Event, Request, status};
use crate::runner::replay;
use faer::Mat;
use nmfbench_algorithms::{
    Evaluator, Factors, Matrix, Measures, Observer, Problem, Progress, Registry, StartIn, drive,
};
use sha2::{Digest, Sha256};
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::time::Duration;

/// What went wrong before or after the run proper; the runner records it as a crash with this text.
pub(crate) type WorkerError = Box<dyn std::error::Error>;

/// Serves one request from standard input; the process ends when that input does.
///
/// # Errors
/// When the request or the files it names cannot be used.
pub(crate) fn serve(registry: &Registry) -> Result<(), WorkerError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let request: Request = serde_json::from_str(&line)?;
    // The runner keeps the pipe open while it lives. A run must not go on without it.
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut rest);
        family::end();
        std::process::exit(1);
    });
    let mut out = std::io::stdout();
    let mut report = |event: &Event| -> Result<(), WorkerError> {
        let mut line = serde_json::to_string(event)?;
        line.push('\n');
        out.write_all(line.as_bytes())?;
        Ok(out.flush()?)
    };
    if request.threads > 1 {
        // With this thread among them: work handed over from outside waits for one of them to wake up.
        rayon::ThreadPoolBuilder::new().num_threads(request.threads).use_current_thread().build_global()?;
    }
    let matrix = read_matrix(&request.matrix, request.weights.as_deref())?;
    let start = read_factors(&request.start)?;
    let counters = Counters::before();
    let (mut done, factors) = match (&request.program, request.precision.as_str()) {
        (Some(program), _) => external::run(&request, program, &matrix, &start, &mut report)?,
        (None, "f32") => run(registry, &request, &matrix, &matrix.convert::<f32>(), &start, &mut report)?,
        (None, _) => run::<f64>(registry, &request, &matrix, &matrix, &start, &mut report)?,
    };
    let mut disturbance = counters.since();
    if request.program.is_some() {
        // These are this process's; the program is another.
        (disturbance.involuntary_switches, disturbance.major_faults) = (None, None);
    }
    done.disturbance = Some(disturbance);
    let factors = match (&request.factors, factors) {
        (Some(path), Some(factors)) => Some(write_factors(path, &factors)?),
        _ => None,
    };
    report(&Event::Done(Done { factors, ..done }))
}

fn run<T: StartIn>(
    registry: &Registry,
    request: &Request,
    exact: &Matrix<f64>,
    matrix: &Matrix<T>,
    start: &Factors<f64>,
    report: &mut dyn FnMut(&Event) -> Result<(), WorkerError>,
) -> Result<(Done, Option<Factors<f64>>), WorkerError> {
    let method = registry.get(&request.algorithm)?.parse(&request.parameters)?;
    let problem = Problem::new(matrix, request.rank, request.key)?.with_threads(request.threads);
    let started = |p: &Problem<'_, T>, f: &Factors<T>| T::start(method.as_ref(), p, f);
    if request.timing == Timing::Replay {
        let (done, factors) =
            replay::run(request.objective, (request.stop, request.schedule), exact, &problem, start, started, report)?;
        return Ok((done, Some(factors)));
    }
    let laps = LapClock::new();
    let problem = problem.with_laps(&laps);
    let mut factors = start.convert::<T>();
    let mut observer = Timed::new(
        SystemClock::new(),
        Some(&laps),
        Evaluator::of(request.objective, exact, start, problem.par),
        report,
    );
    let (reason, progress) = drive(started, &problem, &mut factors, &request.stop, request.schedule, &mut observer);
    if let Some(error) = observer.failed {
        return Err(error);
    }
    let (seconds, cpu_seconds) = observer.watch.seconds();
    let done = Done {
        status: status(&reason),
        reason: reason.to_string(),
        iterations: progress.iteration,
        setup_seconds: observer.setup,
        seconds,
        cpu_seconds: Some(cpu_seconds),
        evaluation_seconds: observer.looking.as_secs_f64(),
        parts: laps.parts(),
        peak_memory_bytes: family::peak_memory(std::process::id()),
        factors: None,
        disturbance: None,
        nondeterministic: false,
    };
    Ok((done, Some(factors.convert())))
}

/// Keeps the time, measures off the clock, and reports.
struct Timed<'a, C> {
    watch: Stopwatch<C>,
    laps: Option<&'a LapClock>,
    evaluator: Evaluator<'a>,
    looking: Duration,
    setup: f64,
    report: &'a mut dyn FnMut(&Event) -> Result<(), WorkerError>,
    failed: Option<WorkerError>,
}

impl<'a, C: Clock> Timed<'a, C> {
    fn new(
        clock: C,
        laps: Option<&'a LapClock>,
        evaluator: Evaluator<'a>,
        report: &'a mut dyn FnMut(&Event) -> Result<(), WorkerError>,
    ) -> Self {
        let (watch, looking) = (Stopwatch::new(clock), Duration::ZERO);
        Timed { watch, laps, evaluator, looking, setup: 0.0, report, failed: None }
    }
}

impl<T: StartIn, C: Clock> Observer<T> for Timed<'_, C> {
    fn clock_on(&mut self) {
        self.watch.on();
        if let Some(laps) = self.laps {
            laps.begin();
        }
    }

    fn clock_off(&mut self) {
        self.watch.off();
    }

    fn seconds(&self) -> f64 {
        self.watch.seconds().0
    }

    fn ready(&mut self) {
        self.setup = self.watch.seconds().0;
        if let Some(laps) = self.laps {
            laps.reset();
        }
    }

    fn look(&mut self, progress: &Progress, factors: &Factors<T>, floors: (f64, f64)) -> Measures {
        let before = self.watch.wall();
        let measures = self.evaluator.look(&factors.convert(), floors);
        let look = checkpoint(progress, &measures, self.watch.seconds());
        if let Err(error) = (self.report)(&Event::Checkpoint(look)) {
            self.failed.get_or_insert(error);
        }
        self.looking += self.watch.wall().saturating_sub(before);
        measures
    }
}

/// What is recorded of a look.
pub(super) fn checkpoint(progress: &Progress, measures: &Measures, (seconds, cpu_seconds): (f64, f64)) -> Checkpoint {
    Checkpoint {
        iteration: progress.iteration,
        seconds,
        cpu_seconds,
        flops: progress.effort.flops,
        passes: progress.effort.passes,
        objective: measures.objective,
        relative_error: measures.relative_error,
        kkt_residual: measures.kkt_residual,
        sparseness_w: measures.sparseness_w,
        sparseness_h: measures.sparseness_h,
        dead_components: measures.dead_components,
        repairs: progress.effort.repairs,
        scores: None,
    }
}

/// `w` (m×k) and `h` (k×n) from one archive.
pub(crate) fn read_factors(path: &Path) -> Result<Factors<f64>, WorkerError> {
    let member = |name: &str| -> Result<Mat<f64>, WorkerError> { Ok(to_mat(&read_npz_member(path, name)?)) };
    Ok(Factors { w: member("w")?, ht: member("h")?.transpose().to_owned() })
}

/// Writes `w` and `h` under a temporary name, renames, and returns the digest of their bits.
pub(crate) fn write_factors(path: &Path, factors: &Factors<f64>) -> Result<String, WorkerError> {
    let (w, h) = (flat(&factors.w), flat(&factors.ht.transpose().to_owned()));
    let (m, n, k) = (factors.w.nrows(), factors.ht.nrows(), factors.rank());
    let temporary = path.with_extension("npz.part");
    write_npz(&temporary, &[("w", m, k, &w), ("h", k, n, &h)])?;
    std::fs::rename(&temporary, path)?;
    let mut hash = Sha256::new();
    for (rows, cols, values) in [(m, k, &w), (k, n, &h)] {
        hash.update((rows as u64).to_le_bytes());
        hash.update((cols as u64).to_le_bytes());
        values.iter().for_each(|v| hash.update(v.to_le_bytes()));
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// Column after column, without faer's padding.
pub(crate) fn flat(x: &Mat<f64>) -> Vec<f64> {
    (0..x.ncols()).flat_map(|j| x.col_as_slice(j).iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::clock::mock::MockClock;
    use nmfbench_algorithms::{Effort, Init, Reason, Schedule, Solver, Stop, random};

    /// Takes half a second for the set-up and one for each step, by the mock clock.
    struct Slow(MockClock);

    impl Solver<f64> for Slow {
        fn step(
            &mut self,
            _: &Problem<'_, f64>,
            factors: &mut Factors<f64>,
        ) -> Result<Effort, nmfbench_algorithms::Breakdown> {
            self.0.advance(1.0);
            factors.w[(0, 0)] += 0.001;
            Ok(Effort { flops: 10.0, passes: 2.0, repairs: 0 })
        }
    }

    /// Steps of `cost` seconds each until `budget` is used up, with looks that take `look` seconds; iterations and
    /// seconds on the clock.
    fn spent(cost: f64, budget: f64, look: f64) -> (u64, f64) {
        struct Costly(MockClock, f64);
        impl Solver<f64> for Costly {
            fn step(
                &mut self,
                _: &Problem<'_, f64>,
                factors: &mut Factors<f64>,
            ) -> Result<Effort, nmfbench_algorithms::Breakdown> {
                self.0.advance(self.1);
                factors.w[(0, 0)] += 1e-6;
                Ok(Effort::default())
            }
        }
        let clock = MockClock::default();
        let matrix = Matrix::dense(Mat::from_fn(4, 3, |i, j| (1 + i + j) as f64)).expect("valid");
        let problem = Problem::new(&matrix, 2, random::key(0, "")).expect("valid");
        let start = Init::Random.start(&problem, &random::key(0, "s")).expect("a start");
        let looking = clock.clone();
        let mut report = |_: &Event| -> Result<(), WorkerError> {
            looking.advance(look);
            Ok(())
        };
        let mut observer = Timed::new(clock.clone(), None, Evaluator::new(&matrix, &start, problem.par), &mut report);
        let stop = Stop { seconds: Some(budget), ..Stop::default() };
        let begin = |_: &Problem<'_, f64>, _: &Factors<f64>| -> nmfbench_algorithms::Started<f64> {
            Ok(Box::new(Costly(clock.clone(), cost)))
        };
        let (_, progress) = drive(begin, &problem, &mut start.clone(), &stop, Schedule::default(), &mut observer);
        (progress.iteration, progress.seconds)
    }

    #[test]
    fn a_slow_metric_takes_nothing_from_anybodys_budget() {
        for cost in [0.003, 0.01, 0.07, 0.2] {
            let (calm, slow) = (spent(cost, 2.0, 0.0), spent(cost, 2.0, 0.2));
            assert_eq!(calm, slow, "steps of {cost} s");
            assert!(calm.0 >= 10 && calm.1 >= 2.0 && calm.1 < 2.0 + 1.001 * cost, "{calm:?}");
        }
    }

    #[test]
    fn steps_and_setup_are_on_the_clock_and_looking_is_not() {
        let clock = MockClock::default();
        let matrix = Matrix::dense(Mat::from_fn(4, 3, |i, j| (1 + i + j) as f64)).expect("valid");
        let problem = Problem::new(&matrix, 2, random::key(0, "")).expect("valid");
        let start = Init::Random.start(&problem, &random::key(0, "s")).expect("a start");
        let mut seen = Vec::new();
        let looking = clock.clone();
        let mut report = |event: &Event| -> Result<(), WorkerError> {
            looking.advance(100.0); // whatever reporting costs
            if let Event::Checkpoint(c) = event {
                seen.push((c.iteration, c.seconds, c.cpu_seconds));
            }
            Ok(())
        };
        let mut observer = Timed::new(clock.clone(), None, Evaluator::new(&matrix, &start, problem.par), &mut report);
        let stop = Stop { seconds: Some(3.0), ..Stop::default() };
        let begin = |_: &Problem<'_, f64>, _: &Factors<f64>| -> nmfbench_algorithms::Started<f64> {
            clock.advance(0.5);
            Ok(Box::new(Slow(clock.clone())))
        };
        let (reason, progress) = drive(begin, &problem, &mut start.clone(), &stop, Schedule::Every(2), &mut observer);
        let (setup, looked) = (observer.setup, observer.looking.as_secs_f64());
        assert_eq!((reason, progress.iteration, progress.seconds), (Reason::Seconds, 3, 3.5));
        assert_eq!(format!("{setup} {looked}"), "0.5 300");
        assert_eq!(seen, [(0, 0.0, 0.0), (2, 2.5, 5.0), (3, 3.5, 7.0)]);
    }
}
