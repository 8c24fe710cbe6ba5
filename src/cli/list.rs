//! `list` and `info`: everything here is read off the tables that the program itself works from.

use super::vocabulary::{Words, generators};
use super::{Failure, out, reference};
use crate::data::{Entry as DataEntry, catalogue};
use crate::experiment;
use comfy_table::{ContentArrangement, Table, presets};
use miette::miette;
use nmfbench_algorithms::parameters::Field;
use nmfbench_algorithms::{Init, Registry};
use std::fmt::Write;
use std::process::ExitCode;

/// Kinds of things that have names.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub(super) enum What {
    /// Methods
    Algorithms,
    /// Matrices by name, and generators
    Datasets,
    /// Starts
    Inits,
    /// Measures of a run
    Metrics,
    /// Kinds of figures
    Figures,
}

impl What {
    const ALL: [What; 5] = [What::Algorithms, What::Datasets, What::Inits, What::Metrics, What::Figures];

    fn title(self) -> &'static str {
        match self {
            What::Algorithms => "algorithms",
            What::Datasets => "datasets",
            What::Inits => "inits",
            What::Metrics => "metrics",
            What::Figures => "figures",
        }
    }

    /// Name, description and remark of each.
    fn rows(self, registry: &Registry) -> Vec<[String; 3]> {
        let row = |name: &str, summary: &str, remark: &str| [name.to_owned(), summary.to_owned(), remark.to_owned()];
        match self {
            What::Algorithms => registry.entries().iter().map(|e| row(e.name, e.summary, e.source)).collect(),
            What::Datasets => {
                let sets = catalogue().iter().map(|e| row(&e.name, &e.title, &e.shape()));
                let made = generators();
                let made = made.iter().map(|g| row(&format!("generator = \"{}\"", g.name), &g.summary, "any size"));
                sets.chain(made).collect()
            }
            What::Inits => Init::ALL.iter().map(|i| row(i.name(), i.summary(), seed_matters(*i))).collect(),
            What::Metrics => METRICS.iter().map(|(name, text)| row(name, text, "")).collect(),
            What::Figures => FIGURES.iter().map(|(name, text)| row(name, text, "")).collect(),
        }
    }
}

fn seed_matters(init: Init) -> &'static str {
    if init.is_random() { "one for each seed" } else { "one for all seeds" }
}

/// The measures of a run, as figures and tables name them.
pub(super) const METRICS: [(&str, &str); 19] = [
    ("relative_error", "‖A − WH‖_F / ‖A‖_F (not squared)"),
    ("objective", "what the experiment minimises: ½‖A − WH‖²_F, or the β-divergence asked for"),
    ("gap", "(objective − best) / (objective of the start − best); best over all stored runs of the data set and rank"),
    ("kkt_residual", "‖∇ᴾ(W, H)‖_F / ‖∇(W₀, H₀)‖_F at column-balanced factors (Lin 2007; Kim & Park 2008)"),
    ("sparseness_w", "mean over the columns w of W of (√m − ‖w‖₁/‖w‖₂)/(√m − 1) (Hoyer 2004)"),
    ("sparseness_h", "the same over the rows of H"),
    ("dead_components", "components l with w_l = 0 or h_l = 0"),
    ("recovery", "mean over the true parts of the cosine with the column of W matched to it (Hungarian)"),
    ("recovery_least", "the least of these cosines"),
    ("recovery_h", "mean cosine of the true activations with the matched rows of H"),
    ("angle", "mean spectral angle between the true parts and the matched columns of W, in degrees"),
    ("angle_greatest", "the greatest of these angles"),
    ("amari", "how far W⁺·(true W) is from a scaled permutation, 0 to 1 (Amari, Cichocki & Yang 1996)"),
    ("accuracy", "samples in the right class, argmax of ‖w‖h matched to classes (Hungarian; Xu, Liu & Gong 2003)"),
    ("nmi", "mutual information of these clusters and the classes over the mean of their entropies"),
    ("ari", "adjusted Rand index of these clusters and the classes (Hubert & Arabie 1985)"),
    (
        "recognition",
        "samples held out (`test_share`) that the nearest in ‖w‖h, by least squares with W fixed, recognise",
    ),
    ("recognition_gain", "that rate minus the one of as many principal components"),
    ("repairs", "how often a numerical safeguard fired: a lifted pivot, a search without a step"),
];

/// The kinds of figures.
pub(super) const FIGURES: [(&str, &str); 14] = [
    ("convergence", "a measure over seconds, iterations, flops or passes: median and quantile band over the seeds"),
    ("runtime", "seconds per iteration"),
    ("time-to-target", "seconds (or iterations, flops) until the gap to the best known objective is at a target"),
    ("final-error", "where the runs ended"),
    (
        "factors",
        "what was learnt: pictures and reconstructions, topics, spectra and abundances, notes, signature genes",
    ),
    (
        "encoding",
        "pictures: the basis beside vector quantisation and principal components, and a picture as each encodes it",
    ),
    ("ecdf", "the share of problem × target × seed reached within a price, with a bootstrap band"),
    ("profile", "the share within a factor of the least price (Dolan & Moré 2002)"),
    ("data-profile", "the share reached within so many products with A (after Moré & Wild 2009)"),
    ("matrix", "everybody against everybody: median ratios, wins, ties and losses, Holm-corrected paired tests"),
    ("critical-difference", "mean ranks over problems and what cannot be told apart (Demšar 2006)"),
    ("scaling", "seconds per iteration over rank, rows and columns, with fitted exponents"),
    ("breakdown", "milliseconds per iteration by part: products, Gram matrices, updates, other"),
    (
        "over-rank",
        "where the runs ended, over the rank: median and quantile band; a recognition rate beside that of PCA",
    ),
];

pub(super) fn list(registry: &Registry, what: Option<What>, markdown: bool) -> Result<ExitCode, Failure> {
    if markdown {
        if what.is_some_and(|what| what != What::Algorithms) {
            return Err(Failure::bad_data(
                "only algorithms are described in Markdown: `nmfbench list algorithms --markdown`",
            ));
        }
        out(&reference::page(registry));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for kind in What::ALL.into_iter().filter(|kind| what.is_none_or(|w| w == *kind)) {
        if what.is_none() {
            let _ = writeln!(text, "{}", kind.title());
        }
        let mut table = plain_table();
        kind.rows(registry).into_iter().for_each(|row| {
            table.add_row(row);
        });
        let _ = writeln!(text, "{table}\n");
    }
    let _ = write!(text, "`nmfbench info NAME` tells more about any of them.");
    out(&text);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

pub(super) fn info(registry: &Registry, name: &str) -> Result<ExitCode, Failure> {
    let about = |table: &[(&str, &str)], kind: &str| {
        let found = table.iter().find(|row| row.0 == name);
        found.map(|(name, text)| format!("{name}: {kind}\n  {text}"))
    };
    // An algorithm and a start may share their name.
    let texts: Vec<String> = [
        registry.get(name).ok().map(reference::in_words),
        catalogue().iter().find(|e| e.name == name).map(dataset),
        generators().iter().find(|g| g.name == name).map(generator),
        Init::ALL.into_iter().find(|i| i.name() == name).map(init),
        about(&METRICS, "metric"),
        about(&FIGURES, "kind of figure"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if texts.is_empty() {
        return Err(Failure::Invalid(unknown(registry, name)));
    }
    out(&texts.join("\n\n"));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn schema(registry: &Registry, markdown: bool) -> Result<ExitCode, Failure> {
    let words = Words(registry);
    if markdown {
        out(&experiment::reference(&words));
    } else {
        let schema = experiment::json_schema(&words);
        out(&serde_json::to_string_pretty(&schema).map_err(Failure::failed)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(registry: &Registry, name: &str) -> miette::Report {
    let mut near: Vec<(f64, String)> = What::ALL
        .iter()
        .flat_map(|kind| kind.rows(registry))
        .map(|row| (strsim::jaro_winkler(name, &row[0]), row[0].clone()))
        .filter(|(similarity, _)| *similarity > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<String> = near.into_iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    let help = if near.is_empty() {
        "`nmfbench list` shows what there is".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    miette!(help = help, "nothing is called `{name}`")
}

pub(super) fn fields(fields: &[Field]) -> String {
    let mut table = plain_table();
    for f in fields {
        let default = if f.default.is_null() { "required".to_owned() } else { format!("default {}", f.default) };
        table.add_row([f.name.clone(), format!("{}, {default}", f.expectation()), f.doc.clone()]);
    }
    if fields.is_empty() { "  none".into() } else { table.to_string() }
}

pub(super) fn dataset(entry: &DataEntry) -> String {
    let mut text = format!("{}: data set, {}\n  {}\n", entry.name, entry.shape(), entry.title);
    let lines = [
        ("what", &entry.summary),
        ("origin", &entry.origin),
        ("home", &entry.home),
        ("licence", &entry.licence),
        ("cite", &entry.citation),
        ("columns and rows", &entry.orientation),
        ("in the literature", &entry.literature),
        ("to get it", &entry.get),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "  {name}: {value}");
    }
    text
}

fn generator(info: &crate::experiment::GeneratorInfo) -> String {
    format!("{}: generator of data\n  {}\n\nparameters\n{}", info.name, info.summary, fields(&info.fields))
}

fn init(init: Init) -> String {
    format!("{init}: initialisation\n  {}\n  {}", init.summary(), seed_matters(init))
}
