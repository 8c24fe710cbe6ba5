//! What is asked of every algorithm.

mod property;

pub use property::Property;
