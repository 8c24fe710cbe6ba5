//! The classes of the samples: in a variable of the same file, in a column of the same table, or in a file beside it.

use super::error::DataError;
use super::request::{Layout, Samples};
use super::svmlight::classes;
use super::table::{Content, Order, Stored};
use super::text::{Lines, shown};
use super::{idx, mat, npz};
use std::path::Path;

/// The classes where the layout says that there are some; a column of classes leaves the table.
pub(super) fn take(
    path: &Path,
    end: &str,
    layout: &Layout,
    content: &mut Content,
) -> Result<Option<Vec<u32>>, DataError> {
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
        _ => beside(&path.with_file_name(from))?,
    };
    Ok(Some(classes(numbers)))
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

/// A file of one number a line, or an IDX file.
fn beside(path: &Path) -> Result<Vec<f64>, DataError> {
    if super::load::extension(path) == "idx" {
        return idx::read_vector(path);
    }
    let mut lines = Lines::open(path)?;
    let mut numbers = Vec::new();
    while lines.next()? {
        let line = lines.line().trim_ascii();
        if !line.is_empty() {
            let number = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
            numbers.push(number.ok_or_else(|| lines.error(shown(line), "a number, the class of a sample"))?);
        }
    }
    Ok(numbers)
}
