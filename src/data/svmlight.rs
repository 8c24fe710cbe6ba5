//! SVMlight's and LIBSVM's text: a sample a line, `label feature:value …`, features ascending and counted from 1 (or 0).

use super::csc::{Csc, check_entries, check_sides};
use super::error::DataError;
use super::table::{Content, SparseStored};
use super::text::{Lines, shown};
use std::io::Read;
use std::path::Path;

/// Reads a file; one whose name ends in `.gz` is unpacked. Each line becomes a column. Features count from 0 when one of
/// them is called 0, else from 1, as scikit-learn decides it. Labels become classes in the order of their numbers; lines
/// with several labels or none make a set without classes.
pub(crate) fn read_file(path: &Path) -> Result<Content, DataError> {
    read(Lines::open(path)?)
}

/// The same from a text in memory.
pub(crate) fn read_text(text: impl Read, origin: &str) -> Result<Content, DataError> {
    read(Lines::new(text, origin))
}

fn read(mut lines: Lines<impl Read>) -> Result<Content, DataError> {
    let (mut starts, mut places, mut values) = (vec![0], Vec::<u32>::new(), Vec::new());
    let mut labels: Option<Vec<f64>> = Some(Vec::new());
    while lines.next()? {
        let line = lines.line();
        let line = &line[..line.iter().position(|byte| *byte == b'#').unwrap_or(line.len())];
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).peekable();
        if words.peek().is_none() {
            continue;
        }
        match words.next_if(|word| !word.contains(&b':')) {
            Some(word) if !word.contains(&b',') => {
                let label: f64 = parse(word).ok_or_else(|| lines.error(shown(word), "a number as the label"))?;
                labels.iter_mut().for_each(|labels| labels.push(label));
            }
            _ => labels = None,
        }
        for word in words.filter(|word| !word.starts_with(b"qid:")) {
            let (place, value) = pair(word).ok_or_else(|| lines.error(shown(word), "`feature:value`"))?;
            if !(value.is_finite() && value >= 0.0) {
                let name = format!("a finite number ≥ 0 for feature {place}");
                return Err(lines.error(format!("{value}"), name));
            }
            places.push(place);
            values.push(value);
        }
        check_entries(values.len(), lines.origin())?;
        starts.push(values.len());
    }
    let first = u32::from(places.iter().all(|place| *place > 0));
    places.iter_mut().for_each(|place| *place -= first);
    let rows = places.iter().max().map_or(0, |place| *place as usize + 1);
    let columns = starts.len() - 1;
    check_sides(rows, columns, lines.origin())?;
    let csc = Csc::from_lines((columns, rows), (starts, places, values), ["lines", "features"], false, lines.origin())?;
    Ok(Content::Sparse(SparseStored {
        samples: true,
        labels: labels.map(classes),
        ..SparseStored::new(rows, columns, csc)
    }))
}

fn parse<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn pair(word: &[u8]) -> Option<(u32, f64)> {
    let at = word.iter().position(|byte| *byte == b':')?;
    Some((parse(&word[..at])?, parse(&word[at + 1..])?))
}

/// The rank of each label among the different ones.
pub(crate) fn classes(labels: Vec<f64>) -> Vec<u32> {
    let mut different: Vec<f64> = labels.iter().map(|label| label + 0.0).collect();
    different.sort_by(f64::total_cmp);
    different.dedup();
    let rank = |label: f64| different.binary_search_by(|other| other.total_cmp(&(label + 0.0))).unwrap_or_default();
    labels.into_iter().map(|label| rank(label) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse_text(text: &str) -> Result<SparseStored, DataError> {
        match read(Lines::new(text.as_bytes(), "a.svm"))? {
            Content::Sparse(sparse) => Ok(sparse),
            Content::Dense(_) => panic!("never dense"),
        }
    }

    #[test]
    fn lines_become_columns_and_labels_classes() {
        let read = parse_text("# made\n-1 1:0.5 3:2 # first\n\n+1 qid:4 2:7\n-1\n").unwrap();
        assert_eq!((read.rows, read.columns, read.samples), (3, 3, true));
        assert_eq!(read.csc, Csc { starts: vec![0, 2, 3, 3], rows: vec![0, 2, 1], values: vec![0.5, 2.0, 7.0] });
        assert_eq!(read.labels, Some(vec![0, 1, 0]));
        let from_zero = parse_text("3 0:1 2:2\n1 1:1\n").unwrap();
        assert_eq!((from_zero.rows, from_zero.labels), (3, Some(vec![1, 0])));
        assert_eq!(parse_text("1,2 1:1\n").unwrap().labels, None);
        assert_eq!(parse_text("1:1\n2:2\n").unwrap().labels, None);
    }

    #[test]
    fn classes_are_ordered_as_numbers() {
        assert_eq!(classes(vec![-0.0, -2.5, 10.0, 0.0, -1.0]), [2, 0, 3, 2, 1]);
    }

    #[test]
    fn what_is_wrong_is_named_by_line() {
        let message = |text: &str| parse_text(text).map(|_| ()).unwrap_err().to_string();
        assert_eq!(message("1 1:2\none 1:2\n"), "a.svm: line 2: found `one`, expected a number as the label");
        assert_eq!(message("1 1=2\n"), "a.svm: line 1: found `1=2`, expected `feature:value`");
        assert!(message("1 1:x\n").contains("found `1:x`"));
        assert!(message("1 -4:1\n").contains("found `-4:1`"));
        assert!(message("1 2:-1\n").contains("line 1: found -1, expected a finite number ≥ 0 for feature 2"));
        assert!(message("1 2:nan\n").contains("found NaN"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[-0-9 .:,#\na]{0,80}") {
            let _ = parse_text(&text);
        }
    }
}
