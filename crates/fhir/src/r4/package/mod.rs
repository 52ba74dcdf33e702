//! Definitions with the resources that publish them: the built-in ones of Koppeltaal, and those of
//! a FHIR package that an operator installs (FHIR R4, "Conformance Module"; HL7 FHIR package
//! specification). Unpacking the archive is for the caller.

mod built_in;
mod choose;
mod manifest;
mod naming_system;
mod read;
mod skipped;

pub use built_in::{KOPPELTAAL_GUIDE, koppeltaal, koppeltaal_conformance};
pub use read::read_package;
pub use skipped::{Reason, Skipped};

use super::definition::Overlay;
use crate::node::Node;

/// Definitions that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Name: `koppeltaalv2.00`.
    pub name: String,
    /// Version: `0.16.3`.
    pub version: String,
    /// Names and versions of the packages that it is built on, in the order of the manifest.
    pub dependencies: Vec<(String, String)>,
    /// The definitions, to be laid over others.
    pub overlay: Overlay,
    /// The resources for those who ask for them: each with an id that is unique in its type, and
    /// one for each canonical URL.
    pub resources: Vec<Node>,
    /// What was not taken.
    pub skipped: Vec<Skipped>,
}
