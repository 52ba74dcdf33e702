//! FHIR wire formats, pure: DSTU1 bundles and resources as JSON and XML, and OperationOutcome.
