//! The only SQL: SQLite and PostgreSQL behind one synchronous-closure seam.

pub mod administrator;
pub mod audit;
pub mod authorization;
pub mod clock;
pub mod compliance;
pub mod definition;
pub mod definitions;
pub mod directory;
mod engine;
mod filter;
pub mod hub;
pub mod ids;
pub mod job;
pub mod mail;
pub mod mailbox;
pub mod migrate;
mod notes;
pub mod outbox;
pub mod request_log;
pub mod resource;
pub mod scope;
pub mod sso;
pub mod storage_item;
pub mod store;
pub mod subscription;
pub mod support;
#[cfg(feature = "test-support")]
pub mod test_support;
pub mod tx;
mod wakes;

pub use audit::AuditLog;
pub use ids::{Ids, NodeLease};
pub use notes::{Heard, Notes};
pub use scope::{DomainTx, Scope};
pub use store::{DatabaseUrl, Options, Store};
pub use tx::{Arg, Dialect, Row, Tx, Value};
pub use wakes::{Listening, Wakes};
