//! The MessageHeader as it is stored: what the sender wrote, with the parts
//! that the server owns taken out and a mark where the status of each copy goes
//! (spec 2.2 and "Routing", 4).

use koppeltaal_fhir::dstu1::names::message_header as names;
use koppeltaal_fhir::{Members, Node, json};
use koppeltaal_store::mailbox::{Part, Template};

use super::check::Message;
use super::text::open_string;
use crate::deliver::STATUS_MARK;

/// The stored header; `focal` is the index of the focal resource, `focal_url`
/// its URL without version.
pub(super) fn template(message: &Message, focal: usize, focal_url: &str) -> Template {
    let mut kept = Members::new();
    let mut more_extensions = Vec::new();
    for (name, value) in message.header.as_object().into_iter().flat_map(Members::iter) {
        match name {
            "resourceType" | "data" => {}
            "extension" => {
                more_extensions.extend(value.one_or_many().iter().filter(|e| !is_ours(e)).cloned());
            }
            "timestamp" => kept.push(name, normal_timestamp(value)),
            "source" => kept.push(name, readable_source(value)),
            _ => kept.push(name, value.clone()),
        }
    }
    let mut text = String::from("{\"resourceType\":\"MessageHeader\",\"extension\":[");
    if let Some(patient) = patient_extension(&message.header) {
        json::render_into(patient, &mut text);
        text.push(',');
    }
    text.push(STATUS_MARK);
    for extension in &more_extensions {
        text.push(',');
        json::render_into(extension, &mut text);
    }
    text.push(']');
    for (name, value) in kept.iter() {
        text.push(',');
        json::render_into(&Node::from(name), &mut text);
        text.push(':');
        json::render_into(value, &mut text);
    }
    // One reference, to the focal resource in its new version: clients insist
    // on one.
    let data = message.header.items("data").first();
    text.push_str(",\"data\":[{");
    for (name, value) in data.and_then(Node::as_object).into_iter().flat_map(Members::iter) {
        if name != "reference" {
            json::render_into(&Node::from(name), &mut text);
            text.push(':');
            json::render_into(value, &mut text);
            text.push(',');
        }
    }
    text.push_str("\"reference\":");
    open_string(focal_url, &mut text);
    Template(vec![Part::Text(text), Part::Version(focal), Part::Text("\"}]}".to_owned())])
}

fn patient_extension(header: &Node) -> Option<&Node> {
    header
        .items("extension")
        .iter()
        .find(|extension| extension.get("url").and_then(Node::as_str) == Some(names::PATIENT))
}

fn is_ours(extension: &Node) -> bool {
    matches!(
        extension.get("url").and_then(Node::as_str),
        Some(names::PATIENT | names::PROCESSING_STATUS | names::IS_EXPIRED | names::IS_EXPIRED_OLD)
    )
}

/// No fraction of a second, and an explicit offset. What cannot be read is
/// passed on: minimal validation.
fn normal_timestamp(value: &Node) -> Node {
    value.as_str().and_then(to_whole_seconds).map_or_else(|| value.clone(), Node::from)
}

fn to_whole_seconds(text: &str) -> Option<String> {
    let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text).ok()?;
    let (date, time) = (pieces.date(), pieces.time()?);
    let offset = pieces.to_numeric_offset().map_or(0, |offset| offset.seconds());
    let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        offset / 3600,
        offset % 3600 / 60
    ))
}

/// A source has software and endpoint, or clients cannot read the header.
fn readable_source(value: &Node) -> Node {
    let Some(members) = value.as_object() else { return value.clone() };
    let mut source = members.clone();
    for name in ["software", "endpoint"] {
        let given = source.get(name).and_then(Node::text).is_some_and(|text| !text.is_empty());
        if !given {
            source.insert(name, if name == "software" { "unknown" } else { "not available" });
        }
    }
    Node::Object(source)
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::object;

    use super::*;

    #[test]
    fn timestamps_lose_their_fraction_and_keep_their_offset() {
        for (sent, kept) in [
            ("2024-01-05T10:00:00.1234567+01:00", "2024-01-05T10:00:00+01:00"),
            ("2024-01-05T10:00:00Z", "2024-01-05T10:00:00+00:00"),
            ("2024-01-05T10:00:00", "2024-01-05T10:00:00+00:00"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(normal_timestamp(&Node::from(sent)), Node::from(kept), "{sent}");
        }
    }

    #[test]
    fn a_source_gets_what_clients_need() {
        let source = readable_source(&object! { "name" => "x" });
        assert_eq!(source.get("software").and_then(Node::as_str), Some("unknown"));
        assert_eq!(source.get("name").and_then(Node::as_str), Some("x"));
        let whole = object! { "software" => "s", "endpoint" => "e" };
        assert_eq!(readable_source(&whole), whole);
    }
}
