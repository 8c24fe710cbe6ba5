//! Exact nonnegative least squares for many rows at once: rows whose passive (free) sets are the same share one Cholesky
//! factor of G on that set (Van Benthem & Keenan, J. Chemometrics 18, 2004). All arithmetic is in double precision.
//!
//! What the methods here share: bit sets, the order of rows by set, factor and solutions. They differ in how a row goes
//! from one set to the next ([`Exchange`]).

use crate::kernels::column;
use crate::kernels::nnls::Nnls;
use crate::kernels::rows;
use crate::matrix::count;
use crate::real::Real;
use faer::prelude::*;
use faer::{MatMut, MatRef};

/// What a row does after the solution on its set is known.
pub(crate) enum Next {
    /// The solution is optimal.
    Done,
    /// The set has changed.
    Again,
    /// Rounding stands in the way: another method must finish this row.
    Stuck,
}

/// A method's rule for going from one passive set to the next, with its state for the rows of a block.
pub(crate) trait Exchange: Send {
    /// Room for the rows of a block.
    fn new(rows: usize, k: usize) -> Self;
    /// Called before the rounds of an update.
    fn begin(&mut self);
    /// Whether the sets begin with the support of the factor handed in, at each update; else they carry over.
    const FROM_SUPPORT: bool;
    /// `z` solves on `set` (0 elsewhere), `y` = Gz − c. The present `x` may be used and changed; when done it is `z`.
    fn next(&mut self, row: usize, set: &mut [u64], x: &mut [f64], z: &[f64], y: &[f64], tolerance: f64) -> Next;
}

/// Whether a bit set holds i.
#[inline(always)]
pub(crate) fn has(set: &[u64], i: usize) -> bool {
    set[i / 64] >> (i % 64) & 1 == 1
}

/// Moves i into the set or out of it.
#[inline(always)]
pub(crate) fn flip(set: &mut [u64], i: usize) {
    set[i / 64] ^= 1 << (i % 64);
}

/// Rows of a factor, block by block, each with its workspaces.
pub(crate) struct Passive<E> {
    k: usize,
    size: usize,
    /// G, column after column.
    gram: Vec<f64>,
    /// Components that the other factor has: the rest stays 0.
    live: Vec<u64>,
    blocks: Vec<Block<E>>,
    started: bool,
}

/// Blocks of a factor: enough to share among threads, and large enough for rows to share sets.
const BLOCKS: usize = 16;
const ROWS_MIN: usize = 64;

struct Block<E> {
    exchange: E,
    /// The passive set of each row; carried over from one update to the next.
    sets: Vec<u64>,
    /// Rows that are not yet optimal.
    pending: Vec<u32>,
    /// Solutions, a row after the other.
    x: Vec<f64>,
    /// Right-hand sides, likewise.
    c: Vec<f64>,
    system: System,
    nnls: Nnls,
    nnls_ready: bool,
    flops: f64,
    repairs: u64,
}

impl<E: Exchange> Passive<E> {
    /// For factors of this many rows.
    pub(crate) fn new(p: usize, k: usize) -> Self {
        let words = k.div_ceil(64);
        let size = p.div_ceil(BLOCKS).max(ROWS_MIN);
        let block = |rows: usize| Block {
            exchange: E::new(rows, k),
            sets: vec![0; rows * words],
            pending: Vec::with_capacity(rows),
            x: vec![0.0; rows * k],
            c: vec![0.0; rows * k],
            system: System::new(k),
            nnls: Nnls::new(Mat::zeros(k, k).as_ref()),
            nnls_ready: false,
            flops: 0.0,
            repairs: 0,
        };
        let blocks = rows::states(p, size, block);
        Passive { k, size, gram: vec![0.0; k * k], live: vec![0; words], blocks, started: false }
    }

    /// Overwrites X (p×k) with the minimiser of ½⟨XG, X⟩ − ⟨C, X⟩ over X ≥ 0, in at most `rounds` changes of the sets.
    /// Returns the work and the number of rows that [`Nnls`] had to finish.
    pub(crate) fn solve<T: Real>(
        &mut self,
        x: MatMut<'_, T>,
        gram: MatRef<'_, T>,
        cross: MatRef<'_, T>,
        rounds: usize,
        par: Par,
    ) -> (f64, u64) {
        let k = self.k;
        self.live.fill(0);
        for j in 0..k {
            for i in 0..k {
                self.gram[j * k + i] = gram[(i, j)].to_f64();
            }
            if self.gram[j * k + j] > T::TINY / T::EPSILON {
                flip(&mut self.live, j);
            }
        }
        let from_support = E::FROM_SUPPORT || !self.started;
        self.started = true;
        let shared = Shared { k, gram: &self.gram, live: &self.live, pivot: 4.0 * count(k) * T::EPSILON, rounds };
        let arch = pulp::Arch::new();
        rows::for_blocks(par, x, self.size, &mut self.blocks, |block, from, x| {
            block.load(&shared, from_support, x.rb(), cross.subrows(from, x.nrows()));
            arch.dispatch(
                #[inline(always)]
                || block.run(&shared),
            );
            block.store(k, x);
        });
        self.blocks.iter().fold((0.0, 0), |(f, r), b| (f + b.flops, r + b.repairs))
    }
}

/// What all blocks see.
struct Shared<'a> {
    k: usize,
    gram: &'a [f64],
    live: &'a [u64],
    /// A pivot below this share of its diagonal entry is a dependence.
    pivot: f64,
    rounds: usize,
}

impl<E: Exchange> Block<E> {
    fn load<T: Real>(&mut self, shared: &Shared<'_>, from_support: bool, x: MatRef<'_, T>, c: MatRef<'_, T>) {
        let (k, words) = (shared.k, shared.live.len());
        for j in 0..k {
            for (i, (x, c)) in column(x, j).iter().zip(column(c, j)).enumerate() {
                self.x[i * k + j] = x.to_f64();
                self.c[i * k + j] = c.to_f64();
            }
        }
        for (set, x) in self.sets.chunks_exact_mut(words).zip(self.x.chunks_exact_mut(k)) {
            if from_support {
                set.fill(0);
                (0..k).filter(|&j| x[j] > 0.0).for_each(|j| flip(set, j));
            }
            set.iter_mut().zip(shared.live).for_each(|(s, live)| *s &= live);
            (0..k).filter(|&j| !has(set, j)).for_each(|j| x[j] = 0.0);
        }
        self.pending.clear();
        self.pending.extend((0..x.nrows()).map(|i| u32::try_from(i).expect("a block has fewer rows")));
        (self.flops, self.repairs, self.nnls_ready) = (0.0, 0, false);
        self.exchange.begin();
    }

    fn store<T: Real>(&self, k: usize, mut x: MatMut<'_, T>) {
        for j in 0..k {
            for (i, x) in crate::kernels::column_mut(x.rb_mut(), j).iter_mut().enumerate() {
                *x = T::of(self.x[i * k + j]);
            }
        }
    }

    #[inline(always)]
    fn run(&mut self, shared: &Shared<'_>) {
        let words = shared.live.len();
        for _ in 0..shared.rounds {
            if self.pending.is_empty() {
                return;
            }
            let sets = &self.sets;
            let set = |i: &u32| &sets[*i as usize * words..][..words];
            self.pending.sort_unstable_by(|a, b| set(a).cmp(set(b)).then(a.cmp(b)));
            self.round(shared);
        }
        for i in 0..self.pending.len() {
            self.finish(shared, self.pending[i] as usize);
        }
    }

    /// All pending rows once, group after group; those that go on remain pending.
    #[inline(always)]
    fn round(&mut self, shared: &Shared<'_>) {
        let (k, words) = (shared.k, shared.live.len());
        let (mut kept, mut at) = (0, 0);
        while at < self.pending.len() {
            let first = self.pending[at] as usize;
            let regular = self.system.factor(shared, &self.sets[first * words..][..words]);
            let f = count(self.system.free.len());
            self.flops += f * f * f / 3.0;
            self.system.set.copy_from_slice(&self.sets[first * words..][..words]);
            while at < self.pending.len() {
                let row = self.pending[at] as usize;
                let set = &mut self.sets[row * words..][..words];
                if *set != *self.system.set {
                    break;
                }
                at += 1;
                let next = if regular {
                    let (c, x) = (&self.c[row * k..][..k], &mut self.x[row * k..][..k]);
                    self.flops += 2.0 * f * f + 2.0 * f * count(k);
                    let tolerance = self.system.solve(shared, c);
                    // Components that the other factor lacks never enter.
                    let next = self.exchange.next(row, set, x, &self.system.z, &self.system.y, tolerance);
                    set.iter_mut().zip(shared.live).for_each(|(s, live)| *s &= live);
                    next
                } else {
                    Next::Stuck
                };
                match next {
                    Next::Done => {}
                    Next::Again => {
                        self.pending[kept] = self.pending[at - 1];
                        kept += 1;
                    }
                    Next::Stuck => self.finish(shared, row),
                }
            }
        }
        self.pending.truncate(kept);
    }

    /// One row by Lawson & Hanson's method, which stays away from dependent sets.
    #[cold]
    #[inline(never)]
    fn finish(&mut self, shared: &Shared<'_>, row: usize) {
        let (k, words) = (shared.k, shared.live.len());
        if !self.nnls_ready {
            self.nnls.load(shared.gram, shared.pivot);
            self.nnls_ready = true;
        }
        let x = &mut self.x[row * k..][..k];
        self.nnls.solve(&self.c[row * k..][..k], x);
        let set = &mut self.sets[row * words..][..words];
        set.fill(0);
        (0..k).filter(|&j| x[j] > 0.0).for_each(|j| flip(set, j));
        self.repairs += 1;
        let k = count(k);
        self.flops += k * k * k;
    }
}

/// The equations on one passive set.
struct System {
    k: usize,
    set: Vec<u64>,
    /// Its members in order.
    free: Vec<usize>,
    /// The Cholesky factor L, column after column at stride k; lower triangle.
    factor: Vec<f64>,
    /// 1/l_jj.
    inverse: Vec<f64>,
    /// The solution on the set, compressed.
    compact: Vec<f64>,
    /// The same spread out, 0 off the set.
    z: Vec<f64>,
    /// Gz − c.
    y: Vec<f64>,
}

impl System {
    fn new(k: usize) -> Self {
        let zeros = || vec![0.0; k];
        System {
            k,
            set: vec![0; k.div_ceil(64)],
            free: Vec::with_capacity(k),
            factor: vec![0.0; k * k],
            inverse: zeros(),
            compact: zeros(),
            z: zeros(),
            y: zeros(),
        }
    }

    /// Factorises G on a set; false where it is singular up to rounding.
    #[inline(always)]
    fn factor(&mut self, shared: &Shared<'_>, set: &[u64]) -> bool {
        let k = self.k;
        self.free.clear();
        self.free.extend((0..k).filter(|&j| has(set, j)));
        let f = self.free.len();
        for (j, &column) in self.free.iter().enumerate() {
            let gram = &shared.gram[column * k..][..k];
            let (before, rest) = self.factor.split_at_mut(j * k);
            let target = &mut rest[j..f];
            for (t, &i) in target.iter_mut().zip(&self.free[j..]) {
                *t = gram[i];
            }
            let whole = j - j % 4;
            for l in (0..whole).step_by(4) {
                let [x0, x1, x2, x3] = [0, 1, 2, 3].map(|i| &before[(l + i) * k + j..(l + i) * k + f]);
                let (a0, a1, a2, a3) = (x0[0], x1[0], x2[0], x3[0]);
                for (i, t) in target.iter_mut().enumerate() {
                    *t -= (a0 * x0[i] + a1 * x1[i]) + (a2 * x2[i] + a3 * x3[i]);
                }
            }
            for l in whole..j {
                let x = &before[l * k + j..l * k + f];
                let a = x[0];
                target.iter_mut().zip(x).for_each(|(t, x)| *t -= a * x);
            }
            let pivot = target[0];
            let regular = pivot > shared.pivot * gram[column];
            if !regular {
                return false; // also where it is not a number
            }
            let inverse = 1.0 / pivot.sqrt();
            self.inverse[j] = inverse;
            target.iter_mut().for_each(|t| *t *= inverse);
        }
        true
    }

    /// Solves for one right-hand side into `z` and `y`; returns what counts as rounding in `y`.
    #[inline(always)]
    fn solve(&mut self, shared: &Shared<'_>, c: &[f64]) -> f64 {
        let (k, f) = (self.k, self.free.len());
        let z = &mut self.compact[..f];
        for (z, &i) in z.iter_mut().zip(&self.free) {
            *z = c[i];
        }
        for j in 0..f {
            let (head, tail) = z.split_at_mut(j + 1);
            head[j] *= self.inverse[j];
            let a = head[j];
            tail.iter_mut().zip(&self.factor[j * k + j + 1..j * k + f]).for_each(|(t, l)| *t -= a * l);
        }
        for j in (0..f).rev() {
            let (head, tail) = z.split_at_mut(j + 1);
            head[j] = (head[j] - dot(&self.factor[j * k + j + 1..j * k + f], tail)) * self.inverse[j];
        }
        self.spread(shared.gram, c);
        let largest = c.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
        10.0 * count(k) * f64::EPSILON * largest
    }

    /// `z` from the compressed solution, and y = Gz − c.
    #[inline(always)]
    fn spread(&mut self, gram: &[f64], c: &[f64]) {
        let (k, f) = (self.k, self.free.len());
        self.z.fill(0.0);
        let y = &mut self.y[..k];
        y.iter_mut().zip(c).for_each(|(y, c)| *y = -c);
        let whole = f - f % 4;
        for l in (0..whole).step_by(4) {
            let [g0, g1, g2, g3] = [0, 1, 2, 3].map(|i| &gram[self.free[l + i] * k..][..k]);
            let [a0, a1, a2, a3] = [0, 1, 2, 3].map(|i| self.compact[l + i]);
            for (i, y) in y.iter_mut().enumerate() {
                *y += (a0 * g0[i] + a1 * g1[i]) + (a2 * g2[i] + a3 * g3[i]);
            }
        }
        for l in whole..f {
            let a = self.compact[l];
            y.iter_mut().zip(&gram[self.free[l] * k..][..k]).for_each(|(y, g)| *y += a * g);
        }
        for (&i, &z) in self.free.iter().zip(&self.compact) {
            self.z[i] = z;
        }
    }
}

#[inline(always)]
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 4];
    let (xs, ys) = (x.chunks_exact(4), y.chunks_exact(4));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in xs.zip(ys) {
        for i in 0..4 {
            sums[i] += a[i] * b[i];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
