//! The audit trail: rows are added in the transaction of what they record, found,
//! exported, and never changed. What KT2 shows as AuditEvents are rows of the
//! trail, and stand nowhere else. The rows of all domains share tables by month.

mod append;
mod before;
mod canonical;
mod event;
mod event_id;
mod key;
mod log;
mod month;
mod retention;
mod seal;
mod sealing;
mod search;
mod shape;
mod trail;
mod verify;
mod wanted;

pub use append::{append, append_across};
pub use before::add_keys;
pub use event::{EventRow, Removal, Removed, count_events, event, events, remove_event, removed};
pub use event_id::{event_id, key_of};
pub use key::Lookup;
pub use log::AuditLog;
pub use month::make_ahead;
pub use retention::remove_old;
pub use seal::TrailKey;
pub use sealing::{Sealed, follow, seal};
pub use search::{Filter, Record, search, search_server};
pub use shape::{OWN as OWN_SHAPE, Shape, may_hold_own_shapes, shapes, shapes_after};
pub use verify::{Verdict, domains, head_at, verify};
pub use wanted::{Order, OrderBy, Wanted};

pub(crate) use trail::Trail;

/// The domain number under which the server's own rows stand.
pub const SERVER: i64 = 0;
