//! Valid resources of our own, one for each profile.

use super::*;

/// Name and text of each sample.
pub const ALL: [(&str, &str); 11] = [
    ("Patient", include_str!("samples/patient.json")),
    ("Practitioner", include_str!("samples/practitioner.json")),
    ("RelatedPerson", include_str!("samples/related_person.json")),
    ("CareTeam", include_str!("samples/care_team.json")),
    ("Organization", include_str!("samples/organization.json")),
    ("Device", include_str!("samples/device.json")),
    ("Endpoint", include_str!("samples/endpoint.json")),
    ("ActivityDefinition", include_str!("samples/activity_definition.json")),
    ("Task", include_str!("samples/task.json")),
    ("AuditEvent", include_str!("samples/audit_event.json")),
    ("Subscription", include_str!("samples/subscription.json")),
];

/// The sample of this type.
pub fn sample(name: &str) -> Node {
    parse(ALL.iter().find(|(own, _)| *own == name).unwrap().1)
}

#[test]
fn samples_are_valid_without_a_remark() {
    for (name, text) in ALL {
        let found = lines(&report(&parse(text)));
        assert_eq!(found, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_bundle_is_judged_with_its_entries() {
    let entry = |(name, text): &(&str, &str)| {
        koppeltaal_fhir::object! { "fullUrl" => format!("https://x/{name}/1"), "resource" => parse(text) }
    };
    let entries: Vec<Node> = ALL.iter().map(entry).collect();
    let bundle = koppeltaal_fhir::object! {
        "resourceType" => "Bundle", "type" => "collection", "entry" => entries
    };
    assert_eq!(lines(&report(&bundle)), Vec::<String>::new());
    let mut bad = bundle;
    let entry = &mut bad.get_mut("entry").unwrap().as_array_mut().unwrap()[4];
    entry.get_mut("resource").unwrap().as_object_mut().unwrap().remove("active");
    let found = report(&bad);
    assert_eq!(found.issues.len(), 1, "{:#?}", lines(&found));
    assert_eq!(found.issues[0].expression, "Bundle.entry[4].resource.active");
}
