//! The handwritten digits that come with the program: the test set of the UCI collection, 1797 pictures of 8×8.

use super::delimited;
use super::error::DataError;
use super::table::Order;
use flate2::read::GzDecoder;

/// One picture a line: 64 levels 0..=16, then the digit.
const FILE: &[u8] = include_bytes!("../../datasets/digits/digits.csv.gz");

/// The 64×1797 levels, picture after picture, and the digits.
pub(super) fn read() -> Result<(Vec<f64>, Vec<u32>), DataError> {
    let stored = delimited::read_text(GzDecoder::new(FILE), "digits")?;
    assert_eq!((stored.columns, stored.order), (65, Order::RowMajor), "the embedded file has 64 pixels and a label");
    let mut labels = Vec::with_capacity(stored.rows);
    let mut values = Vec::with_capacity(stored.rows * 64);
    for line in stored.values.chunks(65) {
        values.extend_from_slice(&line[..64]);
        // The labels are 0 to 9, checked by a test.
        labels.push(line[64] as u32);
    }
    Ok((values, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_levels_and_their_digits() {
        let (values, labels) = read().unwrap();
        assert_eq!((values.len(), labels.len()), (64 * 1797, 1797));
        assert!(values.iter().all(|v| (0.0..=16.0).contains(v) && v.fract().abs() < f64::MIN_POSITIVE));
        assert!(values.iter().any(|v| *v > 15.5));
        assert_eq!(labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let counts: Vec<usize> = (0..10).map(|d| labels.iter().filter(|&&l| l == d).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }
}
