//! Alternating nonnegative least squares by projected gradient. Lin, "Projected gradient methods for nonnegative matrix
//! factorization", Neural Computation 19 (2007), Algorithm 4 and §4.1.
//!
//! X(α) = max(0, X − α∇), with the largest α = β^t (t of either sign) that satisfies, for D = X(α) − X,
//!
//! (1 − σ)⟨∇, D⟩ + ½⟨D, DG⟩ ≤ 0,
//!
//! repeated until the projected gradient is below a tolerance that follows the outer iteration. A search begins at the
//! power of β nearest to 1/trace(G), which is on the same grid as Lin's α = 1 and does not depend on the scale of A.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update, Within};
use crate::conformance::Property;
use crate::kernels::{column, column_mut, dot};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, positive};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Alternating projected gradient.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pgd {
    /// σ, the share of the linear decrease that a step must achieve.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    sigma: f64,
    /// β, the factor between two trial step lengths.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    beta: f64,
    /// Trial step lengths in one search.
    #[schemars(range(min = 1))]
    trials: u32,
    /// Projected-gradient steps on one factor in one outer iteration.
    #[schemars(range(min = 1))]
    inner_iterations: u32,
    /// First inner tolerance on the projected gradient, in units of the start's gradient norm; 0 means none.
    #[schemars(range(min = 0.0))]
    inner_tolerance: f64,
}

impl Default for Pgd {
    fn default() -> Self {
        Pgd { sigma: 0.01, beta: 0.1, trials: 20, inner_iterations: 1000, inner_tolerance: 1e-3 }
    }
}

impl Rule for Pgd {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) }.only_with(
        Property::Scale,
        r#"{"beta": 0.5, "trials": 60}"#,
        "the step lengths are powers of beta: where c is a power of it, all is the same",
    );
    const SEPARABLE: bool = false;
    const WANTS_START_GRADIENT: bool = true;
    /// Gillis & Glineur (2012), §4.3 repeat single steps, and count those.
    fn tuned(within: Within) -> Vec<(&'static str, serde_json::Value)> {
        match within {
            // Repetitions are bounded by their number alone, as in the authors' program for it.
            Within::Accelerated => {
                vec![("inner_iterations", 1.into()), ("inner_tolerance", 0.0.into()), ("epsilon", 0.0.into())]
            }
            Within::Extrapolated => vec![],
        }
    }

    type Update<T: Real> = PgdUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> PgdUpdate<T> {
        let zeros = || Mat::zeros(side.rows, side.rank);
        PgdUpdate {
            rule: self.clone(),
            tolerance: self.inner_tolerance * side.start_gradient,
            gradient: zeros(),
            first_length: 1.0,
            trial: Trial { x: zeros(), d: zeros(), dg: zeros() },
            kept: Trial { x: zeros(), d: zeros(), dg: zeros() },
        }
    }
}

pub struct PgdUpdate<T> {
    rule: Pgd,
    /// Follows the outer iterations: a tenth, each time nothing was left to do at the present one.
    tolerance: f64,
    /// ∇ = XG − C, p×k.
    gradient: Mat<T>,
    /// The power of β next to 1/trace(G): 1, where a search may also begin, can be far from every length that is of use.
    first_length: f64,
    trial: Trial<T>,
    kept: Trial<T>,
}

/// A point on the projected path; all p×k.
struct Trial<T> {
    /// max(0, X − α∇).
    x: Mat<T>,
    /// The move D from X to there.
    d: Mat<T>,
    /// DG.
    dg: Mat<T>,
}

impl<T: Real> Trial<T> {
    /// Goes to step length `alpha` and says whether the decrease there is sufficient.
    fn go(&mut self, rule: &Pgd, alpha: f64, x: MatRef<'_, T>, gradient: &Mat<T>, s: &Subproblem<'_, T>) -> bool {
        let alpha = T::of(alpha);
        for j in 0..x.ncols() {
            let (x, g) = (column(x, j), gradient.col_as_slice(j));
            let (new, d) = (self.x.col_as_slice_mut(j), self.d.col_as_slice_mut(j));
            for i in 0..x.len() {
                new[i] = positive(x[i] - alpha * g[i]);
                d[i] = new[i] - x[i];
            }
        }
        matmul(&mut self.dg, Accum::Replace, &self.d, s.gram, T::of(1.0), s.par);
        let mut sums = [dot(gradient.as_ref(), self.d.as_ref()), dot(self.d.as_ref(), self.dg.as_ref())];
        s.sum(&mut sums);
        sums[0] < 0.0 && (1.0 - rule.sigma) * sums[0] + 0.5 * sums[1] <= 0.0
    }

    fn is_same_point(&self, other: &Self, s: &Subproblem<'_, T>) -> bool {
        let columns = 0..self.x.ncols();
        let differ = columns.filter(|&j| self.x.col_as_slice(j) != other.x.col_as_slice(j)).count();
        let mut sum = [count(differ)];
        s.sum(&mut sum);
        sum[0] == 0.0
    }
}

impl<T: Real> PgdUpdate<T> {
    /// Line search from `x`; on success `kept` holds the new point. Counts the trials.
    fn search(&mut self, x: MatRef<'_, T>, s: &Subproblem<'_, T>, trials: &mut u64) -> bool {
        let mut alpha = self.first_length;
        *trials += 1;
        let growing = self.kept.go(&self.rule, alpha, x, &self.gradient, s);
        for _ in 1..self.rule.trials {
            *trials += 1;
            if growing {
                // The last acceptable point is kept; growing ends where the path ends or the decrease fails.
                alpha /= self.rule.beta;
                let sufficient = self.trial.go(&self.rule, alpha, x, &self.gradient, s);
                if !sufficient || self.trial.is_same_point(&self.kept, s) {
                    return true;
                }
                std::mem::swap(&mut self.trial, &mut self.kept);
            } else {
                alpha *= self.rule.beta;
                if self.kept.go(&self.rule, alpha, x, &self.gradient, s) {
                    return true;
                }
            }
        }
        growing
    }

    /// ‖∇ᴾ‖_F: entries count where X is free to move down, or the gradient wants it up.
    fn projected_gradient_norm(&self, x: MatRef<'_, T>, s: &Subproblem<'_, T>) -> f64 {
        let zero = T::of(0.0);
        let mut sum = [0.0];
        for j in 0..x.ncols() {
            for (x, g) in column(x, j).iter().zip(self.gradient.col_as_slice(j)) {
                if *x > zero || *g < zero {
                    sum[0] += g.to_f64() * g.to_f64();
                }
            }
        }
        s.sum(&mut sum);
        sum[0].sqrt()
    }
}

impl<T: Real> Update<T> for PgdUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (mut trials, mut steps, mut repairs) = (0, 0, 0);
        matmul(&mut self.gradient, Accum::Replace, x.rb(), s.gram, T::of(1.0), s.par);
        subtract(&mut self.gradient, s.cross);
        let trace: f64 = (0..s.gram.ncols()).map(|l| s.gram[(l, l)].to_f64()).sum();
        if trace > 0.0 {
            self.first_length = self.rule.beta.powf(-trace.log(self.rule.beta).round());
        }
        while steps < self.rule.inner_iterations && self.projected_gradient_norm(x.rb(), s) > self.tolerance {
            if !self.search(x.rb(), s, &mut trials) {
                repairs = 1; // no step length decreases: X is as good as rounding allows
                break;
            }
            x.copy_from(&self.kept.x);
            add(&mut self.gradient, &self.kept.dg); // ∇(X + D) = ∇(X) + DG
            steps += 1;
        }
        if steps == 0 {
            self.tolerance *= 0.1;
        }
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        let products = 2.0 * p * k * k * (1.0 + count(trials as usize));
        let elementwise = p * k * (1.0 + 7.0 * count(trials as usize) + 3.0 * f64::from(steps + 1));
        Ok(Effort { flops: products + elementwise, passes: 0.0, repairs })
    }
}

fn subtract<T: Real>(x: &mut Mat<T>, y: MatRef<'_, T>) {
    for j in 0..x.ncols() {
        for (x, y) in column_mut(x.as_mut(), j).iter_mut().zip(column(y, j)) {
            *x -= *y;
        }
    }
}

fn add<T: Real>(x: &mut Mat<T>, y: &Mat<T>) {
    for j in 0..x.ncols() {
        for (x, y) in x.col_as_slice_mut(j).iter_mut().zip(y.col_as_slice(j)) {
            *x += *y;
        }
    }
}
