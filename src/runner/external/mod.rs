//! A run whose solver is a program of another language (docs/protocol.md).
//!
//! The process of the run stands between: it launches the program, says how far to go, and measures the factors itself
//! while the program waits. What the program says about time, iterations and factors is held against what can be seen.

pub(crate) mod exchange;
pub(crate) mod family;
mod talk;

use super::protocol::{Done, Event, Program, Request, status};
use super::wire::{Ask, Budget, Order, PROTOCOL, Ready, Reply, Report};
use super::worker::WorkerError;
use crate::data::Table;
use crate::experiment::Exchange;
use crate::results::record::{Checkpoint, ProgramFacts, ProgramMode, Status};
use nmfbench_algorithms::{Effort, Evaluator, Factors, Judge, Matrix, Measures, Problem, Progress, Reason};
use std::path::Path;
use std::time::{Duration, Instant};
use talk::Talk;

/// Why a run of a program ends before its time.
enum Fault {
    /// Factors that are not finite.
    Diverged(String),
    /// It broke the protocol, or itself.
    Failed(String),
    /// This side cannot go on.
    Here(WorkerError),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Fault::Failed(reason)
    }
}

impl From<WorkerError> for Fault {
    fn from(error: WorkerError) -> Self {
        Fault::Here(error)
    }
}

/// Runs the program of a request; the factors are its last, where it ended well.
///
/// # Errors
/// When the files of the run cannot be written. What the program does wrong is an outcome, not an error.
pub(crate) fn run(
    request: &Request,
    program: &Program,
    matrix: &Matrix<f64>,
    start: &Factors<f64>,
    report: &mut dyn FnMut(&Event) -> Result<(), WorkerError>,
) -> Result<(Done, Option<Factors<f64>>), WorkerError> {
    family::adopt_strays();
    std::fs::create_dir_all(&program.folder)?;
    let problem = Problem::new(matrix, request.rank, request.key)?.with_threads(request.threads);
    let mut host = Host {
        request,
        program,
        report,
        factors: start.clone(),
        facts: ProgramFacts {
            command: program.command.clone(),
            solver: String::new(),
            version: String::new(),
            mode: ProgramMode::Continue,
            startup_milliseconds: 0,
        },
        progress: Progress { effort: Effort { flops: f64::NAN, passes: f64::NAN, repairs: 0 }, ..Progress::default() },
        cpu_seconds: None,
        setup_seconds: 0.0,
        looking: Duration::ZERO,
        peak_memory: None,
        watched: Watched::default(),
    };
    let outcome = host.conversation(&problem);
    family::end();
    let (status, reason, sound) = match outcome {
        Ok(reason) => (status(&reason), reason.to_string(), true),
        Err(Fault::Diverged(why)) => (Status::Diverged, why, false),
        Err(Fault::Failed(why)) => (Status::Crashed, why, false),
        Err(Fault::Here(error)) => return Err(error),
    };
    let done = Done {
        status,
        reason,
        iterations: host.progress.iteration,
        setup_seconds: host.setup_seconds,
        seconds: host.progress.seconds,
        cpu_seconds: host.cpu_seconds,
        evaluation_seconds: host.looking.as_secs_f64(),
        parts: None,
        peak_memory_bytes: host.peak_memory,
        factors: None,
        disturbance: None,
        nondeterministic: false,
    };
    Ok((done, sound.then_some(host.factors)))
}

/// This side of the conversation.
struct Host<'a> {
    request: &'a Request,
    program: &'a Program,
    report: &'a mut dyn FnMut(&Event) -> Result<(), WorkerError>,
    /// The latest.
    factors: Factors<f64>,
    facts: ProgramFacts,
    progress: Progress,
    cpu_seconds: Option<f64>,
    setup_seconds: f64,
    looking: Duration,
    peak_memory: Option<u64>,
    watched: Watched,
}

/// What was seen from here while the program worked: wall and processor seconds.
#[derive(Clone, Copy, Default)]
struct Watched {
    wall: f64,
    cpu: f64,
}

impl Host<'_> {
    fn conversation(&mut self, problem: &Problem<'_, f64>) -> Result<Reason, Fault> {
        let stop = self.request.stop;
        let mut evaluator = Evaluator::of(self.request.objective, problem.matrix, &self.factors, problem.par);
        let measures = self.look(&mut evaluator)?;
        let epsilon = if self.request.precision == "f32" { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let print = self.factors.fingerprint();
        let mut judge = match Judge::new(stop, measures, print, problem.squared_norm, epsilon) {
            Ok(judge) => judge,
            Err(reason) => return Ok(reason),
        };
        if judge.starts_stationary() {
            return Ok(Reason::Kkt);
        }
        let ask = self.ask(problem)?;
        limit_files(&self.factors);
        let launched = Instant::now();
        let mut talk = Talk::launch(&self.program.command, &self.program.folder, self.request.threads)?;
        talk.say(&ask)?;
        self.welcome(talk.hear()?, launched)?;
        loop {
            let next = self.request.schedule.next(self.progress.iteration);
            let until = stop.iterations.map_or(next, |last| next.min(last));
            let finished = self.advance(&mut talk, until)?;
            let measures = self.look(&mut evaluator)?;
            let verdict = judge.look(self.progress.iteration, measures, self.factors.fingerprint());
            let end = verdict.or_else(|| stop.budget(&self.progress)).or(finished.map(Reason::Finished));
            if let Some(reason) = end {
                self.peak_memory = family::peak_memory(talk.id());
                talk.finish()?;
                return Ok(reason);
            }
        }
    }

    /// Writes the start, and the matrix where the program cannot take the prepared one.
    fn ask(&self, problem: &Problem<'_, f64>) -> Result<Ask, Fault> {
        let (request, program) = (self.request, self.program);
        let market = program.exchange == Exchange::Mtx;
        let matrix = exchange::matrix(&program.folder, program.exchange, &request.matrix, problem.matrix)?;
        let start = exchange::write_factors(&program.folder, "start", market, &self.factors)?;
        Ok(Ask {
            protocol: PROTOCOL,
            algorithm: request.algorithm.clone(),
            parameters: request.parameters.clone(),
            matrix,
            start,
            rank: request.rank,
            objective: request.objective,
            precision: request.precision.clone(),
            threads: request.threads,
            seed: seed(&request.key),
            budget: Budget { iterations: request.stop.iterations, seconds: request.stop.seconds },
            folder: program.folder.clone(),
        })
    }

    fn welcome(&mut self, reply: Reply, launched: Instant) -> Result<(), Fault> {
        let Reply::Ready(Ready { protocol, solver, version, mode }) = reply else {
            return Err(format!("it was asked to get ready and said {}", talk::name(&reply)).into());
        };
        if protocol != PROTOCOL {
            return Err(format!("it speaks protocol {protocol}; expected {PROTOCOL}").into());
        }
        let startup_milliseconds = launched.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        self.facts = ProgramFacts { solver, version, mode, startup_milliseconds, ..self.facts.clone() };
        Ok((self.report)(&Event::Ready(self.facts.clone()))?)
    }

    /// Sends the program on its way and takes what it brings back; `Some` when it will not go on.
    fn advance(&mut self, talk: &mut Talk, until: u64) -> Result<Option<String>, Fault> {
        let before = family::processor_seconds(talk.id());
        let began = Instant::now();
        talk.say(&Order::Advance { until, seconds: self.request.stop.seconds })?;
        let reply = talk.hear()?;
        let passed = began.elapsed().as_secs_f64();
        let after = family::processor_seconds(talk.id());
        let Reply::Checkpoint(report) = reply else {
            return Err(format!("it was told to advance and said {}", talk::name(&reply)).into());
        };
        self.check_time(&report, until, passed)?;
        self.watched.wall += passed;
        if let (Some(before), Some(after)) = (before, after) {
            self.watched.cpu += (after - before).max(0.0);
            self.watched.check(self.request.threads)?;
        }
        self.factors = self.read(&report)?;
        let restarts = self.facts.mode == ProgramMode::Restart;
        self.progress.iteration = report.iteration;
        // Two runs from the start may take the same time give or take some noise.
        self.progress.seconds = if restarts { report.seconds.max(self.progress.seconds) } else { report.seconds };
        self.progress.effort.flops = report.flops.unwrap_or(f64::NAN);
        self.progress.effort.passes = report.passes.unwrap_or(f64::NAN);
        self.setup_seconds = report.setup_seconds.unwrap_or(0.0).clamp(0.0, report.seconds);
        self.cpu_seconds = report.cpu_seconds.or(after.map(|_| self.watched.cpu));
        Ok(report.finished.then(|| report.reason.unwrap_or_else(|| "no reason given".into())))
    }

    fn check_time(&self, report: &Report, until: u64, passed: f64) -> Result<(), Fault> {
        let Report { iteration, seconds, .. } = *report;
        let last = self.progress.iteration;
        if iteration > until {
            return Err(format!("it was told to stop at iteration {until} and went on to {iteration}").into());
        }
        if iteration < last || (iteration == last && !report.finished) {
            return Err(format!("it reports iteration {iteration} after iteration {last}").into());
        }
        if !seconds.is_finite() || seconds < 0.0 {
            return Err(format!("it reports {seconds} seconds").into());
        }
        let restarts = self.facts.mode == ProgramMode::Restart;
        let since = if restarts { 0.0 } else { self.progress.seconds };
        if seconds < since {
            return Err(format!("its clock runs backwards: {seconds} s after {since} s").into());
        }
        // Clocks of two processes agree to a few parts in a million; a millisecond is for their rounding.
        if seconds - since > passed * 1.001 + 1e-3 {
            let claimed = seconds - since;
            return Err(format!("it claims to have worked for {claimed:.4} s while {passed:.4} s passed").into());
        }
        Ok(())
    }

    fn read(&self, report: &Report) -> Result<Factors<f64>, Fault> {
        let Factors { w, ht } = &self.factors;
        let w = self.factor("W", &report.w, (w.nrows(), w.ncols()))?;
        let h = self.factor("H", &report.h, (ht.ncols(), ht.nrows()))?;
        Ok(Factors { w: super::prepare::to_mat(&w), ht: super::prepare::to_mat(&h).transpose().to_owned() })
    }

    fn factor(&self, name: &str, path: &Path, (rows, columns): (usize, usize)) -> Result<Table, Fault> {
        let path = self.program.folder.join(path);
        let table = exchange::read_factor(&path).map_err(|e| format!("its {name} cannot be used: {e}"))?;
        if (table.rows, table.columns) != (rows, columns) {
            let (found_rows, found_columns) = (table.rows, table.columns);
            return Err(format!("its {name} is {found_rows}×{found_columns}; expected {rows}×{columns}").into());
        }
        if let Some(at) = table.values.iter().position(|v| !v.is_finite() || *v < 0.0) {
            let (row, column, value) = (at % rows, at / rows, table.values[at]);
            let what = format!("entry ({row}, {column}) of its {name} is {value}; expected a finite number ≥ 0");
            return Err(if value.is_finite() { Fault::Failed(what) } else { Fault::Diverged(what) });
        }
        Ok(table)
    }

    /// Measures the latest factors and reports them.
    fn look(&mut self, evaluator: &mut Evaluator<'_>) -> Result<Measures, WorkerError> {
        let began = Instant::now();
        let measures = evaluator.look(&self.factors, (0.0, 0.0));
        self.looking += began.elapsed();
        let at_start = self.progress.iteration == 0;
        (self.report)(&Event::Checkpoint(Checkpoint {
            iteration: self.progress.iteration,
            seconds: self.progress.seconds,
            cpu_seconds: if at_start { 0.0 } else { self.cpu_seconds.unwrap_or(f64::NAN) },
            flops: if at_start { 0.0 } else { self.progress.effort.flops },
            passes: if at_start { 0.0 } else { self.progress.effort.passes },
            objective: measures.objective,
            relative_error: measures.relative_error,
            kkt_residual: measures.kkt_residual,
            sparseness_w: measures.sparseness_w,
            sparseness_h: measures.sparseness_h,
            dead_components: measures.dead_components,
            repairs: 0,
            scores: None,
        }))?;
        Ok(measures)
    }
}

impl Watched {
    /// More processors than allowed would make its times another thing than those beside them.
    fn check(&self, threads: usize) -> Result<(), Fault> {
        #[expect(clippy::cast_precision_loss, reason = "few threads")]
        let allowed = threads as f64 * 1.05 * self.wall;
        // Short work is lost in the clock's ticks, and a garbage collector may have a moment of its own.
        if self.cpu > allowed + 0.25 {
            let busy = self.cpu / self.wall;
            let reason = format!("it kept {busy:.1} processors busy where `threads` allows {threads}");
            return Err(Fault::Failed(reason));
        }
        Ok(())
    }
}

/// A number that JSON keeps whole in every language.
fn seed(key: &[u8; 32]) -> u64 {
    u64::from_le_bytes(key[..8].try_into().expect("eight bytes")) >> 11
}

/// Keeps the program, which inherits it, from filling the disk with one file.
fn limit_files(factors: &Factors<f64>) {
    let values = (factors.w.nrows() + factors.ht.nrows()) * factors.rank();
    let limit = (256 << 20) + 8 * 8 * values as u64;
    let limits = rustix::process::Rlimit { current: Some(limit), maximum: Some(limit) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Fsize, limits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_processors_than_threads_are_a_fault() {
        let check = |cpu: f64, wall: f64, threads: usize| Watched { wall, cpu }.check(threads);
        assert!(check(10.4, 10.0, 1).is_ok() && check(20.9, 10.0, 2).is_ok());
        assert!(check(0.2, 0.01, 1).is_ok(), "ticks are coarse");
        let Err(Fault::Failed(why)) = check(19.0, 10.0, 1) else { panic!("two processors, one thread") };
        assert_eq!(why, "it kept 1.9 processors busy where `threads` allows 1");
    }

    #[test]
    fn seeds_are_whole_in_every_language() {
        assert_eq!(seed(&[0xff; 32]), (1 << 53) - 1);
        assert_ne!(seed(&[1; 32]), seed(&[2; 32]));
    }
}
