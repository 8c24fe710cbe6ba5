//! Soft shapes: the few functions from which every part is drawn.
//!
//! Only sums, products, quotients and square roots, which IEEE 754 rounds alike on every machine; so a picture has
//! the same bits everywhere. Bells and steps are polynomials with a bounded support, so most parts cost nothing at
//! most pixels. Distances are negative inside a shape; `pixel` is the width of one sample.

/// The share of a sample that lies inside an edge at signed distance `d`.
pub(super) fn cover(d: f32, pixel: f32) -> f32 {
    (0.5 - d / pixel).clamp(0.0, 1.0)
}

/// The share of a sample covered by a line of the given half width at signed distance `d` of its middle.
pub(super) fn line(d: f32, half: f32, pixel: f32) -> f32 {
    cover(d - half, pixel) - cover(d + half, pixel)
}

/// A soft edge: 1 where `d` ≤ −`reach`, 0 where `d` ≥ `reach`, a cubic between.
pub(super) fn soft(d: f32, reach: f32) -> f32 {
    step(d, reach, -reach)
}

/// A smooth step of `t`: 0 at `from`, 1 at `to` (which may lie below `from`).
pub(super) fn step(t: f32, from: f32, to: f32) -> f32 {
    ease(((t - from) / (to - from)).clamp(0.0, 1.0))
}

/// From 0 to 1 with level ends.
fn ease(s: f32) -> f32 {
    s * s * (3.0 - 2.0 * s)
}

/// A bell of height 1 with half widths `rx`, `ry`, zero beyond them.
pub(super) fn bell(dx: f32, dy: f32, rx: f32, ry: f32) -> f32 {
    let (u, v) = (dx / rx, dy / ry);
    let rest = (1.0 - u * u - v * v).max(0.0);
    rest * rest * rest
}

/// From `a` to `b` by the share `t`.
pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// The signed distance of a box with half sides `hx`, `hy` whose corners are rounded with the given radius.
pub(super) fn rounded_box(dx: f32, dy: f32, hx: f32, hy: f32, radius: f32) -> f32 {
    let (qx, qy) = (dx.abs() - hx + radius, dy.abs() - hy + radius);
    let (ox, oy) = (qx.max(0.0), qy.max(0.0));
    (ox * ox + oy * oy).sqrt() + qx.max(qy).min(0.0) - radius
}

/// A well-mixed word from two coordinates and a seed.
pub(super) fn hash(x: u32, y: u32, seed: u32) -> u32 {
    let mut h = seed ^ x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    for multiplier in [0x7FEB_352D_u32, 0x846C_A68B] {
        h = (h ^ (h >> 16)).wrapping_mul(multiplier);
    }
    h ^ (h >> 16)
}

/// Smooth noise in [−1, 1] whose cells have side 1.
pub(super) fn noise(x: f32, y: f32, seed: u32) -> f32 {
    // Moved far to the positive side, where a cast rounds down, quicker than `floor` does.
    let (x, y) = (x + 4096.0, y + 4096.0);
    let (ix, iy) = (x as u32, y as u32);
    let (tx, ty) = (ease(x - ix as f32), ease(y - iy as f32));
    let at = |dx: u32, dy: u32| (hash(ix.wrapping_add(dx), iy.wrapping_add(dy), seed) >> 8) as f32 / 8_388_608.0 - 1.0;
    mix(mix(at(0, 0), at(1, 0), tx), mix(at(0, 1), at(1, 1), tx), ty)
}

/// Bell-shaped grain of variance 1 (the sum of four even draws) for one pixel.
pub(super) fn grain(x: u32, y: u32, seed: u32) -> f32 {
    let (a, b) = (hash(x, y, seed), hash(x, y, seed ^ 0xA5A5_A5A5));
    let sum = (a & 0xFFFF) + (a >> 16) + (b & 0xFFFF) + (b >> 16);
    // Four even draws on [0, 1] have mean 2 and variance 1/3.
    (sum as f32 / 65_535.0 - 2.0) * 1.732_050_8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_thinner_than_a_sample_keeps_its_area() {
        let (pixel, half) = (0.04, 0.006);
        let area: f32 = (-200..200).map(|i| line(i as f32 * 0.001, half, pixel) * 0.001).sum();
        assert!((area - 2.0 * half).abs() < 1e-4, "{area}");
    }

    #[test]
    fn steps_run_both_ways() {
        assert!(step(0.9, 0.0, 1.0) > 0.9 && step(0.9, 1.0, 0.0) < 0.1);
        assert!((soft(0.0, 0.3) - 0.5).abs() < 1e-6);
        assert!(soft(-1.0, 0.3) > 0.999 && soft(1.0, 0.3) < 0.001);
    }

    #[test]
    fn the_rounded_box_is_a_distance_outside_and_on_the_axes() {
        assert!((rounded_box(0.5, 0.0, 0.2, 0.1, 0.05) - 0.3).abs() < 1e-6);
        assert!((rounded_box(0.0, 0.0, 0.2, 0.1, 0.05) + 0.1).abs() < 1e-6);
        // With the radius equal to both halves the box is a circle.
        assert!((rounded_box(0.3, 0.4, 0.1, 0.1, 0.1) - 0.4).abs() < 1e-6);
    }

    #[test]
    fn grain_has_mean_zero_and_variance_one() {
        let draws: Vec<f32> = (0..10_000).map(|i| grain(i % 100, i / 100, 7)).collect();
        let mean = draws.iter().sum::<f32>() / 1e4;
        let variance = draws.iter().map(|g| (g - mean) * (g - mean)).sum::<f32>() / 1e4;
        assert!(mean.abs() < 0.04 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn noise_is_continuous_across_its_cells() {
        for i in -20..20 {
            let (x, y) = (i as f32, 0.37 * i as f32);
            assert!((noise(x - 1e-4, y, 3) - noise(x + 1e-4, y, 3)).abs() < 1e-3);
        }
    }
}
