//! AuditEvents of authentication (memo 0.0.4 on TOP-KT-011) and of launches that
//! failed (TOP-KT-012c): rows of the trail that carry the FHIR resource as the
//! FHIR service exposes it.

use koppeltaal_core::audit::{Action, EventBody, Entry};
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_core::trace::Trace;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asked::Asked;
use crate::reference::Reference;

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const KOPPELTAAL: &str = "http://koppeltaal.nl/fhir/StructureDefinition";

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

/// How something ended (FHIR R4, audit-event-outcome).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Success,
    /// Refused for a reason that lies with the caller.
    Minor,
    /// Refused by a serious failure, or by the identity provider.
    Serious,
}

impl Outcome {
    fn code(self) -> &'static str {
        match self {
            Self::Success => "0",
            Self::Minor => "4",
            Self::Serious => "8",
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
    agents.extend(idp.map(|idp| {
        json!({
            "type": coded("110152", "Destination Role ID"),
            "who": {
                "type": "Device",
                "identifier": { "system": "http://koppeltaal.nl/oidc/issuer", "value": idp.issuer },
                "display": idp.name,
            },
            "requestor": false,
        })
    }));
    let description = format!("{} {words}", step.prefix());
    let event = Event {
        kind: ("110114", "User Authentication"),
        subtype: Some(("110122", "Login")),
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
        kind: ("110114", "User Authentication"),
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
    let mut agents = vec![json!({
        "type": coded("110150", "Application"),
        "who": device(server),
        "requestor": false,
    })];
    agents.extend(module.map(|module| source_agent(&module.instance.client_id)));
    let entity = match (task, module) {
        (Some(task), _) => typed_entity("Task", task),
        (None, Some(module)) => {
            typed_entity("Device", &format!("Device/{}", module.instance.client_id))
        }
        (None, None) => typed_entity("Device", &format!("Device/{server}")),
    };
    let event = Event {
        kind: ("110100", "Application Activity"),
        subtype: Some(("110120", "Application Start")),
        outcome,
        description: words,
        agents,
        entity,
    };
    let agent = module.map_or("server", |module| module.name());
    Entry {
        focal: task.and_then(|task| task.split("/_history/").next()).map(str::to_owned),
        instance: module.map(|module| module.instance.number),
        ..event.entry(Action::Launch, asked, trace, agent)
    }
}

struct Event<'a> {
    kind: (&'static str, &'static str),
    subtype: Option<(&'static str, &'static str)>,
    outcome: Outcome,
    description: &'a str,
    agents: Vec<Value>,
    entity: Value,
}

impl Event<'_> {
    fn entry(self, action: Action, asked: &Asked, trace: &Trace, agent: &str) -> Entry {
        let id = Uuid::new_v4().to_string();
        let mut extensions = vec![json!({
            "url": format!("{KOPPELTAAL}/resource-origin"),
            "valueReference": device(&asked.domain.server_device),
        })];
        let ids = [
            ("trace-id", Some(&trace.trace_id)),
            ("request-id", Some(&trace.request_id)),
            ("correlation-id", trace.correlation_id.as_ref()),
        ];
        for (name, value) in ids {
            extensions.extend(
                value.map(|id| json!({ "url": format!("{KOPPELTAAL}/{name}"), "valueId": id })),
            );
        }
        let mut resource = json!({
            "resourceType": "AuditEvent",
            "id": id,
            "meta": { "profile": [format!("{KOPPELTAAL}/KT2AuditEvent")] },
            "extension": extensions,
            "type": coding(self.kind.0, self.kind.1),
        });
        if let Some((code, display)) = self.subtype {
            resource["subtype"] = json!([coding(code, display)]);
        }
        let source_type = json!({
            "system": "http://terminology.hl7.org/CodeSystem/security-source-type",
            "code": "6",
            "display": "Security Server",
        });
        resource["action"] = "E".into();
        resource["recorded"] = asked.began.to_instant_millis().into();
        resource["outcome"] = self.outcome.code().into();
        resource["outcomeDesc"] = self.description.into();
        resource["agent"] = self.agents.into();
        resource["source"] = json!({
            "site": asked.domain.name,
            "observer": device(&asked.domain.server_device),
            "type": [source_type],
        });
        resource["entity"] = json!([self.entity]);
        Entry {
            outcome: self.outcome.code().to_owned(),
            detail: Some(self.description.to_owned()),
            request_id: Some(trace.request_id.clone()),
            trace_id: Some(trace.trace_id.clone()),
            resource: Some(EventBody {
                shape: resource.to_string().into(),
                date: asked.began,
                content: None,
                keys: Vec::new(),
                id: Some(id),
            }),
            ..Entry::new(action, asked.began, agent)
        }
    }
}

fn coding(code: &str, display: &str) -> Value {
    json!({ "system": DCM, "code": code, "display": display })
}

fn coded(code: &str, display: &str) -> Value {
    json!({ "coding": [coding(code, display)] })
}

fn device(id: &str) -> Value {
    json!({ "reference": format!("Device/{id}"), "type": "Device" })
}

fn source_agent(client_id: &str) -> Value {
    json!({
        "type": coded("110153", "Source Role ID"),
        "who": device(client_id),
        "requestor": true,
    })
}

/// The user on `entity.what`, with the role of people of that kind.
fn user_entity(user: &Reference) -> Value {
    let (code, display) = match user.kind.as_str() {
        "Patient" => ("1", "Patient"),
        "RelatedPerson" => ("6", "User"),
        _ => ("15", "Practitioner"),
    };
    let mut entity = typed_entity(&user.kind, &user.to_string());
    entity["role"] = json!({
        "system": "http://terminology.hl7.org/CodeSystem/object-role",
        "code": code,
        "display": display,
    });
    entity
}

fn typed_entity(kind: &str, reference: &str) -> Value {
    json!({
        "what": { "reference": reference, "type": kind },
        "type": { "system": "http://hl7.org/fhir/resource-types", "code": kind, "display": kind },
    })
}
