//! The solver's clock: a stopwatch over wall and processor time, and a clock for tests that says what it is told.

use cpu_time::ProcessTime;
use std::time::{Duration, Instant};

/// A source of time.
pub(crate) trait Clock {
    /// Monotonic wall time and processor time of all threads, since some moment.
    fn now(&self) -> Reading;
}

/// One reading of a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// The system's clocks.
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        SystemClock { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Reading {
        Reading { wall: self.start.elapsed(), cpu: ProcessTime::try_now().map_or(Duration::ZERO, |t| t.as_duration()) }
    }
}

/// Adds up the intervals between `on` and `off`.
pub(crate) struct Stopwatch<C> {
    clock: C,
    since: Option<Reading>,
    total: Reading,
}

impl<C: Clock> Stopwatch<C> {
    pub(crate) fn new(clock: C) -> Self {
        Stopwatch { clock, since: None, total: Reading::default() }
    }

    pub(crate) fn on(&mut self) {
        debug_assert!(self.since.is_none(), "the stopwatch runs already");
        self.since = Some(self.clock.now());
    }

    pub(crate) fn off(&mut self) {
        let now = self.clock.now();
        if let Some(since) = self.since.take() {
            self.total.wall += now.wall.saturating_sub(since.wall);
            self.total.cpu += now.cpu.saturating_sub(since.cpu);
        }
    }

    /// Wall and processor seconds that it has run.
    pub(crate) fn seconds(&self) -> (f64, f64) {
        (self.total.wall.as_secs_f64(), self.total.cpu.as_secs_f64())
    }

    /// Wall time by the clock itself, running or not.
    pub(crate) fn wall(&self) -> Duration {
        self.clock.now().wall
    }
}

#[cfg(test)]
pub(crate) mod mock {
    use super::{Clock, Reading};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// Stands still until it is advanced.
    #[derive(Clone, Default)]
    pub(crate) struct MockClock(Arc<AtomicU64>);

    impl MockClock {
        pub(crate) fn advance(&self, seconds: f64) {
            let nanoseconds = Duration::from_secs_f64(seconds).as_nanos();
            self.0.fetch_add(nanoseconds.try_into().expect("a short time"), Ordering::Relaxed);
        }
    }

    impl Clock for MockClock {
        fn now(&self) -> Reading {
            let wall = Duration::from_nanos(self.0.load(Ordering::Relaxed));
            Reading { wall, cpu: 2 * wall }
        }
    }

    #[test]
    fn only_the_intervals_between_on_and_off_count() {
        let clock = MockClock::default();
        let mut watch = super::Stopwatch::new(clock.clone());
        clock.advance(5.0);
        watch.on();
        clock.advance(1.0);
        watch.off();
        clock.advance(7.0);
        watch.on();
        clock.advance(0.5);
        watch.off();
        assert_eq!(watch.seconds(), (1.5, 3.0));
        assert_eq!(watch.wall(), Duration::from_secs_f64(13.5));
    }
}
