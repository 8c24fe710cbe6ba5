//! Some columns of the data, what each entrant makes of them, and the coefficients it uses.

use super::pictures::{Ink, grey, place, top};
use super::{Factors, Shown, fitted};
use crate::analysis::show::capital;
use crate::figures::sheet::{Drawn, NOTE, Sheet, TITLE, Text, WIDE, shorten, text};
use crate::figures::style::GREY;
use crate::figures::values::table;
use crate::figures::{LoadColumn, Rendered};
use crate::results::record::ImageShape;

/// Pictures of the data that are shown.
const SAMPLES: usize = 4;
/// Entrants on one page.
const ACROSS: usize = 4;

/// One picture of the data.
struct Sample {
    index: usize,
    values: Vec<f64>,
}

/// Pages of at most four entrants; none when the data cannot be read.
pub(super) fn render(
    name: &str,
    heading: &str,
    image: ImageShape,
    shown: &[Shown<'_>],
    column: &LoadColumn<'_>,
) -> Drawn<Vec<Rendered>> {
    let (m, n) = (shown[0].factors.m, shown[0].factors.n);
    let wanted = SAMPLES.min(n);
    // Evenly spread over the data, away from both ends.
    let indices = (0..wanted).map(|i| (2 * i + 1) * n / (2 * wanted));
    let read = |index| column(shown[0].record, index).filter(|v| v.len() == m).map(|values| Sample { index, values });
    let samples: Vec<Sample> = indices.filter_map(read).collect();
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let count = shown.len().div_ceil(ACROSS);
    let part = |i: usize| if count > 1 { format!("-{}", i + 1) } else { String::new() };
    let pages = shown.chunks(shown.len().div_ceil(count)).enumerate();
    pages.map(|(i, chunk)| page(&format!("{name}-pictures{}", part(i)), heading, image, chunk, &samples)).collect()
}

fn page(name: &str, heading: &str, image: ImageShape, shown: &[Shown<'_>], samples: &[Sample]) -> Drawn<Rendered> {
    let (gap, pair_gap) = (4.0, 12.0);
    let cells = 2 * shown.len() + 1;
    let free = WIDE - 12.0 - gap * shown.len() as f64 - pair_gap * shown.len() as f64;
    let side = (free / cells as f64).min(64.0);
    let size = fitted(image, side);
    let label = 14.0;
    let used = size.0 + (size.0 + gap + side + pair_gap) * shown.len() as f64;
    let width = (used + 12.0).max(300.0);
    let pitch = size.1.max(side) + 11.0;
    let note = "Original and reconstructions share one scale, black 0 and white the original's maximum; beneath each its \
                relative error. h: the picture's coefficients in the order of the basis figure, row by row, each times \
                the norm of its column of W; white 0, black the picture's largest.";
    let body = label + 12.0 + pitch * samples.len() as f64;
    let title = "Original, reconstruction, coefficients";
    let sheet = Sheet { title, heading: Some(heading), width, body, legend: &[], band: false, note };
    let left = (width - used) / 2.0;
    let mut rows = Vec::new();
    let svg = sheet.draw(|root, sheet_top| {
        let head = |words: &str, x: f64, room: f64, y: f64, bold: bool| {
            let (size, look) =
                if bold { (TITLE, Text::new(TITLE).bold()) } else { (NOTE, Text::new(NOTE).color(GREY)) };
            text(root, &shorten(words, size, bold, room), (x, sheet_top + y), &look.center())
        };
        head("original", left + size.0 / 2.0, size.0 + 10.0, label + 4.0, false)?;
        let block = |i: usize| left + size.0 + pair_gap + i as f64 * (size.0 + gap + side + pair_gap);
        for (i, entry) in shown.iter().enumerate() {
            let x = block(i);
            head(&entry.label, x + (size.0 + gap + side) / 2.0, size.0 + gap + side + 8.0, 8.0, true)?;
            head("Wh", x + size.0 / 2.0, size.0, label + 4.0, false)?;
            head("h", x + size.0 + gap + side / 2.0, side, label + 4.0, false)?;
        }
        for (row, sample) in samples.iter().enumerate() {
            let y = sheet_top + label + 11.0 + pitch * row as f64;
            let (pixels, most) = ((image.width, image.height), top(&sample.values));
            place(root, grey(&sample.values, pixels, most, Ink::Light)?, (left, y), size)?;
            let under = format!("no. {}", sample.index + 1);
            let below = y + size.1 + 5.0;
            text(root, &under, (left + size.0 / 2.0, below), &Text::new(NOTE).center().color(GREY))?;
            for (i, entry) in shown.iter().enumerate() {
                let x = block(i);
                let made = entry.factors.reconstruction(sample.index);
                place(root, grey(&made, pixels, most, Ink::Light)?, (x, y), size)?;
                let error = relative_error(&sample.values, &made);
                let told = crate::analysis::show::significant(error, 2);
                text(root, &told, (x + size.0 / 2.0, below), &Text::new(NOTE).center().color(GREY))?;
                let weights = weights(&entry.factors, &entry.order, sample.index);
                let columns = (weights.len() as f64).sqrt().ceil() as usize;
                let grid = (columns, weights.len().div_ceil(columns));
                let scale = side / columns as f64;
                let spot = (x + size.0 + gap, y);
                let drawn = (side, scale * grid.1 as f64);
                place(root, grey(&weights, grid, top(&weights), Ink::Dark)?, spot, drawn)?;
                rows.push(vec![
                    (sample.index + 1).to_string(),
                    entry.label.clone(),
                    entry.record.seed.to_string(),
                    error.to_string(),
                    weights.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
                ]);
            }
        }
        Ok(())
    })?;
    let csv = table(&["column", "label", "seed", "relative_error", "weighted_coefficients"], rows)?;
    let caption = format!("{}: original, reconstruction and coefficients. {note}", capital(heading));
    Ok(Rendered { name: name.to_string(), svg, csv, caption })
}

/// ‖a − b‖ / ‖a‖; NaN for a column of zeros.
pub(super) fn relative_error(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(x, y)| x - y)) / norm(&mut a.iter().copied())
}

/// ‖w_l‖ h_lj in the order of the basis: without the norm the scaling of W, which is arbitrary, would decide.
pub(super) fn weights(factors: &Factors, order: &[usize], column: usize) -> Vec<f64> {
    let h = factors.coefficients(column);
    order.iter().map(|l| factors.norm(*l) * h[*l]).collect()
}
