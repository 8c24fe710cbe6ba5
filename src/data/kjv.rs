//! The counts of words that come with the program: the chapters of the King James Bible, by `datasets/kjv/make.py`.

use super::error::DataError;
use super::svmlight;
use super::table::{Content, SparseStored};
use flate2::read::GzDecoder;

/// A chapter a line: the number of its book, then `word:count`, words counted from 1.
const COUNTS: &[u8] = include_bytes!("../../datasets/kjv/counts.svm.gz");
/// A word a line.
const WORDS: &str = include_str!("../../datasets/kjv/words.txt");
/// A book a line.
const BOOKS: &str = include_str!("../../datasets/kjv/books.txt");

/// The counts, with words and classes.
pub(super) fn read() -> Result<SparseStored, DataError> {
    let Content::Sparse(stored) = svmlight::read_text(GzDecoder::new(COUNTS), "kjv")? else {
        unreachable!("the form is sparse")
    };
    Ok(SparseStored { features: Some(WORDS.lines().map(str::to_owned).collect()), ..stored })
}

/// The names of the books, by class.
pub(super) fn books() -> Vec<String> {
    BOOKS.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_of_books_and_their_words() {
        let stored = read().expect("the embedded file");
        let (words, books) = (stored.features.expect("words"), books());
        assert_eq!((stored.rows, stored.columns, words.len(), books.len()), (5115, 1189, 5115, 66));
        let labels = stored.labels.expect("books");
        assert!(labels.is_sorted() && labels[0] == 0 && labels[1188] == 65);
        assert_eq!(labels.iter().filter(|book| books[**book as usize] == "Psalms").count(), 150);
        // Genesis 1 has "God said" ten times, and "void" once.
        let first = stored.csc.starts[0]..stored.csc.starts[1];
        let count = |word: &str| {
            let number = words.iter().position(|w| w == word).expect("a word") as u32;
            first.clone().find(|at| stored.csc.rows[*at] == number).map(|at| stored.csc.values[at])
        };
        assert_eq!((count("void"), count("firmament"), count("jesus")), (Some(1.0), Some(9.0), None));
    }
}
