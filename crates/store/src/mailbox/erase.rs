//! Erasing a patient from a domain: bodies, headers and versions. The search
//! reads in pages and the removal deletes by key, so that no step holds up the
//! writer; the caller repeats until nothing is found.

use koppeltaal_core::Result;
use serde::Serialize;

use crate::scope::DomainTx;
use crate::{args, outbox};

/// What an erasure removed (or would remove).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// Messages.
    pub messages: u64,
    /// Copies in mailboxes.
    pub items: u64,
    /// Versions of resources.
    pub resources: u64,
    /// Launches, with their codes and tokens.
    pub launches: u64,
    /// StorageItems.
    pub storage_items: u64,
}

/// Messages about the patient after `after`: a page, and where to go on.
pub fn find_messages_of(
    tx: &mut DomainTx<'_>,
    patient: &str,
    after: i64,
    limit: i64,
) -> Result<(Vec<i64>, Option<i64>)> {
    let rows = tx.query(
        "SELECT id, CASE WHEN patient = $2 OR subject = $2 OR focal = $2 THEN 1 ELSE 0 END
         FROM kt1_message
         WHERE domain = $1 AND id > $3 ORDER BY id LIMIT $4",
        args![patient, after, limit],
    )?;
    let next = (rows.len() as i64 == limit).then(|| rows.last().map(|row| row.int(0))).flatten();
    let mut found = Vec::new();
    for row in &rows {
        if row.int(1)? == 1 {
            found.push(row.int(0)?);
        }
    }
    Ok((found, next.transpose()?))
}

/// Resources about the patient after `after`: a page, and where to go on.
pub fn find_resources_of(
    tx: &mut DomainTx<'_>,
    patient: &str,
    after: &str,
    limit: i64,
) -> Result<(Vec<String>, Option<String>)> {
    let rows = tx.query(
        "SELECT url, CASE WHEN patient = $2 OR url = $2 THEN 1 ELSE 0 END FROM kt1_resource
         WHERE domain = $1 AND url > $3 ORDER BY url LIMIT $4",
        args![patient, after, limit],
    )?;
    let full = rows.len() as i64 == limit;
    let mut found = Vec::new();
    let mut last = None;
    for mut row in rows {
        let url = row.text(0)?;
        if row.int(1)? == 1 {
            found.push(url.clone());
        }
        last = Some(url);
    }
    Ok((found, last.filter(|_| full)))
}

/// Counts messages and their copies, as [`erase_messages`] would remove them.
pub fn count_messages(tx: &mut DomainTx<'_>, messages: &[i64]) -> Result<Erasure> {
    let mut counted = Erasure::default();
    for message in messages {
        let row = tx.query_one(
            "SELECT COUNT(*) FROM kt1_item WHERE domain = $1 AND message = $2",
            args![*message],
        )?;
        counted.items += u64::try_from(row.unwrap_or_default().int(0)?).unwrap_or(0);
        counted.messages += 1;
    }
    Ok(counted)
}

/// Removes messages with their copies and notifications.
pub fn erase_messages(tx: &mut DomainTx<'_>, messages: &[i64]) -> Result<Erasure> {
    let mut erased = Erasure::default();
    for message in messages {
        let items = tx.query(
            "SELECT recipient, id FROM kt1_item WHERE domain = $1 AND message = $2",
            args![*message],
        )?;
        let items: Vec<(i64, i64)> =
            items.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<_>>()?;
        outbox::remove_of_items(tx, &items)?;
        erased.items +=
            tx.execute("DELETE FROM kt1_item WHERE domain = $1 AND message = $2", args![*message])?;
        tx.execute("DELETE FROM kt1_body WHERE domain = $1 AND message = $2", args![*message])?;
        erased.messages +=
            tx.execute("DELETE FROM kt1_message WHERE domain = $1 AND id = $2", args![*message])?;
    }
    Ok(erased)
}

/// Removes the versions of resources.
pub fn erase_resources(tx: &mut DomainTx<'_>, urls: &[String]) -> Result<u64> {
    let mut erased = 0;
    for url in urls {
        erased += tx.execute(
            "DELETE FROM kt1_resource WHERE domain = $1 AND url = $2",
            args![url.as_str()],
        )?;
    }
    Ok(erased)
}
