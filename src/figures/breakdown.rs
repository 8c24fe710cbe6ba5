//! Where the time of an iteration goes: products, Gram matrices, updates and the rest, a bar for each rank (after Kannan,
//! Ballard & Park 2018).

use super::axis::Axis;
use super::curves::scope;
use super::grid::file_name;
use super::page::pt;
use super::panel::{HEAD, Place, Surround, close, foot, frame};
use super::sheet::{Area, Drawn, KEY, Sheet, TICK, Text, WIDE, drawing, measure, text};
use super::values::{problem_cells, table};
use super::{FigureSpec, Rendered, Source, sentence};
use crate::analysis::show::capital;
use crate::analysis::{Entrant, Problem, median, on_one_machine, problems};
use plotters::prelude::*;

/// The parts from the left, each lighter or darker than its neighbours, so that a grey print tells them apart.
const PARTS: [(&str, RGBColor); 4] = [
    ("products A·Hᵀ, Aᵀ·W", RGBColor(0x2b, 0x3f, 0x5c)),
    ("Gram matrices", RGBColor(0x8f, 0xb4, 0xdc)),
    ("updates", RGBColor(0xd9, 0x8a, 0x2b)),
    ("other", RGBColor(0xd6, 0xd6, 0xd6)),
];
/// Points of a bar with the gap to the next.
const ROW: f64 = 13.0;
/// Panels side by side.
const ACROSS: usize = 3;
/// Points of the legend's line.
const LEGEND: f64 = 16.0;

/// One bar.
struct Bar<'p, 'a> {
    problem: &'p Problem<'a>,
    entrant: &'p Entrant<'a>,
    /// Milliseconds per iteration, in the order of [`PARTS`].
    parts: [f64; 4],
}

/// One panel: an entrant's bars, by rank.
struct Panel<'p, 'a> {
    label: String,
    bars: Vec<Bar<'p, 'a>>,
}

pub(super) fn render(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let machine = on_one_machine(source.records);
    let all = problems(&machine.records);
    let mut sets: Vec<Vec<&Problem<'_>>> = Vec::new();
    for problem in &all {
        let same = |set: &&mut Vec<&Problem<'_>>| {
            (&set[0].dataset.digest, set[0].init) == (&problem.dataset.digest, problem.init)
        };
        match sets.iter_mut().find(same) {
            Some(set) => set.push(problem),
            None => sets.push(vec![problem]),
        }
    }
    let several = sets.len() > 1;
    let mut rendered = Vec::new();
    for set in &mut sets {
        set.sort_by_key(|p| p.rank);
        let first = set[0];
        let suffix = format!("-{}-{}", file_name(&first.dataset.name), file_name(first.init));
        let name = format!("{}{}", spec.name(), if several { suffix } else { String::new() });
        let panels = panels(set);
        if panels.is_empty() {
            let words =
                "No run tells where its time goes: methods that alternate between the factors do, timed with pauses.";
            rendered.push(sentence(spec, &name, words)?);
            continue;
        }
        let note = format!(
            "Median milliseconds of an iteration without set-up, by part, at each rank k. {} {}.",
            scope(&set.iter().map(|p| (*p).clone()).collect::<Vec<_>>()),
            capital(&machine.note())
        );
        let svg = draw(spec.title.as_deref(), &panels, &note)?;
        let heading = spec.title.as_deref().map_or(String::new(), |h| format!("{h}. "));
        rendered.push(Rendered { name, svg, csv: csv(&panels)?, caption: format!("{heading}{note}") });
    }
    Ok(rendered)
}

/// The entrants that tell of their parts on some problem, with all their problems.
fn panels<'p, 'a>(set: &[&'p Problem<'a>]) -> Vec<Panel<'p, 'a>> {
    let mut panels: Vec<Panel<'p, 'a>> = Vec::new();
    for &problem in set {
        for entrant in &problem.entrants {
            let Some(parts) = parts(entrant) else { continue };
            let bar = Bar { problem, entrant, parts };
            match panels.iter_mut().find(|panel| panel.label == entrant.label) {
                Some(panel) => panel.bars.push(bar),
                None => panels.push(Panel { label: entrant.label.clone(), bars: vec![bar] }),
            }
        }
    }
    panels
}

/// Milliseconds per iteration of each part: medians over the runs that tell, `None` where none does.
fn parts(entrant: &Entrant<'_>) -> Option<[f64; 4]> {
    let mut told: [Vec<f64>; 4] = Default::default();
    for run in entrant.runs.iter().filter(|run| run.proper) {
        let record = run.record;
        let (Some(p), true) = (record.parts, record.iterations > 0) else { continue };
        let rest = (record.seconds - record.setup_seconds - p.products - p.gram - p.update).max(0.0);
        for (values, seconds) in told.iter_mut().zip([p.products, p.gram, p.update, rest]) {
            values.push(1e3 * seconds / record.iterations as f64);
        }
    }
    let [a, b, c, d] = told.each_ref().map(|values| median(values));
    Some([a?, b?, c?, d?])
}

fn draw(heading: Option<&str>, panels: &[Panel<'_, '_>], note: &str) -> Drawn<String> {
    let across = ACROSS.min(panels.len());
    let rows = panels.len().div_ceil(across);
    let most = panels.iter().map(|panel| panel.bars.len()).max().unwrap_or(1);
    let height = HEAD + ROW * most as f64 + foot(true) + 2.0;
    let longest = panels.iter().flat_map(|p| &p.bars).map(|bar| bar.parts.iter().sum::<f64>()).fold(0.0, f64::max);
    let width = if across == 1 { 300.0 } else { WIDE };
    let body = LEGEND + height * rows as f64;
    let title = "time of an iteration by part";
    Sheet { title, heading, width, body, legend: &[], band: false, note }.draw(|root, top| {
        legend(root, top, width)?;
        let each = (width - 4.0) / across as f64;
        for (i, panel) in panels.iter().enumerate() {
            let ranks: Vec<String> = panel.bars.iter().map(|bar| format!("k = {}", bar.problem.rank)).collect();
            let gutter = ranks.iter().map(|rank| measure(rank, TICK, false)).fold(0.0, f64::max) + 9.0;
            let place = Place {
                x: 2.0 + each * (i % across) as f64,
                y: top + LEGEND + height * (i / across) as f64,
                width: each,
                height: HEAD + ROW * panel.bars.len() as f64 + foot(true),
            };
            let x = Axis::linear(0.0, 1.04 * longest.max(1e-9), 5).fit(each - gutter - 12.0);
            let y = Axis::names(&ranks);
            let name = Some("ms per iteration");
            let around =
                Surround { title: &panel.label, bold: true, x: name, y: &[], gutter, right: 12.0, y_labels: true };
            let mut chart = frame(root, place, (&x, &y), &around)?;
            for (row, bar) in panel.bars.iter().enumerate() {
                let mut from = 0.0;
                for (value, (_, color)) in bar.parts.iter().zip(PARTS) {
                    let corners = [(from, 0.34 - row as f64), (from + value, -0.34 - row as f64)];
                    chart.draw_series([Rectangle::new(corners, color.filled())]).map_err(drawing)?;
                    from += value;
                }
            }
            close(root, &chart, (&x, &y), false)?;
        }
        Ok(())
    })
}

fn legend(root: &Area<'_>, top: f64, width: f64) -> Drawn {
    let widths = PARTS.map(|(name, _)| measure(name, KEY, false) + 12.0 + 14.0);
    let mut x = (width - widths.iter().sum::<f64>() + 14.0) / 2.0;
    for ((name, color), wide) in PARTS.into_iter().zip(widths) {
        let corners = [(pt(x), pt(top + 4.5)), (pt(x + 8.0), pt(top + 12.5))];
        root.draw(&Rectangle::new(corners, color.filled())).map_err(drawing)?;
        text(root, name, (x + 12.0, top + 8.5), &Text::new(KEY))?;
        x += wide;
    }
    Ok(())
}

fn csv(panels: &[Panel<'_, '_>]) -> Drawn<String> {
    let mut rows = Vec::new();
    for bar in panels.iter().flat_map(|panel| &panel.bars) {
        let mut row = problem_cells(bar.problem);
        row.extend([bar.entrant.label.clone(), bar.entrant.algorithm.to_owned()]);
        row.extend(bar.parts.iter().map(f64::to_string));
        rows.push(row);
    }
    let header = ["dataset", "rank", "init", "label", "algorithm", "products_ms", "gram_ms", "update_ms", "other_ms"];
    table(&header, rows)
}
