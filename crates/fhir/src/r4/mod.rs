//! FHIR R4 4.0.1, the version of Koppeltaal 2.0: what the standard defines, as data
//! ([`definition`], [`profile`]), and what is done with it ([`fhirpath`], [`validate`]).

pub mod audit_event;
pub mod definition;
pub mod fhirpath;
pub mod package;
pub mod profile;
pub mod search;
pub mod shape;
pub mod validate;
pub mod xml;
