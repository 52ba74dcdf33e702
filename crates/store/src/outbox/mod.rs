//! The outbox: notifications are written in the transaction of the message they
//! announce, leased by the delivery, and kept with every attempt (Koppeltaal 1.3,
//! webhook). It never holds a body.

mod announce;
mod depth;
mod hook;
mod lease;
mod list;
mod record;
mod remove;
mod resend;
mod revive;

pub use announce::{Announcement, announce};
pub use depth::{Depth, depth};
pub use hook::{Hook, hook};
pub use lease::{Due, Waiting, Wanted, lease, waiting};
pub use list::{Attempt, Filter, Generation, Notification, Trigger, list, show};
pub use record::{Next, Outcome, Release, record, release};
pub use remove::{KEEP_DEAD, KEEP_DELIVERED, removable, remove, remove_of_items};
pub use resend::resend;
pub use revive::revive;
