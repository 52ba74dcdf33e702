//! The part of the FHIR face's catalog that queries are read with.

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::profile::koppeltaal;
use koppeltaal_fhir::r4::search::Parameters;

/// The definitions that are built in.
pub struct Catalog {
    /// Their search parameters.
    pub parameters: Parameters,
}

impl Catalog {
    /// Gets them ready.
    pub fn built_in() -> Self {
        Self { parameters: Parameters::new(koppeltaal()) }
    }

    /// What resources are indexed by.
    pub fn indexed_by(&self) -> &Parameters {
        &self.parameters
    }

    /// The definitions.
    pub fn definitions(&self) -> &Definitions {
        koppeltaal()
    }
}
