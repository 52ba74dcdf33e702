//! SubActivityDefinition: a part of an ActivityDefinition. Its id is the number of
//! the definition and its own identifier, its version that of the definition.

use koppeltaal_core::version::Stamp;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::names::activity_definition as url;
use koppeltaal_fhir::dstu1::{ActivityDefinition, extension};
use serde_json::Value;

use super::super::ask::Ask;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::resource::Resource;
use super::definition;

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "SubActivityDefinition",
    attributes: &[
        Attribute::text("Name", 200).rule(Rule::Required),
        Attribute::text("Identifier", 200).rule(Rule::Fixed),
        Attribute { most: 10_000, ..Attribute::new("Description", Kind::Lines) },
        Attribute::new("IsActive", Kind::Flag),
    ],
    relationships: &[Relationship::one("ActivityDefinition", "ActivityDefinition", Rule::Fixed)],
    operations: Operations {
        read: Who::Every,
        create: Who::ApplicationToo,
        update: Who::ApplicationToo,
        delete: Who::Nobody,
    },
};

/// The identifiers of the parts of a definition; a part without one is not
/// addressed.
pub fn keys(view: ActivityDefinition<'_>) -> Vec<String> {
    let parts = view.sub_activities();
    parts.iter().filter_map(|part| part.identifier).map(str::to_owned).collect()
}

/// Every part of every definition.
pub async fn all(ask: &Ask<'_>) -> Result<Vec<Resource>, Failure> {
    let mut all = Vec::new();
    for (definition, node) in definition::read(ask).await? {
        let Some(view) = ActivityDefinition::of(&node) else { continue };
        let Some(owner) = definition::owner(&ask.directory, &definition) else { continue };
        for part in view.sub_activities() {
            let Some(identifier) = part.identifier else { continue };
            let id = format!("{}-{identifier}", definition.number);
            let stamp = Stamp::parse(&definition.version).map_or(0, |stamp| stamp.0);
            all.push(
                Resource::new(&DECLARATION, id, owner.clone())
                    .version(stamp)
                    .with("Name", part.name.map(str::to_owned))
                    .with("Identifier", identifier)
                    .with("Description", part.description.map(str::to_owned))
                    .with("IsActive", part.is_active)
                    .to("ActivityDefinition", definition.number),
            );
        }
    }
    Ok(all)
}

/// Adds a part to a definition.
pub async fn create(ask: &Ask<'_>, input: &Input) -> Result<String, Failure> {
    let id = input.link("ActivityDefinition").unwrap_or_default();
    let identifier = input.text("Identifier").unwrap_or_default();
    let number = id.parse().unwrap_or_default();
    definition::edit(ask, number, None, |node| {
        let known = ActivityDefinition::of(node).map(keys).unwrap_or_default();
        if known.iter().any(|known| known == identifier) {
            let title = "The definition has a part with this identifier already.";
            return Err(Failure::attribute(http::StatusCode::CONFLICT, "Identifier", title));
        }
        let mut part = extension::nested(url::SUB_ACTIVITY, Vec::new());
        write(&mut part, input);
        let parts = node.items("extension").iter().cloned().chain([part]).collect::<Vec<Node>>();
        if let Some(members) = node.as_object_mut() {
            members.insert("extension", parts);
        }
        Ok(())
    })
    .await?;
    Ok(format!("{id}-{identifier}"))
}

/// Changes a part of a definition.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let gone = || Failure::not_found(DECLARATION.name, &existing.id);
    let (number, identifier) = existing.id.split_once('-').ok_or_else(gone)?;
    let number = number.parse().map_err(|_| gone())?;
    definition::edit(ask, number, input.version.as_deref(), |node| {
        let is_it = |part: &Node| {
            extension::find_text(part, url::SUB_ACTIVITY_IDENTIFIER) == Some(identifier)
        };
        let list = node.get_mut("extension").and_then(Node::as_array_mut).ok_or_else(gone)?;
        let part = list.iter_mut().find(|part| is_it(part)).ok_or_else(gone)?;
        write(part, input);
        Ok(())
    })
    .await
}

/// Puts the attributes that are named into the extensions of a part.
fn write(part: &mut Node, input: &Input) {
    for (attribute, value) in &input.attributes {
        let url = match attribute.name {
            "Name" => url::SUB_ACTIVITY_NAME,
            "Identifier" => url::SUB_ACTIVITY_IDENTIFIER,
            "Description" => url::SUB_ACTIVITY_DESCRIPTION,
            "IsActive" => url::SUB_ACTIVITY_IS_ACTIVE,
            _ => continue,
        };
        let new = match value {
            Value::String(text) => Some(extension::with(url, "valueString", text.as_str())),
            Value::Bool(flag) => Some(extension::with(url, "valueBoolean", *flag)),
            _ => None,
        };
        definition::set(part, url, new);
    }
}
