//! The columns of W, a block of pictures for each entrant.

use super::pictures::{parts, place};
use super::{Factors, Shown};
use crate::analysis::show::capital;
use crate::figures::Rendered;
use crate::figures::sheet::{Area, Drawn, NOTE, Sheet, TITLE, Text, WIDE, shorten, text};
use crate::figures::style::GREY;
use crate::figures::values::table;
use crate::results::record::ImageShape;

const GAP: f64 = 1.6;
const BETWEEN: f64 = 14.0;
const HEAD: f64 = 25.0;

/// How a block of k pictures is laid out.
pub(super) struct Block {
    pub(super) columns: usize,
    cell: (f64, f64),
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Block {
    /// Near square on paper and at most `width` points wide.
    pub(super) fn of(k: usize, image: ImageShape, width: f64) -> Self {
        let aspect = image.height as f64 / image.width as f64;
        let k = k.max(1);
        // Near square, with few holes in the last row; of equals the wider.
        let cost = |columns: usize| {
            let rows = k.div_ceil(columns);
            let shape = (rows as f64 * aspect / columns as f64).ln().abs();
            (rows * columns - k) as f64 / k as f64 + 0.5 * shape
        };
        let columns = (1..=k).rev().min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(1);
        let rows = k.div_ceil(columns);
        let across = (width - GAP * (columns - 1) as f64) / columns as f64;
        // Few large pictures need not fill the page.
        let across = across.min(90.0);
        let cell = (across, across * aspect);
        let used = columns as f64 * across + GAP * (columns - 1) as f64;
        Block { columns, cell, width: used, height: rows as f64 * (cell.1 + GAP) - GAP }
    }

    /// Draws the columns of W in an order from an upper left corner.
    pub(super) fn draw(
        &self,
        root: &Area<'_>,
        (left, top): (f64, f64),
        image: ImageShape,
        factors: &Factors,
        order: &[usize],
    ) -> Drawn {
        for (position, l) in order.iter().enumerate() {
            let (row, column) = (position / self.columns, position % self.columns);
            let at = (left + column as f64 * (self.cell.0 + GAP), top + row as f64 * (self.cell.1 + GAP));
            place(root, parts(factors.basis(*l), (image.width, image.height))?, at, self.cell)?;
        }
        Ok(())
    }
}

pub(super) fn render(name: &str, heading: &str, image: ImageShape, shown: &[Shown<'_>]) -> Drawn<Rendered> {
    let k = shown[0].factors.k;
    let most = if k <= 12 { 4 } else { 2 };
    // Four blocks are two and two rather than three and one.
    let rows = shown.len().div_ceil(most);
    let across = shown.len().div_ceil(rows);
    // Titles need room: a block's share of the page, whatever its pictures take.
    let share = (WIDE - 12.0 - BETWEEN * (across - 1) as f64) / across as f64;
    let share = share.min(300.0);
    let width = 12.0 + share * across as f64 + BETWEEN * (across - 1) as f64;
    let block = Block::of(k, image, share);
    let pitch = HEAD + block.height + 6.0;
    let note = "Each picture is a column of W, in the order of its contribution ‖w‖‖h‖. White is 0, black is the \
                picture's own maximum. Of each algorithm the seed with the median final objective is shown.";
    let body = pitch * rows as f64;
    let sheet = Sheet { title: "Basis pictures", heading: Some(heading), width, body, legend: &[], band: false, note };
    let svg = sheet.draw(|root, sheet_top| {
        for (i, entry) in shown.iter().enumerate() {
            let left = 6.0 + (i % across) as f64 * (share + BETWEEN);
            let y = sheet_top + pitch * (i / across) as f64;
            let middle = left + share / 2.0;
            let title = shorten(&entry.label, TITLE, true, share);
            text(root, &title, (middle, y + 8.0), &Text::new(TITLE).bold().center())?;
            let facts = shorten(&entry.facts(), NOTE, false, share);
            text(root, &facts, (middle, y + 18.0), &Text::new(NOTE).center().color(GREY))?;
            block.draw(root, (middle - block.width / 2.0, y + HEAD), image, &entry.factors, &entry.order)?;
        }
        Ok(())
    })?;
    let caption = format!("{}: the learnt basis. {note}", capital(heading));
    Ok(Rendered { name: format!("{name}-basis"), svg, csv: csv(shown)?, caption })
}

/// Which run is shown, and each component's contribution.
fn csv(shown: &[Shown<'_>]) -> Drawn<String> {
    let header = ["label", "algorithm", "seed", "run", "relative_error", "position", "component"];
    let mut rows = Vec::new();
    for entry in shown {
        let error = entry.record.last().map_or(f64::NAN, |c| c.relative_error);
        for (position, l) in entry.order.iter().enumerate() {
            let mut row = vec![entry.label.clone(), entry.algorithm.to_string(), entry.record.seed.to_string()];
            row.extend([entry.record.key.clone(), error.to_string(), position.to_string(), l.to_string()]);
            rows.push(row);
        }
    }
    table(&header, rows)
}
