//! The resources of a measurement, as the FHIR service keeps them.

use koppeltaal_core::resource::{Body, RESOURCE_ORIGIN};
use koppeltaal_fhir::{Node, json};
use koppeltaal_kt2::{Catalog, body};
use koppeltaal_store::resource::Indexed;
use serde_json::{Value, json};

const PROFILE: &str = "http://koppeltaal.nl/fhir/StructureDefinition/KT2";
/// The system of the identifiers of patients.
pub const SYSTEM: &str = "http://example.nl/patients";
/// The statuses of tasks, in turn.
const STATUSES: [&str; 5] = ["ready", "in-progress", "completed", "draft", "on-hold"];

/// A Patient of about 1.5 KB, as a portal sends it.
pub fn patient(number: u64) -> Value {
    let part = |url: &str, value: &str| json!({ "url": format!("http://hl7.org/fhir/StructureDefinition/{url}"), "valueString": value });
    json!({
        "resourceType": "Patient",
        "meta": { "profile": [format!("{PROFILE}Patient")] },
        "identifier": [
            { "use": "official", "system": SYSTEM, "value": format!("p-{number}") },
            { "use": "secondary", "system": "http://example.nl/dossiers", "value": format!("d-{}", number % 1000) },
        ],
        "active": true,
        "name": [
            {
                "use": "official",
                "family": format!("van der Meulen-{}", number % 5000),
                "_family": { "extension": [
                    part("humanname-own-prefix", "van der"),
                    part("humanname-own-name", &format!("Meulen-{}", number % 5000)),
                ] },
                "given": ["Johanna", "M."],
                "_given": [
                    { "extension": [{ "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier", "valueCode": "BR" }] },
                    { "extension": [{ "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier", "valueCode": "IN" }] },
                ],
            },
            { "use": "usual", "given": ["Hanneke"] },
        ],
        "telecom": [
            { "system": "phone", "value": format!("+3161{:07}", number % 10_000_000), "use": "home" },
            { "system": "email", "value": format!("p{number}@example.nl"), "use": "home" },
        ],
        "gender": if number.is_multiple_of(2) { "female" } else { "male" },
        "birthDate": format!("{}-{:02}-{:02}", 1940 + number % 70, 1 + number % 12, 1 + number % 28),
        "address": [{ "use": "home", "line": ["Dorpsstraat 12"], "city": "Utrecht", "postalCode": "3511 AB", "country": "NL" }],
    })
}

/// A Practitioner, who owns tasks.
pub fn practitioner(number: u64) -> Value {
    json!({
        "resourceType": "Practitioner",
        "meta": { "profile": [format!("{PROFILE}Practitioner")] },
        "identifier": [{ "system": "http://example.nl/practitioners", "value": format!("b-{number}") }],
        "active": true,
        "name": [{ "use": "usual", "given": ["Sam"] }],
        "telecom": [{ "system": "email", "value": format!("b{number}@example.nl"), "use": "work" }],
    })
}

/// What tasks are made of: its publisherId is `pub-NUMBER`.
pub fn activity(number: u64, endpoint: &str) -> Value {
    json!({
        "resourceType": "ActivityDefinition",
        "meta": { "profile": [format!("{PROFILE}ActivityDefinition")] },
        "extension": [
            { "url": "http://koppeltaal.nl/fhir/StructureDefinition/KT2EndpointExtension", "valueReference": { "reference": format!("Endpoint/{endpoint}") } },
            { "url": "http://koppeltaal.nl/fhir/StructureDefinition/KT2PublisherId", "valueId": format!("pub-{number}") },
        ],
        "url": format!("http://example.nl/activities/{number}"),
        "title": "Beter slapen",
        "status": "active",
    })
}

/// A Task of a patient, owned by a practitioner.
pub fn task(number: u64, patient: &str, owner: &str, activity: &str) -> Value {
    let status = STATUSES[usize::try_from(number % 5).unwrap_or(0)];
    json!({
        "resourceType": "Task",
        "meta": { "profile": [format!("{PROFILE}Task")] },
        "extension": [{ "url": "http://vzvz.nl/fhir/StructureDefinition/instantiates", "valueReference": { "reference": format!("ActivityDefinition/{activity}") } }],
        "identifier": [{ "system": "http://example.nl/tasks", "value": format!("t-{number}") }],
        "status": status,
        "intent": "order",
        "for": { "reference": format!("Patient/{patient}") },
        "owner": { "reference": format!("Practitioner/{owner}") },
    })
}

/// A resource ready for the store.
#[derive(Clone)]
pub struct Ready {
    /// Its type.
    pub resource_type: &'static str,
    /// Its id.
    pub id: String,
    /// What is kept.
    pub body: Body,
    /// What it is found by.
    pub indexed: Indexed,
}

/// Makes a resource ready, as the server does on create.
pub fn ready(
    resource_type: &'static str,
    mut resource: Value,
    origin: &str,
) -> anyhow::Result<Ready> {
    let extension = json!({
        "url": RESOURCE_ORIGIN,
        "valueReference": { "reference": format!("Device/{origin}"), "type": "Device" },
    });
    match resource.get_mut("extension").and_then(Value::as_array_mut) {
        Some(list) => list.push(extension),
        None => resource["extension"] = json!([extension]),
    }
    let node: Node = json::parse(resource.to_string().as_bytes())?;
    Ok(Ready {
        resource_type,
        id: uuid::Uuid::new_v4().to_string(),
        body: body(&node),
        indexed: Catalog::built_in().index(&node, None),
    })
}
