//! Definitions to be laid over others: the core itself, the Koppeltaal profiles, or the package
//! that an operator installs for a domain.

use super::resource::{code_system_from, search_parameter_from, structure_from};
use super::terminology::Expander;
use super::{CodeSystem, DefinitionError, Definitions, SearchParameter, Structure, ValueSet};
use crate::node::Node;

/// Definitions to be laid over others with [`Definitions::with`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// Types and profiles, with complete snapshots.
    pub structures: Vec<Structure>,
    /// Value sets.
    pub value_sets: Vec<ValueSet>,
    /// Code systems.
    pub code_systems: Vec<CodeSystem>,
    /// Search parameters.
    pub search_parameters: Vec<SearchParameter>,
}

impl Overlay {
    /// Reads StructureDefinitions (with snapshots), ValueSets, CodeSystems and SearchParameters;
    /// other resources are passed over. Value sets are counted out with the code systems among
    /// them and those of `below`. Fails on the first definition that defines nothing.
    pub fn from_resources(
        resources: &[Node],
        below: &Definitions,
    ) -> Result<Overlay, DefinitionError> {
        let of_type = |name: &'static str| {
            resources.iter().filter(move |resource| resource.resource_type() == Some(name))
        };
        let code_systems =
            of_type("CodeSystem").map(code_system_from).collect::<Result<Vec<_>, _>>()?;
        let mut expander = Expander::new(below, &code_systems, of_type("ValueSet"));
        let value_sets =
            of_type("ValueSet").map(|set| expander.expand(set)).collect::<Result<Vec<_>, _>>()?;
        Ok(Overlay {
            structures: of_type("StructureDefinition")
                .map(structure_from)
                .collect::<Result<_, _>>()?,
            search_parameters: of_type("SearchParameter")
                .map(search_parameter_from)
                .collect::<Result<_, _>>()?,
            value_sets,
            code_systems,
        })
    }
}

impl Structure {
    /// Reads a StructureDefinition with a snapshot.
    pub fn from_resource(resource: &Node) -> Result<Structure, DefinitionError> {
        structure_from(resource)
    }
}

impl CodeSystem {
    /// Reads a CodeSystem.
    pub fn from_resource(resource: &Node) -> Result<CodeSystem, DefinitionError> {
        code_system_from(resource)
    }
}

impl SearchParameter {
    /// Reads a SearchParameter.
    pub fn from_resource(resource: &Node) -> Result<SearchParameter, DefinitionError> {
        search_parameter_from(resource)
    }
}
