//! What was learnt, as the field of the data shows it: pictures and what they make of the data, topics as words, spectra with
//! abundances, notes over time, signatures of genes.

mod basis;
mod components;
mod encoding;
mod genes;
mod pictures;
mod reconstruction;
mod topics;

use super::grid::file_name;
use super::sheet::Drawn;
use super::{FigureError, FigureSpec, LoadColumn, Rendered, Source, Styles, sentence};
use crate::analysis::{Problem, Run, problems, show};
use crate::results::about::{About, Domain};
use crate::results::record::{ImageShape, Record};

/// The final factors of a run, A ≈ WH.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// Rows of W.
    pub m: usize,
    /// Columns of H.
    pub n: usize,
    /// The rank.
    pub k: usize,
    /// W (m×k), column after column.
    pub w: Vec<f64>,
    /// H (k×n), column after column.
    pub h: Vec<f64>,
}

impl Factors {
    fn fits(&self, record: &Record) -> bool {
        (self.m, self.n, self.k) == (record.dataset.m, record.dataset.n, record.rank)
            && self.w.len() == self.m * self.k
            && self.h.len() == self.k * self.n
    }

    /// Column `l` of W.
    pub(crate) fn basis(&self, l: usize) -> &[f64] {
        &self.w[l * self.m..(l + 1) * self.m]
    }

    /// Column `j` of H.
    fn coefficients(&self, j: usize) -> &[f64] {
        &self.h[j * self.k..(j + 1) * self.k]
    }

    /// Column `j` of WH.
    fn reconstruction(&self, j: usize) -> Vec<f64> {
        let mut column = vec![0.0; self.m];
        for (l, h) in self.coefficients(j).iter().enumerate() {
            for (out, w) in column.iter_mut().zip(self.basis(l)) {
                *out += w * h;
            }
        }
        column
    }

    /// ‖w_l‖.
    fn norm(&self, l: usize) -> f64 {
        self.basis(l).iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    /// The contribution ‖w_l‖‖h_l‖ of each component.
    fn contributions(&self) -> Vec<f64> {
        let h = |l: usize| (0..self.n).map(|j| self.h[j * self.k + l].powi(2)).sum::<f64>().sqrt();
        (0..self.k).map(|l| self.norm(l) * h(l)).collect()
    }

    /// The component with the greatest ‖w_l‖h_lj for each column; nothing where all are 0.
    fn strongest(&self) -> Vec<Option<usize>> {
        let norms: Vec<f64> = (0..self.k).map(|l| self.norm(l)).collect();
        let one = |j: usize| {
            let weights = self.coefficients(j).iter().zip(&norms).map(|(h, norm)| h * norm).enumerate();
            weights.rev().filter(|w| w.1 > 0.0).max_by(|a, b| a.1.total_cmp(&b.1)).map(|w| w.0)
        };
        (0..self.n).map(one).collect()
    }

    /// The components by falling contribution; equal ones keep their order.
    fn by_contribution(&self) -> Vec<usize> {
        let sizes = self.contributions();
        let mut order: Vec<usize> = (0..self.k).collect();
        order.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]));
        order
    }
}

/// One entrant's run to show.
pub(crate) struct Shown<'a> {
    pub(crate) label: String,
    algorithm: &'a str,
    pub(crate) record: &'a Record,
    pub(crate) factors: Factors,
    /// The components by falling contribution.
    pub(crate) order: Vec<usize>,
}

impl Shown<'_> {
    /// Relative error and sparseness, as far as known.
    fn facts(&self) -> String {
        self.record.last().map_or_else(String::new, |last| facts(last.relative_error, last.sparseness_w))
    }
}

/// Relative error and sparseness of W in words.
fn facts(error: f64, sparseness: f64) -> String {
    format!("rel. error {}, sparseness of W {}", show::significant(error, 3), show::significant(sparseness, 2))
}

/// Entrants whose factors are shown, of those in one problem: more would not fit beside each other.
const ENTRANTS: usize = 4;

/// The figures of each problem whose field has some.
pub(super) fn render(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let all = problems(source.records);
    let styles = Styles::of(&all);
    let mut rendered = Vec::new();
    let mut pictured = false;
    for problem in &all {
        let first = problem.entrants.iter().flat_map(|e| &e.runs).map(|run| run.record).next();
        let about = first.zip(source.about).map_or_else(About::default, |(record, about)| about(record));
        let image = image(problem);
        if image.is_none() && about.domain == Domain::Other {
            continue;
        }
        pictured = true;
        let Some(load) = source.factors else { continue };
        let mut shown = representatives(problem, load);
        if shown.is_empty() {
            continue;
        }
        let name = own_name(spec, problem, &all);
        let heading = heading(spec, problem);
        if let Some(image) = image {
            rendered.push(basis::render(&name, &heading, image, &shown)?);
            if let Some(column) = source.column {
                rendered.extend(reconstruction::render(&name, &heading, image, &shown, column)?);
            }
            continue;
        }
        shown.truncate(ENTRANTS);
        rendered.extend(match about.domain {
            Domain::Text => topics::render(&name, &heading, &about, &shown, &styles)?,
            Domain::Genes => genes::render(&name, &heading, &about, &shown, source.column)?,
            _ => components::render(&name, &heading, &about, &shown, &styles)?,
        });
    }
    if rendered.is_empty() {
        let words = if pictured {
            "No factors of runs that ended properly were kept, so there is no basis to show."
        } else {
            "The columns of this data are no pictures, so there is no basis to show, and no field is named that has others."
        };
        rendered.push(sentence(spec, &spec.name(), words)?);
    }
    Ok(rendered)
}

/// The figure of each problem whose data are pictures: the learnt basis beside two other ones.
pub(super) fn encodings(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let all = problems(source.records);
    let mut rendered = Vec::new();
    if let (Some(load), Some(column)) = (source.factors, source.column) {
        for problem in &all {
            let Some(image) = image(problem) else { continue };
            let shown = representatives(problem, load);
            let name = own_name(spec, problem, &all);
            rendered.extend(encoding::render(&name, &heading(spec, problem), image, &shown, column)?);
        }
    }
    if rendered.is_empty() {
        let words =
            "No data whose columns are pictures were kept together with factors, so there is no encoding to show.";
        rendered.push(sentence(spec, &spec.name(), words)?);
    }
    Ok(rendered)
}

/// The shape of the pictures that the columns are.
fn image(problem: &Problem<'_>) -> Option<ImageShape> {
    problem.dataset.image.filter(|i| i.height * i.width == problem.dataset.m && problem.dataset.m > 0)
}

/// The name of a problem's figure: with the problem, if there is another.
fn own_name(spec: &FigureSpec, problem: &Problem<'_>, all: &[Problem<'_>]) -> String {
    let end = format!("-{}-k{}-{}", file_name(&problem.dataset.name), problem.rank, file_name(problem.init));
    if all.len() == 1 { spec.name() } else { spec.name() + &end }
}

/// The name of an entrant's own page.
fn page_name(name: &str, what: &str, entry: &Shown<'_>, shown: &[Shown<'_>]) -> String {
    let own = if shown.len() == 1 { String::new() } else { format!("-{}", file_name(&entry.label)) };
    format!("{name}-{what}{own}")
}

/// A sentence where not everything is shown.
fn left_out(all: usize, shown: usize, what: &str) -> String {
    if all > shown { format!("{shown} of {all} {what} are shown. ") } else { String::new() }
}

/// What a class is called.
fn class_name(about: &About, class: u32) -> String {
    about.classes.get(class as usize).cloned().unwrap_or_else(|| format!("class {class}"))
}

fn heading(spec: &FigureSpec, problem: &Problem<'_>) -> String {
    let data = format!("{}, k = {}, {}", problem.dataset.title, problem.rank, problem.init);
    spec.title.as_ref().map_or(data.clone(), |title| format!("{title}: {data}"))
}

/// Of each entrant the run with the (lower) median final objective among those that ended properly with factors.
pub(crate) fn representatives<'a>(problem: &Problem<'a>, load: &dyn Fn(&Record) -> Option<Factors>) -> Vec<Shown<'a>> {
    let pick = |runs: &[Run<'a>]| -> Option<(&'a Record, Factors)> {
        let objective = |run: &&Run<'a>| run.end().map_or(f64::INFINITY, |c| c.objective);
        let mut ended: Vec<&Run<'a>> = runs.iter().filter(|run| objective(run).is_finite()).collect();
        ended.sort_by(|a, b| objective(a).total_cmp(&objective(b)));
        // The median first; when its factors are missing, its neighbours.
        let middle = ended.len().checked_sub(1)? / 2;
        let mut order: Vec<usize> = (0..ended.len()).collect();
        order.sort_by_key(|i| i.abs_diff(middle));
        order.into_iter().find_map(|i| {
            let record = ended[i].record;
            load(record).filter(|f| f.fits(record)).map(|f| (record, f))
        })
    };
    let entrants = problem.entrants.iter();
    entrants
        .filter_map(|entrant| {
            let (record, factors) = pick(&entrant.runs)?;
            let order = factors.by_contribution();
            Some(Shown { label: entrant.label.clone(), algorithm: entrant.algorithm, record, factors, order })
        })
        .collect()
}

/// The columns of W in an order as one PNG: a grid of pictures, each white at 0 and black at its own maximum. Large
/// pictures are thinned.
pub(crate) fn montage(
    factors: &Factors,
    order: &[usize],
    image: ImageShape,
    columns: usize,
) -> Result<Vec<u8>, FigureError> {
    const SIDE: usize = 64;
    let step = image.height.max(image.width).div_ceil(SIDE).max(1);
    let (height, width) = (image.height.div_ceil(step), image.width.div_ceil(step));
    let columns = columns.max(1);
    let (high, wide) = (order.len().div_ceil(columns) * (height + 1), columns * (width + 1));
    let mut shares = vec![0.0; high * wide];
    for (place, l) in order.iter().enumerate() {
        let values = factors.basis(*l);
        let most = pictures::top(values);
        let corner = (place / columns * (height + 1), place % columns * (width + 1));
        for (i, j) in (0..height).flat_map(|i| (0..width).map(move |j| (i, j))) {
            let value = values[i * step * image.width + j * step];
            shares[(corner.0 + i) * wide + corner.1 + j] = if most > 0.0 { value / most } else { 0.0 };
        }
    }
    pictures::grey(&shares, (wide, high), 1.0, pictures::Ink::Dark)
}

/// Width and height in points of a picture within a square of `side` points.
fn fitted(image: ImageShape, side: f64) -> (f64, f64) {
    let (h, w) = (image.height as f64, image.width as f64);
    if w >= h { (side, side * h / w) } else { (side * w / h, side) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::invented::{failed, run};
    use crate::results::record::Status;

    fn two() -> Factors {
        // W = [1 0; 0 2; 0 0], H = [1 0 1; 3 0 0].
        Factors { m: 3, n: 3, k: 2, w: vec![1.0, 0.0, 0.0, 0.0, 2.0, 0.0], h: vec![1.0, 3.0, 0.0, 0.0, 1.0, 0.0] }
    }

    #[test]
    fn products_and_contributions_agree_with_hand_computed_ones() {
        assert_eq!(two().reconstruction(0), [1.0, 6.0, 0.0]);
        assert_eq!(two().reconstruction(2), [1.0, 0.0, 0.0]);
        assert_eq!(two().by_contribution(), [1, 0], "2·3 against 1·√2");
    }

    #[test]
    fn the_seed_shown_has_the_median_final_objective() {
        let ends = [5.0, 1.0, 3.0, 2.0];
        let mut records: Vec<Record> = ends.iter().enumerate().map(|(s, f)| run("mu", s as u64, &[9.0, *f])).collect();
        records.push(failed(run("mu", 7, &[9.0, 0.1]), Status::Crashed));
        for r in &mut records {
            (r.dataset.m, r.dataset.n) = (3, 3);
        }
        let all = problems(&records);
        let load = |_: &Record| Some(two());
        assert_eq!(representatives(&all[0], &load)[0].record.seed, 3, "of 1, 2, 3, 5 the lower median is 2");
        let not_that = |r: &Record| (r.seed != 3).then(two);
        assert_eq!(representatives(&all[0], &not_that)[0].record.seed, 1);
        let wrong = |_: &Record| Some(Factors { m: 2, ..two() });
        assert!(representatives(&all[0], &wrong).is_empty(), "factors of another shape are not shown");
    }
}
