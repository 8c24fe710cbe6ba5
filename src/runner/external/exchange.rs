//! The files that a program gets and gives: NumPy's arrays, or Matrix Market's text for languages without NumPy.

use crate::data::{self, Table};
use crate::experiment::Exchange;
use crate::runner::prepare::to_mat;
use crate::runner::wire::{FactorFiles, Format, MatrixFile};
use crate::runner::worker::{WorkerError, flat};
use faer::Mat;
use nmfbench_algorithms::{Factors, Matrix};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The matrix as a program gets it; `prepared` is the file that the runner has made for its own processes.
///
/// # Errors
/// When it cannot be written.
pub(super) fn matrix(
    folder: &Path,
    exchange: Exchange,
    prepared: &Path,
    matrix: &Matrix<f64>,
) -> Result<MatrixFile, WorkerError> {
    let sparse = prepared.extension().is_some_and(|e| e == "npz");
    let format = match (exchange, sparse) {
        (Exchange::Mtx, _) => Format::Mtx,
        (Exchange::Npy, true) => Format::Csc,
        (Exchange::Npy, false) => Format::Npy,
    };
    let path = if format == Format::Mtx { folder.join("a.mtx") } else { std::path::absolute(prepared)? };
    if format == Format::Mtx {
        let Matrix::Dense(a) = matrix else { return Err("no Matrix Market form".into()) };
        write_market(&path, &a.to_mat())?;
    }
    Ok(MatrixFile { path, format, rows: matrix.nrows(), columns: matrix.ncols(), nonzeros: matrix.nnz() })
}

/// The factors as files in the folder, W m×k and H k×n.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn write_factors(
    folder: &Path,
    stem: &str,
    market: bool,
    factors: &Factors<f64>,
) -> Result<FactorFiles, WorkerError> {
    let write = |name: &str, x: &Mat<f64>| -> Result<PathBuf, WorkerError> {
        let path = folder.join(format!("{stem}_{name}.{}", if market { "mtx" } else { "npy" }));
        if market {
            write_market(&path, x)?;
        } else {
            data::write_npy(&path, x.nrows(), x.ncols(), &flat(x))?;
        }
        Ok(path)
    };
    Ok(FactorFiles { w: write("w", &factors.w)?, h: write("h", &factors.ht.transpose().to_owned())? })
}

/// A start as a program finds it.
///
/// # Errors
/// When a file is not what it should be.
pub(crate) fn read_factors(files: &FactorFiles) -> Result<Factors<f64>, String> {
    Ok(Factors { w: to_mat(&read_factor(&files.w)?), ht: to_mat(&read_factor(&files.h)?).transpose().to_owned() })
}

/// One factor.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read_factor(path: &Path) -> Result<Table, String> {
    if path.extension().is_some_and(|e| e == "mtx") {
        let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        parse_market(&text).map_err(|e| format!("{}: {e}", path.display()))
    } else {
        data::read_npy(path).map_err(|e| e.to_string())
    }
}

fn write_market(path: &Path, x: &Mat<f64>) -> std::io::Result<()> {
    let mut text = format!("%%MatrixMarket matrix array real general\n{} {}\n", x.nrows(), x.ncols());
    for value in flat(x) {
        let _ = writeln!(text, "{value:e}");
    }
    std::fs::write(path, text)
}

/// A dense matrix in Matrix Market's array form (Boisvert, Pozo & Remington 1996).
fn parse_market(text: &str) -> Result<Table, String> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default().to_ascii_lowercase();
    if !header.starts_with("%%matrixmarket matrix array real general") {
        return Err("found no header `%%MatrixMarket matrix array real general`, the form of a factor".into());
    }
    let mut words = lines.filter(|line| !line.starts_with('%')).flat_map(str::split_ascii_whitespace);
    let mut size =
        |what: &str| words.next().and_then(|w| w.parse::<usize>().ok()).ok_or(format!("no number of {what}"));
    let (rows, columns) = (size("rows")?, size("columns")?);
    let mut values = Vec::new();
    for word in words {
        values.push(word.parse::<f64>().map_err(|_| format!("value {} is `{word}`", values.len() + 1))?);
    }
    if rows.checked_mul(columns) != Some(values.len()) {
        return Err(format!("{rows}×{columns} needs as many values, found {}", values.len()));
    }
    Ok(Table { rows, columns, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_survive_either_form_to_the_last_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let entry = |i: usize, j: usize| (1 + i) as f64 / (3 + 7 * j) as f64 * 1e-17;
        let factors = Factors { w: Mat::from_fn(4, 2, entry), ht: Mat::from_fn(3, 2, |i, j| entry(j, i)) };
        for market in [false, true] {
            let files = write_factors(folder.path(), "x", market, &factors).expect("written");
            let back = read_factors(&files).expect("read");
            assert_eq!((back.w, back.ht), (factors.w.clone(), factors.ht.clone()));
        }
    }

    #[test]
    fn a_damaged_market_file_is_named() {
        let header = "%%MatrixMarket matrix array real general\n";
        for (text, part) in [
            ("hello", "header"),
            (header, "rows"),
            (&format!("{header}2 x\n"), "columns"),
            (&format!("{header}2 1\n1\nzwei\n"), "`zwei`"),
            (&format!("{header}% comment\n2 1\n1\n"), "found 1"),
        ] {
            let error = parse_market(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }
}
