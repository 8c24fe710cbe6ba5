//! The features of the face: skin, nose, beard, mouth, eyes, brows, glasses.

use super::hair;
use super::scene::{EYES, MOUTH, Scene, Spot};
use super::shape::{bell, cover, line, mix, noise, rounded_box, soft, step};
use super::truth::{BeardStyle, HairStyle};

/// The brightness of a point of the head.
pub(super) fn face(scene: &Scene<'_>, spot: &Spot) -> f32 {
    let truth = scene.truth;
    let (shade, highlight) = scene.shade(spot);
    let shade = shade * hair::shadow(scene, spot);
    let mut skin = truth.skin.tone;
    // Cheeks and nose are a little darker (redder) than the rest.
    skin *= 1.0 - 0.06 * bell(spot.x.abs() - 0.32, spot.y - 0.14, 0.24, 0.2);
    skin *= 1.0 - 0.10 * step(-spot.edge, 0.10, 0.0);
    // Pores and spots.
    skin *= 1.0 + 0.05 * noise(spot.x * 16.0, spot.y * 16.0, truth.skin.spots);
    nose(scene, spot, &mut skin);
    socket(scene, spot, &mut skin);
    let bare = skin;
    beard(scene, spot, &mut skin);
    mouth(scene, spot, bare, &mut skin);
    eyes(scene, spot, &mut skin);
    brows(scene, spot, &mut skin);
    let shine = (0.02 + 0.10 * truth.skin.shine) * highlight * (1.0 - truth.light.ambient);
    skin * shade + shine * (skin / truth.skin.tone).min(1.0)
}

fn nose(scene: &Scene<'_>, spot: &Spot, skin: &mut f32) {
    let nose = &scene.truth.nose;
    let base = EYES + nose.length;
    let (x, y) = (spot.x, spot.y - base);
    if x.abs() > 0.3 || !(-0.4..=0.2).contains(&y) {
        return;
    }
    // The underside lies in shadow, deeper when the light comes from above or from the other side.
    let below = bell(x + 0.10 * scene.lamp[0], y - 0.025, nose.width + 0.04, 0.06);
    *skin *= 1.0 - (0.36 - 0.24 * scene.lamp[1]) * below;
    let cast = bell(x + (0.9 * nose.width + 0.03) * scene.lamp[0].signum(), y + 0.06, 0.11, 0.20);
    *skin *= 1.0 - 0.38 * scene.lamp[0].abs() * cast;
    // The crease around each wing, and the nostril.
    let side = x.abs();
    *skin *= 1.0 - 0.36 * bell(side - nose.width - 0.012, y + 0.03, 0.03, 0.065);
    *skin *= 1.0 - 0.75 * nose.nostrils * bell(side - 0.52 * nose.width, y + 0.002, 0.052, 0.030);
    // The sides of the bridge.
    *skin *= 1.0 - 0.12 * nose.bridge * bell(side - 0.085, y + 0.27, 0.06, 0.15);
}

/// The eye lies in a hollow, with a shadow below.
fn socket(scene: &Scene<'_>, spot: &Spot, skin: &mut f32) {
    let eyes = &scene.truth.eyes;
    let (x, y) = (spot.x.abs() - eyes.spacing, spot.y - EYES);
    *skin *= 1.0 - (0.26 + 0.26 * eyes.sockets) * bell(x + 0.04, y + 0.03, 0.22, 0.15);
    *skin *= 1.0 - 0.20 * eyes.sockets * bell(x + 0.01, y - 0.085, 0.15, 0.045);
}

/// The middle line of the mouth at `s` half widths from its middle, and its half width.
fn lips(scene: &Scene<'_>) -> (f32, f32) {
    let mouth = &scene.truth.mouth;
    (mouth.width * (1.0 + 0.24 * mouth.smile.max(0.0)), 0.085 * mouth.smile)
}

fn mouth(scene: &Scene<'_>, spot: &Spot, bare: f32, skin: &mut f32) {
    let mouth = &scene.truth.mouth;
    let (width, lift) = lips(scene);
    let (x, y) = (spot.x, spot.y - MOUTH);
    if x.abs() > 0.45 || y.abs() > 0.32 {
        return;
    }
    let smile = mouth.smile.max(0.0);
    // The fold from the wing of the nose to the corner of the mouth.
    let fold = 0.135 + 0.55 * (y + 0.20) * (0.6 + 0.4 * smile);
    let along = step(y, -0.22, -0.10) * step(y, 0.09, -0.03);
    *skin *= 1.0 - (0.07 + 0.24 * smile) * along * soft((x.abs() - fold - 0.02).abs() - 0.012, 0.030);

    let s = x / width;
    let arch = (1.0 - s * s).max(0.0);
    let e = y - 0.35 * lift + lift * s * s;
    // The hollow below the lower lip and the dimple at each corner.
    *skin *= 1.0 - 0.20 * bell(x, e - 0.055 - 1.1 * mouth.fullness, 0.75 * width, 0.05);
    *skin *= 1.0 - (0.25 + 0.2 * smile) * bell(x.abs() - width, y + 0.65 * lift, 0.045, 0.045);

    // Upper lip with its bow, lower lip, the gap with teeth, the line where the lips meet.
    let gap = mouth.open * (0.45 + 0.4 * smile) * arch.sqrt();
    let bow = 1.0 - 0.22 * bell(x, 0.0, 0.05, 1.0);
    let upper = gap * 0.6 + 0.85 * mouth.fullness * arch.sqrt() * bow;
    let lower = gap * 1.4 + 1.15 * mouth.fullness * arch.sqrt();
    let lip = cover((-upper - e).max(e - lower), scene.pixel + 0.012) * step(arch, 0.0, 0.12);
    let tint = 1.0 - mouth.tint * if e < 0.0 { 0.85 } else { 0.66 };
    *skin = mix(*skin, bare * tint, lip);
    let hole = cover((-0.6 * gap - e).max(e - 1.4 * gap), scene.pixel) * step(gap, 0.0, 0.015);
    let teeth = soft(e - 0.6 * gap, 0.5 * gap + 1e-4) * (1.0 - 0.35 * s * s);
    *skin = mix(*skin, mix(0.015, 0.50, teeth), hole);
    let meet = line(e, 0.0105, scene.pixel) * step(arch, 0.0, 0.25) * (1.0 - 0.75 * step(gap, 0.0, 0.02));
    *skin *= 1.0 - 0.80 * meet;
}

fn beard(scene: &Scene<'_>, spot: &Spot, skin: &mut f32) {
    let Some(beard) = &scene.truth.beard else { return };
    let (x, y) = (spot.x.abs(), spot.y);
    if y < -0.05 {
        return;
    }
    let (width, lift) = lips(scene);
    let nose_base = EYES + scene.truth.nose.length;
    // Above the lip: from below the nose to the mouth, drooping a little at the ends.
    let droop = 0.25 * (x - 0.5 * width).max(0.0);
    let moustache = soft(nose_base + 0.045 - y + 0.5 * x * x, 0.03)
        * soft(y - MOUTH + 0.02 - droop, 0.04)
        * soft(x - width - 0.015, 0.05);
    // Around the mouth and on the chin.
    let chin = soft(x - 0.9 * width - 0.02 * lift, 0.07) * soft(MOUTH + 0.105 - y, 0.04);
    let corner = bell(x - width - 0.01, y - MOUTH - 0.05, 0.09, 0.15);
    // The jaw: below a line that falls from the ear to the corner of the mouth.
    let cheek = MOUTH - 0.03 - 0.55 * (x - 0.22).max(0.0) - 1.4 * (x - 0.40).max(0.0);
    let jaw = soft(cheek - y, 0.07);
    let lips = bell(x, y - MOUTH - 0.03, width + 0.03, 0.12);
    let round_lips = 1.0 - (2.5 * lips).min(1.0) * 0.85;
    let area = match beard.style {
        BeardStyle::Moustache => moustache,
        BeardStyle::Goatee => moustache.max(chin).max((2.0 * corner).min(1.0)),
        BeardStyle::Stubble | BeardStyle::Full => moustache.max(jaw * round_lips),
    };
    if area > 0.0 {
        let strand = noise(spot.x * 14.0, spot.y * 9.0, beard.strands);
        *skin = mix(*skin, beard.tone * (1.0 + 0.25 * strand), beard.density * area);
    }
}

fn eyes(scene: &Scene<'_>, spot: &Spot, skin: &mut f32) {
    let eyes = &scene.truth.eyes;
    let side = if spot.x < 0.0 { -1.0 } else { 1.0 };
    let x = spot.x.abs() - eyes.spacing;
    let s = x / eyes.width;
    let y = spot.y - EYES + eyes.tilt * s;
    if s.abs() > 1.4 || y.abs() > 0.16 {
        return;
    }
    let arch = (1.0 - s * s).max(0.0);
    let ends = step(arch, 0.0, 0.2);
    let upper = -1.15 * eyes.open * arch * (1.0 - 0.15 * s);
    let lower = 0.80 * eyes.open * arch * (1.0 + 0.20 * s);
    // The fold of the upper lid and the rim of the lower one.
    *skin *= 1.0 - (0.15 + 0.35 * eyes.lids) * ends * line(y - upper + 0.036, 0.009, scene.pixel);
    *skin *= 1.0 - (0.10 + 0.18 * eyes.lids) * ends * line(y - lower - 0.014, 0.010, scene.pixel);

    let opening = cover((upper - y).max(y - lower), scene.pixel) * ends;
    if opening > 0.0 {
        let (cx, cy) = (side * 0.028 * eyes.gaze_x, 0.014 * eyes.gaze_y - 0.008);
        let r = ((x - cx) * (x - cx) + (y - cy) * (y - cy)).sqrt();
        let white = 0.42 * (0.6 + 0.4 * step(y, upper, upper + 0.05)) * (1.0 - 0.25 * s * s);
        let iris = mix(eyes.iris, 0.45 * eyes.iris, step(r, 0.030, 0.055));
        let mut ball = mix(white, iris, cover(r - 0.060, scene.pixel));
        ball = mix(ball, 0.008, cover(r - 0.026, scene.pixel));
        let (gx, gy) = (side * (x * side - 0.022 * scene.lamp[0] * side) - cx, y - cy + 0.020);
        ball = mix(ball, 0.9, 0.8 * cover((gx * gx + gy * gy).sqrt() - 0.011, scene.pixel));
        *skin = mix(*skin, ball, opening);
    }
    let lash = line(y - upper + 0.004, 0.011 + 0.007 * eyes.lids, scene.pixel) * ends;
    *skin = mix(*skin, 0.02, (0.55 + 0.35 * eyes.lids) * lash);
}

fn brows(scene: &Scene<'_>, spot: &Spot, skin: &mut f32) {
    let brows = &scene.truth.brows;
    let half = 0.155;
    let s = (spot.x.abs() - 0.265) / half;
    if s.abs() > 1.2 {
        return;
    }
    let middle = EYES - brows.height - brows.angle * s - brows.arch * (1.0 - (s - 0.25) * (s - 0.25));
    // Thick inside, thin at the temple.
    let thickness = brows.thickness * (1.0 - 0.35 * s);
    let ends = step(s, -1.12, -0.80) * step(s, 1.15, 0.70);
    let d = (spot.y - middle).abs() - thickness;
    *skin *= 1.0 - brows.strength * ends * soft(d, 0.5 * scene.pixel + 0.006);
}

/// Lenses, frame, bridge and arms, with what they reflect.
pub(super) fn glasses(scene: &Scene<'_>, spot: &Spot, value: &mut f32) {
    let Some(glasses) = &scene.truth.glasses else { return };
    let pixel = scene.pixel;
    let (x, y) = (spot.x.abs(), spot.y - EYES - 0.015);
    if y.abs() > 0.3 || x > scene.truth.head.width + 0.05 {
        return;
    }
    let middle = glasses.width + 0.062;
    let small = glasses.width.min(glasses.height);
    let radius = small * (0.25 + 0.74 * glasses.roundness);
    let lens = rounded_box(x - middle, y, glasses.width, glasses.height, radius);
    let inside = cover(lens, pixel);
    // Glass takes a little light, and gives back a streak of the lamp.
    let across = (spot.x - scene.lamp[0] * 0.1).abs() - middle;
    let streak = bell(across * 0.8 + y * 0.8 + 0.03, across * 0.3 - y * 0.3, 0.085, 0.2);
    *value = mix(*value, 0.92 * *value + 0.30 * glasses.glint * streak, inside);

    let arms = line(y + 0.035, 0.9 * glasses.thickness, pixel)
        * cover(middle + glasses.width - x, pixel)
        * cover(x - scene.truth.head.width - 0.01, pixel);
    let hidden = scene.truth.hair.style == HairStyle::Long;
    let bridge = line(y + 0.035 + 2.0 * x * x, glasses.thickness, pixel) * cover(x - 0.066, pixel);
    let frame = line(lens, glasses.thickness, pixel).max(bridge).max(if hidden { 0.4 * arms } else { arms });
    // The upper rim catches the light.
    let tone = glasses.tone * (1.0 + 0.5 * step(y, 0.0, -glasses.height));
    *value = mix(*value, tone, frame);
    *value *= 1.0 - 0.18 * bell(x - middle, y - glasses.height - 0.03, glasses.width, 0.04);
}
