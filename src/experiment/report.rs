//! All that is wrong with a file, shown at once and at its places.

use miette::{Diagnostic, NamedSource, SourceSpan};
use std::collections::HashSet;
use std::ops::Range;
use thiserror::Error;

/// Bytes of the text from start to end.
pub(crate) type Span = Range<usize>;

/// One thing that is wrong.
#[derive(Clone, Debug, Error, Diagnostic, PartialEq, Eq)]
#[error("{message}")]
pub struct Problem {
    message: String,
    label: String,
    #[label("{label}")]
    span: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

impl Problem {
    /// A problem with the file as a whole, or with something outside it.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), label: "here".into(), span: None, help: None }
    }

    /// Where it is, and what to write beneath.
    pub(crate) fn at(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.span = Some(span.clone().into());
        self.label = label.into();
        self
    }

    /// What to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What was found and what was expected.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What stands beneath the marked text.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The marked bytes of the text.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.map(|span| span.offset()..span.offset() + span.len())
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// All problems of one file; printed by `miette` with the lines they are in.
#[derive(Debug, Error, Diagnostic)]
#[error("{headline}")]
pub struct Report {
    headline: String,
    #[source_code]
    file: NamedSource<String>,
    #[related]
    problems: Vec<Problem>,
}

impl Report {
    /// A report on `text`, which is shown under `name`; the problems in the order of the text.
    pub(crate) fn new(name: &str, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.span().map_or(usize::MAX, |span| span.start));
        let mut seen = HashSet::new();
        problems.retain(|problem| seen.insert((problem.message.clone(), problem.span)));
        let headline = match problems.len() {
            1 => format!("{name} cannot be run"),
            count => format!("{name} cannot be run: {count} problems"),
        };
        Self { headline, file: NamedSource::new(name, text.to_owned()), problems }
    }

    /// What is wrong, in the order of the text.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The name and the text the spans point into (the edited text, when there were overrides).
    #[must_use]
    pub fn source(&self) -> (&str, &str) {
        (self.file.name(), self.file.inner())
    }
}

/// The candidates a misspelt word may have meant, best first, at most three.
pub(crate) fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let word = plain(word);
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = plain(candidate);
            let edits = strsim::damerau_levenshtein(&word, &other);
            let longer = word.chars().count().max(other.chars().count());
            let close = edits * 3 <= longer || edits == 1 || strsim::jaro_winkler(&word, &other) > 0.88;
            close.then(|| (strsim::normalized_damerau_levenshtein(&word, &other), candidate))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup();
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// "did you mean …?" where something is near, else all that is known.
pub(crate) fn suggest(word: &str, candidates: &[&str]) -> String {
    let near = near(word, candidates.iter().copied());
    match near.is_empty() {
        true if candidates.is_empty() => "there are none to choose from".into(),
        true => format!("known: {}", quoted(candidates)),
        false => format!("did you mean {}?", quoted(&near).replace(", ", " or ")),
    }
}

/// `a`, `b`, `c`.
pub(crate) fn quoted<S: AsRef<str>>(words: &[S]) -> String {
    words.iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_matches_are_near() {
        let names = ["mu", "als", "hals", "a-hals", "anls-bpp", "pgd"];
        assert_eq!(near("halz", names), ["hals"]);
        assert_eq!(near("A_HALS", names)[0], "a-hals");
        assert_eq!(near("anls-bbp", names)[0], "anls-bpp");
        assert!(near("quicksort", names).is_empty());
        assert!(near("", names).is_empty(), "an empty word is near nothing");
    }

    #[test]
    fn problems_come_in_the_order_of_the_text_and_once() {
        let late = Problem::new("late").at(&(5..6), "here");
        let report =
            Report::new("x.toml", "0123456", vec![late.clone(), Problem::new("early").at(&(1..2), "here"), late]);
        let order: Vec<_> = report.problems().iter().map(Problem::message).collect();
        assert_eq!(order, ["early", "late"]);
        assert_eq!(report.to_string(), "x.toml cannot be run: 2 problems");
    }
}
