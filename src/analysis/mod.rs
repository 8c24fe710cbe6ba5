//! From records to numbers: groups, best values, aggregated curves, times to targets.
//!
//! Everything here is a pure function of records; nothing is run, drawn or read from disk. Estimators say what they
//! do with failures: a failure is infinite, never dropped.

mod best;
mod claims;
mod curve;
mod groups;
mod machine;
mod measure;
pub(crate) mod show;
mod stats;
mod targets;

#[cfg(test)]
pub(crate) mod invented;

pub use best::{BestValue, BestValues};
pub use claims::{Claim, Finding, Verdict, judge};
pub use curve::{Curve, curve};
pub use groups::{Entrant, Problem, Run, problems};
pub use machine::{OneMachine, on_one_machine};
pub use measure::{X, Y};
pub use stats::{Summary, median, quantile};
pub use targets::{DEFAULT_TARGETS, Reached, reach, reached};
