use super::request::{Generator, Layout, Missing, Pixels, Samples, Scale, Source};
use super::*;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// A request for a file with the given bytes, in a folder that lives as long as the guard.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn with(path: &Path, layout: Layout) -> Result<Dataset, DataError> {
    load(&Request { layout, ..Request::file(path) }, None)
}

fn message(result: Result<Dataset, DataError>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn the_catalogue_loads_what_needs_no_file() {
    for entry in catalogue().iter().filter(|entry| entry.kind != catalogue::Kind::Folder) {
        let dataset = load(&Request::named(&entry.name), None).unwrap();
        assert_eq!((dataset.m, dataset.n), (entry.m, entry.n), "{}", entry.name);
        assert_eq!((&dataset.name, &dataset.title), (&entry.name, &entry.title));
        assert_eq!((dataset.image, dataset.synthetic), (entry.image_shape(), entry.synthetic));
        let most = if entry.name == "kjv" { 1e3 } else { 1.0 };
        assert!(dataset.values.stored().iter().all(|v| (0.0..=most).contains(v)), "{}", entry.name);
        if let Some(expected) = &entry.sha256 {
            assert_eq!(dataset.digest(), *expected, "{}", entry.name);
        }
        assert!(dataset.parts.iter().all(|part| part.values.len() == dataset.m));
    }
    assert_eq!(load(&Request::named("digits"), None).unwrap().labels.map(|labels| labels.len()), Some(1797));
    assert_eq!(load(&Request::named("swimmer"), None).unwrap().parts.len(), 17);
}

#[test]
fn the_digest_depends_on_shape_and_bits() {
    let digest = |m: usize, n: usize, values: &[f64]| Dataset::new("x", m, n, values.to_vec()).digest();
    let base = digest(2, 3, &[1.0; 6]);
    assert_eq!(base.len(), 64);
    assert_ne!(base, digest(3, 2, &[1.0; 6]));
    assert_ne!(base, digest(2, 3, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0 + f64::EPSILON]));
    let facts = Dataset::new("x", 1, 1, vec![1.0]).facts();
    assert_eq!((facts.m, facts.n, facts.nnz, facts.sparse), (1, 1, 1, false));
    // sha256 of 24 bytes: 1 and 1 as u64, then 1.0.
    assert_eq!(facts.digest, "7b7c534f75278483fc012dbb043b0f033e3e2a04c9e970020d17336ea0f2ef4d");
}

#[test]
fn samples_transposition_and_scale() {
    let (_guard, path) = file("t.csv", b"1,2,3\n4,5,8\n");
    let plain = with(&path, Layout::default()).unwrap();
    assert_eq!((plain.m, plain.n, plain.name.as_str()), (2, 3, "t"));
    assert_eq!(plain.values.stored(), [1.0, 4.0, 2.0, 5.0, 3.0, 8.0]);
    let rows = with(&path, Layout { samples: Some(Samples::Rows), ..Layout::default() }).unwrap();
    assert_eq!((rows.m, rows.n), (3, 2));
    assert_eq!(rows.values.stored(), [1.0, 2.0, 3.0, 4.0, 5.0, 8.0]);
    let flipped = with(&path, Layout { transpose: true, ..Layout::default() }).unwrap();
    assert_eq!((flipped.m, flipped.values), (3, rows.values));
    let scaled = with(&path, Layout { scale: Some(Scale::Max), ..Layout::default() }).unwrap();
    assert_eq!(scaled.values.stored(), [0.125, 0.5, 0.25, 0.625, 0.375, 1.0]);
    let scaled = with(&path, Layout { scale: Some(Scale::By(2.0)), ..Layout::default() }).unwrap();
    assert_eq!(scaled.values.stored()[5].to_bits(), 4.0_f64.to_bits());
    let over = with(&path, Layout { scale: Some(Scale::By(1e-310)), ..Layout::default() });
    assert!(message(over).contains("found inf"));
    let (_guard, zero) = file("zero.csv", b"0,0\n0,0\n");
    let zero = with(&zero, Layout { scale: Some(Scale::Max), ..Layout::default() }).unwrap();
    assert_eq!(zero.values.stored(), [0.0; 4]);
}

#[test]
fn signs_are_kept_where_they_are_asked_for() {
    let (_guard, path) = file("t.csv", b"1,-2,0\n-4,5,8\n");
    let error = message(with(&path, Layout::default()));
    assert!(
        error.ends_with(
            "row 0, column 1 (counted from 0): found -2, expected a finite number ≥ 0 (or, in a dense \
                             file, signed = true)"
        ),
        "{error}"
    );
    let signed = Layout { signed: true, ..Layout::default() };
    let found = with(&path, Layout { scale: Some(Scale::Max), ..signed.clone() }).unwrap();
    assert_eq!((found.values.stored(), found.nonzeros()), (&[0.125, -0.5, -0.25, 0.625, 0.0, 1.0][..], 5));
    let (_guard, endless) = file("e.csv", b"1,inf\n");
    assert!(message(with(&endless, signed.clone())).contains("found inf"));
    let (_guard, sparse) = file("s.svm", b"0 1:1 2:3\n");
    assert!(message(with(&sparse, signed)).contains("`signed`: found true, expected nothing"));
}

#[test]
fn what_is_not_known_gets_no_weight() {
    let (_guard, path) = file("t.csv", b"1,nan,0\nNaN,5,8\n");
    let error = message(with(&path, Layout::default()));
    assert!(
        error.contains("row 0, column 1 (counted from 0): found NaN") && error.contains("missing = \"nan\""),
        "{error}"
    );
    let nan = Layout { missing: Some(Missing::Nan), ..Layout::default() };
    let found = with(&path, Layout { scale: Some(Scale::By(2.0)), ..nan.clone() }).unwrap();
    assert_eq!(found.values.stored(), [0.5, 0.0, 0.0, 2.5, 0.0, 4.0]);
    let weights = |dataset: &Dataset| dataset.weights.clone().expect("some are missing").stored().to_vec();
    assert_eq!(weights(&found), [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    let turned = with(&path, Layout { transpose: true, ..nan.clone() }).unwrap();
    assert_eq!((turned.m, weights(&turned)), (3, vec![1.0, 0.0, 1.0, 0.0, 1.0, 1.0]));
    let zero = Layout { missing: Some(Missing::Zero), samples: Some(Samples::Rows), ..Layout::default() };
    let (_guard, known) = file("k.csv", b"1,0,3\n4,5,0\n");
    assert_eq!(weights(&with(&known, zero).unwrap()), [1.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(with(&known, nan).unwrap().weights, None, "all is known");
    // A sparse file stores what is known.
    let (_guard, ratings) = file("r.svm", b"0 1:1 3:3\n0 2:4\n");
    let found = with(&ratings, Layout { missing: Some(Missing::Zero), ..Layout::default() }).unwrap();
    let Some(Values::Sparse(weights)) = &found.weights else { panic!("sparse, as the data") };
    assert_eq!((weights.values.as_slice(), found.values.stored()), (&[1.0; 3][..], &[1.0, 3.0, 4.0][..]));
}

#[test]
fn weights_come_from_a_file_of_the_same_layout() {
    let (_guard, path) = file("t.csv", b"1,2,3\n4,5,6\n");
    let (_guard, weights) = file("w.csv", b"1,0,0.5\n1,2,1\n");
    let layout = Layout { weights: Some(weights), samples: Some(Samples::Rows), ..Layout::default() };
    let found = with(&path, layout.clone()).unwrap();
    assert_eq!(found.weights.as_ref().expect("given").stored(), [1.0, 0.0, 0.5, 1.0, 2.0, 1.0]);
    let bare = with(&path, Layout { weights: None, ..layout.clone() }).unwrap();
    assert_eq!(bare.values, found.values);
    assert_ne!(bare.digest(), found.digest());
    let (_guard, other) = file("o.csv", b"1,0\n1,2\n");
    let error = message(with(&path, Layout { weights: Some(other), ..layout }));
    assert!(error.contains("`weights`: found 2×2 in ") && error.ends_with("expected 3×2, as the data"), "{error}");
}

#[test]
fn pictures_keep_their_shape_and_matlab_order_is_undone() {
    // One sample a row: the picture [[1, 2, 3], [4, 5, 6]] stored column by column.
    let (_guard, path) = file("p.csv", b"1,4,2,5,3,6\n");
    let layout = Layout {
        samples: Some(Samples::Rows),
        image: Some([2, 3]),
        pixels: Some(Pixels::ColumnMajor),
        ..Layout::default()
    };
    let dataset = with(&path, layout.clone()).unwrap();
    assert_eq!(dataset.image, Some(ImageShape { height: 2, width: 3 }));
    assert_eq!(dataset.values.stored(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let wrong = with(&path, Layout { image: Some([2, 2]), ..layout.clone() });
    assert!(message(wrong).contains("`image`: found [2, 2], expected height·width = 6"));
    let huge = with(&path, Layout { image: Some([usize::MAX, 2]), ..layout.clone() });
    assert!(message(huge).contains("`image`"));
    let unknown = with(&path, Layout { image: None, ..layout });
    assert!(message(unknown).contains("`pixels`"));
}

#[test]
fn folders_and_arrays_of_pictures() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("2.pgm", b"P5 2 1 255 \x33\xff"), ("10.pgm", b"P5 2 1 255 \x00\x66")] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let dataset = with(folder.path(), Layout::default()).unwrap();
    assert_eq!((dataset.m, dataset.n, dataset.image), (2, 2, Some(ImageShape { height: 1, width: 2 })));
    assert_eq!(dataset.values.stored(), [0.2, 1.0, 0.0, 0.4]);
    let raw = with(folder.path(), Layout { scale: Some(Scale::None), ..Layout::default() }).unwrap();
    assert_eq!(raw.values.stored(), [51.0, 255.0, 0.0, 102.0]);
    let samples = with(folder.path(), Layout { samples: Some(Samples::Columns), ..Layout::default() });
    assert!(message(samples).contains("`samples`"));
    let transposed = with(folder.path(), Layout { transpose: true, ..Layout::default() }).unwrap();
    assert_eq!(transposed.image, None);
}

#[test]
fn paths_that_cannot_be_read_are_named() {
    let missing = message(with(Path::new("no/such.npy"), Layout::default()));
    assert!(missing.starts_with("cannot open no/such.npy: "), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    // A folder that is called like a file is still a folder, here without pictures.
    let named = folder.path().join("a.npy");
    fs::create_dir(&named).unwrap();
    assert!(message(with(&named, Layout::default())).contains("a.npy: folder: found no pictures"));
    assert!(matches!(read_npy(&named), Err(DataError::Io { .. } | DataError::Malformed { .. })));
    let (_guard, path) = file("a.xlsx", b"");
    assert!(message(with(&path, Layout::default())).contains("format: found .xlsx, expected .npy, .npz"));
    let (_guard, path) = file("a.npz.gz", b"");
    assert!(message(with(&path, Layout::default())).contains("format: found .npz.gz"));
    let (_guard, path) = file("a.csv", b"1\n");
    let key = with(&path, Layout { key: Some("x".into()), ..Layout::default() });
    assert!(message(key).contains("`key`: found `x`, expected nothing"));
}

#[test]
fn bad_entries_are_refused_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let npy = folder.path().join("a.npy");
    write_npy(&npy, 2, 2, &[0.0, 1.0, f64::NAN, 1.0]).unwrap();
    assert!(message(with(&npy, Layout::default())).contains("row 0, column 1 (counted from 0): found NaN"));
    let npz = folder.path().join("a.npz");
    write_npz(&npz, &[("a", 2, 1, &[0.0, -3.0])]).unwrap();
    assert!(message(with(&npz, Layout::default())).contains("row 1, column 0 (counted from 0): found -3"));
    let empty = folder.path().join("empty.npy");
    write_npy(&empty, 0, 3, &[]).unwrap();
    assert!(message(with(&empty, Layout::default())).contains("found an empty matrix (0×3)"));
    write_npy(&empty, 2, 2, &[0.0, 0.0, 0.0, 1e-300]).unwrap();
    assert_eq!(with(&empty, Layout::default()).unwrap().nonzeros(), 1, "zero rows and columns are fine");
}

#[test]
fn generators_and_titles() {
    let text = "generator = \"low-rank\"\nm = 6\nn = 5\nrank = 2\nseed = 3\ntitle = \"mine\"";
    let dataset = load(&toml::from_str(text).unwrap(), None).unwrap();
    assert_eq!((dataset.m, dataset.n, dataset.title.as_str()), (6, 5, "mine"));
    assert_eq!(dataset.name, "low-rank-6x5-2-seed3");
    let faces = Generator::SyntheticFaces { count: 2, size: 19, seed: 4, people: 0 };
    let dataset = load(&Request::generated(faces), None).unwrap();
    assert_eq!((dataset.m, dataset.n), (361, 2));
    assert!(dataset.title.contains("synthetic") && dataset.synthetic);
    let bad = Generator::SyntheticFaces { count: 0, size: 19, seed: 4, people: 0 };
    assert!(message(load(&Request::generated(bad), None)).contains("`count`: found 0"));
}

#[test]
fn a_catalogued_file_with_other_values_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("cbcl")).unwrap();
    write_npy(&folder.path().join("cbcl/cbcl_faces.npy"), 361, 2, &[1.0; 722]).unwrap();
    let error = load(&Request::named("cbcl"), Some(folder.path())).unwrap_err();
    assert!(matches!(&error, DataError::Digest { name, .. } if name == "cbcl"), "{error}");
}

/// The folder with the catalogue's files, where the tests are run with one.
fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("NMFBENCH_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: NMFBENCH_DATA is not set");
    }
    folder
}

#[test]
fn catalogued_files_have_the_values_of_the_catalogue() {
    let Some(folder) = data_folder() else { return };
    let mut others = Vec::new();
    for entry in catalogue().iter().filter(|entry| entry.kind == catalogue::Kind::Folder) {
        match load(&Request::named(&entry.name), Some(&folder)) {
            Ok(dataset) => {
                assert!((entry.m == 0 || dataset.m == entry.m) && dataset.n == entry.n, "{}", entry.name);
                if entry.sha256.as_ref().is_some_and(|recorded| *recorded != dataset.digest()) {
                    others.push(format!("{}: {}", entry.name, dataset.digest()));
                }
                assert!(dataset.labels.is_none_or(|labels| labels.len() == dataset.n));
                if entry.scale == Some(255.0) {
                    assert!(dataset.values.stored().iter().all(|v| (0.0..=1.0).contains(v)), "{}", entry.name);
                }
            }
            Err(DataError::Absent(absent)) => eprintln!("skipped: {absent}"),
            Err(error) => others.push(error.to_string()),
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn the_same_set_in_two_forms_is_the_same() {
    let Some(folder) = data_folder() else { return };
    let zip = folder.join("orl/orl_faces_pgm.zip");
    if zip.exists() {
        let pictures = with(&zip, Layout::default()).unwrap();
        assert_eq!(Some(pictures.digest()), lookup("orl").unwrap().sha256);
    }
    let (wave, matlab) = (folder.join("piano_mary/Mary.wav"), folder.join("piano_mary/piano_Mary.mat"));
    if wave.exists() && matlab.exists() {
        let text = format!("path = {:?}\nwindow = 256\nhop = 128\ntaper = \"hamming\"", wave.display().to_string());
        let made = load(&toml::from_str(&text).unwrap(), None).unwrap();
        let known = with(&matlab, Layout { key: Some("X".into()), ..Layout::default() }).unwrap();
        assert_eq!((made.m, made.n), (known.m, known.n));
        let pairs = made.values.stored().iter().zip(known.values.stored());
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12), "MATLAB's spectrogram");
    }
}

#[test]
fn classes_come_with_their_samples() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), "1,2,7\n3,4,5\n5,6,7\n").unwrap();
    fs::write(folder.path().join("c.txt"), "4\n2\n").unwrap();
    let path = folder.path().join("t.csv");
    let of = |labels: &str, samples: Samples| {
        with(&path, Layout { labels: Some(labels.into()), samples: Some(samples), ..Layout::default() })
    };
    let last = of("last-column", Samples::Rows).unwrap();
    assert_eq!((last.m, last.n, last.labels.as_deref()), (2, 3, Some(&[1, 0, 1][..])));
    assert_eq!(last.values.stored(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(of("first-column", Samples::Rows).unwrap().labels, Some(vec![0, 1, 2]));
    assert!(message(of("last-column", Samples::Columns)).contains("expected `samples = \"rows\"` beside it"));
    assert!(message(of("c.txt", Samples::Rows)).contains("`labels`: found 2 classes, expected 3"));
    fs::write(folder.path().join("c.txt"), "4\n2\n2\n").unwrap();
    assert_eq!(of("c.txt", Samples::Rows).unwrap().labels, Some(vec![1, 0, 0]));
    fs::write(folder.path().join("c.txt"), "4\nfour\n").unwrap();
    assert!(message(of("c.txt", Samples::Rows)).contains("line 2: found `four`"));
}

#[test]
fn a_cube_is_bands_by_pixels() {
    let folder = tempfile::tempdir().unwrap();
    // 1×2 pixels of 3 bands: the second pixel is [4, 5, 6].
    let mut bytes = b"\x93NUMPY\x01\x00\x46\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 3), }".to_vec();
    bytes.resize(79, b' ');
    bytes.push(b'\n');
    bytes.extend([1, 2, 3, 4, 5, 6]);
    let path = folder.path().join("a.npy");
    fs::write(&path, bytes).unwrap();
    let cube = with(&path, Layout { cube: true, ..Layout::default() }).unwrap();
    assert_eq!((cube.m, cube.n, cube.image), (3, 2, None));
    assert_eq!(cube.values.column(3, 1), [4.0, 5.0, 6.0]);
    assert_eq!(with(&path, Layout::default()).unwrap().m, 6, "without, it is one picture of 2×3 pixels");
}

#[test]
fn sounds_and_texts_need_to_be_told_how() {
    let (_guard, path) = file("a.wav", b"");
    assert!(message(with(&path, Layout::default())).contains("`window`: found nothing"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "cat and dog").unwrap();
    let text = format!("path = {:?}\ntokens = \"letters\"", folder.path().display().to_string());
    let counts = load(&toml::from_str(&text).unwrap(), None).unwrap();
    assert_eq!(counts.features.unwrap(), ["and", "cat", "dog"]);
    let wave = with(folder.path(), Layout { spectrogram: Some(SPECTROGRAM), ..Layout::default() });
    assert!(message(wave).contains("is no .wav file"));
}

const SPECTROGRAM: sound::Spectrogram =
    sound::Spectrogram { window: 8, hop: None, taper: sound::Taper::Hann, spectrum: sound::Spectrum::Power };

#[test]
fn swimmer_equals_the_file_of_the_book() {
    let Some(path) = data_folder().map(|folder| folder.join("swimmer/Swimmer.mat")).filter(|path| path.exists()) else {
        return eprintln!("skipped: no swimmer/Swimmer.mat");
    };
    let layout = Layout { image: Some([20, 11]), pixels: Some(Pixels::ColumnMajor), ..Layout::default() };
    let book = with(&path, layout).unwrap();
    assert_eq!(book.values, swimmer::swimmer().values);
}

#[test]
fn the_matlab_file_of_cbcl_is_the_same_in_negative() {
    let Some(folder) = data_folder().filter(|folder| folder.join("cbcl/CBCL.mat").exists()) else {
        return eprintln!("skipped: no cbcl/CBCL.mat");
    };
    let layout = Layout { image: Some([19, 19]), pixels: Some(Pixels::ColumnMajor), ..Layout::default() };
    let negative = with(&folder.join("cbcl/CBCL.mat"), layout).unwrap();
    let faces = load(&Request::named("cbcl"), Some(&folder)).unwrap();
    let pairs = negative.values.stored().iter().zip(faces.values.stored());
    assert!(pairs.into_iter().all(|(x, face)| (256.0 * (1.0 - x) - 255.0 * face).abs() < 1e-9));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn arbitrary_files_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), which in 0_usize..9) {
        let name =
            ["a.npy", "a.npz", "a.mat", "a.csv", "a.tsv.gz", "p/a.pgm", "p/a.png", "a.mtx", "a.svm"][which];
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("p")).unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let path = folder.path().join(name);
        let path = if name.starts_with('p') { folder.path().join("p") } else { path };
        for samples in [None, Some(Samples::Rows)] {
            let source = Source::Path(path.clone());
            let layout = Layout { samples, image: Some([1, 2]), ..Layout::default() };
            let _ = load(&Request { source, layout, ..Request::named("") }, None);
        }
    }
}

#[path = "tests/sparse.rs"]
mod sparse;
