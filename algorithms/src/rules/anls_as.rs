//! Alternating nonnegative least squares by the active-set method. Kim & Park, "Nonnegative matrix factorization based
//! on alternating nonnegativity constrained least squares and active set method", SIAM J. Matrix Anal. Appl. 30 (2008),
//! §3, with the grouping of rows by passive set of Van Benthem & Keenan, J. Chemometrics 18 (2004).
//!
//! Lawson & Hanson's method on the normal equations, all rows side by side. A row begins at its present feasible point
//! with the passive set {i: x_i > 0}. While the solution z on that set has entries ≤ 0, x goes towards z as far as x ≥ 0
//! allows, and what has come to 0 leaves the set; when z > 0, the index of the most negative gradient enters.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::passive::{Exchange, Next, Passive, flip, has};
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::Real;
use faer::MatMut;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The active-set method.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AnlsAs {
    /// Changes of a row's passive set in one update, in units of k, after which it is solved afresh on its own.
    #[schemars(range(min = 1))]
    exchanges: u32,
}

impl Default for AnlsAs {
    fn default() -> Self {
        AnlsAs { exchanges: 10 }
    }
}

impl Rule for AnlsAs {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };
    type Update<T: Real> = AnlsAsUpdate;

    fn prepare<T: Real>(&self, side: &Side) -> AnlsAsUpdate {
        let rounds = 10 + self.exchanges as usize * side.rank;
        AnlsAsUpdate { rounds, passive: Passive::new(side.rows, side.rank) }
    }
}

pub struct AnlsAsUpdate {
    rounds: usize,
    passive: Passive<ActiveSet>,
}

impl<T: Real> Update<T> for AnlsAsUpdate {
    fn update(&mut self, x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (flops, repairs) = self.passive.solve(x, s.gram, s.cross, self.rounds, s.par);
        Ok(Effort { flops, passes: 0.0, repairs })
    }
}

struct ActiveSet {
    /// The index that entered last, for each row; none where the set has shrunk since.
    entered: Vec<Option<u32>>,
}

impl Exchange for ActiveSet {
    const FROM_SUPPORT: bool = true;

    fn new(rows: usize, _k: usize) -> Self {
        ActiveSet { entered: vec![None; rows] }
    }

    fn begin(&mut self) {
        self.entered.fill(None);
    }

    #[inline(always)]
    fn next(&mut self, row: usize, set: &mut [u64], x: &mut [f64], z: &[f64], y: &[f64], tolerance: f64) -> Next {
        let mut step = 1.0_f64;
        let mut limiting = None;
        for i in 0..x.len() {
            if has(set, i) && z[i] <= 0.0 {
                let ratio = if x[i] > 0.0 { x[i] / (x[i] - z[i]) } else { 0.0 };
                if limiting.is_none() || ratio < step {
                    (step, limiting) = (ratio, Some(i));
                }
            }
        }
        let entered = self.entered[row].take();
        if let Some(limiting) = limiting {
            if entered.is_some_and(|e| e as usize == limiting) {
                return Next::Stuck; // its gradient was negative by rounding only
            }
            for i in 0..x.len() {
                x[i] += step * (z[i] - x[i]);
                if has(set, i) && (i == limiting || x[i] <= 0.0) {
                    x[i] = 0.0;
                    flip(set, i);
                }
            }
            return Next::Again;
        }
        x.copy_from_slice(z);
        let mut lowest = -tolerance;
        let mut entering = None;
        for (i, &y) in y.iter().enumerate() {
            if !has(set, i) && y < lowest {
                (lowest, entering) = (y, Some(i));
            }
        }
        let Some(entering) = entering else { return Next::Done };
        flip(set, entering);
        self.entered[row] = u32::try_from(entering).ok();
        Next::Again
    }
}
