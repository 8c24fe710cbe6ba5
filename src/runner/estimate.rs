//! How long the missing runs will take, from those that are there.

use crate::experiment::{Cell, Plan};
use crate::results::record::Record;
use crate::runner::prepare::Prepared;
use std::collections::HashMap;
use std::time::Duration;

/// Seconds that a run's process costs beside the solver and the looks at it.
const OVERHEAD: f64 = 0.03;

/// Mean wall times of stored runs, from the most alike to the least.
#[derive(Debug)]
pub struct Estimator {
    machine: String,
    known: HashMap<String, (f64, u32)>,
}

impl Estimator {
    /// Learns from the runs of this machine.
    #[must_use]
    pub fn new(records: &[Record], machine: &str) -> Self {
        let mut estimator = Estimator { machine: machine.to_owned(), known: HashMap::new() };
        records.iter().for_each(|r| estimator.learn(r));
        estimator
    }

    /// Learns from one more run.
    pub fn learn(&mut self, r: &Record) {
        if r.machine == self.machine && r.status.is_proper() {
            let seconds = r.seconds + r.evaluation_seconds + OVERHEAD;
            for likeness in likenesses(&r.dataset.digest, r.rank, &r.init, &r.algorithm) {
                let entry = self.known.entry(likeness).or_default();
                entry.0 += seconds;
                entry.1 += 1;
            }
        }
    }

    /// Wall time of these runs: `None` where nothing at all is known.
    pub fn total<'a>(
        &self,
        plan: &Plan,
        prepared: &Prepared,
        cells: impl Iterator<Item = &'a Cell>,
    ) -> Option<Duration> {
        let seconds = |cell: &Cell| {
            let digest = &prepared.datasets[cell.dataset].facts.digest;
            let alike = likenesses(digest, cell.rank, cell.init.name(), &cell.algorithm);
            let known = alike.iter().find_map(|likeness| self.known.get(likeness)).map(|(sum, n)| sum / f64::from(*n));
            known.or_else(|| guess(plan))
        };
        cells.map(seconds).sum::<Option<f64>>().and_then(|s| Duration::try_from_secs_f64(s).ok())
    }
}

/// The budget, at a rate of arithmetic that no machine of today falls far short of.
fn guess(plan: &Plan) -> Option<f64> {
    const FLOPS_PER_SECOND: f64 = 5e9;
    let stop = &plan.experiment.stop;
    let budgets = [stop.seconds, stop.flops.map(|f| f / FLOPS_PER_SECOND)];
    budgets.into_iter().flatten().reduce(f64::min)
}

fn likenesses(digest: &str, rank: usize, init: &str, algorithm: &str) -> [String; 4] {
    [
        format!("{digest} {rank} {init} {algorithm}"),
        format!("{digest} {rank} {algorithm}"),
        format!("{digest} {algorithm}"),
        digest.to_owned(),
    ]
}
