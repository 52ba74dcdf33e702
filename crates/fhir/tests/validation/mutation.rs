//! One change to a valid resource per kind of rule, and exactly the issues that it causes.

use super::samples::sample;
use super::*;

/// A sample, where it is changed, to what (JSON; empty takes it out), and the issues.
type Case = (&'static str, &'static str, &'static str, &'static [&'static str]);

/// Changes the value at a path such as `name/0/given`.
fn change(node: &mut Node, path: &str, to: &str) {
    let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
    let mut at = node;
    for step in above.split('/').filter(|step| !step.is_empty()) {
        at = match step.parse::<usize>() {
            Ok(index) => &mut at.as_array_mut().unwrap()[index],
            Err(_) => at.get_mut(step).unwrap(),
        };
    }
    // A hole in a list can only be parsed beside its companion.
    let value = if to == "null" { Node::Null } else { parse_or_remove(to) };
    match (at, last.parse::<usize>()) {
        (Node::Array(items), Ok(index)) if index < items.len() && to.is_empty() => {
            items.remove(index);
        }
        (Node::Array(items), Ok(index)) if index < items.len() => items[index] = value,
        (Node::Array(items), Ok(_)) => items.push(value),
        (Node::Object(members), _) if to.is_empty() => {
            members.remove(last).unwrap();
        }
        (Node::Object(members), _) => members.insert(last, value),
        _ => unreachable!("{path} leads nowhere"),
    }
}

fn parse_or_remove(text: &str) -> Node {
    if text.is_empty() { Node::Null } else { parse(text) }
}

#[track_caller]
fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, path, to, expected) in cases {
        let mut node = sample(name);
        change(&mut node, path, to);
        let found = report(&node);
        let told: Vec<String> = found
            .issues
            .iter()
            .map(|i| format!("{} {} {}", i.severity.code(), i.code.code(), i.expression))
            .collect();
        if told != **expected {
            let to: String = to.chars().take(80).collect();
            wrong.push(format!("{name} {path} = {to}: {:#?}", lines(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn elements_occur_as_often_as_they_must_and_may() {
    check(&[
        ("Patient", "identifier", "", &["error required Patient.identifier"]),
        ("Patient", "active", "", &["error required Patient.active"]),
        (
            "Patient",
            "name/2",
            "{\"use\":\"official\",\"text\":\"x\"}",
            &["error required Patient.name[2].family", "error required Patient.name[2].given"],
        ),
        ("Patient", "name/1/given", "", &["error required Patient.name[1].given"]),
        ("Patient", "photo", "[{\"url\":\"https://x\"}]", &["error structure Patient.photo"]),
        ("Patient", "deceasedBoolean", "true", &["error structure Patient.deceased"]),
        (
            "Subscription",
            "channel/payload",
            "\"application/json\"",
            &["error structure Subscription.channel.payload"],
        ),
        ("Patient", "name/1/family", "\"x\"", &["error structure Patient.name[1].family"]),
        ("AuditEvent", "agent/0/who", "", &["error required AuditEvent.agent[0].who"]),
        ("AuditEvent", "entity", "", &["error required AuditEvent.entity"]),
        ("Device", "deviceName/0/name", "", &["error required Device.deviceName[0].name"]),
    ]);
}

#[test]
fn unknown_elements_are_told() {
    check(&[
        ("Patient", "colour", "\"red\"", &["error structure Patient.colour"]),
        ("Patient", "name/0/first", "\"x\"", &["error structure Patient.name[0].first"]),
        (
            "Patient",
            "managingOrganization/_x",
            "{\"id\":\"a\"}",
            &["error structure Patient.managingOrganization._x"],
        ),
        (
            "Patient",
            "_managingOrganization",
            "{\"id\":\"a\"}",
            &["error structure Patient._managingOrganization"],
        ),
        ("Patient", "deceasedString", "\"x\"", &["error structure Patient.deceasedString"]),
        (
            "Patient",
            "_birthDate",
            "{\"value\":\"x\"}",
            &["error structure Patient.birthDate.value"],
        ),
        ("Patient", "resourceType", "\"Person2\"", &["error not-found Person2"]),
    ]);
}

#[test]
fn json_has_the_form_of_the_element() {
    check(&[
        ("Patient", "name", "{\"use\":\"official\"}", &["error structure Patient.name"]),
        ("Patient", "gender", "[\"female\"]", &["error structure Patient.gender"]),
        ("Patient", "name", "[]", &["error structure Patient.name"]),
        ("Patient", "name/1", "{}", &["error structure Patient.name[1]"]),
        ("Patient", "address/0", "\"x\"", &["error structure Patient.address[0]"]),
        ("Patient", "birthDate", "null", &["error structure Patient.birthDate"]),
        ("Patient", "_birthDate", "{}", &["error structure Patient.birthDate"]),
        (
            "Patient",
            "name/0/_given",
            "[{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier\",\"valueCode\":\"BR\"}]}]",
            &["error structure Patient.name[0].given"],
        ),
        ("Patient", "name/0/given/1", "null", &[]),
        ("Patient", "name/1/given", "[\"\"]", &["error value Patient.name[1].given[0]"]),
    ]);
}

#[test]
fn primitives_have_the_form_of_their_type() {
    check(&[
        ("Patient", "active", "\"true\"", &["error value Patient.active"]),
        ("Patient", "birthDate", "\"1983-02-29\"", &["error value Patient.birthDate"]),
        ("Patient", "id", "\"a_b\"", &["error value Patient.id"]),
        ("Patient", "language", "\" nl\"", &["error value Patient.language"]),
        (
            "Patient",
            "identifier/0/system",
            "\"a b\"",
            &["error value Patient.identifier[0].system"],
        ),
        ("Task", "authoredOn", "\"2024-05-01T09:00:00\"", &["error value Task.authoredOn"]),
        ("AuditEvent", "recorded", "\"2024-05-01\"", &["error value AuditEvent.recorded"]),
        (
            "AuditEvent",
            "extension/0/valueId",
            "\"a b\"",
            &["error value AuditEvent.extension[0].value"],
        ),
        (
            "Patient",
            "name/1/period",
            "{\"start\":\"2024-13\"}",
            &["error value Patient.name[1].period.start"],
        ),
    ]);
}

#[test]
fn fixed_values_and_patterns_are_met() {
    check(&[
        (
            "Device",
            "identifier/0/system",
            "\"http://x\"",
            &["error value Device.identifier[0].system"],
        ),
        (
            "Device",
            "deviceName/0/type",
            "\"model-name\"",
            &["error value Device.deviceName[0].type"],
        ),
        ("Endpoint", "connectionType/display", "\"HTI\"", &["error value Endpoint.connectionType"]),
        ("Endpoint", "payloadType/0/text", "\"any\"", &["error value Endpoint.payloadType[0]"]),
        (
            "Subscription",
            "channel/type",
            "\"websocket\"",
            &["error value Subscription.channel.type"],
        ),
        ("Task", "priority", "\"urgent\"", &["error value Task.priority"]),
        ("Task", "priority", "\"routine\"", &[]),
        // A pattern allows more than it says.
        ("Patient", "identifier/0/period", "{\"start\":\"2020\"}", &[]),
    ]);
}

#[test]
fn codes_are_those_of_their_value_sets() {
    check(&[
        ("Patient", "gender", "\"f\"", &["error code-invalid Patient.gender"]),
        (
            "Patient",
            "name/0/_given/0/extension/0/valueCode",
            "\"XX\"",
            &["error code-invalid Patient.name[0].given[0].extension[0].value"],
        ),
        (
            "CareTeam",
            "participant/1/role/0/coding/0/code",
            "\"1\"",
            &["warning code-invalid CareTeam.participant[1].role[0]"],
        ),
        ("CareTeam", "participant/1/role/0", "{\"text\":\"coach\"}", &[]),
        (
            "ActivityDefinition",
            "useContext/0/code/code",
            "\"x\"",
            &["error code-invalid ActivityDefinition.useContext[0].code"],
        ),
        (
            "ActivityDefinition",
            "useContext/0/valueCodeableConcept/coding/0/code",
            "\"x\"",
            &["error code-invalid ActivityDefinition.useContext[0].value"],
        ),
        (
            "ActivityDefinition",
            "topic/0/coding/0/code",
            "\"x\"",
            &["warning code-invalid ActivityDefinition.topic[0]"],
        ),
        (
            "ActivityDefinition",
            "participant/0/type",
            "\"dog\"",
            &["error code-invalid ActivityDefinition.participant[0].type"],
        ),
        ("Task", "code", "{\"coding\":[{\"system\":\"http://x\",\"code\":\"y\"}]}", &[]),
    ]);
}

#[test]
fn slices_are_told_apart_and_counted() {
    check(&[
        // The name falls in the other slice, which forbids nothing it has but has no qualifier.
        ("Patient", "name/1/use", "\"nickname\"", &[]),
        (
            "Patient",
            "name/2",
            "{\"use\":\"official\",\"text\":\"B A\",\"family\":\"A\",\"given\":[\"B\"]}",
            &["error required Patient.name[2].given[0].extension"],
        ),
        ("Practitioner", "telecom/0/use", "\"old\"", &["error required Practitioner.telecom"]),
        ("Patient", "telecom/0/use", "\"mobile\"", &[]),
        (
            "RelatedPerson",
            "relationship/1/coding/0/code",
            "\"XYZ\"",
            &["error structure RelatedPerson.relationship[1]"],
        ),
        (
            "RelatedPerson",
            "relationship/0/coding/0/code",
            "\"99\"",
            &["error structure RelatedPerson.relationship[0]"],
        ),
        (
            "CareTeam",
            "participant/0/member/reference",
            "\"Patient/p1\"",
            &["error structure CareTeam.participant[0]"],
        ),
        (
            "CareTeam",
            "participant/0/member/reference",
            "\"PractitionerRole/p1\"",
            &["error structure CareTeam.participant[0]"],
        ),
        (
            "CareTeam",
            "participant/0/member",
            "{\"identifier\":{\"value\":\"x\"},\"type\":\"RelatedPerson\"}",
            &[],
        ),
        (
            "ActivityDefinition",
            "useContext/0/valueCodeableConcept",
            "",
            &["error required ActivityDefinition.useContext[0].value"],
        ),
        ("ActivityDefinition", "extension/0", "", &["error required ActivityDefinition.extension"]),
    ]);
}

#[test]
fn extensions_have_their_value_and_their_place() {
    const PUBLISHER: &str = "[{\"url\":\"http://koppeltaal.nl/fhir/StructureDefinition/KT2PublisherId\",\"valueId\":\"x\"}]";
    check(&[
        ("Patient", "extension/0/valueReference", "", &["error invariant Patient.extension[0]"]),
        ("Patient", "extension/0/url", "", &["error required Patient.extension[0].url"]),
        ("Patient", "extension/1", "{\"url\":\"http://x/y\",\"valueString\":\"z\"}", &[]),
        (
            "Patient",
            "modifierExtension",
            "[{\"url\":\"http://x/y\",\"valueString\":\"z\"}]",
            &["error extension Patient.modifierExtension[0]"],
        ),
        ("Patient", "extension", PUBLISHER, &["error extension Patient.extension[0]"]),
        (
            "Patient",
            "name/1/extension",
            PUBLISHER,
            &["error extension Patient.name[1].extension[0]"],
        ),
        (
            "Task",
            "extension/0/valueReference/reference",
            "\"Patient/1\"",
            &["error value Task.extension[0].value"],
        ),
        (
            "Patient",
            "extension/1",
            "{\"url\":\"http://koppeltaal.nl/fhir/StructureDefinition/resource-origin\",\"valueReference\":{\"reference\":\"Device/d2\"}}",
            &["error structure Patient.extension"],
        ),
        (
            "AuditEvent",
            "extension/0",
            "{\"url\":\"http://koppeltaal.nl/fhir/StructureDefinition/trace-id\",\"valueString\":\"x\"}",
            &["error structure AuditEvent.extension[0].value"],
        ),
        (
            "Patient",
            "extension/0/valueString",
            "\"x\"",
            &["error structure Patient.extension[0].value"],
        ),
    ]);
}

#[test]
fn references_have_a_form_and_a_type() {
    check(&[
        ("Task", "owner/reference", "\"Organization/1\"", &["error value Task.owner"]),
        (
            "Task",
            "owner/reference",
            "\"https://x/fhir/Organization/1\"",
            &["error value Task.owner"],
        ),
        ("Task", "owner/reference", "\"urn:uuid:0d0e8400-e29b-41d4-a716-446655440000\"", &[]),
        ("Task", "owner/reference", "\"Patient\"", &["error value Task.owner.reference"]),
        ("Task", "owner/reference", "\"Patient/a_b\"", &["error value Task.owner.reference"]),
        ("Task", "owner/reference", "\"Dog/1\"", &["error value Task.owner.reference"]),
        ("Task", "owner/reference", "\"#x\"", &["error not-found Task.owner.reference"]),
        ("Task", "owner/type", "\"Practitioner\"", &["error value Task.owner.type"]),
        ("Task", "owner", "{\"display\":\"Noor\"}", &[]),
    ]);
}

#[test]
fn contained_resources_follow_their_rules() {
    let patient = "{\"resourceType\":\"Patient\",\"id\":\"x\",\"active\":true}";
    let cases = [
        (format!("[{patient}]"), "#x", vec![]),
        (format!("[{patient}]"), "Patient/1", vec!["error invariant Task.contained[0]"]),
        (
            "[{\"resourceType\":\"Patient\",\"id\":\"x\",\"meta\":{\"versionId\":\"1\"}}]"
                .to_owned(),
            "#x",
            vec!["error invariant Task.contained[0]"],
        ),
        (
            format!("[{{\"resourceType\":\"Patient\",\"id\":\"x\",\"contained\":[{patient}]}}]"),
            "#x",
            vec!["error invariant Task.contained[0].contained"],
        ),
        (
            "[{\"resourceType\":\"Patient\",\"id\":\"x\",\"actve\":true}]".to_owned(),
            "#x",
            vec!["error structure Task.contained[0].actve"],
        ),
        (
            "[{\"resourceType\":\"Device\",\"id\":\"x\"}]".to_owned(),
            "#x",
            vec!["error value Task.owner"],
        ),
    ];
    for (contained, reference, expected) in cases {
        let mut node = sample("Task");
        change(&mut node, "contained", &contained);
        change(&mut node, "owner/reference", &format!("\"{reference}\""));
        let found = report(&node);
        let told: Vec<String> = found
            .issues
            .iter()
            .map(|i| format!("{} {} {}", i.severity.code(), i.code.code(), i.expression))
            .collect();
        assert_eq!(told, expected, "{contained}: {:#?}", lines(&found));
    }
}

#[test]
fn invariants_hold() {
    check(&[
        ("Patient", "name/1/use", "", &["error invariant Patient.name[1]"]),
        (
            "RelatedPerson",
            "relationship/0/coding/0/display",
            "\"Vriend\"",
            &["error invariant RelatedPerson.relationship[0]"],
        ),
        (
            "RelatedPerson",
            "relationship/0/coding/0/display",
            "",
            &["error invariant RelatedPerson.relationship[0]"],
        ),
        ("Task", "lastModified", "\"2024-04-01T09:30:00+02:00\"", &["error invariant Task"]),
        (
            "Task",
            "executionPeriod/end",
            "\"2023-06-01\"",
            &["error invariant Task.executionPeriod"],
        ),
        ("AuditEvent", "entity/0/query", "\"AAAA\"", &["error invariant AuditEvent.entity[0]"]),
        ("Patient", "telecom/1/system", "", &["error invariant Patient.telecom[1]"]),
        ("ActivityDefinition", "name", "\"a b\"", &["warning invariant ActivityDefinition"]),
        (
            "CareTeam",
            "participant/0/onBehalfOf",
            "{\"reference\":\"Organization/1\"}",
            &["error invariant CareTeam.participant[0]"],
        ),
    ]);
}

#[test]
fn narratives_are_safe() {
    let told = &["error invariant Patient.text.div"][..];
    for div in [
        "<div xmlns='http://www.w3.org/1999/xhtml'><script>x</script></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><p onclick='x'>x</p></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><a href='javascript:x'>x</a></div>",
        "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><div xmlns='http://www.w3.org/1999/xhtml'>&a;</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'> </div>",
        "<div>",
    ] {
        let mut node = sample("Patient");
        change(&mut node, "text/div", &json::render(&Node::from(div)));
        let found = report(&node);
        let lines = lines(&found);
        assert!(lines.len() == 1 && lines[0].starts_with(told[0]), "{div}: {lines:#?}");
    }
}

#[test]
fn profiles_must_be_known_and_for_the_type() {
    check(&[
        (
            "Patient",
            "meta/profile/1",
            "\"http://x\"",
            &["warning not-found Patient.meta.profile[1]"],
        ),
        (
            "Patient",
            "meta/profile/1",
            "\"http://koppeltaal.nl/fhir/StructureDefinition/KT2Task\"",
            &["error structure Patient.meta.profile[1]"],
        ),
    ]);
    let mut node = sample("Patient");
    change(&mut node, "meta", "");
    let options = Options { is_profile_required: true, ..Options::new(built_in()) };
    let found = validate(&node, &options);
    assert_eq!(found.issues.len(), 1);
    assert_eq!(found.issues[0].expression, "Patient.meta.profile");
    let profiles = &["http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient"][..];
    change(&mut node, "gender", "");
    let found = validate(&node, &Options { profiles, ..Options::new(built_in()) });
    assert_eq!(found.issues.len(), 1);
    assert_eq!(found.issues[0].expression, "Patient.gender");
}
