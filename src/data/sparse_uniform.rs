//! Sparse random matrices without structure: each entry is there with one probability, and then uniform in (0, 1).

use super::csc::check_sides;
use super::draw::{stream, uniform};
use super::error::DataError;
use super::table::checked_count;
use super::{Csc, Dataset};
use serde::{Deserialize, Serialize};

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SparseUniform {
    /// Rows, at least 1.
    pub m: usize,
    /// Columns, at least 1.
    pub n: usize,
    /// The probability that an entry is not 0: above 0, at most 1.
    pub density: f64,
    /// Base of all random streams.
    pub seed: u64,
}

impl SparseUniform {
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
        if !(self.density > 0.0 && self.density <= 1.0) {
            return Err(DataError::field("density", self.density.to_string(), "a number above 0, at most 1"));
        }
        check_sides(self.m, self.n, "sparse-uniform")?;
        checked_count("sparse-uniform", &[self.m as u64, self.n as u64]).map(|_| ())
    }

    /// The m×n matrix, synthetic.
    ///
    /// # Errors
    /// Those of [`SparseUniform::check`].
    pub fn dataset(&self) -> Result<Dataset, DataError> {
        self.check()?;
        let mut csc = Csc { starts: vec![0], ..Csc::default() };
        for j in 0..self.n {
            let mut source = stream(self.seed, (5 << 32) + j as u64);
            for i in 0..self.m {
                let (there, value) = (uniform(&mut source) < self.density, uniform(&mut source));
                if there && value > 0.0 {
                    csc.rows.push(i as u32);
                    csc.values.push(value);
                }
            }
            csc.starts.push(csc.values.len());
        }
        let name = format!("sparse-uniform-{}x{}-{}-seed{}", self.m, self.n, self.density, self.seed);
        let mut dataset = Dataset::sparse(&name, self.m, self.n, csc);
        dataset.title =
            format!("{}×{} uniform entries, {} % of them not 0 (synthetic)", self.m, self.n, 100.0 * self.density);
        dataset.synthetic = true;
        Ok(dataset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_as_many_and_as_large_as_asked_for() {
        let asked = SparseUniform { m: 300, n: 200, density: 0.05, seed: 3 };
        let dataset = asked.dataset().unwrap();
        // 3000 ± 53 of 60 000, and a mean of 0.5 ± 0.005.
        let stored = dataset.values.stored();
        assert!((2750..3250).contains(&stored.len()), "{}", stored.len());
        assert!((stored.iter().sum::<f64>() / stored.len() as f64 - 0.5).abs() < 0.03);
        assert_eq!(dataset.digest(), asked.dataset().unwrap().digest());
        assert_ne!(dataset.digest(), SparseUniform { seed: 4, ..asked }.dataset().unwrap().digest());
        assert!(dataset.values.dense().is_none() && dataset.synthetic);
    }

    #[test]
    fn impossible_requests_name_their_field() {
        let asked = SparseUniform { m: 3, n: 2, density: 0.5, seed: 0 };
        let message = |asked: SparseUniform| asked.dataset().map(|_| ()).unwrap_err().to_string();
        assert!(message(SparseUniform { density: 1.5, ..asked }).contains("`density`: found 1.5"));
        assert!(message(SparseUniform { density: f64::NAN, ..asked }).contains("`density`: found NaN"));
        assert!(message(SparseUniform { m: 0, ..asked }).contains("`m`: found 0"));
    }
}
