//! The Koppeltaal 2.0 definitions on top of R4. They stand in `definitions/koppeltaal` in a form
//! that people read and compare; here they become snapshots (FHIR R4, "Profiling FHIR"; Koppeltaal
//! 2.0 implementation guide 0.16.3).

mod element_rule;
mod naming_system;
mod profile_text;
mod search_text;
mod snapshot;
mod terminology_text;
mod text;

use std::sync::OnceLock;

pub use naming_system::{NamingSystem, naming_systems};

use super::definition::{DefinitionError, Definitions, Overlay};

/// The profiles in an order in which what is used comes first.
const PROFILES: [&str; 16] = [
    include_str!("../../../definitions/koppeltaal/dutch-extensions.txt"),
    include_str!("../../../definitions/koppeltaal/extensions.txt"),
    include_str!("../../../definitions/koppeltaal/names.txt"),
    include_str!("../../../definitions/koppeltaal/contact.txt"),
    include_str!("../../../definitions/koppeltaal/address.txt"),
    include_str!("../../../definitions/koppeltaal/patient.txt"),
    include_str!("../../../definitions/koppeltaal/practitioner.txt"),
    include_str!("../../../definitions/koppeltaal/related-person.txt"),
    include_str!("../../../definitions/koppeltaal/care-team.txt"),
    include_str!("../../../definitions/koppeltaal/organization.txt"),
    include_str!("../../../definitions/koppeltaal/device.txt"),
    include_str!("../../../definitions/koppeltaal/endpoint.txt"),
    include_str!("../../../definitions/koppeltaal/activity-definition.txt"),
    include_str!("../../../definitions/koppeltaal/task.txt"),
    include_str!("../../../definitions/koppeltaal/audit-event.txt"),
    include_str!("../../../definitions/koppeltaal/subscription.txt"),
];
const TERMINOLOGY: &str = include_str!("../../../definitions/koppeltaal/terminology.txt");
const SEARCH: &str = include_str!("../../../definitions/koppeltaal/search-parameters.txt");

/// R4 with the Koppeltaal 2.0 definitions on top. Read once, on first use.
pub fn koppeltaal() -> &'static Definitions {
    static KOPPELTAAL: OnceLock<Definitions> = OnceLock::new();
    // The files are part of the program and a test reads them, so this cannot fail.
    KOPPELTAAL.get_or_init(|| {
        let core = Definitions::core();
        core.with(koppeltaal_overlay(core).unwrap_or_default())
    })
}

/// The Koppeltaal 2.0 definitions alone, built on these definitions of R4. Fails when the files
/// and the definitions do not fit, which the tests rule out for [`Definitions::core`].
pub fn koppeltaal_overlay(core: &Definitions) -> Result<Overlay, DefinitionError> {
    let (value_sets, code_systems) = terminology_text::read(TERMINOLOGY, core)?;
    Ok(Overlay {
        structures: profile_text::read(&PROFILES, core)?,
        value_sets,
        code_systems,
        search_parameters: search_text::read(SEARCH)?,
    })
}

#[cfg(test)]
mod tests;
