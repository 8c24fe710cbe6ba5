//! What a person sees while a sweep runs: a bar with the remaining time on a terminal, plain lines elsewhere.

use crate::results::record::{Checkpoint, Record};
use crate::runner::Monitor;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is a wish to stop, not an end.
pub(crate) fn catch_interrupts() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // Without a handler Ctrl-C ends the program at once; stored runs are whole all the same.
        let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
    });
}

/// Progress on standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: bool,
    quiet: bool,
    summary: String,
    total: u64,
    /// When the present run began and the time that was left then.
    left: Option<(Instant, Duration)>,
}

impl Progress {
    pub(crate) fn new(total: usize, quiet: bool) -> Self {
        let plain = !std::io::stderr().is_terminal();
        let hidden = plain || quiet;
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(8) };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        let style = ProgressStyle::with_template("{bar:24.cyan/dim} {pos}/{len}  {prefix}  {wide_msg}");
        bar.set_style(style.expect("the template is valid").progress_chars("━━─"));
        Progress { bar, plain, quiet, summary: String::new(), total: total as u64, left: None }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        if self.quiet {
        } else if self.plain {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    fn show_left(&self) {
        let left = self.left.map(|(began, left)| left.saturating_sub(began.elapsed()));
        self.bar.set_prefix(left.map_or_else(|| "…".into(), |left| format!("{} left", duration(left))));
    }
}

impl Monitor for Progress {
    fn found(&mut self, present: usize) {
        self.bar.inc(present as u64);
    }

    fn note(&mut self, text: &str) {
        self.line(text);
    }

    fn begin(&mut self, summary: &str, left: Option<Duration>) {
        self.left = left.map(|left| (Instant::now(), left));
        summary.clone_into(&mut self.summary);
        self.show_left();
        self.bar.set_message(summary.to_owned());
    }

    fn look(&mut self, checkpoint: &Checkpoint) {
        self.show_left();
        let Checkpoint { iteration, relative_error, .. } = checkpoint;
        self.bar.set_message(format!("{}  iteration {iteration}, error {}", self.summary, number(*relative_error)));
    }

    fn end(&mut self, summary: &str, record: &Record) {
        self.bar.inc(1);
        let (at, total) = (self.bar.position(), self.total);
        let error = record.last().map_or_else(|| "–".into(), |c| number(c.relative_error));
        let outcome = format!("error {error}  {:.2} s  {} ({})", record.seconds, record.status, record.stop_reason);
        if self.plain || !record.status.is_proper() {
            let left = self.left.map_or_else(String::new, |(began, left)| {
                format!("  {} left", duration(left.saturating_sub(began.elapsed())))
            });
            self.line(&format!("[{at:>width$}/{total}] {summary}  {outcome}{left}", width = total.to_string().len()));
        }
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

/// Five digits that matter.
fn number(x: f64) -> String {
    if x == 0.0 || (1e-3..1e3).contains(&x) { format!("{x:.5}") } else { format!("{x:.3e}") }
}

/// "12 s", "3 min 5 s", "2 h 10 min".
pub(crate) fn duration(d: Duration) -> String {
    match d.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min {} s", s / 60, s % 60),
        s => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let text = |s| duration(Duration::from_secs(s));
        assert_eq!([text(0), text(59), text(185), text(7800)], ["0 s", "59 s", "3 min 5 s", "2 h 10 min"]);
    }
}
