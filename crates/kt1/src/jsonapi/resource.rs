//! A resource before it is written: values by attribute, what it is related to,
//! its version, and whose it is.

use std::cmp::Ordering;

use koppeltaal_core::administrator::Rights;
use koppeltaal_core::version::Stamp;
use serde_json::Value;

use super::declaration::Declaration;

/// Whose a resource is; an administrator sees what is theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The names of the domains it belongs to.
    pub domains: Vec<String>,
    /// The ids of the applications it belongs to.
    pub applications: Vec<String>,
    /// Whether every administrator of applications sees it.
    pub offered: bool,
    /// Whether every administrator sees it.
    pub common: bool,
    /// The login of the administrator who made it, who sees it as well.
    pub requester: Option<String>,
}

impl Owner {
    /// It belongs to an instance: its domain and its application.
    pub fn instance(domain: &str, application: &str) -> Self {
        Self {
            domains: vec![domain.to_owned()],
            applications: vec![application.to_owned()],
            ..Self::default()
        }
    }

    /// Whether somebody with these rights and this login sees it.
    pub fn is_seen_by(&self, rights: &Rights, login: &str) -> bool {
        let mine = match rights {
            Rights::System => true,
            Rights::Domains(names) => self.domains.iter().any(|domain| names.contains(domain)),
            Rights::Applications(ids) => {
                self.offered || self.applications.iter().any(|id| ids.contains(id))
            }
        };
        mine || self.common || self.requester.as_deref() == Some(login)
    }
}

/// What a relationship leads to: ids of the type that its declaration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// One, or none.
    One(Option<String>),
    /// Several.
    Many(Vec<String>),
}

impl Link {
    /// The ids.
    pub fn ids(&self) -> &[String] {
        match self {
            Self::One(id) => id.as_slice(),
            Self::Many(ids) => ids,
        }
    }
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its type.
    pub of: &'static Declaration,
    /// Its id.
    pub id: String,
    /// Its version, where it has one.
    pub version: Option<Stamp>,
    /// Its values.
    pub attributes: Vec<(&'static str, Value)>,
    /// What it is related to.
    pub relationships: Vec<(&'static str, Link)>,
    /// Whose it is.
    pub owner: Owner,
}

impl Resource {
    /// A resource without values.
    pub fn new(of: &'static Declaration, id: impl ToString, owner: Owner) -> Self {
        Self {
            of,
            id: id.to_string(),
            version: None,
            attributes: Vec::new(),
            relationships: Vec::new(),
            owner,
        }
    }

    /// With a version.
    pub fn version(mut self, stamp: i64) -> Self {
        self.version = Some(Stamp(stamp));
        self
    }

    /// With a value.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// With a relationship to one resource.
    pub fn to(mut self, name: &'static str, id: impl ToString) -> Self {
        self.relationships.push((name, Link::One(Some(id.to_string()))));
        self
    }

    /// With a relationship to one resource, or to none.
    pub fn with_any(mut self, name: &'static str, id: Option<String>) -> Self {
        self.relationships.push((name, Link::One(id)));
        self
    }

    /// With a relationship to several.
    pub fn with_many(mut self, name: &'static str, ids: Vec<String>) -> Self {
        self.relationships.push((name, Link::Many(ids)));
        self
    }

    /// The value of an attribute.
    pub fn value(&self, name: &str) -> &Value {
        let found = self.attributes.iter().find(|(known, _)| *known == name);
        found.map_or(&Value::Null, |(_, value)| value)
    }

    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).as_str()
    }

    /// What a relationship leads to.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.relationships.iter().find(|(known, _)| *known == name).map(|(_, link)| link)
    }
}

/// The order of two values: nothing first, then numbers and flags, then texts.
pub fn order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        _ => 3,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.as_i64().cmp(&b.as_i64()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// The order of two ids: numbers by size, others as texts.
pub fn order_of_ids(a: &str, b: &str) -> Ordering {
    let number = |id: &str| id.parse::<i64>().ok();
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}
