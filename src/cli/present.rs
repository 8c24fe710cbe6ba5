//! From stored records to tables, summary and figures. Nothing here runs or computes a factorisation.

use crate::analysis::{BestValues, Claim, Finding, NoiseFloor, judge};
use crate::data;
use crate::experiment::Plan;
use crate::figures::{self, Factors, FigureError, FigureSpec, Source, default_figures, export};
use crate::report::{self, Evidence, Headline, TableKind, TableSpec, page};
use crate::results::about::About;
use crate::results::record::{ProgramMode, Record};
use crate::results::store::{Store, StoreError};
use crate::results::tables;
use crate::runner::prepare::{Prepared, about_path, matrix_path};
use console::Term;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The stored runs of a plan, called as the plan calls them.
pub(super) struct Kept {
    pub(super) records: Vec<Record>,
    /// Runs of the plan that are not stored.
    pub(super) missing: usize,
}

/// Writes what was asked, resolved, and the key of each run.
pub(super) fn save_plan(plan: &Plan, prepared: &Prepared, store: &Store) -> Result<(), StoreError> {
    let keys: Vec<String> = plan.cells.iter().map(|cell| prepared.key(plan, cell)).collect();
    let mut text = serde_json::to_vec_pretty(&json!({ "plan": plan, "keys": keys })).expect("a plan is plain data");
    text.push(b'\n');
    store.write("plan.json", &text)?;
    let toml = plan.experiment.to_toml().expect("a checked experiment has a form in TOML");
    store.write("experiment.toml", toml.as_bytes())
}

impl Kept {
    /// After a run, whose data are at hand.
    pub(super) fn of_run(plan: &Plan, prepared: &Prepared, store: &Store) -> Self {
        let keys = plan.cells.iter().map(|cell| Some(prepared.key(plan, cell)));
        Kept::load(plan, keys, store)
    }

    /// From the stored plan alone, without the data.
    pub(super) fn stored(plan: &Plan, store: &Store) -> Result<Self, String> {
        let path = store.path("plan.json");
        let text = std::fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let stored: Value =
            serde_json::from_slice(&text).map_err(|e| format!("{} is not a plan: {e}", path.display()))?;
        let now = json!(plan);
        for (part, shown) in [
            ("objective", "the objective"),
            ("stop", "[stop]"),
            ("checkpoints", "[checkpoints]"),
            ("dataset", "[dataset]"),
            ("timing", "the timing"),
        ] {
            if stored["plan"]["experiment"][part] != now["experiment"][part] {
                return Err(format!("{shown} of the file is no longer what the stored runs were made with"));
            }
        }
        let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
        let (cells, keys) = (list(&stored["plan"]["cells"]), list(&stored["keys"]));
        // Labels are for legends only: a changed one does not make another run.
        let bare = |mut cell: Value| {
            cell.as_object_mut().map(|c| c.remove("label"));
            cell
        };
        let cells: Vec<Value> = cells.into_iter().map(bare).collect();
        let find = |cell: Value| {
            let at = cells.iter().position(|c| *c == cell)?;
            keys.get(at)?.as_str().map(str::to_owned)
        };
        let keys: Vec<Option<String>> = plan.cells.iter().map(|cell| find(bare(json!(cell)))).collect();
        Ok(Kept::load(plan, keys.into_iter(), store))
    }

    fn load(plan: &Plan, keys: impl Iterator<Item = Option<String>>, store: &Store) -> Self {
        let mut kept = Kept { records: Vec::new(), missing: 0 };
        for (cell, key) in plan.cells.iter().zip(keys) {
            let made = key.map(|key| store.load_variants(&key)).unwrap_or_default();
            kept.missing += usize::from(made.is_empty());
            for record in made {
                let dataset = &plan.experiment.dataset[cell.dataset];
                let restarts = record.program.as_ref().is_some_and(|p| p.mode == ProgramMode::Restart);
                let mut record = Record {
                    label: if restarts { format!("{} (re-run)", cell.label) } else { cell.label.clone() },
                    experiment: plan.experiment.name.clone(),
                    seed: cell.seed,
                    init: cell.init.name().into(),
                    ..record
                };
                record.dataset.name.clone_from(&dataset.name);
                if let Some(title) = &dataset.title {
                    record.dataset.title.clone_from(title);
                }
                kept.records.push(record);
            }
        }
        kept
    }
}

/// Rebuilds `runs.csv`, `traces.csv`, `best.json` and `summary.md`; returns what answers the question on a terminal.
pub(super) fn tables(kept: &Kept, store: &Store, plan: &Plan) -> Result<String, PresentError> {
    store.write("runs.csv", &tables::runs(&kept.records).csv())?;
    store.write("traces.csv", &tables::traces(&kept.records).csv())?;
    let experiment = &plan.experiment;
    let (best, noise) = (best(store)?, noise(store));
    let evidence = Evidence { records: &kept.records, best: &best, ladder: &experiment.targets.gap, noise: &noise };
    let problems = report::summarize(&evidence);
    let answer = report::answer(&report::overall(&evidence));
    let question = experiment.question.as_deref().unwrap_or_default();
    let head = Headline { experiment: &experiment.name, question, answer: &answer };
    let mut summary = report::markdown(&head, &problems);
    let findings = claims(kept, store, plan)?;
    summary.push_str(&report::claims_markdown(&findings));
    let mut machines: Vec<&str> = kept.records.iter().map(|r| r.machine.as_str()).collect();
    machines.sort_unstable();
    machines.dedup();
    summary.push_str("\nMachines:\n\n");
    for id in machines {
        let facts = store.machine(id).map_or_else(|| "facts not stored".into(), |m| m.line());
        summary.push_str(&format!("- {id}: {facts}\n"));
    }
    store.write("summary.md", summary.as_bytes())?;
    write_tables(&evidence, store, plan)?;
    let terminal = Term::stdout();
    let width = terminal.is_term().then(|| terminal.size().1);
    let mut text = report::terminal(&head, &problems, width);
    if !findings.is_empty() {
        text.push_str(&format!("\n{}", report::claims_text(&findings)));
    }
    Ok(text)
}

/// What the stored runs say of the experiment's claims.
pub(super) fn claims(kept: &Kept, store: &Store, plan: &Plan) -> Result<Vec<Finding>, StoreError> {
    Ok(judged(&plan.experiment.claim, &kept.records, &best(store)?))
}

fn judged(claims: &[Value], records: &[Record], best: &BestValues) -> Vec<Finding> {
    let parse = |claim: &Value| serde_json::from_value::<Claim>(claim.clone()).expect("the check knows the keys");
    let claims: Vec<Claim> = claims.iter().map(parse).collect();
    judge(&claims, records, best)
}

/// Writes the tables that the experiment asks for, or the standard set.
fn write_tables(evidence: &Evidence<'_>, store: &Store, plan: &Plan) -> Result<(), PresentError> {
    let asked: Result<Vec<TableSpec>, _> =
        plan.experiment.table.iter().map(|table| serde_json::from_value(table.clone())).collect();
    let asked = asked?;
    let standard = asked.is_empty();
    let specs = if standard { report::default_tables() } else { asked };
    let scored = evidence.records.iter().any(|r| r.last().is_some_and(|end| end.scores.is_some()));
    let mut macros = report::MACROS.to_owned();
    for spec in specs.iter().filter(|spec| scored || !standard || spec.kind != TableKind::Scores) {
        let table = report::write_table(spec, evidence)?;
        let path = |extension: &str| format!("tables/{}.{extension}", table.name);
        store.write(&path("md"), table.markdown.as_bytes())?;
        store.write(&path("csv"), table.csv.as_bytes())?;
        store.write(&path("tex"), table.latex.as_bytes())?;
        macros.push_str(&table.macros);
    }
    Ok(store.write("tables/numbers.tex", macros.as_bytes())?)
}

/// The best objectives known: those stored, and what the stored runs have found since.
fn best(store: &Store) -> Result<BestValues, StoreError> {
    let stored = std::fs::read(store.path("best.json")).ok();
    let mut best: BestValues = stored.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    if best.merge(BestValues::over(&store.load_all()?)) {
        let mut text = serde_json::to_vec_pretty(&best).expect("numbers and names are plain data");
        text.push(b'\n');
        store.write("best.json", &text)?;
    }
    Ok(best)
}

/// The noise floors measured beside this folder of results, one for each machine.
pub(super) fn noise(store: &Store) -> Vec<NoiseFloor> {
    let folder = store.root().parent().map(std::path::Path::to_owned).unwrap_or_default();
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|f| f.path());
    let floors = files.filter(|p| {
        let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.starts_with("noise-") && name.ends_with(".json")
    });
    floors.filter_map(|p| serde_json::from_slice(&std::fs::read(p).ok()?).ok()).collect()
}

/// What an experiment says of itself.
pub(super) struct Purpose {
    pub(super) name: String,
    pub(super) question: String,
    pub(super) ladder: Vec<f64>,
    pub(super) claims: Vec<Value>,
    pub(super) figures: Vec<Value>,
}

/// The form of the report, and where it goes: by default interactive, and into the results folder.
#[derive(Default)]
pub(super) struct Form<'a> {
    pub(super) still: bool,
    pub(super) out: Option<&'a Path>,
}

/// Writes `report.html`; returns where.
pub(super) fn report(
    records: &[Record],
    store: &Store,
    about: &Purpose,
    form: &Form<'_>,
) -> Result<PathBuf, PresentError> {
    let (best, noise) = (best(store)?, noise(store));
    let stored = Stored { store, matrices: RefCell::default() };
    let load = |record: &Record| stored.factors(record);
    let input = page::Input {
        experiment: &about.name,
        question: &about.question,
        folder: &store.root().display().to_string(),
        records,
        best: &best,
        ladder: &about.ladder,
        noise: &noise,
        machine: &|id| store.machine(id).map_or_else(|| "facts not stored".into(), |m| m.line()),
        factors: Some(&load),
        findings: &judged(&about.claims, records, &best),
    };
    let text = if form.still {
        let source = Source {
            records,
            best: &best,
            targets: &about.ladder,
            noise: &noise,
            factors: Some(&load),
            column: Some(&|record, j| stored.column(record, j)),
            about: Some(&|record| stored.about(record)),
        };
        let specs = specs(&about.figures)?;
        let drawn: Result<Vec<_>, _> = specs.iter().map(|spec| figures::render(spec, &source)).collect();
        let drawn: Vec<_> = drawn?.into_iter().flatten().map(|figure| (figure.svg, figure.caption)).collect();
        page::still(&input, &drawn)
    } else {
        page::interactive(&input)
    };
    match form.out {
        Some(path) => {
            std::fs::write(path, text).map_err(|source| PresentError::Write { path: path.to_owned(), source })?
        }
        None => store.write("report.html", text.as_bytes())?,
    }
    Ok(form.out.map_or_else(|| store.path("report.html"), Path::to_owned))
}

/// The figures asked for, or the standard set.
fn specs(asked: &[Value]) -> Result<Vec<FigureSpec>, serde_json::Error> {
    let asked: Vec<FigureSpec> =
        asked.iter().map(|figure| serde_json::from_value(figure.clone())).collect::<Result<_, _>>()?;
    Ok(if asked.is_empty() { default_figures() } else { asked })
}

/// Draws the figures that the experiment asks for, or the standard set; returns how many.
pub(super) fn figures(
    kept: &Kept,
    store: &Store,
    plan: &Plan,
    note: &mut dyn FnMut(&str),
) -> Result<usize, PresentError> {
    let specs = specs(&plan.experiment.figure)?;
    let (best, noise) = (best(store)?, noise(store));
    let stored = Stored { store, matrices: RefCell::default() };
    let source = Source {
        records: &kept.records,
        best: &best,
        targets: &plan.experiment.targets.gap,
        noise: &noise,
        factors: Some(&|record| stored.factors(record)),
        column: Some(&|record, j| stored.column(record, j)),
        about: Some(&|record| stored.about(record)),
    };
    let mut drawn = 0;
    for spec in &specs {
        for figure in figures::render(spec, &source)? {
            let path = |extension: &str| format!("figures/{}.{extension}", figure.name);
            store.write(&path("svg"), figure.svg.as_bytes())?;
            store.write(&path("png"), &export::png(&figure.svg, DOTS_PER_INCH)?)?;
            #[cfg(feature = "pdf")]
            store.write(&path("pdf"), &export::pdf(&figure.svg, &figure.name)?)?;
            store.write(&path("csv"), figure.csv.as_bytes())?;
            store.write(&path("txt"), figure.caption.as_bytes())?;
            note(&format!("  {}", store.path(&path("png")).display()));
            drawn += 1;
        }
    }
    Ok(drawn)
}

/// Resolution of the PNGs: print quality.
const DOTS_PER_INCH: f32 = 300.0;

/// Why tables or figures could not be made.
#[derive(Debug, Error)]
pub(super) enum PresentError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Figure(#[from] FigureError),
    #[error("a figure or table of the experiment cannot be made: {0}")]
    Spec(#[from] serde_json::Error),
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("a table cannot be written: {0}")]
    Table(#[from] csv::Error),
}

/// Factors and data columns from the results folder.
struct Stored<'a> {
    store: &'a Store,
    /// By digest; `None` where the file is not there any more.
    matrices: RefCell<HashMap<String, Option<data::Prepared>>>,
}

impl Stored<'_> {
    fn factors(&self, record: &Record) -> Option<Factors> {
        let path = self.store.path(&record.factors.as_ref()?.path);
        let (w, h) = (data::read_npz_member(&path, "w").ok()?, data::read_npz_member(&path, "h").ok()?);
        Some(Factors { m: w.rows, n: h.columns, k: w.columns, w: w.values, h: h.values })
    }

    /// What is said beside the prepared matrix; nothing where it lies there no longer.
    fn about(&self, record: &Record) -> About {
        let text = std::fs::read(self.store.path(&about_path(&record.dataset))).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn column(&self, record: &Record, j: usize) -> Option<Vec<f64>> {
        let mut matrices = self.matrices.borrow_mut();
        let digest = record.dataset.digest.clone();
        let read = || data::read_prepared(&self.store.path(&matrix_path(&record.dataset))).ok();
        let a = matrices.entry(digest).or_insert_with(read).as_ref()?;
        (j < a.n).then(|| a.values.column(a.m, j))
    }
}
