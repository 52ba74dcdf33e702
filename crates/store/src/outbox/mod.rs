//! The outbox: notifications are written in the transaction of the message they
//! announce, leased by the delivery, and kept with every attempt. It never holds a
//! body. A webhook of Koppeltaal 1.3 is leased by itself; the rest-hooks of a
//! subscription of 2.0 are a lane, which is leased as a whole and keeps its order.

mod announce;
mod close;
mod depth;
mod hook;
mod lane;
mod lane_record;
mod lease;
mod list;
mod of_trace;
mod record;
mod remove;
mod resend;
mod revive;

pub use announce::{Announcement, announce};
pub use close::Closed;
pub use depth::{Depth, depth};
pub use hook::{Hook, hook};
pub use lane::{
    LaneLease, LeasedLane, Ping, Subscriber, WaitingLane, WantedLane, lease_lanes, waiting_lanes,
};
pub use lane_record::{LaneNext, LaneOutcome, LaneRelease, record_lanes, release_lanes};
pub use lease::{Due, Waiting, Wanted, lease, waiting};
pub use list::{Attempt, Filter, Generation, Notification, Trigger, list, show};
pub use of_trace::of_trace;
pub use record::{Next, Outcome, Release, record, release};
pub use remove::{KEEP_DEAD, KEEP_DELIVERED, removable, remove, remove_of_items};
pub use resend::resend;
pub use revive::revive;
