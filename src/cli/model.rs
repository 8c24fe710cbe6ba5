//! `factorize` and `apply`: a factorisation of one matrix, and its features on new data.

use super::{Failure, out};
use crate::analysis::show::{seconds, significant};
use crate::data::{self, Dataset, Request, lookup};
use clap::Args;
use faer::Mat;
use nmfbench_algorithms::parameters::Table as Parameters;
use nmfbench_algorithms::{FitError, Init, Matrix, Nmf, Reason, Registry, Stop, apply_matrix};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

#[derive(Args)]
pub(super) struct Factorize {
    /// A file that the loaders read, or the name of a data set of the catalogue
    data: String,
    /// The rank k
    #[arg(long, value_name = "K")]
    rank: usize,
    /// The algorithm, by its registered name
    #[arg(long, value_name = "NAME", default_value = "a-hals")]
    algorithm: String,
    /// A parameter of the algorithm
    #[arg(long = "set", value_name = "KEY=VALUE")]
    parameters: Vec<String>,
    /// How to start
    #[arg(long, value_name = "NAME", default_value = "random")]
    init: String,
    /// The seed of the start, and of an algorithm that draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Outer iterations, at most
    #[arg(long, value_name = "N", default_value_t = 500)]
    iterations: u64,
    /// The KKT residual, relative to the start's, at which to stop
    #[arg(long, value_name = "SHARE", default_value_t = 1e-6)]
    kkt: f64,
    /// How many threads may work
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Where to write W (m×k) and H (k×n), as `w` and `h` of one .npz
    #[arg(long, value_name = "MODEL.npz")]
    out: PathBuf,
    #[command(flatten)]
    layout: Layout,
}

#[derive(Args)]
pub(super) struct Apply {
    /// What `factorize` wrote: any .npz with `w`, m×k
    model: PathBuf,
    /// New data of m rows, as `factorize` takes them
    data: String,
    /// Where to write H (k×n), the coefficients of the new columns
    #[arg(long, value_name = "H.npy")]
    out: PathBuf,
    #[command(flatten)]
    layout: Layout,
}

/// How the data are read; the same words as in an experiment.
#[derive(Args)]
struct Layout {
    /// Which member of an .npz, which variable of a .mat
    #[arg(long)]
    key: Option<String>,
    /// What one sample is in the file: `rows` or `columns`
    #[arg(long)]
    samples: Option<String>,
    /// Swap rows and columns at the very end
    #[arg(long)]
    transpose: bool,
    /// What to divide by: `max`, `none` or a number
    #[arg(long)]
    scale: Option<String>,
    /// Where data sets of the catalogue lie that are not part of the program
    #[arg(long, value_name = "DIR", env = "NMFBENCH_DATA")]
    data_dir: Option<PathBuf>,
}

impl Layout {
    fn load(&self, data: &str) -> Result<Dataset, Failure> {
        let path = Path::new(data);
        let mut request = if path.exists() {
            json!({ "path": data })
        } else if data.contains(['.', '/', '\\']) {
            return Err(Failure::bad_data(format!("{data}: no such file or folder")));
        } else {
            lookup(data).map_err(Failure::bad_data)?;
            json!({ "name": data })
        };
        let number = |text: &str| text.parse::<f64>().map_or_else(|_| json!(text), |n| json!(n));
        let given = [
            ("key", self.key.as_ref().map(|key| json!(key))),
            ("samples", self.samples.as_ref().map(|samples| json!(samples))),
            ("transpose", self.transpose.then(|| json!(true))),
            ("scale", self.scale.as_deref().map(number)),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                request[name] = value;
            }
        }
        let request: Request = serde_json::from_value(request).map_err(Failure::bad_data)?;
        let folder = super::data::folder(self.data_dir.as_deref());
        data::load(&request, folder.as_deref()).map_err(Failure::bad_data)
    }
}

pub(super) fn factorize(registry: &Registry, asked: &Factorize) -> Result<ExitCode, Failure> {
    // Whatever can be wrong is found before the data are read.
    let entry = registry.get(&asked.algorithm).map_err(Failure::bad_data)?;
    let parameters = parameters(&asked.parameters)?;
    entry.parse(&parameters).map_err(Failure::bad_data)?;
    let init: Init = asked.init.parse().map_err(Failure::bad_data)?;
    writable(&asked.out, "npz")?;
    let dataset = asked.layout.load(&asked.data)?;
    let (title, digest) = (dataset.title.clone(), dataset.digest());
    let matrix = matrix(dataset)?;

    let stop = Stop { iterations: Some(asked.iterations), kkt: Some(asked.kkt), ..Stop::default() };
    let mut nmf = Nmf::new(&asked.algorithm, asked.rank).registry(registry.clone());
    for (name, value) in parameters {
        nmf = nmf.parameter(&name, value);
    }
    let nmf = nmf.init(init).seed(asked.seed).stop(stop).threads(asked.threads.max(1));
    let began = Instant::now();
    let fit = nmf.fit_matrix(&matrix).map_err(Failure::bad_data)?;
    let taken = began.elapsed().as_secs_f64();
    let last = fit.trace.last().copied().ok_or_else(|| Failure::failed("the factorisation never began"))?;
    if !matches!(fit.reason, Reason::Iterations | Reason::Kkt) {
        return Err(Failure::failed(format!("{} ended early: {}", asked.algorithm, fit.reason)));
    }

    let (m, n, k) = (matrix.nrows(), matrix.ncols(), asked.rank);
    let (w, h) = (flat(&fit.w), flat(&fit.h));
    written(&asked.out, |part| data::write_npz(part, &[("w", m, k, &w), ("h", k, n, &h)]).map_err(Failure::failed))?;
    out(&format!(
        "{title}: {m}×{n}, {} nonzeros, sha256 {}…\n{} at rank {k}: relative error {}, KKT residual {} after {} iterations \
         in {} ({})\nW {m}×{k} and H {k}×{n} in {}; coefficients of new data: nmfbench apply {} NEW --out H.npy",
        matrix.nnz(),
        &digest[..12],
        asked.algorithm,
        significant(last.relative_error, 5),
        significant(last.kkt_residual, 2),
        last.iteration,
        seconds(taken),
        fit.reason,
        asked.out.display(),
        asked.out.display(),
    ));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn apply(asked: &Apply) -> Result<ExitCode, Failure> {
    writable(&asked.out, "npy")?;
    let model = data::read_npz_member(&asked.model, "w").map_err(Failure::bad_data)?;
    let w = Mat::from_fn(model.rows, model.columns, |i, j| model.values[j * model.rows + i]);
    Matrix::signed(w.as_ref()).map_err(|e| Failure::bad_data(format!("`w` of {}: {e}", asked.model.display())))?;
    let matrix = matrix(asked.layout.load(&asked.data)?)?;
    let h = apply_matrix(&w, &matrix).map_err(|e| match e {
        FitError::Rows { .. } => Failure::bad_data(format!("{}: {e}", asked.data)),
        e => Failure::bad_data(e),
    })?;
    let (k, n) = h.shape();
    written(&asked.out, |part| data::write_npy(part, k, n, &flat(&h)).map_err(Failure::failed))?;
    out(&format!("H {k}×{n} in {}", asked.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// The values of `--set key=value`: JSON where it is, else text.
fn parameters(given: &[String]) -> Result<Parameters, Failure> {
    let one = |pair: &String| {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| Failure::bad_data(format!("--set {pair}: expected key=value")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok((key.trim().to_owned(), value))
    };
    given.iter().map(one).collect()
}

fn matrix(dataset: Dataset) -> Result<Matrix<f64>, Failure> {
    let Dataset { name, m, n, values, .. } = dataset;
    values.into_matrix(m, n).map_err(|e| Failure::bad_data(format!("{name}: {e}")))
}

/// The ending says what is written, and the folder has to be there.
fn writable(path: &Path, ending: &str) -> Result<(), Failure> {
    if path.extension().is_none_or(|found| found != ending) {
        return Err(Failure::bad_data(format!("--out {}: expected a file that ends in .{ending}", path.display())));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::bad_data(format!("--out {}: there is no folder {}", path.display(), folder.display())))
        }
        _ => Ok(()),
    }
}

/// A file under its final name is whole.
fn written(path: &Path, write: impl FnOnce(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let part = path.with_extension("part");
    let result = write(&part).and_then(|()| {
        std::fs::rename(&part, path).map_err(|e| Failure::failed(format!("cannot write {}: {e}", path.display())))
    });
    if result.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    result
}

/// Column after column.
fn flat(x: &Mat<f64>) -> Vec<f64> {
    (0..x.ncols()).flat_map(|j| x.col_as_slice(j).iter().copied()).collect()
}
