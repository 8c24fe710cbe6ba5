//! Rules on one subproblem: exact solutions against every passive set and against Lawson & Hanson, one bit pattern
//! whatever the number of threads, penalties.

mod common;

use common::{data, method, random_start, steps, uniform};
use faer::linalg::solvers::Solve as _;
use faer::{Mat, Par};
use nmfbench_algorithms::kernels::{self, nnls::Nnls};
use nmfbench_algorithms::parameters::Table;
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{
    AnlsAs, AnlsBpp, AoAdmm, BUILTIN, Effort, Factors, Gcd, MuLin, NeNmf, Real, Rule, Side, Subproblem, Update,
};

/// A subproblem with solutions that have zeros: G of a k-column matrix with entries of both signs, C likewise.
fn subproblem(p: usize, k: usize, seed: u64) -> (Mat<f64>, Mat<f64>) {
    let mut stream = Stream::of(seed, "least squares test");
    let b = Mat::from_fn(2 * k + 3, k, |_, _| stream.uniform() - 0.2);
    let gram = b.transpose() * &b;
    let cross = Mat::from_fn(p, k, |_, _| stream.uniform() - 0.4);
    (gram, cross)
}

fn side(p: usize, k: usize) -> Side {
    Side { rows: p, others: 2 * k + 3, rank: k, nnz: p * (2 * k + 3), scale: 1.0, start_gradient: 1.0 }
}

fn defaults<R: Rule>() -> R {
    R::claim(&mut Table::new()).expect("the defaults are valid")
}

fn apply<T: Real, U: Update<T>>(update: &mut U, x: &mut Mat<T>, gram: &Mat<T>, cross: &Mat<T>, par: Par) -> Effort {
    let s = Subproblem { gram: gram.as_ref(), cross: cross.as_ref(), par };
    update.update(x.as_mut(), &s).expect("a step")
}

/// The least value of ½xᵀGx − cᵀx over x ≥ 0, by trying every passive set.
fn least(gram: &Mat<f64>, c: &[f64]) -> f64 {
    let k = c.len();
    (1..1_usize << k).fold(0.0, |best, set| {
        let free: Vec<usize> = (0..k).filter(|i| set >> i & 1 == 1).collect();
        let g = Mat::from_fn(free.len(), free.len(), |a, b| gram[(free[a], free[b])]);
        let rhs = Mat::from_fn(free.len(), 1, |a, _| c[free[a]]);
        let x = g.full_piv_lu().solve(&rhs);
        let feasible = (0..free.len()).all(|a| x[(a, 0)] >= 0.0);
        let value = -0.5 * (0..free.len()).map(|a| c[free[a]] * x[(a, 0)]).sum::<f64>();
        if feasible { best.min(value) } else { best }
    })
}

fn value(gram: &Mat<f64>, c: &[f64], x: &[f64]) -> f64 {
    let gx = |i: usize| (0..c.len()).map(|j| gram[(i, j)] * x[j]).sum::<f64>();
    (0..c.len()).map(|i| x[i] * (0.5 * gx(i) - c[i])).sum()
}

/// The largest violation of x ≥ 0, y ≥ 0, xy = 0 with y = Gx − c.
fn worst_kkt(gram: &Mat<f64>, c: &[f64], x: &[f64]) -> f64 {
    (0..c.len()).fold(0.0, |worst: f64, i| {
        let y = (0..c.len()).map(|j| gram[(i, j)] * x[j]).sum::<f64>() - c[i];
        worst.max(if x[i] > 0.0 { y.abs() } else { (-y).max(0.0) }).max(-x[i])
    })
}

fn row(x: &Mat<f64>, i: usize) -> Vec<f64> {
    (0..x.ncols()).map(|j| x[(i, j)]).collect()
}

fn is_exact<R: Rule>(name: &str) {
    for k in 1..=6 {
        let mut update = defaults::<R>().prepare::<f64>(&side(200, k));
        let mut x = Mat::from_fn(200, k, |i, j| f64::from(u8::from((i + j) % 3 == 0)));
        for seed in 0..4 {
            // The later ones begin with the sets of the one before, which are of no use to them.
            let (gram, cross) = subproblem(200, k, seed);
            apply(&mut update, &mut x, &gram, &cross, Par::Seq);
            let mut zeros = 0;
            for i in 0..200 {
                let (c, x) = (row(&cross, i), row(&x, i));
                let worst = worst_kkt(&gram, &c, &x);
                assert!(worst <= 1e-10, "{name}, k = {k}, row {i}: {worst:e}");
                let above = value(&gram, &c, &x) - least(&gram, &c);
                assert!(above.abs() <= 1e-10, "{name}, k = {k}, row {i}: above the least value by {above:e}");
                zeros += x.iter().filter(|x| **x == 0.0).count();
            }
            assert!(zeros > 20 && zeros < 200 * k, "the constraints matter: {zeros} zeros");
        }
    }
}

#[test]
fn exact_rules_agree_with_the_enumeration_of_all_passive_sets() {
    is_exact::<AnlsBpp>("anls-bpp");
    is_exact::<AnlsAs>("anls-as");
}

/// Around the sizes at which the bit sets take another word.
fn agrees_with_lawson_and_hanson<R: Rule>(name: &str) {
    for k in [10, 63, 64, 65, 130] {
        let (gram, cross) = subproblem(150, k, 7);
        let mut x = Mat::zeros(150, k);
        let effort = apply(&mut defaults::<R>().prepare(&side(150, k)), &mut x, &gram, &cross, Par::Seq);
        assert_eq!(effort.repairs, 0, "{name}, k = {k}: nothing is singular here");
        let mut nnls = Nnls::new(gram.as_ref());
        for i in 0..150 {
            let mut expected = vec![0.0; k];
            nnls.solve(&row(&cross, i), &mut expected);
            let apart = row(&x, i).iter().zip(&expected).map(|(x, e)| (x - e).abs()).fold(0.0, f64::max);
            assert!(apart <= 1e-9, "{name}, k = {k}, row {i}: apart by {apart:e}");
        }
    }
}

#[test]
fn exact_rules_agree_with_lawson_and_hanson() {
    agrees_with_lawson_and_hanson::<AnlsBpp>("anls-bpp");
    agrees_with_lawson_and_hanson::<AnlsAs>("anls-as");
}

/// Two equal columns, one that is the sum of two others, and a zero one.
fn survives_dependence<T: Real, R: Rule>(name: &str, tolerance: f64) {
    let mut stream = Stream::of(9, "dependent");
    let base = uniform(12, 3, &mut stream);
    let b = Mat::from_fn(12, 6, |i, j| match j {
        0 | 1 => base[(i, 0)],
        2 => base[(i, 1)],
        3 => base[(i, 1)] + base[(i, 2)],
        4 => base[(i, 2)],
        _ => 0.0,
    });
    let cross = uniform(80, 12, &mut stream) * &b;
    let gram = b.transpose() * &b;
    let mut x = kernels::convert::<f64, T>(uniform(80, 6, &mut stream).as_ref());
    let effort = apply(
        &mut defaults::<R>().prepare::<T>(&side(80, 6)),
        &mut x,
        &kernels::convert(gram.as_ref()),
        &kernels::convert(cross.as_ref()),
        Par::Seq,
    );
    assert!(effort.repairs > 0, "{name}: dependent columns are noticed");
    let x = kernels::convert::<T, f64>(x.as_ref());
    for i in 0..80 {
        let (c, x) = (row(&cross, i), row(&x, i));
        let worst = worst_kkt(&gram, &c, &x);
        assert!(worst <= tolerance && x[5] == 0.0, "{name}, row {i}: {worst:e} {x:?}");
    }
}

#[test]
fn dependent_columns_still_give_minimisers() {
    survives_dependence::<f64, AnlsBpp>("anls-bpp", 1e-10);
    survives_dependence::<f64, AnlsAs>("anls-as", 1e-10);
    survives_dependence::<f32, AnlsBpp>("anls-bpp in f32", 1e-4);
    survives_dependence::<f32, AnlsAs>("anls-as in f32", 1e-4);
}

fn same_bits<R: Rule>(name: &str) {
    let (p, k) = (1500, 9);
    let go = |par| {
        let mut stream = Stream::of(3, "threads");
        let mut x = uniform(p, k, &mut stream);
        let mut update = defaults::<R>().prepare(&side(p, k));
        let mut flops = 0.0;
        for seed in 0..3 {
            let (gram, cross) = subproblem(p, k, seed);
            let cross = Mat::from_fn(p, k, |i, j| cross[(i, j)].abs());
            let gram = Mat::from_fn(k, k, |i, j| gram[(i, j)].abs());
            flops += apply(&mut update, &mut x, &gram, &cross, par).flops;
        }
        (Factors { w: x.clone(), ht: x }.fingerprint(), flops.to_bits())
    };
    let one = go(Par::Seq);
    assert_eq!(one, go(Par::rayon(2)), "{name}: two threads");
    assert_eq!(one, go(Par::rayon(3)), "{name}: three threads");
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    same_bits::<AnlsBpp>("anls-bpp");
    same_bits::<AnlsAs>("anls-as");
    same_bits::<Gcd>("gcd");
    same_bits::<MuLin>("mu-lin");
    same_bits::<NeNmf>("nenmf");
    same_bits::<AoAdmm>("ao-admm");
}

/// ½‖A − WH‖² and the penalties, from the formula beside the parameters.
fn penalised(a: &Mat<f64>, f: &Factors<f64>, [l1_w, l1_h, l2_w, l2_h]: [f64; 4]) -> f64 {
    let residual = a - &f.w * f.ht.transpose();
    0.5 * residual.squared_norm_l2()
        + l1_w * f.w.sum()
        + l1_h * f.ht.sum()
        + 0.5 * l2_w * f.w.squared_norm_l2()
        + 0.5 * l2_h * f.ht.squared_norm_l2()
}

const WEIGHTS: [f64; 4] = [0.3, 0.2, 0.1, 0.4];
const PENALTIES: &str = r#"{"l1_w": 0.3, "l1_h": 0.2, "l2_w": 0.1, "l2_h": 0.4}"#;

#[test]
fn the_penalised_objective_falls_and_ends_below_that_of_the_plain_run() {
    let matrix = data(20, 15, 4, true, 2);
    let (a, start) = (common::entries(&matrix), random_start(&matrix, 4, 2));
    let mut seen = 0;
    for e in BUILTIN.iter().filter(|e| e.fields().iter().any(|f| f.name == "l1_w")) {
        // Normalisation keeps WH, but not the penalties.
        let parameters =
            if e.name == "mu-lin" { PENALTIES.replace('}', r#", "normalize": false}"#) } else { PENALTIES.into() };
        let path = steps(&*method(e.name, &parameters), &matrix, &start, 200);
        let values: Vec<f64> = path.iter().map(|f| penalised(&a, f, WEIGHTS)).collect();
        path.iter().for_each(|f| common::assert_feasible(f, e.name));
        if e.traits.monotone {
            let rise = values.windows(2).map(|v| v[1] - v[0]).fold(0.0, f64::max);
            assert!(rise <= 1e-12 * values[0], "{}: a rise of {rise:e}", e.name);
            seen += 1;
        }
        if e.name != "als" {
            let plain = steps(&*method(e.name, "{}"), &matrix, &start, 200);
            let (with, without) = (values[200], penalised(&a, &plain[200], WEIGHTS));
            assert!(with < without, "{}: {with} is not below {without}", e.name);
        }
    }
    assert!(seen >= 8, "most rules descend");
}

/// One exact half step: H minimises the penalised objective, so no entry can be changed for the better.
#[test]
fn penalties_shift_the_optimality_conditions() {
    let matrix = data(20, 15, 4, false, 3);
    let (a, start) = (common::entries(&matrix), random_start(&matrix, 4, 3));
    let f = &steps(&*method("anls-bpp", PENALTIES), &matrix, &start, 1)[1];
    let mut gram = f.w.transpose() * &f.w;
    (0..4).for_each(|l| gram[(l, l)] += WEIGHTS[3]);
    let cross = a.transpose() * &f.w;
    for j in 0..15 {
        let c: Vec<f64> = row(&cross, j).iter().map(|c| c - WEIGHTS[1]).collect();
        assert!(worst_kkt(&gram, &c, &row(&f.ht, j)) <= 1e-12);
    }
}

#[test]
fn a_composed_method_reads_one_flat_table() {
    let given = r#"{"alpha": 1.5, "gamma": 1.02, "l1_h": 0.1, "first": "h", "floor": 1e-9, "hp": 1}"#;
    let table = method("e-a-hals", given).parameters();
    let expected: Table = serde_json::from_str(given).expect("json");
    for (key, value) in &expected {
        assert_eq!(&table[key], value, "{key}");
    }
    assert_eq!(table["epsilon"], 0.1);
    let defaults = |name: &str, key: &str| method(name, "{}").parameters()[key].clone();
    assert_eq!((defaults("a-mu", "alpha"), defaults("a-hals", "alpha")), (2.0.into(), 0.5.into()));
    assert_eq!((defaults("a-pgd", "inner_iterations"), defaults("pgd", "inner_iterations")), (1.into(), 1000.into()));
    assert_eq!((defaults("e-anls", "gamma"), defaults("e-hals", "gamma")), (1.1.into(), 1.01.into()));
}
