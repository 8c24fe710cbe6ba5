//! `peers`: the libraries of other languages.

use super::{Failure, out};
use crate::peers::{self, PEERS, Peer, Platform, Standing};
use crate::runner;
use clap::Subcommand;
use miette::miette;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Action {
    /// What they are and whether they are installed
    List,
    /// Install into private environments, from pinned lists
    Setup {
        /// Which; all that can be installed, when none is named
        names: Vec<String>,
    },
    /// Run each on a tiny problem through the solver protocol, and say which are usable here and why not
    Check {
        /// Which; all, when none is named
        names: Vec<String>,
    },
}

pub(super) fn peers(action: Option<&Action>) -> Result<ExitCode, Failure> {
    match action {
        None | Some(Action::List) => list(),
        Some(Action::Setup { names }) => setup(names),
        Some(Action::Check { names }) => check(names),
    }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Peer>, Failure> {
    if names.is_empty() {
        return Ok(PEERS.iter().collect());
    }
    let known = PEERS.iter().map(|peer| peer.name).collect::<Vec<_>>().join(", ");
    let unknown = |name: &str| Failure::Invalid(miette!(help = format!("there are {known}"), "unknown peer `{name}`"));
    names.iter().map(|name| Peer::of(name).ok_or_else(|| unknown(name))).collect()
}

fn list() -> Result<ExitCode, Failure> {
    let mut text = String::new();
    for peer in PEERS {
        let standing = match peers::standing(peer) {
            Standing::Ready(_) => "installed".to_owned(),
            Standing::Missing(why) => why,
        };
        let _ = writeln!(text, "{:<14} {}; {}\n{:<14} {standing}", peer.name, peer.summary, peer.licence, "");
    }
    let _ = writeln!(text, "\nenvironments in {}", peers::home().display());
    out(&text);
    Ok(ExitCode::SUCCESS)
}

fn setup(names: &[String]) -> Result<ExitCode, Failure> {
    let all = names.is_empty();
    let mut failed = false;
    for peer in chosen(names)? {
        if all && !matches!(peer.platform, Platform::Python { .. }) {
            continue; // there already, or the user's to install
        }
        let mut say = |text: &str| eprintln!("{}: {text}", peer.name);
        if let Err(error) = peers::setup(peer, &mut say) {
            eprintln!("{error}");
            failed = true;
        }
    }
    if failed { Ok(ExitCode::FAILURE) } else { check(names) }
}

fn check(names: &[String]) -> Result<ExitCode, Failure> {
    let asked = !names.is_empty();
    let mut text = String::new();
    let mut unusable = false;
    for peer in chosen(names)? {
        let line = match peers::launch(peer.name) {
            Err(error) => Err(error.to_string()),
            Ok(command) => runner::try_program(peer.name, &command, peer.trial),
        };
        match line {
            Ok(facts) => {
                let seconds = facts.startup_milliseconds as f64 / 1e3;
                let _ = writeln!(
                    text,
                    "{:<14} usable: {} {}, ready after {seconds:.1} s",
                    peer.name, facts.solver, facts.version
                );
            }
            Err(why) => {
                unusable = true;
                let why = match peer.platform {
                    // The program is there; what it needs may not be.
                    Platform::Installed { hint, .. } if !why.contains(hint) => format!("{why}\n{hint}"),
                    _ => why,
                };
                let _ = writeln!(text, "{:<14} not usable: {}", peer.name, why.replace('\n', "\n               "));
            }
        }
    }
    // Reported by OpenBLAS's own users: a forced kernel can cost half of the speed.
    if let Ok(kernel) = std::env::var("OPENBLAS_CORETYPE") {
        let _ = writeln!(
            text,
            "\nOPENBLAS_CORETYPE is set to {kernel}: peers that use OpenBLAS may run slower than they could"
        );
    }
    out(&text);
    Ok(if asked && unusable { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
