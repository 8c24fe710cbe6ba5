//! Parameters: a plain struct says everything once, and parsing, checks, help and schema follow from it.
//!
//! ```
//! use nmfbench_algorithms::parameters::{Parameters, Table};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// What an author writes: fields with a meaning, a range and a default.
//! #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
//! #[serde(default)]
//! struct Mine {
//!     /// Weight of the ridge term λ‖X‖²/2.
//!     #[schemars(range(min = 0.0))]
//!     ridge: f64,
//! }
//!
//! let mut table: Table = serde_json::from_str(r#"{"ridge": -1.0}"#)?;
//! let error = Mine::claim(&mut table).unwrap_err();
//! assert_eq!(error.to_string(), "`ridge`: expected a number ≥ 0, found -1.0");
//! # Ok::<(), serde_json::Error>(())
//! ```

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;
use thiserror::Error;

/// Names and values, flat.
pub type Table = serde_json::Map<String, Value>;

/// What one parameter is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// The key in a table.
    pub name: String,
    /// Its meaning, from the doc comment.
    pub doc: String,
    /// What values it takes.
    pub kind: FieldKind,
    /// The value where none is given: the source paper's.
    pub default: Value,
    /// Lower end of the range.
    pub minimum: Option<Bound>,
    /// Upper end of the range.
    pub maximum: Option<Bound>,
}

/// The kind of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// A real number.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Bool,
    /// Any text.
    Text,
    /// One of these words.
    Choice(Vec<String>),
}

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The end.
    pub value: f64,
    /// Whether the end itself is outside.
    pub exclusive: bool,
}

impl Bound {
    /// An end that belongs to the range.
    #[must_use]
    pub const fn at(value: f64) -> Self {
        Bound { value, exclusive: false }
    }

    /// An end that does not belong to the range.
    #[must_use]
    pub const fn beyond(value: f64) -> Self {
        Bound { value, exclusive: true }
    }
}

/// A value that a parameter does not take, or a key that nobody knows.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("`{key}`: {message}")]
pub struct ParameterError {
    /// The offending key.
    pub key: String,
    /// What was found and what was expected.
    pub message: String,
}

/// A set of parameters, possibly composed of several parts, each claiming its keys from one flat table.
///
/// Every plain struct with the derives of the example above has it; combinators pass the table on to their parts.
pub trait Parameters: Clone + Debug + Send + Sync + 'static {
    /// All parameters in order.
    fn fields() -> Vec<Field>;

    /// Takes its keys out of the table, checks them, and fills in defaults for the missing ones.
    ///
    /// # Errors
    /// Names the first key whose value is of the wrong kind or out of range.
    fn claim(table: &mut Table) -> Result<Self, ParameterError>;

    /// The resolved values.
    fn table(&self) -> Table;
}

impl<P> Parameters for P
where
    P: Clone + Debug + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static,
{
    fn fields() -> Vec<Field> {
        let defaults = to_table(&P::default());
        let schema = SchemaSettings::default()
            .with(|s| s.inline_subschemas = true)
            .into_generator()
            .into_root_schema_for::<P>()
            .to_value();
        // The struct's own order, which the schema's map need not keep.
        let properties = schema.get("properties").and_then(Value::as_object);
        defaults
            .into_iter()
            .map(|(name, default)| {
                let property = properties.and_then(|p| p.get(&name)).cloned().unwrap_or_default();
                Field::from_schema(name, default, &property)
            })
            .collect()
    }

    fn claim(table: &mut Table) -> Result<Self, ParameterError> {
        let mut resolved = to_table(&P::default());
        for field in Self::fields() {
            if let Some(value) = table.remove(&field.name) {
                field.check(&value)?;
                resolved.insert(field.name, value);
            }
        }
        serde_json::from_value(Value::Object(resolved))
            .map_err(|e| ParameterError { key: "parameters".into(), message: e.to_string() })
    }

    fn table(&self) -> Table {
        to_table(self)
    }
}

/// Claims the parameters of `P` and refuses what is left.
///
/// # Errors
/// What [`Parameters::claim`] refuses, or the first key that no part knows, with near matches.
pub fn parse<P: Parameters>(given: &Table) -> Result<P, ParameterError> {
    let mut table = given.clone();
    let parsed = P::claim(&mut table)?;
    match table.into_iter().next() {
        None => Ok(parsed),
        Some((key, _)) => {
            let names: Vec<String> = P::fields().into_iter().map(|f| f.name).collect();
            let message = unknown("parameter", &key, names.iter().map(String::as_str));
            Err(ParameterError { key, message })
        }
    }
}

/// "unknown …; did you mean …?" or the list of what there is.
pub(crate) fn unknown<'a>(what: &str, found: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut near: Vec<(f64, &str)> = known
        .clone()
        .map(|k| (strsim::jaro_winkler(found, k), k))
        .filter(|(similarity, _)| *similarity > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names = |list: Vec<&str>| list.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let near: Vec<&str> = near.into_iter().take(3).map(|n| n.1).collect();
    let all: Vec<&str> = known.collect();
    if !near.is_empty() {
        format!("unknown {what} `{found}`; did you mean {}?", names(near))
    } else if all.is_empty() {
        format!("unknown {what} `{found}`; there are none here")
    } else {
        format!("unknown {what} `{found}`; known: {}", names(all))
    }
}

/// Fields with other defaults, for a combinator; keys that are not there are left alone.
pub(crate) fn with_defaults(mut fields: Vec<Field>, tuned: Vec<(&'static str, Value)>) -> Vec<Field> {
    for (key, value) in tuned {
        if let Some(field) = fields.iter_mut().find(|f| f.name == key) {
            field.default = value;
        }
    }
    fields
}

/// The same for a table that is about to be claimed by the owner of these fields.
pub(crate) fn insert_defaults(table: &mut Table, fields: &[Field], tuned: Vec<(&'static str, Value)>) {
    for (key, value) in tuned {
        if fields.iter().any(|f| f.name == key) && !table.contains_key(key) {
            table.insert(key.to_owned(), value);
        }
    }
}

fn to_table<P: Serialize>(parameters: &P) -> Table {
    match serde_json::to_value(parameters) {
        Ok(Value::Object(table)) => table,
        other => panic!("parameters serialise to a table, not to {other:?}"),
    }
}

impl Field {
    fn from_schema(name: String, default: Value, property: &Value) -> Field {
        let text = |key: &str| property.get(key).and_then(Value::as_str);
        let bound = |inclusive: &str, exclusive: &str| {
            let at = |key: &str| property.get(key).and_then(Value::as_f64);
            at(exclusive).map(Bound::beyond).or_else(|| at(inclusive).map(Bound::at))
        };
        let choices = choices(property);
        let kind = match text("type") {
            _ if !choices.is_empty() => FieldKind::Choice(choices),
            Some("integer") => FieldKind::Integer,
            Some("boolean") => FieldKind::Bool,
            Some("string") => FieldKind::Text,
            _ => FieldKind::Number,
        };
        Field {
            name,
            doc: text("description").unwrap_or_default().replace('\n', " "),
            kind,
            default,
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
        }
    }

    /// Whether the value is of the kind and in the range.
    ///
    /// # Errors
    /// Says what was expected and what was found.
    pub fn check(&self, value: &Value) -> Result<(), ParameterError> {
        let of_kind = match &self.kind {
            FieldKind::Number => value.is_number(),
            FieldKind::Integer => value.is_i64() || value.is_u64(),
            FieldKind::Bool => value.is_boolean(),
            FieldKind::Text => value.is_string(),
            FieldKind::Choice(words) => value.as_str().is_some_and(|v| words.iter().any(|w| w == v)),
        };
        let in_range = value.as_f64().is_none_or(|v| {
            self.minimum.is_none_or(|b| if b.exclusive { v > b.value } else { v >= b.value })
                && self.maximum.is_none_or(|b| if b.exclusive { v < b.value } else { v <= b.value })
        });
        if of_kind && in_range {
            return Ok(());
        }
        let message = format!("expected {}, found {value}", self.expectation());
        Err(ParameterError { key: self.name.clone(), message })
    }

    /// What values it takes, in words: "a number ≥ 0".
    #[must_use]
    pub fn expectation(&self) -> String {
        let noun = match &self.kind {
            FieldKind::Number => "a number".to_owned(),
            FieldKind::Integer => "a whole number".to_owned(),
            FieldKind::Bool => "true or false".to_owned(),
            FieldKind::Text => "a text".to_owned(),
            FieldKind::Choice(words) => {
                return format!("one of {}", words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", "));
            }
        };
        let end = |bound: Option<Bound>, open: &str, closed: &str| {
            bound.map(|b| format!("{} {}", if b.exclusive { open } else { closed }, b.value))
        };
        let ends = [end(self.minimum, ">", "≥"), end(self.maximum, "<", "≤")];
        let ends = ends.into_iter().flatten().collect::<Vec<_>>().join(" and ");
        if ends.is_empty() { noun } else { format!("{noun} {ends}") }
    }
}

/// The words of an enum: `enum: [...]`, or `oneOf: [{const: …}]` where the variants have doc comments.
fn choices(property: &Value) -> Vec<String> {
    let word = |v: &Value| v.as_str().map(str::to_owned);
    let list = |key: &str| property.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let plain = list("enum").iter().filter_map(word);
    let documented = list("oneOf").iter().flat_map(|option| {
        let single = option.get("const").into_iter();
        single.chain(option.get("enum").and_then(Value::as_array).into_iter().flatten())
    });
    plain.chain(documented.filter_map(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// Which comes first.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        /// W.
        #[default]
        W,
        /// H.
        H,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Sample {
        /// A step length.
        #[schemars(extend("exclusiveMinimum" = 0.0), range(max = 1.0))]
        step: f64,
        /// At most this many.
        #[schemars(range(min = 1))]
        trials: u32,
        /// The first factor.
        order: Order,
        /// Whether at all.
        on: bool,
    }

    impl Default for Sample {
        fn default() -> Self {
            Sample { step: 0.5, trials: 20, order: Order::W, on: true }
        }
    }

    fn table(json: &str) -> Table {
        serde_json::from_str(json).expect("a table")
    }

    fn message(json: &str) -> String {
        parse::<Sample>(&table(json)).expect_err("refused").to_string()
    }

    #[test]
    fn fields_come_from_the_struct() {
        let fields = Sample::fields();
        assert_eq!(fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["step", "trials", "order", "on"]);
        assert_eq!(fields[0].doc, "A step length.");
        assert_eq!(fields[0].expectation(), "a number > 0 and ≤ 1");
        assert_eq!(fields[1].expectation(), "a whole number ≥ 1");
        assert_eq!(fields[1].default, 20);
        assert_eq!(fields[2].kind, FieldKind::Choice(vec!["w".into(), "h".into()]));
        assert_eq!(fields[3].kind, FieldKind::Bool);
    }

    #[test]
    fn values_are_parsed_and_defaults_filled_in() {
        let sample: Sample = parse(&table(r#"{"step": 1, "order": "h"}"#)).expect("valid");
        assert_eq!(sample, Sample { step: 1.0, order: Order::H, ..Sample::default() });
        assert_eq!(sample.table()["trials"], 20);
        assert_eq!(parse::<Sample>(&Table::new()).expect("valid"), Sample::default());
    }

    #[test]
    fn errors_say_what_was_found_and_expected() {
        assert_eq!(message(r#"{"step": 0}"#), "`step`: expected a number > 0 and ≤ 1, found 0");
        assert_eq!(message(r#"{"step": "big"}"#), "`step`: expected a number > 0 and ≤ 1, found \"big\"");
        assert_eq!(message(r#"{"trials": 1.5}"#), "`trials`: expected a whole number ≥ 1, found 1.5");
        assert_eq!(message(r#"{"order": "x"}"#), "`order`: expected one of \"w\", \"h\", found \"x\"");
        assert_eq!(message(r#"{"trails": 3}"#), "`trails`: unknown parameter `trails`; did you mean `trials`?");
    }
}
