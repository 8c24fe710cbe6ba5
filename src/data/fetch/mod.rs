//! Files of the catalogue from the network: one request at a time, resumed where it broke off, checked before it counts.

mod unpack;

pub use unpack::{Limits, unpack};

use super::error::DataError;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use ureq::http::header::{CONTENT_RANGE, RANGE};

/// A file to fetch.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// Where it may come from; the next is tried when one fails.
    pub urls: Vec<String>,
    /// Where it goes, relative to the data folder.
    pub file: PathBuf,
    /// sha256 (hex) of its bytes, where it is known.
    pub sha256: Option<String>,
    /// More bytes than this are refused.
    pub bytes: u64,
    /// The folder of the data folder into which it is unpacked; kept as it is when left out.
    pub unpack: Option<PathBuf>,
}

/// How long to wait, and how often to take up a transfer that broke off.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes.
    pub read: Duration,
    /// Attempts per address.
    pub attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), read: Duration::from_secs(30), attempts: 3 }
    }
}

/// Why a file did not come from one address.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Nothing tells whether the bytes were changed on the way.
    #[error("{url}: found an address without encryption and no checksum in the catalogue, expected https")]
    Unprotected {
        /// The address.
        url: String,
    },
    /// The server has another answer than the file.
    #[error("{url}: found the answer {status}, expected 200")]
    Status {
        /// The address.
        url: String,
        /// The code.
        status: u16,
    },
    /// No connection, or it broke off.
    #[error("{url}: {reason} (after {bytes} bytes, which are kept for the next attempt)")]
    Transport {
        /// The address.
        url: String,
        /// Why.
        reason: String,
        /// Bytes that have arrived.
        bytes: u64,
    },
    /// The file is another one.
    #[error("{url}: found a file with sha256 {found}, expected {expected}")]
    Checksum {
        /// The address.
        url: String,
        /// Of what came.
        found: String,
        /// In the catalogue.
        expected: String,
    },
    /// It is too long to be the file.
    #[error("{url}: found more than {limit} bytes, expected at most as many")]
    TooLarge {
        /// The address.
        url: String,
        /// The bound.
        limit: u64,
    },
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] DataError),
    /// No address had it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    All(Vec<FetchError>),
}

/// Fetches a file into a data folder and gives the sha256 of its bytes; `progress` is told the bytes so far and of how many.
/// The file appears under its name when it is whole and has its checksum; until then it is `NAME.part`.
///
/// # Errors
/// [`FetchError::All`] with the reason of each address.
pub fn fetch(
    download: &Download,
    folder: &Path,
    patience: Patience,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<String, FetchError> {
    let target = folder.join(&download.file);
    let parent = target.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(DataError::io("make", parent))?;
    let part = PathBuf::from(format!("{}.part", target.display()));
    let mut failures = Vec::new();
    for url in &download.urls {
        match from_one(url, download, &part, patience, progress) {
            Ok(digest) => {
                std::fs::rename(&part, &target).map_err(DataError::io("write", &target))?;
                return Ok(digest);
            }
            Err(FetchError::Store(error)) => return Err(error.into()),
            Err(error) => failures.push(error),
        }
    }
    Err(FetchError::All(failures))
}

fn from_one(
    url: &str,
    download: &Download,
    part: &Path,
    patience: Patience,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<String, FetchError> {
    let here = is_loopback(url);
    let open = here || download.sha256.is_some();
    if !url.starts_with("https://") && !open {
        return Err(FetchError::Unprotected { url: url.to_owned() });
    }
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .https_only(!open)
        .timeout_connect(Some(patience.connect))
        .timeout_per_read(Some(patience.read))
        .user_agent(concat!("nmfbench/", env!("CARGO_PKG_VERSION")));
    if here {
        config = config.proxy(None);
    }
    let agent: ureq::Agent = config.build().into();
    let mut attempt = 1;
    loop {
        match transfer(&agent, url, download.bytes, part, progress) {
            Ok(()) => break,
            Err(FetchError::Transport { .. }) if attempt < patience.attempts => attempt += 1,
            Err(error) => return Err(error),
        }
    }
    let found = sha256(part)?;
    match &download.sha256 {
        Some(expected) if *expected != found => {
            std::fs::remove_file(part).map_err(DataError::io("remove", part))?;
            Err(FetchError::Checksum { url: url.to_owned(), found, expected: expected.clone() })
        }
        _ => Ok(found),
    }
}

/// One request: the whole file, or what is missing of the part that is there.
fn transfer(
    agent: &ureq::Agent,
    url: &str,
    limit: u64,
    part: &Path,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), FetchError> {
    let mut there = part.metadata().map_or(0, |metadata| metadata.len());
    let broken = |reason: String, bytes: u64| FetchError::Transport { url: url.to_owned(), reason, bytes };
    let mut request = agent.get(url);
    if there > 0 {
        request = request.header(RANGE, format!("bytes={there}-"));
    }
    let mut response = request.call().map_err(|error| broken(error.to_string(), there))?;
    let status = response.status().as_u16();
    let resumed = status == 206 && starts_at(response.headers().get(CONTENT_RANGE), there);
    match status {
        200 => there = 0,
        206 if resumed => {}
        // The part is no beginning of this file: from the start.
        206 | 416 if there > 0 => {
            std::fs::remove_file(part).map_err(DataError::io("remove", part))?;
            return transfer(agent, url, limit, part, progress);
        }
        _ => return Err(FetchError::Status { url: url.to_owned(), status }),
    }
    let total = response.body().content_length().map(|length| length + there);
    let too_large = || FetchError::TooLarge { url: url.to_owned(), limit };
    if total.is_some_and(|total| total > limit) {
        return Err(too_large());
    }
    let file = OpenOptions::new().create(true).write(true).truncate(there == 0).append(there > 0).open(part);
    let mut file = file.map_err(DataError::io("write", part))?;
    let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        progress(there, total);
        match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                there += read as u64;
                if there > limit {
                    drop(file);
                    std::fs::remove_file(part).map_err(DataError::io("remove", part))?;
                    return Err(too_large());
                }
                file.write_all(&buffer[..read]).map_err(DataError::io("write", part))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error.to_string(), there)),
        }
    }
    if total.is_some_and(|total| there < total) {
        return Err(broken("the connection was closed early".into(), there));
    }
    file.sync_all().map_err(DataError::io("write", part))?;
    Ok(())
}

/// Whether `bytes 100-199/200` begins where the part ends.
fn starts_at(header: Option<&ureq::http::HeaderValue>, there: u64) -> bool {
    let range = header.and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix("bytes "));
    range.and_then(|range| range.split('-').next()?.trim().parse().ok()) == Some(there)
}

fn is_loopback(url: &str) -> bool {
    ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|start| url.starts_with(start))
}

/// sha256 (hex) of a file.
///
/// # Errors
/// [`DataError::Io`].
pub fn sha256(path: &Path) -> Result<String, DataError> {
    let mut file = File::open(path).map_err(DataError::io("open", path))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(DataError::io("read", path))?;
        if read == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests;
