//! Installing a peer, and seeing whether it is installed.

use super::home::{home, io, make};
use super::{Peer, PeerError, Platform};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whether a peer can be launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// With this program.
    Ready(PathBuf),
    /// Not, and what to do about it.
    Missing(String),
}

/// The list that an environment was made of; written last, so it stands for a whole installation.
const STAMP: &str = "nmfbench-requirements.txt";
/// The interpreter that makes environments, unless `$NMFBENCH_PYTHON` names another.
const PYTHON: &str = "python3";

/// Looks whether a peer is installed as this build wants it.
#[must_use]
pub fn standing(peer: &Peer) -> Standing {
    match &peer.platform {
        Platform::Python { requirements } => {
            let folder = home().join(peer.name);
            match std::fs::read_to_string(folder.join(STAMP)) {
                Ok(stamp) if stamp == *requirements => Standing::Ready(interpreter(&folder)),
                Ok(_) => Standing::Missing(format!("it was made of other versions; {}", remedy(peer))),
                Err(_) => Standing::Missing(format!("it is not installed; {}", remedy(peer))),
            }
        }
        Platform::Own => match std::env::current_exe() {
            Ok(path) => Standing::Ready(path),
            Err(error) => Standing::Missing(format!("this program cannot be found again: {error}")),
        },
        Platform::Installed { program, hint } => match along_path(program) {
            Some(path) => Standing::Ready(path),
            None => Standing::Missing(format!("`{program}` is not on the PATH; {hint}")),
        },
    }
}

fn remedy(peer: &Peer) -> String {
    format!("`nmfbench peers setup {}` installs it", peer.name)
}

/// Installs a peer from its pinned list; `say` hears about each step. One that is ready is left as it is.
///
/// # Errors
/// What failed and what it said; a half-made environment is not taken for a whole one.
pub fn setup(peer: &Peer, say: &mut dyn FnMut(&str)) -> Result<(), PeerError> {
    let Platform::Python { requirements } = &peer.platform else {
        return match standing(peer) {
            Standing::Ready(_) => Ok(()),
            Standing::Missing(why) => Err(PeerError::NotReady { name: peer.name.into(), why }),
        };
    };
    if matches!(standing(peer), Standing::Ready(_)) {
        say("is ready");
        return Ok(());
    }
    let folder = home().join(peer.name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(io("remove", &folder))?;
    }
    make(&home())?;
    say(&format!("environment in {}", folder.display()));
    let python = std::env::var("NMFBENCH_PYTHON").unwrap_or_else(|_| PYTHON.into());
    run(peer, Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    let list = folder.join("requirements.txt");
    std::fs::write(&list, requirements).map_err(io("write", &list))?;
    say("packages");
    let pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", "-r"];
    run(peer, Command::new(interpreter(&folder)).args(pip).arg(&list))?;
    let stamp = folder.join(STAMP);
    std::fs::write(&stamp, requirements).map_err(io("write", &stamp))
}

fn interpreter(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") }
}

fn run(peer: &Peer, command: &mut Command) -> Result<(), PeerError> {
    let line = format!("{command:?}").replace('"', "");
    let failed = |why: String| PeerError::Command { name: peer.name.into(), command: line.clone(), why };
    let output = command.stdin(Stdio::null()).output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    Err(failed(lines[lines.len().saturating_sub(6)..].join("\n")))
}

fn along_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
