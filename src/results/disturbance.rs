//! What else went on while a run was made, and when that makes its times suspect.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Readings over one run: the differences between its begin and its end, evaluation included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disturbance {
    /// Wall seconds between the two readings.
    pub wall_seconds: f64,
    /// How often the run's threads lost the processor although they wanted to go on.
    pub involuntary_switches: Option<u64>,
    /// Page faults that had to wait for a disk.
    pub major_faults: Option<u64>,
    /// Seconds in which some task of the system waited for a processor (Linux pressure-stall information).
    pub stall_seconds: Option<f64>,
    /// Processor seconds that the hypervisor gave to others.
    pub steal_seconds: Option<f64>,
    /// Seconds of a fixed computation just before the run.
    pub probe_before: f64,
    /// The same just after it.
    pub probe_after: f64,
}

/// The share of a run's time that its processor time may miss, one thread's worth.
pub const WAITING: f64 = 0.05;
/// Involuntary switches per second of wall time.
pub const SWITCHES: f64 = 25.0;
/// The share of wall time in which something waited for a processor.
pub const STALL: f64 = 0.05;
/// The share of wall time that was stolen.
pub const STEAL: f64 = 0.01;
/// Major page faults.
pub const FAULTS: u64 = 10;
/// The relative change of the probe across a run.
pub const PROBE: f64 = 0.1;
/// Runs on the clock for less than this many seconds are too short for shares of it to mean anything.
const SHORT: f64 = 0.02;

/// Why a run's times are suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Processor time fell behind the clock: the run waited. See [`WAITING`].
    Waited,
    /// It was often put aside. See [`SWITCHES`].
    Switched,
    /// The system had more to do than processors. See [`STALL`].
    Pressed,
    /// The hypervisor took time away. See [`STEAL`].
    Stolen,
    /// Memory came from a disk. See [`FAULTS`].
    Faulted,
    /// The machine was not as fast after it as before. See [`PROBE`].
    Drifted,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mark::Waited => "waited",
            Mark::Switched => "switched",
            Mark::Pressed => "pressed",
            Mark::Stolen => "stolen",
            Mark::Faulted => "faulted",
            Mark::Drifted => "drifted",
        })
    }
}

impl Disturbance {
    /// What exceeds its threshold in a run of so many seconds and processor seconds on the clock.
    #[must_use]
    pub fn marks(&self, seconds: f64, cpu_seconds: f64) -> Vec<Mark> {
        let wall = self.wall_seconds;
        let long = wall >= SHORT;
        let above = |reading: Option<f64>, most: f64| long && reading.is_some_and(|r| r > most * wall);
        let drift = self.probe_after / self.probe_before;
        let found = [
            // Not finite where nobody can tell; then nothing is said.
            (Mark::Waited, seconds >= SHORT && cpu_seconds < (1.0 - WAITING) * seconds),
            (Mark::Switched, above(self.involuntary_switches.map(|n| n as f64), SWITCHES)),
            (Mark::Pressed, above(self.stall_seconds, STALL)),
            (Mark::Stolen, above(self.steal_seconds, STEAL)),
            (Mark::Faulted, self.major_faults.is_some_and(|n| n > FAULTS)),
            (Mark::Drifted, drift.is_finite() && !(1.0 / (1.0 + PROBE)..=1.0 + PROBE).contains(&drift)),
        ];
        found.into_iter().filter(|(_, yes)| *yes).map(|(mark, _)| mark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threshold_marks_what_is_beyond_it() {
        let calm = Disturbance {
            wall_seconds: 2.0,
            involuntary_switches: Some(50),
            major_faults: Some(10),
            stall_seconds: Some(0.1),
            steal_seconds: Some(0.02),
            probe_before: 1.0,
            probe_after: 1.1,
        };
        assert!(calm.marks(1.0, 0.95).is_empty());
        assert_eq!(calm.marks(1.0, 0.94), [Mark::Waited]);
        assert!(calm.marks(1.0, f64::NAN).is_empty(), "nobody can tell");
        assert!(calm.marks(0.01, 0.0).is_empty(), "too short to tell");
        let of = |change: fn(&mut Disturbance)| {
            let mut changed = calm;
            change(&mut changed);
            changed.marks(1.0, 1.0)
        };
        assert_eq!(of(|d| d.involuntary_switches = Some(51)), [Mark::Switched]);
        assert_eq!(of(|d| d.stall_seconds = Some(0.11)), [Mark::Pressed]);
        assert_eq!(of(|d| d.steal_seconds = Some(0.021)), [Mark::Stolen]);
        assert_eq!(of(|d| d.major_faults = Some(11)), [Mark::Faulted]);
        assert_eq!(of(|d| d.probe_after = 1.2), [Mark::Drifted]);
        assert_eq!(of(|d| d.probe_after = 0.8), [Mark::Drifted]);
        assert!(of(|d| (d.stall_seconds, d.steal_seconds) = (None, None)).is_empty());
    }
}
