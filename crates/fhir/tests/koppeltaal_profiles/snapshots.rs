//! Every snapshot as a whole.

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::profile::{koppeltaal, koppeltaal_overlay};

#[test]
fn every_snapshot_is_well_formed() {
    let overlay = koppeltaal_overlay(Definitions::core());
    let structures = overlay.map(|overlay| overlay.structures).unwrap_or_default();
    assert_eq!(structures.len(), 26);
    for structure in &structures {
        let mut seen = std::collections::HashSet::new();
        for element in structure.elements() {
            let id = &element.id;
            assert!(seen.insert(id), "{id} is there twice");
            let parts: Vec<&str> =
                id.split('.').map(|part| part.split(':').next().unwrap_or(part)).collect();
            assert_eq!(element.path, parts.join("."));
            if let Some((parent, last)) = id.rsplit_once('.') {
                assert!(seen.contains(&parent.to_owned()), "{id} has no parent before it");
                let slice = last.split_once(':').map(|(_, slice)| slice);
                assert_eq!(element.slice.as_deref(), slice, "{id}");
            }
            assert!(element.max.is_none_or(|max| element.min <= max), "{id}");
            for place in element.types.iter().flat_map(|t| t.profiles.iter().chain(&t.targets)) {
                let name = place.rsplit('/').next().unwrap_or_default();
                let is_known =
                    koppeltaal().structure(place).is_some() || koppeltaal().is_resource_type(name);
                assert!(is_known, "{id} names {place}");
            }
        }
        for (at, element) in structure.elements().iter().enumerate() {
            let has_slices = structure.slices(at).next().is_some();
            assert!(!has_slices || element.slicing.is_some(), "{}", element.id);
        }
    }
}

#[test]
fn building_the_definitions_twice_gives_the_same() {
    let build = || koppeltaal_overlay(Definitions::core());
    assert!(build().is_ok());
    assert_eq!(build(), build());
}
