//! `bench`: what an iteration costs, beside the two products alone.

use super::list::plain_table;
use super::{Failure, out};
use crate::bench::{Bench, BenchError, Outcome, SQUARE, Times};
use clap::{Args, ValueEnum};
use comfy_table::CellAlignment;
use nmfbench_algorithms::{Entry, Registry};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Options {
    /// Algorithms, separated by commas; all of them, when not given
    #[arg(value_delimiter = ',')]
    algorithms: Vec<String>,
    /// Rows and columns of A
    #[arg(long, value_name = "M×N", default_value = "5000x2000", value_parser = shape)]
    shape: (usize, usize),
    /// Share of A's entries that are not zero: A is then sparse, counts of words by Zipf's law
    #[arg(long, value_name = "SHARE", value_parser = share)]
    density: Option<f64>,
    /// Ranks, separated by commas
    #[arg(long, value_name = "K", default_value = "50", value_delimiter = ',')]
    rank: Vec<usize>,
    /// Numbers of threads, separated by commas
    #[arg(long, value_name = "N", default_value = "1", value_delimiter = ',')]
    threads: Vec<usize>,
    /// Scalars
    #[arg(long, default_value = "f64", value_delimiter = ',')]
    precision: Vec<Precision>,
    /// How often each has its turn
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = at_least_one)]
    rounds: usize,
    /// Iterations of each algorithm before the first that counts
    #[arg(long, value_name = "N", default_value_t = 2)]
    warm_up: usize,
    /// Print comma-separated values instead of tables
    #[arg(long)]
    csv: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Precision {
    F64,
    F32,
}

fn shape(text: &str) -> Result<(usize, usize), String> {
    let expected = || format!("`{text}` is not a shape; expected rows and columns, for example 5000x2000");
    let (m, n) = text.split_once(['x', '×']).ok_or_else(expected)?;
    let count = |text: &str| text.trim().parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(expected);
    Ok((count(m)?, count(n)?))
}

fn share(text: &str) -> Result<f64, String> {
    let expected = || format!("`{text}` is not a share; expected a number above 0 and up to 1, for example 0.005");
    text.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0).ok_or_else(expected)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("`{text}` is not a count; expected 1 or more"))
}

pub(super) fn bench(registry: &Registry, options: &Options) -> Result<ExitCode, Failure> {
    let entries: Vec<&Entry> = if options.algorithms.is_empty() {
        registry.entries().iter().collect()
    } else {
        let entries: Result<_, _> = options.algorithms.iter().map(|name| registry.get(name)).collect();
        entries.map_err(Failure::bad_data)?
    };
    let (m, n) = options.shape;
    if options.csv {
        out(HEADER);
    }
    for precision in &options.precision {
        for &rank in &options.rank {
            for &threads in &options.threads {
                let Options { density, rounds, warm_up, .. } = *options;
                let bench = Bench { m, n, density, rank, threads: threads.max(1), rounds, warm_up };
                let outcome = match precision {
                    Precision::F64 => bench.run::<f64>(&entries),
                    Precision::F32 => bench.run::<f32>(&entries),
                };
                let outcome = outcome.map_err(|error| match error {
                    BenchError::Matrix(_) | BenchError::Problem(_) => Failure::bad_data(error),
                    _ => Failure::failed(error),
                })?;
                if options.csv {
                    values(&bench, *precision, &outcome);
                } else {
                    tell(&bench, *precision, &outcome);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Precision {
    fn name(self) -> &'static str {
        if self == Precision::F64 { "f64" } else { "f32" }
    }
}

const HEADER: &str = "m,n,nnz,rank,precision,threads,what,seconds,lower_quartile,upper_quartile";

fn values(bench: &Bench, precision: Precision, outcome: &Outcome) {
    let Bench { m, n, rank, threads, .. } = *bench;
    let parts = [
        ("square", &outcome.square),
        ("A*Ht", &outcome.times),
        ("At*W", &outcome.transpose_times),
        ("grams", &outcome.grams),
        ("10^9 operations in registers", &outcome.registers),
        ("10^9 bytes of memory", &outcome.memory),
    ];
    for (what, times) in parts.into_iter().chain(outcome.steps.iter().map(|s| (s.name.as_str(), &s.times))) {
        let [low, middle, high] = [0.25, 0.5, 0.75].map(|p| times.quantile(p));
        let (nnz, scalar) = (outcome.nnz, precision.name());
        out(&format!("{m},{n},{nnz},{rank},{scalar},{threads},{what},{middle:e},{low:e},{high:e}"));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2⁵³")]
fn tell(bench: &Bench, precision: Precision, outcome: &Outcome) {
    let Bench { m, n, rank, threads, rounds, .. } = *bench;
    let scalar = precision.name();
    let s = if threads == 1 { "" } else { "s" };
    let sparse = bench.density.map_or(String::new(), |_| format!(" with {} entries", outcome.nnz));
    out(&format!(
        "\nA {m}×{n}{sparse}, k = {rank}, {scalar}, {threads} thread{s}; medians of {rounds} interleaved rounds"
    ));

    let product = 2.0 * outcome.nnz as f64 * rank as f64;
    let square = 2.0 * (SQUARE as f64).powi(3);
    let gram = (m + n) as f64 * (rank * (rank + 1)) as f64;
    let peak = square / outcome.square.median();
    let both = outcome.times.median() + outcome.transpose_times.median();

    let mut table = plain_table();
    table.set_header(["", "ms", "quartiles", "GFLOP/s", "of the square", "÷ two products"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut row = |name: &str, times: &Times, flops: Option<f64>, ratio: bool| {
        let rate = flops.map(|flops| flops / times.median());
        table.add_row([
            name.to_owned(),
            format!("{:.3}", 1e3 * times.median()),
            format!("{:.3} – {:.3}", 1e3 * times.quantile(0.25), 1e3 * times.quantile(0.75)),
            rate.map_or(String::new(), |rate| format!("{:.1}", rate / 1e9)),
            rate.map_or(String::new(), |rate| format!("{:.0} %", 100.0 * rate / peak)),
            if ratio { format!("{:.2}", times.median() / both) } else { String::new() },
        ]);
    };
    row(&format!("square product {SQUARE}³"), &outcome.square, Some(square), false);
    row("A·Hᵀ", &outcome.times, Some(product), false);
    row("Aᵀ·W", &outcome.transpose_times, Some(product), false);
    row("both Gram matrices", &outcome.grams, Some(gram), true);
    for step in &outcome.steps {
        row(&step.name, &step.times, Some(step.flops), true);
    }
    out(&table.to_string());
    let (registers, memory) = (outcome.registers.median(), outcome.memory.median());
    let bytes = outcome.nnz as f64 * if precision == Precision::F64 { 8.0 } else { 4.0 };
    let bytes = if bench.density.is_some() { bytes + 4.0 * outcome.nnz as f64 } else { bytes };
    out(&format!(
        "At its best this machine does {:.1} GFLOP/s in registers and reads {:.1} GB/s from memory: a product takes at \
         least {:.3} ms by the one and {:.3} ms by the other.",
        1.0 / registers,
        1.0 / memory,
        1e-6 * product * registers,
        1e-6 * bytes * memory
    ));
    for (name, why) in &outcome.left_out {
        out(&format!("{name} is left out: {why}"));
    }
}
