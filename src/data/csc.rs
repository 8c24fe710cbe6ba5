//! Sparse columns, and the ways in which files describe them.

use super::error::DataError;
use super::table::MAX_VALUES;

/// Compressed columns: column j holds `values[starts[j]..starts[j + 1]]`, all > 0, in the rows that `rows` names in the
/// same places, counted from 0 and ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Csc {
    /// The n + 1 bounds of the columns.
    pub starts: Vec<usize>,
    /// The row of each entry.
    pub rows: Vec<u32>,
    /// The entries.
    pub values: Vec<f64>,
}

impl Csc {
    /// A matrix from its entries `(row, column, value)` in any order, all inside it; values for one place are added in
    /// that order, zeros dropped.
    ///
    /// # Errors
    /// [`DataError::Entry`] for the first that is not a finite number ≥ 0.
    pub(crate) fn from_entries(columns: usize, entries: &[(u32, u32, f64)], origin: &str) -> Result<Self, DataError> {
        let mut starts = vec![0; columns + 1];
        entries.iter().for_each(|&(_, column, _)| starts[column as usize + 1] += 1);
        (0..columns).for_each(|j| starts[j + 1] += starts[j]);
        let mut next = starts.clone();
        let (mut rows, mut values) = (vec![0; entries.len()], vec![0.0; entries.len()]);
        for &(row, column, value) in entries {
            let at = &mut next[column as usize];
            (rows[*at], values[*at]) = (row, value);
            *at += 1;
        }
        let mut csc = Self { starts, rows, values };
        csc.tidy(origin, false)?;
        Ok(csc)
    }

    /// A matrix of `lines` compressed lines over `others` places as a file has them, in any order inside a line; the
    /// lines become columns. `names` are what the file calls the bounds and the places.
    ///
    /// # Errors
    /// [`DataError::Malformed`] when the arrays do not describe a matrix, [`DataError::Entry`] for an entry that is not a
    /// finite number ≥ 0 (`by_rows` says that the lines are the file's rows).
    pub(crate) fn from_lines(
        (lines, others): (usize, usize),
        (starts, places, values): (Vec<usize>, Vec<u32>, Vec<f64>),
        names: [&str; 2],
        by_rows: bool,
        origin: &str,
    ) -> Result<Self, DataError> {
        let wrong =
            |name: &str, found: String, expected: String| Err(DataError::malformed(origin, name, found, expected));
        if starts.len() != lines + 1 {
            return wrong(names[0], format!("{} bounds", starts.len()), format!("{}, one more than lines", lines + 1));
        }
        if places.len() != values.len() {
            let expected = format!("as many as values, {}", values.len());
            return wrong(names[1], format!("{} places", places.len()), expected);
        }
        if starts[0] != 0 || starts[lines] != values.len() {
            let expected = format!("from 0 to the number of values, {}", values.len());
            return wrong(names[0], format!("bounds from {} to {}", starts[0], starts[lines]), expected);
        }
        if let Some(line) = starts.windows(2).position(|pair| pair[0] > pair[1]) {
            let found = format!("{} after {} at position {}", starts[line + 1], starts[line], line + 1);
            return wrong(names[0], found, "bounds that never fall".into());
        }
        if let Some(at) = places.iter().position(|&place| place as usize >= others) {
            let found = format!("{} at position {at}", places[at]);
            return wrong(names[1], found, format!("places below {others}, counted from 0"));
        }
        let mut csc = Self { starts, rows: places, values };
        csc.tidy(origin, by_rows)?;
        Ok(csc)
    }

    /// Sorts each column by rows, adds what stands for one place, drops zeros; refuses values that are not finite and ≥ 0.
    fn tidy(&mut self, origin: &str, by_rows: bool) -> Result<(), DataError> {
        let check = |place: u32, line: usize, value: f64| {
            if value.is_finite() && value >= 0.0 {
                return Ok(());
            }
            let (row, column) = if by_rows { (line, place as usize) } else { (place as usize, line) };
            Err(DataError::Entry { origin: origin.to_owned(), row, column, value })
        };
        let mut sorted: Vec<(u32, f64)> = Vec::new();
        let (mut from, mut kept) = (0, 0);
        for column in 0..self.starts.len() - 1 {
            let to = self.starts[column + 1];
            sorted.clear();
            sorted.extend(self.rows[from..to].iter().copied().zip(self.values[from..to].iter().copied()));
            if !sorted.is_sorted_by_key(|entry| entry.0) {
                sorted.sort_by_key(|entry| entry.0);
            }
            self.starts[column] = kept;
            for same in sorted.chunk_by(|a, b| a.0 == b.0) {
                same.iter().try_for_each(|entry| check(entry.0, column, entry.1))?;
                let sum: f64 = same.iter().map(|entry| entry.1).sum();
                check(same[0].0, column, sum)?;
                if sum > 0.0 {
                    (self.rows[kept], self.values[kept]) = (same[0].0, sum);
                    kept += 1;
                }
            }
            from = to;
        }
        *self.starts.last_mut().expect("there is a first bound") = kept;
        self.rows.truncate(kept);
        self.values.truncate(kept);
        Ok(())
    }

    /// Keeps the entries for which `keep` (row, value) holds.
    pub(crate) fn retain(&mut self, keep: impl Fn(u32, f64) -> bool) {
        let (mut from, mut kept) = (0, 0);
        for column in 0..self.starts.len() - 1 {
            let to = self.starts[column + 1];
            self.starts[column] = kept;
            for at in from..to {
                if keep(self.rows[at], self.values[at]) {
                    (self.rows[kept], self.values[kept]) = (self.rows[at], self.values[at]);
                    kept += 1;
                }
            }
            from = to;
        }
        *self.starts.last_mut().expect("there is a first bound") = kept;
        self.rows.truncate(kept);
        self.values.truncate(kept);
    }

    /// The transpose of a matrix of m rows.
    pub(crate) fn transposed(&self, m: usize) -> Self {
        let mut starts = vec![0; m + 1];
        self.rows.iter().for_each(|&row| starts[row as usize + 1] += 1);
        (0..m).for_each(|i| starts[i + 1] += starts[i]);
        let mut next = starts.clone();
        let (mut rows, mut values) = (vec![0; self.rows.len()], vec![0.0; self.values.len()]);
        for (column, bounds) in (0_u32..).zip(self.starts.windows(2)) {
            for at in bounds[0]..bounds[1] {
                let to = &mut next[self.rows[at] as usize];
                (rows[*to], values[*to]) = (column, self.values[at]);
                *to += 1;
            }
        }
        Self { starts, rows, values }
    }
}

/// Refuses more sparse entries than are ever held.
pub(crate) fn check_entries(count: usize, origin: &str) -> Result<(), DataError> {
    if count <= MAX_VALUES / 2 {
        return Ok(());
    }
    let limit = format!("{} entries (8 GiB with their rows)", MAX_VALUES / 2);
    Err(DataError::TooLarge { origin: origin.to_owned(), found: format!("{count} entries"), limit })
}

/// Refuses sides whose places have no 32-bit number.
pub(crate) fn check_sides(rows: usize, columns: usize, origin: &str) -> Result<(), DataError> {
    if u32::try_from(rows.max(columns)).is_ok() {
        return Ok(());
    }
    let (found, limit) = (format!("{rows}×{columns}"), format!("{} rows and columns", u32::MAX));
    Err(DataError::TooLarge { origin: origin.to_owned(), found, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_in_any_order_make_tidy_columns() {
        let csc =
            Csc::from_entries(3, &[(2, 0, 1.0), (0, 2, 4.0), (2, 0, 0.5), (1, 2, 0.0), (0, 0, 3.0)], "t").unwrap();
        assert_eq!(csc, Csc { starts: vec![0, 2, 2, 3], rows: vec![0, 2, 0], values: vec![3.0, 1.5, 4.0] });
    }

    #[test]
    fn arrays_that_describe_no_matrix_are_refused_with_the_reason() {
        let make = |starts: &[usize], places: &[u32], values: &[f64]| {
            let arrays = (starts.to_vec(), places.to_vec(), values.to_vec());
            Csc::from_lines((2, 3), arrays, ["indptr", "indices"], true, "t")
        };
        let message =
            |starts: &[usize], places: &[u32], values: &[f64]| make(starts, places, values).unwrap_err().to_string();
        assert!(make(&[0, 1, 3], &[0, 2, 1], &[1.0; 3]).is_ok());
        assert_eq!(message(&[0, 1], &[0], &[1.0]), "t: indptr: found 2 bounds, expected 3, one more than lines");
        assert!(
            message(&[0, 1, 1], &[0, 1], &[1.0]).contains("indices: found 2 places, expected as many as values, 1")
        );
        assert!(message(&[0, 1, 2], &[0], &[1.0]).contains("found bounds from 0 to 2"));
        assert!(message(&[0, 2, 1], &[0], &[1.0]).contains("found 1 after 2 at position 2"));
        assert!(
            message(&[0, 1, 2], &[0, 3], &[1.0; 2]).contains("indices: found 3 at position 1, expected places below 3")
        );
        assert!(message(&[0, 1, 2], &[0, 2], &[1.0, -2.0]).contains("row 1, column 2 (counted from 0): found -2"));
        assert!(
            message(&[0, 0, 2], &[1, 1], &[f64::MAX, f64::MAX]).contains("row 1, column 1 (counted from 0): found inf")
        );
        assert!(message(&[0, 0, 2], &[1, 1], &[-1.0, 2.0]).contains("found -1"), "also where the sum is fine");
    }
}
