//! Resources that can be imported: with ids, and from the portal's Device.

use serde_json::{Value, json};
use uuid::Uuid;

/// The Device of the portal.
pub const PORTAL: &str = "9c1f6a52-3c0a-4b3e-8b43-0d5a1c7e2f10";
const KT2: &str = "http://koppeltaal.nl/fhir/StructureDefinition/";

/// An id that is always the same for a name.
pub fn id(name: &str) -> String {
    let mut bytes = [0; 16];
    for (at, byte) in name.bytes().enumerate() {
        bytes[at % 16] ^= byte.rotate_left(u32::try_from(at / 16).unwrap());
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A reference to the resource with this name.
pub fn to(kind: &str, name: &str) -> Value {
    json!({ "reference": format!("{kind}/{}", id(name)) })
}

/// A resource of the portal: type, id of the name, profile, origin, and the rest.
pub fn resource(kind: &str, name: &str, rest: Value) -> Value {
    let origin = json!({
        "url": format!("{KT2}resource-origin"),
        "valueReference": { "reference": format!("Device/{PORTAL}"), "type": "Device" },
    });
    let mut resource = json!({
        "resourceType": kind,
        "id": id(name),
        "meta": { "profile": [format!("{KT2}KT2{kind}")] },
        "extension": [origin],
    });
    for (key, value) in rest.as_object().unwrap() {
        match (key.as_str(), value) {
            ("extension", Value::Array(more)) => {
                resource["extension"].as_array_mut().unwrap().extend(more.clone());
            }
            _ => resource[key] = value.clone(),
        }
    }
    resource
}

fn identifier(name: &str) -> Value {
    json!([{ "system": "https://example.test/ids", "value": name }])
}

fn official(family: &str, given: &str) -> Value {
    let own = "http://hl7.org/fhir/StructureDefinition/humanname-own-name";
    let qualifier = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier";
    json!({
        "use": "official",
        "family": family,
        "_family": { "extension": [{ "url": own, "valueString": family }] },
        "given": [given],
        "_given": [{ "extension": [{ "url": qualifier, "valueCode": "BR" }] }],
    })
}

pub fn patient(name: &str) -> Value {
    resource(
        "Patient",
        name,
        json!({
            "identifier": identifier(name),
            "active": true,
            "name": [official("Jansen", name)],
            "gender": "female",
            "birthDate": "1980-02-29",
        }),
    )
}

pub fn practitioner(name: &str) -> Value {
    resource(
        "Practitioner",
        name,
        json!({
            "identifier": identifier(name),
            "active": true,
            "name": [official("de Vries", name)],
            "telecom": [{ "system": "email", "value": "sam@example.test", "use": "work" }],
        }),
    )
}

pub fn related_person(name: &str, patient: &str) -> Value {
    let system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    resource(
        "RelatedPerson",
        name,
        json!({
            "identifier": identifier(name),
            "active": true,
            "patient": to("Patient", patient),
            "relationship": [{ "coding": [{ "system": system, "code": "MTH" }] }],
            "name": [official("Bakker", name)],
            "gender": "female",
            "birthDate": "1955-07-01",
        }),
    )
}

pub fn care_team(name: &str, patient: &str, member: Value) -> Value {
    resource(
        "CareTeam",
        name,
        json!({
            "identifier": identifier(name),
            "status": "active",
            "name": name,
            "subject": to("Patient", patient),
            "participant": [{
                "role": [{ "coding": [{ "system": "http://snomed.info/sct", "code": "405623001" }] }],
                "member": member,
            }],
        }),
    )
}

pub fn organization(name: &str) -> Value {
    resource(
        "Organization",
        name,
        json!({
            "identifier": identifier(name),
            "active": true,
            "name": "Zorggroep Oost",
        }),
    )
}

pub fn endpoint(name: &str) -> Value {
    resource(
        "Endpoint",
        name,
        json!({
            "status": "active",
            "connectionType": {
                "system": "http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type",
                "code": "hti-smart-on-fhir",
            },
            "payloadType": [{ "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type",
                "code": "any",
            }] }],
            "address": format!("https://module.example.test/{name}"),
        }),
    )
}

pub fn activity_definition(name: &str, endpoint: &str) -> Value {
    resource(
        "ActivityDefinition",
        name,
        json!({
            "extension": [{
                "url": format!("{KT2}KT2EndpointExtension"),
                "valueReference": to("Endpoint", endpoint),
            }],
            "url": format!("https://example.test/activities/{name}"),
            "name": "Slaap",
            "title": "Beter slapen",
            "status": "active",
        }),
    )
}

pub fn task(name: &str, patient: &str, owner: Value) -> Value {
    resource(
        "Task",
        name,
        json!({
            "identifier": identifier(name),
            "status": "ready",
            "intent": "order",
            "for": to("Patient", patient),
            "owner": owner,
        }),
    )
}

/// A Task that is part of another one.
pub fn part(name: &str, of: &str, patient: &str, owner: Value) -> Value {
    let mut task = task(name, patient, owner);
    let system = "http://vzvz.nl/fhir/CodeSystem/koppeltaal-task-code";
    task["code"] = json!({ "coding": [{ "system": system, "code": "view" }] });
    task["partOf"] = json!([to("Task", of)]);
    task
}

pub fn subscription(name: &str, header: &str) -> Value {
    resource(
        "Subscription",
        name,
        json!({
            "status": "active",
            "reason": "a test",
            "criteria": "Task?status=ready",
            "channel": {
                "type": "rest-hook",
                "endpoint": "https://hooks.example.test/kt2",
                "header": [header],
            },
        }),
    )
}

/// The portal tells that somebody has read something.
pub fn audit_event(name: &str, what: Value) -> Value {
    let dicom = "http://dicom.nema.org/resources/ontology/DCM";
    let device = json!({ "reference": format!("Device/{PORTAL}") });
    resource(
        "AuditEvent",
        name,
        json!({
            "type": {
                "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
                "code": "rest",
            },
            "subtype": [{ "system": "http://hl7.org/fhir/restful-interaction", "code": "read" }],
            "action": "R",
            "recorded": "2024-05-01T10:00:00.000Z",
            "outcome": "0",
            "agent": [{
                "type": { "coding": [{ "system": dicom, "code": "110153" }] },
                "who": device,
                "requestor": true,
            }],
            "source": { "observer": device },
            "entity": [{ "what": what }],
        }),
    )
}

/// A custom search parameter.
pub fn search_parameter(name: &str, code: &str, base: &str, expression: &str) -> Value {
    json!({
        "resourceType": "SearchParameter",
        "id": id(name),
        "url": format!("https://example.test/SearchParameter/{name}"),
        "name": code,
        "status": "active",
        "description": "a test",
        "code": code,
        "base": [base],
        "type": "string",
        "expression": expression,
    })
}

/// Some of every type: about the patients `zoe` and `bart`.
pub fn all() -> Vec<Value> {
    vec![
        // Lines may refer to later ones.
        task("slapen", "zoe", to("Practitioner", "sam")),
        part("slapen-1", "slapen", "zoe", to("Practitioner", "sam")),
        patient("zoe"),
        practitioner("sam"),
        related_person("moeder", "zoe"),
        care_team("team", "zoe", to("RelatedPerson", "moeder")),
        task("helpen", "zoe", to("RelatedPerson", "moeder")),
        task("samen", "zoe", to("CareTeam", "team")),
        patient("bart"),
        care_team("team-bart", "bart", to("Practitioner", "sam")),
        task("wandelen", "bart", to("Practitioner", "sam")),
        organization("oost"),
        endpoint("module"),
        activity_definition("slaap", "module"),
        subscription("melding", "Authorization: Bearer geheim-77"),
        audit_event("gelezen", to("Patient", "zoe")),
        audit_event("gezien", json!({ "reference": format!("Patient/{}", Uuid::nil()) })),
    ]
}
