//! The graph of neighbouring columns.

use crate::common::naive::{self, Pair, Rows, product, transposed};
use crate::constrained::{data, follows};
use crate::shared::{column, each, number};

pub(crate) fn gnmf_follows_its_paper() {
    for (weighting, p) in [("binary", 5), ("heat", 3), ("cosine", 2)] {
        let parameters = format!(r#"{{"weighting": "{weighting}", "neighbours": {p}, "sigma": 2, "lambda": 20}}"#);
        follows(("gnmf", &parameters), &data(14, 24, 1), 4, (20, 1e-9), |a, Pair { w, h }| {
            let n = a[0].len();
            let inner = |i: usize, j: usize| column(a, i).iter().zip(&column(a, j)).map(|(x, y)| x * y).sum::<f64>();
            let cosine = |i: usize, j: usize| inner(i, j) / (inner(i, i) * inner(j, j)).sqrt();
            let far = |i: usize, j: usize| {
                let squared = column(a, i).iter().zip(&column(a, j)).map(|(x, y)| (x - y).powi(2)).sum::<f64>();
                if weighting == "cosine" { 1.0 - cosine(i, j) } else { squared }
            };
            let nearest = |j: usize| {
                let mut others: Vec<usize> = (0..n).filter(|i| *i != j).collect();
                others.sort_by(|x, y| far(*x, j).total_cmp(&far(*y, j)));
                others.truncate(p);
                others
            };
            let near: Vec<Vec<usize>> = (0..n).map(nearest).collect();
            let joined = |i: usize, j: usize| near[i].contains(&j) || near[j].contains(&i);
            let pairs: Vec<(usize, usize)> =
                (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).filter(|(i, j)| joined(*i, *j)).collect();
            let mean = pairs.iter().map(|(i, j)| far(*i, *j)).sum::<f64>() / number(pairs.len());
            let weight = |i: usize, j: usize| match weighting {
                _ if !joined(i, j) || i == j => 0.0,
                "binary" => 1.0,
                "heat" => (-far(i, j) / (2.0 * mean)).exp(),
                _ => cosine(i, j),
            };
            let s: Rows = (0..n).map(|i| (0..n).map(|j| weight(i, j)).collect()).collect();
            let lambda = 20.0 * (a.iter().flatten().map(|a| a * a).sum::<f64>() / number(n)).sqrt();
            let mut wt = transposed(w);
            naive::multiplicative_h(&transposed(a), &transposed(h), &mut wt);
            *w = transposed(&wt);
            let v = transposed(h);
            let (near, gram) = (product(&s, &v), product(&v, &product(&transposed(w), w)));
            let cross = product(&transposed(a), w);
            let degree = |j: usize| s[j].iter().sum::<f64>();
            *h = transposed(&each(&v, |j, l, v| {
                v * (cross[j][l] + lambda * near[j][l]) / (gram[j][l] + lambda * degree(j) * v)
            }));
        });
    }
}
