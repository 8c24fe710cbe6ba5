//! CLUTO's text (Karypis 2003): `rows columns entries` and then a row a line as `column value …`, columns from 1; or
//! `rows columns` and all values. A row is a sample. Words and classes stand in files beside it (`.clabel`, `.rclass`).

use super::csc::{Csc, check_entries, check_sides};
use super::error::DataError;
use super::table::{Content, Order, SparseStored, Stored, checked_count};
use super::text::{Lines, shown};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Whether a file called `.mat` is one of CLUTO's and not MATLAB's: its first line is two or three whole numbers.
pub(crate) fn is_cluto(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(80).read_to_end(&mut start));
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    read.is_ok() && start.contains(&b'\n') && head(line).is_some()
}

/// Reads a file; one whose name ends in `.gz` is unpacked.
pub(crate) fn read_file(path: &Path) -> Result<Content, DataError> {
    let content = read(Lines::open(path)?)?;
    let Content::Sparse(mut sparse) = content else { return Ok(content) };
    if let Some(names) = beside(path, "clabel", sparse.rows)? {
        sparse.features = Some(names);
    }
    if let Some(classes) = beside(path, "rclass", sparse.columns)? {
        let mut known: BTreeMap<&str, u32> = classes.iter().map(|class| (class.as_str(), 0)).collect();
        (0..).zip(known.values_mut()).for_each(|(number, class)| *class = number);
        sparse.labels = Some(classes.iter().map(|class| known[class.as_str()]).collect());
    }
    Ok(Content::Sparse(sparse))
}

fn head(line: &[u8]) -> Option<Vec<usize>> {
    let words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let numbers: Vec<usize> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
    matches!(numbers.len(), 2 | 3).then_some(numbers)
}

fn read(mut lines: Lines<impl Read>) -> Result<Content, DataError> {
    let found = if lines.next()? { shown(lines.line()) } else { "an empty file".to_owned() };
    let sizes = head(lines.line()).ok_or_else(|| lines.error(found, "`rows columns entries` or `rows columns`"))?;
    match sizes[..] {
        [rows, columns, entries] => sparse(lines, rows, columns, entries),
        _ => dense(lines, sizes[0], sizes[1]),
    }
}

fn sparse(mut lines: Lines<impl Read>, rows: usize, columns: usize, entries: usize) -> Result<Content, DataError> {
    check_sides(rows, columns, lines.origin())?;
    check_entries(entries, lines.origin())?;
    let (mut starts, mut places, mut values) = (vec![0], Vec::new(), Vec::new());
    while starts.len() <= rows {
        if !lines.next()? {
            return Err(lines.error(format!("the end after {} rows", starts.len() - 1), format!("{rows} rows")));
        }
        let mut words = lines.line().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            let place = number::<usize>(word).filter(|place| (1..=columns).contains(place));
            let place = place.ok_or_else(|| lines.error(shown(word), format!("a column of 1 to {columns}")))?;
            let word = words.next().unwrap_or_default();
            let value = number::<f64>(word).filter(|value| value.is_finite() && *value >= 0.0);
            values.push(value.ok_or_else(|| lines.error(shown(word), "a finite number ≥ 0 after the column"))?);
            places.push((place - 1) as u32);
        }
        if values.len() > entries {
            return Err(lines.error("another entry", format!("{entries} entries")));
        }
        starts.push(values.len());
    }
    if values.len() < entries {
        return Err(lines.error(format!("{} entries", values.len()), format!("{entries} entries")));
    }
    let csc = Csc::from_lines((rows, columns), (starts, places, values), ["rows", "columns"], true, lines.origin())?;
    Ok(Content::Sparse(SparseStored { samples: true, ..SparseStored::new(columns, rows, csc) }))
}

fn dense(mut lines: Lines<impl Read>, rows: usize, columns: usize) -> Result<Content, DataError> {
    let count = checked_count(lines.origin(), &[rows as u64, columns as u64])?;
    let mut values = Vec::with_capacity(count.min(1 << 20));
    while lines.next()? {
        for word in lines.line().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            values.push(number(word).ok_or_else(|| lines.error(shown(word), "a number"))?);
        }
        if values.len() > count {
            return Err(lines.error("another value", format!("the end after {count} values")));
        }
    }
    if values.len() < count {
        return Err(lines.error(format!("the end after {} values", values.len()), format!("{count} values")));
    }
    // Samples are rows here too; the row-major table is the column-major transpose.
    Ok(Content::Dense(Stored::new(columns, rows, Order::ColumnMajor, values)))
}

fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// The lines of a file that belongs to a matrix, where there is one.
fn beside(path: &Path, end: &str, expected: usize) -> Result<Option<Vec<String>>, DataError> {
    let name = path.display().to_string();
    let beside = PathBuf::from(format!("{}.{end}", name.strip_suffix(".gz").unwrap_or(&name)));
    if !beside.exists() {
        return Ok(None);
    }
    let mut lines = Lines::open(&beside)?;
    let mut names = Vec::new();
    while lines.next()? {
        names.push(String::from_utf8_lossy(lines.line()).trim().to_owned());
    }
    if names.len() != expected {
        return Err(lines.error(format!("{} lines", names.len()), format!("{expected} as in {name}")));
    }
    Ok(Some(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Content, DataError> {
        read(Lines::new(text.as_bytes(), "a.mat"))
    }

    #[test]
    fn rows_become_columns_with_words_and_classes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mat");
        std::fs::write(&path, "2 3 3\n3 1.5 1 2\n2 4\n").unwrap();
        std::fs::write(folder.path().join("a.mat.clabel"), "ape\nbee\ncat\n").unwrap();
        std::fs::write(folder.path().join("a.mat.rclass"), "sport\nart\n").unwrap();
        assert!(is_cluto(&path));
        let Content::Sparse(read) = read_file(&path).unwrap() else { panic!("three numbers are sparse") };
        assert_eq!((read.rows, read.columns, read.samples), (3, 2, true));
        assert_eq!(read.csc, Csc { starts: vec![0, 2, 3], rows: vec![0, 2, 1], values: vec![2.0, 1.5, 4.0] });
        assert_eq!((read.features.unwrap().len(), read.labels), (3, Some(vec![1, 0])));
        std::fs::write(folder.path().join("a.mat.clabel"), "ape\n").unwrap();
        assert!(read_file(&path).unwrap_err().to_string().contains("found 1 lines, expected 3"));
        std::fs::write(&path, b"MATLAB 5.0 MAT-file\n").unwrap();
        assert!(!is_cluto(&path));
        let Content::Dense(dense) = parse("2 2\n1 2\n3 4\n").unwrap() else { panic!("two numbers are dense") };
        assert_eq!(dense.into_table(false).values, [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn what_is_wrong_is_named_by_line() {
        let message = |text: &str| parse(text).map(|_| ()).unwrap_err().to_string();
        assert!(message("two\n").contains("line 1: found `two`"));
        assert!(message("2 3 1\n4 1\n\n").contains("line 2: found `4`, expected a column of 1 to 3"));
        assert!(message("2 3 1\n3\n\n").contains("line 2: found nothing, expected a finite number ≥ 0"));
        assert!(message("2 3 1\n3 -1\n\n").contains("found `-1`"));
        assert!(message("2 3 1\n3 1\n").contains("found the end after 1 rows, expected 2 rows"));
        assert!(message("1 3 1\n3 1 2 1\n").contains("found another entry"));
        assert!(message("1 3 2\n3 1\n").contains("found 1 entries, expected 2 entries"));
        assert!(message("1 2\n1\n").contains("found the end after 1 values, expected 2 values"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[0-9 .\n-]{0,60}") {
            let _ = parse(&text);
        }
    }
}
