//! Readings of what disturbs a run: the kernel's counters, and a fixed computation.

use crate::results::disturbance::Disturbance;
use std::fs::read_to_string;
use std::hint::black_box;
use std::time::Instant;

/// The counters at one moment; `None` where the system does not tell.
pub(crate) struct Counters {
    at: Instant,
    switches: Option<u64>,
    faults: Option<u64>,
    stall: Option<f64>,
    steal: Option<f64>,
    probe: f64,
}

impl Counters {
    /// Before a run: the probe first, so that its own time is not counted.
    pub(crate) fn before() -> Self {
        let probe = probe();
        Counters { probe, ..Self::read() }
    }

    /// What has happened since.
    pub(crate) fn since(&self) -> Disturbance {
        let now = Self::read();
        let whole = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        let part = |now: Option<f64>, then: Option<f64>| Some((now? - then?).max(0.0));
        Disturbance {
            wall_seconds: now.at.duration_since(self.at).as_secs_f64(),
            involuntary_switches: whole(now.switches, self.switches),
            major_faults: whole(now.faults, self.faults),
            stall_seconds: part(now.stall, self.stall),
            steal_seconds: part(now.steal, self.steal),
            probe_before: self.probe,
            probe_after: probe(),
        }
    }

    fn read() -> Self {
        Counters {
            switches: switches(),
            faults: faults(),
            stall: read_to_string("/proc/pressure/cpu").ok().and_then(|text| stall(&text)),
            steal: read_to_string("/proc/stat").ok().and_then(|text| steal(&text)),
            probe: 0.0,
            at: Instant::now(),
        }
    }
}

/// Over all threads of this process.
fn switches() -> Option<u64> {
    let mut sum = None;
    for task in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let text = read_to_string(task.path().join("status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
        let count: Option<u64> = line.and_then(|count| count.trim().parse().ok());
        sum = sum.or(count.map(|_| 0)).zip(count).map(|(sum, count): (u64, u64)| sum + count).or(sum);
    }
    sum
}

fn faults() -> Option<u64> {
    let text = read_to_string("/proc/self/stat").ok()?;
    // The name of the program stands in parentheses and may hold anything; what follows is counted from the state.
    text.rsplit_once(')')?.1.split_whitespace().nth(9)?.parse().ok()
}

/// Seconds in `some … total=` of a pressure file, which counts microseconds.
fn stall(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with("some"))?;
    let total: f64 = line.rsplit_once("total=")?.1.trim().parse().ok()?;
    Some(total / 1e6)
}

/// Stolen seconds of all processors.
fn steal(text: &str) -> Option<f64> {
    let ticks: f64 = text.lines().next()?.split_whitespace().nth(8)?.parse().ok()?;
    Some(ticks / rustix::param::clock_ticks_per_second() as f64)
}

/// Seconds of a fixed chain of dependent operations: the median of five, about a millisecond together. It touches no
/// memory, so it tells of the processor's speed and of nothing else.
pub(crate) fn probe() -> f64 {
    let mut times = [0.0; 5];
    for time in &mut times {
        let began = Instant::now();
        let mut x = black_box(1.000_000_1_f64);
        for _ in 0..50_000 {
            x = x * 1.000_000_3 + 1e-9;
        }
        black_box(x);
        *time = began.elapsed().as_secs_f64();
    }
    times.sort_by(f64::total_cmp);
    times[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_are_read() {
        let pressure = "some avg10=0.00 avg60=1.20 avg300=0.10 total=2500000\nfull avg10=0.00 avg60=0.00 total=7\n";
        assert_eq!(stall(pressure), Some(2.5));
        assert_eq!(stall("nothing"), None);
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(steal("cpu  1 2 3 4 5 6 7 80 9 10\ncpu0 …"), Some(80.0 / ticks));
        let told = Counters::before().since();
        assert!(told.probe_before > 0.0 && told.probe_after > 0.0 && told.wall_seconds >= 0.0);
        if cfg!(target_os = "linux") {
            assert!(told.involuntary_switches.is_some() && told.major_faults.is_some());
        }
    }
}
