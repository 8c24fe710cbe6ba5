//! Methods that multiply each entry by a number made of N and D (see [`Pass`]).
//!
//! - `mu-kl`: X ← X ∘ N ⊘ D. Lee & Seung, "Algorithms for non-negative matrix factorization", NIPS 13 (2001), eq. 5.
//! - `mu-beta`: X ← X ∘ (N ⊘ D)^γ(β), with γ = 1/(2 − β) for β < 1, 1/(β − 1) for β > 2, and 1 between. Févotte & Idier,
//!   "Algorithms for nonnegative matrix factorization with the β-divergence", Neural Computation 23 (2011), §4.1: without
//!   the exponent there is no proof of descent.
//! - `bmd-kl`: X ← X ⊘ (1 + X ∘ (D − N) ⊘ L), L_i being the sum of the data of row i. Hien & Gillis, "Algorithms for
//!   nonnegative matrix factorization with the Kullback–Leibler divergence", J. Sci. Comput. 87 (2021), §3.3: a mirror
//!   descent step, as the objective is L_i-smooth relative to −Σ log x (Bauschke, Bolte & Teboulle 2017, Lemma 7).
//!
//! Entries are kept at a floor ε > 0 (Takahashi & Hibi 2014; Hien & Gillis 2021, §2): the minimiser of a separable
//! surrogate over x ≥ ε is its minimiser over x ≥ 0, raised to ε.

use crate::algorithm::Traits;
use crate::divergence::beta::Beta;
use crate::divergence::pass::{Pass, scaled};
use crate::divergence::view::{View, at_least, data_sums};
use crate::divergence::{DivergenceRule, Half, floor, kullback_leibler, model_floor};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::parameters::Table;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::Real;
use faer::prelude::*;
use faer::{MatMut, MatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Multiplicative update for the Kullback–Leibler divergence.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MuKl {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for MuKl {
    fn default() -> Self {
        MuKl { floor: 1e-16 }
    }
}

impl DivergenceRule for MuKl {
    const TRAITS: Traits = Traits { locks_zeros: true, ..kullback_leibler(true) };
    type Half<T: Real> = Multiplicative<T>;

    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> Multiplicative<T> {
        Multiplicative::new(view, rank, Beta::KullbackLeibler, floor(self.floor, scale))
    }
}

/// Multiplicative update for a β-divergence.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MuBeta {
    /// β of the divergence: 0 is Itakura–Saito, 1 Kullback–Leibler, 2 half the squared Frobenius norm. For β ≤ 0 the data
    /// may have no zeros. In an experiment it is that of its objective.
    beta: f64,
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for MuBeta {
    fn default() -> Self {
        MuBeta { beta: 0.5, floor: 1e-16 }
    }
}

impl MuBeta {
    pub(crate) fn beta(&self) -> Beta {
        Beta::of(self.beta)
    }
}

impl DivergenceRule for MuBeta {
    const TRAITS: Traits = Traits { objective: Objective::Beta(0.5), ..MuKl::TRAITS };
    type Half<T: Real> = Multiplicative<T>;

    fn objective(&self) -> Objective {
        Objective::of_beta(self.beta)
    }

    fn implied(objective: Objective) -> Table {
        Table::from_iter([("beta".to_owned(), objective.beta().into())])
    }

    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> Multiplicative<T> {
        Multiplicative::new(view, rank, self.beta(), floor(self.floor, scale))
    }
}

pub struct Multiplicative<T> {
    pass: Pass<T>,
    /// γ(β).
    exponent: f64,
    floor: T,
}

impl<T: Real> Multiplicative<T> {
    pub(super) fn new(view: &View<'_, T>, rank: usize, beta: Beta, floor: T) -> Self {
        let pass = Pass::new(view, rank, beta, model_floor(floor));
        Multiplicative { pass, exponent: beta.exponent(), floor }
    }
}

impl<T: Real> Half<T> for Multiplicative<T> {
    fn update(&mut self, x: MatMut<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = (x.nrows(), x.ncols());
        let (floor, exponent, tiny) = (self.floor, self.exponent, T::of(T::TINY));
        let plain = exponent >= 1.0;
        self.pass.run(x, view, y, |mut x, n, d, _| {
            for j in 0..k {
                for (x, (n, d)) in column_mut(x.rb_mut(), j).iter_mut().zip(column(n, j).iter().zip(column(d, j))) {
                    let ratio = *n / at_least(*d, tiny);
                    let by = if plain { ratio } else { T::of(ratio.to_f64().powf(exponent)) };
                    *x = scaled(*x, by, floor);
                }
            }
        });
        Ok(Effort { flops: self.pass.flops(k) + 2.0 * count(p) * count(k), passes: 1.0, repairs: 0 })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}

/// Block mirror descent for the Kullback–Leibler divergence.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BmdKl {
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for BmdKl {
    fn default() -> Self {
        BmdKl { floor: 1e-16 }
    }
}

impl DivergenceRule for BmdKl {
    const TRAITS: Traits = kullback_leibler(true);
    type Half<T: Real> = Mirror<T>;

    fn prepare<T: Real>(&self, view: &View<'_, T>, rank: usize, scale: f64) -> Mirror<T> {
        let floor = floor(self.floor, scale);
        let pass = Pass::new(view, rank, Beta::KullbackLeibler, model_floor(floor));
        Mirror { pass, smooth: data_sums(view).into_iter().map(T::of).collect(), floor }
    }
}

pub struct Mirror<T> {
    pass: Pass<T>,
    /// L.
    smooth: Vec<T>,
    floor: T,
}

impl<T: Real> Half<T> for Mirror<T> {
    fn update(&mut self, x: MatMut<'_, T>, view: &View<'_, T>, y: MatRef<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = (x.nrows(), x.ncols());
        let (floor, smooth, tiny) = (self.floor, &self.smooth, T::of(T::TINY));
        self.pass.run(x, view, y, |mut x, n, d, from| {
            for j in 0..k {
                let sums = column(n, j).iter().zip(column(d, j)).zip(&smooth[from..]);
                for (x, ((n, d), l)) in column_mut(x.rb_mut(), j).iter_mut().zip(sums) {
                    // L + x(D − N), and x·N ≤ L up to rounding: without cancellation where it matters.
                    let rest = at_least(*l - *x * *n, T::of(0.0)) + *x * *d;
                    *x = scaled(*x, *l / at_least(rest, tiny), floor);
                }
            }
        });
        Ok(Effort { flops: self.pass.flops(k) + 6.0 * count(p) * count(k), passes: 1.0, repairs: 0 })
    }

    fn floor(&self) -> f64 {
        self.floor.to_f64()
    }
}
