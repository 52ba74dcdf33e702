//! Everything of a message that can be done before the transaction: identities,
//! digests, recipients, and the texts to be stored but for their versions.

use koppeltaal_core::audit::{Action, Entry as AuditEntry};
use koppeltaal_core::directory::UnknownVersions;
use koppeltaal_core::versioning::Rules;
use koppeltaal_fhir::dstu1::reference::{identity, split_version};
use koppeltaal_fhir::dstu1::{Bundle, Entry, canonical};
use koppeltaal_fhir::{Members, Node, json};
use koppeltaal_store::mailbox::{Incoming, Part, Recipient, Resource, Template};

use super::check::{Message, kind};
use super::{Prepared, header};
use crate::answer::Refusal;
use crate::app::App;
use crate::call::{Call, Caller};

/// The longest URL of a resource: it is a key of the store.
const MAX_URL: usize = 1000;

/// Prepares a message for the store.
pub(super) fn prepare(
    app: &App,
    call: &Call,
    caller: &Caller,
    message: Message,
) -> Result<Prepared, Refusal> {
    let rules = Rules {
        all_resources: caller.domain.versions_135
            && caller.instance.api_version.versions_all_resources(),
        check_non_focal: caller.domain.check_non_focal_versions,
        adopt_unknown: caller.domain.unknown_versions == UnknownVersions::Adopt,
    };
    let versioned = versioned(&message, rules)?;
    let (focal, focal_url) = versioned
        .resources
        .iter()
        .enumerate()
        .find(|(index, _)| *index == versioned.focal)
        .map(|(index, resource)| (index, resource.url.clone()))
        .unwrap_or_default();
    let recipients = recipients(app, caller, &message);
    let audit = AuditEntry {
        event: Some(message.event),
        patient: message.patient.clone(),
        focal: Some(focal_url.clone()),
        ..call.audit(Action::Accept, caller)
    };
    let mut warnings = versioned.warnings;
    if message.event.wants_patient() && message.patient.is_none() {
        warnings.push("the message has no MessageHeader#Patient extension".to_owned());
    }
    let incoming = Incoming {
        header: header::template(&message, focal, &focal_url),
        feed: feed(&message.bundle),
        entries: entries(&message.bundle, &versioned.of_entry, &versioned.resources),
        identifier: message.identifier,
        event: message.event,
        sender: caller.instance.number,
        patient: message.patient,
        rules,
        resources: versioned.resources,
        focal,
        recipients,
        validate_only: message.validate_only,
        audit,
    };
    Ok(Prepared { incoming, warnings })
}

struct Versioned {
    resources: Vec<Resource>,
    focal: usize,
    /// For each entry the resource whose version its self link gets.
    of_entry: Vec<Option<usize>>,
    warnings: Vec<String>,
}

/// The resources that take part in versioning, each URL once.
fn versioned(message: &Message, rules: Rules) -> Result<Versioned, Refusal> {
    let mut found = Versioned {
        resources: Vec::new(),
        focal: 0,
        of_entry: Vec::with_capacity(message.bundle.entry.len()),
        warnings: Vec::new(),
    };
    for (index, entry) in message.bundle.entry.iter().enumerate() {
        let is_focal = index == message.focal;
        let takes_part = is_focal || (rules.all_resources && entry.self_link().is_some());
        if !takes_part {
            found.of_entry.push(None);
            continue;
        }
        let resource = resource(message, entry, is_focal)?;
        let known = found.resources.iter().position(|r| r.url == resource.url);
        let at = match known {
            Some(at) if found.resources[at].digest != resource.digest => {
                return Err(Refusal::bad_request(
                    "duplicate",
                    "Two entries of the message have the same URL and different content.",
                ));
            }
            Some(at) => at,
            None => {
                found.resources.push(resource);
                found.resources.len() - 1
            }
        };
        if is_focal {
            found.focal = at;
        }
        found.of_entry.push(Some(at));
    }
    Ok(found)
}

fn resource(message: &Message, entry: &Entry, is_focal: bool) -> Result<Resource, Refusal> {
    let link = entry.self_link().map(split_version);
    let (url, version) = match link {
        Some((url, Some(version))) => (url, Some(version)),
        Some((url, None)) if is_focal => (url, split_version(&message.data).1),
        Some((url, None)) => (url, None),
        // Only the focal resource is identified without a self link.
        None => {
            let (url, version) = split_version(entry.id.as_deref().unwrap_or(&message.data));
            (url, version.or(split_version(&message.data).1))
        }
    };
    if url.len() > MAX_URL {
        return Err(Refusal::bad_request(
            "too-long",
            format!("The URL of a resource is longer than {MAX_URL} bytes."),
        ));
    }
    let content = entry.content.as_ref();
    let kind = kind(content);
    Ok(Resource {
        patient: patient_of(&kind, url, content, message),
        url: url.to_owned(),
        version: version.map(|version| version.into_owned()),
        digest: canonical::digest(content.unwrap_or(&Node::Null)),
        kind,
    })
}

/// Whom a resource is about, so that erasing that person finds it: a Patient is
/// about itself; caregivers and organisations are about nobody.
fn patient_of(
    kind: &str,
    url: &str,
    content: Option<&Node>,
    message: &Message,
) -> Option<String> {
    match kind {
        "Patient" => Some(url.to_owned()),
        "Practitioner" | "Organization" | "Device" | "Other/ActivityDefinition" => None,
        _ => {
            let named = content
                .and_then(|c| c.get("patient").or(c.get("subject")))
                .and_then(|reference| reference.get("reference")?.text())
                .map(|reference| identity(reference).to_owned());
            message.patient.clone().or(named)
        }
    }
}

fn recipients(app: &App, caller: &Caller, message: &Message) -> Vec<Recipient> {
    app.directory()
        .recipients(caller.domain.number, message.event)
        .iter()
        .map(|instance| Recipient {
            instance: instance.instance.number,
            announce: instance.instance.webhook.is_some(),
        })
        .collect()
}

/// The feed's own members as JSON members without braces.
fn feed(bundle: &Bundle) -> String {
    let head = Bundle { entry: Vec::new(), ..bundle.clone() };
    let mut node = head.into_node();
    let Some(members) = node.as_object_mut() else { return String::new() };
    // Links of the sender's feed mean nothing at the recipient.
    for name in ["resourceType", "entry", "link"] {
        members.remove(name);
    }
    members_only(members)
}

fn members_only(members: &Members) -> String {
    let text = json::render(&Node::Object(members.clone()));
    text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or("").to_owned()
}

/// The entries after the header, their self links waiting for versions.
fn entries(bundle: &Bundle, of_entry: &[Option<usize>], resources: &[Resource]) -> Template {
    let mut parts = Vec::new();
    let mut text = String::new();
    for (index, (entry, resource)) in bundle.entry.iter().zip(of_entry).enumerate() {
        if index > 0 {
            text.push(',');
        }
        match resource.and_then(|at| Some((at, resources.get(at)?))) {
            None => json::render_into(&entry.to_node(), &mut text),
            Some((at, resource)) => {
                let mut rest = entry.clone();
                rest.link.retain(|link| link.rel != "self");
                rest.id.get_or_insert_with(|| resource.url.clone());
                let others = std::mem::take(&mut rest.link);
                let mut url = json::render(&Node::from(&resource.url));
                url.pop();
                text.push_str("{\"link\":[{\"rel\":\"self\",\"href\":");
                text.push_str(&url);
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Version(at));
                text.push_str("\"}");
                for link in others {
                    text.push(',');
                    let link = koppeltaal_fhir::object! { "rel" => link.rel, "href" => link.href };
                    json::render_into(&link, &mut text);
                }
                text.push_str("],");
                let node = rest.into_node();
                text.push_str(&node.as_object().map(members_only).unwrap_or_default());
                text.push('}');
            }
        }
    }
    parts.push(Part::Text(text));
    Template(parts)
}
