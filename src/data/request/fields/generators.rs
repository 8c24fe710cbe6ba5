//! The keys of each generator, taken and given back.

use super::Fields;
use crate::data::error::DataError;
use crate::data::low_rank::LowRank;
use crate::data::planted::{Planted, Rule};
use crate::data::request::{GENERATORS, Generator};
use crate::data::sparse_uniform::SparseUniform;
use crate::data::word_counts::WordCounts;
use crate::data::{catalogue, faces};

impl Fields {
    /// Takes the generator's parameters, so that those left over are strays.
    pub(super) fn take(&mut self, name: &str) -> Result<Generator, DataError> {
        let missing = |field: &str| DataError::field(field, "nothing", "a whole number ≥ 1");
        match name {
            "swimmer" => Ok(Generator::Swimmer),
            "low-rank" => {
                let request = LowRank {
                    m: self.m.take().ok_or_else(|| missing("m"))?,
                    n: self.n.take().ok_or_else(|| missing("n"))?,
                    rank: self.rank.take().ok_or_else(|| missing("rank"))?,
                    noise: self.noise.take().unwrap_or(0.0),
                    seed: self.seed.take().unwrap_or(0),
                };
                request.check()?;
                Ok(Generator::LowRank(request))
            }
            "word-counts" => {
                let defaults = WordCounts::new(
                    self.m.take().ok_or_else(|| missing("m"))?,
                    self.n.take().ok_or_else(|| missing("n"))?,
                    self.rank.take().ok_or_else(|| missing("rank"))?,
                );
                let counts = WordCounts {
                    length: self.length.take().unwrap_or(defaults.length),
                    exponent: self.exponent.take().unwrap_or(defaults.exponent),
                    concentration: self.concentration.take().unwrap_or(defaults.concentration),
                    seed: self.seed.take().unwrap_or(defaults.seed),
                    ..defaults
                };
                counts.check()?;
                Ok(Generator::WordCounts(counts))
            }
            "sparse-uniform" => {
                let request = SparseUniform {
                    m: self.m.take().ok_or_else(|| missing("m"))?,
                    n: self.n.take().ok_or_else(|| missing("n"))?,
                    density: self.density.take().unwrap_or(0.01),
                    seed: self.seed.take().unwrap_or(0),
                };
                request.check()?;
                Ok(Generator::SparseUniform(request))
            }
            "synthetic-faces" => {
                let count = self.count.take().unwrap_or(faces::DEFAULT_COUNT);
                let size = self.size.take().unwrap_or(faces::DEFAULT_SIZE);
                let (seed, people) = (self.seed.take().unwrap_or(1), self.people.take().unwrap_or(0));
                let generator = Generator::SyntheticFaces { count, size, seed, people };
                generator.check()?;
                Ok(generator)
            }
            other if let Some(rule) = Rule::of(other) => self.planted(rule).map(Generator::Planted),
            other => {
                let near = catalogue::near(other, GENERATORS.iter().copied());
                let hint = near.first().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                let expected = format!("one of: {}{hint}", GENERATORS.join(", "));
                Err(DataError::field("generator", format!("`{other}`"), expected))
            }
        }
    }

    /// The generator's name and parameters as keys.
    pub(super) fn give(&mut self, generator: Generator) {
        let name = match generator {
            Generator::Swimmer => "swimmer",
            Generator::LowRank(LowRank { m, n, rank, noise, seed }) => {
                (self.m, self.n, self.rank) = (Some(m), Some(n), Some(rank));
                (self.noise, self.seed) = (Some(noise), Some(seed));
                "low-rank"
            }
            Generator::Planted(made) => {
                (self.m, self.n, self.seed) = (Some(made.m), Some(made.n), Some(made.seed));
                if made.rule != Rule::HalfNormal {
                    (self.rank, self.noise) = (Some(made.rank), Some(made.noise));
                }
                self.density = (made.rule == Rule::SparseFactors).then_some(made.density);
                let mixes = matches!(made.rule, Rule::NearSeparable | Rule::Hyperspectral);
                self.concentration = mixes.then_some(made.concentration);
                self.pure = (made.rule == Rule::Hyperspectral).then_some(made.pure);
                self.width = (made.width > 0).then_some(made.width);
                made.rule.name()
            }
            Generator::WordCounts(counts) => {
                (self.m, self.n, self.rank) = (Some(counts.m), Some(counts.n), Some(counts.rank));
                (self.length, self.exponent) = (Some(counts.length), Some(counts.exponent));
                (self.concentration, self.seed) = (Some(counts.concentration), Some(counts.seed));
                "word-counts"
            }
            Generator::SparseUniform(SparseUniform { m, n, density, seed }) => {
                (self.m, self.n) = (Some(m), Some(n));
                (self.density, self.seed) = (Some(density), Some(seed));
                "sparse-uniform"
            }
            Generator::SyntheticFaces { count, size, seed, people } => {
                (self.count, self.size, self.seed) = (Some(count), Some(size), Some(seed));
                self.people = (people > 0).then_some(people);
                "synthetic-faces"
            }
        };
        self.generator = Some(name.to_owned());
    }

    /// Only what its rule knows is taken, the rest are strays.
    fn planted(&mut self, rule: Rule) -> Result<Planted, DataError> {
        let missing = |field: &str| DataError::field(field, "nothing", "a whole number ≥ 1");
        let (m, n) = (self.m.take().ok_or_else(|| missing("m"))?, self.n.take().ok_or_else(|| missing("n"))?);
        let planted = rule != Rule::HalfNormal;
        let rank = if planted { self.rank.take().ok_or_else(|| missing("rank"))? } else { 0 };
        let mut made = Planted { seed: self.seed.take().unwrap_or(0), ..Planted::new(rule, m, n, rank) };
        if planted {
            made.noise = self.noise.take().unwrap_or(made.noise);
        }
        if rule == Rule::SparseFactors {
            made.density = self.density.take().unwrap_or(made.density);
        }
        if matches!(rule, Rule::NearSeparable | Rule::Hyperspectral) {
            made.concentration = self.concentration.take().unwrap_or(made.concentration);
        }
        if rule == Rule::Hyperspectral {
            made.pure = self.pure.take().unwrap_or(made.pure);
            made.width = self.width.take().unwrap_or(made.width);
        }
        made.check()?;
        Ok(made)
    }
}
