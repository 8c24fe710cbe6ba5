//! Samples kept back: they take no part in a factorisation, so that it can be tried on them.

use super::draw::{below, stream};
use super::error::DataError;
use super::preprocess::keep_columns;
use super::{Dataset, Values};
use std::collections::BTreeMap;

/// Samples that were kept back.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// A column each, with as many rows as A.
    pub values: Values,
    /// The class of each.
    pub labels: Vec<u32>,
    /// How many of the nearest samples of A vote on a class.
    pub neighbours: usize,
}

/// Which samples are kept back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The share of each class, above 0 and below 1, rounded to whole samples; each class keeps one at least.
    pub share: f64,
    /// Which of them: another seed, another draw.
    pub seed: u64,
    /// See [`HeldOut::neighbours`].
    pub neighbours: usize,
}

/// Keeps these draws apart from those of generators, which count their streams from 0.
const STREAMS: u64 = 1 << 40;

impl Split {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`DataError::Field`].
    pub fn check(&self) -> Result<(), DataError> {
        if !(self.share > 0.0 && self.share < 1.0) {
            return Err(DataError::field("test_share", self.share.to_string(), "a number above 0 and below 1"));
        }
        if self.neighbours == 0 {
            return Err(DataError::field("neighbours", "0", "at least 1"));
        }
        Ok(())
    }

    /// Moves samples from A to [`Dataset::held_out`]; the order of those that stay does not change.
    pub(crate) fn apply(&self, dataset: &mut Dataset) -> Result<(), DataError> {
        self.check()?;
        let Some(labels) = &dataset.labels else {
            let expected = format!("nothing: the classes of the samples of {} are not known", dataset.name);
            return Err(DataError::field("test_share", self.share.to_string(), expected));
        };
        if dataset.weights.is_some() {
            let expected = format!("nothing: not all entries of {} count alike", dataset.name);
            return Err(DataError::field("test_share", self.share.to_string(), expected));
        }
        let mut classes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        labels.iter().enumerate().for_each(|(sample, class)| classes.entry(*class).or_default().push(sample));
        let mut out = Vec::new();
        for (class, mut members) in classes {
            let mut source = stream(self.seed, STREAMS + u64::from(class));
            (1..members.len()).rev().for_each(|last| members.swap(last, below(&mut source, last + 1)));
            let count = (self.share * members.len() as f64).round() as usize;
            out.extend_from_slice(&members[..count.min(members.len() - 1)]);
        }
        if out.is_empty() {
            let expected = format!("a share of which something is left of the classes of {}", dataset.name);
            return Err(DataError::field("test_share", self.share.to_string(), expected));
        }
        out.sort_unstable();
        let labels = out.iter().map(|&sample| labels[sample]).collect();
        let values = dataset.values.columns(dataset.m, &out);
        let kept: Vec<usize> = (0..dataset.n).filter(|sample| out.binary_search(sample).is_err()).collect();
        keep_columns(dataset, &kept);
        dataset.held_out = Some(HeldOut { values, labels, neighbours: self.neighbours });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Csc;

    fn sample(n: usize) -> Dataset {
        let mut dataset = Dataset::new("made up", 1, n, (0..n).map(|j| j as f64).collect());
        dataset.labels = Some((0..n as u32).map(|j| j % 3).collect());
        dataset
    }

    #[test]
    fn each_class_gives_its_share_and_nobody_is_lost() {
        let split = Split { share: 0.4, seed: 2, neighbours: 1 };
        let mut dataset = sample(15);
        split.apply(&mut dataset).expect("a split");
        let out = dataset.held_out.clone().expect("samples held out");
        assert_eq!((dataset.n, out.labels.len()), (9, 6));
        assert!((0..3).all(|class| out.labels.iter().filter(|label| **label == class).count() == 2));
        let stayed = dataset.values.stored().to_vec();
        assert!(stayed.is_sorted() && out.values.stored().is_sorted());
        let mut all = [&stayed[..], out.values.stored()].concat();
        all.sort_by(f64::total_cmp);
        assert_eq!(all, (0..15).map(f64::from).collect::<Vec<_>>());
        // A value is the number of the sample: its class went with it.
        let classes = stayed.iter().map(|v| *v as u32 % 3).collect::<Vec<_>>();
        assert_eq!(dataset.labels, Some(classes));
        let mut other = sample(15);
        Split { seed: 3, ..split }.apply(&mut other).expect("a split");
        assert_ne!(other.values, dataset.values);
    }

    #[test]
    fn sparse_data_are_split_alike() {
        let csc = Csc {
            starts: (0..=15).collect(),
            rows: vec![0; 15],
            values: (0..15).map(|j| f64::from(j) + 1.0).collect(),
        };
        let mut sparse = Dataset { values: Values::Sparse(csc), ..sample(15) };
        let mut dense = Dataset { values: Values::Dense((0..15).map(|j| f64::from(j) + 1.0).collect()), ..sample(15) };
        let split = Split { share: 0.5, seed: 0, neighbours: 1 };
        split.apply(&mut sparse).expect("a split");
        split.apply(&mut dense).expect("a split");
        assert_eq!(sparse.values.stored(), dense.values.stored());
        assert_eq!(sparse.held_out.map(|h| h.labels), dense.held_out.map(|h| h.labels));
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        let split = Split { share: 0.5, seed: 0, neighbours: 1 };
        let error = |dataset: &mut Dataset, split: Split| split.apply(dataset).expect_err("refused").to_string();
        assert!(
            error(&mut Dataset::new("bare", 1, 2, vec![1.0; 2]), split).contains("the classes of the samples of bare")
        );
        assert!(error(&mut sample(3), split).contains("a share of which something is left"), "one sample a class");
        assert!(error(&mut sample(9), Split { share: 1.0, ..split }).contains("`test_share`: found 1"));
    }
}
