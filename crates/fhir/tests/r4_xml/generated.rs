//! Resources made up from the definitions: any elements of any type, lists of primitives with
//! gaps, choices of every type, extensions everywhere, members in any order.

use koppeltaal_fhir::Members;
use koppeltaal_fhir::r4::definition::{Derivation, Kind, Structure};
use proptest::prelude::*;

use super::*;

/// Deeper than this only what is needed is made.
const DEEPEST: usize = 5;

/// Choices that follow from a number (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

fn types() -> Vec<&'static Structure> {
    let mut all: Vec<&Structure> = koppeltaal()
        .structures()
        .filter(|s| s.kind == Kind::Resource && s.derivation == Derivation::Specialization)
        .collect();
    all.sort_by(|a, b| a.url.cmp(&b.url));
    all
}

fn resource(dice: &mut Dice, depth: usize) -> Node {
    let types = types();
    let structure = dice.pick(&types);
    let mut members = object(structure, 0, dice, depth);
    members.push("resourceType", structure.type_name.as_str());
    Node::Object(members)
}

/// Some of the children of an element, in any order.
fn object(structure: &Structure, at: usize, dice: &mut Dice, depth: usize) -> Members {
    let mut members = Members::new();
    let likely = if depth == 0 { 2 } else { 4 };
    let is_extension = structure.type_name == "Extension" && at == 0;
    for (child, element) in structure.children(at) {
        let is_url = is_extension && element.name() == "url";
        if !is_url && (depth > DEEPEST || dice.roll(likely) > 0) {
            continue;
        }
        let place = structure.content(child).unwrap_or(child);
        let code = if element.types.is_empty() {
            ""
        } else {
            &element.types[dice.roll(element.types.len())].code
        };
        let mut name = element.name().to_owned();
        if element.is_choice() {
            name.push_str(&code[..1].to_ascii_uppercase());
            name.push_str(&code[1..]);
        }
        // An attribute in XML, so it has neither id nor extensions.
        let is_attribute = is_url || at != 0 && name == "id";
        let is_attribute = is_attribute || structure.kind != Kind::Resource && name == "id";
        if structure.has_children(place) {
            let count = if element.is_list { 1 + dice.roll(3) } else { 1 };
            let items = (0..count).map(|_| object(structure, place, dice, depth + 1).into());
            add(&mut members, &name, element.is_list, items.collect());
            continue;
        }
        let inner = koppeltaal().structure(code).unwrap();
        let count = if element.is_list { 1 + dice.roll(3) } else { 1 };
        if inner.kind == Kind::Resource {
            let items = (0..count).map(|_| resource(dice, depth + 2)).collect();
            add(&mut members, &name, element.is_list, items);
        } else if inner.kind == Kind::ComplexType {
            let items = (0..count).map(|_| object(inner, 0, dice, depth + 1).into()).collect();
            add(&mut members, &name, element.is_list, items);
        } else if is_attribute || code == "xhtml" {
            members.push(name, primitive(code, dice));
        } else {
            primitives(&mut members, &name, code, (element.is_list, count), dice, depth);
        }
    }
    shuffle(&mut members, dice);
    members
}

fn add(members: &mut Members, name: &str, is_list: bool, mut items: Vec<Node>) {
    match items.pop() {
        Some(one) if !is_list => members.push(name, one),
        Some(last) => {
            items.push(last);
            members.push(name, items);
        }
        None => {}
    }
}

/// Primitives with companions, some of which stand alone.
fn primitives(
    members: &mut Members,
    name: &str,
    code: &str,
    (is_list, count): (bool, usize),
    dice: &mut Dice,
    depth: usize,
) {
    let mut values = Vec::new();
    let mut companions = Vec::new();
    for _ in 0..count {
        let kind = dice.roll(6);
        values.push(if kind == 0 { Node::Null } else { primitive(code, dice) });
        companions.push(if kind < 2 { companion(dice, depth) } else { Node::Null });
    }
    let is_something = |node: &Node| *node != Node::Null;
    let (has_values, has_companions) =
        (values.iter().any(is_something), companions.iter().any(is_something));
    if has_values {
        add(members, name, is_list, values);
    }
    if has_companions {
        add(members, &format!("_{name}"), is_list, companions);
    }
}

fn companion(dice: &mut Dice, depth: usize) -> Node {
    let extension = koppeltaal().structure("Extension").unwrap();
    let mut members = Members::new();
    let kind = dice.roll(3);
    if kind < 2 {
        members.push("id", "a.1");
    }
    if kind > 0 {
        members.push("extension", vec![object(extension, 0, dice, depth + 1).into()]);
    }
    Node::Object(members)
}

fn primitive(code: &str, dice: &mut Dice) -> Node {
    const TEXTS: [&str; 9] =
        ["a", " b ", "1", "true", "<&>\"'\r\n\t", "\u{e9}\u{1f600}", "]]>", "&amp;", ""];
    match code {
        "boolean" => Node::Bool(dice.roll(2) == 0),
        "integer" | "positiveInt" | "unsignedInt" => {
            Node::number(dice.pick(&["0", "-7", "2147483647"])).unwrap()
        }
        "decimal" => Node::number(dice.pick(&["0.10", "-1E+3", "12.500", "1e-9", "7"])).unwrap(),
        "xhtml" => Node::from(dice.pick(&[
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a'>x &lt; y</p>\r\n</div>",
            "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"/>",
        ])),
        _ => Node::from(dice.pick(&TEXTS)),
    }
}

fn shuffle(members: &mut Members, dice: &mut Dice) {
    for at in (1..members.len()).rev() {
        let other = dice.roll(at + 1);
        members.0.swap(at, other);
    }
}

/// The same tree with the members of every object in another order.
fn shuffled(node: &Node, dice: &mut Dice) -> Node {
    match node {
        Node::Array(items) => {
            items.iter().map(|item| shuffled(item, dice)).collect::<Vec<_>>().into()
        }
        Node::Object(members) => {
            let mut members = Members(
                members
                    .iter()
                    .map(|(name, node)| (name.to_owned(), shuffled(node, dice)))
                    .collect(),
            );
            shuffle(&mut members, dice);
            members.into()
        }
        scalar => scalar.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_resource_goes_through_xml_and_back(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let node = resource(&mut dice, 0);
        prop_assert_eq!(there_and_back(&node, koppeltaal()), Ok(()));
        let other = shuffled(&node, &mut dice);
        prop_assert_eq!(xml::render(&other, koppeltaal()), xml::render(&node, koppeltaal()));
    }
}

#[test]
fn every_element_of_every_resource_occurs_among_what_is_made_up() {
    let mut seen = std::collections::HashSet::new();
    let mut largest = 0;
    for seed in 0..2_000 {
        let node = resource(&mut Dice(seed), 0);
        largest = largest.max(json::render(&node).len());
        let name = node.resource_type().unwrap().to_owned();
        for (member, _) in node.as_object().unwrap().iter() {
            seen.insert(format!("{name}.{}", member.trim_start_matches('_')));
        }
    }
    for structure in types() {
        for (_, element) in structure.children(0) {
            let start = format!("{}.{}", structure.type_name, element.name());
            assert!(seen.iter().any(|path| path.starts_with(&start)), "{start}");
        }
    }
    assert!(largest > 5_000, "{largest}");
}
