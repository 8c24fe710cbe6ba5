//! Synthetic faces: grey frontal portraits drawn from parts that vary independently.
//!
//! Nonnegative matrix factorization is said to learn the parts of faces (Lee and Seung, 1999). This family of faces
//! is the test of that sentence that needs no licence and no download, and whose parts are known: each picture comes
//! with the parameters it was drawn from, and each part with the map of the pixels it acts on.
//!
//! Everything is drawn from a seed. Face `i` depends on the seed and on `i` alone, so a larger set begins with the
//! smaller one; and the arithmetic is such that every machine draws the same bits.

mod draw;
mod features;
mod hair;
mod parts;
mod scene;
mod shape;
mod truth;

#[cfg(test)]
mod tests;

pub use parts::{Part, PartMask, part_masks};
pub use truth::{
    Backdrop, Beard, BeardStyle, Body, Brows, Ears, Eyes, FaceTruth, Glasses, Grain, Hair, HairStyle, Head, Light,
    Mouth, Nose, Pose, Skin,
};

use scene::Scene;
use shape::grain;

/// How many faces the catalogue's set has.
pub const DEFAULT_COUNT: usize = 500;
/// The side of the catalogue's pictures, in pixels.
pub const DEFAULT_SIZE: usize = 48;

/// A set of pictures with what they were drawn from.
#[derive(Debug, Clone)]
pub struct FaceSet {
    /// Rows of each picture.
    pub height: usize,
    /// Columns of each picture.
    pub width: usize,
    /// Face after face, each row by row from the top left: grey values in [0, 1], multiples of 1/255.
    pub pixels: Vec<f64>,
    /// The parameters of each face.
    pub truth: Vec<FaceTruth>,
    /// Where each part acts.
    pub parts: Vec<PartMask>,
}

impl FaceSet {
    /// The pixels of one face, row by row.
    ///
    /// # Panics
    /// If there is no face `index`.
    #[must_use]
    pub fn face(&self, index: usize) -> &[f64] {
        let area = self.height * self.width;
        &self.pixels[index * area..(index + 1) * area]
    }
}

/// Draws `count` faces of `size` × `size` pixels from a seed, with the maps of their parts.
///
/// # Panics
/// If `size` is 0.
#[must_use]
pub fn render(count: usize, size: usize, seed: u64) -> FaceSet {
    let truth: Vec<FaceTruth> = (0..count).map(|index| FaceTruth::draw(seed, index)).collect();
    let mut pixels = Vec::with_capacity(count * size * size);
    for face in &truth {
        pixels.extend(render_face(face, size));
    }
    FaceSet { height: size, width: size, pixels, truth, parts: part_masks(size) }
}

/// The same of `people`, who take turns: face `i` is of person `i % people`, whose head, hair, glasses and clothes stay, while
/// expression, gaze, light, pose and backdrop are drawn for each picture.
///
/// # Panics
/// If `size` or `people` is 0.
#[must_use]
pub fn render_people(count: usize, people: usize, size: usize, seed: u64) -> FaceSet {
    let face = |index: usize| FaceTruth::draw(seed, index % people).met_again(&FaceTruth::draw(seed, people + index));
    let truth: Vec<FaceTruth> = (0..count).map(face).collect();
    let pixels = truth.iter().flat_map(|face| render_face(face, size)).collect();
    FaceSet { height: size, width: size, pixels, truth, parts: part_masks(size) }
}

/// Draws one face of `size` × `size` pixels, row by row: grey values in [0, 1], multiples of 1/255.
///
/// # Panics
/// If `size` is 0.
#[must_use]
pub fn render_face(truth: &FaceTruth, size: usize) -> Vec<f64> {
    let noise = &truth.grain;
    let mut pixels = vec![0.0; size * size];
    for (at, (pixel, grey)) in pixels.iter_mut().zip(exact(truth, size)).enumerate() {
        let (row, column) = ((at / size) as u32, (at % size) as u32);
        let grey = (grey + noise.deviation * grain(column, row, noise.seed)).clamp(0.0, 1.0);
        *pixel = f64::from((255.0 * grey).round()) / 255.0;
    }
    pixels
}

/// The grey values before noise and rounding: the square root of the light, as a display expects them.
fn exact(truth: &FaceTruth, size: usize) -> Vec<f32> {
    assert!(size > 0, "a picture has at least one pixel");
    // Edges are smooth, so one sample a pixel is enough; small pictures average several, to keep the finest parts.
    let dense = FINEST.div_ceil(size);
    let samples = dense * size;
    let step = 2.0 / samples as f32;
    let scene = Scene::new(truth, LENS * step);
    let at = |index: usize| (index as f32 + 0.5) * step - 1.0;
    let mut pixels = vec![0.0_f32; size * size];
    for row in 0..samples {
        let line = &mut pixels[row / dense * size..][..size];
        for column in 0..samples {
            line[column / dense] += scene.light_at(at(column), at(row)).clamp(0.0, 1.0);
        }
    }
    let share = 1.0 / (dense * dense) as f32;
    pixels.iter_mut().for_each(|pixel| *pixel = (*pixel * share).sqrt());
    pixels
}

/// Samples per side that the finest parts need.
const FINEST: usize = 48;
/// Width of the lens's blur, in samples.
const LENS: f32 = 1.35;
