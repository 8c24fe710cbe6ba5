//! Figures of one number for each run: runtime, time to target, final error.

use super::axis::Scale;
use super::grid::{Group, pages};
use super::sheet::Drawn;
use super::strips::{self, Panel, Strip, Strips};
use super::{FigureError, FigureSpec, Rendered, Source, Styles, objective_note, sentence};
use crate::analysis::show::capital;
use crate::analysis::{Entrant, Problem, X, Y, on_one_machine, problems, reach, show};

/// Rows of panels a page holds, by entrants: the page should stay on a sheet of paper.
fn rows_per_page(all: &[Problem<'_>]) -> usize {
    let most = all.iter().map(|p| p.entrants.len()).max().unwrap_or(1);
    ((500.0 / (strips::panel_height(most, true) + 12.0)) as usize).clamp(1, 4)
}

/// Milliseconds per iteration, set-up left out.
pub(super) fn runtime(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let machine = on_one_machine(source.records);
    let all = problems(&machine.records);
    let note = format!("Median over the repetitions of a run; set-up is left out. {}. ", capital(&machine.note()));
    let figure = Figure {
        spec,
        axis: "solver time per iteration (ms)".into(),
        scale: Some(spec.x_scale.unwrap_or(Scale::Log)),
        failed: "failed",
        column: "milliseconds_per_iteration",
        note,
    };
    figure.by_problem(&all, &|_, entrant| entrant.runs.iter().map(|run| 1e3 * run.seconds_per_iteration).collect())
}

/// The last value of a measure.
pub(super) fn final_error(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let y = spec.y.unwrap_or(Y::RelativeError);
    let all = problems(source.records);
    let column = format!("final_{y}");
    let figure = Figure {
        spec,
        axis: format!("final {}", y.axis_name(source.objective())),
        scale: spec.x_scale.or(spec.y_scale),
        failed: "failed",
        column: &column,
        note: if matches!(y, Y::Gap | Y::Objective) { objective_note(source.objective()) } else { String::new() },
    };
    figure.by_problem(&all, &|_, entrant| {
        let last = |run: &crate::analysis::Run<'_>| {
            let value = run.end().map(|c| y.of(c, run.start(), source.best.objective(run.record)));
            value.filter(|v| v.is_finite()).unwrap_or(f64::INFINITY)
        };
        entrant.runs.iter().map(last).collect()
    })
}

/// The price of each target: problems down, targets across.
pub(super) fn time_to_target(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let x = spec.x.unwrap_or(X::Seconds);
    let machine = x.is_time().then(|| on_one_machine(source.records));
    let all = problems(machine.as_ref().map_or(source.records, |m| &m.records));
    let mut note = String::from(
        "The first checkpoint with f ≤ f* + ε (f₀ − f*), f₀ the run's start, f* the best objective known. ",
    );
    note.push_str(&objective_note(source.objective()));
    if let Some(machine) = &machine {
        note.push_str(&format!("{}. ", capital(&machine.note())));
    }
    let figure = Figure {
        spec,
        axis: x.axis_name().into(),
        scale: Some(spec.x_scale.unwrap_or(Scale::Log)),
        failed: "not reached",
        column: &format!("{x}_to_target"),
        note,
    };
    let price = |epsilon: f64, entrant: &Entrant<'_>| -> Vec<f64> {
        entrant.runs.iter().map(|run| reach(run, source.best.objective(run.record), epsilon, x)).collect()
    };
    let ladder = source.ladder(spec);
    let parts: Vec<&[f64]> = ladder.chunks(3).collect();
    let mut rendered = Vec::new();
    for group in pages(&all, rows_per_page(&all)) {
        for (i, epsilons) in parts.iter().enumerate() {
            let part = if parts.len() > 1 { format!("-part{}", i + 1) } else { String::new() };
            rendered.push(figure.targets_page(&all, &group, epsilons, &price, &part)?);
        }
    }
    Ok(rendered)
}

/// What the figures of one number have in common.
struct Figure<'f> {
    spec: &'f FigureSpec,
    axis: String,
    scale: Option<Scale>,
    failed: &'f str,
    column: &'f str,
    note: String,
}

type ValuesOf<'v> = dyn Fn(&Problem<'_>, &Entrant<'_>) -> Vec<f64> + 'v;

impl Figure<'_> {
    /// A panel for each problem, two across.
    fn by_problem(&self, all: &[Problem<'_>], values: &ValuesOf<'_>) -> Drawn<Vec<Rendered>> {
        let styles = Styles::of(all);
        let mut rendered = Vec::new();
        for group in pages(all, 2 * rows_per_page(all)) {
            let panel = |problem: &&Problem<'_>| Panel {
                heading: String::new(),
                title: group.panel_title(problem),
                strips: strips(problem, &styles, |e| values(problem, e)),
            };
            let panels: Vec<Panel> = group.problems.iter().map(panel).collect();
            let rows = group.problems.iter().zip(&panels).flat_map(|(p, panel)| self.rows(p, "", &panel.strips));
            let csv = table(&self.header(), rows.collect())?;
            // Three panels side by side are too narrow, and two by two leave a hole.
            let across = if matches!(panels.len(), 1 | 3) { 1 } else { 2 };
            rendered.push(self.page(&group, panels, across, false, String::new(), csv)?);
        }
        Ok(rendered)
    }

    fn targets_page(
        &self,
        all: &[Problem<'_>],
        group: &Group<'_, '_>,
        epsilons: &[f64],
        price: &dyn Fn(f64, &Entrant<'_>) -> Vec<f64>,
        part: &str,
    ) -> Drawn<Rendered> {
        let styles = Styles::of(all);
        let (mut panels, mut rows) = (Vec::new(), Vec::new());
        for problem in &group.problems {
            for (i, epsilon) in epsilons.iter().enumerate() {
                let target = format!("ε = {}", show::percent(*epsilon));
                let strips = strips(problem, &styles, |entrant| price(*epsilon, entrant));
                rows.extend(self.rows(problem, &epsilon.to_string(), &strips));
                let heading = if i == 0 { group.panel_title(problem) } else { String::new() };
                panels.push(Panel { heading, title: target, strips });
            }
        }
        let csv = table(&self.header(), rows)?;
        self.page(group, panels, epsilons.len(), true, part.to_string(), csv)
    }

    fn page(
        &self,
        group: &Group<'_, '_>,
        panels: Vec<Panel>,
        across: usize,
        shared: bool,
        part: String,
        csv: String,
    ) -> Drawn<Rendered> {
        let name = format!("{}{}{part}", self.spec.name(), group.suffix);
        let values = || panels.iter().flat_map(|p| &p.strips).flat_map(|s| &s.values);
        if values().all(|v| !v.is_finite()) {
            let words = format!("No run has a finite value of {} to show.", self.axis);
            return Ok(Rendered { csv, ..sentence(self.spec, &name, &words)? });
        }
        let (seeds, failures) = (group.seeds(), group.failures());
        let mut note = format!("Each dot is a run ({seeds}), the bar the median, the box the quartiles. ");
        if values().any(|v| !v.is_finite()) {
            note.push_str(&format!("× k/n: {} in k of n runs, which count as infinite. ", self.failed));
        }
        let note = format!("{note}{}{failures}{}", self.note, group.synthetic_note());
        let heading = group.heading(self.spec.title.as_deref());
        let figure = Strips {
            title: &self.axis,
            heading: heading.as_deref(),
            axis: &self.axis,
            scale: self.scale,
            failed: self.failed,
            across,
            shared,
            note: note.trim_end(),
            panels: &panels,
        };
        let svg = figure.draw()?;
        let data = heading.map_or(String::new(), |h| format!("{h}. "));
        let caption = format!("{data}{}. {}", capital(&self.axis), note.trim_end());
        Ok(Rendered { name, svg, csv, caption })
    }

    fn header(&self) -> [&str; 9] {
        ["dataset", "rank", "init", "label", "algorithm", "seed", "status", "target", self.column]
    }

    fn rows(&self, problem: &Problem<'_>, target: &str, strips: &[Strip]) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for (entrant, strip) in problem.entrants.iter().zip(strips) {
            for (run, value) in entrant.runs.iter().zip(&strip.values) {
                let mut row = problem_cells(problem);
                row.extend([entrant.label.clone(), entrant.algorithm.to_string(), run.record.seed.to_string()]);
                row.extend([run.record.status.to_string(), target.to_string(), value.to_string()]);
                rows.push(row);
            }
        }
        rows
    }
}

fn strips(problem: &Problem<'_>, styles: &Styles, values: impl Fn(&Entrant<'_>) -> Vec<f64>) -> Vec<Strip> {
    let strip = |e: &Entrant<'_>| Strip { label: e.label.clone(), style: styles.style(&e.label), values: values(e) };
    problem.entrants.iter().map(strip).collect()
}

/// The first three columns of every table.
pub(super) fn problem_cells(problem: &Problem<'_>) -> Vec<String> {
    vec![problem.dataset.name.clone(), problem.rank.to_string(), problem.init.to_string()]
}

/// A CSV text.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>) -> Drawn<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(|e| FigureError::Encode(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
