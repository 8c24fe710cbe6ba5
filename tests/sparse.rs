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

#[test]
fn a_run_needs_no_more_memory_than_the_entries_that_are_not_zero() {
    let bench = Bench::with("sparse.toml", &format!("{HEAD}{REST}"));
    bench.call(0, &["run", "sparse.toml"]);
    let names = ["m", "n", "nnz", "iterations", "peak_memory_bytes", "relative_error"];
    let runs = bench.columns("results/sparse/runs.csv", &names);
    assert_eq!(runs.len(), 8);
    for run in runs {
        let number = |at: usize| run[at].parse::<f64>().expect("a number");
        let (m, n, nnz) = (number(0), number(1), number(2));
        assert!((&*run[0], &*run[1]) == ("20000", "2000") && nnz < 80_000.0, "{run:?}");
        assert!(number(5) > 0.3 && number(5) < 1.0, "{run:?}");
        if cfg!(target_os = "linux") {
            // Two copies of A (12 bytes an entry), six of each factor, and 64 MiB for the program; dense it is 320 MB.
            let bound = 24.0 * nnz + 8.0 * 6.0 * 5.0 * (m + n) + 64.0 * 1_048_576.0;
            assert!(8.0 * m * n > 4.0 * bound && number(4) < bound, "{run:?}");
        }
    }
    let data = std::fs::read_dir(bench.path("results/sparse/data")).expect("a folder");
    let names: Vec<String> = data.map(|f| f.expect("a file").file_name().into_string().expect("text")).collect();
    assert!(names.iter().any(|name| name.ends_with(".npz")) && names.iter().all(|name| !name.ends_with(".npy")));
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
