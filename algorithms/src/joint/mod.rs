//! Methods that are not one rule on each factor in turn, a file each.

mod admm;
mod apg;
mod batches;
mod minibatch_mu;
mod minibatch_mu_beta;
mod online;
mod pgrad;
mod rhals;

pub use admm::Admm;
pub use apg::Apg;
pub use minibatch_mu::MiniBatchMu;
pub use minibatch_mu_beta::MiniBatchMuBeta;
pub use online::Online;
pub use pgrad::PGrad;
pub use rhals::RHals;
