//! The vectors of the machine at hand, for both scalars: chosen when the program runs, without unsafe code.

use pulp::Simd;

/// A scalar with its vectors.
pub trait Lanes: Sized + Copy {
    /// As many values as an instruction takes.
    type Vector<S: Simd>: Copy + Send + Sync;

    /// The same value in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// a·b + c, rounded once where the machine can.
    fn mul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// a·b.
    fn product<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a / b.
    fn quotient<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a − b.
    fn difference<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// The larger of two; `a` where they do not compare (NaN stays where it is).
    fn larger<S: Simd>(simd: S, a: Self::Vector<S>, floor: Self::Vector<S>) -> Self::Vector<S>;
    /// `a` where it is at least `least`, else `floor` (NaN stays where it is).
    fn kept<S: Simd>(simd: S, a: Self::Vector<S>, least: Self::Vector<S>, floor: Self::Vector<S>) -> Self::Vector<S>;
    /// The sum of all lanes.
    fn sum<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// A slice as vectors, and what is left of it.
    fn vectors<S: Simd>(values: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    /// A mutable slice as vectors, and what is left of it.
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    /// Vectors as values.
    fn values<S: Simd>(vectors: &[Self::Vector<S>]) -> &[Self];
    /// Values in a vector.
    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }
}

macro_rules! lanes {
    ($scalar:ty, $vector:ident, $splat:ident, $mul_add:ident, $vectors:ident, $vectors_mut:ident,
        $mul:ident, $div:ident, $sub:ident, $less_than:ident, $select:ident, $reduce:ident) => {
        impl Lanes for $scalar {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }

            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn product<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }

            #[inline(always)]
            fn quotient<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$div(a, b)
            }

            #[inline(always)]
            fn difference<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }

            #[inline(always)]
            fn larger<S: Simd>(simd: S, a: S::$vector, floor: S::$vector) -> S::$vector {
                simd.$select(simd.$less_than(a, floor), floor, a)
            }

            #[inline(always)]
            fn kept<S: Simd>(simd: S, a: S::$vector, least: S::$vector, floor: S::$vector) -> S::$vector {
                simd.$select(simd.$less_than(a, least), floor, a)
            }

            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$reduce(a)
            }

            #[inline(always)]
            fn vectors<S: Simd>(values: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$vectors(values)
            }

            #[inline(always)]
            fn values<S: Simd>(vectors: &[S::$vector]) -> &[Self] {
                bytemuck::cast_slice(vectors)
            }

            #[inline(always)]
            fn vectors_mut<S: Simd>(values: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$vectors_mut(values)
            }
        }
    };
}

lanes!(
    f64,
    f64s,
    splat_f64s,
    mul_add_e_f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    mul_f64s,
    div_f64s,
    sub_f64s,
    less_than_f64s,
    select_f64s,
    reduce_sum_f64s
);
lanes!(
    f32,
    f32s,
    splat_f32s,
    mul_add_e_f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    mul_f32s,
    div_f32s,
    sub_f32s,
    less_than_f32s,
    select_f32s,
    reduce_sum_f32s
);
