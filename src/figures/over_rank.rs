//! The last value of a measure over the rank.

use super::axis::{Axis, Scale};
use super::curves::{Chart, Line, draw, scope};
use super::sheet::Drawn;
use super::style::{Shape, Style};
use super::values::{problem_cells, table};
use super::{FigureSpec, Rendered, Source, Styles, sentence};
use crate::analysis::show::capital;
use crate::analysis::{Problem, Y, problems, quantile};
use plotters::prelude::RGBColor;

/// Charts on a page.
const CHARTS: usize = 3;
/// The line of principal components.
const PRINCIPAL: Style = Style { color: RGBColor(0x80, 0x80, 0x80), dash: &[2.4, 1.4], shape: Shape::Plus };

pub(super) fn render(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let y = spec.y.unwrap_or(Y::RelativeError);
    let all = problems(source.records);
    let styles = Styles::of(&all);
    // A chart for each data set and start.
    let mut groups: Vec<Vec<&Problem<'_>>> = Vec::new();
    for problem in &all {
        let same =
            |g: &&mut Vec<&Problem<'_>>| g[0].dataset.digest == problem.dataset.digest && g[0].init == problem.init;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(problem),
            None => groups.push(vec![problem]),
        }
    }
    groups.iter_mut().for_each(|group| group.sort_by_key(|problem| problem.rank));
    let axis_name = y.axis_name(source.objective());
    let scale = spec.y_scale.unwrap_or(if y.is_log() { Scale::Log } else { Scale::Linear });
    let alone = groups.len() == 1;
    let (mut rows, mut charts) = (Vec::new(), Vec::new());
    for group in &groups {
        let lines = lines(spec, source, y, group, &styles, &mut rows);
        let points = || lines.iter().flat_map(|l| l.path.iter().chain(l.band.iter().flatten().flatten()));
        let ranks = || points().map(|p| p.0);
        let wide = ranks().fold(0.0, f64::max) > 8.0 * ranks().fold(f64::INFINITY, f64::min);
        let across = spec.x_scale.unwrap_or(if wide { Scale::Log } else { Scale::Linear });
        let axes = Axis::over(across, ranks(), 6).zip(Axis::over(scale, points().map(|p| p.1), 5));
        // Data of which the measure is not known.
        let Some((x, vertical)) = axes else { continue };
        let title = if alone { String::new() } else { format!("{}, {}", group[0].dataset.title, group[0].init) };
        charts.push(Chart { title, x: (x, "rank k"), y: (vertical, &axis_name), lines });
    }
    if charts.is_empty() {
        let words = format!("No run has a finite value of {axis_name} to show.");
        return Ok(vec![sentence(spec, &spec.name(), &words)?]);
    }
    let [low, high] = spec.band();
    let mut note = format!(
        "Median over the seeds at the end of the runs; bands from the {low} to the {high} quantile. {}",
        scope(&all)
    );
    if y == Y::Recognition {
        note.push_str(
            " Samples held out are recognised by their nearest neighbours in coefficients: by nonnegative least squares \
             with W fixed, each times the norm of its column of W; PCA: in as many principal components.",
        );
    }
    let caption = format!("{} over the rank. {note}", capital(spec.title.as_deref().unwrap_or(&axis_name)));
    let header = ["dataset", "rank", "init", "label", "runs", "low", "median", "high"];
    let csv = table(&header, rows)?;
    let several = charts.len() > CHARTS;
    let page = |(i, charts): (usize, &[Chart<'_>])| {
        let name = if several { format!("{}-{}", spec.name(), i + 1) } else { spec.name() };
        let svg = draw(&axis_name, spec.title.as_deref(), charts, &note)?;
        Ok(Rendered { name, svg, csv: csv.clone(), caption: caption.clone() })
    };
    charts.chunks(CHARTS).enumerate().map(page).collect()
}

fn lines(
    spec: &FigureSpec,
    source: &Source<'_>,
    y: Y,
    group: &[&Problem<'_>],
    styles: &Styles,
    rows: &mut Vec<Vec<String>>,
) -> Vec<Line> {
    let mut labels: Vec<&str> = Vec::new();
    for entrant in group.iter().flat_map(|problem| &problem.entrants) {
        if !labels.contains(&entrant.label.as_str()) {
            labels.push(&entrant.label);
        }
    }
    let [low, high] = spec.band();
    let mut lines = Vec::new();
    for label in labels {
        let (mut path, mut edges) = (Vec::new(), [Vec::new(), Vec::new()]);
        for problem in group {
            let Some(entrant) = problem.entrants.iter().find(|e| e.label == label) else { continue };
            let last = |run: &crate::analysis::Run<'_>| {
                run.end().map(|c| y.of(c, run.start(), source.best.objective(run.record))).filter(|v| v.is_finite())
            };
            let values: Vec<f64> = entrant.runs.iter().filter_map(last).collect();
            let at = |q: f64| quantile(&values, q);
            let (Some(least), Some(middle), Some(most)) = (at(low), at(0.5), at(high)) else { continue };
            let rank = problem.rank as f64;
            path.push((rank, middle));
            edges[0].push((rank, least));
            edges[1].push((rank, most));
            let mut row = problem_cells(problem);
            row.extend([label.to_string(), values.len().to_string()]);
            row.extend([least, middle, most].map(|v| v.to_string()));
            rows.push(row);
        }
        let dots = path.clone();
        let band = (path.len() > 1).then_some(edges);
        lines.push(Line { label: label.into(), style: styles.style(label), path, band, dots });
    }
    if y == Y::Recognition {
        let rate = |problem: &&Problem<'_>| {
            let ends = problem.entrants.iter().flat_map(|e| &e.runs).filter_map(|run| run.end()?.scores);
            let rate = ends.map(|s| s.recognition_pca).find(|rate| rate.is_finite())?;
            Some((problem.rank as f64, rate))
        };
        let path: Vec<(f64, f64)> = group.iter().filter_map(rate).collect();
        for (rank, rate) in &path {
            let mut row = problem_cells(group[0]);
            row[1] = rank.to_string();
            row.extend(["PCA".to_string(), "1".to_string()]);
            row.extend([rate; 3].map(f64::to_string));
            rows.push(row);
        }
        if !path.is_empty() {
            lines.push(Line { label: "PCA".into(), style: PRINCIPAL, dots: path.clone(), path, band: None });
        }
    }
    lines
}
