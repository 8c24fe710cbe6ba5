//! A plotters backend that writes SVG in hundredths of a point, with dash arrays and pictures.
//!
//! plotters' own SVG backend rounds coordinates and widths to whole units and knows neither dashes nor clipping.

use base64::Engine as _;
use plotters::backend::DrawingBackend;
use plotters::element::{Drawable, PointCollection};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontStyle, FontTransform,
};
use std::convert::Infallible;
use std::fmt::Write as _;

/// Units of the drawing per point.
const UNITS: f64 = 100.0;

/// What plotters measures (size as ascent + descent) in terms of what is drawn (size as one em), for DejaVu Sans.
pub(crate) const EM: f64 = 1.164;

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// Points as units of the drawing.
pub(crate) fn pt(points: f64) -> i32 {
    (points * UNITS).round() as i32
}

/// A page under construction.
pub(crate) struct Page<'a> {
    size: (u32, u32),
    out: &'a mut String,
}

impl<'a> Page<'a> {
    /// A page of `width` × `height` points, written to `out`.
    pub(crate) fn new(out: &'a mut String, title: &str, (width, height): (f64, f64)) -> Self {
        out.clear();
        let (w, h) = (num(pt(width)), num(pt(height)));
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"DejaVu Sans, Verdana, sans-serif\" role=\"img\">\n<title>{}</title>",
            escape(title)
        );
        Page { size: (pt(width).unsigned_abs(), pt(height).unsigned_abs()), out }
    }

    /// An open line, with a dash array in points (empty: solid).
    pub(crate) fn polyline(
        &mut self,
        path: impl IntoIterator<Item = BackendCoord>,
        color: BackendColor,
        width: u32,
        dash: &[f64],
    ) {
        let dash = if dash.is_empty() {
            String::new()
        } else {
            let steps: Vec<String> = dash.iter().map(f64::to_string).collect();
            format!(" stroke-dasharray=\"{}\"", steps.join(" "))
        };
        let _ = writeln!(
            self.out,
            "<polyline fill=\"none\"{} stroke-linejoin=\"round\"{dash} points=\"{}\"/>",
            stroke(color, width),
            points(path)
        );
    }

    fn image(&mut self, (x, y): BackendCoord, (w, h): (i32, i32), png: &[u8]) {
        // The attribute is what resvg reads, the style what browsers read.
        let _ = writeln!(
            self.out,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
            num(x),
            num(y),
            num(w),
            num(h),
            base64::engine::general_purpose::STANDARD.encode(png)
        );
    }
}

impl DrawingBackend for Page<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        if !self.out.ends_with("</svg>\n") {
            self.out.push_str("</svg>\n");
        }
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Done {
        self.draw_rect(at, (at.0 + 1, at.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, s: &S) -> Done {
        self.draw_path([from, to], s)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, s: &S) -> Done {
        if s.color().alpha > 0.0 {
            let line = stroke(s.color(), s.stroke_width());
            let _ = writeln!(self.out, "<path fill=\"none\"{line} d=\"M{}\"/>", points(path));
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, s: &S, fill: bool) -> Done {
        if s.color().alpha > 0.0 {
            let (w, h) = (num((b.0 - a.0).abs()), num((b.1 - a.1).abs()));
            let (x, y) = (num(a.0.min(b.0)), num(a.1.min(b.1)));
            let look = look(s.color(), s.stroke_width(), fill, "none");
            let _ = writeln!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"{look}/>");
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, ring: I, s: &S) -> Done {
        if s.color().alpha > 0.0 {
            let _ = writeln!(self.out, "<polygon{} points=\"{}\"/>", paint("fill", s.color()), points(ring));
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, r: u32, s: &S, fill: bool) -> Done {
        let look = look(s.color(), s.stroke_width(), fill, "#fff");
        let _ = writeln!(self.out, "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{look}/>", num(x), num(y), num(r as i32));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let ((x0, _), (x1, _)) = style.layout_box(text).map_err(|e| DrawingErrorKind::FontError(Box::new(e)))?;
        Ok((((x1 - x0) as f64 * EM).ceil() as u32, (style.size() * EM).ceil() as u32))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, s: &S, (x, y): BackendCoord) -> Done {
        let anchor = match s.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        // Baseline from the font's own numbers: every viewer reads dominant-baseline differently.
        let share = match s.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.36,
            VPos::Bottom => -0.20,
        };
        let shift = (share * s.size()).round() as i32;
        let (dx, dy, turn) = match s.transform() {
            FontTransform::None => (0, shift, 0),
            FontTransform::Rotate90 => (-shift, 0, 90),
            FontTransform::Rotate180 => (0, -shift, 180),
            FontTransform::Rotate270 => (shift, 0, -90),
        };
        let (x, y) = (num(x + dx), num(y + dy));
        let place = match turn {
            0 => format!(" x=\"{x}\" y=\"{y}\""),
            _ => format!(" transform=\"translate({x} {y}) rotate({turn})\""),
        };
        let face = match s.style() {
            FontStyle::Bold => " font-weight=\"bold\"",
            FontStyle::Italic | FontStyle::Oblique => " font-style=\"oblique\"",
            FontStyle::Normal => "",
        };
        let (size, color) = (num(s.size().round() as i32), paint("fill", s.color()));
        let _ = writeln!(self.out, "<text{place}{anchor}{face} font-size=\"{size}\"{color}>{}</text>", escape(text));
        Ok(())
    }
}

/// A polyline through points of type `C`; plotters' own dashed element emits one path for each dash.
pub(crate) struct Stroke<C> {
    /// The corners.
    pub(crate) path: Vec<C>,
    /// Of the line.
    pub(crate) color: BackendColor,
    /// In units.
    pub(crate) width: u32,
    /// In points.
    pub(crate) dash: &'static [f64],
}

impl<'s, C> PointCollection<'s, C> for &'s Stroke<C> {
    type Point = &'s C;
    type IntoIter = std::slice::Iter<'s, C>;
    fn point_iter(self) -> Self::IntoIter {
        self.path.iter()
    }
}

impl<C> Drawable<Page<'_>> for Stroke<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, path: I, page: &mut Page<'_>, _: (u32, u32)) -> Done {
        page.polyline(path, self.color, self.width, self.dash);
        Ok(())
    }
}

/// A PNG stretched over a rectangle given by its upper left corner and size in units.
pub(crate) struct Picture {
    /// The corner.
    pub(crate) at: BackendCoord,
    /// Width and height.
    pub(crate) size: (i32, i32),
    /// The encoded picture.
    pub(crate) png: Vec<u8>,
}

impl<'s> PointCollection<'s, BackendCoord> for &'s Picture {
    type Point = &'s BackendCoord;
    type IntoIter = std::iter::Once<&'s BackendCoord>;
    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl Drawable<Page<'_>> for Picture {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, mut at: I, page: &mut Page<'_>, _: (u32, u32)) -> Done {
        if let Some(at) = at.next() {
            page.image(at, self.size, &self.png);
        }
        Ok(())
    }
}

/// Units as points, without trailing zeros and without a negative zero.
fn num(units: i32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, cents) = (units.unsigned_abs() / 100, units.unsigned_abs() % 100);
    match cents {
        0 => format!("{sign}{whole}"),
        c if c % 10 == 0 => format!("{sign}{whole}.{}", c / 10),
        c => format!("{sign}{whole}.{c:02}"),
    }
}

/// Several samples may share a hundredth of a point: repeated coordinates are dropped.
fn points(path: impl IntoIterator<Item = BackendCoord>) -> String {
    let (mut last, mut text) = (None, String::new());
    for at in path {
        if last != Some(at) {
            let gap = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{gap}{},{}", num(at.0), num(at.1));
            last = Some(at);
        }
    }
    text
}

fn paint(attribute: &str, color: BackendColor) -> String {
    let (r, g, b) = color.rgb;
    let mut text = format!(" {attribute}=\"#{r:02x}{g:02x}{b:02x}\"");
    if color.alpha < 1.0 {
        let _ = write!(text, " {attribute}-opacity=\"{:.3}\"", color.alpha);
    }
    text
}

fn stroke(color: BackendColor, width: u32) -> String {
    format!("{} stroke-width=\"{}\"", paint("stroke", color), num(width as i32))
}

fn look(color: BackendColor, width: u32, fill: bool, inside: &str) -> String {
    if fill { paint("fill", color) } else { format!(" fill=\"{inside}\"{}", stroke(color, width)) }
}

/// Labels come from users: markup is escaped, and characters that XML forbids become a replacement character.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_a_negative_zero() {
        let shown: Vec<String> = [0, 5, -5, 10, 100, -250, 12345].map(num).into();
        assert_eq!(shown, ["0", "0.05", "-0.05", "0.1", "1", "-2.5", "123.45"]);
        assert_eq!(points([(0, 0), (0, 0), (100, 50)]), "0,0 1,0.5");
    }

    #[test]
    fn markup_and_forbidden_characters_are_harmless() {
        assert_eq!(escape("a<b>&\"\u{1}\n"), "a&lt;b&gt;&amp;&quot;\u{fffd} ");
    }
}
