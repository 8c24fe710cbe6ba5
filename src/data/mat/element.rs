//! The building blocks of a level 5 file: tagged elements, and numbers of several types inside them.

use crate::data::error::DataError;

/// A matrix with its flags, dimensions, name and values.
pub(super) const MATRIX: u32 = 14;
/// One element, deflated.
pub(super) const COMPRESSED: u32 = 15;

/// A tag and what it announces.
#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) kind: u32,
    pub(super) body: &'a [u8],
    /// Byte of the tag.
    pub(super) at: usize,
}

/// Walks over elements that follow one another.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) big_endian: bool,
    pub(super) origin: &'a str,
}

impl<'a> Reader<'a> {
    /// The next element, or nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, DataError> {
        let at = self.at;
        let rest = &self.bytes[at.min(self.bytes.len())..];
        if rest.is_empty() {
            return Ok(None);
        }
        let Some((tag, after)) = rest.split_at_checked(8) else {
            return Err(self.error(at, format!("{} bytes", rest.len()), "an element's tag of 8 bytes"));
        };
        let word = self.word(&tag[..4]);
        // A small element keeps its length in the upper half of the type and up to 4 bytes inside the tag.
        if word >> 16 != 0 {
            let length = (word >> 16) as usize;
            if length > 4 {
                return Err(self.error(at, format!("a small element of {length} bytes"), "at most 4"));
            }
            self.at = at + 8;
            return Ok(Some(Element { kind: word & 0xffff, body: &tag[4..4 + length], at }));
        }
        let length = self.word(&tag[4..]) as usize;
        let Some(body) = after.get(..length) else {
            return Err(self.error(at, format!("{} bytes", after.len()), &format!("{length} bytes of an element")));
        };
        // All but deflated elements are padded to a multiple of 8; the last padding may be missing.
        let padded = if word == COMPRESSED { length } else { length.next_multiple_of(8) };
        self.at = at + 8 + padded;
        Ok(Some(Element { kind: word, body, at }))
    }

    /// The next element, which must be of a kind.
    pub(super) fn part(&mut self, part: &str) -> Result<Element<'a>, DataError> {
        let at = self.at;
        self.next()?.ok_or_else(|| self.error(at, "the end".into(), part))
    }

    pub(super) fn word(&self, bytes: &[u8]) -> u32 {
        let word = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if self.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
    }

    pub(super) fn error(&self, at: usize, found: String, expected: &str) -> DataError {
        DataError::malformed(self.origin, format!("byte {at}"), found, expected)
    }
}

/// Bytes of one number of the storage type, if it is a type of numbers.
pub(super) fn width(kind: u32) -> Option<usize> {
    match kind {
        1 | 2 => Some(1),
        3 | 4 => Some(2),
        5..=7 => Some(4),
        9 | 12 | 13 => Some(8),
        _ => None,
    }
}

/// The numbers of an element; nothing when it does not hold numbers or not a whole count of them.
#[expect(clippy::cast_precision_loss, reason = "f64 is the type of all data; integers beyond 2^53 are rounded")]
pub(super) fn numbers(element: &Element<'_>, big_endian: bool) -> Option<Vec<f64>> {
    let bytes = element.body;
    if !bytes.len().is_multiple_of(width(element.kind)?) {
        return None;
    }
    macro_rules! decode {
        ($number:ty) => {
            bytes
                .chunks_exact(size_of::<$number>())
                .map(|chunk| {
                    let mut word = [0; size_of::<$number>()];
                    word.copy_from_slice(chunk);
                    (if big_endian { <$number>::from_be_bytes(word) } else { <$number>::from_le_bytes(word) }) as f64
                })
                .collect()
        };
    }
    Some(match element.kind {
        1 => decode!(i8),
        2 => bytes.iter().map(|&byte| f64::from(byte)).collect(),
        3 => decode!(i16),
        4 => decode!(u16),
        5 => decode!(i32),
        6 => decode!(u32),
        7 => decode!(f32),
        9 => decode!(f64),
        12 => decode!(i64),
        _ => decode!(u64),
    })
}
