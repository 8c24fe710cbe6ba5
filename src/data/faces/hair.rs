//! The hair on the head: seven cuts, each an outline around the skull and a hairline across the forehead.

use super::scene::{MIDDLE, Scene, Spot};
use super::shape::{bell, mix, noise, soft, step};
use super::truth::HairStyle;

/// Long hair falls behind the neck.
pub(super) fn behind(scene: &Scene<'_>, spot: &Spot, value: &mut f32) {
    let hair = &scene.truth.hair;
    if hair.style == HairStyle::Long && spot.y > -0.1 {
        let width = scene.truth.head.width + 0.03 + 0.10 * hair.volume + 0.05 * spot.y;
        let wave = 0.02 * noise(spot.y * 5.0, 0.0, hair.strands);
        *value = mix(*value, hair.tone * 0.55, soft(spot.x.abs() - width + wave, 0.02));
    }
}

/// The hair on and around the skull.
pub(super) fn front(scene: &Scene<'_>, spot: &Spot, value: &mut f32) {
    let hair = &scene.truth.hair;
    let Some(cut) = &scene.cut else { return };
    let head = &scene.truth.head;
    let (x, y) = (spot.x, spot.y);
    // Short hair lies closer to the head towards its lower end.
    let close = step(y, cut.side + 0.04, cut.side - 0.34);
    let (width, top) = (head.width + mix(-0.015, cut.sides, close), head.top + cut.crown);
    // Outline: an egg above the middle, and for long hair a curtain below it.
    let v = ((y - MIDDLE) / if y < MIDDLE { top } else { 2.2 }).max(-2.0);
    let u = x / width;
    let rho = u * u + 0.8 * v * v + 0.2 * v * v * v * v;
    let ragged = cut.curl * noise(x * 13.0 + 40.0, y * 13.0, hair.strands);
    let outside = (rho.sqrt() - 1.0) * width.min(top) + ragged;
    let shape = soft(outside, 0.5 * scene.pixel + cut.fuzz);
    if shape <= 0.0 {
        return;
    }
    let above = soft(below(scene, spot, cut) - 1.3 * ragged, cut.blend + 0.5 * scene.pixel);
    if above > 0.0 {
        let z = (1.0 - rho).max(0.0).sqrt() + 0.15;
        let lit = scene.lit([0.9 * u, 0.9 * v - 0.15, z]);
        // Strands run down from the crown; a soft band of light lies across them.
        let strand = noise(x * 19.0 / (0.45 + z), y * 2.5 + 0.6 * hair.slant * x, hair.strands ^ 1);
        let band = bell(x - 0.5 * scene.lamp[0], v + 0.78, 0.75, 0.42);
        let tone = hair.tone * (0.6 + 0.35 * z) * (1.0 + 0.30 * strand) * (0.8 + 0.6 * band) + 0.018 * band;
        *value = mix(*value, tone * lit, shape * above * cut.cover);
    }
}

/// How far a spot lies below the hairline (negative: under the hair).
fn below(scene: &Scene<'_>, spot: &Spot, cut: &Cut) -> f32 {
    let (hair, width) = (&scene.truth.hair, scene.truth.head.width);
    let x = spot.x + cut.wave * noise(spot.y * 4.5, 7.0, hair.strands);
    let s = x / width;
    let fringe = cut.ragged * noise(x * 11.0, 3.0, hair.strands ^ 2);
    let front = cut.front + hair.line + cut.slant * hair.slant * s + cut.peak * s * s + fringe;
    let line = mix(front, cut.side, step(s.abs(), cut.temple, cut.temple + cut.span));
    // At the temples the line is steep: its slope turns the height above it into a distance.
    let t = ((s.abs() - cut.temple) / cut.span).clamp(0.0, 1.0);
    let slope = 6.0 * t * (1.0 - t) * (cut.side - front) / (cut.span * width);
    (spot.y - line) / (1.0 + slope * slope).sqrt()
}

/// How much light the hair leaves to the skin below the hairline.
pub(super) fn shadow(scene: &Scene<'_>, spot: &Spot) -> f32 {
    match &scene.cut {
        Some(cut) => 1.0 - 0.36 * cut.cover * soft(below(scene, spot, cut) - 0.03, 0.09),
        None => 1.0,
    }
}

/// The measures of a cut of hair.
pub(super) struct Cut {
    /// How far the hair stands out at the sides and at the crown.
    sides: f32,
    crown: f32,
    /// The hairline on the forehead, and at the sides.
    front: f32,
    side: f32,
    /// Where the hairline begins to fall, and over which width (both relative to the head's).
    temple: f32,
    span: f32,
    /// How far combing to one side tilts the hairline, and how far its ends lie lower than its middle.
    slant: f32,
    peak: f32,
    /// Softness of the hairline and of the outline.
    blend: f32,
    fuzz: f32,
    /// Unevenness of the hairline, of the outline, and of the curtain's edge.
    ragged: f32,
    curl: f32,
    wave: f32,
    /// How much of the skin the hair hides.
    cover: f32,
}

impl Cut {
    /// The measures of a cut, or nothing for a bald head.
    pub(super) fn of(style: HairStyle, volume: f32) -> Option<Self> {
        let short = Self::short(volume);
        match style {
            HairStyle::Bald => None,
            HairStyle::Receding => Some(Self {
                sides: 0.006 + 0.015 * volume,
                crown: 0.008,
                front: -0.78,
                side: 0.0,
                temple: 0.42,
                span: 0.62,
                blend: 0.09,
                cover: 0.85,
                ..short
            }),
            HairStyle::Short => Some(short),
            HairStyle::Parted => Some(Self {
                sides: 0.025 + 0.04 * volume,
                crown: 0.06 + 0.07 * volume,
                front: -0.53,
                slant: 0.17,
                peak: 0.0,
                side: 0.08,
                ..short
            }),
            HairStyle::Fringe => Some(Self {
                sides: 0.03 + 0.04 * volume,
                crown: 0.05 + 0.06 * volume,
                front: -0.36,
                side: 0.10,
                temple: 0.64,
                slant: 0.06,
                peak: 0.0,
                ragged: 0.05,
                ..short
            }),
            HairStyle::Curly => Some(Self {
                sides: 0.06 + 0.09 * volume,
                crown: 0.09 + 0.08 * volume,
                front: -0.53,
                side: 0.10,
                temple: 0.58,
                blend: 0.04,
                fuzz: 0.045,
                curl: 0.030,
                ..short
            }),
            HairStyle::Long => Some(Self {
                sides: 0.04 + 0.10 * volume,
                crown: 0.05 + 0.06 * volume,
                front: -0.53,
                side: 1.35,
                temple: 0.62,
                wave: 0.05,
                slant: 0.12,
                ..short
            }),
        }
    }

    /// Close to the head: what the other cuts vary.
    fn short(volume: f32) -> Self {
        Self {
            sides: 0.012 + 0.025 * volume,
            crown: 0.025 + 0.06 * volume,
            front: -0.54,
            side: 0.02,
            temple: 0.56,
            span: 0.42,
            slant: 0.04,
            peak: 0.05,
            blend: 0.030,
            fuzz: 0.012,
            ragged: 0.02,
            curl: 0.0,
            wave: 0.02,
            cover: 0.97,
        }
    }
}
