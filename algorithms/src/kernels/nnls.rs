//! Exact nonnegative least squares on the normal equations, one right-hand side at a time.
//!
//! Lawson & Hanson's active-set method in the Gram form (Lawson & Hanson 1974, ch. 23; Bro & de Jong 1997,
//! J. Chemometrics 11): free the variable with the most negative gradient, solve on the free set, step back to the
//! feasible boundary where that solution leaves it. It ends after finitely many steps at the exact minimiser.

use faer::MatRef;

/// Solves min ½ xᵀGx − cᵀx over x ≥ 0 again and again for one Gram matrix.
#[derive(Debug)]
pub struct Nnls {
    rank: usize,
    gram: Vec<f64>,
    /// A pivot below this share of its diagonal entry is a dependence.
    pivot: f64,
    state: Vec<State>,
    free: Vec<usize>,
    factor: Vec<f64>,
    solution: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// At zero.
    Bound,
    /// In the free set.
    Free,
    /// At zero, and of no use beside the present free set (dependent on it, up to rounding).
    Barred,
}

impl Nnls {
    /// Takes a symmetric positive semidefinite k×k Gram matrix.
    #[must_use]
    pub fn new(gram: MatRef<'_, f64>) -> Self {
        let k = gram.nrows();
        assert_eq!(gram.ncols(), k, "a Gram matrix is square");
        Nnls {
            rank: k,
            gram: (0..k * k).map(|p| gram[(p % k, p / k)]).collect(),
            pivot: 1e-14,
            state: vec![State::Bound; k],
            free: Vec::with_capacity(k),
            factor: vec![0.0; k * k],
            solution: vec![0.0; k],
        }
    }

    /// Takes another Gram matrix of the same size, its columns one after the other, and the share of a diagonal entry
    /// below which a pivot is a dependence.
    pub(crate) fn load(&mut self, gram: &[f64], pivot: f64) {
        self.gram.copy_from_slice(gram);
        self.pivot = pivot;
    }

    /// Overwrites `x` with the minimiser for the right-hand side `c` (both of length k).
    ///
    /// A singular Gram matrix has many minimisers; one of them is returned. The gradient of the result is ≥ −τ on the
    /// zeros and within ±τ on the rest, τ a small multiple of k·ε·max|c|.
    pub fn solve(&mut self, c: &[f64], x: &mut [f64]) {
        let k = self.rank;
        assert!(c.len() == k && x.len() == k, "right-hand side and solution have the length of the Gram matrix");
        x.fill(0.0);
        self.free.clear();
        self.state.fill(State::Bound);
        let scale = c.iter().fold(0.0_f64, |s, c| s.max(c.abs()));
        let tolerance = 10.0 * crate::matrix::count(k) * f64::EPSILON * scale;
        // Each round frees one variable and strictly lowers the objective; the bound only guards against rounding.
        for _ in 0..10 * k + 10 {
            let Some(entering) = self.most_negative(c, x, tolerance) else { return };
            self.free.push(entering);
            self.state[entering] = State::Free;
            self.settle(entering, c, x);
        }
    }

    /// The bound variable whose gradient Gx − c is the most negative beyond rounding.
    fn most_negative(&self, c: &[f64], x: &[f64], tolerance: f64) -> Option<usize> {
        let (mut best, mut lowest) = (None, -tolerance);
        for i in (0..self.rank).filter(|&i| self.state[i] == State::Bound) {
            let row = &self.gram[i * self.rank..(i + 1) * self.rank];
            let gradient = row.iter().zip(x).map(|(g, x)| g * x).sum::<f64>() - c[i];
            if gradient < lowest {
                (best, lowest) = (Some(i), gradient);
            }
        }
        best
    }

    /// Moves to the solution on the free set, releasing the variables that block the way.
    fn settle(&mut self, entering: usize, c: &[f64], x: &mut [f64]) {
        while !self.free.is_empty() {
            if !self.solve_free(c) {
                self.leave(entering, x, State::Barred);
                continue;
            }
            let (mut step, mut limiting) = (1.0_f64, None);
            for (&s, &i) in self.solution.iter().zip(&self.free) {
                if s <= 0.0 {
                    let ratio = if x[i] > 0.0 { x[i] / (x[i] - s) } else { 0.0 };
                    if limiting.is_none() || ratio < step {
                        (step, limiting) = (ratio, Some(i));
                    }
                }
            }
            for (&s, &i) in self.solution.iter().zip(&self.free) {
                x[i] += step * (s - x[i]);
            }
            let Some(i) = limiting else { return };
            if i == entering {
                self.leave(i, x, State::Barred);
            } else {
                // The free set shrinks: what depended on it may be of use again.
                self.state.iter_mut().filter(|s| **s == State::Barred).for_each(|s| *s = State::Bound);
                self.leave(i, x, State::Bound);
            }
        }
    }

    fn leave(&mut self, variable: usize, x: &mut [f64], state: State) {
        x[variable] = 0.0;
        self.free.retain(|&i| i != variable);
        self.state[variable] = state;
    }

    /// Cholesky solve on the free set; false when a pivot vanishes (only the last column to enter can cause that).
    fn solve_free(&mut self, c: &[f64]) -> bool {
        let (k, p) = (self.rank, self.free.len());
        for a in 0..p {
            for b in 0..=a {
                let dots: f64 = (0..b).map(|l| self.factor[a * k + l] * self.factor[b * k + l]).sum();
                let s = self.gram[self.free[a] * k + self.free[b]] - dots;
                if a != b {
                    self.factor[a * k + b] = s / self.factor[b * k + b];
                } else if s > self.gram[self.free[a] * (k + 1)] * self.pivot {
                    self.factor[a * k + a] = s.sqrt();
                } else {
                    return false;
                }
            }
        }
        for a in 0..p {
            let s: f64 = (0..a).map(|l| self.factor[a * k + l] * self.solution[l]).sum();
            self.solution[a] = (c[self.free[a]] - s) / self.factor[a * k + a];
        }
        for a in (0..p).rev() {
            let s: f64 = (a + 1..p).map(|l| self.factor[l * k + a] * self.solution[l]).sum();
            self.solution[a] = (self.solution[a] - s) / self.factor[a * k + a];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use faer::Mat;

    /// The minimiser by trying every free set: the oracle.
    fn enumerate(gram: &Mat<f64>, c: &[f64]) -> f64 {
        let k = c.len();
        let mut best = 0.0_f64;
        for set in 1..1_usize << k {
            let free: Vec<usize> = (0..k).filter(|i| set >> i & 1 == 1).collect();
            let g = Mat::from_fn(free.len(), free.len(), |a, b| gram[(free[a], free[b])]);
            let rhs = Mat::from_fn(free.len(), 1, |a, _| c[free[a]]);
            use faer::linalg::solvers::Solve;
            let x = g.full_piv_lu().solve(&rhs);
            if (0..free.len()).all(|a| x[(a, 0)] >= 0.0) {
                let mut full = vec![0.0; k];
                free.iter().enumerate().for_each(|(a, &i)| full[i] = x[(a, 0)]);
                best = best.min(objective(gram, c, &full));
            }
        }
        best
    }

    fn objective(gram: &Mat<f64>, c: &[f64], x: &[f64]) -> f64 {
        let k = c.len();
        let quadratic: f64 = (0..k).map(|i| (0..k).map(|j| x[i] * gram[(i, j)] * x[j]).sum::<f64>()).sum();
        0.5 * quadratic - c.iter().zip(x).map(|(c, x)| c * x).sum::<f64>()
    }

    fn worst_kkt(gram: &Mat<f64>, c: &[f64], x: &[f64]) -> f64 {
        let k = c.len();
        let gradient = |i: usize| (0..k).map(|j| gram[(i, j)] * x[j]).sum::<f64>() - c[i];
        (0..k).map(|i| if x[i] > 0.0 { gradient(i).abs() } else { (-gradient(i)).max(0.0) }).fold(0.0, f64::max)
    }

    #[test]
    fn agrees_with_the_enumeration_of_all_active_sets() {
        let mut rng = Stream::of(3, "nnls test");
        for trial in 0..400 {
            let k = 1 + trial % 6;
            let b = Mat::from_fn(k + 3, k, |_, _| rng.uniform() - 0.2);
            let gram = b.transpose() * &b;
            let c: Vec<f64> = (0..k).map(|_| rng.uniform() - 0.4).collect();
            let mut x = vec![f64::NAN; k];
            Nnls::new(gram.as_ref()).solve(&c, &mut x);
            assert!(x.iter().all(|x| *x >= 0.0));
            assert!(worst_kkt(&gram, &c, &x) <= 1e-10, "trial {trial}: {x:?}");
            assert!((objective(&gram, &c, &x) - enumerate(&gram, &c)).abs() <= 1e-10);
        }
    }

    #[test]
    fn a_singular_gram_still_gives_a_minimiser() {
        // Two equal columns and a zero one.
        let b = faer::mat![[1.0, 1.0, 0.0, 0.5], [2.0, 2.0, 0.0, 0.1], [0.5, 0.5, 0.0, 3.0_f64]];
        let gram = b.transpose() * &b;
        let target = [1.0, 2.0, 0.3];
        let c: Vec<f64> = (0..4).map(|j| (0..3).map(|i| b[(i, j)] * target[i]).sum()).collect();
        let mut x = vec![0.0; 4];
        Nnls::new(gram.as_ref()).solve(&c, &mut x);
        assert!(worst_kkt(&gram, &c, &x) <= 1e-10, "{x:?}");
    }

    #[test]
    fn a_right_hand_side_of_no_use_gives_zeros() {
        let gram = Mat::<f64>::identity(3, 3);
        let mut x = vec![7.0; 3];
        Nnls::new(gram.as_ref()).solve(&[-1.0, 0.0, -3.0], &mut x);
        assert_eq!(x, [0.0; 3]);
        Nnls::new(Mat::<f64>::zeros(3, 3).as_ref()).solve(&[0.0; 3], &mut x);
        assert_eq!(x, [0.0; 3]);
    }
}
