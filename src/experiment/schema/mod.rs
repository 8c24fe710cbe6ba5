//! Every section and key of an experiment file, declared once: checking, defaults and documentation derive from it. Here is
//! what a declaration says; the declarations are in [`sections`].

mod sections;

pub use sections::*;

use nmfbench_algorithms::parameters::Bound;

/// A table of the file.
#[derive(Debug)]
pub struct Section {
    /// The name in brackets; empty for what stands above the first of them.
    pub name: &'static str,
    /// Written `[[name]]`, once for each entry.
    pub repeated: bool,
    /// At least one must be there.
    pub required: bool,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// What other keys it takes.
    pub others: Others,
}

/// Keys that are not declared here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// None.
    Refused,
    /// The parameters of the algorithm named.
    Algorithm,
    /// The parameters of the generator named.
    Generator,
    /// Dotted paths of keys to override.
    Overrides,
}

/// A key of a section.
#[derive(Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What one value is.
    pub kind: Kind,
    /// How many values.
    pub form: Form,
    /// Must be there.
    pub required: bool,
    /// The value when it is not there, as TOML.
    pub default: Option<&'static str>,
    /// Meaning in one sentence.
    pub doc: &'static str,
}

/// How many values a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One.
    One,
    /// One, or a list that means "each of these".
    Each,
    /// A list; of exactly so many where a number is given.
    List(Option<usize>),
    /// A list as it is; a value may recur.
    Words,
    /// A count from 0, or the list itself.
    Count,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Text that is not empty.
    Text,
    /// Text that can name a file: letters, digits, `.`, `_`, `-`.
    FileName,
    /// A file or folder, relative to the experiment file.
    Path,
    /// `true` or `false`.
    Bool,
    /// A whole number in a range.
    Integer(Range),
    /// A finite number in a range.
    Number(Range),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, or a number in a range.
    ChoiceOr(&'static [&'static str], Range),
    /// The objective that is minimised.
    Objective,
    /// A registered algorithm.
    Algorithm,
    /// A peer whose adapter comes with the program.
    Peer,
    /// A program that makes data.
    Generator,
    /// A way to start, or `{ w = …, h = … }`.
    Init,
}

/// From where to where a number may go.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// The least value.
    pub minimum: Option<Bound>,
    /// The greatest value.
    pub maximum: Option<Bound>,
}

impl Range {
    /// `value` or more.
    #[must_use]
    pub const fn from(value: f64) -> Self {
        Self { minimum: Some(Bound::at(value)), maximum: None }
    }

    /// More than `value`.
    #[must_use]
    pub const fn above(value: f64) -> Self {
        Self { minimum: Some(Bound::beyond(value)), maximum: None }
    }

    /// More than `low` and less than `high`.
    #[must_use]
    pub const fn between(low: f64, high: f64) -> Self {
        Self { minimum: Some(Bound::beyond(low)), maximum: Some(Bound::beyond(high)) }
    }

    /// Whether a value lies in it.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        let above = self.minimum.is_none_or(|low| if low.exclusive { value > low.value } else { value >= low.value });
        let below = self.maximum.is_none_or(|top| if top.exclusive { value < top.value } else { value <= top.value });
        above && below
    }

    /// " of at least 1", " above 0 and below 1", or nothing.
    #[must_use]
    pub fn words(&self) -> String {
        let low = self.minimum.map(|low| match low.exclusive {
            true => format!("above {}", low.value),
            false => format!("of at least {}", low.value),
        });
        let top = self.maximum.map(|top| match top.exclusive {
            true => format!("below {}", top.value),
            false => format!("of at most {}", top.value),
        });
        let words: Vec<String> = low.into_iter().chain(top).collect();
        if words.is_empty() { String::new() } else { format!(" {}", words.join(" and ")) }
    }
}

pub(super) const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, form: Form::One, required: false, default: None, doc }
}

impl Key {
    pub(super) const fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    pub(super) const fn each(self) -> Self {
        self.form(Form::Each)
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }
}

pub(super) const fn table(name: &'static str, doc: &'static str, keys: &'static [Key]) -> Section {
    Section { name, repeated: false, required: false, doc, keys, others: Others::Refused }
}

/// The section of a name.
#[must_use]
pub fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

impl Section {
    /// The key of a name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// "in [stop]", "in [[algorithm]]", "at the top of the file".
    #[must_use]
    pub fn place(&self) -> String {
        if self.name.is_empty() {
            self.title().replace("the top", "at the top")
        } else {
            format!("in {}", self.title())
        }
    }

    /// `[stop]`, `[[algorithm]]`, "the top of the file".
    #[must_use]
    pub fn title(&self) -> String {
        match (self.name, self.repeated) {
            ("", _) => "the top of the file".into(),
            (name, true) => format!("[[{name}]]"),
            (name, false) => format!("[{name}]"),
        }
    }
}
