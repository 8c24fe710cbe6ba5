//! `.npz`, NumPy's archive of named arrays: a zip file of `.npy` members, stored or deflated.

pub(crate) mod sparse;

use super::error::DataError;
use super::npy;
use super::table::{Content, MAX_INFLATION, Table};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Writes named column-major matrices `(name, rows, columns, values)`, deflated lightly; NumPy's `load` opens the file.
///
/// # Errors
/// [`DataError::Io`] when the file cannot be written.
///
/// # Panics
/// When a slice does not hold rows·columns values.
pub fn write_npz(path: &Path, matrices: &[(&str, usize, usize, &[f64])]) -> Result<(), DataError> {
    let write = || -> io::Result<()> {
        let mut archive = ZipWriter::new(BufWriter::new(File::create(path)?));
        for &(name, rows, columns, values) in matrices {
            // The time stamp is the format's first day: equal factors give equal files.
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(1))
                .last_modified_time(zip::DateTime::default())
                .large_file(npy::array_bytes(rows, columns) > (1 << 31));
            archive.start_file(format!("{name}.npy"), options)?;
            npy::write_array(&mut archive, rows, columns, values)?;
        }
        archive.finish()?.flush()
    };
    write().map_err(DataError::io("write", path))
}

/// Reads the member `name` (without its `.npy`) as a column-major table, values unchecked.
///
/// # Errors
/// [`DataError::Io`], [`DataError::Malformed`] (a member that is not there lists those that are) or
/// [`DataError::TooLarge`].
pub fn read_npz_member(path: &Path, name: &str) -> Result<Table, DataError> {
    match read_file(path, Some(name))? {
        Content::Dense(stored) if stored.image.is_none() => Ok(stored.into_table(false)),
        _ => Err(DataError::malformed(format!("{}: {name}", path.display()), "shape", "3 dimensions", "2")),
    }
}

/// The named member, or the only one; without a name also a sparse matrix as SciPy saves it.
pub(crate) fn read_file(path: &Path, key: Option<&str>) -> Result<Content, DataError> {
    let mut archive = Archive::open(path)?;
    if key.is_none() && sparse::is_sparse(&archive) {
        return sparse::read(&mut archive).map(Content::Sparse);
    }
    let index = archive.choose(key)?;
    let read = |reader: &mut dyn Read, length, origin: &str| npy::read_array(reader, length, false, origin);
    archive.read(index, read).map(Content::Dense)
}

/// The member of a name where it is a vector.
pub(crate) fn read_vector(path: &Path, name: &str) -> Result<Option<Vec<f64>>, DataError> {
    let mut archive = Archive::open(path)?;
    let index = archive.choose(Some(name))?;
    let one = archive.read(index, |reader, _, origin| {
        let dimensions = npy::dimensions(reader, origin);
        io::copy(reader, &mut io::sink())
            .map_err(|e| DataError::malformed(origin, "values", e.to_string(), "an array"))?;
        dimensions
    })?;
    if one == 1 { archive.read(index, npy::read_vector).map(Some) } else { Ok(None) }
}

/// An open archive.
struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// Bytes of the file.
    length: u64,
    origin: String,
    /// Of the members, without their `.npy`.
    names: Vec<String>,
}

impl Archive {
    fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(DataError::io("open", path))?;
        let length = file.metadata().map_err(DataError::io("read", path))?.len();
        let origin = path.display().to_string();
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&origin, &error))?;
        let names = zip
            .file_names_raw()
            .map(|name| String::from_utf8_lossy(name))
            .map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_owned())
            .collect();
        Ok(Self { zip, length, origin, names })
    }

    /// Reads a member with a function of its bytes, their number and what messages call it.
    fn read<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut dyn Read, u64, &str) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let length = self.length;
        let mut member = self.zip.by_index(index).map_err(|error| broken(&self.origin, &error))?;
        let (packed, unpacked) = (member.compressed_size(), member.size());
        let origin = format!("{}: {}", self.origin, String::from_utf8_lossy(member.name_raw()));
        if packed > length || unpacked > packed.saturating_mul(MAX_INFLATION).saturating_add(64) {
            return Err(DataError::TooLarge {
                origin,
                found: format!("{packed} bytes packed, {unpacked} bytes unpacked"),
                limit: format!("the file's {length} bytes packed and {MAX_INFLATION} times the packed size unpacked"),
            });
        }
        let stored = read(&mut member.by_ref().take(unpacked), unpacked, &origin)?;
        // Reading past the end makes the archive compare its checksum.
        match member.read(&mut [0]) {
            Ok(0) => Ok(stored),
            Ok(_) => Err(DataError::malformed(origin, "length", "more bytes", format!("{unpacked} bytes"))),
            Err(error) => Err(DataError::malformed(origin, "checksum", error.to_string(), "undamaged bytes")),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    fn choose(&self, key: Option<&str>) -> Result<usize, DataError> {
        let (origin, names) = (&*self.origin, &self.names);
        let listed = match names.as_slice() {
            [] => return Err(DataError::malformed(origin, "archive", "no members", "at least one .npy member")),
            names => names.join(", "),
        };
        match key {
            None if names.len() == 1 => Ok(0),
            None => Err(DataError::field(
                "key",
                format!("nothing, but {origin} has several members"),
                format!("one of: {listed}"),
            )),
            Some(key) => {
                let wanted = key.strip_suffix(".npy").unwrap_or(key);
                self.find(wanted).ok_or_else(|| {
                    DataError::field(
                        "key",
                        format!("`{key}`, which {origin} does not have"),
                        format!("one of: {listed}"),
                    )
                })
            }
        }
    }
}

fn broken(origin: &str, error: &ZipError) -> DataError {
    DataError::malformed(origin, "archive", error.to_string(), "a zip file (.npz)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::Stored;
    use proptest::prelude::*;

    fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8], key: Option<&str>) -> Result<Stored, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, bytes).unwrap();
        match read_file(&path, key)? {
            Content::Dense(stored) => Ok(stored),
            Content::Sparse(_) => panic!("no sparse matrix was written"),
        }
    }

    fn member(rows: usize, columns: usize, values: &[f64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        npy::write_array(&mut bytes, rows, columns, values).unwrap();
        bytes
    }

    #[test]
    fn written_members_come_back_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("factors.npz");
        let (w, h) = ([1.0, -0.0, f64::MIN_POSITIVE, 4.0, 5.5, 6.0], [0.1, 0.2]);
        write_npz(&path, &[("w", 3, 2, &w), ("h", 2, 1, &h)]).unwrap();
        let table = read_npz_member(&path, "w").unwrap();
        assert_eq!((table.rows, table.columns), (3, 2));
        assert!(table.values.iter().zip(&w).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(read_npz_member(&path, "h.npy").unwrap().values, h);
        let again = folder.path().join("again.npz");
        write_npz(&again, &[("w", 3, 2, &w), ("h", 2, 1, &h)]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap(), "equal factors, equal files");
    }

    #[test]
    fn the_only_member_needs_no_name_and_several_do() {
        let one = member(1, 1, &[7.0]);
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            assert_eq!(read(&archive(&[("x.npy", &one)], method), None).unwrap().values, [7.0]);
        }
        let two = archive(&[("x.npy", &one), ("y.npy", &one)], CompressionMethod::Stored);
        let error = read(&two, None).unwrap_err().to_string();
        assert!(error.starts_with("`key`: found nothing") && error.ends_with("expected one of: x, y"), "{error}");
        let error = read(&two, Some("z")).unwrap_err().to_string();
        assert!(error.starts_with("`key`: found `z`") && error.ends_with("expected one of: x, y"), "{error}");
    }

    #[test]
    fn broken_archives_are_named() {
        let error = read(b"not a zip file at all", None).unwrap_err().to_string();
        assert!(error.contains("archive: found") && error.contains("expected a zip file"), "{error}");
        let error = read(&archive(&[], CompressionMethod::Stored), None).unwrap_err().to_string();
        assert!(error.contains("no members"), "{error}");
        let error = read(&archive(&[("notes.txt", b"hello there")], CompressionMethod::Stored), None).unwrap_err();
        assert!(error.to_string().contains("notes.txt: magic: found bytes"), "{error}");
        let mut whole = archive(&[("x.npy", &member(2, 2, &[1.0; 4]))], CompressionMethod::Stored);
        // A flipped bit inside the values: the archive's checksum finds it.
        let at = whole.len() / 2;
        whole[at] ^= 1;
        let error = read(&whole, None).unwrap_err().to_string();
        assert!(error.contains("checksum"), "{error}");
    }

    #[test]
    fn a_member_that_claims_more_than_deflate_can_hold_is_refused() {
        let mut bytes = archive(&[("x.npy", &member(64, 64, &[0.0; 4096]))], CompressionMethod::Deflated);
        // The uncompressed size in the central directory, 24 bytes after its signature.
        let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
        assert!(matches!(read(&bytes, None), Err(DataError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn mutilated_archives_never_panic(at in 0_usize..400, byte: u8, cut in 0_usize..500) {
            let mut bytes = archive(&[("x.npy", &member(3, 2, &[1.0; 6]))], CompressionMethod::Deflated);
            let length = bytes.len();
            bytes[at % length] = byte;
            bytes.truncate(cut.max(length / 2));
            let _ = read(&bytes, None);
            let _ = read(&bytes[..cut.min(length)], Some("x"));
        }
    }
}
