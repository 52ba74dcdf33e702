//! An [`Element`] as an ElementDefinition, with its members in the order of R4.

use super::base::Base;
use super::{push_list, push_nodes};
use crate::node::{Members, Node};
use crate::object;
use crate::r4::definition::{Binding, Constraint, Element, Slicing, Structure, Type};

const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
const BEST_PRACTICE: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";
/// Before the name of a type of FHIRPath.
const SYSTEM: &str = "http://hl7.org/fhirpath/";

/// Elements whose type the standard gives as a type of FHIRPath, and XML as an attribute.
const ATTRIBUTES: [&str; 2] = ["Element.id", "Extension.url"];
/// The same, but XML has an element.
const RESOURCE_ID: &str = "Resource.id";

/// Writes one element of a snapshot.
pub fn element_definition(structure: &Structure, element: &Element, base: &Base) -> Node {
    let mut node = Members::new();
    node.push("id", &element.id);
    let is_system = |of: &Type| of.code.starts_with("System.");
    let has_system_type = element.types.iter().any(is_system);
    if let Some(regex) = element.regex.as_deref().filter(|_| !has_system_type) {
        node.push("extension", [extension(REGEX, "valueString", regex)]);
    }
    node.push("path", &element.path);
    if ATTRIBUTES.contains(&&*base.path) || has_system_type {
        node.push("representation", [Node::from("xmlAttr")]);
    }
    node.push_some("sliceName", element.slice.as_deref());
    node.push_some("slicing", element.slicing.as_ref().map(slicing));
    node.push("definition", words(structure, element));
    node.push("min", number(element.min));
    node.push("max", written_max(element.max));
    node.push(
        "base",
        object! {
            "path" => &base.path,
            "min" => number(base.min),
            "max" => written_max(base.max),
        },
    );
    node.push_some("contentReference", element.content_reference.as_deref());
    let types = element.types.iter().map(|of| type_of(of, element, base)).collect();
    push_nodes(&mut node, "type", types);
    let mut push_value = |stem: &str, value: &Option<Node>| {
        if let Some(value) = value {
            node.push(format!("{stem}{}", type_suffix(element)), value.clone());
        }
    };
    push_value("fixed", &element.fixed);
    push_value("pattern", &element.pattern);
    push_value("minValue", &element.min_value);
    push_value("maxValue", &element.max_value);
    node.push_some("maxLength", element.max_length.map(number));
    let constraints = element.constraints.iter().map(|c| constraint(c)).collect();
    push_nodes(&mut node, "constraint", constraints);
    node.push("isModifier", element.is_modifier);
    if element.is_modifier {
        node.push("isModifierReason", "It changes the meaning of what surrounds it.");
    }
    node.push("isSummary", element.is_summary);
    node.push_some("binding", element.binding.as_ref().map(binding));
    Node::Object(node)
}

/// R4 demands a definition in words, and there are none here: what the element is called.
fn words(structure: &Structure, element: &Element) -> String {
    let path = &element.path;
    match (&element.slice, path.contains('.')) {
        (_, false) => format!("{}, a definition on {}.", structure.name, structure.type_name),
        (Some(slice), true) if element.is_forbidden() => format!("{slice} of {path}: not used."),
        (Some(slice), true) => format!("{slice} of {path}."),
        (None, true) if element.is_forbidden() => format!("{path}: not used."),
        (None, true) => format!("{path}."),
    }
}

fn number(value: u32) -> Node {
    Node::from(i64::from(value))
}

fn written_max(max: Option<u32>) -> String {
    max.map_or_else(|| "*".to_owned(), |max| max.to_string())
}

fn extension(url: &str, member: &str, value: impl Into<Node>) -> Node {
    object! { "url" => url, member => value }
}

fn type_of(of: &Type, element: &Element, base: &Base) -> Node {
    let mut node = Members::new();
    let is_special = ATTRIBUTES.contains(&&*base.path) || base.path == RESOURCE_ID;
    if of.code.starts_with("System.") {
        let regex = element.regex.as_deref();
        node.push_some("extension", regex.map(|r| [extension(REGEX, "valueString", r)]));
        node.push("code", format!("{SYSTEM}{}", of.code));
    } else if is_special {
        node.push("extension", [extension(FHIR_TYPE, "valueUrl", &of.code)]);
        node.push("code", format!("{SYSTEM}System.String"));
    } else {
        node.push("code", &of.code);
    }
    push_list(&mut node, "profile", &of.profiles);
    push_list(&mut node, "targetProfile", &of.targets);
    Node::Object(node)
}

/// What follows `fixed` or `pattern`: the type of the element with a capital.
fn type_suffix(element: &Element) -> String {
    let code = element.types.first().map_or("string", |of| &*of.code);
    let code = code.strip_prefix("System.").unwrap_or(code);
    let mut letters = code.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn slicing(slicing: &Slicing) -> Node {
    let mut node = Members::new();
    let discriminators = slicing.discriminators.iter();
    let discriminators = discriminators
        .map(|d| object! { "type" => d.kind.code(), "path" => &d.path })
        .collect::<Vec<_>>();
    if discriminators.is_empty() {
        node.push("description", "Only a person can tell the slices apart.");
    }
    push_nodes(&mut node, "discriminator", discriminators);
    node.push("ordered", slicing.is_ordered);
    node.push("rules", slicing.rules.code());
    Node::Object(node)
}

fn constraint(constraint: &Constraint) -> Node {
    let mut node = Members::new();
    if constraint.is_best_practice {
        node.push("extension", [extension(BEST_PRACTICE, "valueBoolean", true)]);
    }
    node.push("key", &constraint.key);
    node.push("severity", constraint.severity.code());
    let has_words = !constraint.human.trim().is_empty();
    node.push("human", if has_words { &constraint.human } else { &constraint.key });
    node.push_some("expression", constraint.expression.as_deref());
    Node::Object(node)
}

fn binding(binding: &Binding) -> Node {
    let mut node = Members::new();
    if let Some(max) = binding.max_value_set.as_deref() {
        node.push("extension", [extension(MAX_VALUE_SET, "valueCanonical", max)]);
    }
    node.push("strength", binding.strength.code());
    if binding.value_set.is_none() {
        node.push("description", "Codes that no value set lists.");
    }
    node.push_some("valueSet", binding.value_set.as_deref());
    Node::Object(node)
}
