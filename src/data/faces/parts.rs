//! The parts of a face, and the maps of where each acts.

use super::exact;
use super::truth::FaceTruth;

/// Seed of the faces from which the maps are made: the maps belong to the family, not to one set of it.
const SEED: u64 = 0x6661_6365;
/// Pairs of faces per map.
const PAIRS: usize = 12;

/// A part of a face: a group of parameters drawn independently of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Outline of the head.
    Head,
    /// Tone and shine of the skin.
    Skin,
    /// Hair.
    Hair,
    /// Brows.
    Brows,
    /// Eyes.
    Eyes,
    /// Glasses.
    Glasses,
    /// Nose.
    Nose,
    /// Mouth.
    Mouth,
    /// Beard.
    Beard,
    /// Ears.
    Ears,
    /// Neck, shoulders and clothes.
    Body,
    /// Light.
    Light,
    /// Backdrop.
    Backdrop,
    /// Shift, scale and lean.
    Pose,
}

impl Part {
    /// All parts whose maps are known (the grain acts everywhere alike).
    pub const ALL: [Part; 14] = [
        Part::Head,
        Part::Skin,
        Part::Hair,
        Part::Brows,
        Part::Eyes,
        Part::Glasses,
        Part::Nose,
        Part::Mouth,
        Part::Beard,
        Part::Ears,
        Part::Body,
        Part::Light,
        Part::Backdrop,
        Part::Pose,
    ];

    /// The name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Head => "head",
            Part::Skin => "skin",
            Part::Hair => "hair",
            Part::Brows => "brows",
            Part::Eyes => "eyes",
            Part::Glasses => "glasses",
            Part::Nose => "nose",
            Part::Mouth => "mouth",
            Part::Beard => "beard",
            Part::Ears => "ears",
            Part::Body => "body",
            Part::Light => "light",
            Part::Backdrop => "backdrop",
            Part::Pose => "pose",
        }
    }

    /// Gives `face` this part of `other`.
    pub fn transplant(self, face: &mut FaceTruth, other: &FaceTruth) {
        match self {
            Part::Head => face.head.clone_from(&other.head),
            Part::Skin => face.skin.clone_from(&other.skin),
            Part::Hair => face.hair.clone_from(&other.hair),
            Part::Brows => face.brows.clone_from(&other.brows),
            Part::Eyes => face.eyes.clone_from(&other.eyes),
            Part::Glasses => face.glasses.clone_from(&other.glasses),
            Part::Nose => face.nose.clone_from(&other.nose),
            Part::Mouth => face.mouth.clone_from(&other.mouth),
            Part::Beard => face.beard.clone_from(&other.beard),
            Part::Ears => face.ears.clone_from(&other.ears),
            Part::Body => face.body.clone_from(&other.body),
            Part::Light => face.light.clone_from(&other.light),
            Part::Backdrop => face.backdrop.clone_from(&other.backdrop),
            Part::Pose => face.pose.clone_from(&other.pose),
        }
    }
}

/// Where a part acts.
#[derive(Debug, Clone, PartialEq)]
pub struct PartMask {
    /// The part.
    pub part: Part,
    /// Its name in lower case.
    pub name: &'static str,
    /// Height × width, row by row: how much the picture changes on average when this part alone is drawn anew,
    /// divided by the largest such change (so the maximum is 1).
    pub map: Vec<f64>,
}

/// The maps of all parts for pictures of `size` × `size` pixels. They depend on nothing else.
///
/// # Panics
/// If `size` is 0.
#[must_use]
pub fn part_masks(size: usize) -> Vec<PartMask> {
    let mut sums = vec![vec![0.0_f64; size * size]; Part::ALL.len()];
    for pair in 0..PAIRS {
        let face = FaceTruth::draw(SEED, pair);
        let before = exact(&face, size);
        for (sum, part) in sums.iter_mut().zip(Part::ALL) {
            let changed = redrawn(&face, part, pair);
            for (total, (a, b)) in sum.iter_mut().zip(before.iter().zip(exact(&changed, size))) {
                *total += f64::from((a - b).abs());
            }
        }
    }
    let masks = sums.into_iter().zip(Part::ALL);
    masks.map(|(sum, part)| PartMask { part, name: part.name(), map: normalised(sum) }).collect()
}

/// The face with one part of the first later face that has another one (a rare part is absent from most).
fn redrawn(face: &FaceTruth, part: Part, pair: usize) -> FaceTruth {
    let mut changed = face.clone();
    for other in (PAIRS + pair * 16..).take(16) {
        part.transplant(&mut changed, &FaceTruth::draw(SEED, other));
        if changed != *face {
            break;
        }
    }
    changed
}

fn normalised(mut map: Vec<f64>) -> Vec<f64> {
    let largest = map.iter().copied().fold(0.0, f64::max);
    if largest > 0.0 {
        map.iter_mut().for_each(|value| *value /= largest);
    }
    map
}
