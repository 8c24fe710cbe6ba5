//! The properties, one by one.

/// Something that is asked of every method, unless its [`crate::Traits`] say why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// W is m×k, H is k×n; all entries finite and at least 0, exactly, after every iteration.
    Feasible,
    /// A, the start and the factors that a solver is set up from are not changed; iteration 0 is the given start.
    Inputs,
    /// The same seed gives the same bits, whatever ran before.
    Deterministic,
    /// The objective never rises beyond rounding ([`crate::Traits::monotone`]).
    Descent,
    /// The same for the objective with its penalties, for methods that take any.
    PenalisedDescent,
    /// The KKT residual goes to 0 on an easy problem ([`crate::Traits::stationary`]).
    Stationary,
    /// Factors that are unique are found, up to order and scale.
    Recovery,
    /// An exact factorisation is not left.
    FixedPoint,
    /// c·A from √c·W₀ and √c·H₀ gives √c times the factors, c = 4^j.
    Scale,
    /// Renaming the components of the start renames those of the result.
    Permutation,
    /// Aᵀ from (H₀ᵀ, W₀ᵀ), with the other factor first where there is a first, swaps the factors.
    Transposition,
    /// The same iterates on sparse storage as on dense.
    Sparse,
    /// The first iterations in single precision are near those in double precision.
    Precision,
    /// Two threads give what one gives, but for rounding, and the same bits each time.
    Threads,
    /// Passes over A as reported are those counted.
    Passes,
    /// Operations as reported grow, and are no fewer than the entries of A that were read ask for.
    Flops,
    /// One row or column, rank 1 and min(m, n), a rank above the data's, zero rows, constant or all-zero data, zero
    /// components: factors stay feasible and the outcome is defined.
    Edges,
    /// The same for entries near the ends of the range, 1e-300 to 1e300: refused, or survived.
    Extremes,
    /// A step allocates no memory.
    Allocation,
}
