//! Everybody against everybody: the matrix of median ratios, and the critical-difference diagram.

use super::curves::scope;
use super::page::pt;
use super::sheet::{Drawn, NOTE, Sheet, TICK, TITLE, Text, WIDE, drawing, measure, shorten, text};
use super::style::{GREY, INK};
use super::values::table;
use super::{FigureSpec, Rendered, Source, sentence};
use crate::analysis::show::{capital, percent, significant};
use crate::analysis::{
    ASSUMED_FLOOR, Bootstrap, Comparison, Contest, Problem, QUALITY_FLOOR, Ranks, Run, Side, X, Y, on_one_machine,
    problems, ranks, reach,
};
use nmfbench_algorithms::Objective;
use plotters::prelude::*;

/// What is compared: prices of a target, or final values.
enum Measure {
    Price(X, f64),
    Final(Y, Objective),
}

impl Measure {
    fn value(&self, source: &Source<'_>, run: &Run<'_>) -> f64 {
        let best = source.best.objective(run.record);
        let value = match self {
            Measure::Price(x, epsilon) => reach(run, best, *epsilon, *x),
            Measure::Final(y, _) => run.end().map_or(f64::INFINITY, |c| y.of(c, run.start(), best)),
        };
        if value.is_nan() { f64::INFINITY } else { value }
    }

    fn words(&self) -> String {
        match self {
            Measure::Price(x, epsilon) => format!("{} to a gap of {}", x.axis_name(), percent(*epsilon)),
            Measure::Final(y, objective) => format!("final {}", y.axis_name(*objective)),
        }
    }

    /// Relative differences up to this are ties.
    fn floor(&self) -> f64 {
        match self {
            Measure::Price(X::Seconds, _) => ASSUMED_FLOOR,
            Measure::Price(..) => 0.0,
            Measure::Final(..) => QUALITY_FLOOR,
        }
    }
}

/// With `y`: final values. Otherwise the price, by default seconds, of the hardest target that somebody reaches in half
/// of the runs.
fn measure_of(spec: &FigureSpec, source: &Source<'_>, all: &[Problem<'_>]) -> Option<Measure> {
    if let Some(y) = spec.y {
        return Some(Measure::Final(y, source.objective()));
    }
    let x = spec.x.unwrap_or(X::Seconds);
    let mut ladder = source.ladder(spec);
    ladder.sort_by(f64::total_cmp);
    let labels = crate::analysis::entrants(&all.iter().collect::<Vec<_>>());
    let reached = |epsilon: &f64| {
        let measure = Measure::Price(x, *epsilon);
        labels.iter().any(|label| {
            let mine = all.iter().flat_map(|p| &p.entrants).filter(|e| e.label == *label).flat_map(|e| &e.runs);
            let prices: Vec<f64> = mine.map(|run| measure.value(source, run)).collect();
            2 * prices.iter().filter(|p| p.is_finite()).count() >= prices.len()
        })
    };
    ladder.into_iter().find(reached).map(|epsilon| Measure::Price(x, epsilon))
}

pub(super) fn matrix(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let x = spec.x.unwrap_or(X::Seconds);
    let machine = (spec.y.is_none() && x.is_time()).then(|| on_one_machine(source.records));
    let all = problems(machine.as_ref().map_or(source.records, |m| &m.records));
    let name = spec.name();
    let Some(measure) = measure_of(spec, source, &all) else {
        return Ok(vec![sentence(spec, &name, "No run comes to any of the targets.")?]);
    };
    let floor = source.floor(machine.as_ref().map(|m| m.machine.as_str())).unwrap_or_else(|| measure.floor());
    let refs: Vec<&Problem<'_>> = all.iter().collect();
    let contest = Contest::of(&refs, floor, &Bootstrap::default(), |_, run| measure.value(source, run));
    if contest.all.iter().all(|c| c.pairs == 0) {
        return Ok(vec![sentence(spec, &name, "There are no two algorithms with a common start to compare.")?]);
    }
    let mut note = format!(
        "{}: the median over common starts of row / column, and beneath it how often the row is lower, equal (within \
         {}) and higher. Blue: the row is lower; orange: higher; grey: cannot tell (Wilcoxon's signed ranks, for very \
         few pairs Student's t of the logarithms; Holm-corrected, 5 %). A failed run is infinite. {}",
        capital(&measure.words()),
        percent(floor),
        scope(&all)
    );
    if let Some(machine) = &machine {
        note.push_str(&format!(" {}.", capital(&machine.note())));
    }
    let svg = draw_matrix(spec, &contest, &measure, &note)?;
    let caption = format!("{}{note}", spec.title.as_deref().map_or(String::new(), |h| format!("{h}. ")));
    Ok(vec![Rendered { name, svg, csv: matrix_csv(&contest)?, caption }])
}

fn draw_matrix(spec: &FigureSpec, contest: &Contest, measure: &Measure, note: &str) -> Drawn<String> {
    let labels = &contest.labels;
    let n = labels.len();
    let gutter = labels.iter().map(|l| measure_tick(l)).fold(0.0, f64::max).min(110.0) + 8.0;
    let cell = ((WIDE - gutter - 6.0) / n as f64).min(52.0);
    let detailed = cell >= 34.0;
    let height = if detailed { 24.0 } else { 14.0 };
    let turned = labels.iter().any(|l| measure_tick(l) > cell - 3.0);
    let head = if turned { labels.iter().map(|l| measure_tick(l)).fold(0.0, f64::max).min(90.0) + 8.0 } else { 14.0 };
    let width = (gutter + cell * n as f64 + 6.0).max(240.0);
    let title = format!("matrix of {}", measure.words());
    let body = head + height * n as f64 + 4.0;
    let sheet = Sheet { title: &title, heading: spec.title.as_deref(), width, body, legend: &[], band: false, note };
    sheet.draw(|root, top| {
        let corner = |i: usize, j: usize| (gutter + cell * j as f64, top + head + height * i as f64);
        for (i, label) in labels.iter().enumerate() {
            let (x, y) = corner(i, i);
            let name = shorten(label, TICK, false, 102.0);
            text(root, &name, (gutter - 4.0, y + height / 2.0), &Text::new(TICK).right())?;
            let name = shorten(label, TICK, false, if turned { 82.0 } else { cell - 2.0 });
            let middle = x + cell / 2.0;
            if turned {
                let long = measure_tick(&name);
                text(root, &name, (middle, top + head - 4.0 - long / 2.0), &Text::new(TICK).center().turned())?;
            } else {
                text(root, &name, (middle, top + head - 7.0), &Text::new(TICK).center())?;
            }
            for c in contest.row(label) {
                let j = labels.iter().position(|l| *l == c.second).unwrap_or(0);
                let (x, y) = corner(i, j);
                let fill = match c.lower {
                    Side::First => RGBColor(0xc9, 0xdf, 0xf0),
                    Side::Second => RGBColor(0xf9, 0xd9, 0xc4),
                    Side::CannotTell => RGBColor(0xee, 0xee, 0xee),
                };
                let ends = [(pt(x), pt(y)), (pt(x + cell), pt(y + height))];
                root.draw(&Rectangle::new(ends, fill.filled())).map_err(drawing)?;
                root.draw(&Rectangle::new(ends, WHITE.stroke_width(pt(0.8).unsigned_abs()))).map_err(drawing)?;
                let ratio = short(&c);
                let size = if cell < 22.0 { 5.0 } else { NOTE };
                let high = if detailed { y + 8.0 } else { y + height / 2.0 };
                text(root, &ratio, (x + cell / 2.0, high), &Text::new(size).center())?;
                if detailed {
                    let counts = format!("{} {} {}", c.wins, c.ties, c.losses);
                    text(root, &counts, (x + cell / 2.0, y + 17.5), &Text::new(5.5).center().color(GREY))?;
                }
            }
        }
        Ok(())
    })
}

fn measure_tick(label: &str) -> f64 {
    measure(label, TICK, false)
}

/// A ratio with two digits; the ends of the scale where one side never arrives.
fn short(c: &Comparison) -> String {
    match c.ratio.value {
        v if v.is_nan() => "–".into(),
        0.0 => "0".into(),
        v => significant(v, if (0.5..2.0).contains(&v) { 3 } else { 2 }),
    }
}

fn matrix_csv(contest: &Contest) -> Drawn<String> {
    let row = |c: &Comparison| {
        let side = match c.lower {
            Side::First => "first",
            Side::Second => "second",
            Side::CannotTell => "cannot tell",
        };
        let mut row = vec![c.first.clone(), c.second.clone()];
        row.extend([c.pairs, c.wins, c.ties, c.losses].map(|n| n.to_string()));
        row.extend([c.ratio.value, c.ratio.low, c.ratio.high, c.p, c.adjusted].map(|v| v.to_string()));
        row.push(side.into());
        row
    };
    let header = ["first", "second", "pairs", "wins", "ties", "losses", "ratio", "low", "high", "p", "p_holm", "lower"];
    table(&header, contest.all.iter().map(row).collect())
}

pub(super) fn critical_difference(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let x = spec.x.unwrap_or(X::Seconds);
    let machine = (spec.y.is_none() && x.is_time()).then(|| on_one_machine(source.records));
    let all = problems(machine.as_ref().map_or(source.records, |m| &m.records));
    let name = spec.name();
    let Some(measure) = measure_of(spec, source, &all) else {
        return Ok(vec![sentence(spec, &name, "No run comes to any of the targets.")?]);
    };
    let labels = crate::analysis::entrants(&all.iter().collect::<Vec<_>>());
    // Only problems that everybody tried can be ranked.
    let whole: Vec<Vec<Vec<f64>>> = all
        .iter()
        .filter_map(|problem| {
            let of = |label: &String| {
                let entrant = problem.entrants.iter().find(|e| e.label == *label)?;
                Some(entrant.runs.iter().map(|run| measure.value(source, run)).collect::<Vec<f64>>())
            };
            labels.iter().map(of).collect()
        })
        .collect();
    let Some(told) = ranks(&labels, &whole) else {
        let words = "Ranks need two algorithms and two problems that all of them tried.";
        return Ok(vec![sentence(spec, &name, words)?]);
    };
    let p = if told.p < 1e-4 { "< 0.0001".to_string() } else { format!("= {}", significant(told.p, 2)) };
    let mut note = format!(
        "Mean ranks of the medians over seeds by {}, over {} problems; 1 is best. Bars join what lies within the \
         critical difference {} (Nemenyi, 5 %; Demšar 2006) and cannot be told apart. Friedman's p {p}. {}",
        measure.words(),
        told.problems,
        significant(told.critical_difference, 3),
        scope(&all)
    );
    if let Some(machine) = &machine {
        note.push_str(&format!(" {}.", capital(&machine.note())));
    }
    let svg = draw_ranks(spec, &told, &measure, &note)?;
    let row = |i: usize| vec![told.labels[i].clone(), told.ranks[i].to_string(), told.critical_difference.to_string()];
    let csv = table(&["label", "mean_rank", "critical_difference"], (0..labels.len()).map(row).collect())?;
    let caption = format!("{}{note}", spec.title.as_deref().map_or(String::new(), |h| format!("{h}. ")));
    Ok(vec![Rendered { name, svg, csv, caption }])
}

fn draw_ranks(spec: &FigureSpec, told: &Ranks, measure: &Measure, note: &str) -> Drawn<String> {
    let n = told.labels.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| told.ranks[*a].total_cmp(&told.ranks[*b]));
    let cliques = told.cliques();
    let (left, right) = (110.0, 330.0);
    let place = |rank: f64| left + (right - left) * (rank - 1.0) / (n as f64 - 1.0);
    let half = n.div_ceil(2);
    let bars = 7.0 * cliques.len() as f64;
    let body = 44.0 + bars + 12.0 * half as f64;
    let title = format!("mean ranks by {}", measure.words());
    let sheet =
        Sheet { title: &title, heading: spec.title.as_deref(), width: 440.0, body, legend: &[], band: false, note };
    sheet.draw(|root, top| {
        let line = |width: f64| INK.stroke_width(pt(width).unsigned_abs());
        let path = |points: Vec<(f64, f64)>, width: f64| {
            PathElement::new(points.into_iter().map(|p| (pt(p.0), pt(p.1))).collect::<Vec<_>>(), line(width))
        };
        let scale = top + 32.0;
        let end = left + (right - left) * (told.critical_difference / (n as f64 - 1.0)).min(1.0);
        root.draw(&path(vec![(left, top + 8.0), (end, top + 8.0)], 1.0)).map_err(drawing)?;
        for x in [left, end] {
            root.draw(&path(vec![(x, top + 5.5), (x, top + 10.5)], 0.8)).map_err(drawing)?;
        }
        text(root, "critical difference", (end + 5.0, top + 8.0), &Text::new(NOTE).color(GREY))?;
        root.draw(&path(vec![(left, scale), (right, scale)], 0.8)).map_err(drawing)?;
        for rank in 1..=n {
            let x = place(rank as f64);
            root.draw(&path(vec![(x, scale - 3.0), (x, scale)], 0.6)).map_err(drawing)?;
            text(root, &rank.to_string(), (x, scale - 8.0), &Text::new(TICK).center())?;
        }
        for (i, at) in order.iter().enumerate() {
            let x = place(told.ranks[*at]);
            let row = if i < half { i } else { n - 1 - i };
            let y = scale + bars + 10.0 + 12.0 * row as f64;
            let words =
                format!("{} {}", shorten(&told.labels[*at], TITLE, false, 78.0), significant(told.ranks[*at], 3));
            let (side, look) =
                if i < half { (left - 6.0, Text::new(TICK).right()) } else { (right + 6.0, Text::new(TICK)) };
            root.draw(&path(vec![(x, scale), (x, y), (side + if i < half { 2.0 } else { -2.0 }, y)], 0.6))
                .map_err(drawing)?;
            text(root, &words, (side, y), &look)?;
        }
        for (i, clique) in cliques.iter().enumerate() {
            let of = |at: Option<&usize>| at.map_or(1.0, |at| told.ranks[*at]);
            let (a, b) = (place(of(clique.first())) - 3.0, place(of(clique.last())) + 3.0);
            let y = scale + 5.0 + 7.0 * i as f64;
            root.draw(&path(vec![(a, y), (b, y)], 2.4)).map_err(drawing)?;
        }
        Ok(())
    })
}
