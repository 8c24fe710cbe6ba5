//! Eigenvalues of Gram matrices: ‖G‖₂ (a Lipschitz constant must be an upper bound, which a power iteration does not
//! give), inverses that survive dependent components, and determinants.

use crate::matrix::count;
use crate::real::Real;
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Workspaces for k×k matrices.
pub(crate) struct SpectralNorm<T> {
    values: Diag<T>,
    memory: MemBuffer,
}

impl<T: Real> SpectralNorm<T> {
    /// For symmetric positive semidefinite k×k matrices.
    pub(crate) fn new(k: usize) -> Self {
        let scratch = evd::self_adjoint_evd_scratch::<T>(k, ComputeEigenvectors::No, Par::Seq, default());
        SpectralNorm { values: Diag::zeros(k), memory: MemBuffer::new(scratch) }
    }

    /// The largest eigenvalue, rounded up: never below the largest diagonal entry, never above the trace.
    pub(crate) fn of(&mut self, gram: MatRef<'_, T>) -> f64 {
        let k = gram.ncols();
        let diagonal = (0..k).map(|l| gram[(l, l)].to_f64());
        let (largest, trace) = diagonal.fold((0.0_f64, 0.0), |(most, sum), d| (most.max(d), sum + d));
        let stack = MemStack::new(&mut self.memory);
        let found = evd::self_adjoint_evd(gram, self.values.as_mut(), None, Par::Seq, stack, default());
        let slack = 1.0 + 4.0 * count(k) * T::EPSILON;
        match found {
            Ok(()) => {
                let values = self.values.column_vector();
                let top = (0..k).map(|l| values[l].to_f64()).fold(0.0, f64::max);
                (top * slack).clamp(largest, (trace * slack).max(largest))
            }
            Err(_) => trace * slack,
        }
    }

    /// Flops of one call by formula: the reduction to a tridiagonal matrix, 4k³/3.
    pub(crate) fn flops(k: f64) -> f64 {
        4.0 / 3.0 * k * k * k
    }
}

/// B = UΛUᵀ for symmetric k×k matrices, with workspaces.
pub(crate) struct Eigen<T> {
    values: Diag<T>,
    vectors: Mat<T>,
    /// U·f(Λ).
    scaled: Mat<T>,
    memory: MemBuffer,
}

impl<T: Real> Eigen<T> {
    /// For k×k matrices.
    pub(crate) fn new(k: usize) -> Self {
        let scratch = evd::self_adjoint_evd_scratch::<T>(k, ComputeEigenvectors::Yes, Par::Seq, default());
        let zeros = || Mat::zeros(k, k);
        Eigen { values: Diag::zeros(k), vectors: zeros(), scaled: zeros(), memory: MemBuffer::new(scratch) }
    }

    /// Decomposes a symmetric matrix; false where that fails or an entry is not finite.
    pub(crate) fn decompose(&mut self, b: MatRef<'_, T>) -> bool {
        let stack = MemStack::new(&mut self.memory);
        let vectors = Some(self.vectors.as_mut());
        let found = evd::self_adjoint_evd(b, self.values.as_mut(), vectors, Par::Seq, stack, default());
        found.is_ok() && self.values().all(f64::is_finite)
    }

    /// The eigenvalues of the matrix decomposed last.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let values = self.values.column_vector();
        (0..values.nrows()).map(move |l| values[l].to_f64())
    }

    /// `dst` = U·f(Λ)·Uᵀ.
    pub(crate) fn apply(&mut self, mut dst: MatMut<'_, T>, f: impl Fn(f64) -> f64) {
        for l in 0..self.vectors.ncols() {
            let by = T::of(f(self.values.column_vector()[l].to_f64()));
            let from = self.vectors.col_as_slice(l);
            self.scaled.col_as_slice_mut(l).iter_mut().zip(from).for_each(|(to, u)| *to = *u * by);
        }
        matmul(dst.rb_mut(), Accum::Replace, &self.scaled, self.vectors.transpose(), T::of(1.0), Par::Seq);
    }

    /// Flops of a decomposition and one application by formula (Golub & Van Loan 2013, §8.3: 9k³).
    pub(crate) fn flops(k: f64) -> f64 {
        11.0 * k * k * k
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn functions_of_a_matrix_are_those_of_its_eigenvalues() {
        let mut stream = Stream::of(2, "spectral");
        for k in [1, 2, 5, 30] {
            let b = Mat::from_fn(k + 2, k, |_, _| stream.uniform() - 0.4);
            let gram = b.transpose() * &b;
            let (mut eigen, mut inverse) = (Eigen::new(k), Mat::zeros(k, k));
            assert!(eigen.decompose(gram.as_ref()));
            eigen.apply(inverse.as_mut(), f64::recip);
            let apart = (&gram * &inverse - Mat::<f64>::identity(k, k)).norm_max();
            assert!(apart < 1e-8, "{k}: {apart}");
            let (sum, trace) = (eigen.values().sum::<f64>(), (0..k).map(|l| gram[(l, l)]).sum::<f64>());
            assert!((sum / trace - 1.0).abs() < 1e-12);
        }
        assert!(!Eigen::new(2).decompose(faer::mat![[1.0, f64::NAN], [f64::NAN, 1.0]].as_ref()));
    }

    #[test]
    fn it_bounds_the_quadratic_form_and_is_attained() {
        let mut stream = Stream::of(1, "spectral");
        for k in [1, 2, 5, 40] {
            let b = Mat::from_fn(k + 2, k, |_, _| stream.uniform() - 0.4);
            let gram = b.transpose() * &b;
            let norm = SpectralNorm::new(k).of(gram.as_ref());
            let expected = b.singular_values().expect("converges")[0].powi(2);
            assert!(norm >= expected && norm <= expected * (1.0 + 1e-12), "{k}: {norm} {expected}");
        }
        assert!(SpectralNorm::<f64>::new(3).of(Mat::zeros(3, 3).as_ref()).abs() < f64::MIN_POSITIVE);
    }
}
