//! The published guide in the folder that `KOPPELTAAL_IG_DIR` names. Without the variable there is
//! nothing to compare with.
#![expect(clippy::disallowed_methods, reason = "reads the guide from outside the pure crate")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::package::{Reason, koppeltaal_conformance, read_package};

use crate::{of_type, text};

#[expect(clippy::print_stdout, reason = "says why nothing was tested")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KOPPELTAAL_IG_DIR").map(PathBuf::from);
    if folder.is_none() {
        println!("KOPPELTAAL_IG_DIR names no folder: not tested");
    }
    folder
}

/// The files of a folder, as an archive would give them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let file = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        (format!("package/{name}"), std::fs::read(path).unwrap())
    };
    paths.iter().map(file).collect()
}

#[test]
fn the_guide_is_read_as_a_package() {
    let Some(folder) = folder() else { return };
    let count = files(&folder.join("kt2")).len();
    let package = read_package(files(&folder.join("kt2")), Definitions::core()).unwrap();
    assert_eq!((&*package.name, &*package.version), ("koppeltaalv2.00", "0.16.3"));
    assert_eq!(package.skipped, []);
    assert_eq!(package.resources.len(), count);
    assert_eq!(package.overlay.structures.len(), 11 + 7);
    assert_eq!(package.dependencies.len(), 2);
}

#[test]
fn the_dutch_packages_are_read_with_what_cannot_be_used_told() {
    let Some(folder) = folder() else { return };
    let manifest = br#"{"name": "nictiz", "version": "0.12.0"}"#.to_vec();
    let mut all = files(&folder.join("deps/nictiz"));
    all.push(("package/package.json".to_owned(), manifest));
    let package = read_package(all, Definitions::core()).unwrap();
    assert!(package.overlay.structures.len() > 20);
    for skipped in &package.skipped {
        assert!(matches!(skipped.reason, Reason::NotJson), "{skipped}");
    }
    let ids: BTreeSet<(&str, &str)> =
        package.resources.iter().map(|r| (text(r, "resourceType"), text(r, "id"))).collect();
    assert_eq!(ids.len(), package.resources.len());
}

#[test]
fn types_of_r4_in_a_package_change_nothing() {
    let Some(folder) = folder() else { return };
    let manifest = br#"{"name": "hl7.fhir.r4.core", "version": "4.0.1"}"#.to_vec();
    let mut all = files(&folder.join("deps/r4-core"));
    all.push(("package/package.json".to_owned(), manifest));
    let package = read_package(all, Definitions::core()).unwrap();
    assert!(package.skipped.iter().any(|s| matches!(s.reason, Reason::PartOfR4(_))));
    let types = Definitions::core();
    assert!(package.overlay.structures.iter().all(|s| types.structure(&s.url).is_none()));
}

/// The guide under the URL that clients ask for, which is not the one in the guide itself.
const GUIDE: &str = "http://koppeltaal.nl/fhir/ImplementationGuide";

#[test]
fn every_canonical_of_the_guide_is_served_once() {
    let Some(folder) = folder() else { return };
    let package = read_package(files(&folder.join("kt2")), Definitions::core()).unwrap();
    for name in ["StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter"] {
        for theirs in of_type(&package.resources, name) {
            let ours: Vec<_> = of_type(koppeltaal_conformance(), name)
                .filter(|ours| text(ours, "url") == text(theirs, "url"))
                .collect();
            let [ours] = ours.as_slice() else { panic!("{}: {}", text(theirs, "url"), ours.len()) };
            if name != "SearchParameter" {
                assert_eq!(text(ours, "version"), text(theirs, "version"));
                assert_eq!(text(ours, "name"), text(theirs, "name"));
            }
        }
    }
}

#[test]
fn the_smoke_test_of_the_guide_finds_each_canonical_at_most_once() {
    let Some(folder) = folder() else { return };
    let file = folder.join("test-resources/smoke-tests/version-check-data.json");
    let asked = json::parse(&std::fs::read(file).unwrap()).unwrap();
    let mut unknown = Vec::new();
    for asked in asked.items("resources") {
        let (name, url) = (text(asked, "resourceType"), text(asked, "canonicalUrl"));
        let found = of_type(koppeltaal_conformance(), name).filter(|r| text(r, "url") == url);
        match found.count() {
            0 => unknown.push(url.to_owned()),
            1 => {}
            more => panic!("{url}: {more}"),
        }
    }
    assert_eq!(unknown, [format!("{GUIDE}/koppeltaalv2.00")]);
}
