//! Sending a message and reading which versions the server gave its resources.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::message_header::MessageHeader;
use koppeltaal_fhir::dstu1::{Bundle, reference};
use reqwest::Method;

use super::builder::{MessageBuilder, Resource};
use super::connector::Connector;
use super::error::{Error, Result};
use super::transport::expect_bundle;

/// A message that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    identifier: String,
    versions: Vec<String>,
}

impl Sent {
    /// The identifier under which it was sent.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// URLs of the resources that got a new version, the focal one first. Empty when the message
    /// was only to be checked.
    pub fn versions(&self) -> &[String] {
        &self.versions
    }

    /// URL of the focal resource with its new version.
    pub fn focal(&self) -> &str {
        self.versions.first().map_or("", String::as_str)
    }

    /// The new version of a resource, by its URL with or without version.
    pub fn version_of(&self, url: &str) -> Option<String> {
        let wanted = reference::identity(url);
        self.versions.iter().find_map(|versioned| {
            let (identity, version) = reference::split_version(versioned);
            (identity == wanted).then(|| version.map(|version| version.into_owned()))?
        })
    }
}

impl Connector {
    /// Sends a message about `focal` with the resources it refers to. `patient` is the URL of the
    /// patient it is about; all events but those of Practitioner and ActivityDefinition want one.
    pub async fn send(
        &self,
        event: &str,
        focal: Resource,
        patient: Option<&str>,
        resources: impl IntoIterator<Item = Resource>,
    ) -> Result<Sent> {
        let mut message =
            MessageBuilder::new(&self.domain, event, &self.integration, focal).resources(resources);
        if let Some(patient) = patient {
            message = message.patient(patient);
        }
        self.send_bundle(message.build()).await
    }

    /// Sends a bundle that was made elsewhere, as [`MessageBuilder`] makes them.
    pub async fn send_bundle(&self, bundle: Bundle) -> Result<Sent> {
        let identifier =
            bundle.entry.first().and_then(|entry| entry.content.as_ref()).and_then(identifier_of);
        let identifier = identifier.ok_or_else(|| {
            Error::Setup(
                "the first entry of a message is a MessageHeader with an identifier".into(),
            )
        })?;
        let answer =
            self.send_resource(Method::POST, self.url("Mailbox"), &bundle.into_node()).await?;
        let status = answer.status;
        let answer = expect_bundle(answer)?;
        let header = answer
            .entry
            .first()
            .and_then(|entry| entry.content.as_ref())
            .and_then(MessageHeader::of);
        let header =
            header.ok_or_else(|| Error::unexpected(status, "the answer holds no MessageHeader"))?;
        match header.response() {
            Some(response) if response.code == "ok" && response.identifier == identifier => {}
            Some(response) => {
                let reason =
                    format!("response {} to message {}", response.code, response.identifier);
                return Err(Error::unexpected(status, reason));
            }
            None => {
                return Err(Error::unexpected(status, "the answer is no response to a message"));
            }
        }
        Ok(Sent { identifier, versions: header.data().map(str::to_owned).collect() })
    }
}

fn identifier_of(header: &Node) -> Option<String> {
    MessageHeader::of(header)?.identifier().map(str::to_owned)
}
