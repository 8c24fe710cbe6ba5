//! `.npy`, NumPy's file of one array (format 1.0 to 3.0): read with every size checked before it is believed, written
//! in Fortran order.
mod header;

use super::error::DataError;
use super::table::{MAX_VALUES, Order, Stored, Table, checked_count, transposed};
use super::text::read_bytes;
use crate::results::record::ImageShape;
use header::{Header, Kind, header_text, read_header};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Writes the column-major `m×n` matrix as little-endian `f64` in Fortran order; the values start on a multiple of 64
/// bytes, so the file may be memory-mapped.
///
/// # Errors
/// [`DataError::Io`] when the file cannot be written.
///
/// # Panics
/// When `values` does not hold m·n values.
pub fn write_npy(path: &Path, m: usize, n: usize, values: &[f64]) -> Result<(), DataError> {
    let file = File::create(path).map_err(DataError::io("write", path))?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write_array(&mut out, m, n, values).and_then(|()| out.flush()).map_err(DataError::io("write", path))
}

/// Reads a two-dimensional array of real numbers as a column-major table, whatever its type and order; values are not
/// checked, so NaN and negative numbers come back to the same bits.
///
/// # Errors
/// [`DataError::Io`], [`DataError::Malformed`] or [`DataError::TooLarge`].
pub fn read_npy(path: &Path) -> Result<Table, DataError> {
    let stored = read_file(path)?;
    match stored.image {
        None => Ok(stored.into_table(false)),
        Some(_) => Err(dimensions_error(&path.display().to_string(), 3)),
    }
}

/// One array of two dimensions, or of three as pictures (count×height×width), each of which becomes a column.
pub(crate) fn read_file(path: &Path) -> Result<Stored, DataError> {
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz")) {
        let bytes = read_bytes(path)?;
        return read_array(&mut bytes.as_slice(), bytes.len() as u64, true, &path.display().to_string());
    }
    let file = File::open(path).map_err(DataError::io("open", path))?;
    let length = file.metadata().map_err(DataError::io("read", path))?.len();
    read_array(&mut BufReader::new(file), length, true, &path.display().to_string())
}

/// Reads an array that should fill `length` bytes; `trusted` says that these bytes are known to exist, so that memory
/// for all of them may be reserved at once.
pub(crate) fn read_array(reader: &mut dyn Read, length: u64, trusted: bool, origin: &str) -> Result<Stored, DataError> {
    let (header_length, header) = read_header(reader, origin)?;
    let count = checked_count(origin, &header.shape)?;
    let expected = header_length + count as u64 * header.kind.bytes() as u64;
    if length != expected {
        let expected = format!("{expected} bytes ({} of type {})", shape_text(&header.shape), header.kind.name());
        return Err(DataError::malformed(origin, "length", format!("{length} bytes"), expected));
    }
    let values = read_values(reader, &header, count, trusted)
        .map_err(|error| DataError::malformed(origin, "values", error.to_string(), format!("{count} values")))?;
    arrange(values, &header, origin)
}

/// Reads a vector that should fill `length` bytes, numbers of any type.
pub(crate) fn read_vector(reader: &mut dyn Read, length: u64, origin: &str) -> Result<Vec<f64>, DataError> {
    let (header_length, header) = read_header(reader, origin)?;
    let &[count] = header.shape.as_slice() else {
        return Err(DataError::malformed(origin, "shape", format!("{} dimensions", header.shape.len()), "1"));
    };
    let count = checked_count(origin, &[count])?;
    let expected = header_length + count as u64 * header.kind.bytes() as u64;
    if length != expected {
        let expected = format!("{expected} bytes ({count} of type {})", header.kind.name());
        return Err(DataError::malformed(origin, "length", format!("{length} bytes"), expected));
    }
    read_values(reader, &header, count, false)
        .map_err(|error| DataError::malformed(origin, "values", error.to_string(), format!("{count} values")))
}

/// How many dimensions the array has that begins here.
pub(crate) fn dimensions(reader: &mut dyn Read, origin: &str) -> Result<usize, DataError> {
    read_header(reader, origin).map(|(_, header)| header.shape.len())
}

/// Reads an array of one short word, of bytes or of Unicode, in Latin letters.
pub(crate) fn read_word(reader: &mut dyn Read, origin: &str) -> Result<String, DataError> {
    let mut bytes = Vec::new();
    let read = reader.take(1 << 10).read_to_end(&mut bytes);
    read.map_err(|error| DataError::malformed(origin, "word", error.to_string(), "a short word"))?;
    let start = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let letters = bytes[start..].iter().filter(|byte| **byte != 0);
    Ok(letters.map(|byte| char::from(*byte)).collect())
}

fn arrange(values: Vec<f64>, header: &Header, origin: &str) -> Result<Stored, DataError> {
    // `checked_count` has bounded every dimension beside a nonzero one; a lone huge one beside a zero fits usize too.
    let shape: Vec<usize> = header.shape.iter().map(|&d| usize::try_from(d).unwrap_or(usize::MAX)).collect();
    match *shape {
        [rows, columns] => {
            let order = if header.fortran { Order::ColumnMajor } else { Order::RowMajor };
            Ok(Stored::new(rows, columns, order, values))
        }
        [count, height, width] => {
            let values = if header.fortran { pictures_first(&values, count, height, width) } else { values };
            let mut stored = Stored::new(height * width, count, Order::ColumnMajor, values);
            stored.image = Some(ImageShape { height, width });
            Ok(stored)
        }
        _ => Err(dimensions_error(origin, shape.len())),
    }
}

/// Fortran-ordered count×height×width to picture after picture, each row by row.
fn pictures_first(values: &[f64], count: usize, height: usize, width: usize) -> Vec<f64> {
    let by_picture = transposed(values, count, height * width);
    by_picture.chunks(usize::max(1, height * width)).flat_map(|pixels| transposed(pixels, height, width)).collect()
}

fn dimensions_error(origin: &str, found: usize) -> DataError {
    let expected = "2 (a matrix), or 3 where pictures (count×height×width) are asked for";
    DataError::malformed(origin, "shape", format!("{found} dimensions"), expected)
}

fn shape_text(shape: &[u64]) -> String {
    shape.iter().map(u64::to_string).collect::<Vec<_>>().join("×")
}

fn read_values(reader: &mut dyn Read, header: &Header, count: usize, trusted: bool) -> io::Result<Vec<f64>> {
    let width = header.kind.bytes();
    let mut values = Vec::with_capacity(if trusted { count } else { count.min(1 << 16) });
    let mut buffer = vec![0; (1 << 16).min(count * width)];
    while values.len() < count {
        let bytes = buffer.len().min((count - values.len()) * width);
        reader.read_exact(&mut buffer[..bytes])?;
        decode(&buffer[..bytes], header.kind, header.big_endian, &mut values);
    }
    Ok(values)
}

#[expect(clippy::cast_precision_loss, reason = "f64 is the type of all data; integers beyond 2^53 are rounded")]
fn decode(bytes: &[u8], kind: Kind, big_endian: bool, out: &mut Vec<f64>) {
    macro_rules! numbers {
        ($number:ty) => {
            out.extend(bytes.chunks_exact(size_of::<$number>()).map(|chunk| {
                let mut word = [0; size_of::<$number>()];
                word.copy_from_slice(chunk);
                (if big_endian { <$number>::from_be_bytes(word) } else { <$number>::from_le_bytes(word) }) as f64
            }))
        };
    }
    match kind {
        Kind::Bool => out.extend(bytes.iter().map(|&byte| f64::from(u8::from(byte != 0)))),
        Kind::U8 => out.extend(bytes.iter().map(|&byte| f64::from(byte))),
        Kind::I8 => numbers!(i8),
        Kind::U16 => numbers!(u16),
        Kind::I16 => numbers!(i16),
        Kind::U32 => numbers!(u32),
        Kind::I32 => numbers!(i32),
        Kind::U64 => numbers!(u64),
        Kind::I64 => numbers!(i64),
        Kind::F32 => numbers!(f32),
        Kind::F64 => numbers!(f64),
    }
}

/// Bytes that [`write_array`] writes.
pub(crate) fn array_bytes(m: usize, n: usize) -> usize {
    matrix_header(m, n).len() + 8 * m * n
}

/// Writes the column-major `m×n` matrix as an `.npy` stream.
pub(crate) fn write_array(out: &mut dyn Write, m: usize, n: usize, values: &[f64]) -> io::Result<()> {
    assert_eq!(m * n, values.len(), "an m×n matrix holds m·n values");
    debug_assert!(values.len() <= MAX_VALUES);
    out.write_all(&matrix_header(m, n))?;
    write_numbers(out, values, |value| value.to_le_bytes())
}

fn matrix_header(m: usize, n: usize) -> Vec<u8> {
    header_text("<f8", true, &format!("({m}, {n})"))
}

/// Writes a vector of numbers of the NumPy type `descr`.
pub(crate) fn write_vector<T, const N: usize>(
    out: &mut dyn Write,
    descr: &str,
    numbers: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) -> io::Result<()> {
    out.write_all(&header_text(descr, false, &format!("({},)", numbers.len())))?;
    write_numbers(out, numbers, bytes)
}

/// Writes a word as an array without dimensions.
pub(crate) fn write_word(out: &mut dyn Write, word: &str) -> io::Result<()> {
    out.write_all(&header_text(&format!("|S{}", word.len()), false, "()"))?;
    out.write_all(word.as_bytes())
}

fn write_numbers<T, const N: usize>(
    out: &mut dyn Write,
    numbers: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(1 << 16);
    for chunk in numbers.chunks(1 << 13) {
        buffer.clear();
        buffer.extend(chunk.iter().flat_map(&bytes));
        out.write_all(&buffer)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
