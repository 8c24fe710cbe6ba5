//! Where the peers live: one folder of the user's, with an environment per peer and the adapters of this build.

use super::{FILES, PeerError};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// `$NMFBENCH_PEERS`, or `nmfbench/peers` in the user's data folder (`$XDG_DATA_HOME` or `~/.local/share`).
#[must_use]
pub fn home() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(home) = variable("NMFBENCH_PEERS") {
        // Programs are launched from other folders.
        return std::path::absolute(&home).unwrap_or(home);
    }
    let data = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| Some(variable("HOME")?.join(".local/share")));
    data.unwrap_or_else(std::env::temp_dir).join("nmfbench").join("peers")
}

/// The folder with the adapters of this very build, written when they are first wanted.
///
/// # Errors
/// When it cannot be written.
pub(super) fn adapters() -> Result<PathBuf, PeerError> {
    let mut hash = Sha256::new();
    for (path, text) in FILES {
        hash.update(path);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let digest: String = hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
    let home = home();
    let folder = home.join(format!("adapters-{digest}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    make(&home)?;
    let part = tempfile::Builder::new().prefix(".adapters-").tempdir_in(&home).map_err(io("make", &home))?;
    for (path, text) in FILES {
        let file = part.path().join(path);
        file.parent().map_or(Ok(()), make)?;
        std::fs::write(&file, text).map_err(io("write", &file))?;
    }
    let part = part.keep();
    // Another program may have been quicker with the same files.
    if std::fs::rename(&part, &folder).is_err() && !folder.is_dir() {
        return Err(io("write", &folder)(std::io::Error::other("it cannot be put in its place")));
    }
    let _ = std::fs::remove_dir_all(&part);
    Ok(folder)
}

pub(super) fn make(folder: &Path) -> Result<(), PeerError> {
    std::fs::create_dir_all(folder).map_err(io("make", folder))
}

pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PeerError {
    let path = path.to_owned();
    move |source| PeerError::Io { action, path, source }
}
