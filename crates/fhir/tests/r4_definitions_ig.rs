//! The tables of R4 against the compiled package that `KOPPELTAAL_IG_DIR` names, which comes from
//! another source. Without the variable there is nothing to compare with.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the package fails")]
#![expect(clippy::disallowed_methods, reason = "reads the package from outside the pure crate")]
#![expect(clippy::print_stdout, reason = "says that nothing was compared")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use koppeltaal_fhir::r4::definition::{
    CodeSystem, Definitions, Element, Membership, SearchParameter, Structure,
};
use koppeltaal_fhir::{Node, json};

/// The resources of one type in the folder, or nothing after saying so.
fn resources(folder: &str, kind: &str) -> Option<Vec<Node>> {
    let Ok(package) = std::env::var("KOPPELTAAL_IG_DIR") else {
        println!("KOPPELTAAL_IG_DIR is not set: {kind} of {folder} is not compared.");
        return None;
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(PathBuf::from(package).join(folder)).unwrap() {
        let resource = json::parse(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        if resource.resource_type() == Some(kind) {
            found.push(resource);
        }
    }
    assert!(!found.is_empty(), "no {kind} in {folder}");
    Some(found)
}

/// All that the tables keep of an element, in words.
fn facts(element: &Element) -> BTreeSet<String> {
    let mut facts = BTreeSet::from([
        format!("min {}", element.min),
        format!("max {:?}", element.max),
        format!("list {}", element.is_list),
        format!("path {}", element.path),
        format!("slice {:?} {:?}", element.slice, element.slicing),
        format!("content {:?}", element.content_reference),
        format!("fixed {:?} pattern {:?}", element.fixed, element.pattern),
        format!("modifier {} summary {}", element.is_modifier, element.is_summary),
        format!("length {:?} regex {:?}", element.max_length, element.regex),
        format!("from {:?} to {:?}", element.min_value, element.max_value),
    ]);
    facts.extend(element.types.iter().map(|t| format!("{t:?}")));
    facts.extend(
        element
            .constraints
            .iter()
            .map(|c| format!("constraint {} {} {:?}", c.key, c.severity.code(), c.expression)),
    );
    if let Some(binding) = &element.binding {
        facts.insert(format!("{} {:?}", binding.strength.code(), binding.value_set));
    }
    facts
}

#[test]
fn every_element_of_the_package_is_ours() {
    let Some(resources) = resources("deps/r4-core", "StructureDefinition") else { return };
    let (mut compared, mut wrong) = (0, Vec::new());
    for resource in &resources {
        let theirs = Structure::from_resource(resource).unwrap();
        let Some(ours) = Definitions::core().structure(&theirs.url) else { continue };
        compared += 1;
        assert_eq!(ours.base, theirs.base);
        assert_eq!(ours.context, theirs.context);
        for element in theirs.elements() {
            match ours.elements().iter().find(|own| own.id == element.id) {
                None => wrong.push(format!("{} is missing in {}", element.id, ours.url)),
                Some(own) => {
                    let (own, other) = (facts(own), facts(element));
                    if own != other {
                        let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                            a.difference(b).cloned().collect::<Vec<_>>()
                        };
                        wrong.push(format!(
                            "{}: ours {:?}, theirs {:?}",
                            element.id,
                            only(&own, &other),
                            only(&other, &own)
                        ));
                    }
                }
            }
        }
        if ours.elements().len() != theirs.elements().len() {
            wrong.push(format!("{} has other elements", ours.url));
        }
    }
    assert!(compared > 70, "only {compared} structures were compared");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_search_parameter_of_our_types_is_ours() {
    let Some(resources) = resources("deps/r4-core", "SearchParameter") else { return };
    let core = Definitions::core();
    let mut compared = 0;
    for resource in &resources {
        let theirs = SearchParameter::from_resource(resource).unwrap();
        let Some(base) = theirs.base.iter().find(|base| core.structure(base).is_some()) else {
            continue;
        };
        compared += 1;
        let ours = core.search_parameters(base).find(|own| own.url == theirs.url);
        assert_eq!(ours, Some(&theirs), "{}", theirs.url);
    }
    assert!(compared > 150, "only {compared} parameters were compared");
}

#[test]
fn code_systems_hold_the_same_codes() {
    let Some(resources) = resources("deps/r4-core", "CodeSystem") else { return };
    let mut compared = 0;
    for resource in &resources {
        let theirs = CodeSystem::from_resource(resource).unwrap();
        let Some(ours) = Definitions::core().code_system(&theirs.url) else { continue };
        compared += 1;
        let codes = |system: &CodeSystem| -> BTreeSet<(String, Option<String>)> {
            let text = |text: &str| text.to_owned();
            let pairs = system.concepts().iter();
            pairs.map(|c| (text(&c.code), c.display.as_deref().map(text))).collect()
        };
        assert_eq!(codes(ours), codes(&theirs), "{}", theirs.url);
    }
    assert!(compared > 60, "only {compared} code systems were compared");
}

#[test]
fn value_sets_hold_the_codes_of_the_complete_expansions() {
    let Ok(package) = std::env::var("KOPPELTAAL_IG_DIR") else {
        println!("KOPPELTAAL_IG_DIR is not set: value sets are not compared.");
        return;
    };
    let file = PathBuf::from(package).join("expansions/valueset-expansions.json");
    let expansions = json::parse(&std::fs::read(file).unwrap()).unwrap();
    let (mut compared, mut wrong) = (0, Vec::new());
    for (url, expansion) in expansions.as_object().unwrap().iter() {
        let Some(ours) = Definitions::core().value_set(url) else { continue };
        let text = |node: &Node, name: &str| node.get(name)?.as_str().map(str::to_owned);
        let theirs: BTreeSet<(String, String)> = expansion
            .items("contains")
            .iter()
            .filter_map(|entry| Some((text(entry, "system")?, text(entry, "code")?)))
            .collect();
        for (system, code) in &theirs {
            if ours.contains(Some(system), code) == Membership::Out {
                wrong.push(format!("{url} has no {system}|{code}"));
            }
        }
        if expansion.get("complete").and_then(Node::as_bool) == Some(true) {
            compared += 1;
            let more = ours.codes().find(|(system, code)| {
                !theirs.contains(&((*system).to_owned(), (*code).to_owned()))
            });
            if more.is_some() || !ours.is_enumerated() {
                wrong.push(format!("{url} holds more than it should: {more:?}"));
            }
        }
    }
    assert!(compared > 60, "only {compared} value sets were compared");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
