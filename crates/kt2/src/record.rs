//! The row of the audit trail that a write leaves, in its transaction.

use koppeltaal_core::Result;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_store::{DomainTx, Ids, audit};

use crate::call::Call;

/// The row of a write by the caller, still without the version it makes.
pub fn entry(call: &Call, action: Action, kind: &str, id: &str) -> Entry {
    let instance = call.access.as_ref().map(|access| &access.instance);
    let agent = instance.map_or_else(String::new, |instance| instance.name().to_owned());
    Entry {
        instance: instance.map(|instance| instance.instance.number),
        focal: Some(format!("{}/{kind}/{id}", call.base)),
        request_id: Some(call.trace.request_id.clone()),
        trace_id: Some(call.trace.trace_id.clone()),
        ..Entry::new(action, call.began, agent)
    }
}

/// Writes the row.
pub fn record(tx: &mut DomainTx<'_>, ids: &Ids, row: &mut Entry, version: i64) -> Result<()> {
    row.version = Some(version.to_string());
    audit::append(tx, ids, std::slice::from_ref(row)).map(drop)
}
