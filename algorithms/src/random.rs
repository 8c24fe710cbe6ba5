//! Random streams: ChaCha, derived from a seed and names, so that a draw depends on nothing else.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

/// The key of a family of streams.
pub type Key = [u8; 32];

/// A key from a number and a purpose; different purposes give unrelated streams.
#[must_use]
pub fn key(seed: u64, purpose: &str) -> Key {
    let mut hash = Sha256::new();
    hash.update(b"nmfbench");
    hash.update(seed.to_le_bytes());
    hash.update(purpose.as_bytes());
    hash.finalize().into()
}

/// One stream of numbers; any of 2⁶⁴ of a key may be drawn alone.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Stream `index` of a key.
    #[must_use]
    pub fn new(key: &Key, index: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed(*key);
        rng.set_stream(index);
        Stream(rng)
    }

    /// Stream 0 of [`key`]`(seed, purpose)`.
    #[must_use]
    pub fn of(seed: u64, purpose: &str) -> Self {
        Stream::new(&key(seed, purpose), 0)
    }

    /// Uniform on the open interval (0, 1): never exactly 0, which multiplicative updates could not leave.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) * (1.0 / (1_u64 << 53) as f64)
    }

    /// One of 0, …, n − 1, each as likely (but for one part in 2⁵³ of n).
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0 and below n")]
    pub fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * crate::matrix::count(n)) as usize).min(n - 1)
    }

    /// Raw bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_and_unrelated() {
        let mut a = Stream::of(7, "w");
        // A change of this number changes every experiment's starts: it must be deliberate.
        assert_eq!(a.clone().bits(), Stream::of(7, "w").bits());
        assert_ne!(a.clone().bits(), Stream::of(8, "w").bits());
        assert_ne!(a.clone().bits(), Stream::of(7, "h").bits());
        assert_ne!(Stream::new(&key(7, "w"), 1).bits(), a.bits());
    }

    #[test]
    fn each_of_n_is_drawn_about_as_often() {
        let mut stream = Stream::of(2, "below");
        let mut seen = [0_u32; 7];
        (0..7000).for_each(|_| seen[stream.below(7)] += 1);
        assert!(seen.iter().all(|s| (850..1150).contains(s)), "{seen:?}");
        assert_eq!(stream.below(1), 0);
    }

    #[test]
    fn uniform_numbers_are_inside_and_even() {
        let mut stream = Stream::of(1, "uniform");
        let draws: Vec<f64> = (0..20_000).map(|_| stream.uniform()).collect();
        assert!(draws.iter().all(|u| *u > 0.0 && *u < 1.0));
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
