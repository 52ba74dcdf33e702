//! Codes against value sets (FHIR R4, "Using Codes in resources", 4.1.5). A code is refused only
//! when it is known not to be in the set.

use super::{Told, Walk};
use crate::node::Node;
use crate::r4::definition::{Definitions, Membership, Strength, canonical_url};
use crate::r4::fhirpath::Terminology;
use crate::r4::validate::compiled::{Compiled, Rule};
use crate::r4::validate::issue::{IssueType, Severity};
use crate::r4::validate::location::Location;

impl Terminology for Compiled {
    fn member_of(&self, value_set: &str, system: Option<&str>, code: &str) -> Option<bool> {
        match self.definitions().value_set(value_set)?.contains(system, code) {
            Membership::In => Some(true),
            Membership::Out => Some(false),
            Membership::Unknown => None,
        }
    }
}

impl<'a> Walk<'a> {
    /// The bindings of all rules, each value set once.
    pub(super) fn bindings(
        &mut self,
        place: &Location<'_>,
        value: Option<&'a Node>,
        type_name: &str,
        rules: &[Rule<'a>],
    ) {
        let Some(value) = value else { return };
        let mut looked_at: Vec<&str> = Vec::new();
        let mut is_first = true;
        for rule in rules.iter().rev() {
            let Some(binding) = &rule.element().binding else { continue };
            // Of weaker bindings, that of the profile replaces that of the type.
            let (set, outer) = (binding.value_set.as_deref(), binding.max_value_set.as_deref());
            let (required, extensible) = match binding.strength {
                Strength::Required => (set, None),
                Strength::Extensible if is_first => (outer, set),
                _ => (outer.filter(|_| is_first), None),
            };
            is_first = false;
            for (set, severity) in [(required, Severity::Error), (extensible, Severity::Warning)] {
                let Some(set) = set.map(canonical_url) else { continue };
                if looked_at.contains(&set) || !is_coded(type_name) {
                    continue;
                }
                looked_at.push(set);
                if severity == Severity::Warning && !has_code(value) {
                    continue;
                }
                let definitions = self.compiled.definitions();
                if membership(definitions, set, value) != Membership::Out {
                    continue;
                }
                self.tell(severity, IssueType::CodeInvalid, place, |at| {
                    let strength = if severity == Severity::Error { "must" } else { "should" };
                    let shown = codes(value);
                    let name = definitions.value_set(set).map_or(set, |set| &set.name);
                    let name = if name.is_empty() { set } else { name };
                    let details = format!("{at}{shown} {strength} be a code of {name} ({set}).");
                    Told::new(details, rule.label())
                });
                if severity == Severity::Error {
                    return;
                }
            }
        }
    }
}

/// Do bindings on this type mean its codes?
fn is_coded(type_name: &str) -> bool {
    matches!(
        type_name,
        "code" | "Coding" | "CodeableConcept" | "Quantity" | "string" | "uri" | "url" | "canonical"
    )
}

/// Is the value, or one of its codings, in the value set?
pub(super) fn membership(definitions: &Definitions, url: &str, value: &Node) -> Membership {
    let Some(set) = definitions.value_set(url) else { return Membership::Unknown };
    let coding = |coding: &Node| {
        let text = |name: &str| coding.get(name).and_then(Node::as_str);
        // A code without a system is in no system.
        set.contains(Some(text("system").unwrap_or_default()), text("code").unwrap_or_default())
    };
    let Some(members) = value.as_object() else {
        return match value.as_str() {
            Some(code) => set.contains(None, code),
            None => Membership::Unknown,
        };
    };
    let is_concept = members.contains("coding") || !is_coding(value);
    if !is_concept {
        return coding(value);
    }
    let mut best = Membership::Out;
    for one in value.items("coding") {
        match coding(one) {
            Membership::In => return Membership::In,
            Membership::Unknown => best = Membership::Unknown,
            Membership::Out => {}
        }
    }
    // A set of which nothing is known refuses no text either.
    if set.is_open() { Membership::Unknown } else { best }
}

fn is_coding(value: &Node) -> bool {
    ["system", "code", "display", "value"].iter().any(|name| value.get(name).is_some())
}

/// Is there a code at all? A text alone is what an extensible binding allows when none fits.
fn has_code(value: &Node) -> bool {
    match value {
        Node::Object(members) => {
            members.contains("code")
                || value.items("coding").iter().any(|coding| coding.get("code").is_some())
        }
        _ => true,
    }
}

/// The codes of a value, for people; they are no personal data.
fn codes(value: &Node) -> String {
    let one = |coding: &Node| {
        let text = |name: &str| coding.get(name).and_then(Node::as_str);
        let code = text("code")?;
        Some(match text("system") {
            Some(system) => format!("{system}#{code}"),
            None => code.to_owned(),
        })
    };
    let listed: Vec<String> = match value {
        Node::String(code) => vec![code.clone()],
        _ if value.get("coding").is_some() => {
            value.items("coding").iter().take(3).filter_map(one).collect()
        }
        _ => one(value).into_iter().collect(),
    };
    if listed.is_empty() {
        return " (without a code)".to_owned();
    }
    let listed: String = listed.join(", ").chars().take(160).collect();
    format!(" ({listed})")
}
