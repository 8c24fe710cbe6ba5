//! Pairs of rows and columns with the greatest sum: the assignment problem.

/// For each row of an r×c table the column given to it, so that no column is given twice and the sum of the chosen entries
/// is greatest; where there are more rows than columns, some rows have none. Entries are finite.
///
/// Shortest augmenting paths with potentials (Kuhn 1955, Munkres 1957, in the form of Jonker & Volgenant 1987): O(r²c).
pub(crate) fn assign(table: &[Vec<f64>]) -> Vec<Option<usize>> {
    let columns = table.first().map_or(0, Vec::len);
    if table.len() > columns {
        let turned: Vec<Vec<f64>> = (0..columns).map(|j| table.iter().map(|row| row[j]).collect()).collect();
        let mut found = vec![None; table.len()];
        for (j, i) in assign(&turned).into_iter().enumerate() {
            if let Some(i) = i {
                found[i] = Some(j);
            }
        }
        return found;
    }
    // Row and column 0 stand for "none", as the path's root.
    let rows = table.len();
    let (mut of_row, mut of_column) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    let mut owner = vec![0; columns + 1];
    for row in 1..=rows {
        owner[0] = row;
        let (mut least, mut from) = (vec![f64::INFINITY; columns + 1], vec![0; columns + 1]);
        let mut seen = vec![false; columns + 1];
        let mut at = 0;
        while owner[at] != 0 {
            seen[at] = true;
            let (i, mut delta, mut next) = (owner[at], f64::INFINITY, 0);
            for j in (1..=columns).filter(|j| !seen[*j]) {
                let reduced = -table[i - 1][j - 1] - of_row[i] - of_column[j];
                if reduced < least[j] {
                    (least[j], from[j]) = (reduced, at);
                }
                if least[j] < delta {
                    (delta, next) = (least[j], j);
                }
            }
            for j in 0..=columns {
                if seen[j] {
                    of_row[owner[j]] += delta;
                    of_column[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            at = next;
        }
        while at != 0 {
            owner[at] = owner[from[at]];
            at = from[at];
        }
    }
    let mut found = vec![None; rows];
    (1..=columns).filter(|j| owner[*j] != 0).for_each(|j| found[owner[j] - 1] = Some(j - 1));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_greatest_whatever_the_shape() {
        // By hand: greedy takes 9 first and ends at 9 + 1; the best is 8 + 7.
        let square = vec![vec![9.0, 8.0], vec![7.0, 1.0]];
        assert_eq!(assign(&square), [Some(1), Some(0)]);
        let tall = vec![vec![1.0], vec![3.0], vec![2.0]];
        assert_eq!(assign(&tall), [None, Some(0), None]);
        let wide = vec![vec![0.0, -2.0, 5.0, 4.0], vec![1.0, 0.0, 5.0, 0.0]];
        assert_eq!(assign(&wide), [Some(3), Some(2)]);
        assert!(assign(&[]).is_empty());
        assert_eq!(assign(&[vec![], vec![]]), [None, None]);
    }

    #[test]
    fn no_permutation_is_better() {
        let mut state = 7_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) % 10) as f64
        };
        for _ in 0..50 {
            let table: Vec<Vec<f64>> = (0..4).map(|_| (0..4).map(|_| draw()).collect()).collect();
            let sum = |order: &[usize]| order.iter().enumerate().map(|(i, j)| table[i][*j]).sum::<f64>();
            let found: Vec<usize> = assign(&table).into_iter().map(|j| j.expect("a square table")).collect();
            let mut best = f64::NEG_INFINITY;
            for code in 0..256_usize {
                let order: Vec<usize> = (0..4).map(|i| (code >> (2 * i)) & 3).collect();
                if (0..4).all(|j| order.contains(&j)) {
                    best = best.max(sum(&order));
                }
            }
            assert!((sum(&found) - best).abs() < 1e-12, "{table:?}");
        }
    }
}
