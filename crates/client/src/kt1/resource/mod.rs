//! Small makers of the resources that messages carry, for tests, tools and simple applications.
//! They give what Koppeltaal needs; anything more can be added to the [`Node`] they answer with.

mod activity_definition;
mod care_plan;
mod other;
mod person;

pub use activity_definition::ActivityDefinitionBuilder;
pub use care_plan::{Activity, CarePlanBuilder};
pub use other::{activity_status, user_message};
pub use person::{organization, patient, practitioner};

use koppeltaal_fhir::dstu1::names::NAMESPACE;
use koppeltaal_fhir::{Node, object};

/// A Coding of one of Koppeltaal's own code systems; their displays are their codes.
fn coding(system: &str, code: &str) -> Node {
    object! { "system" => format!("{NAMESPACE}{system}"), "code" => code, "display" => code }
}

/// A CodeableConcept of one such coding.
fn concept(system: &str, code: &str) -> Node {
    object! { "coding" => [coding(system, code)] }
}

/// A reference to a resource.
fn reference_to(url: &str) -> Node {
    object! { "reference" => url }
}
