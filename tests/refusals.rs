//! Bad input: one clear message, an exit code that is not 0, no panic, nothing half-written.

mod common;

use common::{Bench, SMALL};

/// The message of `run` on this text; nothing may have been stored.
fn refused(bench: &Bench, text: &str) -> String {
    bench.write("e.toml", text.as_bytes());
    let (out, err) = bench.call(2, &["run", "e.toml"]);
    assert!(out.is_empty(), "{out}");
    let runs = bench.path("results/small/runs");
    assert!(!runs.exists() || std::fs::read_dir(runs).expect("a folder").next().is_none(), "something was run");
    // Reports are wrapped; what matters is the words.
    err.split_whitespace().filter(|w| *w != "│").collect::<Vec<_>>().join(" ")
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no «{part}» in:\n{text}");
    }
}

#[test]
fn the_experiment_file() {
    let bench = Bench::new();
    let edit = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        refused(&bench, &SMALL.replacen(from, to, 1))
    };
    says(&edit("iterations = 40", "iteratoins = 40"), &["iteratoins", "iterations", "did you mean"]);
    says(&edit("name = \"hals\"", "name = \"hlas\""), &["hlas", "hals"]);
    says(&edit("name = \"pgd\"", "name = \"pgd\"\nsgima = 0.1"), &["sgima", "sigma"]);
    says(&edit("rank = [3, 4]", "rank = [3, \"four\"]"), &["four", "integer of at least 1"]);
    says(&edit("name = \"pgd\"", "name = \"pgd\"\nsigma = [0.1, true]"), &["true", "number"]);
    says(&edit("rank = [3, 4]", "rank = []"), &["rank", "empty"]);
    says(&edit("rank = [3, 4]", "rank = [3, 40]"), &["rank 40", "24", "made"]);
    says(&edit("generator = \"low-rank\"", "generator = \"low-rnak\""), &["low-rnak", "low-rank"]);
    says(&edit("\"random\", \"nndsvda\"", "\"random\", \"nndsdva\""), &["nndsdva", "nndsvda"]);
    says(&edit("[stop]", "[stop"), &["e.toml"]);
    says(&refused(&bench, ""), &["empty"]);
}

#[test]
fn an_objective_that_method_or_data_do_not_go_with() {
    let bench = Bench::new();
    let text = |objective: &str, algorithm: &str| {
        let head = SMALL.split("[[algorithm]]").next().expect("a head");
        let head = head.replacen("name = \"small\"", &format!("name = \"small\"\nobjective = {objective}"), 1);
        format!("{head}[[algorithm]]\nname = \"{algorithm}\"\n")
    };
    let kl = refused(&bench, &text("\"kullback-leibler\"", "hals"));
    says(
        &kl,
        &["`hals` descends ½‖A − WH‖²_F", "the experiment minimises the Kullback", "`mu-kl`", "`sn-kl`", "`mu-beta`"],
    );
    says(&refused(&bench, &text("{ beta = 1.5 }", "mu-kl")), &["with β = 1.5:", "`mu-beta`"]);
    says(&refused(&bench, &text("\"kulback-leibler\"", "mu-kl")), &["did you mean `kullback-leibler`"]);
    // Digits have white pixels, where a divergence with β ≤ 0 is infinite at any model.
    let digits = text("\"itakura-saito\"", "mu-beta").replacen("name = \"made\"", "name = \"digits\"", 1);
    let start = digits.find("generator").expect("there");
    let end = digits.find("[sweep]").expect("there");
    let digits = format!("{}{}", &digits[..start], &digits[end..]);
    says(&refused(&bench, &digits), &["digits: entry (", "is 0", "beta = 0 needs numbers > 0"]);
    // ADMM would hold dense matrices beside data that are sparse because they are large.
    let words = "generator = \"word-counts\"\nlength = 2.0\n";
    let large = text("\"kullback-leibler\"", "admm-kl").replacen("generator = \"low-rank\"\n", words, 1);
    let large = large.replacen("m = 30\nn = 24", "m = 20000\nn = 4000", 1).replacen("noise = 0.05\n", "", 1);
    says(&refused(&bench, &large), &["admm-kl cannot run on made", "20000×4000 matrices", "1.2 GiB"]);
}

#[test]
fn all_errors_come_at_once() {
    let bench = Bench::new();
    let text = SMALL
        .replace("iterations = 40", "iterations = -4")
        .replace("\"hals\"", "\"hlas\"")
        .replace("seeds = 2", "sedes = 2");
    says(&refused(&bench, &text), &["-4", "hlas", "sedes", "seeds"]);
}

#[test]
fn overrides_and_selections() {
    let bench = Bench::with("e.toml", SMALL);
    let (_, err) = bench.call(2, &["run", "e.toml", "--set", "stop.iteratons=3"]);
    says(&err, &["iteratons", "iterations"]);
    let (_, err) = bench.call(2, &["run", "e.toml", "--only", "algorithm=halls"]);
    says(&err, &["halls", "hals"]);
    let (_, err) = bench.call(2, &["run", "nowhere.toml"]);
    says(&err, &["nowhere.toml", "cannot read"]);
    bench.call(2, &["rnu", "e.toml"]);
    let (_, err) = bench.call(2, &["info", "hlas"]);
    says(&err, &["hlas", "hals"]);
}

/// The small experiment on a file.
fn on(path: &str, extra: &str) -> String {
    let from = SMALL.find("generator").expect("there");
    let to = SMALL.find("[sweep]").expect("there");
    format!("{}path = {path:?}\n{extra}\n{}", &SMALL[..from], &SMALL[to..])
}

fn npy(rows: usize, cols: usize, value: impl Fn(usize, usize) -> f64) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).expect("short").to_le_bytes());
    bytes.extend(header.as_bytes());
    for i in 0..rows {
        for j in 0..cols {
            bytes.extend(value(i, j).to_le_bytes());
        }
    }
    bytes
}

#[test]
fn matrices_that_cannot_be_factorised_name_the_first_bad_entry() {
    let bench = Bench::new();
    for (bad, word) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-0.5, "-0.5")] {
        bench.write("a.npy", &npy(10, 9, |i, j| if (i, j) == (7, 2) { bad } else { 1.0 + (i * j) as f64 }));
        says(&refused(&bench, &on("a.npy", "")), &["a.npy", "row 7", "column 2", word]);
    }
    bench.write("a.npy", &npy(10, 9, |_, _| 1e-300));
    says(&refused(&bench, &on("a.npy", "")), &["out of range", "rescale"]);
    bench.write("a.npy", &npy(10, 9, |_, _| 1e300));
    says(&refused(&bench, &on("a.npy", "")), &["out of range", "rescale"]);
}

#[test]
fn damaged_files() {
    let bench = Bench::new();
    let whole = npy(10, 9, |i, j| (i + j) as f64);
    bench.write("short.npy", &whole[..whole.len() - 100]);
    says(&refused(&bench, &on("short.npy", "")), &["short.npy", "found", "expected"]);
    bench.write("word.npy", b"hello");
    says(&refused(&bench, &on("word.npy", "")), &["word.npy"]);
    bench.write("ragged.csv", b"1,2,3\n4,5\n");
    says(&refused(&bench, &on("ragged.csv", "")), &["ragged.csv", "line 2"]);
    let picture = |extra: usize| [b"P5\n4 4\n255\n".to_vec(), vec![7; 16 + extra]].concat();
    bench.write("images/1.pgm", &picture(0));
    bench.write("images/2.pgm", &picture(3));
    says(&refused(&bench, &on("images", "")), &["2.pgm", "found", "expected"]);
    bench.write("images/2.pgm", &picture(0)[..20]);
    says(&refused(&bench, &on("images", "")), &["2.pgm", "found", "expected"]);
    says(&refused(&bench, &on("gone.npy", "")), &["gone.npy"]);
}

#[test]
fn given_factors_that_do_not_fit() {
    let bench = Bench::new();
    let text = SMALL.replace("[3, 4]", "3").replace(r#"["random", "nndsvda"]"#, r#"{ w = "w.npy", h = "h.npy" }"#);
    bench.write("w.npy", &npy(30, 3, |_, _| 1.0));
    bench.write("h.npy", &npy(3, 25, |_, _| 1.0));
    says(&refused(&bench, &text), &["h.npy", "H is 3×25", "expected 3×24"]);
    bench.write("h.npy", &npy(3, 24, |i, j| if (i, j) == (1, 5) { -1.0 } else { 1.0 }));
    says(&refused(&bench, &text), &["h.npy", "-1"]);
    std::fs::remove_file(bench.path("h.npy")).expect("removed");
    says(&refused(&bench, &text), &["h.npy"]);
}

#[test]
fn data_that_are_not_there_say_how_to_get_them() {
    let bench = Bench::new();
    let from = SMALL.find("name = \"made\"").expect("there");
    let to = SMALL.find("[sweep]").expect("there");
    let named = |name: &str| format!("{}name = {name:?}\n{}", &SMALL[..from], &SMALL[to..]);
    says(&refused(&bench, &named("orl")), &["`orl`", "to get it", "--data-dir"]);
    says(&refused(&bench, &named("orll")), &["orll", "orl"]);
}

#[cfg(unix)]
#[test]
fn a_results_folder_that_cannot_be_made() {
    let bench = Bench::with("e.toml", SMALL);
    bench.write("results", b"a file in the way");
    let (out, err) = bench.call(1, &["run", "e.toml"]);
    assert!(out.is_empty());
    says(&err, &["cannot create the folder", "results"]);
}

#[test]
fn figures_without_results_or_of_a_changed_experiment() {
    let bench = Bench::with("e.toml", SMALL);
    let (_, err) = bench.call(1, &["figures", "e.toml"]);
    says(&err, &["no results", "nmfbench run"]);
    bench.call(0, &["run", "e.toml", "--only", "rank=3", "--only", "init=nndsvda"]);
    let (_, err) = bench.call(1, &["figures", "e.toml", "--set", "stop.iterations=7"]);
    says(&err, &["[stop]", "no longer"]);
}
