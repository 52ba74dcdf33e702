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

#[test]
fn a_profile_is_known_in_the_version_that_it_has() {
    const PATIENT: &str = "http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient";
    let version = built_in().definitions().structure(PATIENT).unwrap().version.clone().unwrap();
    let named = |profile: &str| {
        let mut patient = sample("Patient");
        let meta = patient.get_mut("meta").unwrap().as_object_mut().unwrap();
        meta.insert("profile", [Node::from(profile)]);
        patient
    };
    let required = Options { is_profile_required: true, ..Options::new(built_in()) };
    let right = named(&format!("{PATIENT}|{version}"));
    assert_eq!(lines(&validate(&right, &required)), Vec::<String>::new());
    for other in ["9.9", "", "0"] {
        let url = format!("{PATIENT}|{other}");
        assert_eq!(
            lines(&validate(&named(&url), &required)),
            [format!(
                "error not-found Patient.meta.profile[0]: The profile {url} is not known here in \
                 this version: {version} is. [meta.profile]"
            )]
        );
        let profiles = [url.as_str()];
        let asked = Options { profiles: &profiles, ..Options::new(built_in()) };
        let found = validate(&sample("Patient"), &asked);
        assert_eq!((found.issues.len(), found.issues[0].code.code()), (1, "not-found"));
        assert!(!built_in().is_known(&url));
    }
    // A definition that says no version is taken for every one.
    let core = named("http://hl7.org/fhir/StructureDefinition/Patient|4.0.1");
    assert_eq!(lines(&report(&core)), Vec::<String>::new());
}
