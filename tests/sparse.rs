//! A sparse matrix through the whole program: generated, prepared, run in processes of its own, recorded.

mod common;

use common::Bench;

const HEAD: &str = r#"
name = "sparse"

[[dataset]]
name = "words"
generator = "word-counts"
m = 20000
n = 2000
rank = 5
length = 40
preprocess = ["tf-idf", "columns-l2"]
"#;

const REST: &str = r#"
[sweep]
rank = 5
init = ["random", "nndsvda"]
seeds = 1
precision = ["f64", "f32"]

[stop]
iterations = 3

[[algorithm]]
name = "mu"
[[algorithm]]
name = "hals"
"#;

/// Peak memory of a run beyond what the same method needs on next to nothing: two copies of A and six of each factor.
#[test]
fn a_run_needs_no_more_memory_than_two_copies_of_the_data_and_six_of_the_factors() {
    let dense = r#"
[[dataset]]
name = "all"
generator = "low-rank"
m = 3000
n = 600
rank = 5
"#;
    let tiny = dense.replace("\"all\"", "\"tiny\"").replace("m = 3000\nn = 600", "m = 30\nn = 20");
    let rest = REST.replace("\"random\", ", "") + ["anls-bpp", "ao-admm", "nenmf"].map(row).concat().as_str();
    let bench = Bench::with("sparse.toml", &format!("{HEAD}{dense}{tiny}{rest}"));
    bench.call(0, &["run", "sparse.toml"]);
    let names = ["dataset", "algorithm", "precision", "m", "n", "nnz", "peak_memory_bytes", "relative_error"];
    let runs = bench.columns("results/sparse/runs.csv", &names);
    assert_eq!(runs.len(), 30);
    let data = std::fs::read_dir(bench.path("results/sparse/data")).expect("a folder");
    let files: Vec<String> = data.map(|f| f.expect("a file").file_name().into_string().expect("text")).collect();
    assert_eq!(files.iter().filter(|name| name.ends_with(".npz")).count(), 1, "{files:?}");
    if !cfg!(target_os = "linux") {
        return;
    }
    let base = |like: &[String]| {
        let same = runs.iter().find(|run| run[0] == "tiny" && run[1..3] == like[1..3]).expect("one for each method");
        same[6].parse::<f64>().expect("a number")
    };
    for run in runs.iter().filter(|run| run[0] != "tiny") {
        let number = |at: usize| run[at].parse::<f64>().expect("a number");
        let (m, n, nnz) = (number(3), number(4), number(5));
        assert!(number(7) > 0.0 && number(7) < 1.0, "{run:?}");
        // A stored entry takes 12 bytes where A is sparse. The program itself, a block of the residual and what the
        // system rounds up take no more than these mebibytes.
        let entry = if run[0] == "words" { 12.0 } else { 8.0 };
        let bound = 2.0 * entry * nnz + 8.0 * 6.0 * 5.0 * (m + n) + 12.0 * 1_048_576.0;
        let found = number(6) - base(run);
        assert!(run[0] != "words" || 8.0 * m * n > 4.0 * bound, "the dense form would be seen");
        assert!(found < bound, "{found} > {bound}: {run:?}");
        assert!(number(6) < bound + 52.0 * 1_048_576.0, "{run:?}");
    }
}

fn row(name: &str) -> String {
    format!("[[algorithm]]\nname = \"{name}\"\n")
}

#[test]
fn sparse_and_densified_runs_agree_and_are_different_runs() {
    let small = HEAD.replace("m = 20000\nn = 2000", "m = 300\nn = 200");
    let dense = small.replace("\"words\"", "\"all-words\"").replace("-l2\"", "-l2\", \"densify\"");
    let dense = dense.replace("name = \"sparse\"", "");
    // Random starts depend on the digest of the data, so they differ.
    let rest = REST.replace("iterations = 3", "iterations = 30").replace("\"random\", ", "");
    let text = format!("{small}{dense}{rest}");
    let bench = Bench::with("sparse.toml", &text);
    bench.call(0, &["run", "sparse.toml"]);
    let key = ["algorithm", "init", "precision", "dataset", "run", "relative_error"];
    let runs = bench.columns("results/sparse/runs.csv", &key);
    assert_eq!(runs.len(), 8);
    for pair in runs.chunks(2) {
        assert_eq!((pair[0][..3].to_vec(), &*pair[0][3], &*pair[1][3]), (pair[1][..3].to_vec(), "all-words", "words"));
        assert_ne!(pair[0][4], pair[1][4]);
        let error = |row: &[String]| row[5].parse::<f64>().expect("a number");
        let tolerance = if pair[0][2] == "f64" { 1e-6 } else { 1e-4 };
        assert!((error(&pair[0]) - error(&pair[1])).abs() < tolerance, "{pair:?}");
    }
}

#[test]
fn an_unknown_step_is_refused_with_near_matches() {
    let bench = Bench::with("sparse.toml", &format!("{HEAD}{REST}").replace("tf-idf", "tfidf"));
    let (_, err) = bench.call(2, &["check", "sparse.toml"]);
    assert!(err.contains("unknown preprocess `tfidf`") && err.contains("tf-idf"), "{err}");
}
