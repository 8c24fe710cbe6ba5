//! The constrained methods against slow twins written from their papers, in plain loops, and against what each promises:
//! its constraint, its own objective, the data it takes.

mod common;

use common::naive::{Rows, product, solve, transposed};
use common::{distance, entries, method, problem, random_start, sparse_copy, steps, uniform, valid};
use faer::{Mat, Par, Side};
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{
    Evaluator, Factors, FitError, InvalidMatrix, InvalidProblem, Matrix, Nmf, Reason, Solver, Weighted,
};

fn rows(x: &Mat<f64>) -> Rows {
    (0..x.nrows()).map(|i| (0..x.ncols()).map(|j| x[(i, j)]).collect()).collect()
}

fn matrix(x: &Rows) -> Mat<f64> {
    Mat::from_fn(x.len(), x[0].len(), |i, j| x[i][j])
}

fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).expect("small"))
}

fn each(x: &Rows, f: impl Fn(usize, usize, f64) -> f64) -> Rows {
    let row = |(i, row): (usize, &Vec<f64>)| row.iter().enumerate().map(|(j, x)| f(i, j, *x)).collect();
    x.iter().enumerate().map(row).collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn column(x: &Rows, j: usize) -> Vec<f64> {
    x.iter().map(|row| row[j]).collect()
}

/// A W and an H, k×n, in rows.
type Pair = (Rows, Rows);

/// The crate's iterates beside a twin's, which is given A and the pair and changes it.
fn follows(
    (name, parameters): (&str, &str),
    a: &Matrix<f64>,
    k: usize,
    (iterations, tolerance): (u64, f64),
    mut twin: impl FnMut(&Rows, &mut Pair),
) {
    let start = random_start(a, k, 1);
    let real = steps(&*method(name, parameters), a, &start, iterations);
    let data = rows(&entries(a));
    let mut pair = (rows(&start.w), transposed(&rows(&start.ht)));
    for (i, factors) in real.iter().enumerate().skip(1) {
        twin(&data, &mut pair);
        let h = factors.ht.transpose().to_owned();
        let apart = distance(&matrix(&pair.0), &factors.w).max(distance(&matrix(&pair.1), &h));
        assert!(apart <= tolerance, "{name} {parameters} rank {k}: apart by {apart:e} after iteration {i}");
    }
}

/// Planted, with noise; no zero lines.
fn data(m: usize, n: usize, seed: u64) -> Matrix<f64> {
    common::data(m, n, 4, false, seed)
}

fn symmetric(n: usize, seed: u64) -> Matrix<f64> {
    let x = common::sparse(n, 4, 0.5, &mut Stream::of(seed, "symmetric"));
    let noise = uniform(n, n, &mut Stream::of(seed, "noise"));
    let xx = &x * x.transpose();
    valid(Mat::from_fn(n, n, |i, j| xx[(i, j)] + 0.1 * (noise[(i, j)] + noise[(j, i)])))
}

fn signed(m: usize, n: usize, seed: u64) -> Matrix<f64> {
    let mut stream = Stream::of(seed, "signed");
    let w = Mat::from_fn(m, 4, |_, _| 2.0 * stream.uniform() - 1.0);
    let a = w * uniform(4, n, &mut stream);
    let noise = uniform(m, n, &mut stream);
    Matrix::signed(Mat::from_fn(m, n, |i, j| a[(i, j)] + 0.2 * (noise[(i, j)] - 0.5)).as_ref()).expect("finite")
}

/// About a third of the entries is missing, the others have weights from 0.5 to 1.5; entries that are missing hold 9.
fn weights(m: usize, n: usize, seed: u64) -> Mat<f64> {
    let draw = uniform(m, n, &mut Stream::of(seed, "weights"));
    Mat::from_fn(m, n, |i, j| if draw[(i, j)] < 0.33 { 0.0 } else { 0.5 + draw[(i, j)] })
}

fn weighted(a: &Matrix<f64>, w: &Mat<f64>) -> Matrix<f64> {
    let a = entries(a);
    let a = valid(Mat::from_fn(a.nrows(), a.ncols(), |i, j| if w[(i, j)] > 0.0 { a[(i, j)] } else { 9.0 }));
    Matrix::Weighted(Weighted::new(&a, valid(w.clone())).expect("one shape"))
}

/// Each method with the data it is meant for.
fn cases(seed: u64) -> Vec<(&'static str, &'static str, Matrix<f64>)> {
    vec![
        ("hoyer", "{}", data(14, 11, seed)),
        ("hoyer", r#"{"sparseness_w": 0, "sparseness_h": 0.6}"#, data(14, 11, seed)),
        ("hoyer", r#"{"sparseness_w": 0.4, "sparseness_h": 0.3}"#, data(14, 11, seed)),
        ("onmf", "{}", data(12, 30, seed)),
        ("onmf", r#"{"normalize": false, "inner_iterations": 1}"#, data(12, 30, seed)),
        ("symnmf", "{}", symmetric(15, seed)),
        ("semi-nmf", "{}", signed(14, 19, seed)),
        ("semi-nmf", "{}", data(14, 11, seed)),
        ("minvol", "{}", data(14, 19, seed)),
        ("minvol", r#"{"stochastic": "w", "lambda": 1.0}"#, data(14, 19, seed)),
        ("wnmf", "{}", data(14, 11, seed)),
        ("wnmf", "{}", weighted(&data(14, 11, seed), &weights(14, 11, seed))),
        ("gnmf", "{}", data(14, 19, seed)),
        ("gnmf", r#"{"weighting": "heat", "lambda": 3}"#, data(14, 19, seed)),
        ("gnmf", r#"{"weighting": "cosine", "neighbours": 2}"#, data(14, 19, seed)),
    ]
}

/// What a method descends: its own objective, or the plain one where it has none.
fn value(solver: &dyn Solver<f64>, a: &Matrix<f64>, k: usize, f: &Factors<f64>) -> f64 {
    let problem = problem(a, k);
    solver.objective(&problem, f).unwrap_or_else(|| problem.frobenius(f))
}

#[test]
fn what_each_descends_never_rises() {
    for seed in 0..12 {
        for (name, parameters, a) in cases(seed) {
            let k = 1 + usize::try_from(seed).expect("small") % 6;
            let problem = problem(&a, k);
            let mut factors = random_start(&a, k, seed);
            let mut solver = method(name, parameters).start_f64(&problem, &factors).expect("starts");
            solver.step(&problem, &mut factors).expect("a step");
            let first = value(&*solver, &a, k, &factors);
            assert!(first.is_finite(), "{name} {parameters}: the first iterate is feasible");
            let (mut before, unit) = (first, first.abs() + 0.5 * a.squared_norm());
            for i in 0..80 {
                solver.step(&problem, &mut factors).expect("a step");
                let now = value(&*solver, &a, k, &factors);
                assert!(now <= before + 1e-13 * unit, "{name} {parameters}, seed {seed}: {before} → {now} after {i}");
                before = now;
            }
            assert!(before < first || k == 1, "{name} {parameters}, seed {seed}: {first} → {before}");
        }
    }
}

#[test]
fn factors_keep_their_signs_and_stay_finite() {
    for (name, parameters, a) in cases(3) {
        for f in &steps(&*method(name, parameters), &a, &random_start(&a, 5, 3), 60) {
            assert!(f.ht.col_iter().all(|c| c.iter().all(|v| *v >= 0.0 && v.is_finite())), "{name} {parameters}: H");
            let least = if name == "semi-nmf" { f64::NEG_INFINITY } else { 0.0 };
            assert!(f.w.col_iter().all(|c| c.iter().all(|v| *v >= least && v.is_finite())), "{name} {parameters}: W");
        }
    }
}

#[test]
fn sparse_storage_threads_and_single_precision_give_the_same() {
    for (name, parameters, a) in cases(4) {
        let (start, method) = (random_start(&a, 4, 4), method(name, parameters));
        let path = steps(&*method, &a, &start, 6);
        let what = format!("{name} {parameters}");
        if let Matrix::Dense(dense) = &a {
            let sparse = if a.first_negative().is_none() { sparse_copy(&dense.to_mat()) } else { signed_copy(&a) };
            let other = steps(&*method, &sparse, &start, 6);
            let apart = common::factor_distance(&path[6], &other[6]);
            assert!(apart < 1e-10, "{what}: sparse storage, apart by {apart:e}");
        }
        let two = problem(&a, 4).with_threads(2);
        let mut factors = start.clone();
        let mut solver = method.start_f64(&two, &start).expect("starts");
        (0..6).for_each(|_| _ = solver.step(&two, &mut factors).expect("a step"));
        let apart = common::factor_distance(&path[6], &factors);
        assert!(apart < 1e-10, "{what}: two threads, apart by {apart:e}");
        let single: Matrix<f32> = a.convert();
        let problem = problem(&single, 4);
        let mut factors: Factors<f32> = start.convert();
        let mut solver = method.start_f32(&problem, &factors).expect("starts");
        (0..6).for_each(|_| _ = solver.step(&problem, &mut factors).expect("a step"));
        let apart = common::factor_distance(&path[6], &factors.convert());
        assert!(apart < 1e-3, "{what}: single precision, apart by {apart:e}");
    }
}

/// What `edge_cases.rs` and `allocation.rs` ask of the others: any outcome but an undefined one.
#[test]
fn hostile_data_are_survived_by_those_with_data_of_their_own() {
    let single = Mat::from_fn(6, 6, |i, j| if (i, j) == (3, 3) { 7.0 } else { 0.0 });
    let sizes = Mat::from_fn(6, 6, |i, j| 10.0_f64.powi(i32::try_from(i + j).expect("small") * 2 - 10));
    let low = uniform(6, 2, &mut Stream::of(9, "low"));
    let signs = Mat::from_fn(6, 6, |i, j| if (i + j) % 2 == 0 { -1.5 } else { 1.5 });
    let cases = [Mat::zeros(6, 6), Mat::full(6, 6, 3.5), single, sizes, &low * low.transpose(), Mat::full(1, 1, 2.0)];
    for (name, extra) in [("symnmf", None), ("semi-nmf", Some(signs))] {
        for a in cases.iter().cloned().chain(extra) {
            let a = Matrix::signed(a.as_ref()).expect("finite");
            for scale in [1.0, 1e-30, 1e30] {
                let scaled = Mat::from_fn(a.nrows(), a.ncols(), |i, j| scale * entries(&a)[(i, j)]);
                let Ok(a) = Matrix::signed(scaled.as_ref()) else { continue };
                for (init, k) in nmfbench_algorithms::Init::ALL.into_iter().zip([1, 3, 5, 6]) {
                    let k = k.min(a.nrows());
                    let mut start = common::start(init, &a, k, 1);
                    if k == 3 {
                        start.w.col_mut(1).fill(0.0);
                        start.ht.col_mut(1).fill(0.0);
                    }
                    let run = common::run(&*method(name, "{}"), &a, &start, 50);
                    let what = format!("{name}, {init}, rank {k} of {:?}, {}", entries(&a), run.reason);
                    assert!(run.path.iter().all(|f| f.w.is_all_finite() && f.ht.is_all_finite()), "{what}");
                    assert!(run.path.iter().all(|f| f.ht.col_iter().all(|c| c.iter().all(|h| *h >= 0.0))), "{what}");
                    let defined = matches!(run.reason, Reason::Iterations | Reason::FixedPoint);
                    assert!(defined && run.measures.iter().all(|m| m.kkt_residual >= 0.0), "{what}");
                }
            }
        }
    }
}

fn signed_copy(a: &Matrix<f64>) -> Matrix<f64> {
    let a = entries(a);
    let (m, n) = a.shape();
    let rows = (0..n).flat_map(|_| 0..u32::try_from(m).expect("small")).collect();
    let values = (0..n).flat_map(|j| a.col_as_slice(j).iter().copied()).collect();
    let starts = (0..=n).map(|j| j * m).collect();
    Matrix::Sparse(nmfbench_algorithms::Sparse::from_csc_signed(m, n, starts, rows, values).expect("valid"))
}

// hoyer

/// The nearest vector ≥ 0 of this 2-norm and sparseness is a multiple of max(v − τ, 0) (Thom & Palm, JMLR 14, 2013): τ by
/// bisection on the quotient of the norms, which falls with τ.
fn sparse_vector(v: &[f64], sparseness: f64, norm2: f64) -> Vec<f64> {
    let root = number(v.len()).sqrt();
    let quotient = root - (root - 1.0) * sparseness;
    let cut = |tau: f64| v.iter().map(|v| (v - tau).max(0.0)).collect::<Vec<_>>();
    let of = |x: &[f64]| x.iter().sum::<f64>() / norm(x);
    let largest = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut low, mut high) = (largest - 1e6 * norm(v), largest);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        (low, high) = if of(&cut(middle)) > quotient { (middle, high) } else { (low, middle) };
    }
    let x = cut(low);
    let length = norm(&x);
    x.iter().map(|x| x * norm2 / length).collect()
}

/// One step of Hoyer (2004) on the rows of H, with the step length of its program.
fn hoyer_h(a: &Rows, w: &Rows, h: &mut Rows, sparseness: f64, unit: bool, mu: &mut Option<f64>) {
    let error = |h: &Rows| {
        let v = product(w, h);
        0.5 * each(a, |i, j, a| (a - v[i][j]).powi(2)).iter().flatten().sum::<f64>()
    };
    let gradient = common::naive::gradient(a, w, h);
    let gram = product(&transposed(w), w);
    let mut step = mu.unwrap_or(number(h.len()) / (0..h.len()).map(|l| gram[l][l]).sum::<f64>());
    loop {
        let moved = each(h, |l, j, h| h - step * gradient[l][j]);
        let new: Rows = moved.iter().map(|x| sparse_vector(x, sparseness, if unit { 1.0 } else { norm(x) })).collect();
        if error(&new) <= error(h) {
            (*h, *mu) = (new, Some(1.2 * step));
            return;
        }
        step /= 2.0;
    }
}

#[test]
fn hoyer_follows_its_paper_and_meets_the_sparseness() {
    let (mut mu_w, mut mu_h, mut begun) = (None, None, false);
    let parameters = r#"{"sparseness_w": 0.6, "sparseness_h": 0.5}"#;
    follows(("hoyer", parameters), &data(25, 18, 1), 4, (12, 1e-6), |a, (w, h)| {
        let mut wt = transposed(w);
        if !begun {
            begun = true;
            for l in 0..h.len() {
                let length = norm(&h[l]);
                wt[l] = sparse_vector(&wt[l], 0.6, norm(&wt[l]) * length);
                h[l] = sparse_vector(&h[l], 0.5, 1.0);
            }
        }
        hoyer_h(&transposed(a), &transposed(h), &mut wt, 0.6, false, &mut mu_w);
        *w = transposed(&wt);
        hoyer_h(a, w, h, 0.5, true, &mut mu_h);
    });
    // W free: Lee & Seung's update.
    let (mut mu_h, mut begun) = (None, false);
    let parameters = r#"{"sparseness_w": 0, "sparseness_h": 0.7}"#;
    follows(("hoyer", parameters), &data(12, 20, 2), 3, (12, 1e-6), |a, (w, h)| {
        let mut wt = transposed(w);
        if !begun {
            begun = true;
            for l in 0..h.len() {
                let length = norm(&h[l]);
                wt[l].iter_mut().for_each(|w| *w *= length);
                h[l] = sparse_vector(&h[l], 0.7, 1.0);
            }
        }
        common::naive::multiplicative_h(&transposed(a), &transposed(h), &mut wt);
        *w = transposed(&wt);
        hoyer_h(a, w, h, 0.7, true, &mut mu_h);
    });
    for (sparseness_w, sparseness_h) in [(0.75, 0.0), (0.0, 0.85), (0.5, 0.3), (1.0, 0.0), (0.05, 0.95)] {
        let a = data(30, 21, 3);
        let parameters = format!(r#"{{"sparseness_w": {sparseness_w}, "sparseness_h": {sparseness_h}}}"#);
        let path = steps(&*method("hoyer", &parameters), &a, &random_start(&a, 5, 3), 40);
        for f in &path[1..] {
            for (x, wanted) in [(&f.w, sparseness_w), (&f.ht, sparseness_h)].into_iter().filter(|(_, s)| *s > 0.0) {
                let root = number(x.nrows()).sqrt();
                for l in 0..5 {
                    let found = (root - x.col_as_slice(l).iter().sum::<f64>() / norm(x.col_as_slice(l))) / (root - 1.0);
                    assert!((found - wanted).abs() < 1e-12, "{parameters}: {found}");
                }
            }
            let unit = |l: usize| (norm(f.ht.col_as_slice(l)) - 1.0).abs() < 1e-12;
            assert!(sparseness_h <= 0.0 || (0..5).all(unit), "{parameters}: rows of H have norm 1");
        }
    }
}

// onmf

#[test]
fn onmf_follows_its_paper_and_h_is_orthogonal() {
    let mut refilled = 0;
    for k in [2, 5] {
        follows(("onmf", r#"{"inner_tolerance": 0}"#), &data(15, 40, 1), k, (8, 1e-9), |a, (w, h)| {
            let angle = |l: usize, j: usize| {
                let (w, a) = (column(w, l), column(a, j));
                w.iter().zip(&a).map(|(w, a)| w * a).sum::<f64>() / norm(&w) / norm(&a)
            };
            let best = |j: usize| (0..k).max_by(|p, q| angle(*p, j).total_cmp(&angle(*q, j))).expect("some");
            let mut component: Vec<usize> = (0..a[0].len()).map(best).collect();
            let size = |j: usize| norm(&column(a, j));
            let mut left: Vec<f64> =
                (0..a[0].len()).map(|j| size(j).powi(2) * (1.0 - angle(component[j], j).powi(2))).collect();
            let mut c = product(&transposed(w), a);
            for l in 0..k {
                let members = |q: usize| component.iter().filter(|c| **c == q).count();
                if members(l) == 0 {
                    let others = (0..left.len()).filter(|j| members(component[*j]) > 1);
                    let worst =
                        others.max_by(|i, j| left[*i].total_cmp(&left[*j])).expect("more columns than components");
                    (component[worst], left[worst], c[l][worst]) = (l, 0.0, size(worst));
                    refilled += 1;
                }
            }
            for inner in 0..10 {
                c = if inner == 0 { c } else { product(&transposed(w), a) };
                *h = each(&c, |l, j, c| if component[j] == l { c } else { 0.0 });
                for row in h.iter_mut() {
                    let length = norm(row);
                    row.iter_mut().for_each(|h| *h /= length);
                }
                *w = product(a, &transposed(h));
            }
        });
    }
    assert!(refilled > 0, "a case in which a component loses all its columns");
    for seed in 0..6 {
        let a = data(12, 30, seed);
        let run = common::run(&*method("onmf", "{}"), &a, &random_start(&a, 6, seed), 30);
        for f in &run.path[1..] {
            let gram = f.ht.transpose() * &f.ht;
            assert!((gram - Mat::<f64>::identity(6, 6)).norm_max() < 1e-14, "seed {seed}: HHᵀ = I");
        }
        assert_eq!(run.end().dead_components, 0, "seed {seed}: every component has columns");
    }
}

/// Columns that are multiples of three directions: found from any start in which no two begin together for good.
#[test]
fn onmf_finds_planted_clusters() {
    let mut stream = Stream::of(1, "clusters");
    let directions = uniform(10, 3, &mut stream);
    let sizes = uniform(24, 1, &mut stream);
    let a = valid(Mat::from_fn(10, 24, |i, j| directions[(i, j % 3)] * (0.5 + sizes[(j, 0)])));
    let found = (0..8).filter(|seed| {
        let run = common::run(&*method("onmf", "{}"), &a, &random_start(&a, 3, *seed), 30);
        run.end().relative_error < 1e-7
    });
    assert!(found.count() >= 5);
    // With as many components as columns an empty one is always refilled, and nothing is left.
    let small = data(6, 5, 2);
    let run = common::run(&*method("onmf", "{}"), &small, &random_start(&small, 5, 1), 10);
    assert!(run.end().relative_error < 1e-7, "{:?}", run.end());
}

// symnmf

/// min ½xᵀGx − cᵀx over x ≥ 0 by trying every set of entries above 0.
fn least_squares(g: &Rows, c: &[f64]) -> Vec<f64> {
    let (k, mut best) = (c.len(), (0.0, vec![0.0; c.len()]));
    for set in 1..1_usize << k {
        let free: Vec<usize> = (0..k).filter(|i| set >> i & 1 == 1).collect();
        let part: Rows = free.iter().map(|i| free.iter().map(|j| g[*i][*j]).collect()).collect();
        let z = solve(part, free.iter().map(|i| vec![c[*i]]).collect());
        if z.iter().all(|z| z[0] >= 0.0) {
            let mut x = vec![0.0; k];
            free.iter().zip(&z).for_each(|(i, z)| x[*i] = z[0]);
            let value = -0.5 * c.iter().zip(&x).map(|(c, x)| c * x).sum::<f64>(); // at a minimum on its set
            if value < best.0 {
                best = (value, x);
            }
        }
    }
    best.1
}

#[test]
fn symnmf_follows_its_paper_and_becomes_symmetric() {
    for (parameters, share) in [("{}", 1.0), (r#"{"alpha": 0.3}"#, 0.3)] {
        follows(("symnmf", parameters), &symmetric(12, 1), 3, (15, 1e-9), |a, (w, h)| {
            let alpha = share * a.iter().flatten().copied().fold(0.0, f64::max);
            // Rows of X given Y, both n×k.
            let half = |y: &Rows| -> Rows {
                let mut g = product(&transposed(y), y);
                (0..g.len()).for_each(|l| g[l][l] += alpha);
                let c = each(&product(a, y), |i, l, c| c + alpha * y[i][l]);
                c.iter().map(|c| least_squares(&g, c)).collect()
            };
            *w = half(&transposed(h));
            *h = transposed(&half(w));
        });
    }
    let a = symmetric(20, 2);
    let path = steps(&*method("symnmf", "{}"), &a, &random_start(&a, 4, 2), 300);
    let apart = distance(&path[300].w, &path[300].ht);
    assert!(apart < 1e-3 && distance(&path[1].w, &path[1].ht) > 0.1, "W and Hᵀ differ by {apart:e}");
}

#[test]
fn symnmf_takes_symmetric_matrices_only() {
    let refused = |a: &Mat<f64>| match Nmf::new("symnmf", 2).fit(a).expect_err("refused") {
        FitError::Problem(InvalidProblem::Matrix(e)) => e,
        other => panic!("{other}"),
    };
    assert_eq!(refused(&Mat::full(4, 3, 1.0)), InvalidMatrix::NotSquare { rows: 4, cols: 3 });
    let mut a = entries(&symmetric(150, 3));
    assert!(Nmf::new("symnmf", 2).fit(&a).is_ok());
    a[(140, 5)] = 7.0;
    let mirrored = a[(5, 140)];
    assert_eq!(refused(&a), InvalidMatrix::NotSymmetric { row: 140, col: 5, value: 7.0, mirrored });
    let a = valid(a);
    let started = method("symnmf", "{}").start_f64(&problem(&a, 2), &random_start(&a, 2, 1)).err().expect("refused");
    assert!(started.to_string().starts_with("entry (140, 5) is 7 but entry (5, 140) is "), "{started}");
}

// semi-nmf

#[test]
fn semi_nmf_follows_its_paper() {
    for k in [1, 3, 5] {
        follows(("semi-nmf", "{}"), &signed(13, 21, 1), k, (20, 1e-9), |a, (w, h)| {
            // F = XG(GᵀG)⁻¹, then G ∘ √(((XᵀF)⁺ + G(FᵀF)⁻) ⊘ ((XᵀF)⁻ + G(FᵀF)⁺)).
            let (g, ht) = (product(h, &transposed(h)), transposed(h));
            *w = transposed(&solve(g, transposed(&product(a, &ht))));
            let (c, s) = (product(&transposed(a), w), product(&transposed(w), w));
            let part = |x: &Rows, sign: f64| each(x, |_, _, x| 0.5 * (x.abs() + sign * x));
            let (up, down) = (product(&ht, &part(&s, -1.0)), product(&ht, &part(&s, 1.0)));
            let new = each(&ht, |i, l, g| {
                let (n, d) = (part(&c, 1.0)[i][l] + up[i][l], part(&c, -1.0)[i][l] + down[i][l]);
                g * (n / d).sqrt()
            });
            *h = transposed(&new);
        });
    }
}

#[test]
fn only_semi_nmf_takes_entries_below_0() {
    let a = signed(13, 21, 2);
    let (row, col, value) = a.first_negative().expect("some are below 0");
    let dense = entries(&a);
    assert!((0..col).all(|j| dense.col_as_slice(j).iter().all(|v| *v >= 0.0)), "the first in column order");
    for entry in nmfbench_algorithms::BUILTIN {
        let checked = entry.accepts.check(&a);
        if entry.name == "semi-nmf" {
            assert_eq!(checked, Ok(()));
        } else {
            assert_eq!(checked, Err(InvalidMatrix::NotNonnegative { row, col, value }), "{}", entry.name);
            let error = Nmf::new(entry.name, 2).fit(&dense).expect_err("refused").to_string();
            assert!(error.starts_with(&format!("entry ({row}, {col}) is {value}; expected a number ≥ 0")), "{error}");
        }
    }
    let fit = Nmf::new("semi-nmf", 4).fit(&dense).expect("accepted");
    assert!(fit.trace.last().expect("some").relative_error < 0.2, "{:?}", fit.trace.last());
    assert!(
        fit.w.col_iter().any(|c| c.iter().any(|w| *w < 0.0)) && fit.h.col_iter().all(|c| c.iter().all(|h| *h >= 0.0))
    );
    let again = fit.apply(&dense).expect("columns of any sign, as the model");
    assert!((&dense - &fit.w * again).norm_l2() <= (&dense - &fit.w * &fit.h).norm_l2() * (1.0 + 1e-12));
}

// minvol

/// The nearest vector ≥ 0 with Σ = 1 (or ≤ 1) by sorting.
fn simplex(x: &[f64], below: bool) -> Vec<f64> {
    let positive: Vec<f64> = x.iter().map(|x| x.max(0.0)).collect();
    if below && positive.iter().sum::<f64>() <= 1.0 {
        return positive;
    }
    let mut sorted = x.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let tau = (1..=x.len())
        .map(|n| (sorted[..n].iter().sum::<f64>() - 1.0) / number(n))
        .zip(&sorted)
        .filter(|(tau, x)| *x > tau)
        .last()
        .expect("one at least")
        .0;
    x.iter().map(|x| (x - tau).max(0.0)).collect()
}

/// Ten steps of the fast gradient method for ½⟨XG, X⟩ − ⟨C, X⟩ (X p×k), restarted where that rises.
fn fast_gradient(x: &mut Rows, g: &Rows, c: &Rows, project: impl Fn(&Rows) -> Rows) {
    let lipschitz = matrix(g).self_adjoint_eigenvalues(Side::Lower).expect("converges").into_iter().fold(0.0, f64::max);
    let quadratic = |x: &Rows| {
        let xg = product(x, g);
        each(x, |i, l, x| 0.5 * x * xg[i][l] - x * c[i][l]).iter().flatten().sum::<f64>()
    };
    let (mut y, mut alpha) = (x.clone(), 0.05_f64);
    for _ in 0..10 {
        let slope = product(&y, g);
        let new = project(&each(&y, |i, l, y| y - (slope[i][l] - c[i][l]) / lipschitz));
        if quadratic(&new) > quadratic(x) {
            (y, alpha) = (x.clone(), 0.05);
            continue;
        }
        let next = 0.5 * ((alpha.powi(4) + 4.0 * alpha * alpha).sqrt() - alpha * alpha);
        let beta = alpha * (1.0 - alpha) / (alpha * alpha + next);
        y = each(&new, |i, l, new| new + beta * (new - x[i][l]));
        (*x, alpha) = (new, next);
    }
}

fn identity_plus(g: &Rows, by: f64, delta: f64) -> Rows {
    each(g, |i, j, g| g * by + if i == j { delta } else { 0.0 })
}

fn log_det(g: &Rows) -> f64 {
    matrix(g).self_adjoint_eigenvalues(Side::Lower).expect("converges").into_iter().map(f64::ln).sum()
}

#[test]
fn minvol_follows_its_paper() {
    for bounded in ["h", "w"] {
        let (mut lambda, mut unit, mut begun) = (0.0, 1.0, false);
        let parameters = format!(r#"{{"stochastic": "{bounded}", "lambda": 0.5}}"#);
        follows(("minvol", &parameters), &data(15, 22, 1), 4, (10, 1e-7), |a, (w, h)| {
            let gram = |w: &Rows| product(&transposed(w), w);
            if !begun {
                begun = true;
                if bounded == "h" {
                    let sums: Vec<f64> = (0..h[0].len()).map(|j| column(h, j).iter().sum()).collect();
                    let largest = sums.into_iter().fold(0.0, f64::max);
                    (*w, *h) = (each(w, |_, _, w| w * largest), each(h, |_, _, h| h / largest));
                } else {
                    let sums: Vec<f64> = (0..h.len()).map(|l| column(w, l).iter().sum()).collect();
                    (*w, *h) = (each(w, |_, l, w| w / sums[l]), each(h, |l, _, h| h * sums[l]));
                }
                let (g, v) = (gram(w), product(w, h));
                unit = (0..4).map(|l| g[l][l]).sum::<f64>() / 4.0;
                let error: f64 = each(a, |i, j, a| (a - v[i][j]).powi(2)).iter().flatten().sum();
                lambda = 0.5 * error / log_det(&identity_plus(&g, 1.0 / unit, 0.1)).abs();
            }
            let inverse =
                solve(identity_plus(&gram(w), 1.0 / unit, 0.1), identity_plus(&vec![vec![0.0; 4]; 4], 0.0, 1.0));
            let g = product(h, &transposed(h));
            let g = each(&g, |i, j, g| g + lambda / unit * inverse[i][j]);
            let positive = |x: &Rows| each(x, |_, _, x| x.max(0.0));
            let lines = |x: &Rows, below| x.iter().map(|x| simplex(x, below)).collect::<Rows>();
            let ht = transposed(h);
            fast_gradient(w, &g, &product(a, &ht), |x| {
                if bounded == "w" { transposed(&lines(&transposed(x), false)) } else { positive(x) }
            });
            let mut ht = ht;
            fast_gradient(&mut ht, &gram(w), &product(&transposed(a), w), |x| {
                if bounded == "h" { lines(x, true) } else { positive(x) }
            });
            *h = transposed(&ht);
        });
    }
}

/// The corners of a triangle that holds all columns are found, though no column is a corner.
#[test]
fn minvol_bounds_its_columns_and_makes_the_volume_small() {
    let mut stream = Stream::of(2, "volume");
    let corners = uniform(8, 3, &mut stream);
    let weights = Mat::from_fn(3, 60, |l, j| if l == j % 3 { 0.0 } else { stream.uniform() + 0.1 });
    let sum = |j: usize| weights.col_as_slice(j).iter().sum::<f64>();
    let shares = Mat::from_fn(3, 60, |l, j| weights[(l, j)] / sum(j));
    let a = valid(&corners * &shares);
    let start = random_start(&a, 3, 2);
    let end = |parameters: &str| steps(&*method("minvol", parameters), &a, &start, 2000).pop().expect("an iterate");
    let worst = |f: &Factors<f64>| {
        let cosine = |l: usize, q: usize| {
            let (x, y) = (corners.col_as_slice(l), f.w.col_as_slice(q));
            x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>() / norm(x) / norm(y)
        };
        (0..3).map(|l| (0..3).map(|q| cosine(l, q)).fold(0.0, f64::max)).fold(1.0, f64::min)
    };
    let found = end(r#"{"lambda": 0.001, "delta": 0.01}"#);
    let sums = (0..60).map(|j| (0..3).map(|l| found.ht[(j, l)]).sum::<f64>());
    assert!(sums.fold(0.0, f64::max) <= 1.0 + 1e-12);
    // Seen from 4 starts: 0.99994 and above.
    assert!(worst(&found) > 0.9999, "{}", worst(&found));
    let heavy = end(r#"{"lambda": 0.3}"#);
    let volume = |f: &Factors<f64>| (f.w.transpose() * &f.w).determinant();
    assert!(volume(&heavy) < 0.5 * volume(&found), "{} {}", volume(&heavy), volume(&found));
    let all = end(r#"{"lambda": 1e6}"#);
    assert!(all.w.is_all_finite() && all.ht.is_all_finite(), "a penalty that leaves nothing");
    let by_w = end(r#"{"stochastic": "w"}"#);
    assert!((0..3).all(|l| (by_w.w.col_as_slice(l).iter().sum::<f64>() - 1.0).abs() < 1e-12));
}

// wnmf

/// Σ ω a w and Σ ω v w over what an entry of H sees.
fn weighted_h(a: &Rows, omega: &Rows, w: &Rows, h: &mut Rows) {
    let v = product(w, h);
    *h = each(h, |l, j, h| {
        let sum = |x: &Rows| (0..a.len()).map(|i| omega[i][j] * x[i][j] * w[i][l]).sum::<f64>();
        h * sum(a) / sum(&v)
    });
}

#[test]
fn wnmf_follows_its_paper_with_dense_and_sparse_weights() {
    let (a, omega) = (data(15, 22, 1), weights(15, 22, 1));
    let (values, weights) = (rows(&entries(&a)), rows(&omega));
    let sparse_weights = Weighted::new(&a, sparse_copy(&omega)).expect("one shape");
    let both_sparse = Weighted::new(&sparse_copy(&entries(&a)), sparse_copy(&omega)).expect("one shape");
    assert!(matches!(sparse_weights.product(), Matrix::Sparse(_)));
    let of = |weighted| Matrix::Weighted(weighted);
    for problem in [weighted(&a, &omega), of(sparse_weights), of(both_sparse)] {
        let start = random_start(&problem, 4, 1);
        let real = steps(&*method("wnmf", "{}"), &problem, &start, 20);
        let (mut w, mut h) = (rows(&start.w), transposed(&rows(&start.ht)));
        for factors in &real[1..] {
            let mut wt = transposed(&w);
            weighted_h(&transposed(&values), &transposed(&weights), &transposed(&h), &mut wt);
            w = transposed(&wt);
            weighted_h(&values, &weights, &w, &mut h);
            let ht = factors.ht.transpose().to_owned();
            let apart = distance(&matrix(&w), &factors.w).max(distance(&matrix(&h), &ht));
            assert!(apart <= 1e-9, "apart by {apart:e}");
        }
    }
    // Where all weights are 1, or there are none, it is Lee & Seung's update.
    let start = random_start(&a, 4, 2);
    let mu = steps(&*method("mu", "{}"), &a, &start, 20);
    let ones = Matrix::Weighted(Weighted::new(&a, valid(Mat::full(15, 22, 1.0))).expect("one shape"));
    for problem in [&a, &ones] {
        let found = steps(&*method("wnmf", "{}"), problem, &start, 20);
        assert!(common::factor_distance(&mu[20], &found[20]) < 1e-10);
    }
}

#[test]
fn measures_are_weighted_where_the_data_are() {
    let (a, omega) = (data(9, 12, 2), weights(9, 12, 2));
    let problem = weighted(&a, &omega);
    let f = random_start(&problem, 3, 2);
    let (a, wh) = (entries(&a), &f.w * f.ht.transpose());
    let sum = |of: &dyn Fn(usize, usize) -> f64| {
        (0..12).flat_map(|j| (0..9).map(move |i| (i, j))).map(|(i, j)| of(i, j)).sum::<f64>()
    };
    let squares = sum(&|i, j| omega[(i, j)] * (a[(i, j)] - wh[(i, j)]).powi(2));
    let size = sum(&|i, j| omega[(i, j)] * a[(i, j)].powi(2));
    let mean = sum(&|i, j| omega[(i, j)] * a[(i, j)]) / sum(&|i, j| omega[(i, j)]);
    assert!((problem.squared_norm() / size - 1.0).abs() < 1e-13 && (problem.mean() / mean - 1.0).abs() < 1e-13);
    let start = random_start(&problem, 3, 3);
    let look = Evaluator::new(&problem, &start, Par::Seq).look(&f, (0.0, 0.0));
    assert!((look.objective / (0.5 * squares) - 1.0).abs() < 1e-13);
    assert!((look.relative_error / (squares / size).sqrt() - 1.0).abs() < 1e-13);
    // The random start is scaled for the entries that are known: no other scalar is better.
    let error = |by: f64| sum(&|i, j| omega[(i, j)] * (a[(i, j)] - by * wh[(i, j)]).powi(2));
    assert!(error(1.0) < error(1.001) && error(1.0) < error(0.999));
    // The KKT residual by differences of the objective; both pairs are balanced and nothing is at a bound.
    let gradient = |f: &Factors<f64>| {
        let value = |f: &Factors<f64>| Evaluator::new(&problem, f, Par::Seq).look(f, (0.0, 0.0)).objective;
        let mut squares = 0.0;
        for (is_w, rows) in [(true, 9), (false, 12)] {
            for (i, l) in (0..rows).flat_map(|i| (0..3).map(move |l| (i, l))) {
                let moved = |by: f64| {
                    let mut f = f.clone();
                    *(if is_w { &mut f.w[(i, l)] } else { &mut f.ht[(i, l)] }) += by;
                    value(&f)
                };
                squares += ((moved(1e-5) - moved(-1e-5)) / 2e-5).powi(2);
            }
        }
        squares.sqrt()
    };
    assert!((look.kkt_residual * gradient(&start) / gradient(&f) - 1.0).abs() < 1e-6);
}

#[test]
fn missing_entries_are_recovered_and_do_not_matter() {
    let mut stream = Stream::of(4, "missing");
    let (w, h) = (uniform(30, 2, &mut stream), uniform(2, 25, &mut stream));
    let full = w * h;
    let mask = Mat::from_fn(30, 25, |_, _| if stream.uniform() < 0.4 { 0.0 } else { 1.0 });
    let with = |hidden: f64| {
        let a = valid(Mat::from_fn(30, 25, |i, j| if mask[(i, j)] > 0.0 { full[(i, j)] } else { hidden }));
        Matrix::Weighted(Weighted::new(&a, sparse_copy(&mask)).expect("one shape"))
    };
    let (zeros, large) = (with(0.0), with(1e6));
    let start = random_start(&zeros, 2, 4);
    assert_eq!(start, random_start(&large, 2, 4));
    let [one, two] = [&zeros, &large].map(|a| steps(&*method("wnmf", "{}"), a, &start, 1500).pop().expect("some"));
    assert_eq!(one, two, "what stands where nothing is known has no influence");
    let found = &one.w * one.ht.transpose();
    assert!((&found - &full).norm_l2() < 0.02 * full.norm_l2(), "{}", (&found - &full).norm_l2() / full.norm_l2());
}

#[test]
fn weights_are_refused_where_they_do_not_belong() {
    let (a, omega) = (data(9, 12, 5), weights(9, 12, 5));
    let given = weighted(&a, &omega);
    let first = (0..12).find_map(|j| (0..9).find(|i| omega[(*i, j)] <= 0.0).map(|i| (i, j)));
    for entry in nmfbench_algorithms::BUILTIN {
        let expected = if entry.name == "wnmf" { Ok(()) } else { Err(InvalidMatrix::Weighted { missing: first }) };
        assert_eq!(entry.accepts.check(&given), expected, "{}", entry.name);
    }
    let (i, j) = first.expect("some are missing");
    let message = InvalidMatrix::Weighted { missing: first }.to_string();
    assert!(message.starts_with(&format!("entry ({i}, {j}) is missing; this method needs every entry")), "{message}");
    let error = Weighted::new(&a, valid(Mat::full(9, 11, 1.0))).expect_err("refused");
    assert_eq!(error.to_string(), "the weights are 9×11; expected 9×12, as the data");
    let mut negative = omega;
    negative[(3, 1)] = -1.0;
    let negative = Matrix::signed(negative.as_ref()).expect("finite");
    let error = Weighted::new(&a, negative).expect_err("refused");
    assert_eq!(error, InvalidMatrix::NotNonnegative { row: 3, col: 1, value: -1.0 });
    assert!(Weighted::new(&given, valid(Mat::full(9, 12, 1.0))).is_err(), "weights of weighted data");
}

// gnmf

#[test]
fn gnmf_follows_its_paper() {
    for (weighting, p) in [("binary", 5), ("heat", 3), ("cosine", 2)] {
        let parameters = format!(r#"{{"weighting": "{weighting}", "neighbours": {p}, "sigma": 2, "lambda": 20}}"#);
        follows(("gnmf", &parameters), &data(14, 24, 1), 4, (20, 1e-9), |a, (w, h)| {
            let n = a[0].len();
            let inner = |i: usize, j: usize| column(a, i).iter().zip(&column(a, j)).map(|(x, y)| x * y).sum::<f64>();
            let cosine = |i: usize, j: usize| inner(i, j) / (inner(i, i) * inner(j, j)).sqrt();
            let far = |i: usize, j: usize| {
                let squared = column(a, i).iter().zip(&column(a, j)).map(|(x, y)| (x - y).powi(2)).sum::<f64>();
                if weighting == "cosine" { 1.0 - cosine(i, j) } else { squared }
            };
            let nearest = |j: usize| {
                let mut others: Vec<usize> = (0..n).filter(|i| *i != j).collect();
                others.sort_by(|x, y| far(*x, j).total_cmp(&far(*y, j)));
                others.truncate(p);
                others
            };
            let near: Vec<Vec<usize>> = (0..n).map(nearest).collect();
            let joined = |i: usize, j: usize| near[i].contains(&j) || near[j].contains(&i);
            let pairs: Vec<(usize, usize)> =
                (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).filter(|(i, j)| joined(*i, *j)).collect();
            let mean = pairs.iter().map(|(i, j)| far(*i, *j)).sum::<f64>() / number(pairs.len());
            let weight = |i: usize, j: usize| match weighting {
                _ if !joined(i, j) || i == j => 0.0,
                "binary" => 1.0,
                "heat" => (-far(i, j) / (2.0 * mean)).exp(),
                _ => cosine(i, j),
            };
            let s: Rows = (0..n).map(|i| (0..n).map(|j| weight(i, j)).collect()).collect();
            let lambda = 20.0 * (a.iter().flatten().map(|a| a * a).sum::<f64>() / number(n)).sqrt();
            let mut wt = transposed(w);
            common::naive::multiplicative_h(&transposed(a), &transposed(h), &mut wt);
            *w = transposed(&wt);
            let v = transposed(h);
            let (near, gram) = (product(&s, &v), product(&v, &product(&transposed(w), w)));
            let cross = product(&transposed(a), w);
            let degree = |j: usize| s[j].iter().sum::<f64>();
            *h = transposed(&each(&v, |j, l, v| {
                v * (cross[j][l] + lambda * near[j][l]) / (gram[j][l] + lambda * degree(j) * v)
            }));
        });
    }
}

/// What each method says it descends, by its formula.
#[test]
fn objectives_are_those_of_their_formulas() {
    let a = data(14, 19, 6);
    let start = random_start(&a, 3, 6);
    let at = |name: &str, parameters: &str, f: &Factors<f64>| {
        let solver = method(name, parameters).start_f64(&problem(&a, 3), &start).expect("starts");
        solver.objective(&problem(&a, 3), f).expect("one of its own")
    };
    let error = |f: &Factors<f64>| 0.5 * (entries(&a) - &f.w * f.ht.transpose()).squared_norm_l2();
    let after = |name: &str, parameters: &str| steps(&*method(name, parameters), &a, &start, 3).pop().expect("some");
    for name in ["hoyer", "onmf", "minvol"] {
        assert!(at(name, "{}", &start) == f64::INFINITY, "{name}: the start does not meet the constraint");
        let f = after(name, "{}");
        let apart = at(name, "{}", &f) - error(&f);
        assert!(
            if name == "minvol" { apart.abs() > 1e-3 * error(&f) } else { apart.abs() < 1e-12 * error(&f) },
            "{name}"
        );
    }
    // Two columns joined or not: half of what moving one of them by d along one component costs is λ·degree·d².
    let f = after("gnmf", "{}");
    let smooth = at("gnmf", "{}", &f) - error(&f);
    let none = at("gnmf", r#"{"lambda": 0}"#, &f) - error(&f);
    let twice = at("gnmf", r#"{"lambda": 200}"#, &f) - error(&f);
    assert!(smooth > 0.0 && none.abs() < 1e-12 * error(&f) && (twice / smooth - 2.0).abs() < 1e-9);
    let same = Factors { w: f.w.clone(), ht: Mat::from_fn(19, 3, |_, l| f.ht[(0, l)]) };
    assert!((at("gnmf", "{}", &same) / error(&same) - 1.0).abs() < 1e-12, "no penalty where all columns are the same");
}
