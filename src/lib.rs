//! Compares algorithms for nonnegative matrix factorization: A ≈ W·H with A, W, H ≥ 0.
//!
//! An experiment is a TOML file; `nmfbench run FILE` makes its runs, tables and figures. A program of one's own that
//! knows one more algorithm is [`main_with`] and a row of the [`algorithms::Registry`]: see
//! `examples/custom_algorithm.rs`. To factorise a matrix and nothing else, see [`algorithms::Nmf`].

pub mod analysis;
pub mod bench;
mod cli;
pub mod data;
pub mod experiment;
pub mod figures;
pub mod peers;
pub mod report;
pub mod results;
pub mod runner;
pub mod scores;

pub use cli::main_with;
pub use nmfbench_algorithms as algorithms;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
