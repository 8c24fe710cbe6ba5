//! One face as light: from its parameters to the brightness of a point.
//!
//! The picture is laid from back to front: backdrop, hair behind the neck, body, ears, head with its features, hair,
//! glasses. The head is an egg with a relief of smooth bumps (nose, cheeks, sockets, lips, chin), lit by one distant
//! lamp: the slope of the relief gives each feature its light and its dark side.

use super::features;
use super::hair::{self, Cut};
use super::shape::{bell, cover, mix, soft, step};
use super::truth::FaceTruth;

/// Where the middle of the head stands.
pub(super) const MIDDLE: f32 = -0.04;
/// Where the eyes stand.
pub(super) const EYES: f32 = -0.085;
/// Where the lips meet.
pub(super) const MOUTH: f32 = 0.425;

/// How much of the picture the head fills: the frame is cropped as in the usual collections.
const ZOOM: f32 = 1.28;
/// The height on the face that stands in the middle of the picture.
const CENTRE: f32 = -0.005;

/// A face prepared for drawing.
pub(super) struct Scene<'a> {
    pub(super) truth: &'a FaceTruth,
    /// Width of a sample.
    pub(super) pixel: f32,
    /// Direction to the lamp, of length 1.
    pub(super) lamp: [f32; 3],
    pub(super) cut: Option<Cut>,
    relief: Vec<Bump>,
}

/// Exaggerates the relief, as a hard light does.
const DEPTH: f32 = 1.5;

/// A smooth bump of the relief.
struct Bump {
    x: f32,
    y: f32,
    /// One over the half widths.
    kx: f32,
    ky: f32,
    height: f32,
}

/// A point of the picture as the head sees it.
pub(super) struct Spot {
    pub(super) x: f32,
    pub(super) y: f32,
    /// Signed distance of the head's outline.
    pub(super) edge: f32,
    /// x and y relative to the outline: −1 to 1 inside.
    u: f32,
    v: f32,
    /// 0 in the middle of the head, 1 on its outline.
    rho: f32,
}

impl<'a> Scene<'a> {
    pub(super) fn new(truth: &'a FaceTruth, pixel: f32) -> Self {
        let pixel = pixel / ZOOM;
        let (x, y) = (truth.light.x, truth.light.y);
        let length = (x * x + y * y + 1.0).sqrt();
        Self {
            truth,
            pixel,
            lamp: [x / length, y / length, 1.0 / length],
            cut: Cut::of(truth.hair.style, truth.hair.volume),
            relief: relief(truth),
        }
    }

    /// The brightness (in linear light) at a point of the picture.
    pub(super) fn light_at(&self, px: f32, py: f32) -> f32 {
        let pose = &self.truth.pose;
        let zoom = ZOOM * pose.scale;
        let (dx, dy) = ((px - pose.dx) / zoom, (py - pose.dy) / zoom + CENTRE);
        let spot = self.spot(dx + pose.lean * dy, dy - pose.lean * dx);
        let inside = cover(spot.edge, self.pixel);
        let mut value = 0.0;
        if inside < 1.0 {
            value = self.backdrop(px, py);
            hair::behind(self, &spot, &mut value);
            self.body(&spot, &mut value);
            self.ears(&spot, &mut value);
        }
        if inside > 0.0 {
            value = mix(value, features::face(self, &spot), inside);
        }
        hair::front(self, &spot, &mut value);
        features::glasses(self, &spot, &mut value);
        value * self.truth.light.power
    }

    fn spot(&self, x: f32, y: f32) -> Spot {
        let head = &self.truth.head;
        let below = y > MIDDLE;
        let (depth, square) = if below { (head.chin, 0.5 * head.jaw - 0.2) } else { (head.top, 0.45) };
        let (u, v) = (x / head.width, (y - MIDDLE) / depth);
        let v2 = v * v;
        let rho = u * u + (1.0 - square) * v2 + square * v2 * v2;
        let (gx, gy) = (2.0 * u / head.width, (2.0 * (1.0 - square) * v + 4.0 * square * v2 * v) / depth);
        let edge = (rho - 1.0) / (gx * gx + gy * gy).sqrt().max(1.0);
        Spot { x, y, edge, u, v, rho }
    }

    /// How bright the lamp and the glow make a surface with the given normal (of any length).
    pub(super) fn lit(&self, normal: [f32; 3]) -> f32 {
        let [x, y, z] = normal;
        let along = x * self.lamp[0] + y * self.lamp[1] + z * self.lamp[2];
        let cosine = along / (x * x + y * y + z * z).sqrt().max(1e-6);
        let ambient = self.truth.light.ambient;
        // Light creeps a little round the edge, as it does on skin.
        ambient + (1.0 - ambient) * 1.2 * ((cosine + 0.12) / 1.12).max(0.0)
    }

    /// The shading of the face and the strength of its highlight at a point of the head.
    pub(super) fn shade(&self, spot: &Spot) -> (f32, f32) {
        let z = 0.95 * (1.0 - spot.rho).max(0.0).sqrt() + 0.08;
        let (mut sx, mut sy) = (0.0, 0.0);
        for bump in &self.relief {
            let (dx, dy) = ((spot.x - bump.x) * bump.kx, (spot.y - bump.y) * bump.ky);
            let rest = 1.0 - dx * dx - dy * dy;
            if rest > 0.0 {
                let slope = 6.0 * bump.height * rest * rest;
                sx += slope * dx * bump.kx;
                sy += slope * dy * bump.ky;
            }
        }
        let normal = [0.95 * spot.u + sx * z, 0.66 * spot.v + sy * z, z];
        let length = normal.iter().map(|c| c * c).sum::<f32>().sqrt();
        // Blinn's half vector between the lamp and the viewer.
        let half = [self.lamp[0], self.lamp[1], self.lamp[2] + 1.0];
        let size = half.iter().map(|c| c * c).sum::<f32>().sqrt();
        let cosine = normal.iter().zip(half).map(|(n, h)| n * h).sum::<f32>() / (length * size);
        let c4 = cosine.max(0.0) * cosine.max(0.0) * cosine.max(0.0) * cosine.max(0.0);
        (self.lit(normal), c4 * c4 * c4 * c4)
    }

    fn backdrop(&self, x: f32, y: f32) -> f32 {
        let b = &self.truth.backdrop;
        (b.tone * (1.0 + b.slope_x * x + b.slope_y * y)).max(0.0)
    }

    fn body(&self, spot: &Spot, value: &mut f32) {
        if spot.y < 0.3 {
            return;
        }
        let (body, skin) = (&self.truth.body, self.truth.skin.tone);
        let (x, y) = (spot.x, spot.y);
        // The neck widens into the shoulders.
        let flare = step(y, 0.55, 1.05);
        let width = body.neck * (1.0 + 0.25 * flare * flare);
        let u = x / width;
        let round = self.lit([0.9 * u, 0.15, (1.0 - u * u).max(0.0).sqrt() + 0.1]);
        // The chin keeps the light from the throat.
        let below_chin = 1.0 - 0.62 * soft(spot.edge - 0.10, 0.20);
        *value = mix(*value, skin * 0.92 * round * below_chin, cover(x.abs() - width, self.pixel));

        let slope = (x.abs() - 0.8 * body.neck).max(0.0);
        let top = body.shoulders + 0.06 + 0.12 * slope;
        let opening = 0.30 * (1.0 - x.abs() / (body.neck * 1.05)).max(0.0);
        let cloth = cover(top + opening - y - 0.10 * step(x.abs(), 0.0, 0.5), self.pixel);
        let shading = self.lit([0.7 * x, -0.35, 0.75]) * (1.0 - 0.35 * soft(spot.edge - 0.06, 0.12));
        let collar = cover((y - top - opening) - 0.03, self.pixel) * soft(x.abs() - body.neck * 1.15, 0.08);
        *value = mix(*value, mix(body.tone, body.collar, collar) * shading, cloth);
    }

    fn ears(&self, spot: &Spot, value: &mut f32) {
        let ears = &self.truth.ears;
        let middle = self.truth.head.width - 0.02 + 0.5 * ears.out;
        let (dx, dy) = (spot.x.abs() - middle, spot.y - 0.02);
        let (rx, ry) = (0.5 * ears.out + 0.035, ears.size);
        // The top of an ear leans outward.
        let (ex, ey) = ((dx + 0.12 * dy) / rx, dy / ry);
        let r = (ex * ex + ey * ey).sqrt();
        if r < 1.6 {
            let side = if spot.x < 0.0 { -1.0 } else { 1.0 };
            let lit = self.lit([0.5 * side, -0.1, 0.7]);
            let hollow = 1.0 - 0.45 * bell(dx + 0.01, dy + 0.01, 0.8 * rx, 0.75 * ry);
            *value = mix(*value, self.truth.skin.tone * 0.88 * lit * hollow, cover((r - 1.0) * rx, self.pixel));
        }
    }
}

fn relief(truth: &FaceTruth) -> Vec<Bump> {
    let (nose, eyes, mouth) = (&truth.nose, &truth.eyes, &truth.mouth);
    let base = EYES + nose.length;
    let chin = MIDDLE + truth.head.chin;
    let smile = mouth.smile.max(0.0);
    let bump = |x, y, rx: f32, ry: f32, height: f32| Bump { x, y, kx: 1.0 / rx, ky: 1.0 / ry, height: DEPTH * height };
    let mut all = vec![
        bump(0.0, EYES + 0.07, 0.125, 0.29, 0.024 + 0.028 * nose.bridge),
        bump(0.0, base - 0.055, 0.75 * nose.width + 0.025, 0.11, 0.062),
        bump(0.0, MOUTH + 0.01, 0.25, 0.17, 0.030),
        bump(0.0, MOUTH + 0.055, 0.8 * mouth.width, 0.055, 0.18 * mouth.fullness),
        bump(0.0, MOUTH + 0.125, 0.17, 0.07, -0.012),
        bump(0.0, chin - 0.14, 0.21, 0.15, 0.028),
    ];
    for side in [-1.0, 1.0] {
        all.push(bump(side * nose.width * 0.72, base - 0.03, 0.062, 0.055, 0.016));
        all.push(bump(side * eyes.spacing * 0.92, EYES + 0.005, 0.18, 0.125, -0.022 - 0.03 * eyes.sockets));
        all.push(bump(side * eyes.spacing, EYES - 0.15, 0.25, 0.09, 0.018));
        all.push(bump(side * 0.34, 0.12 - 0.02 * smile, 0.27, 0.25, 0.026 + 0.028 * truth.head.cheeks + 0.016 * smile));
        all.push(bump(side * 0.36, 0.40, 0.19, 0.24, -0.006 - 0.018 * truth.head.cheeks));
    }
    all
}
