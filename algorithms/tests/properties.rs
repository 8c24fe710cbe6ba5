//! Properties of single algorithms beside those that the conformance suite asks of all.

mod common;

use common::{
    Run, all_methods, assert_feasible, data, method, naive, problem, random_start, run, sparse, start, valid, values,
};
use faer::{Mat, mat};
use nmfbench_algorithms::conformance::{cases, matched_cosine};
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{Factors, Init, Reason, Solver};

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

#[test]
fn a_unique_factorisation_is_found() {
    let truth = cases::laurberg();
    let matrix = valid(&truth * truth.transpose());
    for name in ["hals", "pgd", "mu"] {
        // Projected gradient is slow on one of these starts; wherever the error comes near 0, it is that factorisation.
        let mut found = 0;
        for seed in 0..6 {
            let run = run(&*method(name, "{}"), &matrix, &random_start(&matrix, 3, seed), 3000);
            if run.end().relative_error < 1e-3 {
                found += 1;
                let last = run.last();
                let worst = matched_cosine(&Factors { w: truth.clone(), ht: truth.clone() }, last);
                assert!(worst > 0.999, "{name}, seed {seed}: another factorisation, cosine {worst}");
            }
        }
        assert!(found >= 3, "{name} found it {found} times in 6");
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

/// Also where the formulas change: β = 0, 1 and 2 have special forms of the divergence, 1 and 2 ends of the exponent's
/// pieces.
#[test]
fn mu_beta_is_continuous_in_beta() {
    let matrix = valid(cases::uniform(14, 11, &mut Stream::of(11, "beta")));
    let start = random_start(&matrix, 3, 11);
    let go = |name: &str, parameters: &str| run(&*method(name, parameters), &matrix, &start, 10);
    let at = |beta: f64| go("mu-beta", &format!(r#"{{"beta": {beta:?}}}"#));
    let apart = |x: &Run, y: &Run| {
        let values = (x.end().objective / y.end().objective - 1.0).abs();
        cases::factor_distance(x.last(), y.last()).max(values)
    };
    for beta in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0] {
        for step in [-1e-6, 1e-6] {
            let change = apart(&at(beta), &at(beta + step));
            assert!(change > 0.0 && change < 1e-4, "β = {beta}, moved by {step:e}: {change:e}");
        }
    }
    for (name, beta) in [("mu", 2.0), ("mu-kl", 1.0)] {
        let change = apart(&go(name, "{}"), &at(beta));
        assert!(change < 1e-10, "β = {beta} is not {name}: {change:e}");
    }
}
