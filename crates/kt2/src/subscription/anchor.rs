//! What must be found among the rows of a resource before a condition can hold: the
//! places of the index under which a subscription stands.

use koppeltaal_core::search::{Condition, Test, Values};

/// Something that a resource must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// This id.
    Id(String),
    /// A row of this parameter with this value.
    Exact(i64, String),
    /// A row of this parameter whose value begins so; never empty.
    Beginning(i64, String),
    /// A row of this parameter.
    Row(i64),
}

/// What a resource must have one of to meet the condition; `None` when nothing can
/// be told. An empty list: nothing meets it.
pub fn anchors(condition: &Condition) -> Option<Vec<Anchor>> {
    match condition {
        Condition::AnyOf(tests) => Some(tests.iter().map(of_test).collect()),
        Condition::Id(ids) => Some(ids.iter().cloned().map(Anchor::Id).collect()),
        Condition::RefersTo { parameter, targets } => {
            let beginning = |kind: &str| Anchor::Beginning(*parameter, format!("{kind}/"));
            Some(targets.iter().map(|target| beginning(&target.resource_type)).collect())
        }
        Condition::Not(_)
        | Condition::Origin(_)
        | Condition::Updated(_)
        | Condition::Words(..)
        | Condition::ReferredBy { .. } => None,
    }
}

fn of_test(test: &Test) -> Anchor {
    match &test.value {
        Values::Is(value) => Anchor::Exact(test.parameter, value.clone()),
        Values::Between { from: Some(from), to: Some(to) } => {
            match common(&from.value, &to.value) {
                "" => Anchor::Row(test.parameter),
                beginning => Anchor::Beginning(test.parameter, beginning.to_owned()),
            }
        }
        Values::Any | Values::Between { .. } | Values::Containing(_) => Anchor::Row(test.parameter),
    }
}

/// How both texts begin: whatever lies between them begins so too.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
    let end = same.map_or(one.len().min(other.len()), |((at, _), _)| at);
    one.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_two_texts_begins_as_both_do() {
        for (one, other, expected) in [
            ("jansen", "janseo", "janse"),
            ("a", "b", ""),
            ("ab", "abc", "ab"),
            ("abc", "ab", "ab"),
            ("", "x", ""),
            ("éa", "éb", "é"),
            ("é", "è", ""),
            ("same", "same", "same"),
        ] {
            assert_eq!(common(one, other), expected, "{one} {other}");
        }
    }
}
