//! A resource of every type with a value in every element that a search parameter
//! of R4 or Koppeltaal looks at, and for each parameter a value that finds it.

use serde_json::{Value, json};

use crate::filled_things::{
    ACTIVITY_DEFINITION, AUDIT_EVENT, DEVICE, ENDPOINT, SUBSCRIPTION, TASK, activity_definition,
    audit_event, device, endpoint, subscription, task,
};

/// The parameters of a type and values of theirs.
pub type Cases = &'static [(&'static str, &'static str)];

/// The resource, without what all types have.
pub fn filled(kind: &str) -> Value {
    match kind {
        "ActivityDefinition" => activity_definition(),
        "AuditEvent" => audit_event(),
        "CareTeam" => care_team(),
        "Device" => device(),
        "Endpoint" => endpoint(),
        "Organization" => organization(),
        "Patient" => patient(),
        "Practitioner" => practitioner(),
        "RelatedPerson" => related_person(),
        "Subscription" => subscription(),
        "Task" => task(),
        other => panic!("no {other}"),
    }
}

/// What finds it, and nothing but it.
pub fn cases(kind: &str) -> Cases {
    match kind {
        "ActivityDefinition" => ACTIVITY_DEFINITION,
        "AuditEvent" => AUDIT_EVENT,
        "CareTeam" => CARE_TEAM,
        "Device" => DEVICE,
        "Endpoint" => ENDPOINT,
        "Organization" => ORGANIZATION,
        "Patient" => PATIENT,
        "Practitioner" => PRACTITIONER,
        "RelatedPerson" => RELATED_PERSON,
        "Subscription" => SUBSCRIPTION,
        "Task" => TASK,
        other => panic!("no {other}"),
    }
}

pub fn concept(code: &str) -> Value {
    json!({ "coding": [{ "system": "urn:c", "code": code }] })
}

pub fn identifier() -> Value {
    json!([{ "system": "urn:ids", "value": "id-1" }])
}

pub fn to(reference: &str) -> Value {
    json!({ "reference": reference })
}

fn name() -> Value {
    json!([{ "use": "official", "family": "Jansen", "given": ["Zoë"] }])
}

fn telecom() -> Value {
    json!([
        { "system": "phone", "use": "mobile", "value": "+31612345678" },
        { "system": "email", "use": "home", "value": "zoe@example.test" },
    ])
}

fn address() -> Value {
    json!([{
        "use": "home", "line": ["Kade 1"], "city": "Utrecht", "state": "UT",
        "postalCode": "3511 AB", "country": "NL",
    }])
}

fn patient() -> Value {
    json!({
        "identifier": identifier(),
        "active": true,
        "name": name(),
        "telecom": telecom(),
        "gender": "female",
        "birthDate": "1980-02-29",
        "deceasedDateTime": "2024-05-01T10:00:00Z",
        "address": address(),
        "communication": [{ "language": concept("nl") }],
        "generalPractitioner": [to("Practitioner/gp")],
        "managingOrganization": to("Organization/org"),
        "link": [{ "other": to("Patient/twin"), "type": "seealso" }],
    })
}

const PATIENT: Cases = &[
    ("active", "true"),
    ("address", "kade"),
    ("address", "3511"),
    ("address-city", "utrecht"),
    ("address-country", "nl"),
    ("address-postalcode", "3511 ab"),
    ("address-state", "ut"),
    ("address-use", "home"),
    ("birthdate", "1980-02-29"),
    ("death-date", "2024-05-01"),
    ("deceased", "true"),
    ("email", "zoe@example.test"),
    ("family", "jansen"),
    ("gender", "female"),
    ("gender", "http://hl7.org/fhir/administrative-gender|female"),
    ("general-practitioner", "Practitioner/gp"),
    ("given", "zoe"),
    ("identifier", "urn:ids|id-1"),
    ("language", "urn:c|nl"),
    ("link", "Patient/twin"),
    ("name", "jansen"),
    ("name", "zoë"),
    ("organization", "Organization/org"),
    ("phone", "+31612345678"),
    ("phonetic", "jansen"),
    ("telecom", "zoe@example.test"),
];

fn practitioner() -> Value {
    json!({
        "identifier": identifier(),
        "active": true,
        "name": name(),
        "telecom": telecom(),
        "gender": "female",
        "address": address(),
        "communication": [concept("nl")],
    })
}

const PRACTITIONER: Cases = &[
    ("active", "true"),
    ("address", "utrecht"),
    ("address-city", "utrecht"),
    ("address-country", "nl"),
    ("address-postalcode", "3511 ab"),
    ("address-state", "ut"),
    ("address-use", "home"),
    ("communication", "urn:c|nl"),
    ("email", "zoe@example.test"),
    ("family", "jansen"),
    ("gender", "female"),
    ("given", "zoe"),
    ("identifier", "urn:ids|id-1"),
    ("name", "jansen"),
    ("phone", "+31612345678"),
    ("phonetic", "jansen"),
    ("telecom", "+31612345678"),
];

fn related_person() -> Value {
    json!({
        "identifier": identifier(),
        "active": true,
        "patient": to("Patient/child"),
        "relationship": [concept("MTH")],
        "name": name(),
        "telecom": telecom(),
        "gender": "female",
        "birthDate": "1980-02-29",
        "address": address(),
    })
}

const RELATED_PERSON: Cases = &[
    ("active", "true"),
    ("address", "utrecht"),
    ("address-city", "utrecht"),
    ("address-country", "nl"),
    ("address-postalcode", "3511 ab"),
    ("address-state", "ut"),
    ("address-use", "home"),
    ("birthdate", "1980-02-29"),
    ("email", "zoe@example.test"),
    ("gender", "female"),
    ("identifier", "urn:ids|id-1"),
    ("name", "jansen"),
    ("patient", "Patient/child"),
    ("phone", "+31612345678"),
    ("phonetic", "jansen"),
    ("relationship", "urn:c|MTH"),
    ("telecom", "zoe@example.test"),
];

fn organization() -> Value {
    json!({
        "identifier": identifier(),
        "active": true,
        "type": [concept("V6")],
        "name": "Zorggroep",
        "alias": ["Buurthulp"],
        "address": address(),
        "partOf": to("Organization/parent"),
        "endpoint": [to("Endpoint/door")],
    })
}

const ORGANIZATION: Cases = &[
    ("active", "true"),
    ("address", "utrecht"),
    ("address-city", "utrecht"),
    ("address-country", "nl"),
    ("address-postalcode", "3511 ab"),
    ("address-state", "ut"),
    ("address-use", "home"),
    ("endpoint", "Endpoint/door"),
    ("identifier", "urn:ids|id-1"),
    ("name", "zorggroep"),
    ("name", "buurthulp"),
    ("partof", "Organization/parent"),
    ("phonetic", "zorggroep"),
    ("type", "urn:c|V6"),
];

fn care_team() -> Value {
    json!({
        "identifier": identifier(),
        "status": "active",
        "category": [concept("team")],
        "subject": to("Patient/child"),
        "encounter": to("Encounter/visit"),
        "period": { "start": "2024-05-01", "end": "2024-05-31" },
        "participant": [{ "member": to("Practitioner/gp") }],
    })
}

const CARE_TEAM: Cases = &[
    ("category", "urn:c|team"),
    ("date", "2024-05"),
    ("encounter", "Encounter/visit"),
    ("identifier", "urn:ids|id-1"),
    ("participant", "Practitioner/gp"),
    ("patient", "Patient/child"),
    ("status", "active"),
    ("subject", "Patient/child"),
];
