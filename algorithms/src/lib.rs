//! Algorithms for nonnegative matrix factorization: A ≈ W·H with A (m×n), W (m×k) and H (k×n) all ≥ 0.
//!
//! - To factorise a matrix: [`Nmf`].
//! - To add an algorithm: a [`Rule`] for one factor (or a whole [`Algorithm`]) and a row made by [`entry`].
//! - To compare algorithms: the package `nmfbench`, for which this crate is the part that computes.
//!
//! There is no clock, no file, no environment variable, no printing and no thread pool of its own in here.

mod accelerated;
mod algorithm;
mod alternating;
pub mod conformance;
mod constrained;
#[cfg(test)]
mod counted;
mod dense;
mod divergence;
mod drive;
mod extrapolated;
mod fit;
mod init;
mod joint;
pub mod kernels;
mod matrix;
mod measure;
mod normalized;
pub mod parameters;
mod problem;
mod products;
pub mod random;
mod real;
mod registry;
mod rules;
mod separable;
mod sparse;
mod weighted;

pub use accelerated::Accelerated;
pub use algorithm::{
    Accepts, Algorithm, Exception, Exceptions, Rule, Side, Solver, Subproblem, Traits, Update, Within,
};
pub use alternating::Alternating;
pub use constrained::{Gnmf, Hoyer, MinVol, Onmf, SemiNmf, SymNmf, Wnmf};
pub use dense::Dense;
pub use divergence::{
    AdmmKl, AlternatingDivergence, BmdKl, CcdKl, DivergenceRule, Half, MuBeta, MuKl, PdKl, SnKl, SnMuKl, View,
};
pub use drive::{Judge, Observer, Progress, Reason, Schedule, Stop, drive};
pub use extrapolated::Extrapolated;
pub use fit::{Fit, FitError, Look, Nmf, apply, apply_matrix};
pub use init::{Init, UnknownInit, centroids, scale_and_balance};
pub use joint::{Admm, Apg, MiniBatchMu, MiniBatchMuBeta, Online, PGrad, RHals};
pub use matrix::{InvalidMatrix, Matrix};
pub use measure::{Evaluator, Measures, sparseness};
pub use normalized::Normalized;
pub use problem::{Breakdown, Effort, Factors, InvalidProblem, Laps, Objective, Part, Problem, Shape};
pub use real::Real;
pub use registry::{BUILTIN, Entry, Method, Registry, StartIn, Started, UnknownAlgorithm, entry};
pub use rules::{Als, AnlsAs, AnlsBpp, AoAdmm, Gcd, Hals, Mu, MuLin, NeNmf, Pgd};
pub use separable::{Selection, Separable, Snpa, Spa, Xray};
pub use sparse::Sparse;
pub use weighted::Weighted;
