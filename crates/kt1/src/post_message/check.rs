//! The envelope of a message: tags, header, event, resource types and the focal
//! resource (spec 3.3, steps 3 to 9).

use std::borrow::Cow;

use koppeltaal_core::event::Event;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::message_header::MessageHeader;
use koppeltaal_fhir::dstu1::reference::{identity, with_colons};
use koppeltaal_fhir::dstu1::{Bundle, Entry, names};
use percent_encoding::percent_decode_str;

use super::kind;
use crate::answer::Refusal;
use crate::call::{self, Caller, Seen};
use crate::key::{self, MAX_URL};

/// The longest MessageHeader.identifier: it is a key of the store.
const MAX_IDENTIFIER: usize = 255;

/// A message whose envelope is in order.
#[derive(Debug)]
pub(crate) struct Message {
    /// The bundle, its entries without the header.
    pub bundle: Bundle,
    /// The MessageHeader.
    pub header: Node,
    /// MessageHeader.identifier.
    pub identifier: String,
    /// The event.
    pub event: Event,
    /// The first reference in MessageHeader.data.
    pub data: String,
    /// Which entry (without the header) is the focal one.
    pub focal: usize,
    /// Whom it is about, by URL without version: the extension says so, or else
    /// the focal resource.
    pub patient: Option<String>,
    /// Whether the extension says so.
    pub names_patient: bool,
    /// Check only.
    pub validate_only: bool,
}

/// Step 4: the domain tag, if there is one, must be that of the credentials.
pub(super) fn domain(bundle: &Bundle, domain: &str) -> Result<(), Refusal> {
    for tag in &bundle.category {
        let Some(name) = tag.term.strip_prefix(names::tag::DOMAIN_PREFIX) else { continue };
        let decoded = percent_decode_str(name).decode_utf8_lossy();
        if !name.is_empty() && name != domain && decoded != domain {
            return Err(Refusal::new(
                http::StatusCode::FORBIDDEN,
                "security",
                "domain",
                "The domain tag of the message is not the domain of these credentials.",
            ));
        }
    }
    Ok(())
}

/// The most entries of a message: each costs the writer a look-up.
const MAX_ENTRIES: usize = 2000;

/// Steps 5 to 9.
pub(super) fn message(
    mut bundle: Bundle,
    caller: &Caller,
    seen: &mut Seen,
) -> Result<Message, Refusal> {
    let required = |details: &str| Refusal::bad_request("required", details);
    if bundle.entry.len() > MAX_ENTRIES {
        let details = format!("A message has at most {MAX_ENTRIES} entries.");
        return Err(Refusal::bad_request("too-long", details));
    }
    let is_header = |entry: &Entry| entry.resource_type() == Some("MessageHeader");
    if !bundle.entry.first().is_some_and(is_header) {
        return Err(required("The first entry of a message must be its MessageHeader."));
    }
    if bundle.entry.iter().skip(1).any(is_header) {
        return Err(required("A message has exactly one MessageHeader."));
    }
    let header = bundle.entry.remove(0).content.unwrap_or(Node::Null);
    let view = MessageHeader::of(&header)
        .ok_or_else(|| required("The first entry of a message must be its MessageHeader."))?;
    let identifier =
        view.identifier().ok_or_else(|| required("MessageHeader.identifier is missing."))?;
    key::check("MessageHeader.identifier", identifier, MAX_IDENTIFIER)?;
    view.timestamp().ok_or_else(|| required("MessageHeader.timestamp is missing."))?;
    let data = view
        .focal()
        .ok_or_else(|| required("MessageHeader.data must refer to the focal resource."))?;
    key::check("The reference in MessageHeader.data", data, MAX_URL)?;
    let patient = view.patient().map(identity);
    key::check("The reference to the patient", patient.unwrap_or(""), MAX_URL)?;
    seen.patient = patient.map(str::to_owned);
    seen.focal = Some(identity(data).to_owned());
    let event = event(view)?;
    seen.event = Some(event);
    kind::check(&bundle.entry, caller.domain.versions_135)?;
    let focal = focal(&bundle.entry, data).ok_or_else(|| {
        required("No entry of the message is the focal resource that MessageHeader.data refers to.")
    })?;
    for entry in &bundle.entry {
        let url = entry.self_link().or(entry.id.as_deref());
        key::check("The URL of a resource", url.unwrap_or(""), MAX_URL)?;
    }
    let names_patient = patient.is_some();
    if !names_patient {
        seen.patient = kind::patient_of(&bundle.entry[focal]);
        key::check("The reference to the patient", seen.patient.as_deref().unwrap_or(""), MAX_URL)?;
    }
    let (identifier, data) = (identifier.to_owned(), data.to_owned());
    Ok(Message {
        validate_only: bundle.has_tag(names::tag::VALIDATE_ONLY),
        patient: seen.patient.clone(),
        bundle,
        header,
        identifier,
        event,
        data,
        focal,
        names_patient,
    })
}

/// Under an access token a message is about the patient of the launch: its header
/// says so, and no resource in it is about another.
pub(super) fn patient(message: &Message, caller: &Caller) -> Result<(), Refusal> {
    let Some(own) = &caller.patient else { return Ok(()) };
    let named = message.patient.as_ref().filter(|_| message.names_patient);
    let others = message.bundle.entry.iter().filter_map(kind::patient_of);
    if named == Some(own) && others.into_iter().all(|about| about == *own) {
        return Ok(());
    }
    Err(call::other_patient())
}

fn event(header: MessageHeader<'_>) -> Result<Event, Refusal> {
    let event = header
        .event()
        .ok_or_else(|| Refusal::bad_request("required", "MessageHeader.event is missing."))?;
    let known = event.system.is_some_and(|system| system == names::system::MESSAGE_EVENTS);
    event.code.parse().ok().filter(|_| known).ok_or_else(|| {
        let shown: String = event.code.chars().take(50).collect();
        let details = format!("`{shown}` is not a message event of Koppeltaal.");
        Refusal::bad_request("code-unknown", details)
    })
}

/// The entry that the reference means: by its self link or id, versioned or not.
fn focal(entries: &[Entry], data: &str) -> Option<usize> {
    let data = with_colons(data);
    let exactly = |entry: &Entry| names_of(entry).any(|name| name == data);
    let unversioned =
        |entry: &Entry| names_of(entry).any(|name| identity(&name) == identity(&data));
    entries.iter().position(exactly).or_else(|| entries.iter().position(unversioned))
}

fn names_of(entry: &Entry) -> impl Iterator<Item = Cow<'_, str>> {
    [entry.self_link(), entry.id.as_deref()].into_iter().flatten().map(with_colons)
}
