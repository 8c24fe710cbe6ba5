//! Estimators against numpy and scipy (`tests/oracles/make_statistics.py` made the numbers).

use super::invented::run;
use super::{Entrant, Problem, Run, holm, profile, quantile, ranks, scaling, share, signed_rank, student};
use crate::results::record::DatasetFacts;
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../tests/oracles/statistics.json")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found} instead of {expected}");
}

#[test]
fn paired_tests_are_scipys() {
    let fixture = fixture();
    for case in list(&fixture["wilcoxon"]) {
        let told = signed_rank(&numbers(&case["differences"])).expect("differences");
        close(told.p, number(&case["p"]));
    }
    for case in list(&fixture["student"]) {
        close(student(&numbers(&case["differences"])), number(&case["p"]));
    }
    let told = holm(&numbers(&fixture["holm"]["p"]));
    told.iter().zip(numbers(&fixture["holm"]["adjusted"])).for_each(|(a, b)| close(*a, b));
}

#[test]
fn ranks_and_critical_differences_are_scipys() {
    let case = &fixture()["friedman"];
    let values: Vec<Vec<Vec<f64>>> =
        list(&case["values"]).iter().map(|row| numbers(row).into_iter().map(|v| vec![v]).collect()).collect();
    let labels: Vec<String> = (0..values[0].len()).map(|i| i.to_string()).collect();
    let told = ranks(&labels, &values).expect("enough problems");
    told.ranks.iter().zip(numbers(&case["ranks"])).for_each(|(a, b)| close(*a, b));
    close(told.p, number(&case["p"]));
    assert!((told.critical_difference - number(&case["critical_difference"])).abs() < 1e-5, "{told:?}");
}

#[test]
fn distributions_are_numpys() {
    let fixture = fixture();
    let values = numbers(&fixture["best_of"]["values"]);
    for (i, expected) in numbers(&fixture["best_of"]["expected"]).into_iter().enumerate() {
        close(profile::best_of(&values, i + 1).expect("enough values"), expected);
    }
    for case in list(&fixture["wilson"]) {
        let count = |name: &str| case[name].as_u64().expect("a count") as usize;
        let told = share(count("successes"), count("count"));
        close(told.low, number(&case["low"]));
        close(told.high, number(&case["high"]));
    }
    let case = &fixture["quantiles"];
    for (p, expected) in numbers(&case["p"]).into_iter().zip(numbers(&case["expected"])) {
        close(quantile(&numbers(&case["values"]), p).expect("values"), expected);
    }
}

#[test]
fn scaling_exponents_and_their_intervals_are_those_of_least_squares() {
    let case = &fixture()["scaling"];
    let sizes: Vec<Vec<f64>> = list(&case["grid"]).iter().map(numbers).collect();
    let facts: Vec<DatasetFacts> = sizes
        .iter()
        .map(|s| DatasetFacts { m: s[1] as usize, n: s[2] as usize, ..run("a", 0, &[1.0]).dataset })
        .collect();
    let record = run("a", 0, &[1.0]);
    let problems: Vec<Problem<'_>> = facts
        .iter()
        .zip(&sizes)
        .zip(numbers(&case["seconds"]))
        .map(|((dataset, size), seconds)| {
            let run = Run {
                record: &record,
                trace: Vec::new(),
                proper: true,
                seconds_per_iteration: seconds,
                repetitions: 1,
                fastest: Vec::new(),
                nondeterministic: false,
            };
            let entrants = vec![Entrant { label: "a".into(), algorithm: "a", runs: vec![run] }];
            Problem { dataset, objective: record.objective, rank: size[0] as usize, init: "random", entrants }
        })
        .collect();
    let told = &scaling(&problems)[0];
    for (i, exponent) in told.exponents.iter().enumerate() {
        close(exponent.value, numbers(&case["exponents"])[i]);
        close(exponent.low, numbers(&case["low"])[i]);
        close(exponent.high, numbers(&case["high"])[i]);
    }
    assert_eq!(told.exponents.len(), 3);
}
