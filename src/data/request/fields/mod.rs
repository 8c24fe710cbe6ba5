//! The flat TOML table of a request, and its errors.

mod generators;

use super::{Layout, Missing, Pixels, Request, Samples, Scale, Source};
use crate::data::error::DataError;
use crate::data::held_out::Split;
use crate::data::preprocess::Step;
use crate::data::sound::{Spectrogram, Spectrum, Taper};
use crate::data::words::{StopWords, Tokens, Words};
use crate::results::about::Domain;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cube: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hop: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    taper: Option<Taper>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spectrum: Option<Spectrum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_words: Option<StopWords>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_letters: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_documents: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_share: Option<f64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    signed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Missing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<PathBuf>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    density: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pure: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Domain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene: Option<[usize; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    largest_classes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    neighbours: Option<usize>,
}

impl TryFrom<Fields> for Request {
    type Error = DataError;

    fn try_from(mut fields: Fields) -> Result<Self, DataError> {
        let source = match (fields.name.take(), fields.path.take(), fields.generator.take()) {
            (Some(name), None, None) => Source::Catalogue(name),
            (None, Some(path), None) => Source::Path(path),
            (None, None, Some(generator)) => Source::Generator(fields.take(&generator)?),
            (name, path, generator) => {
                let given = [("name", name.is_some()), ("path", path.is_some()), ("generator", generator.is_some())];
                let given: Vec<_> = given.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
                let found = if given.is_empty() { "none of them".to_owned() } else { given.join(" and ") };
                return Err(DataError::field("dataset", found, "exactly one of name, path and generator"));
            }
        };
        fields.refuse_strays(&source)?;
        if fields.missing.is_some() && fields.weights.is_some() {
            return Err(DataError::field("missing", "a value", "nothing: `weights` says what is missing"));
        }
        let (spectrogram, words, split) = (fields.spectrogram()?, fields.words()?, fields.split()?);
        let Fields { title, key, transpose, samples, pixels, scale, image, labels, cube, preprocess, .. } = fields;
        let Fields { signed, missing, weights, domain, scene, features, truth, largest_classes, .. } = fields;
        if largest_classes == Some(0) {
            return Err(DataError::field("largest_classes", "0", "at least 1"));
        }
        let cube = cube.unwrap_or(false);
        let layout = Layout {
            key,
            transpose,
            samples,
            pixels,
            scale,
            image,
            labels,
            cube,
            spectrogram,
            words,
            ..Layout::default()
        };
        let layout = Layout { signed, missing, weights, ..layout };
        let layout = Layout { domain, scene, features, truth, largest_classes, ..layout };
        if let (true, Some(step)) = (layout.special(), preprocess.first()) {
            let expected = "nothing: steps are made for known numbers ≥ 0 that all count alike";
            return Err(DataError::field("preprocess", format!("`{}`", step.name()), expected));
        }
        Ok(Self { source, title, layout, preprocess, split })
    }
}

impl Fields {
    fn spectrogram(&self) -> Result<Option<Spectrogram>, DataError> {
        let Some(window) = self.window else {
            let given =
                [("hop", self.hop.is_some()), ("taper", self.taper.is_some()), ("spectrum", self.spectrum.is_some())];
            return match given.iter().find(|(_, given)| *given) {
                None => Ok(None),
                Some((field, _)) => Err(DataError::field(field, "a value", "a `window` beside it")),
            };
        };
        if !(2..=1 << 24).contains(&window) {
            return Err(DataError::field("window", window.to_string(), "2 to 16777216 samples"));
        }
        if self.hop == Some(0) {
            return Err(DataError::field("hop", "0", "at least 1 sample"));
        }
        let (taper, spectrum) = (self.taper.unwrap_or_default(), self.spectrum.unwrap_or_default());
        Ok(Some(Spectrogram { window, hop: self.hop, taper, spectrum }))
    }

    fn split(&self) -> Result<Option<Split>, DataError> {
        let Some(share) = self.test_share else {
            let given = [("test_seed", self.test_seed.is_some()), ("neighbours", self.neighbours.is_some())];
            return match given.iter().find(|(_, given)| *given) {
                None => Ok(None),
                Some((field, _)) => Err(DataError::field(field, "a value", "a `test_share` beside it")),
            };
        };
        let split = Split { share, seed: self.test_seed.unwrap_or(0), neighbours: self.neighbours.unwrap_or(1) };
        split.check()?;
        Ok(Some(split))
    }

    fn words(&self) -> Result<Option<Words>, DataError> {
        let Some(tokens) = self.tokens else {
            let given = [
                ("stop_words", self.stop_words.is_some()),
                ("min_letters", self.min_letters.is_some()),
                ("min_documents", self.min_documents.is_some()),
                ("max_share", self.max_share.is_some()),
            ];
            return match given.iter().find(|(_, given)| *given) {
                None => Ok(None),
                Some((field, _)) => Err(DataError::field(field, "a value", "`tokens` beside it")),
            };
        };
        let max_share = self.max_share.unwrap_or(1.0);
        if !(max_share > 0.0 && max_share <= 1.0) {
            return Err(DataError::field("max_share", max_share.to_string(), "a number above 0, at most 1"));
        }
        Ok(Some(Words {
            tokens,
            stop_words: self.stop_words.unwrap_or_default(),
            min_letters: self.min_letters.unwrap_or(2),
            min_documents: self.min_documents.unwrap_or(1),
            max_share,
        }))
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
            ("density", self.density.is_some()),
            ("pure", self.pure.is_some()),
            ("people", self.people.is_some()),
            ("width", self.width.is_some()),
        ];
        let layout = [
            ("key", self.key.is_some()),
            ("samples", self.samples.is_some()),
            ("pixels", self.pixels.is_some()),
            ("image", self.image.is_some()),
            ("labels", self.labels.is_some()),
            ("cube", self.cube.is_some()),
            ("window", self.window.is_some()),
            ("tokens", self.tokens.is_some()),
            ("signed", self.signed),
            ("missing", self.missing.is_some()),
            ("domain", self.domain.is_some()),
            ("scene", self.scene.is_some()),
            ("features", self.features.is_some()),
            ("truth", self.truth.is_some()),
            ("largest_classes", self.largest_classes.is_some()),
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
        let Layout {
            key,
            transpose,
            samples,
            pixels,
            scale,
            image,
            labels,
            cube,
            spectrogram,
            words,
            signed,
            missing,
            weights,
            domain,
            scene,
            features,
            truth,
            largest_classes,
            lenient: _,
        } = request.layout;
        let (title, preprocess) = (request.title, request.preprocess);
        let mut fields = Self { title, key, transpose, samples, pixels, scale, image, preprocess, ..Self::default() };
        (fields.signed, fields.missing, fields.weights) = (signed, missing, weights);
        (fields.domain, fields.scene, fields.features, fields.truth) = (domain, scene, features, truth);
        fields.largest_classes = largest_classes;
        (fields.labels, fields.cube) = (labels, cube.then_some(true));
        if let Some(Split { share, seed, neighbours }) = request.split {
            (fields.test_share, fields.test_seed, fields.neighbours) = (Some(share), Some(seed), Some(neighbours));
        }
        if let Some(Spectrogram { window, hop, taper, spectrum }) = spectrogram {
            (fields.window, fields.hop) = (Some(window), hop);
            (fields.taper, fields.spectrum) = (Some(taper), Some(spectrum));
        }
        if let Some(Words { tokens, stop_words, min_letters, min_documents, max_share }) = words {
            (fields.tokens, fields.stop_words, fields.max_share) = (Some(tokens), Some(stop_words), Some(max_share));
            (fields.min_letters, fields.min_documents) = (Some(min_letters), Some(min_documents));
        }
        match request.source {
            Source::Catalogue(name) => fields.name = Some(name),
            Source::Path(path) => fields.path = Some(path),
            Source::Generator(generator) => fields.give(generator),
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::super::Generator;
    use super::*;
    use crate::data::low_rank::LowRank;
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
            "path = \"x.npy\"\nsigned = true\nmissing = \"nan\"",
            "name = \"orl\"\nweights = \"w.npz\"",
            "path = \"x/y.npz\"\nkey = \"A\"\npixels = \"column-major\"\nscale = 0.5",
            "generator = \"swimmer\"\nscale = \"none\"",
            "path = \"a.wav\"\nwindow = 256\nhop = 64\ntaper = \"hamming\"\nspectrum = \"power\"",
            "path = \"texts\"\ntokens = \"letters\"\nstop_words = \"english\"\nmin_documents = 2\nmax_share = 0.5",
            "path = \"a.npy\"\ndomain = \"spectra\"\nscene = [3, 4]\nfeatures = \"bands.txt\"\nlargest_classes = 3\ntruth = \"w.npz\"",
            "generator = \"hyperspectral\"\nm = 5\nn = 12\nrank = 2\nwidth = 4",
            "path = \"a.npy\"\ncube = true\nlabels = \"classes.txt\"",
            "generator = \"low-rank\"\nm = 5\nn = 4\nrank = 2\nnoise = 0.1\nseed = 3",
            "generator = \"half-normal\"\nm = 5\nn = 4\nseed = 2",
            "generator = \"sparse-factors\"\nm = 5\nn = 4\nrank = 2\ndensity = 0.5\nnoise = 0.1",
            "generator = \"near-separable\"\nm = 5\nn = 4\nrank = 2\nconcentration = 0.5",
            "generator = \"hyperspectral\"\nm = 5\nn = 4\nrank = 2\npure = false",
            "generator = \"notes\"\nm = 5\nn = 4\nrank = 2",
            "generator = \"word-counts\"\nm = 50\nn = 40\nrank = 2\nlength = 30.5\npreprocess = [\"tf-idf\", \"columns-l2\"]",
            "generator = \"sparse-uniform\"\nm = 5\nn = 4\ndensity = 0.5\nseed = 2",
            "generator = \"synthetic-faces\"\ncount = 3\nsize = 19",
            "generator = \"synthetic-faces\"\ncount = 6\nsize = 19\npeople = 2\ntest_share = 0.5\nneighbours = 3",
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
        assert!(error("generator = \"notes\"\nm = 5\nn = 4\nrank = 2\npure = true").contains("`pure`: found a value"));
        assert!(error("name = \"orl\"\nkey = \"x\"").contains("`key`: found a value, expected nothing"));
        assert!(error("path = \"a\"\nscale = \"min\"").contains("`scale`: found \"min\", expected \"max\""));
        assert!(error("path = \"a\"\nscale = 0").contains("`scale`: found 0"));
        assert!(error("path = \"a\"\nscale = nan").contains("`scale`: found NaN"));
        assert!(error("path = \"a\"\nsamples = \"row\"").contains("row"));
        assert!(error("path = \"a\"\nhop = 3").contains("`hop`: found a value, expected a `window` beside it"));
        assert!(error("path = \"a\"\nwindow = 1").contains("`window`: found 1"));
        assert!(error("path = \"a\"\nstop_words = \"english\"").contains("expected `tokens` beside it"));
        assert!(error("path = \"a\"\ntokens = \"letters\"\nmax_share = 0").contains("`max_share`: found 0"));
        assert!(error("path = \"a\"\npreprocess = [\"tfidf\"]").contains("tfidf"));
        assert!(error("name = \"orl\"\ntest_share = 1").contains("`test_share`: found 1"));
        assert!(error("name = \"orl\"\ntest_share = 0.5\nneighbours = 0").contains("`neighbours`: found 0"));
        assert!(error("name = \"orl\"\ntest_seed = 3").contains("expected a `test_share` beside it"));
        assert!(error("name = \"orl\"\nsigned = true").contains("`signed`: found a value, expected nothing"));
        assert!(error("path = \"a\"\nmissing = \"none\"").contains("expected `nan` or `zero`"));
        let both = error("path = \"a\"\nmissing = \"nan\"\nweights = \"w.npy\"");
        assert!(both.contains("`missing`: found a value, expected nothing: `weights` says what is missing"), "{both}");
        let steps = error("path = \"a\"\nsigned = true\npreprocess = [\"tf-idf\"]");
        assert!(steps.contains("`preprocess`: found `tf-idf`, expected nothing"), "{steps}");
        assert!(error("generator = \"synthetic-faces\"\nsize = 4").contains("`size`: found 4, expected 8 to 512"));
    }

    #[test]
    fn relative_paths_start_at_the_experiment() {
        let request = Request::file("a.npy").relative_to(Path::new("experiments"));
        assert_eq!(request.source, Source::Path("experiments/a.npy".into()));
        let weighted = parse("name = \"orl\"\nweights = \"w.npy\"").unwrap().relative_to(Path::new("experiments"));
        assert_eq!(weighted.layout.weights, Some("experiments/w.npy".into()));
        assert_eq!(Request::named("orl").relative_to(Path::new("x")), Request::named("orl"));
    }
}
