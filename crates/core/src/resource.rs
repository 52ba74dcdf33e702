//! A FHIR resource as it is kept: what can be derived is left out.
