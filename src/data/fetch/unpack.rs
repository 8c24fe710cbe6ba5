//! Archives to folders: nothing lands outside the folder, nothing but files and folders is made, nothing grows without end.

use crate::data::error::DataError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};

/// What an archive may become.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all files.
    pub bytes: u64,
    /// Files and folders.
    pub members: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 8 << 30, members: 1_000_000 }
    }
}

/// Unpacks a `.zip`, `.tar`, `.tar.gz` or `.tgz` into a folder, which is made; files that are there are replaced.
///
/// # Errors
/// [`DataError::Malformed`] for a member that would land elsewhere or is a link, [`DataError::TooLarge`] beyond the limits,
/// [`DataError::Io`]. Then the folder is as it was.
pub fn unpack(archive: &Path, folder: &Path, limits: Limits) -> Result<(), DataError> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(DataError::io("make", parent))?;
    let scratch = tempfile::Builder::new().prefix(".unpack-").tempdir_in(parent);
    let scratch = scratch.map_err(DataError::io("make", parent))?;
    let mut out = Out { folder: scratch.path(), origin: archive.display().to_string(), limits, bytes: 0, members: 0 };
    let name = archive.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let file = BufReader::new(File::open(archive).map_err(DataError::io("open", archive))?);
    if name.ends_with(".zip") {
        out.zip(file)?;
    } else if name.ends_with(".tar") {
        out.tar(file)?;
    } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        out.tar(MultiGzDecoder::new(file))?;
    } else {
        return Err(DataError::malformed(out.origin, "format", format!("`{name}`"), ".zip, .tar, .tar.gz or .tgz"));
    }
    std::fs::create_dir_all(folder).map_err(DataError::io("make", folder))?;
    move_into(scratch.path(), folder)
}

/// Moves everything inside one folder into another of the same disk.
fn move_into(from: &Path, to: &Path) -> Result<(), DataError> {
    for entry in std::fs::read_dir(from).map_err(DataError::io("list", from))? {
        let entry = entry.map_err(DataError::io("list", from))?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() && target.is_dir() {
            move_into(&entry.path(), &target)?;
        } else {
            std::fs::rename(entry.path(), &target).map_err(DataError::io("write", &target))?;
        }
    }
    Ok(())
}

struct Out<'a> {
    folder: &'a Path,
    origin: String,
    limits: Limits,
    bytes: u64,
    members: usize,
}

impl Out<'_> {
    fn zip(&mut self, file: BufReader<File>) -> Result<(), DataError> {
        let mut archive = zip::ZipArchive::new(file).map_err(|error| self.broken(&error))?;
        for index in 0..archive.len() {
            let member = archive.by_index(index).map_err(|error| self.broken(&error))?;
            let name = String::from_utf8_lossy(member.name_raw()).into_owned();
            let link = member.unix_mode().is_some_and(|mode| !matches!(mode & 0o170_000, 0 | 0o040_000 | 0o100_000));
            let kind = if member.is_dir() {
                Kind::Folder
            } else if link {
                Kind::Other
            } else {
                Kind::File
            };
            self.member(&name, kind, member)?;
        }
        Ok(())
    }

    fn tar(&mut self, bytes: impl Read) -> Result<(), DataError> {
        let mut archive = tar::Archive::new(bytes);
        let origin = self.origin.clone();
        let broken = |error: io::Error| DataError::malformed(&*origin, "archive", error.to_string(), "a whole archive");
        for member in archive.entries().map_err(broken)? {
            let member = member.map_err(broken)?;
            let kind = match member.header().entry_type() {
                kind if kind.is_dir() => Kind::Folder,
                kind if kind.is_file() => Kind::File,
                // Remarks about other members.
                kind if kind.is_pax_global_extensions() => continue,
                _ => Kind::Other,
            };
            let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
            self.member(&name, kind, member)?;
        }
        Ok(())
    }

    fn broken(&self, error: &dyn std::error::Error) -> DataError {
        DataError::malformed(&*self.origin, "archive", error.to_string(), "a whole archive")
    }

    fn member(&mut self, name: &str, kind: Kind, mut bytes: impl Read) -> Result<(), DataError> {
        self.members += 1;
        if self.members > self.limits.members {
            return Err(self.too_large(format!("more than {} files", self.limits.members), "as many".into()));
        }
        let path = self.path(name)?;
        match kind {
            Kind::Other => {
                let found = format!("`{name}`, a link or a device");
                Err(DataError::malformed(&*self.origin, "member", found, "files and folders only"))
            }
            Kind::Folder => std::fs::create_dir_all(&path).map_err(DataError::io("make", &path)),
            Kind::File => {
                let parent = path.parent().unwrap_or(self.folder);
                std::fs::create_dir_all(parent).map_err(DataError::io("make", parent))?;
                let mut file = File::create(&path).map_err(DataError::io("write", &path))?;
                let left = self.limits.bytes - self.bytes;
                let copied = io::copy(&mut bytes.by_ref().take(left + 1), &mut file);
                self.bytes += copied.map_err(|error| {
                    DataError::malformed(
                        &*self.origin,
                        format!("member `{name}`"),
                        error.to_string(),
                        "undamaged bytes",
                    )
                })?;
                if self.bytes > self.limits.bytes {
                    return Err(self.too_large("more".into(), format!("{} bytes unpacked", self.limits.bytes)));
                }
                file.flush().map_err(DataError::io("write", &path))
            }
        }
    }

    /// Where a member goes: below the folder, whatever its name says.
    fn path(&self, name: &str) -> Result<PathBuf, DataError> {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if inside && !name.contains(['\\', '\0', ':']) {
            return Ok(self.folder.join(name));
        }
        let expected = "a path inside the archive, of plain names";
        Err(DataError::malformed(&*self.origin, "member", format!("the path `{}`", name.escape_debug()), expected))
    }

    fn too_large(&self, found: String, limit: String) -> DataError {
        DataError::TooLarge { origin: self.origin.clone(), found, limit }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    File,
    Folder,
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use zip::write::SimpleFileOptions;

    fn zip(path: &Path, members: &[(&str, &[u8])]) {
        let mut writer = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
    }

    /// A member as hostile as its name, which the library would not write.
    fn tar(path: &Path, name: &str, kind: tar::EntryType, bytes: &[u8]) {
        let mut header = tar::Header::new_old();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        let mut builder = tar::Builder::new(File::create(path).unwrap());
        builder.append(&header, bytes).unwrap();
        builder.into_inner().unwrap();
    }

    #[test]
    fn files_land_in_the_folder_beside_what_is_there() {
        let root = tempfile::tempdir().unwrap();
        let (archive, folder) = (root.path().join("a.zip"), root.path().join("out"));
        fs::create_dir_all(folder.join("a")).unwrap();
        fs::write(folder.join("a/old"), b"old").unwrap();
        zip(&archive, &[("a/b.txt", b"one"), ("c.txt", b"two")]);
        unpack(&archive, &folder, Limits::default()).unwrap();
        assert_eq!(fs::read(folder.join("a/b.txt")).unwrap(), b"one");
        assert!(folder.join("a/old").exists() && folder.join("c.txt").exists());
        let archive = root.path().join("a.tar");
        tar(&archive, "d/e", tar::EntryType::Regular, b"three");
        unpack(&archive, &folder, Limits::default()).unwrap();
        assert_eq!(fs::read(folder.join("d/e")).unwrap(), b"three");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3, "no scratch folder stays");
    }

    #[test]
    fn nothing_leaves_the_folder_and_nothing_is_a_link() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("in/out");
        let refused = |archive: &Path| unpack(archive, &folder, Limits::default()).unwrap_err().to_string();
        for name in ["../evil", "/tmp/evil", "a/../../evil", "a\\..\\evil", "C:evil"] {
            let archive = root.path().join("a.zip");
            zip(&archive, &[("fine", b"x"), (name, b"x")]);
            assert!(refused(&archive).contains("expected a path inside the archive"), "{name}");
            let archive = root.path().join("a.tar");
            tar(&archive, name, tar::EntryType::Regular, b"x");
            assert!(refused(&archive).contains("expected a path inside the archive"), "{name}");
        }
        let archive = root.path().join("a.tar");
        for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char] {
            tar(&archive, "link", kind, b"");
            assert!(refused(&archive).contains("found `link`, a link or a device"));
        }
        let archive = root.path().join("l.zip");
        let mut writer = zip::ZipWriter::new(File::create(&archive).unwrap());
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap();
        assert!(refused(&archive).contains("a link or a device"));
        assert!(!folder.exists() && !root.path().join("evil").exists() && !root.path().join("in/evil").exists());
    }

    #[test]
    fn sizes_and_damage_are_caught() {
        let root = tempfile::tempdir().unwrap();
        let (archive, folder) = (root.path().join("a.zip"), root.path().join("out"));
        zip(&archive, &[("a", &[0; 100]), ("b", &[0; 100])]);
        let with = |limits: Limits| unpack(&archive, &folder, limits).unwrap_err().to_string();
        assert!(with(Limits { bytes: 150, members: 9 }).contains("expected at most 150 bytes unpacked"));
        assert!(with(Limits { bytes: 500, members: 1 }).contains("found a size of more than 1 files"));
        fs::write(&archive, b"no archive").unwrap();
        assert!(with(Limits::default()).contains("expected a whole archive"));
        let other = root.path().join("a.rar");
        fs::write(&other, b"").unwrap();
        let error = unpack(&other, &folder, Limits::default()).unwrap_err().to_string();
        assert!(error.contains("format: found `a.rar`, expected .zip"), "{error}");
        assert!(!folder.exists());
    }
}
