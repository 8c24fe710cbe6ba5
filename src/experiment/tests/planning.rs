//! The runs of an experiment and their order.

use super::*;
use std::collections::{BTreeMap, HashSet};

#[test]
fn the_product_with_starts_that_draw_nothing() {
    let plan = planned(&format!("{SMALL}[[algorithm]]\nname = \"rhals\"\n"));
    // random: 3 algorithms × 3 seeds; nndsvda: 2 once, and the one that draws with each seed.
    assert_eq!(plan.cells.len(), 2 * (9 + 2 + 3));
    let note = &plan.notes[0];
    assert_eq!(note, "nndsvda draws nothing: mu, a-hals run once, as seed 0, not once per seed");
    let cell = &plan.cells[0];
    assert_eq!((cell.rank, cell.init.name(), cell.seed, cell.algorithm.as_str()), (4, "random", 0, "mu"));
    assert_eq!(cell.parameters["floor"], json!(1e-16), "defaults are filled in");
    assert_eq!(cell.revision, 2);
}

#[test]
fn labels_name_what_is_swept() {
    let plan = planned(&format!("{SMALL}alpha = [0.5, 1]\ndelta = [1e-16]\nrestart = true\n"));
    let labels: HashSet<&str> = plan.cells.iter().map(|cell| cell.label.as_str()).collect();
    assert_eq!(labels, HashSet::from(["mu", "a-hals (alpha=0.5, delta=1e-16)", "a-hals (alpha=1, delta=1e-16)"]));
    let plan = planned(&format!("{SMALL}alpha = [0.5, 1]\nlabel = \"A\"\n"));
    assert!(plan.cells.iter().any(|cell| cell.label == "A (alpha=1)"));
}

#[test]
fn excluded_runs_are_listed_with_the_reason() {
    let plan =
        planned(&format!("{SMALL}[[exclude]]\nreason = \"slow\"\nrank = 8\nalgorithm = [\"mu\"]\nseed = [0, 1]\n"));
    let cells: Vec<&str> = plan.excluded.iter().map(|excluded| excluded.cell.as_str()).collect();
    assert_eq!(cells, ["digits, rank 8, random, seed 0, mu", "digits, rank 8, random, seed 1, mu"]);
    assert_eq!(plan.excluded[0].reason, "slow");
    assert_eq!(plan.cells.len(), 14);
}

#[test]
fn a_stand_in_takes_the_place_of_a_set_and_nothing_bounds_what_it_comes_to() {
    let claim =
        |how: &str| format!("[[claim]]\nsays = 'so it is {how}'\nof = \"mu\"\nmeasure = \"relative_error\"\n{how}\n");
    let stand_in = "[[stand_in]]\nfor = \"digits\"\ngenerator = \"low-rank\"\nm = 9\nn = 8\nrank = 2\n";
    let text = [SMALL, stand_in, &claim("at_most = 0.1"), &claim("than = \"a-hals\"")].concat();
    let mut plan = planned(&text);
    assert!(!plan.stand_in(&[("orl", "ORL faces")]), "nothing stands in for it");
    assert_eq!((plan.experiment.claim.len(), plan.notes.len()), (2, planned(&text).notes.len()));
    assert!(plan.stand_in(&[("digits", "handwritten digits")]));
    let set = &plan.experiment.dataset[0];
    assert_eq!(
        (set.name.as_str(), set.title.as_deref()),
        ("digits", Some("synthetic stand-in for handwritten digits"))
    );
    assert_eq!(set.request()["generator"], "low-rank");
    assert_eq!(plan.experiment.claim.len(), 1, "a comparison may be made on any data");
    assert!(
        plan.notes.iter().any(|note| note == "not claimed of a stand-in: so it is at_most = 0.1"),
        "{:?}",
        plan.notes
    );
    let again = planned(&plan.experiment.to_toml().expect("a form in TOML"));
    assert_eq!(again.experiment.dataset, plan.experiment.dataset);
}

#[test]
fn every_run_is_in_one_block_with_its_like() {
    let plan = planned(&SMALL.replace("seeds = 3", "seeds = 3\nrepetitions = 2\nthreads = [1, 2]"));
    let blocks = plan.blocks();
    let mut all: Vec<usize> = blocks.iter().flat_map(|block| block.cells.clone()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..plan.cells.len()).collect::<Vec<_>>());
    for block in &blocks {
        assert_eq!(block.cells.len(), 2);
        for cell in block.cells.iter().map(|&index| &plan.cells[index]) {
            assert_eq!((cell.rank, cell.seed, cell.repetition), (block.rank, block.seed, block.repetition));
            assert_eq!((&cell.init, cell.threads), (&block.init, block.threads));
        }
    }
}

const MANY: &str = r#"
name = "many"
[[dataset]]
name = "digits"
[sweep]
rank = 4
seeds = 20
[stop]
iterations = 5
[[algorithm]]
name = "mu"
[[algorithm]]
name = "als"
[[algorithm]]
name = "hals"
[[algorithm]]
name = "pgd"
"#;

fn orders(text: &str) -> Vec<Vec<String>> {
    let plan = planned(text);
    let names = |block: &Block| block.cells.iter().map(|&index| plan.cells[index].label.clone()).collect();
    plan.blocks().iter().map(names).collect()
}

#[test]
fn orders_vary_and_every_second_one_is_reversed() {
    let orders = orders(MANY);
    assert_eq!(orders.len(), 20);
    for pair in orders.chunks(2) {
        let backwards: Vec<String> = pair[0].iter().rev().cloned().collect();
        assert_eq!(pair[1], backwards);
    }
    let mut firsts: BTreeMap<&str, usize> = BTreeMap::new();
    for order in &orders {
        *firsts.entry(&order[0]).or_default() += 1;
    }
    assert!(firsts.len() >= 3, "{firsts:?}");
}

#[test]
fn the_order_depends_on_the_base_seed_and_not_on_the_file() {
    let swapped = MANY.replace("\"mu\"", "\"#\"").replace("\"pgd\"", "\"mu\"").replace("\"#\"", "\"pgd\"");
    assert_eq!(orders(MANY), orders(&swapped));
    assert_eq!(orders(MANY), orders(MANY));
    assert_ne!(orders(MANY), orders(&MANY.replace("rank = 4", "rank = 4\nbase_seed = 1")));
}

#[test]
fn ranks_beyond_the_data_are_marked_in_the_file() {
    let plan = planned(SMALL);
    assert!(plan.check_shapes(&[(64, 8)], &Words).is_ok());
    let report = plan.check_shapes(&[(64, 7)], &Words).expect_err("8 > 7");
    let marks = marks(&report);
    assert_eq!(marks.len(), 1, "once, not once per run: {marks:?}");
    assert_eq!(marks[0].0, "8");
    assert!(marks[0].1.contains("rank 8 is too large for `digits`: expected at most 7, the smaller side of 64×7"));
}

#[test]
fn parameters_that_do_not_fit_the_data_are_marked() {
    let text = format!("{SMALL}[[algorithm]]\nname = \"rhals\"\noversampling = 30\n").replace("[4, 8]", "[4]");
    let report = planned(&text).check_shapes(&[(64, 32)], &Words).expect_err("4 + 30 > 32");
    assert_eq!(marks(&report)[0].0, "30");
    let default = text.replace("oversampling = 30\n", "");
    let report = planned(&default).check_shapes(&[(64, 22)], &Words).expect_err("4 + 20 > 22");
    assert_eq!(marks(&report)[0].0, "\"rhals\"", "a default is marked at the name");
}

#[test]
fn sizes_beyond_reason_are_refused() {
    let text = SMALL.replace("seeds = 3", "seeds = 1000000");
    assert!(refused(&text).problems()[0].message().contains("more than 1000000 runs"));
}

/// Everything a file can say.
const FULL: &str = r#"
name = "full"
question = "Everything?"
objective = "frobenius"
factors = "none"
[[dataset]]
name = "digits"
title = "Digits"
[[dataset]]
path = "x.npz"
key = "A"
transpose = true
samples = "rows"
pixels = "column-major"
scale = "max"
image = [8, 9]
[[dataset]]
name = "made"
generator = "low-rank"
m = 30
n = 40
rank = 5
noise = 0.5
[sweep]
rank = 10
init = ["random", { w = "W.npy", h = "H.npy" }]
seeds = [3, 5]
base_seed = 11
precision = ["f64", "f32"]
threads = [1, 2]
repetitions = 2
[stop]
iterations = 500
seconds = 10
flops = 2e10
kkt = 1e-6
relative_change = 1e-9
timeout = 60
[checkpoints]
every = 10
[targets]
gap = [0.1, 0.01]
[[algorithm]]
name = "a-hals"
label = "A-HALS"
alpha = [0.5, 1]
restart = true
[[figure]]
kind = "time-to-target"
x = "flops"
targets = [0.1]
[[exclude]]
reason = "too slow"
dataset = "made"
threads = [2]
[quick]
stop.seconds = 1
"#;

/// A small file with another objective and the algorithms that descend it.
fn minimising(objective: &str, algorithms: &str) -> String {
    let head = SMALL.split("[[algorithm]]").next().unwrap_or_default();
    let head = head.replacen("name = \"small\"", &format!("name = \"small\"\nobjective = {objective}"), 1);
    format!("{head}{algorithms}")
}

#[test]
fn the_objective_reaches_the_parameters_that_follow_from_it() {
    let beta = |objective: &str, algorithms: &str| {
        let plan = planned(&minimising(objective, algorithms));
        (plan.experiment.objective, plan.cells[0].parameters["beta"].as_f64().expect("a number"))
    };
    let plain = "[[algorithm]]\nname = \"mu-beta\"";
    let divergence = [
        ("{ beta = 1.5 }", Objective::Beta(1.5), 1.5),
        ("{ beta = 1 }", Objective::KullbackLeibler, 1.0),
        ("{ beta = -0.0 }", Objective::ItakuraSaito, 0.0),
        ("\"itakura-saito\"", Objective::ItakuraSaito, 0.0),
        ("\"frobenius\"", Objective::Frobenius, 2.0),
    ];
    for (text, objective, value) in divergence {
        assert_eq!(beta(text, plain), (objective, value), "{text}");
        assert_eq!(beta(text, &format!("{plain}\nbeta = {value:?}")), (objective, value), "written out: {text}");
    }
    let keys: Vec<String> = ["{ beta = 1 }", "\"kullback-leibler\"", "{ beta = 1.5 }"]
        .iter()
        .map(|objective| planned(&minimising(objective, plain)))
        .map(|plan| plan.key(&plan.cells[0], "d", None))
        .collect();
    assert_eq!(keys[0], keys[1], "two ways to write one thing");
    assert_ne!(keys[0], keys[2]);
}

#[test]
fn written_as_toml_it_reads_back_to_the_same() {
    let divergence = minimising("{ beta = 1.5 }", "[[algorithm]]\nname = \"mu-beta\"");
    for text in [FULL, SMALL, MANY, &divergence] {
        let plan = planned(text);
        let toml = plan.experiment.to_toml().expect("it can be written");
        let again = planned(&toml);
        assert_eq!(again.experiment, plan.experiment, "{toml}");
        assert_eq!(again.cells, plan.cells);
    }
    let toml = planned(SMALL).experiment.to_toml().expect("it can be written");
    assert!(toml.contains("alpha = 0.5") && toml.contains("growth = 1.25"), "defaults are written out: {toml}");
}

#[test]
fn the_plan_is_json() {
    let json = serde_json::to_value(planned(FULL)).expect("it can be written");
    assert_eq!(json["experiment"]["stop"]["flops"], json!(2e10));
    assert_eq!(json["cells"][0]["init"], json!("random"));
    assert_eq!(json["cells"][0]["label"], json!("A-HALS (alpha=0.5)"));
    assert_eq!(json["cells"][0]["precision"], json!("f64"));
    assert_eq!(json["excluded"][0]["reason"], json!("too slow"));
    assert!(json.get("source").is_none() && json.get("origins").is_none());
}

#[test]
fn a_file_is_loaded_with_its_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("e.toml");
    std::fs::write(&path, SMALL.replace("name = \"digits\"", "path = \"x.npy\"")).expect("a file");
    std::fs::write(folder.path().join("x.npy"), "").expect("a file");
    let plan = load(&path, &Options::default(), &Words).expect("fits");
    let DataSource::File(file) = &plan.experiment.dataset[0].source else { panic!("a file") };
    assert_eq!(plan.experiment.locate(&file.path), folder.path().join("x.npy"));
}

#[test]
fn defaults_fit_their_own_keys() {
    for section in schema::SECTIONS.iter().chain([&schema::ROOT]) {
        for key in section.keys.iter().filter(|key| key.default.is_some()) {
            let mut checker = Checker { vocabulary: &Words, folder: None, edited: false, problems: Vec::new() };
            assert!(!checker.default(key).is_empty(), "{}", key.name);
            assert!(checker.problems.is_empty(), "{:?}", checker.problems);
        }
    }
}

#[test]
fn the_experiments_that_come_along_are_right() {
    let texts = [
        include_str!("../../../experiments/faces.toml"),
        include_str!("../../../experiments/digits.toml"),
        include_str!("../../../experiments/swimmer.toml"),
        include_str!("../../../experiments/faces-orl.toml"),
        include_str!("../../../experiments/faces-cbcl.toml"),
    ];
    for text in texts {
        assert!(text.starts_with("# ") && text.lines().next().is_some_and(|line| line.ends_with('?')));
        let plan = planned(text);
        assert!(plan.experiment.question.is_some() && !plan.experiment.figure.is_empty());
        let quick = super::plan(&source(text), &Options { quick: true, ..Options::default() }, &Words);
        let quick = quick.unwrap_or_else(|report| panic!("{}", shown(report)));
        assert!(quick.cells.len() < plan.cells.len());
    }
    // 2 ranks × 4 algorithms × (5 seeds from random, 1 start from nndsvda).
    assert_eq!(planned(texts[0]).cells.len(), 48);
}

#[test]
fn the_schema_for_editors_says_what_the_check_says() {
    let schema = json_schema(&Words);
    assert_eq!(schema["required"], json!(["name", "dataset", "sweep", "stop", "algorithm"]));
    assert_eq!(schema["properties"]["stop"]["properties"]["seconds"]["exclusiveMinimum"], json!(0.0));
    assert_eq!(schema["properties"]["sweep"]["required"], json!(["rank"]));
    let entries = schema["properties"]["algorithm"]["items"]["oneOf"].as_array().expect("one for each algorithm");
    let accelerated = entries.iter().find(|entry| entry["title"] == "a-hals").expect("listed");
    let alpha = &accelerated["properties"]["alpha"];
    assert_eq!(alpha["oneOf"][0], json!({"type": "number", "exclusiveMinimum": 0.0, "maximum": 10.0, "default": 0.5}));
    assert_eq!(alpha["description"], "the alpha of the method");
    assert!(schema["properties"]["dataset"]["items"]["properties"]["noise"].is_object());
    // Every key of a file that says everything is known to the schema.
    let tree = toml::from_str::<Value>(FULL).expect("TOML");
    for (name, value) in tree.as_object().expect("a table") {
        let known = &schema["properties"][name];
        assert!(known.is_object(), "{name}");
        let keys = value.as_array().and_then(|entries| entries.first()).unwrap_or(value).as_object();
        for key in keys.into_iter().flat_map(Map::keys).filter(|_| name != "quick" && name != "algorithm") {
            let known = known.get("items").unwrap_or(known);
            assert!(known["properties"][key].is_object(), "{name}.{key}");
        }
    }
}

#[test]
fn the_reference_has_a_row_for_each_key() {
    let text = reference(&Words);
    assert!(text.contains("| `rank` | an integer of at least 1; or a list: each of these | required |"), "{text}");
    assert!(text.contains("## `[[algorithm]]`") && text.contains("| `growth` | a number above 1 |"));
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    let keys: usize = schema::SECTIONS.iter().chain([&schema::ROOT]).map(|section| section.keys.len()).sum();
    assert_eq!(rows, keys);
    assert!(text.lines().filter(|line| line.starts_with("| `")).all(|line| line.matches(" | ").count() == 3));
}
