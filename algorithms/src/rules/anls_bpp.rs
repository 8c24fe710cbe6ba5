//! Alternating nonnegative least squares by block principal pivoting. Kim & Park, "Fast nonnegative matrix
//! factorization: an active-set-like method and comparisons", SIAM J. Sci. Comput. 33 (2011), Algorithm 2; for one
//! right-hand side Júdice & Pires, Computers & Operations Research 21 (1994).
//!
//! Each row of X is solved exactly. With F the passive set (x_F solves G_FF x_F = c_F, x = 0 elsewhere) and
//! y = Gx − c, the infeasible indices are V = {i ∈ F: x_i < 0} ∪ {i ∉ F: y_i < 0}. As long as |V| falls, all of V change
//! sides (full exchange); when it does not, three such exchanges are allowed; then only max V changes sides (Murty's
//! backup rule), until |V| has fallen below its least value so far.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update, Within};
use crate::kernels::passive::{Exchange, Next, Passive, flip, has};
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::Real;
use faer::MatMut;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Block principal pivoting.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AnlsBpp {
    /// Changes of a row's passive set in one update, in units of k, after which Lawson & Hanson's method finishes it.
    #[schemars(range(min = 1))]
    exchanges: u32,
}

impl Default for AnlsBpp {
    fn default() -> Self {
        AnlsBpp { exchanges: 5 }
    }
}

impl Rule for AnlsBpp {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };
    fn tuned(within: Within) -> Vec<(&'static str, serde_json::Value)> {
        match within {
            Within::Accelerated => vec![],
            Within::Extrapolated => vec![("gamma", 1.1.into()), ("gamma_bar", 1.05.into())], // Ang & Gillis (2019), §3
        }
    }

    type Update<T: Real> = AnlsBppUpdate;

    fn prepare<T: Real>(&self, side: &Side) -> AnlsBppUpdate {
        let rounds = 10 + self.exchanges as usize * side.rank;
        AnlsBppUpdate { rounds, passive: Passive::new(side.rows, side.rank) }
    }
}

pub struct AnlsBppUpdate {
    rounds: usize,
    passive: Passive<Pivoting>,
}

impl<T: Real> Update<T> for AnlsBppUpdate {
    fn update(&mut self, x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (flops, repairs) = self.passive.solve(x, s.gram, s.cross, self.rounds, s.par);
        Ok(Effort { flops, passes: 0.0, repairs })
    }
}

/// Full exchanges allowed while the number of infeasible indices does not fall (p).
const CHANCES: u32 = 3;

/// The counters of each row.
struct Pivoting {
    /// β: the least |V| so far.
    least: Vec<u32>,
    /// α: full exchanges left.
    chances: Vec<u32>,
}

impl Exchange for Pivoting {
    const FROM_SUPPORT: bool = false;

    fn new(rows: usize, _k: usize) -> Self {
        Pivoting { least: vec![0; rows], chances: vec![0; rows] }
    }

    fn begin(&mut self) {
        self.least.fill(u32::MAX);
        self.chances.fill(CHANCES);
    }

    #[inline(always)]
    fn next(&mut self, row: usize, set: &mut [u64], x: &mut [f64], z: &[f64], y: &[f64], tolerance: f64) -> Next {
        let (mut infeasible, mut last) = (0, 0);
        let bad = |set: &[u64], i: usize| if has(set, i) { z[i] < 0.0 } else { y[i] < -tolerance };
        for i in 0..x.len() {
            if bad(set, i) {
                infeasible += 1;
                last = i;
            }
        }
        if infeasible == 0 {
            x.copy_from_slice(z);
            return Next::Done;
        }
        if infeasible < self.least[row] {
            self.least[row] = infeasible;
            self.chances[row] = CHANCES;
        } else if self.chances[row] > 0 {
            self.chances[row] -= 1;
        } else {
            flip(set, last);
            return Next::Again;
        }
        for i in 0..x.len() {
            if bad(set, i) {
                flip(set, i);
            }
        }
        Next::Again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Indices below 0 in `z` (on the set) or `y` (off it) are infeasible.
    fn step(p: &mut Pivoting, set: &mut [u64; 1], bad: &[usize]) -> bool {
        let mut z = [0.0; 8];
        let mut y = [0.0; 8];
        for &i in bad {
            if has(set, i) {
                z[i] = -1.0;
            } else {
                y[i] = -1.0;
            }
        }
        matches!(p.next(0, set, &mut [0.0; 8], &z, &y, 1e-12), Next::Done)
    }

    #[test]
    fn three_full_exchanges_without_progress_then_the_largest_index_only() {
        let mut p = Pivoting::new(1, 8);
        p.begin();
        let mut set = [0b0000_0000_u64];
        assert!(!step(&mut p, &mut set, &[1, 3, 5])); // fewer than before the first: all change
        assert_eq!(set, [0b0010_1010]);
        for expected in [0b0010_0000, 0b0010_1010, 0b0010_0000] {
            step(&mut p, &mut set, &[1, 3, 6, 6]); // as many again: the three chances
            set[0] ^= 1 << 6;
            assert_eq!(set, [expected]);
        }
        step(&mut p, &mut set, &[0, 2, 7]); // no chance left: the largest index only
        assert_eq!(set, [0b1010_0000]);
        step(&mut p, &mut set, &[0, 2, 4, 7]);
        assert_eq!(set, [0b0010_0000]);
        step(&mut p, &mut set, &[0, 1]); // fewer than ever: all change, and the chances are back
        assert_eq!(set, [0b0010_0011]);
        step(&mut p, &mut set, &[2, 3]);
        assert_eq!(set, [0b0010_1111]);
        assert!(step(&mut p, &mut set, &[]));
    }
}
