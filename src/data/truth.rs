//! The true factors of measured data, from a file beside them.

use super::error::DataError;
use super::table::{Content, Table};
use super::{Part, mat, npz};
use std::path::Path;

/// What the true W may be called.
const W: [&str; 3] = ["w", "W", "M"];
/// What the true H may be called.
const H: [&str; 3] = ["h", "H", "A"];

/// W (m×r) and, if it is there, H (r×n) from an `.npz` or `.mat` file: a part for each column of W.
pub(super) fn read(path: &Path, (m, n): (usize, usize)) -> Result<Vec<Part>, DataError> {
    let mat = path.extension().is_some_and(|end| end == "mat");
    let one = |name: &str| -> Result<Table, DataError> {
        let content = if mat { mat::read_file(path, Some(name))? } else { npz::read_file(path, Some(name))? };
        match content {
            Content::Dense(stored) => Ok(stored.into_table(false)),
            Content::Sparse(_) => Err(DataError::field("truth", format!("a sparse `{name}`"), "a dense matrix")),
        }
    };
    let first = |names: [&str; 3]| {
        let found = names.iter().find_map(|name| one(name).ok());
        let expected = format!("one of {} in {}", names.join(", "), path.display());
        found.ok_or_else(|| DataError::field("truth", "none", expected))
    };
    std::fs::metadata(path).map_err(DataError::io("open", path))?;
    let w = first(W)?;
    if w.rows != m {
        return Err(DataError::field("truth", format!("{} rows in {}", w.rows, path.display()), format!("{m}")));
    }
    let h = first(H).ok();
    if let Some(h) = h.as_ref().filter(|h| (h.rows, h.columns) != (w.columns, n)) {
        let expected = format!("{}×{n}", w.columns);
        return Err(DataError::field("truth", format!("{}×{} of H", h.rows, h.columns), expected));
    }
    let part = |l: usize| Part {
        name: format!("part {}", l + 1),
        values: w.values[l * m..(l + 1) * m].to_vec(),
        activations: h.as_ref().map_or_else(Vec::new, |h| (0..n).map(|j| h.values[j * h.rows + l]).collect()),
    };
    Ok((0..w.columns).map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::write_npz;

    #[test]
    fn parts_are_columns_of_w_with_rows_of_h() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("truth.npz");
        let (w, h) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
        write_npz(&path, &[("w", 2, 2, &w), ("h", 2, 3, &h)]).expect("written");
        let parts = read(&path, (2, 3)).expect("two parts");
        assert_eq!((&parts[1].values[..], &parts[1].activations[..]), (&[3.0, 4.0][..], &[6.0, 8.0, 10.0][..]));
        assert!(read(&path, (3, 3)).unwrap_err().to_string().contains("2 rows in"));
        assert!(read(&path, (2, 4)).unwrap_err().to_string().contains("`truth`: found 2×3 of H, expected 2×4"));
        write_npz(&path, &[("w", 2, 2, &w)]).expect("written");
        assert!(read(&path, (2, 9)).expect("no activations")[0].activations.is_empty());
        assert!(read(&folder.path().join("none.npz"), (2, 3)).unwrap_err().to_string().contains("none.npz"));
    }
}
