//! How the parameters of a face are drawn at random.
//!
//! Each part has its own random stream, so the parts of a face are independent, and a change to the law of one part
//! leaves all others as they were.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::truth::{
    Backdrop, Beard, BeardStyle, Body, Brows, Ears, Eyes, FaceTruth, Glasses, Grain, Hair, HairStyle, Head, Light,
    Mouth, Nose, Pose, Skin,
};

impl FaceTruth {
    /// The parameters of face `index` of the family `seed`; they depend on nothing else.
    #[must_use]
    pub fn draw(seed: u64, index: usize) -> Self {
        let part = |stream: u64| Draw::new(seed, index as u64 * 32 + stream);
        Self {
            head: Head::draw(&mut part(0)),
            skin: Skin::draw(&mut part(1)),
            hair: Hair::draw(&mut part(2)),
            brows: Brows::draw(&mut part(3)),
            eyes: Eyes::draw(&mut part(4)),
            glasses: Glasses::draw(&mut part(5)),
            nose: Nose::draw(&mut part(6)),
            mouth: Mouth::draw(&mut part(7)),
            beard: Beard::draw(&mut part(8)),
            ears: Ears::draw(&mut part(9)),
            body: Body::draw(&mut part(10)),
            light: Light::draw(&mut part(11)),
            backdrop: Backdrop::draw(&mut part(12)),
            pose: Pose::draw(&mut part(13)),
            grain: Grain::draw(&mut part(14)),
        }
    }

    /// The same person in the circumstances of another picture: expression, gaze, clothes, light, backdrop, pose, noise.
    #[must_use]
    pub fn met_again(self, other: &Self) -> Self {
        let Eyes { open, gaze_x, gaze_y, .. } = other.eyes;
        let Mouth { smile, open: gap, .. } = other.mouth;
        let Body { tone, collar, .. } = other.body;
        Self {
            eyes: Eyes { open, gaze_x, gaze_y, ..self.eyes },
            mouth: Mouth { smile, open: gap, ..self.mouth },
            body: Body { tone, collar, ..self.body },
            light: other.light.clone(),
            backdrop: other.backdrop.clone(),
            pose: other.pose.clone(),
            grain: other.grain.clone(),
            ..self
        }
    }
}

/// One part's random stream.
struct Draw(ChaCha8Rng);

impl Draw {
    fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Even on [0, 1).
    fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// Even between two bounds.
    fn even(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Bell-shaped around `middle`, never further from it than `reach` (the standard deviation is a third of it).
    fn near(&mut self, middle: f32, reach: f32) -> f32 {
        middle + reach * ((self.unit() + self.unit() + self.unit()) / 1.5 - 1.0)
    }

    fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }
}

impl Head {
    fn draw(r: &mut Draw) -> Self {
        Self {
            width: r.near(0.585, 0.055),
            top: r.near(0.80, 0.04),
            chin: r.near(0.785, 0.05),
            jaw: r.unit(),
            cheeks: r.unit(),
        }
    }
}

impl Skin {
    fn draw(r: &mut Draw) -> Self {
        let u = r.unit();
        Self { tone: 0.12 + 0.50 * u * (1.6 - 0.6 * u), shine: r.unit(), spots: r.0.next_u32() }
    }
}

impl Hair {
    fn draw(r: &mut Draw) -> Self {
        use HairStyle::{Bald, Curly, Fringe, Long, Parted, Receding, Short};
        let u = r.unit();
        let shares = [(0.07, Bald), (0.10, Receding), (0.24, Short), (0.18, Parted), (0.14, Fringe), (0.09, Curly)];
        let mut below = 0.0;
        let style = shares.iter().find_map(|&(share, style)| {
            below += share;
            (u < below).then_some(style)
        });
        let dark = r.chance(0.68);
        Self {
            style: style.unwrap_or(Long),
            tone: if dark { r.even(0.012, 0.06) } else { r.even(0.07, 0.26) },
            volume: r.even(0.0, 1.0),
            line: r.near(0.0, 0.09),
            slant: r.even(-1.0, 1.0),
            strands: r.0.next_u32(),
        }
    }
}

impl Brows {
    fn draw(r: &mut Draw) -> Self {
        Self {
            height: r.near(0.155, 0.035),
            angle: r.near(0.005, 0.045),
            arch: r.near(0.025, 0.025),
            thickness: r.even(0.017, 0.038),
            strength: r.even(0.45, 0.92),
        }
    }
}

impl Eyes {
    fn draw(r: &mut Draw) -> Self {
        Self {
            spacing: r.near(0.262, 0.025),
            width: r.near(0.128, 0.018),
            open: r.near(0.046, 0.020),
            tilt: r.near(0.008, 0.022),
            iris: r.even(0.02, 0.20),
            gaze_x: r.near(0.0, 1.0),
            gaze_y: r.near(0.0, 1.0),
            sockets: r.unit(),
            lids: r.unit(),
        }
    }
}

impl Glasses {
    fn draw(r: &mut Draw) -> Option<Self> {
        let worn = r.chance(0.27);
        let drawn = Self {
            width: r.near(0.192, 0.022),
            height: r.near(0.138, 0.030),
            roundness: r.unit(),
            thickness: r.even(0.009, 0.022),
            tone: if r.chance(0.8) { r.even(0.01, 0.05) } else { r.even(0.15, 0.5) },
            glint: if r.chance(0.5) { r.even(0.2, 0.9) } else { 0.1 },
        };
        worn.then_some(drawn)
    }
}

impl Nose {
    fn draw(r: &mut Draw) -> Self {
        Self { length: r.near(0.31, 0.045), width: r.near(0.125, 0.035), bridge: r.unit(), nostrils: r.even(0.3, 1.0) }
    }
}

impl Mouth {
    fn draw(r: &mut Draw) -> Self {
        let smiles = r.chance(0.5);
        let smile = if smiles { r.even(0.3, 1.0) } else { r.near(0.0, 0.25) };
        let parted = r.chance(if smiles { 0.6 } else { 0.12 });
        Self {
            smile,
            open: if parted { r.even(0.018, 0.048) } else { 0.0 },
            width: r.near(0.195, 0.028),
            fullness: r.even(0.030, 0.068),
            tint: r.even(0.34, 0.72),
        }
    }
}

impl Beard {
    fn draw(r: &mut Draw) -> Option<Self> {
        use BeardStyle::{Full, Goatee, Moustache, Stubble};
        let worn = r.chance(0.42);
        let style = match r.unit() {
            u if u < 0.32 => Stubble,
            u if u < 0.54 => Moustache,
            u if u < 0.70 => Goatee,
            _ => Full,
        };
        let density = if style == Stubble { r.even(0.25, 0.5) } else { r.even(0.55, 0.92) };
        let tone = if r.chance(0.85) { r.even(0.015, 0.07) } else { r.even(0.2, 0.45) };
        let strands = r.0.next_u32();
        worn.then_some(Self { style, tone, density, strands })
    }
}

impl Ears {
    fn draw(r: &mut Draw) -> Self {
        Self { size: r.near(0.165, 0.03), out: r.near(0.045, 0.03) }
    }
}

impl Body {
    fn draw(r: &mut Draw) -> Self {
        let tone = if r.chance(0.6) { r.even(0.015, 0.12) } else { r.even(0.15, 0.6) };
        Self {
            neck: r.near(0.36, 0.06),
            shoulders: r.near(0.76, 0.06),
            tone,
            collar: if r.chance(0.5) { r.even(0.4, 0.75) } else { tone },
        }
    }
}

impl Light {
    fn draw(r: &mut Draw) -> Self {
        let u = r.unit();
        let (x, y) = match u {
            u if u < 0.4 => (r.near(0.0, 0.2), r.near(-0.25, 0.2)),
            u if u < 0.6 => (r.even(-0.95, -0.4), r.near(-0.3, 0.2)),
            u if u < 0.8 => (r.even(0.4, 0.95), r.near(-0.3, 0.2)),
            _ => (r.near(0.0, 0.3), r.even(-1.0, -0.6)),
        };
        Self { x, y, ambient: r.even(0.16, 0.40), power: r.near(1.05, 0.16) }
    }
}

impl Backdrop {
    fn draw(r: &mut Draw) -> Self {
        Self { tone: r.even(0.07, 0.62), slope_x: r.near(0.0, 0.3), slope_y: r.near(-0.05, 0.25) }
    }
}

impl Pose {
    fn draw(r: &mut Draw) -> Self {
        Self { dx: r.near(0.0, 0.025), dy: r.near(0.0, 0.025), scale: r.near(1.0, 0.03), lean: r.near(0.0, 0.045) }
    }
}

impl Grain {
    fn draw(r: &mut Draw) -> Self {
        Self { deviation: r.even(0.004, 0.012), seed: r.0.next_u32() }
    }
}
