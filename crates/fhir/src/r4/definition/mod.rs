//! Definitions as data: what R4 4.0.1 says of types, code lists and search parameters, and what
//! profiles or a domain's own package add. Nothing is generated code, so a domain can bring a
//! newer package without a new build (FHIR R4, "Conformance Module").

mod canonical;
pub mod compact;
mod core;
mod element;
mod error;
mod overlay;
mod registry;
mod render;
mod resource;
mod search_parameter;
mod structure;
mod terminology;

pub use canonical::{CORE_STRUCTURE, canonical_url, canonical_version};
pub use element::{
    Binding, Constraint, Discriminator, DiscriminatorKind, Element, Severity, Slicing,
    SlicingRules, Strength, Type,
};
pub use error::DefinitionError;
pub use overlay::Overlay;
pub use registry::Definitions;
pub use render::Ids;
pub use search_parameter::{Component, SearchKind, SearchParameter};
pub use structure::{Context, ContextKind, Derivation, Kind, Structure};
pub use terminology::{CodeSystem, Concept, Expander, Membership, ValueSet};

#[cfg(test)]
mod tests;
