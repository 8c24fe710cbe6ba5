//! Greedy coordinate descent. Hsieh & Dhillon, "Fast coordinate descent methods with variable selection for non-negative
//! matrix factorization", KDD (2011), Algorithm 1 (GCD).
//!
//! With g = xG − c for a row x of X, the best move of one entry and what it gains are
//!
//! s_r = max(x_r − g_r/g_rr, 0) − x_r,   d_r = −g_r s_r − ½ g_rr s_r².
//!
//! Each row takes the entry of largest gain again and again, keeping g up to date, until that gain is below ε times the
//! largest gain of all rows at the beginning.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::rows::{self, BLOCK};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::{Real, max};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Greedy coordinate descent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Gcd {
    /// ε: a row is done when its best gain is below this share of the largest gain at the beginning of the update.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    tolerance: f64,
    /// Moves of single entries that a row may make in one update, in units of k².
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    moves: f64,
}

impl Default for Gcd {
    fn default() -> Self {
        Gcd { tolerance: 1e-3, moves: 1.0 }
    }
}

impl Rule for Gcd {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };
    const SEPARABLE: bool = false;
    type Update<T: Real> = GcdUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> GcdUpdate<T> {
        let k = side.rank;
        let block = |rows| Block {
            x: Mat::zeros(k, rows),
            gradient: Mat::zeros(k, rows),
            gain: vec![T::of(0.0); k],
            largest: 0.0,
            moves: 0,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is positive")]
        let moves = (self.moves * count(k * k)).ceil() as u64;
        GcdUpdate {
            tolerance: self.tolerance,
            moves,
            inverse: vec![T::of(0.0); k],
            half: vec![T::of(0.0); k],
            blocks: rows::states(side.rows, BLOCK, block),
        }
    }
}

pub struct GcdUpdate<T> {
    tolerance: f64,
    /// Moves per row, at most.
    moves: u64,
    /// 1/g_rr; 0 for a component that the other factor lacks, which then never moves.
    inverse: Vec<T>,
    /// g_rr/2.
    half: Vec<T>,
    blocks: Vec<Block<T>>,
}

/// The rows of a block, each a contiguous column of these k×rows matrices.
struct Block<T> {
    x: Mat<T>,
    /// xG − c.
    gradient: Mat<T>,
    /// d for the row at hand.
    gain: Vec<T>,
    /// The largest gain at the beginning.
    largest: f64,
    moves: u64,
}

/// What all rows see.
struct Shared<'a, T> {
    inverse: &'a [T],
    half: &'a [T],
}

impl<T: Real> Shared<'_, T> {
    /// s_r.
    #[inline(always)]
    fn step(&self, r: usize, x: T, g: T) -> T {
        max(x - g * self.inverse[r], T::of(0.0)) - x
    }

    /// Fills in all gains of a row.
    #[inline(always)]
    fn gains(&self, gain: &mut [T], x: &[T], g: &[T]) {
        let k = gain.len();
        let (x, g, inverse, half) = (&x[..k], &g[..k], &self.inverse[..k], &self.half[..k]);
        for r in 0..k {
            let s = max(x[r] - g[r] * inverse[r], T::of(0.0)) - x[r];
            gain[r] = -(s * (g[r] + half[r] * s));
        }
    }
}

/// Where the largest value stands; the first of equals.
#[inline(always)]
fn largest<T: Real>(values: &[T]) -> usize {
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if *v > values[best] {
            best = i;
        }
    }
    best
}

impl<T: Real> Block<T> {
    /// Gradients of all rows, and the largest gain.
    fn begin(&mut self, x: MatMut<'_, T>, from: usize, s: &Subproblem<'_, T>, shared: &Shared<'_, T>) {
        let (rows, k) = x.shape();
        self.x.copy_from(x.rb().transpose());
        for j in 0..k {
            for (i, c) in column(s.cross, j)[from..from + rows].iter().enumerate() {
                self.gradient[(j, i)] = -*c;
            }
        }
        matmul(&mut self.gradient, Accum::Add, s.gram, &self.x, T::of(1.0), Par::Seq);
        (self.largest, self.moves) = (0.0, 0);
        for i in 0..rows {
            shared.gains(&mut self.gain, self.x.col_as_slice(i), self.gradient.col_as_slice(i));
            self.largest = self.largest.max(self.gain[largest(&self.gain)].to_f64());
        }
    }

    #[inline(always)]
    fn descend(&mut self, mut out: MatMut<'_, T>, s: &Subproblem<'_, T>, shared: &Shared<'_, T>, stop: T, moves: u64) {
        for i in 0..out.nrows() {
            let (x, g) = (self.x.col_as_slice_mut(i), self.gradient.col_as_slice_mut(i));
            for _ in 0..moves {
                shared.gains(&mut self.gain, x, g);
                let q = largest(&self.gain);
                if !(self.gain[q] > T::of(0.0) && self.gain[q] >= stop) {
                    break;
                }
                let before = x[q];
                x[q] = max(before + shared.step(q, before, g[q]), T::of(0.0));
                let moved = x[q] - before;
                self.moves += 1;
                if moved == T::of(0.0) {
                    break; // what is left to gain is below the precision of x
                }
                g.iter_mut().zip(column(s.gram, q)).for_each(|(g, c)| *g += moved * *c);
            }
        }
        for j in 0..out.ncols() {
            for (i, out) in column_mut(out.rb_mut(), j).iter_mut().enumerate() {
                *out = self.x[(j, i)];
            }
        }
    }
}

impl<T: Real> Update<T> for GcdUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = x.shape();
        for r in 0..k {
            let diagonal = s.gram[(r, r)];
            let live = diagonal > T::of(T::TINY / T::EPSILON);
            self.inverse[r] = if live { T::of(1.0) / diagonal } else { T::of(0.0) };
            self.half[r] = T::of(0.5) * diagonal;
        }
        let shared = Shared { inverse: &self.inverse, half: &self.half };
        let arch = pulp::Arch::new();
        rows::for_blocks(s.par, x.rb_mut(), BLOCK, &mut self.blocks, |b, from, x| b.begin(x, from, s, &shared));
        let most = self.blocks.iter().map(|b| b.largest).fold(0.0, f64::max);
        let stop = T::of(self.tolerance * most);
        let moves = self.moves;
        rows::for_blocks(s.par, x, BLOCK, &mut self.blocks, |b, _, x| {
            arch.dispatch(
                #[inline(always)]
                || b.descend(x, s, &shared, stop, moves),
            );
        });
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
        let moves = self.blocks.iter().map(|b| b.moves).sum::<u64>() as f64;
        let (p, k) = (count(p), count(k));
        Ok(Effort { flops: 2.0 * p * k * k + 14.0 * p * k + moves * 9.0 * k, ..Effort::default() })
    }
}
