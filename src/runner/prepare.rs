//! Data and given factors, loaded and checked before anything runs.

use crate::data::{self, DataError, Dataset, Request, Values};
use crate::experiment::{Cell, External, Init, Plan};
use crate::peers::{self, PeerError};
use crate::results::record::DatasetFacts;
use crate::results::store::{Store, StoreError};
use faer::{Mat, MatRef};
use nmfbench_algorithms::{
    Accepts, Breakdown, Factors, InvalidMatrix, InvalidProblem, Matrix, Problem, Registry, Weighted,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What a plan runs on.
#[derive(Debug)]
pub struct Prepared {
    /// In the order of the experiment.
    pub datasets: Vec<Loaded>,
    given: BTreeMap<(PathBuf, PathBuf), Given>,
    /// How each peer of the plan is launched, by name.
    peers: BTreeMap<String, Vec<String>>,
    /// Where words of a command that name files start.
    folder: Option<PathBuf>,
}

/// One data set in memory.
#[derive(Debug)]
pub struct Loaded {
    /// What records say about it.
    pub facts: DatasetFacts,
    /// A.
    pub matrix: Matrix<f64>,
    /// Parts it was made of, labels, licence; the values themselves have moved into the matrix.
    pub dataset: Dataset,
}

/// A start from files and the digest of their contents.
#[derive(Debug)]
struct Given {
    factors: Factors<f64>,
    digest: String,
}

/// Why data or given factors cannot be used.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// The data could not be loaded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// They are asked for in words that the loaders do not take.
    #[error("{name}: {source}")]
    Request {
        /// The data set.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
    /// They are no matrix to factorise.
    #[error("{name}: {source}")]
    Matrix {
        /// The data set.
        name: String,
        /// Why.
        source: InvalidMatrix,
    },
    /// They are not for one of the methods.
    #[error("{label} cannot run on {name}: {source}")]
    Method {
        /// The method's label.
        label: String,
        /// The data set.
        name: String,
        /// Why.
        source: Breakdown,
    },
    /// See [`Misfit`].
    #[error(transparent)]
    Given(Box<Misfit>),
    /// A peer is not ready to take part.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// Methods that do not take the data.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// The prepared matrix could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The same, by the array's writer.
    #[error("cannot store the prepared matrix: {0}")]
    Write(String),
}

/// Given factors that do not fit the data.
#[derive(Debug, Error)]
#[error("the start from {} and {} does not fit `{name}` at rank {rank}: {source}", w.display(), h.display())]
pub struct Misfit {
    /// The file of W.
    pub w: PathBuf,
    /// The file of H.
    pub h: PathBuf,
    /// The data set.
    pub name: String,
    /// The rank.
    pub rank: usize,
    /// Why.
    pub source: InvalidProblem,
}

impl Prepared {
    /// Loads all data sets and given factors of a plan. `folder` is where data sets are looked for by name.
    ///
    /// # Errors
    /// What cannot be found, read or factorised, by name and position.
    pub fn new(plan: &Plan, folder: Option<&Path>) -> Result<Self, PrepareError> {
        let mut datasets = Vec::new();
        for wanted in &plan.experiment.dataset {
            let loaded = load(&request(plan, wanted)?, wanted, folder)?;
            let finite = plan.experiment.objective.check(&loaded.matrix);
            finite.map_err(|source| PrepareError::Matrix { name: wanted.name.clone(), source })?;
            datasets.push(loaded);
        }
        let mut peers = BTreeMap::new();
        for name in plan.cells.iter().filter_map(|cell| cell.external.as_ref()?.peer.as_ref()) {
            if !peers.contains_key(name) {
                peers.insert(name.clone(), peers::launch(name)?);
            }
        }
        Ok(Prepared { datasets, given: BTreeMap::new(), peers, folder: plan.experiment.folder.clone() })
    }

    /// Checks that each method takes the data that it is to run on.
    ///
    /// # Errors
    /// The first that does not, and why.
    pub fn check_methods(&self, plan: &Plan, registry: &Registry) -> Result<(), PrepareError> {
        let mut seen = BTreeSet::new();
        for cell in plan.cells.iter().filter(|cell| cell.external.is_none()) {
            let method = registry.get(&cell.algorithm).ok().and_then(|entry| entry.parse(&cell.parameters).ok());
            let (Some(method), true) = (method, seen.insert((cell.dataset, &cell.label))) else { continue };
            let Loaded { facts, matrix, .. } = &self.datasets[cell.dataset];
            method.check_data(matrix).map_err(|source| PrepareError::Method {
                label: cell.label.clone(),
                name: facts.name.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// How a program is launched: words that name files of the experiment's folder become absolute paths.
    pub(crate) fn command(&self, external: &External) -> Vec<String> {
        if let Some(peer) = &external.peer {
            return self.peers[peer].clone();
        }
        let absolute = |word: &String| {
            let path = self.folder.as_deref().map_or_else(|| PathBuf::from(word), |folder| folder.join(word));
            let file = path.is_file().then(|| path.canonicalize().ok()).flatten();
            file.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| word.clone())
        };
        external.command.iter().flatten().map(absolute).collect()
    }

    /// (m, n) of each data set.
    #[must_use]
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        self.datasets.iter().map(|d| (d.facts.m, d.facts.n)).collect()
    }

    /// Checks that each method of the plan takes its data.
    ///
    /// # Errors
    /// [`PrepareError::Refused`], with the first entry at fault for each.
    pub fn check_accepted(&self, plan: &Plan, registry: &Registry) -> Result<(), PrepareError> {
        let mut asked: Vec<(usize, &str)> = Vec::new();
        let mut refused = Vec::new();
        for cell in &plan.cells {
            if asked.contains(&(cell.dataset, &cell.algorithm)) {
                continue;
            }
            asked.push((cell.dataset, &cell.algorithm));
            let data = &self.datasets[cell.dataset];
            // Programs of other languages are not told of weights.
            let accepts = registry.get(&cell.algorithm).map_or(Accepts::NONNEGATIVE, |entry| entry.accepts);
            if let Err(source) = accepts.check(&data.matrix) {
                refused.push(format!("`{}` cannot take `{}`: {source}", cell.algorithm, data.facts.name));
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(PrepareError::Refused(refused)) }
    }

    /// Reads the factors that the plan starts from and checks that they fit.
    ///
    /// # Errors
    /// Names the files, and the position of an entry at fault.
    pub fn read_given(&mut self, plan: &Plan) -> Result<(), PrepareError> {
        for cell in &plan.cells {
            let Init::Files { w, h, .. } = &cell.init else { continue };
            let key = (w.clone(), h.clone());
            if !self.given.contains_key(&key) {
                let read = |path: &Path| -> Result<Mat<f64>, DataError> {
                    Ok(to_mat(&data::read_npy(&plan.experiment.locate(path))?))
                };
                let factors = Factors { w: read(w)?, ht: read(h)?.transpose().to_owned() };
                self.given.insert(key.clone(), Given { digest: digest(&factors), factors });
            }
            let data = &self.datasets[cell.dataset];
            let factors = &self.given[&key].factors;
            let fits = Problem::new(&data.matrix, cell.rank, [0; 32])
                .and_then(|p| p.check_factors(&factors.w, &factors.ht.transpose().to_owned()));
            fits.map_err(|source| {
                PrepareError::Given(Box::new(Misfit {
                    w: w.clone(),
                    h: h.clone(),
                    name: data.facts.name.clone(),
                    rank: cell.rank,
                    source,
                }))
            })?;
        }
        Ok(())
    }

    /// The start given by two files.
    pub(crate) fn given(&self, w: &Path, h: &Path) -> &Factors<f64> {
        &self.given[&(w.to_owned(), h.to_owned())].factors
    }

    /// The key of a run, see [`Plan::key`].
    #[must_use]
    pub fn key(&self, plan: &Plan, cell: &Cell) -> String {
        let given = match &cell.init {
            Init::Files { w, h, .. } => Some(self.given[&(w.clone(), h.clone())].digest.as_str()),
            Init::Named(_) => None,
        };
        plan.key(cell, &self.datasets[cell.dataset].facts.digest, given)
    }

    /// The prepared matrix as a file that the processes of the runs read, and that of its weights where it has any;
    /// written once.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn matrix_files(&self, store: &Store, dataset: usize) -> Result<(PathBuf, Option<PathBuf>), PrepareError> {
        let Loaded { facts, matrix, .. } = &self.datasets[dataset];
        let path = store.path(&matrix_path(facts));
        let (a, weights) = match matrix {
            Matrix::Weighted(a) => (a.product(), Some(a.weights())),
            other => (other, None),
        };
        write_once(&path, a)?;
        let about =
            serde_json::to_vec(&self.datasets[dataset].dataset.about()).expect("words and numbers are plain data");
        store.write(&about_path(facts), &about)?;
        let Some(weights) = weights else { return Ok((path, None)) };
        let end = if matches!(weights, Matrix::Sparse(_)) { "weights.npz" } else { "weights.npy" };
        let beside = path.with_extension(end);
        write_once(&beside, weights)?;
        Ok((path, Some(beside)))
    }
}

/// Writes a matrix without weights, unless it is there.
fn write_once(path: &Path, matrix: &Matrix<f64>) -> Result<(), PrepareError> {
    if path.exists() {
        return Ok(());
    }
    let (part, m) = (path.with_extension("part"), matrix.nrows());
    let written = match matrix {
        Matrix::Dense(a) => data::write_npy(&part, m, a.ncols(), &super::worker::flat(&a.to_mat())),
        Matrix::Sparse(a) => data::write_prepared(&part, m, a.col_starts(), a.row_indices(), a.values()),
        other => unreachable!("data sets are dense or sparse, not {other:?}"),
    };
    written.map_err(|e| PrepareError::Write(e.to_string()))?;
    std::fs::rename(&part, path).map_err(|e| PrepareError::Write(e.to_string()))
}

/// A loaded table as a matrix.
pub(crate) fn to_mat(table: &data::Table) -> Mat<f64> {
    MatRef::from_column_major_slice(&table.values, table.rows, table.columns).to_owned()
}

/// The matrix that another process has prepared, with its weights where it has any.
///
/// # Errors
/// When a file is not what it should be.
pub(crate) fn read_matrix(path: &Path, weights: Option<&Path>) -> Result<Matrix<f64>, Box<dyn std::error::Error>> {
    let read = |path: &Path| -> Result<Matrix<f64>, Box<dyn std::error::Error>> {
        let data::Prepared { m, n, values } = data::read_prepared(path)?;
        Ok(values.into_matrix(m, n)?)
    };
    let Some(weights) = weights else { return read(path) };
    Ok(Matrix::Weighted(Weighted::from_product(read(path)?, read(weights)?)?))
}

/// Where it is said what the rows and columns of the prepared matrix are.
#[must_use]
pub fn about_path(facts: &DatasetFacts) -> String {
    format!("data/{}.about.json", &facts.digest[..16.min(facts.digest.len())])
}

/// Where the prepared matrix lies in the results folder.
#[must_use]
pub fn matrix_path(facts: &DatasetFacts) -> String {
    let end = if facts.sparse { "npz" } else { "npy" };
    format!("data/{}.{end}", &facts.digest[..16.min(facts.digest.len())])
}

fn digest(factors: &Factors<f64>) -> String {
    let mut hash = Sha256::new();
    for x in [&factors.w, &factors.ht] {
        hash.update((x.nrows() as u64).to_le_bytes());
        super::worker::flat(x).iter().for_each(|v| hash.update(v.to_le_bytes()));
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// The data set in the words of the loaders.
fn request(plan: &Plan, wanted: &crate::experiment::Dataset) -> Result<Request, PrepareError> {
    let request: Result<Request, _> = serde_json::from_value(wanted.request());
    let request = request.map_err(|source| PrepareError::Request { name: wanted.name.clone(), source })?;
    Ok(match &plan.experiment.folder {
        Some(folder) => request.relative_to(folder),
        None => request,
    })
}

fn load(request: &Request, wanted: &crate::experiment::Dataset, folder: Option<&Path>) -> Result<Loaded, PrepareError> {
    let mut dataset = data::load(request, folder)?;
    dataset.name.clone_from(&wanted.name);
    if let Some(title) = &wanted.title {
        dataset.title.clone_from(title);
    }
    let mut facts = dataset.facts();
    let values = std::mem::replace(&mut dataset.values, Values::Dense(Vec::new()));
    let (m, n) = (dataset.m, dataset.n);
    let matrix = match dataset.weights.take() {
        None => values.into_matrix(m, n),
        Some(weights) => {
            values.into_matrix(m, n).and_then(|a| Weighted::new(&a, weights.into_matrix(m, n)?)).map(Matrix::Weighted)
        }
    };
    let matrix = matrix.map_err(|source| PrepareError::Matrix { name: wanted.name.clone(), source })?;
    // Sparse weights make sparse products of dense data.
    facts.sparse = match &matrix {
        Matrix::Weighted(a) => matches!(a.product(), Matrix::Sparse(_)),
        other => matches!(other, Matrix::Sparse(_)),
    };
    Ok(Loaded { facts, matrix, dataset })
}
