//! Methods that move both factors at once, or work on a compressed matrix.

use crate::common::naive::{self, Pair, Rows};
use crate::common::{data, distance, entries, method, random_start, steps, valid};
use crate::shared::{Iteration, beside, dot, error, follows, gram, minus, plus, positive, rows, spectral, to_pair};
use nmfbench_algorithms::Factors;
use nmfbench_algorithms::random::{Stream, key};

/// Xu & Yin (2013), Algorithm 1: one prox-linear step on each factor, done again without extrapolation on a rise.
fn proximal(a: &Rows, start: &Pair) -> Iteration {
    let mut before = start.clone();
    let (mut t, mut value) = (1.0_f64, error(a, &start.w, &start.h));
    let (mut lw_before, mut lh_before) = (0.0_f64, 0.0_f64);
    Box::new(move |a, pair| {
        let next = (1.0 + (1.0 + 4.0 * t * t).sqrt()) / 2.0;
        let momentum = (t - 1.0) / next;
        t = next;
        let attempt = |momentum: f64| {
            let (at, ht) = (naive::transposed(a), naive::transposed(&pair.h));
            let lw = spectral(&gram(&ht));
            let weight = momentum.min(0.9999 * (lw_before / lw).sqrt());
            let hat = naive::transposed(&plus(&pair.w, weight, &minus(&pair.w, &before.w)));
            let w = naive::transposed(&positive(&plus(&hat, -1.0 / lw, &naive::gradient(&at, &ht, &hat))));
            let lh = spectral(&gram(&w));
            let weight = momentum.min(0.9999 * (lh_before / lh).sqrt());
            let hat = plus(&pair.h, weight, &minus(&pair.h, &before.h));
            let h = positive(&plus(&hat, -1.0 / lh, &naive::gradient(a, &w, &hat)));
            (error(a, &w, &h), w, h, lw, lh)
        };
        let mut found = attempt(momentum);
        if found.0 >= value && momentum > 0.0 {
            found = attempt(0.0);
        }
        before = pair.clone();
        (value, pair.w, pair.h, lw_before, lh_before) = found;
    })
}

pub(crate) fn apg_follows_xu_and_yin() {
    follows("apg", 40, 1e-8, proximal);
}

/// Lin (2007), §4.2: both factors along the projected path of the joint gradient; every value of f from the residual.
fn joint_gradient() -> Iteration {
    let mut alpha = 1.0;
    Box::new(move |a, pair| {
        let gh = naive::gradient(a, &pair.w, &pair.h);
        let (at, ht, wt) = (naive::transposed(a), naive::transposed(&pair.h), naive::transposed(&pair.w));
        let gw = naive::transposed(&naive::gradient(&at, &ht, &wt));
        let now = error(a, &pair.w, &pair.h);
        let go = |alpha: f64| {
            let new = Pair { w: positive(&plus(&pair.w, -alpha, &gw)), h: positive(&plus(&pair.h, -alpha, &gh)) };
            let slope = dot(&gw, &minus(&new.w, &pair.w)) + dot(&gh, &minus(&new.h, &pair.h));
            (error(a, &new.w, &new.h) - now <= 0.01 * slope, new)
        };
        let (mut sufficient, mut new) = go(alpha);
        if sufficient {
            loop {
                let (more, further) = go(alpha / 0.1);
                if !more || (further.w == new.w && further.h == new.h) {
                    break;
                }
                (alpha, new) = (alpha / 0.1, further);
            }
        }
        while !sufficient {
            alpha *= 0.1;
            (sufficient, new) = go(alpha);
        }
        *pair = new;
    })
}

pub(crate) fn pgrad_follows_lin() {
    follows("pgrad", 20, 1e-9, |_, _| joint_gradient());
}

/// Orthonormal columns with the same span, by Gram and Schmidt, twice.
fn orthonormal(y: &Rows) -> Rows {
    let mut q: Rows = Vec::new();
    for mut v in naive::transposed(y) {
        for _ in 0..2 {
            for u in &q {
                let along: f64 = u.iter().zip(&v).map(|(u, v)| u * v).sum();
                v.iter_mut().zip(u).for_each(|(v, u)| *v -= along * u);
            }
        }
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        q.push(v.iter().map(|v| v / norm).collect());
    }
    naive::transposed(&q)
}

/// Erichson et al. (2018), Algorithm 1, for A with at least as many rows as columns. Whatever basis of the sketch's span
/// is chosen, the iterates are the same.
fn randomised(a: &Rows, oversampling: usize, start: &Pair) -> Iteration {
    let (n, k) = (a[0].len(), start.h.len());
    let l = n.min(k + oversampling);
    let streams = (0..l).map(|j| {
        let mut stream = Stream::new(&key(0, "algorithm"), j as u64);
        (0..n).map(|_| 2.0 * stream.uniform() - 1.0).collect::<Vec<f64>>()
    });
    let omega = naive::transposed(&streams.collect());
    let at = naive::transposed(a);
    let mut q = orthonormal(&naive::product(a, &omega));
    for _ in 0..2 {
        q = orthonormal(&naive::product(a, &orthonormal(&naive::product(&at, &q))));
    }
    let qt = naive::transposed(&q);
    let b = naive::product(&qt, a);
    let mut small = naive::product(&qt, &start.w);
    Box::new(move |_, pair| {
        naive::hierarchical_h(&b, &small, &mut pair.h);
        let g = gram(&naive::transposed(&pair.h));
        let right = naive::product(&b, &naive::transposed(&pair.h));
        for j in 0..pair.h.len() {
            for i in 0..small.len() {
                let others: f64 = (0..pair.h.len()).map(|l| small[i][l] * g[l][j]).sum();
                small[i][j] += (right[i][j] - others) / g[j][j];
            }
            for (w, q) in pair.w.iter_mut().zip(&q) {
                w[j] = q.iter().zip(&small).map(|(q, s)| q * s[j]).sum::<f64>().max(0.0);
            }
            for (s, q) in small.iter_mut().zip(&qt) {
                s[j] = q.iter().zip(&pair.w).map(|(q, w)| q * w[j]).sum();
            }
        }
    })
}

pub(crate) fn rhals_follows_erichson() {
    let matrix = data(40, 22, 4, false, 3);
    let start = random_start(&matrix, 4, 3);
    // A sketch of 9 of 22 columns: a true compression.
    let a = rows(&entries(&matrix));
    let mut iterate = randomised(&a, 5, &to_pair(&start));
    beside(("rhals", r#"{"oversampling": 5}"#), &matrix, &start, (20, 1e-8), &mut iterate);
}

/// A wide matrix is compressed along its columns: the same as its transpose with the factors swapped.
#[test]
fn rhals_compresses_the_longer_side() {
    let matrix = data(40, 22, 4, false, 3);
    let wide = valid(entries(&matrix).transpose().to_owned());
    let start = random_start(&matrix, 4, 3);
    let swapped = Factors { w: start.ht.clone(), ht: start.w.clone() };
    let method = method("rhals", r#"{"oversampling": 5}"#);
    let (one, other) = (steps(&*method, &matrix, &start, 10), steps(&*method, &wide, &swapped, 10));
    let apart = distance(&one[10].w, &other[10].ht).max(distance(&one[10].ht, &other[10].w));
    assert!(apart <= 1e-10, "apart by {apart:e}");
}
