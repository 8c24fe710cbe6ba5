//! The program with the built-in algorithms.

use nmfbench::algorithms::Registry;
use std::process::ExitCode;

fn main() -> ExitCode {
    nmfbench::main_with(Registry::builtin())
}
