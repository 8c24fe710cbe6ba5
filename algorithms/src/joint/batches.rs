//! The columns of A in mini-batches, for methods that look at some of them at a time.
//!
//! The columns are put in a random order once, and each batch of them is a matrix of its own, so that products with it
//! are as fast as those with A. The batches come round and round.

use crate::matrix::{Matrix, count, count_passes};
use crate::problem::{Effort, Problem};
use crate::random::Stream;
use crate::real::Real;
use faer::{Mat, MatMut, MatRef, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The size of a mini-batch.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct BatchSize {
    /// Columns of A that an iteration looks at; all of them where there are no more.
    #[schemars(range(min = 1))]
    batch: u32,
}

impl Default for BatchSize {
    fn default() -> Self {
        BatchSize { batch: 512 }
    }
}

/// All batches.
pub(super) struct Batches<T> {
    batches: Vec<Batch<T>>,
    next: usize,
    /// What making them has cost, until it has been reported.
    setup: Effort,
}

/// Some columns of A.
pub(super) struct Batch<T> {
    /// Where they stand in A.
    columns: Vec<usize>,
    /// None for all of A.
    part: Option<Matrix<T>>,
    /// Their share of the stored entries.
    pub(super) share: f64,
    /// Their rows of Ht.
    pub(super) ht: Mat<T>,
}

impl<T: Real> Batches<T> {
    /// Draws the order from stream 0 of the problem's key.
    pub(super) fn new(problem: &Problem<'_, T>, size: &BatchSize) -> Self {
        let (n, k) = (problem.matrix.ncols(), problem.rank);
        let size = n.min(size.batch as usize);
        if size == n {
            let all = Batch { columns: (0..n).collect(), part: None, share: 1.0, ht: Mat::zeros(n, k) };
            return Batches { batches: vec![all], next: 0, setup: Effort::default() };
        }
        let mut order: Vec<usize> = (0..n).collect();
        let mut stream = Stream::new(&problem.key, 0);
        (0..n).for_each(|i| order.swap(i, i + stream.below(n - i)));
        // Of about the same size: a last one of a few columns would count as much as the others.
        let number = n.div_ceil(size);
        let whole = count(problem.matrix.nnz()).max(1.0);
        let batch = |b: usize| {
            let columns = order[b * n / number..(b + 1) * n / number].to_vec();
            let part = problem.matrix.select_columns(&columns);
            part.reserve(k, problem.par);
            Batch { share: count(part.nnz()) / whole, ht: Mat::zeros(columns.len(), k), columns, part: Some(part) }
        };
        Batches {
            batches: (0..number).map(batch).collect(),
            next: 0,
            setup: Effort { passes: 1.0, ..Effort::default() },
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    /// The number of the next one, and whether it is the last of a round.
    pub(super) fn turn(&mut self) -> (usize, bool) {
        let now = self.next;
        self.next = (now + 1) % self.len();
        (now, self.next == 0)
    }

    /// What making the batches has cost, once.
    pub(super) fn setup(&mut self) -> Effort {
        std::mem::take(&mut self.setup)
    }

    /// One of them.
    pub(super) fn get(&mut self, number: usize) -> &mut Batch<T> {
        &mut self.batches[number]
    }

    /// Each as a matrix.
    pub(super) fn matrices<'m>(&'m self, all: &'m Matrix<T>) -> impl Iterator<Item = &'m Matrix<T>> {
        self.batches.iter().map(move |batch| batch.matrix(all))
    }

    /// The columns in each.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> {
        self.batches.iter().map(|b| b.columns.len())
    }
}

impl<T: Real> Batch<T> {
    /// Its columns as a matrix.
    pub(super) fn matrix<'m>(&'m self, all: &'m Matrix<T>) -> &'m Matrix<T> {
        self.part.as_ref().unwrap_or(all)
    }

    /// Its columns as a matrix, and their rows of Ht.
    pub(super) fn with_rows<'m>(&'m mut self, all: &'m Matrix<T>) -> (&'m Matrix<T>, &'m mut Mat<T>) {
        (self.part.as_ref().unwrap_or(all), &mut self.ht)
    }

    /// Counts what has gone over these columns, and counted as a whole pass, as the part of one that it is.
    pub(super) fn count_as_part(&self) {
        count_passes(self.share - 1.0);
    }

    /// Takes the rows of these columns out of Ht.
    pub(super) fn gather(&mut self, ht: &Mat<T>) {
        for l in 0..ht.ncols() {
            let from = ht.col_as_slice(l);
            self.ht.col_as_slice_mut(l).iter_mut().zip(&self.columns).for_each(|(h, &j)| *h = from[j]);
        }
    }

    /// Puts them back.
    pub(super) fn scatter(&self, ht: &mut Mat<T>) {
        for l in 0..ht.ncols() {
            let to = ht.col_as_slice_mut(l);
            self.ht.col_as_slice(l).iter().zip(&self.columns).for_each(|(h, &j)| to[j] = *h);
        }
    }

    /// `dst = A_b·Y`, m×k, for Y with a row for each column of the batch.
    pub(super) fn times(&self, all: &Matrix<T>, dst: MatMut<'_, T>, y: MatRef<'_, T>, par: Par) -> Effort {
        self.product(all, y.ncols(), |matrix| matrix.times(dst, y, par))
    }

    /// `dst = A_bᵀ·X`, with a row for each column of the batch, for X m×k.
    pub(super) fn transpose_times(&self, all: &Matrix<T>, dst: MatMut<'_, T>, x: MatRef<'_, T>, par: Par) -> Effort {
        self.product(all, x.ncols(), |matrix| matrix.transpose_times(dst, x, par))
    }

    /// Runs a product with k columns, which counts as the batch's share of a pass.
    fn product(&self, all: &Matrix<T>, k: usize, run: impl FnOnce(&Matrix<T>)) -> Effort {
        run(self.matrix(all));
        self.count_as_part();
        Effort { flops: 2.0 * self.share * count(all.nnz()) * count(k), passes: self.share, repairs: 0 }
    }
}
