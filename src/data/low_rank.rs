//! A random nonnegative matrix of known rank, with noise if wanted.

use super::draw::{stream, uniform};
use super::error::DataError;
use super::planted::assemble;
use super::table::{Table, checked_count};
use super::{Dataset, Part};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LowRank {
    /// Rows, at least 1.
    pub m: usize,
    /// Columns, at least 1.
    pub n: usize,
    /// Columns of the true W, 1 to min(m, n).
    pub rank: usize,
    /// Standard deviation of the noise as a fraction of the mean entry of WH, at least 0.
    pub noise: f64,
    /// Base of all random streams.
    pub seed: u64,
}

impl LowRank {
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
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            return Err(DataError::field("noise", self.noise.to_string(), "a finite number ≥ 0"));
        }
        checked_count("low-rank", &[self.m as u64, self.n as u64]).map(|_| ())
    }

    /// The true factors W (m×rank) and H (rank×n), entries uniform in [0, 1).
    #[must_use]
    pub fn factors(&self) -> (Table, Table) {
        let draw = |first_stream: u64, rows: usize, columns: usize| {
            let mut values = Vec::with_capacity(rows * columns);
            for column in 0..columns {
                let mut stream = self.stream(first_stream + column as u64);
                values.extend((0..rows).map(|_| uniform(&mut stream)));
            }
            Table { rows, columns, values }
        };
        (draw(1 << 32, self.m, self.rank), draw(2 << 32, self.rank, self.n))
    }

    /// A = max(0, WH + noise), synthetic; the columns of W are its parts.
    ///
    /// # Errors
    /// Those of [`LowRank::check`], and [`DataError::Entry`] when the noise overflows.
    pub fn dataset(&self) -> Result<Dataset, DataError> {
        self.check()?;
        let (w, h) = self.factors();
        let part = |(l, w): (usize, &[f64])| Part {
            name: format!("component {l}"),
            values: w.to_vec(),
            activations: h.values.iter().skip(l).step_by(self.rank).copied().collect(),
        };
        let parts = w.values.chunks(self.m).enumerate().map(part).collect();
        let suffix = if self.noise > 0.0 { format!("-noise{}", self.noise) } else { String::new() };
        let name = format!("low-rank-{}x{}-{}{suffix}-seed{}", self.m, self.n, self.rank, self.seed);
        let mut dataset = assemble(&name, (self.m, self.n), parts, self.noise, self.seed);
        dataset.title = format!("rank {}, {}×{} (synthetic)", self.rank, self.m, self.n);
        dataset.synthetic = true;
        Ok(dataset)
    }

    fn stream(&self, number: u64) -> ChaCha8Rng {
        stream(self.seed, number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EASY: LowRank = LowRank { m: 30, n: 20, rank: 4, noise: 0.0, seed: 7 };

    #[test]
    fn without_noise_it_is_the_product_of_its_factors() {
        let dataset = EASY.dataset().unwrap();
        let (w, h) = EASY.factors();
        assert_eq!((w.rows, w.columns, h.rows, h.columns), (30, 4, 4, 20));
        for (i, j) in [(0, 0), (29, 19), (13, 5)] {
            let expected: f64 = (0..4).map(|k| w.values[i + 30 * k] * h.values[k + 4 * j]).sum();
            assert!((dataset.values.stored()[i + 30 * j] - expected).abs() < 1e-14);
        }
        assert_eq!(dataset.parts.len(), 4);
        assert_eq!(dataset.parts[2].values, w.values[60..90]);
        assert_eq!(dataset.parts[2].activations[5].to_bits(), h.values[2 + 4 * 5].to_bits());
        assert!(dataset.synthetic);
    }

    #[test]
    fn the_seed_decides_and_noise_has_its_size() {
        assert_eq!(EASY.dataset().unwrap().values, EASY.dataset().unwrap().values);
        assert_ne!(EASY.dataset().unwrap().values, LowRank { seed: 8, ..EASY }.dataset().unwrap().values);
        let big = LowRank { m: 200, n: 100, rank: 10, ..EASY };
        let (clean, noisy) = (big.dataset().unwrap(), LowRank { noise: 0.01, ..big }.dataset().unwrap());
        let mean = clean.values.stored().iter().sum::<f64>() / 20_000.0;
        let squares: f64 = clean.values.stored().iter().zip(noisy.values.stored()).map(|(a, b)| (a - b).powi(2)).sum();
        let ratio = (squares / 20_000.0).sqrt() / mean;
        assert!((0.0097..0.0103).contains(&ratio), "{ratio}");
        assert!(LowRank { noise: 5.0, ..EASY }.dataset().unwrap().values.stored().iter().all(|&v| v >= 0.0));
    }

    #[test]
    fn impossible_requests_name_their_field() {
        let message = |request: LowRank| request.dataset().map(|_| ()).unwrap_err().to_string();
        assert!(message(LowRank { m: 0, ..EASY }).contains("`m`: found 0"));
        assert!(message(LowRank { rank: 21, ..EASY }).contains("`rank`: found 21, expected 1 to min(m, n) = 20"));
        assert!(message(LowRank { noise: f64::NAN, ..EASY }).contains("`noise`: found NaN"));
        assert!(message(LowRank { m: 1 << 20, n: 1 << 20, ..EASY }).contains("found a size of 1048576×1048576"));
    }
}
