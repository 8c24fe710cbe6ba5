//! A scalar that counts its own arithmetic. It has no vectors, so that faer takes its plain loops.

use crate::kernels::lanes::Lanes;
use crate::kernels::scratch::Scratch;
use crate::real::Real;
use faer::traits::num_traits::{Num, One, Zero};
use faer::traits::{ComplexField, RealField, SimdCapabilities};
use pulp::Simd;
use std::cell::Cell;
use std::fmt;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

/// A double; its arithmetic is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Counted(f64);

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Operations of this thread so far.
pub(super) fn so_far() -> u64 {
    COUNT.get()
}

fn after(operations: u64, value: f64) -> Counted {
    COUNT.set(COUNT.get() + operations);
    Counted(value)
}

macro_rules! operators {
    ($($trait:ident $name:ident $assign_trait:ident $assign:ident $op:tt;)*) => {$(
        impl $trait for Counted {
            type Output = Counted;
            fn $name(self, other: Counted) -> Counted { after(1, self.0 $op other.0) }
        }
        impl $trait<&Counted> for Counted {
            type Output = Counted;
            fn $name(self, other: &Counted) -> Counted { $trait::$name(self, *other) }
        }
        impl $trait<Counted> for &Counted {
            type Output = Counted;
            fn $name(self, other: Counted) -> Counted { $trait::$name(*self, other) }
        }
        impl $trait<&Counted> for &Counted {
            type Output = Counted;
            fn $name(self, other: &Counted) -> Counted { $trait::$name(*self, *other) }
        }
        impl $assign_trait for Counted {
            fn $assign(&mut self, other: Counted) { *self = $trait::$name(*self, other); }
        }
        impl $assign_trait<&Counted> for Counted {
            fn $assign(&mut self, other: &Counted) { *self = $trait::$name(*self, *other); }
        }
    )*};
}

operators!(
    Add add AddAssign add_assign +;
    Sub sub SubAssign sub_assign -;
    Mul mul MulAssign mul_assign *;
    Div div DivAssign div_assign /;
    Rem rem RemAssign rem_assign %;
);

/// A change of sign is part of what follows.
impl Neg for Counted {
    type Output = Counted;
    fn neg(self) -> Counted {
        Counted(-self.0)
    }
}

impl Neg for &Counted {
    type Output = Counted;
    fn neg(self) -> Counted {
        -*self
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Zero for Counted {
    fn zero() -> Self {
        Counted(0.0)
    }
    fn is_zero(&self) -> bool {
        self.0 == 0.0
    }
}

impl One for Counted {
    fn one() -> Self {
        Counted(1.0)
    }
}

impl Num for Counted {
    type FromStrRadixErr = ();
    fn from_str_radix(_: &str, _: u32) -> Result<Self, ()> {
        Err(())
    }
}

impl Real for Counted {
    const NAME: &'static str = "counted";
    const EPSILON: f64 = f64::EPSILON;
    const TINY: f64 = f64::MIN_POSITIVE;
    fn of(x: f64) -> Self {
        Counted(x)
    }
    /// What is taken to double precision takes part in one operation there.
    fn to_f64(self) -> f64 {
        after(1, self.0).0
    }
    fn bits(self) -> u64 {
        self.0.to_bits()
    }
}

impl Scratch for Counted {
    fn with_scratch<R>(length: usize, f: impl FnOnce(&mut [Self]) -> R) -> R {
        f(&mut vec![Counted(0.0); length])
    }
}

/// Vectors of one value.
impl Lanes for Counted {
    type Vector<S: Simd> = Counted;

    fn splat<S: Simd>(_: S, value: Self) -> Self {
        value
    }
    fn mul_add<S: Simd>(_: S, a: Self, b: Self, c: Self) -> Self {
        after(2, a.0.mul_add(b.0, c.0))
    }
    fn product<S: Simd>(_: S, a: Self, b: Self) -> Self {
        a * b
    }
    fn quotient<S: Simd>(_: S, a: Self, b: Self) -> Self {
        a / b
    }
    fn difference<S: Simd>(_: S, a: Self, b: Self) -> Self {
        a - b
    }
    fn larger<S: Simd>(_: S, a: Self, floor: Self) -> Self {
        if a < floor { floor } else { a }
    }
    fn kept<S: Simd>(_: S, a: Self, least: Self, floor: Self) -> Self {
        if a < least { floor } else { a }
    }
    fn sum<S: Simd>(_: S, a: Self) -> Self {
        a
    }
    fn vectors<S: Simd>(values: &[Self]) -> (&[Self], &[Self]) {
        (values, &[])
    }
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> (&mut [Self], &mut [Self]) {
        (values, &mut [])
    }
    fn values<S: Simd>(vectors: &[Self]) -> &[Self] {
        vectors
    }
}

impl RealField for Counted {
    fn epsilon_impl() -> Self {
        Counted(f64::EPSILON)
    }
    fn nbits_impl() -> usize {
        53
    }
    fn min_positive_impl() -> Self {
        Counted(f64::MIN_POSITIVE)
    }
    fn max_positive_impl() -> Self {
        Counted(f64::MIN_POSITIVE.recip())
    }
    fn sqrt_min_positive_impl() -> Self {
        Counted(f64::MIN_POSITIVE.sqrt())
    }
    fn sqrt_max_positive_impl() -> Self {
        Counted(f64::MIN_POSITIVE.recip().sqrt())
    }
}

/// What faer asks of vectors alone.
macro_rules! without_vectors {
    ($($name:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $name<S: Simd>(_: &S, $(_: $argument),*) -> $result {
            unreachable!("a scalar without vectors")
        }
    )*};
}

#[expect(unsafe_code, reason = "the trait has two unsafe functions, for vectors, and this scalar has none")]
impl ComplexField for Counted {
    type Arch = pulp::Scalar;
    type Index = usize;
    type Real = Self;
    type SimdCtx<S: Simd> = S;
    type SimdIndex<S: Simd> = ();
    type SimdMask<S: Simd> = ();
    type SimdMemMask<S: Simd> = ();
    type SimdVec<S: Simd> = ();
    type Unit = Self;

    const IS_REAL: bool = true;
    const SIMD_CAPABILITIES: SimdCapabilities = SimdCapabilities::Copy;

    fn zero_impl() -> Self {
        Counted(0.0)
    }
    fn one_impl() -> Self {
        Counted(1.0)
    }
    fn nan_impl() -> Self {
        Counted(f64::NAN)
    }
    fn infinity_impl() -> Self {
        Counted(f64::INFINITY)
    }
    fn from_real_impl(value: &Self) -> Self {
        *value
    }
    fn from_f64_impl(value: f64) -> Self {
        Counted(value)
    }
    fn real_part_impl(value: &Self) -> Self {
        *value
    }
    fn imag_part_impl(_: &Self) -> Self {
        Counted(0.0)
    }
    fn copy_impl(value: &Self) -> Self {
        *value
    }
    fn conj_impl(value: &Self) -> Self {
        *value
    }
    fn recip_impl(value: &Self) -> Self {
        after(1, value.0.recip())
    }
    fn sqrt_impl(value: &Self) -> Self {
        after(1, value.0.sqrt())
    }
    fn abs_impl(value: &Self) -> Self {
        Counted(value.0.abs())
    }
    fn abs1_impl(value: &Self) -> Self {
        Counted(value.0.abs())
    }
    fn abs2_impl(value: &Self) -> Self {
        *value * *value
    }
    fn mul_real_impl(left: &Self, right: &Self) -> Self {
        *left * *right
    }
    fn mul_pow2_impl(left: &Self, right: &Self) -> Self {
        *left * *right
    }
    fn is_finite_impl(value: &Self) -> bool {
        value.0.is_finite()
    }

    fn simd_ctx<S: Simd>(simd: S) -> S {
        simd
    }
    fn ctx_from_simd<S: Simd>(ctx: &S) -> S {
        *ctx
    }
    unsafe fn simd_mask_load_raw<S: Simd>(_: &S, (): (), _: *const ()) {
        unreachable!("a scalar without vectors")
    }
    unsafe fn simd_mask_store_raw<S: Simd>(_: &S, (): (), _: *mut (), (): ()) {
        unreachable!("a scalar without vectors")
    }

    without_vectors!(
        simd_mask_between(usize, usize) -> ();
        simd_mem_mask_between(usize, usize) -> ();
        simd_splat(&Self) -> ();
        simd_splat_real(&Self) -> ();
        simd_add((), ()) -> ();
        simd_sub((), ()) -> ();
        simd_neg(()) -> ();
        simd_conj(()) -> ();
        simd_abs1(()) -> ();
        simd_abs_max(()) -> ();
        simd_mul_real((), ()) -> ();
        simd_mul_pow2((), ()) -> ();
        simd_mul((), ()) -> ();
        simd_conj_mul((), ()) -> ();
        simd_mul_add((), (), ()) -> ();
        simd_conj_mul_add((), (), ()) -> ();
        simd_abs2(()) -> ();
        simd_abs2_add((), ()) -> ();
        simd_reduce_sum(()) -> Self;
        simd_reduce_max(()) -> Self;
        simd_equal((), ()) -> ();
        simd_less_than((), ()) -> ();
        simd_less_than_or_equal((), ()) -> ();
        simd_greater_than((), ()) -> ();
        simd_greater_than_or_equal((), ()) -> ();
        simd_select((), (), ()) -> ();
        simd_index_select((), (), ()) -> ();
        simd_index_splat(usize) -> ();
        simd_index_add((), ()) -> ();
        simd_index_less_than((), ()) -> ();
        simd_and_mask((), ()) -> ();
        simd_or_mask((), ()) -> ();
        simd_not_mask(()) -> ();
        simd_first_true_mask(()) -> usize;
    );
}
