//! Sparse matrices as `scipy.sparse.save_npz` writes them: compressed columns or rows, or coordinates.

use super::Archive;
use crate::data::csc::{Csc, check_entries, check_sides};
use crate::data::error::DataError;
use crate::data::npy;
use crate::data::table::SparseStored;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Whether the members are those of a sparse matrix.
pub(super) fn is_sparse(archive: &Archive) -> bool {
    ["format", "shape", "data"].iter().all(|name| archive.find(name).is_some())
}

pub(super) fn read(archive: &mut Archive) -> Result<SparseStored, DataError> {
    let origin = archive.origin.clone();
    let format = member(archive, "format")?;
    let format = archive.read(format, |reader, _, origin| {
        let word = npy::read_word(reader, origin)?;
        io::copy(reader, &mut io::sink()).map_err(|e| DataError::malformed(origin, "word", e.to_string(), "a word"))?;
        Ok(word)
    })?;
    let shape = whole(archive, "shape", u64::MAX)?;
    let &[rows, columns] = shape.as_slice() else {
        return Err(DataError::malformed(origin, "shape", format!("{} numbers", shape.len()), "rows and columns"));
    };
    let sides = usize::try_from(rows).ok().zip(usize::try_from(columns).ok());
    let (rows, columns) = sides.unwrap_or((usize::MAX, usize::MAX));
    check_sides(rows, columns, &origin)?;
    let csc = match format.as_str() {
        "csc" => lines(archive, (columns, rows), false)?,
        "csr" => lines(archive, (rows, columns), true)?.transposed(columns),
        "coo" => coordinates(archive, rows, columns)?,
        other => {
            let found = format!("the sparse format `{other}`");
            return Err(DataError::malformed(origin, "format", found, "csc, csr or coo (SciPy: a.tocsc())"));
        }
    };
    Ok(SparseStored::new(rows, columns, csc))
}

fn member(archive: &Archive, name: &str) -> Result<usize, DataError> {
    archive.find(name).ok_or_else(|| {
        let found = format!("no member `{name}` beside {}", archive.names.join(", "));
        DataError::malformed(&*archive.origin, "archive", found, "a matrix saved by scipy.sparse.save_npz")
    })
}

fn numbers(archive: &mut Archive, name: &str) -> Result<Vec<f64>, DataError> {
    let index = member(archive, name)?;
    archive.read(index, npy::read_vector)
}

/// A vector of whole numbers from 0 to a limit.
fn whole(archive: &mut Archive, name: &str, limit: u64) -> Result<Vec<u64>, DataError> {
    let numbers = numbers(archive, name)?;
    let convert = |(at, number): (usize, f64)| {
        // Beyond 2⁵³ a double no longer holds every whole number.
        let whole = number >= 0.0 && number <= (1_u64 << 53) as f64 && number.fract() == 0.0 && number as u64 <= limit;
        whole.then_some(number as u64).ok_or_else(|| {
            let origin = format!("{}: {name}", archive.origin);
            DataError::malformed(origin, format!("number {at} (from 0)"), number.to_string(), "a whole number ≥ 0")
        })
    };
    numbers.into_iter().enumerate().map(convert).collect()
}

fn places(archive: &mut Archive, name: &str) -> Result<Vec<u32>, DataError> {
    Ok(whole(archive, name, u64::from(u32::MAX))?.into_iter().map(|place| place as u32).collect())
}

fn lines(archive: &mut Archive, sizes: (usize, usize), by_rows: bool) -> Result<Csc, DataError> {
    let indices = places(archive, "indices")?;
    let starts = whole(archive, "indptr", 1 << 53)?.into_iter().map(|start| start as usize).collect();
    let values = numbers(archive, "data")?;
    check_entries(values.len(), &archive.origin)?;
    Csc::from_lines(sizes, (starts, indices, values), ["indptr", "indices"], by_rows, &archive.origin)
}

fn coordinates(archive: &mut Archive, rows: usize, columns: usize) -> Result<Csc, DataError> {
    let (row, column) = (places(archive, "row")?, places(archive, "col")?);
    let values = numbers(archive, "data")?;
    check_entries(values.len(), &archive.origin)?;
    for (name, places, limit) in [("row", &row, rows), ("col", &column, columns)] {
        let wrong = |found, expected| Err(DataError::malformed(&*archive.origin, name, found, expected));
        if places.len() != values.len() {
            return wrong(format!("{} numbers", places.len()), format!("as many as values, {}", values.len()));
        }
        if let Some(at) = places.iter().position(|&place| place as usize >= limit) {
            return wrong(format!("{} at position {at}", places[at]), format!("numbers below {limit}"));
        }
    }
    let entries: Vec<_> = row.into_iter().zip(column).zip(values).map(|((i, j), v)| (i, j, v)).collect();
    Csc::from_entries(columns, &entries, &archive.origin)
}

/// Writes compressed columns without packing them; `scipy.sparse.load_npz` opens the file.
pub(crate) fn write(path: &Path, m: usize, starts: &[usize], rows: &[u32], values: &[f64]) -> Result<(), DataError> {
    let n = starts.len() - 1;
    // SciPy wants one type for both, and the smaller one where it fits.
    let wide = m.max(n).max(values.len()) > i32::MAX as usize;
    let descr = if wide { "<i8" } else { "<i4" };
    let integers = |out: &mut dyn Write, numbers: &mut dyn ExactSizeIterator<Item = u64>| -> io::Result<()> {
        let numbers: Vec<u64> = numbers.collect();
        match wide {
            true => npy::write_vector(out, descr, &numbers, |number| number.to_le_bytes()),
            false => npy::write_vector(out, descr, &numbers, |number| (*number as u32).to_le_bytes()),
        }
    };
    let write = || -> io::Result<()> {
        let mut archive = ZipWriter::new(BufWriter::with_capacity(1 << 16, File::create(path)?));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .large_file(values.len() > 1 << 28);
        archive.start_file("indices.npy", options)?;
        integers(&mut archive, &mut rows.iter().map(|row| u64::from(*row)))?;
        archive.start_file("indptr.npy", options)?;
        integers(&mut archive, &mut starts.iter().map(|start| *start as u64))?;
        archive.start_file("format.npy", options)?;
        npy::write_word(&mut archive, "csc")?;
        archive.start_file("shape.npy", options)?;
        npy::write_vector(&mut archive, "<i8", &[m as u64, n as u64], |side| side.to_le_bytes())?;
        archive.start_file("data.npy", options)?;
        npy::write_vector(&mut archive, "<f8", values, |value| value.to_le_bytes())?;
        archive.finish()?.flush()
    };
    write().map_err(DataError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::super::read_file;
    use super::*;
    use crate::data::table::Content;

    type Member<'a> = (&'a str, &'a dyn Fn(&mut dyn Write) -> io::Result<()>);

    fn archive(members: &[Member<'_>]) -> Result<SparseStored, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        for (name, write) in members {
            writer.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
            write(&mut writer).unwrap();
        }
        writer.finish().unwrap();
        match read_file(&path, None)? {
            Content::Sparse(sparse) => Ok(sparse),
            Content::Dense(_) => panic!("sparse members make a sparse matrix"),
        }
    }

    fn floats(numbers: &'static [f64]) -> impl Fn(&mut dyn Write) -> io::Result<()> {
        move |out| npy::write_vector(out, "<f8", numbers, |n| n.to_le_bytes())
    }

    fn integers(numbers: &'static [i64]) -> impl Fn(&mut dyn Write) -> io::Result<()> {
        move |out| npy::write_vector(out, "<i8", numbers, |n| n.to_le_bytes())
    }

    fn word(word: &'static str) -> impl Fn(&mut dyn Write) -> io::Result<()> {
        move |out| npy::write_word(out, word)
    }

    #[test]
    fn written_columns_come_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let csc = Csc { starts: vec![0, 2, 2, 3], rows: vec![0, 3, 1], values: vec![0.1, 1.0 / 3.0, 1e300] };
        write(&path, 4, &csc.starts, &csc.rows, &csc.values).unwrap();
        let Content::Sparse(read) = read_file(&path, None).unwrap() else { panic!("written sparse") };
        assert_eq!((read.rows, read.columns, read.csc), (4, 3, csc));
        let error = read_file(&path, Some("shape")).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("found 1 dimensions"), "a vector is no matrix: {error}");
    }

    #[test]
    fn rows_and_coordinates_are_the_same_matrix() {
        let (shape, data) = (integers(&[2, 3]), floats(&[1.0, 2.0, 3.0]));
        let expected = Csc { starts: vec![0, 1, 1, 3], rows: vec![1, 0, 1], values: vec![2.0, 1.0, 3.0] };
        let (indices, indptr) = (integers(&[2, 0, 2]), integers(&[0, 1, 3]));
        let csr = archive(&[
            ("format", &word("csr")),
            ("shape", &shape),
            ("data", &data),
            ("indices", &indices),
            ("indptr", &indptr),
        ]);
        assert_eq!(csr.unwrap().csc, expected);
        let (row, col) = (integers(&[0, 1, 1]), integers(&[2, 0, 2]));
        let members: [Member<'_>; 5] =
            [("format", &word("coo")), ("shape", &shape), ("data", &data), ("row", &row), ("col", &col)];
        assert_eq!(archive(&members).unwrap().csc, expected);
    }

    #[test]
    fn what_is_wrong_is_named_by_member() {
        let (shape, data) = (integers(&[2, 3]), floats(&[1.0, 2.0]));
        let message = |members: &[Member<'_>]| {
            let base: [Member<'_>; 2] = [("shape", &shape), ("data", &data)];
            archive(&[&base, members].concat()).map(|_| ()).unwrap_err().to_string()
        };
        assert!(
            message(&[("format", &word("bsr"))]).contains("found the sparse format `bsr`, expected csc, csr or coo")
        );
        assert!(message(&[("format", &word("csc"))]).contains("no member `indices` beside shape, data, format"));
        let coo = |row: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
            message(&[("format", &word("coo")), ("row", row), ("col", &integers(&[0, 2]))])
        };
        assert!(coo(&integers(&[0, 2])).contains("row: found 2 at position 1, expected numbers below 2"));
        assert!(coo(&integers(&[0])).contains("row: found 1 numbers, expected as many as values, 2"));
        assert!(coo(&integers(&[0, -1])).contains("row: number 1 (from 0): found -1, expected a whole number ≥ 0"));
        assert!(coo(&floats(&[0.0, 0.5])).contains("found 0.5"));
    }
}
