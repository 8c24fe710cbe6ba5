//! Tables as text: comma, semicolon or tab between the fields, one row a line, perhaps a line of names on top, perhaps
//! gzipped.

use super::error::DataError;
use super::table::{MAX_VALUES, Order, Stored};
use super::text::{MAX_LINE, MAX_TEXT};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The delimiter is guessed from the first line that says something, within this many bytes.
const GUESSED_FROM: usize = 1 << 16;

/// Reads a file; one whose name ends in `.gz` is unpacked.
pub(crate) fn read_file(path: &Path) -> Result<Stored, DataError> {
    let file = File::open(path).map_err(DataError::io("open", path))?;
    let origin = path.display().to_string();
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz")) {
        read_text(MultiGzDecoder::new(BufReader::new(file)), &origin)
    } else {
        read_text(file, &origin)
    }
}

/// Reads rows of numbers. A first line in which no field is a number is a heading; lines that begin with `#` are
/// remarks.
pub(crate) fn read_text(text: impl Read, origin: &str) -> Result<Stored, DataError> {
    let mut text = BufReader::with_capacity(GUESSED_FROM, text.take(MAX_TEXT));
    let fail = |error: std::io::Error| DataError::malformed(origin, "text", error.to_string(), "a table of numbers");
    let start = text.fill_buf().map_err(fail)?;
    let delimiter = guess_delimiter(start);
    if start.starts_with(b"\xef\xbb\xbf") {
        text.consume(3);
    }
    let mut values = Vec::new();
    let (mut rows, mut columns) = (0, None);
    let mut line = Vec::new();
    let mut number_of_line = 0_u64;
    while text.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(fail)? > 0 {
        number_of_line += 1;
        if line.len() as u64 == MAX_LINE {
            let (origin, limit) = (format!("{origin}: line {number_of_line}"), format!("{MAX_LINE} bytes in a line"));
            return Err(DataError::TooLarge { origin, found: format!("{} bytes or more", line.len()), limit });
        }
        let content = line.trim_ascii();
        if !content.is_empty() && !content.starts_with(b"#") {
            // Tabs at the ends are empty fields, so only the end of the line goes.
            let content = line.strip_suffix(b"\n").unwrap_or(&line);
            let row = Row { content, delimiter, line: number_of_line, origin };
            let heading = columns.is_none() && row.fields().all(|field| number(field).is_none());
            let expected = *columns.get_or_insert_with(|| row.fields().count());
            row.check_length(expected)?;
            if heading {
                row.check_text()?
            } else {
                row.read(&mut values)?
            }
            rows += usize::from(!heading);
        }
        if values.len() > MAX_VALUES || text.get_ref().limit() == 0 {
            let limit = format!("{MAX_VALUES} values (8 GiB as f64) in {MAX_TEXT} bytes of text");
            return Err(DataError::TooLarge {
                origin: origin.to_owned(),
                found: format!("more than {rows} rows"),
                limit,
            });
        }
        line.clear();
    }
    Ok(Stored::new(rows, if rows == 0 { 0 } else { columns.unwrap_or(0) }, Order::RowMajor, values))
}

/// One line and where it stands.
struct Row<'a> {
    content: &'a [u8],
    delimiter: u8,
    line: u64,
    origin: &'a str,
}

impl<'a> Row<'a> {
    /// The fields without blanks and quotes around them; a delimiter inside quotes does not count.
    fn fields(&self) -> impl Iterator<Item = &'a [u8]> {
        let (content, delimiter) = (self.content, self.delimiter);
        let mut quoted = false;
        let split = move |byte: &u8| {
            quoted ^= *byte == b'"';
            *byte == delimiter && !quoted
        };
        content.split(split).map(|field| {
            let field = field.trim_ascii();
            let inside = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\""));
            inside.map_or(field, <[u8]>::trim_ascii)
        })
    }

    fn read(&self, values: &mut Vec<f64>) -> Result<(), DataError> {
        for (index, field) in self.fields().enumerate() {
            values.push(number(field).ok_or_else(|| self.not_a_number(field, index + 1))?);
        }
        Ok(())
    }

    fn check_length(&self, expected: usize) -> Result<(), DataError> {
        let found = self.fields().count();
        if found == expected {
            return Ok(());
        }
        let expected = format!("{expected} as in the first line");
        Err(DataError::malformed(self.origin, format!("line {}", self.line), format!("{found} fields"), expected))
    }

    /// A heading must at least be text, or a binary file would pass for a table without rows.
    fn check_text(&self) -> Result<(), DataError> {
        match self.fields().enumerate().find(|(_, field)| std::str::from_utf8(field).is_err()) {
            None => Ok(()),
            Some((index, field)) => Err(self.not_a_number(field, index + 1)),
        }
    }

    fn not_a_number(&self, field: &[u8], index: usize) -> DataError {
        let shown: String = match std::str::from_utf8(field) {
            Ok("") => "nothing".to_owned(),
            Ok(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
            Err(error) => {
                let at = error.valid_up_to();
                let bytes = &field[at..field.len().min(at + 4)];
                format!("bytes that are not UTF-8 ({bytes:02x?} at byte {at} of the field)")
            }
        };
        let expected = match self.delimiter {
            b';' => "a number (with a decimal point, between semicolons)",
            b'\t' => "a number (between tabs)",
            _ => "a number (between commas)",
        };
        DataError::malformed(self.origin, format!("line {}, field {index}", self.line), shown, expected)
    }
}

fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// The first of semicolon, tab and comma on the first line that is no remark and not blank.
fn guess_delimiter(start: &[u8]) -> u8 {
    let line = start
        .split(|&byte| byte == b'\n')
        .find(|line| !line.starts_with(b"#") && line.iter().any(|byte| !byte.is_ascii_whitespace()))
        .unwrap_or_default();
    *[b';', b'\t'].iter().find(|delimiter| line.contains(delimiter)).unwrap_or(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use std::io::Write;

    fn read(text: &[u8]) -> Result<Stored, DataError> {
        read_text(text, "a.csv")
    }

    fn message(text: &[u8]) -> String {
        read(text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn delimiters_headings_remarks_and_marks() {
        for text in [
            "1,2\n3,4\n",
            "1;2\n3;4",
            "1\t2\r\n3\t4\r\n",
            "\"a,b\",c\n1,2\n3,4\n",
            "a,b\n1, 2\n3 ,4\n",
            "# saved, by; somebody\n\n1;2\n\n3;4\n",
            "\u{feff}1,2\n3,4\n",
            "\"1\",\"2\"\n3e0,+4.0",
        ] {
            let stored = read(text.as_bytes()).unwrap();
            assert_eq!((stored.rows, stored.columns), (2, 2), "{text:?}");
            assert_eq!(stored.values, [1.0, 2.0, 3.0, 4.0], "{text:?}");
        }
        assert_eq!(read(b"5\n6\n7\n").unwrap().values, [5.0, 6.0, 7.0]);
    }

    #[test]
    fn ragged_rows_and_words_are_named_by_line_and_field() {
        assert_eq!(message(b"1,2\n3,4,5\n"), "a.csv: line 2: found 3 fields, expected 2 as in the first line");
        assert_eq!(message(b"x,y\n\n1\n"), "a.csv: line 3: found 1 fields, expected 2 as in the first line");
        assert_eq!(
            message(b"1,2\n3,four\n"),
            "a.csv: line 2, field 2: found `four`, expected a number (between commas)"
        );
        assert!(message(b"gene,1\ng1,2\n").contains("line 1, field 1: found `gene`"));
        assert!(
            message(b"1;2\n3,5;4\n").contains("line 2, field 1: found `3,5`, expected a number (with a decimal point")
        );
        assert!(message(b"1,\n").contains("line 1, field 2: found nothing"));
    }

    #[test]
    fn text_that_is_not_utf8_is_named() {
        assert!(message(b"1,2\n3,\xff\xfe\n").contains("line 2, field 2: found bytes that are not UTF-8 ([ff, fe]"));
        assert!(message(b"\x89PNG\r\n\x1a\n").contains("line 1, field 1: found bytes that are not UTF-8"));
    }

    #[test]
    fn nothing_is_an_empty_table_and_bad_entries_reach_the_check() {
        for text in ["", "\n\n", "a,b\n"] {
            let mut stored = read(text.as_bytes()).unwrap();
            assert!(matches!(stored.check("a.csv"), Err(DataError::Empty { rows: 0, .. })), "{text:?}");
        }
        let mut bad = read(b"1,2\n3,NaN\n").unwrap();
        assert!(bad.check("a.csv").unwrap_err().to_string().contains("row 1, column 1"));
        let mut bad = read(b"1,-2\n3,4\n").unwrap();
        assert!(bad.check("a.csv").unwrap_err().to_string().contains("row 0, column 1 (counted from 0): found -2"));
        let mut bad = read(b"1,2\n3,1e999\n").unwrap();
        assert!(bad.check("a.csv").unwrap_err().to_string().contains("found inf"));
    }

    #[test]
    fn gzipped_files_and_damaged_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv.gz");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"1,2\n3,4\n").unwrap();
        let bytes = encoder.finish().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read_file(&path).unwrap().values, [1.0, 2.0, 3.0, 4.0]);
        std::fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
        assert!(matches!(read_file(&path), Err(DataError::Malformed { .. })));
        std::fs::write(&path, b"1,2\n").unwrap();
        assert!(matches!(read_file(&path), Err(DataError::Malformed { .. })));
    }

    #[test]
    fn an_endless_line_is_refused() {
        let error = read_text(std::io::repeat(b'1'), "a.csv").unwrap_err();
        assert!(error.to_string().starts_with("a.csv: line 1: found a size of 268435456 bytes or more"), "{error}");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn numbers_survive(rows in prop::collection::vec(prop::collection::vec(0.0..1e300_f64, 3), 1..9)) {
            let text: Vec<String> =
                rows.iter().map(|row| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",")).collect();
            let stored = read(text.join("\n").as_bytes()).unwrap();
            prop_assert_eq!(stored.values, rows.concat());
        }
    }
}
