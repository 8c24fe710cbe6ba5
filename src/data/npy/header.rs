//! The header of an `.npy` file: a Python dictionary of three keys.
//!
//! It is parsed here because a general parser of Python literals recurses into brackets and multiplies the claimed
//! shape before anything can be checked against the length of the file.

use crate::data::error::DataError;
use std::io::{self, Read};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// A header of three keys never needs more; NumPy itself pads to 64.
const MAX_HEADER: usize = 1 << 16;

/// The element types read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Kind {
    fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "b1" => Self::Bool,
            "u1" => Self::U8,
            "i1" => Self::I8,
            "u2" => Self::U16,
            "i2" => Self::I16,
            "u4" => Self::U32,
            "i4" => Self::I32,
            "u8" => Self::U64,
            "i8" => Self::I64,
            "f4" => Self::F32,
            "f8" => Self::F64,
            _ => return None,
        })
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    pub(super) shape: Vec<u64>,
}

/// The header and the bytes it takes, magic included.
pub(super) fn read_header(reader: &mut dyn Read, origin: &str) -> Result<(u64, Header), DataError> {
    let short = |part: &'static str| {
        move |error: io::Error| DataError::malformed(origin, part, error.to_string(), "a whole .npy header")
    };
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(short("magic"))?;
    if &start[..6] != MAGIC {
        let found = format!("bytes {:02x?}", &start[..6]);
        return Err(DataError::malformed(origin, "magic", found, "\\x93NUMPY (an .npy file)"));
    }
    let (prefix, length) = match start[6] {
        1 => {
            let mut bytes = [0; 2];
            reader.read_exact(&mut bytes).map_err(short("header length"))?;
            (10, usize::from(u16::from_le_bytes(bytes)))
        }
        2 | 3 => {
            let mut bytes = [0; 4];
            reader.read_exact(&mut bytes).map_err(short("header length"))?;
            (12, u32::from_le_bytes(bytes) as usize)
        }
        other => {
            return Err(DataError::malformed(origin, "version", format!("{other}.{}", start[7]), "1.0, 2.0 or 3.0"));
        }
    };
    if length > MAX_HEADER {
        let expected = format!("at most {MAX_HEADER} bytes");
        return Err(DataError::malformed(origin, "header length", format!("{length} bytes"), expected));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(short("header"))?;
    let text = String::from_utf8_lossy(&text);
    let header =
        parse_header(&text).map_err(|(found, expected)| DataError::malformed(origin, "header", found, expected))?;
    Ok((prefix + length as u64, header))
}

type Mismatch = (String, String);

/// `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }` in any order of its keys.
fn parse_header(text: &str) -> Result<Header, Mismatch> {
    let mut cursor = Cursor { rest: text };
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    cursor.expect('{')?;
    while !cursor.eat('}') {
        let key = cursor.quoted()?;
        cursor.expect(':')?;
        match key {
            "descr" => descr = Some(cursor.descr()?),
            "fortran_order" => fortran = Some(cursor.boolean()?),
            "shape" => shape = Some(cursor.shape()?),
            other => return Err((format!("key `{other}`"), "descr, fortran_order and shape".into())),
        }
        if !cursor.eat(',') {
            cursor.expect('}')?;
            break;
        }
    }
    let missing = |key: &str| (format!("no `{key}`"), "descr, fortran_order and shape".to_owned());
    let descr = descr.ok_or_else(|| missing("descr"))?;
    let (big_endian, code) = match descr.split_at_checked(1) {
        Some(("<" | "|", code)) => (false, code),
        Some((">", code)) => (true, code),
        Some(("=", code)) => (cfg!(target_endian = "big"), code),
        _ => (false, descr),
    };
    let kind = Kind::parse(code).ok_or_else(|| {
        let note = if code.starts_with('O') { " (pickled Python objects)" } else { "" };
        (format!("dtype '{descr}'{note}"), "bool, an integer of 8 to 64 bits, f4 or f8".to_owned())
    })?;
    let fortran = fortran.ok_or_else(|| missing("fortran_order"))?;
    Ok(Header { kind, big_endian, fortran, shape: shape.ok_or_else(|| missing("shape"))? })
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn eat(&mut self, symbol: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, symbol: char) -> Result<(), Mismatch> {
        if self.eat(symbol) { Ok(()) } else { Err(self.mismatch(&format!("`{symbol}`"))) }
    }

    fn mismatch(&self, expected: &str) -> Mismatch {
        let start: String = self.rest.chars().take(24).collect();
        (format!("`{start}`"), expected.to_owned())
    }

    fn quoted(&mut self) -> Result<&'a str, Mismatch> {
        for quote in ['\'', '"'] {
            if self.eat(quote) {
                let (inside, rest) = self.rest.split_once(quote).ok_or_else(|| self.mismatch("a closing quote"))?;
                self.rest = rest;
                return Ok(inside);
            }
        }
        Err(self.mismatch("a quoted name"))
    }

    fn descr(&mut self) -> Result<&'a str, Mismatch> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(['[', '(']) {
            return Err(("a structured dtype".into(), "one plain number per entry".into()));
        }
        self.quoted()
    }

    fn boolean(&mut self) -> Result<bool, Mismatch> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.mismatch("True or False"))
    }

    fn shape(&mut self) -> Result<Vec<u64>, Mismatch> {
        self.expect('(')?;
        let mut shape = Vec::new();
        while !self.eat(')') {
            self.rest = self.rest.trim_start();
            let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = self.rest.split_at(digits);
            let number = number.parse().map_err(|_| self.mismatch("a dimension that fits 64 bits"))?;
            shape.push(number);
            // Python 2 wrote its long integers as `3L`.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if !self.eat(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }
}

/// The header, magic included, padded so that the values start on a multiple of 64. `shape` is a Python tuple.
pub(super) fn header_text(descr: &str, fortran: bool, shape: &str) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    let total = (10 + text.len() + 1).next_multiple_of(64);
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[1, 0]);
    let length = u16::try_from(total - 10).expect("two numbers of 20 digits keep the header below 64 KiB");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(total - 1, b' ');
    bytes.push(b'\n');
    bytes
}
