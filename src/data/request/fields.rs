//! The flat TOML table of a request, and its errors.

use super::{GENERATORS, Generator, Layout, Pixels, Request, Samples, Scale, Source};
use crate::data::error::DataError;
use crate::data::low_rank::LowRank;
use crate::data::preprocess::Step;
use crate::data::word_counts::WordCounts;
use crate::data::{catalogue, faces};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum ScaleField {
    Number(f64),
    Word(String),
}

impl TryFrom<ScaleField> for Scale {
    type Error = DataError;

    fn try_from(field: ScaleField) -> Result<Self, DataError> {
        let expected = "\"max\", \"none\" or a finite number > 0";
        match field {
            ScaleField::Number(number) if number.is_finite() && number > 0.0 => Ok(Self::By(number)),
            ScaleField::Number(number) => Err(DataError::field("scale", number.to_string(), expected)),
            ScaleField::Word(word) => match word.as_str() {
                "max" => Ok(Self::Max),
                "none" => Ok(Self::None),
                _ => Err(DataError::field("scale", format!("\"{word}\""), expected)),
            },
        }
    }
}

impl From<Scale> for ScaleField {
    fn from(scale: Scale) -> Self {
        match scale {
            Scale::None => Self::Word("none".to_owned()),
            Scale::Max => Self::Word("max".to_owned()),
            Scale::By(number) => Self::Number(number),
        }
    }
}

/// The flat table. `orientation` is another word for `samples`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    transpose: bool,
    #[serde(alias = "orientation", skip_serializing_if = "Option::is_none")]
    samples: Option<Samples>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pixels: Option<Pixels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<Scale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<[usize; 2]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    preprocess: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exponent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concentration: Option<f64>,
}

impl TryFrom<Fields> for Request {
    type Error = DataError;

    fn try_from(mut fields: Fields) -> Result<Self, DataError> {
        let source = match (fields.name.take(), fields.path.take(), fields.generator.take()) {
            (Some(name), None, None) => Source::Catalogue(name),
            (None, Some(path), None) => Source::Path(path),
            (None, None, Some(generator)) => Source::Generator(fields.generator(&generator)?),
            (name, path, generator) => {
                let given = [("name", name.is_some()), ("path", path.is_some()), ("generator", generator.is_some())];
                let given: Vec<_> = given.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
                let found = if given.is_empty() { "none of them".to_owned() } else { given.join(" and ") };
                return Err(DataError::field("dataset", found, "exactly one of name, path and generator"));
            }
        };
        fields.refuse_strays(&source)?;
        let Fields { title, key, transpose, samples, pixels, scale, image, preprocess, .. } = fields;
        Ok(Self { source, title, layout: Layout { key, transpose, samples, pixels, scale, image }, preprocess })
    }
}

impl Fields {
    /// Takes the generator's parameters, so that those left over are strays.
    fn generator(&mut self, name: &str) -> Result<Generator, DataError> {
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
            "synthetic-faces" => {
                let count = self.count.take().unwrap_or(faces::DEFAULT_COUNT);
                let size = self.size.take().unwrap_or(faces::DEFAULT_SIZE);
                let generator = Generator::SyntheticFaces { count, size, seed: self.seed.take().unwrap_or(1) };
                generator.check()?;
                Ok(generator)
            }
            other => {
                let near = catalogue::near(other, GENERATORS.iter().copied());
                let hint = near.first().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                let expected = format!("one of: {}{hint}", GENERATORS.join(", "));
                Err(DataError::field("generator", format!("`{other}`"), expected))
            }
        }
    }

    fn refuse_strays(&self, source: &Source) -> Result<(), DataError> {
        let parameters = [
            ("m", self.m.is_some()),
            ("n", self.n.is_some()),
            ("rank", self.rank.is_some()),
            ("noise", self.noise.is_some()),
            ("seed", self.seed.is_some()),
            ("count", self.count.is_some()),
            ("size", self.size.is_some()),
            ("length", self.length.is_some()),
            ("exponent", self.exponent.is_some()),
            ("concentration", self.concentration.is_some()),
        ];
        let layout = [
            ("key", self.key.is_some()),
            ("samples", self.samples.is_some()),
            ("pixels", self.pixels.is_some()),
            ("image", self.image.is_some()),
        ];
        let stray = |fields: &[(&'static str, bool)]| fields.iter().find(|(_, given)| *given).map(|(field, _)| *field);
        if let Some(field) = stray(&parameters) {
            return Err(DataError::field(field, "a value", "nothing: it is no parameter of this data set"));
        }
        match (source, stray(&layout)) {
            (Source::Path(_), _) | (_, None) => Ok(()),
            (_, Some(field)) => Err(DataError::field(field, "a value", "nothing: it only goes with `path`")),
        }
    }
}

impl From<Request> for Fields {
    fn from(request: Request) -> Self {
        let Layout { key, transpose, samples, pixels, scale, image } = request.layout;
        let (title, preprocess) = (request.title, request.preprocess);
        let mut fields = Self { title, key, transpose, samples, pixels, scale, image, preprocess, ..Self::default() };
        match request.source {
            Source::Catalogue(name) => fields.name = Some(name),
            Source::Path(path) => fields.path = Some(path),
            Source::Generator(generator) => {
                let name = match generator {
                    Generator::Swimmer => "swimmer",
                    Generator::LowRank(LowRank { m, n, rank, noise, seed }) => {
                        (fields.m, fields.n, fields.rank) = (Some(m), Some(n), Some(rank));
                        (fields.noise, fields.seed) = (Some(noise), Some(seed));
                        "low-rank"
                    }
                    Generator::WordCounts(counts) => {
                        (fields.m, fields.n, fields.rank) = (Some(counts.m), Some(counts.n), Some(counts.rank));
                        (fields.length, fields.exponent) = (Some(counts.length), Some(counts.exponent));
                        (fields.concentration, fields.seed) = (Some(counts.concentration), Some(counts.seed));
                        "word-counts"
                    }
                    Generator::SyntheticFaces { count, size, seed } => {
                        (fields.count, fields.size, fields.seed) = (Some(count), Some(size), Some(seed));
                        "synthetic-faces"
                    }
                };
                fields.generator = Some(name.to_owned());
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parse(text: &str) -> Result<Request, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_three_sources() {
        assert_eq!(parse("name = \"digits\"").unwrap(), Request::named("digits"));
        let request = parse("path = \"a.mat\"\nkey = \"X\"\nsamples = \"rows\"\nscale = 255\nimage = [4, 3]").unwrap();
        assert_eq!(request.source, Source::Path("a.mat".into()));
        assert_eq!(request.layout.scale, Some(Scale::By(255.0)));
        assert_eq!(request.layout.samples, Some(Samples::Rows));
        assert_eq!(parse("path = \"a\"\norientation = \"rows\"").unwrap().layout.samples, Some(Samples::Rows));
        let request = parse("generator = \"low-rank\"\nm = 5\nn = 4\nrank = 2").unwrap();
        let expected = LowRank { m: 5, n: 4, rank: 2, noise: 0.0, seed: 0 };
        assert_eq!(request, Request::generated(Generator::LowRank(expected)));
    }

    #[test]
    fn every_request_survives_toml() {
        for text in [
            "name = \"orl\"\ntitle = \"faces\"\nscale = \"max\"\ntranspose = true",
            "path = \"x/y.npz\"\nkey = \"A\"\npixels = \"column-major\"\nscale = 0.5",
            "generator = \"swimmer\"\nscale = \"none\"",
            "generator = \"low-rank\"\nm = 5\nn = 4\nrank = 2\nnoise = 0.1\nseed = 3",
            "generator = \"word-counts\"\nm = 50\nn = 40\nrank = 2\nlength = 30.5\npreprocess = [\"tf-idf\", \"columns-l2\"]",
            "generator = \"synthetic-faces\"\ncount = 3\nsize = 19",
        ] {
            let request = parse(text).unwrap();
            assert_eq!(parse(&toml::to_string(&request).unwrap()).unwrap(), request, "{text}");
        }
    }

    #[test]
    fn errors_name_their_field() {
        let error = |text: &str| parse(text).unwrap_err();
        assert!(error("").contains("exactly one of name, path and generator"));
        assert!(error("name = \"a\"\npath = \"b\"").contains("found name and path"));
        assert!(error("nome = \"a\"").contains("nome"));
        let low_rank = error("generator = \"low-rnk\"");
        assert!(low_rank.contains("`generator`: found `low-rnk`") && low_rank.contains("did you mean `low-rank`?"));
        assert!(error("generator = \"low-rank\"\nm = 5\nn = 4").contains("`rank`: found nothing"));
        assert!(error("generator = \"swimmer\"\nrank = 4").contains("`rank`: found a value"));
        assert!(error("name = \"orl\"\nkey = \"x\"").contains("`key`: found a value, expected nothing"));
        assert!(error("path = \"a\"\nscale = \"min\"").contains("`scale`: found \"min\", expected \"max\""));
        assert!(error("path = \"a\"\nscale = 0").contains("`scale`: found 0"));
        assert!(error("path = \"a\"\nscale = nan").contains("`scale`: found NaN"));
        assert!(error("path = \"a\"\nsamples = \"row\"").contains("row"));
        assert!(error("path = \"a\"\npreprocess = [\"tfidf\"]").contains("tfidf"));
        assert!(error("generator = \"synthetic-faces\"\nsize = 4").contains("`size`: found 4, expected 8 to 512"));
    }

    #[test]
    fn relative_paths_start_at_the_experiment() {
        let request = Request::file("a.npy").relative_to(Path::new("experiments"));
        assert_eq!(request.source, Source::Path("experiments/a.npy".into()));
        assert_eq!(Request::named("orl").relative_to(Path::new("x")), Request::named("orl"));
    }
}
