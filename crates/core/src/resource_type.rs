//! The resource types of FHIR R4 and the numbers the store knows them by.
