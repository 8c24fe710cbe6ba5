//! Graph-regularised factorisation. Cai, He, Han & Huang, "Graph regularized nonnegative matrix factorization for data
//! representation", IEEE Trans. Pattern Analysis and Machine Intelligence 33 (2011), §3.
//!
//! min ½‖A − WH‖² + ½λ·tr(H L Hᵀ), L = D − S being the Laplacian of the graph that joins each column of A with its p
//! nearest (S the weights of its edges, D their sums), by (eq. 14, 15; V = Ht)
//!
//! W ← W ∘ (AHᵀ) ⊘ (W HHᵀ),   V ← V ∘ (AᵀW + λSV) ⊘ (V WᵀW + λDV).
//!
//! The penalised objective never rises (Theorem 1 there); with a floor ε > 0 as in `mu` neither. A penalty on H alone
//! makes H small and W large in the long run. λ = 100, p = 5 and weights of 1 are the defaults of the authors' programs.

use super::graph::{self, Weighting};
use super::{floor, multiply, product_flops};
use crate::algorithm::{Algorithm, Solver, Traits};
use crate::conformance::Property;
use crate::kernels;
use crate::matrix::count;
use crate::problem::{Breakdown, Effort, Factors, Objective, Problem, Shape};
use crate::real::Real;
use crate::sparse::Sparse;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Graph-regularised multiplicative update.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Gnmf {
    /// λ in the term ½λ·tr(HLHᵀ) added to ½‖A − WH‖²_F, for columns of A of norm 1 as in the paper: in units of the root
    /// mean square of their norms.
    #[schemars(range(min = 0.0))]
    lambda: f64,
    /// p, the nearest columns that each column is joined with.
    #[schemars(range(min = 1))]
    neighbours: u32,
    /// The weight of an edge: 1, exp(−d²/σ) by the distance d, or the cosine of the angle.
    weighting: Weighting,
    /// σ of the heat kernel, in units of the mean of d² over the edges.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    sigma: f64,
    /// Lower bound of the factors' entries, in units of √(mean(A)/k); never below the scalar type's own precision.
    #[schemars(range(min = 0.0))]
    floor: f64,
}

impl Default for Gnmf {
    fn default() -> Self {
        Gnmf { lambda: 100.0, neighbours: 5, weighting: Weighting::Binary, sigma: 1.0, floor: 1e-16 }
    }
}

impl Algorithm for Gnmf {
    const TRAITS: Traits = Traits { monotone: true, locks_zeros: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Transposition, "the graph is that of the columns")
        .except(Property::FixedPoint, "an exact factorisation has a penalty as well")
        .except(Property::Recovery, "the penalty moves the minimum");

    fn start<T: Real>(&self, problem: &Problem<'_, T>, _factors: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let Shape { m, n, rank: k } = problem.shape();
        let p = self.neighbours as usize;
        let graph = graph::neighbours(problem.matrix, p, self.weighting, self.sigma, problem.par)
            .map_err(|e| Breakdown::Other(format!("the graph of neighbours: {e}")))?;
        graph.reserve(k, problem.par);
        problem.matrix.reserve(k, problem.par);
        let degrees = (0..n).map(|j| T::of(graph.column(j).1.iter().map(|w| w.to_f64()).sum())).collect();
        Ok(Box::new(Machine {
            cross_w: Mat::zeros(m, k),
            model_w: Mat::zeros(m, k),
            cross_h: Mat::zeros(n, k),
            model_h: Mat::zeros(n, k),
            near: Mat::zeros(n, k),
            gram: Mat::zeros(k, k),
            lambda: self.lambda * (problem.squared_norm / count(n)).sqrt(),
            graph,
            degrees,
            floor: floor(self.floor, problem),
            begun: false,
        }))
    }
}

struct Machine<T> {
    /// AHᵀ and W HHᵀ, m×k.
    cross_w: Mat<T>,
    model_w: Mat<T>,
    /// AᵀW + λSV and V WᵀW + λDV, n×k.
    cross_h: Mat<T>,
    model_h: Mat<T>,
    /// SV, n×k.
    near: Mat<T>,
    gram: Mat<T>,
    /// λ in the data's unit.
    lambda: f64,
    /// S, n×n.
    graph: Sparse<T>,
    /// The diagonal of D.
    degrees: Vec<T>,
    floor: T,
    /// Whether the work of the set-up has been counted.
    begun: bool,
}

impl<T: Real> Solver<T> for Machine<T> {
    fn step(&mut self, problem: &Problem<'_, T>, factors: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let (matrix, par) = (problem.matrix, problem.par);
        let Shape { m, n, rank } = problem.shape();
        let mut effort = Effort::default();
        if !self.begun {
            self.begun = true;
            effort.passes += graph::passes(matrix);
            effort.flops += 2.0 * count(matrix.nnz()) * count(n) + 3.0 * count(n) * count(n);
        }
        matrix.times(self.cross_w.as_mut(), factors.ht.as_ref(), par);
        kernels::gram(self.gram.as_mut(), factors.ht.as_ref(), par);
        matmul(self.model_w.as_mut(), Accum::Replace, &factors.w, &self.gram, T::of(1.0), par);
        multiply(factors.w.as_mut(), self.cross_w.as_ref(), self.model_w.as_ref(), self.floor);

        matrix.transpose_times(self.cross_h.as_mut(), factors.w.as_ref(), par);
        kernels::gram(self.gram.as_mut(), factors.w.as_ref(), par);
        matmul(self.model_h.as_mut(), Accum::Replace, &factors.ht, &self.gram, T::of(1.0), par);
        self.graph.times(self.near.as_mut(), factors.ht.as_ref(), par);
        let lambda = T::of(self.lambda);
        for l in 0..rank {
            let sums = self.cross_h.col_as_slice_mut(l).iter_mut().zip(self.model_h.col_as_slice_mut(l));
            let own = factors.ht.col_as_slice(l).iter().zip(&self.degrees);
            for (((c, d), near), (v, degree)) in sums.zip(self.near.col_as_slice(l)).zip(own) {
                *c += lambda * *near;
                *d += lambda * *degree * *v;
            }
        }
        multiply(factors.ht.as_mut(), self.cross_h.as_ref(), self.model_h.as_ref(), self.floor);
        let (rows, k) = (count(m + n), count(rank));
        effort.passes += 2.0;
        effort.flops += product_flops(matrix, n, rank) + product_flops(matrix, m, rank);
        effort.flops += rows * (2.0 * k * k + 2.0 * k) + 2.0 * count(self.graph.nnz()) * k + 5.0 * count(n) * k;
        Ok(effort)
    }

    fn floors(&self) -> (f64, f64) {
        (self.floor.to_f64(), self.floor.to_f64())
    }

    fn objective(&self, problem: &Problem<'_, T>, factors: &Factors<T>) -> Option<f64> {
        // tr(HLHᵀ) as ½Σ s_ij ‖v_i − v_j‖², which is ≥ 0 in any arithmetic.
        let mut sum = 0.0;
        for j in 0..factors.ht.nrows() {
            let (places, weights) = self.graph.column(j);
            for (i, s) in places.iter().zip(weights) {
                let apart = |l: usize| (factors.ht[(*i as usize, l)].to_f64() - factors.ht[(j, l)].to_f64()).powi(2);
                sum += 0.5 * s.to_f64() * (0..factors.ht.ncols()).map(apart).sum::<f64>();
            }
        }
        Some(problem.frobenius(factors) + 0.5 * self.lambda * sum)
    }
}
