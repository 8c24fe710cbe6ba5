//! `nmfbench solver NAME`: a built-in algorithm as a program that speaks the solver protocol.
//!
//! So another build of nmfbench can be raced against this one, and the protocol's own cost can be measured.

use super::clock::{Stopwatch, SystemClock};
use super::external::exchange;
use super::wire::{Ask, Format, Order, PROTOCOL, Ready, Reply, Report};
use super::worker::WorkerError;
use crate::results::record::ProgramMode;
use crate::runner::prepare;
use nmfbench_algorithms::{Effort, Factors, Matrix, Problem, Registry, Solver, StartIn};
use std::io::{BufRead, Write};

/// Answers commands on standard input until `finish` or the end of that input.
///
/// # Errors
/// What the other side is told with an `error` event.
pub(crate) fn solve(registry: &Registry, name: Option<String>) -> Result<(), WorkerError> {
    let mut ask: Ask = serde_json::from_str(&hear()?.ok_or("no request came")?)?;
    if ask.protocol != PROTOCOL {
        return Err(format!("this is protocol {PROTOCOL}, not {}", ask.protocol).into());
    }
    let named = match name {
        Some(name) => Some(name),
        None => ask.parameters.shift_remove("solver").and_then(|name| name.as_str().map(str::to_owned)),
    };
    let name = named.ok_or("no algorithm: name one, or give the parameter `solver`")?;
    if ask.matrix.format == Format::Mtx {
        return Err("the matrix has to come as .npy, or as .npz where it is sparse".into());
    }
    if ask.threads > 1 {
        rayon::ThreadPoolBuilder::new().num_threads(ask.threads).use_current_thread().build_global()?;
    }
    let matrix = prepare::read_matrix(&ask.matrix.path, None)?;
    let start = exchange::read_factors(&ask.start)?;
    Problem::new(&matrix, ask.rank, [0; 32])?.check_factors(&start.w, &start.ht.transpose().to_owned())?;
    match ask.precision.as_str() {
        "f32" => serve(registry, &name, &ask, &matrix.convert::<f32>(), start.convert()),
        _ => serve(registry, &name, &ask, &matrix, start),
    }
}

/// One line, or `None` where the other side is gone.
fn hear() -> Result<Option<String>, WorkerError> {
    let mut line = String::new();
    Ok((std::io::stdin().lock().read_line(&mut line)? > 0).then_some(line))
}

/// Says one line.
///
/// # Errors
/// When nobody listens.
pub(crate) fn say(reply: &Reply) -> Result<(), WorkerError> {
    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::to_string(reply)?)?;
    Ok(out.flush()?)
}

fn serve<T: StartIn>(
    registry: &Registry,
    name: &str,
    ask: &Ask,
    matrix: &Matrix<T>,
    mut factors: Factors<T>,
) -> Result<(), WorkerError> {
    let entry = registry.get(name)?;
    let mut parameters = entry.implied(ask.objective);
    parameters.extend(ask.parameters.clone());
    let method = entry.parse(&parameters)?;
    if !method.objective().is(ask.objective) {
        let (own, asked) = (method.objective().words(), ask.objective.words());
        return Err(format!("`{name}` descends {own}, but what is minimised is {asked}").into());
    }
    let mut key = [0; 32];
    key[..8].copy_from_slice(&ask.seed.to_le_bytes());
    let problem = Problem::new(matrix, ask.rank, key)?.with_threads(ask.threads);
    let mut solver: Option<Box<dyn Solver<T>>> = None;
    let mut watch = Stopwatch::new(SystemClock::new());
    let (mut setup, mut iteration, mut effort) = (0.0, 0, Effort::default());
    let (solver_name, version) = (format!("nmfbench {name}"), env!("CARGO_PKG_VERSION").to_owned());
    let mode = ProgramMode::Continue;
    say(&Reply::Ready(Ready { protocol: PROTOCOL, solver: solver_name, version, mode }))?;
    while let Some(line) = hear()? {
        let Order::Advance { until, seconds } = serde_json::from_str(&line)? else {
            return say(&Reply::Done);
        };
        let mut finished = None;
        if solver.is_none() {
            watch.on();
            let started = T::start(method.as_ref(), &problem, &factors);
            watch.off();
            setup = watch.seconds().0;
            solver = Some(started?);
        }
        let machine = solver.as_mut().expect("started above");
        while iteration < until && finished.is_none() {
            watch.on();
            let step = machine.step(&problem, &mut factors);
            watch.off();
            match step {
                Ok(done) => {
                    effort += done;
                    iteration += 1;
                }
                Err(breakdown) => finished = Some(breakdown.to_string()),
            }
            if seconds.is_some_and(|limit| watch.seconds().0 >= limit) {
                break;
            }
        }
        let files = exchange::write_factors(&ask.folder, "iterate", false, &factors.convert())?;
        let (seconds, cpu_seconds) = watch.seconds();
        say(&Reply::Checkpoint(Report {
            iteration,
            seconds,
            setup_seconds: Some(setup),
            cpu_seconds: Some(cpu_seconds),
            flops: Some(effort.flops),
            passes: Some(effort.passes),
            w: files.w,
            h: files.h,
            finished: finished.is_some(),
            reason: finished,
        }))?;
    }
    Ok(())
}
