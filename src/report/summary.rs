//! The summary as Markdown and as a table for a terminal.

use super::rows::{ProblemSummary, Row};
use super::verdict::verdict;
use crate::analysis::show::capital;
use crate::analysis::{Summary, show};
use comfy_table::{ContentArrangement, Table, presets};
use nmfbench_algorithms::Objective;

/// What stands above all tables.
#[derive(Clone, Copy, Debug)]
pub struct Headline<'a> {
    /// The experiment's name.
    pub experiment: &'a str,
    /// What it is to answer; may be empty.
    pub question: &'a str,
    /// The answer in one sentence.
    pub answer: &'a str,
}

/// `summary.md`: the question, the answer, and for each problem a verdict and a table.
#[must_use]
pub fn markdown(head: &Headline<'_>, problems: &[ProblemSummary]) -> String {
    let mut text = format!("# {}\n", one_line(head.experiment));
    if !head.question.trim().is_empty() {
        text.push_str(&format!("\n*{}*\n", one_line(head.question)));
    }
    if problems.is_empty() {
        return text + "\nThere are no runs yet.\n";
    }
    text.push_str(&format!("\n**{}**\n\n{}\n", one_line(head.answer), conventions(problems)));
    for problem in problems {
        text.push_str(&format!("\n## {}\n\n{}\n\n", one_line(&problem.title), facts(problem)));
        text.push_str(&format!("{}\n\n", verdict(problem)));
        let (header, rows) = cells(problem, false);
        text.push_str(&markdown_row(&header));
        let rule: Vec<String> =
            (0..header.len()).map(|i| if i == 0 { "---".into() } else { "--:".to_string() }).collect();
        text.push_str(&markdown_row(&rule));
        for row in rows {
            text.push_str(&markdown_row(&row));
        }
    }
    text
}

/// The same for a terminal of `width` columns (`None`: as wide as the content), without colour. Below 150 columns the
/// ranges, the KKT residual, the iterations and the sparseness are left to `summary.md`.
#[must_use]
pub fn terminal(head: &Headline<'_>, problems: &[ProblemSummary], width: Option<u16>) -> String {
    if problems.is_empty() {
        return "There are no runs yet.\n".into();
    }
    let columns = width.map_or(100, usize::from);
    let mut text = String::new();
    for line in [head.question, head.answer].into_iter().filter(|line| !line.trim().is_empty()) {
        text.push_str(&format!("{}\n", fill(line, columns)));
    }
    text.push('\n');
    for problem in problems {
        let (header, rows) = cells(problem, width.is_some_and(|w| w < 150));
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header).add_rows(rows);
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        let lines = fill(&verdict(problem), columns);
        text.push_str(&format!("{}\n{lines}\n{table}\n\n", one_line(&problem.title)));
    }
    text.push_str(&fill(&conventions(problems), columns));
    text + "\n"
}

pub(super) fn conventions(problems: &[ProblemSummary]) -> String {
    format!(
        "Medians over seeds, with [least, greatest]; * marks the best of a column. Failed runs count \
         as infinite. The gap is (f − f*) / (f₀ − f*), with f₀ the run's start and f* the best objective known of the \
         data and the rank; “to ε” is the solver time to the first checkpoint with a gap of at most ε, and k/n the runs \
         that get there. Verdicts compare runs of the same start: Wilcoxon's signed ranks (for very few pairs Student's \
         t of the logarithms), Holm-corrected, 5 %; [low, high] behind × is a 95 % bootstrap interval of the median \
         ratio. {}; {}.",
        capital(&problems[0].machine),
        problems[0].noise
    )
}

pub(super) fn facts(problem: &ProblemSummary) -> String {
    let (m, n, nnz) = problem.shape;
    let made = if problem.synthetic { "Synthetic data, " } else { "Data of " };
    let best = show::significant(problem.best, 6);
    let minimised = minimised(problem);
    format!(
        "{made}{m} × {n} with {nnz} stored nonzeros; best objective known f* = {best}{minimised}.{}",
        looking(problem)
    )
}

/// What the measures cost, where anybody asked for some.
fn looking(problem: &ProblemSummary) -> String {
    let (looking, solving) = problem.looking;
    if looking <= 0.0 {
        return String::new();
    }
    let [looking, solving] = [looking, solving].map(show::seconds);
    format!(" Looking at the factors took {looking} in all, beside {solving} of solving, and is in none of the times.")
}

/// What the objective is, where that is not what everybody expects.
fn minimised(problem: &ProblemSummary) -> String {
    let objective = problem.objective;
    if objective.is(Objective::Frobenius) { String::new() } else { format!(", f being {}", objective.words()) }
}

/// Header and rows as text, the best of each column marked; `compact` leaves out what a summary can spare.
pub(super) fn cells(problem: &ProblemSummary, compact: bool) -> (Vec<String>, Vec<Vec<String>>) {
    type Of<'c> = Box<dyn Fn(&Row) -> Option<Summary> + 'c>;
    type Say = Box<dyn Fn(&Summary) -> String>;
    let ranged = |digits: usize| -> Say {
        Box::new(move |s| {
            let [mid, low, high] = [s.median, s.min, s.max].map(|v| show::significant(v, digits));
            if s.count > 1 && !compact { format!("{mid} [{low}, {high}]") } else { mid }
        })
    };
    let mut columns: Vec<(String, bool, Of<'_>, Say)> = Vec::new();
    if !problem.objective.is(Objective::Frobenius) {
        columns.push(("objective".into(), true, Box::new(|r| r.quality), ranged(4)));
    }
    columns.extend::<[(String, bool, Of<'_>, Say); 3]>([
        ("relative error".into(), true, Box::new(|r| r.error), ranged(4)),
        ("best gap".into(), false, Box::new(|r| r.gap), Box::new(|s| show::significant(s.min, 2))),
        ("per iteration".into(), true, Box::new(|r| r.rate), Box::new(|s| show::seconds(s.median))),
    ]);
    if !compact {
        columns.push(("KKT residual".into(), true, Box::new(|r| r.kkt), Box::new(|s| show::significant(s.median, 2))));
    }
    for (i, epsilon) in problem.ladder.iter().enumerate() {
        let say: Say = Box::new(|s| format!("{} {}/{}", show::seconds(s.median), s.finite, s.count));
        columns.push((format!("to {}", show::percent(*epsilon)), true, Box::new(move |r| r.targets[i]), say));
    }
    let mut header = vec!["algorithm".to_string(), "runs".to_string()];
    header.extend(columns.iter().map(|c| c.0.clone()));
    if !compact {
        header.extend(["iterations".to_string(), "sparseness of W".to_string()]);
    }
    let mut rows: Vec<Vec<String>> = problem.rows.iter().map(|r| vec![one_line(&r.label), runs(r)]).collect();
    for (name, by_median, of, say) in &columns {
        // An iteration is a price, not a result: the cheapest is nobody's merit by itself. Nor is an error in a norm
        // that nobody minimised.
        let merit = name != "per iteration" && (name != "relative error" || problem.objective.is(Objective::Frobenius));
        let key = |s: Summary| if *by_median { s.median } else { s.min };
        let best = problem.rows.iter().filter_map(of).map(key).filter(|v| v.is_finite()).min_by(f64::total_cmp);
        for (row, cells) in problem.rows.iter().zip(&mut rows) {
            let summary = of(row);
            let mark = merit && best.zip(summary).is_some_and(|(b, s)| key(s).total_cmp(&b).is_le());
            let text = summary.map_or_else(|| "—".into(), |s| say(&s));
            cells.push(if mark { format!("{text} *") } else { text });
        }
    }
    for (row, cells) in problem.rows.iter().zip(&mut rows).filter(|_| !compact) {
        cells.push(row.iterations.map_or_else(|| "—".into(), |s| format!("{:.0}", s.median)));
        cells.push(row.sparseness.map_or_else(|| "—".into(), |s| show::significant(s.median, 2)));
    }
    (header, rows)
}

/// “5”, or “3/5 ok (2 diverged)”, and what else a reader has to know of them.
fn runs(row: &Row) -> String {
    let failed: usize = row.failures.iter().map(|f| f.1).sum();
    let mut notes: Vec<String> = row.failures.iter().map(|(status, n)| format!("{n} {status}")).collect();
    let others = [(row.nondeterministic, "nondeterministic"), (row.disturbed, "disturbed")];
    notes.extend(others.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    let count = if failed == 0 { row.runs.to_string() } else { format!("{}/{} ok", row.runs - failed, row.runs) };
    if notes.is_empty() { count } else { format!("{count} ({})", notes.join(", ")) }
}

fn markdown_row(cells: &[String]) -> String {
    // A bar or an asterisk in a label would break the table or turn italic.
    let safe: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|").replace('*', "\\*")).collect();
    format!("| {} |\n", safe.join(" | "))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// Breaks a paragraph into lines.
fn fill(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::BestValues;
    use crate::analysis::invented::{failed, run};
    use crate::report::{Evidence, summarize};
    use crate::results::record::Status;

    const HEAD: Headline<'_> = Headline { experiment: "demo", question: "Who is soonest?", answer: "hals is, by far." };

    fn problems() -> Vec<ProblemSummary> {
        let mut records = Vec::new();
        for seed in 0..3 {
            records.push(run("hals", seed, &[50.0, 10.0, 2.0]));
            let mu = run("mu", seed, &[50.0, 20.0, 8.0]);
            records.push(if seed == 1 { failed(mu, Status::Diverged) } else { mu });
        }
        let best = BestValues::over(&records);
        summarize(&Evidence { records: &records, best: &best, ladder: &[0.1], noise: &[] })
    }

    #[test]
    fn the_markdown_table_has_equal_rows_and_one_mark_a_column() {
        let text = markdown(&HEAD, &problems());
        let table: Vec<&str> = text.lines().filter(|l| l.starts_with('|')).collect();
        assert_eq!(table.len(), 4, "{text}");
        assert!(table.iter().all(|l| l.matches('|').count() == table[0].matches('|').count()), "{text}");
        assert!(text.contains("# demo\n\n*Who is soonest?*\n\n**hals is, by far.**"), "{text}");
        assert!(table[2].starts_with("| hals | 3 | 0.2000 [0.2000, 0.2000] \\* | 0 \\* |"), "{text}");
        assert!(table[3].starts_with("| mu | 2/3 ok (1 diverged) | 0.4000 [0.4000, ∞] |"), "{text}");
        assert!(table[2].contains("| 200 ms 3/3 \\* |") && table[3].contains("| ∞ 0/3 |"), "{text}");
        assert!(text.contains("hals (median 200 ms, 3/3 runs), the only one"), "{text}");
    }

    #[test]
    fn labels_cannot_break_the_table() {
        let mut record = run("mu", 0, &[2.0, 1.0]);
        record.label = "a|b\n*c*".into();
        let text = {
            record.evaluation_seconds = 0.25;
            let records = [record];
            let best = BestValues::over(&records);
            markdown(&HEAD, &summarize(&Evidence { records: &records, best: &best, ladder: &[], noise: &[] }))
        };
        assert!(text.contains("| a\\|b \\*c\\* | 1 |"), "{text}");
        assert!(text.contains(" Looking at the factors took 250 ms in all, beside "), "{text}");
    }

    #[test]
    fn the_terminal_keeps_to_its_width() {
        let text = terminal(&HEAD, &problems(), Some(90));
        assert!(text.lines().all(|l| l.chars().count() <= 90), "{text}");
        assert!(text.contains("hals") && text.contains("diverged"));
        assert_eq!(terminal(&HEAD, &[], None), "There are no runs yet.\n");
        assert!(markdown(&Headline { question: "", ..HEAD }, &[]).ends_with("There are no runs yet.\n"));
    }
}
