//! Packages made up here.

use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::definition::{DefinitionError, Definitions, Membership};
use koppeltaal_fhir::r4::package::{Package, Reason, koppeltaal_conformance, read_package};

use crate::text;

const MANIFEST: &str = r#"{"name": "example.package", "version": "1.2.0", "fhirVersions": ["4.0.1"],
    "dependencies": {"hl7.fhir.r4.core": "4.0.1", "nictiz.fhir.nl.r4.zib2020": "0.12.0"}}"#;

fn read(files: &[(&str, &str)]) -> Result<Package, DefinitionError> {
    read_package(files.iter().copied(), Definitions::core())
}

fn reasons(package: &Package) -> Vec<(&str, &Reason)> {
    package.skipped.iter().map(|skipped| (&*skipped.file, &skipped.reason)).collect()
}

#[test]
fn the_built_in_package_reads_back_from_its_files() {
    let mut files: Vec<(String, Vec<u8>)> = koppeltaal_conformance()
        .iter()
        .map(|r| {
            let name = format!("package/{}-{}.json", text(r, "resourceType"), text(r, "id"));
            (name, json::render(r).into_bytes())
        })
        .collect();
    files.push(("package/package.json".to_owned(), MANIFEST.as_bytes().to_vec()));
    files.push(("package/.index.json".to_owned(), b"{}".to_vec()));
    let package = read_package(files, Definitions::core()).unwrap();
    assert_eq!(package.overlay, koppeltaal_fhir::r4::package::koppeltaal().overlay);
    assert_eq!(package.resources, koppeltaal_conformance());
    assert_eq!(package.skipped, []);
    assert_eq!((&*package.name, &*package.version), ("example.package", "1.2.0"));
    assert_eq!(package.dependencies[1].0, "nictiz.fhir.nl.r4.zib2020");
}

#[test]
fn what_cannot_be_used_is_told_and_spoils_nothing() {
    let structure = |more: &str| {
        format!(
            r#"{{"resourceType": "StructureDefinition", "url": "http://a.org/P", "kind": "resource",
                "type": "Patient", "derivation": "constraint"{more}}}"#
        )
    };
    let (bare, other) = (structure(""), structure(r#", "fhirVersion": "3.0.1""#));
    let broken = structure(r#", "snapshot": {"element": [{"id": "Patient"}]}"#);
    let core = r#"{"resourceType": "StructureDefinition", "kind": "resource", "type": "Patient",
        "url": "http://hl7.org/fhir/StructureDefinition/Patient",
        "snapshot": {"element": [{"path": "Patient"}]}}"#;
    let system = r#"{"resourceType": "CodeSystem", "url": "http://a.org/c", "content": "complete",
        "concept": [{"code": "a"}]}"#;
    let search = r#"{"resourceType": "SearchParameter", "url": "http://a.org/s", "code": "s",
        "type": "token", "base": ["Patient"], "expression": "Patient.name.nosuch("}"#;
    let set = r#"{"resourceType": "ValueSet", "url": "http://a.org/v", "status": "active",
        "compose": {"include": [{"system": "http://a.org/c"}]}}"#;
    let package = read(&[
        ("package/package.json", MANIFEST),
        ("package/example/Patient-1.json", "{}"),
        ("package/readme.md", "# Words"),
        ("package/broken.json", "{"),
        ("package/list.json", "[]"),
        ("package/Patient-1.json", r#"{"resourceType": "Patient"}"#),
        ("package/bare.json", &bare),
        ("package/other.json", &other),
        ("package/empty.json", &broken),
        ("package/core.json", core),
        ("package/c1.json", system),
        ("package/c2.json", system),
        ("package/s.json", search),
        ("package/v0.json", r#"{"resourceType": "ValueSet"}"#),
        ("package/v.json", set),
        ("package/n.json", r#"{"resourceType": "NamingSystem", "name": "N"}"#),
    ])
    .unwrap();
    let found = reasons(&package);
    let missing = |resource: &str, element| {
        Reason::Refused(DefinitionError::Missing { resource: resource.to_owned(), element })
    };
    let core_patient = "http://hl7.org/fhir/StructureDefinition/Patient".to_owned();
    let expected = [
        ("package/example/Patient-1.json", Reason::InFolder),
        ("package/readme.md", Reason::NotJson),
        ("package/broken.json", Reason::Unreadable(json::parse(b"{").unwrap_err())),
        ("package/list.json", Reason::NoDefinition(None)),
        ("package/Patient-1.json", Reason::NoDefinition(Some("Patient".to_owned()))),
        ("package/bare.json", Reason::NoSnapshot),
        ("package/other.json", Reason::OtherFhir("3.0.1".to_owned())),
        ("package/empty.json", missing("http://a.org/P", "path")),
        ("package/core.json", Reason::PartOfR4(core_patient)),
        ("package/c2.json", Reason::Duplicate("http://a.org/c".to_owned())),
        ("package/v0.json", missing("ValueSet", "url")),
        ("package/n.json", missing("NamingSystem", "uniqueId")),
    ];
    let (search, found): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(file, _)| *file == "package/s.json");
    assert!(matches!(search.as_slice(), [(_, Reason::Expression(_))]), "{search:?}");
    let expected: Vec<(&str, &Reason)> = expected.iter().map(|(f, r)| (*f, r)).collect();
    assert_eq!(found, expected);
    for skipped in &package.skipped {
        assert!(skipped.to_string().starts_with(&skipped.file));
    }
    assert_eq!(package.resources.len(), 2);
    let set = &package.overlay.value_sets[0];
    assert_eq!(set.contains(Some("http://a.org/c"), "a"), Membership::In);
}

#[test]
fn each_resource_gets_an_id_that_is_free() {
    let system = |id: &str, url: &str| {
        format!(
            r#"{{"resourceType": "CodeSystem", {id} "url": "http://{url}", "content": "complete"}}"#
        )
    };
    let files = [
        system(r#""id": "x","#, "a.org/a"),
        system(r#""id": "x","#, "a.org/b"),
        system("", "a.org/x"),
        system(r#""id": "no id","#, "a.org/c"),
    ];
    let mut named = vec![("package.json", MANIFEST)];
    named.extend(files.iter().map(|file| ("c.json", file.as_str())));
    let package = read(&named).unwrap();
    let ids: Vec<&str> = package.resources.iter().map(|r| text(r, "id")).collect();
    assert_eq!(ids, ["x", "b", "x-2", "c"]);
    for resource in &package.resources {
        let names: Vec<&str> = resource.as_object().unwrap().iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["resourceType", "id", "url", "content"]);
    }
}

#[test]
fn a_package_without_a_name_or_for_another_fhir_is_refused() {
    for (manifest, element) in [
        (r#"{"version": "1"}"#, "name"),
        (r#"{"name": "a"}"#, "version"),
        (r#"{"name": "a", "version": "1", "fhirVersions": ["3.0.2"]}"#, "fhirVersions"),
        (r#"{"name": "a", "version": "1", "fhir-version-list": ["5.0.0"]}"#, "fhir-version-list"),
    ] {
        let found = read(&[("package/package.json", manifest)]).unwrap_err();
        let resource = "package.json".to_owned();
        assert_eq!(found, DefinitionError::Missing { resource, element }, "{manifest}");
    }
    assert!(read(&[]).is_err());
}

#[test]
fn a_guide_names_a_package_that_has_no_manifest() {
    let guide = r#"{"resourceType": "ImplementationGuide", "url": "http://a.org/g", "version": "2",
        "packageId": "a.guide", "dependsOn": [{"uri": "http://b.org", "packageId": "b", "version": "1"}]}"#;
    let package = read(&[("guide.json", guide)]).unwrap();
    assert_eq!((&*package.name, &*package.version), ("a.guide", "2"));
    assert_eq!(package.dependencies, [("b".to_owned(), "1".to_owned())]);
    assert_eq!(text(&package.resources[0], "id"), "g");
}
