//! The envelope of a message: tags, header, event, resource types and the focal
//! resource (spec 3.3, steps 3 to 9).

use std::borrow::Cow;

use koppeltaal_core::event::Event;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::reference::{identity, with_colons};
use koppeltaal_fhir::dstu1::{Bundle, Entry, Issue, names};
use percent_encoding::percent_decode_str;

use super::Seen;
use crate::answer::Refusal;
use crate::call::Caller;

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
    /// The patient's URL without version, from the extension.
    pub patient: Option<String>,
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

/// Steps 5 to 9.
pub(super) fn message(
    mut bundle: Bundle,
    caller: &Caller,
    seen: &mut Seen,
) -> Result<Message, Refusal> {
    let required = |details: &str| Refusal::bad_request("required", details);
    let is_header = |entry: &Entry| entry.resource_type() == Some("MessageHeader");
    if !bundle.entry.first().is_some_and(is_header) {
        return Err(required("The first entry of a message must be its MessageHeader."));
    }
    if bundle.entry.iter().skip(1).any(is_header) {
        return Err(required("A message has exactly one MessageHeader."));
    }
    let header = bundle.entry.remove(0).content.unwrap_or(Node::Null);
    let text = |name: &str| {
        header.get(name).and_then(Node::text).map(str::to_owned).filter(|text| !text.is_empty())
    };
    let identifier =
        text("identifier").ok_or_else(|| required("MessageHeader.identifier is missing."))?;
    if identifier.len() > 255 {
        return Err(Refusal::bad_request(
            "too-long",
            "MessageHeader.identifier is longer than 255 characters.",
        ));
    }
    text("timestamp").ok_or_else(|| required("MessageHeader.timestamp is missing."))?;
    let data = header.items("data").first().and_then(|data| data.get("reference")?.text());
    let data = data
        .filter(|reference| !reference.is_empty())
        .ok_or_else(|| required("MessageHeader.data must refer to the focal resource."))?
        .to_owned();
    seen.patient = patient(&header);
    seen.focal = Some(identity(&data).to_owned());
    let event = event(&header)?;
    seen.event = Some(event);
    if caller.domain.versions_135 {
        allowed_types(&bundle.entry)?;
    }
    let focal = focal(&bundle.entry, &data).ok_or_else(|| {
        required("No entry of the message is the focal resource that MessageHeader.data refers to.")
    })?;
    let validate_only = bundle.has_tag(names::tag::VALIDATE_ONLY);
    let patient = seen.patient.clone();
    Ok(Message { bundle, header, identifier, event, data, focal, patient, validate_only })
}

fn event(header: &Node) -> Result<Event, Refusal> {
    let coding = header
        .get("event")
        .ok_or_else(|| Refusal::bad_request("required", "MessageHeader.event is missing."))?;
    let part = |name: &str| coding.get(name).and_then(Node::text);
    let code = part("code")
        .ok_or_else(|| Refusal::bad_request("required", "MessageHeader.event.code is missing."))?;
    let shown: String = code.chars().take(50).collect();
    let unknown = || {
        Refusal::bad_request(
            "code-unknown",
            format!("`{shown}` is not a message event of Koppeltaal."),
        )
    };
    if part("system").is_some_and(|system| system != names::system::MESSAGE_EVENTS) {
        return Err(unknown());
    }
    code.parse().map_err(|_| unknown())
}

/// The patient of the MessageHeader#Patient extension, without version.
fn patient(header: &Node) -> Option<String> {
    let extension = header.items("extension").iter().find(|extension| {
        extension.get("url").and_then(Node::as_str) == Some(names::message_header::PATIENT)
    })?;
    let url = extension.get("valueResource")?.get("reference")?.text()?;
    Some(identity(url).to_owned()).filter(|url| !url.is_empty())
}

/// The types a message may carry since 1.3.5.
const ALLOWED: [&str; 7] =
    ["Organization", "Practitioner", "Patient", "RelatedPerson", "Device", "CarePlan", "MessageHeader"];

/// What an `Other` may be.
const ALLOWED_OTHER: [&str; 6] = [
    "ActivityDefinition",
    "CarePlanActivityStatus",
    "UserMessage",
    "CareTeam",
    "BlackBoxState",
    "StorageItem",
];

fn allowed_types(entries: &[Entry]) -> Result<(), Refusal> {
    let mut issues = Vec::new();
    for entry in entries {
        let kind = kind(entry.content.as_ref());
        let allowed = match kind.strip_prefix("Other/") {
            Some(usage) => ALLOWED_OTHER.contains(&usage),
            None => ALLOWED.contains(&kind.as_str()),
        };
        if !allowed {
            let shown: String =
                kind.strip_prefix("Other/").unwrap_or(&kind).chars().take(64).collect();
            // The documented issue has no type.
            issues.push(Issue::error(format!("The resource type '{shown}' is not supported.")));
        }
    }
    if issues.is_empty() {
        return Ok(());
    }
    Err(Refusal { issues, ..Refusal::bad_request("not-supported", "") })
}

/// The type of a resource; of an `Other` with its use: `Other/CareTeam`.
pub(crate) fn kind(resource: Option<&Node>) -> String {
    let Some(resource) = resource else { return String::new() };
    let kind = resource.resource_type().unwrap_or("");
    if kind != "Other" {
        return kind.to_owned();
    }
    let codings = resource.get("code").map_or(&[][..], |code| code.items("coding"));
    let usage = codings
        .iter()
        .find(|coding| {
            coding.get("system").and_then(Node::text) == Some(names::system::OTHER_RESOURCE_USAGE)
        })
        .or(codings.first())
        .and_then(|coding| coding.get("code")?.text());
    format!("Other/{}", usage.unwrap_or(""))
}

/// The entry that the reference means: by its self link or id, versioned or not.
fn focal(entries: &[Entry], data: &str) -> Option<usize> {
    let data = with_colons(data);
    entries
        .iter()
        .position(|entry| names_of(entry).any(|name| name == data))
        .or_else(|| {
            entries
                .iter()
                .position(|entry| names_of(entry).any(|name| identity(&name) == identity(&data)))
        })
}

fn names_of(entry: &Entry) -> impl Iterator<Item = Cow<'_, str>> {
    [entry.self_link(), entry.id.as_deref()].into_iter().flatten().map(with_colons)
}
