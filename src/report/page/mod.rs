//! `report.html`: one file with all runs in it, for a browser without a network.
//!
//! The page computes medians, profiles and verdicts itself, on what its filters leave visible, by the rules of
//! [`crate::analysis`]; a test holds both together. Tables and verdicts over all runs stand in the page as text.

mod columns;
mod gallery;
mod payload;
mod tables;

use super::rows::Evidence;
use super::{answer, overall, summarize};
use crate::analysis::{BestValues, Finding, NoiseFloor, Problem, on_one_machine, problems};
use crate::figures::{LoadFactors, appearances};
use crate::results::record::Record;
use payload::{MachineFacts, Payload};

/// The modules of the page's script, in the order in which they need each other.
const SCRIPTS: &[&str] = &[
    include_str!("../web/random.js"),
    include_str!("../web/statistics.js"),
    include_str!("../web/curves.js"),
    include_str!("../web/profiles.js"),
    include_str!("../web/words.js"),
    include_str!("../web/data.js"),
    include_str!("../web/state.js"),
    include_str!("../web/charts.js"),
    include_str!("../web/panels.js"),
    include_str!("../web/views.js"),
    include_str!("../web/card.js"),
    include_str!("../web/gallery.js"),
    include_str!("../web/main.js"),
];
const STYLE: &str = include_str!("../web/style.css");
const PAGE: &str = include_str!("../web/page.html");

/// What the page is made of.
pub struct Input<'a> {
    /// The experiment's name.
    pub experiment: &'a str,
    /// What it is to answer; may be empty.
    pub question: &'a str,
    /// The results folder as commands name it.
    pub folder: &'a str,
    /// The runs.
    pub records: &'a [Record],
    /// The best objectives known.
    pub best: &'a BestValues,
    /// The targets ε.
    pub ladder: &'a [f64],
    /// What is known of the noise of machines.
    pub noise: &'a [NoiseFloor],
    /// What is known of a machine, in a line.
    pub machine: &'a dyn Fn(&str) -> String,
    /// The final factors of a run, where they were kept.
    pub factors: Option<&'a LoadFactors<'a>>,
    /// What the runs say of the experiment's claims.
    pub findings: &'a [Finding],
}

/// The page with charts to work with.
#[must_use]
pub fn interactive(input: &Input<'_>) -> String {
    let evidence = evidence(input);
    let answer = answer(&overall(&evidence));
    let ids = machines(input.records);
    let records: Vec<Vec<Record>> = ids.iter().map(|id| of_machine(input.records, id)).collect();
    let groups: Vec<Vec<Problem<'_>>> = records.iter().map(|records| problems(records)).collect();
    let all: Vec<&Problem<'_>> = groups.iter().flatten().collect();
    let facts = ids.iter().map(|id| {
        let (floor, noise) = evidence.floor(id);
        MachineFacts { id: id.clone(), line: (input.machine)(id), floor, noise }
    });
    let columns = columns::columns(&all, input.best);
    let looks = appearances(&all);
    let payload = Payload::new(input, &answer, facts.collect(), &groups, looks, &columns);
    let payload = serde_json::to_vec(&payload).expect("a payload is plain data");
    let (galleries, left_out) = match (input.factors, groups.first()) {
        (Some(load), Some(problems)) => gallery::galleries(problems, load),
        _ => (Vec::new(), 0),
    };
    let galleries = serde_json::to_vec(&(galleries, left_out)).expect("pictures in base64 are plain data");
    let mut data =
        blob("stored-payload", &columns::deflated(&payload)) + &blob("stored-gallery", &columns::deflated(&galleries));
    columns.iter().for_each(|c| data += &blob(&format!("stored-{}", c.name), &c.text));
    let script = format!("<script>\n\"use strict\";\n(() => {{\n{}}})();\n</script>", SCRIPTS.join("\n"));
    page(input, &evidence, &answer, "", &format!("{data}{}\n{script}", library()))
}

/// The page without a script: the answer, the figures given as SVG with their captions, the tables.
#[must_use]
pub fn still(input: &Input<'_>, figures: &[(String, String)]) -> String {
    let evidence = evidence(input);
    let answer = answer(&overall(&evidence));
    let figure = |(svg, caption): &(String, String)| {
        let svg = svg.find("<svg").map_or(svg.as_str(), |at| &svg[at..]);
        format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", tables::escaped(caption))
    };
    page(input, &evidence, &answer, &figures.iter().map(figure).collect::<String>(), "")
}

fn evidence<'a>(input: &Input<'a>) -> Evidence<'a> {
    Evidence { records: input.records, best: input.best, ladder: input.ladder, noise: input.noise }
}

fn page(input: &Input<'_>, evidence: &Evidence<'_>, answer: &str, figures: &str, scripts: &str) -> String {
    let problems = summarize(evidence);
    let machines: String = machines(input.records)
        .iter()
        .map(|id| format!("<li><code>{}</code> {}</li>", tables::escaped(id), tables::escaped(&(input.machine)(id))))
        .collect();
    let parts = [
        ("title", tables::escaped(input.experiment)),
        ("style", STYLE.to_owned()),
        ("question", tables::escaped(input.question)),
        ("answer", tables::escaped(answer)),
        ("kind", if scripts.is_empty() { "still" } else { "interactive" }.to_owned()),
        ("figures", figures.to_owned()),
        ("claims", tables::claims(input.findings)),
        ("tables", tables::problems(&problems)),
        ("machines", machines),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("scripts", scripts.to_owned()),
    ];
    fill(PAGE, &parts)
}

/// The template with `{{name}}` replaced; what is put in is not looked at again.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("the template closes its marks");
        text += before;
        text += &parts.iter().find(|p| p.0 == name).unwrap_or_else(|| panic!("no part is called {name}")).1;
        rest = after;
    }
    text + rest
}

fn blob(id: &str, text: &str) -> String {
    format!("<script type=\"application/octet-stream\" id=\"{id}\">{text}</script>\n")
}

/// plotly.js with its licence, without the typesetter of formulas that comes with it.
fn library() -> String {
    let all = plotly::Plot::offline_js_sources();
    let end = all.find("</script>").map_or(all.len(), |at| at + "</script>".len());
    all[..end].to_owned()
}

/// The machine with the most runs, whose times every other table shows, then the others.
fn machines(records: &[Record]) -> Vec<String> {
    let first = on_one_machine(records).machine;
    let mut others: Vec<String> = records.iter().map(|r| r.machine.clone()).filter(|m| *m != first).collect();
    others.sort();
    others.dedup();
    if records.is_empty() { others } else { [vec![first], others].concat() }
}

fn of_machine(records: &[Record], machine: &str) -> Vec<Record> {
    records.iter().filter(|r| r.machine == machine).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        assert_eq!(fill("a {{x}} b {{y}}", &[("x", "{{y}}".into()), ("y", "2".into())]), "a {{y}} b 2");
    }

    #[test]
    fn the_library_is_one_script_with_its_licence() {
        let library = library();
        assert!(library.starts_with("<script") && library.ends_with("</script>"));
        assert!(library.contains("Licensed under the MIT license"));
    }
}
