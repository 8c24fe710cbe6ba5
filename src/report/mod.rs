//! What an experiment says, in words and tables, from stored records.

mod claims;
pub mod page;
mod rows;
mod summary;
mod tables;
mod verdict;

pub use claims::{claims_markdown, claims_text};
pub use rows::{Evidence, ProblemSummary, Row, overall, summarize};
pub use summary::{Headline, markdown, terminal};
pub use tables::{MACROS, TableKind, TableSpec, Written, default_tables, write_table};
pub use verdict::{Overall, answer};
