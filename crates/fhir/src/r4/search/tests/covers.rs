//! Values that are rows of one parameter though two have them: none is lost, and none comes in
//! addition.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::index::Rows;
use super::super::{Parameters, Row, index, parameter_number};
use super::custom::{parameter, with};
use super::{BASE, each_of_ours, parameters, parse, people, types};
use crate::r4::definition::{Definitions, SearchKind};
use crate::r4::profile::koppeltaal;
use crate::{Node, json};

/// What is covered on each type: stored rows go by it, so whatever changes here needs a `reindex`.
const COVERED: &str = "
    Organization address: address-city address-country address-postalcode address-state
    Organization name: phonetic
    Patient address: address-city address-country address-postalcode address-state
    Patient name: family given
    Patient telecom: email phone
    Practitioner address: address-city address-country address-postalcode address-state
    Practitioner name: family given
    Practitioner telecom: email phone
    RelatedPerson address: address-city address-country address-postalcode address-state
    RelatedPerson telecom: email phone
";

/// The covers of these parameters, as a text for people.
fn shown(parameters: &Parameters) -> String {
    let mut lines = Vec::new();
    for name in types() {
        let code_of = |number: i64| {
            let mut known = parameters.for_type(&name);
            known.find(|one| one.number() == number).map(|one| one.definition().code.clone())
        };
        for parameter in parameters.for_type(&name).filter(|one| !one.covered().is_empty()) {
            let code = &parameter.definition().code;
            // A second name of the same rows has the same covers.
            if code_of(parameter.number()).as_ref() == Some(code) {
                let parts: Vec<String> =
                    parameter.covered().iter().filter_map(|number| code_of(*number)).collect();
                assert_eq!(parts.len(), parameter.covered().len());
                lines.push(format!("{name} {code}: {}", parts.join(" ")));
            }
        }
    }
    lines.join("\n")
}

#[test]
fn names_addresses_and_telecoms_cover_their_parts() {
    let expected: Vec<&str> =
        COVERED.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(shown(parameters()), expected.join("\n"));
    assert_eq!(shown(&Parameters::new(Definitions::core())), expected.join("\n"));
    let phonetic = parameters().find("Patient", "phonetic").unwrap();
    assert_eq!(
        phonetic.covered(),
        ["family", "given"].map(|code| parameter_number("Patient", code))
    );
}

#[test]
fn what_a_domain_brings_neither_covers_nor_is_covered() {
    let own = |code: &str, url: &str, expression: &str| {
        let mut own = parameter(code, "Patient", SearchKind::String, expression);
        own.url = url.to_owned();
        own
    };
    for own in [
        own("prefix", "urn:prefix", "Patient.name.prefix"),
        own("people", "urn:people", "Patient.name"),
        own("prefix", "http://hl7.org/fhir/SearchParameter/Patient-prefix", "Patient.name.prefix"),
        own("a", "http://hl7.org/fhir/SearchParameter/Patient-a", "Patient.name"),
    ] {
        let code = own.code.clone();
        let (definitions, parameters) = with(vec![own]);
        assert_eq!(parameters.unusable(), []);
        assert!(parameters.find("Patient", &code).unwrap().covered().is_empty());
        assert_eq!(shown(&parameters), shown(super::parameters()), "{code}");
        agree(&parse(people::PATIENT), &parameters, &definitions);
        // Those of the standard stand where they stood without it.
        let number = parameter_number("Patient", &code);
        let mut rows = index(&parse(people::PATIENT), &parameters, &definitions, None).rows;
        rows.retain(|row| row.parameter != number);
        let before = index(&parse(people::PATIENT), super::parameters(), koppeltaal(), None).rows;
        assert_eq!(rows, before, "{code}");
    }
}

#[test]
fn a_parameter_of_the_standard_that_is_defined_anew_covers_nothing() {
    for (changed, wider) in [("individual-family", "name"), ("individual-email", "telecom")] {
        let url = format!("http://hl7.org/fhir/SearchParameter/{changed}");
        let mut other = koppeltaal().search_parameter_by_url(&url).unwrap().clone();
        other.expression = Some("Patient.name.prefix | Patient.telecom.rank".to_owned());
        let number = parameter_number("Patient", &other.code);
        let (definitions, parameters) = with(vec![other]);
        let covered = parameters.find("Patient", wider).unwrap().covered();
        assert!(covered.len() == 1 && !covered.contains(&number), "{changed}");
        agree(&parse(people::PATIENT), &parameters, &definitions);
    }
}

/// The rows of each parameter are the same whether each has all of its own or shares them.
fn agree(resource: &Node, parameters: &Parameters, definitions: &Definitions) {
    let resource_type = resource.resource_type().unwrap_or_default();
    let stored = index(resource, parameters, definitions, Some(BASE)).rows;
    for parameter in parameters.for_type(resource_type) {
        let mut full = Rows::default();
        parameter.rows(resource, definitions, Some(BASE), &mut full);
        let full: BTreeSet<Row> = full.0.into_iter().collect();
        let is_own = |number: i64| number == parameter.number();
        let own = full.iter().filter(|row| is_own(row.parameter));
        let own: BTreeSet<(&str, i64)> = own.map(|row| (&*row.value, row.qualifier)).collect();
        let is_read =
            |row: &&Row| is_own(row.parameter) || parameter.covered().contains(&row.parameter);
        let read = stored.iter().filter(is_read);
        let read: BTreeSet<(&str, i64)> = read.map(|row| (&*row.value, row.qualifier)).collect();
        // A second name of the same rows has none of its own.
        let is_name = full.is_empty() && parameter.has_rows() && !read.is_empty();
        assert!(own == read || is_name, "{resource_type} {:?}", parameter.definition().code);
        let mut variants = full.iter().filter(|row| !is_own(row.parameter));
        assert!(variants.all(|row| stored.contains(row)), "{resource_type}");
    }
}

#[test]
fn no_value_of_our_examples_is_lost() {
    each_of_ours(|node| agree(node, parameters(), koppeltaal()));
}

/// Texts that are often the same, or the same when they are folded.
fn scalar() -> impl Strategy<Value = Node> {
    prop_oneof![
        8 => prop::sample::select(vec!["Jan", "jan", "Ján", " jan ", "phone", "email", "home", ""])
            .prop_map(Node::from),
        1 => any::<bool>().prop_map(Node::Bool),
        1 => (0..3_u32).prop_map(|number| Node::Number(number.to_string().into())),
        1 => Just(Node::Null),
        1 => prop::sample::select(vec![189_usize, 190, 191, 400])
            .prop_map(|length| Node::from("x".repeat(length).as_str())),
    ]
}

/// What might stand in an element, right or wrong.
fn element() -> impl Strategy<Value = Node> {
    const NAMES: [&str; 14] = [
        "family",
        "given",
        "text",
        "prefix",
        "suffix",
        "city",
        "state",
        "country",
        "postalCode",
        "line",
        "district",
        "system",
        "value",
        "use",
    ];
    scalar().prop_recursive(3, 24, 4, |inner| {
        let member = (prop::sample::select(NAMES.to_vec()), inner.clone());
        prop_oneof![
            1 => prop::collection::vec(inner, 0..3).prop_map(Node::Array),
            4 => prop::collection::vec(member, 0..8).prop_map(|members| {
                members.into_iter().fold(json::parse(b"{}").unwrap(), |node, (name, value)| {
                    node.with(name, value)
                })
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_value_is_lost_and_none_is_added(
        kind in prop::sample::select(vec!["Patient", "Practitioner", "RelatedPerson", "Organization"]),
        elements in prop::collection::vec(
            (prop::sample::select(vec!["name", "alias", "telecom", "address"]), element()),
            0..6,
        ),
    ) {
        let mut resource = parse(&format!(r#"{{"resourceType": "{kind}"}}"#));
        for (name, element) in elements {
            resource = resource.with(name, element);
        }
        agree(&resource, parameters(), koppeltaal());
    }
}

#[test]
fn no_value_of_the_examples_of_the_guide_is_lost() {
    super::agreement::each_of_the_guide(&mut |resource| {
        agree(resource, parameters(), koppeltaal());
    });
}
