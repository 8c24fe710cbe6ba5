//! Dots in rows: one row for each entrant, one dot for each run, with box and median, and a place for failures.

use super::axis::{Axis, Scale};
use super::page::pt;
use super::panel::{Chart, HEAD, Place, Surround, close, corners, foot, frame};
use super::sheet::{Area, Drawn, NOTE, Sheet, TICK, Text, WIDE, drawing, measure, text};
use super::style::{GREY, Style};
use crate::analysis::Summary;
use plotters::prelude::*;

/// Points of one entrant's row.
const ROW: f64 = 15.0;

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
        let (plain, named) = (panel_height(labels.len(), false) + 2.0, panel_height(labels.len(), true));
        let width = if self.across == 1 { 360.0 } else { WIDE };
        let body = plain * (rows - 1) as f64 + named;
        let sheet =
            Sheet { title: self.title, heading: self.heading, width, body, legend: &[], band: false, note: self.note };
        let infinite = self.panels.iter().flat_map(|p| &p.strips).flat_map(|s| &s.values).any(|v| !v.is_finite());
        let band = if infinite { measure(self.failed, NOTE, false).max(30.0) + 6.0 } else { 0.0 };
        let gutter = labels.iter().map(|l| measure(l, TICK, false)).fold(0.0, f64::max) + 9.0;
        let gap = 10.0;
        let inner = (width - 4.0 - gutter - self.across as f64 * gap) / self.across as f64;
        let names = Axis::names(&labels);
        sheet.draw(|root, top| {
            for (i, panel) in self.panels.iter().enumerate() {
                let (row, column) = (i / self.across, i % self.across);
                let lowest = i + self.across >= self.panels.len();
                let mine = if column == 0 { gutter } else { 0.0 };
                let place = Place {
                    x: 2.0 + if column == 0 { 0.0 } else { gutter + column as f64 * (inner + gap) },
                    y: top + plain * row as f64,
                    width: mine + inner + gap,
                    height: panel_height(labels.len(), lowest),
                };
                let ticks = ((inner - band) / 38.0) as usize;
                let x = self.x_axis(i, row, ticks.clamp(2, 6));
                let around = Surround {
                    title: &panel.title,
                    x: lowest.then_some(self.axis),
                    y: &[],
                    gutter: mine,
                    right: gap + band,
                    y_labels: column == 0,
                };
                let chart = frame(root, place, (&x, &names), &around)?;
                self.draw_panel(root, chart, panel, (&x, &names), &labels, band)?;
            }
            Ok(())
        })
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

    fn x_axis(&self, panel: usize, row: usize, ticks: usize) -> Axis {
        let range = if self.shared { row * self.across..(row + 1) * self.across } else { panel..panel + 1 };
        let panels = &self.panels[range.start..range.end.min(self.panels.len())];
        let values = || panels.iter().flat_map(|p| &p.strips).flat_map(|s| s.values.iter().copied());
        let finite = || values().filter(|v| v.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(0.0, f64::max));
        let natural = if low > 0.0 && high / low >= 10.0 { Scale::Log } else { Scale::Linear };
        Axis::over(self.scale.unwrap_or(natural), values(), ticks).unwrap_or_else(|| Axis::linear(0.0, 1.0, ticks))
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
            let middle = f64::from(right + far) / 200.0;
            text(root, self.failed, (middle, f64::from(bottom) / 100.0 + 8.0), &Text::new(NOTE).center().color(GREY))?;
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
