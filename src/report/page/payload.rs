//! What the page knows beside the traces: problems, entrants, runs, looks, as plain data.

use super::Input;
use crate::analysis::{Problem, X, Y};
use crate::figures::Appearance;
use crate::results::record::Record;
use serde::Serialize;
use serde_json::{Map, Value};

/// Everything but the traces and the pictures.
#[derive(Serialize)]
pub(super) struct Payload<'a> {
    experiment: &'a str,
    question: &'a str,
    /// The answer over all runs of the first machine.
    answer: &'a str,
    objective: String,
    frobenius: bool,
    ladder: &'a [f64],
    /// The commands' results folder, as the user knows it.
    folder: &'a str,
    x: Vec<(String, &'static str)>,
    y: Vec<(String, String, bool)>,
    /// The machine with the most runs first; the page shows one at a time.
    machines: Vec<MachineFacts>,
    looks: Vec<Appearance>,
    data: Vec<DataFacts<'a>>,
    problems: Vec<ProblemFacts<'a>>,
    /// Texts that runs refer to by place: statuses, reasons, parameters.
    statuses: Vec<String>,
    reasons: Vec<&'a str>,
    parameters: Vec<&'a Map<String, Value>>,
    runs: Vec<RunFacts<'a>>,
    columns: Vec<(String, super::columns::Kind)>,
}

#[derive(Serialize)]
pub(super) struct MachineFacts {
    pub(super) id: String,
    /// What it is, in a line.
    pub(super) line: String,
    /// Relative differences of times up to this are noise.
    pub(super) floor: f64,
    /// Where the floor comes from, in words.
    pub(super) noise: String,
}

#[derive(Serialize)]
struct DataFacts<'a> {
    name: &'a str,
    title: &'a str,
    digest: &'a str,
    m: usize,
    n: usize,
    nnz: usize,
    synthetic: bool,
}

#[derive(Serialize)]
struct ProblemFacts<'a> {
    data: usize,
    machine: usize,
    rank: usize,
    init: &'a str,
    /// The best objective known; null where none is.
    best: f64,
}

/// One run, its repetitions combined; short names, for there may be ten thousand.
#[derive(Serialize)]
struct RunFacts<'a> {
    key: &'a str,
    problem: usize,
    /// Into `looks`.
    look: usize,
    seed: u64,
    precision: &'a str,
    threads: usize,
    /// Ended as runs should.
    proper: bool,
    status: usize,
    reason: usize,
    parameters: usize,
    iterations: u64,
    seconds: f64,
    setup: f64,
    cpu: f64,
    /// Median seconds per iteration; null for a failure.
    rate: f64,
    memory: Option<u64>,
    repetitions: usize,
    nondeterministic: bool,
    marks: Vec<String>,
    started: &'a str,
    /// The objective at its start.
    start: f64,
    /// How many looks it has in the columns.
    trace: usize,
}

impl<'a> Payload<'a> {
    /// `groups` holds the problems of each machine in the order of `machines`.
    pub(super) fn new(
        input: &Input<'a>,
        answer: &'a str,
        machines: Vec<MachineFacts>,
        groups: &'a [Vec<Problem<'a>>],
        looks: Vec<Appearance>,
        columns: &[super::columns::Column],
    ) -> Self {
        let objective = input.records.first().map(|r| r.objective).unwrap_or_default();
        let mut payload = Payload {
            experiment: input.experiment,
            question: input.question,
            answer,
            objective: objective.words(),
            frobenius: objective.is(nmfbench_algorithms::Objective::Frobenius),
            ladder: input.ladder,
            folder: input.folder,
            x: [X::Seconds, X::Iterations, X::Flops, X::Passes].map(|x| (x.to_string(), x.axis_name())).into(),
            y: [Y::Gap, Y::Objective, Y::RelativeError, Y::KktResidual, Y::SparsenessW, Y::SparsenessH]
                .map(|y| (y.to_string(), y.axis_name(objective), y.is_log()))
                .into(),
            machines,
            looks,
            data: Vec::new(),
            problems: Vec::new(),
            statuses: Vec::new(),
            reasons: Vec::new(),
            parameters: Vec::new(),
            runs: Vec::new(),
            columns: columns.iter().map(|c| (c.name.clone(), c.kind)).collect(),
        };
        for (machine, problems) in groups.iter().enumerate() {
            for problem in problems {
                payload.add(input, machine, problem);
            }
        }
        payload
    }

    fn add(&mut self, input: &Input<'a>, machine: usize, problem: &'a Problem<'a>) {
        let d = problem.dataset;
        let (name, title, digest, synthetic) = (&*d.name, &*d.title, &*d.digest, d.synthetic);
        let data = place(
            &mut self.data,
            |k| k.digest == digest && k.name == name,
            || DataFacts { name, title, digest, m: d.m, n: d.n, nnz: d.nnz, synthetic },
        );
        let best = problem.entrants.first().and_then(|e| e.runs.first()).map(|r| input.best.objective(r.record));
        let best = best.unwrap_or(f64::NAN);
        let index = self.problems.len();
        self.problems.push(ProblemFacts { data, machine, rank: problem.rank, init: problem.init, best });
        for entrant in &problem.entrants {
            let look = self.looks.iter().position(|l| l.label == entrant.label).expect("all entrants have a look");
            for run in &entrant.runs {
                let r: &Record = run.record;
                let status = r.status.to_string();
                self.runs.push(RunFacts {
                    key: &r.key,
                    problem: index,
                    look,
                    seed: r.seed,
                    precision: &r.precision,
                    threads: r.threads,
                    proper: run.proper,
                    status: place(&mut self.statuses, |s| *s == status, || status.clone()),
                    reason: place(&mut self.reasons, |s| *s == r.stop_reason, || &r.stop_reason),
                    parameters: place(&mut self.parameters, |p| **p == r.parameters, || &r.parameters),
                    iterations: r.iterations,
                    seconds: r.seconds,
                    setup: r.setup_seconds,
                    cpu: r.cpu_seconds,
                    rate: run.seconds_per_iteration,
                    memory: r.peak_memory_bytes,
                    repetitions: run.repetitions,
                    nondeterministic: run.nondeterministic,
                    marks: r.marks().iter().map(ToString::to_string).collect(),
                    started: &r.started,
                    start: run.start(),
                    trace: run.trace.len(),
                });
            }
        }
    }
}

/// The place of what is looked for, added at the end where it is new.
fn place<T>(all: &mut Vec<T>, same: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> usize {
    all.iter().position(same).unwrap_or_else(|| {
        all.push(new());
        all.len() - 1
    })
}
