//! Comparing a value with the least or greatest one allowed (FHIR R4, ElementDefinition.minValue
//! and .maxValue).

use std::cmp::Ordering;

use super::super::fhirpath::Decimal;

/// Compares numbers as numbers; dates and times of the same precision and form by their text.
/// `None` when the two cannot be compared.
pub fn compare(value: &str, bound: &str) -> Option<Ordering> {
    match (Decimal::parse(value), Decimal::parse(bound)) {
        (Some(value), Some(bound)) => Some(value.cmp(&bound)),
        _ if value.len() == bound.len() => Some(value.cmp(bound)),
        _ => None,
    }
}
