//! `paper`: the experiments that regenerate figures of papers, built into the program.

use super::list::plain_table;
use super::{Experiment, Failure, out, run};
use crate::experiment::suggest;
use crate::runner::Options;
use clap::Args;
use nmfbench_algorithms::Registry;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Paper {
    /// Which; without it, the list
    name: Option<String>,
    /// Fetch no data sets that are not here: stand-ins take their place at once
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    how: super::How,
}

macro_rules! papers {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../experiments/papers/", $name, ".toml")))),*]
    };
}

/// The experiments in `experiments/papers/`, by name.
pub(super) const PAPERS: &[(&str, &str)] = papers![
    "lee-seung-1999",
    "lee-seung-2001",
    "donoho-stodden-2003",
    "lin-2007",
    "lin-2007-faces",
    "kim-park-2011",
    "hsieh-dhillon-2011",
    "gillis-glineur-2012",
    "kannan-2018",
    "ang-gillis-2019",
    "gillis-2020-ch8",
    "gillis-2020-mu-floor",
    "gillis-2020-starts",
    "hien-gillis-2021",
];

/// Lists the papers, or makes the runs, tables, figures and claims of one.
pub(super) fn paper(registry: &Registry, asked: Paper) -> Result<ExitCode, Failure> {
    let Some(name) = asked.name else {
        let mut table = plain_table();
        table.set_header(["paper", "what it is"]);
        for (name, text) in PAPERS {
            table.add_row([*name, &headline(text)]);
        }
        out(&table.to_string());
        return Ok(ExitCode::SUCCESS);
    };
    let Some((name, text)) = PAPERS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = PAPERS.iter().map(|(known, _)| *known).collect();
        return Err(Failure::bad_data(format!("unknown paper `{name}`: {}", suggest(&name, &known))));
    };
    let file = PathBuf::from(format!("experiments/papers/{name}.toml"));
    let mut arguments = Experiment { file, text: Some(text), how: asked.how };
    if !asked.offline {
        let plan = run::Asked::read(registry, &arguments)?.plan;
        let absent = run::absent(&plan, &arguments.how);
        let names: Vec<String> = absent.iter().map(|entry| entry.name.clone()).collect();
        super::data::fetch_into(arguments.how.data_dir.as_deref(), &names)?;
    }
    arguments.how.stand_ins = true;
    run::run(registry, &arguments, &Options::default(), false)
}

/// The comment that opens the file, up to its first empty line, on one line.
fn headline(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("# "));
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::vocabulary::Words;
    use crate::experiment::{self, Source, plan};

    #[test]
    fn every_paper_is_a_valid_experiment_with_claims_and_a_headline() {
        for (name, text) in PAPERS {
            let source = Source { name: (*name).into(), text: (*text).into(), folder: None };
            for quick in [false, true] {
                let options = experiment::Options { quick, ..experiment::Options::default() };
                let plan = plan(&source, &options, &Words(&Registry::builtin()));
                let plan = plan.unwrap_or_else(|report| panic!("{name}: {report:?}"));
                assert_eq!(plan.experiment.name, *name);
                assert!(!plan.experiment.claim.is_empty() && !plan.experiment.figure.is_empty(), "{name}");
            }
            assert!(headline(text).len() > 40, "{name}: {}", headline(text));
        }
    }

    #[test]
    fn the_list_is_that_of_the_folder() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/papers");
        let files = std::fs::read_dir(folder).expect("the folder is there").flatten();
        let mut names: Vec<String> =
            files.map(|f| f.path().file_stem().expect("a name").to_string_lossy().into_owned()).collect();
        names.sort();
        let mut known: Vec<&str> = PAPERS.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(names, known);
    }
}
