//! What an experiment may name: algorithms with their parameters, starts, data sets.
//!
//! Checking a file needs these words and nothing of what stands behind them, so it asks for a trait.

use serde_json::{Map, Value};

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The end itself.
    pub value: f64,
    /// Whether the end is outside the range.
    pub exclusive: bool,
}

impl Bound {
    /// An end that belongs to the range.
    #[must_use]
    pub const fn at(value: f64) -> Self {
        Self { value, exclusive: false }
    }

    /// An end that does not belong to the range.
    #[must_use]
    pub const fn beyond(value: f64) -> Self {
        Self { value, exclusive: true }
    }
}

/// What values a parameter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Any finite number.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Bool,
    /// Any text.
    Text,
    /// One of these words.
    Choice(Vec<String>),
}

/// One parameter of an algorithm or a generator.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key in the file.
    pub name: String,
    /// One sentence: meaning, range, default.
    pub doc: String,
    /// What values it takes.
    pub kind: FieldKind,
    /// The value it has when nothing is said; `null` where that is "none".
    pub default: Value,
    /// The least value.
    pub minimum: Option<Bound>,
    /// The greatest value.
    pub maximum: Option<Bound>,
}

/// A way to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitInfo {
    /// The name in the file.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Whether the seed matters; without it, one start serves all seeds.
    pub random: bool,
}

/// A program that makes a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorInfo {
    /// The name in the file.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Its parameters; one whose default is `null` must be given.
    pub fields: Vec<Field>,
}

/// The size of a problem: A is m×n, W is m×k, H is k×n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of A.
    pub m: usize,
    /// Columns of A.
    pub n: usize,
    /// The rank k.
    pub rank: usize,
}

/// A parameter that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The parameter at fault.
    pub key: String,
    /// What was found and what was expected.
    pub message: String,
}

/// The words an experiment may use.
pub trait Vocabulary {
    /// The registered names.
    fn algorithms(&self) -> Vec<String>;
    /// The parameters of an algorithm; empty for an unknown name.
    fn fields(&self, algorithm: &str) -> Vec<Field>;
    /// All parameters of an algorithm, defaults filled in, from those given. Resolving the result again changes
    /// nothing. `shape` is known once the data are loaded, for the checks that need it.
    ///
    /// # Errors
    /// The first parameter the algorithm refuses.
    fn resolve(
        &self,
        algorithm: &str,
        given: &Map<String, Value>,
        shape: Option<Shape>,
    ) -> Result<Map<String, Value>, Refused>;
    /// Whether the algorithm draws random numbers of its own.
    fn is_stochastic(&self, algorithm: &str) -> bool;
    /// Rises when the iterates of an algorithm change.
    fn revision(&self, algorithm: &str) -> u32;
    /// The ways to start.
    fn inits(&self) -> Vec<InitInfo>;
    /// The names of the catalogue.
    fn datasets(&self) -> Vec<String>;
    /// The programs that make data.
    fn generators(&self) -> Vec<GeneratorInfo>;
}
