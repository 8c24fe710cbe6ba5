//! The matrix as processes hand it to one another: NumPy's `.npy` where it is dense, SciPy's `.npz` where it is sparse,
//! Matrix Market for programs that read neither.

use super::error::DataError;
use super::table::{Content, Table};
use super::{Values, market, npy, npz};
use std::path::Path;

/// A matrix in memory with its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Rows.
    pub m: usize,
    /// Columns.
    pub n: usize,
    /// The entries.
    pub values: Values,
}

/// Reads what [`write_prepared`] has written.
///
/// # Errors
/// [`DataError::Io`], [`DataError::Malformed`] or [`DataError::TooLarge`].
pub fn read_prepared(path: &Path) -> Result<Prepared, DataError> {
    if path.extension().is_some_and(|end| end == "npz") {
        return match npz::read_file(path, None)? {
            Content::Sparse(a) => Ok(Prepared { m: a.rows, n: a.columns, values: Values::Sparse(a.csc) }),
            Content::Dense(_) => {
                let origin = path.display().to_string();
                Err(DataError::malformed(origin, "archive", "a dense array", "a sparse matrix"))
            }
        };
    }
    let table = npy::read_npy(path)?;
    Ok(Prepared { m: table.rows, n: table.columns, values: Values::Dense(table.values) })
}

/// Writes compressed columns (n + 1 `starts`, `rows` and `values`) so that `scipy.sparse.load_npz` opens the file.
///
/// # Errors
/// [`DataError::Io`].
pub fn write_prepared(path: &Path, m: usize, starts: &[usize], rows: &[u32], values: &[f64]) -> Result<(), DataError> {
    npz::sparse::write(path, m, starts, rows, values)
}

/// Writes a matrix in Matrix Market's array form, value after value down the columns.
///
/// # Errors
/// [`DataError::Io`].
pub fn write_market(path: &Path, m: usize, n: usize, values: impl Iterator<Item = f64>) -> Result<(), DataError> {
    market::write_dense(path, m, n, values).map_err(DataError::io("write", path))
}

/// Writes compressed columns in Matrix Market's coordinate form.
///
/// # Errors
/// [`DataError::Io`].
pub fn write_market_sparse(
    path: &Path,
    m: usize,
    starts: &[usize],
    rows: &[u32],
    values: &[f64],
) -> Result<(), DataError> {
    market::write_sparse(path, m, starts, rows, values).map_err(DataError::io("write", path))
}

/// Reads a matrix in Matrix Market's array form, values unchecked.
///
/// # Errors
/// [`DataError::Io`], [`DataError::Malformed`] or [`DataError::TooLarge`].
pub fn read_market(path: &Path) -> Result<Table, DataError> {
    match market::read_file(path)? {
        Content::Dense(stored) => Ok(stored.into_table(false)),
        Content::Sparse(_) => {
            let origin = path.display().to_string();
            Err(DataError::malformed(origin, "header", "a matrix in coordinate form", "array form"))
        }
    }
}
