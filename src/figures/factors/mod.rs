//! What was learnt: the columns of W as pictures, and what they make of the data.

mod basis;
mod pictures;
mod reconstruction;

use super::grid::file_name;
use super::sheet::Drawn;
use super::{FigureSpec, Rendered, Source, sentence};
use crate::analysis::{Problem, Run, problems, show};
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
    fn basis(&self, l: usize) -> &[f64] {
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

    /// The components by falling contribution ‖w_l‖‖h_l‖; equal ones keep their order.
    fn by_contribution(&self) -> Vec<usize> {
        let size = |l: usize| {
            let w: f64 = self.basis(l).iter().map(|v| v * v).sum();
            let h: f64 = (0..self.n).map(|j| self.h[j * self.k + l].powi(2)).sum();
            (w * h).sqrt()
        };
        let sizes: Vec<f64> = (0..self.k).map(size).collect();
        let mut order: Vec<usize> = (0..self.k).collect();
        order.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]));
        order
    }
}

/// One entrant's run to show.
struct Shown<'a> {
    label: String,
    algorithm: &'a str,
    record: &'a Record,
    factors: Factors,
    order: Vec<usize>,
}

impl Shown<'_> {
    /// Relative error and sparseness, as far as known.
    fn facts(&self) -> String {
        let Some(last) = self.record.last() else { return String::new() };
        let (error, sparse) = (show::significant(last.relative_error, 3), show::significant(last.sparseness_w, 2));
        format!("rel. error {error}, sparseness of W {sparse}")
    }
}

/// Two figures for each problem whose columns are pictures: the basis, and some pictures made of it.
pub(super) fn render(spec: &FigureSpec, source: &Source<'_>) -> Drawn<Vec<Rendered>> {
    let all = problems(source.records);
    let mut rendered = Vec::new();
    for problem in &all {
        let (Some(image), Some(load)) = (problem.dataset.image, source.factors) else { continue };
        if image.height * image.width != problem.dataset.m || problem.dataset.m == 0 {
            continue;
        }
        let shown = shown(problem, load);
        if shown.is_empty() {
            continue;
        }
        let one = all.len() == 1;
        let end = format!("-{}-k{}-{}", file_name(&problem.dataset.name), problem.rank, file_name(problem.init));
        let name = if one { spec.name() } else { spec.name() + &end };
        let heading = heading(spec, problem);
        rendered.push(basis::render(&name, &heading, image, &shown)?);
        if let Some(column) = source.column {
            rendered.extend(reconstruction::render(&name, &heading, image, &shown, column)?);
        }
    }
    if rendered.is_empty() {
        let words = if all.iter().all(|p| p.dataset.image.is_none()) {
            "The columns of this data are no pictures, so there is no basis to show."
        } else {
            "No factors of runs that ended properly were kept, so there is no basis to show."
        };
        rendered.push(sentence(spec, &spec.name(), words)?);
    }
    Ok(rendered)
}

fn heading(spec: &FigureSpec, problem: &Problem<'_>) -> String {
    let data = format!("{}, k = {}, {}", problem.dataset.title, problem.rank, problem.init);
    spec.title.as_ref().map_or(data.clone(), |title| format!("{title}: {data}"))
}

/// Of each entrant the run with the (lower) median final objective among those that ended properly with factors.
fn shown<'a>(problem: &Problem<'a>, load: &dyn Fn(&Record) -> Option<Factors>) -> Vec<Shown<'a>> {
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
        assert_eq!(shown(&all[0], &load)[0].record.seed, 3, "of 1, 2, 3, 5 the lower median is 2");
        let not_that = |r: &Record| (r.seed != 3).then(two);
        assert_eq!(shown(&all[0], &not_that)[0].record.seed, 1);
        let wrong = |_: &Record| Some(Factors { m: 2, ..two() });
        assert!(shown(&all[0], &wrong).is_empty(), "factors of another shape are not shown");
    }
}
