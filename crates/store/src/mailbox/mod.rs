//! The KT1 mailbox: messages, one item for each recipient, and the versions of
//! the resources they carry. One file per verb; all of it inside a domain scope.

mod accept;
mod browse;
mod claim;
mod erase;
mod item;
mod lapse;
mod list;
mod newest;
mod overview;
mod read;
mod retention;
mod route;
mod sent;
mod statistics;
mod status;

pub use accept::{Accepted, Conflict, Incoming, Resource, Versioned, accept};
pub use browse::{Browse, Page, browse, count};
pub use claim::{Claim, Claimed, claim, has_claimable};
pub use erase::{
    Erasure, count_messages, erase_messages, erase_resources, find_messages_of, find_resources_of,
};
pub use item::{Body, Item};
pub use lapse::{Lapse, has_lapsed, lapse};
pub use list::{Listing, ListingFilter, find, list};
pub use newest::newest_new;
pub use overview::{
    CopyLine, MessageLine, Part as OverviewPart, Wanted, copies, count_copies, count_messages_of,
    messages,
};
pub use read::{Key, body, item_of, read};
pub use retention::{Position, Removal, anonymise, expire, identifiable, removable};
pub use route::{Copied, Delivery, Part, Recipient, Routed, Template, route};
pub use sent::{Sent, SentFilter, count_sent, sent, sent_message, sent_with_copy};
pub use statistics::{Waiting, has_waiting, waiting};
pub use status::{Put, PutRequest, put};

use sha2::{Digest, Sha256};

/// What stands for the URL of a patient (without version) where it must be short.
/// Two patients may share it.
pub fn patient_key(url: &str) -> i64 {
    key_of(url)
}

/// 64 bits of a hash of a URL, for narrow index keys. Equality is always
/// checked on the URL itself as well.
pub(crate) fn key_of(url: &str) -> i64 {
    let digest = Sha256::digest(url.as_bytes());
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}
