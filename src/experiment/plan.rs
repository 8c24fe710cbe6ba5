//! The runs of an experiment: the product of its axes, what is left out and why, and the order of the rest.

use super::axis::{Axis, Filter, only};
use super::build::Origins;
use super::key;
use super::model::{Dataset, Experiment, External, Init, Precision, Variant};
use super::report::{Problem, Report};
use super::vocabulary::Vocabulary;
use nmfbench_algorithms::Shape;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// More runs than anybody waits for: a slip in a list.
const MOST_CELLS: u128 = 1_000_000;

/// What is to be run.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// What was asked.
    pub experiment: Experiment,
    /// The runs.
    pub cells: Vec<Cell>,
    /// What a reader of the results has to know.
    pub notes: Vec<String>,
    /// What was left out, and why.
    pub excluded: Vec<Excluded>,
    #[serde(skip)]
    pub(crate) origins: Origins,
    /// Name and text of the file, for reports after the data are loaded.
    #[serde(skip)]
    pub(crate) source: (String, String),
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// Index into [`Experiment::dataset`].
    pub dataset: usize,
    /// The rank k.
    pub rank: usize,
    /// How it starts.
    pub init: Init,
    /// The seed; the first of the sweep where none matters.
    pub seed: u64,
    /// Whether the seed changes anything: the start is random or the algorithm draws.
    pub seeded: bool,
    /// Counts from 0.
    pub repetition: u32,
    /// What the solver computes in.
    pub precision: Precision,
    /// How many threads it may use.
    pub threads: usize,
    /// The registered name.
    pub algorithm: String,
    /// What legends call it.
    pub label: String,
    /// As resolved by the algorithm.
    pub parameters: Map<String, Value>,
    /// The algorithm's revision.
    pub revision: u32,
    /// The program that runs it, if it is not a registered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<External>,
    /// The same run once more under another label, see [`Plan::with_twins`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub twin: bool,
}

/// A run that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Which.
    pub cell: String,
    /// Why.
    pub reason: String,
}

/// Runs that belong together: the same problem and start, every algorithm once, in the order to run them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Block {
    /// Index into [`Experiment::dataset`].
    pub dataset: usize,
    /// The rank k.
    pub rank: usize,
    /// How its runs start.
    pub init: Init,
    /// The seed.
    pub seed: u64,
    /// Counts from 0.
    pub repetition: u32,
    /// What the solvers compute in.
    pub precision: Precision,
    /// How many threads they may use.
    pub threads: usize,
    /// Indices into [`Plan::cells`].
    pub cells: Vec<usize>,
}

impl Plan {
    /// Multiplies the axes out.
    ///
    /// # Errors
    /// When nothing is left to run, an exclusion has no object, or `--only` names what is not there.
    pub(crate) fn expand(
        experiment: Experiment,
        origins: Origins,
        arguments: &[String],
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, Vec<Problem>> {
        let selected = only(arguments, &experiment)?;
        let random: Vec<bool> = randomness(&experiment, vocabulary);
        let mut notes = Vec::new();
        let mut excluded = Vec::new();
        let mut problems = Vec::new();
        let all = product(&experiment, &random)?;
        note_collapse(&all, &experiment, &mut notes);
        let filters: Vec<Filter> = experiment.exclude.iter().map(exclusion).collect();
        for (index, filter) in filters.iter().enumerate() {
            if all.iter().all(|cell| !excludes(filter, cell, &experiment)) {
                let reason = &experiment.exclude[index].reason;
                notes.push(format!("an exclusion leaves nothing out ({reason})"));
            }
        }
        let mut cells = Vec::new();
        for cell in all {
            let hit = filters.iter().position(|filter| excludes(filter, &cell, &experiment));
            match hit {
                Some(index) => excluded.push(Excluded {
                    cell: cell.summary(&experiment),
                    reason: experiment.exclude[index].reason.clone(),
                }),
                None => cells.push(cell),
            }
        }
        if cells.is_empty() {
            problems.push(Problem::new("every run is excluded").help("[[exclude]] leaves nothing to run"));
        } else if !selected.is_empty() {
            let before = cells.len();
            cells.retain(|cell| selected.fits(cell, &experiment));
            notes.push(format!("--only {}: {} of {before} runs", arguments.join(" --only "), cells.len()));
            if cells.is_empty() {
                let message = format!("--only {} leaves nothing to run", arguments.join(" --only "));
                problems.push(Problem::new(message).help("the values exist, but not together"));
            }
        }
        if problems.is_empty() {
            Ok(Self { experiment, cells, notes, excluded, origins, source: Default::default() })
        } else {
            Err(problems)
        }
    }

    /// Puts the declared stand-ins in the place of these data sets of the catalogue (name and title each). A bound that was
    /// claimed of one of them is claimed no more: it was for the real data.
    ///
    /// Returns whether any was replaced.
    pub fn stand_in(&mut self, absent: &[(&str, &str)]) -> bool {
        let Experiment { dataset, stand_in, .. } = &mut self.experiment;
        let mut replaced: Vec<&str> = Vec::new();
        stand_in.retain(|stand_in| {
            let set = absent.iter().find(|set| set.0 == stand_in.instead_of);
            let place = dataset.iter_mut().find(|dataset| dataset.name == stand_in.instead_of);
            let (Some(&(name, title)), Some(dataset)) = (set, place) else { return true };
            *dataset = Dataset {
                name: name.into(),
                title: Some(format!("synthetic stand-in for {title}")),
                transpose: None,
                scale: None,
                weights: None,
                preprocess: stand_in.preprocess.clone(),
                held_out: Map::new(),
                source: stand_in.source.clone(),
            };
            self.notes.push(format!("`{name}` is not on this machine: a synthetic stand-in takes its place"));
            replaced.push(name);
            false
        });
        let concerns = |claim: &Value| {
            let of = claim["dataset"].as_array();
            of.is_none_or(|sets| sets.iter().any(|set| set.as_str().is_some_and(|set| replaced.contains(&set))))
        };
        let notes = &mut self.notes;
        self.experiment.claim.retain(|claim| {
            let bound = !claim["at_least"].is_null() || !claim["at_most"].is_null();
            let keep = !bound || replaced.is_empty() || !concerns(claim);
            if !keep {
                notes.push(format!("not claimed of a stand-in: {}", claim["says"].as_str().unwrap_or_default()));
            }
            keep
        });
        !replaced.is_empty()
    }

    /// The same plan with every run twice in its block, the second under its label and `mark`: an A/A experiment, called
    /// by this name.
    #[must_use]
    pub fn with_twins(mut self, name: &str, mark: &str) -> Self {
        self.experiment.name = name.into();
        let mut cells: Vec<Cell> = Vec::with_capacity(2 * self.cells.len());
        let mut block = 0;
        for cell in self.cells {
            if cells.get(block).is_some_and(|first| !Block::of(first, 0).holds(&cell)) {
                add_twins(&mut cells, block, mark);
                block = cells.len();
            }
            cells.push(cell);
        }
        add_twins(&mut cells, block, mark);
        self.cells = cells;
        self
    }

    /// The runs in blocks, in the order to run them. Inside a block the order is drawn from the base seed and the
    /// block's axis values; every second block runs its predecessor's order backwards where both hold the same
    /// algorithms, so that a drift of the machine favours none.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            match blocks.last_mut() {
                Some(block) if block.holds(cell) => block.cells.push(index),
                _ => blocks.push(Block::of(cell, index)),
            }
        }
        for index in 0..blocks.len() {
            let (before, rest) = blocks.split_at_mut(index);
            let block = &mut rest[0];
            self.shuffle(block);
            if let (1, Some(previous)) = (index % 2, before.last()) {
                let backwards: Option<Vec<usize>> = previous
                    .cells
                    .iter()
                    .rev()
                    .map(|&there| {
                        block.cells.iter().copied().find(|&here| self.cells[here].label == self.cells[there].label)
                    })
                    .collect();
                if let Some(order) = backwards.filter(|order| order.len() == block.cells.len()) {
                    block.cells = order;
                }
            }
        }
        blocks
    }

    fn shuffle(&self, block: &mut Block) {
        let text = |index: &usize| {
            let cell = &self.cells[*index];
            (cell.algorithm.clone(), key::canonical(&Value::Object(cell.parameters.clone())))
        };
        // From one order whatever the order in the file.
        block.cells.sort_by_cached_key(text);
        let numbers = [block.rank as u64, block.seed, u64::from(block.repetition), block.threads as u64];
        let [rank, seed, repetition, threads] = numbers.map(|number| number.to_string());
        let stream = key::stream(
            self.experiment.sweep.base_seed,
            &[
                ("purpose", "order of a block"),
                ("dataset", &self.experiment.dataset[block.dataset].name),
                ("rank", &rank),
                ("init", block.init.name()),
                ("seed", &seed),
                ("repetition", &repetition),
                ("precision", block.precision.name()),
                ("threads", &threads),
            ],
        );
        block.cells.shuffle(&mut ChaCha8Rng::from_seed(stream));
    }

    /// What only the data can tell: ranks beyond min(m, n), and parameters that do not fit the shape. `shapes` are
    /// (m, n) in the order of [`Experiment::dataset`].
    ///
    /// # Errors
    /// All that does not fit, each at its place in the file.
    pub fn check_shapes(&self, shapes: &[(usize, usize)], vocabulary: &dyn Vocabulary) -> Result<(), Report> {
        let mut problems = Vec::new();
        let mut seen = HashSet::new();
        for cell in &self.cells {
            if !seen.insert((cell.dataset, cell.rank, &cell.label)) {
                continue;
            }
            let Some(&(m, n)) = shapes.get(cell.dataset) else { continue };
            let name = &self.experiment.dataset[cell.dataset].name;
            if cell.rank > m.min(n) {
                let message = format!(
                    "rank {} is too large for `{name}`: expected at most {}, the smaller side of {m}×{n}",
                    cell.rank,
                    m.min(n)
                );
                let span = self.experiment.sweep.rank.iter().position(|rank| *rank == cell.rank);
                let problem = Problem::new(message);
                problems.push(match span.and_then(|index| self.origins.rank.get(index)) {
                    Some(span) => problem.at(span, format!("at most {} for `{name}`", m.min(n))),
                    None => problem,
                });
            } else if let (None, Err(refused)) = (
                &cell.external,
                vocabulary.resolve(&cell.algorithm, &cell.parameters, Some(Shape { m, n, rank: cell.rank })),
            ) {
                let message = format!(
                    "{}: `{}`: {} (`{name}`, {m}×{n}, rank {})",
                    cell.label, refused.key, refused.message, cell.rank
                );
                let place = self.origins.variants.get(&cell.label);
                let span = place.map(|(entry, parameters)| parameters.get(&refused.key).unwrap_or(entry));
                let problem = Problem::new(message);
                problems.push(match span {
                    Some(span) => problem.at(span, "does not fit the data"),
                    None => problem,
                });
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Report::new(&self.source.0, &self.source.1, problems)) }
    }

    /// The key of a run: 16 hexadecimal digits over all that determines its iterates, and its repetition.
    /// `dataset` is the digest of the prepared matrix, `init` that of the files of a start from files.
    #[must_use]
    pub fn key(&self, cell: &Cell, dataset: &str, init: Option<&str>) -> String {
        key::key(&self.experiment, cell, dataset, init)
    }
}

impl Cell {
    /// "faces, rank 25, random, seed 0, hals": for messages.
    #[must_use]
    pub fn summary(&self, experiment: &Experiment) -> String {
        let mut words = vec![
            experiment.dataset[self.dataset].name.clone(),
            format!("rank {}", self.rank),
            self.init.name().to_owned(),
        ];
        words.extend(self.seeded.then(|| format!("seed {}", self.seed)));
        words.extend((experiment.sweep.repetitions > 1).then(|| format!("repetition {}", self.repetition)));
        words.extend((experiment.sweep.precision.len() > 1).then(|| self.precision.name().to_owned()));
        words.extend((experiment.sweep.threads.len() > 1).then(|| format!("threads {}", self.threads)));
        words.push(self.label.clone());
        words.join(", ")
    }
}

impl Block {
    fn of(cell: &Cell, index: usize) -> Self {
        Self {
            dataset: cell.dataset,
            rank: cell.rank,
            init: cell.init.clone(),
            seed: cell.seed,
            repetition: cell.repetition,
            precision: cell.precision,
            threads: cell.threads,
            cells: vec![index],
        }
    }

    fn holds(&self, cell: &Cell) -> bool {
        self.dataset == cell.dataset
            && self.rank == cell.rank
            && self.init == cell.init
            && self.seed == cell.seed
            && self.repetition == cell.repetition
            && self.precision == cell.precision
            && self.threads == cell.threads
    }
}

/// For each start of the sweep, whether it is drawn.
fn randomness(experiment: &Experiment, vocabulary: &dyn Vocabulary) -> Vec<bool> {
    let known = vocabulary.inits();
    let random = |init: &Init| match init {
        Init::Named(name) => known.iter().any(|info| info.name == *name && info.random),
        Init::Files { .. } => false,
    };
    experiment.sweep.init.iter().map(random).collect()
}

/// All runs, block by block.
fn product(experiment: &Experiment, random: &[bool]) -> Result<Vec<Cell>, Vec<Problem>> {
    let sweep = &experiment.sweep;
    let variants: Vec<&Variant> = experiment.algorithm.iter().flat_map(|algorithm| &algorithm.variants).collect();
    let sides = [
        experiment.dataset.len(),
        sweep.rank.len(),
        sweep.init.len(),
        sweep.precision.len(),
        sweep.threads.len(),
        sweep.seeds.len(),
        sweep.repetitions as usize,
        variants.len(),
    ];
    let size = sides.iter().try_fold(1_u128, |size, side| size.checked_mul(*side as u128)).unwrap_or(u128::MAX);
    if size > MOST_CELLS {
        let help = "the product of the axes; shorten some";
        return Err(vec![Problem::new(format!("more than {MOST_CELLS} runs: {size}")).help(help)]);
    }
    let mut cells = Vec::new();
    // One index counts through all axes, the last fastest: eight nested loops without the nesting.
    for index in 0..size as usize {
        let mut rest = index;
        let mut at = [0; 8];
        for (digit, side) in at.iter_mut().zip(sides).rev() {
            *digit = rest % side;
            rest /= side;
        }
        let [dataset, rank, init, precision, threads, seed, repetition, variant] = at;
        let variant = variants[variant];
        let seeded = random[init] || variant.stochastic;
        if !seeded && seed > 0 {
            continue;
        }
        cells.push(Cell {
            dataset,
            rank: sweep.rank[rank],
            init: sweep.init[init].clone(),
            seed: sweep.seeds[seed],
            seeded,
            repetition: repetition as u32,
            precision: sweep.precision[precision],
            threads: sweep.threads[threads],
            algorithm: variant.algorithm.clone(),
            label: variant.label.clone(),
            parameters: variant.parameters.clone(),
            revision: variant.revision,
            external: variant.external.clone(),
            twin: false,
        });
    }
    Ok(cells)
}

/// Repeats the cells from `first` on.
fn add_twins(cells: &mut Vec<Cell>, first: usize, mark: &str) {
    let twin = |cell: &Cell| Cell { label: format!("{}{mark}", cell.label), twin: true, ..cell.clone() };
    let twins: Vec<Cell> = cells[first..].iter().map(twin).collect();
    cells.extend(twins);
}

/// Says which runs no seed reaches.
fn note_collapse(cells: &[Cell], experiment: &Experiment, notes: &mut Vec<String>) {
    if experiment.sweep.seeds.len() < 2 {
        return;
    }
    for init in &experiment.sweep.init {
        let mut labels: Vec<&str> = Vec::new();
        for cell in cells.iter().filter(|cell| cell.init == *init && !cell.seeded) {
            if !labels.contains(&cell.label.as_str()) {
                labels.push(&cell.label);
            }
        }
        if !labels.is_empty() {
            let seed = experiment.sweep.seeds[0];
            let labels = labels.join(", ");
            notes.push(format!("{} draws nothing: {labels} run once, as seed {seed}, not once per seed", init.name()));
        }
    }
}

fn exclusion(exclude: &super::model::Exclude) -> Filter {
    let mut filter = Filter::default();
    for (axis, values) in &exclude.axes {
        for value in values {
            filter.add(*axis, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    filter
}

/// A run that no seed reaches is not left out for its seed.
fn excludes(filter: &Filter, cell: &Cell, experiment: &Experiment) -> bool {
    (cell.seeded || !filter.names(Axis::Seed)) && filter.fits(cell, experiment)
}
