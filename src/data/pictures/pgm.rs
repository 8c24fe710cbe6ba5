//! PGM, the plain grey picture format: P2 (text) and P5 (bytes), 8 and 16 bits.
//!
//! Read here and not by a general decoder so that a file that is too short or too long is refused with both lengths:
//! copies damaged by a transfer as text are in circulation, and they are longer than they should be.

use super::Picture;
use crate::data::error::DataError;
use crate::data::table::checked_count;

/// Decodes the bytes of one file; values keep their scale 0..=maxval.
pub(super) fn decode(bytes: &[u8], origin: &str) -> Result<Picture, DataError> {
    let binary = match bytes.get(..2) {
        Some(b"P5") => true,
        Some(b"P2") => false,
        _ => {
            let found = format!("bytes {:02x?}", &bytes[..bytes.len().min(2)]);
            return Err(DataError::malformed(origin, "magic", found, "P5 or P2 (a PGM picture)"));
        }
    };
    let mut words = Words { bytes, at: 2 };
    let width = words.size("width", origin)?;
    let height = words.size("height", origin)?;
    let white = words.number("maxval", origin)?;
    if !(1..=65535).contains(&white) {
        return Err(DataError::malformed(origin, "maxval", white.to_string(), "1 to 65535"));
    }
    let count = checked_count(origin, &[height, width])?;
    let values = if binary {
        // One blank ends the header; whatever follows is pixels.
        raster(&bytes[(words.at + 1).min(bytes.len())..], count, white, origin)?
    } else {
        // Every number takes a byte at least, so the length bounds the memory.
        let mut values = Vec::with_capacity(count.min(bytes.len()));
        for index in 0..count {
            values.push(level(words.number(&format!("pixel {index}"), origin)?, white, index, origin)?);
        }
        if let Some(extra) = words.word() {
            let found = format!("`{}` after them", String::from_utf8_lossy(&extra[..extra.len().min(16)]));
            return Err(DataError::malformed(origin, "length", found, format!("{count} pixels")));
        }
        values
    };
    let [height, width] = [height, width].map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    Ok(Picture { height, width, white: f64::from(white), values })
}

fn raster(pixels: &[u8], count: usize, white: u32, origin: &str) -> Result<Vec<f64>, DataError> {
    let wide = white > 255;
    let expected = if wide { 2 * count } else { count };
    if pixels.len() != expected {
        let expected = format!("{expected} ({count} pixels of {} bytes)", 1 + usize::from(wide));
        return Err(DataError::malformed(origin, "length", format!("{} bytes of pixels", pixels.len()), expected));
    }
    let level = |(index, value)| level(value, white, index, origin);
    if wide {
        let words = pixels.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
        words.enumerate().map(level).collect()
    } else {
        pixels.iter().map(|&byte| u32::from(byte)).enumerate().map(level).collect()
    }
}

fn level(value: u32, white: u32, index: usize, origin: &str) -> Result<f64, DataError> {
    if value <= white {
        return Ok(f64::from(value));
    }
    let expected = format!("at most the maxval {white}");
    Err(DataError::malformed(origin, format!("pixel {index}"), value.to_string(), expected))
}

/// Words between blanks; `#` begins a remark that ends with its line.
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    fn word(&mut self) -> Option<&'a [u8]> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if byte == b'#' {
                self.at += self.bytes[self.at..].iter().position(|&b| b == b'\n')?;
            } else if !byte.is_ascii_whitespace() {
                break;
            }
            self.at += 1;
        }
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| b.is_ascii_whitespace() || *b == b'#').unwrap_or(rest.len());
        self.at += length;
        Some(&rest[..length])
    }

    fn number(&mut self, part: &str, origin: &str) -> Result<u32, DataError> {
        let word = self.word();
        let parsed = word.and_then(|word| std::str::from_utf8(word).ok()).and_then(|word| word.parse().ok());
        parsed.ok_or_else(|| {
            let found = match word {
                Some(word) => format!("`{}`", String::from_utf8_lossy(&word[..word.len().min(16)])),
                None => "the end of the file".to_owned(),
            };
            DataError::malformed(origin, part, found, "a whole number")
        })
    }

    fn size(&mut self, part: &str, origin: &str) -> Result<u64, DataError> {
        match self.number(part, origin)? {
            0 => Err(DataError::malformed(origin, part, "0", "at least 1")),
            size => Ok(u64::from(size)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pgm(header: &str, pixels: &[u8]) -> Vec<u8> {
        [header.as_bytes(), pixels].concat()
    }

    fn message(bytes: &[u8]) -> String {
        decode(bytes, "a.pgm").map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn text_and_bytes_of_both_widths() {
        let picture = decode(&pgm("P5\n# a remark\n3 2\n255\n", &[1, 2, 3, 4, 10, 13]), "a").unwrap();
        assert_eq!((picture.height, picture.width), (2, 3));
        assert_eq!(picture.values, [1.0, 2.0, 3.0, 4.0, 10.0, 13.0]);
        let picture = decode(&pgm("P5 2 1 65535 ", &[1, 0, 255, 255]), "a").unwrap();
        assert_eq!(picture.values, [256.0, 65535.0]);
        let picture = decode(b"P2\n2 2 # size\n15\n0 1\n14 15\n", "a").unwrap();
        assert_eq!(picture.values, [0.0, 1.0, 14.0, 15.0]);
        let picture = decode(b"P2 1 1 1000 999", "a").unwrap();
        assert_eq!((picture.white, picture.values[0]), (1000.0, 999.0));
    }

    #[test]
    fn wrong_lengths_name_both_numbers() {
        let header = "P5\n92 112\n255\n";
        assert!(
            message(&pgm(header, &[0; 10303]))
                .contains("length: found 10303 bytes of pixels, expected 10304 (10304 pixels of 1 bytes)")
        );
        assert!(message(&pgm(header, &[0; 10310])).contains("found 10310 bytes of pixels, expected 10304"));
        assert!(message(b"P5 2 1 300 \x00\x01\x02").contains("found 3 bytes of pixels, expected 4 (2 pixels of 2"));
        assert!(message(b"P2 2 1 255 7").contains("pixel 1: found the end of the file"));
        assert!(message(b"P2 1 1 255 7 8").contains("length: found `8` after them, expected 1 pixels"));
    }

    #[test]
    fn other_damage_is_named() {
        assert!(message(b"").contains("magic: found bytes []"));
        assert!(message(b"P6 1 1 255 abc").contains("expected P5 or P2"));
        assert!(message(b"P5 1").contains("height: found the end of the file"));
        assert!(message(b"P5 0 1 255 ").contains("width: found 0, expected at least 1"));
        assert!(message(b"P5 1 1 70000 ab").contains("maxval: found 70000"));
        assert!(message(b"P5 x 1 255 a").contains("width: found `x`, expected a whole number"));
        assert!(message(b"P2 1 1 15 16").contains("pixel 0: found 16, expected at most the maxval 15"));
        assert!(message(b"P5 4294967295 4294967295 255 a").contains("found a size of 4294967295×4294967295"));
        assert!(message(b"P2 30000 30000 255 1").contains("pixel 1: found the end"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(head in "(P5|P2)?[ 0-9#\n]{0,20}", tail in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&pgm(&head, &tail), "a");
        }
    }
}
