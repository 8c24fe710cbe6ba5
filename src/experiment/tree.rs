//! A TOML text as a tree that remembers where each thing stands.

use super::report::{Problem, Span};
use toml::de::{DeTable, DeValue};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Tree,
    pub(crate) span: Span,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Text(String),
    Integer(i64),
    Number(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// What no key takes: a date, an integer beyond 64 bits.
    Other(&'static str),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

/// The entries of the text in the order they stand there.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(entries(table.get_ref()));
    }
    let problem = |error: &toml::de::Error| {
        let message = error.message().trim_end_matches('.');
        let problem = Problem::new(format!("not TOML: {message}"));
        match error.span() {
            Some(span) => problem.at(&whole_characters(text, span), "here"),
            None => problem,
        }
    };
    Err(errors.iter().map(problem).collect())
}

/// A span that can be cut out of the text whatever the parser pointed at.
fn whole_characters(text: &str, span: Span) -> Span {
    let down = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = down(span.start);
    start..down(span.end).max(start)
}

fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let entry = |(key, value): (&toml::Spanned<toml::de::DeString<'_>>, &toml::Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().to_string(),
        key_span: key.span(),
        node: node(value),
    };
    let mut entries: Vec<Entry> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

fn node(value: &toml::Spanned<DeValue<'_>>) -> Node {
    let tree = match value.get_ref() {
        DeValue::String(text) => Tree::Text(text.to_string()),
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(integer) => Tree::Integer(integer),
            Err(_) => Tree::Other("an integer beyond 64 bits"),
        },
        DeValue::Float(digits) => digits.as_str().parse().map_or(Tree::Other("an unreadable number"), Tree::Number),
        DeValue::Boolean(flag) => Tree::Bool(*flag),
        DeValue::Datetime(_) => Tree::Other("a date"),
        DeValue::Array(items) => Tree::List(items.iter().map(node).collect()),
        DeValue::Table(table) => Tree::Table(entries(table)),
    };
    Node { value: tree, span: value.span() }
}

impl Node {
    /// "the string "ten"", "a list": for messages.
    pub(crate) fn found(&self) -> String {
        match &self.value {
            Tree::Text(text) if text.chars().count() > 40 => {
                format!("the string \"{}…\"", text.chars().take(40).collect::<String>())
            }
            Tree::Text(text) => format!("the string \"{text}\""),
            Tree::Integer(integer) => format!("the integer {integer}"),
            Tree::Number(number) => format!("the number {number:?}"),
            Tree::Bool(flag) => format!("{flag}"),
            Tree::List(items) if items.is_empty() => "an empty list".into(),
            Tree::List(_) => "a list".into(),
            Tree::Table(_) => "a table".into(),
            Tree::Other(what) => (*what).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_text() {
        let text = "a = [1, 'zwei', 3.5]\n[b]\nc.d = true\n";
        let tree = parse(text).unwrap();
        let Tree::List(items) = &tree[0].node.value else { panic!("a list") };
        assert_eq!(&text[items[1].span.clone()], "'zwei'");
        assert_eq!(items[2].value, Tree::Number(3.5));
        assert_eq!(&text[tree[1].key_span.clone()], "b");
    }

    #[test]
    fn order_is_that_of_the_text() {
        let keys: Vec<_> = parse("z = 1\na = 2\nm = 3").unwrap().into_iter().map(|entry| entry.key).collect();
        assert_eq!(keys, ["z", "a", "m"]);
    }

    #[test]
    fn several_syntax_errors_at_once() {
        let problems = parse("a = \nb = 2\nc = ]\n").unwrap_err();
        assert!(problems.len() >= 2, "{problems:?}");
        assert!(problems.iter().all(|problem| problem.message().starts_with("not TOML")));
    }

    #[test]
    fn integers_of_every_notation() {
        let tree = parse("a = 1_000\nb = 0x10\nc = 99999999999999999999").unwrap();
        assert_eq!(tree[0].node.value, Tree::Integer(1000));
        assert_eq!(tree[1].node.value, Tree::Integer(16));
        assert_eq!(tree[2].node.value, Tree::Other("an integer beyond 64 bits"));
    }
}
