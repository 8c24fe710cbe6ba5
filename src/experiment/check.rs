//! A file's tree held against the schema: what fits becomes typed values, what does not becomes problems.

use super::expect::{Expect, Scalar};
use super::report::{Problem, Span, near, suggest};
use super::schema::{Form, Key, Kind, Others, PROGRAM, PROGRAM_NAME, ROOT, Range, SECTIONS, Section};
use super::tree::{self, Entry, Node, Tree};
use super::vocabulary::Vocabulary;
use nmfbench_algorithms::parameters::{Field, FieldKind};
use std::path::{Path, PathBuf};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Scalar,
    pub(crate) span: Span,
}

/// A key that was there.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) name: &'static str,
    pub(crate) key_span: Span,
    pub(crate) items: Vec<Item>,
    /// Written as a list.
    pub(crate) listed: bool,
}

/// One table of the file after the check.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) section: &'static Section,
    /// Its header.
    pub(crate) span: Span,
    pub(crate) given: Vec<Given>,
    /// Keys the schema leaves to an algorithm or generator.
    pub(crate) others: Vec<Entry>,
}

/// Collects problems while it reads.
pub(crate) struct Checker<'a> {
    pub(crate) vocabulary: &'a dyn Vocabulary,
    /// Where paths start; without it, files are not looked for.
    pub(crate) folder: Option<&'a Path>,
    /// Overrides are in force.
    pub(crate) edited: bool,
    pub(crate) problems: Vec<Problem>,
}

impl Checker<'_> {
    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// All tables of the file, the top first, and a table for each section that may be left out.
    pub(crate) fn file(&mut self, entries: Vec<Entry>) -> Vec<Table> {
        let (sections, top): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| SECTIONS.iter().any(|section| section.name == entry.key));
        let mut tables = vec![self.table(&ROOT, 0..0, top)];
        let written: Vec<String> = sections.iter().map(|entry| entry.key.clone()).collect();
        for entry in sections {
            if let Some(section) = super::schema::section(&entry.key) {
                self.section(section, entry, &mut tables);
            }
        }
        for section in SECTIONS {
            // What is there in the wrong form has been reported as that.
            let there = written.iter().any(|name| name == section.name);
            if !there && section.required {
                let needs = format!("{} {}", section.title(), section.doc);
                self.problem(Problem::new(format!("{} is missing", section.title())).help(needs));
            } else if !there && !section.repeated {
                tables.push(Table { section, span: 0..0, given: Vec::new(), others: Vec::new() });
            }
        }
        tables
    }

    fn section(&mut self, section: &'static Section, entry: Entry, tables: &mut Vec<Table>) {
        let title = section.title();
        let found = entry.node.found();
        let wrong = |span: &Span| {
            Problem::new(format!("`{}` has to be written {title}, found {found}", section.name))
                .at(span, format!("expected {title}"))
        };
        match (entry.node.value, section.repeated) {
            (Tree::Table(entries), false) => tables.push(self.table(section, entry.key_span, entries)),
            (Tree::Table(_), true) => {
                let problem = wrong(&entry.key_span).help(format!("one {title} for each, with two brackets"));
                self.problem(problem);
            }
            (Tree::List(nodes), true) if !nodes.is_empty() => {
                for node in nodes {
                    match node.value {
                        Tree::Table(entries) => tables.push(self.table(section, node.span, entries)),
                        _ => self.problem(wrong(&node.span)),
                    }
                }
            }
            (Tree::List(_), true) if !section.required => {}
            _ => self.problem(wrong(&entry.key_span)),
        }
    }

    fn table(&mut self, section: &'static Section, span: Span, entries: Vec<Entry>) -> Table {
        let mut table = Table { section, span, given: Vec::new(), others: Vec::new() };
        let is_program =
            section.others == Others::Algorithm && entries.iter().any(|entry| PROGRAM.contains(&entry.key.as_str()));
        for entry in entries {
            match section.key(&entry.key).map(|key| if is_program && key.name == "name" { &PROGRAM_NAME } else { key })
            {
                Some(key) => {
                    let listed = matches!(entry.node.value, Tree::List(_));
                    let items = self.values(key, &entry.node);
                    table.given.push(Given { name: key.name, key_span: entry.key_span, items, listed });
                }
                None if section.others == Others::Refused => self.unknown_key(section, &[], &entry),
                None => table.others.push(entry),
            }
        }
        for key in section.keys.iter().filter(|key| key.required) {
            if table.given.iter().all(|given| given.name != key.name) {
                let problem = Problem::new(format!("`{}` is missing {}", key.name, section.place()))
                    .help(format!("`{}`: {}", key.name, key.doc));
                let at_top = section.name.is_empty();
                self.problem(if at_top { problem } else { problem.at(&table.span, format!("needs `{}`", key.name)) });
            }
        }
        table
    }

    /// A key nobody claims; `fields` are the parameters that could have been meant beside the section's own keys.
    pub(crate) fn unknown_key(&mut self, section: &Section, fields: &[Field], entry: &Entry) {
        let mut known: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        known.extend(fields.iter().map(|field| field.name.as_str()));
        if section.name.is_empty() {
            known.extend(SECTIONS.iter().map(|section| section.name));
        }
        let elsewhere = || SECTIONS.iter().chain([&ROOT]).find(|other| other.key(&entry.key).is_some());
        let help = match (near(&entry.key, known.iter().copied()).is_empty(), elsewhere()) {
            (true, Some(other)) => format!("`{}` belongs in {}", entry.key, other.title()),
            _ => suggest(&entry.key, &known),
        };
        let message = format!("unknown key `{}` {}", entry.key, section.place());
        self.problem(Problem::new(message).at(&entry.key_span, "not known here").help(help));
    }

    /// The values of a key; those that do not fit are left out and reported.
    pub(crate) fn values(&mut self, key: &Key, node: &Node) -> Vec<Item> {
        let expect = expect(key.kind, self.vocabulary);
        self.read(key.name, key.form, key.doc, &expect, node)
    }

    /// The values of a parameter of an algorithm, where a list is swept, or of a generator, where it is not.
    pub(crate) fn parameter(&mut self, field: &Field, swept: bool, node: &Node) -> Vec<Item> {
        let range = Range { minimum: field.minimum, maximum: field.maximum };
        let expect = match &field.kind {
            FieldKind::Number => Expect::Number(range),
            FieldKind::Integer => Expect::Integer(range),
            FieldKind::Bool => Expect::Bool,
            FieldKind::Text => Expect::Text,
            FieldKind::Choice(words) => Expect::Choice(words.clone()),
        };
        let form = if swept { Form::Each } else { Form::One };
        self.read(&field.name, form, &field.doc, &expect, node)
    }

    /// The values of a parameter that only somebody else's program knows.
    pub(crate) fn free_parameter(&mut self, name: &str, node: &Node) -> Vec<Item> {
        self.read(name, Form::Each, "a parameter of the program", &Expect::Anything, node)
    }

    fn read(&mut self, name: &str, form: Form, doc: &str, expect: &Expect, node: &Node) -> Vec<Item> {
        let help = format!("`{name}`: {doc}");
        match (&node.value, form) {
            (Tree::List(nodes), Form::Each | Form::List(None) | Form::Words | Form::Count) if nodes.is_empty() => {
                let label = format!("expected {}", expect.words());
                self.problem(Problem::new(format!("`{name}` is an empty list")).at(&node.span, label).help(help));
                Vec::new()
            }
            (Tree::List(nodes), Form::List(Some(count))) if nodes.len() != count => {
                let message = format!("`{name}` takes {count} values, found {}", nodes.len());
                self.problem(Problem::new(message).at(&node.span, format!("expected {count} values")).help(help));
                Vec::new()
            }
            (Tree::List(nodes), Form::Each | Form::List(_) | Form::Words | Form::Count) => {
                let items: Vec<Item> = nodes.iter().filter_map(|node| self.scalar(name, &help, expect, node)).collect();
                // A pair may hold the same number twice: a square picture.
                if !matches!(form, Form::List(Some(_)) | Form::Words) {
                    self.repeated(name, &items);
                }
                items
            }
            (_, Form::List(_) | Form::Words) => {
                let words = format!("expected a list, each {}", expect.words());
                let message = format!("`{name}`: {words}, found {}", node.found());
                self.problem(Problem::new(message).at(&node.span, words).help(help));
                Vec::new()
            }
            (_, Form::Count) => {
                let count = Expect::Count(Range::from(1.0));
                self.scalar(name, &help, &count, node).into_iter().collect()
            }
            _ => self.scalar(name, &help, expect, node).into_iter().collect(),
        }
    }

    fn repeated(&mut self, name: &str, items: &[Item]) {
        for (index, item) in items.iter().enumerate() {
            if items[..index].iter().any(|earlier| earlier.value == item.value) {
                let message = format!("`{name}` lists {} twice", item.value.words());
                self.problem(Problem::new(message).at(&item.span, "already listed"));
            }
        }
    }

    fn scalar(&mut self, name: &str, help: &str, expect: &Expect, node: &Node) -> Option<Item> {
        match expect.accept(name, &node.value) {
            Ok(value) => {
                let item = Item { value, span: node.span.clone() };
                self.exists(expect, &item);
                Some(item)
            }
            Err(None) => {
                let words = format!("expected {}", expect.words());
                let message = format!("`{name}`: {words}, found {}", node.found());
                self.problem(Problem::new(message).at(&node.span, words).help(help));
                None
            }
            Err(Some((message, help))) => {
                self.problem(Problem::new(message).at(&node.span, "not known").help(help));
                None
            }
        }
    }

    /// Files that are named have to be there.
    fn exists(&mut self, expect: &Expect, item: &Item) {
        let Some(folder) = self.folder else { return };
        let paths = match (expect, &item.value) {
            (Expect::Path, Scalar::Text(path)) => vec![path],
            (Expect::Init(_), Scalar::Files { w, h }) => vec![w, h],
            _ => return,
        };
        for path in paths {
            let full: PathBuf = folder.join(path);
            if !full.exists() {
                let problem = Problem::new(format!("`{path}` is not there")).at(&item.span, "no such file or folder");
                let help = format!("looked for {}: paths are relative to the experiment file", full.display());
                self.problem(problem.help(help));
            }
        }
    }

    /// The declared default of a key.
    pub(crate) fn default(&mut self, key: &Key) -> Vec<Item> {
        let Some(text) = key.default else { return Vec::new() };
        let tree = tree::parse(&format!("default = {text}")).unwrap_or_default();
        tree.first().map(|entry| self.values(key, &entry.node)).unwrap_or_default()
    }
}

/// A key's kind with the vocabulary filled in.
pub(crate) fn expect(kind: Kind, vocabulary: &dyn Vocabulary) -> Expect {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    match kind {
        Kind::Text => Expect::Text,
        Kind::FileName => Expect::FileName,
        Kind::Path => Expect::Path,
        Kind::Bool => Expect::Bool,
        Kind::Integer(range) => Expect::Integer(range),
        Kind::Number(range) => Expect::Number(range),
        Kind::Choice(words) => Expect::Choice(owned(words)),
        Kind::ChoiceOr(words, range) => Expect::ChoiceOr(owned(words), range),
        Kind::Objective => Expect::Objective,
        Kind::Algorithm => Expect::Named("algorithm", vocabulary.algorithms()),
        Kind::Peer => Expect::Named("peer", vocabulary.peers().into_iter().map(|peer| peer.name).collect()),
        Kind::Generator => {
            let names = vocabulary.generators().into_iter().map(|generator| generator.name);
            Expect::Named("generator", names.collect())
        }
        Kind::Init => Expect::Init(vocabulary.inits().into_iter().map(|init| init.name).collect()),
    }
}

impl Table {
    /// The key, if it was there.
    pub(crate) fn get(&self, name: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.name == name)
    }

    /// The first value of a key that was there and right.
    pub(crate) fn item(&self, name: &str) -> Option<&Item> {
        self.get(name).and_then(|given| given.items.first())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.item(name).map(|item| &item.value) {
            Some(Scalar::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.item(name).and_then(|item| item.value.number())
    }

    pub(crate) fn integer(&self, name: &str) -> Option<u64> {
        self.item(name).and_then(|item| item.value.natural())
    }
}
