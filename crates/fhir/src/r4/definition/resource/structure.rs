//! A [`Structure`] out of a StructureDefinition.

use std::collections::HashMap;

use super::element::{Shared, element_from};
use super::{required, text};
use crate::node::Node;
use crate::r4::definition::{
    Context, ContextKind, DefinitionError, Derivation, Kind, Structure, canonical_url,
};

/// Reads a StructureDefinition with a snapshot.
pub fn structure_from(resource: &Node) -> Result<Structure, DefinitionError> {
    let url = required(resource, "StructureDefinition", "url")?;
    let kind = Kind::from_code(required(resource, url, "kind")?)
        .ok_or_else(|| DefinitionError::missing(url, "kind"))?;
    let type_name = required(resource, url, "type")?;
    // A logical model names its type by URL.
    let type_name = type_name.rsplit('/').next().unwrap_or(type_name);
    let mut structure = Structure::new(canonical_url(url), kind, type_name);
    if let Some(name) = text(resource, "name") {
        structure.name = name.to_owned();
    }
    structure.version = text(resource, "version").map(str::to_owned);
    structure.base = text(resource, "baseDefinition").map(|base| canonical_url(base).to_owned());
    structure.is_abstract = resource.get("abstract").and_then(Node::as_bool).unwrap_or(false);
    if let Some(derivation) = text(resource, "derivation") {
        structure.derivation = Derivation::from_code(derivation)
            .ok_or_else(|| DefinitionError::missing(url, "derivation"))?;
    }
    structure.context = resource.items("context").iter().filter_map(context).collect();

    let snapshot = resource.get("snapshot").map_or(&[][..], |s| s.items("element"));
    if snapshot.is_empty() {
        return Err(DefinitionError::missing(url, "snapshot.element"));
    }
    let mut shared: Shared = HashMap::new();
    let elements = snapshot
        .iter()
        .map(|element| element_from(element, url, kind, &mut shared))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(structure.with_elements(elements))
}

fn context(node: &Node) -> Option<Context> {
    Some(Context {
        kind: ContextKind::from_code(text(node, "type")?)?,
        expression: text(node, "expression")?.to_owned(),
    })
}
