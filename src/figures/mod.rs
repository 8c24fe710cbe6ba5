//! Figures from stored records: records → numbers ([`crate::analysis`]) → SVG, and from the SVG a PNG or a PDF.
//!
//! Nothing is run here. The bytes depend on the records alone; lengths are points (240 for one column of a paper, 480
//! for two), and no figure is scaled, so text has the same size in all of them. Colour, dash and marker belong to the
//! algorithm's name and do not depend on who else is shown.

mod axis;
mod breakdown;
mod clip;
mod convergence;
mod curves;
mod distributions;
mod duels;
pub mod export;
mod factors;
mod grid;
mod over_rank;
mod page;
mod panel;
mod scaling;
mod sheet;
mod spec;
mod strips;
mod style;
mod values;

#[cfg(test)]
mod tests;

pub use axis::Scale;
pub use factors::Factors;
pub(crate) use factors::{Shown, montage, representatives};
pub use spec::{FigureKind, FigureSpec, default_figures};

use crate::analysis::{BestValues, DEFAULT_TARGETS, NoiseFloor, Problem};
use crate::results::about::About;
use crate::results::record::Record;
use nmfbench_algorithms::Objective;
use plotters::style::RGBColor;
use style::Style;

/// Gives the final factors of a run, if they were kept.
pub type LoadFactors<'a> = dyn Fn(&Record) -> Option<Factors> + 'a;

/// Gives column j (from 0) of the data matrix of a run, m values.
pub type LoadColumn<'a> = dyn Fn(&Record, usize) -> Option<Vec<f64>> + 'a;

/// Tells what the rows and columns of the data of a run are.
pub type LoadAbout<'a> = dyn Fn(&Record) -> About + 'a;

/// What figures are made of.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The runs to show.
    pub records: &'a [Record],
    /// The best objectives known; a family that is missing has no gap and no targets.
    pub best: &'a BestValues,
    /// The experiment's targets ε; empty for [`DEFAULT_TARGETS`].
    pub targets: &'a [f64],
    /// What is known of the noise of machines; without it a floor is assumed.
    pub noise: &'a [NoiseFloor],
    /// The final factors of a run, where they were kept.
    pub factors: Option<&'a LoadFactors<'a>>,
    /// Column j (from 0) of the data matrix a run was given, m values.
    pub column: Option<&'a LoadColumn<'a>>,
    /// What the rows and columns of the data of a run are.
    pub about: Option<&'a LoadAbout<'a>>,
}

impl<'a> Source<'a> {
    /// Records and best values alone: pictures of factors are left out.
    #[must_use]
    pub fn new(records: &'a [Record], best: &'a BestValues) -> Self {
        Self { records, best, targets: &[], noise: &[], factors: None, column: None, about: None }
    }

    /// The noise floor measured on a machine.
    fn floor(&self, machine: Option<&str>) -> Option<f64> {
        self.noise.iter().find(|n| Some(n.machine.as_str()) == machine).map(|n| n.floor)
    }

    /// What the runs minimise: those of an experiment have one objective.
    fn objective(&self) -> Objective {
        self.records.first().map_or(Objective::Frobenius, |record| record.objective)
    }

    fn ladder(&self, spec: &FigureSpec) -> Vec<f64> {
        let asked = spec.targets.as_deref().filter(|t| !t.is_empty());
        let known = (!self.targets.is_empty()).then_some(self.targets);
        asked.or(known).unwrap_or(DEFAULT_TARGETS).to_vec()
    }
}

/// A finished figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The file's name without extension.
    pub name: String,
    /// The drawing, see [`export`] for PNG and PDF.
    pub svg: String,
    /// The data shown, with a header; `inf` is a failure or a target not reached.
    pub csv: String,
    /// What a paper would write beneath it.
    pub caption: String,
}

/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The drawing library refused.
    #[error("the drawing failed: {0}")]
    Drawing(String),
    /// The SVG is not one.
    #[error("the drawing is not valid svg: {0}")]
    Parse(String),
    /// The picture has no size, or one beyond memory.
    #[error("a picture of {width} × {height} pixels cannot be made")]
    Size {
        /// In pixels.
        width: f32,
        /// In pixels.
        height: f32,
    },
    /// A picture or document could not be encoded.
    #[error("the picture cannot be encoded: {0}")]
    Encode(String),
    /// The table of the data shown could not be written.
    #[error("the data shown cannot be written as csv: {0}")]
    Csv(#[from] csv::Error),
}

/// Draws one figure; many problems make several pages, each a [`Rendered`] of its own.
///
/// Without runs, or without a finite value, the figure is a sentence that says so.
///
/// # Errors
/// When drawing or encoding fails, which the records cannot cause.
pub fn render(spec: &FigureSpec, source: &Source<'_>) -> Result<Vec<Rendered>, FigureError> {
    if source.records.is_empty() {
        return Ok(vec![sentence(spec, &spec.name(), "There are no runs to show yet.")?]);
    }
    match spec.kind {
        FigureKind::Convergence => convergence::render(spec, source),
        FigureKind::Runtime => values::runtime(spec, source),
        FigureKind::TimeToTarget => values::time_to_target(spec, source),
        FigureKind::FinalError => values::final_error(spec, source),
        FigureKind::Factors => factors::render(spec, source),
        FigureKind::Encoding => factors::encodings(spec, source),
        FigureKind::Ecdf | FigureKind::Profile | FigureKind::DataProfile => distributions::render(spec, source),
        FigureKind::Matrix => duels::matrix(spec, source),
        FigureKind::CriticalDifference => duels::critical_difference(spec, source),
        FigureKind::Breakdown => breakdown::render(spec, source),
        FigureKind::Scaling => scaling::render(spec, source),
        FigureKind::OverRank => over_rank::render(spec, source),
    }
}

/// A sentence that says what f is, where that is not what everybody expects.
fn objective_note(objective: Objective) -> String {
    if objective.is(Objective::Frobenius) { String::new() } else { format!("f is {}. ", objective.words()) }
}

/// How an entrant is drawn, for programs that draw by themselves.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Appearance {
    /// What legends call it.
    pub(crate) label: String,
    /// The registered name.
    pub(crate) algorithm: String,
    /// As `#rrggbb`.
    color: String,
    /// Lengths in points; empty is solid.
    dash: &'static [f64],
    /// The marker's outline.
    shape: style::Shape,
}

/// The appearance of all entrants in the order in which the problems first name them.
pub(crate) fn appearances(problems: &[&Problem<'_>]) -> Vec<Appearance> {
    let mut found: Vec<Appearance> = Vec::new();
    let styles = Styles::of_all(problems.iter().copied());
    for entrant in problems.iter().flat_map(|p| &p.entrants) {
        if !found.iter().any(|a| a.label == entrant.label) {
            let style = styles.style(&entrant.label);
            let RGBColor(r, g, b) = style.color;
            found.push(Appearance {
                label: entrant.label.clone(),
                algorithm: entrant.algorithm.into(),
                color: format!("#{r:02x}{g:02x}{b:02x}"),
                dash: style.dash,
                shape: style.shape,
            });
        }
    }
    found
}

/// A figure that only says something.
fn sentence(spec: &FigureSpec, name: &str, words: &str) -> Result<Rendered, FigureError> {
    let svg = sheet::sentence_page(spec.title.as_deref().unwrap_or(name), spec.title.as_deref(), words)?;
    Ok(Rendered {
        name: name.to_string(),
        svg,
        csv: values::table(&["note"], vec![vec![words.to_string()]])?,
        caption: words.to_string(),
    })
}

/// The styles of all entrants: an algorithm's labels are its variants, in the order in which the problems name them.
struct Styles(Vec<(String, String)>);

impl Styles {
    fn of(problems: &[Problem<'_>]) -> Self {
        Self::of_all(problems)
    }

    fn of_all<'p, 'a: 'p>(problems: impl IntoIterator<Item = &'p Problem<'a>>) -> Self {
        let mut known: Vec<(String, String)> = Vec::new();
        for entrant in problems.into_iter().flat_map(|p| &p.entrants) {
            let pair = (entrant.algorithm.to_string(), entrant.label.clone());
            if !known.contains(&pair) {
                known.push(pair);
            }
        }
        Self(known)
    }

    fn style(&self, label: &str) -> Style {
        let Some(at) = self.0.iter().position(|pair| pair.1 == label) else { return Style::of(label, 0) };
        let algorithm = &self.0[at].0;
        Style::of(algorithm, self.0[..at].iter().filter(|pair| pair.0 == *algorithm).count())
    }
}
