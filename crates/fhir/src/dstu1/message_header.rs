//! The MessageHeader: what a mailbox reads of one that was sent, and the extensions it sets on one
//! that it delivers.

use super::extension;
use super::names::{message_header as url, system};
use crate::node::Node;
use crate::object;

/// A reading view of a MessageHeader.
#[derive(Clone, Copy, Debug)]
pub struct MessageHeader<'a>(&'a Node);

/// Event of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// System of the code.
    pub system: Option<&'a str>,
    /// The code.
    pub code: &'a str,
    /// For people.
    pub display: Option<&'a str>,
}

/// Where a message came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// Name of the sender.
    pub name: Option<&'a str>,
    /// Its software.
    pub software: Option<&'a str>,
    /// Version of that.
    pub version: Option<&'a str>,
    /// Its address.
    pub endpoint: Option<&'a str>,
}

/// The answer part of a MessageHeader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// Identifier of the message that is answered.
    pub identifier: &'a str,
    /// `ok`, `transient-error` or `fatal-error`.
    pub code: &'a str,
}

/// Processing status as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// The code, not checked.
    pub code: &'a str,
    /// When the sender says it changed.
    pub last_changed: Option<&'a str>,
    /// Why it failed.
    pub exception: Option<&'a str>,
}

impl<'a> MessageHeader<'a> {
    /// The view, when the node is a MessageHeader.
    pub fn of(node: &'a Node) -> Option<MessageHeader<'a>> {
        (node.resource_type() == Some("MessageHeader")).then_some(MessageHeader(node))
    }

    /// The node behind the view.
    pub fn node(self) -> &'a Node {
        self.0
    }

    /// Identifier of the message, not empty.
    pub fn identifier(self) -> Option<&'a str> {
        text(self.0, "identifier").filter(|identifier| !identifier.is_empty())
    }

    /// When it was sent, as written.
    pub fn timestamp(self) -> Option<&'a str> {
        text(self.0, "timestamp").filter(|timestamp| !timestamp.is_empty())
    }

    /// The event, when it has a code.
    pub fn event(self) -> Option<Event<'a>> {
        // The event is a coding; a concept around it says the same.
        let event = self.0.get("event")?;
        let coding =
            if event.get("code").is_some() { event } else { event.items("coding").first()? };
        Some(Event {
            system: text(coding, "system"),
            code: text(coding, "code")?,
            display: text(coding, "display"),
        })
    }

    /// The references under `data`; the first is the focal resource.
    pub fn data(self) -> impl Iterator<Item = &'a str> {
        self.0.items("data").iter().filter_map(|data| text(data, "reference"))
    }

    /// The focal resource.
    pub fn focal(self) -> Option<&'a str> {
        self.data().next().filter(|reference| !reference.is_empty())
    }

    /// The source, when there is one.
    pub fn source(self) -> Option<Source<'a>> {
        let source = self.0.get("source").filter(|source| source.as_object().is_some())?;
        Some(Source {
            name: text(source, "name"),
            software: text(source, "software"),
            version: text(source, "version"),
            endpoint: text(source, "endpoint"),
        })
    }

    /// The answer, when the message is one.
    pub fn response(self) -> Option<Response<'a>> {
        let response = self.0.get("response")?;
        Some(Response { identifier: text(response, "identifier")?, code: text(response, "code")? })
    }

    /// URL of the patient, possibly with a version.
    pub fn patient(self) -> Option<&'a str> {
        extension::find_text(self.0, url::PATIENT).filter(|patient| !patient.is_empty())
    }

    /// The processing status, when there is one with a code.
    pub fn status(self) -> Option<Status<'a>> {
        let status = extension::find(self.0, url::PROCESSING_STATUS)?;
        Some(Status {
            code: extension::find_text(status, url::STATUS)?,
            last_changed: extension::find_text(status, url::STATUS_LAST_CHANGED),
            exception: extension::find_text(status, url::STATUS_EXCEPTION),
        })
    }

    /// Was the body removed?
    pub fn is_expired(self) -> bool {
        [url::IS_EXPIRED, url::IS_EXPIRED_OLD]
            .iter()
            .filter_map(|url| extension::value(extension::find(self.0, url)?)?.as_bool())
            .any(|expired| expired)
    }
}

fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name)?.text()
}

/// The event as it stands in a header.
pub fn event(code: &str) -> Node {
    object! { "system" => system::MESSAGE_EVENTS, "code" => code, "display" => code }
}

/// What the server says about a message when it delivers it.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// URL of the patient.
    pub patient: Option<&'a str>,
    /// Code of the processing status.
    pub status: &'a str,
    /// Instant of its last change.
    pub last_changed: &'a str,
    /// Why it failed.
    pub exception: Option<&'a str>,
    /// Was the body removed?
    pub is_expired: bool,
}

/// Replaces the extensions that belong to the server by those of this delivery. They come first and
/// in the documented order, since a client reads only the first part of the status; extensions of
/// the sender follow.
pub fn set_delivery(header: &mut Node, delivery: &Delivery<'_>) {
    const OURS: [&str; 4] =
        [url::PATIENT, url::PROCESSING_STATUS, url::IS_EXPIRED, url::IS_EXPIRED_OLD];
    let Some(members) = header.as_object_mut() else {
        return;
    };
    let mut extensions = Vec::new();
    extensions.extend(delivery.patient.map(|patient| extension::reference(url::PATIENT, patient)));
    extensions.push(status_extension(delivery));
    extensions.push(extension::with(url::IS_EXPIRED, "valueBoolean", delivery.is_expired));
    let kept = match members.get_mut("extension") {
        Some(Node::Array(sent)) => std::mem::take(sent),
        Some(one @ Node::Object(_)) => vec![one.clone()],
        _ => Vec::new(),
    };
    extensions.extend(
        kept.into_iter().filter(|sent| !OURS.iter().any(|url| extension::has_url(sent, url))),
    );
    if members.contains("extension") {
        members.insert("extension", extensions);
    } else {
        let after_type =
            members.0.iter().take_while(|(name, _)| name == "resourceType" || name == "id").count();
        members.0.insert(after_type, ("extension".to_owned(), Node::Array(extensions)));
    }
}

fn status_extension(delivery: &Delivery<'_>) -> Node {
    let mut parts = vec![
        extension::with(url::STATUS, "valueCode", delivery.status),
        extension::with(url::STATUS_LAST_CHANGED, "valueInstant", delivery.last_changed),
    ];
    parts.extend(
        delivery.exception.map(|text| extension::with(url::STATUS_EXCEPTION, "valueString", text)),
    );
    extension::nested(url::PROCESSING_STATUS, parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn sent() -> Node {
        json::parse(
            br##"{"resourceType":"MessageHeader","id":3,
            "extension":[{"url":"urn:own","valueString":"kept"},
              {"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/MessageHeader#Patient","valueResource":{"reference":"https://a/Patient/1"}},
              {"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/MessageHeader#ProcessingStatus","extension":[
                {"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/MessageHeader#ProcessingStatusException","valueString":"why"},
                {"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/MessageHeader#ProcessingStatusStatus","valueCode":"Failed"}]}],
            "identifier":"m1","timestamp":"2024-01-05T10:00:00+01:00",
            "event":{"system":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/MessageEvents","code":"CreateOrUpdatePatient"},
            "source":{"software":"s","endpoint":"e"},"data":{"reference":"https://a/Patient/1/_history/v"}}"##,
        )
        .unwrap()
    }

    #[test]
    fn a_header_is_read_whatever_the_order_of_its_extensions() {
        let node = sent();
        let header = MessageHeader::of(&node).unwrap();
        assert_eq!(header.identifier(), Some("m1"));
        assert_eq!(header.timestamp(), Some("2024-01-05T10:00:00+01:00"));
        assert_eq!(header.event().unwrap().code, "CreateOrUpdatePatient");
        assert_eq!(header.event().unwrap().system, Some(system::MESSAGE_EVENTS));
        assert_eq!(header.focal(), Some("https://a/Patient/1/_history/v"));
        assert_eq!(header.patient(), Some("https://a/Patient/1"));
        assert_eq!(header.source().unwrap().software, Some("s"));
        assert_eq!(header.response(), None);
        assert!(!header.is_expired());
        assert_eq!(
            header.status(),
            Some(Status { code: "Failed", last_changed: None, exception: Some("why") })
        );
        assert!(MessageHeader::of(&Node::object()).is_none());
    }

    #[test]
    fn delivery_sets_the_extensions_of_the_server_first_and_keeps_those_of_the_sender() {
        let mut node = sent();
        let delivery = Delivery {
            patient: Some("https://a/Patient/1"),
            status: "Claimed",
            last_changed: "2024-01-05T09:00:00Z",
            exception: None,
            is_expired: false,
        };
        set_delivery(&mut node, &delivery);
        let urls: Vec<_> = node.items("extension").iter().filter_map(|e| text(e, "url")).collect();
        assert_eq!(urls, [url::PATIENT, url::PROCESSING_STATUS, url::IS_EXPIRED, "urn:own"]);
        let parts: Vec<_> = node.items("extension")[1]
            .items("extension")
            .iter()
            .filter_map(|e| text(e, "url"))
            .collect();
        assert_eq!(parts, [url::STATUS, url::STATUS_LAST_CHANGED]);

        let mut bare = object! { "resourceType" => "MessageHeader", "identifier" => "x" };
        set_delivery(&mut bare, &Delivery { patient: None, exception: Some("e"), ..delivery });
        assert_eq!(bare.items("extension").len(), 2);
        assert_eq!(bare.as_object().unwrap().0[1].0, "extension");
        assert_eq!(MessageHeader::of(&bare).unwrap().status().unwrap().exception, Some("e"));
    }
}
