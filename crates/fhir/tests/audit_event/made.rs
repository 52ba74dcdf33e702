//! The events that applications make.

use koppeltaal_fhir::r4::audit_event::split_resource;
use proptest::prelude::*;

use super::*;

/// What an application sent, as it is answered.
fn answered(sent: &Node) -> Node {
    shown(&split_resource(sent).split, Some("never shown"))
}

#[test]
fn what_an_application_made_comes_back_as_it_was() {
    let mut sent = parse(SAMPLE);
    let members = sent.as_object_mut().unwrap();
    members.remove("id");
    let mut meta = members.remove("meta").unwrap();
    let answer = answered(&sent.clone().with("id", "x").with("meta", {
        meta.clone().with("versionId", "9").with("lastUpdated", "1970-01-01T00:00:00Z")
    }));
    let mut rest = answer.clone();
    let members = rest.as_object_mut().unwrap();
    assert_eq!(members.remove("id"), Some(Node::from("0b5b3b62-4b84-4f6c-8d0e-3a6f9d8a1c11")));
    let mut kept = members.remove("meta").unwrap();
    assert_eq!(rest, sent);
    let kept = kept.as_object_mut().unwrap();
    assert_eq!(kept.remove("versionId"), Some(Node::from("1")));
    assert_eq!(kept.remove("lastUpdated"), Some(Node::from("2026-03-01T10:00:00.140Z")));
    assert_eq!(Node::Object(kept.clone()), {
        let meta = meta.as_object_mut().unwrap();
        meta.remove("versionId");
        meta.remove("lastUpdated");
        Node::Object(meta.clone())
    });
    assert_eq!(remarks(&answer), Vec::<String>::new());
}

#[test]
fn its_ids_and_what_it_is_about_are_told_apart() {
    let made = split_resource(&parse(
        r#"{"resourceType":"AuditEvent","recorded":"2026-03-01T10:00:00Z","extension":[
            {"url":"http://koppeltaal.nl/fhir/StructureDefinition/trace-id","valueId":"t"},
            {"url":"http://koppeltaal.nl/fhir/StructureDefinition/request-id","valueId":"r"},
            {"url":"http://koppeltaal.nl/fhir/StructureDefinition/request-id","valueId":"s"},
            {"url":"https://elsewhere.example/trace-id","valueId":"u"}],
            "entity":[{"what":{"reference":"Task/1/_history/2"}},{"what":{"display":"x"}},
                {"what":{"reference":"Patient/p"}},{"what":{"reference":"Task/1"}}]}"#,
    ));
    assert_eq!(made.recorded.as_deref(), Some("2026-03-01T10:00:00Z"));
    assert_eq!(made.trace_ids, ["t"]);
    assert_eq!(made.request_ids, ["r", "s"]);
    assert_eq!(made.correlation_ids, Vec::<String>::new());
    assert_eq!(made.split.keys, ["Patient/p", "Task/1"]);
    assert_eq!(made.split.focal.as_deref(), Some("Task/1"));
    assert_eq!(made.split.version.as_deref(), Some("2"));
}

#[test]
fn what_cannot_be_read_is_left_out() {
    for (shape, content) in [
        ("", None),
        ("[]", Some("[]")),
        ("{", Some("{")),
        (r#"{"entity":{},"agent":1,"meta":[]}"#, Some(r#"{"network":[1],"entity":[1,"x","T/"]}"#)),
    ] {
        let particulars =
            Particulars { id: "x", focal: Some(""), content, ..Particulars::default() };
        let event = join(shape, &particulars);
        assert_eq!(event.get("id"), Some(&Node::from("x")), "{shape}");
    }
}

proptest! {
    #[test]
    fn no_text_in_the_trail_makes_it_fail(shape in "\\PC{0,40}", content in "[\\[\\]{}\":,a-z1]{0,40}") {
        let content = Some(content.as_str());
        let event = join(&shape, &Particulars { content, ..Particulars::default() });
        prop_assert_eq!(event.resource_type(), Some("AuditEvent"));
    }
}
