//! Data of the fields that factorise: what is measured where the truth is known, and how factors are shown.

mod common;

use common::Bench;

/// A scene, notes, documents and people, each so small that a run takes no time.
const FIELDS: &str = r#"
name = "fields"
question = "What do factors of each field look like?"

[[dataset]]
generator = "hyperspectral"
name = "scene"
m = 20
n = 48
rank = 3
width = 8

[[dataset]]
generator = "notes"
name = "song"
m = 40
n = 50
rank = 3

[[dataset]]
generator = "word-counts"
name = "texts"
m = 60
n = 40
rank = 3

[[dataset]]
generator = "synthetic-faces"
name = "people"
count = 24
people = 4
size = 12
test_share = 0.5

[sweep]
rank = 3
seeds = 2

[stop]
iterations = 60

[[algorithm]]
name = "hals"
[[algorithm]]
name = "mu"

[[figure]]
kind = "factors"
[[figure]]
kind = "encoding"
[[figure]]
kind = "over-rank"
y = "recognition"
[[figure]]
kind = "final-error"
y = "recovery"

[[claim]]
says = "the notes are found"
of = "hals"
measure = "recovery"
dataset = "song"
at_least = 0.5
"#;

/// The columns of a csv by name.
fn column<'c>(csv: &'c str, name: &str) -> Vec<&'c str> {
    let at = csv.lines().next().expect("a header").split(',').position(|c| c == name).expect(name);
    // Nothing before the scores but the parameters is quoted, and these have one entry or none.
    csv.lines().skip(1).map(|line| line.rsplit(',').rev().nth(at).unwrap_or_default()).collect()
}

#[test]
fn each_field_has_its_scores_and_its_pictures() {
    let bench = Bench::with("fields.toml", FIELDS);
    let (out, _) = bench.call(0, &["run", "fields.toml", "--results", "results"]);
    assert!(out.contains("the notes are found") && out.contains("holds"), "{out}");
    let read = |file: &str| std::fs::read_to_string(bench.path(&format!("results/fields/{file}"))).expect(file);
    let scores = read("tables/scores.csv");
    let datasets = column(&scores, "dataset");
    let value = |name: &str, data: &str| -> Vec<Option<f64>> {
        let rows = column(&scores, name).into_iter().zip(&datasets);
        rows.filter(|(_, d)| **d == data).map(|(v, _)| v.parse().ok()).collect()
    };
    for data in ["scene", "song", "texts"] {
        assert!(
            value("recovery", data).iter().all(|v| v.is_some_and(|v| (0.0..=1.0).contains(&v))),
            "{data}\n{scores}"
        );
        assert!(value("angle", data).iter().all(|v| v.is_some_and(|v| (0.0..=90.0).contains(&v))), "{data}");
        assert!(value("accuracy", data).iter().all(Option::is_none), "{data} has no classes");
    }
    for name in ["accuracy", "nmi", "recognition"] {
        assert!(value(name, "people").iter().all(|v| v.is_some_and(|v| (0.0..=1.0).contains(&v))), "{name}\n{scores}");
    }
    for figure in [
        "factors-scene-k3-random-endmembers",
        "factors-song-k3-random-notes",
        "factors-texts-k3-random-topics-hals",
        "factors-texts-k3-random-topics-mu",
        "factors-people-k3-random-basis",
        "encoding-people-k3-random",
        "recognition-over-rank",
    ] {
        let svg = read(&format!("figures/{figure}.svg"));
        assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{figure}");
        assert!(
            !read(&format!("figures/{figure}.csv")).is_empty() && !read(&format!("figures/{figure}.txt")).is_empty()
        );
    }
    let topics = read("figures/factors-texts-k3-random-topics-hals.csv");
    assert_eq!(topics.lines().count(), 1 + 3 * 8, "{topics}");
    assert!(read("figures/recognition-over-rank.csv").contains("PCA"));
    let encoding = read("figures/encoding-people-k3-random.csv");
    let of = |label: &str| -> (f64, Vec<f64>) {
        let row = encoding.lines().find(|line| line.starts_with(label)).expect(label);
        let cells: Vec<&str> = row.split(',').collect();
        (cells[2].parse().expect("an error"), cells[3].split(' ').map(|v| v.parse().expect("a number")).collect())
    };
    let [parts, prototypes, components] = ["hals", "vector quantisation", "principal components"].map(of);
    assert_eq!(prototypes.1.iter().filter(|v| **v != 0.0).count(), 1, "a prototype for each picture");
    assert!(components.1.iter().any(|v| *v < 0.0) && parts.1.iter().all(|v| *v >= 0.0), "{encoding}");
    assert!(parts.0 < 1.0 && prototypes.0 < 1.0 && components.0 < 1.0, "{encoding}");
    // Redrawn from what is stored, without the data.
    bench.call(0, &["figures", "fields.toml", "--results", "results"]);
}

#[test]
fn the_applications_are_right_as_they_come() {
    let bench = Bench::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    for name in ["faces-recognition", "text-topics", "unmixing", "audio"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).expect(name);
        assert!(text.starts_with("# ") && text.lines().next().is_some_and(|line| line.ends_with('?')), "{name}");
        bench.write(&format!("{name}.toml"), text.as_bytes());
        bench.call(0, &["check", &format!("{name}.toml")]);
    }
}

#[test]
fn mistakes_are_shown_at_their_places() {
    let stray = FIELDS.replace("test_share = 0.5", "test_seed = 3").replace("width = 8", "width = 7");
    let bench = Bench::with("fields.toml", &stray);
    let (_, err) = bench.call(2, &["check", "fields.toml"]);
    assert!(err.contains("`test_seed` goes with `test_share`"), "{err}");
    let bench = Bench::with("fields.toml", &FIELDS.replace("people = 4\n", ""));
    let (_, err) = bench.call(2, &["run", "fields.toml", "--results", "results"]);
    assert!(err.contains("the classes of the samples"), "{err}");
}
