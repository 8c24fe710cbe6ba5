//! Texts to counts of words: a folder with a text a file, or a collection in SMART's form; a term a row, a text a column.

use super::csc::{Csc, check_entries, check_sides};
use super::error::DataError;
use super::table::{Content, SparseStored};
use super::text::read_bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// How texts are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Words {
    /// What a word is.
    pub tokens: Tokens,
    /// Which words are left out whatever their counts.
    pub stop_words: StopWords,
    /// Words of fewer letters are left out (2).
    pub min_letters: usize,
    /// Words in fewer texts are left out (1).
    pub min_documents: usize,
    /// Words in a larger share of the texts are left out (1).
    pub max_share: f64,
}

/// What a word is; letters are lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tokens {
    /// A run of letters.
    Letters,
    /// A run of letters and digits.
    Alphanumeric,
}

/// A list of words without a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopWords {
    /// No words.
    #[default]
    None,
    /// The function words of English.
    English,
}

/// The names of the tokenisers.
pub const TOKENS: &[&str] = &["letters", "alphanumeric"];
/// The names of the lists.
pub const STOP_WORDS: &[&str] = &["none", "english"];

const ENGLISH: &str = "a about above after again against all also am an and any are as at be because been before being \
below between both but by can could did do does doing down during each either ever every few for from further had has \
have having he her here hers herself him himself his how however i if in into is it its itself just like many may me \
might more most much must my myself neither never no nor not now of off on once one only or other our ours ourselves out \
over own per same shall she should since so some such than that the their theirs them themselves then there these they \
this those though through thus to too under until up upon us very was we were what when where whether which while who \
whom whose why will with within without would yet you your yours yourself";

/// Texts below this depth of folders are refused: a link may lead back up.
const MAX_DEPTH: usize = 16;

/// Reads a folder (each file a text, in the order of their paths; where all lie in folders, the first of these is the
/// class) or a file in SMART's form (`.I` number, then fields; title `.T` and body `.W` are counted).
pub(crate) fn read(path: &Path, how: Words) -> Result<Content, DataError> {
    let origin = path.display().to_string();
    let (texts, labels) = if path.is_dir() { folder(path)? } else { (smart(&read_bytes(path)?, &origin)?, None) };
    let (csc, features) = count(&texts, how, &origin)?;
    let stored = SparseStored::new(features.len(), texts.len(), csc);
    Ok(Content::Sparse(SparseStored { samples: true, labels, features: Some(features), ..stored }))
}

fn folder(path: &Path) -> Result<(Vec<String>, Option<Vec<u32>>), DataError> {
    let mut files = Vec::new();
    list(path, 0, &mut files)?;
    files.sort();
    let class = |file: &PathBuf| {
        let inside = file.strip_prefix(path).ok()?;
        (inside.components().count() > 1).then(|| inside.components().next().map(|c| c.as_os_str().to_owned()))?
    };
    let classes: Option<Vec<_>> = files.iter().map(class).collect();
    let labels = classes.map(|classes| {
        let mut known: BTreeMap<_, u32> = classes.iter().map(|class| (class.clone(), 0)).collect();
        (0..).zip(known.values_mut()).for_each(|(number, class)| *class = number);
        classes.iter().map(|class| known[class]).collect()
    });
    let texts = files.iter().map(|file| read_bytes(file).map(|bytes| text(&bytes))).collect::<Result<_, _>>()?;
    Ok((texts, labels))
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    if depth > MAX_DEPTH {
        let found = format!("folders nested deeper than {MAX_DEPTH}");
        return Err(DataError::malformed(folder.display().to_string(), "folder", found, "texts"));
    }
    for entry in std::fs::read_dir(folder).map_err(DataError::io("list", folder))? {
        let path = entry.map_err(DataError::io("list", folder))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        match (hidden, path.is_dir()) {
            (true, _) => {}
            (false, true) => list(&path, depth + 1, files)?,
            (false, false) => files.push(path),
        }
    }
    Ok(())
}

/// UTF-8, or else Latin-1, in which every byte is a letter or sign.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn smart(bytes: &[u8], origin: &str) -> Result<Vec<String>, DataError> {
    let (mut texts, mut counted): (Vec<String>, bool) = (Vec::new(), false);
    for (number, line) in text(bytes).lines().enumerate() {
        if line.starts_with(".I") {
            texts.push(String::new());
            counted = false;
        } else if let Some(field) = line.strip_prefix('.').filter(|field| field.trim_end().len() == 1) {
            counted = matches!(field.trim_end(), "T" | "W");
        } else if let (Some(text), true) = (texts.last_mut(), counted) {
            text.push_str(line);
            text.push('\n');
        } else if texts.is_empty() {
            let (position, found) = (format!("line {}", number + 1), super::text::shown(line.as_bytes()));
            return Err(DataError::malformed(origin, position, found, "`.I 1`, the first line of a SMART collection"));
        }
    }
    Ok(texts)
}

fn count(texts: &[String], how: Words, origin: &str) -> Result<(Csc, Vec<String>), DataError> {
    let stop: HashSet<&str> = match how.stop_words {
        StopWords::None => HashSet::new(),
        StopWords::English => ENGLISH.split_ascii_whitespace().collect(),
    };
    let inside = |c: char| c.is_alphabetic() || (how.tokens == Tokens::Alphanumeric && c.is_numeric());
    let counts: Vec<BTreeMap<String, u32>> = texts
        .iter()
        .map(|text| {
            let mut counts = BTreeMap::new();
            for word in text.split(|c: char| !inside(c)).filter(|word| !word.is_empty()) {
                let word = word.to_lowercase();
                if word.chars().count() >= how.min_letters && !stop.contains(word.as_str()) {
                    *counts.entry(word).or_insert(0) += 1;
                }
            }
            counts
        })
        .collect();
    let mut documents: BTreeMap<&str, usize> = BTreeMap::new();
    counts.iter().flat_map(BTreeMap::keys).for_each(|word| *documents.entry(word).or_insert(0) += 1);
    let most = how.max_share * texts.len() as f64;
    documents.retain(|_, count| *count >= how.min_documents && *count as f64 <= most);
    check_sides(documents.len(), texts.len(), origin)?;
    let terms: Vec<String> = documents.keys().map(|word| (*word).to_owned()).collect();
    let mut csc = Csc { starts: vec![0], ..Csc::default() };
    for text in &counts {
        // Both are in the order of the alphabet, so rows ascend.
        for (word, count) in text {
            if let Ok(row) = terms.binary_search(word) {
                csc.rows.push(row as u32);
                csc.values.push(f64::from(*count));
            }
        }
        check_entries(csc.values.len(), origin)?;
        csc.starts.push(csc.values.len());
    }
    Ok((csc, terms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Words = Words {
        tokens: Tokens::Letters,
        stop_words: StopWords::None,
        min_letters: 1,
        min_documents: 1,
        max_share: 1.0,
    };

    fn texts(texts: &[&str], how: Words) -> (Csc, Vec<String>) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        count(&texts, how, "t").unwrap()
    }

    #[test]
    fn words_are_counted_by_text_in_alphabetical_order() {
        let (csc, terms) = texts(&["The cat: the CAT's 7 lives", "Élan of the cat"], PLAIN);
        assert_eq!(terms, ["cat", "lives", "of", "s", "the", "élan"]);
        assert_eq!(csc.starts, [0, 4, 8]);
        assert_eq!((&csc.rows[..4], &csc.values[..4]), (&[0, 1, 3, 4][..], &[2.0, 1.0, 1.0, 2.0][..]));
        let (_, terms) = texts(&["the 7 cats"], Words { tokens: Tokens::Alphanumeric, ..PLAIN });
        assert_eq!(terms, ["7", "cats", "the"]);
    }

    #[test]
    fn rare_frequent_short_and_empty_words_are_left_out_where_declared() {
        let all = ["one ox and the cat", "the dog and a cat", "the bird"];
        let terms = |how: Words| texts(&all, how).1;
        assert_eq!(terms(Words { min_documents: 2, ..PLAIN }), ["and", "cat", "the"]);
        assert_eq!(terms(Words { min_documents: 2, max_share: 0.9, ..PLAIN }), ["and", "cat"]);
        assert_eq!(terms(Words { stop_words: StopWords::English, ..PLAIN }), ["bird", "cat", "dog", "ox"]);
        assert_eq!(terms(Words { min_letters: 4, ..PLAIN }), ["bird"]);
    }

    #[test]
    fn folders_are_classes_and_bytes_may_be_latin() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("sport/2", &b"ball"[..]), ("art/1", b"caf\xe9"), ("sport/.hidden", b"no")] {
            std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let Content::Sparse(read) = super::read(folder.path(), PLAIN).unwrap() else { panic!("counts are sparse") };
        assert_eq!((read.labels, read.features), (Some(vec![0, 1]), Some(vec!["ball".into(), "café".into()])));
        assert_eq!(read.csc, Csc { starts: vec![0, 1, 2], rows: vec![1, 0], values: vec![1.0, 1.0] });
        std::fs::write(folder.path().join("loose.txt"), "x").unwrap();
        let Content::Sparse(read) = super::read(folder.path(), PLAIN).unwrap() else { panic!("counts are sparse") };
        assert_eq!(read.labels, None);
    }

    #[test]
    fn smart_collections_are_cut_at_their_marks() {
        let texts = smart(b".I 1\n.T\nTitle\n.A\nAuthor\n.W\nbody one\n.I 2\n.W\ntwo\n", "t").unwrap();
        assert_eq!(texts, ["Title\nbody one\n", "two\n"]);
        let error = smart(b"hello\n", "t").unwrap_err().to_string();
        assert!(error.starts_with("t: line 1: found `hello`"), "{error}");
    }
}
