//! [`CodeSystem`] and [`SearchParameter`] out of the resources of these names.

use super::{choice, required, text, texts};
use crate::node::Node;
use crate::r4::definition::{
    CodeSystem, Component, Concept, DefinitionError, SearchKind, SearchParameter, canonical_url,
};

/// Reads a CodeSystem.
pub fn code_system_from(resource: &Node) -> Result<CodeSystem, DefinitionError> {
    let url = required(resource, "CodeSystem", "url")?;
    let mut system = CodeSystem::new(canonical_url(url));
    system.version = text(resource, "version").map(str::to_owned);
    system.name = text(resource, "name").unwrap_or_default().to_owned();
    system.is_complete = text(resource, "content") == Some("complete");
    system.is_case_sensitive =
        resource.get("caseSensitive").and_then(Node::as_bool).unwrap_or(true);
    add_concepts(&mut system, resource, None);
    Ok(system)
}

/// Broader before narrower, as they are written. The depth is that of the document, which its
/// parser limits.
fn add_concepts(system: &mut CodeSystem, node: &Node, parent: Option<&str>) {
    for concept in node.items("concept") {
        let Some(code) = text(concept, "code") else { continue };
        let is_broader =
            |property: &&Node| matches!(text(property, "code"), Some("subsumedBy" | "parent"));
        let named = concept.items("property").iter().filter(is_broader);
        let mut parents: Vec<Box<str>> = parent.map(Box::from).into_iter().collect();
        for broader in named.filter_map(|property| choice(property, "value")?.text()) {
            if !parents.iter().any(|known| **known == *broader) {
                parents.push(broader.into());
            }
        }
        system.push(Concept {
            code: code.into(),
            display: text(concept, "display").map(Box::from),
            parents,
        });
        add_concepts(system, concept, Some(code));
    }
}

/// Reads a SearchParameter.
pub fn search_parameter_from(resource: &Node) -> Result<SearchParameter, DefinitionError> {
    let url = required(resource, "SearchParameter", "url")?;
    let kind = SearchKind::from_code(required(resource, url, "type")?)
        .ok_or_else(|| DefinitionError::missing(url, "type"))?;
    let mut parameter =
        SearchParameter::new(canonical_url(url), required(resource, url, "code")?, kind);
    parameter.base = texts(resource, "base");
    if parameter.base.is_empty() {
        return Err(DefinitionError::missing(url, "base"));
    }
    parameter.expression = text(resource, "expression").map(str::to_owned);
    parameter.targets = texts(resource, "target");
    parameter.comparators = texts(resource, "comparator");
    parameter.modifiers = texts(resource, "modifier");
    parameter.chain = texts(resource, "chain");
    let flag = |name| resource.get(name).and_then(Node::as_bool);
    parameter.has_or = flag("multipleOr").unwrap_or(true);
    parameter.has_and = flag("multipleAnd").unwrap_or(true);
    for component in resource.items("component") {
        parameter.components.push(Component {
            definition: required(component, url, "definition")?.to_owned(),
            expression: required(component, url, "expression")?.to_owned(),
        });
    }
    Ok(parameter)
}
