//! A box of curves with its legend beside it: what distributions and scaling share.

use super::axis::Axis;
use super::clip::clip;
use super::convergence::{draw_band, marks};
use super::panel::{Place, Surround, close, frame, gutter};
use super::sheet::{Drawn, Key, Sheet, draw_key, drawing, key_width};
use super::style::Style;
use crate::analysis::{Problem, profile::Steps};

/// The width and height of the place a box of curves takes with its labels, in points.
const BOX: (f64, f64) = (290.0, 205.0);

/// One curve.
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) style: Style,
    pub(crate) path: Vec<(f64, f64)>,
    /// The lower and upper edge, at the same places as each other.
    pub(crate) band: Option<[Vec<(f64, f64)>; 2]>,
    /// Single values, drawn as markers; without any, markers stand along the curve.
    pub(crate) dots: Vec<(f64, f64)>,
}

/// One box.
pub(crate) struct Chart<'c> {
    /// Above the box; empty for none.
    pub(crate) title: String,
    pub(crate) x: (Axis, &'c str),
    pub(crate) y: (Axis, &'c str),
    pub(crate) lines: Vec<Line>,
}

/// Boxes under each other, one legend at the right of the first.
pub(crate) fn draw(title: &str, heading: Option<&str>, charts: &[Chart<'_>], note: &str) -> Drawn<String> {
    let lines = || charts.iter().flat_map(|c| &c.lines);
    let mut keys: Vec<Key> = Vec::new();
    for line in lines() {
        if !keys.iter().any(|k| k.label == line.label) {
            keys.push(Key { label: line.label.clone(), style: line.style });
        }
    }
    let band = lines().any(|l| l.band.is_some());
    let width = BOX.0 + key_width(&keys).max(60.0);
    let body = (BOX.1 * charts.len() as f64).max(30.0 + 12.0 * keys.len() as f64);
    Sheet { title, heading, width, body, legend: &[], band, note }.draw(|root, top| {
        for (row, chart) in charts.iter().enumerate() {
            let place = Place { x: 2.0, y: top + BOX.1 * row as f64, width: BOX.0, height: BOX.1 };
            let gutter = gutter(&chart.y.0, 1);
            let (x, y) = (&chart.x.0.fit(place.width - gutter - 8.0), &chart.y.0);
            let around = Surround {
                title: &chart.title,
                bold: true,
                x: Some(chart.x.1),
                y: &[chart.y.1],
                gutter,
                right: 8.0,
                y_labels: true,
            };
            let mut drawn = frame(root, place, (x, y), &around)?;
            for line in &chart.lines {
                if let Some([low, high]) = &line.band {
                    draw_band(&mut drawn, (x, y), line.style, &[low.clone(), low.clone(), high.clone()])?;
                }
            }
            for (i, line) in chart.lines.iter().enumerate() {
                let pieces = clip(x, y, &line.path);
                for piece in &pieces {
                    drawn.draw_series([line.style.stroke(piece.clone())]).map_err(drawing)?;
                }
                let shift = (i as f64 + 0.5) / chart.lines.len() as f64;
                let at = if line.dots.is_empty() { marks(x, y, &pieces, shift) } else { line.dots.clone() };
                drawn.draw_series(at.into_iter().map(|at| line.style.marker(at, 2.1))).map_err(drawing)?;
            }
            close(root, &drawn, (x, y), true)?;
        }
        for (i, key) in keys.iter().enumerate() {
            draw_key(root, key, (BOX.0 + 4.0, top + 22.0 + 12.0 * i as f64), band)?;
        }
        Ok(())
    })
}

/// A step function as a path over the whole of an axis.
pub(crate) fn staircase(steps: &Steps, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
    let mut path = vec![(low, steps.at(low))];
    for (x, share) in steps.x.iter().zip(&steps.share).filter(|(x, _)| **x > low && **x <= high) {
        path.extend([(*x, path[path.len() - 1].1), (*x, *share)]);
    }
    path.push((high, path[path.len() - 1].1));
    path
}

/// What a caption says of the runs behind it: data, ranks, starts, seeds.
pub(crate) fn scope(problems: &[Problem<'_>]) -> String {
    let distinct = |of: &dyn Fn(&Problem<'_>) -> String| {
        let mut seen: Vec<String> = Vec::new();
        problems.iter().map(of).for_each(|word| {
            if !seen.contains(&word) {
                seen.push(word);
            }
        });
        seen
    };
    let title = |p: &Problem<'_>| {
        let said = p.dataset.title.contains("synthetic") || !p.dataset.synthetic;
        if said { p.dataset.title.clone() } else { format!("{} (synthetic)", p.dataset.title) }
    };
    let seeds = super::grid::Group { problems: problems.iter().collect(), suffix: String::new() }.seeds();
    format!(
        "Data: {}; rank {}; start {}; {seeds}.",
        distinct(&title).join(", "),
        distinct(&|p| p.rank.to_string()).join(", "),
        distinct(&|p| p.init.to_string()).join(", "),
    )
}
