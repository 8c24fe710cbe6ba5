//! `doctor`: what on this machine blurs timings, and the command that would help. It changes nothing.

use super::list::plain_table;
use super::{Failure, out};
use crate::analysis::show::{percent, seconds};
use crate::results::machine::Machine;
use crate::runner::counters;
use std::fs::read_to_string;
use std::path::Path;
use std::process::ExitCode;

/// One finding.
struct Finding {
    what: &'static str,
    found: String,
    /// What is wrong with it and what would help; `None` where nothing is wrong.
    advice: Option<String>,
}

pub(super) fn doctor() -> Result<ExitCode, Failure> {
    let machine = Machine::here();
    let findings = [
        build(&machine),
        governor(),
        turbo(),
        threads(),
        load(machine.cores),
        swap(),
        virtualisation(),
        stalls(),
        own_counters(),
        probe(),
    ];
    let mut table = plain_table();
    for f in &findings {
        let mark = if f.advice.is_some() { "!" } else { "·" };
        table.add_row([mark, f.what, &f.found, f.advice.as_deref().unwrap_or("")]);
    }
    let troubles = findings.iter().filter(|f| f.advice.is_some()).count();
    let verdict = match troubles {
        0 => "nothing here is known to blur timings".into(),
        n => format!("{n} of {} may blur timings (!)", findings.len()),
    };
    out(&format!("{}\n\n{table}\n\n{verdict}; `nmfbench noise FILE` measures what is left of it", machine.line()));
    Ok(ExitCode::SUCCESS)
}

fn finding(what: &'static str, found: impl Into<String>, advice: Option<&str>) -> Finding {
    Finding { what, found: found.into(), advice: advice.map(str::to_owned) }
}

fn line(path: &str) -> Option<String> {
    read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn build(machine: &Machine) -> Finding {
    let advice = "timings of it say nothing: cargo run --release";
    finding("build", format!("level {}", machine.opt_level), (!machine.is_optimised()).then_some(advice))
}

fn governor() -> Finding {
    match line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") {
        Some(name) if name == "performance" => finding("governor", name, None),
        Some(name) => finding(
            "governor",
            name,
            Some("the clock rate follows the load: sudo cpupower frequency-set -g performance"),
        ),
        None => finding("governor", "not told here", None),
    }
}

fn turbo() -> Finding {
    let intel = line("/sys/devices/system/cpu/intel_pstate/no_turbo").map(|v| v == "0");
    let other = line("/sys/devices/system/cpu/cpufreq/boost").map(|v| v == "1");
    match (intel, other) {
        (Some(true), _) => finding(
            "turbo",
            "on",
            Some("warm and busy cores run slower: echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"),
        ),
        (None, Some(true)) => finding(
            "turbo",
            "on",
            Some("warm and busy cores run slower: echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"),
        ),
        (None, None) => finding("turbo", "not told here", None),
        _ => finding("turbo", "off", None),
    }
}

fn threads() -> Finding {
    match line("/sys/devices/system/cpu/smt/active").as_deref() {
        Some("1") => finding(
            "hyper-threads",
            "on",
            Some(
                "two threads may share a core: set `threads` below the number of cores, or echo off | sudo tee \
                  /sys/devices/system/cpu/smt/control",
            ),
        ),
        Some(_) => finding("hyper-threads", "off", None),
        None => finding("hyper-threads", "not told here", None),
    }
}

fn load(cores: usize) -> Finding {
    let Some(text) = line("/proc/loadavg") else { return finding("load", "not told here", None) };
    let one = text.split_whitespace().next().unwrap_or_default().to_owned();
    let busy = one.parse::<f64>().is_ok_and(|load| load > 0.2 * cores as f64);
    let advice = "something else is running: top, and wait or stop it";
    finding("load", format!("{one} in the last minute, {cores} processors"), busy.then_some(advice))
}

fn swap() -> Finding {
    let text = read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    match (kib("SwapTotal:"), kib("SwapFree:")) {
        (Some(total), Some(free)) if total > 0.0 => {
            let used = total - free;
            let advice = "memory is being moved to disk: free some, or sudo swapoff -a while measuring";
            let found = format!("{:.0} of {:.0} MiB in use", used / 1024.0, total / 1024.0);
            finding("swap", found, (used > 0.01 * total).then_some(advice))
        }
        (Some(_), _) => finding("swap", "none", None),
        _ => finding("swap", "not told here", None),
    }
}

fn virtualisation() -> Finding {
    let guest = read_to_string("/proc/cpuinfo").unwrap_or_default().contains(" hypervisor");
    let container = Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists();
    let maker = line("/sys/class/dmi/id/sys_vendor").filter(|v| !v.is_empty());
    match (guest, container) {
        (true, _) => finding(
            "virtualisation",
            maker.map_or("a virtual machine".into(), |m| format!("a virtual machine ({m})")),
            Some(
                "neighbours take time away unseen: watch `stolen` in runs.csv, use --repeat-disturbed 3, or a machine of \
                  your own",
            ),
        ),
        (false, true) => finding("virtualisation", "a container", None),
        _ => finding("virtualisation", "none seen", None),
    }
}

fn stalls() -> Finding {
    let pressure = read_to_string("/proc/pressure/cpu").is_ok();
    let steal = read_to_string("/proc/stat").is_ok();
    let words = |yes: bool| if yes { "readable" } else { "not readable" };
    let advice = "boot with psi=1, or runs cannot be marked as pressed";
    finding(
        "system counters",
        format!("pressure {}, stolen time {}", words(pressure), words(steal)),
        (!pressure && cfg!(target_os = "linux")).then_some(advice),
    )
}

fn own_counters() -> Finding {
    let told = counters::Counters::before().since();
    let words = |yes: bool| if yes { "readable" } else { "not readable" };
    finding(
        "counters of a run",
        format!(
            "switches {}, page faults {}",
            words(told.involuntary_switches.is_some()),
            words(told.major_faults.is_some())
        ),
        None,
    )
}

/// The same computation many times over: how far apart the times of nothing but arithmetic lie.
fn probe() -> Finding {
    let mut times: Vec<f64> = (0..60).map(|_| counters::probe()).collect();
    times.sort_by(f64::total_cmp);
    let (least, middle, most) = (times[0], times[times.len() / 2], times[times.len() * 95 / 100]);
    let spread = most / least - 1.0;
    let advice = "the processor's speed changes while one looks: see the lines above, and raise `repetitions`";
    finding(
        "fixed computation",
        format!("{} median, 95 % within {} of the least", seconds(middle), percent((spread * 1e3).round() / 1e3)),
        (spread > 0.1).then_some(advice),
    )
}
