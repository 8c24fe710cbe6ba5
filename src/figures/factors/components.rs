//! Components of spectra and sounds: each a column of W as a curve, with its row of H as a map of the scene or over time. All
//! entrants share a curve's box in their own colours; the truth is wide and pale.

use super::pictures::{Ink, grey, place, top};
use super::{Shown, fitted, left_out};
use crate::analysis::show::{capital, significant};
use crate::figures::axis::{Axis, Scale};
use crate::figures::clip::clip;
use crate::figures::convergence::marks;
use crate::figures::page::pt;
use crate::figures::panel::{Place, Surround, close, frame, gutter};
use crate::figures::sheet::{Area, Drawn, Key, NOTE, Sheet, Text, WIDE, drawing, shorten, text};
use crate::figures::style::{Shape, Style};
use crate::figures::values::table;
use crate::figures::{Rendered, Styles};
use crate::results::about::{About, Domain, Known, Ruler, Scene};
use crate::results::record::ImageShape;
use crate::scores::assign;
use plotters::prelude::RGBColor;

/// Components on a page.
const COMPONENTS: usize = 8;
/// The most columns of A that are drawn as a curve.
const FRAMES: usize = 5000;
/// Drawn beneath the others, wide and pale.
const TRUTH: Style = Style { color: RGBColor(0xc0, 0xc0, 0xc0), dash: &[], shape: Shape::Disc };
const TRUTH_WIDTH: f64 = 3.2;

/// One curve of a component with what it weighs, scaled so that the curve's greatest value is 1.
struct Curve {
    label: String,
    style: Style,
    w: Vec<f64>,
    h: Vec<f64>,
}

/// One row of the figure.
struct Component {
    title: String,
    curves: Vec<Curve>,
}

pub(super) fn render(
    name: &str,
    heading: &str,
    about: &About,
    shown: &[Shown<'_>],
    styles: &Styles,
) -> Drawn<Vec<Rendered>> {
    let factors = &shown[0].factors;
    let (m, n) = (factors.m, factors.n);
    let truth: Vec<&Known> = about.parts.iter().filter(|p| p.values.len() == m && top(&p.values) > 0.0).collect();
    let components = components(&truth, shown, styles);
    let scene = about.scene.filter(|s| s.height * s.width == n);
    let sound = about.domain == Domain::Sound;
    let rows = about.rows.clone().unwrap_or_else(|| Ruler::count("row"));
    let columns = about.columns.clone().unwrap_or_else(|| Ruler::count("column"));
    let page = Page { components: &components, scene, over: (scene.is_none() && n <= FRAMES).then_some(columns), rows };
    let mut note = String::from(if sound {
        "Each row is a component: its spectrum, a column of W over its own maximum, and how loud it is over time, its row of H \
         times that maximum"
    } else {
        "Each row is an endmember: its spectrum, a column of W over its own maximum, and its abundances, its row of H"
    });
    if scene.is_some() {
        note.push_str(" (white is 0, black the map's own maximum)");
    }
    let matched = if truth.is_empty() { "those of the first" } else { "the truth (wide, pale)" };
    note.push_str(&format!(". Components are matched with {matched} by the cosines of their spectra"));
    note.push_str(&format!(
        ". Of each algorithm the seed with the median final objective is shown. {}",
        left_out(truth.len().max(factors.k), components.len(), "components")
    ));
    let svg = page.draw(heading, note.trim_end())?;
    let csv = page.csv(shown)?;
    let what = if sound { "notes" } else { "endmembers" };
    let caption = format!("{}: {what}. {}", capital(heading), note.trim_end());
    Ok(vec![Rendered { name: format!("{name}-{what}"), svg, csv, caption }])
}

/// The true parts, or the components of the first entrant in the order of their contributions, each with those of all others
/// that are matched with it.
fn components(truth: &[&Known], shown: &[Shown<'_>], styles: &Styles) -> Vec<Component> {
    let first = &shown[0];
    let reference: Vec<&[f64]> = if truth.is_empty() {
        first.order.iter().map(|l| first.factors.basis(*l)).collect()
    } else {
        truth.iter().map(|part| &part.values[..]).collect()
    };
    let mut components: Vec<Component> = (0..reference.len())
        .map(|i| Component {
            title: truth.get(i).map_or_else(|| format!("component {}", i + 1), |part| part.name.clone()),
            curves: truth.get(i).iter().map(|p| Curve::of("truth", TRUTH, &p.values, p.activations.clone())).collect(),
        })
        .collect();
    for entry in shown {
        let factors = &entry.factors;
        let table: Vec<Vec<f64>> =
            reference.iter().map(|r| (0..factors.k).map(|l| cosine(r, factors.basis(l))).collect()).collect();
        for (component, l) in components.iter_mut().zip(assign(&table)) {
            let Some(l) = l else { continue };
            let h = (0..factors.n).map(|j| factors.coefficients(j)[l]).collect();
            component.curves.push(Curve::of(&entry.label, styles.style(&entry.label), factors.basis(l), h));
        }
    }
    components.truncate(COMPONENTS);
    components
}

impl Curve {
    fn of(label: &str, style: Style, w: &[f64], mut h: Vec<f64>) -> Self {
        let most = top(w);
        let scale = if most > 0.0 { most } else { 1.0 };
        h.iter_mut().for_each(|v| *v *= scale);
        Curve { label: label.into(), style, w: w.iter().map(|v| v / scale).collect(), h }
    }
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(p, q)| p * q).sum::<f64>();
    let size = (sum(a, a) * sum(b, b)).sqrt();
    if size > 0.0 && size.is_finite() { sum(a, b) / size } else { 0.0 }
}

struct Page<'p> {
    components: &'p [Component],
    scene: Option<Scene>,
    /// The ruler of the columns, where rows of H are drawn as curves.
    over: Option<Ruler>,
    rows: Ruler,
}

impl Page<'_> {
    /// Who is shown, in the order of the legend: algorithms first.
    fn labels(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for curve in self.components.iter().flat_map(|c| &c.curves) {
            if !keys.iter().any(|k| k.label == curve.label) {
                keys.push(Key { label: curve.label.clone(), style: curve.style });
            }
        }
        keys.sort_by_key(|k| k.label == "truth");
        keys
    }

    fn draw(&self, heading: &str, note: &str) -> Drawn<String> {
        let keys = self.labels();
        let maps: Vec<&Key> = keys.iter().filter(|k| self.scene.is_some() && self.mapped(&k.label)).collect();
        let side = (300.0 / maps.len().max(1) as f64).clamp(44.0, 74.0);
        let shape = self.scene.map(|s| ImageShape { height: s.height, width: s.width });
        let size = shape.map_or((0.0, 0.0), |shape| fitted(shape, side));
        let pitch = if maps.is_empty() { 72.0 } else { 96.0_f64.max(size.1 + 12.0) };
        let head = if maps.is_empty() { 2.0 } else { 12.0 };
        let left = WIDE - 6.0 - maps.len() as f64 * (size.0 + 5.0);
        let body = head + pitch * self.components.len() as f64 + 12.0;
        let sheet =
            Sheet { title: "Components", heading: Some(heading), width: WIDE, body, legend: &keys, band: false, note };
        let name = self.rows.axis_name();
        sheet.draw(|root, sheet_top| {
            let y0 = sheet_top + head;
            for (i, key) in maps.iter().enumerate() {
                let middle = left + i as f64 * (size.0 + 5.0) + 2.0 + size.0 / 2.0;
                let label = shorten(&key.label, NOTE, false, size.0 + 2.0);
                text(root, &label, (middle, sheet_top + 7.0), &Text::new(NOTE).center())?;
            }
            for (row, component) in self.components.iter().enumerate() {
                let y = y0 + pitch * row as f64;
                let last = row + 1 == self.components.len();
                let height = pitch + if last { 10.0 } else { 0.0 };
                let share = if self.over.is_some() { 0.42 } else { 1.0 };
                let place_w = Place { x: 2.0, y, width: (left - 8.0) * share, height };
                let spectra: Vec<(&Curve, &[f64])> = component.curves.iter().map(|c| (c, &c.w[..])).collect();
                let x = last.then_some(name.as_str());
                curves(root, place_w, (&component.title, x), &self.rows, &spectra)?;
                if let Some(ruler) = &self.over {
                    let start = 2.0 + (left - 8.0) * share + 6.0;
                    let place_h = Place { x: start, y, width: WIDE - 4.0 - start, height };
                    let over: Vec<(&Curve, &[f64])> =
                        component.curves.iter().filter(|c| !c.h.is_empty()).map(|c| (c, &c.h[..])).collect();
                    let axis = ruler.axis_name();
                    curves(root, place_h, ("", last.then_some(axis.as_str())), ruler, &over)?;
                }
                for (i, key) in maps.iter().enumerate() {
                    let Some(curve) = component.curves.iter().find(|c| c.label == key.label) else { continue };
                    let Some(scene) = self.scene.filter(|_| !curve.h.is_empty()) else { continue };
                    let values = scene.row_by_row(&curve.h);
                    let at = (left + i as f64 * (size.0 + 5.0) + 2.0, y + 4.0);
                    place(root, grey(&values, (scene.width, scene.height), top(&values), Ink::Dark)?, at, size)?;
                }
            }
            Ok(())
        })
    }

    fn mapped(&self, label: &str) -> bool {
        self.components.iter().flat_map(|c| &c.curves).any(|c| c.label == label && !c.h.is_empty())
    }

    /// The curves; maps are too long for it, and lie in the runs' files of factors.
    fn csv(&self, shown: &[Shown<'_>]) -> Drawn<String> {
        let mut rows = Vec::new();
        for component in self.components {
            for curve in &component.curves {
                let run = shown.iter().find(|s| s.label == curve.label).map_or("", |s| s.record.key.as_str());
                let over = self.over.iter().map(|ruler| ("h", ruler, &curve.h));
                for (factor, ruler, values) in std::iter::once(("w", &self.rows, &curve.w)).chain(over) {
                    for (i, value) in values.iter().enumerate() {
                        let mut row = vec![component.title.clone(), curve.label.clone(), run.to_string()];
                        row.extend([factor.to_string(), significant_or_zero(ruler.at(i)), significant_or_zero(*value)]);
                        rows.push(row);
                    }
                }
            }
        }
        table(&["component", "label", "run", "factor", "at", "value"], rows)
    }
}

/// Five digits, which a drawing does not show more of.
fn significant_or_zero(value: f64) -> String {
    if value == 0.0 { "0".into() } else { significant(value, 5).replace('−', "-") }
}

/// One box of curves.
fn curves(
    root: &Area<'_>,
    at: Place,
    (title, name): (&str, Option<&str>),
    ruler: &Ruler,
    all: &[(&Curve, &[f64])],
) -> Drawn {
    let count = all.iter().map(|c| c.1.len()).max().unwrap_or(0);
    let ends = [ruler.at(0), ruler.at(count.max(2) - 1)];
    let values = all.iter().flat_map(|c| c.1).copied().chain([0.0]);
    let Some(y) = Axis::over(Scale::Linear, values, 3) else { return Ok(()) };
    let left = gutter(&y, 0).max(22.0);
    let x = Axis::linear(ends[0], ends[1], 6).fit(at.width - left - 8.0);
    let around = Surround { title, bold: true, x: name, y: &[], gutter: left, right: 8.0, y_labels: true };
    let mut chart = frame(root, at, (&x, &y), &around)?;
    for (i, (curve, values)) in all.iter().enumerate() {
        let path: Vec<(f64, f64)> = values.iter().enumerate().map(|(i, v)| (ruler.at(i), *v)).collect();
        let pieces = clip(&x, &y, &path);
        let truth = curve.style == TRUTH;
        for piece in &pieces {
            let mut stroke = curve.style.stroke(piece.clone());
            stroke.width = if truth { pt(TRUTH_WIDTH).unsigned_abs() } else { stroke.width };
            chart.draw_series([stroke]).map_err(drawing)?;
        }
        if truth {
            continue;
        }
        let marks = marks(&x, &y, &pieces, (i as f64 + 0.5) / all.len() as f64);
        chart.draw_series(marks.into_iter().map(|at| curve.style.marker(at, 1.8))).map_err(drawing)?;
    }
    close(root, &chart, (&x, &y), true)
}
