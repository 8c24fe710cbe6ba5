//! What a method reports of its work against what it was seen to do.

use super::cases::{entries, sparse};
use super::subject::{Finding, Subject, problem, random_start};
use crate::matrix::{Matrix, count, passes};
use crate::problem::{Effort, Factors};
use crate::registry::StartIn;

/// Reported and counted, so far, after each iteration.
struct Account {
    reported: Vec<Effort>,
    /// Passes during set-up.
    before: f64,
    /// Passes in the iterations.
    counted: Vec<f64>,
    /// Operations that one pass asks for at least.
    least: f64,
}

fn accounts(subject: &Subject<'_>) -> Result<Vec<(&'static str, Account)>, String> {
    let (matrix, k) = (subject.noisy(17, 11, 4, false, 8), 4);
    let stored = sparse(&entries(&matrix));
    let mut accounts = vec![];
    for (storage, matrix) in [("dense", &matrix), ("sparse", &stored)] {
        let start = random_start(matrix, k, 8);
        let (mut reported, mut sum, mut marks) = (vec![], Effort::default(), vec![passes()]);
        subject.walk(&problem(matrix, k), &start, 20, |s| {
            sum += s.effort;
            reported.push(sum);
            marks.push(passes());
            false
        })?;
        let counted = marks[1..].iter().map(|mark| mark - marks[1]).collect();
        let least = 2.0 * count(matrix.nnz()) * count(k);
        accounts.push((storage, Account { reported, before: marks[1] - marks[0], counted, least }));
    }
    Ok(accounts)
}

pub(super) fn passes_counted(subject: &Subject<'_>) -> Finding {
    let mut found = String::new();
    for (storage, Account { reported, before, counted, .. }) in accounts(subject)? {
        for (i, (reported, counted)) in reported.iter().zip(&counted).enumerate().skip(1) {
            // What is read while setting up may be reported with the first iteration.
            let extra = reported.passes - counted;
            if !(extra.abs() < 1e-6 || (extra - before).abs() < 1e-6) {
                return Err(format!(
                    "{:.2} passes reported, {counted:.2} counted (and {before:.2} while setting up) in {i} iterations on \
                     {storage} data",
                    reported.passes
                ));
            }
        }
        let last = counted.len() - 1;
        found = format!("{:.2} an iteration", counted[last] / count(last));
    }
    Ok(found)
}

pub(super) fn flops(subject: &Subject<'_>) -> Finding {
    let mut found = String::new();
    for (storage, Account { reported, counted, least, .. }) in accounts(subject)? {
        for i in 1..reported.len() {
            let (now, before) = (reported[i].flops, reported[i - 1].flops);
            let asked = least * (counted[i] - counted[i - 1]);
            if !now.is_finite() || now < before || now - before < asked * (1.0 - 1e-9) {
                return Err(format!(
                    "{:.0} operations reported for iteration {i} on {storage} data; what it read of A alone takes {asked:.0}",
                    now - before
                ));
            }
        }
        let last = reported.len() - 1;
        if reported[last].flops <= 0.0 {
            return Err("no operations are reported".into());
        }
        found = format!("{:.1} × a product with A an iteration", reported[last].flops / least / count(last));
    }
    Ok(found)
}

/// Counts what a step allocates, where the program has an allocator that counts.
pub(super) fn allocation(subject: &Subject<'_>, allocations: fn() -> u64) -> Finding {
    let mut steps = 0;
    // Below and above the sizes at which products pack their operands.
    for (m, n, k) in [(9, 8, 3), (60, 45, 6), (300, 200, 10), (500, 400, 40)] {
        let dense = subject.noisy(m, n, k, false, 1);
        let stored = sparse(&entries(&dense));
        for (storage, matrix) in [("dense", &dense), ("sparse", &stored)] {
            let start = random_start(matrix, k, 1);
            steps += allocating::<f64>(subject, matrix, &start, allocations).map_err(|e| format!("{storage} {e}"))?;
            let single = matrix.convert::<f32>();
            steps += allocating::<f32>(subject, &single, &start, allocations).map_err(|e| format!("{storage} {e}"))?;
        }
    }
    Ok(format!("none in {steps} steps"))
}

/// The steps, if none of them allocates.
fn allocating<T: StartIn>(
    subject: &Subject<'_>,
    matrix: &Matrix<T>,
    start: &Factors<f64>,
    allocations: fn() -> u64,
) -> Result<usize, String> {
    const STEPS: usize = 12;
    let (m, n, k) = (matrix.nrows(), matrix.ncols(), start.rank());
    let on = || format!("{m}×{n} data in {}, rank {k}", T::NAME);
    let problem = problem(matrix, k);
    let mut factors = start.convert::<T>();
    let mut solver =
        T::start(&*subject.method, &problem, &factors).map_err(|e| format!("{}: cannot start: {e}", on()))?;
    for i in 1..=STEPS {
        let before = allocations();
        solver.step(&problem, &mut factors).map_err(|e| format!("{}: breaks down: {e}", on()))?;
        let count = allocations() - before;
        if count > 0 {
            return Err(format!("{}: {count} allocations in iteration {i}", on()));
        }
    }
    Ok(STEPS)
}
