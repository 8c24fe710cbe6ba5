//! What a sweep's evidence is worth, as a user sees it: tables derived anew, replays, comparisons, merged folders, noise.

mod common;

use common::{Bench, SMALL};
use std::process::Command;

/// Six seeds of a random start on one rank.
fn six() -> String {
    SMALL
        .replace("rank = [3, 4]", "rank = 3")
        .replace(r#"init = ["random", "nndsvda"]"#, r#"init = "random""#)
        .replace("seeds = 2", "seeds = 6")
}

/// A Python that has numpy and scipy.
fn python() -> Option<String> {
    let named = std::env::var("NMFBENCH_PYTHON").ok();
    named.into_iter().chain(["python3".to_owned()]).find(|python| {
        let output = Command::new(python).args(["-c", "import numpy, scipy"]).output();
        output.is_ok_and(|o| o.status.success())
    })
}

#[test]
fn tables_and_distributions_follow_from_the_traces() {
    let bench = Bench::with("small.toml", &SMALL.replace("seeds = 2", "seeds = 6"));
    bench.call(0, &["run", "small.toml"]);
    for file in ["time-to-target", "final-error", "pairwise"] {
        for extension in ["md", "csv", "tex"] {
            assert!(bench.path(&format!("results/small/tables/{file}.{extension}")).is_file(), "{file}.{extension}");
        }
    }
    let numbers = std::fs::read_to_string(bench.path("results/small/tables/numbers.tex")).expect("macros");
    assert!(numbers.contains(r"\nmfbset{final-error/made/3/random/hals/median}{$0."), "{numbers}");
    let Some(python) = python() else {
        eprintln!("skipped: no Python with numpy and scipy (NMFBENCH_PYTHON may name one)");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/rederive.py");
    let output = Command::new(python).arg(script).arg(bench.path("results/small")).output().expect("Python");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains(" 0 differ"), "{told}");
}

#[test]
fn a_replay_sees_what_a_paused_run_sees() {
    let bench = Bench::with("small.toml", &six());
    bench.write("replay.toml", format!("timing = \"replay\"\n{}", six()).as_bytes());
    bench.call(0, &["run", "small.toml", "--results", "paused"]);
    bench.call(0, &["run", "replay.toml", "--results", "replayed"]);
    let looks = |folder: &str| {
        let names = ["iteration", "objective", "relative_error", "kkt_residual", "flops"];
        bench.columns(&format!("{folder}/small/traces.csv"), &names)
    };
    assert_eq!(looks("paused"), looks("replayed"));
    let runs = bench.columns("replayed/small/runs.csv", &["timing", "nondeterministic", "status", "run"]);
    assert!(runs.len() == 24 && runs.iter().all(|r| r[..3] == ["replay", "no", "budget"]), "{runs:?}");
    let keys = bench.columns("paused/small/runs.csv", &["run"]);
    assert!(runs.iter().all(|r| !keys.contains(&vec![r[3].clone()])), "another way of timing is another run");
}

#[test]
fn folders_and_algorithms_are_compared_and_the_code_tells() {
    let bench = Bench::with("small.toml", &six());
    bench.call(0, &["run", "small.toml"]);
    // The same runs on both sides: nothing can be told.
    let (out, _) = bench.call(2, &["compare", "results/small", "results/small"]);
    assert!(out.contains("cannot tell") && !out.contains("slower") && !out.contains("worse"), "{out}");
    bench.call(0, &["compare", "results/small", "results/small", "--fail-on", "slower,worse"]);
    let within = ["compare", "hals", "mu", "--in", "results/small", "--fail-on", "worse"];
    let (out, _) = bench.call(1, &within);
    assert!(out.contains("mu against hals") && out.contains("worse") && out.contains("all problems"), "{out}");
    let (_, err) = bench.call(3, &["compare", "hals", "muu", "--in", "results/small"]);
    assert!(err.contains("no algorithm is labelled `muu`") && err.contains("`mu`"), "{err}");
    bench.call(3, &["compare", "results/small", "nowhere"]);
}

#[test]
fn merged_folders_keep_every_machines_runs() {
    let bench = Bench::with("small.toml", &six());
    bench.call(0, &["run", "small.toml", "--results", "a", "--only", "algorithm=mu"]);
    bench.call(0, &["run", "small.toml", "--results", "b", "--only", "algorithm=mu"]);
    // The second folder comes from elsewhere.
    let runs = bench.path("b/small/runs");
    let machine = bench.columns("b/small/runs.csv", &["machine"])[0][0].clone();
    for entry in
        std::fs::read_dir(&runs).expect("runs").flatten().filter(|e| e.path().extension().is_some_and(|x| x == "json"))
    {
        let text = std::fs::read_to_string(entry.path()).expect("text").replace(&machine, "elsewhere");
        std::fs::write(entry.path(), text).expect("written");
    }
    std::fs::rename(
        bench.path(&format!("b/small/machine-{machine}.json")),
        bench.path("b/small/machine-elsewhere.json"),
    )
    .expect("renamed");
    let (out, _) = bench.call(0, &["merge", "all/small", "a/small", "b/small"]);
    assert!(out.contains("a/small: 6 runs added") && out.contains("b/small: 0 runs added, 6 of a machine"), "{out}");
    let (out, _) = bench.call(0, &["merge", "all/small", "a/small"]);
    assert!(out.contains("0 runs added, 0 of a machine that the folder had not, 6 there already"), "{out}");
    bench.call(0, &["figures", "small.toml", "--results", "all", "--only", "algorithm=mu"]);
    let machines = bench.columns("all/small/runs.csv", &["machine"]);
    assert_eq!(machines.iter().filter(|m| m[0] == "elsewhere").count(), 6, "{machines:?}");
    assert_eq!(machines.len(), 12);
    bench.call(1, &["merge", "all/small", "nowhere"]);
}

#[test]
fn noise_is_measured_once_and_used_from_then_on() {
    let bench = Bench::with("small.toml", &six());
    let only = ["--only", "algorithm=mu", "--only", "algorithm=hals"];
    let (out, _) = bench.call(0, &[&["noise", "small.toml"][..], &only].concat());
    assert!(out.contains("Times of one algorithm differ by up to"), "{out}");
    let labels = bench.columns("results/small-noise/runs.csv", &["label"]);
    assert_eq!(labels.iter().filter(|l| l[0] == "mu (again)").count(), 6, "{labels:?}");
    let files = std::fs::read_dir(bench.path("results")).expect("results").flatten();
    let floors = files.filter(|f| f.file_name().to_string_lossy().starts_with("noise-")).count();
    assert_eq!(floors, 1);
    let (out, _) = bench.call(0, &[&["run", "small.toml"][..], &only].concat());
    assert!(out.contains("without a cause on this machine"), "{out}");
    assert!(out.starts_with("Which ends lower?\nOn one problem, "), "{out}");
}

#[test]
fn the_doctor_reports_and_changes_nothing() {
    let bench = Bench::new();
    let (out, _) = bench.call(0, &["doctor"]);
    for word in ["governor", "turbo", "load", "swap", "virtualisation", "counters", "fixed computation"] {
        assert!(out.contains(word), "{word}: {out}");
    }
    assert_eq!(std::fs::read_dir(bench.path("")).expect("a folder").count(), 0);
}
