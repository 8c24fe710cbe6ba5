//! What must be true of every algorithm, whatever its numbers: descent, feasibility, symmetries, fixed points.

mod common;

use common::{
    all_methods, assert_feasible, data, distance, factor_distance, iterations_only, method, naive, problem,
    random_start, run, run_in, sparse, start, steps, uniform, valid, values,
};
use faer::{Mat, Par, mat};
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{BUILTIN, Evaluator, Factors, Init, Matrix, Reason, Solver};

/// Names of the algorithms that claim monotone descent.
fn monotone() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().filter(|e| e.traits.monotone).map(|e| e.name)
}

fn times(x: &Mat<f64>, by: f64) -> Mat<f64> {
    Mat::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] * by)
}

#[test]
fn the_objective_never_rises_where_that_is_claimed() {
    let claimed = monotone().collect::<Vec<_>>();
    for name in [
        "mu", "hals", "pgd", "anls-as", "anls-bpp", "mu-lin", "gcd", "a-mu", "a-hals", "a-pgd", "apg", "pgrad",
        "mu-kl", "mu-beta", "sn-kl", "sn-mu-kl", "bmd-kl",
    ] {
        assert!(claimed.contains(&name), "{name} descends, by its paper");
    }
    for name in ["als", "nenmf", "ao-admm", "e-hals", "e-a-hals", "e-anls", "rhals", "ccd-kl", "admm-kl", "pd-kl"] {
        assert!(!claimed.contains(&name), "{name} may rise");
    }
    for seed in 0..60 {
        let mut shape = Stream::of(seed, "shapes");
        let mut below = |n: u64| usize::try_from(shape.bits() % n).expect("small");
        let (m, n) = (2 + below(14), 2 + below(14));
        let rank = 1 + below(m.min(n) as u64);
        let matrix = data(m, n, 3, m > 3 && seed % 2 == 0, seed);
        for init in [Init::Random, Init::Nndsvda, Init::Nndsvdar] {
            let start = start(init, &matrix, rank, seed);
            for name in monotone() {
                let run = run(&*method(name, "{}"), &matrix, &start, 60);
                // An update sums about m + n + k products for each of its entries.
                let allowed = 2.0 * (m + n + rank) as f64;
                let rise = run.worst_rise(&matrix);
                assert!(rise <= allowed, "{name}, {init}, {m}×{n} rank {rank}, seed {seed}: a rise of {rise} ε");
                // The leading singular pair, where a start of rank 1 begins, is the optimum.
                let descent = run.end().objective < run.measures[0].objective;
                assert!(descent || rank == 1, "{name}, {init}, seed {seed}: no descent");
            }
        }
    }
}

/// With penalties it is the penalised objective that falls, and the method says what that is.
#[test]
fn the_penalised_objective_never_rises() {
    let (matrix, parameters) = (data(13, 11, 3, true, 2), r#"{"l1_w": 0.3, "l1_h": 0.2, "l2_w": 0.5, "l2_h": 0.1}"#);
    let (problem, start) = (problem(&matrix, 4), random_start(&matrix, 4, 2));
    let value = |solver: &dyn Solver<f64>, f: &Factors<f64>| solver.objective(&problem, f);
    for name in ["mu", "hals", "anls-bpp", "apg"] {
        let plain = method(name, "{}").start_f64(&problem, &start).expect("starts");
        assert_eq!(value(&*plain, &start), None, "{name}: nothing of its own without penalties");
        let mut solver = method(name, parameters).start_f64(&problem, &start).expect("starts");
        let mut factors = start.clone();
        let mut before = value(&*solver, &factors).expect("penalised");
        let sums = |x: &Mat<f64>| x.col_iter().flat_map(|c| c.iter()).fold((0.0, 0.0), |s, v| (s.0 + v, s.1 + v * v));
        let (w, h) = (sums(&start.w), sums(&start.ht));
        let residual = (common::entries(&matrix) - &start.w * start.ht.transpose()).squared_norm_l2();
        let expected = 0.5 * residual + 0.3 * w.0 + 0.2 * h.0 + 0.25 * w.1 + 0.05 * h.1;
        assert!((before / expected - 1.0).abs() < 1e-13, "{name}: {before} {expected}");
        let first = before;
        for i in 0..100 {
            solver.step(&problem, &mut factors).expect("a step");
            let now = value(&*solver, &factors).expect("penalised");
            assert!(now <= before + 1e-13 * first, "{name}: {before} → {now} in iteration {i}");
            before = now;
        }
        assert!(before < 0.8 * first, "{name}: {first} → {before}");
    }
}

/// Solving and clipping may rise, lose components and meet singular systems; it may not panic or leave the feasible set.
#[test]
fn als_survives_what_it_is_known_to_fail_on() {
    let mut repairs = 0;
    for seed in 0..40 {
        let mut stream = Stream::of(seed, "rank-deficient");
        let matrix = valid(sparse(12, 2, 0.3, &mut stream) * sparse(2, 9, 0.3, &mut stream));
        for init in Init::ALL {
            let run = run(&*method("als", "{}"), &matrix, &start(init, &matrix, 5, seed), 60);
            run.path.iter().for_each(|f| assert_feasible(f, &format!("als, {init}, seed {seed}")));
            assert!(run.measures.iter().all(|m| m.objective.is_finite()), "als, {init}, seed {seed}");
            repairs += run.progress.last().expect("some").effort.repairs;
        }
    }
    assert!(repairs > 0, "rank-deficient data must have lifted a pivot");
}

/// Factors that make the product unique: each component has a row of W and a column of H to itself.
fn separable(m: usize, n: usize, k: usize, seed: u64) -> (Matrix<f64>, Factors<f64>) {
    let mut stream = Stream::of(seed, "separable");
    let mut factor = |rows: usize| {
        let x = sparse(rows, k, 0.5, &mut stream);
        Mat::from_fn(rows, k, |i, j| if i < k { f64::from(u8::from(i == j)) } else { x[(i, j)] })
    };
    let truth = Factors { w: factor(m), ht: factor(n) };
    (valid(&truth.w * truth.ht.transpose()), truth)
}

#[test]
fn stationary_points_are_reached_on_an_exact_product() {
    let (matrix, _) = separable(20, 15, 4, 1);
    let start = random_start(&matrix, 4, 1);
    for name in BUILTIN.iter().filter(|e| e.traits.stationary).map(|e| e.name) {
        let mut evaluator = Evaluator::new(&matrix, &start, Par::Seq);
        let mut kkt = |f: &Factors<f64>| evaluator.look(f, (0.0, 0.0)).kkt_residual;
        if name == "mu-lin" {
            // Sublinear: seen 3e-3 after 400 iterations.
            let path = steps(&*method(name, "{}"), &matrix, &start, 4000);
            let (early, late) = (kkt(&path[400]), kkt(&path[4000]));
            assert!(early < 1e-2 && late < 0.3 * early, "{name}: {early:e} {late:e}");
            continue;
        }
        let path = steps(&*method(name, "{}"), &matrix, &start, 400);
        let needed = path.iter().position(|f| kkt(f) < 1e-6);
        // Seen: from 18 iterations (exact least squares) to 88 (joint projected gradient).
        assert!(needed.is_some_and(|i| i <= 150), "{name}: {needed:?} iterations");
    }
}

/// The example of Laurberg et al., "Theorems on positive data: on the uniqueness of NMF", Computational Intelligence and
/// Neuroscience (2008): W·Wᵀ has no other factorisation of rank 3, but for order and scale.
fn laurberg() -> Mat<f64> {
    let a = 0.3;
    mat![[a, 1.0, 0.0], [1.0, a, 0.0], [0.0, a, 1.0], [0.0, 1.0, a], [1.0, 0.0, a], [a, 0.0, 1.0]]
}

/// The least cosine between columns matched in the best of all orders.
fn matched_cosine(x: &Mat<f64>, y: &Mat<f64>) -> f64 {
    let cosine = |a: usize, b: usize| {
        let norm = |z: &Mat<f64>, l: usize| z.col(l).norm_l2();
        (0..x.nrows()).map(|i| x[(i, a)] * y[(i, b)]).sum::<f64>() / (norm(x, a) * norm(y, b))
    };
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let least = |order: &[usize; 3]| (0..3).map(|l| cosine(l, order[l])).fold(f64::INFINITY, f64::min);
    orders.iter().map(least).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn a_unique_factorisation_is_found() {
    let truth = laurberg();
    let matrix = valid(&truth * truth.transpose());
    for name in ["hals", "pgd", "mu"] {
        // Projected gradient is slow on one of these starts; wherever the error comes near 0, it is that factorisation.
        let mut found = 0;
        for seed in 0..6 {
            let run = run(&*method(name, "{}"), &matrix, &random_start(&matrix, 3, seed), 3000);
            if run.end().relative_error < 1e-3 {
                found += 1;
                let last = run.last();
                let worst = matched_cosine(&truth, &last.w).min(matched_cosine(&truth, &last.ht));
                assert!(worst > 0.999, "{name}, seed {seed}: another factorisation, cosine {worst}");
            }
        }
        assert!(found >= 3, "{name} found it {found} times in 6");
    }
}

#[test]
fn transposing_the_data_swaps_the_factors() {
    // What has no order of its own, or compresses the longer side, is not asked.
    let ordered = BUILTIN.iter().filter(|e| e.fields().iter().any(|f| f.name == "first"));
    for name in ordered.map(|e| e.name) {
        let matrix = data(17, 11, 4, true, 3);
        let transposed = valid(common::entries(&matrix).transpose().to_owned());
        let start = random_start(&matrix, 4, 3);
        let swapped = Factors { w: start.ht.clone(), ht: start.w.clone() };
        let with = |first: &str| match name {
            "mu-lin" => method(name, &format!(r#"{{"first": "{first}", "normalize": false}}"#)),
            _ => method(name, &format!(r#"{{"first": "{first}"}}"#)),
        };
        let one = steps(&*with("w"), &matrix, &start, 30);
        let other = steps(&*with("h"), &transposed, &swapped, 30);
        for (i, (one, other)) in one.iter().zip(&other).enumerate() {
            let apart = distance(&one.w, &other.ht).max(distance(&one.ht, &other.w));
            assert!(apart <= 1e-12, "{name}: apart by {apart:e} after iteration {i}");
        }
    }
}

/// c·A from √c·W₀ and √c·H₀ gives √c times the factors; for c = 4^j every operation is the same but for the exponent.
/// Projected gradient tries the step lengths β^t, so for it β and c must be powers of the same number.
#[test]
fn scaling_the_data_scales_the_factors() {
    for (name, _) in all_methods() {
        let (parameters, powers) = match name {
            "pgd" | "a-pgd" | "pgrad" => {
                (r#"{"beta": 0.5, "trials": 60}"#, vec![(4.0, 0.0), (1024.0, 0.0), (2.0_f64.powi(-8), 0.0)])
            }
            // Whether there is a second Newton step on an entry is a matter of less or more than a half.
            "ccd-kl" => ("{}", vec![(4.0, 0.0), (1024.0, 0.0), (2.0_f64.powi(-20), 0.0)]),
            "mu-lin" => {
                (r#"{"normalize": false}"#, vec![(4.0, 0.0), (2.0_f64.powi(-20), 0.0), (3.0, 1e-9), (1e5, 1e-9)])
            }
            _ => ("{}", vec![(4.0, 0.0), (2.0_f64.powi(-20), 0.0), (3.0, 1e-9), (1e5, 1e-9)]),
        };
        let matrix = data(17, 11, 4, true, 4);
        let start = random_start(&matrix, 4, 4);
        let plain = steps(&*method(name, parameters), &matrix, &start, 30);
        for (c, tolerance) in powers {
            let by = c.sqrt();
            let scaled = |f: &Factors<f64>, by| Factors { w: times(&f.w, by), ht: times(&f.ht, by) };
            let matrix = valid(times(&common::entries(&matrix), c));
            let path = steps(&*method(name, parameters), &matrix, &scaled(&start, by), 30);
            for (i, (plain, found)) in plain.iter().zip(&path).enumerate() {
                let apart = factor_distance(&scaled(plain, by), found);
                assert!(apart <= tolerance, "{name}, c = {c}: apart by {apart:e} after iteration {i}");
            }
        }
    }
}

/// Renaming the components renames those of the result. Not so for HALS, what is made of it, and the coordinate methods
/// for the Kullback–Leibler divergence: they go through them in order, and the order matters.
#[test]
fn the_order_of_the_components_matters_to_those_that_go_through_them() {
    let matrix = data(17, 11, 4, false, 5);
    let start = random_start(&matrix, 4, 5);
    let permuted = |f: &Factors<f64>| {
        let swap = |x: &Mat<f64>| Mat::from_fn(x.nrows(), 4, |i, j| x[(i, [2, 0, 3, 1][j])]);
        Factors { w: swap(&f.w), ht: swap(&f.ht) }
    };
    for (name, method) in all_methods() {
        let plain = steps(&*method, &matrix, &start, 20);
        let path = steps(&*method, &matrix, &permuted(&start), 20);
        let apart = plain.iter().zip(&path).map(|(p, f)| factor_distance(&permuted(p), f)).fold(0.0, f64::max);
        let coordinates = name.ends_with("hals") || ["ccd-kl", "sn-kl", "sn-mu-kl"].contains(&name);
        assert_eq!(apart > 1e-10, coordinates, "{name}: apart by {apart:e}");
    }
}

/// At an exact factorisation whose Grams are regular nothing has a reason to move.
#[test]
fn a_stationary_point_stays() {
    let (matrix, truth) = separable(20, 15, 4, 2);
    for (name, default) in all_methods() {
        let method = if name == "mu-lin" { method(name, r#"{"normalize": false}"#) } else { default };
        for factors in steps(&*method, &matrix, &truth, 20) {
            let apart = factor_distance(&truth, &factors);
            // v^β has an infinite slope at 0, where the truth has entries: the floor there is felt by its root.
            let allowed = if name == "mu-beta" { 1e-7 } else { 1e-12 };
            assert!(apart <= allowed, "{name}: moved by {apart:e}");
        }
    }
}

/// The tolerance of projected gradient falls when an iteration finds nothing to do: such an iteration is no standstill.
#[test]
fn an_idle_iteration_is_not_taken_for_a_standstill() {
    for seed in 0..20 {
        let matrix = data(5, 4, 2, false, seed);
        for (name, method) in all_methods() {
            let run = run(&*method, &matrix, &random_start(&matrix, 2, seed), 200);
            assert_ne!(run.reason, Reason::Stalled, "{name}, seed {seed}: at iteration {}", run.path.len() - 1);
        }
    }
}

#[test]
fn a_run_is_the_same_twice_and_changes_nothing_it_was_given() {
    let matrix = data(23, 19, 4, true, 6);
    let (given, start) = (common::entries(&matrix), random_start(&matrix, 4, 6));
    let print = start.fingerprint();
    for (name, method) in all_methods() {
        let (one, two) = (run(&*method, &matrix, &start, 40), run(&*method, &matrix, &start, 40));
        let prints = |r: &[Factors<f64>]| r.iter().map(Factors::fingerprint).collect::<Vec<_>>();
        assert_eq!(prints(&one.path), prints(&two.path), "{name}");
        assert_eq!(one.path[0].fingerprint(), print, "{name}: iteration 0 is the start");
        assert!((one.measures[0].kkt_residual - 1.0).abs() < 1e-12, "{name}: its KKT residual is the unit");
    }
    assert_eq!((start.fingerprint(), common::entries(&matrix)), (print, given));
}

#[test]
fn two_threads_give_the_same_as_one() {
    // Large enough that faer divides the products.
    let mut stream = Stream::of(7, "threads");
    let matrix = valid(uniform(300, 260, &mut stream));
    let start = random_start(&matrix, 8, 7);
    for (name, method) in all_methods() {
        let go = |threads| {
            let problem = problem(&matrix, 8).with_threads(threads);
            run_in(&*method, &problem, &mut start.clone(), &iterations_only(5)).path.pop().expect("an iterate")
        };
        let (one, two, again) = (go(1), go(2), go(2));
        let apart = factor_distance(&one, &two);
        assert!(apart <= 1e-10, "{name}: apart by {apart:e}");
        assert_eq!(two.fingerprint(), again.fingerprint(), "{name}: two threads, twice");
    }
}

#[test]
fn effort_grows_and_counts_two_passes_an_iteration() {
    let matrix = data(17, 11, 4, false, 8);
    for (name, method) in all_methods() {
        let run = run(&*method, &matrix, &random_start(&matrix, 4, 8), 20);
        // At the least: both products with A.
        let products = 4.0 * 17.0 * 11.0 * 4.0;
        for pair in run.progress.windows(2) {
            let (before, now) = (pair[0].effort, pair[1].effort);
            let passes = now.passes - before.passes;
            let exactly = |n: f64| (passes - n).abs() < 1e-9;
            let expected = match name {
                "rhals" => passes >= 6.0 && before.passes < 1e-9 || exactly(0.0), // all of A at the start only
                "apg" => exactly(2.0) || exactly(3.0),                            // an iteration may be done again
                "admm-kl" => exactly(3.0), // two products with a matrix like A, and A itself
                "pgrad" => passes >= 2.0,  // a product for each trial
                _ => exactly(2.0),
            };
            assert!(expected, "{name}: {before:?} {now:?}");
            assert!(now.flops - before.flops >= products * passes / 2.0, "{name}: {before:?} {now:?}");
            assert!(now.flops > before.flops, "{name}: {before:?} {now:?}");
        }
    }
}

/// An entry that reaches 0 would stay there for ever, and one below the normal range slows everything down.
#[test]
fn mu_is_kept_above_a_floor_and_out_of_the_subnormal_range() {
    let matrix = data(17, 11, 4, true, 9);
    for init in Init::ALL {
        let run = run(&*method("mu", "{}"), &matrix, &start(init, &matrix, 6, 9), 3000);
        let (floor_w, floor_h) = run.floors;
        assert!(floor_w > f64::MIN_POSITIVE && floor_h > f64::MIN_POSITIVE);
        let at_floor = values(run.last()).filter(|v| *v <= floor_w).count();
        assert!(at_floor > 0, "{init}: a run in which no entry comes to the floor tests nothing");
        for f in &run.path[1..] {
            assert!(f.w.col_iter().all(|c| c.iter().all(|v| *v >= floor_w)), "{init}: an entry of W below its floor");
            assert!(f.ht.col_iter().all(|c| c.iter().all(|v| *v >= floor_h)), "{init}: an entry of H below its floor");
        }
    }
}

/// Without a floor a multiplicative update never leaves a zero, however far from optimal it is.
#[test]
fn mu_leaves_zeros_that_are_not_optimal() {
    let matrix = valid(Mat::full(3, 3, 1.0));
    let start = Factors { w: Mat::full(3, 1, 1.0), ht: mat![[1.0], [1.0], [0.0]] };
    let mut textbook = vec![vec![1.0, 1.0, 0.0]];
    for _ in 0..50 {
        naive::multiplicative_h(&vec![vec![1.0; 3]; 3], &vec![vec![1.0]; 3], &mut textbook);
    }
    assert_eq!(textbook, [[1.0, 1.0, 0.0]]);
    let end = *run(&*method("mu", "{}"), &matrix, &start, 50).end();
    assert!(end.relative_error < 1e-12, "{end:?}");
}
