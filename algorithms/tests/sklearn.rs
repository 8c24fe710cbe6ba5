//! The same errors and factors as scikit-learn from the same starts; `fixtures/make_sklearn.py` made the numbers.

mod common;

use common::{distance, method, run, valid};
use faer::Mat;
use nmfbench_algorithms::{Factors, Init, Matrix};
use serde_json::Value;

const FIXTURE: &str = include_str!("fixtures/sklearn.json");

fn fixture() -> Value {
    serde_json::from_str(FIXTURE).expect("the fixture is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn matrix(value: &Value) -> Mat<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().expect("a list of rows").iter().map(numbers).collect();
    Mat::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

fn transposed(value: &Value) -> Mat<f64> {
    matrix(value).transpose().to_owned()
}

/// ‖A − WH‖_F from the residual.
fn error(a: &Matrix<f64>, f: &Factors<f64>) -> f64 {
    (common::entries(a) - &f.w * f.ht.transpose()).norm_l2()
}

#[test]
fn mu_is_that_of_scikit_learn() {
    agrees("mu", "mu");
}

#[test]
fn hals_is_the_coordinate_descent_of_scikit_learn() {
    agrees("hals", "cd");
}

fn agrees(name: &str, solver: &str) {
    for (i, problem) in fixture()["problems"].as_array().expect("a list").iter().enumerate() {
        let a = valid(matrix(&problem["a"]));
        let start = Factors { w: matrix(&problem["w0"]), ht: transposed(&problem["h0"]) };
        let expected = numbers(&problem[solver]["errors"]);
        let run = run(&*method(name, "{}"), &a, &start, expected.len() as u64);
        assert_eq!((expected.len(), run.path.len()), (50, 51), "problem {i}: {}", run.reason);
        for (iteration, (factors, expected)) in run.path[1..].iter().zip(&expected).enumerate() {
            let apart = (error(&a, factors) / expected - 1.0).abs();
            assert!(apart <= 1e-10, "{name}, problem {i}: {apart:e} after iteration {}", iteration + 1);
        }
        assert!(distance(&matrix(&problem[solver]["w"]), &run.last().w) <= 1e-8, "{name}, problem {i}: W");
        assert!(distance(&transposed(&problem[solver]["h"]), &run.last().ht) <= 1e-8, "{name}, problem {i}: H");
    }
}

/// β = 1, 0 and 1.5 on data without zeros.
#[test]
fn mu_for_divergences_is_that_of_scikit_learn() {
    let betas = &fixture()["betas"];
    let a = valid(matrix(&betas["a"]));
    let start = Factors { w: matrix(&betas["w0"]), ht: transposed(&betas["h0"]) };
    let paths = betas["paths"].as_array().expect("a list");
    assert_eq!(paths.len(), 3);
    for path in paths {
        let beta = &path["beta"];
        let expected = numbers(&path["values"]);
        let names = if beta == 1 { vec!["mu-kl", "mu-beta"] } else { vec!["mu-beta"] };
        for name in names {
            let parameters = if name == "mu-kl" { "{}".to_owned() } else { format!(r#"{{"beta": {beta}}}"#) };
            let run = run(&*method(name, &parameters), &a, &start, expected.len() as u64);
            assert_eq!((expected.len(), run.path.len()), (50, 51), "β = {beta}: {}", run.reason);
            for (i, (measures, expected)) in run.measures[1..].iter().zip(&expected).enumerate() {
                let apart = (measures.objective / expected - 1.0).abs();
                assert!(apart <= 1e-10, "{name}, β = {beta}: {apart:e} after iteration {}", i + 1);
            }
            assert!(distance(&matrix(&path["w"]), &run.last().w) <= 1e-8, "{name}, β = {beta}: W");
            assert!(distance(&transposed(&path["h"]), &run.last().ht) <= 1e-8, "{name}, β = {beta}: H");
        }
    }
}

/// scikit-learn cuts entries below 1e-6 to zero, before it fills zeros with the mean.
#[test]
fn nndsvd_is_that_of_scikit_learn() {
    let fixture = fixture();
    let a = valid(matrix(&fixture["problems"][0]["a"]));
    let rank = usize::try_from(fixture["starts"]["rank"].as_u64().expect("a number")).expect("small");
    for (init, fill) in [(Init::Nndsvd, 0.0), (Init::Nndsvda, a.mean())] {
        let ours = common::start(init, &a, rank, 0);
        let plain = common::start(Init::Nndsvd, &a, rank, 0);
        let theirs = &fixture["starts"][init.name()];
        let sides =
            [("W", &ours.w, &plain.w, matrix(&theirs["w"])), ("H", &ours.ht, &plain.ht, transposed(&theirs["h"]))];
        for (factor, ours, plain, theirs) in sides {
            let mut zeros = 0;
            for j in 0..rank {
                for i in 0..ours.nrows() {
                    let cut = plain[(i, j)] < 1e-6;
                    let ours = if cut { fill } else { ours[(i, j)] };
                    zeros += usize::from(cut);
                    assert!((ours - theirs[(i, j)]).abs() <= 1e-10, "{init}, {factor}[{i}, {j}]: {ours}");
                }
            }
            assert!(zeros > 10, "{init}, {factor}: a start without zeros tests little");
        }
    }
}
