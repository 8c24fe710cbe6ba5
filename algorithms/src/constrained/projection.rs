//! Nearest points under constraints on the sum or on the sparseness of a vector. All in double precision.

/// Hoyer (2004), eq. in §3.1: the 1-norm that a vector of n entries and this 2-norm has at a sparseness.
pub(super) fn norm1(sparseness: f64, n: f64, norm2: f64) -> f64 {
    norm2 * (n.sqrt() - (n.sqrt() - 1.0) * sparseness)
}

/// Overwrites x with the nearest vector ≥ 0 of the given 1-norm and 2-norm; 1 ≤ `norm1`/`norm2` ≤ √n. Hoyer (2004),
/// §3.2. `fixed` is room for as many flags.
///
/// From the nearest point with the right sum it moves away from the centre of the hyperplane of that sum to the right
/// 2-norm. Entries that are then below 0 are set to 0 for good, and the rest is projected again. At the centre there is
/// no direction, and the first of the entries left is raised.
pub(super) fn onto_sparseness(x: &mut [f64], norm1: f64, norm2: f64, fixed: &mut [bool]) {
    let number = crate::matrix::count;
    fixed.fill(false);
    let mut left = x.len();
    let shift = (norm1 - x.iter().sum::<f64>()) / number(left);
    x.iter_mut().for_each(|x| *x += shift);
    loop {
        let centre = norm1 / number(left);
        let each = x.iter().zip(&*fixed).filter(|(_, fixed)| !**fixed).map(|(x, _)| *x - centre);
        let (mut squares, mut sum) = each.fold((0.0, 0.0), |(s, t), d| (s + d * d, t + d));
        if squares <= (f64::EPSILON * norm2).powi(2) {
            // All are the same: any direction is as good.
            let first = fixed.iter().position(|fixed| !fixed).expect("some are left");
            x.iter_mut().zip(&*fixed).filter(|(_, fixed)| !**fixed).for_each(|(x, _)| *x = centre - norm2);
            x[first] = centre + norm2 * (number(left) - 1.0);
            squares = norm2 * norm2 * number(left) * (number(left) - 1.0);
            sum = 0.0;
        }
        if squares > 0.0 {
            // ‖centre + α·d‖ = norm2 for the larger α.
            let (b, c) = (centre * sum, centre * centre * number(left) - norm2 * norm2);
            let alpha = ((b * b - squares * c).max(0.0).sqrt() - b) / squares;
            for (x, _) in x.iter_mut().zip(&*fixed).filter(|(_, fixed)| !**fixed) {
                *x = centre + alpha * (*x - centre);
            }
        } else {
            x.iter_mut().zip(&*fixed).filter(|(_, fixed)| !**fixed).for_each(|(x, _)| *x = centre);
        }
        let before = left;
        for (x, fixed) in x.iter_mut().zip(fixed.iter_mut()) {
            if *x < 0.0 || *fixed {
                left -= usize::from(!*fixed);
                (*x, *fixed) = (0.0, true);
            }
        }
        if left == before || left == 0 {
            return;
        }
        let shift = (x.iter().sum::<f64>() - norm1) / number(left);
        x.iter_mut().zip(&*fixed).filter(|(_, fixed)| !**fixed).for_each(|(x, _)| *x -= shift);
    }
}

/// Overwrites x with the nearest vector ≥ 0 whose sum is 1, or at most 1 where `below` says so. Michelot, "A finite
/// algorithm for finding the projection of a point onto the canonical simplex of ℝⁿ", J. Optimization Theory and
/// Applications 50 (1986): max(0, x − τ), τ found by leaving out what falls below it.
pub(super) fn onto_simplex(x: &mut [f64], below: bool) {
    let number = crate::matrix::count;
    if below && x.iter().map(|x| x.max(0.0)).sum::<f64>() <= 1.0 {
        x.iter_mut().for_each(|x| *x = x.max(0.0));
        return;
    }
    let (mut left, mut tau) = (x.len(), (x.iter().sum::<f64>() - 1.0) / number(x.len()));
    loop {
        let (sum, above) = x.iter().filter(|x| **x > tau).fold((0.0, 0), |(s, n), x| (s + x, n + 1));
        if above == left || above == 0 {
            break;
        }
        left = above;
        tau = (sum - 1.0) / number(left);
    }
    x.iter_mut().for_each(|x| *x = (*x - tau).max(0.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn norms(x: &[f64]) -> (f64, f64) {
        (x.iter().map(|x| x.abs()).sum(), x.iter().map(|x| x * x).sum::<f64>().sqrt())
    }

    #[test]
    fn sparseness_is_met_to_rounding_and_nothing_nearer_is_found() {
        let mut stream = Stream::of(1, "projection");
        for trial in 0..300 {
            let n = 2 + trial % 40;
            let sparseness = [0.01, 0.3, 0.5, 0.75, 0.95, 1.0][trial % 6];
            let given: Vec<f64> = (0..n).map(|_| stream.uniform() - 0.3).collect();
            let (size, norm2) = (crate::matrix::count(n), 0.1 + stream.uniform());
            let norm1 = norm1(sparseness, size, norm2);
            let mut x = given.clone();
            onto_sparseness(&mut x, norm1, norm2, &mut vec![false; n]);
            let found = norms(&x);
            assert!(x.iter().all(|x| *x >= 0.0));
            assert!((found.0 / norm1 - 1.0).abs() < 1e-12 && (found.1 / norm2 - 1.0).abs() < 1e-12, "{found:?}");
            // Any permutation of the result meets the constraints as well: none may be nearer.
            let inner = |x: &[f64]| x.iter().zip(&given).map(|(x, g)| x * g).sum::<f64>();
            for i in 1..n {
                let mut other = x.clone();
                other.swap(i - 1, i);
                assert!(inner(&other) <= inner(&x) + 1e-12);
            }
        }
    }

    /// Brute force over the curve of feasible points in the plane and on the sphere's cut in space.
    #[test]
    fn the_nearest_of_many_feasible_points_is_found() {
        let mut stream = Stream::of(2, "projection");
        for _ in 0..40 {
            let given: Vec<f64> = (0..3).map(|_| stream.uniform() - 0.2).collect();
            let (norm1, norm2) = (norm1(0.6, 3.0, 1.0), 1.0);
            let mut x = given.clone();
            onto_sparseness(&mut x, norm1, norm2, &mut [false; 3]);
            let distance = |x: &[f64]| x.iter().zip(&given).map(|(x, g)| (x - g).powi(2)).sum::<f64>();
            // The circle Σx = norm1, ‖x‖ = norm2 around its centre.
            let (centre, radius) = (norm1 / 3.0, (norm2 * norm2 - norm1 * norm1 / 3.0).sqrt());
            let nearest = (0..20_000)
                .map(|i| f64::from(i) * std::f64::consts::TAU / 20_000.0)
                .map(|t| {
                    let (u, v) = (radius * t.cos() / 2.0_f64.sqrt(), radius * t.sin() / 6.0_f64.sqrt());
                    [centre + u + v, centre - u + v, centre - 2.0 * v]
                })
                .filter(|p| p.iter().all(|p| *p >= -1e-9))
                .map(|p| distance(&p))
                .fold(f64::INFINITY, f64::min);
            assert!(distance(&x) <= nearest + 1e-6, "{x:?} for {given:?}: {} {nearest}", distance(&x));
        }
    }

    #[test]
    fn vectors_without_a_direction_are_projected_too() {
        for given in [vec![0.0; 4], vec![3.0; 4], vec![-1.0; 4]] {
            let mut x = given;
            onto_sparseness(&mut x, norm1(0.7, 4.0, 2.0), 2.0, &mut [false; 4]);
            let found = norms(&x);
            assert!((found.1 - 2.0).abs() < 1e-12 && (found.0 - norm1(0.7, 4.0, 2.0)).abs() < 1e-12, "{x:?}");
        }
        let mut one = [5.0];
        onto_sparseness(&mut one, 2.0, 2.0, &mut [false]);
        assert!((one[0] - 2.0).abs() < 1e-15);
    }

    #[test]
    fn simplex_by_hand_and_by_its_optimality() {
        let project = |x: &[f64], below| {
            let mut x = x.to_vec();
            onto_simplex(&mut x, below);
            x
        };
        assert_eq!(project(&[2.0, 0.0], false), [1.0, 0.0]);
        assert_eq!(project(&[0.75, 0.75], false), [0.5, 0.5]);
        assert_eq!(project(&[0.25, -1.0], true), [0.25, 0.0]);
        assert_eq!(project(&[-3.0, -1.0], true), [0.0, 0.0]);
        let mut stream = Stream::of(3, "projection");
        for _ in 0..200 {
            let given: Vec<f64> = (0..9).map(|_| 2.0 * stream.uniform() - 0.7).collect();
            let x = project(&given, false);
            assert!((x.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            // x − given is the same τ on the support and no larger elsewhere.
            let tau = given.iter().zip(&x).find(|(_, x)| **x > 0.0).map(|(g, x)| g - x).expect("a support");
            assert!(given.iter().zip(&x).all(|(g, x)| if *x > 0.0 {
                (g - x - tau).abs() < 1e-12
            } else {
                *g <= tau + 1e-12
            }));
        }
    }
}
