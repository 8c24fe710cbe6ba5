//! Times of different machines are never pooled.

use crate::results::record::Record;
use std::collections::BTreeMap;

/// The records of one machine, and how many were left out.
#[derive(Clone, Debug)]
pub struct OneMachine {
    /// The records of the machine with the most runs.
    pub records: Vec<Record>,
    /// That machine's id; empty for no records.
    pub machine: String,
    /// Records of other machines, left out.
    pub left_out: usize,
    /// The number of other machines.
    pub others: usize,
}

impl OneMachine {
    /// What a figure of times has to say about it, such as “times on machine a1; 3 runs of 1 other machine left out”.
    #[must_use]
    pub fn note(&self) -> String {
        let mut note = format!("times on machine {}", self.machine);
        if self.left_out > 0 {
            let (runs, machines) = (plural(self.left_out, "run"), plural(self.others, "other machine"));
            note.push_str(&format!("; {runs} of {machines} left out"));
        }
        note
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Keeps the machine with the most runs; among equals the first in alphabetical order.
#[must_use]
pub fn on_one_machine(records: &[Record]) -> OneMachine {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        *counts.entry(&record.machine).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or(0);
    let machine = counts.iter().find(|(_, n)| **n == most).map_or("", |(machine, _)| *machine);
    let kept: Vec<Record> = records.iter().filter(|r| r.machine == machine).cloned().collect();
    OneMachine {
        left_out: records.len() - kept.len(),
        records: kept,
        machine: machine.to_string(),
        others: counts.len().saturating_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::invented::run;

    #[test]
    fn the_machine_with_the_most_runs_stays_and_the_rest_is_counted() {
        let on = |machine: &str, seed| {
            let mut record = run("mu", seed, &[2.0, 1.0]);
            record.machine = machine.into();
            record
        };
        let kept = on_one_machine(&[on("b", 0), on("a", 1), on("b", 2), on("c", 3)]);
        assert_eq!((kept.machine.as_str(), kept.records.len(), kept.left_out), ("b", 2, 2));
        assert_eq!(kept.note(), "times on machine b; 2 runs of 2 other machines left out");
        assert_eq!(on_one_machine(&[on("z", 0), on("y", 1)]).machine, "y");
        assert!(on_one_machine(&[]).records.is_empty());
    }
}
