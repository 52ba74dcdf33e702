//! A row of the trail as the AuditEvent that the FHIR service shows.

use koppeltaal_fhir::r4::audit_event::{Particulars, join};
use koppeltaal_store::audit::EventRow;

/// The resource as JSON, in one line.
pub(in crate::cmd) fn of(event: &EventRow) -> String {
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
    let shape = event.shape_json.as_deref().unwrap_or_default();
    koppeltaal_fhir::json::render(&join(shape, &particulars))
}
