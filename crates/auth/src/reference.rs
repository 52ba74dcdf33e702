//! A relative reference to a resource, `Type/id`, as launch tokens carry it.

use std::fmt;

use koppeltaal_core::trace::is_fhir_id;
use serde::{Deserialize, Serialize};

/// A resource type and an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The type.
    pub kind: String,
    /// The logical id.
    pub id: String,
}

/// The kinds of people who are launched (TOP-KT-007, TOP-KT-026).
pub const PEOPLE: [&str; 3] = ["Patient", "Practitioner", "RelatedPerson"];

impl Reference {
    /// Reads `Type/id`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        koppeltaal_core::resource_type::number(kind)?;
        is_fhir_id(id).then(|| Self { kind: kind.to_owned(), id: id.to_owned() })
    }

    /// Whether it is one of the people who are launched.
    pub fn is_person(&self) -> bool {
        PEOPLE.contains(&self.kind.as_str())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_relative_reference_is_one() {
        assert_eq!(Reference::parse("Patient/a-1").unwrap().to_string(), "Patient/a-1");
        assert!(Reference::parse("RelatedPerson/x").unwrap().is_person());
        assert!(!Reference::parse("Task/x").unwrap().is_person());
        for odd in
            ["", "Patient", "Patient/", "/x", "Patient/a/b", "patient/x", "Foo/x", "Patient/é"]
        {
            assert_eq!(Reference::parse(odd), None, "{odd}");
        }
    }
}
