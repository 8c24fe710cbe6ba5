//! Sparseness constraints.

use crate::common::naive::{self, Pair, Rows, product, transposed};
use crate::common::{method, random_start, steps};
use crate::constrained::{data, follows};
use crate::shared::{each, norm, number};

/// The nearest vector ≥ 0 of this 2-norm and sparseness is a multiple of max(v − τ, 0) (Thom & Palm, JMLR 14, 2013): τ by
/// bisection on the quotient of the norms, which falls with τ.
fn sparse_vector(v: &[f64], sparseness: f64, norm2: f64) -> Vec<f64> {
    let root = number(v.len()).sqrt();
    let quotient = root - (root - 1.0) * sparseness;
    let cut = |tau: f64| v.iter().map(|v| (v - tau).max(0.0)).collect::<Vec<_>>();
    let of = |x: &[f64]| x.iter().sum::<f64>() / norm(x);
    let largest = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut low, mut high) = (largest - 1e6 * norm(v), largest);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        (low, high) = if of(&cut(middle)) > quotient { (middle, high) } else { (low, middle) };
    }
    let x = cut(low);
    let length = norm(&x);
    x.iter().map(|x| x * norm2 / length).collect()
}

/// One step of Hoyer (2004) on the rows of H, with the step length of its program.
fn hoyer_h(a: &Rows, w: &Rows, h: &mut Rows, sparseness: f64, unit: bool, mu: &mut Option<f64>) {
    let error = |h: &Rows| {
        let v = product(w, h);
        0.5 * each(a, |i, j, a| (a - v[i][j]).powi(2)).iter().flatten().sum::<f64>()
    };
    let gradient = naive::gradient(a, w, h);
    let gram = product(&transposed(w), w);
    let mut step = mu.unwrap_or(number(h.len()) / (0..h.len()).map(|l| gram[l][l]).sum::<f64>());
    loop {
        let moved = each(h, |l, j, h| h - step * gradient[l][j]);
        let new: Rows = moved.iter().map(|x| sparse_vector(x, sparseness, if unit { 1.0 } else { norm(x) })).collect();
        if error(&new) <= error(h) {
            (*h, *mu) = (new, Some(1.2 * step));
            return;
        }
        step /= 2.0;
    }
}

pub(crate) fn hoyer_follows_its_paper_and_meets_the_sparseness() {
    let (mut mu_w, mut mu_h, mut begun) = (None, None, false);
    let parameters = r#"{"sparseness_w": 0.6, "sparseness_h": 0.5}"#;
    follows(("hoyer", parameters), &data(25, 18, 1), 4, (12, 1e-6), |a, Pair { w, h }| {
        let mut wt = transposed(w);
        if !begun {
            begun = true;
            for l in 0..h.len() {
                let length = norm(&h[l]);
                wt[l] = sparse_vector(&wt[l], 0.6, norm(&wt[l]) * length);
                h[l] = sparse_vector(&h[l], 0.5, 1.0);
            }
        }
        hoyer_h(&transposed(a), &transposed(h), &mut wt, 0.6, false, &mut mu_w);
        *w = transposed(&wt);
        hoyer_h(a, w, h, 0.5, true, &mut mu_h);
    });
    // W free: Lee & Seung's update.
    let (mut mu_h, mut begun) = (None, false);
    let parameters = r#"{"sparseness_w": 0, "sparseness_h": 0.7}"#;
    follows(("hoyer", parameters), &data(12, 20, 2), 3, (12, 1e-6), |a, Pair { w, h }| {
        let mut wt = transposed(w);
        if !begun {
            begun = true;
            for l in 0..h.len() {
                let length = norm(&h[l]);
                wt[l].iter_mut().for_each(|w| *w *= length);
                h[l] = sparse_vector(&h[l], 0.7, 1.0);
            }
        }
        naive::multiplicative_h(&transposed(a), &transposed(h), &mut wt);
        *w = transposed(&wt);
        hoyer_h(a, w, h, 0.7, true, &mut mu_h);
    });
    for (sparseness_w, sparseness_h) in [(0.75, 0.0), (0.0, 0.85), (0.5, 0.3), (1.0, 0.0), (0.05, 0.95)] {
        let a = data(30, 21, 3);
        let parameters = format!(r#"{{"sparseness_w": {sparseness_w}, "sparseness_h": {sparseness_h}}}"#);
        let path = steps(&*method("hoyer", &parameters), &a, &random_start(&a, 5, 3), 40);
        for f in &path[1..] {
            for (x, wanted) in [(&f.w, sparseness_w), (&f.ht, sparseness_h)].into_iter().filter(|(_, s)| *s > 0.0) {
                let root = number(x.nrows()).sqrt();
                for l in 0..5 {
                    let found = (root - x.col_as_slice(l).iter().sum::<f64>() / norm(x.col_as_slice(l))) / (root - 1.0);
                    assert!((found - wanted).abs() < 1e-12, "{parameters}: {found}");
                }
            }
            let unit = |l: usize| (norm(f.ht.col_as_slice(l)) - 1.0).abs() < 1e-12;
            assert!(sparseness_h <= 0.0 || (0..5).all(unit), "{parameters}: rows of H have norm 1");
        }
    }
}
