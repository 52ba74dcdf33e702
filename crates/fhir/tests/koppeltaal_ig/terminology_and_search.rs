//! Value sets, code systems, naming systems and search parameters.

use std::collections::{BTreeMap, BTreeSet};

use koppeltaal_fhir::r4::definition::{
    Binding, CodeSystem, Definitions, SearchParameter, Strength,
};
use koppeltaal_fhir::r4::profile::{koppeltaal, koppeltaal_overlay, naming_systems};

use crate::guide::{guide, of_type, resources};

#[test]
fn every_value_set_has_the_codes_of_the_guide() {
    let Some(guide) = guide() else { return };
    let Some(all) = resources("kt2") else { return };
    let overlay = koppeltaal_overlay(Definitions::core()).unwrap();
    for resource in of_type(&all, "ValueSet") {
        let url = resource.get("url").unwrap().as_str().unwrap();
        assert!(overlay.value_sets.iter().any(|set| set.url == url), "{url} is missing");
    }
    for ours in &overlay.value_sets {
        let theirs = guide.value_set(&ours.url).unwrap();
        assert_eq!((&ours.version, &ours.name), (&theirs.version, &theirs.name), "{}", ours.url);
        let open: BTreeSet<&str> = ours.open_systems().collect();
        let mut expected: BTreeSet<&str> = theirs.open_systems().collect();
        let mut codes: BTreeSet<_> = theirs.codes().collect();
        // The countries of the register of persons are another's list: any code of it is let in.
        if ours.name == "LandCodelijsten" {
            expected.insert("urn:oid:2.16.840.1.113883.2.4.4.16.34");
            codes.retain(|(system, _)| !expected.contains(system));
        }
        assert_eq!(open, expected, "{}", ours.url);
        assert_eq!(ours.codes().collect::<BTreeSet<_>>(), codes, "{}", ours.url);
    }
}

#[test]
fn every_value_set_that_can_reject_or_warn_is_known() {
    let all = koppeltaal();
    let ours = koppeltaal_overlay(Definitions::core()).unwrap();
    for structure in &ours.structures {
        for element in structure.elements().iter().filter(|element| !element.is_forbidden()) {
            let counts = |binding: &&Binding| binding.strength >= Strength::Extensible;
            let Some(binding) = element.binding.as_ref().filter(counts) else { continue };
            let url = binding.value_set.as_deref().unwrap();
            assert!(all.value_set(url).is_some(), "{}: {url}", element.id);
        }
    }
}

#[test]
fn every_code_system_has_the_codes_of_the_guide() {
    let Some(all) = resources("kt2") else { return };
    let dutch = resources("deps/nictiz").unwrap();
    let theirs: BTreeMap<String, CodeSystem> = of_type(&all, "CodeSystem")
        .chain(of_type(&dutch, "CodeSystem"))
        .map(|resource| CodeSystem::from_resource(resource).unwrap())
        .map(|system| (system.url.clone(), system))
        .collect();
    for resource in of_type(&all, "CodeSystem") {
        let url = resource.get("url").unwrap().as_str().unwrap();
        assert!(koppeltaal().code_system(url).is_some(), "{url} is missing");
    }
    for ours in koppeltaal_overlay(Definitions::core()).unwrap().code_systems {
        let theirs = &theirs[&ours.url];
        let facts = |s: &CodeSystem| {
            let codes: BTreeSet<_> = s.concepts().iter().map(|c| c.code.clone()).collect();
            (s.version.clone(), s.name.clone(), s.is_complete, s.is_case_sensitive, codes)
        };
        assert_eq!(facts(&ours), facts(theirs));
    }
}

#[test]
fn every_search_parameter_says_what_the_guide_says() {
    let Some(all) = resources("kt2") else { return };
    let ours = koppeltaal_overlay(Definitions::core()).unwrap().search_parameters;
    let theirs: Vec<SearchParameter> = of_type(&all, "SearchParameter")
        .map(|resource| SearchParameter::from_resource(resource).unwrap())
        .collect();
    assert_eq!((ours.len(), theirs.len()), (7, 7));
    for mut their in theirs {
        let our = ours.iter().find(|our| our.url == their.url).unwrap();
        // Nothing is said about what would be found there.
        their.base.retain(|base| base != "OperationOutcome" && base != "Bundle");
        // The guide stops at the Extension, which holds nothing that can be compared.
        let parts = their.expression.iter().flat_map(|expression| expression.split(" | "));
        let to_value = |part: &str| match part.ends_with(')') {
            true => format!("{part}.value"),
            false => part.to_owned(),
        };
        their.expression = Some(parts.map(to_value).collect::<Vec<_>>().join(" | "));
        assert_eq!(*our, their);
    }
}

#[test]
fn every_naming_system_says_what_the_guide_says() {
    let Some(all) = resources("kt2") else { return };
    let theirs: Vec<(&str, &str, &str)> = of_type(&all, "NamingSystem")
        .map(|resource| {
            let text = |node: &'static str| resource.get(node).unwrap().as_str().unwrap();
            let id = resource.items("uniqueId")[0].get("value").unwrap().as_str().unwrap();
            (text("name"), id, text("kind"))
        })
        .collect();
    let ours = naming_systems().unwrap();
    let ours: Vec<_> = ours.iter().map(|n| (&*n.name, &*n.unique_id, &*n.kind)).collect();
    assert_eq!(ours, theirs);
}
