//! Methods that select columns of A: against slow twins, on data whose answer is known, and within the bounds that are
//! proved for noisy ones.

use crate::common::naive::{inner, minus, mixture, nearest};
use crate::common::{
    self, data, distance, entries, iterations_only, method, random_start, run_in, sparse_copy, steps, valid,
};
use crate::shared::note;
use faer::Mat;
use nmfbench_algorithms::random::{Stream, key};
use nmfbench_algorithms::{Matrix, Problem, Reason, Stop};

/// Every way of selecting.
const ALL: [(&str, &str); 8] = [
    ("spa", "{}"),
    ("spa", r#"{"normalize": false}"#),
    ("snpa", "{}"),
    ("snpa", r#"{"normalize": false}"#),
    ("xray", "{}"),
    ("xray", r#"{"rule": "rand"}"#),
    ("xray", r#"{"rule": "dist"}"#),
    ("xray", r#"{"rule": "greedy"}"#),
];

/// Those that find extreme rays, whatever the data. (`greedy` may begin in the middle of the cone.)
fn sound() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.into_iter().filter(|a| !a.1.contains("greedy"))
}

type Columns = Vec<Vec<f64>>;

fn columns(a: &Mat<f64>) -> Columns {
    (0..a.ncols()).map(|j| a.col_as_slice(j).to_vec()).collect()
}

fn normalized(a: &Columns) -> Columns {
    a.iter().map(|a| (a, a.iter().sum::<f64>())).map(|(a, s)| a.iter().map(|v| v / s).collect()).collect()
}

/// The first of the largest.
fn largest(values: impl Iterator<Item = f64>) -> usize {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, (j, v)| if v > best.1 { (j, v) } else { best }).0
}

/// Araújo et al. (2001): R itself, deflated.
fn spa(a: &Columns, k: usize) -> Vec<usize> {
    let mut r = a.clone();
    let select = |_| {
        let j = largest(r.iter().map(|r| inner(r, r)));
        let u = r[j].clone();
        r.iter_mut().for_each(|r| *r = minus(r, &mixture(std::slice::from_ref(&u), &[inner(&u, r) / inner(&u, &u)])));
        j
    };
    (0..k).map(select).collect()
}

/// Gillis (2014), Algorithm 2: R itself, by a projection of every column on the hull.
fn snpa(a: &Columns, k: usize) -> Vec<usize> {
    let (mut r, mut selected) = (a.clone(), vec![]);
    for _ in 0..k {
        selected.push(largest(r.iter().map(|r| inner(r, r))));
        let u: Columns = selected.iter().map(|&j| a[j].clone()).collect();
        r = a.iter().map(|a| minus(a, &mixture(&u, &nearest(&u, a, true)))).collect();
    }
    selected
}

/// Kumar et al. (2013), Algorithm 1: R itself and all of RᵀA.
fn xray(a: &Columns, k: usize, rule: &str) -> Vec<usize> {
    let (mut r, mut selected) = (a.clone(), vec![]);
    for step in 0..k {
        let positive = |x: &[f64], others: &Columns| -> f64 {
            others.iter().map(|y| inner(x, y).max(0.0)).map(|t| t * t).sum::<f64>()
        };
        let outside: Vec<usize> = (0..a.len()).filter(|&i| inner(&r[i], &r[i]) > 1e-12 * inner(&a[i], &a[i])).collect();
        let mut stream = Stream::new(&key(0, "algorithm"), step as u64);
        let extreme = |i: usize| largest(a.iter().map(|a| inner(&r[i], a) / a.iter().sum::<f64>()));
        selected.push(match rule {
            "rand" => extreme(outside[stream.below(outside.len())]),
            "max" => extreme(largest(r.iter().map(|r| inner(r, r)))),
            "dist" => extreme(largest(r.iter().map(|r| positive(r, a)))),
            _ => largest(a.iter().map(|a| positive(a, &r) / inner(a, a))),
        });
        let u: Columns = selected.iter().map(|&j| a[j].clone()).collect();
        r = a.iter().map(|a| minus(a, &mixture(&u, &nearest(&u, a, false)))).collect();
    }
    selected
}

fn twin(name: &str, parameters: &str, a: &Columns, k: usize) -> Vec<usize> {
    let scaled = if parameters.contains("false") { a.clone() } else { normalized(a) };
    match name {
        "spa" => spa(&scaled, k),
        "snpa" => snpa(&scaled, k),
        _ => xray(a, k, ["rand", "dist", "greedy"].into_iter().find(|r| parameters.contains(r)).unwrap_or("max")),
    }
}

pub(crate) fn selects_what_its_paper_says_and_solves_for_h(name: &str) {
    for (m, n, k, seed) in [(6, 9, 2, 1), (12, 30, 5, 2), (25, 18, 4, 3)] {
        let dense = data(m, n, k, false, seed);
        let a = entries(&dense);
        for matrix in [&dense, &sparse_copy(&a)] {
            for (_, parameters) in ALL.into_iter().filter(|(other, _)| *other == name) {
                let what = format!("{name} {parameters}, {m}×{n}");
                let found = &steps(&*method(name, parameters), matrix, &random_start(&dense, k, 1), 1)[1];
                let selected = twin(name, parameters, &columns(&a), k);
                let w: Columns = selected.iter().map(|&j| a.col_as_slice(j).to_vec()).collect();
                assert_eq!(columns(&found.w), w, "{what}: the twin selects {selected:?}");
                let h = Mat::from_fn(n, k, |_, _| 0.0);
                let h = (0..n).fold(h, |mut h, j| {
                    nearest(&w, a.col_as_slice(j), false).into_iter().enumerate().for_each(|(l, v)| h[(j, l)] = v);
                    h
                });
                assert!(distance(&h, &found.ht) <= 1e-9, "{what}: {:e}", distance(&h, &found.ht));
            }
        }
    }
    note(name, 1);
}

/// W·[I, H']·Π with columns of H' that sum to `sum(j)`; W and where its columns went.
fn separable(m: usize, n: usize, k: usize, seed: u64, sum: impl Fn(usize) -> f64) -> (Mat<f64>, Mat<f64>, Vec<usize>) {
    let mut stream = Stream::of(seed, "separable");
    let w = common::sparse(m, k, 0.4, &mut stream);
    let mut places: Vec<usize> = (0..n).collect();
    (1..n).rev().for_each(|i| places.swap(i, stream.below(i + 1)));
    let mut h = Mat::zeros(k, n);
    for j in 0..n {
        let draw: Vec<f64> = (0..k).map(|_| -stream.uniform().ln()).collect();
        let total: f64 = draw.iter().sum();
        for l in 0..k {
            h[(l, places[j])] = if j < k { f64::from(u8::from(l == j)) } else { sum(j) * draw[l] / total };
        }
    }
    (w.clone(), &w * h, places[..k].to_vec())
}

/// The columns of W in any order and at any length.
fn is_recovered(found: &Mat<f64>, w: &Mat<f64>, tolerance: f64) -> bool {
    let (found, w) = (normalized(&columns(found)), normalized(&columns(w)));
    let near = |x: &[f64], y: &[f64]| minus(x, y).iter().all(|d| d.abs() <= tolerance);
    w.iter().all(|w| found.iter().any(|f| near(f, w)))
}

#[test]
fn separable_data_give_their_columns_back() {
    for seed in 0..20 {
        let k = 1 + usize::try_from(seed).expect("small") % 8;
        // Coefficients of any size ask for columns of one sum, which the default gives them; without it they sum to less.
        for (scaled, sum) in [(true, 7.0), (false, 0.9)] {
            let (w, a, _) = separable(20, 60, k, seed, |j| if scaled { sum * (1.0 + (j % 5) as f64) } else { sum });
            for (name, parameters) in sound().filter(|a| !(scaled && a.1.contains("false"))) {
                let matrix = valid(a.clone());
                let start = random_start(&matrix, k, 1);
                let problem = common::problem(&matrix, k);
                let run = run_in(&*method(name, parameters), &problem, &mut start.clone(), &iterations_only(50));
                assert!(is_recovered(&run.last().w, &w, 1e-14), "{name} {parameters}, seed {seed}");
                assert!(run.end().relative_error < 1e-7, "{name} {parameters}: {:?}", run.end());
                // In single precision the data are separable up to rounding.
                let single: Matrix<f32> = matrix.convert();
                let problem = Problem::new(&single, k, key(0, "algorithm")).expect("fits");
                let mut factors = start.convert();
                run_in(&*method(name, parameters), &problem, &mut factors, &iterations_only(1));
                assert!(is_recovered(&factors.convert().w, &w, 1e-6), "{name} {parameters} in f32, seed {seed}");
            }
        }
    }
}

/// Gillis & Vavasis (2014), Theorem 3: with noise ‖n_j‖ ≤ ε < σ_min(W)·min(1/(2√(r − 1)), 1/4)/(1 + 80κ²) the columns are
/// found up to ε(1 + 80κ²). SNPA is at least as robust; the bound of XRAY is none, but it should not fare worse here.
#[test]
fn noise_moves_the_selected_columns_by_no_more_than_the_bound() {
    for seed in 0..20 {
        let (w, a, _) = separable(30, 80, 4, 100 + seed, |_| 0.95);
        let s = w.singular_values().expect("converges");
        let (kappa, least) = (s[0] / s[3], s[3]);
        let factor = 1.0 + 80.0 * kappa * kappa;
        let epsilon = 0.99 * least * (0.5 / 3.0_f64.sqrt()).min(0.25) / factor;
        let mut stream = Stream::of(seed, "noise");
        let noise = Mat::from_fn(30, 80, |_, _| stream.uniform());
        let noisy = Mat::from_fn(30, 80, |i, j| a[(i, j)] + epsilon * noise[(i, j)] / noise.col(j).norm_l2());
        for (name, parameters) in sound().filter(|a| a.1.contains("false") || a.0 == "xray") {
            let matrix = valid(noisy.clone());
            let found = &steps(&*method(name, parameters), &matrix, &random_start(&matrix, 4, 1), 1)[1].w;
            for l in 0..4 {
                let apart = |f: usize| (found.col(f) - w.col(l)).norm_l2();
                let nearest = (0..4).map(apart).fold(f64::INFINITY, f64::min);
                assert!(nearest <= factor * epsilon, "{name} {parameters}, seed {seed}: {nearest:e}");
            }
        }
    }
}

/// Five vertices of a cone in three dimensions: successive projection is at its end after three.
#[test]
fn vertices_need_not_be_linearly_independent_for_snpa_and_xray() {
    let corners: Vec<[f64; 3]> =
        (0..5).map(|l| 1.2566 * f64::from(l)).map(|t| [1.0 + t.cos() / 2.0, 1.0 + t.sin() / 2.0, 1.0]).collect();
    let mut stream = Stream::of(4, "corners");
    let a = Mat::from_fn(3, 40, |_, _| stream.uniform());
    let a = Mat::from_fn(3, 40, |i, j| {
        if j < 5 {
            corners[j][i]
        } else {
            (0..5).map(|l| (a[(0, j)] + 0.1 * f64::from(l)) * corners[usize::try_from(l).expect("small")][i]).sum()
        }
    });
    // The rank of a problem is at most min(m, n): three rows more, all zero.
    let tall = Mat::from_fn(6, 40, |i, j| if i < 3 { a[(i, j)] } else { 0.0 });
    let matrix = valid(tall.clone());
    let w = Mat::from_fn(6, 5, |i, l| tall[(i, l)]);
    for (name, parameters) in sound().filter(|a| a.0 != "spa") {
        let found = &steps(&*method(name, parameters), &matrix, &random_start(&matrix, 5, 1), 1)[1];
        if !parameters.contains("false") {
            assert!(is_recovered(&found.w, &w, 1e-14), "{name} {parameters}");
            assert!(distance(&tall, &(&found.w * found.ht.transpose())) < 1e-7, "{name} {parameters}");
        }
    }
    let found = &steps(&*method("spa", "{}"), &matrix, &random_start(&matrix, 5, 1), 1)[1];
    let used = (0..5).filter(|l| found.w.col(*l).norm_l2() > 0.0).count();
    assert_eq!(used, 3, "three columns span all; the others are left at zero");
}

/// There is one step: the run ends with it by itself, and what follows changes nothing.
#[test]
fn one_step_does_all_and_the_run_says_so() {
    let matrix = data(12, 30, 4, true, 5);
    let start = random_start(&matrix, 4, 5);
    for (name, parameters) in ALL {
        let path = steps(&*method(name, parameters), &matrix, &start, 4);
        assert!(path[1] != path[0] && path[2..].iter().all(|f| *f == path[1]), "{name}");
        let stop = Stop { iterations: Some(500), kkt: Some(1e-12), relative_change: Some(1e-12), ..Stop::default() };
        let run = run_in(&*method(name, parameters), &common::problem(&matrix, 4), &mut start.clone(), &stop);
        assert!(matches!(&run.reason, Reason::Finished(_)), "{name}: {}", run.reason);
        assert_eq!(run.path.len(), 2, "{name}: the start and the end");
        let other = steps(&*method(name, parameters), &matrix, &random_start(&matrix, 4, 6), 1);
        assert_eq!(other[1], path[1], "{name}: the start is of no matter");
    }
}

/// The norms, a product for each selected column that anything looks at afterwards, and one for H.
#[test]
fn effort_is_that_of_products_with_one_column() {
    let matrix = data(12, 130, 4, false, 6);
    let problem = common::problem(&matrix, 4);
    for (name, parameters) in ALL {
        let mut factors = random_start(&matrix, 4, 6);
        let mut solver = method(name, parameters).start_f64(&problem, &factors).expect("starts");
        let effort = solver.step(&problem, &mut factors).expect("a step");
        let (blocks, column) = (3.0, 1.0 / 130.0); // blocks of 64 columns of the residual
        // Each selected column is read as a direction and for W.
        let expected = 1.0
            + 8.0 * column
            + 1.0
            + match parameters {
                _ if name != "xray" => 4.0,
                r#"{"rule": "greedy"}"# => 4.0 * (blocks + 1.0) + 3.0,
                r#"{"rule": "dist"}"# => 4.0 * (blocks + 1.0 + 1.0 + column) + 3.0,
                _ => 4.0 * (1.0 + column) + 3.0,
            };
        assert!((effort.passes - expected).abs() < 1e-12, "{name} {parameters}: {effort:?}");
        assert!(effort.flops >= 2.0 * 12.0 * 130.0 * (4.0 + 4.0), "{name} {parameters}: {effort:?}");
        let later = solver.step(&problem, &mut factors).expect("a step");
        assert!(later == nmfbench_algorithms::Effort::default(), "{name}: {later:?}");
    }
}
