//! Where the time of a run goes: products, Gram matrices, updates.

use crate::results::record::Parts;
use nmfbench_algorithms::{Laps, Part};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Adds up what the parts of the work take. Two readings of the system's clock a product are all it costs.
#[derive(Debug)]
pub(crate) struct LapClock {
    start: Instant,
    /// Nanoseconds after `start` at which the present part began.
    since: AtomicU64,
    /// Nanoseconds of products, Gram matrices, updates.
    sums: [AtomicU64; 3],
}

impl LapClock {
    pub(crate) fn new() -> Self {
        LapClock { start: Instant::now(), since: AtomicU64::new(0), sums: Default::default() }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// A step begins, or goes on after a look.
    pub(crate) fn begin(&self) {
        self.since.store(self.now(), Ordering::Relaxed);
    }

    /// Forgets what has been added up: the set-up is over.
    pub(crate) fn reset(&self) {
        self.sums.iter().for_each(|sum| sum.store(0, Ordering::Relaxed));
        self.begin();
    }

    /// Seconds of each part; nothing where the method tells of none.
    pub(crate) fn parts(&self) -> Option<Parts> {
        let [products, gram, update] = self.sums.each_ref().map(|sum| sum.load(Ordering::Relaxed) as f64 / 1e9);
        (products + gram + update > 0.0).then_some(Parts { products, gram, update })
    }
}

impl Laps for LapClock {
    fn lap(&self, part: Part) {
        let now = self.now();
        let since = self.since.swap(now, Ordering::Relaxed);
        let at = match part {
            Part::Products => 0,
            Part::Gram => 1,
            Part::Update => 2,
        };
        self.sums[at].fetch_add(now.saturating_sub(since), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_passes_between_laps_is_the_part_named_at_the_end_and_looks_do_not_count() {
        let laps = LapClock::new();
        assert_eq!(laps.parts(), None);
        let pause = || std::thread::sleep(Duration::from_millis(20));
        pause();
        laps.begin();
        pause();
        laps.lap(Part::Products);
        laps.lap(Part::Gram);
        pause();
        pause();
        laps.begin();
        pause();
        laps.lap(Part::Update);
        let whole = laps.start.elapsed().as_secs_f64();
        let parts = laps.parts().expect("laps were told");
        let sum = parts.products + parts.gram + parts.update;
        assert!(parts.products >= 0.02 && parts.update >= 0.02, "{parts:?}");
        // Three pauses lie outside.
        assert!(sum <= whole - 0.06, "{parts:?} of {whole}");
    }
}
