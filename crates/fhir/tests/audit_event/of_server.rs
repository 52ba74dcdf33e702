//! The events that this server makes.

use koppeltaal_fhir::r4::audit_event::{
    Agent, AuditEvent, Coding, Entity, Outcome, Who, application_activity, application_start,
    audit_source, destination, interaction, login, object_role, query_role, resource_type, rest,
    security_server, source, subscriber, transmit, user_authentication,
};

use super::*;

const DEVICE: &str = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";
const SERVER: &str = "2f0c7e9a-8a51-4f7e-8f7c-0d6f1f5b9c02";

fn agent(kind: Coding, id: &str, is_requestor: bool) -> Agent {
    Agent { kind, who: Who::Device(id.to_owned()), is_requestor, network: None }
}

pub fn event(
    subtype: &'static str,
    action: char,
    outcome: Outcome,
    entities: Vec<Entity>,
) -> AuditEvent {
    AuditEvent {
        origin: DEVICE.to_owned(),
        kind: rest(),
        subtype: Some(interaction(subtype)),
        action,
        outcome,
        agents: vec![agent(source(), DEVICE, true)],
        site: Some("north".to_owned()),
        observer: SERVER.to_owned(),
        source_type: None,
        entities,
    }
}

pub fn resource(what: &str) -> Entity {
    let kind = what.split('/').next().map(|name| resource_type(name.to_owned()));
    Entity { what: Some(what.to_owned()), kind, ..Entity::default() }
}

fn of_kind(name: &'static str) -> Entity {
    Entity { kind: Some(resource_type(name)), ..Entity::default() }
}

pub fn query(name: &'static str, text: &str) -> Entity {
    let query = Some(text.to_owned());
    Entity { role: Some(query_role()), query, ..of_kind(name) }
}

fn transmitted() -> AuditEvent {
    let subscription = Entity {
        role: Some(subscriber()),
        query: Some("Task?status=ready".to_owned()),
        ..resource("Subscription/s/_history/2")
    };
    let to = Agent {
        network: Some("https://app.example/hook".to_owned()),
        ..agent(destination(), SERVER, false)
    };
    AuditEvent {
        kind: transmit(),
        subtype: None,
        site: None,
        agents: vec![agent(source(), DEVICE, true), to],
        ..event("read", 'E', Outcome::Minor, vec![resource("Task/t/_history/3"), subscription])
    }
}

fn logged_in() -> AuditEvent {
    let who = Who::Logical {
        system: "http://koppeltaal.nl/oidc/issuer",
        value: "https://idp.example".to_owned(),
        display: "default".to_owned(),
    };
    let idp = Agent { kind: destination(), who, is_requestor: false, network: None };
    let user = Entity { role: Some(object_role("1", "Patient")), ..resource("Patient/p") };
    AuditEvent {
        kind: user_authentication(),
        subtype: Some(login()),
        source_type: Some(security_server()),
        agents: vec![agent(source(), DEVICE, true), idp],
        ..event("read", 'E', Outcome::Success, vec![user])
    }
}

fn failed_launch() -> AuditEvent {
    AuditEvent {
        kind: application_activity(),
        subtype: Some(application_start()),
        source_type: Some(security_server()),
        agents: vec![agent(audit_source(), SERVER, false), agent(source(), DEVICE, true)],
        ..event("read", 'E', Outcome::Serious, vec![resource("Task/t/_history/3")])
    }
}

/// Every kind of event that this server makes.
pub fn all() -> Vec<AuditEvent> {
    let deleted = Entity { description: Some("Patient/p".to_owned()), ..of_kind("Patient") };
    let found = |text: &str| {
        vec![query("Task", text), resource("Task/a/_history/1"), resource("Patient/p/_history/2")]
    };
    vec![
        event("read", 'R', Outcome::Success, vec![resource("Task/t/_history/3")]),
        event("create", 'C', Outcome::Success, vec![resource("Patient/p/_history/1")]),
        event("update", 'U', Outcome::Success, vec![resource("Patient/p/_history/2")]),
        event("delete", 'D', Outcome::Success, vec![deleted]),
        event("search-type", 'E', Outcome::Success, found("/Task?patient.name=\"é\"")),
        event("search-type", 'E', Outcome::Success, vec![query("Task", "/Task")]),
        event("read", 'R', Outcome::Success, {
            vec![of_kind("Bundle"), resource("Task/a/_history/2"), resource("Task/a/_history/1")]
        }),
        event("capabilities", 'R', Outcome::Success, vec![of_kind("CapabilityStatement")]),
        event("operation", 'E', Outcome::Success, vec![of_kind("Task")]),
        event("create", 'C', Outcome::Minor, vec![of_kind("OperationOutcome")]),
        event("history-type", 'R', Outcome::Serious, vec![of_kind("OperationOutcome")]),
        transmitted(),
        logged_in(),
        failed_launch(),
    ]
}

#[test]
fn every_kind_of_event_meets_the_profile_without_a_remark() {
    for event in all() {
        let told = (event.outcome != Outcome::Success).then_some("Forbidden\nThere is more.");
        let event = shown(&event.split(), told);
        assert_eq!(remarks(&event), Vec::<String>::new(), "{}", json::render(&event));
    }
}

#[test]
fn a_read_has_no_content_and_reads_as_it_should() {
    let made = event("read", 'R', Outcome::Success, vec![resource("Task/t/_history/3")]).split();
    assert_eq!((made.content.as_deref(), made.keys.as_slice()), (None, &[][..]));
    assert_eq!((made.focal.as_deref(), made.version.as_deref()), (Some("Task/t"), Some("3")));
    let expected = r#"{"resourceType":"AuditEvent","id":"0b5b3b62-4b84-4f6c-8d0e-3a6f9d8a1c11",
        "meta":{"versionId":"1","lastUpdated":"2026-03-01T10:00:00.140Z",
            "profile":["http://koppeltaal.nl/fhir/StructureDefinition/KT2AuditEvent"]},
        "extension":[
            {"url":"http://koppeltaal.nl/fhir/StructureDefinition/resource-origin",
             "valueReference":{"reference":"Device/6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01","type":"Device"}},
            {"url":"http://koppeltaal.nl/fhir/StructureDefinition/trace-id","valueId":"t-1"},
            {"url":"http://koppeltaal.nl/fhir/StructureDefinition/request-id","valueId":"r-1"},
            {"url":"http://koppeltaal.nl/fhir/StructureDefinition/correlation-id","valueId":"c-1"}],
        "type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest","display":"RESTful Operation"},
        "subtype":[{"system":"http://hl7.org/fhir/restful-interaction","code":"read","display":"read"}],
        "action":"R","recorded":"2026-03-01T10:00:00.123Z","outcome":"0",
        "agent":[{"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110153","display":"Source Role ID"}]},
            "who":{"reference":"Device/6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01","type":"Device"},"requestor":true}],
        "source":{"site":"north","observer":{"reference":"Device/2f0c7e9a-8a51-4f7e-8f7c-0d6f1f5b9c02","type":"Device"}},
        "entity":[{"what":{"reference":"Task/t/_history/3","type":"Task"},
            "type":{"system":"http://hl7.org/fhir/resource-types","code":"Task","display":"Task"}}]}"#;
    assert_eq!(shown(&made, None), parse(expected));
}

#[test]
fn a_search_lists_its_query_and_what_it_found() {
    let found = vec![query("Task", "/Task?_id=a"), resource("Task/a/_history/1")];
    let made = event("search-type", 'E', Outcome::Success, found).split();
    assert_eq!(made.focal, None);
    assert_eq!(made.keys, ["Task/a"]);
    let shown = shown(&made, None);
    let entities = shown.items("entity");
    assert_eq!(
        json::render(&entities[0]),
        r#"{"type":{"system":"http://hl7.org/fhir/resource-types","code":"Task","display":"Task"},"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"24","display":"Query"},"query":"L1Rhc2s/X2lkPWE="}"#
    );
    assert_eq!(
        json::render(&entities[1]),
        r#"{"what":{"reference":"Task/a/_history/1","type":"Task"},"type":{"system":"http://hl7.org/fhir/resource-types","code":"Task","display":"Task"}}"#
    );
    assert_eq!(entities.len(), 2);
}

#[test]
fn a_deletion_and_a_refusal_refer_to_nothing() {
    for event in all() {
        let has_what = event.entities.iter().any(|entity| entity.what.is_some());
        let mut made = event.split();
        if has_what {
            continue;
        }
        assert_eq!(made.keys, Vec::<String>::new());
        // The row says all the same what it was about.
        made.focal = Some("Patient/p".to_owned());
        let shown = shown(&made, None);
        assert!(shown.items("entity").iter().all(|entity| entity.get("what").is_none()));
    }
}

#[test]
fn a_notification_says_where_it_went() {
    let made = transmitted().split();
    assert_eq!(made.keys, ["Subscription/s", "Task/t"]);
    assert!(!made.shape.contains("app.example"));
    let shown = shown(&made, Some("it failed"));
    let agents = shown.items("agent");
    assert_eq!(agents[0].get("network"), None);
    let network = agents[1].get("network").unwrap();
    assert_eq!(json::render(network), r#"{"address":"https://app.example/hook","type":"5"}"#);
    assert_eq!(
        shown.items("entity")[1].get("query"),
        Some(&Node::from("VGFzaz9zdGF0dXM9cmVhZHk="))
    );
}
