//! What is asked of every algorithm, and whether it holds: pure computation, for a table, a test or a paper's appendix.
//!
//! ```
//! use nmfbench_algorithms::Registry;
//! use nmfbench_algorithms::conformance::{Options, Property, verify};
//!
//! let registry = Registry::builtin();
//! let hals = registry.get("hals")?;
//! let report = verify(hals, &Options { only: Some(&[Property::Feasible, Property::Scale]), ..Options::default() });
//! assert!(report.holds(), "{report}");
//! # Ok::<(), nmfbench_algorithms::UnknownAlgorithm>(())
//! ```
//!
//! A method that does not have a property says so, and why, in its [`crate::Traits`].

mod arithmetic;
mod basics;
pub mod cases;
mod descent;
mod edges;
mod effort;
mod matching;
mod property;
mod subject;
mod symmetry;

pub use matching::{assignment, matched_cosine};
pub use property::Property;

use crate::parameters::Table;
use crate::registry::Entry;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use subject::{Finding, Subject};

/// How a method is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// These properties; all of them when not given.
    pub only: Option<&'a [Property]>,
    /// How often this thread has allocated memory so far, in a program whose allocator counts.
    pub allocations: Option<fn() -> u64>,
}

/// Whether a property holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does, with these figures.
    Passes(String),
    /// It does not, with these figures.
    Fails(String),
    /// The method does not claim it, and why.
    NotClaimed(String),
    /// It cannot be looked at here, and what could.
    NotChecked(String),
}

/// The verdicts on one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its name.
    pub algorithm: &'static str,
    /// A verdict for each property, in order.
    pub verdicts: Vec<(Property, Verdict)>,
}

impl Report {
    /// Whether no property fails.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The properties that fail, with figures.
    pub fn failures(&self) -> impl Iterator<Item = (Property, &str)> {
        self.verdicts.iter().filter_map(|(property, verdict)| match verdict {
            Verdict::Fails(figures) => Some((*property, figures.as_str())),
            _ => None,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (property, verdict) in &self.verdicts {
            writeln!(f, "{}, {property}: {verdict}", self.algorithm)?;
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Passes(figures) => write!(f, "passes ({figures})"),
            Verdict::Fails(figures) => write!(f, "fails ({figures})"),
            Verdict::NotClaimed(why) => write!(f, "not claimed ({why})"),
            Verdict::NotChecked(why) => write!(f, "not checked ({why})"),
        }
    }
}

/// Looks at all properties of a method.
#[must_use]
pub fn verify(entry: &Entry, options: &Options<'_>) -> Report {
    verify_telling(entry, options, &mut |_| {})
}

/// The same, telling each property before it is looked at.
#[must_use]
pub fn verify_telling(entry: &Entry, options: &Options<'_>, tell: &mut dyn FnMut(Property)) -> Report {
    let wanted = Property::ALL.into_iter().filter(|p| options.only.is_none_or(|only| only.contains(p)));
    let verdicts = wanted.map(|property| {
        tell(property);
        (property, verdict(entry, property, options))
    });
    Report { algorithm: entry.name, verdicts: verdicts.collect() }
}

fn verdict(entry: &Entry, property: Property, options: &Options<'_>) -> Verdict {
    let exception = entry.traits.exceptions.of(property);
    let mut parameters = Table::new();
    if let Some(exception) = exception {
        let Some(with) = exception.with else { return Verdict::NotClaimed(exception.why.into()) };
        match serde_json::from_str(with) {
            Ok(table) => parameters = table,
            Err(error) => return Verdict::Fails(format!("its exception has parameters that are no JSON: {error}")),
        }
    }
    if let Some(why) = unclaimed(entry, property) {
        return Verdict::NotClaimed(why.into());
    }
    let check: Box<dyn Fn(&Subject<'_>) -> Finding> = match property {
        Property::Allocation => match options.allocations {
            Some(count) => Box::new(move |subject| effort::allocation(subject, count)),
            None => return Verdict::NotChecked("the allocator of this program does not count".into()),
        },
        _ => Box::new(check(property)),
    };
    // A panic is a finding like others.
    let found = catch_unwind(AssertUnwindSafe(|| check(&Subject::new(entry, parameters)?)));
    let found = found.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(format!("panics: {}", text.unwrap_or("without a word")))
    });
    match (found, exception) {
        (Ok(figures), None) => Verdict::Passes(figures),
        (Ok(figures), Some(e)) => Verdict::Passes(format!("{figures}; with {}: {}", e.with.unwrap_or_default(), e.why)),
        (Err(figures), _) => Verdict::Fails(figures),
    }
}

/// Why a property is not to be expected of a method, from what its traits and parameters say.
fn unclaimed(entry: &Entry, property: Property) -> Option<&'static str> {
    let penalised = entry.fields().iter().any(|f| f.name == "l1_w");
    match property {
        Property::Descent | Property::PenalisedDescent if !entry.traits.monotone => Some("the objective may rise"),
        Property::PenalisedDescent if !penalised => Some("it takes no penalties"),
        Property::Stationary if !entry.traits.stationary => Some("not claimed by its paper"),
        _ => None,
    }
}

fn check(property: Property) -> fn(&Subject<'_>) -> Finding {
    match property {
        Property::Feasible => basics::feasible,
        Property::Inputs => basics::inputs,
        Property::Deterministic => basics::deterministic,
        Property::Descent => descent::descent,
        Property::PenalisedDescent => descent::penalised_descent,
        Property::Stationary => descent::stationary,
        Property::Recovery => descent::recovery,
        Property::FixedPoint => descent::fixed_point,
        Property::Scale => symmetry::scale,
        Property::Permutation => symmetry::permutation,
        Property::Transposition => symmetry::transposition,
        Property::Sparse => arithmetic::sparse,
        Property::Precision => arithmetic::precision,
        Property::Threads => arithmetic::threads,
        Property::Passes => effort::passes_counted,
        Property::Flops => effort::flops,
        Property::Edges => edges::edges,
        Property::Extremes => edges::extremes,
        Property::Allocation => |_| Err("needs an allocator that counts".into()),
    }
}
