//! MATLAB's level 5 `.mat` files: numeric, real, two-dimensional variables, dense or sparse, compressed or
//! not.

mod element;

use super::csc::{Csc, check_entries};
use super::error::DataError;
use super::table::{Content, MAX_INFLATION, MAX_VALUES, Order, SparseStored, Stored, checked_count};
use element::{COMPRESSED, Element, MATRIX, Reader, numbers, width};
use flate2::read::ZlibDecoder;
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// Bytes before the first element.
const HEADER: usize = 128;
/// The class of a sparse matrix.
const SPARSE: u8 = 5;

/// The named variable, or the only matrix.
pub(crate) fn read_file(path: &Path, key: Option<&str>) -> Result<Content, DataError> {
    let bytes = std::fs::read(path).map_err(DataError::io("read", path))?;
    read_bytes(&bytes, key, &path.display().to_string())
}

fn read_bytes(bytes: &[u8], key: Option<&str>, origin: &str) -> Result<Content, DataError> {
    let big_endian = check_header(bytes, origin)?;
    let mut reader = Reader { bytes, at: HEADER, big_endian, origin };
    let (mut described, mut matrices) = (Vec::new(), Vec::new());
    while let Some(element) = reader.next()? {
        let Some(body) = matrix_body(&element, big_endian, origin)? else { continue };
        let variable = Variable::parse(&body, big_endian, origin)?;
        if key == Some(variable.name.as_str()) {
            return variable.decode(origin);
        }
        described.push(format!("{} ({})", variable.name, variable.describe()));
        // Only a lone matrix is decoded without being asked for by name.
        if key.is_none() && variable.refusal().is_none() {
            let stored = if matrices.is_empty() { Some(variable.decode(origin)?) } else { None };
            matrices.push(stored);
        }
    }
    let listed = if described.is_empty() { "no variables".to_owned() } else { described.join(", ") };
    match (key, matrices.as_mut_slice()) {
        (Some(key), _) => Err(DataError::field(
            "key",
            format!("`{key}`, which {origin} does not have"),
            format!("a variable of the file: {listed}"),
        )),
        (None, [Some(_)]) => Ok(matrices.swap_remove(0).expect("the first matrix has been decoded")),
        (None, []) => Err(DataError::malformed(origin, "variables", listed, "a real matrix")),
        (None, _) => Err(DataError::field(
            "key",
            format!("nothing, but {origin} has several matrices"),
            format!("a variable of the file: {listed}"),
        )),
    }
}

/// Whether the file is big-endian.
fn check_header(bytes: &[u8], origin: &str) -> Result<bool, DataError> {
    let expected = "a level 5 MAT-file (MATLAB: save with '-v7' or '-v6')";
    if bytes.starts_with(b"MATLAB 7.3") || bytes.starts_with(b"\x89HDF") {
        return Err(DataError::malformed(origin, "header", "a level 7.3 file (HDF5)", expected));
    }
    let Some(mark) = bytes.get(126..HEADER) else {
        return Err(DataError::malformed(origin, "header", format!("{} bytes", bytes.len()), expected));
    };
    match mark {
        b"IM" => Ok(false),
        b"MI" => Ok(true),
        other => Err(DataError::malformed(origin, "byte 126", format!("bytes {other:02x?}"), expected)),
    }
}

/// The inside of a matrix element, inflated where it is deflated; nothing for other elements.
fn matrix_body<'a>(element: &Element<'a>, big_endian: bool, origin: &str) -> Result<Option<Cow<'a, [u8]>>, DataError> {
    match element.kind {
        MATRIX => return Ok(Some(Cow::Borrowed(element.body))),
        COMPRESSED => {}
        _ => return Ok(None),
    }
    let position = format!("byte {}", element.at);
    let fail = |found: String| DataError::malformed(origin, &*position, found, "a deflated matrix");
    let mut stream = ZlibDecoder::new(element.body);
    let mut tag = [0; 8];
    stream.read_exact(&mut tag).map_err(|error| fail(error.to_string()))?;
    let reader = Reader { bytes: &[], at: 0, big_endian, origin };
    if reader.word(&tag[..4]) != MATRIX {
        return Ok(None);
    }
    let length = u64::from(reader.word(&tag[4..]));
    let limit = (element.body.len() as u64).saturating_mul(MAX_INFLATION);
    if length > limit {
        return Err(DataError::TooLarge {
            origin: format!("{origin}: {position}"),
            found: format!("{} bytes packed, {length} bytes unpacked", element.body.len()),
            limit: format!("{limit} bytes ({MAX_INFLATION} times the packed size)"),
        });
    }
    let mut body = Vec::new();
    stream.take(length).read_to_end(&mut body).map_err(|error| fail(error.to_string()))?;
    if (body.len() as u64) < length {
        return Err(fail(format!("{} of {length} bytes", body.len())));
    }
    Ok(Some(Cow::Owned(body)))
}

/// A variable whose values have not been decoded yet.
struct Variable<'a> {
    name: String,
    class: u8,
    complex: bool,
    dimensions: Vec<u64>,
    reader: Reader<'a>,
}

impl<'a> Variable<'a> {
    fn parse(body: &'a [u8], big_endian: bool, origin: &'a str) -> Result<Self, DataError> {
        let mut reader = Reader { bytes: body, at: 0, big_endian, origin };
        let flags = reader.part("array flags")?;
        if flags.kind != 6 || flags.body.len() != 8 {
            return Err(DataError::malformed(origin, "array flags", format!("type {}", flags.kind), "8 bytes of u32"));
        }
        let word = reader.word(flags.body);
        let class = (word & 0xff) as u8;
        // An opaque object (a table, a string array) has no dimensions where others have them.
        if class > 15 {
            let name = format!("an object of class {class}");
            return Ok(Self { name, class, complex: false, dimensions: Vec::new(), reader });
        }
        let sizes = reader.part("dimensions")?;
        if sizes.kind != 5 || !sizes.body.len().is_multiple_of(4) {
            return Err(DataError::malformed(origin, "dimensions", format!("type {}", sizes.kind), "32-bit integers"));
        }
        let dimensions = sizes.body.chunks_exact(4).map(|word| u64::from(reader.word(word))).collect();
        let name = String::from_utf8_lossy(reader.part("a name")?.body).into_owned();
        Ok(Self { name, class, complex: word & 0x0800 != 0, dimensions, reader })
    }

    /// Why this is not a matrix that can be read.
    fn refusal(&self) -> Option<String> {
        let class = match self.class {
            1 => "a cell array",
            2 => "a structure",
            3 => "an object",
            4 => "text",
            5..=15 if self.complex => "complex",
            5..=15 if self.dimensions.len() == 2 => return None,
            5..=15 => return Some(format!("{} dimensions", self.dimensions.len())),
            _ => "an object",
        };
        Some(class.to_owned())
    }

    fn describe(&self) -> String {
        let sizes = self.dimensions.iter().map(u64::to_string).collect::<Vec<_>>().join("×");
        let sparse = if self.class == SPARSE { ", sparse" } else { "" };
        self.refusal().unwrap_or(sizes + sparse)
    }

    fn decode(mut self, origin: &str) -> Result<Content, DataError> {
        let origin = format!("{origin}: {}", self.name);
        if let Some(found) = self.refusal() {
            return Err(DataError::malformed(origin, "variable", found, "a real matrix"));
        }
        let sides = [self.dimensions[0], self.dimensions[1]].map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        if self.class == SPARSE {
            return self.decode_sparse(sides, &origin).map(Content::Sparse);
        }
        let count = checked_count(&origin, &self.dimensions)?;
        let values = self.numbers("values", |found| found == count, &format!("{count} numbers"), &origin)?;
        let [rows, columns] = sides.map(|side| side.min(MAX_VALUES));
        Ok(Stored::new(rows, columns, Order::ColumnMajor, values).into())
    }

    /// Rows of the entries, bounds of the columns, values; there may be room for more entries than there are.
    fn decode_sparse(&mut self, [rows, columns]: [usize; 2], origin: &str) -> Result<SparseStored, DataError> {
        let places = self.numbers("row indices", |_| true, "numbers", origin)?;
        let expected = format!("{} numbers", columns.saturating_add(1));
        let bounds = self.numbers("column bounds", |found| Some(found) == columns.checked_add(1), &expected, origin)?;
        let last = bounds.last().copied().unwrap_or_default();
        // Sizes are 32-bit numbers of the file, so a wrong one is caught by the comparison with the bounds.
        let count = last as usize;
        check_entries(count, origin)?;
        let enough = |found: usize| found >= count;
        let mut values = self.numbers("values", enough, &format!("{count} numbers or more"), origin)?;
        values.truncate(count);
        let mut places: Vec<u32> = places.into_iter().map(|place| place as u32).collect();
        places.truncate(count);
        let starts = bounds.into_iter().map(|bound| bound as usize).collect();
        let names = ["column bounds", "row indices"];
        let csc = Csc::from_lines((columns, rows), (starts, places, values), names, false, origin)?;
        Ok(SparseStored::new(rows, columns, csc))
    }

    /// The numbers of the next element, as many as they should be.
    fn numbers(
        &mut self,
        part: &str,
        enough: impl Fn(usize) -> bool,
        expected: &str,
        origin: &str,
    ) -> Result<Vec<f64>, DataError> {
        let element = self.reader.part(part)?;
        if let Some(values) = numbers(&element, self.reader.big_endian).filter(|values| enough(values.len())) {
            return Ok(values);
        }
        let found = match width(element.kind).map(|width| element.body.len() / width) {
            Some(numbers) => format!("{numbers} numbers in {} bytes", element.body.len()),
            None => format!("an element of type {}", element.kind),
        };
        Err(DataError::malformed(origin, part, found, expected))
    }
}

#[cfg(test)]
mod tests;
