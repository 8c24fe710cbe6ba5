//! The two doors for an author: a [`Rule`] for one factor, or a whole [`Algorithm`].
//!
//! Most methods for the Frobenius norm alternate: with one factor fixed, the other solves a nonnegative least-squares
//! problem that depends on A only through a k×k Gram matrix and a tall cross product. A rule improves that factor and
//! knows nothing else; [`crate::Alternating`] makes an algorithm of it. What does not fit there implements
//! [`Algorithm`] itself.

use crate::conformance::Property;
use crate::matrix::{InvalidMatrix, Matrix};
use crate::parameters::{ParameterError, Parameters, Table};
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::Real;
use faer::{MatMut, MatRef, Par};

/// What is true of a method, as its paper claims it; the conformance suite holds it to that.
///
/// Written from [`Traits::of`], so that only what differs is named:
///
/// ```
/// use nmfbench_algorithms::conformance::Property;
/// use nmfbench_algorithms::{Objective, Traits};
///
/// const TRAITS: Traits = Traits { monotone: true, ..Traits::of(Objective::Frobenius) }
///     .except(Property::Permutation, "goes through the components in order");
/// assert!(TRAITS.monotone && !TRAITS.stationary);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traits {
    /// The objective it descends.
    pub objective: Objective,
    /// The objective never rises, beyond rounding: [`Solver::objective`] where the method has one of its own.
    pub monotone: bool,
    /// Its limit points are stationary (the KKT residual goes to 0).
    pub stationary: bool,
    /// It draws random numbers beside those of the start.
    pub stochastic: bool,
    /// An entry that is 0 can never leave 0, so a start with zeros confines it.
    pub locks_zeros: bool,
    /// The start is of no matter: the first step finds both factors, and later ones change nothing.
    pub direct: bool,
    /// What the conformance suite would ask of every method and does not ask of this one.
    pub exceptions: Exceptions,
}

impl Traits {
    /// Descends this objective, and claims nothing beyond what is asked of every method.
    #[must_use]
    pub const fn of(objective: Objective) -> Self {
        let exceptions = Exceptions([None; Exceptions::MOST]);
        Traits {
            objective,
            monotone: false,
            stationary: false,
            stochastic: false,
            locks_zeros: false,
            direct: false,
            exceptions,
        }
    }

    /// The same without the claim to a property, and why.
    #[must_use]
    pub const fn except(self, property: Property, why: &'static str) -> Self {
        self.with_exception(Exception { property, why, with: None })
    }

    /// The same with the claim to a property for other parameters than the defaults (a JSON object), and why.
    #[must_use]
    pub const fn only_with(self, property: Property, parameters: &'static str, why: &'static str) -> Self {
        self.with_exception(Exception { property, why, with: Some(parameters) })
    }

    const fn with_exception(mut self, exception: Exception) -> Self {
        let mut i = 0;
        while self.exceptions.0[i].is_some() {
            i += 1; // beyond the last place this does not compile
        }
        self.exceptions.0[i] = Some(exception);
        self
    }
}

/// Properties that a method does not claim; made by [`Traits::except`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exceptions([Option<Exception>; Exceptions::MOST]);

impl Exceptions {
    const MOST: usize = 8;

    /// What is said about a property; the last word where there are several.
    #[must_use]
    pub fn of(&self, property: Property) -> Option<&Exception> {
        self.0.iter().flatten().rfind(|e| e.property == property)
    }
}

/// A property that a method does not claim, or not with its defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Which.
    pub property: Property,
    /// Why, in a few words.
    pub why: &'static str,
    /// Parameters with which it is claimed all the same, a JSON object.
    pub with: Option<&'static str>,
}

/// What data a method takes beside matrices ≥ 0 with every entry known, and what its factors may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepts {
    /// A may have entries below 0. Then W may have them as well, and H alone is kept ≥ 0.
    pub signed: bool,
    /// A may come with weights, or with entries that are missing ([`Matrix::Weighted`]).
    pub weighted: bool,
    /// A must be symmetric.
    pub symmetric_only: bool,
}

impl Accepts {
    /// Matrices ≥ 0 with every entry known: what nearly all methods take.
    pub const NONNEGATIVE: Accepts = Accepts { signed: false, weighted: false, symmetric_only: false };

    /// Checks that a matrix is of that kind.
    ///
    /// # Errors
    /// Names the first entry that is not.
    pub fn check<T: Real>(self, matrix: &Matrix<T>) -> Result<(), InvalidMatrix> {
        if let (Matrix::Weighted(a), false) = (matrix, self.weighted) {
            return Err(InvalidMatrix::Weighted { missing: a.first_missing() });
        }
        if let (Some((row, col, value)), false) = (matrix.first_negative(), self.signed) {
            return Err(InvalidMatrix::NotNonnegative { row, col, value });
        }
        if self.symmetric_only {
            matrix.check_symmetric()?;
        }
        Ok(())
    }
}

/// The side of the problem on which a rule works: X is p×k, and the other factor Y is q×k.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// p, the rows of X.
    pub rows: usize,
    /// q, the rows of Y.
    pub others: usize,
    /// k.
    pub rank: usize,
    /// Stored entries of A.
    pub nnz: usize,
    /// √(mean(A)/k): the size of an entry of two balanced factors.
    pub scale: f64,
    /// ‖∇(W₀, H₀)‖_F at the start, for a rule that asks for it ([`Rule::WANTS_START_GRADIENT`]).
    pub start_gradient: f64,
}

/// min over X ≥ 0 of ½⟨XG, X⟩ − ⟨C, X⟩, rows of X (p×k) independent.
#[derive(Clone, Copy)]
pub struct Subproblem<'a, T> {
    /// G = YᵀY, k×k, symmetric.
    pub gram: MatRef<'a, T>,
    /// C = A·Y (or Aᵀ·Y), p×k.
    pub cross: MatRef<'a, T>,
    /// Threads that the rule may use.
    pub par: Par,
}

impl<T> Subproblem<'_, T> {
    /// Turns sums over the rows at hand into sums over all rows of X.
    ///
    /// A rule that needs a scalar over all rows (a line search, an inner stop) passes it through here, so that the same
    /// rule can run on a part of the rows.
    pub fn sum(&self, _values: &mut [f64]) {}
}

/// A combinator that a rule may have defaults of its own for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// [`crate::Accelerated`].
    Accelerated,
    /// [`crate::Extrapolated`].
    Extrapolated,
}

/// The parameters of a rule, and how to make the machine that runs it on one factor.
pub trait Rule: Parameters {
    /// What holds for the alternating algorithm made of this rule.
    const TRAITS: Traits;
    /// Whether each row is improved without looking at the others.
    const SEPARABLE: bool = true;
    /// Whether [`Side::start_gradient`] is worth two products with A at the start.
    const WANTS_START_GRADIENT: bool = false;
    /// Defaults that suit the rule better inside a combinator, as its paper has them: keys of the rule or of the
    /// combinator, and values.
    #[must_use]
    fn tuned(_within: Within) -> Vec<(&'static str, serde_json::Value)> {
        Vec::new()
    }
    /// The machine: workspaces and state of one factor.
    type Update<T: Real>: Update<T> + 'static;
    /// Allocates the workspaces, once.
    fn prepare<T: Real>(&self, side: &Side) -> Self::Update<T>;
    /// Checks that need the shape of the problem.
    ///
    /// # Errors
    /// Names the offending key.
    fn check(&self, _shape: &Shape) -> Result<(), ParameterError> {
        Ok(())
    }
}

/// Improves one factor.
pub trait Update<T: Real>: Send {
    /// Overwrites X (p×k, contiguous columns, ≥ 0) with a better one, without allocating.
    ///
    /// Only [`crate::Extrapolated`] hands in entries below 0: an extrapolated point.
    ///
    /// # Errors
    /// When the rule cannot go on.
    fn update(&mut self, x: MatMut<'_, T>, subproblem: &Subproblem<'_, T>) -> Result<Effort, Breakdown>;

    /// The lower bound that the rule keeps its entries at: 0, or a small positive floor.
    fn floor(&self) -> f64 {
        0.0
    }
}

/// A whole method: its parameters, and how to start it.
pub trait Algorithm: Parameters {
    /// What is true of it.
    const TRAITS: Traits;
    /// The data it takes.
    const ACCEPTS: Accepts = Accepts::NONNEGATIVE;
    /// The objective it descends with these parameters.
    fn objective(&self) -> Objective {
        Self::TRAITS.objective
    }
    /// Parameters that follow from what an experiment minimises, for those it does not give itself.
    #[must_use]
    fn implied(_objective: Objective) -> Table {
        Table::new()
    }
    /// Checks what [`Algorithm::ACCEPTS`] cannot say of the data.
    ///
    /// # Errors
    /// Says what the method would need.
    fn check_data<T: Real>(&self, _matrix: &Matrix<T>) -> Result<(), Breakdown> {
        Ok(())
    }
    /// Sets up the solver. This is on the clock; the factors are the start and must not be changed.
    ///
    /// # Errors
    /// When the method cannot start from here.
    fn start<T: Real>(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown>;
    /// Checks that need the shape of the problem.
    ///
    /// # Errors
    /// Names the offending key.
    fn check(&self, _shape: &Shape) -> Result<(), ParameterError> {
        Ok(())
    }
}

/// A method at work on one problem.
pub trait Solver<T: Real>: Send {
    /// One outer iteration: both factors once, in place, without allocating.
    ///
    /// # Errors
    /// When the method cannot go on; the factors are then still feasible.
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown>;

    /// The lower bounds at which W and H are kept: optimality is measured against these.
    ///
    /// A factor of any sign has −∞.
    fn floors(&self) -> (f64, f64) {
        (0.0, 0.0)
    }

    /// The value at these factors of what the method descends, where that is more than [`Traits::objective`]: with a
    /// penalty, or infinite where a constraint is not met (as at a start that does not know of it). A method that claims
    /// [`Traits::monotone`] never lets this rise. It may allocate: it is for tests and reports.
    fn objective(&self, _problem: &Problem<'_, T>, _factors: &Factors<T>) -> Option<f64> {
        None
    }

    /// Why there is nothing left to do, where there is nothing: further steps would change no bit.
    fn finished(&self) -> Option<&'static str> {
        None
    }
}
