//! Resources that are valid under the profiles of Koppeltaal 2.0. What they refer to
//! is filled in by whoever sends them.

use serde_json::{Value, json};

/// The system of the identifiers.
pub const SYSTEM: &str = "https://client.example/ids";

/// The resources, by what they are called in the scripts.
pub fn all() -> Value {
    json!({
        "patient": patient(),
        "practitioner": practitioner(),
        "endpoint": endpoint(),
        "activity": activity(),
        "task": task(),
        "subscription": subscription(),
    })
}

pub fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "meta": profile("Patient"),
        "identifier": [{ "system": SYSTEM, "value": "patient" }],
        "active": true,
        "name": [official("Müller", "Zoë")],
        "gender": "female",
        "birthDate": "1980-04-17",
    })
}

pub fn practitioner() -> Value {
    json!({
        "resourceType": "Practitioner",
        "meta": profile("Practitioner"),
        "identifier": [{ "system": SYSTEM, "value": "practitioner" }],
        "active": true,
        "name": [official("Visser", "Hendrik")],
        "telecom": [{ "system": "email", "use": "work", "value": "visser@client.example" }],
    })
}

pub fn organization() -> Value {
    json!({
        "resourceType": "Organization",
        "meta": profile("Organization"),
        "identifier": [{ "system": SYSTEM, "value": "organization" }],
        "active": true,
        "name": "De Zonnehoek",
    })
}

/// Somebody's mother; `patient` is filled in.
pub fn related_person(patient: &str) -> Value {
    json!({
        "resourceType": "RelatedPerson",
        "meta": profile("RelatedPerson"),
        "identifier": [{ "system": SYSTEM, "value": "related" }],
        "active": true,
        "patient": { "reference": patient },
        "relationship": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH",
            "display": "mother",
        }] }],
        "name": [official("Bakker", "Anna")],
        "gender": "female",
        "birthDate": "1955-01-31",
    })
}

/// The team of a patient with one practitioner.
pub fn care_team(patient: &str, practitioner: &str) -> Value {
    json!({
        "resourceType": "CareTeam",
        "meta": profile("CareTeam"),
        "identifier": [{ "system": SYSTEM, "value": "team" }],
        "status": "active",
        "subject": { "reference": patient },
        "participant": [{
            "role": [{ "coding": [{
                "system": "http://snomed.info/sct", "code": "405623001",
                "display": "Assigned practitioner (occupation)",
            }] }],
            "member": { "reference": practitioner },
        }],
    })
}

pub fn endpoint() -> Value {
    json!({
        "resourceType": "Endpoint",
        "meta": profile("Endpoint"),
        "status": "active",
        "connectionType": {
            "system": "http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type",
            "code": "hti-smart-on-fhir",
        },
        "payloadType": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type", "code": "any",
        }] }],
        "address": "https://client.example/launch",
    })
}

/// Its endpoint is to be filled in.
pub fn activity() -> Value {
    json!({
        "resourceType": "ActivityDefinition",
        "meta": profile("ActivityDefinition"),
        "extension": [
            {
                "url": "http://koppeltaal.nl/fhir/StructureDefinition/KT2EndpointExtension",
                "valueReference": { "reference": "Endpoint/" },
            },
            {
                "url": "http://koppeltaal.nl/fhir/StructureDefinition/KT2PublisherId",
                "valueId": "publisher-1",
            },
        ],
        "url": "https://client.example/ActivityDefinition/sleep",
        "status": "active",
        "title": "Beter slapen",
        "topic": [{ "coding": [{
            "system": "http://vzvz.nl/fhir/CodeSystem/koppeltaal-definition-topic",
            "code": "self-treatment",
        }] }],
    })
}

/// Its definition, patient and owner are to be filled in.
pub fn task() -> Value {
    json!({
        "resourceType": "Task",
        "meta": profile("Task"),
        "extension": [{
            "url": "http://vzvz.nl/fhir/StructureDefinition/instantiates",
            "valueReference": { "reference": "ActivityDefinition/" },
        }],
        "identifier": [{ "system": SYSTEM, "value": "task" }],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "for": { "reference": "Patient/" },
        "owner": { "reference": "Practitioner/" },
    })
}

pub fn subscription() -> Value {
    json!({
        "resourceType": "Subscription",
        "meta": profile("Subscription"),
        "status": "requested",
        "reason": "to be told of tasks",
        "criteria": "Task?status=requested",
        "channel": { "type": "rest-hook", "endpoint": "https://client.example/hook" },
    })
}

fn profile(resource_type: &str) -> Value {
    json!({ "profile": [format!("http://koppeltaal.nl/fhir/StructureDefinition/KT2{resource_type}")] })
}

fn official(family: &str, given: &str) -> Value {
    let own_name = "http://hl7.org/fhir/StructureDefinition/humanname-own-name";
    let qualifier = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier";
    json!({
        "use": "official",
        "family": family,
        "_family": { "extension": [{ "url": own_name, "valueString": family }] },
        "given": [given],
        "_given": [{ "extension": [{ "url": qualifier, "valueCode": "BR" }] }],
    })
}
