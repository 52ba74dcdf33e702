//! AuditEvents: rows of the audit trail that are read and searched like resources,
//! and made by applications, but never changed (topic 012; K012-4). What many of
//! them share, their *shape*, decides most searches without looking at a row.

mod carry;
mod chain;
mod create;
mod history;
mod holds;
mod numbers;
mod page;
mod plan;
mod read;
mod references;
mod remove;
mod row;
mod skeleton;
mod sorted;

#[cfg(test)]
mod tests;

pub use carry::carry;
pub use chain::resolved;
pub use create::{attempt, entry_of};
pub use history::{history, type_history, type_history_count, versions_since};
pub use holds::holds;
pub use page::{any, count, oldest_first, page};
pub use read::{read, version_of};
pub use references::references;
pub use remove::remove;
pub use skeleton::Skeletons;

/// The type.
pub const KIND: &str = "AuditEvent";
