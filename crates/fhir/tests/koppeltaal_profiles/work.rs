//! ActivityDefinition, Task, AuditEvent and Subscription.

use koppeltaal_fhir::r4::definition::Strength;

use crate::look::{
    KT2, binding, check_absent, check_cardinalities, element, fixed, pattern, slicing, targets,
    type_profile,
};

#[test]
fn an_activity_definition_has_an_endpoint_and_known_contexts() {
    let definition = "KT2ActivityDefinition";
    check_cardinalities(
        definition,
        "extension 1..*, extension:endpoint 1..*, extension:publisherId 0..*, url 1..1,
         title 1..1, status 1..1, participant 0..*, participant.type 1..1, topic 0..*,
         useContext 0..*, useContext:koppeltaal-expansion 0..*,
         useContext:koppeltaal-expansion.value[x]:valueCodeableConcept 1..1",
    );
    let tail = |slice: &str| type_profile(definition, &format!("extension:{slice}"));
    assert_eq!(tail("endpoint"), format!("{KT2}KT2EndpointExtension"));
    assert_eq!(tail("publisherId"), format!("{KT2}KT2PublisherId"));
    let vzvz = |name: &str| format!("http://vzvz.nl/fhir/ValueSet/{name}");
    for (id, strength, set) in [
        ("topic", Strength::Extensible, vzvz("koppeltaal-definition-topic")),
        ("useContext.code", Strength::Required, vzvz("koppeltaal-use-context-type")),
        (
            "useContext:koppeltaal-expansion.code",
            Strength::Required,
            vzvz("koppeltaal-use-context-type"),
        ),
        (
            "useContext:koppeltaal-expansion.value[x]:valueCodeableConcept",
            Strength::Required,
            vzvz("koppeltaal-expansion"),
        ),
    ] {
        assert_eq!(binding(definition, id), (strength, &*set));
    }
    assert_eq!(binding(definition, "participant.type").0, Strength::Required);
    assert_eq!(slicing(definition, "useContext"), "open pattern@code");
    let code = r#"{"system":"http://vzvz.nl/fhir/CodeSystem/koppeltaal-usage-context-type","code":"koppeltaal-expansion"}"#;
    assert_eq!(pattern(definition, "useContext:koppeltaal-expansion.code"), code);
    let value = "useContext:koppeltaal-expansion.value[x]";
    assert_eq!(slicing(definition, value), "open type@$this");
    let value = element(definition, &format!("{value}:valueCodeableConcept"));
    assert_eq!(value.types.iter().map(|t| &*t.code).collect::<Vec<_>>(), ["CodeableConcept"]);
    check_absent(
        definition,
        "experimental subject[x] date publisher contact jurisdiction purpose usage copyright
         approvalDate lastReviewDate effectivePeriod author editor reviewer endorser
         relatedArtifact library kind profile intent priority doNotPerform timing[x] location
         product[x] quantity dosage bodySite specimenRequirement observationRequirement
         observationResultRequirement transform dynamicValue",
    );
}

#[test]
fn a_task_has_a_patient_and_an_owner() {
    let task = "KT2Task";
    check_cardinalities(
        task,
        "identifier 1..*, extension:instantiates 0..*, instantiatesCanonical 0..1, partOf 0..*,
         status 1..1, intent 1..1, priority 0..1, code 0..1, for 1..1, requester 0..1,
         owner 1..1",
    );
    let instantiates = type_profile(task, "extension:instantiates");
    assert_eq!(instantiates, "http://vzvz.nl/fhir/StructureDefinition/instantiates");
    assert_eq!(targets(task, "instantiatesCanonical"), ["KT2ActivityDefinition"]);
    assert_eq!(targets(task, "partOf"), ["KT2Task"]);
    assert_eq!(targets(task, "for"), ["KT2Patient"]);
    assert_eq!(targets(task, "requester"), ["KT2Practitioner"]);
    let owners = ["KT2CareTeam", "KT2Patient", "KT2Practitioner", "KT2RelatedPerson"];
    assert_eq!(targets(task, "owner"), owners);
    assert_eq!(fixed(task, "priority"), r#""routine""#);
    let codes = "http://vzvz.nl/fhir/ValueSet/koppeltaal-task-code";
    assert_eq!(binding(task, "code"), (Strength::Preferred, codes));
    assert!(element(task, ".").constraints.iter().any(|c| c.key == "inv-1"));
    check_absent(
        task,
        "instantiatesUri basedOn groupIdentifier statusReason businessStatus focus encounter
         performerType location reasonCode reasonReference insurance note relevantHistory
         restriction input output",
    );
}

#[test]
fn an_audit_event_names_devices_and_what_it_is_about() {
    let event = "KT2AuditEvent";
    check_cardinalities(
        event,
        "extension:traceId 0..*, extension:correlationId 0..*, extension:requestId 0..*,
         type 1..1, recorded 1..1, agent 1..*, agent.type 1..1, agent.who 1..1,
         agent.requestor 1..1, agent.network 0..1, source 1..1, source.observer 1..1,
         source.site 0..1, entity 1..*, entity.what 0..1",
    );
    for (slice, tail) in
        [("traceId", "trace-id"), ("correlationId", "correlation-id"), ("requestId", "request-id")]
    {
        let url = type_profile(event, &format!("extension:{slice}"));
        assert_eq!(url, format!("{KT2}{tail}"));
    }
    assert_eq!(targets(event, "agent.who"), ["KT2Device"]);
    assert_eq!(targets(event, "source.observer"), ["KT2Device"]);
    assert_eq!(targets(event, "entity.what"), ["Resource"]);
    let types = "http://hl7.org/fhir/ValueSet/audit-event-type";
    assert_eq!(binding(event, "type"), (Strength::Extensible, types));
    assert_eq!(binding(event, "agent.type").0, Strength::Extensible);
    assert!(element(event, "entity").constraints.iter().any(|c| c.key == "sev-1"));
    check_absent(
        event,
        "purposeOfEvent agent.altId agent.name agent.location agent.policy agent.media
         agent.purposeOfUse entity.detail",
    );
}

#[test]
fn a_subscription_is_a_rest_hook_without_payload() {
    let subscription = "KT2Subscription";
    check_cardinalities(
        subscription,
        "status 1..1, reason 1..1, criteria 1..1, channel 1..1, channel.type 1..1,
         channel.endpoint 0..1, channel.header 0..*, error 0..1, contact 0..*, end 0..1",
    );
    assert_eq!(fixed(subscription, "channel.type"), r#""rest-hook""#);
    check_absent(subscription, "channel.payload");
}
