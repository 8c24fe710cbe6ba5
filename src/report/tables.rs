//! Tables for a paper: Markdown, CSV, LaTeX (booktabs), and a macro for every single number.

use super::rows::{Evidence, quality_name};
use crate::analysis::profile::best_of;
use crate::analysis::show::significant;
use crate::analysis::{
    Bootstrap, Contest, Interval, Problem, Run, Side, Size, Summary, X, Y, attempts, final_quality, on_one_machine,
    problems, quantile, reach, scaling, to_targets,
};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// One table to write; what is left out has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// What it holds.
    pub kind: TableKind,
    /// The price of `time-to-target` and `pairwise`: by default seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<X>,
    /// The name of the files, without extension; by default the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The gaps of `time-to-target`, instead of those of the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<f64>>,
}

/// The kinds of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// Success rate, median and expected price of each target.
    TimeToTarget,
    /// Final errors and what the best of several restarts comes to.
    FinalError,
    /// Everybody against everybody, over all problems: price of each target, and final error.
    Pairwise,
    /// Exponents of the time of an iteration.
    Scaling,
    /// Agreement with what is known of the data: recovery, angles, clusters, recognition.
    Scores,
}

impl TableSpec {
    /// A table of a kind with every default.
    #[must_use]
    pub fn new(kind: TableKind) -> Self {
        Self { kind, x: None, file: None, targets: None }
    }

    /// The files' name, without extension.
    #[must_use]
    pub fn name(&self) -> String {
        let kind = match self.kind {
            TableKind::TimeToTarget => "time-to-target",
            TableKind::FinalError => "final-error",
            TableKind::Pairwise => "pairwise",
            TableKind::Scaling => "scaling",
            TableKind::Scores => "scores",
        };
        self.file.clone().unwrap_or_else(|| match self.x {
            Some(x) if x != X::Seconds => format!("{kind}-{x}"),
            _ => kind.into(),
        })
    }
}

/// The tables of an experiment that names none.
#[must_use]
pub fn default_tables() -> Vec<TableSpec> {
    let kinds = [TableKind::TimeToTarget, TableKind::FinalError, TableKind::Pairwise, TableKind::Scores];
    kinds.map(TableSpec::new).to_vec()
}

/// A finished table in all of its forms.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The files' name, without extension.
    pub name: String,
    /// For people.
    pub markdown: String,
    /// Every number to the bit; `inf` is a failure.
    pub csv: String,
    /// A `tabular` with the rules of booktabs.
    pub latex: String,
    /// `\nmfb{table/row/column}` for every single number.
    pub macros: String,
}

/// Named columns; the first `keys` of them say what a row is about.
struct Sheet {
    caption: String,
    keys: usize,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

enum Cell {
    Text(String),
    Count(usize),
    Number(f64),
    /// Three columns of a CSV, one of the others.
    Ends(Interval),
}

/// Writes one table.
///
/// # Errors
/// When the csv writer refuses, which memory does not make it do.
pub fn write_table(spec: &TableSpec, evidence: &Evidence<'_>) -> Result<Written, csv::Error> {
    let sheet = match spec.kind {
        TableKind::TimeToTarget => time_to_target(spec, evidence),
        TableKind::FinalError => final_error(evidence),
        TableKind::Pairwise => pairwise(spec, evidence),
        TableKind::Scaling => exponents(evidence),
        TableKind::Scores => scores(evidence),
    };
    let name = spec.name();
    Ok(Written {
        markdown: sheet.markdown(),
        csv: sheet.csv()?,
        latex: sheet.latex(),
        macros: sheet.macros(&name),
        name,
    })
}

fn subject(problem: &Problem<'_>) -> Vec<Cell> {
    let text = |t: &str| Cell::Text(t.to_owned());
    vec![text(&problem.dataset.name), Cell::Count(problem.rank), text(problem.init)]
}

fn time_to_target(spec: &TableSpec, evidence: &Evidence<'_>) -> Sheet {
    let x = spec.x.unwrap_or(X::Seconds);
    let machine = x.is_time().then(|| on_one_machine(evidence.records));
    let all = problems(machine.as_ref().map_or(evidence.records, |m| &m.records));
    let ladder = spec.targets.clone().unwrap_or_else(|| evidence.ladder.to_vec());
    let mut rows = Vec::new();
    for problem in &all {
        let tried = attempts(std::slice::from_ref(problem), evidence.best, &ladder, x);
        for told in to_targets(&tried, &ladder, &Bootstrap::default()) {
            let mut row = subject(problem);
            row.extend([Cell::Text(told.label), Cell::Text(told.epsilon.to_string())]);
            row.extend([Cell::Count(told.runs), Cell::Count(told.successes)]);
            row.extend([Cell::Ends(told.rate), Cell::Ends(told.median), Cell::Ends(told.expected)]);
            rows.push(row);
        }
    }
    let machine = machine.map_or(String::new(), |m| format!(", {}", m.note()));
    Sheet {
        caption: format!(
            "{} to the first checkpoint with f ≤ f* + ε (f₀ − f*): success rate (Wilson, 95 %), median over all runs and \
             expected price with restarts (95 % bootstrap over seeds); a failure is infinite{machine}",
            x.axis_name()
        ),
        keys: 5,
        columns: vec!["dataset", "rank", "init", "label", "target", "runs", "successes", "rate", "median", "expected"],
        rows,
    }
}

/// What runs are compared by at the end, with its formula and without.
fn quality(evidence: &Evidence<'_>) -> (String, &'static str) {
    let objective = evidence.records.first().map(|r| r.objective).unwrap_or_default();
    match quality_name(objective) {
        "error" => ("relative error ‖A − WH‖ / ‖A‖".into(), "relative error"),
        name => (format!("objective, {}", objective.words()), name),
    }
}

fn final_error(evidence: &Evidence<'_>) -> Sheet {
    let mut rows = Vec::new();
    for problem in &problems(evidence.records) {
        for entrant in &problem.entrants {
            let errors: Vec<f64> = entrant.runs.iter().map(final_quality).collect();
            let Some(s) = Summary::of(&errors) else { continue };
            let best = |r| Cell::Number(best_of(&errors, r).unwrap_or(f64::NAN));
            let mut row = subject(problem);
            row.push(Cell::Text(entrant.label.clone()));
            row.extend([Cell::Count(s.count), Cell::Count(s.count - s.finite)]);
            row.extend([s.min, s.lower, s.median, s.upper, s.max].map(Cell::Number));
            row.extend([best(2), best(3), best(5)]);
            rows.push(row);
        }
    }
    Sheet {
        caption: format!(
            "final {} over seeds, failures infinite, and the expected least of 2, 3 and 5 restarts",
            quality(evidence).0
        ),
        keys: 4,
        columns: vec![
            "dataset",
            "rank",
            "init",
            "label",
            "runs",
            "failed",
            "least",
            "lower_quartile",
            "median",
            "upper_quartile",
            "greatest",
            "best_of_2",
            "best_of_3",
            "best_of_5",
        ],
        rows,
    }
}

/// The measures for which some run has a value; no columns where none has.
fn scores(evidence: &Evidence<'_>) -> Sheet {
    let all = problems(evidence.records);
    let value = |y: Y, run: &Run<'_>| run.end().map_or(f64::NAN, |end| y.of(end, run.start(), f64::NAN));
    let known: Vec<(Y, &'static str)> = Y::SCORES
        .into_iter()
        .filter(|y| all.iter().flat_map(|p| &p.entrants).flat_map(|e| &e.runs).any(|run| value(*y, run).is_finite()))
        .map(|y| (y, y.name()))
        .collect();
    let mut rows = Vec::new();
    for problem in &all {
        for entrant in &problem.entrants {
            let mut row = subject(problem);
            row.extend([Cell::Text(entrant.label.clone()), Cell::Count(entrant.runs.len())]);
            for (y, _) in &known {
                let values: Vec<f64> =
                    entrant.runs.iter().map(|run| value(*y, run)).filter(|v| v.is_finite()).collect();
                let at = |q| quantile(&values, q).unwrap_or(f64::NAN);
                row.push(Cell::Ends(Interval { value: at(0.5), low: at(0.25), high: at(0.75) }));
            }
            rows.push(row);
        }
    }
    let mut columns = vec!["dataset", "rank", "init", "label", "runs"];
    columns.extend(known.iter().map(|(_, name)| *name));
    let caption =
        "agreement with what is known of the data at the end of the runs: median and quartiles over seeds".into();
    Sheet { caption, keys: 4, columns, rows }
}

fn pairwise(spec: &TableSpec, evidence: &Evidence<'_>) -> Sheet {
    let x = spec.x.unwrap_or(X::Seconds);
    let machine = x.is_time().then(|| on_one_machine(evidence.records));
    let timed = problems(machine.as_ref().map_or(evidence.records, |m| &m.records));
    let all = problems(evidence.records);
    let (timed, all): (Vec<_>, Vec<_>) = (timed.iter().collect(), all.iter().collect());
    let floor = machine.as_ref().map_or(0.0, |m| evidence.floor(&m.machine).0);
    let bootstrap = Bootstrap::default();
    let ladder = spec.targets.clone().unwrap_or_else(|| evidence.ladder.to_vec());
    let mut contests: Vec<(String, Contest)> = Vec::new();
    for epsilon in ladder {
        let race = Contest::of(&timed, floor, &bootstrap, |_, run| {
            reach(run, evidence.best.objective(run.record), epsilon, x)
        });
        contests.push((format!("{x} to {epsilon}"), race));
    }
    let errors = Contest::of(&all, crate::analysis::QUALITY_FLOOR, &bootstrap, |_, run| final_quality(run));
    contests.push((quality(evidence).1.into(), errors));
    let mut rows = Vec::new();
    for (what, contest) in contests {
        for c in contest.all {
            let lower = match c.lower {
                Side::First => c.first.clone(),
                Side::Second => c.second.clone(),
                Side::CannotTell => "cannot tell".into(),
            };
            let mut row = vec![Cell::Text(what.clone()), Cell::Text(c.first), Cell::Text(c.second)];
            row.extend([c.pairs, c.wins, c.ties, c.losses].map(Cell::Count));
            row.extend([Cell::Ends(c.ratio), Cell::Number(c.p), Cell::Number(c.adjusted), Cell::Text(lower)]);
            rows.push(row);
        }
    }
    Sheet {
        caption: format!(
            "pairs of runs of equal start over all problems: wins, ties and losses of the first, median ratio first / \
             second (95 % bootstrap, data sets as clusters, seeds nested), two-sided p (Wilcoxon, for very few pairs \
             Student) and after Holm{}",
            machine.map_or(String::new(), |m| format!(", {}", m.note()))
        ),
        keys: 3,
        columns: vec!["measure", "first", "second", "pairs", "wins", "ties", "losses", "ratio", "p", "p_holm", "lower"],
        rows,
    }
}

fn exponents(evidence: &Evidence<'_>) -> Sheet {
    let machine = on_one_machine(evidence.records);
    let mut rows = Vec::new();
    for told in scaling(&problems(&machine.records)) {
        for size in Size::ALL {
            let Some(e) = told.exponents.iter().find(|e| e.size == size) else { continue };
            let ends = Interval { value: e.value, low: e.low, high: e.high };
            rows.push(vec![Cell::Text(told.label.clone()), Cell::Text(size.to_string()), Cell::Ends(ends)]);
        }
    }
    Sheet {
        caption: format!("exponents of the time of an iteration, with 95 % intervals, {}", machine.note()),
        keys: 2,
        columns: vec!["label", "size", "exponent"],
        rows,
    }
}

impl Cell {
    fn plain(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Number(v) => significant(*v, 4),
            Cell::Ends(i) if i.is_known() => {
                format!("{} [{}, {}]", significant(i.value, 3), significant(i.low, 3), significant(i.high, 3))
            }
            Cell::Ends(i) => significant(i.value, 3),
        }
    }

    fn full(&self) -> Vec<String> {
        let number = |v: f64| if v.is_nan() { String::new() } else { v.to_string() };
        match self {
            Cell::Text(text) => vec![text.clone()],
            Cell::Count(count) => vec![count.to_string()],
            Cell::Number(v) => vec![number(*v)],
            Cell::Ends(i) => [i.value, i.low, i.high].map(number).to_vec(),
        }
    }

    fn latex(&self) -> String {
        match self {
            Cell::Text(text) => escaped(text),
            Cell::Count(count) => format!("${count}$"),
            Cell::Number(v) => math(*v, 4),
            Cell::Ends(i) if i.is_known() => {
                format!("{} {{[{}, {}]}}", math(i.value, 3), math(i.low, 3), math(i.high, 3))
            }
            Cell::Ends(i) => math(i.value, 3),
        }
    }
}

impl Sheet {
    fn csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut header: Vec<String> = Vec::new();
        for (i, column) in self.columns.iter().enumerate() {
            header.push((*column).to_owned());
            if self.rows.iter().any(|row| matches!(row[i], Cell::Ends(_))) {
                header.extend([format!("{column}_low"), format!("{column}_high")]);
            }
        }
        writer.write_record(&header)?;
        for row in &self.rows {
            writer.write_record(row.iter().flat_map(Cell::full))?;
        }
        let bytes = writer.into_inner().expect("memory can be flushed");
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn markdown(&self) -> String {
        let safe = |text: &str| text.replace('|', "\\|").replace('*', "\\*");
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = format!("{}.\n\n", crate::analysis::show::capital(&self.caption));
        text += &line(self.columns.iter().map(|c| c.replace('_', " ")).collect());
        text += &line(self.columns.iter().map(|_| "---".to_owned()).collect());
        for row in &self.rows {
            text += &line(row.iter().map(|cell| safe(&cell.plain())).collect());
        }
        text
    }

    fn latex(&self) -> String {
        let left = (0..self.columns.len()).map(|i| if i < self.keys { 'l' } else { 'r' });
        let mut text = format!("% {}\n% \\usepackage{{booktabs}}\n", self.caption);
        let _ = writeln!(text, "\\begin{{tabular}}{{{}}}\n\\toprule", left.collect::<String>());
        let header: Vec<String> = self.columns.iter().map(|c| escaped(&c.replace('_', " "))).collect();
        let _ = writeln!(text, "{} \\\\\n\\midrule", header.join(" & "));
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(Cell::latex).collect();
            let _ = writeln!(text, "{} \\\\", cells.join(" & "));
        }
        text + "\\bottomrule\n\\end{tabular}\n"
    }

    /// A name made of the table, the words of the row and the column, for each number.
    fn macros(&self, table: &str) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let words: Vec<String> = row[..self.keys].iter().map(Cell::plain).collect();
            for (column, cell) in self.columns.iter().zip(row).skip(self.keys) {
                let name = format!("{table}/{}/{column}", words.join("/"));
                let plain: String = name.chars().filter(|c| !matches!(c, '\\' | '{' | '}' | '%' | '#')).collect();
                let _ = writeln!(text, "\\nmfbset{{{plain}}}{{{}}}", cell.latex());
            }
        }
        text
    }
}

/// The head of a file of macros.
pub const MACROS: &str = "% \\input{numbers.tex}, then \\nmfb{table/row/column}; an unknown name is an error.
\\makeatletter
\\providecommand{\\nmfbset}[2]{\\expandafter\\def\\csname nmfb@\\detokenize{#1}\\endcsname{#2}}
\\providecommand{\\nmfb}[1]{\\@ifundefined{nmfb@\\detokenize{#1}}{\\PackageError{nmfbench}{no number called \
                          \\detokenize{#1}}{}}{\\csname nmfb@\\detokenize{#1}\\endcsname}}
\\makeatother
";

fn math(v: f64, digits: usize) -> String {
    let text = significant(v, digits);
    match text.as_str() {
        "—" => "--".into(),
        "∞" => "$\\infty$".into(),
        "−∞" => "$-\\infty$".into(),
        text => match text.split_once('e') {
            Some((mantissa, exponent)) => format!("${mantissa} \\cdot 10^{{{exponent}}}$"),
            None => format!("${text}$"),
        },
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => safe.extend(['\\', c]),
            '\\' => safe.push_str("\\textbackslash{}"),
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            'α' => safe.push_str("$\\alpha$"),
            'β' => safe.push_str("$\\beta$"),
            '×' => safe.push_str("$\\times$"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::BestValues;
    use crate::analysis::invented::{failed, run};
    use crate::results::record::{Record, Status};

    fn records() -> Vec<Record> {
        let mut records = Vec::new();
        for seed in 0..6 {
            let mut odd = run("mu", seed, &[50.0, 20.0, 9.0 + seed as f64]);
            odd.label = "mu_50% & {co}".into();
            records.push(if seed == 5 { failed(odd, Status::Diverged) } else { odd });
            records.push(run("hals", seed, &[50.0, 10.0, 2.0]));
        }
        let mut wide = run("hals", 0, &[50.0, 2.0]);
        wide.rank = 4;
        records.push(wide);
        records
    }

    fn written(kind: TableKind) -> Written {
        let records = records();
        let best = BestValues::over(&records);
        let evidence = Evidence { records: &records, best: &best, ladder: &[0.3, 0.01], noise: &[] };
        write_table(&TableSpec::new(kind), &evidence).unwrap()
    }

    #[test]
    fn every_table_has_equal_rows_in_every_form() {
        for kind in [TableKind::TimeToTarget, TableKind::FinalError, TableKind::Pairwise, TableKind::Scaling] {
            let told = written(kind);
            let rows: Vec<&str> = told.markdown.lines().filter(|l| l.starts_with('|')).collect();
            assert!(rows.len() > 2, "{}", told.markdown);
            let bars = |line: &str| line.replace("\\|", "").matches('|').count();
            assert!(rows.iter().all(|r| bars(r) == bars(rows[0])), "{}", told.markdown);
            let width = csv::Reader::from_reader(told.csv.as_bytes()).headers().unwrap().len();
            let mut reader = csv::Reader::from_reader(told.csv.as_bytes());
            assert!(reader.records().all(|r| r.unwrap().len() == width));
            let body: Vec<&str> = told.latex.lines().filter(|l| l.ends_with("\\\\")).collect();
            let ands = |line: &str| line.replace("\\&", "").matches('&').count();
            assert!(body.len() == rows.len() - 1 && body.iter().all(|l| ands(l) == ands(body[0])), "{}", told.latex);
            assert!(told.macros.lines().all(|l| l.starts_with("\\nmfbset{")), "{}", told.macros);
        }
    }

    #[test]
    fn numbers_are_those_of_the_runs_and_labels_cannot_break_the_document() {
        let told = written(TableKind::FinalError);
        assert!(told.latex.contains("mu\\_50\\% \\& \\{co\\} & $6$ & $1$ &"), "{}", told.latex);
        assert!(told.latex.contains("$\\infty$"), "the failed run is the greatest: {}", told.latex);
        assert!(told.macros.contains("\\nmfbset{final-error/blobs/2/random/hals/median}{$0.2000$}"), "{}", told.macros);
        let told = written(TableKind::TimeToTarget);
        assert!(told.csv.contains("blobs,2,random,hals,0.3,6,6,1,"), "{}", told.csv);
    }
}
