//! The main job as a user sees it: runs, tables, figures; again; killed; in another order.

mod common;

use common::{Bench, LOOK, OUTCOME, SMALL};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn count(folder: &Path, extension: &str) -> usize {
    let files = std::fs::read_dir(folder).expect("a folder");
    files.filter(|f| f.as_ref().expect("a file").path().extension().is_some_and(|e| e == extension)).count()
}

#[test]
fn a_sweep_leaves_records_tables_a_summary_and_figures() {
    let bench = Bench::with("small.toml", SMALL);
    let (out, _) = bench.call(0, &["run", "small.toml"]);
    assert!(out.contains("hals") && out.contains("pgd"), "the table names the algorithms:\n{out}");
    let runs = bench.columns("results/small/runs.csv", OUTCOME);
    assert_eq!(runs.len(), 2 * 4 * (2 + 1), "a start that draws nothing is run for one seed");
    assert!(runs.iter().all(|r| r[6] == "budget" || r[6] == "converged"), "{runs:?}");
    let figures = bench.path("results/small/figures");
    assert!(count(&figures, "svg") >= 4 && count(&figures, "svg") == count(&figures, "png"));
    for file in ["summary.md", "experiment.toml", "plan.json", "traces.csv", "best.json"] {
        assert!(bench.path(&format!("results/small/{file}")).is_file(), "{file}");
    }
    // The resolved experiment is itself an experiment, of the same runs.
    let (_, err) = bench.call(0, &["run", "results/small/experiment.toml"]);
    assert!(err.contains("nothing was run"), "{err}");
}

#[test]
fn another_objective_reaches_starts_runs_and_figures() {
    let head = SMALL.split("[[algorithm]]").next().expect("a head").replacen("[3, 4]", "3", 1);
    let with = |name: &str, objective: &str, algorithms: &[&str]| {
        let head = head.replacen("name = \"small\"", &format!("name = \"{name}\"\nobjective = {objective}"), 1);
        algorithms.iter().fold(head, |text, name| format!("{text}[[algorithm]]\nname = \"{name}\"\n"))
    };
    let bench = Bench::with("kl.toml", &with("kl", "\"kullback-leibler\"", &["mu-kl", "sn-kl", "mu-beta"]));
    bench.write("l2.toml", with("l2", "{ beta = 2.0 }", &["mu", "mu-beta"]).as_bytes());
    bench.call(0, &["run", "kl.toml"]);
    bench.call(0, &["run", "l2.toml"]);
    let value = |text: &String| text.parse::<f64>().expect("a number");
    let ends = |name: &str| {
        let rows = bench
            .columns(&format!("results/{name}/runs.csv"), &["init", "seed", "minimised", "algorithm", "objective"]);
        rows.into_iter().filter(|row| row[0] == "random" && row[1] == "0").collect::<Vec<_>>()
    };
    let kl = ends("kl");
    assert!(kl.iter().all(|row| row[2] == "kullback-leibler"), "{kl:?}");
    // β = 1 is the same method as `mu-kl`, sn-kl another one, and all descend from a start of the right scale.
    assert_eq!((kl[0][3].as_str(), kl[1][3].as_str()), ("mu-beta", "mu-kl"));
    assert_eq!(kl[0][4], kl[1][4]);
    assert!(value(&kl[2][4]) <= value(&kl[1][4]), "scalar Newton steps are larger: {kl:?}");
    let traces = bench.columns("results/kl/traces.csv", &["iteration", "objective"]);
    let starts: Vec<f64> = traces.iter().filter(|row| row[0] == "0").map(|row| value(&row[1])).collect();
    assert!(starts.iter().all(|start| *start > value(&kl[1][4])), "{starts:?}");
    let svg = std::fs::read_to_string(bench.path("results/kl/summary.md")).expect("a summary");
    assert!(svg.contains("f being the Kullback–Leibler divergence"), "{svg}");
    let l2 = ends("l2");
    assert_eq!(l2[0][2], "frobenius", "β = 2 by its own name");
    assert!((value(&l2[0][4]) / value(&l2[1][4]) - 1.0).abs() < 1e-9, "mu-beta at β = 2 is mu: {l2:?}");
}

#[test]
fn running_again_runs_nothing_and_figures_redraw_without_running() {
    let bench = Bench::with("small.toml", SMALL);
    bench.call(0, &["run", "small.toml", "--only", "rank=3"]);
    let record = std::fs::read_dir(bench.path("results/small/runs")).expect("runs").next().expect("one").expect("one");
    let written = record.metadata().expect("a file").modified().expect("a time");
    let (_, err) = bench.call(0, &["run", "small.toml", "--only", "rank=3"]);
    assert!(err.contains("all 12 runs are there already, nothing was run"), "{err}");
    let svg = |bench: &Bench| {
        let figures = std::fs::read_dir(bench.path("results/small/figures")).expect("figures");
        let mut svgs: Vec<_> =
            figures.map(|f| f.expect("one").path()).filter(|p| p.extension().is_some_and(|e| e == "svg")).collect();
        svgs.sort();
        svgs.iter().map(|p| std::fs::read(p).expect("readable")).collect::<Vec<_>>()
    };
    let before = svg(&bench);
    std::fs::remove_dir_all(bench.path("results/small/figures")).expect("removed");
    bench.call(0, &["figures", "small.toml", "--only", "rank=3"]);
    assert_eq!(svg(&bench), before, "the same records give the same bytes");
    assert_eq!(record.metadata().expect("a file").modified().expect("a time"), written);
    // The rest of the sweep is made later, and what is there stays.
    bench.call(0, &["run", "small.toml"]);
    assert_eq!(bench.columns("results/small/runs.csv", OUTCOME).len(), 24);
    assert_eq!(record.metadata().expect("a file").modified().expect("a time"), written);
}

/// What is below 0, missing or weighted goes to the methods that take it, and the others say what stands in their way.
#[test]
fn data_of_another_kind_go_to_the_methods_that_take_them() {
    let bench = Bench::new();
    let table = |entry: &dyn Fn(usize, usize) -> String| {
        let line = |i| (0..9).map(|j| entry(i, j)).collect::<Vec<_>>().join(",");
        (0..8).map(line).collect::<Vec<_>>().join("\n")
    };
    let value = |i: usize, j: usize| ((3 * i + 5 * j) % 7) as f64 - 1.5;
    bench.write("signed.csv", table(&|i, j| value(i, j).to_string()).as_bytes());
    let known = |i, j| if (i + 2 * j) % 5 == 3 { "nan".to_owned() } else { (value(i, j) + 2.0).to_string() };
    bench.write("ratings.csv", table(&known).as_bytes());
    bench.write("weights.csv", table(&|i, j| ((i + j) % 3).to_string()).as_bytes());
    bench.write("full.csv", table(&|i, j| (value(i, j) + 2.0).to_string()).as_bytes());
    let experiment = |dataset: &str, algorithms: &[&str]| {
        let algorithms =
            algorithms.iter().map(|name| format!("[[algorithm]]\nname = \"{name}\"\n")).collect::<String>();
        format!(
            "name = \"kinds\"\n[[dataset]]\n{dataset}\n[sweep]\nrank = 2\nseeds = 1\n[stop]\niterations = 30\n{algorithms}"
        )
    };
    for (dataset, method, words) in [
        ("path = \"signed.csv\"\nsigned = true", "semi-nmf", "entry (0, 0) is -1.5; expected a number ≥ 0"),
        ("path = \"ratings.csv\"\nmissing = \"nan\"", "wnmf", "entry (3, 0) is missing; this method needs every entry"),
        ("path = \"full.csv\"\nweights = \"weights.csv\"", "wnmf", "entry (0, 0) is missing"),
    ] {
        bench.write("both.toml", experiment(dataset, &[method, "hals"]).as_bytes());
        let (_, err) = bench.call(2, &["run", "both.toml"]);
        let err = err.split_whitespace().filter(|w| *w != "│").collect::<Vec<_>>().join(" ");
        assert!(err.contains("`hals` cannot take") && err.contains(words), "{err}");
        assert!(!err.contains(&format!("`{method}` cannot")), "{err}");
        bench.write("one.toml", experiment(dataset, &[method]).as_bytes());
        bench.call(0, &["run", "one.toml", "--results", method]);
        let errors = bench.columns(&format!("{method}/kinds/traces.csv"), &["iteration", "relative_error"]);
        let error = |row: &Vec<String>| row[1].parse::<f64>().expect("a number");
        let (first, last) = (error(&errors[0]), error(errors.last().expect("some")));
        assert!(last < 0.7 * first, "{method}: {first} → {last}");
    }
}

#[test]
fn the_order_of_the_file_changes_no_bit() {
    let bench = Bench::with("small.toml", SMALL);
    let (head, algorithms) = SMALL.split_at(SMALL.find("[[algorithm]]").expect("there"));
    let mut entries: Vec<&str> = algorithms.split("[[algorithm]]").skip(1).collect();
    entries.reverse();
    let reversed = entries.iter().map(|e| format!("[[algorithm]]{e}")).collect::<String>();
    let head = head.replace("[3, 4]", "[4, 3]").replace(r#"["random", "nndsvda"]"#, r#"["nndsvda", "random"]"#);
    bench.write("other.toml", format!("{head}{reversed}").as_bytes());
    bench.call(0, &["run", "small.toml", "--results", "a"]);
    bench.call(0, &["run", "other.toml", "--results", "b"]);
    assert_eq!(bench.columns("a/small/runs.csv", OUTCOME), bench.columns("b/small/runs.csv", OUTCOME));
    assert_eq!(bench.columns("a/small/traces.csv", LOOK), bench.columns("b/small/traces.csv", LOOK));
}

#[test]
fn a_sweep_killed_half_way_goes_on_from_there() {
    let bench = Bench::with("small.toml", &SMALL.replace("iterations = 40", "iterations = 400"));
    let runs = bench.path("results/small/runs");
    let mut child = Command::new(env!("CARGO_BIN_EXE_nmfbench"))
        .args(["run", "small.toml"])
        .current_dir(bench.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let began = Instant::now();
    while !runs.is_dir() || count(&runs, "json") < 5 {
        assert!(began.elapsed() < Duration::from_secs(120), "no runs appear");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("dead");
    let kept = count(&runs, "json");
    assert!((5..24).contains(&kept), "killed too late: {kept}");
    let (_, err) = bench.call(0, &["run", "small.toml"]);
    let made = 24 - kept;
    assert!(err.contains(&format!("{made} runs made, {kept} were there")), "{err}");
    bench.call(0, &["run", "small.toml", "--results", "whole"]);
    assert_eq!(bench.columns("results/small/runs.csv", OUTCOME), bench.columns("whole/small/runs.csv", OUTCOME));
    assert_eq!(bench.columns("results/small/traces.csv", LOOK), bench.columns("whole/small/traces.csv", LOOK));
    let left: Vec<_> = std::fs::read_dir(bench.path("results/small/runs")).expect("runs").collect();
    assert_eq!(left.len(), 48, "a record and its factors for each run, and no half-written file");
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_complete_and_says_how_to_go_on() {
    // Iterations without end: the sweep is in its first run when the signal comes.
    let bench = Bench::with("small.toml", &SMALL.replace("iterations = 40", "iterations = 1_000_000_000"));
    let child = Command::new(env!("CARGO_BIN_EXE_nmfbench"))
        .args(["run", "small.toml"])
        .current_dir(bench.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let began = Instant::now();
    while std::fs::read_dir(bench.path("results/small"))
        .is_ok_and(|d| d.flatten().all(|f| !f.file_name().to_string_lossy().starts_with(".work")))
        || !bench.path("results/small").is_dir()
    {
        assert!(began.elapsed() < Duration::from_secs(60), "no run begins");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(signal.success());
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert!(err.contains("24 are missing; the same command goes on from here"), "{err}");
    assert_eq!(std::fs::read_dir(bench.path("results/small/runs")).expect("runs").count(), 0);
    let hidden = std::fs::read_dir(bench.path("results/small")).expect("results").flatten();
    assert!(hidden.into_iter().all(|f| !f.file_name().to_string_lossy().starts_with(".work")), "work files are gone");
}

#[test]
fn starts_from_files_are_used_and_their_content_is_part_of_the_key() {
    let text = SMALL
        .replace("rank = [3, 4]", "rank = 3")
        .replace(r#"init = ["random", "nndsvda"]"#, r#"init = { w = "w.npy", h = "h.npy" }"#);
    let bench = Bench::with("files.toml", &text);
    let factors = |shift: f64| {
        let w: Vec<f64> = (0..90).map(|i| shift + f64::from(i % 7)).collect();
        let h: Vec<f64> = (0..72).map(|i| 0.1 + f64::from(i % 5)).collect();
        nmfbench::data::write_npy(&bench.path("w.npy"), 30, 3, &w).expect("written");
        nmfbench::data::write_npy(&bench.path("h.npy"), 3, 24, &h).expect("written");
    };
    factors(0.5);
    bench.call(0, &["run", "files.toml"]);
    let first = bench.columns("results/small/runs.csv", OUTCOME);
    assert_eq!(first.len(), 4);
    factors(0.75);
    let (_, err) = bench.call(0, &["run", "files.toml"]);
    assert!(err.contains("4 runs made, 0 were there"), "{err}");
    assert_ne!(bench.columns("results/small/runs.csv", OUTCOME), first);
}

#[test]
fn single_precision_is_close_and_two_threads_are_too() {
    let text = SMALL
        .replace("seeds = 2", "seeds = 1\nprecision = [\"f64\", \"f32\"]\nthreads = [1, 2]")
        .replace(r#"init = ["random", "nndsvda"]"#, r#"init = "random""#);
    let bench = Bench::with("axes.toml", &text);
    bench.call(0, &["run", "axes.toml"]);
    let rows =
        bench.columns("results/small/runs.csv", &["algorithm", "rank", "precision", "threads", "relative_error"]);
    assert_eq!(rows.len(), 2 * 4 * 2 * 2);
    for row in rows.iter().filter(|r| r[0] == "hals" || r[0] == "mu") {
        let same = |r: &&Vec<String>| r[0] == row[0] && r[1] == row[1] && r[2] == "f64" && r[3] == "1";
        let reference: f64 = rows.iter().find(same).expect("there")[4].parse().expect("a number");
        let found: f64 = row[4].parse().expect("a number");
        assert!((found / reference - 1.0).abs() < 1e-3, "{row:?} against {reference}");
    }
}

#[test]
fn a_custom_algorithm_is_listed_swept_and_drawn() {
    let program = Path::new(env!("CARGO_BIN_EXE_nmfbench")).with_file_name("examples").join("custom_algorithm");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    if !program.exists() {
        // `cargo test` builds the examples first; asked for this file alone it does not.
        let built = Command::new(env!("CARGO")).args(["build", "--example", "custom_algorithm"]).status();
        assert!(built.expect("cargo").success());
    }
    let bench = Bench::with("custom.toml", include_str!("../examples/custom_algorithm.toml"));
    let call = |arguments: &[&str]| {
        let output = Command::new(&program).args(arguments).current_dir(bench.path("")).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(call(&["list", "algorithms"]).contains("fixed-step"));
    assert!(call(&["info", "fixed-step"]).contains("damping"));
    let set = ["--set", "stop.flops=2e7", "--set", "sweep.seeds=1"];
    assert!(call(&[&["run", "custom.toml"][..], &set].concat()).contains("fixed-step"));
    let rows = bench.columns("results/custom-algorithm/runs.csv", &["label", "status"]);
    assert_eq!(rows.len(), 4, "two step lengths and two rivals");
    let figures = std::fs::read_dir(bench.path("results/custom-algorithm/figures")).expect("figures").flatten();
    let svg = figures.filter(|f| f.path().extension().is_some_and(|e| e == "svg"));
    assert!(svg.filter(|f| std::fs::read_to_string(f.path()).expect("text").contains("fixed-step")).count() >= 3);
}

#[test]
fn results_are_exported_for_other_programs() {
    let bench = Bench::with("small.toml", SMALL);
    bench.call(0, &["run", "small.toml", "--only", "rank=3", "--only", "algorithm=mu"]);
    for (format, extension) in [("parquet", "parquet"), ("csv", "csv"), ("jsonl", "jsonl")] {
        let (out, _) = bench.call(0, &["export", "results/small", "--format", format, "--out", "exported"]);
        assert!(out.contains(&format!("runs.{extension}")), "{out}");
    }
    let read = |file: &str| std::fs::read(bench.path(file)).expect(file);
    assert!(read("exported/traces.parquet").starts_with(b"PAR1") && read("exported/runs.jsonl").starts_with(b"{"));
    assert_eq!(bench.columns("exported/runs.csv", OUTCOME), bench.columns("results/small/runs.csv", OUTCOME));
    bench.call(1, &["export", "nothing-here"]);
}
