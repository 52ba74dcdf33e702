//! What waits in the mailboxes: for metrics, `doctor`, and the rule that an
//! api-version is raised only when nothing waits.

use koppeltaal_core::event::Event;
use koppeltaal_core::{Result, Timestamp};

use super::item::from_indexed;
use crate::args;
use crate::scope::DomainTx;

/// The oldest item of an event that waits for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The number of the recipient.
    pub recipient: i64,
    /// The event.
    pub event: Event,
    /// Since when it waits.
    pub since: Timestamp,
}

/// The oldest New item of each recipient and event: one look-up in an index
/// for each pair, whatever waits.
pub fn waiting(tx: &mut DomainTx<'_>, recipients: &[i64]) -> Result<Vec<Waiting>> {
    let sql = format!(
        "SELECT i.id, m.created FROM {}
         WHERE i.domain = $1 AND i.recipient = $2 AND i.event = $3
           AND i.status = 0 AND i.expired = 0
         ORDER BY i.id + 0 LIMIT 1",
        from_indexed(tx.dialect(), "kt1_item_new_event")
    );
    let mut found = Vec::new();
    for recipient in recipients {
        for event in Event::ALL {
            let row = tx.query_one(&sql, args![*recipient, event.number()])?;
            if let Some(row) = row {
                let since = Timestamp(row.int(1)?);
                found.push(Waiting { recipient: *recipient, event: *event, since });
            }
        }
    }
    Ok(found)
}

/// Whether anything of this recipient is New or Claimed.
pub fn has_waiting(tx: &mut DomainTx<'_>, recipient: i64) -> Result<bool> {
    let row = tx.query_one(
        "SELECT 1 FROM kt1_item
         WHERE domain = $1 AND recipient = $2 AND expired = 0 AND status IN (0, 1) LIMIT 1",
        args![recipient],
    )?;
    Ok(row.is_some())
}
