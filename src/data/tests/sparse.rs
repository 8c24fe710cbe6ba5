//! Sparse data from files that SciPy has written (`fixtures/make.py`) and from the real collections.

use super::*;
use crate::data::Step;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/tests/fixtures").join(name)
}

/// The rows of the matrix that all fixtures hold.
fn expected(name: &str) -> Table {
    read_npy(&fixture(name)).unwrap()
}

fn dense(dataset: Dataset) -> Vec<f64> {
    dataset.values.into_dense(dataset.m, dataset.n, "t").unwrap()
}

#[test]
fn every_form_that_scipy_writes_is_the_same_matrix() {
    let expected = expected("dense.npy");
    let fea = Layout { key: Some("fea".into()), ..Layout::default() };
    let files = ["csc.npz", "csr.npz", "coo.npz", "real.mtx", "real.mtx.gz", "sparse.mat", "packed.mat"];
    let mut digests = Vec::new();
    for name in files {
        let layout = if name.ends_with("mat") { fea.clone() } else { Layout::default() };
        let dataset = with(&fixture(name), layout.clone()).unwrap();
        assert_eq!((dataset.m, dataset.n), (6, 5), "{name}");
        assert!(dataset.values.dense().is_none() && dataset.facts().sparse, "{name}");
        assert_eq!(dataset.facts().nnz, expected.values.iter().filter(|v| **v > 0.0).count(), "{name}");
        digests.push(dataset.digest());
        assert_eq!(dense(dataset), expected.values, "{name}");
        let rows = with(&fixture(name), Layout { samples: Some(Samples::Rows), ..layout }).unwrap();
        assert_eq!((rows.m, rows.n), (5, 6), "{name}");
        assert_eq!(dense(rows), table::transposed(&expected.values, 6, 5), "{name}");
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "one matrix, one digest");
    assert_eq!(with(&fixture("array.mtx"), Layout::default()).unwrap().values.dense().unwrap(), expected.values);
}

#[test]
fn symmetric_and_pattern_files() {
    let symmetric = with(&fixture("symmetric.mtx"), Layout::default()).unwrap();
    assert_eq!(dense(symmetric), expected("symmetric.npy").values);
    let pattern = with(&fixture("pattern.mtx"), Layout::default()).unwrap();
    let ones = expected("dense.npy").values.iter().map(|v| f64::from(u8::from(*v > 0.0))).collect::<Vec<_>>();
    assert_eq!(dense(pattern), ones);
}

#[test]
fn svmlight_lines_are_samples() {
    let dataset = with(&fixture("a.svm"), Layout::default()).unwrap();
    assert_eq!((dataset.m, dataset.n, dataset.labels.as_deref()), (5, 6, Some(&[2, 0, 1, 0, 2, 0][..])));
    assert_eq!(dense(dataset), table::transposed(&expected("dense.npy").values, 6, 5));
    let samples = with(&fixture("a.svm"), Layout { samples: Some(Samples::Rows), ..Layout::default() });
    assert!(message(samples).contains("says itself what a sample is"));
}

#[test]
fn what_sparse_data_cannot_be_is_said() {
    assert!(message(with(&fixture("bsr.npz"), Layout::default())).contains("the sparse format `bsr`"));
    let layout = Layout { image: Some([3, 2]), ..Layout::default() };
    assert_eq!(with(&fixture("csc.npz"), layout.clone()).unwrap().image, Some(ImageShape { height: 3, width: 2 }));
    let turned = with(&fixture("csc.npz"), Layout { pixels: Some(Pixels::ColumnMajor), ..layout });
    assert!(message(turned).contains("`pixels`: found column-major"));
    let (_guard, path) = file("a.mtx", b"%%MatrixMarket matrix coordinate real general\n0 2 0\n");
    assert!(message(with(&path, Layout::default())).contains("found an empty matrix (0×2)"));
    let tiny = Layout { scale: Some(Scale::By(1e-310)), ..Layout::default() };
    assert!(message(with(&fixture("csc.npz"), tiny)).contains("found inf"));
}

#[test]
fn preprocessing_is_declared_done_in_order_and_before_a_transposition() {
    let request = |text: &str| -> Request {
        let path = fixture("csr.npz");
        toml::from_str(&format!("path = {:?}\n{text}", path.display().to_string())).unwrap()
    };
    let text = "preprocess = [\"drop-zero-rows\", \"drop-zero-columns\", \"columns-l1\"]\ntranspose = true";
    let dataset = load(&request(text), None).unwrap();
    assert_eq!((dataset.m, dataset.n), (4, 5), "5 rows and 4 columns are left of 6×5");
    let sums: Vec<f64> = (0..5).map(|j| dataset.values.column(4, j).iter().sum()).collect();
    assert!((sums.iter().sum::<f64>() - 4.0).abs() < 1e-12, "the four columns of sum 1 are rows now");
    let digests: Vec<String> = ["", "preprocess = [\"tf-idf\"]", "preprocess = [\"tf-idf\", \"columns-l2\"]", text]
        .map(|text| load(&request(text), None).unwrap().digest())
        .to_vec();
    assert!((1..4).all(|i| !digests[..i].contains(&digests[i])), "every step is in the key");
    let densified = load(&request("preprocess = [\"densify\"]"), None).unwrap();
    assert_eq!(densified.values.dense().unwrap(), expected("dense.npy").values);
}

#[test]
fn a_sum_beside_scaled_data_is_scaled_too() {
    let mut half = with(&fixture("csc.npz"), Layout { scale: Some(Scale::By(2.0)), ..Layout::default() }).unwrap();
    let expected: Vec<f64> = expected("dense.npy").values.iter().map(|v| v / 2.0).collect();
    Step::Densify.apply(&mut half).unwrap();
    assert_eq!(half.values.dense().unwrap(), expected);
}

/// A file of the data folder, or a remark that it is not there.
fn real(path: &str) -> Option<PathBuf> {
    let path = data_folder()?.join(path);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
    }
    path.exists().then_some(path)
}

#[test]
fn the_real_collections_have_their_known_sizes() {
    let rows = |key: &str| Layout { key: Some(key.into()), samples: Some(Samples::Rows), ..Layout::default() };
    let sizes = [
        ("reuters21578/Reuters21578.mat", "fea", (18933, 8293, 389_455)),
        ("tdt2/TDT2_all.mat", "fea", (36771, 10212, 1_323_869)),
        ("classic/classic.mat", "X", (41681, 7094, 223_839)),
    ];
    for (path, key, expected) in sizes {
        let Some(path) = real(path) else { continue };
        let dataset = with(&path, rows(key)).unwrap();
        assert_eq!((dataset.m, dataset.n, dataset.nonzeros()), expected, "{}", path.display());
    }
    for (matlab, market, key) in [
        ("reuters21578/Reuters21578.mat", "reuters21578/reuters21578.mtx.gz", "fea"),
        ("classic/classic.mat", "classic/classic.mtx.gz", "X"),
    ] {
        let (Some(matlab), Some(market)) = (real(matlab), real(market)) else { continue };
        let matlab = with(&matlab, rows(key)).unwrap();
        let market = with(&market, Layout { samples: Some(Samples::Rows), ..Layout::default() }).unwrap();
        assert_eq!(matlab.digest(), market.digest(), "two forms of one collection");
    }
}
