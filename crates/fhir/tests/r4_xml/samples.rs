//! Valid resources of our own.

use koppeltaal_fhir::r4::validate::{Compiled, Options, validate};

use super::*;

pub const PATIENT: &str = include_str!("../validation/samples/patient.json");
const ALL: [&str; 11] = [
    PATIENT,
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

pub fn read(text: &str) -> Node {
    json::parse(text.as_bytes()).unwrap()
}

#[test]
fn samples_go_through_xml_and_back_and_stay_valid() {
    let compiled = Compiled::new(koppeltaal().clone());
    for text in ALL {
        let node = read(text);
        assert_eq!(there_and_back(&node, koppeltaal()), Ok(()));
        let xml = xml::render(&node, koppeltaal());
        let back = xml::parse(xml.as_bytes(), koppeltaal()).unwrap();
        assert!(validate(&back, &Options::new(&compiled)).issues.is_empty(), "{xml}");
        assert_eq!(xml::render(&back, koppeltaal()), xml);
    }
}

#[test]
fn a_bundle_of_all_samples_goes_through_xml_and_back() {
    let entry = |text: &&str| {
        koppeltaal_fhir::object! { "fullUrl" => "https://x.example/1", "resource" => read(text) }
    };
    let entries: Vec<Node> = ALL.iter().map(entry).collect();
    let bundle = koppeltaal_fhir::object! {
        "resourceType" => "Bundle", "type" => "collection", "entry" => entries
    };
    assert_eq!(there_and_back(&bundle, koppeltaal()), Ok(()));
}
