//! The search parameters.

use koppeltaal_fhir::r4::definition::SearchKind;
use koppeltaal_fhir::r4::profile::koppeltaal;

use crate::look::KT2;

#[test]
fn search_parameters_find_the_value_of_an_extension() {
    let find = |on: &str, code: &str| {
        let found = koppeltaal().search_parameter(on, code);
        found.unwrap_or_else(|| panic!("{on} has no {code}"))
    };
    for on in [
        "ActivityDefinition",
        "CareTeam",
        "Device",
        "Organization",
        "Patient",
        "Practitioner",
        "RelatedPerson",
        "Task",
        "AuditEvent",
        "Endpoint",
        "Subscription",
    ] {
        let origin = find(on, "resource-origin");
        let expected = format!("{on}.extension('{KT2}resource-origin').value");
        assert_eq!(origin.expression_for(on), Some(expected));
        assert_eq!(
            (origin.kind, &*origin.targets),
            (SearchKind::Reference, &["Device".to_owned()][..])
        );
    }
    let instantiates = find("Task", "instantiates");
    let url = "http://vzvz.nl/fhir/StructureDefinition/instantiates";
    assert_eq!(instantiates.expression, Some(format!("Task.extension('{url}').value")));
    assert_eq!(instantiates.chain, ["publisherId", "topic", "participant"]);
    assert_eq!(instantiates.targets, ["ActivityDefinition"]);
    for (on, code, tail) in [
        ("ActivityDefinition", "publisherId", "KT2PublisherId"),
        ("AuditEvent", "traceId", "trace-id"),
        ("AuditEvent", "correlationId", "correlation-id"),
        ("AuditEvent", "requestId", "request-id"),
    ] {
        let parameter = find(on, code);
        assert_eq!(parameter.kind, SearchKind::Token);
        assert_eq!(parameter.expression, Some(format!("{on}.extension('{KT2}{tail}').value")));
    }
    let participant = find("ActivityDefinition", "participant");
    assert_eq!(participant.expression.as_deref(), Some("ActivityDefinition.participant.type"));
}
