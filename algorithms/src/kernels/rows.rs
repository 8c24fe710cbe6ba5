//! The rows of a factor in blocks of fixed size, on as many threads as may be used.
//!
//! A block's result depends on the block alone, so the bits do not depend on the number of threads. Each block has a
//! state of its own (workspaces, sums), and sums over all rows are taken over the states in order.

use crate::real::Real;
use faer::{MatMut, Par};
use std::sync::Mutex;

/// Rows of a block where an update goes over it several times: it stays in the cache.
pub(crate) const BLOCK: usize = 256;

/// One state per block of `size` rows; `make` is given the number of rows of its block.
pub(crate) fn states<S>(rows: usize, size: usize, make: impl Fn(usize) -> S) -> Vec<S> {
    (0..rows).step_by(size).map(|from| make(size.min(rows - from))).collect()
}

/// Hands each block of `size` rows of X to `work`, together with its state and its first row.
pub(crate) fn for_blocks<T: Real, S: Send>(
    par: Par,
    x: MatMut<'_, T>,
    size: usize,
    states: &mut [S],
    work: impl Fn(&mut S, usize, MatMut<'_, T>) + Sync,
) {
    debug_assert_eq!(states.len(), x.nrows().div_ceil(size), "one state for each block");
    let threads = match par {
        Par::Seq => 1,
        _ => par.degree().min(states.len()),
    };
    if threads <= 1 {
        let mut queue = Queue { rest: Some(x), states, from: 0, size };
        while let Some((state, from, block)) = queue.next() {
            work(state, from, block);
        }
        return;
    }
    let queue = Mutex::new(Queue { rest: Some(x), states, from: 0, size });
    let next = || queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    side_by_side(threads, &|| {
        while let Some((state, from, block)) = next() {
            work(state, from, block);
        }
    });
}

/// What has not been handed out yet.
struct Queue<'a, T, S> {
    rest: Option<MatMut<'a, T>>,
    states: &'a mut [S],
    from: usize,
    size: usize,
}

impl<'a, T, S> Queue<'a, T, S> {
    fn next(&mut self) -> Option<(&'a mut S, usize, MatMut<'a, T>)> {
        let (state, states) = std::mem::take(&mut self.states).split_first_mut()?;
        let rest = self.rest.take()?;
        let rows = self.size.min(rest.nrows());
        let (block, rest) = rest.split_at_row_mut(rows);
        let from = self.from;
        (self.rest, self.states, self.from) = (Some(rest), states, from + rows);
        Some((state, from, block))
    }
}

fn side_by_side(threads: usize, work: &(impl Fn() + Sync)) {
    if threads == 1 {
        work();
    } else {
        rayon::join(work, || side_by_side(threads - 1, work));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    #[test]
    fn every_row_is_handed_out_once_with_its_own_state() {
        for (rows, size) in [(1, 4), (4, 4), (9, 4), (1000, 64)] {
            for par in [Par::Seq, Par::rayon(2), Par::rayon(5)] {
                let mut x = Mat::<f64>::zeros(rows, 3);
                let mut seen = states(rows, size, |rows| (rows, usize::MAX));
                for_blocks(par, x.as_mut(), size, &mut seen, |state, from, mut block| {
                    assert_eq!(state.0, block.nrows());
                    state.1 = from;
                    (0..block.nrows())
                        .for_each(|i| block[(i, 1)] += f64::from(u32::try_from(from + i).expect("small")));
                });
                assert!((0..rows).all(|i| x[(i, 1)].to_bits() == (crate::matrix::count(i)).to_bits()));
                assert!(seen.iter().enumerate().all(|(b, s)| s.1 == b * size), "{seen:?}");
            }
        }
    }
}
