//! `--set`, `--quick` and `--only`.

use super::*;

fn options(set: &[&str], only: &[&str], quick: bool) -> Options {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Options { set: owned(set), only: owned(only), quick }
}

fn with(text: &str, set: &[&str], only: &[&str], quick: bool) -> Result<Plan, Report> {
    plan(&source(text), &options(set, only, quick), &Words)
}

#[track_caller]
fn set(arguments: &[&str]) -> Experiment {
    with(SMALL, arguments, &[], false).unwrap_or_else(|report| panic!("{}", shown(report))).experiment
}

#[track_caller]
fn bad(set: &[&str], only: &[&str], parts: &[&str]) {
    let report = with(SMALL, set, only, false).expect_err("refused");
    let shown = shown(report);
    for part in parts {
        assert!(shown.contains(part), "`{part}` not in:\n{shown}");
    }
}

#[test]
fn values_are_replaced_and_added() {
    assert_eq!(set(&["stop.iterations=7"]).stop.iterations, Some(7));
    assert_eq!(set(&["stop.seconds = 1"]).stop.seconds, Some(1.0));
    assert_eq!(set(&["sweep.rank=[1, 2, 3]"]).sweep.rank, [1, 2, 3]);
    assert_eq!(set(&["stop={ seconds = 2 }"]).stop, Stop { seconds: Some(2.0), ..Stop::default() });
    assert_eq!(set(&["sweep.init={ w = \"W.npy\", h = \"H.npy\" }"]).sweep.init[0].name(), "files");
    assert_eq!(set(&["algorithm=[{ name = \"pgd\" }]", "algorithm.pgd.label=P"]).algorithm[0].variants[0].label, "P");
    assert_eq!(set(&["name=other"]).name, "other");
    assert_eq!(set(&["question=why = not"]).question.as_deref(), Some("why = not"));
    assert_eq!(set(&["checkpoints.every=5"]).checkpoints, Checkpoints::Every { every: 5 });
    assert_eq!(set(&["stop.iterations=7", "stop.iterations=9"]).stop.iterations, Some(9), "the last one counts");
}

#[test]
fn entries_go_by_index_name_or_label() {
    let alpha = |experiment: &Experiment| experiment.algorithm[1].parameters["alpha"].clone();
    assert_eq!(alpha(&set(&["algorithm.1.alpha=0.25"])), json!(0.25));
    assert_eq!(alpha(&set(&["algorithm.a-hals.alpha=[1, 2]"])), json!([1.0, 2.0]));
    assert_eq!(alpha(&set(&["algorithm.a-hals.label=\"A, B\"", "algorithm.\"A, B\".alpha=2"])), json!(2.0));
    assert_eq!(set(&["dataset.digits.name=orl"]).dataset[0].name, "orl");
    bad(
        &["algorithm.hals.alpha=1"],
        &[],
        &["--set algorithm.hals.alpha=1", "no [[algorithm]] is called `hals`", "`a-hals`"],
    );
    bad(&["algorithm.7.alpha=1"], &[], &["called `7`", "indices 0 to 1"]);
    bad(&["algorithm.mu=1"], &[], &["is an entry, not a key"]);
}

#[test]
fn one_of_two_exclusive_keys_replaces_the_other() {
    let text = format!("{SMALL}[checkpoints]\ngrowth = 2.0\n");
    let plan = with(&text, &["checkpoints.every=3"], &[], false).expect("fits");
    assert_eq!(plan.experiment.checkpoints, Checkpoints::Every { every: 3 });
}

#[test]
fn the_comment_beside_a_value_stays() {
    let text = SMALL.replace("iterations = 100", "iterations = 100   # enough");
    let report = with(&text, &["stop.iterations=0"], &[], false).expect_err("zero");
    assert!(report.source().1.contains("iterations = 0   # enough"), "{}", report.source().1);
}

#[test]
fn a_bad_override_is_named() {
    bad(&["stop.seconds"], &[], &["--set stop.seconds:", "expected path=value"]);
    bad(&["stop..seconds=1"], &[], &["--set stop..seconds=1", "no path"]);
    bad(&["stop.seconds="], &[], &["--set stop.seconds=", "a value is missing"]);
    bad(&["sweep.rank=[1,"], &[], &["--set sweep.rank=[1,", "not a TOML value"]);
    bad(&["name.x=1"], &[], &["`name` holds a value"]);
    bad(&["=1"], &[], &["--set =1"]);
}

#[test]
fn a_wrong_value_is_shown_in_the_edited_text() {
    let report = with(SMALL, &["stop.secnds=1"], &[], false).expect_err("misspelt");
    assert_eq!(marks(&report)[0].0, "secnds");
    assert_eq!(report.source().0, "test.toml (with --set stop.secnds=1)");
    let report = with(SMALL, &["sweep.rank=zehn"], &[], false).expect_err("no number");
    assert_eq!(marks(&report)[0].0, "\"zehn\"");
    let report = with(SMALL, &["stpo.seconds=1"], &[], false).expect_err("misspelt");
    assert!(shown(report).contains("did you mean `stop`"));
}

#[test]
fn quick_takes_less_of_everything() {
    let text = SMALL.replace("seeds = 3", "seeds = [4, 5, 6]\nrepetitions = 3");
    let plan = with(&text, &[], &[], true).expect("fits");
    let experiment = &plan.experiment;
    assert_eq!(experiment.sweep.seeds, [4, 5]);
    assert_eq!(experiment.sweep.repetitions, 1);
    assert_eq!((experiment.stop.iterations, experiment.stop.seconds), (Some(40), Some(1.0)));
    assert!(plan.notes[0].starts_with("--quick: sweep.seeds = [4, 5]"), "{:?}", plan.notes);
    let fewer = with(&SMALL.replace("= 100", "= 7\nseconds = 0.5"), &[], &[], true).expect("fits").experiment.stop;
    assert_eq!((fewer.iterations, fewer.seconds), (Some(7), Some(0.5)), "never more than the file says");
    for (from, to) in [("seeds = 3", "seeds = [1, \"a\"]"), ("= 100", "= -1"), ("[stop]\niterations = 100", "")] {
        assert!(with(&SMALL.replace(from, to), &[], &[], true).is_err(), "{to} is wrong with --quick too");
    }
}

#[test]
fn a_quick_table_takes_the_place_of_the_rule() {
    let text = format!("{SMALL}[quick]\nsweep.rank = 2\nstop.iterations = 3\n\"algorithm.a-hals.alpha\" = 2\n");
    let experiment = with(&text, &["stop.iterations=5"], &[], true).expect("fits").experiment;
    assert_eq!(experiment.sweep.rank, [2]);
    assert_eq!(experiment.sweep.seeds, [0, 1, 2], "the table does not speak of seeds");
    assert_eq!(experiment.algorithm[1].parameters["alpha"], json!(2.0));
    assert_eq!(experiment.stop.iterations, Some(5), "--set has the last word");
    assert_eq!(planned(&text).experiment.sweep.rank, [4, 8], "and without --quick nothing changes");
}

#[test]
fn an_exclusion_may_lose_its_object_by_an_override() {
    let text = format!("{SMALL}[[exclude]]\nreason = \"slow\"\nrank = 8\n");
    let plan = with(&text, &["sweep.rank=4"], &[], false).expect("fits");
    assert!(plan.excluded.is_empty());
    assert!(plan.notes.iter().any(|note| note.contains("leaves nothing out (slow)")), "{:?}", plan.notes);
}

#[test]
fn only_unites_within_an_axis_and_intersects_axes() {
    let cells = |only: &[&str]| with(SMALL, &[], only, false).expect("fits").cells;
    assert_eq!(cells(&[]).len(), 2 * (3 + 1) * 2);
    assert_eq!(cells(&["rank=4"]).len(), 8);
    assert_eq!(cells(&["rank=4", "rank=8"]).len(), 16);
    assert_eq!(cells(&["rank=4", "init=random", "algorithm=mu"]).len(), 3);
    assert_eq!(cells(&["seed=2", "rank=4", "algorithm=mu"]).len(), 2, "the start without seed belongs to all seeds");
    assert_eq!(cells(&["dataset=digits", "precision=f64", "threads=1"]).len(), 16);
}

#[test]
fn only_knows_labels() {
    let text = format!("{SMALL}alpha = [1, 2]\n");
    let cells = |only: &str| with(&text, &[], &[only], false).expect("fits").cells;
    assert_eq!(cells("algorithm=a-hals").len(), 16);
    assert_eq!(cells("algorithm=a-hals (alpha=2)").len(), 8);
}

#[test]
fn only_without_a_match_lists_what_there_is() {
    bad(&[], &["rank=5"], &["--only rank=5", "no rank `5`", "`4`, `8`"]);
    bad(&[], &["algorithm=a-hal"], &["did you mean `a-hals`"]);
    bad(&[], &["sed=1"], &["unknown axis `sed`", "`seed`"]);
    bad(&[], &["rank"], &["expected axis=value"]);
    let text = format!("{SMALL}[[exclude]]\nreason = \"slow\"\nrank = 8\nalgorithm = \"mu\"\n");
    let report = with(&text, &[], &["rank=8", "algorithm=mu"], false).expect_err("all excluded");
    assert!(report.problems()[0].message().contains("leaves nothing to run"));
}
