//! What of R4 the service needs. Leaving out the other 125 types of resource keeps the tables
//! small enough to read.

/// Types of resource with a structure: those of Koppeltaal, those of the server itself, and the
/// two that all are built on.
pub const RESOURCES: &[&str] = &[
    "Resource",
    "DomainResource",
    "ActivityDefinition",
    "AuditEvent",
    "Binary",
    "Bundle",
    "CapabilityStatement",
    "CareTeam",
    "CodeSystem",
    "Device",
    "Endpoint",
    "ImplementationGuide",
    "NamingSystem",
    "OperationOutcome",
    "Organization",
    "Parameters",
    "Patient",
    "Practitioner",
    "RelatedPerson",
    "SearchParameter",
    "StructureDefinition",
    "Subscription",
    "Task",
    "ValueSet",
];

/// Extensions of HL7 that Dutch profiles use.
pub const EXTENSIONS: &[&str] = &[
    "data-absent-reason",
    "humanname-assembly-order",
    "humanname-own-name",
    "humanname-own-prefix",
    "humanname-partner-name",
    "humanname-partner-prefix",
    "iso21090-ADXP-additionalLocator",
    "iso21090-ADXP-buildingNumberSuffix",
    "iso21090-ADXP-houseNumber",
    "iso21090-ADXP-streetName",
    "iso21090-ADXP-unitID",
    "iso21090-EN-qualifier",
    "patient-nationality",
    "patient-proficiency",
    "patient-relatedPerson",
];

/// Value sets that Koppeltaal builds on although R4 binds them as examples only.
pub const VALUE_SETS: &[&str] = &[
    "http://hl7.org/fhir/ValueSet/definition-topic",
    "http://hl7.org/fhir/ValueSet/task-code",
    "http://terminology.hl7.org/ValueSet/v3-NullFlavor",
];

/// A code system with more codes than this is not kept as such; value sets still hold those of
/// its codes that they name.
pub const MOST_CONCEPTS: usize = 600;
