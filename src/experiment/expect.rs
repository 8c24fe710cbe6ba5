//! What one value has to be, and how it is read or refused.

use super::report::{quoted, suggest};
use super::schema::Range;
use super::tree::{Entry, Tree};
use nmfbench_algorithms::Objective;
use serde_json::Value;

/// A value that fits its key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Text(String),
    Integer(i64),
    Number(f64),
    Bool(bool),
    Files { w: String, h: String },
    Beta(f64),
}

/// What a value has to be; a key's or a field's kind with the vocabulary filled in.
pub(crate) enum Expect {
    Text,
    FileName,
    Path,
    Bool,
    Integer(Range),
    Count(Range),
    Number(Range),
    Choice(Vec<String>),
    ChoiceOr(Vec<String>, Range),
    Objective,
    /// Whatever a parameter of somebody else's program may be.
    Anything,
    Named(&'static str, Vec<String>),
    Init(Vec<String>),
}

/// The objectives that have a name.
pub(crate) const OBJECTIVES: [&str; 3] = ["frobenius", "kullback-leibler", "itakura-saito"];

/// A message and a help text that say more than "expected …, found …".
pub(crate) type Special = Option<(String, String)>;

impl Expect {
    /// The value, or why not.
    pub(crate) fn accept(&self, name: &str, value: &Tree) -> Result<Scalar, Special> {
        match (self, value) {
            (Expect::Text | Expect::Path, Tree::Text(text)) if !text.trim().is_empty() => {
                Ok(Scalar::Text(text.clone()))
            }
            (Expect::FileName, Tree::Text(text)) if is_file_name(text) => Ok(Scalar::Text(text.clone())),
            (Expect::Anything, Tree::Text(text)) => Ok(Scalar::Text(text.clone())),
            (Expect::Anything, Tree::Integer(integer)) => Ok(Scalar::Integer(*integer)),
            (Expect::Anything, Tree::Number(number)) if number.is_finite() => Ok(Scalar::Number(*number)),
            (Expect::Bool | Expect::Anything, Tree::Bool(flag)) => Ok(Scalar::Bool(*flag)),
            (Expect::Integer(range) | Expect::Count(range), Tree::Integer(integer))
                if range.contains(*integer as f64) =>
            {
                Ok(Scalar::Integer(*integer))
            }
            (Expect::Number(range) | Expect::ChoiceOr(_, range), Tree::Integer(integer))
                if range.contains(*integer as f64) =>
            {
                Ok(Scalar::Number(*integer as f64))
            }
            (Expect::Number(range) | Expect::ChoiceOr(_, range), Tree::Number(number))
                if number.is_finite() && range.contains(*number) =>
            {
                Ok(Scalar::Number(*number))
            }
            (Expect::Choice(words), Tree::Text(text)) => named(name, words, text, ""),
            (Expect::ChoiceOr(words, _), Tree::Text(text)) => named(name, words, text, &self.words()),
            (Expect::Named(what, names), Tree::Text(text)) => named(what, names, text, ""),
            (Expect::Init(names), Tree::Text(text)) => named("init", names, text, ""),
            (Expect::Init(_), Tree::Table(entries)) => files(entries),
            (Expect::Objective, tree) => objective(tree),
            _ => Err(None),
        }
    }

    /// After "expected".
    pub(crate) fn words(&self) -> String {
        match self {
            Expect::Text => "text that is not empty".into(),
            Expect::FileName => "a name of letters, digits, `-`, `_` and `.`, starting with a letter or digit".into(),
            Expect::Path => "the path of a file or folder".into(),
            Expect::Bool => "true or false".into(),
            Expect::Integer(range) => format!("an integer{}", range.words()),
            Expect::Count(range) => format!("a count{}, or a list of integers", range.words()),
            Expect::Number(range) => format!("a number{}", range.words()),
            Expect::Choice(words) => format!("one of {}", quoted(words)),
            Expect::ChoiceOr(words, range) => format!("one of {}, or a number{}", quoted(words), range.words()),
            Expect::Objective => "the name of an objective, or `{ beta = 1.5 }`".into(),
            Expect::Anything => "text, a finite number, true or false".into(),
            Expect::Named(what, _) => format!("the name of an {what}").replace("an generator", "a generator"),
            Expect::Init(_) => "the name of an init, or `{ w = \"W0.npy\", h = \"H0.npy\" }`".into(),
        }
    }
}

fn named(what: &str, names: &[String], text: &str, expected: &str) -> Result<Scalar, Special> {
    if names.iter().any(|name| name == text) {
        return Ok(Scalar::Text(text.to_owned()));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let expected = if expected.is_empty() { String::new() } else { format!(": expected {expected}") };
    Err(Some((format!("unknown {what} `{text}`{expected}"), suggest(text, &names))))
}

fn files(entries: &[Entry]) -> Result<Scalar, Special> {
    let path = |name: &str| {
        entries.iter().find(|entry| entry.key == name).and_then(|entry| match &entry.node.value {
            Tree::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        })
    };
    match (path("w"), path("h"), entries.len()) {
        (Some(w), Some(h), 2) => Ok(Scalar::Files { w, h }),
        _ => {
            let help = "write `{ w = \"W0.npy\", h = \"H0.npy\" }`: W is m×k, H is k×n";
            Err(Some(("an init from files takes two paths, `w` and `h`".into(), help.into())))
        }
    }
}

fn objective(tree: &Tree) -> Result<Scalar, Special> {
    match tree {
        Tree::Text(text) => {
            let known = OBJECTIVES.map(String::from);
            named("objective", &known, text, "")
        }
        Tree::Table(entries) => {
            let beta = match entries.as_slice() {
                [Entry { key, node, .. }] if key == "beta" => match node.value {
                    Tree::Integer(integer) => Some(integer as f64),
                    Tree::Number(number) if number.is_finite() => Some(number),
                    _ => None,
                },
                _ => None,
            };
            beta.map(Scalar::Beta).ok_or_else(|| {
                let help = "write `{ beta = 1.5 }`: 2 is `frobenius`, 1 `kullback-leibler`, 0 `itakura-saito`";
                Some(("a β-divergence takes one finite number, `beta`".into(), help.into()))
            })
        }
        _ => Err(None),
    }
}

/// Safe as the name of a file or folder everywhere.
fn is_file_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= 100 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain)
}

impl Scalar {
    /// The value as in a message.
    pub(crate) fn words(&self) -> String {
        match self {
            Scalar::Text(text) => format!("`{text}`"),
            Scalar::Integer(integer) => integer.to_string(),
            Scalar::Number(number) => compact(*number),
            Scalar::Bool(flag) => flag.to_string(),
            Scalar::Files { w, h } => format!("`{w}` with `{h}`"),
            Scalar::Beta(beta) => format!("beta = {}", compact(*beta)),
        }
    }

    /// The value as JSON.
    pub(crate) fn json(&self) -> Value {
        match self {
            Scalar::Text(text) => Value::from(text.as_str()),
            Scalar::Integer(integer) => Value::from(*integer),
            Scalar::Number(number) => Value::from(*number),
            Scalar::Bool(flag) => Value::from(*flag),
            Scalar::Files { w, h } => serde_json::json!({ "w": w, "h": h }),
            // β = 1 is the Kullback–Leibler divergence, whatever it is called.
            Scalar::Beta(beta) => serde_json::json!(Objective::of_beta(*beta)),
        }
    }

    /// As `--only` and labels write it.
    pub(crate) fn plain(&self) -> String {
        match self {
            Scalar::Text(text) => text.clone(),
            other => other.words(),
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Scalar::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn natural(&self) -> Option<u64> {
        match self {
            Scalar::Integer(integer) => u64::try_from(*integer).ok(),
            _ => None,
        }
    }
}

/// `0.5`, `1e-16`: the shorter of the two notations.
fn compact(number: f64) -> String {
    let (plain, scientific) = (number.to_string(), format!("{number:e}"));
    if plain.len() <= scientific.len() { plain } else { scientific }
}
