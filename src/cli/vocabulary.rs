//! The words an experiment may use, from the registry and the catalogue.

use crate::data::catalogue;
use crate::data::request::GENERATORS;
use crate::experiment::{GeneratorInfo, InitInfo, PeerInfo, Vocabulary};
use nmfbench_algorithms::parameters::{Bound, Field, FieldKind, ParameterError};
use nmfbench_algorithms::{Entry, Init, Objective, Registry, Shape, UnknownAlgorithm};
use serde_json::{Map, Value, json};

/// A registry as the experiment file sees it.
pub(crate) struct Words<'a>(pub(crate) &'a Registry);

impl Vocabulary for Words<'_> {
    fn algorithms(&self) -> Vec<String> {
        self.0.entries().iter().map(|e| e.name.to_owned()).collect()
    }

    fn fields(&self, algorithm: &str) -> Vec<Field> {
        self.0.get(algorithm).map(Entry::fields).unwrap_or_default()
    }

    fn resolve(
        &self,
        algorithm: &str,
        given: &Map<String, Value>,
        shape: Option<Shape>,
    ) -> Result<Map<String, Value>, ParameterError> {
        let unknown = |e: UnknownAlgorithm| ParameterError { key: "name".into(), message: e.to_string() };
        let method = self.0.get(algorithm).map_err(unknown)?.parse(given)?;
        if let Some(shape) = shape {
            method.check(&shape)?;
        }
        Ok(method.parameters())
    }

    fn implied(&self, algorithm: &str, objective: Objective) -> Map<String, Value> {
        self.0.get(algorithm).map(|e| e.implied(objective)).unwrap_or_default()
    }

    fn objective(&self, algorithm: &str, parameters: &Map<String, Value>) -> Objective {
        let method = self.0.get(algorithm).ok().and_then(|e| e.parse(parameters).ok());
        method.map_or_else(Objective::default, |method| method.objective())
    }

    fn is_stochastic(&self, algorithm: &str) -> bool {
        self.0.get(algorithm).is_ok_and(|e| e.traits.stochastic)
    }

    fn revision(&self, algorithm: &str) -> u32 {
        self.0.get(algorithm).map_or(0, |e| e.revision)
    }

    fn inits(&self) -> Vec<InitInfo> {
        let info = |i: Init| InitInfo { name: i.name().into(), summary: i.summary().into(), random: i.is_random() };
        Init::ALL.into_iter().map(info).collect()
    }

    fn datasets(&self) -> Vec<String> {
        catalogue().iter().map(|e| e.name.clone()).collect()
    }

    fn generators(&self) -> Vec<GeneratorInfo> {
        generators()
    }

    fn peers(&self) -> Vec<PeerInfo> {
        crate::peers::PEERS.iter().map(|p| PeerInfo { name: p.name.into(), digest: p.digest() }).collect()
    }
}

/// The programs that make data, with the parameters they take.
pub(crate) fn generators() -> Vec<GeneratorInfo> {
    let field = |name: &str, doc: &str, kind: FieldKind, default: Value, minimum: f64| Field {
        name: name.into(),
        doc: doc.into(),
        kind,
        default,
        minimum: Some(Bound::at(minimum)),
        maximum: None,
    };
    let whole =
        |name: &str, doc: &str, default: Value, minimum: f64| field(name, doc, FieldKind::Integer, default, minimum);
    let (faces, pixels) = (crate::data::faces::DEFAULT_COUNT, crate::data::faces::DEFAULT_SIZE);
    let counts = crate::data::word_counts::WordCounts::new(1, 1, 1);
    let planted = |more: Vec<Field>| {
        let mut fields = vec![
            whole("m", "Rows.", Value::Null, 1.0),
            whole("n", "Columns.", Value::Null, 1.0),
            whole("rank", "Columns of the true W, at most min(m, n).", Value::Null, 1.0),
            field("noise", "Standard deviation relative to the mean entry.", FieldKind::Number, json!(0.0), 0.0),
            whole("seed", "Base of the random streams.", json!(0), 0.0),
        ];
        fields.extend(more);
        fields
    };
    let mixture = || {
        let doc = "Of the Dirichlet law of the columns of H; small numbers make them nearly pure.";
        field("concentration", doc, FieldKind::Number, json!(1.0), 1e-3)
    };
    let described = |name: &str| match name {
        "swimmer" => ("256 images of a swimmer with 4 limbs in 4 positions each (Donoho & Stodden 2003)", vec![]),
        "low-rank" => ("a product of two random nonnegative factors, with noise if wanted", planted(vec![])),
        "half-normal" => (
            "entries |N(0, 1)|, nothing planted (Lin 2007)",
            vec![
                whole("m", "Rows.", Value::Null, 1.0),
                whole("n", "Columns.", Value::Null, 1.0),
                whole("seed", "Base of the random streams.", json!(0), 0.0),
            ],
        ),
        "sparse-factors" => (
            "a product of factors with a chosen share of zeros (the kind of Hsieh & Dhillon 2011)",
            planted(vec![field(
                "density",
                "Share of the factors' entries that are not 0, at most 1.",
                FieldKind::Number,
                json!(0.3),
                0.0,
            )]),
        ),
        "near-separable" => (
            "mixtures in which each column of the true W stands among those of A (Gillis & Vavasis 2014)",
            planted(vec![mixture()]),
        ),
        "hyperspectral" => (
            "pixels that mix smooth spectra with abundances of sum 1",
            planted(vec![
                mixture(),
                Field {
                    minimum: None,
                    ..field("pure", "Whether pixels of one material occur.", FieldKind::Bool, json!(true), 0.0)
                },
                whole("width", "Pixels in a row of a smooth scene; 0 when pixels have no place.", json!(0), 0.0),
            ]),
        ),
        "notes" => ("a magnitude spectrogram of notes of a scale, struck at random times", planted(vec![])),
        "word-counts" => (
            "sparse counts of words in documents drawn from known topics with a Zipf vocabulary",
            vec![
                whole("m", "Words of the vocabulary: rows.", Value::Null, 1.0),
                whole("n", "Documents: columns.", Value::Null, 1.0),
                whole("rank", "Topics, at most min(m, n).", Value::Null, 1.0),
                field("length", "Mean words of a document.", FieldKind::Number, json!(counts.length), 1.0),
                field("exponent", "Word r has weight r^−exponent.", FieldKind::Number, json!(counts.exponent), 0.0),
                field(
                    "concentration",
                    "Of the Dirichlet law by which topics mix; a document has few topics where it is small.",
                    FieldKind::Number,
                    json!(counts.concentration),
                    1e-3,
                ),
                whole("seed", "Base of the random streams.", json!(counts.seed), 0.0),
            ],
        ),
        "sparse-uniform" => (
            "a sparse matrix without structure: entries uniform in (0, 1) at random places",
            vec![
                whole("m", "Rows.", Value::Null, 1.0),
                whole("n", "Columns.", Value::Null, 1.0),
                field("density", "Share of entries that are not 0, at most 1.", FieldKind::Number, json!(0.01), 0.0),
                whole("seed", "Base of the random streams.", json!(0), 0.0),
            ],
        ),
        "synthetic-faces" => (
            "rendered frontal faces whose parts vary independently",
            vec![
                whole("count", "Faces, each a column.", json!(faces), 1.0),
                whole("size", "Height and width in pixels.", json!(pixels), 1.0),
                whole("seed", "Seed of the renderer.", json!(1), 0.0),
                whole("people", "How many people take turns; 0 when nobody is there twice.", json!(0), 0.0),
            ],
        ),
        other => unreachable!("the generator `{other}` has no description"),
    };
    GENERATORS
        .iter()
        .map(|name| {
            let (summary, fields) = described(name);
            GeneratorInfo { name: (*name).into(), summary: summary.into(), fields }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Request;

    #[test]
    fn every_generator_takes_what_it_is_said_to_take() {
        for info in generators() {
            let mut table = Map::new();
            table.insert("generator".into(), json!(info.name));
            for field in &info.fields {
                let value = if field.default.is_null() { json!(3) } else { field.default.clone() };
                table.insert(field.name.clone(), value);
            }
            let request: Result<Request, _> = serde_json::from_value(Value::Object(table));
            assert!(request.is_ok(), "{}: {request:?}", info.name);
        }
    }
}
