//! What is drawn: the parameters of one face.
//!
//! Lengths are in half sides of the picture: x runs from −1 (left) to 1 (right), y from −1 (top) to 1 (bottom).
//! Tones are reflectances in linear light (the picture stores their square roots).

/// All parameters of one face.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceTruth {
    /// The outline of the head.
    pub head: Head,
    /// The skin.
    pub skin: Skin,
    /// The hair on the head.
    pub hair: Hair,
    /// Both brows.
    pub brows: Brows,
    /// Both eyes.
    pub eyes: Eyes,
    /// The glasses, if the face wears any.
    pub glasses: Option<Glasses>,
    /// The nose.
    pub nose: Nose,
    /// The mouth.
    pub mouth: Mouth,
    /// The beard, if any.
    pub beard: Option<Beard>,
    /// Both ears.
    pub ears: Ears,
    /// Neck, shoulders and clothes.
    pub body: Body,
    /// Where the light comes from.
    pub light: Light,
    /// What is behind the head.
    pub backdrop: Backdrop,
    /// How the face departs from the common alignment.
    pub pose: Pose,
    /// The camera's noise.
    pub grain: Grain,
}

/// The outline of the head.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Half the width at the cheekbones.
    pub width: f32,
    /// Height of the skull above the middle of the head.
    pub top: f32,
    /// Depth of the chin below the middle of the head.
    pub chin: f32,
    /// Squareness of the jaw: 0 pointed, 1 square.
    pub jaw: f32,
    /// Prominence of the cheekbones, 0 to 1.
    pub cheeks: f32,
}

/// The skin.
#[derive(Debug, Clone, PartialEq)]
pub struct Skin {
    /// Reflectance, 0.12 (dark) to 0.62 (light).
    pub tone: f32,
    /// Strength of the highlights, 0 to 1.
    pub shine: f32,
    /// Seed of the pores and spots.
    pub spots: u32,
}

/// The cut of the hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HairStyle {
    /// No hair.
    Bald,
    /// A high hairline with thin hair.
    Receding,
    /// Close to the head.
    Short,
    /// Combed to one side.
    Parted,
    /// Over the forehead.
    Fringe,
    /// Thick and curled.
    Curly,
    /// Down to the shoulders, over the ears.
    Long,
}

/// The hair on the head.
#[derive(Debug, Clone, PartialEq)]
pub struct Hair {
    /// The cut.
    pub style: HairStyle,
    /// Reflectance.
    pub tone: f32,
    /// How far the hair stands out from the skull.
    pub volume: f32,
    /// Raises (negative) or lowers the hairline.
    pub line: f32,
    /// Slant of the hairline: the side to which it is combed, −1 to 1.
    pub slant: f32,
    /// Seed of the strands.
    pub strands: u32,
}

/// Both brows.
#[derive(Debug, Clone, PartialEq)]
pub struct Brows {
    /// Height above the eyes.
    pub height: f32,
    /// Slope: positive when the outer ends are higher.
    pub angle: f32,
    /// Height of the arch.
    pub arch: f32,
    /// Half thickness.
    pub thickness: f32,
    /// How much light they take from the skin, 0 to 1.
    pub strength: f32,
}

/// Both eyes.
#[derive(Debug, Clone, PartialEq)]
pub struct Eyes {
    /// Distance of each eye from the middle of the face.
    pub spacing: f32,
    /// Half the width of an eye.
    pub width: f32,
    /// Half the opening between the lids.
    pub open: f32,
    /// Slope: positive when the outer corners are higher.
    pub tilt: f32,
    /// Reflectance of the iris.
    pub iris: f32,
    /// Where the eyes look, −1 (left) to 1 (right).
    pub gaze_x: f32,
    /// Where the eyes look, −1 (up) to 1 (down).
    pub gaze_y: f32,
    /// Depth of the sockets, 0 to 1.
    pub sockets: f32,
    /// Darkness of lashes and lid lines, 0 to 1.
    pub lids: f32,
}

/// A pair of glasses.
#[derive(Debug, Clone, PartialEq)]
pub struct Glasses {
    /// Half the width of a lens.
    pub width: f32,
    /// Half the height of a lens.
    pub height: f32,
    /// Roundness of the lenses: 0 square, 1 round.
    pub roundness: f32,
    /// Half the thickness of the frame.
    pub thickness: f32,
    /// Reflectance of the frame.
    pub tone: f32,
    /// Strength of the reflection on the lenses, 0 to 1.
    pub glint: f32,
}

/// The nose.
#[derive(Debug, Clone, PartialEq)]
pub struct Nose {
    /// Length below the eyes.
    pub length: f32,
    /// Half the width at the wings.
    pub width: f32,
    /// Prominence of the bridge, 0 to 1.
    pub bridge: f32,
    /// Darkness of the nostrils, 0 to 1.
    pub nostrils: f32,
}

/// The mouth.
#[derive(Debug, Clone, PartialEq)]
pub struct Mouth {
    /// From 0 (neutral) to 1 (a broad smile); slightly negative frowns.
    pub smile: f32,
    /// Half the gap between the lips; teeth show in it.
    pub open: f32,
    /// Half the width when neutral.
    pub width: f32,
    /// Thickness of the lips.
    pub fullness: f32,
    /// How much darker than the skin the lips are, 0 to 1.
    pub tint: f32,
}

/// The cut of a beard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeardStyle {
    /// A shadow over the jaw and the upper lip.
    Stubble,
    /// On the upper lip only.
    Moustache,
    /// Around the mouth and on the chin.
    Goatee,
    /// The whole jaw.
    Full,
}

/// A beard.
#[derive(Debug, Clone, PartialEq)]
pub struct Beard {
    /// The cut.
    pub style: BeardStyle,
    /// Reflectance of the hair.
    pub tone: f32,
    /// How much of the skin it hides, 0 to 1.
    pub density: f32,
    /// Seed of the strands.
    pub strands: u32,
}

/// Both ears.
#[derive(Debug, Clone, PartialEq)]
pub struct Ears {
    /// Half the height.
    pub size: f32,
    /// How far they stand out.
    pub out: f32,
}

/// Neck, shoulders and clothes.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Half the width of the neck.
    pub neck: f32,
    /// Where the shoulders begin.
    pub shoulders: f32,
    /// Reflectance of the clothes.
    pub tone: f32,
    /// Reflectance of the collar.
    pub collar: f32,
}

/// The light: one distant lamp and an even glow.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// Direction to the lamp: positive when it stands on the right.
    pub x: f32,
    /// Direction to the lamp: negative when it stands above.
    pub y: f32,
    /// Share of the glow, 0 to 1.
    pub ambient: f32,
    /// Strength of the whole.
    pub power: f32,
}

/// What is behind the head.
#[derive(Debug, Clone, PartialEq)]
pub struct Backdrop {
    /// Reflectance in the middle.
    pub tone: f32,
    /// Relative change from left to right.
    pub slope_x: f32,
    /// Relative change from top to bottom.
    pub slope_y: f32,
}

/// How the face departs from the common alignment.
#[derive(Debug, Clone, PartialEq)]
pub struct Pose {
    /// Shift to the right.
    pub dx: f32,
    /// Shift down.
    pub dy: f32,
    /// Magnification.
    pub scale: f32,
    /// Tangent of the angle by which the head leans to the right.
    pub lean: f32,
}

/// The camera's noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Grain {
    /// Standard deviation, in grey values of the picture.
    pub deviation: f32,
    /// Seed of the noise.
    pub seed: u32,
}
