//! A row of the trail as the resource that it is.

use koppeltaal_core::resource::Body;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::audit_event::{Particulars, join};
use koppeltaal_store::audit::EventRow;
use koppeltaal_store::resource::Stored;

use super::KIND;
use crate::{content, origin};

/// The AuditEvent of a row.
pub fn node(row: &EventRow) -> Node {
    let (id, recorded, written) =
        (row.id(), row.date.to_instant_millis(), row.written().to_instant_millis());
    let particulars = Particulars {
        id: &id,
        recorded: &recorded,
        last_updated: &written,
        focal: row.focal.as_deref(),
        version: row.version.as_deref(),
        outcome_desc: row.detail.as_deref(),
        request_id: row.request_id.as_deref(),
        trace_id: row.trace_id.as_deref(),
        correlation_id: row.correlation_id.as_deref(),
        content: row.content.as_deref(),
    };
    join(row.shape_json.as_deref().unwrap_or_default(), &particulars)
}

/// The row as a resource: version 1, which stays the only one.
pub fn stored(row: &EventRow) -> Stored {
    let node = node(row);
    resource(row, &node, content::body(&node))
}

/// The row as a resource with this content.
pub fn resource(row: &EventRow, node: &Node, body: Body) -> Stored {
    Stored {
        key: row.key,
        stamp: row.key,
        resource_type: KIND,
        id: row.id(),
        version: 1,
        updated: row.written(),
        deleted: false,
        origin: origin::only(node).unwrap_or_default().to_owned(),
        body,
    }
}
