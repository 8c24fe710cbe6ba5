//! Values as grey pictures.

use crate::figures::FigureError;
use crate::figures::page::{Picture, pt};
use crate::figures::sheet::{Area, Drawn, drawing};
use image::ImageEncoder as _;
use plotters::prelude::*;

/// The ink that means “more”.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// White is 0 and black is the maximum: parts and coefficients.
    Dark,
    /// Black is 0 and white is the maximum, as in a photograph.
    Light,
}

/// A PNG of `width` × `height` values in row-major order between 0 and `top`; NaN counts as 0.
pub(super) fn grey(values: &[f64], (width, height): (usize, usize), top: f64, ink: Ink) -> Drawn<Vec<u8>> {
    let level = |v: &f64| {
        let share = if top > 0.0 { (v / top).clamp(0.0, 1.0) } else { 0.0 };
        // A cast of NaN is 0.
        let level = (255.0 * share).round() as u8;
        if ink == Ink::Dark { 255 - level } else { level }
    };
    let mut bytes: Vec<u8> = values.iter().map(level).collect();
    bytes.resize(width * height, if ink == Ink::Dark { 255 } else { 0 });
    png(&bytes, (width, height), image::ExtendedColorType::L8)
}

/// A PNG of values of either sign: white is 0, black the greatest and vermilion the least of `top` times ±1.
fn signed(values: &[f64], (width, height): (usize, usize), top: f64) -> Drawn<Vec<u8>> {
    const LESS: [f64; 3] = [213.0, 94.0, 0.0];
    let mut bytes = Vec::with_capacity(3 * width * height);
    for v in values {
        let share = if top > 0.0 { (v / top).clamp(-1.0, 1.0) } else { 0.0 };
        let full = if share < 0.0 { LESS } else { [0.0; 3] };
        bytes.extend(full.map(|c| (255.0 - share.abs() * (255.0 - c)).round() as u8));
    }
    bytes.resize(3 * width * height, 255);
    png(&bytes, (width, height), image::ExtendedColorType::Rgb8)
}

/// A part or coefficients: by their own largest size, with the signs where there are any.
pub(super) fn parts(values: &[f64], size: (usize, usize)) -> Drawn<Vec<u8>> {
    let low = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::min);
    if low < 0.0 { signed(values, size, top(values).max(-low)) } else { grey(values, size, top(values), Ink::Dark) }
}

fn png(bytes: &[u8], (width, height): (usize, usize), color: image::ExtendedColorType) -> Drawn<Vec<u8>> {
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png)
        .write_image(bytes, width as u32, height as u32, color)
        .map_err(|e| FigureError::Encode(e.to_string()))?;
    Ok(png)
}

/// The greatest finite value, at least 0.
pub(super) fn top(values: &[f64]) -> f64 {
    values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max)
}

/// Places a picture by its upper left corner and size in points, with a hairline around it.
pub(super) fn place(root: &Area<'_>, png: Vec<u8>, (x, y): (f64, f64), (width, height): (f64, f64)) -> Drawn {
    let (at, size) = ((pt(x), pt(y)), (pt(width), pt(height)));
    root.draw(&Picture { at, size, png }).map_err(drawing)?;
    let line = RGBColor(0xb0, 0xb0, 0xb0).stroke_width(pt(0.3).unsigned_abs());
    root.draw(&Rectangle::new([at, (at.0 + size.0, at.1 + size.1)], line)).map_err(drawing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_have_colours_of_their_own() {
        let png = signed(&[0.0, 2.0, -2.0, f64::NAN], (2, 2), 2.0).unwrap();
        let expected = [[255, 255, 255], [0, 0, 0], [213, 94, 0], [0, 0, 0]];
        assert_eq!(image::load_from_memory(&png).unwrap().to_rgb8().into_raw(), expected.concat());
    }

    #[test]
    fn grey_levels_follow_the_ink() {
        let values = [0.0, 1.0, 2.0, f64::NAN];
        for (ink, expected) in [(Ink::Dark, [255, 127, 0, 255]), (Ink::Light, [0, 128, 255, 0])] {
            let png = grey(&values, (2, 2), 2.0, ink).unwrap();
            assert_eq!(image::load_from_memory(&png).unwrap().to_luma8().into_raw(), expected);
        }
        assert!((top(&[-1.0, 3.0, f64::INFINITY]) - 3.0).abs() < 1e-12);
    }
}
