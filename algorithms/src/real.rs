//! The one type parameter: a real scalar.

use crate::kernels::lanes::Lanes;
use crate::kernels::scratch::Scratch;
use faer::traits::RealField;
use std::fmt::{Debug, Display};

/// `f32` or `f64`, with the conversions that faer's `RealField` leaves out.
pub trait Real: RealField + Lanes + Scratch + Copy + Default + Send + Sync + Debug + Display + 'static {
    /// How experiments and records call the type.
    const NAME: &'static str;
    /// Distance from 1 to the next number.
    const EPSILON: f64;
    /// The smallest positive normal number; below it arithmetic is slow and loses digits.
    const TINY: f64;
    /// Rounds to the nearest value of the type.
    fn of(x: f64) -> Self;
    /// The same value in double precision, exactly.
    fn to_f64(self) -> f64;
    /// The value's bits, for comparing factors exactly.
    fn bits(self) -> u64;
}

impl Real for f64 {
    const NAME: &'static str = "f64";
    const EPSILON: f64 = f64::EPSILON;
    const TINY: f64 = f64::MIN_POSITIVE;
    fn of(x: f64) -> Self {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

impl Real for f32 {
    const NAME: &'static str = "f32";
    const EPSILON: f64 = f32::EPSILON as f64;
    const TINY: f64 = f32::MIN_POSITIVE as f64;
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn of(x: f64) -> Self {
        x as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
}

/// A number where it is normal and above 0, else 0 (NaN stays): what dies away in a factor ends there, as arithmetic below
/// the smallest normal number is slow.
#[inline(always)]
pub(crate) fn positive<T: Real>(x: T) -> T {
    if x < T::of(T::TINY) { T::of(0.0) } else { x }
}

/// The larger of two numbers; the first where they do not compare (NaN stays where it is).
#[inline(always)]
pub(crate) fn max<T: Real>(x: T, floor: T) -> T {
    if x < floor { floor } else { x }
}
