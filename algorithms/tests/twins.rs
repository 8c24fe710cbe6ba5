//! Every algorithm against a slow twin written from its paper: the same iterates from the same start.

mod common;

use common::naive::{self, Lin, Pair, Rows};
use common::{data, distance, method, problem, random_start, run, run_in, steps};
use faer::Mat;
use nmfbench_algorithms::{Factors, Matrix};

/// m, n, k, and whether a row and a column of A are all zero.
const SHAPES: [(usize, usize, usize, bool); 3] = [(5, 4, 2, false), (40, 30, 5, false), (30, 60, 8, true)];

/// A twin improves H, given A and W; it is applied to Aᵀ ≈ HᵀWᵀ for the other factor.
type Half<'a> = Box<dyn FnMut(&Rows, &Rows, &mut Rows, Side) + 'a>;

#[derive(Clone, Copy, PartialEq)]
enum Side {
    W,
    H,
}

#[test]
fn mu_follows_lee_and_seung() {
    follows("mu", 50, 1e-9, |_, _| Box::new(|a, w, h, _| naive::multiplicative_h(a, w, h)));
}

#[test]
fn hals_follows_gillis_and_glineur() {
    follows("hals", 50, 1e-9, |_, _| Box::new(|a, w, h, _| naive::hierarchical_h(a, w, h)));
}

#[test]
fn als_follows_solving_and_clipping() {
    follows("als", 50, 1e-9, |_, _| Box::new(|a, w, h, _| naive::least_squares_h(a, w, h)));
}

/// The rule compares sums with a tolerance and with 0, so that rounding could decide a comparison differently and the
/// paths part. They do not here: 300 iterations were seen to agree to 3e-14.
#[test]
fn pgd_follows_lin() {
    follows("pgd", 50, 1e-9, |a, pair| {
        let mut lin = Lin::new(a, pair);
        Box::new(move |a, w, h, side| {
            let tolerance = if side == Side::W { &mut lin.tolerance_w } else { &mut lin.tolerance_h };
            naive::projected_gradient_h(a, w, h, tolerance);
        })
    });
}

fn follows(name: &str, iterations: u64, tolerance: f64, twin: impl Fn(&Rows, &Pair) -> Half<'static>) {
    for (m, n, k, empty_lines) in SHAPES {
        for (first, order) in [("w", [Side::W, Side::H]), ("h", [Side::H, Side::W])] {
            let matrix = data(m, n, k, empty_lines, 1);
            let start = random_start(&matrix, k, 1);
            let method = method(name, &format!(r#"{{"first": "{first}"}}"#));
            let real = steps(&*method, &matrix, &start, iterations);
            let what = format!("{name} {m}×{n} rank {k} first {first}");
            let (a, mut pair) = (rows(&common::entries(&matrix)), to_pair(&start));
            let mut half = twin(&a, &pair);
            for (i, factors) in real.iter().enumerate().skip(1) {
                for side in order {
                    step(&a, &mut pair, side, &mut half);
                }
                let apart = distance(&from_rows(&pair.w), &factors.w)
                    .max(distance(&from_rows(&pair.h), &factors.ht.transpose().to_owned()));
                assert!(apart <= tolerance, "{what}: apart by {apart:e} after iteration {i}");
            }
        }
    }
}

fn step(a: &Rows, pair: &mut Pair, side: Side, half: &mut Half<'_>) {
    match side {
        Side::H => half(a, &pair.w, &mut pair.h, side),
        Side::W => {
            let mut wt = naive::transposed(&pair.w);
            half(&naive::transposed(a), &naive::transposed(&pair.h), &mut wt, side);
            pair.w = naive::transposed(&wt);
        }
    }
}

/// In single precision the first iterations are those of double precision, but for rounding; ALS amplifies it by the
/// condition of its systems.
#[test]
fn single_precision_is_near_double() {
    for (name, tolerance) in [("mu", 1e-4), ("hals", 1e-4), ("als", 1e-2), ("pgd", 1e-3)] {
        let matrix = data(40, 30, 5, false, 1);
        let start = random_start(&matrix, 5, 1);
        let double = run(&*method(name, "{}"), &matrix, &start, 5);
        let single: Matrix<f32> = matrix.convert();
        let mut factors: Factors<f32> = start.convert();
        let stop = common::iterations_only(5);
        let single = run_in(&*method(name, "{}"), &problem(&single, 5), &mut factors, &stop);
        let apart = common::factor_distance(double.last(), single.last());
        assert!(apart > 0.0 && apart <= tolerance, "{name}: apart by {apart:e}");
    }
}

/// The twins themselves, on a problem small enough for pen and paper.
#[test]
fn twins_by_hand() {
    // A = (4 2), W = (2), H = (1 1): WᵀA = (8 4), WᵀWH = (4 4).
    let (a, w) = (vec![vec![4.0, 2.0]], vec![vec![2.0]]);
    let mut h = vec![vec![1.0, 1.0]];
    naive::multiplicative_h(&a, &w, &mut h);
    assert_eq!(h, [[2.0, 1.0]]);
    // A = (1 0; 0 1) and W = (1 1; 0 1): Gauss–Seidel from H = 0 gives h_1 = (1 0), then h_2 = ((1−1) 1)/2.
    let (a, w) = (vec![vec![1.0, 0.0], vec![0.0, 1.0]], vec![vec![1.0, 1.0], vec![0.0, 1.0]]);
    let mut h = vec![vec![0.0; 2]; 2];
    naive::hierarchical_h(&a, &w, &mut h);
    assert_eq!(h, [[1.0, 0.0], [0.0, 0.5]]);
    // The solution of WH = A is (1 −1; 0 1).
    naive::least_squares_h(&a, &w, &mut h);
    assert_eq!(h, [[1.0, 0.0], [0.0, 1.0]]);
    // A = (4 2), W = (2), H = 0: ∇ = (−8 −4); α = 1 overshoots and α = 0.1 gives (0.8 0.4), and so on towards (2 1).
    let (a, w) = (vec![vec![4.0, 2.0]], vec![vec![2.0]]);
    let mut h = vec![vec![0.0, 0.0]];
    naive::projected_gradient_h(&a, &w, &mut h, &mut 8.5);
    assert_eq!(h, [[0.8, 0.4]]);
}

fn rows(x: &Mat<f64>) -> Rows {
    (0..x.nrows()).map(|i| (0..x.ncols()).map(|j| x[(i, j)]).collect()).collect()
}

fn from_rows(x: &Rows) -> Mat<f64> {
    Mat::from_fn(x.len(), x[0].len(), |i, j| x[i][j])
}

fn to_pair(f: &Factors<f64>) -> Pair {
    Pair { w: rows(&f.w), h: naive::transposed(&rows(&f.ht)) }
}
