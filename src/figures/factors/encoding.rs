//! The learnt basis beside those of vector quantisation and of principal components, and one column of the data as each
//! encodes it. The layout is that of Lee & Seung, Nature 401 (1999), Fig. 1.

use super::basis::Block;
use super::pictures::{Ink, grey, parts, place, top};
use super::reconstruction::{relative_error, weights};
use super::{Factors, Shown, facts, fitted, left_out};
use crate::analysis::show::{capital, significant};
use crate::figures::sheet::{Area, Drawn, HEADING, NOTE, Sheet, TITLE, Text, WIDE, shorten, text};
use crate::figures::style::GREY;
use crate::figures::values::table;
use crate::figures::{LoadColumn, Rendered};
use crate::results::record::ImageShape;
use crate::scores::baselines::{principal_factors, quantised};
use faer::Mat;
use nmfbench_algorithms as algorithms;

/// Entrants that are shown: with the two others as much as a page holds.
const ENTRANTS: usize = 2;
/// Widths in points: of a basis, of coefficients and pictures, of what stands between.
const BASIS: f64 = 138.0;
const SIDE: f64 = 80.0;
const BETWEEN: f64 = 26.0;
const HEAD: f64 = 14.0;
const FOOT: f64 = 8.0;

/// A factorisation in a row of its own.
struct Row {
    label: String,
    facts: String,
    factors: Factors,
    order: Vec<usize>,
}

impl Row {
    fn of(entry: &Shown<'_>) -> Self {
        let (factors, order) = (entry.factors.clone(), entry.order.clone());
        Row { label: entry.label.clone(), facts: entry.facts(), factors, order }
    }

    /// Of one that is no nonnegative factorisation, with its own error.
    fn beside(label: &str, a: &Mat<f64>, f: &algorithms::Factors<f64>) -> Self {
        let error = (a - &f.w * f.ht.transpose()).norm_l2() / a.norm_l2();
        let flat = |x: &Mat<f64>| (0..x.ncols()).flat_map(|j| x.col_as_slice(j).to_vec()).collect();
        let h = f.ht.transpose().to_owned();
        let factors = Factors { m: f.w.nrows(), n: h.ncols(), k: f.w.ncols(), w: flat(&f.w), h: flat(&h) };
        let facts = facts(error, algorithms::sparseness(&f.w));
        Row { label: label.into(), facts, order: factors.by_contribution(), factors }
    }
}

/// Nothing where no factors were kept or the data cannot be read.
pub(super) fn render(
    name: &str,
    heading: &str,
    image: ImageShape,
    shown: &[Shown<'_>],
    column: &LoadColumn<'_>,
) -> Drawn<Option<Rendered>> {
    let Some(Shown { record, factors: Factors { m, n, k, .. }, .. }) = shown.first() else { return Ok(None) };
    let columns = (0..*n).map(|j| column(record, j).filter(|values| values.len() == *m));
    let Some(columns) = columns.collect::<Option<Vec<_>>>() else { return Ok(None) };
    let a = Mat::from_fn(*m, *n, |i, j| columns[j][i]);
    let mut rows: Vec<Row> = shown.iter().take(ENTRANTS).map(Row::of).collect();
    if let Ok(found) = quantised(&a, *k) {
        rows.push(Row::beside("vector quantisation", &a, &found));
    }
    rows.push(Row::beside("principal components", &a, &principal_factors(&a, *k)));
    let index = n / 2;
    let original = &columns[index];

    let block = Block::of(*k, image, BASIS);
    let size = fitted(image, SIDE);
    let across = (block.columns, k.div_ceil(block.columns));
    let grid = (SIDE, (SIDE * across.1 as f64 / across.0 as f64).min(1.4 * SIDE));
    let pitch = HEAD + block.height.max(size.1 + FOOT).max(grid.1) + 10.0;
    let note = format!(
        "{}The columns of W in the order of their contribution ‖w‖‖h‖, times the coefficients of picture no. {} in the same \
         places, each times the norm of its column of W, make the picture beneath which its relative error stands. White \
         is 0, black the largest; values below 0 are orange. Vector quantisation is by k-means; the principal components \
         are those of the data without their mean taken off, the least error that any W and H of this rank have.",
        left_out(shown.len(), shown.len().min(ENTRANTS), "algorithms"),
        index + 1,
    );
    let body = pitch * rows.len() as f64;
    let title = "Basis and encoding";
    let sheet = Sheet { title, heading: Some(heading), width: WIDE, body, legend: &[], band: false, note: &note };
    let mut table_rows = Vec::new();
    let svg = sheet.draw(|root, sheet_top| {
        for (i, row) in rows.iter().enumerate() {
            let y = sheet_top + pitch * i as f64;
            let label = shorten(&row.label, TITLE, true, 150.0);
            text(root, &label, (6.0, y + 7.0), &Text::new(TITLE).bold())?;
            text(root, &row.facts, (6.0 + BASIS + BETWEEN, y + 7.0), &Text::new(NOTE).color(GREY))?;
            let middle = y + HEAD + block.height / 2.0;
            let sign = |words: &str, x: f64| text(root, words, (x, middle), &Text::new(1.4 * HEADING).center());
            let picture = |values: &[f64], x: f64, under: &str| {
                let at = (x + (SIDE - size.0) / 2.0, middle - size.1 / 2.0);
                show(root, values, image, top(original), at, size, under)
            };
            block.draw(root, (6.0 + (BASIS - block.width) / 2.0, y + HEAD), image, &row.factors, &row.order)?;
            let mut x = 6.0 + BASIS;
            sign("×", x + BETWEEN / 2.0)?;
            x += BETWEEN;
            let weights = weights(&row.factors, &row.order, index);
            place(root, parts(&weights, across)?, (x, middle - grid.1 / 2.0), grid)?;
            x += SIDE;
            sign("=", x + BETWEEN / 2.0)?;
            x += BETWEEN;
            let made = row.factors.reconstruction(index);
            let error = relative_error(original, &made);
            picture(&made, x, &significant(error, 2))?;
            if i == 0 {
                picture(original, WIDE - 6.0 - SIDE, &format!("original, no. {}", index + 1))?;
            }
            table_rows.push(vec![
                row.label.clone(),
                (index + 1).to_string(),
                error.to_string(),
                weights.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
            ]);
        }
        Ok(())
    })?;
    let csv = table(&["label", "column", "relative_error", "weighted_coefficients"], table_rows)?;
    let caption = format!("{}: basis, coefficients and reconstruction. {note}", capital(heading));
    Ok(Some(Rendered { name: name.to_string(), svg, csv, caption }))
}

/// A picture as in a photograph, with words beneath.
fn show(
    root: &Area<'_>,
    values: &[f64],
    image: ImageShape,
    most: f64,
    at: (f64, f64),
    size: (f64, f64),
    under: &str,
) -> Drawn {
    place(root, grey(values, (image.width, image.height), most, Ink::Light)?, at, size)?;
    let below = (at.0 + size.0 / 2.0, at.1 + size.1 + 5.0);
    text(root, under, below, &Text::new(NOTE).center().color(GREY))
}
