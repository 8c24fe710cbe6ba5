//! What an experiment says, in words and tables, from stored records.

mod claims;
mod rows;
mod summary;
mod verdict;

pub use claims::{claims_markdown, claims_text};
pub use rows::{ProblemSummary, Row, summarize};
pub use summary::{markdown, terminal};
