//! Message bundles: the feed with its tags, the MessageHeader, an entry for each resource.

use koppeltaal_fhir::dstu1::names::{message_header, tag};
use koppeltaal_fhir::dstu1::{Bundle, Entry, Link, Tag, extension, reference};
use koppeltaal_fhir::{Node, object};
use uuid::Uuid;

use super::connector::Integration;
use super::status::now;

/// A resource with its URL, as it goes into a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    link: String,
    content: Node,
}

impl Resource {
    /// A resource. `link` is its URL: without version when the server has not seen it yet, with
    /// the last version it gave otherwise.
    pub fn new(link: impl Into<String>, content: Node) -> Resource {
        Resource { link: link.into(), content }
    }

    /// The resource in an entry of a message, to be sent again.
    pub fn of_entry(entry: &Entry) -> Option<Resource> {
        Some(Resource::new(entry.self_link().or(entry.id.as_deref())?, entry.content.clone()?))
    }

    /// The same resource in another version.
    #[must_use]
    pub fn at(self, version: &str) -> Resource {
        Resource { link: reference::versioned(self.url(), version), ..self }
    }

    /// Its URL without version.
    pub fn url(&self) -> &str {
        reference::identity(&self.link)
    }

    /// Its URL, with the version where it has one.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The resource itself.
    pub fn content(&self) -> &Node {
        &self.content
    }

    /// The resource itself, to be changed.
    pub fn content_mut(&mut self) -> &mut Node {
        &mut self.content
    }

    fn into_entry(self) -> Entry {
        Entry {
            id: Some(self.url().to_owned()),
            link: vec![Link::new("self", self.link)],
            content: Some(self.content),
            ..Entry::default()
        }
    }
}

/// A message that is being put together.
#[derive(Debug, Clone)]
pub struct MessageBuilder {
    domain: String,
    event: String,
    integration: Integration,
    identifier: String,
    patient: Option<String>,
    focal: Resource,
    resources: Vec<Resource>,
    validate_only: bool,
}

impl MessageBuilder {
    /// A message about `focal`.
    pub fn new(
        domain: &str,
        event: &str,
        integration: &Integration,
        focal: Resource,
    ) -> MessageBuilder {
        MessageBuilder {
            domain: domain.to_owned(),
            event: event.to_owned(),
            integration: integration.clone(),
            identifier: Uuid::new_v4().to_string(),
            patient: None,
            focal,
            resources: Vec::new(),
            validate_only: false,
        }
    }

    /// The patient the message is about.
    #[must_use]
    pub fn patient(mut self, url: impl Into<String>) -> MessageBuilder {
        self.patient = Some(url.into());
        self
    }

    /// One more resource.
    #[must_use]
    pub fn resource(mut self, resource: Resource) -> MessageBuilder {
        self.resources.push(resource);
        self
    }

    /// More resources.
    #[must_use]
    pub fn resources(mut self, resources: impl IntoIterator<Item = Resource>) -> MessageBuilder {
        self.resources.extend(resources);
        self
    }

    /// Another identifier than a new random one.
    #[must_use]
    pub fn identifier(mut self, identifier: impl Into<String>) -> MessageBuilder {
        self.identifier = identifier.into();
        self
    }

    /// Asks the server to check the message and to do nothing with it.
    #[must_use]
    pub fn validate_only(mut self) -> MessageBuilder {
        self.validate_only = true;
        self
    }

    /// The bundle.
    pub fn build(self) -> Bundle {
        let header = Entry {
            id: Some(format!("urn:uuid:{}", Uuid::new_v4())),
            content: Some(self.header()),
            ..Entry::default()
        };
        let domain_term = format!("{}{}", tag::DOMAIN_PREFIX, self.domain);
        let mut category = vec![
            Tag::new(domain_term, Some(self.domain), tag::SECURITY_SCHEME),
            Tag::new(tag::MESSAGE, None, tag::SCHEME),
        ];
        if self.validate_only {
            category.push(Tag::new(tag::VALIDATE_ONLY, None, tag::SCHEME));
        }
        let resources = std::iter::once(self.focal).chain(self.resources).map(Resource::into_entry);
        Bundle {
            id: Some(format!("urn:uuid:{}", Uuid::new_v4())),
            updated: Some(now()),
            category,
            entry: std::iter::once(header).chain(resources).collect(),
            ..Bundle::default()
        }
    }

    fn header(&self) -> Node {
        let mut header = object! { "resourceType" => "MessageHeader" };
        if let (Some(patient), Node::Object(members)) = (&self.patient, &mut header) {
            members.push("extension", [extension::reference(message_header::PATIENT, patient)]);
        }
        header
            .with("identifier", &self.identifier)
            .with("timestamp", now())
            .with("event", koppeltaal_fhir::dstu1::message_header::event(&self.event))
            .with(
                "source",
                object! {
                    "name" => &self.integration.name,
                    "software" => &self.integration.software,
                    "version" => &self.integration.version,
                    "endpoint" => &self.integration.endpoint,
                },
            )
            .with("data", [object! { "reference" => self.focal.link() }])
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::dstu1::message_header::MessageHeader;

    use super::*;
    use crate::kt1::resource;

    #[test]
    fn a_bundle_has_its_tags_the_header_first_and_links_with_versions() {
        let integration = Integration::new("n", "https://a");
        let focal = Resource::new("https://a/Patient/1", resource::patient("A", "B")).at("v1");
        let bundle = MessageBuilder::new("my domain", "CreateOrUpdatePatient", &integration, focal)
            .patient("https://a/Patient/1")
            .identifier("m1")
            .validate_only()
            .build();
        assert!(bundle.has_tag("http://ggz.koppeltaal.nl/fhir/Koppeltaal/Domain#my domain"));
        assert!(bundle.has_tag(tag::MESSAGE) && bundle.has_tag(tag::VALIDATE_ONLY));
        let header = MessageHeader::of(bundle.entry[0].content.as_ref().unwrap()).unwrap();
        assert_eq!(header.identifier(), Some("m1"));
        assert_eq!(header.focal(), Some("https://a/Patient/1/_history/v1"));
        assert_eq!(header.patient(), Some("https://a/Patient/1"));
        assert_eq!(header.source().unwrap().endpoint, Some("https://a"));
        assert_eq!(bundle.entry[1].id.as_deref(), Some("https://a/Patient/1"));
        assert_eq!(bundle.entry[1].self_link(), Some("https://a/Patient/1/_history/v1"));
    }
}
