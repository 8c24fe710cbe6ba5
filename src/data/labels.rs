//! The classes of the samples: in a variable of the same file, in a column of the same table, or in a file beside it.

use super::Dataset;
use super::error::DataError;
use super::preprocess::keep_columns;
use super::request::{Layout, Samples};
use super::svmlight::classes;
use super::table::{Content, Order, Stored};
use super::text::{Lines, shown};
use super::{idx, mat, npz};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

/// The class of each sample, and what the classes are called, if they are.
type Classes = (Vec<u32>, Vec<String>);

/// The classes where the layout says that there are some, with their names where they have any; a column of classes leaves
/// the table.
pub(super) fn take(
    path: &Path,
    end: &str,
    layout: &Layout,
    content: &mut Content,
) -> Result<Option<Classes>, DataError> {
    let Some(from) = layout.labels.as_deref() else { return Ok(None) };
    let numbers = match (from, end) {
        ("first-column" | "last-column", "csv" | "tsv" | "txt") => {
            if layout.samples != Some(Samples::Rows) {
                return Err(DataError::field("labels", from, "`samples = \"rows\"` beside it"));
            }
            cut(content, from == "last-column", path)?
        }
        (_, "mat") => vector(mat::read_file(path, Some(from))?, path)?,
        (_, "npz") => match npz::read_vector(path, from)? {
            Some(numbers) => numbers,
            None => vector(npz::read_file(path, Some(from))?, path)?,
        },
        _ => {
            let file = path.with_file_name(from);
            if layout.lenient && !file.exists() {
                return Ok(None);
            }
            if super::load::extension(&file) == "idx" {
                idx::read_vector(&file)?
            } else {
                return beside(&file).map(Some);
            }
        }
    };
    Ok(Some((classes(numbers), Vec::new())))
}

/// Takes the first or last column off a table row by row.
fn cut(content: &mut Content, last: bool, path: &Path) -> Result<Vec<f64>, DataError> {
    let Content::Dense(Stored { rows, columns, order: Order::RowMajor, values, .. }) = content else {
        return Err(DataError::field("labels", "a column", format!("a table of text, not {}", path.display())));
    };
    if *columns < 2 {
        let found = format!("{columns} columns in {}", path.display());
        return Err(DataError::field("labels", found, "a column of classes and at least one other"));
    }
    let at = if last { *columns - 1 } else { 0 };
    let labels = values.iter().skip(at).step_by(*columns).copied().collect();
    let kept = values.chunks(*columns).flat_map(|row| [&row[..at], &row[at + 1..]].concat()).collect();
    *content = Stored::new(*rows, *columns - 1, Order::RowMajor, kept).into();
    Ok(labels)
}

/// The numbers of a matrix of one row or one column.
fn vector(content: Content, path: &Path) -> Result<Vec<f64>, DataError> {
    match content {
        Content::Dense(stored) if stored.rows.min(stored.columns) == 1 => Ok(stored.values),
        _ => Err(DataError::field("labels", format!("a matrix in {}", path.display()), "a vector")),
    }
}

/// A file of one class a line: numbers, or names. A name is what its line has beside words with digits, so that the samples
/// `ALL_19769_B-cell` and `ALL_R11_B-cell` are both of the class `ALL B-cell`.
fn beside(path: &Path) -> Result<Classes, DataError> {
    let lines = names(path)?;
    if lines.first().is_some_and(|line| line.parse::<f64>().is_ok()) {
        let number = |(at, line): (usize, &String)| {
            let wrong = || {
                let found = format!("line {}: found `{line}`", at + 1);
                DataError::malformed(path.display().to_string(), "classes", found, "a number, the class of a sample")
            };
            line.parse().map_err(|_| wrong())
        };
        return Ok((classes(lines.iter().enumerate().map(number).collect::<Result<_, _>>()?), Vec::new()));
    }
    let mut known: Vec<String> = Vec::new();
    let mut numbers = Vec::with_capacity(lines.len());
    for line in &lines {
        let words = line.split(|c: char| c == '_' || c.is_whitespace());
        let name = words.filter(|word| !word.contains(|c: char| c.is_ascii_digit())).collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { line.clone() } else { name };
        let at = known.iter().position(|other| *other == name).unwrap_or(known.len());
        if at == known.len() {
            known.push(name);
        }
        numbers.push(at as u32);
    }
    Ok((numbers, known))
}

/// The lines of a file that are not empty.
fn names(path: &Path) -> Result<Vec<String>, DataError> {
    let mut lines = Lines::open(path)?;
    let mut names = Vec::new();
    while lines.next()? {
        // Some files are padded with zero bytes.
        let padded = lines.line().iter().position(|byte| *byte == 0).unwrap_or(lines.line().len());
        let line = lines.line()[..padded].trim_ascii();
        if !line.is_empty() {
            names.push(std::str::from_utf8(line).map_err(|_| lines.error(shown(line), "text in UTF-8"))?.to_owned());
        }
    }
    Ok(names)
}

/// Leaves the samples of the `count` largest classes, of equal ones those of smaller number; classes keep their numbers.
pub(super) fn keep_largest(dataset: &mut Dataset, count: usize) -> Result<(), DataError> {
    let Some(labels) = &dataset.labels else {
        return Err(DataError::field("largest_classes", count.to_string(), "nothing, or `labels` beside it"));
    };
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    labels.iter().for_each(|class| *sizes.entry(*class).or_default() += 1);
    let mut classes: Vec<(u32, usize)> = sizes.into_iter().collect();
    classes.sort_by_key(|(class, size)| (Reverse(*size), *class));
    classes.truncate(count);
    let stays = |class: u32| classes.iter().any(|(kept, _)| *kept == class);
    let kept: Vec<usize> = (0..labels.len()).filter(|sample| stays(labels[*sample])).collect();
    keep_columns(dataset, &kept);
    Ok(())
}

/// The names of the m rows from a file beside the data: the first column of a table by tabs, under a header or not.
pub(super) fn features(path: &Path, m: usize) -> Result<Vec<String>, DataError> {
    let lines = names(path)?;
    let above = lines.len().saturating_sub(m).min(1);
    if lines.len() != m + above {
        let found = format!("{} lines in {}", lines.len(), path.display());
        return Err(DataError::field("features", found, format!("{m}, one for each row")));
    }
    Ok(lines[above..].iter().map(|line| line.split('\t').next().unwrap_or_default().trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_numbers_or_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("classes.txt");
        std::fs::write(&path, "ALL_19769_B-cell\nAML_13\n\nALL_R11_B-cell\n\0\0\0").expect("written");
        let expected = (vec![0, 1, 0], vec!["ALL B-cell".to_owned(), "AML".to_owned()]);
        assert_eq!(beside(&path).expect("classes"), expected);
        std::fs::write(&path, "7\n3\n7\n").expect("written");
        assert_eq!(beside(&path).expect("classes"), (vec![1, 0, 1], Vec::new()));
    }

    #[test]
    fn the_largest_classes_stay() {
        let mut dataset = Dataset::new("made up", 1, 6, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert!(keep_largest(&mut dataset, 1).unwrap_err().to_string().contains("`labels` beside it"));
        dataset.labels = Some(vec![2, 0, 1, 1, 2, 3]);
        keep_largest(&mut dataset, 2).expect("kept");
        assert_eq!((dataset.n, dataset.values.stored()), (4, &[1.0, 3.0, 4.0, 5.0][..]));
        keep_largest(&mut dataset, 1).expect("kept");
        assert_eq!(dataset.labels, Some(vec![1, 1]), "of equal sizes the smaller number");
    }

    #[test]
    fn rows_have_names_under_a_header_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("genes.txt");
        std::fs::write(&path, "Name\tDescription\nM12759_at\tchain\nU46006\tprotein\n").expect("written");
        assert_eq!(features(&path, 2).expect("names"), ["M12759_at", "U46006"]);
        assert_eq!(features(&path, 3).expect("names")[0], "Name");
        assert!(features(&path, 5).unwrap_err().to_string().contains("3 lines in"));
    }
}
