//! Whatever a resource meets is among the candidates, whatever was added and removed.

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::{End, Qualifier, Span, Target, Test, Values, Words};
use proptest::prelude::*;

use super::*;
use crate::matches::{Neighbours, Subject, matches_all};

const VALUES: [&str; 8] = ["", "a", "ab", "abc", "b", "é", "éa", "Patient/1"];
const KIND: &str = "Task";

/// Every chain leads to something.
struct Everybody;

impl Neighbours for Everybody {
    fn is_there(&self, _target: &Target, _id: &str) -> bool {
        true
    }

    fn refers(&self, _source: &Target, _parameter: i64, _reference: &str) -> bool {
        true
    }
}

fn value() -> impl Strategy<Value = String> {
    prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned)
}

fn row() -> impl Strategy<Value = IndexRow> {
    (1_i64..4, value(), 0_i64..2).prop_map(|(parameter, value, qualifier)| IndexRow {
        parameter,
        value,
        qualifier,
    })
}

fn test() -> impl Strategy<Value = Test> {
    let end = || {
        prop::option::of(
            (value(), any::<bool>()).prop_map(|(value, is_included)| End { value, is_included }),
        )
    };
    let values = prop_oneof![
        Just(Values::Any),
        value().prop_map(Values::Is),
        value().prop_map(Values::Containing),
        (end(), end()).prop_map(|(from, to)| Values::Between { from, to }),
    ];
    (1_i64..4, values).prop_map(|(parameter, value)| Test {
        parameter,
        value,
        qualifier: Qualifier::Any,
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let target = || Target { resource_type: "Patient".to_owned(), conditions: Vec::new() };
    let any_of = || prop::collection::vec(test(), 0..4).prop_map(Condition::AnyOf);
    prop_oneof![
        4 => any_of(),
        1 => any_of().prop_map(|inner| Condition::Not(Box::new(inner))),
        1 => prop::collection::vec(prop::sample::select(vec!["1", "2"]), 1..3)
            .prop_map(|ids| Condition::Id(ids.into_iter().map(str::to_owned).collect())),
        1 => Just(Condition::Updated(vec![Span { from: None, until: Some(Timestamp(5)) }])),
        1 => (1_i64..4).prop_map(move |parameter| Condition::RefersTo {
            parameter,
            targets: vec![target()],
        }),
        1 => (1_i64..4).prop_map(move |parameter| Condition::ReferredBy {
            source: target(),
            parameter,
        }),
    ]
}

proptest! {
    #[test]
    fn whoever_matches_is_a_candidate(
        all in prop::collection::vec(prop::collection::vec(condition(), 0..4), 1..12),
        removed in prop::collection::vec(any::<bool>(), 12),
        rows in prop::collection::vec(row(), 0..6),
    ) {
        let mut index = Index::default();
        let mut places = Vec::new();
        for (key, conditions) in (0_i64..).zip(&all) {
            places.push(index.add(KIND, key, conditions));
        }
        for ((key, place), is_removed) in (0_i64..).zip(&places).zip(&removed) {
            if *is_removed {
                index.remove(KIND, key, place);
            }
        }
        let words = Words::default();
        let subject = Subject {
            resource_type: KIND, id: "1", origin: "d", updated: Timestamp(1), rows: &rows,
            words: &words,
        };
        let found = index.candidates(KIND, "1", &rows);
        for ((key, conditions), is_removed) in (0_i64..).zip(&all).zip(&removed) {
            let does = matches_all(conditions, &subject, &Everybody) && !is_removed;
            prop_assert!(!does || found.contains(&key), "{key}: {conditions:?}");
            prop_assert!(!(*is_removed && found.contains(&key)), "{key} was removed");
        }
        prop_assert!(index.candidates("Patient", "1", &rows).is_empty());
        for ((key, place), is_removed) in (0_i64..).zip(&places).zip(&removed) {
            if !is_removed {
                index.remove(KIND, key, place);
            }
        }
        let left = index.0.get(KIND).unwrap();
        prop_assert!(left.rest.is_empty() && left.ids.is_empty() && left.parameters.is_empty());
    }
}

fn is(parameter: i64, value: &str) -> Condition {
    let value = Values::Is(value.to_owned());
    Condition::AnyOf(vec![Test { parameter, value, qualifier: Qualifier::Any }])
}

#[test]
fn a_subscription_stands_where_few_others_do() {
    let mut index = Index::default();
    for key in 0..1_000 {
        // They all look for the same status, and each for an owner of its own.
        index.add(KIND, key, &[is(1, "ready"), is(2, &format!("Practitioner/{key}"))]);
    }
    let row =
        |parameter: i64, value: &str| IndexRow { parameter, value: value.to_owned(), qualifier: 0 };
    let rows = [row(1, "ready"), row(2, "Practitioner/7")];
    let found = index.candidates(KIND, "1", &rows);
    assert!(found.contains(&7) && found.len() <= 2, "{} candidates", found.len());
}
