//! Pictures in a `.zip`, `.tar` or `.tar.gz`, read without unpacking anything to disk.

use super::{Picture, decode, is_picture, natural, stack};
use crate::data::error::DataError;
use crate::data::table::{MAX_VALUES, Stored};
use flate2::read::MultiGzDecoder;
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Reads all pictures of an archive in natural order of their paths; other members are ignored.
pub(crate) fn read_archive(path: &Path) -> Result<Stored, DataError> {
    let origin = path.display().to_string();
    let zip = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
    let mut pictures = Pictures { origin: &origin, found: Vec::new(), bytes: 0 };
    if zip {
        pictures.zip(path)?
    } else {
        pictures.tar(path)?
    }
    pictures.found.sort_by(|a, b| by_path(&a.0, &b.0));
    let count = pictures.found.len();
    stack(pictures.found.into_iter().map(Ok), count, &origin)
}

struct Pictures<'a> {
    origin: &'a str,
    found: Vec<(String, Picture)>,
    /// Unpacked so far.
    bytes: u64,
}

impl Pictures<'_> {
    fn zip(&mut self, path: &Path) -> Result<(), DataError> {
        let file = File::open(path).map_err(DataError::io("open", path))?;
        let origin = self.origin;
        let broken = |error: zip::result::ZipError| {
            DataError::malformed(origin, "archive", error.to_string(), "a zip file of pictures")
        };
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(broken)?;
        for index in 0..archive.len() {
            let member = archive.by_index(index).map_err(broken)?;
            if member.is_file() {
                let name = String::from_utf8_lossy(member.name_raw()).into_owned();
                self.add(&name, member)?;
            }
        }
        Ok(())
    }

    fn tar(&mut self, path: &Path) -> Result<(), DataError> {
        let file = BufReader::new(File::open(path).map_err(DataError::io("open", path))?);
        let plain = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("tar"));
        let bytes: Box<dyn Read> = if plain { Box::new(file) } else { Box::new(MultiGzDecoder::new(file)) };
        let origin = self.origin;
        let broken =
            |error: io::Error| DataError::malformed(origin, "archive", error.to_string(), "a tar file of pictures");
        let mut archive = tar::Archive::new(bytes);
        for member in archive.entries().map_err(broken)? {
            let member = member.map_err(broken)?;
            if member.header().entry_type().is_file() {
                let name = member.path().map_err(broken)?.display().to_string();
                self.add(&name, member)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, member: impl Read) -> Result<(), DataError> {
        let origin = format!("{}: {name}", self.origin);
        let file = name.rsplit('/').next().unwrap_or(name);
        let end = file.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
        // What macOS adds to archives begins with a dot too.
        if file.starts_with('.') || !is_picture(&end, &origin)? {
            return Ok(());
        }
        let limit = MAX_VALUES as u64 - self.bytes;
        let mut bytes = Vec::new();
        let read = member.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| DataError::malformed(&*origin, "bytes", error.to_string(), "a whole picture"))?;
        self.bytes += bytes.len() as u64;
        if bytes.len() as u64 > limit {
            let limit = format!("{MAX_VALUES} bytes of pictures");
            return Err(DataError::TooLarge { origin, found: "more".into(), limit });
        }
        self.found.push((origin.clone(), decode(&bytes, &origin)?));
        Ok(())
    }
}

/// Folder by folder, each name in natural order, as a folder on disk is read.
fn by_path(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.split('/'), b.split('/'));
    loop {
        match (x.next(), y.next()) {
            (Some(p), Some(q)) if p == q => {}
            (Some(p), Some(q)) => return natural(p, q),
            (p, q) => return p.is_some().cmp(&q.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    const MEMBERS: [(&str, &[u8]); 5] = [
        ("s10/1.pgm", b"P5 2 1 255 \x05\x06"),
        ("s2/10.pgm", b"P5 2 1 255 \x03\x04"),
        ("s2/9.pgm", b"P5 2 1 255 \x01\x02"),
        ("README", b"pictures"),
        ("s2/._9.pgm", b"rubbish"),
    ];

    #[test]
    fn zip_and_tar_give_what_the_folder_gives() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("a.zip");
        let mut writer = zip::ZipWriter::new(File::create(&zip).unwrap());
        let tar = folder.path().join("a.tar.gz");
        let gzip = flate2::write::GzEncoder::new(File::create(&tar).unwrap(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(gzip);
        for (name, bytes) in MEMBERS {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            builder.append_data(&mut header, name, bytes).unwrap();
        }
        writer.finish().unwrap();
        builder.into_inner().unwrap().finish().unwrap();
        for path in [zip, tar] {
            let stored = read_archive(&path).unwrap();
            assert_eq!((stored.rows, stored.columns), (2, 3), "{}", path.display());
            assert_eq!(stored.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        }
        let broken = folder.path().join("b.zip");
        std::fs::write(&broken, b"no archive").unwrap();
        assert!(read_archive(&broken).unwrap_err().to_string().contains("expected a zip file of pictures"));
        let broken = folder.path().join("b.tar");
        std::fs::write(&broken, [7; 600]).unwrap();
        assert!(read_archive(&broken).unwrap_err().to_string().contains("expected a tar file of pictures"));
    }
}
