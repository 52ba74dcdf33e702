//! The message that the benchmarks send: a new CarePlan with its Patient, two Practitioners and an
//! Organization, about 6 KB of JSON, every URL in it new.

use koppeltaal_client::kt1::resource::{
    Activity, CarePlanBuilder, organization, patient, practitioner,
};
use koppeltaal_client::kt1::{Integration, MessageBuilder, Resource};
use koppeltaal_fhir::dstu1::Bundle;
use koppeltaal_fhir::{Node, object};

use super::template::PLACEHOLDER;

/// The event of [`care_plan`].
pub const CARE_PLAN: &str = "CreateOrUpdateCarePlan";
/// The event of [`small`].
pub const PATIENT: &str = "CreateOrUpdatePatient";

/// The URL of a resource of the application that sends; unique by its token.
fn url(resource: &str, suffix: &str) -> String {
    format!("https://bench.example/fhir/{resource}/{PLACEHOLDER}{suffix}")
}

fn builder(domain: &str, event: &str, focal: Resource) -> MessageBuilder {
    let integration = Integration::new("bench", "https://bench.example/fhir");
    MessageBuilder::new(domain, event, &integration, focal)
        .patient(url("Patient", ""))
        .identifier(format!("bench-{PLACEHOLDER}"))
}

/// The message, with placeholders for its token.
pub fn care_plan(domain: &str) -> Bundle {
    let (first, second, care) =
        (url("Practitioner", "a"), url("Practitioner", "b"), url("Organization", ""));
    let plan = CarePlanBuilder::new(url("Patient", ""))
        .participant(&first, "Requester")
        .participant(&second, "Caregiver")
        .goal("Sleep through the night at least five days of the week")
        .goal("Go outside for half an hour every day, also in the weekend");
    let start = "2024-01-05T09:00:00+01:00";
    let mut exercise = Activity::new(format!("{PLACEHOLDER}-1"), "mindfulness", start);
    exercise.sub_activities = vec!["introduction".into()];
    let diary = Activity::new(format!("{PLACEHOLDER}-2"), "sleep-diary", start);
    let plan = plan.activity(&exercise).activity(&diary);
    builder(domain, CARE_PLAN, Resource::new(url("CarePlan", ""), plan.build()))
        .resource(Resource::new(
            url("Patient", ""),
            with_address(patient("Eva", "de Vries-Jansen")),
        ))
        .resource(Resource::new(first, with_telecom(practitioner("Karel", "van den Berg"))))
        .resource(Resource::new(second, with_telecom(practitioner("Sanne", "Mulder"))))
        .resource(Resource::new(care, organization("Bench Mental Health Care")))
        .build()
}

/// A message of one Patient, for filling a store with very many.
pub fn small(domain: &str) -> Bundle {
    let focal = Resource::new(url("Patient", ""), patient("Eva", "de Vries-Jansen"));
    builder(domain, PATIENT, focal).build()
}

fn telecom() -> Vec<Node> {
    let contact = |system: &str, value: &str| object! { "system" => system, "value" => value, "use" => "work" };
    vec![contact("phone", "+31 20 555 01 23"), contact("email", "someone@bench.example")]
}

fn with_telecom(person: Node) -> Node {
    let identifier = object! {
        "use" => "official",
        "system" => "http://fhir.nl/fhir/NamingSystem/agb-z",
        "value" => format!("agb-{PLACEHOLDER}"),
    };
    person
        .with("identifier", [identifier])
        .with("telecom", telecom())
        .with("organization", object! { "reference" => url("Organization", "") })
}

fn with_address(person: Node) -> Node {
    let gender = object! {
        "system" => "http://hl7.org/fhir/v3/AdministrativeGender",
        "code" => "F",
        "display" => "Female",
    };
    let address = object! {
        "use" => "home",
        "line" => [Node::from("Herengracht 1234-III")],
        "city" => "Amsterdam",
        "zip" => "1017 BZ",
        "country" => "NL",
    };
    person
        .with("telecom", telecom())
        .with("gender", object! { "coding" => [gender] })
        .with("birthDate", "1983-02-18T00:00:00")
        .with("address", [address])
        .with("careProvider", [object! { "reference" => url("Practitioner", "a") }])
        .with("managingOrganization", object! { "reference" => url("Organization", "") })
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json;

    use super::*;

    #[test]
    fn the_message_has_five_resources_and_about_six_kilobytes() {
        let bundle = care_plan("bench");
        assert_eq!(bundle.entry.len(), 6);
        let length = json::render(&bundle.to_node()).len();
        assert!((5_500..6_500).contains(&length), "{length}");
    }
}
