//! `validate FILE…`: what is printed, and exit codes.

use super::*;

const PROFILE: &str = "http://koppeltaal.nl/fhir/StructureDefinition/KT2Organization";
const GOOD: &str = r#"{"resourceType": "Organization",
  "meta": {"profile": ["http://koppeltaal.nl/fhir/StructureDefinition/KT2Organization"]},
  "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "1"}],
  "active": true, "name": "Zorg"}"#;

#[test]
fn a_valid_file_is_ok() {
    let folder = Folder::new();
    folder.file("good.json", GOOD);
    assert_eq!(folder.out(&["validate", "good.json"]), "good.json: ok\n");
    let json = folder.json(&["validate", "good.json"]);
    assert_eq!(json, serde_json::json!([{"file": "good.json", "valid": true, "issues": []}]));
}

#[test]
fn each_problem_is_a_line_and_the_exit_code_is_2() {
    let folder = Folder::new();
    folder.file("good.json", GOOD);
    folder.file("bad.json", &GOOD.replace("\"active\": true", "\"active\": \"yes\", \"x\": 1"));
    let said = folder.run(&["validate", "bad.json", "good.json"]);
    assert_eq!(said.code, 2);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(
        lines,
        [
            "bad.json: error Organization.active: Organization.active must be true or false, without quotes.",
            "bad.json: error Organization.x: There is no element \"x\" in Organization.",
            "good.json: ok",
        ]
    );
    assert_eq!(said.err, "error: 1 of 2 resources are not valid\n");

    let said = folder.run(&["validate", "bad.json", "--json"]);
    assert_eq!(said.code, 2);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json[0]["valid"], false);
    assert_eq!(json[0]["issues"][0]["expression"], "Organization.active");
    assert_eq!(json[0]["issues"][0]["code"], "value");
    assert_eq!(json[0]["issues"][0]["severity"], "error");
}

#[test]
fn lines_of_ndjson_are_resources() {
    let folder = Folder::new();
    let good = GOOD.replace('\n', " ");
    folder.file("all.ndjson", &format!("{good}\n\n{}\n", good.replace("\"name\"", "\"naam\"")));
    let said = folder.run(&["validate", "all.ndjson"]);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.out,
        "all.ndjson:1: ok\nall.ndjson:3: error Organization.naam: There is no element \"naam\" in Organization.\n"
    );
}

#[test]
fn a_profile_can_be_asked_for_and_must_be_known() {
    let folder = Folder::new();
    folder.file("plain.json", r#"{"resourceType": "Organization", "name": "Zorg"}"#);
    let said = folder.run(&["validate", "plain.json"]);
    assert_eq!((said.code, said.out.lines().count()), (2, 1), "{}", said.out);
    assert!(said.out.contains("Organization.meta.profile"), "{}", said.out);

    let said = folder.run(&["validate", "plain.json", "--profile", PROFILE]);
    assert_eq!((said.code, said.out.lines().count()), (2, 2), "{}", said.out);
    assert!(said.out.contains("Organization.identifier is missing"), "{}", said.out);

    let said = folder.run(&["validate", "plain.json", "--profile", "http://x"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("there is no profile http://x"), "{}", said.err);
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let folder = Folder::new();
    folder.file("good.json", GOOD);
    folder.file("broken.json", "{");
    let said = folder.run(&["validate", "missing.json", "good.json"]);
    assert_eq!((said.code, said.out.as_str()), (3, "good.json: ok\n"));
    assert_eq!(said.err, "error: there is no file missing.json\n");
    let said = folder.run(&["validate", "broken.json"]);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error: broken.json: "), "{}", said.err);
    folder.file("broken.xml", "<Patient xmlns=\"http://hl7.org/fhir\">");
    let said = folder.run(&["validate", "broken.xml"]);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error: broken.xml: "), "{}", said.err);
}

#[test]
fn xml_is_judged_as_json_is() {
    let folder = Folder::new();
    folder.file("a.xml", "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"ja\"/></Patient>");
    let said = folder.run(&["validate", "a.xml", "--json"]);
    assert_eq!(said.code, 2, "{}", said.err);
    for place in ["Patient.active", "Patient.meta.profile"] {
        assert!(said.out.contains(place), "{place}: {}", said.out);
    }
}

#[test]
fn the_example_is_valid() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/patient.json");
    let said = Folder::new().run(&["validate", example]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}
