//! What is wrong with a file, where, and what is said about it.

use super::*;
use proptest::prelude::*;

/// The file `SMALL` with one part replaced gives one problem: the marked text, parts of message, label and help.
#[track_caller]
fn one(from: &str, to: &str, mark: &str, parts: &[&str]) {
    assert!(SMALL.contains(from), "nothing to replace");
    alone(&SMALL.replacen(from, to, 1), mark, parts);
}

#[track_caller]
fn alone(text: &str, mark: &str, parts: &[&str]) {
    let report = refused(text);
    let marks = marks(&report);
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert_eq!(marks[0].0, mark, "{marks:?}");
    let problem = &report.problems()[0];
    let all = format!("{} | {} | {}", problem.message(), problem.label(), problem.advice().unwrap_or(""));
    for part in parts {
        assert!(all.contains(part), "`{part}` not in: {all}");
    }
}

/// `SMALL` and more.
fn with(more: &str) -> String {
    format!("{SMALL}{more}")
}

#[test]
fn misspelt_names_are_marked_with_what_was_meant() {
    one("\"a-hals\"", "\"a-halz\"", "\"a-halz\"", &["unknown algorithm `a-halz`", "did you mean `a-hals`"]);
    one("\"digits\"", "\"digit\"", "\"digit\"", &["unknown data set `digit`", "did you mean `digits`"]);
    one("\"nndsvda\"]", "\"nndsdva\"]", "\"nndsdva\"", &["unknown init `nndsdva`", "`nndsvda`"]);
    one("\"digits\"", "\"faces.npy\"", "\"faces.npy\"", &["path = \"faces.npy\""]);
}

#[test]
fn misspelt_keys_are_marked_with_what_was_meant() {
    one("seeds", "seedz", "seedz", &["unknown key `seedz` in [sweep]", "did you mean `seeds`"]);
    one("[stop]", "[stop]\nrank = 3", "rank", &["unknown key `rank` in [stop]", "belongs in [sweep]"]);
    one("[stop]", "[stopp]\n[stop]", "stopp", &["unknown key `stopp`", "`stop`"]);
    alone(&with("alhpa = 0.5"), "alhpa", &["unknown key `alhpa` in [[algorithm]]", "`alpha`"]);
    alone(&with("[targets]\ngaps = [0.1]"), "gaps", &["`gap`"]);
}

#[test]
fn a_misspelt_name_key_is_both_unknown_and_missing() {
    let report = refused(&SMALL.replace("name = \"mu\"", "nmae = \"mu\""));
    let marks = marks(&report);
    assert_eq!(marks.len(), 2, "{marks:?}");
    assert!(marks.iter().any(|(slice, message)| slice == "nmae" && message.contains("unknown key `nmae`")));
    assert!(marks.iter().any(|(_, message)| message == "`name` is missing in [[algorithm]]"));
}

#[test]
fn a_wrong_element_is_marked_and_not_its_list() {
    one("[4, 8]", "[4, \"acht\"]", "\"acht\"", &["`rank`", "expected an integer of at least 1", "the string \"acht\""]);
    one("[4, 8]", "[4, 8.0]", "8.0", &["an integer of at least 1", "the number 8.0"]);
    alone(&with("alpha = [0.5, true]"), "true", &["`alpha`", "a number above 0 and of at most 10", "found true"]);
}

#[test]
fn values_outside_their_range() {
    one("[4, 8]", "0", "0", &["of at least 1", "the integer 0"]);
    one("[4, 8]", "[4, -1]", "-1", &["of at least 1"]);
    one("iterations = 100", "seconds = -1.0", "-1.0", &["above 0", "the number -1.0"]);
    one("iterations = 100", "seconds = inf", "inf", &["above 0"]);
    one("iterations = 100", "flops = nan", "nan", &["a number above 0"]);
    one("iterations = 100", "iterations = 1e3", "1e3", &["an integer", "the number 1000.0"]);
    one("seeds = 3", "seeds = 0", "0", &["a count of at least 1, or a list of integers"]);
    one("seeds = 3", "seeds = [0, -1]", "-1", &["an integer of at least 0"]);
    one("seeds = 3", "seeds = -3", "-3", &["a count of at least 1"]);
    one("seeds = 3", "seeds = 99999999999", "99999999999", &["at most 1000000"]);
    one("seeds = 3", "base_seed = 99999999999999999999", "99999999999999999999", &["beyond 64 bits"]);
    alone(&with("alpha = 0"), "0", &["above 0 and of at most 10"]);
    alone(&with("alpha = [1, 11]"), "11", &["above 0 and of at most 10"]);
    alone(&with("order = \"random\""), "\"random\"", &["unknown order `random`", "`cyclic`, `shuffled`"]);
    alone(&with("[checkpoints]\ngrowth = 2\nevery = 1"), "every", &["`growth` or `every`, not both"]);
    alone(&with("[checkpoints]\ngrowth = 1"), "1", &["above 1"]);
    alone(&with("[targets]\ngap = [0.1, 1.0]"), "1.0", &["above 0 and below 1"]);
}

#[test]
fn lists_that_are_empty_or_repeat() {
    one("[4, 8]", "[]", "[]", &["`rank` is an empty list"]);
    one("[4, 8]", "[4, 8, 4]", "4", &["lists 4 twice"]);
    one("seeds = 3", "seeds = [1, 2, 1]", "1", &["lists 1 twice"]);
    one("\"nndsvda\"]", "\"random\"]", "\"random\"", &["lists `random` twice"]);
    alone(&with("alpha = [1, 1.0]"), "1.0", &["`alpha` lists 1 twice"]);
    alone(&with("alpha = []"), "[]", &["`alpha` is an empty list"]);
    one("[[dataset]]\nname = \"digits\"", "dataset = []", "dataset", &["expected [[dataset]]", "an empty list"]);
    one("seeds = 3", "repetitions = [1, 2]", "[1, 2]", &["expected an integer of at least 1, found a list"]);
}

#[test]
fn missing_parts() {
    for text in ["", "\n \n", "# only a comment\n"] {
        alone(text, "", &["the file is empty", "[[algorithm]]"]);
    }
    one("name = \"small\"\n", "", "", &["`name` is missing at the top of the file"]);
    one("rank = [4, 8]\n", "", "sweep", &["`rank` is missing in [sweep]"]);
    one("[stop]\niterations = 100", "", "", &["[stop] is missing"]);
    one("iterations = 100", "kkt = 1e-6", "stop", &["at least one of `iterations`, `seconds`, `flops`"]);
    let without = SMALL.split("[[algorithm]]").next().unwrap_or_default();
    alone(without, "", &["[[algorithm]] is missing"]);
    one("[[dataset]]\nname = \"digits\"\n", "", "", &["[[dataset]] is missing"]);
    one("name = \"digits\"", "title = \"x\"", "[[dataset]]", &["needs a `name`, a `path` or a `generator`"]);
    alone(&with("[[figure]]\nx = \"seconds\""), "[[figure]]", &["`kind` is missing in [[figure]]"]);
    alone(&with("[[exclude]]\nrank = 4"), "[[exclude]]", &["`reason` is missing"]);
}

#[test]
fn tables_of_the_wrong_kind() {
    one("[[dataset]]", "[dataset]", "dataset", &["expected [[dataset]]", "two brackets"]);
    one("[stop]", "[[stop]]", "stop", &["has to be written [stop], found a list"]);
    one("[stop]\niterations = 100", "", "", &["[stop] is missing"]);
    let inline = SMALL.replacen("[[dataset]]\nname = \"digits\"", "dataset = [{ name = \"digits\" }, 3]", 1);
    alone(&inline, "3", &["found a list", "expected [[dataset]]"]);
}

#[test]
fn names_of_files_and_texts() {
    for bad in ["a/b", "../x", ".hidden", "a b", "", "ü"] {
        one("\"small\"", &format!("\"{bad}\""), &format!("\"{bad}\""), &["`name`", "letters, digits"]);
    }
    one("\"small\"", "3", "3", &["the integer 3"]);
    alone(&with("label = \"\""), "\"\"", &["text that is not empty"]);
}

#[test]
fn objectives() {
    let top = "name = \"small\"";
    for value in ["{ beta = \"1\" }", "{ beta = nan }", "{ bta = 1 }", "{ beta = 1, gamma = 2 }", "{}"] {
        one(top, &format!("{top}\nobjective = {value}"), value, &["one finite number, `beta`", "{ beta = 1.5 }"]);
    }
    one(top, &format!("{top}\nobjective = \"frobenus\""), "\"frobenus\"", &["did you mean `frobenius`"]);
    one(
        top,
        &format!("{top}\nobjective = 2"),
        "2",
        &["the name of an objective, or `{ beta = 1.5 }`, found the integer 2"],
    );
}

#[test]
fn methods_that_descend_something_else() {
    let kl = SMALL.replacen("name = \"small\"", "name = \"small\"\nobjective = \"kullback-leibler\"", 1);
    let only = |algorithm: &str| kl.split("[[algorithm]]").next().unwrap_or_default().to_owned() + algorithm;
    let mu = "[[algorithm]]\nname = \"mu\"";
    let expected = ["`mu` descends ½‖A − WH‖²_F", "minimises the Kullback–Leibler", "`mu-kl`, `mu-beta`"];
    alone(&only(mu), "\"mu\"", &expected);
    alone(&only("[[algorithm]]\nname = \"mu-beta\"\nbeta = [1, 1.5]"), "\"mu-beta\"", &["with β = 1.5", "`mu-kl`"]);
    alone(
        &with("[[algorithm]]\nname = \"mu-kl\""),
        "\"mu-kl\"",
        &["`mu-kl` descends the Kullback–Leibler", "`a-hals`"],
    );
}

#[test]
fn algorithms_listed_twice() {
    let second = "[[algorithm]]\nname = \"mu\"\n";
    alone(&with(second), "\"mu\"", &["`mu` is the same as `mu`"]);
    alone(&with(&format!("{second}label = \"mine\"\n")), "\"mine\"", &["`mine` is the same as `mu`"]);
    alone(&with(&format!("{second}floor = 0.1\n")), "\"mu\"", &["two algorithms are labelled `mu`", "its own `label`"]);
    alone(&with("label = \"mu\""), "\"mu\"", &["two algorithms are labelled `mu`"]);
    // A default written out is no other algorithm.
    alone(&with(&format!("{second}floor = 1e-16\nlabel = \"x\"")), "\"x\"", &["the same as `mu`"]);
}

#[test]
fn parameters_the_algorithm_refuses() {
    alone(&with("delta = [0.5, 2.0]"), "2.0", &["a-hals: `delta`: 2 is no fraction"]);
}

#[test]
fn data_sets_from_files_and_programs() {
    let data = |text: &str| SMALL.replacen("name = \"digits\"", text, 1);
    alone(&data("path = \"a.npy\"\ngenerator = \"swimmer\""), "generator", &["not both"]);
    alone(&data("generator = \"swimer\""), "\"swimer\"", &["unknown generator `swimer`", "`swimmer`"]);
    alone(&data("name = \"digits\"\nsamples = \"rows\""), "samples", &["goes with `path` only"]);
    alone(&data("path = \"a.npy\"\nsamples = \"row\""), "\"row\"", &["did you mean `rows`"]);
    alone(&data("path = \"a.npy\"\nimage = [8]"), "[8]", &["takes 2 values, found 1"]);
    alone(&data("path = \"a.npy\"\nimage = 8"), "8", &["expected a list"]);
    alone(&data("path = \"a.npy\"\nscale = \"maxx\""), "\"maxx\"", &["unknown scale `maxx`", "did you mean `max`"]);
    alone(&data("path = \"a.npy\"\nscale = 0"), "0", &["or a number above 0"]);
    alone(&data("generator = \"low-rank\"\nm = 5\nn = 4"), "[[dataset]]", &["the generator needs `rank`"]);
    alone(&data("generator = \"low-rank\"\nm = 5\nn = 4\nrank = 2\nnose = 1"), "nose", &["`noise`"]);
    alone(&data("name = \"digits\"\n[[dataset]]\nname = \"digits\""), "\"digits\"", &["two data sets are called"]);
    let file = planned(&data("path = \"d/a.npy\"\nimage = [8, 8]\nscale = 2"));
    let dataset = &file.experiment.dataset[0];
    assert_eq!(dataset.name, "a");
    assert_eq!(dataset.request(), json!({ "path": "d/a.npy", "image": [8, 8], "scale": 2.0 }));
    let named = planned(&data("name = \"digits\"\ntitle = \"Digits\"\ntranspose = true"));
    let request = named.experiment.dataset[0].request();
    assert_eq!(request, json!({ "name": "digits", "title": "Digits", "transpose": true }));
    let made = planned(&data("name = \"x\"\ngenerator = \"swimmer\""));
    assert_eq!(made.experiment.dataset[0].request(), json!({ "generator": "swimmer" }));
}

#[test]
fn files_that_are_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("w.npy"), "").expect("a file");
    let text = SMALL.replacen("\"random\"", "{ w = \"w.npy\", h = \"h.npy\" }", 1);
    let source = Source { folder: Some(folder.path().into()), ..source(&text) };
    let report = plan(&source, &Options::default(), &Words).expect_err("h.npy is not there");
    let marks = marks(&report);
    assert_eq!(marks.len(), 1);
    assert_eq!(marks[0], ("{ w = \"w.npy\", h = \"h.npy\" }".into(), "`h.npy` is not there".into()));
    std::fs::write(folder.path().join("h.npy"), "").expect("a file");
    assert!(plan(&source, &Options::default(), &Words).is_ok());
    one("\"random\"", "{ w = \"w.npy\" }", "{ w = \"w.npy\" }", &["two paths, `w` and `h`"]);
    let absent = load(&folder.path().join("no.toml"), &Options::default(), &Words).expect_err("no such file");
    assert!(absent.problems()[0].message().starts_with("cannot read the file"));
}

#[test]
fn stand_ins_take_the_place_of_sets_of_the_catalogue() {
    let made = "generator = \"low-rank\"\nm = 9\nn = 8\nrank = 2";
    alone(
        &with(&format!("[[stand_in]]\nfor = \"digit\"\n{made}")),
        "\"digit\"",
        &["no data set `digit` from the catalogue", "did you mean `digits`?"],
    );
    let twice = format!("[[stand_in]]\nfor = \"digits\"\n{made}\n").repeat(2);
    alone(&with(&twice), "\"digits\"", &["two stand-ins for `digits`"]);
}

#[test]
fn figures() {
    let figure = |text: &str| with(&format!("[[figure]]\n{text}"));
    alone(&figure("kind = \"convergance\""), "\"convergance\"", &["unknown kind `convergance`", "`convergence`"]);
    alone(&figure("kind = \"convergence\"\nx = \"time\"\ny = \"gap\""), "\"time\"", &["unknown x `time`", "`seconds`"]);
    alone(&figure("kind = \"runtime\"\nx = \"seconds\""), "x", &["a `runtime` figure has no `x`"]);
    alone(
        &figure("kind = \"convergence\"\nx = \"seconds\"\ny = \"gap\"\nband = [0.9, 0.1]"),
        "0.1",
        &["two rising quantiles"],
    );
    let twice = figure("kind = \"runtime\"\nfile = \"a\"\n[[figure]]\nkind = \"factors\"\nfile = \"a\"");
    alone(&twice, "\"a\"", &["two figures are written to `a`"]);
    let good = planned(&figure("kind = \"convergence\"\nx = \"flops\"\ny = \"gap\"\nband = [0.1, 0.9]"));
    assert_eq!(good.experiment.figure[0], json!({"kind": "convergence", "x": "flops", "y": "gap", "band": [0.1, 0.9]}));
}

#[test]
fn exclusions_that_exclude_nothing_or_everything() {
    let exclude = |text: &str| with(&format!("[[exclude]]\nreason = \"slow\"\n{text}"));
    alone(&exclude("algorithm = \"a-hal\""), "\"a-hal\"", &["no algorithm `a-hal`", "did you mean `a-hals`"]);
    alone(&exclude("rank = [4, 9]"), "9", &["no rank `9`"]);
    alone(&exclude(""), "[[exclude]]", &["names no axis"]);
    alone(&exclude("rank = [4, 8]"), "", &["every run is excluded"]);
}

#[test]
fn everything_wrong_is_shown_at_once_in_order() {
    let text = "name = \"x\"\nquestoin = \"?\"\n[[dataset]]\nname = \"digitz\"\n[sweep]\nrank = [0, 4]\nseeds = \"5\"\n\
                [stop]\nseconds = -1\n[[algorithm]]\nname = \"hasl\"\n[[figure]]\nkind = \"pie\"\n";
    let report = refused(text);
    let slices: Vec<String> = marks(&report).into_iter().map(|(slice, _)| slice).collect();
    assert_eq!(slices, ["questoin", "\"digitz\"", "0", "\"5\"", "-1", "\"hasl\"", "\"pie\""]);
    let shown = shown(report);
    assert!(shown.contains("test.toml cannot be run: 7 problems"), "{shown}");
    for part in
        ["test.toml:2:1", "did you mean `question`?", "rank = [0, 4]", "did you mean `hals`", "known: `convergence`"]
    {
        assert!(shown.contains(part), "`{part}` not in:\n{shown}");
    }
}

#[test]
fn bad_syntax_is_marked() {
    let report = refused("name = \"x\"\n[stop\nseconds = 1\n");
    let marks = marks(&report);
    assert!(marks[0].1.starts_with("not TOML"), "{marks:?}");
    assert!(report.problems()[0].span().is_some());
    let twice = refused("name = \"x\"\nname = \"y\"\n");
    assert!(super::marks(&twice)[0].1.contains("duplicate key"), "{:?}", super::marks(&twice));
}

#[test]
fn the_quick_table_is_checked_without_being_used() {
    alone(&with("[quick]\nstop.secnds = 1"), "quick", &["with --quick: unknown key `secnds`", "`seconds`"]);
    alone(&with("[quick]\nalgorithm.nobody.alpha = 1"), "alpha", &["no [[algorithm]] is called `nobody`"]);
    planned(&with("[quick]\nstop.seconds = 1\n\"sweep.rank\" = 4\nalgorithm.a-hals.alpha = 0.5"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = plan(&source(&text), &Options::default(), &Words);
    }

    #[test]
    fn any_damage_is_answered(at in 0..SMALL.len(), length in 0..20_usize, patch in "[\\[\\]{}=\"'a-z0-9. ,\n-]{0,8}") {
        let end = (at + length).min(SMALL.len());
        let text = format!("{}{patch}{}", &SMALL[..at], &SMALL[end..]);
        for quick in [false, true] {
            if let Err(report) = plan(&source(&text), &Options { quick, ..Options::default() }, &Words) {
                prop_assert!(!report.problems().is_empty());
                shown(report);
            }
        }
    }

    #[test]
    fn any_override_is_answered(set in "[a-z0-9.=\\[\\]{}\"' -]{0,30}", only in "\\PC{0,20}") {
        let options = Options { set: vec![set], only: vec![only], quick: false };
        if let Err(report) = plan(&source(SMALL), &options, &Words) {
            shown(report);
        }
    }
}

#[test]
fn texts_with_byte_order_marks_and_carriage_returns_are_marked_right() {
    let text = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
    planned(&text);
    alone(&text.replace("seeds", "seedz"), "seedz", &["did you mean `seeds`"]);
    alone(
        &SMALL.replace("\"small\"", "\"small\"\nquestion = \"Größe — wie?\"\nquestoin = 1"),
        "questoin",
        &["`question`"],
    );
}

#[test]
fn claims_name_what_the_experiment_has_and_claim_something() {
    let claim = |keys: &str| with(&format!("[[claim]]\nsays = \"so\"\nmeasure = \"gap\"\n{keys}"));
    let found = planned(&claim("of = \"mu\"\nthan = \"a-hals\"")).experiment.claim;
    assert_eq!(found, [json!({"says": "so", "measure": "gap", "of": "mu", "than": ["a-hals"]})]);
    alone(&claim("of = \"mu\"\nthan = \"a-halz\""), "\"a-halz\"", &["has no algorithm `a-halz`", "`a-hals`"]);
    alone(&claim("of = \"mu\"\nat_most = 1\nrank = 5"), "5", &["has no rank `5`"]);
    alone(&claim("of = \"mu\""), "[[claim]]", &["compares (`than`) or bounds"]);
    alone(&claim("of = \"mu\"\nthan = \"a-hals\"\nat_least = 1"), "at_least", &["not both"]);
    alone(&claim("of = \"mu\"\nat_most = 1\ngap = 0.1"), "gap", &["goes with `measure"]);
    alone(&claim("of = \"mu\"\nat_most = 1\nshare = 1.5"), "1.5", &["above 0 and of at most 1"]);
}
