//! Time of an iteration over rank, rows and columns, with fitted power laws.

use super::axis::{Axis, Scale};
use super::curves::{Chart, Line, draw, scope};
use super::sheet::Drawn;
use super::values::table;
use super::{FigureSpec, Rendered, Source, Styles, sentence};
use crate::analysis::show::{capital, significant};
use crate::analysis::{Exponent, Scaling, Size, on_one_machine, problems, scaling};

pub(super) fn render(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let machine = on_one_machine(source.records);
    let all = problems(&machine.records);
    let told = scaling(&all);
    let name = spec.name();
    let varies = |size: &Size| told.iter().any(|s| s.exponents.iter().any(|e| e.size == *size));
    let sizes: Vec<Size> = Size::ALL.into_iter().filter(varies).collect();
    if sizes.is_empty() {
        let words = "Neither the rank nor a side of A varies between problems whose runs have a time per iteration.";
        return Ok(vec![sentence(spec, &name, words)?]);
    }
    let styles = Styles::of(&all);
    let mut charts = Vec::new();
    for size in &sizes {
        let lines: Vec<Line> = told.iter().filter_map(|s| line(s, *size, &styles)).collect();
        let dots = || lines.iter().flat_map(|l| l.dots.iter().chain(&l.path));
        let axes = Axis::over(Scale::Log, dots().map(|d| d.0), 6).zip(Axis::over(
            spec.y_scale.unwrap_or(Scale::Log),
            dots().map(|d| d.1),
            5,
        ));
        let Some((x, y)) = axes else { continue };
        charts.push(Chart { title: String::new(), x: (x, axis_name(*size)), y: (y, "ms per iteration"), lines });
    }
    let mut note = String::from(
        "Median seconds per iteration without set-up; lines are power laws fitted by least squares on logarithms",
    );
    if sizes.len() > 1 {
        note.push_str(", values moved along the fit to the mean of the other sizes");
    }
    note.push_str(". Exponents with 95 % intervals: ");
    note.push_str(&told.iter().map(exponents).collect::<Vec<String>>().join("; "));
    note.push_str(&format!(". {} {}.", scope(&all), capital(&machine.note())));
    let title = "solver time per iteration over the size of the problem";
    let svg = draw(title, spec.title.as_deref(), &charts, &note)?;
    let caption = format!("{}{note}", spec.title.as_deref().map_or(String::new(), |h| format!("{h}. ")));
    Ok(vec![Rendered { name, svg, csv: csv(&told)?, caption }])
}

fn axis_name(size: Size) -> &'static str {
    match size {
        Size::Rank => "rank k",
        Size::M => "rows m",
        Size::N => "columns n",
    }
}

/// “hals k^1.2 [1.1, 1.3], m^0.9”.
fn exponents(told: &Scaling) -> String {
    let one = |e: &Exponent| {
        let size = if e.size == Size::Rank { "k".to_string() } else { e.size.to_string() };
        let ends = if e.low.is_nan() {
            String::new()
        } else {
            format!(" [{}, {}]", significant(e.low, 2), significant(e.high, 2))
        };
        format!("{size}^{}{ends}", significant(e.value, 2))
    };
    let all: Vec<String> = told.exponents.iter().map(one).collect();
    format!("{} {}", told.label, if all.is_empty() { "none".into() } else { all.join(", ") })
}

/// The fitted line along one size, and the timings moved to the mean of the others.
fn line(told: &Scaling, size: Size, styles: &Styles) -> Option<Line> {
    let own = told.exponents.iter().find(|e| e.size == size)?;
    let usable: Vec<_> = told.timings.iter().filter(|t| t.seconds.is_finite() && t.seconds > 0.0).collect();
    let mean = |i: usize| (usable.iter().map(|t| t.size[i].ln()).sum::<f64>() / usable.len() as f64).exp();
    let means = [mean(0), mean(1), mean(2)];
    let at = |value: f64| {
        let mut place = means;
        place[own.size as usize] = value;
        place
    };
    let dots: Vec<(f64, f64)> = usable
        .iter()
        .map(|t| {
            let value = t.size[size as usize];
            (value, 1e3 * t.seconds * told.seconds(at(value)) / told.seconds(t.size))
        })
        .collect();
    let ends = dots.iter().map(|d| d.0);
    let (low, high) = (ends.clone().min_by(f64::total_cmp)?, ends.max_by(f64::total_cmp)?);
    let path = [low, high].map(|v| (v, 1e3 * told.seconds(at(v)))).to_vec();
    Some(Line { label: told.label.clone(), style: styles.style(&told.label), path, band: None, dots })
}

fn csv(told: &[Scaling]) -> Drawn<String> {
    let mut rows = Vec::new();
    for s in told {
        for t in &s.timings {
            let mut row = vec![s.label.clone()];
            row.extend(t.size.iter().chain([&t.seconds, &s.seconds(t.size)]).map(f64::to_string));
            row.extend(
                Size::ALL
                    .iter()
                    .flat_map(|size| {
                        let e = s.exponents.iter().find(|e| e.size == *size);
                        e.map_or([f64::NAN; 3], |e| [e.value, e.low, e.high])
                    })
                    .map(|v| if v.is_nan() { String::new() } else { v.to_string() }),
            );
            rows.push(row);
        }
    }
    let header = [
        "label",
        "rank",
        "m",
        "n",
        "seconds_per_iteration",
        "fitted",
        "rank_exponent",
        "rank_low",
        "rank_high",
        "m_exponent",
        "m_low",
        "m_high",
        "n_exponent",
        "n_low",
        "n_high",
    ];
    table(&header, rows)
}
