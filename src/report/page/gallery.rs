//! What was learnt, side by side: the columns of W as pictures, the components of all algorithms matched.

use crate::analysis::Problem;
use crate::figures::{Factors, LoadFactors, Shown, montage, representatives};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faer::Mat;
use nmfbench_algorithms::conformance::assignment;
use serde::Serialize;

/// The bytes that pictures may take in a page.
const ROOM: usize = 6 << 20;

/// The learnt bases of one problem.
#[derive(Serialize)]
pub(super) struct Gallery {
    /// Into the payload's problems.
    pub(super) problem: usize,
    /// Data, rank and start.
    pub(super) title: String,
    /// Of all pictures: columns and rows of the grid, and height over width of one picture.
    columns: usize,
    rows: usize,
    aspect: f64,
    /// Whose components the others are matched to: the lowest final objective.
    reference: String,
    bases: Vec<Basis>,
}

/// The basis of one run.
#[derive(Serialize)]
struct Basis {
    label: String,
    /// The run's key.
    run: String,
    seed: u64,
    /// All components in one picture, row by row.
    png: String,
    /// The cosine of each with the component of the reference at the same place.
    cosines: Vec<f64>,
}

/// The galleries of the problems whose columns are pictures, and how many were left out for want of room.
pub(super) fn galleries(problems: &[Problem<'_>], load: &LoadFactors<'_>) -> (Vec<Gallery>, usize) {
    let (mut shown, mut left_out, mut used) = (Vec::new(), 0, 0);
    for (index, problem) in problems.iter().enumerate() {
        let Some(image) = problem.dataset.image.filter(|i| i.height * i.width == problem.dataset.m) else { continue };
        if used > ROOM {
            left_out += 1;
            continue;
        }
        let found = representatives(problem, load);
        let objective = |shown: &&Shown<'_>| shown.record.last().map_or(f64::INFINITY, |c| c.objective);
        let Some(lowest) = found.iter().min_by(|a, b| objective(a).total_cmp(&objective(b))) else { continue };
        let reference = ordered(&lowest.factors, &lowest.order);
        let columns = (problem.rank as f64 * image.height as f64 / image.width as f64).sqrt().ceil() as usize;
        let columns = columns.clamp(1, problem.rank.max(1));
        let bases = found.iter().map(|shown| {
            let (order, cosines) = matched(&reference, &shown.factors);
            let png = montage(&shown.factors, &order, image, columns).unwrap_or_default();
            used += png.len();
            Basis {
                label: shown.label.clone(),
                run: shown.record.key.clone(),
                seed: shown.record.seed,
                png: STANDARD.encode(png),
                cosines,
            }
        });
        let bases = bases.collect();
        shown.push(Gallery {
            problem: index,
            title: format!("{}, k = {}, {}", problem.dataset.title, problem.rank, problem.init),
            columns,
            rows: problem.rank.div_ceil(columns),
            aspect: image.height as f64 / image.width as f64,
            reference: lowest.label.clone(),
            bases,
        });
    }
    (shown, left_out)
}

/// The columns of W in an order, as unit vectors; zero stays zero.
fn ordered(factors: &Factors, order: &[usize]) -> Vec<Vec<f64>> {
    let unit = |l: &usize| {
        let column = factors.basis(*l);
        let norm = column.iter().map(|v| v * v).sum::<f64>().sqrt();
        column.iter().map(|v| if norm > 0.0 { v / norm } else { 0.0 }).collect()
    };
    order.iter().map(unit).collect()
}

/// For each component of the reference the component that an optimal assignment gives it, and the cosine of both.
fn matched(reference: &[Vec<f64>], factors: &Factors) -> (Vec<usize>, Vec<f64>) {
    let k = reference.len();
    let own = ordered(factors, &(0..k).collect::<Vec<_>>());
    let cosine = Mat::from_fn(k, k, |a, b| {
        let value: f64 = reference[a].iter().zip(&own[b]).map(|(x, y)| x * y).sum();
        if value.is_finite() { value } else { 0.0 }
    });
    let order = assignment(&Mat::from_fn(k, k, |a, b| 1.0 - cosine[(a, b)]));
    let cosines = order.iter().enumerate().map(|(a, b)| cosine[(a, *b)]).collect();
    (order, cosines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_matched_whatever_their_order_and_scale() {
        let of = |w: Vec<f64>| Factors { m: 3, n: 1, k: 2, w, h: vec![1.0, 1.0] };
        let first = of(vec![1.0, 0.0, 0.0, 0.0, 2.0, 2.0]);
        let (order, cosines) = matched(&ordered(&first, &[0, 1]), &of(vec![0.0, 5.0, 5.0, 3.0, 0.0, 0.0]));
        assert_eq!(order, [1, 0]);
        assert!(cosines.iter().all(|c| (c - 1.0).abs() < 1e-12), "{cosines:?}");
    }
}
