//! A page: heading, body, legend, note; and the text on it.

use super::FigureError;
use super::page::{EM, Page, pt};
use super::style::{GREY, INK, Style};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};
use std::sync::OnceLock;

/// A part of a page.
pub(crate) type Area<'a> = DrawingArea<Page<'a>, Shift>;
/// What drawing returns.
pub(crate) type Drawn<T = ()> = Result<T, FigureError>;

/// The family of all text.
pub(crate) const FONT: &str = "DejaVu Sans";
/// Sizes in points.
pub(crate) const HEADING: f64 = 8.5;
/// Panel titles and axis names.
pub(crate) const TITLE: f64 = 8.0;
/// Legends.
pub(crate) const KEY: f64 = 7.5;
/// Tick labels.
pub(crate) const TICK: f64 = 7.0;
/// Notes and counts.
pub(crate) const NOTE: f64 = 6.5;

/// A page's width for two columns of text.
pub(crate) const WIDE: f64 = 480.0;
const ROW: f64 = 12.0;
const NOTE_ROW: f64 = 9.0;
const SAMPLE: f64 = 22.0;
/// How much wider the bold face runs than the regular one.
const BOLD: f64 = 1.125;

/// One row of a legend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    /// The text.
    pub(crate) label: String,
    /// What it belongs to.
    pub(crate) style: Style,
}

/// Everything on a page except its body.
pub(crate) struct Sheet<'s> {
    /// For the SVG's `<title>`.
    pub(crate) title: &'s str,
    /// The line above, if any.
    pub(crate) heading: Option<&'s str>,
    /// In points.
    pub(crate) width: f64,
    /// The body's height in points.
    pub(crate) body: f64,
    /// Beneath the body.
    pub(crate) legend: &'s [Key],
    /// Whether legend samples show a band.
    pub(crate) band: bool,
    /// Beneath it all, wrapped.
    pub(crate) note: &'s str,
}

impl Sheet<'_> {
    /// Draws the page; `body` gets the page's root and the height at which the body begins, in points.
    pub(crate) fn draw(&self, body: impl FnOnce(&Area<'_>, f64) -> Drawn) -> Drawn<String> {
        fonts()?;
        let heading = wrap(self.heading.unwrap_or(""), HEADING, true, self.width - 12.0);
        let note = wrap(self.note, NOTE, false, self.width - 12.0);
        let top = if heading.is_empty() { 0.0 } else { 3.0 + 11.5 * heading.len() as f64 };
        let legend_top = top + self.body;
        let legend = legend_height(self.legend, self.width);
        let note_top = legend_top + legend + if note.is_empty() { 0.0 } else { 3.0 };
        let height = note_top + NOTE_ROW * note.len() as f64 + 3.0;
        let mut svg = String::new();
        {
            let root = Page::new(&mut svg, self.title, (self.width, height)).into_drawing_area();
            root.fill(&WHITE).map_err(drawing)?;
            for (i, line) in heading.iter().enumerate() {
                text(&root, line, (6.0, 8.5 + 11.5 * i as f64), &Text::new(HEADING).bold())?;
            }
            body(&root, top)?;
            self.legend(&root, legend_top)?;
            for (i, line) in note.iter().enumerate() {
                let at = (6.0, note_top + NOTE_ROW * (i as f64 + 0.5));
                text(&root, line, at, &Text::new(NOTE).color(GREY))?;
            }
            root.present().map_err(drawing)?;
        }
        Ok(svg)
    }

    fn legend(&self, root: &Area<'_>, top: f64) -> Drawn {
        let (columns, width) = legend_columns(self.legend, self.width);
        let used = width * columns.min(self.legend.len()) as f64 - 12.0;
        for (i, key) in self.legend.iter().enumerate() {
            let at = ((self.width - used) / 2.0 + (i % columns) as f64 * width, (i / columns) as f64);
            draw_key(root, key, (at.0.max(6.0), top + ROW * (at.1 + 0.5) + 2.0), self.band)?;
        }
        Ok(())
    }
}

/// A page that says a sentence instead of showing something.
pub(crate) fn sentence_page(title: &str, heading: Option<&str>, sentence: &str) -> Drawn<String> {
    let lines = wrap(sentence, TITLE, false, 340.0);
    let body = 24.0 + 12.0 * lines.len() as f64;
    let sheet = Sheet { title, heading, width: 360.0, body, legend: &[], band: false, note: "" };
    sheet.draw(|root, top| {
        for (i, line) in lines.iter().enumerate() {
            text(root, line, (180.0, top + 16.0 + 12.0 * i as f64), &Text::new(TITLE).center())?;
        }
        Ok(())
    })
}

/// A sample of line, band and marker with its text, from the left at mid-height, in points.
pub(crate) fn draw_key(root: &Area<'_>, key: &Key, (x, y): (f64, f64), band: bool) -> Drawn {
    let (left, right, middle) = (pt(x), pt(x + SAMPLE), pt(y));
    if band {
        let fill = key.style.color.mix(0.16).filled();
        root.draw(&Rectangle::new([(left, middle - pt(3.6)), (right, middle + pt(3.6))], fill)).map_err(drawing)?;
    }
    root.draw(&key.style.stroke(vec![(left, middle), (right, middle)])).map_err(drawing)?;
    root.draw(&key.style.marker(((left + right) / 2, middle), 2.1)).map_err(drawing)?;
    text(root, &key.label, (x + SAMPLE + 4.0, y), &Text::new(KEY))
}

/// The width in points of a key with its sample and the gap to the next.
pub(crate) fn key_width(keys: &[Key]) -> f64 {
    keys.iter().map(|key| measure(&key.label, KEY, false)).fold(0.0, f64::max) + SAMPLE + 16.0
}

fn legend_columns(keys: &[Key], width: f64) -> (usize, f64) {
    let one = key_width(keys);
    let most = (((width - 12.0 + 12.0) / one).floor() as usize).clamp(1, keys.len().max(1));
    // Rows as even as they can be: six keys at five a row are three and three.
    let rows = keys.len().max(1).div_ceil(most);
    (keys.len().max(1).div_ceil(rows), one)
}

fn legend_height(keys: &[Key], width: f64) -> f64 {
    if keys.is_empty() {
        return 0.0;
    }
    ROW * keys.len().div_ceil(legend_columns(keys, width).0) as f64 + 4.0
}

/// How a text looks and hangs.
pub(crate) struct Text {
    size: f64,
    bold: bool,
    color: RGBColor,
    across: HPos,
    turned: bool,
}

impl Text {
    /// Regular ink, hung at its left end and mid-height; the size in points.
    pub(crate) fn new(size: f64) -> Self {
        Self { size, bold: false, color: INK, across: HPos::Left, turned: false }
    }
    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
    pub(crate) fn color(self, color: RGBColor) -> Self {
        Self { color, ..self }
    }
    pub(crate) fn center(self) -> Self {
        Self { across: HPos::Center, ..self }
    }
    pub(crate) fn right(self) -> Self {
        Self { across: HPos::Right, ..self }
    }
    /// Reading upwards.
    pub(crate) fn turned(self) -> Self {
        Self { turned: true, ..self }
    }
}

/// Writes a text at a place in points.
pub(crate) fn text(area: &Area<'_>, words: &str, (x, y): (f64, f64), look: &Text) -> Drawn {
    let face = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = (FONT, pt(look.size)).into_font().style(face);
    let font = if look.turned { font.transform(FontTransform::Rotate270) } else { font };
    let style = font.color(&look.color).pos(Pos::new(look.across, VPos::Center));
    area.draw_text(words, &style, (pt(x), pt(y))).map_err(drawing)
}

/// The width of a text in points.
pub(crate) fn measure(words: &str, size: f64, bold: bool) -> f64 {
    if fonts().is_err() {
        return 0.6 * size * words.chars().count() as f64;
    }
    // plotters measures the regular face for every style. And it takes the size as ascent + descent, the page as one em.
    let units = (FONT, pt(size)).into_font().box_size(words).map_or(0, |s| s.0);
    EM * if bold { BOLD } else { 1.0 } * f64::from(units) / f64::from(pt(1.0))
}

/// Breaks a text into lines of at most `width` points; a word longer than that is shortened.
pub(crate) fn wrap(words: &str, size: f64, bold: bool, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|line| measure(line, size, bold) <= width) {
            Some(line) => {
                lines.pop();
                lines.push(line);
            }
            None => lines.push(shorten(word, size, bold, width)),
        }
    }
    lines
}

/// The text, or as much of it as fits with an ellipsis.
pub(crate) fn shorten(words: &str, size: f64, bold: bool, width: f64) -> String {
    if measure(words, size, bold) <= width {
        return words.to_string();
    }
    let mut kept: Vec<char> = words.chars().collect();
    while kept.len() > 1 {
        kept.pop();
        let shorter = format!("{}…", kept.iter().collect::<String>().trim_end());
        if measure(&shorter, size, bold) <= width {
            return shorter;
        }
    }
    "…".into()
}

/// plotters keeps fonts in a register of the process.
fn fonts() -> Drawn {
    static READY: OnceLock<bool> = OnceLock::new();
    let ready = *READY.get_or_init(|| {
        let faces = [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())];
        faces.into_iter().all(|(style, bytes)| register_font(FONT, style, bytes).is_ok())
    });
    if ready { Ok(()) } else { Err(FigureError::Drawing("the font does not parse".into())) }
}

/// plotters' errors as ours.
pub(crate) fn drawing<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> FigureError {
    FigureError::Drawing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_and_shortened_to_its_width() {
        let lines = wrap("one two three four five six seven eight", 7.0, false, 60.0);
        assert!(lines.len() > 1 && lines.iter().all(|l| measure(l, 7.0, false) <= 60.0), "{lines:?}");
        assert_eq!(lines.join(" "), "one two three four five six seven eight");
        let short = shorten("a very long label without an end", 7.5, false, 50.0);
        assert!(short.ends_with('…') && measure(&short, 7.5, false) <= 50.0);
        assert_eq!(shorten("mu", 7.5, false, 50.0), "mu");
    }
}
