//! The AuditEvent of an attempt at a rest-hook (Koppeltaal 2.0, TOP-KT-011).

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::Entry;
use koppeltaal_store::outbox::{LeasedLane, Ping};

use crate::call::Answer;

/// The row of the trail; none yet.
pub(crate) fn entry(
    _lane: &LeasedLane,
    _ping: &Ping,
    _request_id: &str,
    _endpoint: Option<&str>,
    _started: Timestamp,
    _answer: &Answer,
) -> Option<Entry> {
    None
}
