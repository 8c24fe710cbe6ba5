//! The command line: results on standard output, everything else on standard error.

mod bench;
mod compare;
mod data;
mod doctor;
mod export;
mod folder;
mod list;
mod merge;
mod model;
mod monitor;
mod new;
mod noise;
mod paper;
mod peers;
mod present;
mod reference;
mod report;
mod run;
mod verify;
mod vocabulary;

use crate::runner::Options;
use clap::{Args, Parser, Subcommand};
use miette::{Diagnostic, Report, miette};
use nmfbench_algorithms::Registry;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compares algorithms for nonnegative matrix factorization (A ≈ WH, all entries ≥ 0).
#[derive(Parser)]
#[command(name = "nmfbench", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 could not be done, or a property does not hold; 2 the experiment, the \
data or the command line is not valid; 3 done, but a run crashed, ran out of memory or into its wall limit; 130 stopped by the user.";

#[derive(Subcommand)]
enum Command {
    /// Make the runs of an experiment that are not there yet, then its tables and figures
    Run {
        #[command(flatten)]
        experiment: Experiment,
        /// Make runs again that crashed, ran out of memory or into the wall limit
        #[arg(long)]
        retry_failed: bool,
        /// Make a run up to N times again while something disturbs its times (see `doctor`); all tries are kept
        #[arg(long, value_name = "N", default_value_t = 0)]
        repeat_disturbed: u32,
        /// Say nothing while it works
        #[arg(long, short)]
        quiet: bool,
    },
    /// Show what `run` would do: runs, what is there already, what is left out and why, how long it takes
    Plan {
        #[command(flatten)]
        experiment: Experiment,
        /// Name every run
        #[arg(long)]
        all: bool,
    },
    /// Check an experiment and its data without running anything
    Check {
        #[command(flatten)]
        experiment: Experiment,
    },
    /// Draw the figures and rebuild the tables and report.html from stored results; runs nothing
    Figures {
        #[command(flatten)]
        experiment: Experiment,
    },
    /// Write report.html: all runs in one page to filter, compare and click through, without a network; runs nothing
    Report(Box<report::Options>),
    /// Fetch the data of a paper, regenerate its figures and say which of its claims hold; without a name, list the papers
    Paper(paper::Paper),
    /// Factorise one matrix and keep W and H
    Factorize(Box<model::Factorize>),
    /// The coefficients of new data in the features of a model: exact nonnegative least squares, W fixed
    Apply(model::Apply),
    /// Say of each claim of an experiment whether the stored runs bear it out; runs nothing
    Claims {
        #[command(flatten)]
        experiment: Experiment,
        /// End with exit code 1 when a claim does not hold
        #[arg(long)]
        strict: bool,
    },
    /// Compare two results folders, or two algorithms in one: faster, slower, better, worse or cannot tell
    #[command(
        after_help = "Exit codes: 0 nothing of --fail-on happened; 1 B is slower or worse; 2 it cannot be told; \
                            3 there is nothing to compare."
    )]
    Compare(compare::Options),
    /// Put the runs of several results folders into one; runs of different machines stand beside each other
    Merge {
        /// Where they go, results/<experiment>
        target: PathBuf,
        /// Where they come from
        #[arg(required = true)]
        sources: Vec<PathBuf>,
    },
    /// Run every algorithm of an experiment under two labels: what differs is this machine's noise
    Noise {
        #[command(flatten)]
        experiment: Experiment,
        /// Say nothing while it works
        #[arg(long, short)]
        quiet: bool,
    },
    /// What on this machine blurs timings, and the command that would help; changes nothing
    Doctor,
    /// Write the tables of a results folder for other programs: one file for the runs, one for their traces
    Export {
        /// The folder of an experiment's results, results/<experiment>
        folder: PathBuf,
        /// What to write
        #[arg(long, value_enum, default_value = "parquet")]
        format: export::Format,
        /// Where to write; the folder itself, when not given
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Time one iteration of each algorithm, and the two products A·Hᵀ and Aᵀ·W alone as the yardstick
    Bench(bench::Options),
    /// List what experiments may name
    List {
        /// One kind only
        #[arg(value_enum)]
        what: Option<list::What>,
        /// Algorithms with all that `info` tells of each, as the page docs/algorithms.md
        #[arg(long)]
        markdown: bool,
    },
    /// Everything about one algorithm, data set, initialisation, metric or figure
    Info {
        /// Its name
        name: String,
    },
    /// Check that algorithms keep what they claim: descent, symmetries, determinism, edge cases and more
    Verify {
        /// Names; all algorithms, when not given
        names: Vec<String>,
        /// The figures behind each verdict
        #[arg(long)]
        details: bool,
    },
    /// Begin an algorithm or an experiment of one's own
    New {
        #[command(subcommand)]
        what: new::What,
    },
    /// Data sets of the catalogue on this machine: what is there, fetch, import, check
    Data {
        #[command(subcommand)]
        action: data::Action,
    },
    /// The JSON schema of experiment files, for editors; or all their keys as Markdown
    Schema {
        /// The keys as a table to read
        #[arg(long)]
        markdown: bool,
    },
    /// Libraries of other languages that can take part: what they are, install them, try them
    Peers {
        #[command(subcommand)]
        action: Option<peers::Action>,
    },
    /// Speak the solver protocol for a registered algorithm (docs/protocol.md)
    Solver {
        /// Its name; without it, the parameter `solver` of the request
        name: Option<String>,
    },
    /// The process of one run
    #[command(name = crate::runner::WORKER, hide = true)]
    Worker,
}

#[derive(Args)]
struct Experiment {
    /// The experiment's TOML file
    file: PathBuf,
    /// Its text, where it is part of the program
    #[arg(skip)]
    text: Option<&'static str>,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
struct How {
    /// Where results land: DIR/<experiment>/
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Where data sets of the catalogue lie that are not part of the program; when not given, where `nmfbench data fetch`
    /// puts them
    #[arg(long, value_name = "DIR", env = "NMFBENCH_DATA")]
    data_dir: Option<PathBuf>,
    /// Where a set of the catalogue is not on this machine, take the synthetic stand-in that the file declares; results land
    /// in DIR/<experiment>-stand-in/
    #[arg(long)]
    stand_ins: bool,
    /// Change a value of the file: stop.seconds=1, algorithm.hals.floor=0
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Only runs with this value: rank=25, algorithm=hals (repeated: any of the values of an axis)
    #[arg(long, value_name = "AXIS=VALUE")]
    only: Vec<String>,
    /// A short version, for a first look; its results land in DIR/<experiment>-quick/
    #[arg(long)]
    quick: bool,
}

/// How a command failed.
enum Failure {
    /// Exit code 2.
    Invalid(Report),
    /// Exit code 1.
    Failed(Report),
}

impl Failure {
    fn invalid(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Failure::Invalid(error.into())
    }

    fn failed(error: impl Display) -> Self {
        Failure::Failed(miette!("{error}"))
    }

    /// An error of ours says its cause itself, so no chain of causes is kept.
    fn bad_data(error: impl Display) -> Self {
        Failure::Invalid(miette!("{error}"))
    }
}

/// The whole program, for these algorithms: parses the command line, does what it says, returns the exit code.
///
/// A binary of one's own calls it with `Registry::builtin().with(entry::<Mine>(…))`. Runs are processes of that same
/// binary, so they know the same algorithms.
#[must_use]
pub fn main_with(registry: Registry) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let outcome = match cli.command {
        Command::Worker => match crate::runner::serve(&registry) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        },
        Command::Solver { name } => match crate::runner::solve(&registry, name) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => {
                let _ = crate::runner::say(&crate::runner::Reply::Error { message: error.to_string() });
                return ExitCode::FAILURE;
            }
        },
        Command::Peers { action } => peers::peers(action.as_ref()),
        Command::Run { experiment, retry_failed, repeat_disturbed, quiet } => {
            run::run(&registry, &experiment, &Options { retry_failed, repeat_disturbed }, quiet)
        }
        Command::Plan { experiment, all } => run::plan(&registry, &experiment, all),
        Command::Check { experiment } => run::check(&registry, &experiment),
        Command::Figures { experiment } => run::figures(&registry, &experiment),
        Command::Report(options) => report::report(&registry, *options),
        Command::Paper(asked) => paper::paper(&registry, asked),
        Command::Factorize(asked) => model::factorize(&registry, &asked),
        Command::Apply(asked) => model::apply(&asked),
        Command::Claims { experiment, strict } => run::claims(&registry, &experiment, strict),
        Command::Export { folder, format, out } => export::export(&folder, format, out.as_deref()),
        Command::Compare(options) => compare::compare(&options),
        Command::Merge { target, sources } => merge::merge(&target, &sources),
        Command::Noise { experiment, quiet } => noise::noise(&registry, &experiment, quiet),
        Command::Doctor => doctor::doctor(),
        Command::Bench(options) => bench::bench(&registry, &options),
        Command::List { what, markdown } => list::list(&registry, what, markdown),
        Command::Schema { markdown } => list::schema(&registry, markdown),
        Command::Info { name } => list::info(&registry, &name),
        Command::Verify { names, details } => verify::verify(&registry, &names, details),
        Command::New { what } => new::new(&what),
        Command::Data { action } => data::data(&action),
    };
    match outcome {
        Ok(code) => code,
        Err(Failure::Invalid(report)) => {
            eprintln!("{report:?}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(report)) => {
            eprintln!("{report:?}");
            ExitCode::FAILURE
        }
    }
}

/// Writes results to standard output; a reader that has gone away (`| head`) is no failure.
fn out(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}
