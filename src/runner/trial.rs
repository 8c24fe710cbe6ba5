//! A program tried on a tiny problem, through the very path that its runs take.

use super::process::{self, End, Watch};
use super::protocol::{Program, Request};
use super::{WORKER, worker};
use crate::data::{write_npy, write_npz};
use crate::experiment::{Exchange, Timing, stream};
use crate::results::record::{ProgramFacts, Status};
use faer::Mat;
use nmfbench_algorithms::{Factors, Init, Matrix, Objective, Problem, Schedule, Stop};
use std::process::Command;
use std::time::Duration;

const SHAPE: (usize, usize, usize) = (12, 9, 2);
const ITERATIONS: u64 = 5;
/// The first import of a large library from a cold disk takes its time.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs five iterations on a 12×9 matrix; what the program says of itself, or why it is not usable.
///
/// # Errors
/// The reason, for a person to read.
pub(crate) fn try_program(name: &str, command: &[String], parameters: &str) -> Result<ProgramFacts, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let folder = tempfile::tempdir().map_err(|e| text(&e))?;
    let (m, n, k) = SHAPE;
    let a = Mat::from_fn(m, n, |i, j| 1.0 + ((3 * i + 5 * j) % 7) as f64);
    let (matrix, start) = (folder.path().join("a.npy"), folder.path().join("start.npz"));
    write_npy(&matrix, m, n, &worker::flat(&a)).map_err(|e| text(&e))?;
    let data = Matrix::dense(a).map_err(|e| text(&e))?;
    let key = stream(0, &[("purpose", "trial")]);
    let problem = Problem::new(&data, k, key).map_err(|e| text(&e))?;
    let Factors { w, ht } = Init::Random.start(&problem, &key).map_err(|e| text(&e))?;
    let (w, h) = (worker::flat(&w), worker::flat(&ht.transpose().to_owned()));
    write_npz(&start, &[("w", m, k, &w), ("h", k, n, &h)]).map_err(|e| text(&e))?;
    let request = Request {
        matrix,
        start,
        rank: k,
        objective: Objective::Frobenius,
        algorithm: name.into(),
        parameters: serde_json::from_str(parameters).map_err(|e| text(&e))?,
        precision: "f64".into(),
        threads: 1,
        key,
        stop: Stop { iterations: Some(ITERATIONS), ..Stop::default() },
        schedule: Schedule::Every(2),
        timing: Timing::Paused,
        factors: None,
        program: Some(Program {
            command: command.to_vec(),
            exchange: Exchange::Npy,
            folder: folder.path().join("exchange"),
        }),
    };
    let mut worker = Command::new(std::env::current_exe().map_err(|e| text(&e))?);
    worker.arg(WORKER);
    let mut watch = Watch { limit: Some(LIMIT), interrupted: &|| false, look: &mut |_| {} };
    let outcome = process::execute(worker, &request, &mut watch).map_err(|e| text(&e))?;
    let reason = match outcome.end {
        End::Done(done) if done.status == Status::Budget => None,
        End::Done(done) => Some(done.reason),
        End::Cut(_, reason) => Some(reason),
    };
    match (reason, outcome.program) {
        (None, Some(facts)) => Ok(facts),
        (reason, _) => {
            let reason = reason.unwrap_or_else(|| "it never got ready".into());
            Err(if outcome.stderr.is_empty() { reason } else { format!("{reason}\n{}", outcome.stderr) })
        }
    }
}
