//! Conditions over generated rows agree with a model that works with sets.

use std::collections::BTreeSet;

use koppeltaal_core::search::End;
use proptest::prelude::*;

use super::*;

/// The whole world of the model: every row that a test may meet.
const VALUES: [&str; 6] = ["", "a", "ab", "b", "ba", "Patient/1"];
const PARAMETERS: [i64; 2] = [1, 2];
const QUALIFIERS: [i64; 3] = [-1, 0, 7];

fn row() -> impl Strategy<Value = IndexRow> {
    (
        prop::sample::select(PARAMETERS.to_vec()),
        prop::sample::select(VALUES.to_vec()),
        prop::sample::select(QUALIFIERS.to_vec()),
    )
        .prop_map(|(parameter, value, qualifier)| IndexRow {
            parameter,
            value: value.to_owned(),
            qualifier,
        })
}

fn end() -> impl Strategy<Value = Option<End>> {
    let end = (prop::sample::select(VALUES.to_vec()), any::<bool>());
    prop::option::of(
        end.prop_map(|(value, is_included)| End { value: value.to_owned(), is_included }),
    )
}

fn test() -> impl Strategy<Value = Test> {
    let value = prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned);
    let values = prop_oneof![
        Just(Values::Any),
        value.clone().prop_map(Values::Is),
        value.prop_map(Values::Containing),
        (end(), end()).prop_map(|(from, to)| Values::Between { from, to }),
    ];
    let number = prop::sample::select(QUALIFIERS.to_vec());
    let qualifier = prop_oneof![
        Just(Qualifier::Any),
        number.clone().prop_map(Qualifier::Is),
        number.clone().prop_map(Qualifier::AtMost),
        number.prop_map(Qualifier::AtLeast),
    ];
    (prop::sample::select(PARAMETERS.to_vec()), values, qualifier)
        .prop_map(|(parameter, value, qualifier)| Test { parameter, value, qualifier })
}

fn device() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["d", "e", "f"]).prop_map(str::to_owned)
}

pub fn condition() -> impl Strategy<Value = Condition> {
    let id = prop::sample::select(vec!["1", "2"]).prop_map(str::to_owned);
    let time = prop::option::of((0_i64..4).prop_map(Timestamp));
    let span = (time.clone(), time).prop_map(|(from, until)| Span { from, until });
    let word = prop::sample::select(vec!["jan", "de", "an"]).prop_map(str::to_owned);
    let place = prop::sample::select(vec![Place::Narrative, Place::Content]);
    let plain = prop_oneof![
        4 => prop::collection::vec(test(), 0..4).prop_map(Condition::AnyOf),
        1 => prop::collection::vec(id, 0..2).prop_map(Condition::Id),
        1 => prop::collection::vec(device(), 0..3).prop_map(Condition::Origin),
        1 => prop::collection::vec(span, 0..3).prop_map(Condition::Updated),
        1 => (place, prop::collection::vec(word, 1..3))
            .prop_map(|(place, words)| Condition::Words(place, words)),
    ];
    let target = |condition: BoxedStrategy<Condition>| {
        (prop::sample::select(vec!["Patient", "Task"]), prop::collection::vec(condition, 0..2))
            .prop_map(|(name, conditions)| Target { resource_type: name.to_owned(), conditions })
    };
    plain.prop_recursive(2, 6, 2, move |inner| {
        let inner = inner.boxed();
        prop_oneof![
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
            (
                prop::sample::select(PARAMETERS.to_vec()),
                prop::collection::vec(target(inner.clone()), 0..2)
            )
                .prop_map(|(parameter, targets)| Condition::RefersTo { parameter, targets }),
            (prop::sample::select(PARAMETERS.to_vec()), target(inner))
                .prop_map(|(parameter, source)| Condition::ReferredBy { source, parameter }),
        ]
    })
}

/// The rows that a test accepts, each one asked of a rule written in another way.
fn accepted(test: &Test) -> BTreeSet<IndexRow> {
    let mut all: BTreeSet<IndexRow> = BTreeSet::new();
    for value in VALUES {
        for qualifier in QUALIFIERS {
            all.insert(IndexRow { parameter: test.parameter, value: value.into(), qualifier });
        }
    }
    all.retain(|row| match &test.value {
        Values::Any => true,
        Values::Is(value) => value.as_bytes() == row.value.as_bytes(),
        Values::Containing(part) => row.value.split(part.as_str()).count() > 1,
        Values::Between { from, to } => {
            let from = from.as_ref().map(|end| fits(row.value.cmp(&end.value), end));
            let to = to.as_ref().map(|end| fits(end.value.cmp(&row.value), end));
            from != Some(false) && to != Some(false)
        }
    });
    all.retain(|row| match test.qualifier {
        Qualifier::Any => true,
        Qualifier::Is(number) => [number].contains(&row.qualifier),
        Qualifier::AtMost(most) => (i64::MIN..=most).contains(&row.qualifier),
        Qualifier::AtLeast(least) => (least..).contains(&row.qualifier),
    });
    all
}

fn fits(order: std::cmp::Ordering, end: &End) -> bool {
    if end.is_included { order.is_ge() } else { order.is_gt() }
}

/// A subject that owns what it is made of, and a world of two of them.
#[derive(Debug, Clone)]
pub struct One {
    pub name: &'static str,
    pub id: &'static str,
    pub origin: String,
    pub updated: i64,
    pub rows: Vec<IndexRow>,
    pub words: Words,
}

impl One {
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            resource_type: self.name,
            id: self.id,
            origin: &self.origin,
            updated: Timestamp(self.updated),
            rows: &self.rows,
            words: &self.words,
        }
    }
}

pub fn one(name: &'static str, id: &'static str) -> impl Strategy<Value = One> {
    let words = prop::sample::select(vec!["", " jan ", " de jan ", " bande "]);
    (device(), 0_i64..4, prop::collection::vec(row(), 0..4), words.clone(), words).prop_map(
        move |(origin, updated, rows, narrative, content)| One {
            name,
            id,
            origin,
            updated,
            rows,
            words: Words { narrative: narrative.to_owned(), content: content.to_owned() },
        },
    )
}

struct World(Vec<One>);

impl Neighbours for World {
    fn is_there(&self, target: &Target, id: &str) -> bool {
        self.0.iter().any(|one| {
            one.id == id
                && one.name == target.resource_type
                && matches_all(&target.conditions, &one.subject(), &Alone)
        })
    }

    fn refers(&self, source: &Target, parameter: i64, reference: &str) -> bool {
        self.0.iter().any(|one| {
            one.rows.iter().any(|row| row.parameter == parameter && row.value == reference)
                && one.name == source.resource_type
                && matches_all(&source.conditions, &one.subject(), &Alone)
        })
    }
}

/// The resources of the world that meet a condition, as a set; `others` are
/// those that chains may lead to.
fn found(condition: &Condition, world: &[One], others: &[One]) -> BTreeSet<&'static str> {
    let all: BTreeSet<&'static str> = world.iter().map(|one| one.id).collect();
    let of = |keep: &dyn Fn(&One) -> bool| -> BTreeSet<&'static str> {
        world.iter().filter(|one| keep(one)).map(|one| one.id).collect()
    };
    let meet = |target: &Target| -> BTreeSet<&'static str> {
        let typed: Vec<One> =
            others.iter().filter(|one| one.name == target.resource_type).cloned().collect();
        let mut ids: BTreeSet<&'static str> = typed.iter().map(|one| one.id).collect();
        for condition in &target.conditions {
            ids = &ids & &found(condition, &typed, &[]);
        }
        ids
    };
    match condition {
        Condition::AnyOf(tests) => {
            let accepted: BTreeSet<IndexRow> = tests.iter().flat_map(accepted).collect();
            of(&|one| !accepted.is_disjoint(&one.rows.iter().cloned().collect()))
        }
        Condition::Not(inner) => &all - &found(inner, world, others),
        Condition::Id(ids) => of(&|one| ids.contains(&one.id.to_owned())),
        Condition::Origin(devices) => of(&|one| devices.contains(&one.origin)),
        Condition::Updated(spans) => of(&|one| {
            spans.iter().any(|span| {
                let from = span.from.map_or(i64::MIN, |time| time.0);
                let until = span.until.map_or(i64::MAX, |time| time.0);
                (from..until).contains(&one.updated)
            })
        }),
        Condition::Words(place, words) => of(&|one| {
            let text = match place {
                Place::Narrative => &one.words.narrative,
                Place::Content => &one.words.content,
            };
            let known: BTreeSet<&str> = text.split_whitespace().collect();
            words.iter().all(|word| known.contains(word.as_str()))
        }),
        Condition::RefersTo { parameter, targets } => {
            let reached: BTreeSet<String> = targets
                .iter()
                .flat_map(|target| {
                    meet(target).into_iter().map(|id| format!("{}/{id}", target.resource_type))
                })
                .collect();
            of(&|one| {
                let mine = one.rows.iter().filter(|row| row.parameter == *parameter);
                mine.into_iter().any(|row| reached.contains(&row.value))
            })
        }
        Condition::ReferredBy { source, parameter } => {
            let sources = meet(source);
            let referring = others
                .iter()
                .filter(|one| one.name == source.resource_type && sources.contains(one.id));
            let values: BTreeSet<&str> = referring
                .flat_map(|one| &one.rows)
                .filter(|row| row.parameter == *parameter)
                .map(|row| row.value.as_str())
                .collect();
            of(&|one| values.contains(format!("{}/{}", one.name, one.id).as_str()))
        }
    }
}

proptest! {
    #[test]
    fn conditions_agree_with_a_model_of_sets(
        condition in condition(),
        patient in one("Patient", "1"),
        task in one("Task", "2"),
    ) {
        let world = World(vec![patient, task]);
        let model = found(&condition, &world.0, &world.0);
        for one in &world.0 {
            let is_met = matches(&condition, &one.subject(), &world);
            prop_assert_eq!(is_met, model.contains(one.id), "{:?} on {:?}", condition, one);
        }
    }
}
