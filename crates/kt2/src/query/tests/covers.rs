//! Parameters whose rows stand under the numbers of others: what is found by them
//! is what their own full rows would have given.

use std::collections::BTreeSet;

use koppeltaal_core::search::{Qualifier, SortBy, Test, Values};
use koppeltaal_fhir::r4::search::{fold, parameter_number};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Parts of names and addresses that are often the same or begin the same.
const PARTS: [&str; 6] = ["Jan", "jan", "Jansen", "Ján", "de Vries", "NL"];

fn part() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PARTS.to_vec())
}

fn parts() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(part(), 0..3)
}

/// An object of these members, some of them left out.
fn some_of(
    members: &'static [&'static str],
    value: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = Value> {
    let one = prop::option::of(value);
    prop::collection::vec(one, members.len()).prop_map(|values| {
        let given = members.iter().zip(values);
        let given = given.filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        Value::Object(given.collect())
    })
}

fn patient() -> impl Strategy<Value = Value> {
    let name = (some_of(&["family", "text"], part().prop_map(Value::from)), parts());
    let name = name.prop_map(|(mut name, given)| {
        name["given"] = given.into();
        name
    });
    let address = some_of(
        &["city", "country", "state", "postalCode", "district", "text"],
        part().prop_map(Value::from),
    );
    let telecom = (
        prop::sample::select(vec!["phone", "email", "url", ""]),
        part(),
        prop::sample::select(vec!["home", "work", ""]),
    );
    let telecom = telecom.prop_map(|(system, value, of)| {
        let mut point = json!({ "value": value });
        for (name, text) in [("system", system), ("use", of)] {
            if !text.is_empty() {
                point[name] = text.into();
            }
        }
        point
    });
    let list = |one: BoxedStrategy<Value>| prop::collection::vec(one, 0..3);
    (list(name.boxed()), list(address.boxed()), list(telecom.boxed())).prop_map(
        |(name, address, telecom)| {
            json!({ "resourceType": "Patient", "name": name, "address": address, "telecom": telecom })
        },
    )
}

/// Every text in a part of a patient, told without any index.
fn texts(value: &Value, skipped: &[&str]) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(|item| texts(item, skipped)).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !skipped.contains(&name.as_str()))
            .flat_map(|(_, child)| texts(child, skipped))
            .collect(),
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn a_parameter_finds_what_stands_under_those_it_covers(patient in patient(), part in part()) {
        let text = patient.to_string();
        for code in ["name", "phonetic", "address"] {
            let member = if code == "phonetic" { "name" } else { code };
            let all = texts(&patient[member], &[]);
            let folded: Vec<String> = all.iter().map(|text| fold(text)).collect();
            let is_found = |query: String| finds(&text, &query);
            let begins = folded.iter().any(|text| text.starts_with(&fold(part)));
            prop_assert_eq!(is_found(format!("{code}={part}")), begins, "{}={}", code, part);
            let holds = folded.iter().any(|text| text.contains("an"));
            prop_assert_eq!(is_found(format!("{code}:contains=an")), holds, "{}", code);
            let exact = all.iter().any(|text| text == part);
            prop_assert_eq!(is_found(format!("{code}:exact={part}")), exact, "{}", code);
            prop_assert_eq!(is_found(format!("{code}:missing=true")), all.is_empty(), "{}", code);
            prop_assert_eq!(is_found(format!("{code}:missing=false")), !all.is_empty(), "{}", code);
        }
        let points = patient["telecom"].as_array().unwrap();
        for (code, system) in [("telecom", None), ("phone", Some("phone")), ("email", Some("email"))] {
            let of_system = |point: &&Value| system.is_none_or(|system| point["system"] == system);
            let points: Vec<&Value> = points.iter().filter(of_system).collect();
            let has = points.iter().any(|point| point["value"] == part);
            let has_home =
                points.iter().any(|point| point["value"] == part && point["use"] == "home");
            let is_home = points.iter().any(|point| point["use"] == "home");
            for (query, expected) in [
                (format!("{code}={part}"), has),
                (format!("{code}=x,{part}"), has),
                (format!("{code}:not={part}"), !has),
                (format!("{code}=home|{part}"), has_home),
                (format!("{code}=home|"), is_home),
                (format!("{code}:missing=true"), points.is_empty()),
            ] {
                prop_assert_eq!(finds(&text, &query), expected, "{}", query);
            }
        }
    }

    #[test]
    fn an_order_looks_at_all_values_of_a_parameter(patient in patient()) {
        let catalog: Arc<Catalog> = Catalog::built_in();
        let rows = catalog.index(&json::parse(patient.to_string().as_bytes()).unwrap(), None).rows;
        for code in ["name", "address"] {
            let sort = read("Patient", &format!("_sort={code}")).sort.remove(0);
            let SortBy::Parameter(numbers) = sort.by else { panic!("{sort:?}") };
            let known = rows.iter().filter(|row| numbers.contains(&row.parameter));
            let known: BTreeSet<String> = known.map(|row| row.value.clone()).collect();
            let all = texts(&patient[code], &[]);
            prop_assert_eq!(known, all.iter().map(|text| fold(text)).collect::<BTreeSet<_>>());
        }
    }
}

#[test]
fn tests_of_shared_rows_stand_side_by_side_and_count_once() {
    let number = |code: &str| parameter_number("Patient", code);
    let Condition::AnyOf(tests) = condition("Patient", "telecom=a,b") else { panic!() };
    let expected = ["a", "b"].into_iter().flat_map(|value| {
        let numbers = ["telecom", "email", "phone"].map(number);
        numbers.map(|parameter| Test {
            parameter,
            value: Values::Is(value.to_owned()),
            qualifier: Qualifier::Any,
        })
    });
    assert_eq!(tests, expected.collect::<Vec<_>>());
    // A hundred values are allowed whatever the parameter shares.
    let hundred = vec!["a"; 100].join(",");
    let Condition::AnyOf(tests) = condition("Patient", &format!("address={hundred}")) else {
        panic!()
    };
    assert_eq!(tests.len(), 500);
    read("Patient", &vec![format!("address={hundred}"); 20].join("&"));
    // What covers nothing is as it was, and so is what is covered.
    for (query, count) in [("family=a", 1), ("phone=a", 1), ("gender=a", 1), ("address-use=a", 1)] {
        let Condition::AnyOf(tests) = condition("Patient", query) else { panic!() };
        assert_eq!(tests.len(), count, "{query}");
    }
    // Through a chain and back too.
    for (kind, query) in
        [("Task", "owner:Practitioner.name=a"), ("Patient", "_has:Patient:link:name=a")]
    {
        let told = format!("{:?}", condition(kind, query));
        assert_eq!(told.matches("Test {").count(), 3, "{told}");
    }
}
