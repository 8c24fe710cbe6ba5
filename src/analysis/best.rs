//! The best objective known of each problem: it is stored, it only falls, and hiding a curve does not move it.

use crate::results::record::Record;
use nmfbench_algorithms::Objective;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The best objective of one family of problems and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestValue {
    /// The least objective seen at any checkpoint.
    pub objective: f64,
    /// The key of the run that reached it.
    pub run: String,
    /// That run's label.
    pub label: String,
    /// The data set's name, for people.
    pub dataset: String,
    /// The rank, for people.
    pub rank: usize,
}

/// Best objectives by family: same data (digest), rank and objective, whatever the start and the seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BestValues {
    families: BTreeMap<String, BestValue>,
}

impl BestValues {
    /// The best values over all checkpoints of these records.
    #[must_use]
    pub fn over(records: &[Record]) -> Self {
        let mut best = Self::default();
        for record in records {
            let least = record.trace.iter().map(|c| c.objective).filter(|f| f.is_finite()).min_by(f64::total_cmp);
            if let Some(objective) = least {
                let value = BestValue {
                    objective,
                    run: record.key.clone(),
                    label: record.label.clone(),
                    dataset: record.dataset.name.clone(),
                    rank: record.rank,
                };
                best.lower(family(record), value);
            }
        }
        best
    }

    /// Takes over what is lower in `other`; returns whether anything fell or came new.
    pub fn merge(&mut self, other: Self) -> bool {
        other.families.into_iter().fold(false, |fell, (family, value)| self.lower(family, value) || fell)
    }

    /// The best value of a record's family.
    #[must_use]
    pub fn of(&self, record: &Record) -> Option<&BestValue> {
        self.families.get(&family(record))
    }

    /// The best objective of a record's family; NaN where none is known.
    #[must_use]
    pub fn objective(&self, record: &Record) -> f64 {
        self.of(record).map_or(f64::NAN, |value| value.objective)
    }

    /// All values with the name of their family.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BestValue)> {
        self.families.iter().map(|(family, value)| (family.as_str(), value))
    }

    fn lower(&mut self, family: String, value: BestValue) -> bool {
        if !value.objective.is_finite()
            || self.families.get(&family).is_some_and(|old| old.objective <= value.objective)
        {
            return false;
        }
        self.families.insert(family, value);
        true
    }
}

/// Values of different objectives cannot be compared; the Frobenius norm's family has the shorter name.
fn family(record: &Record) -> String {
    let family = format!("{}:k={}", record.dataset.digest, record.rank);
    if record.objective.is(Objective::Frobenius) { family } else { format!("{family}:β={}", record.objective.beta()) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;
    use crate::analysis::invented::run;

    #[test]
    fn the_best_is_over_starts_and_seeds_but_not_over_ranks() {
        let mut other_start = run("mu", 1, &[10.0, 4.0, 5.0]);
        other_start.init = "nndsvda".into();
        let mut other_rank = run("mu", 1, &[10.0, 1.0]);
        other_rank.rank += 1;
        let records = [run("hals", 0, &[10.0, 6.0]), other_start, other_rank, run("als", 0, &[10.0, f64::NAN])];
        let mut other_objective = run("mu-kl", 0, &[3.0, 0.5]);
        other_objective.objective = Objective::KullbackLeibler;
        let records = [&records[..], &[other_objective]].concat();
        let best = BestValues::over(&records);
        assert_eq!(best.objective(&records[4]), 0.5);
        assert_eq!(best.objective(&records[0]), 4.0, "at any checkpoint, not the last only");
        assert_eq!(best.of(&records[0]).unwrap().label, "mu");
        assert_eq!(best.objective(&records[2]), 1.0);
        assert_eq!(best.iter().count(), 3);
    }

    #[test]
    fn the_best_only_falls_and_survives_json() {
        let (low, high) = ([run("mu", 0, &[9.0, 0.1 + 0.2])], [run("hals", 0, &[9.0, 5.0])]);
        let mut best = BestValues::over(&low);
        assert!(!best.merge(BestValues::over(&high)));
        assert_eq!(best.objective(&high[0]), 0.1 + 0.2);
        let back: BestValues = serde_json::from_str(&serde_json::to_string(&best).unwrap()).unwrap();
        assert_eq!(back, best);
        let mut empty = BestValues::default();
        assert!(empty.objective(&high[0]).is_nan());
        assert!(empty.merge(back));
    }
}
