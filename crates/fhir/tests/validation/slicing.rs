//! Kinds of slicing and bounds that no profile of Koppeltaal uses, by profiles made for the test.

use koppeltaal_fhir::r4::definition::{
    Definitions, Derivation, Discriminator, DiscriminatorKind, Element, Overlay, Slicing,
    SlicingRules, Structure,
};

use super::*;

const URL: &str = "http://example.org/StructureDefinition/test";

/// A profile on Patient whose elements `edit` changes.
fn profile(edit: impl Fn(&mut Vec<Element>)) -> Compiled {
    let core = Definitions::core();
    let patient = core.structure("Patient").unwrap();
    let mut elements = patient.elements().to_vec();
    edit(&mut elements);
    let mut structure =
        Structure::new(URL, patient.kind, &patient.type_name).with_elements(elements);
    structure.derivation = Derivation::Constraint;
    structure.base = Some(patient.url.clone());
    Compiled::new(core.with(Overlay { structures: vec![structure], ..Overlay::default() }))
}

fn element<'e>(elements: &'e mut [Element], id: &str) -> &'e mut Element {
    elements.iter_mut().find(|element| element.id == id).unwrap()
}

/// Slices `path` by one discriminator; each slice is an element of its own with one child.
fn slice(
    elements: &mut Vec<Element>,
    path: &str,
    kind: DiscriminatorKind,
    by: &str,
    rules: SlicingRules,
    is_ordered: bool,
    slices: &[(&str, Option<(&str, Element)>)],
) {
    let sliced = element(elements, path);
    let discriminators = vec![Discriminator { kind, path: by.to_owned() }];
    sliced.slicing = Some(Slicing { discriminators, rules, is_ordered });
    let model = Element { slicing: None, min: 0, ..sliced.clone() };
    let mut at = elements.iter().position(|element| element.id == path).unwrap() + 1;
    for (name, child) in slices {
        let id = format!("{path}:{name}");
        let own = Element { id: id.clone(), slice: Some((*name).to_owned()), ..model.clone() };
        elements.insert(at, own);
        at += 1;
        if let Some((child, rule)) = child {
            let path = format!("{path}.{child}");
            elements.insert(at, Element { id: format!("{id}.{child}"), path, ..rule.clone() });
            at += 1;
        }
    }
}

fn told(compiled: &Compiled, patient: &str) -> Vec<String> {
    let profiles = &[URL][..];
    let options = Options { profiles, ..Options::new(compiled) };
    let found = validate(&parse(patient), &options);
    let told = found.issues.iter().map(|i| format!("{} {}", i.code.code(), i.expression));
    told.collect()
}

fn fixed(text: &str) -> Element {
    Element { fixed: Some(Node::from(text)), max: Some(1), ..Element::default() }
}

const NONE: Vec<String> = Vec::new();

fn by_system(rules: SlicingRules, is_ordered: bool) -> Compiled {
    profile(|elements| {
        let slices =
            [("a", Some(("system", fixed("urn:a")))), ("b", Some(("system", fixed("urn:b"))))];
        let path = "Patient.identifier";
        slice(elements, path, DiscriminatorKind::Value, "system", rules, is_ordered, &slices);
        element(elements, "Patient.identifier:a").min = 1;
        element(elements, "Patient.identifier:b").max = Some(1);
    })
}

fn with_systems(systems: &str) -> String {
    let items: Vec<String> =
        systems.chars().map(|system| format!("{{\"system\":\"urn:{system}\"}}")).collect();
    format!("{{\"resourceType\":\"Patient\",\"identifier\":[{}]}}", items.join(","))
}

#[test]
fn slices_are_counted_and_the_rest_is_as_the_rules_say() {
    let at = |index: usize| format!("structure Patient.identifier[{index}]");
    let open = by_system(SlicingRules::Open, false);
    assert_eq!(told(&open, &with_systems("xbya")), NONE);
    assert_eq!(told(&open, &with_systems("b")), ["required Patient.identifier"]);
    assert_eq!(told(&open, "{\"resourceType\":\"Patient\"}"), ["required Patient.identifier"]);
    assert_eq!(told(&open, &with_systems("abb")), ["structure Patient.identifier"]);
    let closed = by_system(SlicingRules::Closed, false);
    assert_eq!(told(&closed, &with_systems("bax")), [at(2)]);
    let at_end = by_system(SlicingRules::OpenAtEnd, false);
    assert_eq!(told(&at_end, &with_systems("bax")), NONE);
    assert_eq!(told(&at_end, &with_systems("axb")), [at(2)]);
    let ordered = by_system(SlicingRules::Open, true);
    assert_eq!(told(&ordered, &with_systems("aab")), NONE);
    assert_eq!(told(&ordered, &with_systems("aba")), [at(2)]);
}

#[test]
fn slices_by_existence_are_told_apart() {
    let present = Element { min: 1, max: Some(1), ..Element::default() };
    let absent = Element { max: Some(0), ..Element::default() };
    let compiled = profile(|elements| {
        let slices = [
            ("with", Some(("period", present.clone()))),
            ("without", Some(("period", absent.clone()))),
        ];
        let (path, kind) = ("Patient.identifier", DiscriminatorKind::Exists);
        slice(elements, path, kind, "period", SlicingRules::Closed, false, &slices);
        element(elements, "Patient.identifier:with").max = Some(1);
    });
    let patient =
        |items: &str| format!("{{\"resourceType\":\"Patient\",\"identifier\":[{items}]}}");
    let (with, without) = ("{\"period\":{\"start\":\"2024\"}}", "{\"value\":\"x\"}");
    assert_eq!(told(&compiled, &patient(&format!("{with},{without},{without}"))), NONE);
    assert_eq!(
        told(&compiled, &patient(&format!("{with},{with}"))),
        ["structure Patient.identifier"]
    );
}

#[test]
fn slices_by_type_are_told_apart() {
    let compiled = profile(|elements| {
        let (path, kind) = ("Patient.deceased[x]", DiscriminatorKind::Type);
        let slices = [("deceasedBoolean", None)];
        slice(elements, path, kind, "$this", SlicingRules::Closed, false, &slices);
        element(elements, "Patient.deceased[x]:deceasedBoolean")
            .types
            .retain(|t| t.code == "boolean");
    });
    assert_eq!(told(&compiled, "{\"resourceType\":\"Patient\",\"deceasedBoolean\":true}"), NONE);
    assert_eq!(
        told(&compiled, "{\"resourceType\":\"Patient\",\"deceasedDateTime\":\"2024\"}"),
        ["structure Patient.deceased"]
    );
}

#[test]
fn values_stay_within_their_bounds() {
    let compiled = profile(|elements| {
        element(elements, "Patient.language").max_length = Some(2);
        element(elements, "Patient.birthDate").min_value = Some(Node::from("1900-01-01"));
        element(elements, "Patient.multipleBirth[x]").max_value = Some(Node::from(9));
    });
    let patient = |more: &str| format!("{{\"resourceType\":\"Patient\",{more}}}");
    assert_eq!(
        told(&compiled, &patient("\"birthDate\":\"1900-01-01\",\"multipleBirthInteger\":9")),
        NONE
    );
    assert_eq!(told(&compiled, &patient("\"language\":\"nl-NL\"")), ["too-long Patient.language"]);
    assert_eq!(
        told(&compiled, &patient("\"birthDate\":\"1899-12-31\"")),
        ["value Patient.birthDate"]
    );
    assert_eq!(
        told(&compiled, &patient("\"multipleBirthInteger\":10")),
        ["value Patient.multipleBirth"]
    );
}
