//! TEMPLATE. Author, "Title", Journal (year), equation: what is taken from there.
//!
//! W ← max(0, W − (WHHᵀ − AHᵀ)/((1 + damping)·‖HHᵀ‖_F)), and H likewise with the new W: write the iteration with the
//! paper's symbols. Say why it does what it claims.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use nmfbench_algorithms::conformance::Property;
use nmfbench_algorithms::{
    Algorithm, Breakdown, Effort, Factors, Objective, Problem, Real, Shape, Solver, Traits, kernels,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// TEMPLATE: the parameters. Each field's comment gives its meaning and unit, the default is the paper's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Template {
    /// How much shorter than the reciprocal of the Gram matrix's norm the step is.
    #[schemars(range(min = 0.0))]
    damping: f64,
}

impl Algorithm for Template {
    // Only what the paper proves; `nmfbench verify` holds it to that, and to all that is not excepted here.
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Transposition, "W always goes first");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank } = problem.shape();
        let half = |rows| Half { cross: Mat::zeros(rows, rank), product: Mat::zeros(rows, rank) };
        Ok(Box::new(Machine { damping: self.damping, gram: Mat::zeros(rank, rank), w: half(m), h: half(n) }))
    }
}

/// Workspaces: allocated once, as a step allocates nothing.
struct Machine<T> {
    damping: f64,
    /// HHᵀ or WᵀW, k×k.
    gram: Mat<T>,
    w: Half<T>,
    h: Half<T>,
}

/// Those of one factor X (p×k).
struct Half<T> {
    /// AHᵀ or AᵀW, p×k.
    cross: Mat<T>,
    /// X times the Gram matrix, p×k.
    product: Mat<T>,
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let Factors { w, ht } = factors;
        kernels::gram(self.gram.as_mut(), ht.as_ref(), problem.par);
        problem.matrix.times(self.w.cross.as_mut(), ht.as_ref(), problem.par);
        self.w.advance(w, &self.gram, self.damping, problem);
        kernels::gram(self.gram.as_mut(), w.as_ref(), problem.par);
        problem.matrix.transpose_times(self.h.cross.as_mut(), w.as_ref(), problem.par);
        self.h.advance(ht, &self.gram, self.damping, problem);
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
        let (rows, k, nnz) = ((w.nrows() + ht.nrows()) as f64, problem.rank as f64, problem.matrix.nnz() as f64);
        Ok(Effort { flops: 4.0 * nnz * k + rows * (4.0 * k * k + 4.0 * k), passes: 2.0, repairs: 0 })
    }
}

impl<T: Real> Half<T> {
    fn advance(&mut self, x: &mut Mat<T>, gram: &Mat<T>, damping: f64, problem: &Problem<'_, T>) {
        // A factor of zeros has a Gram matrix of zeros: never divide by it.
        let length = (1.0 + damping) * gram.norm_l2().to_f64();
        let step = T::of(1.0 / length.max(T::TINY / T::EPSILON));
        matmul(&mut self.product, Accum::Replace, &*x, gram, T::of(1.0), problem.par);
        for j in 0..x.ncols() {
            let known = self.cross.col_as_slice(j).iter().zip(self.product.col_as_slice(j));
            for (x, (c, xg)) in x.col_as_slice_mut(j).iter_mut().zip(known) {
                let moved = *x - step * (*xg - *c);
                *x = if moved > T::of(0.0) { moved } else { T::of(0.0) };
            }
        }
    }
}
