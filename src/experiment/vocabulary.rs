//! What an experiment may name: algorithms with their parameters, starts, data sets.
//!
//! Checking a file needs these words and nothing of what stands behind them, so it asks for a trait.

use nmfbench_algorithms::parameters::{Field, ParameterError};
use nmfbench_algorithms::{Objective, Shape};
use serde_json::{Map, Value};

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

/// A library in another language whose adapter comes with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// The name in the file.
    pub name: String,
    /// sha256 over its adapter and the versions it is pinned to: another adapter makes other runs.
    pub digest: String,
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
    ) -> Result<Map<String, Value>, ParameterError>;
    /// Parameters that follow from what an experiment minimises, for those it does not give itself.
    fn implied(&self, algorithm: &str, objective: Objective) -> Map<String, Value>;
    /// What the algorithm descends with these resolved parameters.
    fn objective(&self, algorithm: &str, parameters: &Map<String, Value>) -> Objective;
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
    /// The libraries in other languages.
    fn peers(&self) -> Vec<PeerInfo>;
}
