//! Profiles and extensions, element by element.

use std::collections::{BTreeMap, BTreeSet};

use koppeltaal_fhir::r4::definition::{CORE_STRUCTURE, Definitions, Element, Structure};
use koppeltaal_fhir::r4::profile::{koppeltaal, koppeltaal_overlay};
use koppeltaal_fhir::{Node, json};

use crate::guide::{guide, of_type, resources};

/// The element with this id, written out in the structure or reached through types and profiles.
fn reached(all: &Definitions, structure: &Structure, id: &str) -> Option<Element> {
    if let Some(at) = structure.position(id) {
        return structure.element(at).cloned();
    }
    let (parent, rest) = id
        .rmatch_indices('.')
        .map(|(dot, _)| (&id[..dot], &id[dot..]))
        .find_map(|(above, rest)| Some((structure.element(structure.position(above)?)?, rest)))?;
    let [only] = parent.types.as_slice() else { return None };
    let url = match only.profiles.as_slice() {
        [profile] => profile.clone(),
        _ => format!("{CORE_STRUCTURE}{}", only.code),
    };
    let inner = all.structure(&url)?;
    reached(all, inner, &format!("{}{rest}", inner.root()?.id))
}

fn is_below_forbidden(all: &Definitions, structure: &Structure, id: &str) -> bool {
    let ancestors = id.match_indices('.').map(|(dot, _)| &id[..dot]);
    ancestors.into_iter().any(|above| {
        // Slices of a forbidden element are as dead as its children.
        let unsliced = above.rfind(':').filter(|colon| *colon > above.rfind('.').unwrap_or(0));
        [Some(above), unsliced.map(|colon| &above[..colon])]
            .into_iter()
            .flatten()
            .any(|id| reached(all, structure, id).is_some_and(|element| element.is_forbidden()))
    }) || id.rfind(':').is_some_and(|colon| {
        !id[colon..].contains('.')
            && reached(all, structure, &id[..colon]).is_some_and(|element| element.is_forbidden())
    })
}

/// What the standard says of an element, by name.
fn facts(element: &Element) -> BTreeMap<&'static str, String> {
    let max = element.max.map_or_else(|| "*".to_owned(), |max| max.to_string());
    let mut facts = BTreeMap::from([("cardinality", format!("{}..{max}", element.min))]);
    if element.is_forbidden() {
        return facts;
    }
    let types: BTreeSet<String> = element
        .types
        .iter()
        // The guide writes "any resource" as `Resource|*`.
        .map(|t| format!("{} {:?} {:?}", t.code, t.profiles, t.targets).replace("|*", ""))
        .collect();
    // The guide breaks a long expression into lines.
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tight = |text: &str| one_line(text).replace("( ", "(").replace(" )", ")");
    let constraints: BTreeSet<String> = element
        .constraints
        .iter()
        .map(|c| format!("{} {:?} {:?}", c.key, c.severity, c.expression.as_deref().map(tight)))
        .collect();
    facts.insert("types", format!("{types:?}"));
    facts.insert("constraints", format!("{constraints:?}"));
    facts.insert("binding", format!("{:?}", element.binding));
    facts.insert("fixed", format!("{:?}", element.fixed.as_ref().map(sorted)));
    facts.insert("pattern", format!("{:?}", element.pattern.as_ref().map(sorted)));
    facts.insert("slicing", format!("{:?}", element.slicing));
    facts.insert("slice", format!("{:?}", element.slice));
    facts.insert("content", format!("{:?}", element.content_reference));
    facts.insert("list", element.is_list.to_string());
    facts.insert("modifier", element.is_modifier.to_string());
    facts
}

/// The value with the members of objects in order.
fn sorted(node: &Node) -> String {
    match node {
        Node::Object(members) => {
            let members: BTreeMap<&str, String> =
                members.iter().map(|(name, value)| (name, sorted(value))).collect();
            format!("{members:?}")
        }
        Node::Array(items) => format!("{:?}", items.iter().map(sorted).collect::<Vec<_>>()),
        scalar => json::render(scalar),
    }
}

/// Why this fact of this element differs on purpose.
fn exception(id: &str, fact: &str, theirs: &str) -> Option<&'static str> {
    match (id.rsplit('.').next()?, fact) {
        ("extension", "slicing") if theirs == "None" => {
            Some("the guide divides extensions of primitives without saying by what: by url")
        }
        ("value", "types") if theirs == r#"{"string [] []"}"# => {
            Some("inside a string ours has System.String, as the type itself")
        }
        _ => None,
    }
}

fn compare(url: &str, differences: &mut Vec<String>) {
    let guide = guide().unwrap();
    let theirs = guide.structure(url).unwrap();
    let Some(ours) = koppeltaal().structure(url) else {
        differences.push(format!("{url} is missing"));
        return;
    };
    let header = |s: &Structure| {
        format!(
            "{:?} {} {:?} {} {:?} {}",
            s.version, s.name, s.kind, s.type_name, s.derivation, s.is_abstract
        )
    };
    if header(ours) != header(theirs) {
        differences.push(format!("{url}: {} and not {}", header(ours), header(theirs)));
    }
    let ids: BTreeSet<&str> =
        ours.elements().iter().chain(theirs.elements()).map(|element| &*element.id).collect();
    for id in ids {
        if is_below_forbidden(guide, theirs, id) {
            continue;
        }
        let found = (reached(koppeltaal(), ours, id), reached(guide, theirs, id));
        let (Some(our), Some(their)) = &found else {
            let side = if found.0.is_none() { "ours" } else { "the guide's" };
            differences.push(format!("{id} is not among {side}"));
            continue;
        };
        let (our, their) = (facts(our), facts(their));
        for (name, value) in &their {
            let own = our.get(name);
            if own != Some(value) && exception(id, name, value).is_none() {
                differences.push(format!("{id} {name}\n     ours {own:?}\n   theirs {value}"));
            }
        }
    }
}

#[test]
fn every_profile_and_extension_says_what_the_guide_says() {
    let Some(all) = resources("kt2") else { return };
    let dutch = koppeltaal_overlay(Definitions::core()).unwrap().structures;
    let dutch = dutch.iter().map(|s| s.url.clone()).filter(|url| url.contains("nictiz.nl"));
    let urls: BTreeSet<String> = of_type(&all, "StructureDefinition")
        .map(|resource| resource.get("url").unwrap().as_str().unwrap().to_owned())
        .chain(dutch)
        .collect();
    let mut differences = Vec::new();
    urls.iter().for_each(|url| compare(url, &mut differences));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(urls.len(), 11 + 7 + 3 + 5);
}

#[test]
fn slices_stand_in_the_order_of_the_guide() {
    let Some(guide) = guide() else { return };
    for theirs in guide.structures().filter(|s| s.name.starts_with("KT2_")) {
        let ours = koppeltaal().structure(&theirs.url).unwrap();
        for (at, element) in ours.elements().iter().enumerate() {
            // Ours come before the forbidden ones, because the type of the member alone decides.
            let is_meant = element.id == "CareTeam.participant"
                || element.is_forbidden()
                || is_below_forbidden(guide, theirs, &element.id);
            let Some(their_at) = theirs.position(&element.id).filter(|_| !is_meant) else {
                continue;
            };
            let order = |s: &Structure, at| -> Vec<String> {
                s.slices(at).map(|(_, slice)| slice.id.clone()).collect()
            };
            assert_eq!(order(ours, at), order(theirs, their_at));
        }
    }
}

#[test]
fn every_extension_may_stand_where_the_guide_says() {
    let Some(guide) = guide() else { return };
    for ours in koppeltaal_overlay(Definitions::core()).unwrap().structures {
        let theirs = guide.structure(&ours.url).unwrap();
        if ours.url.ends_with("/resource-origin") {
            // The guide joins the names of all types into one expression; ours says Resource.
            let all = &theirs.context[0].expression;
            assert!(
                all.split(" | ").all(|name| guide.is_resource_type(name) || name == "CatalogEntry")
            );
            assert_eq!(ours.context[0].expression, "Resource");
        } else {
            assert_eq!(ours.context, theirs.context, "{}", ours.url);
        }
    }
}
