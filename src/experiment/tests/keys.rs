//! What changes the key of a run and what does not.

use super::*;
use std::collections::HashSet;

/// The keys of all runs of a text, in no order.
fn keys(text: &str) -> HashSet<String> {
    let plan = planned(text);
    plan.cells.iter().map(|cell| plan.key(cell, "digest", Some("files"))).collect()
}

fn changed(from: &str, to: &str) -> HashSet<String> {
    assert!(SMALL.contains(from), "nothing to replace");
    keys(&SMALL.replacen(from, to, 1))
}

#[test]
fn every_run_has_its_own_key() {
    let plan = planned(SMALL);
    assert_eq!(keys(SMALL).len(), plan.cells.len());
    assert!(keys(SMALL).iter().all(|key| key.len() == 16 && key.chars().all(|c| c.is_ascii_hexdigit())));
}

#[test]
fn what_does_not_touch_the_iterates_does_not_touch_the_key() {
    let base = keys(SMALL);
    assert_eq!(changed("\"small\"", "\"other\"\nquestion = \"why?\"\nfactors = \"none\""), base);
    assert_eq!(changed("[4, 8]", "[8, 4]"), base);
    assert_eq!(changed("[\"random\", \"nndsvda\"]", "[\"nndsvda\", \"random\"]"), base);
    assert_eq!(changed("seeds = 3", "seeds = [0, 1, 2]"), base);
    assert_eq!(changed("name = \"mu\"", "name = \"mu\"\nlabel = \"MU\"\nfloor = 1e-16"), base);
    assert_eq!(changed("name = \"digits\"", "name = \"digits\"\ntitle = \"Digits\""), base);
    assert_eq!(keys(&format!("{SMALL}[targets]\ngap = 0.5\n[[figure]]\nkind = \"runtime\"\n")), base);
    assert_eq!(keys(&format!("{SMALL}[checkpoints]\ngrowth = 1.25\n")), base);
    let swapped = SMALL.replace("\"mu\"", "\"#\"").replace("\"a-hals\"", "\"mu\"").replace("\"#\"", "\"a-hals\"");
    assert_eq!(keys(&swapped), base);
}

#[test]
fn what_determines_the_iterates_changes_every_key() {
    let base = keys(SMALL);
    for (from, to) in [
        ("iterations = 100", "iterations = 101"),
        ("iterations = 100", "iterations = 100\nkkt = 1e-6"),
        ("iterations = 100", "iterations = 100\nflops = 1e9"),
        ("[stop]", "[checkpoints]\nevery = 1\n[stop]"),
        ("seeds = 3", "seeds = 3\nbase_seed = 1"),
        ("seeds = 3", "seeds = 3\nprecision = \"f32\""),
        ("seeds = 3", "seeds = 3\nthreads = 2"),
        ("[4, 8]", "[5, 9]"),
        ("[\"random\", \"nndsvda\"]", "\"nndsvd\""),
    ] {
        assert!(changed(from, to).is_disjoint(&base), "{to} leaves a key as it was");
    }
    let floor = changed("name = \"mu\"", "name = \"mu\"\nfloor = 1e-9");
    assert_eq!(floor.intersection(&base).count(), base.len() / 2, "the runs of mu change, those of a-hals do not");
}

#[test]
fn digests_repetitions_and_seeds_count() {
    let plan = planned(&SMALL.replace("seeds = 3", "seeds = [5, 6]\nrepetitions = 2"));
    let cell = &plan.cells[0];
    assert_ne!(plan.key(cell, "a", None), plan.key(cell, "b", None));
    let all: HashSet<String> = plan.cells.iter().map(|cell| plan.key(cell, "a", None)).collect();
    assert_eq!(all.len(), plan.cells.len());
    let revised = Cell { revision: cell.revision + 1, ..cell.clone() };
    assert_ne!(plan.key(cell, "a", None), plan.key(&revised, "a", None));
    let files = planned(&SMALL.replace("\"random\"", "{ w = \"w.npy\", h = \"h.npy\" }"));
    let cell = files.cells.iter().find(|cell| cell.init.name() == "files").expect("a start from files");
    assert_ne!(files.key(cell, "a", Some("x")), files.key(cell, "a", Some("y")));
}

#[test]
fn a_run_no_seed_reaches_keeps_its_key_when_the_seeds_change() {
    let keys = |seeds: &str| {
        let plan = planned(&SMALL.replace("seeds = 3", &format!("seeds = {seeds}")));
        let still = plan.cells.iter().filter(|cell| !cell.seeded);
        still.map(|cell| plan.key(cell, "a", None)).collect::<Vec<_>>()
    };
    assert_eq!(keys("3").len(), 4);
    assert_eq!(keys("3"), keys("[7, 8]"));
}
