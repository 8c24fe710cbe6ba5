//! Whole files against a small vocabulary.

mod errors;
mod keys;
mod overriding;
mod planning;

use super::*;
use nmfbench_algorithms::Shape;
use nmfbench_algorithms::parameters::{Bound, Field, FieldKind, ParameterError};
use serde_json::{Map, Value, json};

/// A few names that behave like the real ones.
pub(super) struct Words;

fn field(name: &str, kind: FieldKind, default: Value) -> Field {
    let doc = format!("the {name} of the method");
    Field { name: name.into(), doc, kind, default, minimum: Some(Bound::at(0.0)), maximum: None }
}

impl Vocabulary for Words {
    fn algorithms(&self) -> Vec<String> {
        ["mu", "als", "hals", "a-hals", "pgd", "rhals", "mu-kl", "mu-beta"].map(String::from).to_vec()
    }

    fn fields(&self, algorithm: &str) -> Vec<Field> {
        match algorithm {
            "mu" => vec![field("floor", FieldKind::Number, json!(1e-16))],
            "a-hals" => vec![
                Field {
                    minimum: Some(Bound::beyond(0.0)),
                    maximum: Some(Bound::at(10.0)),
                    ..field("alpha", FieldKind::Number, json!(0.5))
                },
                field("delta", FieldKind::Number, json!(0.1)),
                field("reach", FieldKind::Number, json!(0.0)),
                field("order", FieldKind::Choice(vec!["cyclic".into(), "shuffled".into()]), json!("cyclic")),
                field("restart", FieldKind::Bool, json!(false)),
            ],
            "mu-beta" => vec![Field { minimum: None, ..field("beta", FieldKind::Number, json!(0.5)) }],
            "rhals" => vec![field("oversampling", FieldKind::Integer, json!(20))],
            _ => Vec::new(),
        }
    }

    fn resolve(
        &self,
        algorithm: &str,
        given: &Map<String, Value>,
        shape: Option<Shape>,
    ) -> Result<Map<String, Value>, ParameterError> {
        let defaults = self.fields(algorithm).into_iter().map(|field| (field.name, field.default));
        let mut all: Map<String, Value> = defaults.collect();
        all.extend(given.clone());
        // A default that depends on another parameter.
        if algorithm == "a-hals" && !given.contains_key("reach") {
            all["reach"] = json!(10.0 * all["alpha"].as_f64().unwrap_or(0.0));
        }
        let number = |key: &str| all.get(key).and_then(Value::as_f64).unwrap_or(0.0);
        if number("delta") > 1.0 {
            return Err(ParameterError { key: "delta".into(), message: format!("{} is no fraction", number("delta")) });
        }
        if let Some(shape) = shape
            && number("oversampling") as usize + shape.rank > shape.n
        {
            return Err(ParameterError { key: "oversampling".into(), message: "more than the columns".into() });
        }
        Ok(all)
    }

    fn implied(&self, algorithm: &str, objective: Objective) -> Map<String, Value> {
        let beta = (algorithm == "mu-beta").then(|| ("beta".to_owned(), json!(objective.beta())));
        beta.into_iter().collect()
    }

    fn objective(&self, algorithm: &str, parameters: &Map<String, Value>) -> Objective {
        match algorithm {
            "mu-kl" => Objective::KullbackLeibler,
            "mu-beta" => Objective::of_beta(parameters["beta"].as_f64().unwrap_or(f64::NAN)),
            _ => Objective::Frobenius,
        }
    }

    fn is_stochastic(&self, algorithm: &str) -> bool {
        algorithm == "rhals"
    }

    fn revision(&self, algorithm: &str) -> u32 {
        if algorithm == "mu" { 2 } else { 1 }
    }

    fn peers(&self) -> Vec<PeerInfo> {
        vec![PeerInfo { name: "scikit-learn".into(), digest: "d".into() }]
    }

    fn inits(&self) -> Vec<InitInfo> {
        let init = |name: &str, random| InitInfo { name: name.into(), summary: String::new(), random };
        vec![init("random", true), init("nndsvd", false), init("nndsvda", false)]
    }

    fn datasets(&self) -> Vec<String> {
        ["synthetic-faces", "digits", "swimmer", "orl", "cbcl"].map(String::from).to_vec()
    }

    fn generators(&self) -> Vec<GeneratorInfo> {
        let size = |name: &str| field(name, FieldKind::Integer, Value::Null);
        let low_rank = vec![size("m"), size("n"), size("rank"), field("noise", FieldKind::Number, json!(0.0))];
        vec![
            GeneratorInfo { name: "swimmer".into(), summary: String::new(), fields: Vec::new() },
            GeneratorInfo { name: "low-rank".into(), summary: String::new(), fields: low_rank },
        ]
    }
}

/// The smallest file, with parts that can be replaced.
pub(super) const SMALL: &str = r#"
name = "small"
[[dataset]]
name = "digits"
[sweep]
rank = [4, 8]
init = ["random", "nndsvda"]
seeds = 3
[stop]
iterations = 100
[[algorithm]]
name = "mu"
[[algorithm]]
name = "a-hals"
"#;

pub(super) fn source(text: &str) -> Source {
    Source { name: "test.toml".into(), text: text.into(), folder: None }
}

pub(super) fn planned(text: &str) -> Plan {
    plan(&source(text), &Options::default(), &Words).unwrap_or_else(|report| panic!("{}", shown(report)))
}

pub(super) fn refused(text: &str) -> Report {
    plan(&source(text), &Options::default(), &Words).expect_err("the file is wrong")
}

/// The marked text of each problem, with its message.
pub(super) fn marks(report: &Report) -> Vec<(String, String)> {
    let text = report.source().1.to_owned();
    let mark = |problem: &Problem| {
        let slice = problem.span().map(|span| text[span].to_owned()).unwrap_or_default();
        (slice, problem.message().to_owned())
    };
    report.problems().iter().map(mark).collect()
}

/// The report as a terminal without colours shows it.
pub(super) fn shown(report: Report) -> String {
    let mut out = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut out, &report).expect("a report can be shown");
    out
}
