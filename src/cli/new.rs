//! `new`: the file, the row and the test of an algorithm of one's own, or an experiment.

use super::{Failure, out};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum What {
    /// In a checkout of nmfbench: a file that works and waits to be changed, its row in the table, and its test
    Algorithm {
        /// As experiments will call it: lower-case letters, digits and hyphens
        name: String,
        /// It improves one factor from a Gram matrix and a cross product (the default)
        #[arg(long, conflicts_with = "algorithm")]
        rule: bool,
        /// It is a whole method
        #[arg(long)]
        algorithm: bool,
        /// The checkout
        #[arg(long, value_name = "DIR", default_value = ".")]
        into: PathBuf,
    },
    /// An experiment file to fill in
    Experiment {
        /// Its name, and that of its results
        name: String,
        /// Where to put it
        #[arg(long, value_name = "DIR", default_value = ".")]
        into: PathBuf,
    },
}

pub(super) fn new(what: &What) -> Result<ExitCode, Failure> {
    let told = match what {
        What::Algorithm { name, algorithm: true, into, .. } => algorithm(name, &WHOLE, into),
        What::Algorithm { name, into, .. } => algorithm(name, &RULE, into),
        What::Experiment { name, into } => experiment(name, into),
    };
    out(&told.map_err(Failure::bad_data)?);
    Ok(ExitCode::SUCCESS)
}

/// One of the two doors for an author.
struct Door {
    template: &'static str,
    /// The folder of such files, in algorithms/src.
    folder: &'static str,
    /// The type in the row.
    row: fn(&str) -> String,
    cost: &'static str,
}

const RULE: Door = Door {
    template: include_str!("../../algorithms/templates/rule.rs"),
    folder: "rules",
    row: |name| format!("Alternating<crate::{name}>"),
    cost: "2pk² + 4pk for each factor X (p×k)",
};
const WHOLE: Door = Door {
    template: include_str!("../../algorithms/templates/algorithm.rs"),
    folder: "joint",
    row: |name| format!("crate::{name}"),
    cost: "(m + n)(2k² + 4k)",
};
const TWIN: &str = include_str!("../../algorithms/templates/twin.rs");

/// Writes all or nothing; says what was written and what comes next.
fn algorithm(name: &str, door: &Door, checkout: &Path) -> Result<String, String> {
    check_name(name)?;
    let (module, kind) = (name.replace('-', "_"), camel(name));
    let source = checkout.join("algorithms/src");
    let file = source.join(door.folder).join(format!("{module}.rs"));
    let test = checkout.join(format!("algorithms/tests/{module}.rs"));
    let [list, lib, table] =
        [source.join(door.folder).join("mod.rs"), source.join("lib.rs"), source.join("registry.rs")];
    if !table.exists() {
        return Err(format!(
            "{} is no checkout of nmfbench (no {}); in a program of your own begin with examples/custom_algorithm.rs",
            checkout.display(),
            table.display()
        ));
    }
    if let Some(taken) = [&file, &test].into_iter().find(|path| path.exists()) {
        return Err(format!("{} is there already", taken.display()));
    }
    let row = format!(
        "    entry::<{}>(\"{name}\", \"what it is, in a few words\", \"Author (2000), Journal 1\")\n        \
         .explained(include_str!(\"{}/{module}.rs\"), \"{}\"),\n",
        (door.row)(&kind),
        door.folder,
        door.cost
    );
    let edits = [
        (&list, inserted(&list, "mod ", &format!("mod {module};\n"))?),
        (&lib, inserted(&lib, &format!("pub use {}::", door.folder), &format!("pub use {}::{kind};\n", door.folder))?),
        (&table, with_row(&read(&table)?, name, &row)?),
    ];
    let exported = format!("{}\npub use {module}::{kind};\n", edits[0].1.trim_end());
    let code =
        door.template.replace("nmfbench_algorithms::", "crate::").replace("Template", &kind).replace("TEMPLATE", name);
    let writes = [(&file, &code), (&test, &twin(name)), (&list, &exported), (&lib, &edits[1].1), (&table, &edits[2].1)];
    let mut told = String::from("written\n");
    for (path, text) in writes {
        std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        let _ = writeln!(told, "  {}", path.display());
    }
    let _ = write!(
        told,
        "\nIt compiles and works as it is. Put your method in its place, then:\n  cargo fmt\n  cargo test -p \
         nmfbench-algorithms --test {module}\n  cargo run --release -- verify {name}\n  UPDATE_DOCS=1 cargo test --lib \
         reference"
    );
    Ok(told)
}

/// The test: the twin of the template, on the row of the table.
fn twin(name: &str) -> String {
    format!(
        "//! `{name}`: its twin, and what it claims.\n\n\
         use faer::Mat;\n\
         use nmfbench_algorithms::conformance::{{Options, cases, verify}};\n\
         use nmfbench_algorithms::parameters::Table;\n\
         use nmfbench_algorithms::random::key;\n\
         use nmfbench_algorithms::{{Entry, Init, Matrix, Problem, Registry}};\n\n\
         fn row() -> Entry {{\n    *Registry::builtin().get(\"{name}\").expect(\"registered\")\n}}\n\n{TWIN}"
    )
}

/// The row at the end of the table.
fn with_row(text: &str, name: &str, row: &str) -> Result<String, String> {
    if text.contains(&format!("\"{name}\"")) {
        return Err(format!("the table has an algorithm `{name}` already"));
    }
    let begin = text.find("pub static BUILTIN").ok_or("no table `BUILTIN` in registry.rs")?;
    let end = begin + text[begin..].find("\n];").ok_or("the table `BUILTIN` in registry.rs has no end")? + 1;
    Ok(format!("{}{row}{}", &text[..end], &text[end..]))
}

/// The file with a line before the first one that begins so.
fn inserted(path: &Path, before: &str, line: &str) -> Result<String, String> {
    let text = read(path)?;
    let at = text.lines().position(|l| l.starts_with(before));
    let at = at.ok_or_else(|| format!("no line `{before}…` in {}", path.display()))?;
    let (head, tail): (Vec<_>, Vec<_>) = text.split_inclusive('\n').enumerate().partition(|(i, _)| *i < at);
    let join = |lines: Vec<(usize, &str)>| lines.into_iter().map(|(_, l)| l).collect::<String>();
    Ok(format!("{}{line}{}", join(head), join(tail)))
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && !name.ends_with('-') && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!("`{name}` is no name; expected lower-case letters, digits and hyphens, a letter first, as in `a-hals`"))
}

/// `my-method` → `MyMethod`.
fn camel(name: &str) -> String {
    let capital = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
    name.split('-').filter(|part| !part.is_empty()).map(capital).collect()
}

const EXPERIMENT: &str = r#"# The question that this experiment answers, in a sentence.
name = "NAME"
question = "Which algorithm is the soonest within 1 % of the best known objective?"

[[dataset]]
generator = "swimmer"          # or name = "orl" from the catalogue, or path = "matrix.npy"

[sweep]
rank = 16                      # a list means each of these
init = ["random", "nndsvda"]
seeds = 3

[stop]
iterations = 200               # or flops = 2e9, seconds = 10.0, kkt = 1e-6

[[algorithm]]
name = "a-hals"

[[algorithm]]
name = "mu"

[[figure]]
kind = "convergence"
x = "flops"
y = "relative_error"
"#;

fn experiment(name: &str, folder: &Path) -> Result<String, String> {
    check_name(name)?;
    let path = folder.join(format!("{name}.toml"));
    if path.exists() {
        return Err(format!("{} is there already", path.display()));
    }
    let text = EXPERIMENT.replace("NAME", name);
    std::fs::write(&path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    Ok(format!("written\n  {0}\n\nIt runs as it is: `nmfbench check {0}`, then `nmfbench run {0}`.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that a new algorithm touches, as they are here.
    fn checkout() -> tempfile::TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        let from = Path::new(env!("CARGO_MANIFEST_DIR"));
        for folder in ["algorithms/src/rules", "algorithms/src/joint", "algorithms/tests"] {
            std::fs::create_dir_all(copy.path().join(folder)).expect("a folder");
        }
        let lists = ["algorithms/src/rules/mod.rs", "algorithms/src/joint/mod.rs"];
        for file in ["algorithms/src/lib.rs", "algorithms/src/registry.rs"].into_iter().chain(lists) {
            std::fs::copy(from.join(file), copy.path().join(file)).expect("copied");
        }
        copy
    }

    #[test]
    fn a_new_algorithm_is_a_file_a_row_and_a_test() {
        for (door, folder, row) in
            [(&RULE, "rules", "entry::<Alternating<crate::MyOwn>>"), (&WHOLE, "joint", "entry::<crate::MyOwn>")]
        {
            let copy = checkout();
            let told = algorithm("my-own", door, copy.path()).expect("written");
            let text = |file: &str| read(&copy.path().join("algorithms").join(file)).expect("there");
            let code = text(&format!("src/{folder}/my_own.rs"));
            assert!(code.starts_with("//! my-own. Author") && code.contains("for MyOwn {"), "{code}");
            assert!(!code.to_lowercase().contains("template") && !code.contains("nmfbench_algorithms"), "{code}");
            let list = text(&format!("src/{folder}/mod.rs"));
            assert!(list.contains("\nmod my_own;\n") && list.ends_with("pub use my_own::MyOwn;\n"), "{list}");
            assert!(text("src/lib.rs").contains(&format!("\npub use {folder}::MyOwn;\npub use {folder}::")));
            let table = text("src/registry.rs");
            let at = table.find(&format!("    {row}(\"my-own\"")).expect("a row");
            assert!(
                at > table.find("pub static BUILTIN").expect("a table") && at < table.find("\n];").expect("its end")
            );
            assert!(text("tests/my_own.rs").contains("get(\"my-own\")"));
            assert!(told.contains("verify my-own"), "{told}");
            let again = algorithm("my-own", door, copy.path()).expect_err("taken");
            assert!(again.contains("is there already"), "{again}");
        }
    }

    #[test]
    fn names_that_would_not_do_are_refused_and_nothing_is_written() {
        let copy = checkout();
        for (name, words) in [("Mine", "is no name"), ("-x", "is no name"), ("2x", "is no name"), ("hals", "already")] {
            let error = algorithm(name, &WHOLE, copy.path()).expect_err("refused");
            assert!(error.contains(words), "{name}: {error}");
        }
        assert!(read(&copy.path().join("algorithms/src/joint/mod.rs")).is_ok_and(|t| !t.contains("mod hals")));
        let elsewhere = algorithm("mine", &RULE, Path::new("/nowhere")).expect_err("refused");
        assert!(elsewhere.contains("is no checkout") && elsewhere.contains("custom_algorithm"), "{elsewhere}");
    }
}
