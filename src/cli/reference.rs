//! What there is to tell about an algorithm, from its row and its parameters: for `info`, docs/algorithms.md and the
//! table of the README.

use super::list::fields;
use nmfbench_algorithms::conformance::Property;
use nmfbench_algorithms::parameters::Field;
use nmfbench_algorithms::{Entry, Objective, Registry};
use std::fmt::Write;

/// For `info`.
pub(super) fn in_words(entry: &Entry) -> String {
    let indented =
        |text: &str| text.lines().map(|l| format!("  {l}").trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    let mut text = format!("{}: algorithm\n  {}\n  source: {}\n", entry.name, entry.summary, entry.source);
    let _ = writeln!(text, "  minimises: {}", minimises(entry));
    let _ = writeln!(text, "  claims: {}", claims(entry));
    if !entry.update().is_empty() {
        let _ = writeln!(text, "\nupdate\n{}", indented(&entry.update()));
    }
    if !entry.cost.is_empty() {
        let _ = writeln!(
            text,
            "\ncost of an iteration, beside the two products with A and the Gram matrices\n  {}",
            entry.cost
        );
    }
    let _ = write!(text, "\nparameters\n{}", fields(&entry.fields()));
    text
}

/// The page docs/algorithms.md.
pub(super) fn page(registry: &Registry) -> String {
    let mut text = String::from(
        "# Algorithms\n\n<!-- Made by `nmfbench list algorithms --markdown` from the table of algorithms; a test fails when \
         it is stale. -->\n\nA is m×n, W m×k and H k×n; X stands for either factor (p×k, H as its transpose), Y for the \
         other one, and for the Frobenius norm\nG = YᵀY and C = AY (or AᵀY): with Y fixed, X minimises ½⟨XG, X⟩ − ⟨C, X⟩. \
         Forming these costs 4·nnz·k + 2(m + n)k²\noperations an iteration; the cost given below comes on top. \
         `nmfbench verify` holds each to what it claims.\n",
    );
    for entry in registry.entries() {
        let _ = write!(text, "\n## `{}`: {}\n\n", entry.name, entry.summary);
        let _ = writeln!(text, "- Source: {}", entry.source);
        let _ = writeln!(text, "- Minimises: {}", minimises(entry));
        let _ = writeln!(text, "- Claims: {}", claims(entry));
        if !entry.cost.is_empty() {
            let _ = writeln!(text, "- Cost of an iteration: {}", entry.cost);
        }
        if !entry.update().is_empty() {
            let _ = write!(text, "\n{}\n", entry.update().trim_end());
        }
        let fields = entry.fields();
        if !fields.is_empty() {
            let _ = write!(text, "\n| parameter | default | values | meaning |\n|---|---|---|---|\n");
            for f in &fields {
                let _ =
                    writeln!(text, "| `{}` | {} | {} | {} |", f.name, default(f), cell(&f.expectation()), cell(&f.doc));
            }
        }
    }
    text
}

/// The table of the README.
#[cfg(test)]
fn table(registry: &Registry) -> String {
    let mut text = String::from("| name | method | source |\n|---|---|---|\n");
    for e in registry.entries() {
        let _ = writeln!(text, "| `{}` | {} | {} |", e.name, e.summary, e.source);
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn default(field: &Field) -> String {
    if field.default.is_null() { "none".into() } else { format!("`{}`", field.default) }
}

fn minimises(entry: &Entry) -> String {
    let penalised = entry.fields().iter().any(|f| f.name == "l1_w");
    let plain = match entry.traits.objective {
        Objective::Frobenius => "½‖A − WH‖²_F".to_owned(),
        Objective::KullbackLeibler => "Σ a·log(a/v) − a + v, V = WH (Kullback–Leibler)".to_owned(),
        Objective::ItakuraSaito => "Σ a/v − log(a/v) − 1, V = WH (Itakura–Saito)".to_owned(),
        Objective::Beta(beta) => {
            format!("Σ (a^β + (β − 1)v^β − βav^(β−1)) / (β(β − 1)), V = WH, with β = {beta} unless told otherwise")
        }
    };
    if penalised {
        format!("{plain} + l1_w·Σw + l1_h·Σh + ½·l2_w·‖W‖²_F + ½·l2_h·‖H‖²_F")
    } else {
        plain
    }
}

fn claims(entry: &Entry) -> String {
    let (t, a) = (entry.traits, entry.accepts);
    let said = [
        (t.monotone, "the objective never rises"),
        (!t.monotone && !t.direct, "the objective may rise"),
        (t.direct, "one step does all, and the start is of no matter"),
        (t.stationary, "limit points are stationary"),
        (t.stochastic, "draws random numbers of its own"),
        (t.locks_zeros, "entries that start at 0 stay at their floor for long: avoid `nndsvd`, use `nndsvda`"),
        (a.signed, "takes data of any sign"),
        (a.weighted, "takes weights and missing entries"),
        (a.symmetric_only, "takes symmetric data only"),
    ];
    let said = said.iter().filter(|c| c.0).map(|c| c.1.to_owned());
    let exceptions = Property::ALL.into_iter().filter_map(|p| t.exceptions.of(p));
    let excepted = exceptions.map(|e| match e.with {
        Some(with) => format!("{} only with `{with}` ({})", e.property.sentence(), e.why),
        None => format!("not that {} ({})", e.property.sentence(), e.why),
    });
    said.chain(excepted).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const UPDATE: &str = "UPDATE_DOCS";

    /// The file as it should be; written so when the variable is set.
    fn current(file: &str, expected: impl Fn(&str) -> String) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        let expected = expected(&found);
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &expected).expect("written");
        } else {
            let line = found.lines().zip(expected.lines()).position(|(f, e)| f != e);
            assert!(found == expected, "{file} is stale at line {line:?}: {UPDATE}=1 cargo test --lib reference");
        }
    }

    #[test]
    fn the_page_of_algorithms_is_that_of_the_table() {
        current("docs/algorithms.md", |_| page(&Registry::builtin()));
    }

    #[test]
    fn the_readme_lists_the_table() {
        let (from, to) = ("<!-- algorithms -->\n", "<!-- end of algorithms -->");
        current("README.md", |found| {
            let (before, rest) = found.split_once(from).expect("a mark before the table");
            let (_, after) = rest.split_once(to).expect("a mark after the table");
            format!("{before}{from}{}{to}{after}", table(&Registry::builtin()))
        });
    }

    #[test]
    fn info_tells_what_a_reader_asks() {
        let text = in_words(Registry::builtin().get("a-hals").expect("built in"));
        for part in ["minimises: ½‖A − WH‖²_F + l1_w", "⌊1 + αρ⌋", "cost of an iteration", "never rises", "alpha"]
        {
            assert!(text.contains(part), "no «{part}» in\n{text}");
        }
    }
}
