//! Signatures: which samples have which component, and the genes that tell the components apart.

use super::pictures::{Ink, grey, place, top};
use super::{LoadColumn, Shown, class_name};
use crate::analysis::show::capital;
use crate::figures::Rendered;
use crate::figures::page::pt;
use crate::figures::sheet::{Drawn, NOTE, Sheet, TICK, TITLE, Text, WIDE, drawing, measure, shorten, text};
use crate::figures::style::{GREY, INK};
use crate::figures::values::table;
use crate::results::about::About;
use plotters::prelude::*;

/// Genes of a signature.
const GENES: usize = 6;
/// The most samples whose values are drawn.
const SAMPLES: usize = 400;

/// A page for each entrant; none where there are too many samples.
pub(super) fn render(
    name: &str,
    heading: &str,
    about: &About,
    shown: &[Shown<'_>],
    column: Option<&LoadColumn<'_>>,
) -> Drawn<Vec<Rendered>> {
    let fitting = shown.iter().filter(|entry| entry.factors.n <= SAMPLES);
    fitting.map(|entry| page(&super::page_name(name, "genes", entry, shown), heading, about, entry, column)).collect()
}

/// The genes of each component: greatest w·w/Σw, weights over the component's largest, each gene once.
fn signatures(entry: &Shown<'_>) -> Vec<(usize, usize)> {
    let factors = &entry.factors;
    let (m, k) = (factors.m, factors.k);
    let scaled: Vec<Vec<f64>> = (0..k)
        .map(|l| {
            let (w, most) = (factors.basis(l), top(factors.basis(l)).max(f64::MIN_POSITIVE));
            w.iter().map(|v| v / most).collect()
        })
        .collect();
    let mut chosen = Vec::new();
    for l in &entry.order {
        let score = |i: usize| {
            let sum: f64 = (0..k).map(|other| scaled[other][i]).sum();
            if sum > 0.0 { scaled[*l][i] * scaled[*l][i] / sum } else { 0.0 }
        };
        let own = |i: &usize| (0..k).all(|other| scaled[other][*i] <= scaled[*l][*i]);
        let mut order: Vec<(f64, usize)> = (0..m).filter(own).map(|i| (score(i), i)).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        chosen.extend(order.into_iter().take(GENES).map(|(_, i)| (*l, i)));
    }
    chosen
}

fn page(
    name: &str,
    heading: &str,
    about: &About,
    entry: &Shown<'_>,
    column: Option<&LoadColumn<'_>>,
) -> Drawn<Rendered> {
    let factors = &entry.factors;
    let (k, n) = (factors.k, factors.n);
    // Samples by class, within it by their strongest component.
    let strongest = factors.strongest();
    let place_of = |l: Option<usize>| l.and_then(|l| entry.order.iter().position(|o| *o == l)).unwrap_or(k);
    let class = |j: usize| about.labels.get(j).copied().unwrap_or(0);
    let mut samples: Vec<usize> = (0..n).collect();
    samples.sort_by_key(|j| (class(*j), place_of(strongest[*j]), *j));
    let signatures = signatures(entry);
    let data: Vec<Vec<f64>> =
        samples.iter().map(|j| column.and_then(|column| column(entry.record, *j)).unwrap_or_default()).collect();
    let known = data.iter().all(|c| c.len() == factors.m);
    let names: Vec<String> = signatures
        .iter()
        .map(|(_, i)| about.features.get(*i).cloned().unwrap_or_else(|| format!("gene {}", i + 1)))
        .collect();
    let left = names.iter().map(|n| measure(n, NOTE, false)).fold(62.0, f64::max).min(140.0) + 12.0;
    let width = (WIDE - 12.0 - left).min(11.0 * n as f64);
    let (upper, lower) = (12.0, 9.0);
    let head = 26.0;
    let gap = 20.0;
    let body = head + upper * k as f64 + gap + if known { lower * signatures.len() as f64 + 6.0 } else { 0.0 };
    let note = format!(
        "{}, {}. Above: the share of each component in a sample, h_l‖w_l‖ over their sum; white is 0, black 1. Below: the \
         {GENES} genes that tell each component best (greatest w·w/Σw), their values in the data over the gene's largest. \
         Samples are ordered by class, then by their strongest component.",
        entry.label,
        entry.facts()
    );
    let full = format!("{heading}: {}", entry.label);
    let sheet = Sheet {
        title: "Signatures",
        heading: Some(&full),
        width: left + width + 12.0,
        body,
        legend: &[],
        band: false,
        note: &note,
    };
    let shares: Vec<Vec<f64>> = samples.iter().map(|j| shares(entry, *j)).collect();
    let svg = sheet.draw(|root, y| {
        let cell = width / n as f64;
        text(root, "samples", (left - 4.0, y + 17.0), &Text::new(NOTE).color(GREY).right())?;
        let mut start = 0;
        let mut edges = Vec::new();
        while start < n {
            let this = class(samples[start]);
            let end = (start..n).find(|j| class(samples[*j]) != this).unwrap_or(n);
            if !about.labels.is_empty() {
                let (from, to) = (left + cell * start as f64, left + cell * end as f64);
                let words = shorten(&class_name(about, this), TICK, false, (to - from).max(8.0));
                text(root, &words, ((from + to) / 2.0, y + 17.0), &Text::new(TICK).center())?;
                if end < n {
                    edges.push(to);
                }
            }
            start = end;
        }
        let mut values = Vec::with_capacity(k * n);
        for (row, l) in entry.order.iter().enumerate() {
            values.extend(shares.iter().map(|s| s[*l]));
            let at = (left - 4.0, y + head + upper * (row as f64 + 0.5));
            text(root, &format!("component {}", row + 1), at, &Text::new(TICK).right())?;
        }
        let (above, size) = (y + head, (width, upper * k as f64));
        place(root, grey(&values, (n, k), 1.0, Ink::Dark)?, (left, above), size)?;
        let mut bottom = above + size.1;
        if known {
            let below = bottom + gap;
            let mut levels = Vec::with_capacity(signatures.len() * n);
            for (row, (_, i)) in signatures.iter().enumerate() {
                let most = data.iter().map(|c| c[*i]).fold(0.0, f64::max);
                levels.extend(data.iter().map(|c| if most > 0.0 { c[*i] / most } else { 0.0 }));
                let at = (left - 4.0, below + lower * (row as f64 + 0.5));
                let name = shorten(&names[row], NOTE, false, left - 10.0);
                text(root, &name, at, &Text::new(NOTE).right())?;
            }
            text(root, "signature genes", (left, below - 7.0), &Text::new(TITLE).bold())?;
            let size = (width, lower * signatures.len() as f64);
            place(root, grey(&levels, (n, signatures.len()), 1.0, Ink::Dark)?, (left, below), size)?;
            let line = INK.stroke_width(pt(0.6).unsigned_abs());
            for row in 1..signatures.len() {
                if signatures[row].0 != signatures[row - 1].0 {
                    let height = pt(below + lower * row as f64);
                    root.draw(&PathElement::new([(pt(left), height), (pt(left + width), height)], line))
                        .map_err(drawing)?;
                }
            }
            bottom = below + size.1;
        }
        let line = RGBColor(0xd5, 0x5e, 0x00).stroke_width(pt(0.8).unsigned_abs());
        for edge in edges {
            root.draw(&PathElement::new([(pt(edge), pt(above)), (pt(edge), pt(bottom))], line)).map_err(drawing)?;
        }
        Ok(())
    })?;
    let mut rows = Vec::new();
    for (l, i) in &signatures {
        let name = about.features.get(*i).cloned().unwrap_or_default();
        let weight = factors.basis(*l)[*i];
        rows.push(vec!["gene".into(), l.to_string(), (i + 1).to_string(), name, weight.to_string()]);
    }
    for (j, shares) in samples.iter().zip(&shares) {
        for l in &entry.order {
            let class = if about.labels.is_empty() { String::new() } else { class_name(about, class(*j)) };
            rows.push(vec!["sample".into(), l.to_string(), (j + 1).to_string(), class, shares[*l].to_string()]);
        }
    }
    let csv = table(&["kind", "component", "number", "name", "value"], rows)?;
    let caption = format!("{}: signatures. {note}", capital(heading));
    Ok(Rendered { name: name.to_string(), svg, csv, caption })
}

/// h_lj‖w_l‖ over the sum over l.
fn shares(entry: &Shown<'_>, j: usize) -> Vec<f64> {
    let h = entry.factors.coefficients(j);
    let weights: Vec<f64> = (0..entry.factors.k).map(|l| entry.factors.norm(l) * h[l]).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| if sum > 0.0 { w / sum } else { 0.0 }).collect()
}
