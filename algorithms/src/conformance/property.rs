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

impl Property {
    /// All of them, in the order of a report.
    pub const ALL: [Property; 19] = [
        Property::Feasible,
        Property::Inputs,
        Property::Deterministic,
        Property::Descent,
        Property::PenalisedDescent,
        Property::Stationary,
        Property::Recovery,
        Property::FixedPoint,
        Property::Scale,
        Property::Permutation,
        Property::Transposition,
        Property::Sparse,
        Property::Precision,
        Property::Threads,
        Property::Passes,
        Property::Flops,
        Property::Edges,
        Property::Extremes,
        Property::Allocation,
    ];

    /// A heading of at most eight letters.
    #[must_use]
    pub fn heading(self) -> &'static str {
        self.words().0
    }

    /// What it says, in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Property::Feasible => ("feasible", "W m×k and H k×n, finite and ≥ 0, exactly, after every iteration"),
            Property::Inputs => ("inputs", "A and the start are not changed; iteration 0 is the start"),
            Property::Deterministic => ("determ.", "the same seed gives the same bits, whatever ran before"),
            Property::Descent => ("descent", "the objective never rises beyond rounding"),
            Property::PenalisedDescent => ("penalty", "the objective with L1 and L2 penalties never rises"),
            Property::Stationary => ("kkt", "the KKT residual goes to 0 on an easy problem"),
            Property::Recovery => ("recovery", "unique planted factors are found (optimally matched cosine)"),
            Property::FixedPoint => ("fixed", "an exact factorisation is not left"),
            Property::Scale => ("scale", "c·A gives √c times the factors"),
            Property::Permutation => ("permut.", "renaming the components renames those of the result"),
            Property::Transposition => ("transp.", "transposing A swaps the factors"),
            Property::Sparse => ("sparse", "sparse storage gives the iterates of dense storage"),
            Property::Precision => ("f32", "single precision begins like double, and survives"),
            Property::Threads => ("threads", "two threads give what one gives, and the same bits each time"),
            Property::Passes => ("passes", "passes over A as reported are those counted"),
            Property::Flops => ("flops", "operations as reported grow, no fewer than what was read of A asks for"),
            Property::Edges => ("edges", "1×1, 1×n, extreme ranks, zero lines, constant, all-zero, dead components"),
            Property::Extremes => ("extremes", "entries from 1e-300 to 1e300: refused or survived"),
            Property::Allocation => ("alloc.", "a step allocates no memory"),
        }
    }
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.heading())
    }
}
