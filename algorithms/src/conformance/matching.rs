//! Comparing factors up to the order and the scale of their components.

use crate::problem::Factors;
use faer::Mat;

/// The least cosine between matched components of two pairs, W and H taken together, when the components are matched so
/// that the sum of the cosines is largest (an optimal assignment, not a greedy one).
#[must_use]
pub fn matched_cosine(x: &Factors<f64>, y: &Factors<f64>) -> f64 {
    let k = x.rank();
    let both = Mat::from_fn(k, k, |a, b| cosine(&x.w, a, &y.w, b).min(cosine(&x.ht, a, &y.ht, b)));
    let costs = Mat::from_fn(k, k, |a, b| 1.0 - both[(a, b)]);
    assignment(&costs).into_iter().enumerate().map(|(a, b)| both[(a, b)]).fold(1.0, f64::min)
}

/// Of column a of X and column b of Y; 0 where one of them is zero.
fn cosine(x: &Mat<f64>, a: usize, y: &Mat<f64>, b: usize) -> f64 {
    let (x, y) = (x.col_as_slice(a), y.col_as_slice(b));
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let norms = (dot(x, x) * dot(y, y)).sqrt();
    if norms > 0.0 { dot(x, y) / norms } else { 0.0 }
}

/// The column for each row of a square matrix of finite costs, so that the sum is least: shortest augmenting paths with
/// potentials (Jonker & Volgenant, Computing 38, 1987), O(k³).
#[must_use]
pub fn assignment(costs: &Mat<f64>) -> Vec<usize> {
    let k = costs.nrows();
    assert_eq!(k, costs.ncols(), "as many columns as rows");
    let (mut row_price, mut col_price) = (vec![0.0; k], vec![0.0; k]);
    let mut row_of: Vec<Option<usize>> = vec![None; k];
    for new in 0..k {
        // A shortest path, in reduced costs, from the new row to a column that is free.
        let (mut least, mut before) = (vec![f64::INFINITY; k], vec![None; k]);
        let (mut done, mut reached) = (vec![false; k], vec![]);
        let (mut row, mut length) = (new, 0.0);
        let end = loop {
            for j in (0..k).filter(|j| !done[*j]) {
                let through = length + costs[(row, j)] - row_price[row] - col_price[j];
                if through < least[j] {
                    (least[j], before[j]) = (through, reached.last().copied());
                }
            }
            let open = (0..k).filter(|j| !done[*j]);
            let next = open.min_by(|a, b| least[*a].total_cmp(&least[*b])).expect("a column is free");
            (length, done[next]) = (least[next], true);
            let Some(owner) = row_of[next] else { break next };
            reached.push(next);
            row = owner;
        };
        row_price[new] += length;
        for &j in &reached {
            row_price[row_of[j].expect("reached through its row")] += length - least[j];
            col_price[j] -= length - least[j];
        }
        let mut column = end;
        while let Some(previous) = before[column] {
            row_of[column] = row_of[previous];
            column = previous;
        }
        row_of[column] = Some(new);
    }
    let mut columns = vec![0; k];
    row_of.iter().enumerate().for_each(|(j, row)| columns[row.expect("all are matched")] = j);
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::cases::uniform;
    use crate::random::Stream;

    fn least(costs: &Mat<f64>, row: usize, free: &mut Vec<usize>) -> f64 {
        if free.is_empty() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for i in 0..free.len() {
            let j = free.remove(i);
            best = best.min(costs[(row, j)] + least(costs, row + 1, free));
            free.insert(i, j);
        }
        best
    }

    #[test]
    fn an_assignment_is_the_best_of_all_orders() {
        for k in 1..=6 {
            for seed in 0..50 {
                let mut stream = Stream::of(seed, "costs");
                // Few values, so that there are ties.
                let costs = Mat::from_fn(k, k, |_, _| (stream.uniform() * 6.0).floor() - 2.0);
                let columns = assignment(&costs);
                let sum: f64 = columns.iter().enumerate().map(|(i, j)| costs[(i, *j)]).sum();
                let expected = least(&costs, 0, &mut (0..k).collect());
                assert!((sum - expected).abs() < 1e-12, "{k}, {seed}: {columns:?} costs {sum}, not {expected}");
                let mut sorted = columns.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..k).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_cosine_does_not_see_order_and_scale() {
        let mut stream = Stream::of(1, "matching");
        let x = Factors { w: uniform(7, 4, &mut stream), ht: uniform(5, 4, &mut stream) };
        let order = [2, 0, 3, 1];
        let moved = |x: &Mat<f64>, by: f64| Mat::from_fn(x.nrows(), 4, |i, j| by * x[(i, order[j])]);
        let mut y = Factors { w: moved(&x.w, 3.0), ht: moved(&x.ht, 0.1) };
        assert!(matched_cosine(&x, &y) > 1.0 - 1e-12);
        y.w.col_mut(1).fill(0.0);
        assert!(matched_cosine(&x, &y) < 1e-12, "a lost component");
    }
}
