//! What an experiment says, in words and tables, from stored records.

mod rows;
mod summary;
mod verdict;

pub use rows::{ProblemSummary, Row, summarize};
pub use summary::{markdown, terminal};
