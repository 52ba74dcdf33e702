//! Everything of a message that can be done before the transaction: identities,
//! digests, recipients, and the texts to be stored but for their versions.

use koppeltaal_core::audit::{Action, Entry as AuditEntry};
use koppeltaal_core::directory::UnknownVersions;
use koppeltaal_core::versioning::Rules;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::reference::split_version;
use koppeltaal_fhir::dstu1::{Entry, canonical};
use koppeltaal_store::mailbox::{Incoming, Recipient, Resource};

use super::check::Message;
use super::{header, kind, text};
use crate::answer::Refusal;
use crate::app::App;
use crate::call::{Call, Caller};
use crate::envelope;
use crate::key::{self, MAX_URL};

/// What the sender and the domain are held to.
pub(super) fn rules(caller: &Caller) -> Rules {
    Rules {
        all_resources: caller.domain.versions_135
            && caller.instance.api_version.versions_all_resources(),
        check_non_focal: caller.domain.check_non_focal_versions,
        adopt_unknown: caller.domain.unknown_versions == UnknownVersions::Adopt,
    }
}

/// Prepares a message for the store.
pub(super) fn prepare(
    app: &App,
    call: &Call,
    caller: &Caller,
    message: Message,
) -> Result<Incoming, Refusal> {
    let rules = rules(caller);
    let versioned = versioned(&message, rules)?;
    let focal_url = versioned.resources[versioned.focal].url.clone();
    let audit = AuditEntry {
        event: Some(message.event),
        patient: message.patient.clone(),
        focal: Some(focal_url.clone()),
        ..call.audit(Action::Accept, caller)
    };
    Ok(Incoming {
        header: header::template(&message, versioned.focal, &focal_url),
        feed: envelope::feed(&message.bundle, &caller.domain.name),
        entries: text::entries(message.bundle.entry, &versioned.of_entry, &versioned.resources),
        identifier: message.identifier,
        event: message.event,
        sender: caller.instance.number,
        patient: message.patient,
        rules,
        recipients: recipients(app, caller, message.event),
        resources: versioned.resources,
        focal: versioned.focal,
        validate_only: message.validate_only,
        audit,
    })
}

struct Versioned {
    resources: Vec<Resource>,
    focal: usize,
    /// For each entry the resource whose version its self link gets.
    of_entry: Vec<Option<usize>>,
}

/// The resources that take part in versioning, each URL once.
fn versioned(message: &Message, rules: Rules) -> Result<Versioned, Refusal> {
    let mut found = Versioned {
        resources: Vec::new(),
        focal: 0,
        of_entry: Vec::with_capacity(message.bundle.entry.len()),
    };
    for (index, entry) in message.bundle.entry.iter().enumerate() {
        let is_focal = index == message.focal;
        let takes_part = is_focal || (rules.all_resources && self_link(entry).is_some());
        if !takes_part {
            found.of_entry.push(None);
            continue;
        }
        let resource = resource(message, entry, is_focal);
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

fn self_link(entry: &Entry) -> Option<&str> {
    entry.self_link().filter(|link| !link.is_empty())
}

fn resource(message: &Message, entry: &Entry, is_focal: bool) -> Resource {
    let (url, version) = match self_link(entry) {
        Some(link) => split_version(link),
        // Only the focal resource is identified without a self link.
        None => split_version(entry.id.as_deref().unwrap_or(&message.data)),
    };
    let version = match version {
        None if is_focal => split_version(&message.data).1,
        version => version,
    };
    let content = entry.content.as_ref();
    let kind = kind::of(content).unwrap_or_default();
    // The sender may name a caregiver in the header: what a resource says of
    // itself wins, where it can be stored.
    let patient = kind::patient_of(entry)
        .filter(|url| key::check("", url, MAX_URL).is_ok())
        .or_else(|| message.patient.clone().filter(|_| kind::is_personal(&kind)));
    Resource {
        url: url.to_owned(),
        version: version.map(|version| version.into_owned()),
        digest: canonical::digest(content.unwrap_or(&Node::Null)),
        kind,
        patient,
    }
}

fn recipients(app: &App, caller: &Caller, event: koppeltaal_core::event::Event) -> Vec<Recipient> {
    app.directory()
        .recipients(caller.domain.number, event)
        .iter()
        .map(|instance| Recipient {
            instance: instance.instance.number,
            announce: instance.instance.webhook.is_some(),
        })
        .collect()
}
