//! IDX, the files of MNIST: a magic number with type and dimensions, big-endian sizes and values, perhaps gzipped.

use super::error::DataError;
use super::table::{Order, Stored, checked_count};
use super::text::read_bytes;
use crate::results::record::ImageShape;
use std::path::Path;

/// Three dimensions are pictures (count×height×width), each a column; two are a table.
pub(crate) fn read_file(path: &Path) -> Result<Stored, DataError> {
    let origin = path.display().to_string();
    let (shape, values) = parse(&read_bytes(path)?, &origin)?;
    match *shape {
        [rows, columns] => Ok(Stored::new(rows, columns, Order::RowMajor, values)),
        [count, height, width] => {
            let mut stored = Stored::new(height * width, count, Order::ColumnMajor, values);
            stored.image = Some(ImageShape { height, width });
            Ok(stored)
        }
        _ => Err(DataError::malformed(origin, "byte 3", format!("{} dimensions", shape.len()), "2 or 3")),
    }
}

/// The numbers of a file of one dimension.
pub(crate) fn read_vector(path: &Path) -> Result<Vec<f64>, DataError> {
    let origin = path.display().to_string();
    match parse(&read_bytes(path)?, &origin)? {
        (shape, values) if shape.len() == 1 => Ok(values),
        (shape, _) => Err(DataError::malformed(origin, "byte 3", format!("{} dimensions", shape.len()), "1 (labels)")),
    }
}

fn parse(bytes: &[u8], origin: &str) -> Result<(Vec<usize>, Vec<f64>), DataError> {
    let wrong =
        |position: &str, found: String, expected: &str| Err(DataError::malformed(origin, position, found, expected));
    let Some((&[0, 0, kind, dimensions], rest)) = bytes.split_first_chunk::<4>() else {
        let start = &bytes[..bytes.len().min(4)];
        return wrong("byte 0", format!("bytes {start:02x?}"), "an IDX file, which begins with two zero bytes");
    };
    let width = match kind {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0c | 0x0d => 4,
        0x0e => 8,
        _ => return wrong("byte 2", format!("type {kind:#04x}"), "0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e"),
    };
    let Some((sizes, rest)) = rest.split_at_checked(4 * usize::from(dimensions)) else {
        return wrong("byte 4", format!("{} bytes", rest.len()), "4 bytes for each dimension");
    };
    let shape: Vec<u64> =
        sizes.chunks_exact(4).map(|size| u64::from(u32::from_be_bytes([size[0], size[1], size[2], size[3]]))).collect();
    let count = checked_count(origin, &shape)?;
    if rest.len() != count * width {
        let expected = format!("{} ({count} values)", count * width);
        return wrong("length", format!("{} bytes of values", rest.len()), &expected);
    }
    macro_rules! numbers {
        ($number:ty) => {
            rest.chunks_exact(size_of::<$number>())
                .map(|chunk| f64::from(<$number>::from_be_bytes(chunk.try_into().expect("a whole chunk"))))
                .collect()
        };
    }
    let values = match kind {
        0x08 => numbers!(u8),
        0x09 => numbers!(i8),
        0x0b => numbers!(i16),
        0x0c => numbers!(i32),
        0x0d => numbers!(f32),
        _ => numbers!(f64),
    };
    Ok((shape.into_iter().map(|size| size as usize).collect(), values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pictures_tables_and_labels() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-idx3-ubyte");
        let head = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3];
        std::fs::write(&path, [&head[..], &[1, 2, 3, 4, 5, 255]].concat()).unwrap();
        let stored = read_file(&path).unwrap();
        assert_eq!((stored.rows, stored.columns, stored.image), (3, 2, Some(ImageShape { height: 1, width: 3 })));
        assert_eq!(stored.values, [1.0, 2.0, 3.0, 4.0, 5.0, 255.0]);
        std::fs::write(&path, [&[0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2][..], &[1, 0, 255, 255]].concat()).unwrap();
        assert_eq!(read_file(&path).unwrap().values, [256.0, -1.0]);
        std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 2, 7, 9]).unwrap();
        assert_eq!(read_vector(&path).unwrap(), [7.0, 9.0]);
        assert!(read_file(&path).unwrap_err().to_string().contains("found 1 dimensions, expected 2 or 3"));
    }

    #[test]
    fn what_is_wrong_is_named_by_byte() {
        let message = |bytes: &[u8]| parse(bytes, "a.idx").map(|_| ()).unwrap_err().to_string();
        assert!(message(b"PK\x03\x04").contains("byte 0: found bytes [50, 4b, 03, 04]"));
        assert!(message(&[0, 0, 7, 1]).contains("byte 2: found type 0x07"));
        assert!(message(&[0, 0, 8, 2, 0, 0]).contains("byte 4: found 2 bytes"));
        assert!(
            message(&[0, 0, 8, 1, 0, 0, 0, 2, 7]).contains("length: found 1 bytes of values, expected 2 (2 values)")
        );
        assert!(message(&[0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255]).contains("found a size of"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(tail in prop::collection::vec(any::<u8>(), 0..40), kind in 8_u8..15) {
            let _ = parse(&tail, "a");
            let _ = parse(&[&[0, 0, kind], &tail[..]].concat(), "a");
        }
    }
}
