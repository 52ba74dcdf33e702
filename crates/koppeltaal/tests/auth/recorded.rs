//! The AuditEvents of rows of the trail.

use koppeltaal_fhir::r4::audit_event::{Particulars, join};
use koppeltaal_store::audit::Record;

/// The AuditEvent of a row of the trail.
pub fn as_resource(row: &Record) -> Option<serde_json::Value> {
    let event = row.shown.as_ref()?;
    let particulars = Particulars {
        id: &event.id(),
        recorded: &event.date.to_instant_millis(),
        last_updated: &event.written().to_instant_millis(),
        focal: event.focal.as_deref(),
        version: event.version.as_deref(),
        outcome_desc: event.detail.as_deref(),
        request_id: event.request_id.as_deref(),
        trace_id: event.trace_id.as_deref(),
        correlation_id: event.correlation_id.as_deref(),
        content: event.content.as_deref(),
    };
    let resource = join(event.shape_json.as_deref().unwrap(), &particulars);
    Some(serde_json::from_str(&koppeltaal_fhir::json::render(&resource)).unwrap())
}
