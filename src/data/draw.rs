//! Random numbers with the same bits on every platform: the functions behind them are this program's, not the system's.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of its own for each number.
pub(crate) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    stream.set_stream(number);
    stream
}

/// Uniform in [0, 1), a multiple of 2⁻⁵³.
pub(crate) fn uniform(stream: &mut ChaCha8Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Normal with mean 0 and variance 1 (Marsaglia's polar method; the second number of each pair is not used).
pub(crate) fn normal(stream: &mut ChaCha8Rng) -> f64 {
    loop {
        let (x, y) = (2.0 * uniform(stream) - 1.0, 2.0 * uniform(stream) - 1.0);
        let s = x * x + y * y;
        if s > 0.0 && s < 1.0 {
            return x * (-2.0 * libm::log(s) / s).sqrt();
        }
    }
}

/// Gamma with this shape > 0 and scale 1 (Marsaglia & Tsang 2000).
pub(crate) fn gamma(stream: &mut ChaCha8Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        // From shape + 1 by a power of a uniform; a power that vanishes leaves 0.
        let power = libm::pow(1.0 - uniform(stream), 1.0 / shape);
        return gamma(stream, shape + 1.0) * power;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(stream);
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - uniform(stream);
        if v > 0.0 && libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// `count` numbers ≥ 0 of sum 1, Dirichlet with equal concentrations > 0.
pub(crate) fn dirichlet(stream: &mut ChaCha8Rng, count: usize, concentration: f64) -> Vec<f64> {
    let mut numbers: Vec<f64> = (0..count).map(|_| gamma(stream, concentration)).collect();
    let sum: f64 = numbers.iter().sum();
    if sum > 0.0 {
        numbers.iter_mut().for_each(|number| *number /= sum);
    } else {
        // A tiny concentration puts all weight on one of them.
        let chosen = below(stream, count);
        numbers[chosen] = 1.0;
    }
    numbers
}

/// Uniform among 0 … count − 1.
pub(crate) fn below(stream: &mut ChaCha8Rng, count: usize) -> usize {
    ((uniform(stream) * count as f64) as usize).min(count - 1)
}

/// The first position at which a rising cumulative sum exceeds a uniform share of its last value.
pub(crate) fn pick(stream: &mut ChaCha8Rng, cumulative: &[f64]) -> usize {
    let at = uniform(stream) * cumulative[cumulative.len() - 1];
    cumulative.partition_point(|sum| *sum <= at).min(cumulative.len() - 1)
}

/// Sums of the first 1, 2, … numbers.
pub(crate) fn cumulative(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let add = |sum: &mut f64, number: f64| {
        *sum += number;
        Some(*sum)
    };
    numbers.scan(0.0, add).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(numbers: &[f64]) -> f64 {
        numbers.iter().sum::<f64>() / numbers.len() as f64
    }

    #[test]
    fn moments_are_those_of_the_laws() {
        let mut source = stream(1, 1);
        let normals: Vec<f64> = (0..20_000).map(|_| normal(&mut source)).collect();
        let squares: Vec<f64> = normals.iter().map(|x| x * x).collect();
        assert!(mean(&normals).abs() < 0.03 && (mean(&squares) - 1.0).abs() < 0.04);
        for shape in [0.3, 1.0, 4.5] {
            let gammas: Vec<f64> = (0..20_000).map(|_| gamma(&mut source, shape)).collect();
            let variance = mean(&gammas.iter().map(|x| (x - shape).powi(2)).collect::<Vec<_>>());
            assert!((mean(&gammas) / shape - 1.0).abs() < 0.05 && (variance / shape - 1.0).abs() < 0.1, "{shape}");
        }
    }

    #[test]
    fn shares_sum_to_one_and_picks_follow_their_weights() {
        let mut source = stream(2, 1);
        for concentration in [1e-300, 0.1, 1.0, 50.0] {
            let sum: f64 = dirichlet(&mut source, 7, concentration).iter().sum();
            assert!((sum - 1.0).abs() < 1e-12, "{concentration}");
        }
        let sums = cumulative([1.0, 0.0, 3.0].into_iter());
        let mut counts = [0; 3];
        (0..4000).for_each(|_| counts[pick(&mut source, &sums)] += 1);
        assert!(counts[1] == 0 && (900..1100).contains(&counts[0]), "{counts:?}");
        assert!((0..100).all(|_| below(&mut source, 3) < 3));
    }
}
