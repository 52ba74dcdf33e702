//! The message as its recipient gets it: the stored bundle with a MessageHeader
//! that carries the status of this copy (spec, "Routing", 4).
//!
//! Stored texts are JSON pieces that are put together; only XML and recipients
//! below 1.3.5 need them parsed.

use koppeltaal_core::status::Status;
use koppeltaal_fhir::dstu1::{Bundle, names, reference};
use koppeltaal_fhir::{Node, json, object};
use koppeltaal_store::mailbox::{Body, Item};

use crate::answer::{Content, Refusal};
use crate::app::Inner;
use crate::call::Caller;
use koppeltaal_core::Error;

/// Where the status goes in a stored header.
pub const STATUS_MARK: char = '\u{1}';

/// The MessageHeader of a copy, as JSON.
pub fn header(item: &Item) -> String {
    let mut extensions = vec![object! {
        "url" => names::message_header::PROCESSING_STATUS,
        "extension" => processing_status(item),
    }];
    extensions.push(object! {
        "url" => names::message_header::IS_EXPIRED,
        "valueBoolean" => item.expired,
    });
    let rendered: Vec<String> = extensions.iter().map(json::render).collect();
    if item.header.is_empty() {
        return anonymous_header(item, &rendered.join(","));
    }
    let header = item.header.replacen(STATUS_MARK, &rendered.join(","), 1);
    if item.expired { rebuilt_header(&header) } else { header }
}

fn processing_status(item: &Item) -> Vec<Node> {
    let mut parts = vec![
        object! {
            "url" => names::message_header::STATUS,
            "valueCode" => item.status.code(),
        },
        object! {
            "url" => names::message_header::STATUS_LAST_CHANGED,
            "valueInstant" => item.changed.to_instant(),
        },
    ];
    if let (Status::Failed, Some(exception)) = (item.status, &item.exception) {
        parts.push(object! {
            "url" => names::message_header::STATUS_EXCEPTION,
            "valueString" => exception,
        });
    }
    parts
}

/// The header of a message whose body was removed: its source was part of the
/// message, so a stand-in takes its place.
fn rebuilt_header(header: &str) -> String {
    let Ok(mut node) = json::parse(header.as_bytes()) else { return header.to_owned() };
    if let Some(members) = node.as_object_mut() {
        members.insert("source", stand_in_source());
    }
    json::render(&node)
}

/// What is left of a message whose patient was made anonymous.
fn anonymous_header(item: &Item, status: &str) -> String {
    let event = item.event.code();
    let identifier = json::render(&Node::from(&item.identifier));
    let source = json::render(&stand_in_source());
    format!(
        "{{\"resourceType\":\"MessageHeader\",\"extension\":[{status}],\
         \"identifier\":{identifier},\"timestamp\":\"{}\",\
         \"event\":{{\"system\":\"{}\",\"code\":\"{event}\",\"display\":\"{event}\"}},\
         \"source\":{source}}}",
        item.created.to_instant(),
        names::system::MESSAGE_EVENTS,
    )
}

/// The source of a header whose sender gave none that clients can read.
pub fn stand_in_source() -> Node {
    object! { "software" => "unknown", "endpoint" => "not available" }
}

/// The entry of a header, as JSON.
pub fn header_entry(app: &Inner, item: &Item) -> String {
    format!(
        "{{\"title\":\"MessageHeader with IID={id}\",\"id\":\"{url}\",\"updated\":\"{updated}\",\
         \"link\":[{{\"rel\":\"self\",\"href\":\"{link}\"}}],\"content\":{content}}}",
        id = item.id,
        url = app.links.header(item.id),
        updated = crate::feed::fine_instant(item.changed),
        link = app.links.header_version(item.id, item.stamp),
        content = header(item)
    )
}

/// The complete bundle of a copy.
pub fn bundle(
    app: &Inner,
    caller: &Caller,
    item: &Item,
    body: Option<&Body>,
) -> Result<Content, Refusal> {
    let entry = header_entry(app, item);
    let text = match body {
        None => format!("{{\"resourceType\":\"Bundle\",\"entry\":[{entry}]}}"),
        Some(body) => {
            let feed = if body.feed.is_empty() { "" } else { "," };
            let more = if body.entries.is_empty() { "" } else { "," };
            format!(
                "{{\"resourceType\":\"Bundle\"{feed}{},\"entry\":[{entry}{more}{}]}}",
                body.feed, body.entries
            )
        }
    };
    if caller.instance.api_version.versions_all_resources() {
        Ok(Content::Json(text))
    } else {
        focal_version_only(&text, item).map(Content::Tree)
    }
}

/// Below 1.3.5 only the focal resource shows a version.
fn focal_version_only(text: &str, item: &Item) -> Result<Node, Refusal> {
    let broken = |error: String| Refusal::from(Error::Internal(error));
    let node = json::parse(text.as_bytes()).map_err(|error| broken(error.to_string()))?;
    let mut bundle = Bundle::from_node(node).map_err(|error| broken(error.to_string()))?;
    for entry in bundle.entry.iter_mut().skip(1) {
        for link in entry.link.iter_mut().filter(|link| link.rel == "self") {
            let identity = reference::identity(&link.href);
            if identity != item.focal {
                link.href = identity.to_owned();
            }
        }
    }
    Ok(bundle.into_node())
}
