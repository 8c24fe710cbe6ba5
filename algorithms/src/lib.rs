//! Algorithms for nonnegative matrix factorization: A ≈ W·H with A (m×n), W (m×k) and H (k×n) all ≥ 0.
//!
//! - To factorise a matrix: [`Nmf`].
//! - To add an algorithm: a [`Rule`] for one factor (or a whole [`Algorithm`]) and a row made by [`entry`].
//! - To compare algorithms: the package `nmfbench`, for which this crate is the part that computes.
//!
//! There is no clock, no file, no environment variable, no printing and no thread pool of its own in here.

mod algorithm;
mod alternating;
mod dense;
mod drive;
mod fit;
mod init;
pub mod kernels;
mod matrix;
mod measure;
pub mod parameters;
mod problem;
pub mod random;
mod real;
mod registry;
mod rules;
mod sparse;

pub use algorithm::{Algorithm, Rule, Side, Solver, Subproblem, Traits, Update};
pub use alternating::Alternating;
pub use dense::Dense;
pub use drive::{Judge, Observer, Progress, Reason, Schedule, Stop, drive};
pub use fit::{Fit, FitError, Look, Nmf, apply};
pub use init::{Init, UnknownInit, scale_and_balance};
pub use matrix::{InvalidMatrix, Matrix};
pub use measure::{Evaluator, Measures};
pub use problem::{Breakdown, Effort, Factors, InvalidProblem, Objective, Problem, Shape};
pub use real::Real;
pub use registry::{BUILTIN, Entry, Method, Registry, StartIn, Started, UnknownAlgorithm, entry};
pub use rules::{Als, Hals, Mu, Pgd};
pub use sparse::Sparse;
