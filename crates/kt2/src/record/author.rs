//! Who did something in which request, and the rows of the trail that say so.

use std::sync::Arc;

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Entry, EventBody};
use koppeltaal_core::directory::{ConnectedInstance, Domain};
use koppeltaal_core::trace::Trace;
use koppeltaal_fhir::r4::audit_event::{
    self, Agent, AuditEvent, Entity, Outcome, Split, Who, interaction, resource_type, rest,
};

use super::Shown;
use super::kind::Kind;
use super::shapes::Key;
use crate::app::App;
use crate::call::Call;

/// Content of an event that refers to nothing, whatever its row is about.
const NO_REFERENCE: &str = "{}";

/// Who acts, and in which request.
#[derive(Clone)]
pub struct Author {
    app: App,
    domain: Arc<Domain>,
    /// The caller; absent for this server.
    instance: Option<Arc<ConnectedInstance>>,
    trace: Trace,
    began: Timestamp,
}

impl Author {
    /// The caller of a request; this server where there is none.
    pub fn of(call: &Call) -> Self {
        let instance = call.access.as_ref().map(|access| access.instance.clone());
        Self::new(&call.app, &call.domain, instance, &call.trace, call.began)
    }

    /// An instance, or this server.
    pub fn new(
        app: &App,
        domain: &Arc<Domain>,
        instance: Option<Arc<ConnectedInstance>>,
        trace: &Trace,
        began: Timestamp,
    ) -> Self {
        let (app, domain, trace) = (app.clone(), domain.clone(), trace.clone());
        Self { app, domain, instance, trace, began }
    }

    /// The row of a create, an update or a delete of a resource that is done in a
    /// transaction, still without the version that it makes.
    pub fn row(&self, kind: Kind, resource_type: &'static str, id: &str) -> Entry {
        let focal = format!("{resource_type}/{id}");
        let resource = match kind {
            // An AuditEvent is no event; that one is gone is for operators to know.
            _ if resource_type == "AuditEvent" => None,
            Kind::Delete => Some(self.deletion(resource_type, &focal)),
            kind => Some(self.one(kind, Outcome::Success, resource_type, None)),
        };
        Entry { focal: Some(focal), resource, ..self.entry(kind) }
    }

    /// A row about this resource, which its event refers to in this version.
    pub(super) fn about(&self, kind: Kind, shown: Shown) -> Entry {
        let Shown { resource_type, id, version } = shown;
        Entry {
            focal: Some(format!("{resource_type}/{id}")),
            version: Some(version.to_string()),
            resource: Some(self.one(kind, Outcome::Success, resource_type, None)),
            ..self.entry(kind)
        }
    }

    /// A row whose event has one entity that refers to nothing.
    pub(super) fn plain(&self, kind: Kind, outcome: Outcome, resource_type: &'static str) -> Entry {
        let content = Some(NO_REFERENCE.to_owned());
        let resource = Some(self.one(kind, outcome, resource_type, content));
        Entry { resource, ..self.entry(kind) }
    }

    /// A row whose event has these entities.
    pub(super) fn list(&self, kind: Kind, entities: Vec<Entity>) -> Entry {
        let split = self.event(kind, Outcome::Success, entities).split();
        Entry { resource: Some(self.body(split)), ..self.entry(kind) }
    }

    fn entry(&self, kind: Kind) -> Entry {
        let instance = self.instance.as_ref();
        let agent = instance.map_or("server", |instance| instance.name());
        Entry {
            instance: instance.map(|instance| instance.instance.number),
            request_id: Some(self.trace.request_id.clone()),
            trace_id: Some(self.trace.trace_id.clone()),
            correlation_id: self.trace.correlation_id.clone(),
            ..Entry::new(kind.word(), self.began, agent)
        }
    }

    fn one(
        &self,
        kind: Kind,
        outcome: Outcome,
        resource_type: &'static str,
        content: Option<String>,
    ) -> EventBody {
        let key = Key {
            domain: self.domain.number,
            device: self.device().to_owned(),
            kind,
            outcome,
            resource_type,
        };
        let make = || self.event(kind, outcome, vec![of_type(resource_type)]).split().shape;
        let shape = self.app.shapes().of(key, make);
        EventBody { shape, date: self.began, content, keys: Vec::new(), id: None }
    }

    /// What was deleted stands in words: there is nothing any more to refer to.
    fn deletion(&self, resource_type: &'static str, focal: &str) -> EventBody {
        let description = Some(focal.to_owned());
        let entity = Entity { description, ..of_type(resource_type) };
        self.body(self.event(Kind::Delete, Outcome::Success, vec![entity]).split())
    }

    fn body(&self, split: Split) -> EventBody {
        EventBody {
            shape: split.shape.into(),
            date: self.began,
            content: split.content,
            keys: split.keys,
            id: None,
        }
    }

    fn event(&self, kind: Kind, outcome: Outcome, entities: Vec<Entity>) -> AuditEvent {
        let device = self.device();
        AuditEvent {
            origin: device.to_owned(),
            kind: rest(),
            subtype: Some(interaction(kind.code())),
            action: kind.action(),
            outcome,
            agents: vec![Agent {
                kind: audit_event::source(),
                who: Who::Device(device.to_owned()),
                is_requestor: true,
                network: None,
            }],
            site: Some(self.domain.name.clone()),
            observer: self.domain.server_device.clone(),
            source_type: None,
            entities,
        }
    }

    /// The id of the Device that acts.
    fn device(&self) -> &str {
        let server = self.domain.server_device.as_str();
        self.instance.as_ref().map_or(server, |instance| &instance.instance.client_id)
    }
}

/// An entity of this type, and nothing else.
pub(super) fn of_type(name: &'static str) -> Entity {
    Entity { kind: Some(resource_type(name)), ..Entity::default() }
}
