//! ActivityDefinitions: published, changed, archived and found by REST on
//! `Other`; every change is announced to the subscribers (spec 6).

mod announce;
mod publish;
mod search;

pub(crate) use publish::{Publisher, store};
pub use publish::{create, update};
pub use search::{read, search};

use koppeltaal_fhir::dstu1::{Entry, Link, Tag, names};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::definition::{Definition, Visibility};

use crate::answer::Refusal;
use crate::app::Inner;
use crate::call::Caller;
use crate::feed::fine_instant;
use koppeltaal_core::Error;

/// What the caller's domain is offered: its own definitions and those of the
/// applications that have an instance in it.
fn visibility(app: &Inner, caller: &Caller) -> Visibility {
    let directory = app.directory();
    let mut applications: Vec<i64> = directory
        .instances_of(caller.domain.number)
        .map(|instance| instance.application.number)
        .collect();
    applications.sort_unstable();
    applications.dedup();
    Visibility { domain: caller.domain.number, applications }
}

/// The stored resource as a tree.
fn resource(definition: &Definition) -> Result<Node, Refusal> {
    json::parse(definition.resource.as_bytes())
        .map_err(|error| Refusal::from(Error::internal(error)))
}

/// The entry of a definition in a list or a message.
fn entry(app: &Inner, definition: &Definition) -> Result<Entry, Refusal> {
    let content = resource(definition)?;
    let narrative = content
        .get("text")
        .and_then(|text| text.get("div")?.as_str())
        .unwrap_or("<div xmlns=\"http://www.w3.org/1999/xhtml\"/>")
        .to_owned();
    let number = definition.number;
    Ok(Entry {
        title: Some(format!("Other resource with subtype=ActivityDefinition and IID={number}")),
        id: Some(app.links.definition(number)),
        updated: Some(fine_instant(definition.changed)),
        link: vec![Link::new("self", app.links.definition_version(number, &definition.version))],
        category: vec![Tag::new(
            format!("{}/Profile/ActivityDefinition", app.links.base),
            Some("Koppeltaal ActivityDefinition profile".to_owned()),
            names::tag::PROFILE_SCHEME,
        )],
        content: Some(content),
        summary: Some(narrative),
        ..Entry::default()
    })
}
