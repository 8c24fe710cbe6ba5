//! TEMPLATE. Author, "Title", Journal (year), equation: what is taken from there.
//!
//! X ← max(0, X − (XG − C)/((1 + damping)·‖G‖_F)): write the update with the paper's symbols, X being the factor (p×k), G
//! the Gram matrix and C the cross product of the other one. Say why it does what it claims.

use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut};
use nmfbench_algorithms::kernels::{column, column_mut};
use nmfbench_algorithms::{Breakdown, Effort, Objective, Real, Rule, Side, Subproblem, Traits, Update};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// TEMPLATE: the parameters. Each field's comment gives its meaning and unit, the default is the paper's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Template {
    /// How much shorter than 1/‖G‖_F the step is.
    #[schemars(range(min = 0.0))]
    damping: f64,
}

impl Rule for Template {
    // Only what the paper proves; `nmfbench verify` holds it to that.
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };
    type Update<T: Real> = TemplateUpdate<T>;

    fn prepare<T: Real>(&self, side: &Side) -> TemplateUpdate<T> {
        TemplateUpdate { damping: self.damping, product: Mat::zeros(side.rows, side.rank) }
    }
}

/// What one factor's updates need: allocated once, as a step allocates nothing.
pub struct TemplateUpdate<T> {
    damping: f64,
    /// XG, p×k.
    product: Mat<T>,
}

impl<T: Real> Update<T> for TemplateUpdate<T> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        // A factor of zeros has G = 0: never divide by it.
        let length = (1.0 + self.damping) * s.gram.norm_l2().to_f64();
        let step = T::of(1.0 / length.max(T::TINY / T::EPSILON));
        matmul(&mut self.product, Accum::Replace, x.rb(), s.gram, T::of(1.0), s.par);
        for j in 0..x.ncols() {
            let known = column(s.cross, j).iter().zip(self.product.col_as_slice(j));
            for (x, (c, xg)) in column_mut(x.rb_mut(), j).iter_mut().zip(known) {
                let moved = *x - step * (*xg - *c);
                *x = if moved > T::of(0.0) { moved } else { T::of(0.0) };
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2⁵³")]
        let (p, k) = (x.nrows() as f64, x.ncols() as f64);
        Ok(Effort { flops: 2.0 * p * k * k + 4.0 * p * k, ..Effort::default() })
    }
}
