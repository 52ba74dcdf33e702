//! A KT2 resource as it is kept: the JSON after `"meta":{`, so that type, id,
//! version and time of change stand in their columns alone and are written into
//! the text when it is read.

use crate::clock::Timestamp;

/// The extension that names the Device a resource comes from.
pub const RESOURCE_ORIGIN: &str = "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin";

/// The content of a resource in one version. Two bodies are equal when their
/// texts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    tail: String,
}

impl Body {
    /// Puts a body together from members as JSON text without braces, each of
    /// which may be empty: those of `meta` without `versionId` and `lastUpdated`,
    /// and those of the resource without `resourceType`, `id` and `meta`.
    pub fn new(meta: &str, rest: &str) -> Self {
        let comma = if rest.is_empty() { "" } else { "," };
        Self { tail: format!("{meta}}}{comma}{rest}}}") }
    }

    /// The body with this text, as [`Body::tail`] gave it.
    pub fn of_tail(tail: String) -> Self {
        Self { tail }
    }

    /// The text that follows `"meta":{` when `meta` has no other members.
    pub fn tail(&self) -> &str {
        &self.tail
    }

    /// The whole resource as JSON. `id` is a FHIR id, so it needs no escapes.
    pub fn render(
        &self,
        resource_type: &str,
        id: &str,
        version: i64,
        updated: Timestamp,
    ) -> String {
        let comma = if self.tail.starts_with('}') { "" } else { "," };
        format!(
            r#"{{"resourceType":"{resource_type}","id":"{id}","meta":{{"versionId":"{version}","lastUpdated":"{}"{comma}{}"#,
            updated.to_instant_millis(),
            self.tail
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_parts_is_well_formed() {
        let meta = r#""profile":["p"]"#;
        let rest = r#""status":"active","n":1.10"#;
        for (meta, rest, expected) in [
            ("", "", ""),
            (meta, "", r#","profile":["p"]"#),
            ("", rest, r#"},"status":"active","n":1.10"#),
            (meta, rest, r#","profile":["p"]},"status":"active","n":1.10"#),
        ] {
            let body = Body::new(meta, rest);
            let text = body.render("Patient", "a-1", 3, Timestamp(1_500));
            let brace = if rest.is_empty() { "}}" } else { "}" };
            assert_eq!(
                text,
                format!(
                    r#"{{"resourceType":"Patient","id":"a-1","meta":{{"versionId":"3","lastUpdated":"1970-01-01T00:00:00.001Z"{expected}{brace}"#
                )
            );
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
            assert_eq!(Body::of_tail(body.tail().to_owned()), body);
        }
    }
}
