//! What an alternating method is fed with: the cross product with A and the Gram matrix, penalties folded in.

use crate::algorithm::Subproblem;
use crate::kernels::{self, column_mut};
use crate::matrix::count;
use crate::measure;
use crate::problem::{Effort, Factors, Part, Problem, Shape};
use crate::real::Real;
use faer::prelude::*;
use faer::{Mat, MatMut, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Penalties of the objective
///
/// ½‖A − WH‖²_F + l1_w·Σ w_il + l1_h·Σ h_lj + ½·l2_w·‖W‖²_F + ½·l2_h·‖H‖²_F.
///
/// On one factor this shifts C by −l1 and the diagonal of G by l2, so that every rule minimises it without knowing. The
/// weights are absolute: they do not grow with A. Measures of a run stay those of ½‖A − WH‖²_F.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Penalties {
    /// λ in the term λ·Σ w_il added to ½‖A − WH‖²_F.
    #[schemars(range(min = 0.0))]
    l1_w: f64,
    /// λ in the term λ·Σ h_lj added to ½‖A − WH‖²_F.
    #[schemars(range(min = 0.0))]
    l1_h: f64,
    /// λ in the term ½λ·‖W‖²_F added to ½‖A − WH‖²_F.
    #[schemars(range(min = 0.0))]
    l2_w: f64,
    /// λ in the term ½λ·‖H‖²_F added to ½‖A − WH‖²_F.
    #[schemars(range(min = 0.0))]
    l2_h: f64,
}

/// The order of the factors.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Order {
    /// The factor that is updated first in an iteration; the other one then sees its new value.
    pub(crate) first: Factor,
}

/// One of the two factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Factor {
    #[default]
    W,
    H,
}

impl Factor {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Factor::W => Factor::H,
            Factor::H => Factor::W,
        }
    }
}

impl Order {
    /// The two factors in order.
    pub(crate) fn sequence(&self) -> [Factor; 2] {
        if self.first == Factor::W { [Factor::W, Factor::H] } else { [Factor::H, Factor::W] }
    }
}

impl Penalties {
    /// The weights (l1, l2) of a factor.
    fn of(&self, factor: Factor) -> (f64, f64) {
        match factor {
            Factor::W => (self.l1_w, self.l2_w),
            Factor::H => (self.l1_h, self.l2_h),
        }
    }

    /// Whether any of the weights is above 0.
    pub(crate) fn any(&self) -> bool {
        [self.l1_w, self.l1_h, self.l2_w, self.l2_h].into_iter().any(|weight| weight > 0.0)
    }

    /// l1·Σx + ½·l2·‖X‖²_F.
    pub(crate) fn value<T: Real>(&self, factor: Factor, x: &Mat<T>) -> f64 {
        let (l1, l2) = self.of(factor);
        let mut value = 0.0;
        if l1 > 0.0 {
            value += l1 * (0..x.ncols()).flat_map(|j| x.col_as_slice(j)).map(|v| v.to_f64()).sum::<f64>();
        }
        if l2 > 0.0 {
            value += 0.5 * l2 * kernels::dot(x.as_ref(), x.as_ref());
        }
        value
    }
}

/// Workspaces of both subproblems.
pub(crate) struct Products<T> {
    /// A·Ht, m×k.
    cross_w: Mat<T>,
    /// Aᵀ·W, n×k.
    cross_h: Mat<T>,
    /// HHᵀ, k×k: the Gram matrix for W.
    gram_w: Mat<T>,
    /// WᵀW, k×k: the Gram matrix for H.
    gram_h: Mat<T>,
    penalties: Penalties,
}

impl<T: Real> Products<T> {
    /// Allocates for a problem.
    pub(crate) fn new(problem: &Problem<'_, T>, penalties: Penalties) -> Self {
        let Shape { m, n, rank } = problem.shape();
        let zeros = |rows| Mat::<T>::zeros(rows, rank);
        Products { cross_w: zeros(m), cross_h: zeros(n), gram_w: zeros(rank), gram_h: zeros(rank), penalties }
    }

    /// The subproblem of one factor, `y` being the other one.
    pub(crate) fn subproblem<'a>(
        &'a mut self,
        problem: &Problem<'_, T>,
        factor: Factor,
        y: &Mat<T>,
    ) -> (Subproblem<'a, T>, Effort) {
        let (cross, gram) = match factor {
            Factor::W => {
                problem.matrix.times(self.cross_w.as_mut(), y.as_ref(), problem.par);
                (&mut self.cross_w, &mut self.gram_w)
            }
            Factor::H => {
                problem.matrix.transpose_times(self.cross_h.as_mut(), y.as_ref(), problem.par);
                (&mut self.cross_h, &mut self.gram_h)
            }
        };
        problem.lap(Part::Products);
        kernels::gram(gram.as_mut(), y.as_ref(), problem.par);
        problem.lap(Part::Gram);
        let (l1, l2) = self.penalties.of(factor);
        if l1 > 0.0 {
            shift(cross.as_mut(), T::of(-l1));
        }
        if l2 > 0.0 {
            for l in 0..problem.rank {
                gram[(l, l)] += T::of(l2);
            }
        }
        let k = count(problem.rank);
        let flops = 2.0 * count(problem.matrix.nnz()) * k + count(y.nrows()) * k * (k + 1.0);
        (self.again(problem, factor), Effort { flops, passes: 1.0, repairs: 0 })
    }

    /// The subproblem of one factor as it was last formed.
    pub(crate) fn again<'a>(&'a self, problem: &Problem<'_, T>, factor: Factor) -> Subproblem<'a, T> {
        let (gram, cross) = match factor {
            Factor::W => (&self.gram_w, &self.cross_w),
            Factor::H => (&self.gram_h, &self.cross_h),
        };
        Subproblem { gram: gram.as_ref(), cross: cross.as_ref(), par: problem.par }
    }

    /// The penalised objective at (x, y), x being `factor` and the subproblem of x having been formed at y.
    ///
    /// ½‖A‖² + ½⟨XᵀX, G⟩ − ⟨C, X⟩, and the penalty of y. `own` is a k×k workspace and ends as XᵀX.
    pub(crate) fn objective(
        &self,
        problem: &Problem<'_, T>,
        factor: Factor,
        (x, y): (&Mat<T>, &Mat<T>),
        own: &mut Mat<T>,
    ) -> (f64, Effort) {
        let s = self.again(problem, factor);
        kernels::gram(own.as_mut(), x.as_ref(), problem.par);
        let quadratic = 0.5 * kernels::dot(own.as_ref(), s.gram) - kernels::dot(s.cross, x.as_ref());
        let (p, k) = (count(x.nrows()), count(x.ncols()));
        let effort = Effort { flops: p * k * (k + 1.0) + 2.0 * p * k, ..Effort::default() };
        (0.5 * problem.squared_norm + quadratic + self.penalties.value(factor.other(), y), effort)
    }

    /// The penalised objective from the residual itself, where there are penalties. Allocates: for measuring.
    pub(crate) fn penalised(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        let of = |factor, x| self.penalties.value(factor, x);
        let penalty = || of(Factor::W, &factors.w) + of(Factor::H, &factors.ht);
        self.penalties.any().then(|| problem.frobenius(factors) + penalty())
    }

    /// ‖∇(W, H)‖_F, both factors at once.
    pub(crate) fn gradient_norm(&mut self, problem: &Problem<'_, T>, factors: &Factors<T>) -> f64 {
        let mut buffer = Mat::<T>::zeros(problem.matrix.nrows().max(problem.matrix.ncols()), problem.rank);
        let (side, _) = self.subproblem(problem, Factor::W, &factors.ht);
        let w = measure::squared_gradient(&factors.w, &side, buffer.as_mut(), Par::Seq);
        let (side, _) = self.subproblem(problem, Factor::H, &factors.w);
        let h = measure::squared_gradient(&factors.ht, &side, buffer.as_mut(), Par::Seq);
        (w + h).sqrt()
    }
}

fn shift<T: Real>(mut x: MatMut<'_, T>, by: T) {
    for j in 0..x.ncols() {
        column_mut(x.rb_mut(), j).iter_mut().for_each(|x| *x += by);
    }
}
