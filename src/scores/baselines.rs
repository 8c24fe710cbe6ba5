//! What Lee & Seung (1999) set beside NMF: principal components, whose entries may have any sign, and vector quantisation,
//! which gives each column one prototype.

use faer::{Mat, Side};
use nmfbench_algorithms::random::key;
use nmfbench_algorithms::{Factors, InvalidProblem, Matrix, Problem, centroids};

/// The first k left singular vectors of A by falling singular value, m×min(k, m, n); beyond the rank of A they are zero.
/// Of both signs the one with the positive sum.
pub(crate) fn principal(a: &Mat<f64>, k: usize) -> Mat<f64> {
    let (m, n) = a.shape();
    // Eigenvectors of the smaller of AAᵀ and AᵀA; they come in rising order.
    let few = m <= n;
    let gram = if few { a * a.transpose() } else { a.transpose() * a };
    let Ok(eigen) = gram.self_adjoint_eigen(Side::Lower) else { return Mat::zeros(m, k.min(gram.nrows())) };
    let (values, vectors) = (eigen.S().column_vector(), eigen.U());
    let (all, count) = (gram.nrows(), k.min(gram.nrows()));
    let mut basis = Mat::from_fn(all, count, |i, l| vectors[(i, all - 1 - l)]);
    if !few {
        basis = a * basis;
        for l in 0..count {
            let size = values[all - 1 - l].max(0.0).sqrt();
            // Beyond the rank of the data there is no direction.
            let inverse = if size > 1e-10 * values[all - 1].max(0.0).sqrt() { 1.0 / size } else { 0.0 };
            basis.col_as_slice_mut(l).iter_mut().for_each(|v| *v *= inverse);
        }
    }
    for l in 0..count {
        let column = basis.col_as_slice_mut(l);
        if column.iter().sum::<f64>() < 0.0 {
            column.iter_mut().for_each(|v| *v = -*v);
        }
    }
    basis
}

/// A ≈ WH with the best W and H of rank k, whatever their signs: W from [`principal`], H = WᵀA.
pub(crate) fn principal_factors(a: &Mat<f64>, k: usize) -> Factors<f64> {
    let w = principal(a, k);
    Factors { ht: a.transpose() * &w, w }
}

/// A ≈ WH with a single 1 in each column of H, by k-means.
///
/// # Errors
/// When A has negative entries, or k does not fit.
pub(crate) fn quantised(a: &Mat<f64>, k: usize) -> Result<Factors<f64>, InvalidProblem> {
    let matrix = Matrix::dense(a.clone())?;
    let draws = key(0, "vector quantisation");
    let (w, nearest) = centroids(&Problem::new(&matrix, k, draws)?, &draws);
    let mut ht = Mat::zeros(a.ncols(), k);
    nearest.into_iter().enumerate().for_each(|(j, l)| ht[(j, l)] = 1.0);
    Ok(Factors { w, ht })
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::mat;

    #[test]
    fn principal_components_of_both_shapes_give_the_best_error() {
        // Singular values 3 and 1.
        let a = mat![[2.0, 1.0], [1.0, 2.0], [0.0, 0.0]];
        for (a, side) in [(a.clone(), "tall"), (a.transpose().to_owned(), "wide")] {
            let first = principal_factors(&a, 1);
            let rest = &a - &first.w * first.ht.transpose();
            assert!((rest.norm_l2() - 1.0).abs() < 1e-12, "{side}: {}", rest.norm_l2());
            assert!((first.w.norm_l2() - 1.0).abs() < 1e-12, "{side}");
            let both = principal_factors(&a, 2);
            assert!((&a - &both.w * both.ht.transpose()).norm_l2() < 1e-12, "{side}");
            assert!((0..2).all(|l| both.w.col_as_slice(l).iter().sum::<f64>() > -1e-12), "{side}: {:?}", both.w);
        }
        let one = mat![[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]];
        assert!(principal(&one, 2).col_as_slice(1).iter().all(|v| *v == 0.0), "there is no second direction");
    }

    #[test]
    fn two_heaps_have_their_means_as_prototypes() {
        let a = mat![[1.0, 9.0, 3.0, 11.0], [0.0, 1.0, 0.0, 3.0]];
        let found = quantised(&a, 2).expect("valid");
        let mut prototypes: Vec<&[f64]> = (0..2).map(|l| found.w.col_as_slice(l)).collect();
        prototypes.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(prototypes, [[2.0, 0.0], [10.0, 2.0]]);
        let model = &found.w * found.ht.transpose();
        assert_eq!(model, mat![[2.0, 10.0, 2.0, 10.0], [0.0, 2.0, 0.0, 2.0]]);
        assert!(quantised(&mat![[-1.0, 1.0]], 1).is_err());
    }
}
