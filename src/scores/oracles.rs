//! Scores against scikit-learn, scipy and numpy (`tests/oracles/make_scores.py` made the numbers).

use super::assignment::assign;
use super::partition::Contingency;
use super::{recognition, recovery};
use crate::data::{HeldOut, Part, Values};
use faer::Mat;
use nmfbench_algorithms::{Factors, Matrix};
use serde::Deserialize;

type Lists = Vec<Vec<f64>>;

#[derive(Deserialize)]
struct Fixture {
    assignments: Vec<Assignment>,
    partitions: Vec<Partition>,
    recoveries: Vec<Recovery>,
    recognitions: Vec<Recognition>,
}

#[derive(Deserialize)]
struct Assignment {
    table: Lists,
    sum: f64,
}

#[derive(Deserialize)]
struct Partition {
    clusters: Vec<u32>,
    classes: Vec<u32>,
    accuracy: f64,
    nmi: f64,
    ari: f64,
}

/// Columns of W and of the truth, rows of H and of the activations.
#[derive(Deserialize)]
struct Recovery {
    truth: Lists,
    activations: Lists,
    w: Lists,
    h: Lists,
    recovery: f64,
    recovery_least: f64,
    recovery_h: f64,
    angle: f64,
    angle_greatest: f64,
    amari: f64,
}

/// Columns of W and of the data.
#[derive(Deserialize)]
struct Recognition {
    a: Lists,
    classes: Vec<u32>,
    asked: Lists,
    labels: Vec<u32>,
    w: Lists,
    neighbours: usize,
    rate: f64,
    pca: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../tests/oracles/scores.json")).expect("the fixture")
}

fn columns(lists: &Lists) -> Mat<f64> {
    Mat::from_fn(lists[0].len(), lists.len(), |i, j| lists[j][i])
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found} instead of {expected}");
}

#[test]
fn assignments_are_scipys() {
    for case in fixture().assignments {
        let given = assign(&case.table);
        close(given.iter().enumerate().filter_map(|(i, j)| Some(case.table[i][(*j)?])).sum(), case.sum);
        let count = given.iter().flatten().count();
        assert_eq!(count, case.table.len().min(case.table[0].len()));
    }
}

#[test]
fn partitions_are_scikit_learns() {
    for case in fixture().partitions {
        let table = Contingency::of(&case.clusters, &case.classes);
        close(table.accuracy(), case.accuracy);
        close(table.normalized_information(), case.nmi);
        close(table.adjusted_rand(), case.ari);
    }
}

#[test]
fn recoveries_are_numpys() {
    for case in fixture().recoveries {
        let parts: Vec<Part> = case
            .truth
            .into_iter()
            .zip(case.activations)
            .map(|(values, activations)| Part { name: String::new(), values, activations })
            .collect();
        let factors = Factors { w: columns(&case.w), ht: columns(&case.h) };
        let told = recovery::recover(&factors, &parts).expect("parts");
        close(told.recovery, case.recovery);
        close(told.recovery_least, case.recovery_least);
        close(told.recovery_h, case.recovery_h);
        close(told.angle, case.angle);
        close(told.angle_greatest, case.angle_greatest);
        close(told.amari, case.amari);
    }
}

#[test]
fn recognition_rates_are_scikit_learns() {
    for case in fixture().recognitions {
        let factors = Factors { w: columns(&case.w), ht: Mat::zeros(case.a.len(), case.w.len()) };
        let matrix = Matrix::dense(columns(&case.a)).expect("valid");
        let values = Values::Dense(case.asked.concat());
        let held_out = HeldOut { values, labels: case.labels, neighbours: case.neighbours };
        let known = (&matrix, &case.classes[..]);
        close(recognition::rate(&factors, known, &held_out).expect("a rate"), case.rate);
        close(recognition::principal_rate(case.w.len(), known, &held_out).expect("a rate"), case.pca);
    }
}
