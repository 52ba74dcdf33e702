//! The systems of identifiers that Koppeltaal names (FHIR R4, NamingSystem).

use super::text::blocks;
use super::{TERMINOLOGY, terminology_text};
use crate::r4::definition::DefinitionError;

/// A system of identifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamingSystem {
    /// Name for programs.
    pub name: String,
    /// The `system` of an Identifier.
    pub unique_id: String,
    /// `identifier`, `codesystem` or `root`.
    pub kind: String,
}

/// The naming systems of Koppeltaal. Fails when the file that is part of the program is wrong,
/// which the tests rule out.
pub fn naming_systems() -> Result<Vec<NamingSystem>, DefinitionError> {
    let blocks = blocks(TERMINOLOGY, &terminology_text::HEADS)?;
    let naming = blocks.iter().filter(|block| block.head.word == "naming");
    naming
        .map(|block| {
            block.allow_only(&["name", "kind"])?;
            Ok(NamingSystem {
                name: block.required("name")?.to_owned(),
                unique_id: block.head.text.to_owned(),
                kind: block.required("kind")?.to_owned(),
            })
        })
        .collect()
}
