//! The interactions of the FHIR face: the table that requests are routed by, and
//! that the CapabilityStatement is made of (FHIR R4, 3.1.0).

use crate::kind;

/// An interaction with a resource type or a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// The current version of a resource.
    Read,
    /// One version of a resource.
    Vread,
    /// The next version of a resource.
    Update,
    /// The end of a resource.
    Delete,
    /// The versions of a resource.
    HistoryInstance,
    /// The versions of all resources of a type.
    HistoryType,
    /// A new resource.
    Create,
    /// A search by GET.
    Search,
    /// A search by a form.
    SearchByForm,
    /// `$validate` of a new resource.
    ValidateType,
    /// `$validate` of a next version.
    ValidateInstance,
}

use Interaction::{
    Create, Delete, HistoryInstance, HistoryType, Read, Search, SearchByForm, Update,
    ValidateInstance, ValidateType, Vread,
};

/// How a request for an interaction looks: its method, and the path below the
/// type, `*` for what varies.
const ROUTES: [(Interaction, &str, &[&str]); 11] = [
    (Read, "GET", &["*"]),
    (Vread, "GET", &["*", "_history", "*"]),
    (Update, "PUT", &["*"]),
    (Delete, "DELETE", &["*"]),
    (HistoryInstance, "GET", &["*", "_history"]),
    (HistoryType, "GET", &["_history"]),
    (Create, "POST", &[]),
    (Search, "GET", &[]),
    (SearchByForm, "POST", &["_search"]),
    (ValidateType, "POST", &["$validate"]),
    (ValidateInstance, "POST", &["*", "$validate"]),
];

impl Interaction {
    /// The interaction that a request asks for.
    pub fn asked(method: &str, below_type: &[&str]) -> Option<Self> {
        let method = if method == "HEAD" { "GET" } else { method };
        let fits = |pattern: &[&str]| {
            let pairs = pattern.iter().zip(below_type);
            pattern.len() == below_type.len()
                && pairs.into_iter().all(|(want, is)| want == is || (*want == "*" && is_name(is)))
        };
        ROUTES
            .iter()
            .find(|(_, with, pattern)| *with == method && fits(pattern))
            .map(|found| found.0)
    }

    /// Its code in `http://hl7.org/fhir/restful-interaction`; operations have none.
    pub fn code(self) -> Option<&'static str> {
        Some(match self {
            Read => "read",
            Vread => "vread",
            Update => "update",
            Delete => "delete",
            HistoryInstance => "history-instance",
            HistoryType => "history-type",
            Create => "create",
            Search => "search-type",
            SearchByForm | ValidateType | ValidateInstance => return None,
        })
    }

    /// The word in the log.
    pub fn verb(self) -> &'static str {
        match self {
            SearchByForm => "search-type",
            ValidateType | ValidateInstance => "validate",
            other => other.code().unwrap_or_default(),
        }
    }

    /// Whether callers with the rights can have it on resources of this type.
    pub fn is_for(self, kind: &str) -> bool {
        match self {
            Create => !kind::is_conformance(kind),
            Update | Delete => !kind::is_conformance(kind) && kind != "AuditEvent",
            _ => true,
        }
    }

    /// The interactions of a type, in the order of the table.
    pub fn of(kind: &str) -> impl Iterator<Item = Self> {
        ROUTES.into_iter().map(|(interaction, ..)| interaction).filter(move |one| one.is_for(kind))
    }
}

/// Whether callers with the rights can have what a request asks for: its method,
/// its resource type and the path below it.
pub fn serves(method: &str, kind: &str, below_type: &[&str]) -> bool {
    let asked = Interaction::asked(method, below_type);
    kind::named(kind).is_some() && asked.is_some_and(|asked| asked.is_for(kind))
}

/// Whether a segment can be an id or a version: none of the words of the protocol.
fn is_name(segment: &str) -> bool {
    !segment.is_empty() && !segment.starts_with(['$', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_find_their_interaction() {
        assert_eq!(Interaction::asked("GET", &["a-1"]), Some(Read));
        assert_eq!(Interaction::asked("HEAD", &["a-1"]), Some(Read));
        assert_eq!(Interaction::asked("GET", &["_history"]), Some(HistoryType));
        assert_eq!(Interaction::asked("GET", &["a", "_history", "2"]), Some(Vread));
        assert_eq!(Interaction::asked("POST", &["_search"]), Some(SearchByForm));
        assert_eq!(Interaction::asked("POST", &["a", "$validate"]), Some(ValidateInstance));
        for (method, path) in [
            ("PATCH", &["a"][..]),
            ("PUT", &[]),
            ("GET", &["_search"]),
            ("GET", &["$everything"]),
            ("GET", &["a", "Task"]),
            ("DELETE", &["a", "_history"]),
        ] {
            assert_eq!(Interaction::asked(method, path), None, "{method} {path:?}");
        }
    }

    #[test]
    fn nobody_changes_audit_events_or_definitions() {
        let codes = |kind| Interaction::of(kind).filter_map(Interaction::code).collect::<Vec<_>>();
        assert!(codes("Task").contains(&"update"));
        assert!(codes("AuditEvent").contains(&"create"));
        assert!(
            !codes("AuditEvent").contains(&"update") && !codes("AuditEvent").contains(&"delete")
        );
        assert!(!codes("ValueSet").contains(&"create"));
    }
}
