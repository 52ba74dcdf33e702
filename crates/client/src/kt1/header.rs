//! The MessageHeader of a message in one's own mailbox, with what the server says about it.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::message_header::MessageHeader;
use koppeltaal_fhir::dstu1::{Entry, reference};

/// A delivered MessageHeader.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    url: String,
    resource: Node,
}

impl Header {
    /// The header in an entry of a feed.
    pub(super) fn of_entry(entry: &Entry) -> Option<Header> {
        let url = entry.self_link().or(entry.id.as_deref())?;
        Header::new(url, entry.content.clone()?)
    }

    /// A header that came with this URL.
    pub(super) fn new(url: &str, resource: Node) -> Option<Header> {
        MessageHeader::of(&resource)?;
        Some(Header { url: reference::identity(url).to_owned(), resource })
    }

    fn view(&self) -> Option<MessageHeader<'_>> {
        MessageHeader::of(&self.resource)
    }

    /// The number of the message in the mailbox.
    pub fn id(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// The URL of the header, without version.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The identifier its sender gave the message.
    pub fn identifier(&self) -> &str {
        self.view().and_then(MessageHeader::identifier).unwrap_or_default()
    }

    /// Code of the event.
    pub fn event(&self) -> &str {
        self.view().and_then(MessageHeader::event).map_or("", |event| event.code)
    }

    /// Code of the processing status.
    pub fn status(&self) -> &str {
        self.view().and_then(MessageHeader::status).map_or("", |status| status.code)
    }

    /// When the status last changed.
    pub fn last_changed(&self) -> Option<&str> {
        self.view()?.status()?.last_changed
    }

    /// Why processing failed.
    pub fn exception(&self) -> Option<&str> {
        self.view()?.status()?.exception
    }

    /// URL of the patient, possibly with a version.
    pub fn patient(&self) -> Option<&str> {
        self.view()?.patient()
    }

    /// URL of the focal resource, with its version.
    pub fn focal(&self) -> Option<&str> {
        self.view()?.focal()
    }

    /// The address of the sender.
    pub fn source_endpoint(&self) -> Option<&str> {
        self.view()?.source()?.endpoint
    }

    /// Was the body removed?
    pub fn is_expired(&self) -> bool {
        self.view().is_some_and(MessageHeader::is_expired)
    }

    /// The MessageHeader itself.
    pub fn resource(&self) -> &Node {
        &self.resource
    }
}
