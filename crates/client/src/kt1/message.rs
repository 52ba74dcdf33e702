//! A message as it is delivered: its header, and the resources of its bundle.

use koppeltaal_fhir::dstu1::{Bundle, Entry, reference};

use super::error::{Error, Result};
use super::header::Header;

/// A delivered message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    header: Header,
    bundle: Bundle,
}

impl Message {
    /// The message in a bundle, or `None` when the bundle is empty.
    pub(super) fn of_bundle(status: u16, bundle: Bundle) -> Result<Option<Message>> {
        let Some(first) = bundle.entry.first() else {
            return Ok(None);
        };
        let header = Header::of_entry(first).ok_or_else(|| {
            Error::unexpected(
                status,
                "the first entry of the message is no MessageHeader with a URL",
            )
        })?;
        Ok(Some(Message { header, bundle }))
    }

    /// Its header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The entry of the focal resource.
    pub fn focal(&self) -> Option<&Entry> {
        self.entry(self.header.focal()?)
    }

    /// The entry of a resource, by its URL with or without version.
    pub fn entry(&self, url: &str) -> Option<&Entry> {
        let wanted = reference::identity(url);
        self.resources().find(|entry| {
            [entry.self_link(), entry.id.as_deref()]
                .into_iter()
                .flatten()
                .any(|url| reference::identity(url) == wanted)
        })
    }

    /// The entries after the header.
    pub fn resources(&self) -> impl Iterator<Item = &Entry> {
        self.bundle.entry.iter().skip(1)
    }

    /// The whole bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The whole bundle, to be kept.
    pub fn into_bundle(self) -> Bundle {
        self.bundle
    }
}
