//! The AuditEvent of an attempt at a rest-hook (Koppeltaal 2.0, TOP-KT-011): who
//! caused it, who was told where, about which version, by which subscription.

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry, EventBody};
use koppeltaal_core::directory::Domain;
use koppeltaal_fhir::r4::audit_event::{
    Agent, AuditEvent, Entity, Outcome, Who, destination, masked, resource_type, source,
    subscriber, transmit,
};
use koppeltaal_store::outbox::{LeasedLane, Ping};

use crate::call::Answer;

/// The row of the trail; none about an AuditEvent, whose own notifications are not
/// recorded, and none in a domain that has no Device for this server.
pub(crate) fn entry(
    lane: &LeasedLane,
    ping: &Ping,
    domain: &Domain,
    request_id: &str,
    started: Timestamp,
    answer: &Answer,
) -> Option<Entry> {
    let to = &lane.subscriber;
    let observer = to.observer.clone()?;
    let kind = ping.resource.split('/').next().filter(|kind| *kind != "AuditEvent")?;
    let told = Agent {
        kind: destination(),
        who: Who::Device(to.origin.clone()),
        is_requestor: false,
        network: Some(to.endpoint.clone()),
    };
    let caused = ping.requester.as_ref().map(|id| Agent {
        kind: source(),
        who: Who::Device(id.clone()),
        is_requestor: true,
        network: None,
    });
    let delivered = Entity {
        what: Some(ping.resource.clone()),
        kind: Some(resource_type(kind.to_owned())),
        ..Entity::default()
    };
    let by = Entity {
        what: Some(format!("Subscription/{}/_history/{}", to.id, to.version)),
        kind: Some(resource_type("Subscription")),
        role: Some(subscriber()),
        query: Some(match domain.audit_mask_queries {
            true => masked(&to.criteria),
            false => to.criteria.clone(),
        }),
        ..Entity::default()
    };
    let failed = answer.error.is_some();
    let split = AuditEvent {
        origin: ping.requester.clone().unwrap_or_else(|| to.origin.clone()),
        kind: transmit(),
        subtype: None,
        action: 'E',
        outcome: if failed { Outcome::Minor } else { Outcome::Success },
        agents: caused.into_iter().chain([told]).collect(),
        site: Some(domain.name.clone()),
        observer,
        source_type: None,
        entities: vec![delivered, by],
    }
    .split();
    Some(Entry {
        focal: split.focal,
        version: split.version,
        outcome: answer.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string()),
        detail: answer
            .error
            .as_ref()
            .map(|error| format!("Failed to deliver webhook notification. Error message: {error}")),
        request_id: Some(request_id.to_owned()),
        trace_id: ping.trace_id.clone(),
        correlation_id: ping.request_id.clone(),
        resource: Some(EventBody {
            shape: split.shape.into(),
            date: started,
            content: split.content,
            keys: split.keys,
            id: None,
        }),
        ..Entry::new(Action::Transmit, started, "server")
    })
}
