//! Quality over price: a panel for each problem, a curve with a band for each entrant.

use super::axis::{Axis, Scale};
use super::clip::clip;
use super::grid::{Group, PANELS, pages};
use super::page::pt;
use super::panel::{Chart, Place, Surround, close, frame, gutter};
use super::sheet::{Area, Drawn, Key, Sheet, WIDE, draw_key, drawing, key_width, text};
use super::sheet::{TITLE, Text};
use super::style::Style;
use super::{FigureSpec, Rendered, Source, Styles, sentence};
use crate::analysis::show::capital;
use crate::analysis::{Curve, Problem, X, Y, curve, on_one_machine, problems};
use nmfbench_algorithms::Objective;
use plotters::prelude::*;

/// Markers on a curve, at equal steps along the paper.
const MARKERS: usize = 6;
/// How far beyond the start a diverging run widens a logarithmic axis.
const HEADROOM: f64 = 1.5;

/// One curve and how it is drawn.
struct Series {
    label: String,
    algorithm: String,
    style: Style,
    curve: Curve,
}

/// One problem's panel, ready to draw.
struct Panel<'p, 'a> {
    problem: &'p Problem<'a>,
    title: String,
    series: Vec<Series>,
    axes: Option<(Axis, Axis)>,
}

/// What all panels of a figure share.
struct Plan {
    x: X,
    y: Y,
    objective: Objective,
    scales: (Scale, Scale),
    band: [f64; 2],
}

impl Plan {
    fn axis_name(&self) -> String {
        self.y.axis_name(self.objective)
    }
}

pub(super) fn render(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let x = spec.x.unwrap_or(X::Seconds);
    let y = spec.y.unwrap_or(Y::RelativeError);
    let natural = if y.is_log() { Scale::Log } else { Scale::Linear };
    let scales = (spec.x_scale.unwrap_or(Scale::Log), spec.y_scale.unwrap_or(natural));
    let plan = Plan { x, y, objective: source.objective(), scales, band: spec.band() };
    let machine = x.is_time().then(|| on_one_machine(source.records));
    let records = machine.as_ref().map_or(source.records, |m| &m.records);
    let all = problems(records);
    let styles = Styles::of(&all);
    let machine_note = machine.as_ref().map_or(String::new(), |m| format!("{}. ", capital(&m.note())));
    pages(&all, PANELS).iter().map(|group| page(spec, source, &plan, group, &styles, &machine_note)).collect()
}

fn page(
    spec: &FigureSpec,
    source: &Source<'_>,
    plan: &Plan,
    group: &Group<'_, '_>,
    styles: &Styles,
    machine: &str,
) -> Drawn<Rendered> {
    let name = spec.name() + &group.suffix;
    let panels: Vec<Panel<'_, '_>> =
        group.problems.iter().map(|problem| panel(plan, source, group, problem, styles)).collect();
    if panels.iter().all(|p| p.axes.is_none()) {
        let words = format!("No run has a finite value of {} to show.", plan.axis_name());
        return sentence(spec, &name, &words);
    }
    let note = note(plan, group, &panels, machine);
    let heading = group.heading(spec.title.as_deref());
    let title = format!("{} over {}", plan.axis_name(), plan.x.axis_name());
    let keys = keys(&panels);
    let band = panels.iter().flat_map(|p| &p.series).any(|s| s.curve.seeds > 1);
    let sheet =
        Sheet { title: &title, heading: heading.as_deref(), width: WIDE, body: 0.0, legend: &[], band, note: &note };
    let svg = if panels.len() == 1 {
        single(&sheet, plan, &panels[0], &keys)?
    } else {
        facets(&sheet, plan, &panels, &keys)?
    };
    let data = heading.map_or(String::new(), |h| format!("{h}. "));
    let caption = format!("{data}{} over {}. {note}", capital(&plan.axis_name()), plan.x.axis_name());
    Ok(Rendered { name, svg, csv: csv(plan, &panels)?, caption: caption.trim_end().to_string() })
}

/// One panel with the legend at its right.
fn single(sheet: &Sheet<'_>, plan: &Plan, panel: &Panel<'_, '_>, keys: &[Key]) -> Drawn<String> {
    let plot = 290.0;
    let sheet = Sheet { width: plot + key_width(keys).max(60.0), body: 205.0, ..*sheet };
    sheet.draw(|root, top| {
        let place = Place { x: 2.0, y: top, width: plot, height: 205.0 };
        let gutter = panel.axes.as_ref().map_or(40.0, |(_, y)| gutter(y, 1));
        draw_panel(root, plan, panel, place, &Names { x: true, y: true, lines: &[&plan.axis_name()], gutter })?;
        for (i, key) in keys.iter().enumerate() {
            draw_key(root, key, (plot + 4.0, top + 22.0 + 12.0 * i as f64), sheet.band)?;
        }
        Ok(())
    })
}

/// Two columns of panels with the legend beneath.
fn facets(sheet: &Sheet<'_>, plan: &Plan, panels: &[Panel<'_, '_>], keys: &[Key]) -> Drawn<String> {
    let rows = panels.len().div_ceil(2);
    let (plain, named) = (140.0, 150.0);
    // An odd number of panels leaves a hole, and the legend may stand there.
    let hole = panels.len() % 2 == 1 && keys.len() <= 10;
    let legend = if hole { &[] } else { keys };
    let sheet = Sheet { body: plain * (rows - 1) as f64 + named, legend, ..*sheet };
    let column_gutter = |column: usize| {
        let mine = panels.iter().skip(column).step_by(2).filter_map(|p| p.axes.as_ref());
        mine.map(|(_, y)| gutter(y, if column == 0 { plan.y.name_lines(plan.objective).len() } else { 0 }))
            .fold(20.0, f64::max)
    };
    let gutters = [column_gutter(0), column_gutter(1)];
    // Boxes of equal width: what the gutters leave is shared.
    let inner = (WIDE - 4.0 - gutters[0] - gutters[1] - 16.0) / 2.0;
    let left = [2.0, 2.0 + gutters[0] + inner + 8.0];
    sheet.draw(|root, top| {
        for (i, panel) in panels.iter().enumerate() {
            let (row, column) = (i / 2, i % 2);
            // The lowest panel of a column carries the name of the axis, also where the last row is not full.
            let lowest = i + 2 >= panels.len();
            let place = Place {
                x: left[column],
                y: top + plain * row as f64,
                width: gutters[column] + inner + 8.0,
                height: if lowest { named } else { plain },
            };
            let lines = plan.y.name_lines(plan.objective);
            draw_panel(root, plan, panel, place, &Names { x: lowest, y: column == 0, lines, gutter: gutters[column] })?;
        }
        if hole {
            let (x, y) = (left[1] + gutters[1], top + plain * (rows - 1) as f64 + 26.0);
            for (i, key) in keys.iter().enumerate() {
                draw_key(root, key, (x, y + 12.0 * i as f64), sheet.band)?;
            }
        }
        Ok(())
    })
}

/// Which axes are named in a panel.
struct Names<'n> {
    x: bool,
    y: bool,
    lines: &'n [&'n str],
    gutter: f64,
}

fn panel<'p, 'a>(
    plan: &Plan,
    source: &Source<'_>,
    group: &Group<'p, 'a>,
    problem: &'p Problem<'a>,
    styles: &Styles,
) -> Panel<'p, 'a> {
    let first = problem.entrants.first().and_then(|e| e.runs.first());
    let best = first.map_or(f64::NAN, |run| source.best.objective(run.record));
    let series: Vec<Series> = problem
        .entrants
        .iter()
        .filter_map(|entrant| {
            let curve = curve(entrant, plan.x, plan.y, best, plan.band)?;
            let style = styles.style(&entrant.label);
            Some(Series { label: entrant.label.clone(), algorithm: entrant.algorithm.to_string(), style, curve })
        })
        .collect();
    let title = group.panel_title(problem);
    Panel { problem, title, axes: axes(plan, &series), series }
}

fn axes(plan: &Plan, series: &[Series]) -> Option<(Axis, Axis)> {
    let first = series.iter().filter_map(|s| s.curve.first_step).min_by(f64::total_cmp);
    let last = series.iter().filter_map(|s| s.curve.x.last().copied()).max_by(f64::total_cmp)?;
    let x = match plan.scales.0 {
        Scale::Linear => Axis::linear(0.0, if last > 0.0 { last * 1.02 } else { 1.0 }, 5),
        // The start has no place on this axis: room for a flat lead-in before the first step.
        Scale::Log => {
            let first = first?.min(last.max(f64::MIN_POSITIVE));
            Axis::log(first / (last / first).powf(0.06).max(1.25), last.max(first) * 1.05, 6)
        }
    };
    let starts = series.iter().filter_map(|s| s.curve.high.first().copied()).filter(|v| v.is_finite());
    let ceiling = match plan.scales.1 {
        Scale::Log => HEADROOM * starts.fold(0.0, f64::max),
        Scale::Linear => f64::INFINITY,
    };
    let shown = series.iter().flat_map(|s| s.curve.low.iter().chain(&s.curve.mid).chain(&s.curve.high).copied());
    let capped = shown.filter(|v| v.is_finite()).map(|v| if ceiling > 0.0 { v.min(ceiling) } else { v });
    Some((x, Axis::over(plan.scales.1, capped, 5)?))
}

fn draw_panel(root: &Area<'_>, plan: &Plan, panel: &Panel<'_, '_>, place: Place, names: &Names<'_>) -> Drawn {
    let Some((x, y)) = &panel.axes else {
        let middle = (place.x + place.width / 2.0, place.y + place.height / 2.0);
        text(root, &panel.title, (middle.0, place.y + 9.5), &Text::new(TITLE).bold().center())?;
        return text(root, "no finite value", middle, &Text::new(TITLE).center());
    };
    let around = Surround {
        title: &panel.title,
        bold: true,
        x: names.x.then(|| plan.x.axis_name()),
        y: if names.y { names.lines } else { &[] },
        gutter: names.gutter,
        right: 8.0,
        y_labels: true,
    };
    let x = &x.fit(place.width - names.gutter - 8.0);
    let mut chart = frame(root, place, (x, y), &around)?;
    let lines: Vec<[Vec<(f64, f64)>; 3]> = panel.series.iter().map(|s| led_in(x, &s.curve)).collect();
    for (s, lines) in panel.series.iter().zip(&lines) {
        if s.curve.seeds > 1 {
            draw_band(&mut chart, (x, y), s.style, lines)?;
        }
    }
    for (i, (s, [_, mid, _])) in panel.series.iter().zip(&lines).enumerate() {
        let pieces = clip(x, y, mid);
        for piece in &pieces {
            chart.draw_series([s.style.stroke(piece.clone())]).map_err(drawing)?;
        }
        let shift = (i as f64 + 0.5) / panel.series.len() as f64;
        for at in marks(x, y, &pieces, shift) {
            chart.draw_series([s.style.marker(at, 2.1)]).map_err(drawing)?;
        }
        let end = mid.last().filter(|p| y.unit(p.1).is_some_and(|u| (0.0..=1.0).contains(&u)));
        let dot = end.map(|p| Circle::new(*p, pt(1.5), s.style.color.filled()));
        chart.draw_series(dot).map_err(drawing)?;
    }
    close(root, &chart, (x, y), true)
}

/// The three lines of a curve as they are drawn on this axis.
///
/// On a logarithmic axis the start at 0 has no place. It is drawn as a flat line from the left edge to just before
/// the first step, from where the curve goes on; nothing is known between the start and that step.
fn led_in(x: &Axis, curve: &Curve) -> [Vec<(f64, f64)>; 3] {
    [&curve.low, &curve.mid, &curve.high].map(|values| {
        let all = curve.x.iter().copied().zip(values.iter().copied());
        let (Scale::Log, Some(first), Some(start)) = (x.scale(), curve.first_step, values.first()) else {
            return all.collect();
        };
        let low = x.bounds().0;
        let before = (first / 1.2).max(low);
        [(low, *start), (before, *start)].into_iter().chain(all.filter(|p| p.0 >= first)).collect()
    })
}

/// The band between its two lines, clamped to the box; where the lower line has no place there is no band. Where the
/// upper line is infinite the band ends at the median: filled up to the frame, one failure would hide the others.
pub(super) fn draw_band(
    chart: &mut Chart<'_, '_>,
    (x, y): (&Axis, &Axis),
    style: Style,
    [low, mid, high]: &[Vec<(f64, f64)>; 3],
) -> Drawn {
    let (bottom, top) = y.bounds();
    let inside = |a: f64| x.unit(a).is_some_and(|u| (-1e-9..=1.0 + 1e-9).contains(&u));
    let mut shown: Vec<(f64, f64, f64)> = Vec::new();
    let points = low.iter().zip(mid.iter().zip(high)).map(|(l, (m, h))| (l.0, l.1, m.1, h.1));
    let mut open = false;
    for (at, l, m, h) in points.take_while(|p| p.1.is_finite() && inside(p.0)) {
        let lost = !h.is_finite();
        if lost && !open {
            // The edge ends here, upright, rather than coming down to the median.
            shown.extend(shown.last().map(|last| (at, l, last.2)));
        }
        open = lost;
        let upper = if !lost {
            h
        } else if m.is_finite() {
            m
        } else {
            l
        };
        shown.push((at, l, upper));
    }
    for (_, l, h) in &mut shown {
        (*l, *h) = (l.clamp(bottom, top), h.clamp(bottom, top));
    }
    if shown.len() < 2 {
        return Ok(());
    }
    let there = shown.iter().map(|(a, _, h)| (*a, *h));
    let back = shown.iter().rev().map(|(a, l, _)| (*a, *l));
    let ring: Vec<(f64, f64)> = there.chain(back).collect();
    chart.draw_series([Polygon::new(ring, style.color.mix(0.16))]).map_err(drawing)?;
    Ok(())
}

/// Places for markers: at equal steps along the paper, so that steps and sparse checkpoints look alike.
pub(super) fn marks(x: &Axis, y: &Axis, pieces: &[Vec<(f64, f64)>], shift: f64) -> Vec<(f64, f64)> {
    let unit = |p: &(f64, f64)| Some((x.unit(p.0)?, y.unit(p.1)?));
    let mut found = Vec::new();
    for step in 0..MARKERS {
        let u = (step as f64 + shift) / MARKERS as f64;
        let on = pieces.iter().flat_map(|piece| piece.windows(2)).find_map(|pair| {
            let (a, b) = (unit(&pair[0])?, unit(&pair[1])?);
            let v = if b.0 > a.0 { a.1 + (u - a.0) / (b.0 - a.0) * (b.1 - a.1) } else { a.1 };
            (a.0 <= u && u <= b.0).then(|| (x.value(u), y.value(v)))
        });
        found.extend(on);
    }
    // A curve too short to meet a step is marked in its middle.
    if found.is_empty() {
        found.extend(pieces.iter().max_by_key(|p| p.len()).map(|p| p[p.len() / 2]));
    }
    found
}

fn keys(panels: &[Panel<'_, '_>]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for s in panels.iter().flat_map(|p| &p.series) {
        if !keys.iter().any(|k| k.label == s.label) {
            keys.push(Key { label: s.label.clone(), style: s.style });
        }
    }
    keys
}

fn note(plan: &Plan, group: &Group<'_, '_>, panels: &[Panel<'_, '_>], machine: &str) -> String {
    let [low, high] = plan.band.map(|q| format!("{}", (q * 1000.0).round() / 10.0));
    let seeds = group.seeds();
    let mut note = if seeds == "1 seed" {
        "One seed for each curve. ".to_string()
    } else {
        format!(
            "Median over {seeds}, band from the {low} % to the {high} % quantile. A dot is the median end of the runs. "
        )
    };
    if plan.scales.0 == Scale::Log {
        note.push_str("The flat piece at the left edge is the start. ");
    }
    if plan.y == Y::Gap {
        note.push_str("f* is the best objective known of this data and rank. ");
    }
    if matches!(plan.y, Y::Gap | Y::Objective) {
        note.push_str(&super::objective_note(plan.objective));
    }
    let failures = group.failures();
    if !failures.is_empty() {
        note.push_str(&failures);
        note.push_str(
            "They count as infinite from where they failed; a band whose upper edge is infinite ends at the median. ",
        );
    }
    let lost: Vec<String> = panels
        .iter()
        .flat_map(|p| p.problem.entrants.iter().filter(|e| !p.series.iter().any(|s| s.label == e.label)))
        .map(|e| e.label.clone())
        .collect();
    if !lost.is_empty() {
        note.push_str(&format!("Without a finite value: {}. ", lost.join(", ")));
    }
    note.push_str(&group.synthetic_note());
    note.push_str(machine);
    note.trim_end().to_string()
}

fn csv(plan: &Plan, panels: &[Panel<'_, '_>]) -> Drawn<String> {
    let [low, high] = plan.band.map(|q| format!("{}_q{q}", plan.y));
    let (x, median) = (plan.x.to_string(), format!("{}_median", plan.y));
    let header = ["dataset", "rank", "init", "label", "algorithm", "seeds", "failed", &x, &low, &median, &high];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for panel in panels {
        for s in &panel.series {
            let c = &s.curve;
            for i in 0..c.x.len() {
                let mut row = super::values::problem_cells(panel.problem);
                row.extend([s.label.clone(), s.algorithm.clone(), c.seeds.to_string(), c.failures.to_string()]);
                row.extend([c.x[i], c.low[i], c.mid[i], c.high[i]].map(|v| v.to_string()));
                rows.push(row);
            }
        }
    }
    super::values::table(&header, rows)
}
