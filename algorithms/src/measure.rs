//! How good a pair of factors is. Everything here is computed in double precision, off the clock, and the same way for
//! every algorithm.

use crate::algorithm::Subproblem;
use crate::divergence::{self, View};
use crate::kernels::{self, column};
use crate::matrix::{Matrix, count};
use crate::problem::{Factors, Objective};
use crate::real::Real;
use crate::weighted::Model;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, Par};

/// What one look at a pair of factors shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// The objective: ½‖A − WH‖²_F, or the divergence asked for. Where the data have weights, this and the two measures
    /// below are weighted: ½Σ ω(a − (WH))², and Σ ωa² for ‖A‖².
    pub objective: f64,
    /// ‖A − WH‖_F / ‖A‖_F (not its square); for A = 0 it is 0 at an exact fit and infinite otherwise.
    pub relative_error: f64,
    /// Of the same objective: ‖∇ᴾ(W, H)‖_F / ‖∇(W₀, H₀)‖_F, both at factors balanced to ‖w_l‖ = ‖h_l‖ (Lin 2007; Kim & Park 2008).
    pub kkt_residual: f64,
    /// Mean sparseness of the columns of W (Hoyer, JMLR 5, 2004): (√m − ‖w‖₁/‖w‖₂)/(√m − 1), zero columns left out.
    pub sparseness_w: f64,
    /// The same of the rows of H.
    pub sparseness_h: f64,
    /// Components l with w_l = 0 or h_l = 0.
    pub dead_components: usize,
}

/// Below this (‖A − WH‖/‖A‖)² the Gram identity has lost too many digits, and the residual itself is formed.
const GRAM_LIMIT: f64 = 1e-8;

/// Entries of the residual that are formed at a time, at most, but for a column.
const BLOCK: usize = 1 << 18;

/// Measures factors against one matrix and one start.
#[derive(Debug)]
pub struct Evaluator<'a> {
    matrix: &'a Matrix<f64>,
    objective: Objective,
    squared_norm: f64,
    start_gradient: f64,
    par: Par,
    cross_w: Mat<f64>,
    cross_h: Mat<f64>,
    gram_w: Mat<f64>,
    gram_h: Mat<f64>,
    gradient: Mat<f64>,
    block: Mat<f64>,
    /// Products with the weighted model for W and H, where the data have weights.
    models: Option<(Model<f64>, Model<f64>)>,
}

impl<'a> Evaluator<'a> {
    /// Measures ½‖A − WH‖²_F, relative to this start, whose gradient norm is the unit of the KKT residual.
    #[must_use]
    pub fn new(matrix: &'a Matrix<f64>, start: &Factors<f64>, par: Par) -> Self {
        Evaluator::of(Objective::Frobenius, matrix, start, par)
    }

    /// The same for any objective. The relative error is that of the Frobenius norm all the same.
    #[must_use]
    pub fn of(objective: Objective, matrix: &'a Matrix<f64>, start: &Factors<f64>, par: Par) -> Self {
        let (m, n, k) = (matrix.nrows(), matrix.ncols(), start.rank());
        let mut evaluator = Evaluator {
            matrix,
            objective,
            squared_norm: matrix.squared_norm(),
            start_gradient: 0.0,
            par,
            cross_w: Mat::zeros(m, k),
            cross_h: Mat::zeros(n, k),
            gram_w: Mat::zeros(k, k),
            gram_h: Mat::zeros(k, k),
            gradient: Mat::zeros(m.max(n), k),
            block: Mat::zeros(m, (BLOCK / m).clamp(1, n.min(64))),
            models: match matrix {
                Matrix::Weighted(a) => Some((Model::of_w(a.weights(), k), Model::of_h(a.weights(), k))),
                _ => None,
            },
        };
        evaluator.products(start);
        let (w, h, size) = evaluator.first_gradients(start);
        // Where the start is itself stationary its gradient is rounding noise, and no unit for anything.
        evaluator.start_gradient = (w + h).sqrt().max(f64::EPSILON.sqrt() * size);
        evaluator
    }

    /// Looks at a pair whose entries are kept at or above `floors` (of W and of H).
    pub fn look(&mut self, factors: &Factors<f64>, floors: (f64, f64)) -> Measures {
        self.products(factors);
        let squared = self.squared_residual(factors);
        let relative = if self.squared_norm > 0.0 {
            (squared / self.squared_norm).sqrt()
        } else if squared == 0.0 {
            0.0
        } else {
            f64::INFINITY
        };
        let (objective, w, h) = if self.objective == Objective::Frobenius {
            let (w, h) = self.squared_gradients(factors, Some(floors));
            (0.5 * squared, w, h)
        } else {
            let found = self.divergence(factors, Some(floors));
            (found.value, found.squares.0, found.squares.1)
        };
        let projected = if objective.is_finite() { (w + h).sqrt() } else { f64::INFINITY };
        let (norms_w, norms_h) = (column_norms(&factors.w), column_norms(&factors.ht));
        Measures {
            objective,
            relative_error: relative,
            kkt_residual: if projected == 0.0 { 0.0 } else { projected / self.start_gradient },
            sparseness_w: sparseness(&factors.w),
            sparseness_h: sparseness(&factors.ht),
            dead_components: norms_w.zip(norms_h).filter(|(w, h)| *w == 0.0 || *h == 0.0).count(),
        }
    }

    /// Squared norms of the gradients at the start, by W and by H, and the size of the terms they are differences of.
    fn first_gradients(&mut self, start: &Factors<f64>) -> (f64, f64, f64) {
        if self.objective == Objective::Frobenius {
            let (w, h) = self.squared_gradients(start, None);
            return (w, h, self.cross_norm(start));
        }
        let found = self.divergence(start, None);
        (found.squares.0, found.squares.1, found.size)
    }

    /// The divergence and its gradients, at balanced factors; projected where floors are given.
    fn divergence(&mut self, f: &Factors<f64>, floors: Option<(f64, f64)>) -> Divergence {
        let beta = divergence::Beta::of(self.objective.beta());
        let mut found = Divergence { value: 0.0, squares: (0.0, 0.0), size: 0.0 };
        let views = (View::of_w(self.matrix, self.par), View::of_h(self.matrix, self.par));
        for (x, y, view, floor, inverse) in
            [(&f.w, &f.ht, views.0, floors.map(|f| f.0), true), (&f.ht, &f.w, views.1, floors.map(|f| f.1), false)]
        {
            let mut gradient = x.clone();
            let (value, sizes) = divergence::gradient(&mut gradient, &view, y.as_ref(), beta);
            found.value = value;
            for (j, b) in balance(f).enumerate() {
                let b = if inverse { 1.0 / b } else { b };
                let squares = projected_squares(gradient.col_as_slice(j).iter().copied(), x.col_as_slice(j), floor);
                *(if inverse { &mut found.squares.0 } else { &mut found.squares.1 }) += squares * b;
                found.size += sizes[j] * b;
            }
        }
        found.size = found.size.sqrt();
        found
    }

    /// The two products with A and the two Gram matrices at this pair.
    fn products(&mut self, f: &Factors<f64>) {
        self.matrix.times(self.cross_w.as_mut(), f.ht.as_ref(), self.par);
        self.matrix.transpose_times(self.cross_h.as_mut(), f.w.as_ref(), self.par);
        kernels::gram(self.gram_w.as_mut(), f.w.as_ref(), self.par);
        kernels::gram(self.gram_h.as_mut(), f.ht.as_ref(), self.par);
    }

    /// ‖(AHᵀ, AᵀW)‖_F at balanced factors: the size of the terms whose difference is the gradient.
    fn cross_norm(&self, f: &Factors<f64>) -> f64 {
        let crosses = column_norms(&self.cross_w).zip(column_norms(&self.cross_h));
        let squares = balance(f).zip(crosses).map(|(b, (w, h))| w * w / b + h * h * b);
        squares.sum::<f64>().sqrt()
    }

    /// ‖A‖² − 2⟨AHᵀ, W⟩ + ⟨WᵀW, HHᵀ⟩, or the residual itself where that difference has lost its digits.
    fn squared_residual(&mut self, f: &Factors<f64>) -> f64 {
        if self.models.is_some() {
            return self.matrix.squared_residual(f.w.as_ref(), f.ht.as_ref(), &mut self.block, self.par);
        }
        let inner = kernels::dot(self.cross_w.as_ref(), f.w.as_ref());
        let squared = self.squared_norm - 2.0 * inner + kernels::dot(self.gram_w.as_ref(), self.gram_h.as_ref());
        if squared < GRAM_LIMIT * self.squared_norm {
            return self.matrix.squared_residual(f.w.as_ref(), f.ht.as_ref(), &mut self.block, self.par);
        }
        squared
    }

    /// Squared norms of the gradients by W and by H, at balanced factors; projected where floors are given.
    fn squared_gradients(&mut self, f: &Factors<f64>, floors: Option<(f64, f64)>) -> (f64, f64) {
        let mut sums = (0.0, 0.0);
        for (x, gram, cross, floor, inverse, sum) in [
            (&f.w, &self.gram_h, &self.cross_w, floors.map(|f| f.0), true, &mut sums.0),
            (&f.ht, &self.gram_w, &self.cross_h, floors.map(|f| f.1), false, &mut sums.1),
        ] {
            let mut gradient = self.gradient.subrows_mut(0, x.nrows());
            match (self.matrix, &mut self.models) {
                (Matrix::Weighted(a), Some((for_w, for_h))) => {
                    let (model, y) = if inverse { (for_w, &f.ht) } else { (for_h, &f.w) };
                    model.run(a.weights(), gradient.rb_mut(), x, y, self.par);
                }
                _ => matmul(gradient.rb_mut(), Accum::Replace, x, gram, 1.0, self.par),
            }
            for (j, b) in balance(f).enumerate() {
                let of_column = column(gradient.rb(), j).iter().zip(cross.col_as_slice(j)).map(|(xg, c)| xg - c);
                let column_sum = projected_squares(of_column, x.col_as_slice(j), floor);
                // The gradient by a column scaled by d is the gradient divided by d.
                *sum += if inverse { column_sum / b } else { column_sum * b };
            }
        }
        sums
    }
}

/// What [`Evaluator::divergence`] finds.
struct Divergence {
    value: f64,
    /// Squared norms of the gradients by W and by H.
    squares: (f64, f64),
    /// The size of the terms whose difference the gradient is.
    size: f64,
}

/// Σ g² over the entries that are above the floor or pulled up; over all where there is none.
fn projected_squares(gradient: impl Iterator<Item = f64>, x: &[f64], floor: Option<f64>) -> f64 {
    let counts = |(g, x): &(f64, &f64)| floor.is_none_or(|floor| **x > floor || *g < 0.0);
    gradient.zip(x).filter(counts).map(|(g, _)| g * g).sum()
}

/// ‖XG − C‖²_F; `buffer` has at least as many rows as X.
pub(crate) fn squared_gradient<T: Real>(x: &Mat<T>, s: &Subproblem<'_, T>, buffer: MatMut<'_, T>, par: Par) -> f64 {
    let mut gradient = buffer.subrows_mut(0, x.nrows());
    gradient.copy_from(s.cross);
    matmul(gradient.rb_mut(), Accum::Add, x, s.gram, T::of(-1.0), par);
    kernels::dot(gradient.rb(), gradient.rb())
}

/// d² for each component, with w_l·d and h_l/d of one norm.
fn balance(f: &Factors<f64>) -> impl Iterator<Item = f64> + '_ {
    let norms = column_norms(&f.w).zip(column_norms(&f.ht));
    norms.map(|(w, h)| if w > 0.0 && h > 0.0 { h / w } else { 1.0 })
}

fn column_norms(x: &Mat<f64>) -> impl Iterator<Item = f64> + '_ {
    (0..x.ncols()).map(|j| x.col_as_slice(j).iter().map(|v| v * v).sum::<f64>().sqrt())
}

/// Mean of Hoyer's measure of sparseness (JMLR 5, 2004, §3.1) over the nonzero columns; NaN where it is not defined (one row, or all columns zero).
#[must_use]
pub fn sparseness(x: &Mat<f64>) -> f64 {
    let root = count(x.nrows()).sqrt();
    let (mut sum, mut live) = (0.0, 0.0);
    for (j, norm) in column_norms(x).enumerate() {
        if norm > 0.0 {
            let l1: f64 = x.col_as_slice(j).iter().map(|v| v.abs()).sum();
            sum += (root - l1 / norm) / (root - 1.0);
            live += 1.0;
        }
    }
    if x.nrows() > 1 { sum / live } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use faer::mat;

    fn random(rows: usize, cols: usize, seed: u64) -> Mat<f64> {
        let mut rng = Stream::of(seed, "measure test");
        Mat::from_fn(rows, cols, |_, _| rng.uniform())
    }

    fn naive_residual(a: &Mat<f64>, f: &Factors<f64>) -> f64 {
        let wh = &f.w * f.ht.transpose();
        (0..a.ncols()).flat_map(|j| (0..a.nrows()).map(move |i| (i, j))).map(|p| (a[p] - wh[p]).powi(2)).sum()
    }

    #[test]
    fn objective_and_error_are_those_of_the_residual() {
        let a = random(9, 7, 1);
        let f = Factors { w: random(9, 3, 2), ht: random(7, 3, 3) };
        let matrix = Matrix::dense(a.clone()).expect("valid");
        let look = Evaluator::new(&matrix, &f, Par::Seq).look(&f, (0.0, 0.0));
        let expected = naive_residual(&a, &f);
        assert!((look.objective - 0.5 * expected).abs() <= 1e-12 * expected);
        assert!((look.relative_error - (expected / a.squared_norm_l2()).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn small_residuals_keep_their_digits() {
        // At a relative error of 1e-9 the Gram identity would give noise or a negative number.
        let f = Factors { w: random(30, 4, 4), ht: random(200, 4, 5) };
        let mut a = &f.w * f.ht.transpose();
        let noise = random(30, 200, 6);
        for j in 0..200 {
            for i in 0..30 {
                a[(i, j)] *= 1.0 + 1e-9 * noise[(i, j)];
            }
        }
        let matrix = Matrix::dense(a.clone()).expect("valid");
        let look = Evaluator::new(&matrix, &f, Par::Seq).look(&f, (0.0, 0.0));
        let expected = (naive_residual(&a, &f) / a.squared_norm_l2()).sqrt();
        assert!(expected < 1e-8 && (look.relative_error / expected - 1.0).abs() < 1e-5, "{look:?} {expected}");
    }

    #[test]
    fn kkt_residual_does_not_see_scaling_between_the_factors() {
        let matrix = Matrix::dense(random(9, 7, 1)).expect("valid");
        let f = Factors { w: random(9, 3, 2), ht: random(7, 3, 3) };
        let start = Factors { w: random(9, 3, 7), ht: random(7, 3, 8) };
        let scaled = Factors {
            w: Mat::from_fn(9, 3, |i, j| f.w[(i, j)] * [1e3, 0.1, 7.0][j]),
            ht: Mat::from_fn(7, 3, |i, j| f.ht[(i, j)] / [1e3, 0.1, 7.0][j]),
        };
        let kkt = |f| Evaluator::new(&matrix, &start, Par::Seq).look(f, (0.0, 0.0)).kkt_residual;
        assert!((kkt(&f) / kkt(&scaled) - 1.0).abs() < 1e-12);
        // The start measured against itself, where nothing is at a bound: exactly 1.
        let own = Evaluator::new(&matrix, &start, Par::Seq).look(&start, (0.0, 0.0)).kkt_residual;
        assert!((own - 1.0).abs() < 1e-12);
    }

    #[test]
    fn kkt_counts_entries_off_the_bound_or_pulled_up() {
        // One number: f = ½(2 − wh)², ∂f/∂w = (wh − 2)h. At w = floor with a positive gradient it does not count.
        let matrix = Matrix::dense(mat![[2.0]]).expect("valid");
        let start = Factors { w: mat![[1.0]], ht: mat![[1.0]] };
        let mut evaluator = Evaluator::new(&matrix, &start, Par::Seq);
        let at = |w: f64, h: f64| Factors { w: mat![[w]], ht: mat![[h]] };
        assert!((evaluator.look(&at(1.0, 1.0), (0.0, 0.0)).kkt_residual - 1.0).abs() < 1e-15);
        assert!(evaluator.look(&at(2.0, 1.0), (0.0, 0.0)).kkt_residual < 1e-15);
        assert!(evaluator.look(&at(3.0, 1.0), (0.0, 0.0)).kkt_residual > 0.1);
        assert!(evaluator.look(&at(3.0, 1.0), (3.0, 1.0)).kkt_residual < 1e-15); // both at their floors
        assert!(evaluator.look(&at(1.0, 1.0), (1.0, 1.0)).kkt_residual > 0.1); // at the floor but pulled up
    }

    #[test]
    fn sparseness_of_known_vectors() {
        assert!((sparseness(&mat![[1.0], [0.0], [0.0], [0.0]]) - 1.0).abs() < 1e-15);
        assert!(sparseness(&mat![[2.0], [2.0], [2.0], [2.0]]).abs() < 1e-15);
        assert!((sparseness(&mat![[1.0, 0.0], [0.0, 0.0]]) - 1.0).abs() < 1e-15); // the zero column is left out
        assert!(sparseness(&mat![[1.0]]).is_nan());
    }

    #[test]
    fn dead_components_and_zero_data() {
        let matrix = Matrix::dense(mat![[1.0, 0.0], [0.0, 1.0]]).expect("valid");
        let f = Factors { w: mat![[1.0, 0.0], [0.0, 0.0]], ht: mat![[1.0, 1.0], [0.0, 0.0]] };
        assert_eq!(Evaluator::new(&matrix, &f, Par::Seq).look(&f, (0.0, 0.0)).dead_components, 1);
        let zero = Matrix::dense(Mat::<f64>::zeros(2, 2)).expect("an all-zero matrix is a matrix");
        let at_zero = Factors { w: Mat::zeros(2, 1), ht: Mat::zeros(2, 1) };
        let look = Evaluator::new(&zero, &at_zero, Par::Seq).look(&at_zero, (0.0, 0.0));
        assert_eq!((look.objective, look.relative_error, look.kkt_residual), (0.0, 0.0, 0.0));
    }
}
