//! Counts of words in documents drawn from topics that are known: sparse, as real collections are.
//!
//! Each topic has a Zipf law over the vocabulary in an order of its own for most of its weight; a document mixes topics by
//! a Dirichlet draw, has a length of its own, and its words are drawn one by one (latent Dirichlet allocation, Blei, Ng &
//! Jordan 2003, with Zipf topics).

use super::csc::check_sides;
use super::draw::{below, cumulative, dirichlet, gamma, pick, stream, uniform};
use super::error::DataError;
use super::table::checked_count;
use super::{Csc, Dataset, Part};
use serde::{Deserialize, Serialize};

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WordCounts {
    /// Words of the vocabulary: rows, at least 1.
    pub m: usize,
    /// Documents: columns, at least 1.
    pub n: usize,
    /// Topics, 1 to min(m, n).
    pub rank: usize,
    /// Mean words of a document, at least 1; lengths vary by about half of it.
    pub length: f64,
    /// The word of rank r has weight r^−exponent.
    pub exponent: f64,
    /// Of the Dirichlet law by which topics mix: well below 1, a document has few topics.
    pub concentration: f64,
    /// Base of all random streams.
    pub seed: u64,
}

/// The share of a topic's words that are drawn from the law of the whole language.
const COMMON: f64 = 0.3;

impl WordCounts {
    /// With the usual parameters: 100 words a document, exponent 1.05, concentration 0.1, seed 0.
    #[must_use]
    pub fn new(m: usize, n: usize, rank: usize) -> Self {
        Self { m, n, rank, length: 100.0, exponent: 1.05, concentration: 0.1, seed: 0 }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`DataError::Field`] or [`DataError::TooLarge`].
    pub fn check(&self) -> Result<(), DataError> {
        for (field, value) in [("m", self.m), ("n", self.n)] {
            if value == 0 {
                return Err(DataError::field(field, "0", "at least 1"));
            }
        }
        let limit = self.m.min(self.n);
        if !(1..=limit).contains(&self.rank) {
            return Err(DataError::field("rank", self.rank.to_string(), format!("1 to min(m, n) = {limit}")));
        }
        for (field, value, low, high) in [
            ("length", self.length, 1.0, 1e6),
            ("exponent", self.exponent, 0.0, 10.0),
            ("concentration", self.concentration, 1e-3, 1e3),
        ] {
            if !(low..=high).contains(&value) {
                return Err(DataError::field(field, value.to_string(), format!("a number from {low} to {high}")));
            }
        }
        check_sides(self.m, self.n, "word-counts")?;
        checked_count("word-counts", &[self.m as u64, self.rank as u64])?;
        checked_count("word-counts", &[self.n as u64, 4 * self.length.ceil() as u64]).map(|_| ())
    }

    /// The m×n counts, synthetic; its parts are the topics (probabilities of words) with their shares in each document.
    ///
    /// # Errors
    /// Those of [`WordCounts::check`].
    pub fn dataset(&self) -> Result<Dataset, DataError> {
        self.check()?;
        let topics: Vec<Vec<f64>> = (0..self.rank).map(|topic| self.topic(topic)).collect();
        let sums: Vec<Vec<f64>> = topics.iter().map(|topic| cumulative(topic.iter().copied())).collect();
        let mut csc = Csc { starts: vec![0], ..Csc::default() };
        let mut shares = vec![Vec::with_capacity(self.n); self.rank];
        let mut words: Vec<u32> = Vec::new();
        for document in 0..self.n {
            let mut source = stream(self.seed, (2 << 32) + document as u64);
            let mixture = dirichlet(&mut source, self.rank, self.concentration);
            shares.iter_mut().zip(&mixture).for_each(|(shares, share)| shares.push(*share));
            let mixture = cumulative(mixture.into_iter());
            // A gamma law of shape 4 around the mean, as lengths of documents spread.
            let length = (self.length * gamma(&mut source, 4.0) / 4.0).min(4.0 * self.length).max(1.0) as usize;
            words.clear();
            for _ in 0..length {
                let topic = pick(&mut source, &mixture);
                words.push(pick(&mut source, &sums[topic]) as u32);
            }
            words.sort_unstable();
            for same in words.chunk_by(|a, b| a == b) {
                csc.rows.push(same[0]);
                csc.values.push(same.len() as f64);
            }
            csc.starts.push(csc.values.len());
        }
        let name = format!("word-counts-{}x{}-{}-seed{}", self.m, self.n, self.rank, self.seed);
        let mut dataset = Dataset::sparse(&name, self.m, self.n, csc);
        dataset.title = format!("{} documents on {} topics (synthetic)", self.n, self.rank);
        dataset.synthetic = true;
        let parts = topics.into_iter().zip(shares).enumerate();
        let part = |(l, (values, activations))| Part { name: format!("topic {l}"), values, activations };
        dataset.parts = parts.map(part).collect();
        Ok(dataset)
    }

    /// The probability of each word in a topic.
    fn topic(&self, topic: usize) -> Vec<f64> {
        let zipf: Vec<f64> = (0..self.m).map(|rank| libm::pow((rank + 1) as f64, -self.exponent)).collect();
        let total: f64 = zipf.iter().sum();
        let mut own: Vec<u32> = (0..self.m as u32).collect();
        let mut source = stream(self.seed, (1 << 32) + topic as u64);
        for last in (1..self.m).rev() {
            own.swap(last, below(&mut source, last + 1));
        }
        // Frequent words of the language are likely in every topic, the rest have their ranks by the topic's own order.
        let mut topic: Vec<f64> = zipf.iter().map(|weight| COMMON * weight / total).collect();
        own.iter().zip(&zipf).for_each(|(&word, weight)| topic[word as usize] += (1.0 - COMMON) * weight / total);
        // No two topics are equal even where the law is flat.
        let jitter: Vec<f64> = topic.iter().map(|weight| weight * (0.5 + uniform(&mut source))).collect();
        let sum: f64 = jitter.iter().sum();
        jitter.into_iter().map(|weight| weight / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: WordCounts =
        WordCounts { m: 400, n: 300, rank: 3, length: 60.0, exponent: 1.05, concentration: 0.1, seed: 5 };

    #[test]
    fn counts_follow_the_topics_that_made_them() {
        let dataset = SMALL.dataset().unwrap();
        let words: f64 = dataset.values.stored().iter().sum();
        assert!((0.9..1.1).contains(&(words / (60.0 * 300.0))), "{words}");
        assert!(dataset.values.dense().is_none() && dataset.synthetic);
        // What the topics expect of the documents in which one of them has nearly all weight.
        let topic = &dataset.parts[0];
        let (mut found, mut total) = (vec![0.0; 400], 0.0);
        for document in (0..300).filter(|&j| topic.activations[j] > 0.99) {
            let column = dataset.values.column(400, document);
            total += column.iter().sum::<f64>();
            found.iter_mut().zip(column).for_each(|(sum, count)| *sum += count);
        }
        assert!(total > 1000.0, "{total}");
        let likely = (0..400).max_by(|&a, &b| topic.values[a].total_cmp(&topic.values[b])).unwrap();
        assert!((found[likely] / total - topic.values[likely]).abs() < 0.03);
        for part in &dataset.parts {
            assert!((part.values.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        for document in 0..300 {
            let shares: f64 = dataset.parts.iter().map(|part| part.activations[document]).sum();
            assert!((shares - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_seed_decides_and_frequencies_fall_as_zipf_has_it() {
        let dataset = SMALL.dataset().unwrap();
        assert_eq!(dataset.digest(), SMALL.dataset().unwrap().digest());
        assert_ne!(dataset.digest(), WordCounts { seed: 6, ..SMALL }.dataset().unwrap().digest());
        let mut frequency = vec![0.0; 400];
        dataset.values.visit(400, |word, _, count| frequency[word] += count);
        frequency.sort_by(|a, b| b.total_cmp(a));
        assert!(frequency[0] > 5.0 * frequency[30] && frequency[30] > 3.0 * frequency[300], "{:?}", &frequency[..40]);
    }

    #[test]
    fn impossible_requests_name_their_field() {
        let message = |request: WordCounts| request.dataset().map(|_| ()).unwrap_err().to_string();
        assert!(message(WordCounts { n: 0, ..SMALL }).contains("`n`: found 0"));
        assert!(
            message(WordCounts { rank: 301, ..SMALL }).contains("`rank`: found 301, expected 1 to min(m, n) = 300")
        );
        assert!(message(WordCounts { length: f64::NAN, ..SMALL }).contains("`length`: found NaN"));
        assert!(message(WordCounts { concentration: 0.0, ..SMALL }).contains("`concentration`: found 0"));
    }
}
