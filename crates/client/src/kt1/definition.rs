//! ActivityDefinitions: what applications offer in a domain.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::{ActivityDefinition, Entry, reference};
use reqwest::{Method, Url};

use super::connector::Connector;
use super::error::{Error, Result};
use super::transport::{Answer, expect_bundle};

/// An ActivityDefinition as the server has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    link: String,
    resource: Node,
}

impl Definition {
    fn of_entry(entry: &Entry) -> Option<Definition> {
        Definition::new(entry.self_link().or(entry.id.as_deref())?, entry.content.clone()?)
    }

    fn new(link: &str, resource: Node) -> Option<Definition> {
        ActivityDefinition::of(&resource)?;
        Some(Definition { link: link.to_owned(), resource })
    }

    /// Its URL with the version, to be named in an update.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// Its URL without the version.
    pub fn url(&self) -> &str {
        reference::identity(&self.link)
    }

    /// Its content.
    pub fn view(&self) -> Option<ActivityDefinition<'_>> {
        ActivityDefinition::of(&self.resource)
    }

    /// The resource.
    pub fn resource(&self) -> &Node {
        &self.resource
    }

    /// The resource, to be changed for [`Connector::update_activity_definition`].
    pub fn resource_mut(&mut self) -> &mut Node {
        &mut self.resource
    }
}

impl Connector {
    /// The ActivityDefinitions that are available in the domain.
    pub async fn activity_definitions(&self, archived: bool) -> Result<Vec<Definition>> {
        let mut url = self.url("Other/_search");
        url.query_pairs_mut().append_pair("code", "ActivityDefinition");
        if archived {
            url.query_pairs_mut().append_pair("includearchived", "yes");
        }
        let mut found = Vec::new();
        let mut next = Some(url);
        while let Some(url) = next.take() {
            let answer = self.get(url).await?;
            let status = answer.status;
            let bundle = expect_bundle(answer)?;
            for entry in &bundle.entry {
                let definition = Definition::of_entry(entry);
                found.push(definition.ok_or_else(|| {
                    Error::unexpected(status, "an entry is no ActivityDefinition")
                })?);
            }
            let query = bundle
                .link
                .iter()
                .find(|link| link.rel == "next")
                .and_then(|link| link.href.split_once('?'));
            next = query.map(|(_, query)| {
                let mut url = self.url("Other/_search");
                url.set_query(Some(query));
                url
            });
        }
        Ok(found)
    }

    /// Publishes a new ActivityDefinition ([`super::resource::ActivityDefinitionBuilder`] makes one).
    pub async fn publish_activity_definition(&self, resource: &Node) -> Result<Definition> {
        let mut url = self.url("Other");
        url.query_pairs_mut().append_pair("code", "ActivityDefinition");
        let answer = self.send_resource(Method::POST, url, resource).await?;
        stored(answer)
    }

    /// Replaces an ActivityDefinition of one's own. `link` is its URL: with a version the server
    /// refuses the update when another one came first; without, the update always wins.
    pub async fn update_activity_definition(
        &self,
        link: &str,
        resource: &Node,
    ) -> Result<Definition> {
        let url = self.definition_url(link)?;
        let answer = self.send_resource(Method::PUT, url, resource).await?;
        stored(answer)
    }

    /// The URL of a definition at the configured server, whatever host the link names.
    fn definition_url(&self, link: &str) -> Result<Url> {
        let path = link.rfind("Other/").map(|at| &link[at..]);
        let path = path.ok_or_else(|| {
            Error::Setup(format!("`{link}` is not the URL of an ActivityDefinition"))
        })?;
        Ok(self.url(path))
    }
}

fn stored(answer: Answer) -> Result<Definition> {
    let Answer { status, location, node } = answer;
    let location =
        location.ok_or_else(|| Error::unexpected(status, "the answer has no Content-Location"))?;
    Definition::new(&location, node)
        .ok_or_else(|| Error::unexpected(status, "the answer is no ActivityDefinition"))
}
