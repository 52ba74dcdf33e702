//! The filled resources that are no people: see [`filled`](crate::filled).

use serde_json::{Value, json};

use crate::filled::{Cases, concept, identifier, to};
use crate::resources::{INSTANTIATES, KT2};

const UCT: &str = "http://terminology.hl7.org/CodeSystem/usage-context-type";

pub fn device() -> Value {
    json!({
        "identifier": identifier(),
        "udiCarrier": [{ "deviceIdentifier": "di-100", "carrierHRF": "hrf-100" }],
        "status": "inactive",
        "manufacturer": "Maker",
        "modelNumber": "Model T",
        "deviceName": [{ "name": "Spel", "type": "user-friendly-name" }],
        "type": { "coding": [{ "system": "urn:c", "code": "app", "display": "Klokje" }] },
        "patient": to("Patient/child"),
        "owner": to("Organization/org"),
        "location": to("Location/here"),
        "url": "https://device.example.test/a",
    })
}

pub const DEVICE: Cases = &[
    ("device-name", "spel"),
    ("device-name", "klokje"),
    ("identifier", "urn:ids|id-1"),
    ("location", "Location/here"),
    ("manufacturer", "maker"),
    ("model", "model t"),
    ("organization", "Organization/org"),
    ("patient", "Patient/child"),
    ("status", "inactive"),
    ("type", "urn:c|app"),
    ("udi-carrier", "hrf-100"),
    ("udi-di", "di-100"),
    ("url", "https://device.example.test/a"),
];

pub fn endpoint() -> Value {
    json!({
        "identifier": identifier(),
        "status": "active",
        "connectionType": { "system": "urn:c", "code": "launch" },
        "name": "Deur",
        "managingOrganization": to("Organization/org"),
        "payloadType": [concept("any")],
        "address": "https://endpoint.example.test",
    })
}

pub const ENDPOINT: Cases = &[
    ("connection-type", "urn:c|launch"),
    ("identifier", "urn:ids|id-1"),
    ("name", "deur"),
    ("organization", "Organization/org"),
    ("payload-type", "urn:c|any"),
    ("status", "active"),
];

pub fn activity_definition() -> Value {
    let artifact =
        |kind: &str| json!({ "type": kind, "resource": format!("http://example.test/{kind}") });
    let coded = |code: &str| json!({ "system": UCT, "code": code });
    json!({
        "extension": [{ "url": format!("{KT2}KT2PublisherId"), "valueId": "publisher-1" }],
        "url": "https://activity.example.test/a",
        "identifier": identifier(),
        "version": "1.2",
        "name": "Slaap",
        "title": "Beter slapen",
        "status": "active",
        "date": "2024-05-01",
        "publisher": "Uitgever",
        "description": "Een training",
        "useContext": [
            { "code": coded("focus"), "valueCodeableConcept": concept("slaap") },
            { "code": coded("age"), "valueQuantity": {
                "value": 18, "system": "http://unitsofmeasure.org", "code": "a", "unit": "jaar",
            } },
            { "code": coded("task"), "valueRange": { "low": { "value": 30 }, "high": { "value": 40 } } },
        ],
        "jurisdiction": [concept("NL")],
        "effectivePeriod": { "start": "2024-01-01", "end": "2024-12-31" },
        "topic": [concept("self-treatment")],
        "relatedArtifact": [
            artifact("composed-of"), artifact("depends-on"), artifact("derived-from"),
            artifact("predecessor"), artifact("successor"),
        ],
        "library": ["http://example.test/library"],
        "participant": [{ "type": "related-person" }],
    })
}

pub const ACTIVITY_DEFINITION: Cases = &[
    ("composed-of", "http://example.test/composed-of"),
    ("context", "urn:c|slaap"),
    ("context-quantity", "18|http://unitsofmeasure.org|a"),
    ("context-quantity", "lt18.5"),
    ("context-type", "http://terminology.hl7.org/CodeSystem/usage-context-type|focus"),
    ("context-type-quantity", "age$18"),
    (
        "context-type-quantity",
        "http://terminology.hl7.org/CodeSystem/usage-context-type|age$le18||jaar",
    ),
    ("context-type-value", "focus$slaap"),
    (
        "context-type-value",
        "http://terminology.hl7.org/CodeSystem/usage-context-type|focus$urn:c|slaap",
    ),
    ("date", "2024-05-01"),
    ("depends-on", "http://example.test/depends-on"),
    ("depends-on", "http://example.test/library"),
    ("derived-from", "http://example.test/derived-from"),
    ("description", "een training"),
    ("effective", "2024"),
    ("identifier", "urn:ids|id-1"),
    ("jurisdiction", "urn:c|NL"),
    ("name", "slaap"),
    ("participant", "related-person"),
    ("predecessor", "http://example.test/predecessor"),
    ("publisher", "uitgever"),
    ("publisherId", "publisher-1"),
    ("status", "active"),
    ("successor", "http://example.test/successor"),
    ("title", "beter slapen"),
    ("topic", "urn:c|self-treatment"),
    ("url", "https://activity.example.test/a"),
    ("version", "1.2"),
];

pub fn task() -> Value {
    json!({
        "extension": [{ "url": INSTANTIATES, "valueReference": to("ActivityDefinition/sleep") }],
        "identifier": identifier(),
        "basedOn": [to("CarePlan/plan")],
        "groupIdentifier": { "system": "urn:group", "value": "group-1" },
        "partOf": [to("Task/whole")],
        "status": "ready",
        "businessStatus": concept("halfway"),
        "intent": "order",
        "priority": "routine",
        "code": concept("view"),
        "focus": to("Observation/seen"),
        "for": to("Patient/child"),
        "encounter": to("Encounter/visit"),
        "executionPeriod": { "start": "2024-05-01", "end": "2024-05-31" },
        "authoredOn": "2024-05-01T10:00:00+02:00",
        "lastModified": "2024-06-01",
        "requester": to("Practitioner/gp"),
        "performerType": [concept("nurse")],
        "owner": to("CareTeam/team"),
    })
}

pub const TASK: Cases = &[
    ("authored-on", "2024-05-01T08:00:00Z"),
    ("based-on", "CarePlan/plan"),
    ("business-status", "urn:c|halfway"),
    ("code", "urn:c|view"),
    ("encounter", "Encounter/visit"),
    ("focus", "Observation/seen"),
    ("group-identifier", "urn:group|group-1"),
    ("identifier", "urn:ids|id-1"),
    ("instantiates", "ActivityDefinition/sleep"),
    ("instantiates", "sleep"),
    ("intent", "order"),
    ("modified", "2024-06-01"),
    ("owner", "CareTeam/team"),
    ("part-of", "Task/whole"),
    ("patient", "Patient/child"),
    ("performer", "urn:c|nurse"),
    ("period", "2024-05"),
    ("priority", "routine"),
    ("requester", "Practitioner/gp"),
    ("status", "ready"),
    ("subject", "Patient/child"),
];

pub fn subscription() -> Value {
    json!({
        "status": "active",
        "contact": [{ "system": "email", "value": "beheer@example.test" }],
        "reason": "omdat",
        "criteria": "Task?status=ready",
        "channel": {
            "type": "rest-hook",
            "endpoint": "https://hook.example.test/a",
            "payload": "application/fhir+json",
        },
    })
}

pub const SUBSCRIPTION: Cases = &[
    ("contact", "beheer@example.test"),
    ("criteria", "Task?status"),
    ("payload", "application/fhir+json"),
    ("status", "active"),
    ("type", "rest-hook"),
    ("url", "https://hook.example.test/a"),
];

pub fn audit_event() -> Value {
    let id = |name: &str, value: &str| json!({ "url": format!("{KT2}{name}"), "valueId": value });
    let coding = |code: &str| json!({ "system": "urn:c", "code": code });
    json!({
        "extension": [
            id("trace-id", "trace-1"), id("correlation-id", "correlation-1"),
            id("request-id", "request-1"),
        ],
        "type": coding("rest"),
        "subtype": [coding("read")],
        "action": "R",
        "recorded": "2024-05-01T10:00:00.500Z",
        "outcome": "0",
        "agent": [{
            "role": [concept("author")],
            "who": to("Device/app"),
            "altId": "alt-1",
            "name": "Toepassing",
            "policy": ["http://policy.example.test/a"],
            "network": { "address": "app.example.test" },
        }],
        "source": { "site": "zorg", "observer": to("Device/server") },
        "entity": [
            { "what": to("Patient/child"), "type": coding("person"), "role": coding("1") },
            { "name": "Het dossier" },
        ],
    })
}

pub const AUDIT_EVENT: Cases = &[
    ("action", "R"),
    ("address", "app.example.test"),
    ("agent", "Device/app"),
    ("agent-name", "toepassing"),
    ("agent-role", "urn:c|author"),
    ("altid", "alt-1"),
    ("correlationId", "correlation-1"),
    ("date", "2024-05-01T10:00:00.500Z"),
    ("entity", "Patient/child"),
    ("entity-name", "het dossier"),
    ("entity-role", "urn:c|1"),
    ("entity-type", "urn:c|person"),
    ("outcome", "0"),
    ("patient", "Patient/child"),
    ("policy", "http://policy.example.test/a"),
    ("requestId", "request-1"),
    ("site", "zorg"),
    ("source", "Device/server"),
    ("subtype", "urn:c|read"),
    ("traceId", "trace-1"),
    ("type", "urn:c|rest"),
];
