//! References: their form, and the type of what they lead to (FHIR R4, "Resource References", and
//! ElementDefinition.type.targetProfile). Whether the target exists is for the store to say.

use super::{Told, Walk};
use crate::node::Node;
use crate::r4::validate::compiled::Rule;
use crate::r4::validate::issue::IssueType;
use crate::r4::validate::location::Location;
use crate::r4::validate::primitive::Primitive;

/// A literal reference.
#[derive(Debug, PartialEq, Eq)]
enum Literal<'a> {
    /// `#id` of a contained resource; empty is the container.
    Contained(&'a str),
    /// `Type/id`.
    Relative { of: &'a str, id: &'a str, version: Option<&'a str> },
    /// A URL that ends as a relative reference does, or another.
    Absolute { of: Option<&'a str> },
    /// None of these.
    Wrong,
}

fn literal(text: &str) -> Literal<'_> {
    if let Some(id) = text.strip_prefix('#') {
        return Literal::Contained(id);
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let is_absolute = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    let (path, version) = match text.rsplit_once("/_history/") {
        Some((path, version)) => (path, Some(version)),
        None => (text, None),
    };
    let mut parts = path.rsplit('/');
    let (id, of) = (parts.next().unwrap_or_default(), parts.next());
    match (is_absolute, of, parts.next()) {
        (true, of, Some(_)) if text.starts_with("http") => Literal::Absolute { of },
        (true, ..) => Literal::Absolute { of: None },
        (false, Some(of), None) if !of.is_empty() => Literal::Relative { of, id, version },
        _ => Literal::Wrong,
    }
}

impl<'a> Walk<'a> {
    /// A Reference: form, `type`, and target.
    pub(super) fn reference(
        &mut self,
        place: &Location<'_>,
        value: Option<&'a Node>,
        rules: &[Rule<'a>],
    ) {
        let Some(node) = value else { return };
        if let Some(text) = node.get("reference").and_then(Node::as_str)
            && !self.has_good_form(place, text)
        {
            return;
        }
        let stated = stated_type(node);
        let actual = self.target_type(node);
        if let (Some(stated), Some(actual)) = (stated, actual)
            && stated != actual
        {
            return self.error(IssueType::Value, place, |at| {
                let shown: String = stated.chars().take(64).collect();
                let details = format!("{at} says that its type is {shown}, and leads to {actual}.");
                Told { expression: Some(at.below("type")), ..Told::new(details, "Reference.type") }
            });
        }
        let Some(actual) = actual.or(stated) else { return };
        for rule in rules.iter().rev() {
            let Some(of) = rule.type_named("Reference") else { continue };
            if of.targets.is_empty() || of.targets.iter().any(|target| **target == *actual) {
                continue;
            }
            return self.error(IssueType::Value, place, |at| {
                let targets: Vec<&str> = of.targets.iter().map(|target| &**target).collect();
                let (targets, source) = (targets.join(" or "), rule.source());
                let actual: String = actual.chars().take(64).collect();
                let details = format!("{at} must refer to {targets} in {source}, not to {actual}.");
                Told::new(details, rule.label())
            });
        }
    }

    /// Tells what is wrong with the text of a reference.
    fn has_good_form(&mut self, place: &Location<'_>, text: &str) -> bool {
        let is_id = |id: &str| Primitive::Id.check(&Node::from(id)).is_ok();
        let (code, rule, fault) = match literal(text) {
            Literal::Contained("") => return true,
            Literal::Contained(id) if self.contained.contains_key(id) => return true,
            Literal::Contained(_) => (
                IssueType::NotFound,
                "ref-1",
                "refers to a contained resource that is not there".to_owned(),
            ),
            Literal::Relative { of, .. }
                if !self.compiled.definitions().is_resource_type(of)
                    && self.compiled.named(of).is_none() =>
            {
                let of: String = of.chars().take(64).collect();
                (
                    IssueType::Value,
                    "Reference",
                    format!("refers to \"{of}\", which is no type of resource"),
                )
            }
            Literal::Relative { id, version, .. } if !is_id(id) || !version.is_none_or(is_id) => (
                IssueType::Value,
                "Reference",
                "has no good id: 1 to 64 letters A-Z, a-z, digits, hyphens and dots".to_owned(),
            ),
            Literal::Relative { .. } | Literal::Absolute { .. } => return true,
            Literal::Wrong => (
                IssueType::Value,
                "Reference",
                "must be Type/id, a URL, or # and the id of a contained resource".to_owned(),
            ),
        };
        self.error(code, place, |at| {
            let at = at.below("reference");
            Told { details: format!("{at} {fault}."), expression: Some(at), rule: rule.to_owned() }
        });
        false
    }

    /// The type of the resource that a Reference leads to, as far as that is known.
    pub(super) fn target_type(&self, node: &'a Node) -> Option<&'a str> {
        let stated = || stated_type(node);
        let Some(text) = node.get("reference").and_then(Node::as_str) else { return stated() };
        let definitions = self.compiled.definitions();
        let by_text = match literal(text) {
            Literal::Contained("") => return self.root.resource_type(),
            Literal::Contained(id) => return self.contained.get(id).copied(),
            Literal::Relative { of, .. } => Some(of),
            Literal::Absolute { of } => of.filter(|of| definitions.is_resource_type(of)),
            Literal::Wrong => None,
        };
        by_text
            .or_else(|| self.entries.get(text).copied())
            .or_else(stated)
            .or_else(|| self.options.resolver?.resolve(text).map(|resolved| resolved.type_name))
    }
}

/// `Reference.type`: the name of the type, or the URL of its definition.
fn stated_type(node: &Node) -> Option<&str> {
    let stated = node.get("type")?.as_str()?;
    Some(stated.strip_prefix(crate::r4::definition::CORE_STRUCTURE).unwrap_or(stated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_references_are_told_apart() {
        let relative = |of, id, version| Literal::Relative { of, id, version };
        let cases = [
            ("Patient/1", relative("Patient", "1", None)),
            ("Patient/1/_history/2", relative("Patient", "1", Some("2"))),
            ("#a", Literal::Contained("a")),
            ("#", Literal::Contained("")),
            ("https://x/fhir/Patient/1", Literal::Absolute { of: Some("Patient") }),
            ("http://x/Patient/1/_history/3", Literal::Absolute { of: Some("Patient") }),
            ("urn:uuid:0d0e8400", Literal::Absolute { of: None }),
            ("Patient", Literal::Wrong),
            ("/Patient/1", Literal::Wrong),
            ("a/Patient/1", Literal::Wrong),
        ];
        for (text, expected) in cases {
            assert_eq!(literal(text), expected, "{text}");
        }
    }
}
