//! Shares over problems, targets and seeds: runtime ECDF, performance profile, data profile.

use super::axis::{Axis, Scale};
use super::curves::{Chart, Line, draw, scope, staircase};
use super::sheet::Drawn;
use super::values::table;
use super::{FigureKind, FigureSpec, Rendered, Source, Styles, sentence};
use crate::analysis::profile::{self, Distribution};
use crate::analysis::show::{capital, percent};
use crate::analysis::{Attempt, Bootstrap, X, attempts, on_one_machine, problems};

/// The lower and the upper edge of a band.
type Edges = [Vec<(f64, f64)>; 2];

/// Samples a band is made of, and places along it.
const SAMPLES: usize = 400;
const PLACES: usize = 60;

pub(super) fn render(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let kind = spec.kind;
    let x = spec.x.unwrap_or(if kind == FigureKind::DataProfile { X::Flops } else { X::Seconds });
    let machine = x.is_time().then(|| on_one_machine(source.records));
    let all = problems(machine.as_ref().map_or(source.records, |m| &m.records));
    let ladder = source.ladder(spec);
    let tried = attempts(&all, source.best, &ladder, x);
    let (told, left_out) = match kind {
        FigureKind::Profile => profile::performance(&tried),
        FigureKind::DataProfile => (profile::data(&tried), 0),
        _ => (profile::ecdf(&tried), 0),
    };
    let name = spec.name();
    let Some(axis) = axis(spec, &told) else {
        return Ok(vec![sentence(spec, &name, "No run comes to any of the targets.")?]);
    };
    let banded = kind == FigureKind::Ecdf;
    let styles = Styles::of(&all);
    let bands: Vec<Option<Edges>> =
        told.iter().map(|d| banded.then(|| band(&tried, &d.label, &axis)).flatten()).collect();
    let line = |(d, band): (&Distribution, &Option<Edges>)| Line {
        label: d.label.clone(),
        style: styles.style(&d.label),
        path: staircase(&d.steps, axis.bounds()),
        band: band.clone(),
        dots: Vec::new(),
    };
    let (x_name, statistic) = names(kind, x);
    let chart = Chart {
        title: String::new(),
        x: (axis.clone(), &x_name),
        y: (Axis::linear(0.0, 1.03, 5), "share of problem, target, seed"),
        lines: told.iter().zip(&bands).map(line).collect(),
    };
    let targets: Vec<String> = ladder.iter().map(|e| percent(*e)).collect();
    let counts: Vec<usize> = told.iter().map(|d| d.steps.count).collect();
    let (least, most) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    let count = if least == most { most.to_string() } else { format!("{least}–{most}") };
    let mut note = format!("{statistic} Targets: gap {}; n = {count} for each curve. ", targets.join(", "));
    note.push_str("A target that is not reached, and a failed run, count and never come. ");
    if bands.iter().any(Option::is_some) {
        note.push_str("Band: 95 % bootstrap interval, data sets as clusters, seeds nested. ");
    }
    if left_out > 0 {
        note.push_str(&format!("{left_out} left out that not everybody tried. "));
    }
    note.push_str(&scope(&all));
    if let Some(machine) = &machine {
        note.push_str(&format!(" {}.", capital(&machine.note())));
    }
    let heading = spec.title.as_deref();
    let title = format!("share reached over {x_name}");
    let svg = draw(&title, heading, &[chart], &note)?;
    let caption = format!("{}{note}", heading.map_or(String::new(), |h| format!("{h}. ")));
    Ok(vec![Rendered { name, svg, csv: csv(kind, x, &told, &bands)?, caption }])
}

fn names(kind: FigureKind, x: X) -> (String, &'static str) {
    match kind {
        FigureKind::Profile => (
            format!("factor of the least {}", x.axis_name()),
            "Performance profile (Dolan & Moré 2002): the share within a factor of the least price.",
        ),
        FigureKind::DataProfile => (
            match x {
                X::Iterations => "outer iterations".into(),
                _ => "cost in pairs of products with A and Aᵀ".into(),
            },
            "Data profile (after Moré & Wild 2009): the share reached within so many units, one product with A and one \
             with Aᵀ (for iterations: one of them).",
        ),
        _ => (x.axis_name().into(), "Empirical distribution of the price of a target."),
    }
}

fn axis(spec: &FigureSpec, told: &[Distribution]) -> Option<Axis> {
    let places = || told.iter().flat_map(|d| d.steps.x.iter().copied());
    let high = places().max_by(f64::total_cmp)?;
    if spec.kind == FigureKind::Profile {
        let high = (1.1 * high).max(1.5);
        return Some(match spec.x_scale.unwrap_or(Scale::Log) {
            Scale::Log => Axis::log(1.0, high, 6),
            Scale::Linear => Axis::linear(1.0, high, 6),
        });
    }
    match spec.x_scale.unwrap_or(Scale::Log) {
        Scale::Linear => Some(Axis::linear(0.0, 1.05 * high.max(f64::MIN_POSITIVE), 6)),
        Scale::Log => {
            let low = places().filter(|x| *x > 0.0).min_by(f64::total_cmp)?;
            Some(Axis::log(low / 1.3, 1.2 * high, 6))
        }
    }
}

/// The edges of the band along the axis; `None` where nothing can be drawn anew.
fn band(tried: &[Attempt], label: &str, axis: &Axis) -> Option<Edges> {
    let places: Vec<f64> = (0..=PLACES).map(|i| axis.value(i as f64 / PLACES as f64)).collect();
    let bootstrap = Bootstrap { resamples: SAMPLES, ..Bootstrap::default() };
    let ends = profile::ecdf_band(tried, label, &places, &bootstrap)?;
    let edge = |of: fn(&[f64; 2]) -> f64| places.iter().copied().zip(ends.iter().map(of)).collect();
    Some([edge(|e| e[0]), edge(|e| e[1])])
}

fn csv(kind: FigureKind, x: X, told: &[Distribution], bands: &[Option<Edges>]) -> Drawn<String> {
    let column = match kind {
        FigureKind::Profile => format!("{x}_factor"),
        FigureKind::DataProfile => format!("{x}_units"),
        _ => x.to_string(),
    };
    let mut rows = Vec::new();
    for (d, band) in told.iter().zip(bands) {
        let count = d.steps.count.to_string();
        let mut row = |what: &str, x: f64, share: f64| {
            rows.push(vec![d.label.clone(), what.to_string(), count.clone(), x.to_string(), share.to_string()]);
        };
        d.steps.x.iter().zip(&d.steps.share).for_each(|(x, share)| row("share", *x, *share));
        for (what, edge) in ["low", "high"].into_iter().zip(band.iter().flatten()) {
            edge.iter().for_each(|(x, share)| row(what, *x, *share));
        }
    }
    table(&["label", "curve", "instances", &column, "share"], rows)
}
