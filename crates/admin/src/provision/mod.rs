//! The provisioning file: what `koppeltaal apply` makes true and `koppeltaal
//! export` prints. A file is read with its line numbers, put onto a copy of the
//! directory key by key, checked as a whole, and written in one transaction or
//! not at all.
//!
//! | file | step |
//! |---|---|
//! | `schema` | every table and key, in the order of an export |
//! | `file` | from text to tables of checked keys |
//! | `merge` | keys onto what is stored; secrets are sealed on the way |
//! | `take` | one table of the file: which item it is, and the rules within it |
//! | `across` | the rules between items |
//! | `plan` | all of it, and what changes in consequence |
//! | `run` | the plan against a store |
//! | `export`, `shown` | the way back: as a file, as an object |

mod across;
mod address;
mod export;
mod file;
mod merge;
mod model;
mod plan;
mod problem;
mod run;
mod schema;
mod shown;
mod take;

pub use address::check_endpoint;
pub use export::{Secrets, export};
pub use file::{Entry, File};
pub use plan::{Line, Plan, Rules, plan};
pub use problem::{Problem, Problems};
pub use run::{Applied, apply, apply_request, preview};
pub use schema::{Field, Kind, Shape};
pub use shown::{MASK, shown};

#[cfg(test)]
mod tests;
