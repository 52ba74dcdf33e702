//! `_summary`.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::json::render;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::profile::koppeltaal;
use koppeltaal_fhir::r4::shape::{Summary, summarized};
use koppeltaal_fhir::r4::validate::{Compiled, Issue, IssueType, Options, validate};

use crate::{core, is_subsetted, members, parse, patient};

fn summary(resource: &Node) -> Node {
    summarized(resource, Summary::True, core())
}

#[test]
fn every_type_marks_its_summary() {
    for name in [
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
        "StructureDefinition",
        "ValueSet",
        "CodeSystem",
        "SearchParameter",
        "NamingSystem",
        "ImplementationGuide",
        "HumanName",
        "Identifier",
        "CodeableConcept",
        "Coding",
        "Reference",
        "Meta",
        "Period",
    ] {
        let structure = core().structure(name).unwrap();
        let marked = structure.children(0).filter(|(_, child)| child.is_summary).count();
        assert!(marked >= 2, "{name} marks {marked} elements");
    }
}

#[test]
fn a_summary_holds_what_r4_marks_at_every_level() {
    let found = summary(&patient());
    assert_eq!(
        members(&found),
        [
            "implicitRules",
            "contained",
            "modifierExtension",
            "identifier",
            "active",
            "name",
            "birthDate",
            "_gender",
            "deceasedBoolean",
            "managingOrganization",
            "link"
        ]
    );
    let member = |name: &str| render(found.get(name).unwrap());
    assert_eq!(member("identifier"), r#"[{"system":"http://example.org","value":"1"}]"#);
    // A gap in a list of primitives keeps what fills it.
    assert_eq!(
        member("name"),
        r#"[{"family":"Jansen","given":["Jan",null],"_given":[null,{"id":"g"}]}]"#
    );
    assert_eq!(member("link"), r#"[{"other":{"reference":"Patient/2"},"type":"seealso"}]"#);
    let meta = r#"{"versionId":"3","tag":[{"code":"own"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}"#;
    assert_eq!(member("meta"), meta);
}

#[test]
fn contained_resources_stay_when_something_refers_to_them() {
    let found = summary(&patient());
    let ids: Vec<&str> = found
        .items("contained")
        .iter()
        .map(|inner| inner.get("id").unwrap().as_str().unwrap())
        .collect();
    // The general practitioner is no part of the summary.
    assert_eq!(ids, ["o", "top"]);
    let lonely = parse(
        r#"{"resourceType": "Patient", "contained": [{"resourceType": "Device", "id": "d"}]}"#,
    );
    assert_eq!(members(&summary(&lonely)), Vec::<&str>::new());
}

#[test]
fn what_is_mandatory_stays_though_nothing_marks_it() {
    let event = parse(
        r#"{"resourceType": "AuditEvent", "type": {"code": "rest"}, "recorded": "2024-01-01T00:00:00Z",
        "agent": [{"who": {"reference": "Device/1"}, "requestor": true, "name": "x",
                   "network": {"address": "x"}}],
        "source": {"site": "x", "observer": {"reference": "Device/2"}},
        "entity": [{"what": {"reference": "Patient/1"}}]}"#,
    );
    let found = summary(&event);
    assert_eq!(members(&found), ["type", "recorded", "agent", "source"]);
    let agent = r#"[{"who":{"reference":"Device/1"},"requestor":true}]"#;
    assert_eq!(render(found.get("agent").unwrap()), agent);
    assert_eq!(render(found.get("source").unwrap()), r#"{"observer":{"reference":"Device/2"}}"#);
}

/// Resources of Koppeltaal that are valid.
const SAMPLES: [&str; 11] = [
    include_str!("../validation/samples/patient.json"),
    include_str!("../validation/samples/practitioner.json"),
    include_str!("../validation/samples/related_person.json"),
    include_str!("../validation/samples/care_team.json"),
    include_str!("../validation/samples/organization.json"),
    include_str!("../validation/samples/device.json"),
    include_str!("../validation/samples/endpoint.json"),
    include_str!("../validation/samples/activity_definition.json"),
    include_str!("../validation/samples/task.json"),
    include_str!("../validation/samples/audit_event.json"),
    include_str!("../validation/samples/subscription.json"),
];

#[test]
fn every_form_is_valid_r4() {
    let compiled = Compiled::new(core().clone());
    let mut whole = patient();
    // An extension of this kind that is not known is refused, cut or not.
    whole.as_object_mut().unwrap().remove("modifierExtension");
    for sample in SAMPLES.map(parse).iter().chain([&whole]) {
        for form in [Summary::True, Summary::Text, Summary::Data] {
            let found = summarized(sample, form, core());
            let options = Options { follows_meta: false, ..Options::new(&compiled) };
            let report = validate(&found, &options);
            // What R4 leaves to an invariant, as a name or an identifier, is not mandatory.
            let is_shape = |issue: &&Issue| issue.code != IssueType::Invariant;
            let errors: Vec<&str> =
                report.errors().filter(is_shape).map(|issue| &*issue.details).collect();
            assert!(errors.is_empty(), "{form:?} of {:?}: {errors:#?}", sample.resource_type());
        }
    }
}

#[test]
fn text_is_the_narrative_and_what_is_mandatory() {
    let found = summarized(&patient(), Summary::Text, core());
    assert_eq!(members(&found), ["implicitRules", "text", "modifierExtension"]);
    assert!(is_subsetted(&found));
    let task = parse(
        r#"{"resourceType": "Task", "id": "t", "status": "draft", "intent": "order",
        "description": "x", "text": {"status": "empty"}}"#,
    );
    let found = summarized(&task, Summary::Text, core());
    assert_eq!(members(&found), ["status", "intent", "text"]);
}

#[test]
fn data_is_all_but_the_narrative() {
    let whole = patient();
    let found = summarized(&whole, Summary::Data, core());
    let expected: Vec<&str> = members(&whole).into_iter().filter(|name| *name != "text").collect();
    assert_eq!(members(&found), expected);
    assert!(is_subsetted(&found));
}

#[test]
fn what_is_whole_carries_no_tag() {
    assert_eq!(summarized(&patient(), Summary::False, core()), patient());
    let small = parse(r#"{"resourceType": "Patient", "id": "p", "active": true}"#);
    for form in [Summary::True, Summary::Data, Summary::False] {
        assert_eq!(summarized(&small, form, core()), small);
    }
    let text = summarized(&small, Summary::Text, core());
    let names: Vec<&str> = text.as_object().unwrap().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["resourceType", "id", "meta"]);
    assert!(is_subsetted(&text));
    // A second cut does not tag again.
    let again = summarized(&text.clone().with("active", true), Summary::Text, core());
    assert_eq!(again, text);
}

#[test]
fn a_type_that_is_not_known_stays_whole() {
    let unknown = parse(r#"{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}"#);
    assert_eq!(summary(&unknown), unknown);
    let abstracted = parse(r#"{"resourceType": "HumanName", "family": "x", "id": "b"}"#);
    assert_eq!(summary(&abstracted), abstracted);
}

#[test]
fn profiles_do_not_change_what_a_summary_is() {
    let task = parse(
        r#"{"resourceType": "Task", "id": "t", "status": "draft", "intent": "order",
        "identifier": [{"value": "1"}], "owner": {"reference": "Patient/1"}}"#,
    );
    let by: [&Definitions; 2] = [core(), koppeltaal()];
    let [a, b] = by.map(|definitions| summarized(&task, Summary::True, definitions));
    assert_eq!(a, b);
    assert_eq!(members(&a), ["status", "intent", "owner"]);
}

#[test]
fn codes_are_those_of_r4() {
    for code in ["true", "text", "data", "false"] {
        assert_eq!(Summary::from_code(code).map(Summary::code), Some(code));
    }
    assert_eq!(Summary::from_code("count"), None);
}
