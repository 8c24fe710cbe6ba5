//! What a sweep leaves behind: a record a run, and what is rebuilt from the records.

pub mod about;
pub mod disturbance;
pub mod machine;
pub mod record;
pub mod scores;
pub mod store;
pub mod tables;
