//! What a method may do with what it is given, and what it hands back.

use super::cases::entries;
use super::subject::{Finding, Subject, problem, random_start, start};
use crate::init::Init;
use crate::problem::{Factors, Problem};
use crate::random::key;
use crate::real::Real;

/// Shapes, signs and finiteness, or what is wrong: both factors at their lower bounds (−∞: any sign).
pub(super) fn infeasible<T: Real>(f: &Factors<T>, shapes: [(usize, usize); 2], bounds: (f64, f64)) -> Option<String> {
    for ((name, x), (shape, bound)) in
        [("W", &f.w), ("H", &f.ht)].into_iter().zip(shapes.into_iter().zip([bounds.0, bounds.1]))
    {
        if x.shape() != shape {
            return Some(format!("{name} is {:?}, not {shape:?} (H is kept as its transpose)", x.shape()));
        }
        for j in 0..x.ncols() {
            for (i, v) in x.col_as_slice(j).iter().enumerate() {
                let v = v.to_f64();
                if !v.is_finite() || v < bound {
                    return Some(format!("{name}[{i}, {j}] = {v:e}"));
                }
            }
        }
    }
    None
}

/// The bounds that entries have to keep: 0, or none for a factor of any sign.
pub(super) fn bounds(floors: (f64, f64)) -> (f64, f64) {
    (floors.0.min(0.0), floors.1.min(0.0))
}

pub(super) fn feasible(subject: &Subject<'_>) -> Finding {
    let mut seen = 0;
    for (seed, (m, n, k)) in [(9, 7, 3), (17, 11, 4), (6, 14, 5)].into_iter().enumerate() {
        let matrix = subject.noisy(m, n, 3, seed == 1, 1);
        let (m, n) = (matrix.nrows(), matrix.ncols());
        for init in Init::ALL {
            let Some(start) = start(init, &matrix, k, 1) else { continue };
            let mut wrong = None;
            subject.walk(&problem(&matrix, k), &start, 60, |s| {
                let found = infeasible(s.factors, [(m, k), (n, k)], bounds(s.solver.floors()));
                wrong = found.map(|w| format!("{w} after iteration {} from {init}", s.iteration));
                seen += 1;
                wrong.is_some()
            })?;
            if let Some(wrong) = wrong {
                return Err(format!("{wrong}, {m}×{n} rank {k}"));
            }
        }
    }
    Ok(format!("{seen} iterates"))
}

pub(super) fn inputs(subject: &Subject<'_>) -> Finding {
    let matrix = subject.noisy(17, 11, 4, true, 2);
    let (given, begin) = (entries(&matrix), random_start(&matrix, 4, 2));
    let problem = problem(&matrix, 4);
    let mut factors = begin.clone();
    let solver = subject.method.start_f64(&problem, &factors).map_err(|e| format!("cannot start: {e}"))?;
    if factors.fingerprint() != begin.fingerprint() {
        return Err("setting up the solver changes the factors".into());
    }
    drop(solver);
    let run = subject.run(&problem, &factors, 25);
    if run.path[0].0.fingerprint() != begin.fingerprint() {
        return Err("iteration 0 is not the start".into());
    }
    // Nothing that a solver keeps may reach the caller's copy.
    let mut solver = subject.method.start_f64(&problem, &begin).map_err(|e| format!("cannot start: {e}"))?;
    for _ in 0..25 {
        solver.step(&problem, &mut factors).map_err(|e| format!("breaks down: {e}"))?;
    }
    if begin != random_start(&matrix, 4, 2) {
        return Err("the start is changed".into());
    }
    let bits = |x: &faer::Mat<f64>| Factors { w: x.clone(), ht: x.clone() }.fingerprint();
    if bits(&entries(&matrix)) != bits(&given) {
        return Err("A is changed".into());
    }
    Ok("25 iterations".into())
}

pub(super) fn deterministic(subject: &Subject<'_>) -> Finding {
    let (matrix, other) = (subject.noisy(23, 19, 4, true, 3), subject.noisy(12, 14, 3, false, 4));
    let begin = random_start(&matrix, 4, 3);
    let prints = |subject: &Subject<'_>, problem: &Problem<'_, f64>| {
        let mut prints = vec![];
        subject.walk(problem, &begin, 30, |s| {
            prints.push(s.factors.fingerprint());
            false
        })?;
        Ok::<_, String>(prints)
    };
    let plain = problem(&matrix, 4);
    let first = prints(subject, &plain)?;
    let differs = |again: &[u64]| first.iter().zip(again).position(|(a, b)| a != b);
    if let Some(i) = differs(&prints(subject, &plain)?) {
        return Err(format!("a second run differs from iteration {i} on"));
    }
    subject.path(&other, &random_start(&other, 3, 4), 10)?;
    if let Some(i) = differs(&prints(subject, &plain)?) {
        return Err(format!("a run after one on other data differs from iteration {i} on"));
    }
    if let Some(i) = differs(&prints(&subject.again()?, &plain)?) {
        return Err(format!("the same method made anew differs from iteration {i} on"));
    }
    if subject.traits().stochastic {
        return Ok("4 runs, 30 iterations".into());
    }
    let keyed = Problem { key: key(1, "another seed"), ..plain.clone() };
    match differs(&prints(subject, &keyed)?) {
        Some(i) => Err(format!("it draws from iteration {i} on, and its traits do not say `stochastic`")),
        None => Ok("5 runs, 30 iterations, another seed among them".into()),
    }
}
