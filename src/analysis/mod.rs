//! From records to numbers: groups, best values, aggregated curves, times to targets.
//!
//! Everything here is a pure function of records; nothing is run, drawn or read from disk. Estimators say what they
//! do with failures: a failure is infinite, never dropped.

mod attempts;
mod best;
mod bootstrap;
mod claims;
mod contest;
mod curve;
mod groups;
mod machine;
mod measure;
mod noise;
mod paired;
pub mod profile;
mod ranks;
mod scaling;
pub(crate) mod show;
mod signed;
mod stats;
mod targets;
mod versus;

#[cfg(test)]
pub(crate) mod invented;
#[cfg(test)]
mod oracles;

pub use attempts::{Attempt, ToTarget, attempts, expected, labels, nested, to_targets};
pub use best::{BestValue, BestValues};
pub use bootstrap::{Bootstrap, Interval, Nested, share};
pub use claims::{Claim, Finding, Verdict, judge};
pub use contest::{Contest, entrants, final_quality, pairs};
pub use curve::{Curve, curve};
pub use groups::{Entrant, Problem, Run, problems};
pub use machine::{OneMachine, on_one_machine};
pub use measure::{X, Y};
pub use noise::{ASSUMED_FLOOR, NoiseFloor, Twins, floor, twins};
pub use paired::{Comparison, FEWEST, LEVEL, QUALITY_FLOOR, Side, Test, compare, decide, matrix};
pub use ranks::{Ranks, ranks};
pub use scaling::{Exponent, Scaling, Size, Timing, scaling};
pub use signed::{SignedRank, holm, signed_rank, student};
pub use stats::{Summary, median, quantile};
pub use targets::{DEFAULT_TARGETS, Reached, reach, reached};
pub use versus::{Speed, Versus, opponents, versus};
