//! AuditEvents of authentication (memo 0.0.4 on TOP-KT-011) and of launches that
//! failed (TOP-KT-012c): rows of the trail that the FHIR service shows.

use koppeltaal_core::audit::{Action, Entry, EventBody};
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_core::trace::Trace;
use koppeltaal_fhir::r4::audit_event::{
    self as fhir, Agent, AuditEvent, Coding, Entity, Who, object_role, resource_type,
};

pub(crate) use koppeltaal_fhir::r4::audit_event::Outcome;

use crate::asked::Asked;
use crate::reference::Reference;

/// A moment at which a user is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A launch token was introspected.
    Introspect,
    /// A launch token was accepted by `authorize`.
    Authorize,
    /// The browser is sent to an identity provider.
    IdpCall,
    /// The identity provider has decided.
    IdpLogin,
}

impl Step {
    fn prefix(self) -> &'static str {
        match self {
            Self::Introspect => "introspect:",
            Self::Authorize => "authorize:",
            Self::IdpCall => "idp call:",
            Self::IdpLogin => "idp login:",
        }
    }
}

/// An identity provider as an agent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idp<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its issuer, or where it is discovered.
    pub issuer: &'a str,
}

/// A step of a launch at which a user is (or is not) authenticated.
pub(crate) fn login(
    asked: &Asked,
    trace: &Trace,
    step: Step,
    module: &ConnectedInstance,
    user: &Reference,
    idp: Option<Idp<'_>>,
    (outcome, words): (Outcome, &str),
) -> Entry {
    let mut agents = vec![source_agent(&module.instance.client_id)];
    agents.extend(idp.map(|idp| Agent {
        kind: fhir::destination(),
        who: Who::Logical {
            system: "http://koppeltaal.nl/oidc/issuer",
            value: idp.issuer.to_owned(),
            display: idp.name.to_owned(),
        },
        is_requestor: false,
        network: None,
    }));
    let description = format!("{} {words}", step.prefix());
    let event = Event {
        kind: fhir::user_authentication(),
        subtype: Some(fhir::login()),
        outcome,
        description: &description,
        agents,
        entity: user_entity(user),
    };
    Entry {
        patient: Some(user.to_string()),
        instance: Some(module.instance.number),
        ..event.entry(Action::Login, asked, trace, module.name())
    }
}

/// The portal names an identity provider that the module does not have.
pub(crate) fn unknown_hint(
    asked: &Asked,
    trace: &Trace,
    module: &ConnectedInstance,
    user: &Reference,
) -> Entry {
    let event = Event {
        kind: fhir::user_authentication(),
        subtype: None,
        outcome: Outcome::Minor,
        description: "misconfiguration: the idp_hint of the launch names no identity provider of this application for this kind of user; the default was used",
        agents: vec![source_agent(&module.instance.client_id)],
        entity: user_entity(user),
    };
    Entry {
        patient: Some(user.to_string()),
        instance: Some(module.instance.number),
        ..event.entry(Action::Misconfiguration, asked, trace, module.name())
    }
}

/// A launch that failed; `task` (with its version) as far as a verified launch
/// token names one.
pub(crate) fn failed_launch(
    asked: &Asked,
    trace: &Trace,
    module: Option<&ConnectedInstance>,
    task: Option<&str>,
    (outcome, words): (Outcome, &str),
) -> Entry {
    let server = &asked.domain.server_device;
    let who = Who::Device(server.clone());
    let mut agents =
        vec![Agent { kind: fhir::audit_source(), who, is_requestor: false, network: None }];
    agents.extend(module.map(|module| source_agent(&module.instance.client_id)));
    let entity = match (task, module) {
        (Some(task), _) => typed_entity("Task", task),
        (None, Some(module)) => {
            typed_entity("Device", &format!("Device/{}", module.instance.client_id))
        }
        (None, None) => typed_entity("Device", &format!("Device/{server}")),
    };
    let event = Event {
        kind: fhir::application_activity(),
        subtype: Some(fhir::application_start()),
        outcome,
        description: words,
        agents,
        entity,
    };
    let agent = module.map_or("server", |module| module.name());
    Entry {
        instance: module.map(|module| module.instance.number),
        ..event.entry(Action::Launch, asked, trace, agent)
    }
}

struct Event<'a> {
    kind: Coding,
    subtype: Option<Coding>,
    outcome: Outcome,
    description: &'a str,
    agents: Vec<Agent>,
    entity: Entity,
}

impl Event<'_> {
    fn entry(self, action: Action, asked: &Asked, trace: &Trace, agent: &str) -> Entry {
        let server = &asked.domain.server_device;
        let event = AuditEvent {
            origin: server.clone(),
            kind: self.kind,
            subtype: self.subtype,
            action: 'E',
            outcome: self.outcome,
            agents: self.agents,
            site: Some(asked.domain.name.clone()),
            observer: server.clone(),
            source_type: Some(fhir::security_server()),
            entities: vec![self.entity],
        };
        let split = event.split();
        Entry {
            focal: split.focal,
            version: split.version,
            outcome: self.outcome.code().to_owned(),
            detail: Some(self.description.to_owned()),
            request_id: Some(trace.request_id.clone()),
            trace_id: Some(trace.trace_id.clone()),
            correlation_id: trace.correlation_id.clone(),
            resource: Some(EventBody {
                shape: split.shape.into(),
                date: asked.began,
                content: split.content,
                keys: split.keys,
                id: None,
            }),
            ..Entry::new(action, asked.began, agent)
        }
    }
}

fn source_agent(client_id: &str) -> Agent {
    let who = Who::Device(client_id.to_owned());
    Agent { kind: fhir::source(), who, is_requestor: true, network: None }
}

/// The user on `entity.what`, with the role of people of that kind.
fn user_entity(user: &Reference) -> Entity {
    let role = match user.kind.as_str() {
        "Patient" => object_role("1", "Patient"),
        "RelatedPerson" => object_role("6", "User"),
        _ => object_role("15", "Practitioner"),
    };
    Entity { role: Some(role), ..typed_entity(&user.kind, &user.to_string()) }
}

fn typed_entity(kind: &str, reference: &str) -> Entity {
    let (what, kind) = (Some(reference.to_owned()), Some(resource_type(kind.to_owned())));
    Entity { what, kind, ..Entity::default() }
}
