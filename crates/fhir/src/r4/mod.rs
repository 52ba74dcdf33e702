//! FHIR R4 4.0.1, the version of Koppeltaal 2.0: what the standard defines, as data
//! ([`definition`], [`profile`]), and what is done with it ([`fhirpath`], [`validate`]).

pub mod definition;
pub mod fhirpath;
pub mod profile;
pub mod validate;
