//! Koppeltaal 2.0 over HTTP: the FHIR face, one file per interaction.
