//! The files that a program gets and gives: NumPy's arrays, or Matrix Market's text for languages without NumPy.

use crate::data::{self, Table};
use crate::experiment::Exchange;
use crate::runner::prepare::to_mat;
use crate::runner::wire::{FactorFiles, Format, MatrixFile};
use crate::runner::worker::{WorkerError, flat};
use faer::Mat;
use nmfbench_algorithms::{Factors, Matrix};
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
        match matrix {
            Matrix::Dense(a) => write_dense(&path, &a.to_mat())?,
            Matrix::Sparse(a) => {
                data::write_market_sparse(&path, a.nrows(), a.col_starts(), a.row_indices(), a.values())?;
            }
            other => return Err(format!("no Matrix Market form of {other:?}").into()),
        }
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
            write_dense(&path, x)?;
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
        data::read_market(path).map_err(|e| e.to_string())
    } else {
        data::read_npy(path).map_err(|e| e.to_string())
    }
}

fn write_dense(path: &Path, x: &Mat<f64>) -> Result<(), data::DataError> {
    let values = (0..x.ncols()).flat_map(|j| x.col_as_slice(j).iter().copied());
    data::write_market(path, x.nrows(), x.ncols(), values)
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
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.mtx");
        let header = "%%MatrixMarket matrix array real general\n";
        for (text, part) in [
            ("hello", "MatrixMarket"),
            (&format!("{header}2 1\n1\nzwei\n"), "line 4: found `zwei`"),
            (&format!("{header}2 1\n1\n"), "after 1 values"),
            ("%%MatrixMarket matrix coordinate real general\n1 1 0\n", "expected array form"),
        ] {
            std::fs::write(&path, text).expect("written");
            let error = read_factor(&path).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_sparse_matrix_goes_to_programs_in_either_form() {
        let folder = tempfile::tempdir().expect("a folder");
        let (starts, rows, values) = (vec![0, 1, 1, 3], vec![3, 0, 2], vec![0.1, 1.0 / 3.0, 7.0]);
        let prepared = folder.path().join("a.npz");
        data::write_prepared(&prepared, 4, &starts, &rows, &values).expect("written");
        let a = crate::runner::prepare::read_matrix(&prepared, None).expect("read");
        let asked = matrix(folder.path(), Exchange::Npy, &prepared, &a).expect("there");
        assert_eq!((asked.format, asked.rows, asked.columns, asked.nonzeros), (Format::Csc, 4, 3, 3));
        let asked = matrix(folder.path(), Exchange::Mtx, &prepared, &a).expect("written");
        let loaded = data::load(&data::Request::file(&asked.path), None).expect("read");
        let data::Values::Sparse(csc) = loaded.values else { panic!("coordinates are sparse") };
        assert_eq!((asked.format, csc.starts, csc.rows, csc.values), (Format::Mtx, starts, rows, values));
    }
}
