//! What the set of faces promises: determinism, range, independent parts, honest maps.

use super::*;

/// One parameter's name and a change of it.
type Axis = (&'static str, fn(&mut FaceTruth));

/// Every parameter that has a scale, with a change within its usual range.
const AXES: &[(Part, &[Axis])] = &[
    (
        Part::Head,
        &[
            ("width", |f| f.head.width += 0.04),
            ("top", |f| f.head.top += 0.05),
            ("chin", |f| f.head.chin += 0.04),
            ("jaw", |f| f.head.jaw = 1.0 - f.head.jaw),
            ("cheeks", |f| f.head.cheeks = 1.0 - f.head.cheeks),
        ],
    ),
    (
        Part::Skin,
        &[
            ("tone", |f| f.skin.tone *= 0.7),
            ("shine", |f| f.skin.shine = 1.0 - f.skin.shine),
            ("spots", |f| f.skin.spots ^= 77),
        ],
    ),
    (
        Part::Hair,
        &[
            ("style", |f| f.hair.style = HairStyle::Long),
            ("tone", |f| f.hair.tone += 0.1),
            ("volume", |f| f.hair.volume = 1.0 - f.hair.volume),
            ("line", |f| f.hair.line += 0.05),
            ("slant", |f| f.hair.slant = -f.hair.slant),
            ("strands", |f| f.hair.strands ^= 1234),
        ],
    ),
    (
        Part::Brows,
        &[
            ("height", |f| f.brows.height += 0.02),
            ("angle", |f| f.brows.angle += 0.03),
            ("arch", |f| f.brows.arch += 0.02),
            ("thickness", |f| f.brows.thickness += 0.01),
            ("strength", |f| f.brows.strength *= 0.6),
        ],
    ),
    (
        Part::Eyes,
        &[
            ("spacing", |f| f.eyes.spacing += 0.02),
            ("width", |f| f.eyes.width += 0.015),
            ("open", |f| f.eyes.open += 0.01),
            ("tilt", |f| f.eyes.tilt += 0.02),
            ("iris", |f| f.eyes.iris += 0.08),
            ("gaze_x", |f| f.eyes.gaze_x += 0.6),
            ("gaze_y", |f| f.eyes.gaze_y += 0.6),
            ("sockets", |f| f.eyes.sockets = 1.0 - f.eyes.sockets),
            ("lids", |f| f.eyes.lids = 1.0 - f.eyes.lids),
        ],
    ),
    (
        Part::Nose,
        &[
            ("length", |f| f.nose.length += 0.03),
            ("width", |f| f.nose.width += 0.02),
            ("bridge", |f| f.nose.bridge = 1.0 - f.nose.bridge),
            ("nostrils", |f| f.nose.nostrils *= 0.5),
        ],
    ),
    (
        Part::Mouth,
        &[
            ("smile", |f| f.mouth.smile += 0.4),
            ("open", |f| f.mouth.open += 0.03),
            ("width", |f| f.mouth.width += 0.02),
            ("fullness", |f| f.mouth.fullness += 0.02),
            ("tint", |f| f.mouth.tint *= 0.6),
        ],
    ),
    (Part::Ears, &[("size", |f| f.ears.size += 0.03), ("out", |f| f.ears.out += 0.03)]),
    (
        Part::Body,
        &[
            ("neck", |f| f.body.neck += 0.04),
            ("shoulders", |f| f.body.shoulders -= 0.05),
            ("tone", |f| f.body.tone += 0.2),
            ("collar", |f| f.body.collar *= 0.4),
        ],
    ),
    (
        Part::Light,
        &[
            ("x", |f| f.light.x += 0.4),
            ("y", |f| f.light.y += 0.3),
            ("ambient", |f| f.light.ambient += 0.1),
            ("power", |f| f.light.power *= 0.9),
        ],
    ),
    (
        Part::Backdrop,
        &[
            ("tone", |f| f.backdrop.tone += 0.1),
            ("slope_x", |f| f.backdrop.slope_x += 0.2),
            ("slope_y", |f| f.backdrop.slope_y += 0.2),
        ],
    ),
    (
        Part::Pose,
        &[
            ("dx", |f| f.pose.dx += 0.02),
            ("dy", |f| f.pose.dy += 0.02),
            ("scale", |f| f.pose.scale *= 1.02),
            ("lean", |f| f.pose.lean += 0.03),
        ],
    ),
    (
        Part::Glasses,
        &[
            ("width", |f| worn(f).width += 0.015),
            ("height", |f| worn(f).height += 0.02),
            ("roundness", |f| worn(f).roundness = 1.0 - worn(f).roundness),
            ("thickness", |f| worn(f).thickness += 0.006),
            ("tone", |f| worn(f).tone += 0.2),
            ("glint", |f| worn(f).glint += 0.4),
        ],
    ),
    (
        Part::Beard,
        &[
            ("style", |f| grown(f).style = BeardStyle::Full),
            ("tone", |f| grown(f).tone += 0.2),
            ("density", |f| grown(f).density *= 0.6),
            ("strands", |f| grown(f).strands ^= 1234),
        ],
    ),
];

fn worn(face: &mut FaceTruth) -> &mut Glasses {
    face.glasses.as_mut().expect("the face wears glasses")
}

fn grown(face: &mut FaceTruth) -> &mut Beard {
    face.beard.as_mut().expect("the face has a beard")
}

/// A face that has every part and looks straight into an even light.
fn complete() -> FaceTruth {
    let mut face = FaceTruth::draw(9, 0);
    let glasses = (0..).find_map(|index| FaceTruth::draw(9, index).glasses);
    let beard = (0..).filter_map(|index| FaceTruth::draw(9, index).beard).find(|b| b.style == BeardStyle::Moustache);
    (face.glasses, face.beard) = (glasses, beard);
    face.hair.style = HairStyle::Short;
    face.hair.slant = 0.7;
    face.ears.out = 0.06;
    face.body.collar = 0.7;
    face
}

fn digest(pixels: &[f64]) -> u64 {
    let bytes = pixels.iter().map(|p| (255.0 * p).round() as u8);
    bytes.fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

#[test]
fn the_same_seed_gives_the_same_bits_on_every_machine() {
    let set = render(20, 48, 1);
    assert_eq!(digest(&set.pixels), DIGEST);
    assert_ne!(digest(&render(20, 48, 2).pixels), DIGEST);
}

/// Of the first twenty faces of seed 1: changes when (and only when) the pictures do.
const DIGEST: u64 = 12_361_369_837_530_765_353;

#[test]
fn a_larger_set_begins_with_the_smaller_one() {
    let (small, large) = (render(3, 24, 5), render(7, 24, 5));
    assert_eq!(small.pixels[..], large.pixels[..small.pixels.len()]);
    assert_eq!(small.truth[..], large.truth[..3]);
    assert_eq!(small.parts, large.parts);
}

#[test]
fn every_size_has_its_shape_and_its_grey_values_are_bytes() {
    for size in [1, 19, 32, 64, 96] {
        let set = render(3, size, 4);
        assert_eq!((set.height, set.width, set.pixels.len()), (size, size, 3 * size * size));
        assert_eq!(set.face(2), render_face(&set.truth[2], size));
        for &pixel in &set.pixels {
            assert!((0.0..=1.0).contains(&pixel));
            let level = (pixel * 255.0).round();
            assert!((pixel - level / 255.0).abs() < 1e-15, "{pixel} is no multiple of 1/255");
        }
        assert!(set.parts.iter().all(|mask| mask.map.len() == size * size));
    }
}

#[test]
fn sizes_show_the_same_face() {
    let truth = FaceTruth::draw(3, 1);
    let (small, large) = (exact(&truth, 24), exact(&truth, 96));
    let mut apart = 0.0;
    for (at, grey) in small.iter().enumerate() {
        let block = (0..16).map(|i| large[(at / 24 * 4 + i / 4) * 96 + at % 24 * 4 + i % 4]);
        apart += (block.sum::<f32>() / 16.0 - grey).abs() / 576.0;
    }
    assert!(apart < 0.015, "{apart}");
}

#[test]
fn greys_are_spread_as_in_photographs() {
    let set = render(100, 48, 1);
    let moments = |pixels: &[f64]| {
        let mean = pixels.iter().sum::<f64>() / pixels.len() as f64;
        (mean, (pixels.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / pixels.len() as f64).sqrt())
    };
    let (mean, deviation) = moments(&set.pixels);
    assert!((0.4..0.6).contains(&mean) && (0.13..0.22).contains(&deviation), "{mean} {deviation}");
    for index in 0..100 {
        let (mean, deviation) = moments(set.face(index));
        assert!((0.2..0.8).contains(&mean) && deviation > 0.05, "face {index}: {mean} {deviation}");
    }
    let white = set.pixels.iter().filter(|&&p| p > 0.99).count();
    assert!(white * 200 < set.pixels.len(), "{white} pixels are burnt out");
}

#[test]
fn no_two_faces_are_alike() {
    let set = render(60, 32, 2);
    for a in 0..60 {
        for b in 0..a {
            let apart = set.face(a).iter().zip(set.face(b)).map(|(p, q)| (p - q).abs()).sum::<f64>() / 1024.0;
            assert!(apart > 0.02, "faces {a} and {b} differ by {apart} only");
        }
    }
}

#[test]
fn every_parameter_of_every_part_changes_the_picture() {
    let face = complete();
    let before = exact(&face, 48);
    for (part, axes) in AXES {
        for (name, change) in *axes {
            let mut changed = face.clone();
            change(&mut changed);
            let most = before.iter().zip(exact(&changed, 48)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(most > 0.008, "{}.{name} changes no pixel by more than {most}", part.name());
        }
    }
    assert!(Part::ALL.iter().all(|part| AXES.iter().any(|(named, _)| named == part)));
}

#[test]
fn maps_say_where_a_part_acts() {
    for mask in part_masks(48) {
        assert_eq!(mask.name, mask.part.name());
        let largest = mask.map.iter().copied().fold(0.0, f64::max);
        assert!((largest - 1.0).abs() < 1e-12 && mask.map.iter().all(|&v| v >= 0.0), "{}", mask.name);
        let (mut within, mut all) = (0.0, 0.0);
        for index in 0..40 {
            let face = FaceTruth::draw(77, index);
            let mut other = face.clone();
            mask.part.transplant(&mut other, &FaceTruth::draw(77, index + 40));
            for ((a, b), weight) in exact(&face, 48).iter().zip(exact(&other, 48)).zip(&mask.map) {
                let change = f64::from((a - b).abs());
                all += change;
                within += if *weight > 0.01 { change } else { 0.0 };
            }
        }
        assert!(all > 0.0, "{} never acts", mask.name);
        assert!(within > 0.9 * all, "{}: {within} of {all} within its map", mask.name);
    }
}

#[test]
fn features_act_locally_and_apart() {
    let masks = part_masks(48);
    let map = |part| &masks.iter().find(|mask| mask.part == part).expect("every part has a map").map;
    for part in [Part::Brows, Part::Eyes, Part::Glasses, Part::Nose, Part::Mouth, Part::Beard, Part::Ears] {
        let area = map(part).iter().filter(|&&v| v > 0.1).count();
        assert!((8..700).contains(&area), "{} covers {area} of 2304 pixels", part.name());
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    for (a, b) in [(Part::Eyes, Part::Mouth), (Part::Brows, Part::Beard), (Part::Ears, Part::Nose)] {
        let (x, y) = (map(a), map(b));
        let cosine = dot(x, y) / (dot(x, x) * dot(y, y)).sqrt();
        assert!(cosine < 0.05, "{} and {} overlap by {cosine}", a.name(), b.name());
    }
}

#[test]
fn maps_lie_where_anatomy_puts_them() {
    let masks = part_masks(48);
    let row = |part| {
        let map = &masks.iter().find(|mask: &&PartMask| mask.part == part).expect("every part has a map").map;
        let moment = map.iter().enumerate().map(|(at, v)| (at / 48) as f64 * v).sum::<f64>();
        moment / map.iter().sum::<f64>()
    };
    let down = [Part::Brows, Part::Eyes, Part::Nose, Part::Mouth, Part::Body].map(row);
    assert!(down.windows(2).all(|pair| pair[0] + 1.0 < pair[1]), "{down:?}");
}

#[test]
fn rare_parts_are_as_common_as_they_should_be() {
    let faces: Vec<FaceTruth> = (0..1000).map(|index| FaceTruth::draw(0, index)).collect();
    let share = |test: fn(&FaceTruth) -> bool| faces.iter().filter(|face| test(face)).count() as f64 / 1000.0;
    assert!((0.2..0.35).contains(&share(|f| f.glasses.is_some())));
    assert!((0.33..0.51).contains(&share(|f| f.beard.is_some())));
    // Parts are independent: among the bearded, glasses are no rarer.
    let both = share(|f| f.glasses.is_some() && f.beard.is_some());
    let product = share(|f| f.glasses.is_some()) * share(|f| f.beard.is_some());
    assert!((both - product).abs() < 0.04, "{both} {product}");
    use HairStyle::{Bald, Curly, Fringe, Long, Parted, Receding, Short};
    for style in [Bald, Receding, Short, Parted, Fringe, Curly, Long] {
        let count = faces.iter().filter(|face| face.hair.style == style).count();
        assert!((40..300).contains(&count), "{style:?}: {count}");
    }
}
