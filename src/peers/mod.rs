//! Libraries of other languages that take part in sweeps: their adapters, and the private environments they run in.
//!
//! The adapters come with the program. A Python peer runs in a virtual environment of its own, made from a pinned list;
//! others need something that only the user can install.

mod home;
mod install;

pub use home::home;
pub use install::{Standing, setup, standing};

use sha2::{Digest, Sha256};
use std::path::PathBuf;
use thiserror::Error;

/// A library of another language.
#[derive(Debug)]
pub struct Peer {
    /// The name in experiments.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The licence of the library.
    pub licence: &'static str,
    /// What it runs on.
    pub platform: Platform,
    /// The file that speaks the solver protocol, among [`FILES`]; empty where the program itself does.
    pub adapter: &'static str,
    /// Parameters with which its adapter is tried, as JSON.
    pub trial: &'static str,
}

/// What a peer runs on.
#[derive(Debug)]
pub enum Platform {
    /// Python, in a virtual environment made of this list for pip.
    Python {
        /// The pinned requirements.
        requirements: &'static str,
    },
    /// This program itself, for what the protocol costs.
    Own,
    /// A program that the user installs with what it needs.
    Installed {
        /// Found along `PATH`; it gets the adapter as its argument.
        program: &'static str,
        /// How to install what is needed.
        hint: &'static str,
    },
}

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../adapters/", $path)))),*]
    };
}

/// The adapters' files by their path in `adapters/`.
pub const FILES: &[(&str, &str)] = files![
    "python/nmfbench_protocol.py",
    "python/sklearn_nmf.py",
    "python/tensorly_nmf.py",
    "python/nn_fac_nmf.py",
    "python/torchnmf_nmf.py",
    "python/nimfa_nmf.py",
    "r/nmfbench_protocol.R",
    "r/nmf.R",
    "r/nnlm.R",
    "r/rcppml.R",
    "julia/nmf.jl",
];

/// A Python peer and its list.
macro_rules! python {
    ($list:literal) => {
        Platform::Python { requirements: include_str!(concat!("../../adapters/python/requirements/", $list)) }
    };
}

/// Every peer there is.
pub const PEERS: &[Peer] = &[
    Peer {
        name: "nmfbench",
        summary: "its own algorithms through the solver protocol: `solver` names one",
        licence: "MIT OR Apache-2.0",
        platform: Platform::Own,
        adapter: "",
        trial: r#"{"solver": "hals"}"#,
    },
    Peer {
        name: "scikit-learn",
        summary: "coordinate descent and multiplicative updates (Python)",
        licence: "BSD-3-Clause",
        platform: python!("sklearn.txt"),
        adapter: "python/sklearn_nmf.py",
        trial: r#"{"solver": "cd"}"#,
    },
    Peer {
        name: "tensorly",
        summary: "HALS and multiplicative updates of its CP decomposition (Python)",
        licence: "BSD-3-Clause",
        platform: python!("tensorly.txt"),
        adapter: "python/tensorly_nmf.py",
        trial: "{}",
    },
    Peer {
        name: "nn-fac",
        summary: "HALS, accelerated HALS, multiplicative updates for beta-divergences (Python)",
        licence: "BSD-3-Clause",
        platform: python!("nn-fac.txt"),
        adapter: "python/nn_fac_nmf.py",
        trial: "{}",
    },
    Peer {
        name: "torchnmf",
        summary: "multiplicative updates for beta-divergences, sparse too (Python, 4 GB with PyTorch)",
        licence: "MIT",
        platform: python!("torchnmf.txt"),
        adapter: "python/torchnmf_nmf.py",
        trial: "{}",
    },
    Peer {
        name: "nimfa",
        summary: "multiplicative updates and projected gradient, sparse too (Python)",
        licence: "BSD-3-Clause",
        platform: python!("nimfa.txt"),
        adapter: "python/nimfa_nmf.py",
        trial: "{}",
    },
    Peer {
        name: "r-nmf",
        summary: "multiplicative updates, Frobenius and Kullback-Leibler (R)",
        licence: "GPL-2.0-or-later",
        platform: Platform::Installed {
            program: "Rscript",
            hint: r#"install R, then in R: install.packages(c("NMF", "jsonlite", "Matrix"))"#,
        },
        adapter: "r/nmf.R",
        trial: "{}",
    },
    Peer {
        name: "r-nnlm",
        summary: "sequential coordinate descent and multiplicative updates (R)",
        licence: "BSD-2-Clause",
        platform: Platform::Installed {
            program: "Rscript",
            hint: r#"install R, then in R: install.packages(c("jsonlite", "Matrix")), and NNLM from its archive"#,
        },
        adapter: "r/nnlm.R",
        trial: "{}",
    },
    Peer {
        name: "r-rcppml",
        summary: "alternating nonnegative least squares, sparse too (R)",
        licence: "GPL-3.0-or-later",
        platform: Platform::Installed {
            program: "Rscript",
            hint: r#"install R, then in R: install.packages(c("RcppML", "jsonlite", "Matrix"))"#,
        },
        adapter: "r/rcppml.R",
        trial: "{}",
    },
    Peer {
        name: "julia-nmf",
        summary: "NMF.jl: multiplicative updates, projected ALS and gradient, coordinate descent (Julia)",
        licence: "MIT",
        platform: Platform::Installed {
            program: "julia",
            hint: r#"install Julia, then in Julia: using Pkg; Pkg.add(["NMF", "JSON", "NPZ"])"#,
        },
        adapter: "julia/nmf.jl",
        trial: "{}",
    },
    Peer {
        name: "planc",
        summary: "MU, HALS, block principal pivoting, AO-ADMM (C++)",
        licence: "BSD-3-Clause",
        platform: Platform::Installed {
            program: "planc-nmfbench",
            hint: "build it from adapters/planc as adapters/README.md says, and put it on the PATH",
        },
        adapter: "",
        trial: "{}",
    },
];

/// The command with which this program speaks the protocol.
const SOLVER: &str = "solver";

/// Why a peer cannot take part.
#[derive(Debug, Error)]
pub enum PeerError {
    /// It has not been installed, or for another list of versions.
    #[error("the peer `{name}` is not ready: {why}")]
    NotReady {
        /// Which.
        name: String,
        /// What is missing and what to do.
        why: String,
    },
    /// A command of its installation failed.
    #[error("setting up `{name}`: `{command}` failed: {why}")]
    Command {
        /// Which peer.
        name: String,
        /// What was run.
        command: String,
        /// What it said.
        why: String,
    },
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `make`, `write`, `remove`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl Peer {
    /// The peer of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Peer> {
        PEERS.iter().find(|peer| peer.name == name)
    }

    /// sha256 over the adapter's files and the pinned versions: what the results depend on.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let language = self.adapter.split('/').next().unwrap_or_default();
        let shared = |path: &str| !language.is_empty() && path.starts_with(language) && path.contains("protocol");
        for (_, text) in FILES.iter().filter(|(path, _)| *path == self.adapter || shared(path)) {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        match self.platform {
            Platform::Python { requirements } => hash.update(requirements),
            Platform::Own => hash.update(env!("CARGO_PKG_VERSION")),
            Platform::Installed { .. } => {}
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// The program and the arguments that run a peer's adapter.
///
/// # Errors
/// When the peer is not installed, with what to do about it.
pub fn launch(name: &str) -> Result<Vec<String>, PeerError> {
    let not_ready = |why: String| PeerError::NotReady { name: name.to_owned(), why };
    let peer = Peer::of(name).ok_or_else(|| not_ready("there is no such peer".into()))?;
    let Standing::Ready(program) = standing(peer) else {
        let Standing::Missing(why) = standing(peer) else { unreachable!("ready or missing") };
        return Err(not_ready(why));
    };
    let mut command = vec![program.display().to_string()];
    match peer.platform {
        Platform::Own => command.push(SOLVER.to_owned()),
        _ if peer.adapter.is_empty() => {}
        _ => command.push(home::adapters()?.join(peer.adapter).display().to_string()),
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_has_its_adapter_and_a_trial() {
        for peer in PEERS {
            assert!(peer.adapter.is_empty() || FILES.iter().any(|(path, _)| *path == peer.adapter), "{}", peer.name);
            let trial: serde_json::Value = serde_json::from_str(peer.trial).expect(peer.name);
            assert!(trial.is_object(), "{}", peer.name);
            assert_eq!(peer.digest().len(), 64);
        }
    }

    #[test]
    fn python_peers_are_pinned_to_exact_versions() {
        for peer in PEERS {
            let Platform::Python { requirements } = peer.platform else { continue };
            let lines = requirements.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            for line in lines {
                assert!(line.contains("=="), "{}: {line}", peer.name);
            }
        }
    }
}
