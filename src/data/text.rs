//! Files of text, line by line, perhaps gzipped, and bounded.

use super::error::DataError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// More text than this is refused, however well it was packed.
pub(crate) const MAX_TEXT: u64 = 1 << 34;
/// So is a longer line: it would have to be held at once.
pub(crate) const MAX_LINE: u64 = 1 << 28;

/// The lines of a text, counted from 1.
pub(crate) struct Lines<R> {
    text: BufReader<std::io::Take<R>>,
    line: Vec<u8>,
    number: u64,
    origin: String,
}

impl Lines<Box<dyn Read>> {
    /// The lines of a file; one whose name ends in `.gz` is unpacked.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(DataError::io("open", path))?;
        let gzip = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
        let text: Box<dyn Read> =
            if gzip { Box::new(MultiGzDecoder::new(BufReader::new(file))) } else { Box::new(file) };
        Ok(Lines::new(text, &path.display().to_string()))
    }
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(text: R, origin: &str) -> Self {
        let text = BufReader::with_capacity(1 << 16, text.take(MAX_TEXT));
        Lines { text, line: Vec::new(), number: 0, origin: origin.to_owned() }
    }

    /// Goes on to the next line; false at the end.
    pub(crate) fn next(&mut self) -> Result<bool, DataError> {
        self.line.clear();
        self.number += 1;
        let read = self.text.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| self.error(error.to_string(), "text"))?;
        if read as u64 == MAX_LINE || (read > 0 && self.text.get_ref().limit() == 0) {
            let origin = format!("{}: line {}", self.origin, self.number);
            let limit = format!("{MAX_LINE} bytes in a line and {MAX_TEXT} in a text");
            return Err(DataError::TooLarge { origin, found: format!("{read} bytes or more"), limit });
        }
        while self.line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.pop();
        }
        Ok(read > 0)
    }

    /// The present line without its end; empty at the end of the text.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What is wrong with the present line.
    pub(crate) fn error(&self, found: impl Into<String>, expected: impl Into<String>) -> DataError {
        DataError::malformed(&*self.origin, format!("line {}", self.number), found, expected)
    }
}

/// All bytes of a file; one whose name ends in `.gz` is unpacked.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = File::open(path).map_err(DataError::io("open", path))?;
    let mut bytes = Vec::new();
    let read = if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz")) {
        MultiGzDecoder::new(BufReader::new(file)).take(MAX_TEXT).read_to_end(&mut bytes)
    } else {
        file.take(MAX_TEXT).read_to_end(&mut bytes)
    };
    read.map_err(DataError::io("read", path))?;
    if bytes.len() as u64 == MAX_TEXT {
        let (origin, limit) = (path.display().to_string(), format!("{MAX_TEXT} bytes"));
        return Err(DataError::TooLarge { origin, found: format!("{MAX_TEXT} bytes or more"), limit });
    }
    Ok(bytes)
}

/// Bytes for a message: the start of a text, or the first bytes of something else.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok("") => "nothing".to_owned(),
        Ok(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
        Err(error) => {
            let at = error.valid_up_to();
            let bytes = &bytes[at..bytes.len().min(at + 4)];
            format!("bytes that are not UTF-8 ({bytes:02x?} after {at} others)")
        }
    }
}
