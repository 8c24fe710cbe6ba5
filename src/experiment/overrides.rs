//! `--set path=value` and `--quick`: edits of the text before it is checked, so that reports show what was checked.

use super::report::{Problem, near, quoted};
use super::tree::{self, Entry, Tree};
use toml_edit::{DocumentMut, Item, Key, TableLike, Value};

/// A text with its edits, and what to call it.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) text: String,
    /// " (with --quick, --set stop.seconds=1)", or nothing.
    pub(crate) suffix: String,
    pub(crate) notes: Vec<String>,
}

/// The text after `--quick`, then each `--set` in turn, so that the latter has the last word.
pub(crate) fn apply(text: &str, sets: &[String], quick: bool) -> Result<Edited, Vec<Problem>> {
    if sets.is_empty() && !quick {
        return Ok(Edited { text: text.to_owned(), suffix: String::new(), notes: Vec::new() });
    }
    let mut document = document(text)?;
    let mut words = Vec::new();
    let mut notes = Vec::new();
    if quick {
        let changes = shorten(&mut document, text)?;
        notes.push(format!("--quick: {}; not to be compared with full runs", changes.join(", ")));
        words.push("--quick".to_owned());
    }
    let mut problems = Vec::new();
    for argument in sets {
        if let Err((message, help)) = set_argument(&mut document, argument) {
            let problem = Problem::new(format!("--set {argument}: {message}"));
            problems.push(if help.is_empty() { problem } else { problem.help(help) });
        }
        words.push(format!("--set {argument}"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Edited { text: document.to_string(), suffix: format!(" (with {})", words.join(", ")), notes })
}

/// The text as `--quick` would have it.
pub(crate) fn apply_quick(text: &str) -> Result<String, Vec<Problem>> {
    let mut document = document(text)?;
    shorten(&mut document, text)?;
    Ok(document.to_string())
}

fn document(text: &str) -> Result<DocumentMut, Vec<Problem>> {
    // The text was parsed before; the two parsers are of one family and agree.
    text.parse::<DocumentMut>().map_err(|error| vec![Problem::new(format!("not TOML: {}", error.message()))])
}

/// What is wrong and what to do about it.
type Refusal = (String, String);

fn set_argument(document: &mut DocumentMut, argument: &str) -> Result<(), Refusal> {
    let expected = "expected path=value, like stop.seconds=1 or algorithm.hals.alpha=0.5";
    let Some(at) = equals_sign(argument) else { return Err((expected.into(), String::new())) };
    let (path, value) = (argument[..at].trim(), argument[at + 1..].trim());
    let keys = Key::parse(path).map_err(|_| (format!("`{path}` is no path: {expected}"), String::new()))?;
    let keys: Vec<&str> = keys.iter().map(Key::get).collect();
    set(document, &keys, parse_value(value)?)
}

/// The first `=` outside quotes.
fn equals_sign(argument: &str) -> Option<usize> {
    let mut quote = None;
    for (index, c) in argument.char_indices() {
        match (quote, c) {
            (None, '=') => return Some(index),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// TOML where it is TOML, else a bare word; what begins like TOML has to be it.
fn parse_value(text: &str) -> Result<Value, Refusal> {
    match text.parse::<Value>() {
        Ok(value) => Ok(value),
        Err(_) if text.is_empty() => Err(("a value is missing after `=`".into(), String::new())),
        Err(error) if text.starts_with(['[', '{', '"', '\'']) => {
            Err((format!("`{text}` is not a TOML value: {}", error.message()), String::new()))
        }
        Err(_) => Ok(Value::from(text)),
    }
}

/// Sets the value at a path; tables on the way are made, entries of arrays of tables have to be there.
fn set(document: &mut DocumentMut, keys: &[&str], value: Value) -> Result<(), Refusal> {
    let mut here: &mut dyn TableLike = document.as_table_mut();
    let mut keys = keys;
    loop {
        match keys {
            [] => return Err(("the path is empty".into(), String::new())),
            [last] => {
                replace(here, last, value);
                return Ok(());
            }
            [first, second, rest @ ..] if here.get(first).is_some_and(is_array_of_tables) => {
                if rest.is_empty() {
                    let help = format!("write {first}.{second}.KEY=VALUE");
                    return Err((format!("`{first}.{second}` is an entry, not a key"), help));
                }
                let array = here.get_mut(first).ok_or_else(|| (format!("there is no `{first}`"), String::new()))?;
                here = entry(array, first, second)?;
                keys = &keys[2..];
            }
            [first, ..] => {
                let fresh = || Item::Table(toml_edit::Table::new());
                here = here
                    .entry(first)
                    .or_insert_with(fresh)
                    .as_table_like_mut()
                    .ok_or_else(|| (format!("`{first}` holds a value, not a table"), String::new()))?;
                keys = &keys[1..];
            }
        }
    }
}

fn is_array_of_tables(item: &Item) -> bool {
    let inline = |array: &toml_edit::Array| !array.is_empty() && array.iter().all(Value::is_inline_table);
    item.is_array_of_tables() || item.as_array().is_some_and(inline)
}

/// The entry of an array of tables by its index, or by what it is called.
fn entry<'a>(array: &'a mut Item, section: &str, word: &str) -> Result<&'a mut dyn TableLike, Refusal> {
    let entries: Vec<&mut dyn TableLike> = match array {
        Item::ArrayOfTables(tables) => tables.iter_mut().map(|table| table as &mut dyn TableLike).collect(),
        Item::Value(Value::Array(values)) => values
            .iter_mut()
            .filter_map(|value| value.as_inline_table_mut().map(|table| table as &mut dyn TableLike))
            .collect(),
        _ => Vec::new(),
    };
    let call = |entry: &dyn TableLike| -> Vec<String> {
        let names = ["name", "label", "path", "generator", "file", "kind"];
        let text = |name: &str| entry.get(name).and_then(Item::as_str).map(str::to_owned);
        names.into_iter().filter_map(text).collect()
    };
    let names: Vec<Vec<String>> = entries.iter().map(|entry| call(&**entry)).collect();
    let count = names.len();
    let hits: Vec<usize> = match word.parse::<usize>() {
        Ok(index) => (index < count).then_some(index).into_iter().collect(),
        Err(_) => (0..count).filter(|index| names[*index].iter().any(|name| name == word)).collect(),
    };
    match hits.as_slice() {
        [hit] => entries.into_iter().nth(*hit).ok_or_else(|| (format!("no entry {hit}"), String::new())),
        [] => {
            let mut known: Vec<&str> = names.iter().filter_map(|names| names.first()).map(String::as_str).collect();
            known.dedup();
            let meant = near(word, known.iter().copied());
            let meant = if meant.is_empty() { String::new() } else { format!("; did you mean {}?", quoted(&meant)) };
            let help = format!("there are {} and the indices 0 to {}{meant}", quoted(&known), count.saturating_sub(1));
            Err((format!("no [[{section}]] is called `{word}`"), help))
        }
        _ => {
            let list: Vec<String> = hits.iter().map(ToString::to_string).collect();
            Err((
                format!("{} [[{section}]] are called `{word}`", hits.len()),
                format!("use an index: {}", list.join(", ")),
            ))
        }
    }
}

/// Puts a value in the place of another, keeping the comment beside it.
fn replace(table: &mut dyn TableLike, key: &str, mut value: Value) {
    for other in rivals(key) {
        table.remove(other);
    }
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    match table.get_mut(key) {
        Some(item) => *item = Item::Value(value),
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

/// Keys that exclude each other: setting one takes the other away.
fn rivals(key: &str) -> &'static [&'static str] {
    match key {
        "growth" => &["every"],
        "every" => &["growth"],
        _ => &[],
    }
}

/// What `--quick` does: the file's `[quick]` table, or less of everything. Returns the changes in words.
fn shorten(document: &mut DocumentMut, text: &str) -> Result<Vec<String>, Vec<Problem>> {
    let tree = tree::parse(text)?;
    let quick = tree.iter().find(|entry| entry.key == "quick");
    let mut changes = Vec::new();
    let mut problems = Vec::new();
    let Some(quick) = quick else {
        for (path, value) in less_of_everything(&tree) {
            changes.push(format!("{path} = {}", value.to_string().trim()));
            let keys: Vec<&str> = path.split('.').collect();
            if let Err((message, help)) = set(document, &keys, value) {
                problems.push(Problem::new(format!("--quick: {message}")).help(help));
            }
        }
        return if problems.is_empty() { Ok(changes) } else { Err(problems) };
    };
    let mut overrides = Vec::new();
    flatten(quick, &mut Vec::new(), &mut overrides);
    for (path, entry) in overrides {
        let source = text[entry.node.span.clone()].trim();
        let name = path.join(".");
        changes.push(format!("{name} = {source}"));
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        if let Err((message, help)) = parse_value(source).and_then(|value| set(document, &keys, value)) {
            let problem = Problem::new(format!("[quick] `{name}`: {message}")).at(&entry.key_span, "cannot be set");
            problems.push(if help.is_empty() { problem } else { problem.help(help) });
        }
    }
    if problems.is_empty() { Ok(changes) } else { Err(problems) }
}

/// The leaves under an entry with their paths; a quoted `"stop.seconds"` is a path too.
fn flatten<'a>(entry: &'a Entry, path: &mut Vec<String>, leaves: &mut Vec<(Vec<String>, &'a Entry)>) {
    let Tree::Table(children) = &entry.node.value else { return };
    for child in children {
        let parts = Key::parse(&child.key)
            .map_or_else(|_| vec![child.key.clone()], |keys| keys.iter().map(|key| key.get().to_owned()).collect());
        let depth = path.len();
        path.extend(parts);
        match &child.node.value {
            // `init = { w = …, h = … }` is a value, not a path.
            Tree::Table(_) if path.last().is_none_or(|last| last != "init") => flatten(child, path, leaves),
            _ => leaves.push((path.clone(), child)),
        }
        path.truncate(depth);
    }
}

/// The first two seeds, one repetition, at most 40 iterations and one second.
fn less_of_everything(tree: &[Entry]) -> Vec<(String, Value)> {
    let find = |section: &str, key: &str| {
        let Tree::Table(entries) = &tree.iter().find(|entry| entry.key == section)?.node.value else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node.value)
    };
    // What is wrong stays as it is, to be reported.
    let least = |section: &str, key: &str, limit: f64| match find(section, key) {
        None => Some(limit),
        Some(Tree::Integer(integer)) if *integer > 0 => Some(limit.min(*integer as f64)),
        Some(Tree::Number(number)) if *number > 0.0 => Some(limit.min(*number)),
        Some(_) => None,
    };
    let integer = |node: &tree::Node| if let Tree::Integer(seed) = node.value { Some(seed) } else { None };
    let seeds = match find("sweep", "seeds") {
        None => Some(Value::from(2)),
        Some(Tree::Integer(count)) if *count > 0 => Some(Value::from((*count).min(2))),
        Some(Tree::List(items)) if items.iter().all(|item| integer(item).is_some()) => {
            Some(Value::from(items.iter().filter_map(integer).take(2).collect::<toml_edit::Array>()))
        }
        Some(_) => None,
    };
    let changes = [
        ("sweep.seeds", seeds),
        ("sweep.repetitions", least("sweep", "repetitions", 1.0).map(|_| Value::from(1))),
        ("stop.iterations", least("stop", "iterations", 40.0).map(|limit| Value::from(limit as i64))),
        ("stop.seconds", least("stop", "seconds", 1.0).map(Value::from)),
    ];
    let there = |path: &str| tree.iter().any(|entry| path.starts_with(&format!("{}.", entry.key)));
    let changes = changes.into_iter().filter(|(path, _)| there(path));
    changes.filter_map(|(path, value)| Some((path.to_owned(), value?))).collect()
}
