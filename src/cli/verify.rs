//! `verify`: whether algorithms keep what they claim, as a table to read.

use super::list::plain_table;
use super::{Failure, out};
use comfy_table::{CellAlignment, ContentArrangement};
use indicatif::{ProgressBar, ProgressStyle};
use nmfbench_algorithms::conformance::{Options, Property, Report, Verdict, verify_telling};
use nmfbench_algorithms::{Entry, Registry};
use std::fmt::Write;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

pub(super) fn verify(registry: &Registry, names: &[String], details: bool) -> Result<ExitCode, Failure> {
    let entries: Vec<&Entry> = if names.is_empty() {
        registry.entries().iter().collect()
    } else {
        let entries: Result<_, _> = names.iter().map(|name| registry.get(name)).collect();
        entries.map_err(Failure::bad_data)?
    };
    let reports = look(&entries);
    let text = match &reports[..] {
        [one] => in_words(one),
        many if details => many.iter().map(|r| in_words(r) + "\n").collect(),
        many => table(many),
    };
    out(&text);
    Ok(if reports.iter().all(Report::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Looks at one after the other, saying where it is: a bar on a terminal, a line for each elsewhere.
fn look(entries: &[&Entry]) -> Vec<Report> {
    let plain = !std::io::stderr().is_terminal();
    let bar = if plain { ProgressBar::hidden() } else { ProgressBar::new(entries.len() as u64) };
    let style = ProgressStyle::with_template("{bar:24.cyan/dim} {pos}/{len}  {wide_msg}");
    bar.set_style(style.expect("the template is valid").progress_chars("━━─"));
    let reports = entries.iter().map(|entry| {
        let began = Instant::now();
        let report = verify_telling(entry, &Options::default(), &mut |property| {
            bar.set_message(format!("{}: {}", entry.name, property.sentence()));
        });
        bar.inc(1);
        if plain {
            let failures = report.failures().count();
            let outcome = if failures == 0 { "holds".to_owned() } else { format!("{failures} properties fail") };
            eprintln!("{}: {outcome} ({:.1} s)", entry.name, began.elapsed().as_secs_f64());
        }
        report
    });
    let reports = reports.collect();
    bar.finish_and_clear();
    reports
}

/// One line a property, with figures.
fn in_words(report: &Report) -> String {
    let mut table = plain_table();
    for (property, verdict) in &report.verdicts {
        table.add_row([format!("{} {property}", mark(verdict)), property.sentence().to_owned(), verdict.to_string()]);
    }
    format!("{}\n{table}\n\n{}\n", report.algorithm, summary(std::slice::from_ref(report)))
}

/// Algorithm × property, a legend, what fails, and why something is not claimed.
fn table(reports: &[Report]) -> String {
    let mut table = plain_table();
    table.set_content_arrangement(ContentArrangement::Disabled);
    let numbers = (1..=Property::ALL.len()).map(|n| n.to_string());
    table.set_header(std::iter::once(String::new()).chain(numbers));
    for report in reports {
        let marks = report.verdicts.iter().map(|(_, verdict)| mark(verdict).to_owned());
        table.add_row(std::iter::once(report.algorithm.to_owned()).chain(marks));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((1, 0));
    }
    let mut text = format!("{table}\n\n✓ passes   ✗ fails   – not claimed   · not checked here\n\n");
    for (n, property) in Property::ALL.iter().enumerate() {
        let _ = writeln!(text, "{:3}  {:9} {}", n + 1, property.heading(), property.sentence());
    }
    let _ = write!(text, "\nnot claimed, or not with the defaults\n{}", reasons(reports));
    let failures: Vec<String> = reports
        .iter()
        .flat_map(|r| r.failures().map(|(p, figures)| format!("  {}, {p}: {figures}", r.algorithm)))
        .collect();
    if !failures.is_empty() {
        let _ = writeln!(text, "\nfails\n{}", failures.join("\n"));
    }
    let _ = writeln!(text, "\n{}", summary(reports));
    text
}

fn mark(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passes(_) => "✓",
        Verdict::Fails(_) => "✗",
        Verdict::NotClaimed(_) => "–",
        Verdict::NotChecked(_) => "·",
    }
}

/// The reasons for what is not claimed, each once, with those that give it.
fn reasons(reports: &[Report]) -> String {
    let mut found: Vec<(Property, &str, Vec<&str>)> = vec![];
    for property in Property::ALL {
        for report in reports {
            let why = report.verdicts.iter().find_map(|(p, verdict)| match verdict {
                _ if *p != property => None,
                Verdict::NotClaimed(why) | Verdict::NotChecked(why) => Some(why.as_str()),
                Verdict::Passes(figures) => figures.split_once("; with ").map(|(_, why)| why),
                Verdict::Fails(_) => None,
            });
            let Some(why) = why else { continue };
            match found.iter_mut().find(|f| f.0 == property && f.1 == why) {
                Some(same) => same.2.push(report.algorithm),
                None => found.push((property, why, vec![report.algorithm])),
            }
        }
    }
    let mut table = plain_table();
    for (property, why, names) in found {
        let names = if names.len() == reports.len() { "all".to_owned() } else { names.join(", ") };
        table.add_row([property.heading().to_owned(), why.to_owned(), names]);
    }
    format!("{table}\n")
}

fn summary(reports: &[Report]) -> String {
    let of = |is: fn(&Verdict) -> bool| reports.iter().flat_map(|r| &r.verdicts).filter(|(_, v)| is(v)).count();
    let passes = of(|v| matches!(v, Verdict::Passes(_)));
    let fails = of(|v| matches!(v, Verdict::Fails(_)));
    let open = of(|v| matches!(v, Verdict::NotClaimed(_) | Verdict::NotChecked(_)));
    format!(
        "{passes} pass, {fails} fail, {open} are not claimed or not checked here. That a step allocates nothing, and that \
         iterates are those of a slow textbook twin, is tested by `cargo test -p nmfbench-algorithms`."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports() -> Vec<Report> {
        let all = |of: fn(Property) -> Verdict| Property::ALL.iter().map(|p| (*p, of(*p))).collect();
        vec![Report { algorithm: "good", verdicts: all(good) }, Report { algorithm: "bad", verdicts: all(bad) }]
    }

    fn good(property: Property) -> Verdict {
        match property {
            Property::Permutation => Verdict::NotClaimed("the order matters".into()),
            Property::Allocation => Verdict::NotChecked("nobody counts".into()),
            Property::Scale => Verdict::Passes("apart by 0; with {\"beta\": 0.5}: powers of beta".into()),
            _ => Verdict::Passes("12 runs".into()),
        }
    }

    fn bad(property: Property) -> Verdict {
        if property == Property::Descent { Verdict::Fails("a rise of 3 ε".into()) } else { good(property) }
    }

    #[test]
    fn a_table_shows_every_verdict_and_why() {
        let text = table(&reports());
        let row = |name: &str| text.lines().find(|l| l.trim_start().starts_with(name)).expect("a row").to_owned();
        assert_eq!(row("good").matches('✓').count(), 17, "{text}");
        assert_eq!((row("bad").matches('✗').count(), row("bad").matches('–').count()), (1, 1), "{text}");
        for words in
            ["bad, descent: a rise of 3 ε", "the order matters", "powers of beta", "33 pass, 1 fail, 4 are not"]
        {
            assert!(text.contains(words), "no «{words}» in\n{text}");
        }
        assert!(text.lines().all(|l| l.chars().count() <= 200), "{text}");
    }

    #[test]
    fn one_method_is_told_in_words() {
        let text = in_words(&reports()[1]);
        assert!(text.contains("✗ descent") && text.contains("fails (a rise of 3 ε)"), "{text}");
    }
}
