//! A report of 10,000 invented runs of 100 looks each: `cargo run --release --example large_report -- report.html`.
//!
//! What a sweep at the upper end costs: the size of the page and the time to make it.

// The fixture is one large JSON literal.
#![recursion_limit = "256"]

use nmfbench::analysis::{BestValues, DEFAULT_TARGETS};
use nmfbench::report::page;
use std::time::Instant;

#[path = "../tests/report/fixture.rs"]
mod fixture;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "large-report.html".into());
    let size = fixture::Size { data: 10, ranks: 5, algorithms: 10, seeds: 20, looks: 100 };
    let records = fixture::records(&size);
    let best = BestValues::over(&records);
    let began = Instant::now();
    let text = page::interactive(&page::Input {
        experiment: "large",
        question: "Does a page of 10,000 runs open?",
        folder: "results/large",
        records: &records,
        best: &best,
        ladder: DEFAULT_TARGETS,
        noise: &[],
        machine: &|_| "invented".into(),
        factors: None,
        findings: &[],
    });
    std::fs::write(&path, &text)?;
    let megabytes = text.len() as f64 / 1e6;
    eprintln!("{path}: {} runs, {megabytes:.1} MB, made in {:.1} s", records.len(), began.elapsed().as_secs_f64());
    Ok(())
}
