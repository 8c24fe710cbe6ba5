//! Swimmer (Donoho & Stodden, 2003): a stick figure with four limbs, each in one of four positions.
//!
//! 256 binary pictures of 20×11 pixels. The torso is in all of them; with it the 17 visible parts describe each picture
//! exactly, the matrix has linear rank 13 and nonnegative rank 16.

use super::{Dataset, Part};
use crate::results::record::ImageShape;

/// Height and width of a picture.
pub const SHAPE: ImageShape = ImageShape { height: 20, width: 11 };

/// A limb: its joint (row, column) and the way it points (down, right), −1 for the opposite.
struct Limb {
    name: &'static str,
    joint: (i32, i32),
    down: i32,
    right: i32,
}

const LIMBS: [Limb; 4] = [
    Limb { name: "left arm", joint: (5, 4), down: -1, right: -1 },
    Limb { name: "right arm", joint: (5, 6), down: -1, right: 1 },
    Limb { name: "left leg", joint: (14, 4), down: 1, right: -1 },
    Limb { name: "right leg", joint: (14, 6), down: 1, right: 1 },
];

/// The four positions of a limb as multiples of its (vertical, horizontal) direction.
const POSITIONS: [(&str, (i32, i32)); 4] =
    [("straight", (1, 0)), ("spread", (1, 1)), ("sideways", (0, 1)), ("folded", (-1, 1))];

/// Pixels of a limb beyond its joint.
const LENGTH: i32 = 3;

/// The 220×256 matrix of zeros and ones: one picture a column, the right leg moving fastest.
#[must_use]
pub fn swimmer() -> Dataset {
    let parts = parts();
    let (torso, limbs) = parts.split_last().expect("there are 17 parts");
    let mut values = Vec::with_capacity(SHAPE.height * SHAPE.width * 256);
    for picture in 0..256_usize {
        let positions = [picture >> 6, picture >> 4 & 3, picture >> 2 & 3, picture & 3];
        let mut pixels = torso.values.clone();
        for (limb, position) in positions.into_iter().enumerate() {
            for (pixel, part) in pixels.iter_mut().zip(&limbs[4 * limb + position].values) {
                *pixel += part;
            }
        }
        values.extend(pixels);
    }
    let mut dataset = Dataset::new("swimmer", SHAPE.height * SHAPE.width, 256, values);
    dataset.title = "Swimmer (synthetic)".to_owned();
    dataset.image = Some(SHAPE);
    dataset.synthetic = true;
    dataset.parts = parts;
    dataset
}

/// The 17 visible parts as pictures of zeros and ones: four positions of each limb, then the torso.
#[must_use]
pub fn parts() -> Vec<Part> {
    let mut parts = Vec::with_capacity(17);
    for Limb { name, joint: (row, column), down, right } in LIMBS {
        for (position, (vertical, horizontal)) in POSITIONS {
            let pixels = (1..=LENGTH).map(|s| (row + s * down * vertical, column + s * right * horizontal));
            parts.push(part(format!("{name} {position}"), pixels));
        }
    }
    let spine = (5..=14).map(|row| (row, 5));
    parts.push(part("torso".to_owned(), spine.chain(LIMBS.iter().map(|limb| limb.joint))));
    parts
}

fn part(name: String, pixels: impl Iterator<Item = (i32, i32)>) -> Part {
    let mut values = vec![0.0; SHAPE.height * SHAPE.width];
    for (row, column) in pixels {
        let index = usize::try_from(row * 11 + column).expect("all parts lie inside the picture");
        values[index] = 1.0;
    }
    Part { name, values, activations: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Rank by exact elimination over the integers modulo a prime, which cannot exceed the true rank of a 0/1 matrix
    /// and equals it unless the prime divides a minor.
    fn rank(columns: &[Vec<u64>]) -> usize {
        const P: u64 = 2_147_483_647;
        let inverse = |a: u64| {
            let (mut base, mut power, mut result) = (a, P - 2, 1);
            while power > 0 {
                if power & 1 == 1 {
                    result = result * base % P;
                }
                base = base * base % P;
                power >>= 1;
            }
            result
        };
        let mut pivots: Vec<(usize, Vec<u64>)> = Vec::new();
        for column in columns {
            let mut rest = column.clone();
            for (at, pivot) in &pivots {
                let factor = rest[*at];
                for (value, p) in rest.iter_mut().zip(pivot) {
                    *value = (*value + (P - factor) * p) % P;
                }
            }
            if let Some(at) = rest.iter().position(|&value| value != 0) {
                let scale = inverse(rest[at]);
                rest.iter_mut().for_each(|value| *value = *value * scale % P);
                pivots.push((at, rest));
            }
        }
        pivots.len()
    }

    fn pictures() -> Vec<Vec<u64>> {
        swimmer().values.stored().chunks(220).map(|column| column.iter().map(|&v| v as u64).collect()).collect()
    }

    #[test]
    fn binary_distinct_and_of_rank_13() {
        let pictures = pictures();
        assert_eq!(pictures.len(), 256);
        assert!(pictures.iter().flatten().all(|&value| value <= 1));
        assert!(pictures.iter().all(|picture| picture.iter().sum::<u64>() == 14 + 4 * 3));
        assert_eq!(pictures.iter().collect::<BTreeSet<_>>().len(), 256);
        assert_eq!(rank(&pictures), 13);
        assert_eq!(rank(&pictures[..1]), 1);
    }

    #[test]
    fn seventeen_parts_are_what_can_be_told_apart() {
        // Pixels that are lit in the same pictures belong to one part.
        let pictures = pictures();
        let mut classes = BTreeSet::new();
        for pixel in 0..220 {
            let lit: Vec<u64> = pictures.iter().map(|picture| picture[pixel]).collect();
            if lit.contains(&1) {
                classes.insert(lit);
            }
        }
        assert_eq!(classes.len(), 17);
        let parts = parts();
        assert_eq!(parts.iter().map(|part| &part.name).collect::<BTreeSet<_>>().len(), 17);
        let limbs = parts.iter().filter(|part| part.values.iter().sum::<f64>() as usize == 3).count();
        assert_eq!(limbs, 16);
        // No two parts share a pixel.
        for pixel in 0..220 {
            assert!(parts.iter().map(|part| part.values[pixel]).sum::<f64>() <= 1.0);
        }
    }

    #[test]
    fn the_first_picture_looks_like_this() {
        let rows: Vec<String> = swimmer().values.stored()[..220]
            .chunks(11)
            .map(|row| row.iter().map(|&v| if v > 0.5 { '#' } else { '.' }).collect())
            .collect();
        assert_eq!(rows[1], "...........");
        assert_eq!(rows[2..5], ["....#.#...."; 3]);
        assert_eq!(rows[5], "....###....");
        assert_eq!(rows[6..14], [".....#....."; 8]);
        assert_eq!(rows[14], "....###....");
        assert_eq!(rows[15..18], ["....#.#...."; 3]);
        assert_eq!(rows[18], "...........");
    }
}
