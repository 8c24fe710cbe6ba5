//! Matrix Market's text (Boisvert, Pozo & Remington 1996): a matrix in coordinate form (sparse) or array form (dense), of
//! integers, reals or a mere pattern, general or symmetric, perhaps gzipped.

use super::csc::{Csc, check_entries};
use super::error::DataError;
use super::table::{Content, Order, SparseStored, Stored, checked_count};
use super::text::{Lines, shown};
use std::io::{self, Read, Write};
use std::path::Path;

const HEADER: &str = "`%%MatrixMarket matrix coordinate|array real|integer|pattern general|symmetric`";

/// Reads a file; one whose name ends in `.gz` is unpacked. Places are checked, the values of an array are not.
pub(crate) fn read_file(path: &Path) -> Result<Content, DataError> {
    read(Lines::open(path)?)
}

/// What a header promises.
#[derive(Clone, Copy)]
struct Header {
    sparse: bool,
    pattern: bool,
    symmetric: bool,
}

fn read(mut lines: Lines<impl Read>) -> Result<Content, DataError> {
    let found = if lines.next()? { shown(lines.line()) } else { "an empty file".to_owned() };
    let header = parse_header(lines.line()).ok_or_else(|| lines.error(found, HEADER))?;
    while lines.next()? && (lines.line().trim_ascii().is_empty() || lines.line().starts_with(b"%")) {}
    let names = if header.sparse { &["rows", "columns", "entries"][..] } else { &["rows", "columns"] };
    let sizes = sizes(&lines, names)?;
    let (rows, columns) = (sizes[0], sizes[1]);
    if header.symmetric && rows != columns {
        return Err(lines.error(format!("{rows}×{columns}"), "as many rows as columns in a symmetric matrix"));
    }
    if header.sparse {
        coordinates(lines, header, [rows, columns, sizes[2]])
    } else {
        array(lines, header, rows, columns)
    }
}

fn parse_header(line: &[u8]) -> Option<Header> {
    let text = std::str::from_utf8(line).ok()?.to_ascii_lowercase();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let ["%%matrixmarket", "matrix", form, field, symmetry] = words[..] else { return None };
    let sparse = match form {
        "coordinate" => true,
        "array" => false,
        _ => return None,
    };
    let pattern = match field {
        "pattern" if sparse => true,
        "real" | "integer" | "double" => false,
        _ => return None,
    };
    let symmetric = match symmetry {
        "general" => false,
        "symmetric" => true,
        _ => return None,
    };
    Some(Header { sparse, pattern, symmetric })
}

/// The whole numbers of the present line.
fn sizes<R: Read>(lines: &Lines<R>, names: &[&str]) -> Result<Vec<usize>, DataError> {
    let expected = || format!("the numbers of {}", names.join(", "));
    let line = lines.line();
    if line.is_empty() {
        return Err(lines.error("the end", expected()));
    }
    let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let number = |word: &&[u8]| std::str::from_utf8(word).ok()?.parse::<usize>().ok();
    let numbers: Option<Vec<usize>> = words.iter().map(number).collect();
    numbers.filter(|n| n.len() == names.len()).ok_or_else(|| lines.error(shown(line), expected()))
}

fn coordinates(
    mut lines: Lines<impl Read>,
    header: Header,
    [rows, columns, count]: [usize; 3],
) -> Result<Content, DataError> {
    check_entries(count, lines.origin())?;
    super::csc::check_sides(rows, columns, lines.origin())?;
    // What is claimed is believed only as far as it comes.
    let mut entries: Vec<(u32, u32, f64)> = Vec::with_capacity(count.min(1 << 20));
    let mut found = 0;
    while lines.next()? {
        let line = lines.line();
        if line.trim_ascii().is_empty() {
            continue;
        }
        found += 1;
        if found > count {
            return Err(lines.error("another entry", format!("the end after {count} entries")));
        }
        let words = if header.pattern { 2 } else { 3 };
        let expected = if header.pattern { "row column" } else { "row column value" };
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut field = || std::str::from_utf8(fields.next()?).ok();
        let entry = (|| {
            let place = |word: Option<&str>, limit: usize| {
                let place = word?.parse::<usize>().ok()?;
                Some((1..=limit).contains(&place).then(|| (place - 1) as u32))
            };
            let (row, column) = (place(field(), rows)?, place(field(), columns)?);
            let value = if words == 3 { field()?.parse::<f64>().ok()? } else { 1.0 };
            Some((row, column, value))
        })();
        let (row, column, value) = match entry {
            Some((Some(row), Some(column), value)) if fields.next().is_none() => (row, column, value),
            Some((None, ..) | (_, None, _)) => {
                let expected = format!("a row of 1 to {rows} and a column of 1 to {columns}");
                return Err(lines.error(shown(line), expected));
            }
            _ => return Err(lines.error(shown(line), format!("`{expected}`"))),
        };
        if !(value.is_finite() && value >= 0.0) {
            return Err(lines.error(format!("{value}"), "a finite number ≥ 0"));
        }
        entries.push((row, column, value));
        if header.symmetric && row != column {
            entries.push((column, row, value));
        }
    }
    if found < count {
        return Err(lines.error(format!("the end after {found} entries"), format!("{count} entries")));
    }
    let csc = Csc::from_entries(columns, &entries, lines.origin())?;
    Ok(Content::Sparse(SparseStored::new(rows, columns, csc)))
}

fn array(mut lines: Lines<impl Read>, header: Header, rows: usize, columns: usize) -> Result<Content, DataError> {
    let count = checked_count(lines.origin(), &[rows as u64, columns as u64])?;
    let wanted = if header.symmetric { count / 2 + rows.div_ceil(2) } else { count };
    let mut values: Vec<f64> = Vec::with_capacity(count.min(1 << 20));
    while lines.next()? {
        for word in lines.line().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            let value = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
            values.push(value.ok_or_else(|| lines.error(shown(word), "a number"))?);
        }
        if values.len() > wanted {
            return Err(lines.error("another value", format!("the end after {wanted} values")));
        }
    }
    if values.len() < wanted {
        let found = format!("the end after {} values", values.len());
        return Err(lines.error(found, format!("{wanted} values ({rows}×{columns})")));
    }
    if header.symmetric {
        // The file has the lower triangle, column by column.
        let (mut full, mut next) = (vec![0.0; count], values.iter());
        for column in 0..columns {
            for (row, &value) in (column..rows).zip(next.by_ref()) {
                (full[row + rows * column], full[column + rows * row]) = (value, value);
            }
        }
        values = full;
    }
    Ok(Content::Dense(Stored::new(rows, columns, Order::ColumnMajor, values)))
}

/// Writes a dense matrix in array form, column after column.
pub(crate) fn write_dense(
    path: &Path,
    rows: usize,
    columns: usize,
    values: impl Iterator<Item = f64>,
) -> io::Result<()> {
    let mut out = io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "%%MatrixMarket matrix array real general\n{rows} {columns}")?;
    for value in values {
        writeln!(out, "{value:e}")?;
    }
    out.flush()
}

/// Writes compressed columns in coordinate form.
pub(crate) fn write_sparse(
    path: &Path,
    rows: usize,
    starts: &[usize],
    places: &[u32],
    values: &[f64],
) -> io::Result<()> {
    let mut out = io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "%%MatrixMarket matrix coordinate real general\n{rows} {} {}", starts.len() - 1, values.len())?;
    for (column, bounds) in starts.windows(2).enumerate() {
        for at in bounds[0]..bounds[1] {
            writeln!(out, "{} {} {:e}", places[at] + 1, column + 1, values[at])?;
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &[u8]) -> Result<Content, DataError> {
        read(Lines::new(text, "a.mtx"))
    }

    fn message(text: &str) -> String {
        parse(text.as_bytes()).map(|_| ()).unwrap_err().to_string()
    }

    fn dense(text: &str) -> Vec<f64> {
        match parse(text.as_bytes()).unwrap() {
            Content::Dense(stored) => stored.into_table(false).values,
            Content::Sparse(sparse) => {
                let (m, n) = (sparse.rows, sparse.columns);
                super::super::Values::Sparse(sparse.csc).into_dense(m, n, "t").unwrap()
            }
        }
    }

    #[test]
    fn every_form_field_and_symmetry() {
        let coordinate = |head: &str, body: &str| dense(&format!("%%MatrixMarket matrix coordinate {head}\n{body}"));
        assert_eq!(
            coordinate("real general", "% note\n\n2 3 3\n1 1 1.5\n2 3 2e1\n1 1 1\n"),
            [2.5, 0., 0., 0., 0., 20.]
        );
        assert_eq!(coordinate("integer general", "2 1 1\n2 1 7"), [0.0, 7.0]);
        assert_eq!(coordinate("pattern general", "2 2 2\n1 2\n2 1\n"), [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(coordinate("real symmetric", "2 2 2\n1 1 3\n2 1 4\n"), [3.0, 4.0, 4.0, 0.0]);
        assert_eq!(dense("%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n"), [1.0, 2.0, 3.0, 4.0]);
        let symmetric = dense("%%MatrixMarket MATRIX array integer symmetric\n3 3\n1\n2\n3\n4\n5\n6\n");
        assert_eq!(symmetric, [1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 3.0, 5.0, 6.0]);
        assert_eq!(dense("%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n3\n"), [1.0, 2.0, 2.0, 3.0]);
    }

    #[test]
    fn what_is_wrong_is_named_by_line() {
        let c = "%%MatrixMarket matrix coordinate real general\n";
        for (text, part) in [
            ("", "line 1: found an empty file, expected `%%MatrixMarket"),
            ("hello\n", "line 1: found `hello`"),
            ("%%MatrixMarket matrix coordinate complex general\n1 1 0\n", "line 1: found"),
            (c, "found the end, expected the numbers of rows, columns, entries"),
            (&format!("{c}2 x 1\n"), "line 2: found `2 x 1`"),
            (&format!("{c}2 2 1\n3 1 1\n"), "line 3: found `3 1 1`, expected a row of 1 to 2 and a column of 1 to 2"),
            (&format!("{c}2 2 1\n0 1 1\n"), "expected a row of 1 to 2"),
            (&format!("{c}2 2 1\n1 1\n"), "line 3: found `1 1`, expected `row column value`"),
            (&format!("{c}2 2 1\n1 1 1 1\n"), "expected `row column value`"),
            (&format!("{c}2 2 1\n1 1 x\n"), "expected `row column value`"),
            (&format!("{c}2 2 1\n1 1 -3\n"), "line 3: found -3, expected a finite number ≥ 0"),
            (&format!("{c}2 2 2\n1 1 3\n"), "found the end after 1 entries, expected 2 entries"),
            (&format!("{c}2 2 1\n1 1 3\n2 2 1\n"), "line 4: found another entry, expected the end after 1 entries"),
            (&format!("{c}2 2 99999999999\n"), "found a size of 99999999999 entries"),
            (&format!("{c}9999999999 2 1\n"), "found a size of 9999999999×2"),
            ("%%MatrixMarket matrix coordinate real symmetric\n2 3 0\n", "line 2: found 2×3"),
            ("%%MatrixMarket matrix array real general\n2 2\n1 zwei\n", "line 3: found `zwei`"),
            (
                "%%MatrixMarket matrix array real general\n2 2\n1 2 3\n",
                "found the end after 3 values, expected 4 values",
            ),
            ("%%MatrixMarket matrix array real general\n1 1\n1 2\n", "found another value"),
        ] {
            let error = message(text);
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn written_matrices_come_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mtx");
        let values = [0.1, 1.0 / 3.0, 1e-300];
        write_sparse(&path, 4, &[0, 1, 1, 3], &[3, 0, 2], &values).unwrap();
        let Content::Sparse(read) = read_file(&path).unwrap() else { panic!("written as coordinates") };
        assert_eq!((read.rows, read.columns), (4, 3));
        assert_eq!(read.csc, Csc { starts: vec![0, 1, 1, 3], rows: vec![3, 0, 2], values: values.to_vec() });
        write_dense(&path, 3, 1, values.into_iter()).unwrap();
        let Content::Dense(read) = read_file(&path).unwrap() else { panic!("written as an array") };
        assert_eq!(read.values, values);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(tail in "[-0-9 .e\n%x]{0,80}", which in 0_usize..4) {
            let head = ["", "%%MatrixMarket matrix coordinate real general\n", "%%MatrixMarket matrix array real symmetric\n",
                "%%MatrixMarket matrix coordinate pattern symmetric\n"][which];
            let _ = parse(format!("{head}{tail}").as_bytes());
        }
    }
}
