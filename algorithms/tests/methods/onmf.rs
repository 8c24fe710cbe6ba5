//! Orthogonal rows of H.

use crate::common::naive::{Pair, product, transposed};
use crate::common::{self, method, random_start, uniform, valid};
use crate::constrained::{data, follows};
use crate::shared::{column, each, norm};
use faer::Mat;
use nmfbench_algorithms::random::Stream;

pub(crate) fn onmf_follows_its_paper_and_h_is_orthogonal() {
    let mut refilled = 0;
    for k in [2, 5] {
        follows(("onmf", r#"{"inner_tolerance": 0}"#), &data(15, 40, 1), k, (10, 1e-9), |a, Pair { w, h }| {
            let angle = |l: usize, j: usize| {
                let (w, a) = (column(w, l), column(a, j));
                w.iter().zip(&a).map(|(w, a)| w * a).sum::<f64>() / norm(&w) / norm(&a)
            };
            let best = |j: usize| (0..k).max_by(|p, q| angle(*p, j).total_cmp(&angle(*q, j))).expect("some");
            let mut component: Vec<usize> = (0..a[0].len()).map(best).collect();
            let size = |j: usize| norm(&column(a, j));
            let mut left: Vec<f64> =
                (0..a[0].len()).map(|j| size(j).powi(2) * (1.0 - angle(component[j], j).powi(2))).collect();
            let mut c = product(&transposed(w), a);
            for l in 0..k {
                let members = |q: usize| component.iter().filter(|c| **c == q).count();
                if members(l) == 0 {
                    let others = (0..left.len()).filter(|j| members(component[*j]) > 1);
                    let worst =
                        others.max_by(|i, j| left[*i].total_cmp(&left[*j])).expect("more columns than components");
                    (component[worst], left[worst], c[l][worst]) = (l, 0.0, size(worst));
                    refilled += 1;
                }
            }
            for inner in 0..10 {
                c = if inner == 0 { c } else { product(&transposed(w), a) };
                *h = each(&c, |l, j, c| if component[j] == l { c } else { 0.0 });
                for row in h.iter_mut() {
                    let length = norm(row);
                    row.iter_mut().for_each(|h| *h /= length);
                }
                *w = product(a, &transposed(h));
            }
        });
    }
    assert!(refilled > 0, "a case in which a component loses all its columns");
    for seed in 0..6 {
        let a = data(12, 30, seed);
        let run = common::run(&*method("onmf", "{}"), &a, &random_start(&a, 6, seed), 30);
        for f in &run.path[1..] {
            let gram = f.ht.transpose() * &f.ht;
            assert!((gram - Mat::<f64>::identity(6, 6)).norm_max() < 1e-14, "seed {seed}: HHᵀ = I");
        }
        assert_eq!(run.end().dead_components, 0, "seed {seed}: every component has columns");
    }
}

/// Columns that are multiples of three directions: found from any start in which no two begin together for good.
#[test]
fn onmf_finds_planted_clusters() {
    let mut stream = Stream::of(1, "clusters");
    let directions = uniform(10, 3, &mut stream);
    let sizes = uniform(24, 1, &mut stream);
    let a = valid(Mat::from_fn(10, 24, |i, j| directions[(i, j % 3)] * (0.5 + sizes[(j, 0)])));
    let found = (0..8).filter(|seed| {
        let run = common::run(&*method("onmf", "{}"), &a, &random_start(&a, 3, *seed), 30);
        run.end().relative_error < 1e-7
    });
    assert!(found.count() >= 5);
    // With as many components as columns an empty one is always refilled, and nothing is left.
    let small = data(6, 5, 2);
    let run = common::run(&*method("onmf", "{}"), &small, &random_start(&small, 5, 1), 10);
    assert!(run.end().relative_error < 1e-7, "{:?}", run.end());
}
