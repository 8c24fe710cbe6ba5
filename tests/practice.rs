//! The practitioner's job: `factorize` a file, `apply` the model to new data; and `claims` and `paper`.

mod common;

use common::{Bench, SMALL};
use nmfbench::algorithms::{Init, Nmf, Stop};
use nmfbench::data;

/// 12×9, of rank 3 and positive.
fn table(columns: std::ops::Range<usize>) -> String {
    let value = |i: usize, j: usize| (i % 3 + 1) * (j % 2 + 1) + (i % 4) * (j % 5) + (i * i % 5) * (j * j % 7);
    let row = |i: usize| columns.clone().map(|j| value(i, j).to_string()).collect::<Vec<_>>().join(",");
    (0..12).map(|i| row(i) + "\n").collect()
}

#[test]
fn a_model_is_that_of_the_library_and_maps_its_own_data_to_its_own_h() {
    let bench = Bench::with("a.csv", &table(0..9));
    let (out, _) = bench.call(
        0,
        &["factorize", "a.csv", "--rank", "3", "--algorithm", "hals", "--iterations", "3000", "--out", "m.npz"],
    );
    assert!(out.contains("hals at rank 3") && out.contains("nmfbench apply m.npz"), "{out}");
    let member = |name: &str| data::read_npz_member(&bench.path("m.npz"), name).expect("written");
    let (w, h) = (member("w"), member("h"));
    assert_eq!((w.rows, w.columns, h.rows, h.columns), (12, 3, 3, 9));

    let a = data::load(&data::Request::file(bench.path("a.csv")), None).expect("read");
    let matrix = a.values.into_matrix(a.m, a.n).expect("a matrix");
    let stop = Stop { iterations: Some(3000), kkt: Some(1e-6), ..Stop::default() };
    let fit = Nmf::new("hals", 3).init(Init::Random).stop(stop).fit_matrix(&matrix).expect("factorised");
    let own: Vec<f64> = (0..3).flat_map(|l| fit.w.col_as_slice(l).to_vec()).collect();
    assert_eq!(own, w.values, "the same bits as the library's");

    bench.call(0, &["apply", "m.npz", "a.csv", "--out", "h.npy"]);
    let again = data::read_npy(&bench.path("h.npy")).expect("written");
    let norm = |x: &[f64]| x.iter().map(|v| v * v).sum::<f64>().sqrt();
    let apart: Vec<f64> = again.values.iter().zip(&h.values).map(|(a, b)| a - b).collect();
    assert!(norm(&apart) <= 1e-3 * norm(&h.values), "{:e}", norm(&apart) / norm(&h.values));
    bench.write("new.csv", table(20..24).as_bytes());
    let (out, _) = bench.call(0, &["apply", "m.npz", "new.csv", "--out", "new.npy"]);
    assert!(out.starts_with("H 3×4"), "{out}");
}

#[test]
fn what_cannot_be_done_is_said_and_nothing_is_written() {
    let bench = Bench::with("a.csv", &table(0..9));
    let says = |arguments: &[&str], part: &str| {
        let (_, err) = bench.call(2, arguments);
        assert!(err.contains(part), "{arguments:?}: {err}");
    };
    let fit = |rest: &[&'static str]| [&["factorize", "a.csv", "--out", "m.npz"], rest].concat();
    says(&fit(&["--rank", "3", "--algorithm", "halz"]), "did you mean `hals`");
    says(&fit(&["--rank", "3", "--algorithm", "hals", "--set", "flor=1"]), "flor");
    says(&fit(&["--rank", "3", "--init", "svd"]), "svd");
    says(&fit(&["--rank", "10"]), "1 ≤ rank ≤ 9");
    says(&["factorize", "b.csv", "--rank", "2", "--out", "m.npz"], "no such file");
    says(&["factorize", "digit", "--rank", "2", "--out", "m.npz"], "digits");
    says(&["factorize", "a.csv", "--rank", "2", "--out", "m.txt"], "ends in .npz");
    says(&["factorize", "a.csv", "--rank", "2", "--out", "no/m.npz"], "no folder");
    assert!(!bench.path("m.npz").exists());
    bench.call(0, &fit(&["--rank", "2", "--iterations", "5"]));
    bench.write("short.csv", b"1,2\n3,4\n");
    says(&["apply", "m.npz", "short.csv", "--out", "h.npy"], "2 rows");
    says(&["apply", "a.csv", "a.csv", "--out", "h.npy"], "a.csv");
    assert!(!bench.path("h.npy").exists());
}

#[test]
fn claims_are_judged_from_stored_runs() {
    let claim = "\n[[claim]]\nsays = \"HALS ends lower than MU\"\nof = \"hals\"\nthan = \"mu\"\nmeasure = \"objective\"\n\
                 [[claim]]\nsays = \"MU is exact\"\nof = \"mu\"\nmeasure = \"relative_error\"\nat_most = 1e-9\n";
    let bench = Bench::with("small.toml", &format!("{SMALL}{claim}"));
    let (out, _) = bench.call(0, &["run", "small.toml"]);
    assert!(out.contains("does not hold  MU is exact"), "{out}");
    let (out, _) = bench.call(0, &["claims", "small.toml"]);
    assert!(out.contains("HALS ends lower than MU") && out.contains("of 6 pairs"), "{out}");
    bench.call(1, &["claims", "small.toml", "--strict"]);
    let summary = std::fs::read_to_string(bench.path("results/small/summary.md")).expect("written");
    assert!(summary.contains("## Claims") && summary.contains("| **does not hold** | MU is exact |"), "{summary}");
}

#[test]
fn a_paper_runs_by_its_name_and_on_stand_ins_that_say_so_where_its_data_are_missing() {
    let bench = Bench::new();
    let (out, _) = bench.call(0, &["paper"]);
    assert!(out.contains("lee-seung-2001") && out.contains("gillis-2020-ch8"), "{out}");
    let (_, err) = bench.call(2, &["paper", "lin-2008"]);
    assert!(err.contains("lin-2007"), "{err}");
    let (out, _) = bench.call(0, &["paper", "lee-seung-2001", "--quick", "--set", "stop.iterations=20"]);
    assert!(out.contains("The error falls"), "{out}");
    assert!(bench.path("results/lee-seung-2001-quick/summary.md").exists());
    let short = ["--quick", "--offline", "--only", "dataset=cbcl", "--set", "stop.seconds=0.05"];
    let (out, err) = bench.call(0, &[&["paper", "lin-2007-faces"], &short[..]].concat());
    assert!(err.contains("`cbcl` is not on this machine: a synthetic stand-in takes its place"), "{err}");
    assert!(out.contains("alspgrad"), "{out}");
    let there = "results/lin-2007-faces-stand-in-quick";
    let figure =
        std::fs::read_to_string(bench.path(&format!("{there}/figures/convergence-relative_error-seconds.svg")));
    assert!(figure.expect("drawn").contains("synthetic stand-in for CBCL faces"), "figures say so");
    let table = std::fs::read_to_string(bench.path(&format!("{there}/summary.md"))).expect("written");
    assert!(table.contains("synthetic stand-in for CBCL faces"), "{table}");
    // Without leave to take stand-ins the same experiment says what is missing.
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments/papers/lin-2007-faces.toml");
    let (_, err) = bench.call(2, &["run", file, "--quick"]);
    assert!(err.contains("the data set `cbcl` is not on this machine") && err.contains("--stand-ins"), "{err}");
}
