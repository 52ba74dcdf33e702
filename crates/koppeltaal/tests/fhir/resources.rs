//! Resources that Koppeltaal accepts, as JSON to be changed as a test likes.
//! Each has an identifier of its own.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, path};
use crate::world::World;

/// Where the profiles and extensions of Koppeltaal are.
pub const KT2: &str = "http://koppeltaal.nl/fhir/StructureDefinition/";
/// The extension that says whose a resource is.
pub const ORIGIN: &str = "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin";
/// The extension by which a Task says what it is an instance of.
pub const INSTANTIATES: &str = "http://vzvz.nl/fhir/StructureDefinition/instantiates";
/// The system of the ids of clients.
pub const CLIENT_ID: &str = "http://vzvz.nl/fhir/NamingSystem/koppeltaal-client-id";
/// The codes of Tasks.
pub const TASK_CODE: &str = "http://vzvz.nl/fhir/CodeSystem/koppeltaal-task-code";

/// The types that applications exchange.
pub const TYPES: [&str; 11] = [
    "ActivityDefinition",
    "AuditEvent",
    "CareTeam",
    "Device",
    "Endpoint",
    "Organization",
    "Patient",
    "Practitioner",
    "RelatedPerson",
    "Subscription",
    "Task",
];

/// The types that say what the others are.
pub const CONFORMANCE: [&str; 6] = [
    "CodeSystem",
    "ImplementationGuide",
    "NamingSystem",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
];

/// The Koppeltaal profile of a type, as `meta`.
pub fn meta(kind: &str) -> Value {
    json!({ "profile": [format!("{KT2}KT2{kind}")] })
}

fn identifier() -> Value {
    json!([{ "system": "https://example.test/ids", "value": Uuid::new_v4().to_string() }])
}

/// An official name with all that it needs.
pub fn official(family: &str, given: &str) -> Value {
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

pub fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "meta": meta("Patient"),
        "identifier": identifier(),
        "active": true,
        "name": [official("Jansen", "Zoë")],
        "gender": "female",
        "birthDate": "1980-02-29",
    })
}

pub fn practitioner() -> Value {
    json!({
        "resourceType": "Practitioner",
        "meta": meta("Practitioner"),
        "identifier": identifier(),
        "active": true,
        "name": [official("de Vries", "Sam")],
        "telecom": [{ "system": "email", "value": "sam@example.test", "use": "work" }],
    })
}

pub fn related_person(patient: &str) -> Value {
    let system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    json!({
        "resourceType": "RelatedPerson",
        "meta": meta("RelatedPerson"),
        "identifier": identifier(),
        "active": true,
        "patient": { "reference": patient },
        "relationship": [{ "coding": [{ "system": system, "code": "MTH" }] }],
        "name": [official("Bakker", "Noor")],
        "gender": "female",
        "birthDate": "1955-07-01",
    })
}

pub fn organization() -> Value {
    json!({
        "resourceType": "Organization",
        "meta": meta("Organization"),
        "identifier": identifier(),
        "active": true,
        "name": "Zorggroep Oost",
    })
}

pub fn care_team(patient: &str, practitioner: &str) -> Value {
    json!({
        "resourceType": "CareTeam",
        "meta": meta("CareTeam"),
        "identifier": identifier(),
        "status": "active",
        "name": "Team Noord",
        "subject": { "reference": patient },
        "participant": [{
            "role": [{ "coding": [{ "system": "http://snomed.info/sct", "code": "405623001" }] }],
            "member": { "reference": practitioner },
        }],
    })
}

pub fn device() -> Value {
    json!({
        "resourceType": "Device",
        "meta": meta("Device"),
        "identifier": [{ "system": CLIENT_ID, "value": Uuid::new_v4().to_string() }],
        "status": "active",
        "deviceName": [{ "name": "Game", "type": "user-friendly-name" }],
    })
}

pub fn endpoint() -> Value {
    json!({
        "resourceType": "Endpoint",
        "meta": meta("Endpoint"),
        "status": "active",
        "connectionType": {
            "system": "http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type",
            "code": "hti-smart-on-fhir",
        },
        "payloadType": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type",
            "code": "any",
        }] }],
        "address": format!("https://module.example.test/{}", Uuid::new_v4()),
    })
}

pub fn activity_definition(endpoint: &str) -> Value {
    json!({
        "resourceType": "ActivityDefinition",
        "meta": meta("ActivityDefinition"),
        "extension": [{
            "url": format!("{KT2}KT2EndpointExtension"),
            "valueReference": { "reference": endpoint },
        }],
        "url": format!("https://example.test/activities/{}", Uuid::new_v4()),
        "name": "Slaap",
        "title": "Beter slapen",
        "status": "active",
    })
}

pub fn task(patient: &str, owner: &str) -> Value {
    json!({
        "resourceType": "Task",
        "meta": meta("Task"),
        "identifier": identifier(),
        "status": "ready",
        "intent": "order",
        "for": { "reference": patient },
        "owner": { "reference": owner },
    })
}

pub fn subscription(criteria: &str) -> Value {
    json!({
        "resourceType": "Subscription",
        "meta": meta("Subscription"),
        "status": "requested",
        "reason": "a test",
        "criteria": criteria,
        "channel": { "type": "rest-hook", "endpoint": "https://hooks.example.test/kt2" },
    })
}

/// A Device tells that somebody has read something.
pub fn audit_event(device: &str, what: &str) -> Value {
    let dicom = "http://dicom.nema.org/resources/ontology/DCM";
    json!({
        "resourceType": "AuditEvent",
        "meta": meta("AuditEvent"),
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
            "who": { "reference": device },
            "requestor": true,
        }],
        "source": { "observer": { "reference": device } },
        "entity": [{ "what": { "reference": what } }],
    })
}

/// What resources of other types refer to, all of one client.
#[derive(Debug, Clone)]
pub struct Ground {
    pub patient: String,
    pub practitioner: String,
    pub endpoint: String,
    /// The Device of the client.
    pub device: String,
}

impl Ground {
    /// Lets a client make it.
    pub async fn of(world: &World, name: &str) -> Self {
        let client = world.client(name).await;
        let made = async |client: &Client, resource: Value| path(&client.create(&resource).await);
        Self {
            patient: made(&client, patient()).await,
            practitioner: made(&client, practitioner()).await,
            endpoint: made(&client, endpoint()).await,
            device: world.device(name),
        }
    }

    /// A new resource of a type that refers to no more than this.
    pub fn resource(&self, kind: &str) -> Value {
        match kind {
            "ActivityDefinition" => activity_definition(&self.endpoint),
            "AuditEvent" => audit_event(&self.device, &self.patient),
            "CareTeam" => care_team(&self.patient, &self.practitioner),
            "Device" => device(),
            "Endpoint" => endpoint(),
            "Organization" => organization(),
            "Patient" => patient(),
            "Practitioner" => practitioner(),
            "RelatedPerson" => related_person(&self.patient),
            "Subscription" => subscription("Task?status=ready"),
            "Task" => task(&self.patient, &self.practitioner),
            other => panic!("no {other}"),
        }
    }
}

/// A resource that is kept, changed: another version of it will be made.
pub fn changed(resource: &Value) -> Value {
    let mut resource = resource.clone();
    let kind = resource["resourceType"].as_str().unwrap().to_owned();
    match kind.as_str() {
        "ActivityDefinition" => resource["title"] = "Nog beter slapen".into(),
        "CareTeam" => resource["name"] = "Team Zuid".into(),
        "Device" => resource["deviceName"][0]["name"] = "Groter spel".into(),
        "Endpoint" => resource["name"] = "Een naam".into(),
        "Organization" => resource["name"] = "Zorggroep West".into(),
        "Subscription" => resource["reason"] = "another".into(),
        "Task" => resource["status"] = "in-progress".into(),
        _ => resource["active"] = (!resource["active"].as_bool().unwrap()).into(),
    }
    resource
}
