//! The machine and the build that made a timing.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Facts about the machine and this build, stored as `machine-<id>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Hash of the processor, its number of cores, the memory and the optimisation level; timings with different ids
    /// are not pooled.
    pub id: String,
    /// The processor's name.
    pub cpu: String,
    /// Logical processors that this process may use.
    pub cores: usize,
    /// Physical memory in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
    /// Operating system and architecture.
    pub system: String,
    /// Kernel release, where the system tells.
    pub kernel: Option<String>,
    /// The compiler.
    pub rustc: String,
    /// Flags given to the compiler beside those of the manifest.
    pub rustflags: String,
    /// Optimisation level of the build: a timing below 3 says nothing about an algorithm.
    pub opt_level: String,
    /// Version of nmfbench.
    pub version: String,
    /// Commit it was built from, where it was a checkout.
    pub commit: String,
}

impl Machine {
    /// Reads the facts.
    #[must_use]
    pub fn here() -> Self {
        let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|l| l.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let memory_bytes = field(&memory, "MemTotal")
            .and_then(|m| m.split_whitespace().next()?.parse::<u64>().ok())
            .map(|kib| kib * 1024);
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|k| k.trim().to_owned());
        let mut machine = Machine {
            id: String::new(),
            cpu: field(&cpu_info, "model name").unwrap_or_else(|| "unknown processor".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes,
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel,
            rustc: env!("NMFBENCH_RUSTC").into(),
            rustflags: env!("NMFBENCH_RUSTFLAGS").into(),
            opt_level: env!("NMFBENCH_OPT_LEVEL").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            commit: env!("NMFBENCH_COMMIT").into(),
        };
        // Whole gibibytes: the kernel's share of the memory differs between boots.
        let gib = machine.memory_bytes.map(|b| b >> 30);
        let facts = format!("{}|{}|{gib:?}|{}|{}", machine.cpu, machine.cores, machine.system, machine.opt_level);
        machine.id = Sha256::digest(facts).iter().take(4).map(|b| format!("{b:02x}")).collect();
        machine
    }

    /// Whether this build is optimised enough for its timings to mean anything.
    #[must_use]
    pub fn is_optimised(&self) -> bool {
        matches!(self.opt_level.as_str(), "2" | "3")
    }

    /// One line for captions and summaries.
    #[must_use]
    pub fn line(&self) -> String {
        let memory = self.memory_bytes.map(|b| format!(", {} GiB", (b + (1 << 29)) >> 30)).unwrap_or_default();
        let build = if self.is_optimised() { "" } else { ", UNOPTIMISED BUILD" };
        format!("{} ({} cores{memory}, {}), {}{build}", self.cpu, self.cores, self.system, self.rustc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_stable() {
        let (a, b) = (Machine::here(), Machine::here());
        assert_eq!(a, b);
        assert_eq!(a.id.len(), 8);
        assert!(a.cores >= 1 && !a.rustc.is_empty());
    }
}
