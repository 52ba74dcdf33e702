//! The built-in definitions of Koppeltaal as resources.

use std::collections::{BTreeMap, BTreeSet};

use koppeltaal_fhir::r4::definition::{Definitions, Overlay};
use koppeltaal_fhir::r4::package::{KOPPELTAAL_GUIDE, koppeltaal, koppeltaal_conformance};
use koppeltaal_fhir::r4::profile::{self, koppeltaal_overlay, naming_systems};
use koppeltaal_fhir::r4::validate::{Compiled, Issue, Options, validate};
use koppeltaal_fhir::{Node, json};

use crate::{of_type, text};

#[test]
fn what_comes_out_reads_back_as_the_same_definitions() {
    let core = Definitions::core();
    let ours = koppeltaal_overlay(core).unwrap();
    let read = Overlay::from_resources(koppeltaal_conformance(), core).unwrap();
    assert_eq!(read.structures.len(), ours.structures.len());
    for (read, own) in read.structures.iter().zip(&ours.structures) {
        for (read, own) in read.elements().iter().zip(own.elements()) {
            assert_eq!(read, own);
        }
        assert_eq!(read, own, "{}", own.url);
    }
    for (read, own) in read.value_sets.iter().zip(&ours.value_sets) {
        assert_eq!(read, own);
    }
    assert_eq!(read, ours);
    assert_eq!(koppeltaal().overlay, ours);
}

#[test]
fn every_resource_is_valid_r4() {
    let compiled = Compiled::new(profile::koppeltaal().clone());
    for resource in koppeltaal_conformance() {
        let report = validate(resource, &Options::new(&compiled));
        // The standard gives ids a type of FHIRPath, which its own value set does not list.
        let is_meant = |issue: &&Issue| !issue.details.contains("(http://hl7.org/fhirpath/System.");
        let told: Vec<&str> =
            report.issues.iter().filter(is_meant).map(|issue| &*issue.details).collect();
        assert!(report.is_valid());
        let shown =
            format!("{} {}: {told:#?}", text(resource, "resourceType"), text(resource, "id"));
        assert!(told.is_empty(), "{shown}");
    }
}

#[test]
fn every_resource_survives_as_json() {
    for resource in koppeltaal_conformance() {
        let written = json::render(resource);
        assert_eq!(json::parse(written.as_bytes()).as_ref(), Ok(resource));
    }
}

#[test]
fn each_canonical_and_each_id_of_a_type_occurs_once() {
    let (mut urls, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for resource in koppeltaal_conformance() {
        let name = text(resource, "resourceType");
        assert!(ids.insert((name, text(resource, "id"))), "{name}/{}", text(resource, "id"));
        if name != "NamingSystem" {
            assert!(urls.insert(text(resource, "url")), "{}", text(resource, "url"));
        }
        assert_eq!(text(resource, "status"), "active");
        assert!(resource.get("publisher").is_none());
    }
}

#[test]
fn ids_are_the_last_part_of_the_canonical() {
    let found: BTreeMap<&str, &str> =
        koppeltaal_conformance().iter().map(|r| (text(r, "url"), text(r, "id"))).collect();
    for (url, id) in [
        ("http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient", "KT2Patient"),
        ("http://vzvz.nl/fhir/StructureDefinition/instantiates", "instantiates"),
        (
            "http://nictiz.nl/fhir/StructureDefinition/nl-core-NameInformation.GivenName",
            "nl-core-NameInformation.GivenName",
        ),
        ("urn:oid:2.16.840.1.113883.2.4.3.11.22.472", "2.16.840.1.113883.2.4.3.11.22.472"),
        ("http://koppeltaal.nl/fhir/SearchParameter/participant", "participant"),
        (KOPPELTAAL_GUIDE, "koppeltaalv2.00"),
    ] {
        assert_eq!(found.get(url), Some(&id), "{url}");
    }
}

#[test]
fn the_guide_lists_all_the_others() {
    let all = koppeltaal_conformance();
    let guides: Vec<&Node> = of_type(all, "ImplementationGuide").collect();
    let [guide] = guides.as_slice() else { panic!("{} guides", guides.len()) };
    assert_eq!(text(guide, "version"), "0.16.3");
    assert_eq!(text(guide, "packageId"), koppeltaal().name);
    assert_eq!(guide.items("fhirVersion"), [Node::from("4.0.1")]);
    assert!(guide.get("license").is_none());
    let listed: Vec<&str> = guide
        .get("definition")
        .unwrap()
        .items("resource")
        .iter()
        .map(|entry| text(entry.get("reference").unwrap(), "reference"))
        .collect();
    let others: Vec<String> = all
        .iter()
        .filter(|resource| resource.resource_type() != Some("ImplementationGuide"))
        .map(|r| format!("{}/{}", text(r, "resourceType"), text(r, "id")))
        .collect();
    assert_eq!(listed, others);
    assert_eq!(listed.len(), 26 + 21 + 8 + 7 + 1);
}

#[test]
fn naming_systems_say_which_identifiers_they_are_for() {
    let own = naming_systems().unwrap();
    let found: Vec<&Node> = of_type(koppeltaal_conformance(), "NamingSystem").collect();
    assert_eq!(found.len(), own.len());
    for (resource, own) in found.iter().zip(own) {
        let unique_id = &resource.items("uniqueId")[0];
        assert_eq!((text(resource, "name"), text(resource, "kind")), (&*own.name, &*own.kind));
        assert_eq!((text(unique_id, "type"), text(unique_id, "value")), ("uri", &*own.unique_id));
    }
}
