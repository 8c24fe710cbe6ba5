//! Two passes over one run: the first is timed and never looked at, the second repeats its iterates and is measured.
//!
//! Rules that need a measure (`kkt`, `relative_change`, divergence) cannot fire in the first pass, so it goes on to the
//! budget; where one fires in the second, the run ends there, with the time that the first had taken by then.

use super::clock::{Clock, Stopwatch, SystemClock};
use super::protocol::{Done, Event, status};
use super::worker::{WorkerError, checkpoint};
use crate::runner::external::family;
use nmfbench_algorithms::{
    Breakdown, Evaluator, Factors, Matrix, Measures, Objective, Observer, Problem, Progress, Reason, Schedule, Solver,
    StartIn, Stop, drive,
};
use std::time::Duration;

/// What the first pass keeps of a checkpoint.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    iteration: u64,
    seconds: f64,
    cpu_seconds: f64,
    print: u64,
}

/// The first pass: times and fingerprints.
struct Blind<C> {
    watch: Stopwatch<C>,
    setup: f64,
    stamps: Vec<Stamp>,
}

/// Finite and without meaning: no rule of the loop takes offence.
const UNSEEN: Measures = Measures {
    objective: 0.0,
    relative_error: f64::NAN,
    kkt_residual: f64::NAN,
    sparseness_w: f64::NAN,
    sparseness_h: f64::NAN,
    dead_components: 0,
};

impl<T: StartIn, C: Clock> Observer<T> for Blind<C> {
    fn clock_on(&mut self) {
        self.watch.on();
    }

    fn clock_off(&mut self) {
        self.watch.off();
    }

    fn seconds(&self) -> f64 {
        self.watch.seconds().0
    }

    fn ready(&mut self) {
        self.setup = self.watch.seconds().0;
    }

    fn look(&mut self, progress: &Progress, factors: &Factors<T>, _: (f64, f64)) -> Measures {
        let (seconds, cpu_seconds) = self.watch.seconds();
        self.stamps.push(Stamp { iteration: progress.iteration, seconds, cpu_seconds, print: factors.fingerprint() });
        UNSEEN
    }
}

/// The second pass: measures, with the times of the first.
struct Scored<'a> {
    evaluator: Evaluator<'a>,
    stamps: &'a [Stamp],
    at: usize,
    differs: bool,
    report: &'a mut dyn FnMut(&Event) -> Result<(), WorkerError>,
    failed: Option<WorkerError>,
}

impl<T: StartIn> Observer<T> for Scored<'_> {
    fn look(&mut self, progress: &Progress, factors: &Factors<T>, floors: (f64, f64)) -> Measures {
        let measures = self.evaluator.look(&factors.convert(), floors);
        // A replay that ends elsewhere is another sequence too; its last look then keeps the first pass's last time.
        let known = self.stamps.iter().position(|stamp| stamp.iteration == progress.iteration);
        self.at = known.unwrap_or(self.stamps.len() - 1);
        let stamp = self.stamps[self.at];
        self.differs |= known.is_none() || stamp.print != factors.fingerprint();
        let look = checkpoint(progress, &measures, (stamp.seconds, stamp.cpu_seconds));
        if let Err(error) = (self.report)(&Event::Checkpoint(look)) {
            self.failed.get_or_insert(error);
        }
        measures
    }
}

/// Both passes of a run.
///
/// # Errors
/// When nobody listens to the reports.
pub(super) fn run<T: StartIn>(
    objective: Objective,
    (stop, schedule): (Stop, Schedule),
    exact: &Matrix<f64>,
    problem: &Problem<'_, T>,
    start: &Factors<f64>,
    begin: impl Fn(&Problem<'_, T>, &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown>,
    report: &mut dyn FnMut(&Event) -> Result<(), WorkerError>,
) -> Result<(Done, Factors<f64>), WorkerError> {
    let mut blind = Blind { watch: Stopwatch::new(SystemClock::new()), setup: 0.0, stamps: Vec::new() };
    let budget = Stop { kkt: None, relative_change: None, ..stop };
    let mut factors = start.convert::<T>();
    let (ended, first) = drive(&begin, problem, &mut factors, &budget, schedule, &mut blind);

    let clock = Stopwatch::new(SystemClock::new());
    let mut scored = Scored {
        evaluator: Evaluator::of(objective, exact, start, problem.par),
        stamps: &blind.stamps,
        at: 0,
        differs: false,
        report,
        failed: None,
    };
    let again = Stop { iterations: Some(first.iteration), seconds: None, flops: None, ..stop };
    let mut factors = start.convert::<T>();
    let (reason, progress) = drive(&begin, problem, &mut factors, &again, schedule, &mut scored);
    // The replay has no budget of its own: what ended the first pass ended the run, unless a measure did before.
    let reason = if reason == Reason::Iterations { ended } else { reason };
    if let Some(error) = scored.failed {
        return Err(error);
    }
    let stamp = blind.stamps[scored.at];
    let done = Done {
        status: status(&reason),
        reason: reason.to_string(),
        iterations: progress.iteration,
        setup_seconds: blind.setup,
        seconds: stamp.seconds,
        cpu_seconds: Some(stamp.cpu_seconds),
        evaluation_seconds: clock.wall().max(Duration::ZERO).as_secs_f64(),
        parts: None,
        peak_memory_bytes: family::peak_memory(std::process::id()),
        factors: None,
        disturbance: None,
        nondeterministic: scored.differs,
    };
    Ok((done, factors.convert()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::record::Checkpoint;
    use faer::Mat;
    use nmfbench_algorithms::{Effort, Init, random};
    use std::cell::Cell;
    use std::rc::Rc;

    /// Moves one entry of W by a step that grows with the number of solvers made before it, if it is to.
    struct Drifting(f64);

    impl Solver<f64> for Drifting {
        fn step(&mut self, _: &Problem<'_, f64>, factors: &mut Factors<f64>) -> Result<Effort, Breakdown> {
            factors.w[(0, 0)] += self.0;
            Ok(Effort { flops: 10.0, passes: 2.0, repairs: 0 })
        }
    }

    /// The end and the looks of a run whose second pass steps by `again` times the first's.
    fn replayed(again: f64, stop: Stop) -> (Done, Vec<Checkpoint>) {
        let matrix = Matrix::dense(Mat::from_fn(4, 3, |i, j| (1 + i + j) as f64)).expect("valid");
        let problem = Problem::new(&matrix, 2, random::key(0, "")).expect("valid");
        let start = Init::Random.start(&problem, &random::key(0, "s")).expect("a start");
        let made = Rc::new(Cell::new(1e-3));
        let begin = |_: &Problem<'_, f64>, _: &Factors<f64>| -> Result<Box<dyn Solver<f64>>, Breakdown> {
            let step = made.get();
            made.set(again * step);
            Ok(Box::new(Drifting(step)))
        };
        let mut looks = Vec::new();
        let mut report = |event: &Event| -> Result<(), WorkerError> {
            if let Event::Checkpoint(look) = event {
                looks.push(*look);
            }
            Ok(())
        };
        let plan = (stop, Schedule::Every(4));
        let (done, _) =
            run(Objective::Frobenius, plan, &matrix, &problem, &start, begin, &mut report).expect("reported");
        (done, looks)
    }

    #[test]
    fn the_second_pass_measures_what_the_first_has_timed() {
        let (done, looks) = replayed(1.0, Stop { flops: Some(95.0), ..Stop::default() });
        assert_eq!(looks.iter().map(|c| c.iteration).collect::<Vec<_>>(), [0, 4, 8, 10]);
        assert_eq!((done.reason.as_str(), done.iterations, done.nondeterministic), ("flops", 10, false));
        assert!(looks.windows(2).all(|pair| pair[0].seconds <= pair[1].seconds && pair[1].objective.is_finite()));
        assert!(looks[1].objective.to_bits() != looks[0].objective.to_bits(), "each iterate is measured");
    }

    #[test]
    fn a_rule_that_needs_a_measure_ends_the_second_pass() {
        let stop = Stop { iterations: Some(20), kkt: Some(1e9), ..Stop::default() };
        let (done, looks) = replayed(1.0, stop);
        assert_eq!((done.reason.as_str(), done.iterations, looks.len()), ("kkt", 0, 1));
    }

    #[test]
    fn other_iterates_are_noticed() {
        let (done, _) = replayed(1.5, Stop { iterations: Some(8), ..Stop::default() });
        assert!(done.nondeterministic);
    }
}
