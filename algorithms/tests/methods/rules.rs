//! Rules for one factor at a time, alternating.

use crate::common::naive::{self, Lin, Pair, Rows};
use crate::common::{data, entries, random_start};
use crate::shared::{
    Half, alternating, beside, dot, follows, gram, minus, number, plus, positive, rows, spectral, to_pair, trace,
    update_w,
};

/// A twin on two further shapes with either factor first.
fn either_first(name: &str, halves: impl Fn(&Rows, &Pair) -> [Half; 2]) {
    for (m, n, k, empty_lines) in [(5, 4, 2, false), (40, 30, 5, false), (30, 60, 8, true)] {
        for first in ["w", "h"] {
            let matrix = data(m, n, k, empty_lines, 1);
            let start = random_start(&matrix, k, 1);
            let [mut w_half, mut h_half] = halves(&rows(&entries(&matrix)), &to_pair(&start));
            let parameters = format!(r#"{{"first": "{first}"}}"#);
            beside((name, &parameters), &matrix, &start, (50, 1e-9), |a, Pair { w, h }| {
                if first == "h" {
                    h_half(a, w, h);
                }
                update_w(a, w, h, &mut w_half);
                if first == "w" {
                    h_half(a, w, h);
                }
            });
        }
    }
}

pub(crate) fn mu_follows_lee_and_seung() {
    either_first("mu", |_, _| [Box::new(naive::multiplicative_h), Box::new(naive::multiplicative_h)]);
}

pub(crate) fn hals_follows_gillis_and_glineur() {
    either_first("hals", |_, _| [Box::new(naive::hierarchical_h), Box::new(naive::hierarchical_h)]);
}

pub(crate) fn als_follows_solving_and_clipping() {
    either_first("als", |_, _| [Box::new(naive::least_squares_h), Box::new(naive::least_squares_h)]);
}

/// The rule compares sums with a tolerance and with 0, so that rounding could decide a comparison differently and the
/// paths part. They do not here: 300 iterations were seen to agree to 3e-14.
pub(crate) fn pgd_follows_lin() {
    either_first("pgd", |a, pair| {
        let Lin { mut tolerance_w, mut tolerance_h } = Lin::new(a, pair);
        [
            Box::new(move |a, w, h| naive::projected_gradient_h(a, w, h, &mut tolerance_w)),
            Box::new(move |a, w, h| naive::projected_gradient_h(a, w, h, &mut tolerance_h)),
        ]
    });
}

fn mean(x: &Rows) -> f64 {
    let values: Vec<f64> = x.iter().flatten().copied().collect();
    values.iter().sum::<f64>() / number(values.len())
}

/// Lin (2007), Algorithm 2, with σ and δ relative to the factor and the Gram matrix; entry by entry.
fn lin_h(a: &Rows, w: &Rows, h: &mut Rows) {
    let (grad, g) = (naive::gradient(a, w, h), gram(w));
    let sigma = 1e-8 * mean(h);
    let delta = 1e-8 * mean(h) * trace(&g) / number(h.len());
    let mut lifted = h.clone();
    for (l, h) in lifted.iter_mut().flatten().zip(grad.iter().flatten()) {
        if *h < 0.0 {
            *l = l.max(sigma);
        }
    }
    let denominator = naive::product(&g, &lifted);
    for i in 0..h.len() {
        for j in 0..h[0].len() {
            h[i][j] = (h[i][j] - lifted[i][j] / (denominator[i][j] + delta) * grad[i][j]).max(0.0);
        }
    }
}

pub(crate) fn mu_lin_follows_lin() {
    follows("mu-lin", 20, 1e-9, |_, _| {
        let mut iterate = alternating(Box::new(lin_h), Box::new(lin_h));
        Box::new(move |a, pair| {
            iterate(a, pair);
            for l in 0..pair.h.len() {
                let sum: f64 = pair.w.iter().map(|row| row[l]).sum();
                pair.w.iter_mut().for_each(|row| row[l] /= sum);
                pair.h[l].iter_mut().for_each(|h| *h *= sum);
            }
        })
    });
}

/// Hsieh & Dhillon (2011), Algorithm 1: the gain of every entry recomputed from scratch before every move.
fn greedy_h(a: &Rows, w: &Rows, h: &mut Rows) {
    let (g, c) = (gram(w), naive::product(&naive::transposed(w), a));
    let k = h.len();
    let gains = |x: &[f64], c: &[f64]| -> Vec<(f64, f64)> {
        (0..k)
            .map(|r| {
                let slope = (0..k).map(|l| g[r][l] * x[l]).sum::<f64>() - c[r];
                let s = (x[r] - slope / g[r][r]).max(0.0) - x[r];
                (-slope * s - 0.5 * g[r][r] * s * s, s)
            })
            .collect()
    };
    let column = |x: &Rows, j: usize| x.iter().map(|row| row[j]).collect::<Vec<f64>>();
    let n = h[0].len();
    let most = (0..n).flat_map(|j| gains(&column(h, j), &column(&c, j))).map(|g| g.0).fold(0.0, f64::max);
    for j in 0..n {
        let (mut x, c) = (column(h, j), column(&c, j));
        for _ in 0..k * k {
            let found = gains(&x, &c);
            let q = (0..k).rev().max_by(|a, b| found[*a].0.total_cmp(&found[*b].0)).expect("one");
            if found[q].0 < 1e-3 * most || found[q].0 <= 0.0 {
                break;
            }
            x[q] += found[q].1;
        }
        (0..k).for_each(|l| h[l][j] = x[l]);
    }
}

pub(crate) fn gcd_follows_hsieh_and_dhillon() {
    follows("gcd", 20, 1e-9, |_, _| alternating(Box::new(greedy_h), Box::new(greedy_h)));
}

/// The exact minimiser of ‖A − WH‖ over H ≥ 0 by trying all passive sets of each column.
pub(crate) fn exact_h(a: &Rows, w: &Rows, h: &mut Rows) {
    let (g, c) = (gram(w), naive::product(&naive::transposed(w), a));
    for j in 0..h[0].len() {
        let c: Vec<f64> = c.iter().map(|row| row[j]).collect();
        let x = exact(&g, &c);
        (0..h.len()).for_each(|l| h[l][j] = x[l]);
    }
}

pub(crate) fn exact(g: &Rows, c: &[f64]) -> Vec<f64> {
    let k = c.len();
    let mut best = (0.0, vec![0.0; k]);
    for set in 1..1_usize << k {
        let free: Vec<usize> = (0..k).filter(|i| set >> i & 1 == 1).collect();
        let sub: Rows = free.iter().map(|&i| free.iter().map(|&j| g[i][j]).collect()).collect();
        let z = naive::solve(sub, free.iter().map(|&i| vec![c[i]]).collect());
        let value = -0.5 * free.iter().zip(&z).map(|(&i, z)| c[i] * z[0]).sum::<f64>();
        if z.iter().all(|z| z[0] >= 0.0) && value < best.0 {
            let mut x = vec![0.0; k];
            free.iter().zip(&z).for_each(|(&i, z)| x[i] = z[0]);
            best = (value, x);
        }
    }
    best.1
}

pub(crate) fn follows_the_enumeration_of_all_passive_sets(name: &str) {
    follows(name, 12, 1e-8, |_, _| alternating(Box::new(exact_h), Box::new(exact_h)));
}

/// Guan et al. (2012), Algorithm 1, on one factor; every gradient formed anew.
fn optimal_gradient_h(a: &Rows, w: &Rows, h: &mut Rows, tolerance: &mut f64) {
    let lipschitz = spectral(&gram(w));
    let (mut y, mut alpha) = (h.clone(), 1.0_f64);
    for t in 1..=1000 {
        let new = positive(&plus(&y, -1.0 / lipschitz, &naive::gradient(a, w, &y)));
        let next = (1.0 + (4.0 * alpha * alpha + 1.0).sqrt()) / 2.0;
        y = plus(&new, (alpha - 1.0) / next, &minus(&new, h));
        (*h, alpha) = (new, next);
        let g = naive::gradient(a, w, h);
        let free = g.iter().flatten().zip(h.iter().flatten()).filter(|(g, h)| **g < 0.0 || **h > 0.0);
        if t >= 10 && free.map(|(g, _)| g * g).sum::<f64>().sqrt() <= *tolerance {
            if t == 10 {
                *tolerance *= 0.1;
            }
            return;
        }
    }
}

pub(crate) fn nenmf_follows_guan() {
    follows("nenmf", 10, 1e-8, |a, pair| {
        let lin = naive::Lin::new(a, pair);
        let (mut tw, mut th) = (lin.tolerance_w, lin.tolerance_h);
        alternating(
            Box::new(move |a, w, h| optimal_gradient_h(a, w, h, &mut tw)),
            Box::new(move |a, w, h| optimal_gradient_h(a, w, h, &mut th)),
        )
    });
}

/// Huang et al. (2016), Algorithm 1, with the dual variable as state; a linear system solved in each inner step.
fn admm() -> Half {
    let mut dual: Option<Rows> = None;
    Box::new(move |a, w, h| {
        let (mut g, c) = (gram(w), naive::product(&naive::transposed(w), a));
        let rho = trace(&g) / number(h.len());
        (0..h.len()).for_each(|l| g[l][l] += rho);
        let u = dual.get_or_insert_with(|| vec![vec![0.0; h[0].len()]; h.len()]);
        for _ in 0..5 {
            let before = h.clone();
            let free = naive::solve(g.clone(), plus(&c, rho, &plus(h, 1.0, u)));
            *h = positive(&minus(&free, u));
            *u = plus(u, 1.0, &minus(h, &free));
            let (primal, moved) = (minus(h, &free), minus(h, &before));
            let [r, s] = [(primal, &*h), (moved, &*u)].map(|(d, unit)| dot(&d, &d) / dot(unit, unit));
            if r <= 0.01 && s <= 0.01 {
                break;
            }
        }
    })
}

pub(crate) fn ao_admm_follows_huang() {
    follows("ao-admm", 20, 1e-9, |_, _| alternating(admm(), admm()));
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
