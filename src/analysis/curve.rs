//! Several seeds as one curve with a band.

use super::groups::{Entrant, Run};
use super::measure::{X, Y};
use super::stats::{median, quantile};

/// Points of the common grid; more are thinned out.
const GRID: usize = 320;

/// One entrant's seeds, aggregated on y over a common grid in x.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The grid, ascending.
    pub x: Vec<f64>,
    /// The lower quantile; +∞ where failures reach down to it.
    pub low: Vec<f64>,
    /// The median; +∞ where half of the runs have failed.
    pub mid: Vec<f64>,
    /// The upper quantile; +∞ where failures reach it.
    pub high: Vec<f64>,
    /// How many seeds.
    pub seeds: usize,
    /// How many of them failed.
    pub failures: usize,
    /// The least x of a checkpoint after the start: where a logarithmic axis may begin.
    pub first_step: Option<f64>,
}

/// Aggregates an entrant's runs; `best` is the least objective known (used by [`Y::Gap`]), `band` two quantiles.
///
/// The grid is made of the runs' checkpoints, one for each round in which all runs that go on have looked once: on
/// all of them, a median of runs that look at nearly the same times would be a staircase. Between checkpoints a run
/// keeps its last value, before the first it has the value of its start. A run that ended properly keeps its last
/// value; a failed run is +∞ from where it failed. The grid ends at the horizon: the median end of the runs that ended
/// properly (of all, if none did). Beyond, more than half of the values would be carried, and the curve would tell of
/// runs that no longer run. `None` when no run has a finite value.
#[must_use]
pub fn curve(entrant: &Entrant<'_>, x: X, y: Y, best: f64, band: [f64; 2]) -> Option<Curve> {
    let paths: Vec<Path> = entrant.runs.iter().map(|run| Path::of(run, x, y, best)).collect();
    if paths.iter().all(|p| p.points.is_empty()) {
        return None;
    }
    let grid = grid(&paths);
    let column = |p: f64| {
        let at = |x: &f64| {
            let values: Vec<f64> = paths.iter().map(|path| path.at(*x)).collect();
            quantile(&values, p).unwrap_or(f64::INFINITY)
        };
        grid.iter().map(at).collect::<Vec<f64>>()
    };
    Some(Curve {
        low: column(band[0]),
        mid: column(0.5),
        high: column(band[1]),
        seeds: paths.len(),
        failures: entrant.runs.iter().filter(|run| !run.proper).count(),
        first_step: paths.iter().filter_map(|p| p.first_step).min_by(f64::total_cmp),
        x: grid,
    })
}

/// One run as a step function.
struct Path {
    points: Vec<(f64, f64)>,
    end: f64,
    failed: bool,
    first_step: Option<f64>,
}

impl Path {
    fn of(run: &Run<'_>, x: X, y: Y, best: f64) -> Self {
        let looks = run.trace.iter().map(|c| (x.of(c), y.of(c, run.start(), best)));
        let points: Vec<(f64, f64)> = looks.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let seen = run.trace.iter().map(|c| x.of(c)).filter(|x| x.is_finite()).fold(0.0, f64::max);
        // A run fails after its last look; where the clock knows when, that is the moment.
        let end = match x {
            _ if run.proper => seen,
            X::Seconds => seen.max(run.record.seconds),
            X::Iterations => seen.max(run.record.iterations as f64),
            X::Flops | X::Passes => seen,
        };
        let stepped = run.trace.iter().filter(|c| c.iteration > 0).map(|c| x.of(c));
        let first_step = stepped.filter(|x| x.is_finite() && *x > 0.0).min_by(f64::total_cmp);
        Self { points, end, failed: !run.proper, first_step }
    }

    fn at(&self, x: f64) -> f64 {
        if self.failed && x >= self.end {
            return f64::INFINITY;
        }
        let after = self.points.partition_point(|p| p.0 <= x);
        // Nothing has happened before the first look, which is the start.
        self.points.get(after.saturating_sub(1)).map_or(f64::INFINITY, |p| p.1)
    }
}

fn grid(paths: &[Path]) -> Vec<f64> {
    let ends = |failed: bool| paths.iter().filter(|p| p.failed == failed).map(|p| p.end).collect::<Vec<f64>>();
    let horizon = median(&ends(false)).or_else(|| median(&ends(true))).unwrap_or(0.0);
    let mut looks: Vec<f64> = paths.iter().flat_map(|p| p.points.iter().map(|q| q.0)).collect();
    looks.sort_by(f64::total_cmp);
    let kept = paths.iter().filter(|p| p.failed).map(|p| p.end).chain(rounds(&looks, paths));
    let mut grid: Vec<f64> = kept.filter(|x| *x < horizon).chain([horizon]).collect();
    grid.sort_by(f64::total_cmp);
    grid.dedup();
    thin(grid)
}

/// Of all looks in order (equal ones repeated) the last of each round; and the first look of all.
fn rounds(looks: &[f64], paths: &[Path]) -> Vec<f64> {
    let mut ends: Vec<f64> = paths.iter().map(|p| p.end).collect();
    ends.sort_by(f64::total_cmp);
    let (mut seen, mut kept) = (0, looks.first().copied().into_iter().collect::<Vec<f64>>());
    for (i, x) in looks.iter().enumerate() {
        seen += 1;
        let going = (ends.len() - ends.partition_point(|end| end < x)).max(1);
        // Equal looks belong to one point: it is decided at the last of them.
        let more = looks.get(i + 1).is_some_and(|next| next.total_cmp(x).is_eq());
        if seen >= going && !more {
            kept.push(*x);
            seen = 0;
        }
    }
    kept
}

/// At most about [`GRID`] points: half of them even on a linear axis, half on a logarithmic one, and both ends.
fn thin(grid: Vec<f64>) -> Vec<f64> {
    let positive = grid.partition_point(|x| *x <= 0.0);
    if grid.len() <= GRID || positive >= grid.len() {
        return grid;
    }
    let (low, high) = (grid[positive], grid[grid.len() - 1]);
    let mut kept = vec![0, positive, grid.len() - 1];
    for i in 0..GRID / 2 {
        let share = i as f64 / (GRID / 2) as f64;
        for x in [low + share * (high - low), low * (high / low).powf(share)] {
            kept.push(grid.partition_point(|v| *v < x).min(grid.len() - 1));
        }
    }
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|i| grid[i]).collect()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are computed by hand and exact")]
mod tests {
    use super::*;
    use crate::analysis::groups::problems;
    use crate::analysis::invented::{at, failed, run};
    use crate::results::record::{Record, Status};

    const INF: f64 = f64::INFINITY;

    fn of(records: &[Record]) -> Curve {
        curve(&problems(records)[0].entrants[0], X::Seconds, Y::Objective, 0.0, [0.0, 1.0]).unwrap()
    }

    #[test]
    fn the_last_value_is_carried_forward_on_y() {
        let a = at(run("mu", 0, &[8.0, 4.0, 2.0]), &[0.0, 1.0, 4.0]);
        let b = at(run("mu", 1, &[6.0, 3.0]), &[0.0, 2.0]);
        let c = at(run("mu", 2, &[7.0, 5.0, 1.0]), &[0.0, 3.0, 4.0]);
        let told = of(&[a, b, c]);
        // Looks after the start at 1 (a), 2 (b), 3 (c) and 4 (a and c): one round ends at 3, the next at 4.
        assert_eq!(told.x, [0.0, 3.0, 4.0]);
        assert_eq!(told.mid, [7.0, 4.0, 2.0]);
        assert_eq!(told.low, [6.0, 3.0, 1.0]);
        assert_eq!(told.high, [8.0, 5.0, 3.0]);
        assert_eq!((told.seeds, told.failures, told.first_step), (3, 0, Some(1.0)));
    }

    #[test]
    fn the_curve_ends_where_the_median_run_ended() {
        let ends = [1.0, 2.0, 9.0].map(|t| at(run("mu", t as u64, &[8.0, t]), &[0.0, t]));
        assert_eq!(of(&ends).x, [0.0, 2.0], "the round of those that go on beyond 1 ends at 2");
    }

    #[test]
    fn a_failure_is_infinite_from_where_it_failed() {
        let good = |seed| at(run("mu", seed, &[8.0, 4.0, 2.0]), &[0.0, 1.0, 4.0]);
        let mut bad = failed(at(run("mu", 9, &[8.0, 1.0]), &[0.0, 1.0]), Status::Diverged);
        bad.seconds = 2.0;
        let told = of(&[good(0), good(1), bad.clone()]);
        assert_eq!(told.x, [0.0, 1.0, 2.0, 4.0]);
        assert_eq!(told.low, [8.0, 1.0, 4.0, 2.0]);
        assert_eq!(told.high, [8.0, 4.0, INF, INF]);
        assert_eq!(told.failures, 1);
        let lost = of(&[good(0), bad.clone(), {
            bad.seed = 10;
            bad
        }]);
        assert_eq!(lost.mid, [8.0, 1.0, INF, INF]);
    }

    #[test]
    fn a_measure_without_values_has_no_curve_and_a_missed_look_is_carried() {
        let mut record = at(run("mu", 0, &[8.0, 4.0, 2.0]), &[0.0, 1.0, 2.0]);
        record.trace[1].objective = f64::NAN;
        assert_eq!(of(&[record.clone()]).mid, [8.0, 2.0]);
        for look in &mut record.trace {
            look.objective = f64::NAN;
        }
        assert!(curve(&problems(&[record])[0].entrants[0], X::Seconds, Y::Objective, 0.0, [0.1, 0.9]).is_none());
    }

    #[test]
    fn a_long_grid_is_thinned_and_keeps_its_ends() {
        let many: Vec<f64> = (0..5000).map(|i| 1.0 / (1.0 + i as f64)).collect();
        let told = of(&[run("mu", 0, &many)]);
        assert!(told.x.len() <= GRID + 3 && told.x.len() > GRID / 2, "{}", told.x.len());
        assert_eq!(told.x[0], 0.0);
        assert!((told.x[told.x.len() - 1] - 499.9).abs() < 1e-9);
        assert!(told.x[..10].iter().zip([0.0, 0.1, 0.2]).all(|(a, b)| (a - b).abs() < 1e-12), "fine at the start");
    }
}
