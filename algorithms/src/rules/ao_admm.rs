//! Alternating optimisation by ADMM. Huang, Sidiropoulos & Liavas, "A flexible and efficient algorithmic framework for
//! constrained matrix and tensor factorization", IEEE Trans. Signal Processing 64 (2016), Algorithm 1.
//!
//! With ρ = trace(G)/k and a dual variable U that is kept from one outer iteration to the next,
//!
//! X̃ = (C + ρ(X + U)) (G + ρI)⁻¹,   X ← max(0, X̃ − U),   U ← U + X − X̃,
//!
//! until ‖X − X̃‖² ≤ ε‖X‖² and ‖X − X_before‖² ≤ ε‖U‖². The condition number of G + ρI is at most k + 1, so its inverse is
//! formed once per update, from its Cholesky factor, and each inner step is one product.

use crate::algorithm::{Rule, Side, Subproblem, Traits, Update};
use crate::kernels::lanes::Lanes;
use crate::kernels::panels::{MOST, pack};
use crate::kernels::rows::{self, BLOCK};
use crate::kernels::scratch::Buffer;
use crate::kernels::tiles::{TALL, by_width, outer, widths};
use crate::kernels::{column, column_mut};
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Objective};
use crate::real::Real;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt;
use faer::prelude::*;
use faer::{Mat, MatMut};
use pulp::{Arch, Simd, WithSimd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Alternating optimisation by ADMM.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AoAdmm {
    /// ADMM steps on one factor in one outer iteration, at most.
    #[schemars(range(min = 1))]
    inner_iterations: u32,
    /// ε: the inner steps end when the squared primal and dual residuals, relative to ‖X‖² and ‖U‖², are at most this.
    #[schemars(range(min = 0.0))]
    inner_tolerance: f64,
}

impl Default for AoAdmm {
    fn default() -> Self {
        AoAdmm { inner_iterations: 5, inner_tolerance: 0.01 }
    }
}

impl Rule for AoAdmm {
    const TRAITS: Traits = Traits { stationary: true, ..Traits::of(Objective::Frobenius) };
    const SEPARABLE: bool = false;
    type Update<T: Real> = AoAdmmUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> AoAdmmUpdate<T> {
        let k = side.rank;
        let block = |rows: usize| {
            let held = || Buffer::new(rows.next_multiple_of(height::<T>()) * k);
            Block { x: held(), c: held(), dual: held(), right: Buffer::new(height::<T>() * k), squares: [0.0; 4] }
        };
        let scratch = StackReq::any_of(&[
            llt::factor::cholesky_in_place_scratch::<T>(k, Par::Seq, default()),
            llt::solve::solve_in_place_scratch::<T>(k, k, Par::Seq),
        ]);
        AoAdmmUpdate {
            rule: self.clone(),
            factor: Mat::zeros(k, k),
            inverse: Mat::zeros(k, k),
            packed: Buffer::new(k * k),
            memory: MemBuffer::new(scratch),
            blocks: rows::states(side.rows, BLOCK, block),
        }
    }
}

pub struct AoAdmmUpdate<T> {
    rule: AoAdmm,
    /// The Cholesky factor of G + ρI, k×k.
    factor: Mat<T>,
    /// (G + ρI)⁻¹, k×k.
    inverse: Mat<T>,
    /// The same in groups of as many columns as a tile takes, row by row in each.
    packed: Buffer<T>,
    memory: MemBuffer,
    blocks: Vec<Block<T>>,
}

/// State and workspaces for a block of rows, in panels a few vectors high in which all k columns lie together; zeros
/// below the last row stay zeros.
struct Block<T> {
    x: Buffer<T>,
    c: Buffer<T>,
    /// U, kept from one update to the next.
    dual: Buffer<T>,
    /// C + ρ(X + U) of one panel.
    right: Buffer<T>,
    /// ‖X − X̃‖², ‖X‖², ‖X − X_before‖², ‖U‖².
    squares: [f64; 4],
}

/// Rows of a panel.
fn height<T: Real>() -> usize {
    struct Height<T>(std::marker::PhantomData<T>);
    impl<T: Real> WithSimd for Height<T> {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            TALL * T::lanes::<S>()
        }
    }
    Arch::new().dispatch(Height::<T>(std::marker::PhantomData))
}

/// One ADMM step on the rows of a block.
struct Step<'a, T> {
    block: &'a mut Block<T>,
    inverse: &'a [T],
    rank: usize,
    rho: T,
}

impl<T: Real> WithSimd for Step<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Step { block: Block { x, c, dual, right, squares }, inverse, rank, rho } = self;
        let size = TALL * T::lanes::<S>() * rank;
        let rho = T::splat(simd, rho);
        let mut sums = [T::splat(simd, T::of(0.0)); 4];
        let right = &mut right[..size];
        for ((x, c), u) in x.chunks_exact_mut(size).zip(c.chunks_exact(size)).zip(dual.chunks_exact_mut(size)) {
            let (x, u) = (T::vectors_mut::<S>(x).0, T::vectors_mut::<S>(u).0);
            let rows = T::vectors_mut::<S>(right).0.iter_mut().zip(T::vectors::<S>(c).0);
            for (((right, c), x), u) in rows.zip(&*x).zip(&*u) {
                *right = T::mul_add(simd, rho, *x, T::mul_add(simd, rho, *u, *c));
            }
            let (x, u) = (x.as_chunks_mut().0, u.as_chunks_mut().0);
            let mut step = Columns { right, x, u, sums: &mut sums };
            for (q, width) in widths(rank, MOST) {
                let inverse = &inverse[q * rank..(q + width) * rank];
                by_width!(width, step.group::<S>(simd, inverse, q));
            }
        }
        *squares = sums.map(|sum| T::sum(simd, sum).to_f64());
    }
}

/// The columns of one panel.
struct Columns<'a, T: Real, V> {
    right: &'a [T],
    x: &'a mut [[V; TALL]],
    u: &'a mut [[V; TALL]],
    sums: &'a mut [V; 4],
}

impl<T: Real, V: Copy> Columns<'_, T, V> {
    /// The columns q … q + K of X̃, X and U.
    #[inline(always)]
    fn group<S: Simd, const K: usize>(&mut self, simd: S, inverse: &[T], q: usize)
    where
        T: Lanes<Vector<S> = V>,
    {
        let [zero, one] = [0.0, 1.0].map(|value| T::splat(simd, T::of(value)));
        let free = outer::<S, T, K, TALL, 1>(simd, self.right, 0, inverse.as_chunks().0.iter().copied());
        for (l, free) in free.iter().enumerate() {
            for (t, free) in free.iter().enumerate() {
                let (x, u) = (&mut self.x[q + l][t], &mut self.u[q + l][t]);
                let new = T::larger(simd, T::difference(simd, *free, *u), zero);
                let primal = T::difference(simd, new, *free);
                let moved = T::difference(simd, new, *x);
                *u = T::mul_add(simd, one, primal, *u);
                *x = new;
                for (sum, v) in self.sums.iter_mut().zip([primal, new, moved, *u]) {
                    *sum = T::mul_add(simd, v, v, *sum);
                }
            }
        }
    }
}

impl<T: Real> AoAdmmUpdate<T> {
    /// (G + ρI)⁻¹.
    fn invert(&mut self, s: &Subproblem<'_, T>, rho: f64) -> Result<(), Breakdown> {
        self.factor.copy_from(s.gram);
        for l in 0..s.gram.ncols() {
            self.factor[(l, l)] += T::of(rho);
        }
        let stack = MemStack::new(&mut self.memory);
        llt::factor::cholesky_in_place(self.factor.as_mut(), default(), Par::Seq, stack, default())
            .map_err(|_| Breakdown::NotFinite { what: "the Gram matrix" })?;
        self.inverse.fill(T::of(0.0));
        self.inverse.diagonal_mut().fill(T::of(1.0));
        llt::solve::solve_in_place(self.factor.as_ref(), self.inverse.as_mut(), Par::Seq, stack);
        let mut packed = self.packed.iter_mut();
        for (q, width) in widths(s.gram.ncols(), MOST) {
            for l in 0..s.gram.ncols() {
                (0..width).zip(&mut packed).for_each(|(t, to)| *to = self.inverse[(l, q + t)]);
            }
        }
        Ok(())
    }
}

impl<T: Real> Update<T> for AoAdmmUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        let rho = (0..s.gram.ncols()).map(|l| s.gram[(l, l)].to_f64()).sum::<f64>() / k;
        if rho <= T::TINY / T::EPSILON {
            return Ok(Effort::default()); // the other factor is zero: nothing depends on X
        }
        self.invert(s, rho)?;
        let (rank, height) = (x.ncols(), height::<T>());
        let mut steps = 0;
        while steps < self.rule.inner_iterations {
            let inverse = &self.packed[..];
            let first = steps == 0;
            rows::for_blocks(s.par, x.rb_mut(), BLOCK, &mut self.blocks, |block, from, x| {
                for j in (0..rank).filter(|_| first) {
                    pack(&mut block.x, column(x.rb(), j), j, rank, height);
                    pack(&mut block.c, &column(s.cross, j)[from..from + x.nrows()], j, rank, height);
                }
                Arch::new().dispatch(Step { block, inverse, rank, rho: T::of(rho) });
            });
            steps += 1;
            let mut sums = [0.0; 4];
            for block in &self.blocks {
                sums.iter_mut().zip(block.squares).for_each(|(s, b)| *s += b);
            }
            s.sum(&mut sums);
            let [primal, x, moved, dual] = sums;
            if primal <= self.rule.inner_tolerance * x && moved <= self.rule.inner_tolerance * dual {
                break;
            }
        }
        rows::for_blocks(s.par, x.rb_mut(), BLOCK, &mut self.blocks, |block, _, mut x| {
            for j in 0..rank {
                let parts = column_mut(x.rb_mut(), j).chunks_mut(height);
                for (part, panel) in parts.zip(block.x.chunks_exact(height * rank)) {
                    part.copy_from_slice(&panel[j * height..][..part.len()]);
                }
            }
        });
        let flops = k * k * k * (1.0 / 3.0 + 2.0) + f64::from(steps) * (2.0 * p * k * k + 15.0 * p * k);
        Ok(Effort { flops, ..Effort::default() })
    }
}
