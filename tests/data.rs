//! `nmfbench data` as a user sees it; nothing here leaves the machine.

mod common;

use common::Bench;

fn says(text: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(text.contains(part), "`{part}` is not in\n{text}"));
}

#[test]
fn the_catalogue_says_what_is_there_whose_it_is_and_how_to_get_it() {
    let bench = Bench::new();
    let (list, _) = bench.call(0, &["data", "list", "--data-dir", "data"]);
    says(&list, &["samson", "156×9025", "absent, can be fetched", "part of the program", "data folder: data"]);
    let (info, _) = bench.call(0, &["data", "info", "mnist", "--data-dir", "data"]);
    says(&info, &["licence:", "cite:", "sha256 440fcabf", "data/mnist/train-images-idx3-ubyte.gz: absent"]);
    let (_, err) = bench.call(2, &["data", "info", "samsen"]);
    says(&err, &["samson"]);
}

#[test]
fn what_cannot_be_fetched_says_where_to_ask() {
    let bench = Bench::new();
    let (_, err) = bench.call(1, &["data", "fetch", "urban", "--data-dir", "data"]);
    says(&err, &["licence:", "cite:", "https://rslab.ut.ac.ir/data", "put Urban_R162.mat"]);
    let (_, err) = bench.call(0, &["data", "fetch", "digits"]);
    says(&err, &["part of the program, nothing to fetch"]);
    let (_, err) = bench.call(2, &["data", "fetch", "urban", "urbane", "--data-dir", "data"]);
    says(&err, &["urbane", "did you mean `urban`"]);
}

#[test]
fn a_file_of_ones_own_is_put_in_its_place_and_compared() {
    let bench = Bench::new();
    bench.write("mine/other.npy", b"x");
    let arguments = ["data", "import", "cbcl", "--from", "mine/other.npy", "--data-dir", "data"];
    let (_, err) = bench.call(2, &arguments);
    says(&err, &["no file called `other.npy`", "cbcl_faces.npy"]);
    bench.write("mine/cbcl_faces.npy", b"not an array");
    let arguments = ["data", "import", "cbcl", "--from", "mine/cbcl_faces.npy", "--data-dir", "data"];
    let (out, err) = bench.call(1, &arguments);
    says(&err, &["data/cbcl/cbcl_faces.npy"]);
    says(&out, &["cbcl: ", "magic: found bytes"]);
    let (out, _) = bench.call(1, &["data", "verify", "cbcl", "digits", "--data-dir", "data"]);
    says(&out, &["magic: found bytes", "digits: 64×1797", "as recorded"]);
    let (_, err) = bench.call(2, &["data", "import", "digits", "--from", "mine/other.npy"]);
    says(&err, &["takes no file"]);
}

#[test]
fn texts_that_are_imported_are_unpacked_counted_and_found_by_an_experiment() {
    let bench = Bench::new();
    let file = std::fs::File::create(bench.path("bbc-fulltext.zip")).expect("made");
    let mut archive = zip::ZipWriter::new(file);
    for (name, text) in
        [("bbc/sport/1.txt", "ball goal ball"), ("bbc/tech/1.txt", "chip goal"), ("bbc/tech/2.txt", "goal")]
    {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("a member");
        std::io::Write::write_all(&mut archive, text.as_bytes()).expect("written");
    }
    archive.finish().expect("an archive");
    // Into the default folder of the user, which an experiment then reads without being told.
    let (out, err) = bench.call(0, &["data", "import", "bbc", "--from", "bbc-fulltext.zip"]);
    let unpacked = bench.path("cache/nmfbench/data/bbc/bbc");
    if unpacked.is_dir() {
        // An archive that is there is unpacked again, not fetched.
        std::fs::remove_dir_all(&unpacked).expect("removed");
        let (out, _) = bench.call(0, &["data", "fetch", "bbc"]);
        assert!(out.contains("bbc: 1×3") && unpacked.is_dir(), "{out}");
    }
    says(&err, &["another than the one that would be fetched"]);
    says(&out, &["bbc: 1×3, 3 entries not 0", "no digest is recorded"]);
    let text = "name = \"bbc\"\n[[dataset]]\nname = \"bbc\"\n[sweep]\nrank = 1\n[stop]\niterations = 1\n[[algorithm]]\nname = \"mu\"\n";
    bench.write("bbc.toml", text.as_bytes());
    bench.call(0, &["check", "bbc.toml"]);
}
