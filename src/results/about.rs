//! What the rows, columns and parts of a data set are: what pictures of its factors need to know. It lies beside the prepared
//! matrix in the results folder.

use serde::{Deserialize, Serialize};

/// What is known of a data set beside its values; everything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The field it comes from.
    pub domain: Domain,
    /// The picture whose pixels the columns are.
    pub scene: Option<Scene>,
    /// What the rows are numbers of (a wavelength, a frequency).
    pub rows: Option<Ruler>,
    /// What the columns are numbers of (a time).
    pub columns: Option<Ruler>,
    /// What each row is (a word, a gene).
    pub features: Vec<String>,
    /// The class of each column.
    pub labels: Vec<u32>,
    /// What the classes are called, by their numbers.
    pub classes: Vec<String>,
    /// The parts it was made of.
    pub parts: Vec<Known>,
}

/// A part that the data were made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// What it is.
    pub name: String,
    /// A column of the true W.
    pub values: Vec<f64>,
    /// A row of the true H; empty where it is not known.
    pub activations: Vec<f64>,
}

/// The field that data come from, which decides how factors are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Not known, or none that has pictures of its own.
    #[default]
    Other,
    /// A column is a document, a row a word.
    Text,
    /// A column is a pixel, a row a spectral band.
    Spectra,
    /// A column is a frame of sound, a row a frequency.
    Sound,
    /// A column is a tissue or a cell, a row a gene.
    Genes,
}

/// The names of the domains.
pub const DOMAINS: &[&str] = &["other", "text", "spectra", "sound", "genes"];

/// A picture whose pixels are columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
    /// Whether pixels go down the columns of the scene instead of along its rows.
    #[serde(default)]
    pub down: bool,
}

/// Row or column i stands for `first + i·step`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ruler {
    /// What is measured.
    pub name: String,
    /// Its unit; empty for none.
    #[serde(default)]
    pub unit: String,
    /// The value of the first.
    pub first: f64,
    /// From one to the next.
    pub step: f64,
}

impl Ruler {
    /// Numbers from 1.
    #[must_use]
    pub fn count(name: &str) -> Self {
        Self { name: name.to_owned(), unit: String::new(), first: 1.0, step: 1.0 }
    }

    /// `wavelength (nm)`.
    #[must_use]
    pub fn axis_name(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, self.unit) }
    }

    /// The value of row or column i.
    #[must_use]
    pub fn at(&self, i: usize) -> f64 {
        self.first + i as f64 * self.step
    }
}

impl Scene {
    /// Values of the pixels, given column by column of A, row by row of the picture.
    #[must_use]
    pub fn row_by_row(&self, values: &[f64]) -> Vec<f64> {
        let at =
            |row: usize, column: usize| if self.down { column * self.height + row } else { row * self.width + column };
        let places = (0..self.height).flat_map(|row| (0..self.width).map(move |column| at(row, column)));
        places.map(|place| values.get(place).copied().unwrap_or(0.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_row_by_row_whatever_their_order() {
        let scene = Scene { height: 2, width: 3, down: false };
        assert_eq!(scene.row_by_row(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let down = Scene { down: true, ..scene };
        assert_eq!(down.row_by_row(&[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }
}
