//! The loop around a solver: when to step, when to look, when to stop.
//!
//! It belongs to the framework, not to an algorithm, and it holds no clock: whoever runs it brings one, and is told when
//! the solver's time runs and when it does not.

use crate::algorithm::Solver;
use crate::measure::Measures;
use crate::problem::{Breakdown, Effort, Factors, Problem};
use crate::real::Real;
use serde::{Deserialize, Serialize};
use std::fmt;

/// When a run ends: the first rule to fire. Measures are looked at only at checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// Outer iterations.
    pub iterations: Option<u64>,
    /// Seconds on the solver's clock.
    pub seconds: Option<f64>,
    /// Floating-point operations by formula: a budget that every machine spends alike.
    pub flops: Option<f64>,
    /// The KKT residual, at or below.
    pub kkt: Option<f64>,
    /// Relative decrease of the objective per iteration since the last checkpoint, at or below. A rise does not count.
    pub relative_change: Option<f64>,
}

/// When to look. Iteration 0 and the last one are always looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// At iterations growing by this factor: 1, 2, 3, … and then geometrically.
    Growth(f64),
    /// At each multiple.
    Every(u64),
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule::Growth(1.25)
    }
}

impl Schedule {
    /// The first checkpoint after an iteration.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is positive")]
    #[expect(clippy::cast_precision_loss, reason = "iterations are far below 2⁵³")]
    pub fn next(self, iteration: u64) -> u64 {
        match self {
            Schedule::Growth(by) => ((iteration as f64 * by).ceil() as u64).max(iteration + 1),
            Schedule::Every(step) => (iteration / step.max(1) + 1) * step.max(1),
        }
    }
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// [`Stop::iterations`].
    Iterations,
    /// [`Stop::seconds`].
    Seconds,
    /// [`Stop::flops`].
    Flops,
    /// [`Stop::kkt`].
    Kkt,
    /// [`Stop::relative_change`].
    RelativeChange,
    /// Not a bit has moved for many iterations, at a stationary point; or the method descends an objective of its own,
    /// whose stationary points are others.
    FixedPoint,
    /// Not a bit has moved for many iterations, and the point is not stationary.
    Stalled,
    /// The objective is NaN or infinite at this iteration.
    NotFinite(u64),
    /// The objective has risen a millionfold at this iteration.
    Rise(u64),
    /// A direct method has done its step, or a solver elsewhere said that it will not go on, and why.
    Finished(String),
    /// The algorithm gave up at this iteration.
    Breakdown(u64, Breakdown),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Iterations => f.write_str("iterations"),
            Reason::Seconds => f.write_str("seconds"),
            Reason::Flops => f.write_str("flops"),
            Reason::Kkt => f.write_str("kkt"),
            Reason::RelativeChange => f.write_str("relative_change"),
            Reason::FixedPoint => f.write_str("fixed_point"),
            Reason::Stalled => f.write_str("stalled: nothing moves and the point is not stationary"),
            Reason::NotFinite(i) => write!(f, "the objective is not finite at iteration {i}"),
            Reason::Rise(i) => write!(f, "the objective has risen a millionfold at iteration {i}"),
            Reason::Finished(why) => write!(f, "finished by itself: {why}"),
            Reason::Breakdown(i, what) => write!(f, "breakdown at iteration {i}: {what}"),
        }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Outer iterations done.
    pub iteration: u64,
    /// Work done in them.
    pub effort: Effort,
    /// Seconds on the solver's clock.
    pub seconds: f64,
}

/// What the loop needs from whoever runs it.
pub trait Observer<T: Real> {
    /// The solver's time runs from here …
    fn clock_on(&mut self) {}
    /// … to here.
    fn clock_off(&mut self) {}
    /// Seconds that the clock has run.
    fn seconds(&self) -> f64 {
        0.0
    }
    /// Called once, after the solver is set up.
    fn ready(&mut self) {}
    /// A checkpoint, off the clock.
    fn look(&mut self, progress: &Progress, factors: &Factors<T>, floors: (f64, f64)) -> Measures;
}

/// Beyond this multiple of the start's (or zero's) objective a run has diverged.
const RISE: f64 = 1e6;
/// Iterations without any change after which nothing more is expected. One is not enough: a method with an inner
/// tolerance may have to lower it a few times before it moves again.
const STILL: u64 = 20;
/// A point that no longer moves counts as stationary below this KKT residual, in units of √ε of the scalar.
const STATIONARY: f64 = 10.0;

/// Runs a solver from the factors given until a rule fires; the factors end as its last iterate.
pub fn drive<T: Real>(
    start: impl FnOnce(&Problem<'_, T>, &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown>,
    problem: &Problem<'_, T>,
    factors: &mut Factors<T>,
    stop: &Stop,
    schedule: Schedule,
    observer: &mut impl Observer<T>,
) -> (Reason, Progress) {
    let mut progress = Progress::default();
    let measures = observer.look(&progress, factors, (0.0, 0.0));
    let mut judge = match Judge::new(*stop, measures, factors.fingerprint(), problem.squared_norm, T::EPSILON) {
        Ok(judge) => judge,
        Err(reason) => return (reason, progress),
    };
    observer.clock_on();
    let solver = start(problem, factors);
    observer.clock_off();
    observer.ready();
    let mut solver = match solver {
        Ok(solver) => solver,
        Err(what) => return (Reason::Breakdown(0, what), progress),
    };
    if judge.starts_stationary() {
        return (Reason::Kkt, progress);
    }
    let mut due = schedule.next(0);
    loop {
        if let Some(reason) = stop.budget(&progress) {
            return (reason, progress);
        }
        observer.clock_on();
        let step = solver.step(problem, factors);
        observer.clock_off();
        progress.seconds = observer.seconds();
        let broken = match step {
            Ok(effort) => {
                progress.iteration += 1;
                progress.effort += effort;
                None
            }
            Err(what) => Some(Reason::Breakdown(progress.iteration + 1, what)),
        };
        if let (Some(reason), true) = (&broken, progress.iteration == judge.iteration()) {
            return (reason.clone(), progress);
        }
        let finished = solver.finished().map(|why| Reason::Finished(why.to_owned()));
        if broken.is_none() && finished.is_none() && progress.iteration < due && stop.budget(&progress).is_none() {
            continue;
        }
        due = schedule.next(progress.iteration);
        let measures = observer.look(&progress, factors, solver.floors());
        let verdict = judge.look(progress.iteration, measures, factors.fingerprint()).map(|reason| match reason {
            // The KKT residual is that of the plain objective, and says nothing about the end of another one.
            Reason::Stalled if solver.objective(problem, factors).is_some() => Reason::FixedPoint,
            other => other,
        });
        if let Some(reason) = broken.or(verdict).or(finished) {
            return (reason, progress);
        }
    }
}

impl Stop {
    /// The budget that is used up, if one is.
    #[must_use]
    pub fn budget(&self, progress: &Progress) -> Option<Reason> {
        if self.iterations.is_some_and(|i| progress.iteration >= i) {
            Some(Reason::Iterations)
        } else if self.flops.is_some_and(|f| progress.effort.flops >= f) {
            Some(Reason::Flops)
        } else if self.seconds.is_some_and(|s| progress.seconds >= s) {
            Some(Reason::Seconds)
        } else {
            None
        }
    }
}

/// Decides at each checkpoint whether a run has ended for what was seen there.
#[derive(Clone, Debug)]
pub struct Judge {
    stop: Stop,
    /// The objective that a run must not rise above.
    ceiling: f64,
    /// The ε of the scalar that the solver computes in.
    epsilon: f64,
    last: Seen,
}

/// What was seen at one checkpoint.
#[derive(Clone, Copy, Debug)]
struct Seen {
    iteration: u64,
    measures: Measures,
    print: u64,
    /// The first checkpoint since which the factors have not changed by a bit.
    still_since: u64,
}

impl Judge {
    /// Begins with the measures and the fingerprint of the start; `squared_norm` is ‖A‖²_F and `epsilon` that of the
    /// scalar the solver computes in.
    ///
    /// # Errors
    /// When the objective of the start is not finite.
    pub fn new(stop: Stop, measures: Measures, print: u64, squared_norm: f64, epsilon: f64) -> Result<Self, Reason> {
        if !measures.objective.is_finite() {
            return Err(Reason::NotFinite(0));
        }
        let ceiling = RISE * measures.objective.max(0.5 * squared_norm);
        Ok(Judge { stop, ceiling, epsilon, last: Seen { iteration: 0, measures, print, still_since: 0 } })
    }

    /// Whether the start meets the wanted KKT residual already.
    #[must_use]
    pub fn starts_stationary(&self) -> bool {
        self.last.iteration == 0 && self.stop.kkt.is_some_and(|kkt| self.last.measures.kkt_residual <= kkt)
    }

    /// The iteration looked at last.
    #[must_use]
    pub fn iteration(&self) -> u64 {
        self.last.iteration
    }

    /// Takes the next checkpoint; a reason when the run ends with it. `print` is the fingerprint of the factors.
    pub fn look(&mut self, iteration: u64, measures: Measures, print: u64) -> Option<Reason> {
        let still_since = if print == self.last.print { self.last.still_since } else { iteration };
        let seen = Seen { iteration, measures, print, still_since };
        let verdict = self.verdict(&seen);
        self.last = seen;
        verdict
    }

    fn verdict(&self, seen: &Seen) -> Option<Reason> {
        let (now, before) = (seen.measures.objective, self.last.measures.objective);
        if !now.is_finite() {
            return Some(Reason::NotFinite(seen.iteration));
        }
        if now > self.ceiling {
            return Some(Reason::Rise(seen.iteration));
        }
        if self.stop.kkt.is_some_and(|kkt| seen.measures.kkt_residual <= kkt) {
            return Some(Reason::Kkt);
        }
        if seen.iteration >= seen.still_since + STILL {
            let stationary = seen.measures.kkt_residual <= STATIONARY * self.epsilon.sqrt();
            return Some(if stationary { Reason::FixedPoint } else { Reason::Stalled });
        }
        #[expect(clippy::cast_precision_loss, reason = "iterations are far below 2⁵³")]
        let steps = (seen.iteration - self.last.iteration).max(1) as f64;
        let flat = |tolerance: f64| now <= before && before - now <= tolerance * steps * before;
        self.stop.relative_change.is_some_and(flat).then_some(Reason::RelativeChange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_grow_or_recur() {
        let path = |s: Schedule| std::iter::successors(Some(0), |i| Some(s.next(*i))).take(9).collect::<Vec<_>>();
        assert_eq!(path(Schedule::Growth(1.25)), [0, 1, 2, 3, 4, 5, 7, 9, 12]);
        assert_eq!(path(Schedule::Growth(2.0)), [0, 1, 2, 4, 8, 16, 32, 64, 128]);
        assert_eq!(path(Schedule::Every(10)), [0, 10, 20, 30, 40, 50, 60, 70, 80]);
    }

    fn seen(iteration: u64, objective: f64, kkt_residual: f64, still_since: u64) -> Seen {
        let measures = Measures {
            objective,
            relative_error: 0.0,
            kkt_residual,
            sparseness_w: 0.0,
            sparseness_h: 0.0,
            dead_components: 0,
        };
        Seen { iteration, measures, print: 1, still_since }
    }

    fn judge(stop: Stop, last: &Seen) -> Judge {
        Judge { stop, ceiling: 1e3, epsilon: f64::EPSILON, last: *last }
    }

    #[test]
    fn each_rule_fires_on_what_it_names() {
        let stop = Stop { kkt: Some(1e-3), relative_change: Some(1e-6), ..Stop::default() };
        let verdict = |last: &Seen, now: &Seen| judge(stop, last).verdict(now);
        let start = seen(0, 10.0, 1.0, 0);
        assert_eq!(verdict(&start, &seen(5, 5.0, 0.5, 5)), None);
        assert_eq!(verdict(&start, &seen(5, 5.0, 1e-3, 5)), Some(Reason::Kkt));
        // A decrease of 1e-5 over 10 iterations is 1e-6 an iteration; a rise is no convergence.
        assert_eq!(verdict(&start, &seen(10, 10.0 - 1e-4 * 0.99, 0.5, 10)), Some(Reason::RelativeChange));
        assert_eq!(verdict(&start, &seen(10, 10.0 + 1e-9, 0.5, 10)), None);
        assert_eq!(verdict(&start, &seen(10, f64::NAN, 0.5, 10)), Some(Reason::NotFinite(10)));
        assert_eq!(verdict(&start, &seen(10, 2e3, 0.5, 10)), Some(Reason::Rise(10)));
        assert_eq!(verdict(&start, &seen(30, 10.0 + 1e-9, 0.5, 2)), Some(Reason::Stalled));
    }

    #[test]
    fn a_point_that_does_not_move_is_a_fixed_point_only_where_it_is_stationary() {
        let judge = judge(Stop::default(), &seen(1, 10.0, 1e-12, 1));
        assert_eq!(judge.verdict(&seen(20, 10.0, 1e-12, 1)), None, "it may yet move");
        assert_eq!(judge.verdict(&seen(21, 10.0, 1e-12, 1)), Some(Reason::FixedPoint));
        assert_eq!(judge.verdict(&seen(21, 10.0, 1e-2, 1)), Some(Reason::Stalled));
    }
}
