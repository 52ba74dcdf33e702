//! `activities`, `publish` and `update`: ActivityDefinitions.

use anyhow::Result;
use koppeltaal_client::kt1::{Connector, Definition};
use koppeltaal_core::Error;
use koppeltaal_fhir::dstu1::ActivityDefinition;
use koppeltaal_fhir::json;
use serde_json::{Map, Value};

use super::{document, failure};
use crate::context::Context;
use crate::output;

/// `activities`.
pub async fn list(context: &Context, connector: &Connector, archived: bool) -> Result<()> {
    let definitions = connector.activity_definitions(archived).await.map_err(failure)?;
    let objects = definitions
        .iter()
        .map(|definition| object(context, definition))
        .collect::<Result<Vec<_>>>()?;
    output::list(
        context.json,
        &objects,
        &["identifier", "name", "kind", "application", "active", "archived", "link"],
    )
}

/// `publish`.
pub async fn publish(context: &Context, connector: &Connector, file: &str) -> Result<()> {
    let resource = document::read(file)?;
    let definition = connector.publish_activity_definition(&resource).await.map_err(failure)?;
    output::show(context.json, &object(context, &definition)?)
}

/// `update`.
pub async fn update(
    context: &Context,
    connector: &Connector,
    file: &str,
    link: Option<String>,
) -> Result<()> {
    let resource = document::read(file)?;
    let link = match link {
        Some(link) => link,
        None => {
            let identifier = ActivityDefinition::of(&resource)
                .and_then(|definition| definition.identifier())
                .ok_or_else(|| {
                    Error::Invalid(format!("{file} is no ActivityDefinition with an identifier"))
                })?;
            let known = connector.activity_definitions(true).await.map_err(failure)?;
            let same = known
                .iter()
                .find(|known| known.view().and_then(|view| view.identifier()) == Some(identifier));
            let same = same.ok_or_else(|| {
                Error::NotFound(format!(
                    "there is no ActivityDefinition with identifier {identifier}"
                ))
            })?;
            same.link().to_owned()
        }
    };
    let definition =
        connector.update_activity_definition(&link, &resource).await.map_err(failure)?;
    output::show(context.json, &object(context, &definition)?)
}

fn object(context: &Context, definition: &Definition) -> Result<Map<String, Value>> {
    let view = definition
        .view()
        .ok_or_else(|| Error::Internal("this is no ActivityDefinition".to_owned()))?;
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let parts: Vec<&str> =
        view.sub_activities().iter().filter_map(|part| part.identifier).collect();
    let members = [
        ("identifier", text(view.identifier())),
        ("name", text(view.name())),
        ("kind", text(view.kind())),
        ("description", text(view.description())),
        ("application", text(view.application())),
        ("performer", text(view.performer())),
        ("launch_type", Value::from(view.launch_type())),
        ("active", Value::from(view.is_active())),
        ("domain_specific", Value::from(view.is_domain_specific())),
        ("archived", Value::from(view.is_archived())),
        ("sub_activities", Value::from(parts)),
        ("link", Value::from(definition.link())),
    ];
    let mut object: Map<String, Value> =
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if context.json {
        object
            .insert("resource".to_owned(), document::value(&json::render(definition.resource()))?);
    }
    Ok(object)
}
