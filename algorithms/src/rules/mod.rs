//! The rules, a file each: source, formula, parameters, update.

mod als;
mod hals;
mod mu;
mod pgd;

pub use als::Als;
pub use hals::Hals;
pub use mu::Mu;
pub use pgd::Pgd;
