//! The schema for editors and for readers: JSON Schema and a reference in Markdown, from the table that checks files.

use super::expect::OBJECTIVES;
use super::schema::{Form, Key, Kind, Others, PROGRAM, PROGRAM_NAME, PROGRAM_ONLY, ROOT, Range, SECTIONS, Section};
use super::vocabulary::Vocabulary;
use nmfbench_algorithms::parameters::{Field, FieldKind};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The JSON Schema (2020-12) of an experiment file, by which editors complete and check it.
#[must_use]
pub fn json_schema(vocabulary: &dyn Vocabulary) -> Value {
    let mut properties = properties(ROOT.keys, vocabulary);
    for section in SECTIONS {
        properties.insert(section.name.into(), section_schema(section, vocabulary));
    }
    let sections = SECTIONS.iter().filter(|section| section.required).map(|section| section.name);
    let required: Vec<&str> = required(ROOT.keys).into_iter().chain(sections).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nmfbench experiment",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Every section and key with its values, default and meaning, as Markdown.
#[must_use]
pub fn reference(vocabulary: &dyn Vocabulary) -> String {
    let mut text = String::new();
    for section in [&ROOT].into_iter().chain(SECTIONS) {
        let title = if section.name.is_empty() { section.title() } else { format!("`{}`", section.title()) };
        // Writing to a string cannot fail.
        let _ = write!(text, "## {title}\n\n{}\n\n", section.doc);
        if section.keys.is_empty() {
            continue;
        }
        text += "| key | value | default | meaning |\n|---|---|---|---|\n";
        for key in section.keys {
            let value = words(key, vocabulary);
            let default = match (key.required, key.default) {
                (true, _) => "required".to_owned(),
                (false, Some(default)) => format!("`{default}`"),
                (false, None) => String::new(),
            };
            let _ = writeln!(text, "| `{}` | {value} | {default} | {} |", key.name, key.doc);
        }
        text += "\n";
    }
    text
}

fn words(key: &Key, vocabulary: &dyn Vocabulary) -> String {
    let one = super::check::expect(key.kind, vocabulary).words();
    match key.form {
        Form::One => one,
        Form::Each => format!("{one}; or a list: each of these"),
        Form::List(None) | Form::Words => format!("a list, each {one}"),
        Form::List(Some(count)) => format!("a list of {count}, each {one}"),
        Form::Count => "a count of at least 1, or a list of integers".into(),
    }
}

fn required(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().filter(|key| key.required).map(|key| key.name).collect()
}

fn properties(keys: &[Key], vocabulary: &dyn Vocabulary) -> Map<String, Value> {
    keys.iter().map(|key| (key.name.to_owned(), key_schema(key, vocabulary))).collect()
}

fn section_schema(section: &Section, vocabulary: &dyn Vocabulary) -> Value {
    let mut properties = properties(section.keys, vocabulary);
    if section.others == Others::Generator {
        for field in vocabulary.generators().iter().flat_map(|generator| &generator.fields) {
            properties.insert(field.name.clone(), described(field_schema(field), &field.doc));
        }
    }
    let table = match section.others {
        Others::Overrides => json!({ "type": "object", "description": section.doc }),
        Others::Algorithm => {
            let registered = vocabulary.algorithms().into_iter().map(|name| entry_schema(&name, section, vocabulary));
            let programs = PROGRAM.iter().map(|by| program_schema(by, section, vocabulary));
            json!({ "description": section.doc, "oneOf": registered.chain(programs).collect::<Vec<_>>() })
        }
        Others::Refused | Others::Generator => json!({
            "type": "object",
            "description": section.doc,
            "properties": properties,
            "required": required(section.keys),
            "additionalProperties": false,
        }),
    };
    let least = usize::from(section.required);
    if section.repeated { json!({ "type": "array", "items": table, "minItems": least }) } else { table }
}

/// One algorithm with its parameters.
fn entry_schema(name: &str, section: &Section, vocabulary: &dyn Vocabulary) -> Value {
    let mut properties = properties(section.keys, vocabulary);
    PROGRAM.iter().chain(PROGRAM_ONLY).for_each(|key| {
        properties.remove(*key);
    });
    properties.insert("name".into(), json!({ "const": name }));
    for field in vocabulary.fields(name) {
        let each = each(field_schema(&field));
        properties.insert(field.name.clone(), described(each, &field.doc));
    }
    json!({
        "type": "object",
        "title": name,
        "properties": properties,
        "required": required(section.keys),
        "additionalProperties": false,
    })
}

/// A program of another language, named by one of the keys that do so; its parameters are its own.
fn program_schema(by: &str, section: &Section, vocabulary: &dyn Vocabulary) -> Value {
    let mut properties = properties(section.keys, vocabulary);
    PROGRAM.iter().filter(|other| **other != by).for_each(|other| {
        properties.remove(*other);
    });
    properties.insert("name".into(), key_schema(&PROGRAM_NAME, vocabulary));
    let scalar = json!({ "type": ["string", "number", "boolean"] });
    json!({
        "type": "object",
        "title": format!("a program ({by})"),
        "properties": properties,
        "required": ["name", by],
        "additionalProperties": each(scalar),
    })
}

fn key_schema(key: &Key, vocabulary: &dyn Vocabulary) -> Value {
    let one = kind_schema(key.kind, vocabulary);
    let schema = match key.form {
        Form::One => one,
        Form::Each => each(one),
        Form::List(None) | Form::Words => json!({ "type": "array", "items": one, "minItems": 1 }),
        Form::List(Some(count)) => json!({ "type": "array", "items": one, "minItems": count, "maxItems": count }),
        Form::Count => json!({ "oneOf": [{ "type": "integer", "minimum": 1 }, list(one)] }),
    };
    described(schema, key.doc)
}

fn list(one: Value) -> Value {
    json!({ "type": "array", "items": one, "minItems": 1, "uniqueItems": true })
}

fn each(one: Value) -> Value {
    json!({ "oneOf": [one, list(one.clone())] })
}

fn described(mut schema: Value, doc: &str) -> Value {
    schema["description"] = doc.into();
    schema
}

fn kind_schema(kind: Kind, vocabulary: &dyn Vocabulary) -> Value {
    match kind {
        Kind::Text | Kind::Path => json!({ "type": "string", "minLength": 1 }),
        Kind::FileName => json!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer(range) => number("integer", range),
        Kind::Number(range) => number("number", range),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::ChoiceOr(words, range) => json!({ "oneOf": [{ "enum": words }, number("number", range)] }),
        Kind::Objective => {
            let beta = json!({
                "type": "object",
                "properties": { "beta": { "type": "number" } },
                "required": ["beta"],
                "additionalProperties": false,
            });
            json!({ "oneOf": [{ "enum": OBJECTIVES }, beta] })
        }
        Kind::Peer => json!({ "enum": vocabulary.peers().into_iter().map(|peer| peer.name).collect::<Vec<_>>() }),
        Kind::Algorithm => json!({ "enum": vocabulary.algorithms() }),
        Kind::Generator => {
            let names: Vec<String> = vocabulary.generators().into_iter().map(|generator| generator.name).collect();
            json!({ "enum": names })
        }
        Kind::Init => {
            let names: Vec<String> = vocabulary.inits().into_iter().map(|init| init.name).collect();
            let path = json!({ "type": "string", "minLength": 1 });
            let files = json!({
                "type": "object",
                "properties": { "w": path, "h": path },
                "required": ["w", "h"],
                "additionalProperties": false,
            });
            json!({ "oneOf": [{ "enum": names }, files] })
        }
    }
}

fn field_schema(field: &Field) -> Value {
    let range = Range { minimum: field.minimum, maximum: field.maximum };
    let mut schema = match &field.kind {
        FieldKind::Number => number("number", range),
        FieldKind::Integer => number("integer", range),
        FieldKind::Bool => json!({ "type": "boolean" }),
        FieldKind::Text => json!({ "type": "string", "minLength": 1 }),
        FieldKind::Choice(words) => json!({ "enum": words }),
    };
    if !field.default.is_null() {
        schema["default"] = field.default.clone();
    }
    schema
}

fn number(kind: &str, range: Range) -> Value {
    let mut schema = json!({ "type": kind });
    if let Some(low) = range.minimum {
        schema[if low.exclusive { "exclusiveMinimum" } else { "minimum" }] = low.value.into();
    }
    if let Some(top) = range.maximum {
        schema[if top.exclusive { "exclusiveMaximum" } else { "maximum" }] = top.value.into();
    }
    schema
}
