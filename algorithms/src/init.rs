//! Starts. One start serves all algorithms of a comparison, so it is made here, apart from any of them.

mod columns;
mod kmeans;
mod leading;
mod nndsvd;

pub use kmeans::centroids;

use crate::divergence::{self, Beta};
use crate::kernels::{self, column_mut};
use crate::matrix::Matrix;
use crate::problem::{Factors, InvalidProblem, Objective, Problem, Shape};
use crate::random::{Key, Stream};
use crate::real::Real;
use crate::separable::{Snpa, Spa};
use faer::{Mat, Par};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How the factors are started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Uniform on (0, 1), scaled by the optimal scalar and balanced.
    #[default]
    Random,
    /// Nonnegative double SVD, zeros kept (Boutsidis & Gallopoulos 2008).
    Nndsvd,
    /// The same with zeros replaced by the mean of A.
    Nndsvda,
    /// The same with zeros replaced by small random numbers.
    Nndsvdar,
    /// Means of random columns of A, with the H that fits best (Langville et al. 2006).
    RandomAcol,
    /// Centroids of the columns of A by k-means++ and Lloyd's iteration, with the H that fits best.
    Kmeans,
    /// Columns of A selected by [`Spa`], with the H that fits best.
    Spa,
    /// Columns of A selected by [`Snpa`], with the H that fits best.
    Snpa,
}

impl Init {
    /// All of them, in the order they are listed.
    pub const ALL: [Init; 8] = [
        Init::Random,
        Init::Nndsvd,
        Init::Nndsvda,
        Init::Nndsvdar,
        Init::RandomAcol,
        Init::Kmeans,
        Init::Spa,
        Init::Snpa,
    ];

    /// The name in experiments and records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Init::Random => "random",
            Init::Nndsvd => "nndsvd",
            Init::Nndsvda => "nndsvda",
            Init::Nndsvdar => "nndsvdar",
            Init::RandomAcol => "random-acol",
            Init::Kmeans => "kmeans",
            Init::Spa => "spa",
            Init::Snpa => "snpa",
        }
    }

    /// One line about it.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Init::Random => "uniform on (0, 1), scaled by the optimal scalar ⟨A, WH⟩/‖WH‖², columns balanced",
            Init::Nndsvd => "nonnegative double SVD; its zeros stay zero (Boutsidis & Gallopoulos 2008)",
            Init::Nndsvda => "nonnegative double SVD, zeros replaced by the mean of A",
            Init::Nndsvdar => "nonnegative double SVD, zeros replaced by U(0, 1)·mean(A)/100",
            Init::RandomAcol => {
                "W of means of 20 random columns of A (of few, a fifth), H by exact NNLS, zeros replaced by √(mean(A)/k)/100 (Langville et al. 2006)"
            }
            Init::Kmeans => {
                "W of centroids of the columns by k-means++ and Lloyd's iteration, H by exact NNLS, zeros replaced by √(mean(A)/k)/100 (Wild et al. 2004)"
            }
            Init::Spa => {
                "W of columns selected by successive projection, H by exact NNLS, zeros replaced by √(mean(A)/k)/100 (Gillis & Vavasis 2014)"
            }
            Init::Snpa => {
                "W of columns selected by successive nonnegative projection, H by exact NNLS, zeros replaced by √(mean(A)/k)/100 (Gillis 2014)"
            }
        }
    }

    /// Whether the seed matters.
    #[must_use]
    pub fn is_random(self) -> bool {
        matches!(self, Init::Random | Init::Nndsvdar | Init::RandomAcol | Init::Kmeans)
    }

    /// Whether factors may hold zeros that a multiplicative update cannot leave.
    #[must_use]
    pub fn has_zeros(self) -> bool {
        self == Init::Nndsvd
    }

    /// Makes the start for a problem.
    ///
    /// # Errors
    /// When the singular value decomposition that a start builds on fails.
    pub fn start(self, problem: &Problem<'_, f64>, key: &Key) -> Result<Factors<f64>, InvalidProblem> {
        self.start_for(Objective::Frobenius, problem, key)
    }

    /// The same for any objective: it decides the scale of a random start.
    ///
    /// # Errors
    /// When the singular value decomposition that a start builds on fails.
    pub fn start_for(
        self,
        objective: Objective,
        problem: &Problem<'_, f64>,
        key: &Key,
    ) -> Result<Factors<f64>, InvalidProblem> {
        match self {
            Init::Random => Ok(random(objective, problem, key)),
            Init::Nndsvd => nndsvd::start(problem, nndsvd::Fill::Zero),
            Init::Nndsvda => nndsvd::start(problem, nndsvd::Fill::Mean),
            Init::Nndsvdar => nndsvd::start(problem, nndsvd::Fill::Random(key)),
            Init::RandomAcol => Ok(columns::averaged(problem, key)),
            Init::Kmeans => Ok(kmeans::start(problem, key)),
            Init::Spa => Ok(columns::selected::<Spa>(problem)),
            Init::Snpa => Ok(columns::selected::<Snpa>(problem)),
        }
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no initialisation has; says which names there are.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownInit(String);

impl FromStr for Init {
    type Err = UnknownInit;

    fn from_str(name: &str) -> Result<Self, UnknownInit> {
        let names = Init::ALL.iter().map(|i| i.name());
        let found = Init::ALL.into_iter().find(|i| i.name() == name);
        found.ok_or_else(|| UnknownInit(crate::parameters::unknown("initialisation", name, names)))
    }
}

/// Every row of a factor is a stream of its own, so that a part of a factor can be drawn alone.
fn rows_of_streams(rows: usize, rank: usize, key: &Key, factor: u64) -> Mat<f64> {
    let mut x = Mat::zeros(rows, rank);
    for i in 0..rows {
        let mut stream = Stream::new(key, 2 * i as u64 + factor);
        for j in 0..rank {
            x[(i, j)] = stream.uniform();
        }
    }
    x
}

fn random(objective: Objective, problem: &Problem<'_, f64>, key: &Key) -> Factors<f64> {
    let Shape { m, n, rank } = problem.shape();
    let mut factors = Factors { w: rows_of_streams(m, rank, key, 0), ht: rows_of_streams(n, rank, key, 1) };
    scale_and_balance(objective, problem, &mut factors);
    factors
}

/// Multiplies W·H by the scalar α* that fits A best, and gives w_l and h_l the same norm. With V = WH, α* is
/// Σ a·v^(β−1) / Σ v^β: ⟨A, V⟩/‖V‖² for the Frobenius norm, ΣA/ΣV for the Kullback–Leibler divergence.
///
/// Where A has entries below 0, WH gets the norm of A instead.
///
/// Otherwise the first iterations of a comparison would measure who corrects the scale soonest (Gillis & Glineur 2012;
/// Hien & Gillis 2021).
pub fn scale_and_balance(objective: Objective, problem: &Problem<'_, f64>, factors: &mut Factors<f64>) {
    let rank = problem.rank;
    let gram = |x: &Mat<f64>| {
        let mut g = Mat::zeros(rank, rank);
        kernels::gram(g.as_mut(), x.as_ref(), Par::Seq);
        g
    };
    let (gram_w, gram_h) = (gram(&factors.w), gram(&factors.ht));
    let (of_data, of_model) = match objective.beta() {
        2.0 => {
            let mut cross = Mat::zeros(problem.matrix.nrows(), rank);
            problem.matrix.times(cross.as_mut(), factors.ht.as_ref(), Par::Seq);
            let squared_norm = match problem.matrix {
                Matrix::Weighted(a) => a.squared_model(factors),
                _ => kernels::dot(gram_w.as_ref(), gram_h.as_ref()),
            };
            (kernels::dot(cross.as_ref(), factors.w.as_ref()), squared_norm)
        }
        1.0 => {
            let sum = |x: &Mat<f64>, l: usize| x.col_as_slice(l).iter().sum::<f64>();
            (problem.matrix.sum(), (0..rank).map(|l| sum(&factors.w, l) * sum(&factors.ht, l)).sum())
        }
        beta => divergence::sums(problem.matrix, factors, Beta::of(beta)),
    };
    let alpha = match problem.matrix.first_negative() {
        _ if of_model <= 0.0 => 0.0,
        None => of_data / of_model,
        // The best scalar may be about 0 or below it.
        Some(_) => (problem.squared_norm / kernels::dot(gram_w.as_ref(), gram_h.as_ref())).sqrt(),
    };
    for l in 0..rank {
        let (w, h) = (gram_w[(l, l)].sqrt(), gram_h[(l, l)].sqrt());
        if w > 0.0 && h > 0.0 {
            let common = (alpha * w * h).sqrt();
            scale_column(&mut factors.w, l, common / w);
            scale_column(&mut factors.ht, l, common / h);
        }
    }
}

fn scale_column<T: Real>(x: &mut Mat<T>, l: usize, by: f64) {
    for x in column_mut(x.as_mut(), l) {
        *x *= T::of(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Evaluator;
    use crate::random::key;

    fn data(m: usize, n: usize) -> Matrix<f64> {
        let mut rng = Stream::of(5, "init test");
        Matrix::dense(Mat::from_fn(m, n, |_, _| 100.0 * rng.uniform())).expect("valid")
    }

    #[test]
    fn random_starts_are_scaled_balanced_and_positive() {
        let matrix = data(13, 8);
        let problem = Problem::new(&matrix, 3, key(0, "")).expect("valid");
        let f = Init::Random.start(&problem, &key(1, "start")).expect("a start");
        let error = |by: f64| {
            let w = Mat::from_fn(13, 3, |i, j| f.w[(i, j)] * by);
            let scaled = Factors { w, ht: f.ht.clone() };
            Evaluator::new(&matrix, &f, Par::Seq).look(&scaled, (0.0, 0.0)).objective
        };
        assert!(error(1.0) < error(1.001) && error(1.0) < error(0.999), "the scale is not optimal");
        for l in 0..3 {
            let norm = |x: &Mat<f64>| x.col_as_slice(l).iter().map(|v| v * v).sum::<f64>().sqrt();
            assert!((norm(&f.w) / norm(&f.ht) - 1.0).abs() < 1e-12);
        }
        assert!(f.w.col_iter().all(|c| c.iter().all(|v| *v > 0.0)));
    }

    #[test]
    fn a_random_start_has_the_scale_that_its_objective_likes_best() {
        let matrix = data(13, 8);
        let problem = Problem::new(&matrix, 3, key(0, "")).expect("valid");
        for beta in [2.0, 1.0, 0.0, 0.5, 1.5, 3.0] {
            let objective = Objective::of_beta(beta);
            let f = Init::Random.start_for(objective, &problem, &key(1, "start")).expect("a start");
            let value = |by: f64| {
                let w = Mat::from_fn(13, 3, |i, j| f.w[(i, j)] * by);
                let scaled = Factors { w, ht: f.ht.clone() };
                Evaluator::of(objective, &matrix, &f, Par::Seq).look(&scaled, (0.0, 0.0)).objective
            };
            assert!(value(1.0) < value(1.001) && value(1.0) < value(0.999), "β = {beta}: the scale is not optimal");
        }
    }

    #[test]
    fn a_row_does_not_depend_on_how_many_there_are() {
        let (few, many) = (rows_of_streams(3, 4, &key(9, "x"), 0), rows_of_streams(50, 4, &key(9, "x"), 0));
        assert_eq!(few.as_ref(), many.subrows(0, 3));
        assert_ne!(few, rows_of_streams(3, 4, &key(9, "x"), 1));
    }

    #[test]
    fn names_round_trip_and_unknown_ones_list_near_matches() {
        for init in Init::ALL {
            assert_eq!(init.name().parse(), Ok(init));
        }
        let error = "nndsdv".parse::<Init>().expect_err("unknown").to_string();
        assert!(error.contains("did you mean `nndsvd`"), "{error}");
    }

    #[test]
    fn all_zero_data_give_a_finite_start() {
        let matrix = Matrix::dense(Mat::zeros(4, 3)).expect("valid");
        let problem = Problem::new(&matrix, 2, key(0, "")).expect("valid");
        for init in Init::ALL {
            let f = init.start(&problem, &key(0, "start")).expect("a start");
            assert!(f.w.is_all_finite() && f.ht.is_all_finite(), "{init}");
        }
    }
}
