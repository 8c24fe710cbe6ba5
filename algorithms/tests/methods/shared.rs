//! What the twins share: matrices as rows, and runs of the crate beside a twin.

use crate::common::naive::{self, Pair, Rows};
use crate::common::{data, distance, entries, method, random_start, steps};
use faer::{Mat, Side};
use nmfbench_algorithms::{Factors, Matrix};
use std::cell::Cell;

thread_local! {
    /// What the last twins of this thread were compared with, and in how many iterations.
    static COMPARED: Cell<Vec<(String, u64)>> = const { Cell::new(Vec::new()) };
}

/// Notes that a method was compared with its twin.
pub(crate) fn note(name: &str, iterations: u64) {
    let mut all = COMPARED.take();
    all.push((name.to_owned(), iterations));
    COMPARED.set(all);
}

/// The most iterations in which this method was compared with its twin since the last call.
pub(crate) fn compared(name: &str) -> Option<u64> {
    COMPARED.take().into_iter().filter(|(other, _)| other == name).map(|(_, iterations)| iterations).max()
}

/// The crate's iterates beside a twin's, which is given A and changes the pair.
pub(crate) fn beside(
    (name, parameters): (&str, &str),
    a: &Matrix<f64>,
    start: &Factors<f64>,
    (iterations, tolerance): (u64, f64),
    mut twin: impl FnMut(&Rows, &mut Pair),
) {
    let real = steps(&*method(name, parameters), a, start, iterations);
    let (data, mut pair) = (rows(&entries(a)), to_pair(start));
    for (i, factors) in real.iter().enumerate().skip(1) {
        twin(&data, &mut pair);
        let (m, n, k) = (a.nrows(), a.ncols(), start.rank());
        let apart = apart(&pair, factors);
        assert!(apart <= tolerance, "{name} {parameters}, {m}×{n} rank {k}: apart by {apart:e} after iteration {i}");
    }
    note(name, iterations);
}

pub(crate) fn apart(pair: &Pair, factors: &Factors<f64>) -> f64 {
    let h = factors.ht.transpose().to_owned();
    distance(&matrix(&pair.w), &factors.w).max(distance(&matrix(&pair.h), &h))
}

/// m, n, k, and whether a row and a column of A are all zero.
pub(crate) const SHAPES: [(usize, usize, usize, bool); 3] = [(6, 5, 2, false), (25, 18, 5, false), (16, 30, 7, true)];

/// One outer iteration of a twin.
pub(crate) type Iteration = Box<dyn FnMut(&Rows, &mut Pair)>;
/// One update of H, given A and W; used for W on Aᵀ ≈ HᵀWᵀ.
pub(crate) type Half = Box<dyn FnMut(&Rows, &Rows, &mut Rows)>;

/// [`beside`] on each of the shapes; the twin is made anew for each.
pub(crate) fn follows(name: &str, iterations: u64, tolerance: f64, twin: impl Fn(&Rows, &Pair) -> Iteration) {
    for (m, n, k, empty_lines) in SHAPES {
        let matrix = data(m, n, k, empty_lines, 1);
        let start = random_start(&matrix, k, 1);
        let mut iterate = twin(&rows(&entries(&matrix)), &to_pair(&start));
        beside((name, "{}"), &matrix, &start, (iterations, tolerance), &mut iterate);
    }
}

/// W and then H, each by a half of its own (with its own state).
pub(crate) fn alternating(mut w_half: Half, mut h_half: Half) -> Iteration {
    Box::new(move |a, pair| {
        update_w(a, &mut pair.w, &pair.h, &mut w_half);
        h_half(a, &pair.w, &mut pair.h);
    })
}

pub(crate) fn update_w(a: &Rows, w: &mut Rows, h: &Rows, half: &mut Half) {
    let mut wt = naive::transposed(w);
    half(&naive::transposed(a), &naive::transposed(h), &mut wt);
    *w = naive::transposed(&wt);
}

/// x + s·y.
pub(crate) fn plus(x: &Rows, s: f64, y: &Rows) -> Rows {
    x.iter().zip(y).map(|(x, y)| x.iter().zip(y).map(|(x, y)| x + s * y).collect()).collect()
}

pub(crate) fn minus(x: &Rows, y: &Rows) -> Rows {
    plus(x, -1.0, y)
}

pub(crate) fn positive(x: &Rows) -> Rows {
    x.iter().map(|row| row.iter().map(|v| v.max(0.0)).collect()).collect()
}

/// ⟨X, Y⟩.
pub(crate) fn dot(x: &Rows, y: &Rows) -> f64 {
    x.iter().flatten().zip(y.iter().flatten()).map(|(x, y)| x * y).sum()
}

/// ½‖A − WH‖².
pub(crate) fn error(a: &Rows, w: &Rows, h: &Rows) -> f64 {
    let r = minus(a, &naive::product(w, h));
    0.5 * dot(&r, &r)
}

pub(crate) fn gram(w: &Rows) -> Rows {
    naive::product(&naive::transposed(w), w)
}

pub(crate) fn trace(g: &Rows) -> f64 {
    (0..g.len()).map(|l| g[l][l]).sum()
}

/// The largest eigenvalue.
pub(crate) fn spectral(g: &Rows) -> f64 {
    matrix(g).self_adjoint_eigenvalues(Side::Lower).expect("converges").into_iter().fold(0.0, f64::max)
}

pub(crate) fn rows(x: &Mat<f64>) -> Rows {
    (0..x.nrows()).map(|i| (0..x.ncols()).map(|j| x[(i, j)]).collect()).collect()
}

pub(crate) fn matrix(x: &Rows) -> Mat<f64> {
    Mat::from_fn(x.len(), x[0].len(), |i, j| x[i][j])
}

pub(crate) fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).expect("small"))
}

pub(crate) fn each(x: &Rows, f: impl Fn(usize, usize, f64) -> f64) -> Rows {
    let row = |(i, row): (usize, &Vec<f64>)| row.iter().enumerate().map(|(j, x)| f(i, j, *x)).collect();
    x.iter().enumerate().map(row).collect()
}

pub(crate) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

pub(crate) fn column(x: &Rows, j: usize) -> Vec<f64> {
    x.iter().map(|row| row[j]).collect()
}

pub(crate) fn to_pair(f: &Factors<f64>) -> Pair {
    Pair { w: rows(&f.w), h: naive::transposed(&rows(&f.ht)) }
}
