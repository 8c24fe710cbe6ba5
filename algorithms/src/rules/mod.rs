//! The rules, a file each: source, formula, parameters, update.

mod als;
mod anls_as;
mod anls_bpp;
mod ao_admm;
mod gcd;
mod hals;
mod mu;
mod mu_lin;
mod nenmf;
mod pgd;

pub use als::Als;
pub use anls_as::AnlsAs;
pub use anls_bpp::AnlsBpp;
pub use ao_admm::AoAdmm;
pub use gcd::Gcd;
pub use hals::Hals;
pub use mu::Mu;
pub use mu_lin::MuLin;
pub use nenmf::NeNmf;
pub use pgd::Pgd;
