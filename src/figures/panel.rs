//! One panel: a box with two axes.

use super::axis::Axis;
use super::page::{Page, pt};
use super::sheet::{Area, Drawn, FONT, TICK, TITLE, Text, drawing, measure, shorten, text};
use super::style::INK;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;

/// A chart on a page of ours.
pub(crate) type Chart<'c, 'a> = ChartContext<'c, Page<'a>, Cartesian2d<Axis, Axis>>;

/// Where a panel lies on the page, in points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// What surrounds the box.
pub(crate) struct Surround<'l> {
    /// Above the box; empty for none.
    pub(crate) title: &'l str,
    /// Whether the title is bold.
    pub(crate) bold: bool,
    /// Beneath, with the unit.
    pub(crate) x: Option<&'l str>,
    /// At the left, turned, in lines.
    pub(crate) y: &'l [&'l str],
    /// The width left of the box, in points.
    pub(crate) gutter: f64,
    /// The width right of the box, in points.
    pub(crate) right: f64,
    /// Whether the labels of the vertical axis are written.
    pub(crate) y_labels: bool,
}

/// Points a panel needs above its box when it has a title.
pub(crate) const HEAD: f64 = 16.0;

/// Points a panel needs beneath its box.
pub(crate) fn foot(named: bool) -> f64 {
    if named { 25.0 } else { 15.0 }
}

/// As wide as the widest tick label and so many lines of name need, in points.
pub(crate) fn gutter(y: &Axis, lines: usize) -> f64 {
    let widest = y.major().iter().map(|t| measure(&t.1, TICK, false)).fold(0.0, f64::max);
    widest + 9.0 + if lines > 0 { 2.5 + 9.5 * lines as f64 } else { 0.0 }
}

/// Axes, mesh and names; the frame comes last, with [`close`].
pub(crate) fn frame<'a>(
    root: &Area<'a>,
    place: Place,
    (x, y): (&Axis, &Axis),
    around: &Surround<'_>,
) -> Drawn<Chart<'a, 'a>> {
    let head = if around.title.is_empty() { 4.0 } else { HEAD };
    let foot = foot(around.x.is_some());
    let area = root.clone().shrink((pt(place.x), pt(place.y)), (pt(place.width), pt(place.height)));
    let mut chart = ChartBuilder::on(&area)
        .margin_top(pt(head))
        .margin_right(pt(around.right))
        .x_label_area_size(pt(foot))
        .y_label_area_size(pt(around.gutter))
        .build_cartesian_2d(x.clone(), y.clone())
        .map_err(drawing)?;
    let label = (FONT, pt(TICK)).into_font().color(&INK);
    let names = |v: &f64| if around.y_labels { y.format_ext(v) } else { String::new() };
    chart
        .configure_mesh()
        .bold_line_style(RGBColor(0xe4, 0xe4, 0xe4).stroke_width(pt(0.4).unsigned_abs()))
        .light_line_style(TRANSPARENT)
        .axis_style(TRANSPARENT)
        .label_style(label)
        .y_label_formatter(&names)
        .set_all_tick_mark_size(pt(2.4))
        .draw()
        .map_err(drawing)?;
    let (left, right) = (place.x + around.gutter, place.x + place.width - around.right);
    let (top, bottom) = (place.y + head, place.y + place.height - foot);
    let title = fit_title(around.title, place.width - 4.0);
    let half = measure(&title, TITLE, true) / 2.0;
    // Over the box where it fits, else as near as the place allows.
    let middle = ((left + right) / 2.0).min(place.x + place.width - 2.0 - half).max(place.x + 2.0 + half);
    if !title.is_empty() {
        let look = Text::new(TITLE).center();
        text(root, &title, (middle, top - 6.5), &if around.bold { look.bold() } else { look })?;
    }
    if let Some(name) = around.x {
        text(root, name, ((left + right) / 2.0, bottom + 19.0), &Text::new(TITLE).center())?;
    }
    for (i, line) in around.y.iter().enumerate() {
        let at = (place.x + 6.5 + 9.5 * i as f64, (top + bottom) / 2.0);
        text(root, line, at, &Text::new(TITLE).center().turned())?;
    }
    Ok(chart)
}

/// A title that is too long loses the end of the data set's name, not the rank and the start behind it.
fn fit_title(title: &str, width: f64) -> String {
    let (data, rest) = title.rfind(", k = ").map_or((title, ""), |at| title.split_at(at));
    let room = width - measure(rest, TITLE, true);
    if room < 30.0 { shorten(title, TITLE, true, width) } else { shorten(data, TITLE, true, room) + rest }
}

/// The box in units: left, top, right, bottom.
pub(crate) fn corners(chart: &Chart<'_, '_>) -> [i32; 4] {
    let (x, y) = chart.plotting_area().get_pixel_range();
    [x.start, y.start, x.end, y.end]
}

/// The box and its ticks, over the curves.
pub(crate) fn close(root: &Area<'_>, chart: &Chart<'_, '_>, (x, y): (&Axis, &Axis), y_ticks: bool) -> Drawn {
    let [left, top, right, bottom] = corners(chart);
    let line = |width: f64| INK.stroke_width(pt(width).unsigned_abs());
    let sizes = [(true, 3.0, 0.6), (false, 1.7, 0.4)];
    let values = |axis: &Axis, major: bool| -> Vec<f64> {
        if major { axis.major().iter().map(|t| t.0).collect() } else { axis.minor().to_vec() }
    };
    for (major, length, width) in sizes {
        for v in values(x, major) {
            let p = x.place(v, (left, right));
            root.draw(&PathElement::new([(p, bottom), (p, bottom + pt(length))], line(width))).map_err(drawing)?;
        }
        for v in values(y, major).into_iter().filter(|_| y_ticks) {
            let p = y.place(v, (bottom, top));
            root.draw(&PathElement::new([(left, p), (left - pt(length), p)], line(width))).map_err(drawing)?;
        }
    }
    root.draw(&Rectangle::new([(left, top), (right, bottom)], line(0.6))).map_err(drawing)
}
