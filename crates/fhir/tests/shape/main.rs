//! Parts of resources: `_summary` and `_elements`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod elements;
mod summary;

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::{Node, json};

fn core() -> &'static Definitions {
    Definitions::core()
}

fn parse(text: &str) -> Node {
    json::parse(text.as_bytes()).unwrap()
}

/// The names of the members, except those that are always there.
fn members(resource: &Node) -> Vec<&str> {
    let names = resource.as_object().unwrap().iter().map(|(name, _)| name);
    names.filter(|name| !["resourceType", "id", "meta"].contains(name)).collect()
}

fn is_subsetted(resource: &Node) -> bool {
    let tags = resource.get("meta").map_or(&[][..], |meta| meta.items("tag"));
    let codes: Vec<&str> = tags.iter().filter_map(|tag| tag.get("code")?.as_str()).collect();
    let count = codes.iter().filter(|code| **code == "SUBSETTED").count();
    assert!(count <= 1, "the tag stands there {count} times");
    count == 1
}

/// A patient with something in every corner.
fn patient() -> Node {
    parse(
        r##"{"resourceType": "Patient", "id": "p", "implicitRules": "http://example.org/rules",
        "meta": {"versionId": "3", "tag": [{"code": "own"}]},
        "language": "nl", "text": {"status": "generated", "div": "<div>x</div>"},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "O",
                       "partOf": {"reference": "#top"}},
                      {"resourceType": "Organization", "id": "top", "name": "T"},
                      {"resourceType": "Practitioner", "id": "g"}],
        "extension": [{"url": "http://example.org/e", "valueString": "x"}],
        "modifierExtension": [{"url": "http://example.org/m", "valueString": "x"}],
        "identifier": [{"id": "i1", "system": "http://example.org", "value": "1",
                        "extension": [{"url": "http://example.org/e", "valueString": "x"}]}],
        "active": true, "name": [{"family": "Jansen", "_family": {"id": "f"},
                                  "given": ["Jan", null], "_given": [null, {"id": "g"}]}],
        "birthDate": "1974-12-25", "_birthDate": {"id": "b"},
        "_gender": {"extension": [{"url": "http://example.org/e", "valueCode": "x"}]},
        "deceasedBoolean": false, "maritalStatus": {"text": "x"},
        "contact": [{"name": {"family": "K"}}],
        "generalPractitioner": [{"reference": "#g"}],
        "managingOrganization": {"reference": "#o"},
        "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}]}"##,
    )
}
