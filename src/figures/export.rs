//! SVG to PNG and PDF through one parsed tree; no system font is ever read.

use super::FigureError;
use std::sync::{Arc, OnceLock};

/// The page as pixels, on white, at so many dots per inch (72 make a pixel of each point).
///
/// # Errors
/// When the text is no SVG, or the picture would have no pixel or too many.
pub fn png(svg: &str, dpi: f32) -> Result<Vec<u8>, FigureError> {
    let tree = parse(svg)?;
    let scale = dpi / 72.0;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let pixels = resvg::tiny_skia::Pixmap::new(width.ceil() as u32, height.ceil() as u32);
    let mut pixels = pixels.ok_or(FigureError::Size { width, height })?;
    pixels.fill(resvg::tiny_skia::Color::WHITE);
    resvg::render(&tree, resvg::tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| FigureError::Encode(e.to_string()))
}

/// The page as a PDF with real text, as large as the SVG says.
///
/// # Errors
/// When the text is no SVG or the PDF cannot be written.
#[cfg(feature = "pdf")]
pub fn pdf(svg: &str, title: &str) -> Result<Vec<u8>, FigureError> {
    use krilla_svg::SurfaceExt as _;
    let tree = parse(svg)?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let size = krilla::geom::Size::from_wh(width, height).ok_or(FigureError::Size { width, height })?;
    let mut document = krilla::Document::new();
    let mut page = document.start_page_with(krilla::page::PageSettings::new(size));
    let mut surface = page.surface();
    let drawn = surface.draw_svg(&tree, size, krilla_svg::SvgSettings::default());
    surface.finish();
    page.finish();
    drawn.ok_or_else(|| FigureError::Encode("the drawing has no place on the PDF page".into()))?;
    document.set_metadata(krilla::metadata::Metadata::new().title(title.to_string()));
    document.finish().map_err(|e| FigureError::Encode(format!("{e:?}")))
}

pub(super) fn parse(svg: &str) -> Result<usvg::Tree, FigureError> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = usvg::fontdb::Database::new();
        for face in [dejavu::sans::regular(), dejavu::sans::bold(), dejavu::sans::oblique()] {
            fonts.load_font_source(usvg::fontdb::Source::Binary(Arc::new(face)));
        }
        fonts.set_sans_serif_family("DejaVu Sans");
        Arc::new(fonts)
    });
    // At 72 dots per inch one unit is one point, and a PDF page is as large as the SVG says.
    let options = usvg::Options {
        dpi: 72.0,
        font_family: "DejaVu Sans".into(),
        fontdb: Arc::clone(fonts),
        ..usvg::Options::default()
    };
    usvg::Tree::from_str(svg, &options).map_err(|e| FigureError::Parse(e.to_string()))
}
