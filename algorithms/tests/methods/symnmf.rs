//! Symmetric matrices, and matrices of any sign.

use crate::common::naive::{Pair, Rows, product, solve, transposed};
use crate::common::{distance, method, random_start, steps};
use crate::constrained::{follows, signed, symmetric};
use crate::rules::exact;
use crate::shared::each;

pub(crate) fn symnmf_follows_its_paper_and_becomes_symmetric() {
    for (parameters, share) in [("{}", 1.0), (r#"{"alpha": 0.3}"#, 0.3)] {
        follows(("symnmf", parameters), &symmetric(12, 1), 3, (15, 1e-9), |a, Pair { w, h }| {
            let alpha = share * a.iter().flatten().copied().fold(0.0, f64::max);
            // Rows of X given Y, both n×k.
            let half = |y: &Rows| -> Rows {
                let mut g = product(&transposed(y), y);
                (0..g.len()).for_each(|l| g[l][l] += alpha);
                let c = each(&product(a, y), |i, l, c| c + alpha * y[i][l]);
                c.iter().map(|c| exact(&g, c)).collect()
            };
            *w = half(&transposed(h));
            *h = transposed(&half(w));
        });
    }
    let a = symmetric(20, 2);
    let path = steps(&*method("symnmf", "{}"), &a, &random_start(&a, 4, 2), 300);
    let apart = distance(&path[300].w, &path[300].ht);
    assert!(apart < 1e-3 && distance(&path[1].w, &path[1].ht) > 0.1, "W and Hᵀ differ by {apart:e}");
}

pub(crate) fn semi_nmf_follows_its_paper() {
    for k in [1, 3, 5] {
        follows(("semi-nmf", "{}"), &signed(13, 21, 1), k, (20, 1e-9), |a, Pair { w, h }| {
            // F = XG(GᵀG)⁻¹, then G ∘ √(((XᵀF)⁺ + G(FᵀF)⁻) ⊘ ((XᵀF)⁻ + G(FᵀF)⁺)).
            let (g, ht) = (product(h, &transposed(h)), transposed(h));
            *w = transposed(&solve(g, transposed(&product(a, &ht))));
            let (c, s) = (product(&transposed(a), w), product(&transposed(w), w));
            let part = |x: &Rows, sign: f64| each(x, |_, _, x| 0.5 * (x.abs() + sign * x));
            let (up, down) = (product(&ht, &part(&s, -1.0)), product(&ht, &part(&s, 1.0)));
            let new = each(&ht, |i, l, g| {
                let (n, d) = (part(&c, 1.0)[i][l] + up[i][l], part(&c, -1.0)[i][l] + down[i][l]);
                g * (n / d).sqrt()
            });
            *h = transposed(&new);
        });
    }
}
