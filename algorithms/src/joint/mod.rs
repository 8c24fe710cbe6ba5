//! Methods that are not one rule on each factor in turn, a file each.

mod apg;
mod pgrad;
mod rhals;

pub use apg::Apg;
pub use pgrad::PGrad;
pub use rhals::RHals;
