//! The β-divergence entry by entry: Basu et al., Biometrika 85 (1998); the notation is that of Févotte & Idier, "Algorithms
//! for nonnegative matrix factorization with the β-divergence", Neural Computation 23 (2011), eq. 2.
//!
//! d(a|v) = (a^β + (β − 1)v^β − βav^(β−1)) / (β(β − 1)), with the limits a·log(a/v) − a + v at β = 1 (Kullback–Leibler) and
//! a/v − log(a/v) − 1 at β = 0 (Itakura–Saito); ½(a − v)² at β = 2.

use crate::real::Real;
use faer::traits::math_utils::sqrt;

/// β, with those values apart that need no general power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Beta {
    ItakuraSaito,
    Half,
    KullbackLeibler,
    ThreeHalves,
    Euclidean,
    Other(f64),
}

impl Beta {
    pub(crate) fn of(beta: f64) -> Self {
        match beta {
            0.0 => Beta::ItakuraSaito,
            0.5 => Beta::Half,
            1.0 => Beta::KullbackLeibler,
            1.5 => Beta::ThreeHalves,
            2.0 => Beta::Euclidean,
            b => Beta::Other(b),
        }
    }

    pub(crate) fn value(self) -> f64 {
        match self {
            Beta::ItakuraSaito => 0.0,
            Beta::Half => 0.5,
            Beta::KullbackLeibler => 1.0,
            Beta::ThreeHalves => 1.5,
            Beta::Euclidean => 2.0,
            Beta::Other(beta) => beta,
        }
    }

    /// γ(β), the exponent with which the multiplicative update descends (Févotte & Idier 2011, §4.1).
    pub(crate) fn exponent(self) -> f64 {
        match self.value() {
            b if b < 1.0 => 1.0 / (2.0 - b),
            b if b > 2.0 => 1.0 / (b - 1.0),
            _ => 1.0,
        }
    }

    /// Replaces a by a·v^(β−2) and v by v^(β−1): the gradient by v is their difference.
    #[inline(always)]
    pub(crate) fn weigh<T: Real>(self, a: &mut [T], v: &mut [T]) {
        let pairs = a.iter_mut().zip(v.iter_mut());
        let one = T::of(1.0);
        match self {
            Beta::ItakuraSaito => pairs.for_each(|(a, v)| {
                *v = one / *v;
                *a = *a * *v * *v;
            }),
            Beta::Half => pairs.for_each(|(a, v)| {
                let q = one / sqrt(&*v);
                *a = *a * q / *v;
                *v = q;
            }),
            Beta::KullbackLeibler => pairs.for_each(|(a, v)| *a /= *v),
            Beta::ThreeHalves => pairs.for_each(|(a, v)| {
                *v = sqrt(&*v);
                *a /= *v;
            }),
            Beta::Euclidean => {}
            Beta::Other(beta) => pairs.for_each(|(a, v)| {
                let q = T::of(v.to_f64().powf(beta - 1.0));
                *a = *a * q / *v;
                *v = q;
            }),
        }
    }

    /// d(a|v) for a, v ≥ 0, infinite where it is; every digit is kept as v nears a.
    pub(crate) fn divergence(self, a: f64, v: f64) -> f64 {
        let beta = self.value();
        let value = match self {
            Beta::Euclidean => 0.5 * (a - v) * (a - v),
            Beta::KullbackLeibler if a > 0.0 => {
                let d = (v - a) / a;
                if d.abs() < 0.5 { a * (d - d.ln_1p()) } else { a * (a.ln() - v.ln()) - a + v }
            }
            Beta::ItakuraSaito if a > 0.0 && v > 0.0 => {
                let d = (a - v) / v;
                if d.abs() < 0.5 { d - d.ln_1p() } else { d - (a.ln() - v.ln()) }
            }
            _ if a > 0.0 && v > 0.0 => general(a, v, beta),
            _ if a > 0.0 && beta <= 1.0 => f64::INFINITY,
            _ if a > 0.0 => a.powf(beta) / (beta * (beta - 1.0)),
            _ if beta <= 0.0 => f64::INFINITY,
            _ => v.powf(beta) / beta,
        };
        if value < 0.0 { 0.0 } else { value } // rounding, where v is near a
    }
}

/// a^β (1 + (β − 1)r^β − βr^(β−1)) / (β(β − 1)) with r = v/a; by its series where the terms cancel.
fn general(a: f64, v: f64, beta: f64) -> f64 {
    let d = (v - a) / a;
    if d.abs() < 1e-4 {
        let series = 0.5 + d * (beta - 2.0) * (1.0 / 3.0 + 0.125 * d * (beta - 3.0));
        return a.powf(beta) * d * d * series;
    }
    (a.powf(beta) + (beta - 1.0) * v.powf(beta) - beta * a * v.powf(beta - 1.0)) / (beta * (beta - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_and_limits() {
        let near = |beta: f64, a: f64, v: f64, expected: f64| {
            let found = Beta::of(beta).divergence(a, v);
            assert!((found - expected).abs() <= 1e-13 * expected.abs(), "β = {beta}, {a}, {v}: {found} {expected}");
        };
        let ln2 = std::f64::consts::LN_2;
        near(1.0, 2.0, 1.0, 2.0 * ln2 - 1.0);
        near(0.0, 2.0, 1.0, 1.0 - ln2);
        near(2.0, 3.0, 1.0, 2.0);
        near(0.5, 4.0, 1.0, (2.0 - 0.5 - 2.0) / -0.25);
        near(1.5, 4.0, 1.0, (8.0 + 0.5 - 6.0) / 0.75);
        near(3.0, 2.0, 1.0, (8.0 + 2.0 - 6.0) / 6.0);
        near(-1.0, 2.0, 1.0, (0.5 - 2.0 + 2.0) / 2.0);
        // 0·log 0 = 0; where the data are 0 the model counts as it is.
        near(1.0, 0.0, 0.7, 0.7);
        near(0.5, 0.0, 4.0, 4.0);
        near(1.5, 0.0, 4.0, 8.0 / 1.5);
        near(1.5, 4.0, 0.0, 8.0 / 0.75);
        for (beta, a, v) in [(1.0, 1.0, 0.0), (0.5, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 1.0)] {
            assert!(Beta::of(beta).divergence(a, v).is_infinite(), "β = {beta}, {a}, {v}");
        }
        // Far below the data, but not zero: finite.
        near(1.0, 1.0, 1e-200, 200.0 * std::f64::consts::LN_10 - 1.0);
        for beta in [-1.0, 0.0, 0.5, 1.0, 1.3, 1.5, 2.0, 3.0] {
            assert!(Beta::of(beta).divergence(1.7, 1.7) <= 0.0, "β = {beta}: no distance from itself");
        }
    }

    /// Near v = a it is ½a^(β−2)(v − a)², with all digits but those of v − a.
    #[test]
    fn a_small_distance_keeps_its_digits() {
        for beta in [-1.0, 0.0, 0.5, 1.0, 1.3, 1.5, 2.0, 3.0] {
            let (a, v) = (3.0_f64, 3.0 * (1.0 + 1e-9));
            let expected = 0.5 * a.powf(beta - 2.0) * (v - a) * (v - a);
            let found = Beta::of(beta).divergence(a, v);
            assert!((found / expected - 1.0).abs() < 1e-6, "β = {beta}: {found:e} {expected:e}");
        }
    }

    #[test]
    fn the_weights_are_the_two_parts_of_the_slope() {
        for beta in [-1.0, 0.0, 0.5, 1.0, 1.3, 1.5, 2.0, 3.0] {
            let (a, v, step) = (1.3, 0.8, 1e-6);
            let (mut p, mut q) = ([a], [v]);
            Beta::of(beta).weigh(&mut p, &mut q);
            let d = |v: f64| Beta::of(beta).divergence(a, v);
            let slope = (d(v + step) - d(v - step)) / (2.0 * step);
            let q = if Beta::of(beta) == Beta::KullbackLeibler { 1.0 } else { q[0] };
            assert!((q - p[0] - slope).abs() < 1e-8, "β = {beta}: {} {slope}", q - p[0]);
        }
    }

    #[test]
    fn exponents_are_the_papers() {
        for (beta, expected) in [(-1.0, 1.0 / 3.0), (0.0, 0.5), (0.5, 2.0 / 3.0), (1.0, 1.0), (2.0, 1.0), (3.0, 0.5)] {
            assert!((Beta::of(beta).exponent() - expected).abs() < 1e-15, "β = {beta}");
        }
    }
}
