//! The name of a parameter in a URL: `code`, `code:modifier`, a chain
//! `code:Type.name`, a reverse chain `_has:Type:code:name` (FHIR R4, Search,
//! 3.1.1.4.4 and 3.1.1.4.14).

/// A name taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    /// A parameter of the type itself.
    Plain {
        /// The code.
        code: &'a str,
        /// What follows a colon.
        modifier: Option<&'a str>,
    },
    /// A parameter of what a reference leads to.
    Chain {
        /// The code of the reference.
        code: &'a str,
        /// The one type it may lead to.
        resource_type: Option<&'a str>,
        /// The name there.
        rest: &'a str,
    },
    /// A parameter of what refers to the resource.
    Has {
        /// The type that refers.
        resource_type: &'a str,
        /// The code of its reference.
        code: &'a str,
        /// The name there.
        rest: &'a str,
    },
}

impl<'a> Name<'a> {
    /// Takes a name apart; `None` for a `_has` that lacks a part.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.split([':', '.']).next() == Some("_has") {
            let (resource_type, rest) = text.strip_prefix("_has:")?.split_once(':')?;
            let (code, rest) = rest.split_once(':')?;
            return Some(Self::Has { resource_type, code, rest });
        }
        let coded = |text: &'a str| match text.split_once(':') {
            Some((code, modifier)) => (code, Some(modifier)),
            None => (text, None),
        };
        Some(match text.split_once('.') {
            Some((head, rest)) => {
                let (code, resource_type) = coded(head);
                Self::Chain { code, resource_type, rest }
            }
            None => {
                let (code, modifier) = coded(text);
                Self::Plain { code, modifier }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let plain = |code, modifier| Some(Name::Plain { code, modifier });
        let chain = |code, resource_type, rest| Some(Name::Chain { code, resource_type, rest });
        let has = |resource_type, code, rest| Some(Name::Has { resource_type, code, rest });
        for (text, expected) in [
            ("name", plain("name", None)),
            ("name:exact", plain("name", Some("exact"))),
            ("name:", plain("name", Some(""))),
            ("owner.name", chain("owner", None, "name")),
            ("owner:Patient.name:exact", chain("owner", Some("Patient"), "name:exact")),
            ("a.b:Patient.c", chain("a", None, "b:Patient.c")),
            ("_has:Task:owner:status", has("Task", "owner", "status")),
            (
                "_has:Task:owner:_has:AuditEvent:entity:date",
                has("Task", "owner", "_has:AuditEvent:entity:date"),
            ),
            ("_has:Task:focus:owner.name", has("Task", "focus", "owner.name")),
            ("patient._has:Task:owner:code", chain("patient", None, "_has:Task:owner:code")),
            ("_has:Task", None),
            ("_has:Task:owner", None),
            ("_has", None),
            ("_has:", None),
            ("_has.name", None),
            ("_hash", plain("_hash", None)),
            ("", plain("", None)),
        ] {
            assert_eq!(Name::parse(text), expected, "{text}");
        }
    }
}
