//! Matrices made of factors that are known: A = max(0, WH + noise), W and H by one of several rules.

use super::draw::{below, dirichlet, normal, stream, uniform};
use super::error::DataError;
use super::table::checked_count;
use super::{Dataset, Part};
use crate::results::about::Scene;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How the factors are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// A itself has entries |N(0, 1)| (Lin 2007, §6.1); nothing is planted.
    HalfNormal,
    /// Entries of W and H are uniform in [0, 1) with probability `density`, else 0 (the kind of Hsieh & Dhillon 2011).
    SparseFactors,
    /// H holds the unit vectors beside Dirichlet columns, so that the columns of W stand among those of A (Gillis &
    /// Vavasis 2014).
    NearSeparable,
    /// Columns of W are smooth spectra, columns of H abundances of sum 1; with `pure` pixels of one material occur,
    /// without no abundance exceeds 0.8.
    Hyperspectral,
    /// Columns of W are harmonic spectra of notes of a scale, rows of H their decaying strokes over time.
    Notes,
}

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planted {
    /// The rule.
    pub rule: Rule,
    /// Rows (bands, frequencies), at least 1.
    pub m: usize,
    /// Columns (pixels, frames), at least 1.
    pub n: usize,
    /// Columns of the true W, 1 to min(m, n); not for [`Rule::HalfNormal`].
    pub rank: usize,
    /// Standard deviation of the noise as a fraction of the mean entry of WH, at least 0.
    pub noise: f64,
    /// Share of entries of the factors that are not 0 ([`Rule::SparseFactors`]).
    pub density: f64,
    /// Of the Dirichlet law of the columns of H.
    pub concentration: f64,
    /// Whether pixels of one material occur ([`Rule::Hyperspectral`]).
    pub pure: bool,
    /// Pixels in a row of the scene, in which abundances change smoothly; 0 where pixels have no place
    /// ([`Rule::Hyperspectral`]).
    pub width: usize,
    /// Base of all random streams.
    pub seed: u64,
}

/// The most of one material in a pixel where there are no pure ones.
const PURITY: f64 = 0.8;

impl Rule {
    /// As experiments write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rule::HalfNormal => "half-normal",
            Rule::SparseFactors => "sparse-factors",
            Rule::NearSeparable => "near-separable",
            Rule::Hyperspectral => "hyperspectral",
            Rule::Notes => "notes",
        }
    }

    /// The rule of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Rule> {
        let all = [Rule::HalfNormal, Rule::SparseFactors, Rule::NearSeparable, Rule::Hyperspectral, Rule::Notes];
        all.into_iter().find(|rule| rule.name() == name)
    }
}

impl Planted {
    /// With the usual parameters: no noise, density 0.3, concentration 1, pure pixels, seed 0.
    #[must_use]
    pub fn new(rule: Rule, m: usize, n: usize, rank: usize) -> Self {
        Self { rule, m, n, rank, noise: 0.0, density: 0.3, concentration: 1.0, pure: true, width: 0, seed: 0 }
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
        if self.rule != Rule::HalfNormal && !(1..=limit).contains(&self.rank) {
            return Err(DataError::field("rank", self.rank.to_string(), format!("1 to min(m, n) = {limit}")));
        }
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            return Err(DataError::field("noise", self.noise.to_string(), "a finite number ≥ 0"));
        }
        if !(self.density > 0.0 && self.density <= 1.0) {
            return Err(DataError::field("density", self.density.to_string(), "a number above 0, at most 1"));
        }
        if !(1e-3..=1e3).contains(&self.concentration) {
            return Err(DataError::field(
                "concentration",
                self.concentration.to_string(),
                "a number from 0.001 to 1000",
            ));
        }
        if self.width > 0 && !self.n.is_multiple_of(self.width) {
            return Err(DataError::field(
                "width",
                self.width.to_string(),
                format!("a divisor of the {} pixels", self.n),
            ));
        }
        if self.rule == Rule::Hyperspectral && !self.pure && self.rank == 1 {
            return Err(DataError::field("pure", "false", "true, or a rank of at least 2"));
        }
        checked_count(self.rule.name(), &[self.m as u64, self.n as u64]).map(|_| ())
    }

    /// A, synthetic; its parts are the columns of W with the rows of H.
    ///
    /// # Errors
    /// Those of [`Planted::check`], and [`DataError::Entry`] when the noise overflows.
    pub fn dataset(&self) -> Result<Dataset, DataError> {
        self.check()?;
        let noise = if self.noise > 0.0 { format!("-noise{}", self.noise) } else { String::new() };
        let name = format!("{}-{}x{}-{}{noise}-seed{}", self.rule.name(), self.m, self.n, self.rank, self.seed);
        let mut dataset = if self.rule == Rule::HalfNormal {
            let column = |j: usize| {
                let mut source = stream(self.seed, (3 << 32) + j as u64);
                (0..self.m).map(|_| normal(&mut source).abs()).collect::<Vec<_>>()
            };
            Dataset::new(&name, self.m, self.n, (0..self.n).flat_map(column).collect())
        } else {
            let parts = (0..self.rank).zip(self.weights()).map(|(l, activations)| Part {
                name: format!("component {l}"),
                values: self.part(l, &mut stream(self.seed, (1 << 32) + l as u64)),
                activations,
            });
            assemble(&name, (self.m, self.n), parts.collect(), self.noise, self.seed)
        };
        dataset.title = format!("{}, {}×{} (synthetic)", self.rule.name(), self.m, self.n);
        dataset.synthetic = true;
        Ok(dataset)
    }

    /// The picture whose pixels the columns are.
    pub(crate) fn scene(&self) -> Option<Scene> {
        (self.width > 0).then(|| Scene { height: self.n / self.width, width: self.width, down: false })
    }

    /// Abundances that change smoothly over a scene: shares of the exponentials of sums of waves, so that each material
    /// has regions where it is most and borders where it is mixed.
    fn regions(&self) -> Vec<Vec<f64>> {
        let height = self.n / self.width;
        let field = |l: usize| {
            let mut source = stream(self.seed, (5 << 32) + l as u64);
            let turn = 2.0 * std::f64::consts::PI;
            let waves: Vec<[f64; 4]> = (0..6)
                .map(|_| {
                    let [x, y] = [0; 2].map(|_| (4.0 * uniform(&mut source) - 2.0) * turn);
                    [x, y, turn * uniform(&mut source), 0.5 + uniform(&mut source)]
                })
                .collect();
            let at = |pixel: usize| {
                let x = (pixel % self.width) as f64 / self.width as f64;
                let y = (pixel / self.width) as f64 / height as f64;
                waves.iter().map(|[a, b, phase, weight]| weight * libm::cos(a * x + b * y + phase)).sum::<f64>()
            };
            (0..self.n).map(|pixel| libm::exp(at(pixel) / self.concentration)).collect::<Vec<f64>>()
        };
        let mut rows: Vec<Vec<f64>> = (0..self.rank).map(field).collect();
        for pixel in 0..self.n {
            let mut shares: Vec<f64> = rows.iter().map(|row| row[pixel]).collect();
            let sum: f64 = shares.iter().sum();
            shares.iter_mut().for_each(|share| *share /= sum);
            if !self.pure {
                level(&mut shares);
            }
            rows.iter_mut().zip(shares).for_each(|(row, share)| row[pixel] = share);
        }
        if self.pure {
            for l in 0..self.rank {
                let most = (0..self.n).max_by(|a, b| rows[l][*a].total_cmp(&rows[l][*b])).unwrap_or(0);
                rows.iter_mut().enumerate().for_each(|(other, row)| row[most] = f64::from(u8::from(other == l)));
            }
        }
        rows
    }

    /// Column l of W.
    fn part(&self, l: usize, source: &mut ChaCha8Rng) -> Vec<f64> {
        match self.rule {
            Rule::HalfNormal => unreachable!("nothing is planted"),
            Rule::SparseFactors => sparse(source, self.m, self.density, l, self.rank),
            Rule::NearSeparable => (0..self.m).map(|_| uniform(source)).collect(),
            Rule::Hyperspectral => spectrum(source, self.m),
            Rule::Notes => note(self.m, l),
        }
    }

    /// The rows of H.
    fn weights(&self) -> Vec<Vec<f64>> {
        if self.rule == Rule::Hyperspectral && self.width > 0 {
            return self.regions();
        }
        let mut rows = vec![vec![0.0; self.n]; self.rank];
        match self.rule {
            Rule::HalfNormal => unreachable!("nothing is planted"),
            Rule::SparseFactors => {
                for (l, row) in rows.iter_mut().enumerate() {
                    let mut source = stream(self.seed, (2 << 32) + l as u64);
                    *row = sparse(&mut source, self.n, self.density, l, self.rank);
                }
            }
            Rule::Notes => {
                for (l, row) in rows.iter_mut().enumerate() {
                    strokes(&mut stream(self.seed, (2 << 32) + l as u64), row, self.rank);
                }
            }
            Rule::NearSeparable | Rule::Hyperspectral => {
                let pure = self.rule == Rule::NearSeparable || self.pure;
                let mut at = shuffled(&mut stream(self.seed, 4 << 32), self.n);
                at.truncate(if pure { self.rank } else { 0 });
                for j in 0..self.n {
                    let mut source = stream(self.seed, (2 << 32) + j as u64);
                    let mut shares = dirichlet(&mut source, self.rank, self.concentration);
                    if let Some(l) = at.iter().position(|&place| place == j) {
                        shares = (0..self.rank).map(|other| f64::from(u8::from(other == l))).collect();
                    } else if !pure {
                        level(&mut shares);
                    }
                    rows.iter_mut().zip(shares).for_each(|(row, share)| row[j] = share);
                }
            }
        }
        rows
    }
}

/// A = max(0, Σ part·activationsᵀ + noise); the noise is near normal and relative to the mean entry.
pub(crate) fn assemble(name: &str, (m, n): (usize, usize), parts: Vec<Part>, noise: f64, seed: u64) -> Dataset {
    let mut values = vec![0.0; m * n];
    for (j, column) in values.chunks_mut(m).enumerate() {
        for part in &parts {
            let weight = part.activations[j];
            column.iter_mut().zip(&part.values).for_each(|(value, entry)| *value += entry * weight);
        }
    }
    if noise > 0.0 {
        let deviation = noise * values.iter().sum::<f64>() / values.len() as f64;
        for (index, column) in values.chunks_mut(m).enumerate() {
            let mut source = stream(seed, (3 << 32) + index as u64);
            for value in column {
                *value = (*value + deviation * nearly_normal(&mut source)).max(0.0);
            }
        }
    }
    let mut dataset = Dataset::new(name, m, n, values);
    dataset.parts = parts;
    dataset
}

/// Mean 0 and variance 1: a sum of twelve uniforms.
fn nearly_normal(source: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| uniform(source)).sum::<f64>() - 6.0
}

/// Uniform entries with a probability; at least one, at a place of the component's own, so that no component is empty.
fn sparse(source: &mut ChaCha8Rng, length: usize, density: f64, l: usize, rank: usize) -> Vec<f64> {
    let mut values: Vec<f64> = (0..length)
        .map(|_| {
            let (there, value) = (uniform(source), uniform(source));
            if there < density { value } else { 0.0 }
        })
        .collect();
    let own = l * length / rank;
    values[own] = values[own].max(0.5);
    values
}

/// A permutation of 0 … count − 1.
fn shuffled(source: &mut ChaCha8Rng, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    (1..count).rev().for_each(|last| order.swap(last, below(source, last + 1)));
    order
}

/// Draws shares towards their mean until none exceeds [`PURITY`].
fn level(shares: &mut [f64]) {
    let most = shares.iter().copied().fold(0.0, f64::max);
    let mean = 1.0 / shares.len() as f64;
    if most > PURITY {
        let keep = (PURITY - mean) / (most - mean);
        shares.iter_mut().for_each(|share| *share = mean + keep * (*share - mean));
    }
}

/// A reflectance: a baseline and a few broad bumps, between 0 and 1.
fn spectrum(source: &mut ChaCha8Rng, bands: usize) -> Vec<f64> {
    let mut values = vec![0.05 + 0.15 * uniform(source); bands];
    for _ in 0..4 {
        let (centre, width) = (uniform(source), 0.05 + 0.2 * uniform(source));
        let height = 0.1 + 0.9 * uniform(source);
        for (band, value) in values.iter_mut().enumerate() {
            let distance = ((band as f64 + 0.5) / bands as f64 - centre) / width;
            *value += height * libm::exp(-0.5 * distance * distance);
        }
    }
    let most = values.iter().copied().fold(0.0, f64::max);
    values.iter_mut().for_each(|value| *value /= most);
    values
}

/// The magnitude spectrum of note l of a major scale from 220 Hz, bins up to 4 kHz.
fn note(bins: usize, l: usize) -> Vec<f64> {
    const SCALE: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
    let steps = 12 * (l / 7) as i32 + SCALE[l % 7];
    let fundamental = 220.0 * libm::exp2(f64::from(steps) / 12.0);
    let mut values = vec![0.0; bins];
    for harmonic in 1..=20 {
        let centre = fundamental * f64::from(harmonic) / 4000.0 * bins as f64;
        let height = libm::pow(0.7, f64::from(harmonic - 1));
        for (bin, value) in values.iter_mut().enumerate() {
            let distance = (bin as f64 + 0.5 - centre) / 1.2;
            *value += height * libm::exp(-0.5 * distance * distance);
        }
    }
    // A floor as of a window's side lobes; without it a note beyond the bins would be nothing.
    values.iter_mut().for_each(|value| *value += 1e-4);
    values
}

/// Strokes at random times that fade.
fn strokes(source: &mut ChaCha8Rng, row: &mut [f64], rank: usize) {
    let (mut loudness, mut struck) = (0.0, false);
    let first = below(source, row.len());
    for (frame, value) in row.iter_mut().enumerate() {
        let chance = 2.0 / (rank as f64 * 20.0);
        let (draw, height) = (uniform(source), 0.4 + 0.6 * uniform(source));
        loudness = if draw < chance || (frame == first && !struck) { height } else { loudness * 0.93 };
        struck |= loudness > 0.0;
        if loudness < 1e-3 {
            loudness = 0.0;
        }
        *value = loudness;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [Rule; 4] = [Rule::SparseFactors, Rule::NearSeparable, Rule::Hyperspectral, Rule::Notes];

    fn make(rule: Rule) -> Planted {
        Planted::new(rule, 40, 60, 5)
    }

    #[test]
    fn without_noise_each_rule_is_the_product_of_its_truth() {
        for rule in RULES {
            let dataset = make(rule).dataset().unwrap();
            let values = dataset.values.dense().unwrap();
            assert_eq!((dataset.m, dataset.n, dataset.parts.len(), dataset.synthetic), (40, 60, 5, true));
            for (i, j) in [(0, 0), (39, 59), (13, 31)] {
                let expected: f64 = dataset.parts.iter().map(|part| part.values[i] * part.activations[j]).sum();
                assert!((values[i + 40 * j] - expected).abs() < 1e-14, "{rule:?}");
            }
            for part in &dataset.parts {
                assert!(part.values.iter().chain(&part.activations).all(|v| v.is_finite() && *v >= 0.0), "{rule:?}");
                assert!(
                    part.values.iter().sum::<f64>() > 0.0 && part.activations.iter().sum::<f64>() > 0.0,
                    "{rule:?}"
                );
            }
            assert_eq!(dataset.digest(), make(rule).dataset().unwrap().digest());
            let other = Planted { seed: 1, ..make(rule) };
            assert_ne!(dataset.digest(), other.dataset().unwrap().digest());
            assert_ne!(dataset.digest(), Planted { noise: 0.1, ..make(rule) }.dataset().unwrap().digest());
        }
    }

    #[test]
    fn half_normal_entries_have_their_mean_and_nothing_is_planted() {
        let dataset = Planted::new(Rule::HalfNormal, 100, 200, 0).dataset().unwrap();
        let mean = dataset.values.stored().iter().sum::<f64>() / 20_000.0;
        assert!((mean - (2.0 / std::f64::consts::PI).sqrt()).abs() < 0.015, "{mean}");
        assert!(dataset.parts.is_empty());
    }

    #[test]
    fn factors_have_the_density_asked_for() {
        let planted = Planted { density: 0.2, ..Planted::new(Rule::SparseFactors, 400, 300, 6) };
        let dataset = planted.dataset().unwrap();
        let entries = dataset.parts.iter().flat_map(|part| part.values.iter().chain(&part.activations));
        let share = entries.filter(|v| **v > 0.0).count() as f64 / (6.0 * 700.0);
        assert!((0.18..0.22).contains(&share), "{share}");
    }

    #[test]
    fn columns_of_w_stand_in_a_separable_matrix_and_pure_pixels_only_where_wanted() {
        for rule in [Rule::NearSeparable, Rule::Hyperspectral] {
            let dataset = make(rule).dataset().unwrap();
            for part in &dataset.parts {
                let there = (0..60).any(|j| dataset.values.column(40, j) == part.values);
                assert!(there, "{rule:?}");
            }
            for j in 0..60 {
                assert!((dataset.parts.iter().map(|part| part.activations[j]).sum::<f64>() - 1.0).abs() < 1e-12);
            }
        }
        let mixed = Planted { pure: false, concentration: 0.1, ..make(Rule::Hyperspectral) }.dataset().unwrap();
        let most = mixed.parts.iter().flat_map(|part| &part.activations).copied().fold(0.0, f64::max);
        assert!(most > 0.7 && most < 0.8 + 1e-12, "{most}");
    }

    #[test]
    fn spectra_are_smooth_and_notes_are_harmonic() {
        let spectra = Planted::new(Rule::Hyperspectral, 200, 50, 3).dataset().unwrap();
        for part in &spectra.parts {
            assert!(part.values.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.1));
        }
        let notes = Planted::new(Rule::Notes, 512, 50, 3).dataset().unwrap();
        // 220 Hz and its octave in bins of 4000/512 Hz.
        let first = &notes.parts[0].values;
        assert!(first[28] > 0.9 && (0.6..0.8).contains(&first[56]) && first[42] < 0.01, "{first:?}");
    }

    #[test]
    fn impossible_requests_name_their_field() {
        let message = |planted: Planted| planted.dataset().map(|_| ()).unwrap_err().to_string();
        assert!(message(Planted { rank: 41, ..make(Rule::Notes) }).contains("`rank`: found 41"));
        assert!(message(Planted { density: 0.0, ..make(Rule::SparseFactors) }).contains("`density`: found 0"));
        assert!(message(Planted { noise: -1.0, ..make(Rule::Notes) }).contains("`noise`: found -1"));
        assert!(message(Planted { pure: false, rank: 1, ..make(Rule::Hyperspectral) }).contains("`pure`"));
    }
}
