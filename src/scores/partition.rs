//! How well a clustering agrees with classes that are known.

use super::assignment::assign;
use std::collections::BTreeMap;

/// How often each cluster meets each class.
pub(super) struct Contingency {
    /// Clusters down, classes across.
    counts: Vec<Vec<f64>>,
    total: f64,
}

impl Contingency {
    /// Of two labels for each of n samples.
    pub(super) fn of(clusters: &[u32], classes: &[u32]) -> Self {
        let numbered = |labels: &[u32]| {
            let mut known: BTreeMap<u32, usize> = labels.iter().map(|label| (*label, 0)).collect();
            known.values_mut().enumerate().for_each(|(number, place)| *place = number);
            known
        };
        let (down, across) = (numbered(clusters), numbered(classes));
        let mut counts = vec![vec![0.0; across.len()]; down.len()];
        clusters.iter().zip(classes).for_each(|(cluster, class)| counts[down[cluster]][across[class]] += 1.0);
        Self { counts, total: clusters.len() as f64 }
    }

    /// The share of samples in the right class when each cluster stands for one class and no two for the same (Xu, Liu & Gong
    /// 2003); classes beyond the number of clusters are missed.
    pub(super) fn accuracy(&self) -> f64 {
        let right = assign(&self.counts).into_iter().enumerate().filter_map(|(i, j)| Some(self.counts[i][j?]));
        right.sum::<f64>() / self.total
    }

    /// Mutual information over the mean of the two entropies; 1 where both put all samples together.
    pub(super) fn normalized_information(&self) -> f64 {
        let (rows, columns) = self.sums();
        let entropy = |sums: &[f64]| -sums.iter().map(|s| s / self.total * (s / self.total).ln()).sum::<f64>();
        let mean = 0.5 * (entropy(&rows) + entropy(&columns));
        if rows.len() == 1 && columns.len() == 1 {
            return 1.0;
        }
        let mut information = 0.0;
        for (row, a) in self.counts.iter().zip(&rows) {
            for (count, b) in row.iter().zip(&columns).filter(|(count, _)| **count > 0.0) {
                information += count / self.total * (count * self.total / (a * b)).ln();
            }
        }
        (information / mean).max(0.0)
    }

    /// Agreement on pairs of samples, 0 as expected by chance and 1 when perfect (Hubert & Arabie 1985).
    pub(super) fn adjusted_rand(&self) -> f64 {
        let (rows, columns) = self.sums();
        let pairs = |counts: &mut dyn Iterator<Item = f64>| counts.map(|c| c * (c - 1.0) / 2.0).sum::<f64>();
        let (a, b) = (pairs(&mut rows.into_iter()), pairs(&mut columns.into_iter()));
        let together = pairs(&mut self.counts.iter().flatten().copied());
        let all = pairs(&mut std::iter::once(self.total));
        let expected = a * b / all.max(1.0);
        let most = 0.5 * (a + b);
        if (most - expected).abs() <= f64::EPSILON * most { 1.0 } else { (together - expected) / (most - expected) }
    }

    fn sums(&self) -> (Vec<f64>, Vec<f64>) {
        let columns = self.counts.first().map_or(0, Vec::len);
        let down = (0..columns).map(|j| self.counts.iter().map(|row| row[j]).sum());
        (self.counts.iter().map(|row| row.iter().sum()).collect(), down.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(clusters: &[u32], classes: &[u32]) -> [f64; 3] {
        let table = Contingency::of(clusters, classes);
        [table.accuracy(), table.normalized_information(), table.adjusted_rand()]
    }

    #[track_caller]
    fn close(found: [f64; 3], expected: [f64; 3]) {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?} instead of {expected:?}");
    }

    #[test]
    fn names_of_clusters_do_not_matter() {
        close(all(&[7, 7, 3, 3, 0], &[0, 0, 1, 1, 2]), [1.0; 3]);
        close(all(&[1, 1, 1], &[4, 4, 4]), [1.0; 3]);
    }

    #[test]
    fn one_sample_astray_by_hand() {
        // Clusters {0, 1, 2}, {3}; classes {0, 1}, {2, 3}: three of four right. Pairs together: 3, 2, both 1 of 6.
        // MI = ½ ln(4/3) + ¼ ln(2/3) + ¼ ln 2; the entropies are ¾ ln(4/3) + ¼ ln 4 and ln 2.
        let information = 0.5 * (4.0_f64 / 3.0).ln() + 0.25 * (2.0_f64 / 3.0).ln() + 0.25 * 2.0_f64.ln();
        let mean = 0.5 * (0.75 * (4.0_f64 / 3.0).ln() + 0.25 * 4.0_f64.ln() + 2.0_f64.ln());
        let rand = (1.0 - 3.0 * 2.0 / 6.0) / (2.5 - 3.0 * 2.0 / 6.0);
        close(all(&[0, 0, 0, 1], &[0, 0, 1, 1]), [0.75, information / mean, rand]);
    }

    #[test]
    fn one_cluster_for_all_knows_nothing() {
        close(all(&[0; 4], &[0, 0, 1, 1]), [0.5, 0.0, 0.0]);
        // Fewer clusters than classes: a class is missed.
        close(all(&[0, 0, 1, 1, 1], &[0, 0, 1, 1, 2])[..1].repeat(3).try_into().expect("three"), [0.8; 3]);
    }
}
