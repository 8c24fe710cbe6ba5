//! ‖G‖₂ of a Gram matrix, from its eigenvalues: a Lipschitz constant must be an upper bound, which a power iteration
//! does not give.

use crate::matrix::count;
use crate::real::Real;
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::prelude::*;
use faer::{MatRef, Par};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use faer::Mat;

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
