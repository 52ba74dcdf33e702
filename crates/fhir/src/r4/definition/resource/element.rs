//! An [`Element`] out of an ElementDefinition.

use std::collections::HashMap;
use std::sync::Arc;

use super::{choice, extension, required, text, texts};
use crate::node::Node;
use crate::r4::definition::{
    Binding, Constraint, DefinitionError, Discriminator, DiscriminatorKind, Element, Kind,
    Severity, Slicing, SlicingRules, Strength, Type,
};

/// Equal constraints of a structure are one.
pub type Shared = HashMap<Constraint, Arc<Constraint>>;

const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
const BEST_PRACTICE: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

/// Reads one element of a snapshot.
pub fn element_from(
    node: &Node,
    url: &str,
    kind: Kind,
    shared: &mut Shared,
) -> Result<Element, DefinitionError> {
    let path = required(node, url, "path")?;
    let slice = text(node, "sliceName");
    let id = match (text(node, "id"), slice) {
        (Some(id), _) => id.to_owned(),
        (None, Some(slice)) => format!("{path}:{slice}"),
        (None, None) => path.to_owned(),
    };
    let max = text(node, "max");
    let base = node.get("base");
    let base_max = base.and_then(|base| text(base, "max")).or(max);
    let types = node
        .items("type")
        .iter()
        .map(|node| type_from(node, path, base, kind))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| DefinitionError::missing(url, "type.code"))?;
    let constraints = node
        .items("constraint")
        .iter()
        .map(|node| Some(share(constraint_from(node)?, shared)))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| DefinitionError::missing(url, "constraint.key"))?;
    let is_root = !path.contains('.');
    Ok(Element {
        path: path.to_owned(),
        slice: slice.map(str::to_owned),
        min: number(node, "min").unwrap_or(0),
        max: max.filter(|max| *max != "*").and_then(|max| max.parse().ok()),
        is_list: !is_root && !matches!(base_max, Some("0" | "1") | None),
        types,
        content_reference: text(node, "contentReference").map(str::to_owned),
        fixed: choice(node, "fixed").cloned(),
        pattern: choice(node, "pattern").cloned(),
        binding: node.get("binding").and_then(binding_from),
        slicing: node.get("slicing").map(slicing_from),
        constraints,
        is_modifier: node.get("isModifier").and_then(Node::as_bool).unwrap_or(false),
        is_summary: node.get("isSummary").and_then(Node::as_bool).unwrap_or(false),
        max_length: number(node, "maxLength"),
        regex: regex(node),
        min_value: choice(node, "minValue").cloned(),
        max_value: choice(node, "maxValue").cloned(),
        id,
    })
}

fn number(node: &Node, name: &str) -> Option<u32> {
    text(node, name)?.parse().ok()
}

/// The regular expression, which the core gives with the type and profiles with the element.
fn regex(node: &Node) -> Option<String> {
    node.items("type")
        .iter()
        .chain([node])
        .find_map(|holder| extension(holder, REGEX)?.text())
        .map(str::to_owned)
}

fn type_from(node: &Node, path: &str, base: Option<&Node>, kind: Kind) -> Option<Type> {
    let code = text(node, "code")?;
    let code = match code.strip_prefix("http://hl7.org/fhirpath/") {
        // R4 says `string` here, and says in words that it is an id (Resource.id).
        Some(_) if base.and_then(|base| text(base, "path")) == Some("Resource.id") => "id",
        Some(system) if kind == Kind::Primitive && path.ends_with(".value") => system,
        Some(system) => extension(node, FHIR_TYPE).and_then(Node::text).unwrap_or(system),
        None => code,
    };
    Some(Type {
        code: code.to_owned(),
        profiles: texts(node, "profile"),
        targets: texts(node, "targetProfile"),
    })
}

fn constraint_from(node: &Node) -> Option<Constraint> {
    Some(Constraint {
        key: text(node, "key")?.to_owned(),
        severity: Severity::from_code(text(node, "severity")?)?,
        is_best_practice: extension(node, BEST_PRACTICE).and_then(Node::as_bool) == Some(true),
        human: text(node, "human").unwrap_or_default().to_owned(),
        expression: text(node, "expression").map(str::to_owned),
    })
}

/// The same constraint for equal ones of the structure.
fn share(constraint: Constraint, shared: &mut Shared) -> Arc<Constraint> {
    if let Some(known) = shared.get(&constraint) {
        return Arc::clone(known);
    }
    let new = Arc::new(constraint.clone());
    shared.insert(constraint, Arc::clone(&new));
    new
}

fn binding_from(node: &Node) -> Option<Binding> {
    Some(Binding {
        strength: Strength::from_code(text(node, "strength")?)?,
        value_set: text(node, "valueSet").map(str::to_owned),
        max_value_set: extension(node, MAX_VALUE_SET).and_then(Node::text).map(str::to_owned),
    })
}

fn slicing_from(node: &Node) -> Slicing {
    let discriminator = |node: &Node| {
        Some(Discriminator {
            kind: DiscriminatorKind::from_code(text(node, "type")?)?,
            path: text(node, "path")?.to_owned(),
        })
    };
    Slicing {
        discriminators: node.items("discriminator").iter().filter_map(discriminator).collect(),
        rules: text(node, "rules").and_then(SlicingRules::from_code).unwrap_or(SlicingRules::Open),
        is_ordered: node.get("ordered").and_then(Node::as_bool).unwrap_or(false),
    }
}
