//! Dots in rows: one row for each entrant, one dot for each run, with box and median, and a place for failures.

use super::axis::{Axis, Scale};
use super::page::pt;
use super::panel::{Chart, HEAD, Place, Surround, close, corners, foot, frame};
use super::sheet::{Area, Drawn, NOTE, Sheet, TICK, TITLE, Text, WIDE, drawing, measure, shorten, text};
use super::style::{GREY, Style};
use crate::analysis::Summary;
use plotters::prelude::*;

/// Points of one entrant's row.
const ROW: f64 = 15.0;
/// Points of the line above a row.
const ROW_HEAD: f64 = 13.0;
/// Points a name may take.
const LABEL: f64 = 96.0;

/// One entrant's runs.
#[derive(Clone, Debug)]
pub(crate) struct Strip {
    pub(crate) label: String,
    pub(crate) style: Style,
    /// One for each run; infinite for failures.
    pub(crate) values: Vec<f64>,
}

/// One box of strips.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// Above the row that this panel begins, at the left; empty for none.
    pub(crate) heading: String,
    pub(crate) title: String,
    pub(crate) strips: Vec<Strip>,
}

/// A page of panels in rows.
pub(crate) struct Strips<'f> {
    pub(crate) title: &'f str,
    pub(crate) heading: Option<&'f str>,
    pub(crate) axis: &'f str,
    /// `None`: logarithmic where values span a decade.
    pub(crate) scale: Option<Scale>,
    /// What it is called when a value is infinite.
    pub(crate) failed: &'f str,
    pub(crate) across: usize,
    /// Whether the panels of a row share their axis.
    pub(crate) shared: bool,
    pub(crate) note: &'f str,
    pub(crate) panels: &'f [Panel],
}

/// The height in points of a panel with so many rows.
pub(crate) fn panel_height(rows: usize, named: bool) -> f64 {
    HEAD + ROW * rows.max(1) as f64 + foot(named)
}

impl Strips<'_> {
    /// The page as SVG.
    pub(crate) fn draw(&self) -> Drawn<String> {
        let labels = self.labels();
        let rows = self.panels.len().div_ceil(self.across);
        let head = if self.panels.iter().any(|p| !p.heading.is_empty()) { ROW_HEAD } else { 0.0 };
        let (plain, named) = (panel_height(labels.len(), false) + head + 2.0, panel_height(labels.len(), true) + head);
        let width = if self.across == 1 { 360.0 } else { WIDE };
        // In narrow panels the name of the axis stands once, beneath all of them.
        let once = self.across > 2;
        let last = if once { plain + 18.0 } else { named };
        let body = plain * (rows - 1) as f64 + last;
        let sheet =
            Sheet { title: self.title, heading: self.heading, width, body, legend: &[], band: false, note: self.note };
        let word = self.failed.split(' ').map(|w| measure(w, NOTE, false)).fold(0.0, f64::max);
        // Beside the word there must be room for half of the last tick label.
        let band = |column: usize| if self.fails_in(column) { word + 17.0 } else { 0.0 };
        let bands: Vec<f64> = (0..self.across).map(band).collect();
        let rows_of = labels;
        let labels: Vec<String> = rows_of.iter().map(|l| shorten(l, TICK, false, LABEL)).collect();
        let gutter = labels.iter().map(|l| measure(l, TICK, false)).fold(0.0, f64::max) + 9.0;
        // Tick labels at the ends of neighbouring boxes must not run into each other.
        let gap = if self.across > 2 { 18.0 } else { 10.0 };
        // Boxes of equal width: what names, bands and gaps leave is shared.
        let inner = (width - 4.0 - gutter - self.across as f64 * gap - bands.iter().sum::<f64>()) / self.across as f64;
        let names = Axis::names(&labels);
        let left = |column: usize| {
            let before: f64 = bands[..column].iter().map(|band| inner + band + gap).sum();
            2.0 + before + if column == 0 { 0.0 } else { gutter }
        };
        sheet.draw(|root, top| {
            for (i, panel) in self.panels.iter().enumerate() {
                let (row, column) = (i / self.across, i % self.across);
                let lowest = !once && i + self.across >= self.panels.len();
                let mine = if column == 0 { gutter } else { 0.0 };
                let place = Place {
                    x: left(column),
                    y: top + plain * row as f64 + head,
                    width: mine + inner + bands[column] + gap,
                    height: panel_height(labels.len(), lowest),
                };
                if column == 0 && head > 0.0 {
                    let at = (6.0, place.y - 5.0);
                    text(root, &shorten(&panel.heading, TITLE, true, width - 12.0), at, &Text::new(TITLE).bold())?;
                }
                let x = self.x_axis(i, row).fit(inner);
                let around = Surround {
                    title: &panel.title,
                    bold: panel.heading.is_empty() && !self.shared,
                    x: lowest.then_some(self.axis),
                    y: &[],
                    gutter: mine,
                    right: gap + bands[column],
                    y_labels: column == 0,
                };
                let chart = frame(root, place, (&x, &names), &around)?;
                self.draw_panel(root, chart, panel, (&x, &names), &rows_of, bands[column])?;
            }
            if once {
                let at = (gutter + (width - gutter) / 2.0, top + body - 8.0);
                text(root, self.axis, at, &Text::new(TITLE).center())?;
            }
            Ok(())
        })
    }

    fn fails_in(&self, column: usize) -> bool {
        let panels = self.panels.iter().skip(column).step_by(self.across);
        panels.flat_map(|p| &p.strips).flat_map(|s| &s.values).any(|v| !v.is_finite())
    }

    /// The rows of every panel of the page: panels lie side by side and share them.
    fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for strip in self.panels.iter().flat_map(|p| &p.strips) {
            if !labels.contains(&strip.label) {
                labels.push(strip.label.clone());
            }
        }
        labels
    }

    fn x_axis(&self, panel: usize, row: usize) -> Axis {
        let range = if self.shared { row * self.across..(row + 1) * self.across } else { panel..panel + 1 };
        let panels = &self.panels[range.start..range.end.min(self.panels.len())];
        let values = || panels.iter().flat_map(|p| &p.strips).flat_map(|s| s.values.iter().copied());
        let finite = || values().filter(|v| v.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(0.0, f64::max));
        let natural = if low > 0.0 && high / low >= 10.0 { Scale::Log } else { Scale::Linear };
        Axis::over(self.scale.unwrap_or(natural), values(), 6).unwrap_or_else(|| Axis::linear(0.0, 1.0, 6))
    }

    fn draw_panel(
        &self,
        root: &Area<'_>,
        mut chart: Chart<'_, '_>,
        panel: &Panel,
        (x, names): (&Axis, &Axis),
        labels: &[String],
        band: f64,
    ) -> Drawn {
        let [_, top, right, bottom] = corners(&chart);
        let far = right + pt(band);
        if band > 0.0 {
            let fill = RGBColor(0xf2, 0xf2, 0xf2).filled();
            root.draw(&Rectangle::new([(right, top), (far, bottom)], fill)).map_err(drawing)?;
        }
        for strip in &panel.strips {
            let row = labels.iter().position(|l| *l == strip.label).unwrap_or(0);
            draw_strip(&mut chart, x, strip, -(row as f64))?;
            let failed = strip.values.iter().filter(|v| !v.is_finite()).count();
            if failed > 0 {
                let y = names.place(-(row as f64), (bottom, top));
                let told = format!("× {failed}/{}", strip.values.len());
                let middle = f64::from(right + far) / 200.0;
                let look = Text::new(NOTE).center().color(strip.style.color);
                text(root, &told, (middle, f64::from(y) / 100.0), &look)?;
            }
        }
        if band > 0.0 {
            for (i, word) in self.failed.split(' ').enumerate() {
                let at = (f64::from(far) / 100.0, f64::from(bottom) / 100.0 + 7.5 + 7.5 * i as f64);
                text(root, word, at, &Text::new(NOTE).right().color(GREY))?;
            }
            let line = GREY.stroke_width(pt(0.4).unsigned_abs());
            root.draw(&Rectangle::new([(right, top), (far, bottom)], line)).map_err(drawing)?;
        }
        close(root, &chart, (x, names), false)
    }
}

/// Box, dots and median of one entrant on its row.
fn draw_strip(chart: &mut Chart<'_, '_>, x: &Axis, strip: &Strip, row: f64) -> Drawn {
    let Some(summary) = Summary::of(&strip.values) else { return Ok(()) };
    let (color, (low, high)) = (strip.style.color, x.bounds());
    if summary.count >= 3 && summary.lower.is_finite() {
        let (a, b) = (summary.lower.clamp(low, high), summary.upper.clamp(low, high));
        let fill = color.mix(0.18).filled();
        chart.draw_series([Rectangle::new([(a, row + 0.3), (b, row - 0.3)], fill)]).map_err(drawing)?;
    }
    // Dots of one row are spread evenly, so that equal values stay visible.
    let count = strip.values.len().max(2) - 1;
    for (i, value) in strip.values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let spread = if strip.values.len() == 1 { 0.0 } else { 0.22 * (1.0 - 2.0 * i as f64 / count as f64) };
        let dot = Circle::new((*value, row + spread), pt(1.3), color.mix(0.85).filled());
        chart.draw_series([dot]).map_err(drawing)?;
    }
    if summary.median.is_finite() {
        let bar = color.stroke_width(pt(1.8).unsigned_abs());
        let ends = [(summary.median, row + 0.34), (summary.median, row - 0.34)];
        chart.draw_series([PathElement::new(ends, bar)]).map_err(drawing)?;
    }
    Ok(())
}
