//! Conditions on resources: operators, what they are compared with, and whether a
//! resource meets them (kt13-around 3.4).

use std::cmp::Ordering;

use koppeltaal_core::Timestamp;
use serde_json::Value;

use super::declaration::{Attribute, Kind, Relationship};
use super::resource::{Resource, order, order_of_ids};

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// It is one of these.
    Eq,
    /// It is none of these.
    Ne,
    /// It is greater.
    Gt,
    /// It is greater or equal.
    Ge,
    /// It is less.
    Lt,
    /// It is less or equal.
    Le,
    /// It holds one of these, in any case of letters.
    Contains,
    /// It begins with one of these, in any case of letters.
    StartsWith,
}

impl Op {
    /// Every word.
    pub const WORDS: [&str; 10] =
        ["eq", "in", "ne", "not", "gt", "ge", "lt", "le", "contains", "startswith"];

    /// The operator with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "eq" | "in" => Self::Eq,
            "ne" | "not" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            "contains" => Self::Contains,
            "startswith" => Self::StartsWith,
            _ => return None,
        })
    }

    fn allows(self, order: Ordering) -> bool {
        match self {
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Eq | Self::Ne | Self::Contains | Self::StartsWith => order.is_eq(),
        }
    }
}

/// What of a resource is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Its id.
    Id,
    /// An attribute.
    Attribute(&'static Attribute),
}

impl Target {
    /// A value as it is written in a query. An empty one stands for no value.
    pub fn operand(self, text: &str) -> Result<Value, String> {
        let kind = match self {
            Self::Id => return Ok(text.into()),
            Self::Attribute(attribute) => attribute.kind,
        };
        if text.is_empty() {
            return Ok(Value::Null);
        }
        match kind {
            Kind::Number => text
                .parse::<i64>()
                .map(Value::from)
                .map_err(|_| "It must be a whole number.".to_owned()),
            Kind::Flag => text
                .parse::<bool>()
                .map(Value::from)
                .map_err(|_| "It must be true or false.".to_owned()),
            Kind::Time => text
                .parse::<Timestamp>()
                .map(|time| time.to_instant_millis().into())
                .map_err(|_| "It must be a time like 2024-01-05T10:00:00Z.".to_owned()),
            Kind::Text | Kind::Lines | Kind::Email | Kind::Word(_) | Kind::Words(_) => {
                Ok(text.into())
            }
        }
    }
}

/// What is compared: of the resource itself, or of what it is related to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// The relationship that is followed first.
    pub relationship: Option<&'static Relationship>,
    /// What is compared then.
    pub target: Target,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What is compared.
    pub path: Path,
    /// How.
    pub op: Op,
    /// With what; one is enough.
    pub values: Vec<Value>,
}

/// Finds a related resource.
pub type Related<'a> = dyn Fn(&'static Relationship, &str) -> Option<&'a Resource> + 'a;

impl Filter {
    /// Whether a resource meets it.
    pub fn is_met(&self, resource: &Resource, related: &Related<'_>) -> bool {
        let Some(relationship) = self.path.relationship else {
            return self.holds(&value_of(resource, self.path.target));
        };
        let ids = resource.link(relationship.name).map_or(&[][..], |link| link.ids());
        let values: Vec<Value> = ids
            .iter()
            .map(|id| match self.path.target {
                Target::Id => id.as_str().into(),
                target => related(relationship, id).map_or(Value::Null, |r| value_of(r, target)),
            })
            .collect();
        match values.as_slice() {
            [] => self.holds(&Value::Null),
            _ if self.op == Op::Ne => values.iter().all(|value| self.holds(value)),
            _ => values.iter().any(|value| self.holds(value)),
        }
    }

    /// Whether a value meets it.
    pub fn holds(&self, value: &Value) -> bool {
        if let Value::Array(values) = value {
            return match self.op {
                Op::Ne => values.iter().all(|value| self.holds(value)),
                _ => values.iter().any(|value| self.holds(value)),
            };
        }
        match self.op {
            Op::Ne => !self.values.contains(value),
            _ => self.values.iter().any(|wanted| self.compare(value, wanted)),
        }
    }

    fn compare(&self, value: &Value, wanted: &Value) -> bool {
        match self.op {
            Op::Eq | Op::Ne => value == wanted,
            Op::Contains | Op::StartsWith => {
                let (Some(value), Some(wanted)) = (value.as_str(), wanted.as_str()) else {
                    return false;
                };
                let (value, wanted) = (value.to_lowercase(), wanted.to_lowercase());
                match self.op {
                    Op::Contains => value.contains(&wanted),
                    _ => value.starts_with(&wanted),
                }
            }
            Op::Gt | Op::Ge | Op::Lt | Op::Le => {
                let order = match (self.path.target, value.as_str(), wanted.as_str()) {
                    (Target::Id, Some(value), Some(wanted)) => order_of_ids(value, wanted),
                    _ => order(value, wanted),
                };
                !value.is_null() && !wanted.is_null() && self.op.allows(order)
            }
        }
    }
}

/// What of a resource is compared, as a value.
pub fn value_of(resource: &Resource, target: Target) -> Value {
    match target {
        Target::Id => resource.id.as_str().into(),
        Target::Attribute(attribute) => resource.value(attribute.name).clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    static NAME: Attribute = Attribute::text("Name", 20);
    static HEIGHT: Attribute = Attribute::new("Height", Kind::Number);

    fn check(attribute: &'static Attribute, op: Op, wanted: &[Value], value: Value) -> bool {
        let path = Path { relationship: None, target: Target::Attribute(attribute) };
        Filter { path, op, values: wanted.to_vec() }.holds(&value)
    }

    #[test]
    fn one_of_several_values_is_enough_and_none_of_them_for_ne() {
        let both = [json!("a"), json!("b")];
        for (op, value, expected) in [
            (Op::Eq, json!("b"), true),
            (Op::Eq, json!("c"), false),
            (Op::Ne, json!("b"), false),
            (Op::Ne, json!("c"), true),
            (Op::Ne, Value::Null, true),
            (Op::StartsWith, json!("Bart"), true),
            (Op::Contains, json!("xAx"), true),
            (Op::Contains, Value::Null, false),
        ] {
            assert_eq!(check(&NAME, op, &both, value.clone()), expected, "{op:?} {value}");
        }
    }

    #[test]
    fn numbers_are_compared_by_size_and_nothing_is_neither_greater_nor_less() {
        for (op, value, expected) in [
            (Op::Gt, json!(10), true),
            (Op::Gt, json!(9), false),
            (Op::Ge, json!(9), true),
            (Op::Lt, json!(8), true),
            (Op::Le, json!(10), false),
            (Op::Lt, Value::Null, false),
        ] {
            assert_eq!(check(&HEIGHT, op, &[json!(9)], value.clone()), expected, "{op:?} {value}");
        }
    }

    #[test]
    fn lists_meet_a_condition_with_one_of_their_values() {
        let list = json!(["Game", "ROM"]);
        assert!(check(&NAME, Op::Eq, &[json!("ROM")], list.clone()));
        assert!(!check(&NAME, Op::Ne, &[json!("ROM")], list));
    }
}
