//! Which resources of a package are definitions that can be used, and why others cannot.

use std::collections::HashSet;

use super::Reason;
use super::manifest::FHIR;
use crate::node::Node;
use crate::r4::definition::{
    CORE_STRUCTURE, CodeSystem, DefinitionError, Definitions, SearchParameter, Structure,
    canonical_url,
};
use crate::r4::fhirpath::Expression;

/// The canonical URLs that have been taken, by type.
#[derive(Default)]
pub struct Taken(HashSet<(String, String)>);

impl Taken {
    /// Takes the resource, or says why not.
    pub fn take(&mut self, resource: &Node, below: &Definitions) -> Result<(), Reason> {
        let Some(type_name) = resource.resource_type() else {
            return Err(Reason::NoDefinition(None));
        };
        let url = check(type_name, resource, below)?;
        if !self.0.insert((type_name.to_owned(), url.clone())) {
            return Err(Reason::Duplicate(url));
        }
        Ok(())
    }
}

/// The URL of a definition that can be used.
fn check(type_name: &str, resource: &Node, below: &Definitions) -> Result<String, Reason> {
    let text = |name: &str| resource.get(name).and_then(Node::as_str);
    let missing = |element| {
        let resource = type_name.to_owned();
        Reason::Refused(DefinitionError::Missing { resource, element })
    };
    match type_name {
        "StructureDefinition" => {
            if let Some(other) = text("fhirVersion").filter(|version| !version.starts_with(FHIR)) {
                return Err(Reason::OtherFhir(other.to_owned()));
            }
            let snapshot = resource.get("snapshot").map_or(&[][..], |s| s.items("element"));
            if snapshot.is_empty() {
                return Err(Reason::NoSnapshot);
            }
            let structure = Structure::from_resource(resource).map_err(Reason::Refused)?;
            if structure.url.starts_with(CORE_STRUCTURE)
                && below.structure(&structure.url).is_some()
            {
                return Err(Reason::PartOfR4(structure.url));
            }
            Ok(structure.url)
        }
        "CodeSystem" => Ok(CodeSystem::from_resource(resource).map_err(Reason::Refused)?.url),
        "SearchParameter" => {
            let found = SearchParameter::from_resource(resource).map_err(Reason::Refused)?;
            let components = found.components.iter().map(|part| &part.expression);
            for expression in found.expression.iter().chain(components) {
                Expression::parse(expression).map_err(|e| Reason::Expression(e.to_string()))?;
            }
            Ok(found.url)
        }
        "ValueSet" | "ImplementationGuide" => {
            let url = text("url").map(canonical_url).filter(|url| !url.is_empty());
            url.map(str::to_owned).ok_or_else(|| missing("url"))
        }
        "NamingSystem" => {
            let value = |id: &Node| Some(id.get("value")?.as_str()?.to_owned());
            resource.items("uniqueId").iter().find_map(value).ok_or_else(|| missing("uniqueId"))
        }
        other => Err(Reason::NoDefinition(Some(other.to_owned()))),
    }
}
