//! One element as one line of the table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::Names;
use crate::json;
use crate::node::Node;
use crate::r4::definition::compact::{Line, long_url, plain, push_line, short_url};
use crate::r4::definition::{
    Binding, CORE_STRUCTURE, Constraint, DefinitionError, Discriminator, DiscriminatorKind,
    Element, Slicing, SlicingRules, Strength, Type,
};

/// Writes the line. What is at its default is left out.
pub fn write(element: &Element, names: &Names, out: &mut String) {
    let max = element.max.map_or_else(|| "*".to_owned(), |max| max.to_string());
    let types: Vec<String> = element.types.iter().map(written_type).collect();
    let mut fields = vec![
        element.id.clone(),
        format!("{}..{max}", element.min),
        if types.is_empty() { "-".to_owned() } else { types.join(" ") },
    ];
    if element.is_list != is_list_by_default(&element.id, element.max) {
        fields.push(format!("list={}", if element.is_list { "yes" } else { "no" }));
    }
    let flags = [(element.is_modifier, "modifier"), (element.is_summary, "summary")];
    fields.extend(flags.iter().filter(|flag| flag.0).map(|flag| flag.1.to_owned()));
    let mut push = |name: &str, value: Option<String>| {
        fields.extend(value.map(|value| format!("{name}={value}")));
    };
    let json = |node: &Option<Node>| node.as_ref().map(json::render);
    push("content", element.content_reference.clone());
    push("fixed", json(&element.fixed));
    push("pattern", json(&element.pattern));
    push("least", json(&element.min_value));
    push("greatest", json(&element.max_value));
    push("length", element.max_length.map(|length| length.to_string()));
    push("regex", element.regex.clone());
    push("slicing", element.slicing.as_ref().map(written_slicing));
    push("codes", element.binding.as_ref().map(written_binding));
    let keys: Vec<&str> =
        element.constraints.iter().filter_map(|c| Some(names.get(&**c)?.as_str())).collect();
    push("invariants", (!keys.is_empty()).then(|| keys.join(" ")));
    push_line(out, fields.into_iter().map(Cow::Owned));
}

/// Reads the line after its first field, the id.
pub fn read(
    id: &str,
    line: &mut Line,
    constraints: &HashMap<String, Arc<Constraint>>,
) -> Result<Element, DefinitionError> {
    let (path, slice) = path_and_slice(id);
    let cardinality = line.raw("the cardinality")?;
    let (min, max) =
        read_cardinality(cardinality).ok_or_else(|| line.wrong("the cardinality is unknown"))?;
    let types = match line.raw("the list of types")? {
        "-" => Vec::new(),
        list => list
            .split(' ')
            .map(read_type)
            .collect::<Option<_>>()
            .ok_or_else(|| line.wrong("a type is unknown"))?,
    };
    let mut element = Element {
        is_list: is_list_by_default(id, max),
        id: id.to_owned(),
        path,
        slice,
        min,
        max,
        types,
        ..Element::default()
    };
    while let Some(field) = line.fields.next() {
        read_option(&mut element, field, constraints)
            .ok_or_else(|| line.wrong(format!("{field} is unknown")))?;
    }
    Ok(element)
}

fn read_option(
    element: &mut Element,
    field: &str,
    constraints: &HashMap<String, Arc<Constraint>>,
) -> Option<()> {
    let (name, value) = field.split_once('=').unwrap_or((field, ""));
    let value = || plain(value);
    let node = || json::parse(value().as_bytes()).ok();
    match name {
        "list" => element.is_list = value() == "yes",
        "modifier" => element.is_modifier = true,
        "summary" => element.is_summary = true,
        "content" => element.content_reference = Some(value()),
        "fixed" => element.fixed = Some(node()?),
        "pattern" => element.pattern = Some(node()?),
        "least" => element.min_value = Some(node()?),
        "greatest" => element.max_value = Some(node()?),
        "length" => element.max_length = Some(value().parse().ok()?),
        "regex" => element.regex = Some(value()),
        "slicing" => element.slicing = Some(read_slicing(&value())?),
        "codes" => element.binding = Some(read_binding(&value())?),
        "invariants" => {
            let found = |key: &str| constraints.get(key).cloned();
            element.constraints = value().split(' ').map(found).collect::<Option<_>>()?;
        }
        _ => return None,
    }
    Some(())
}

/// Most elements are lists exactly when they may occur more than once.
fn is_list_by_default(id: &str, max: Option<u32>) -> bool {
    id.contains('.') && max.is_none_or(|max| max > 1)
}

/// `Patient.name:official.given` is `Patient.name.given`; only the last part names a slice.
fn path_and_slice(id: &str) -> (String, Option<String>) {
    let mut path = String::with_capacity(id.len());
    let mut slice = None;
    for part in id.split('.') {
        let (name, named) = match part.split_once(':') {
            Some((name, slice)) => (name, Some(slice)),
            None => (part, None),
        };
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        slice = named;
    }
    (path, slice.map(str::to_owned))
}

fn read_cardinality(text: &str) -> Option<(u32, Option<u32>)> {
    let (min, max) = text.split_once("..")?;
    let max = if max == "*" { None } else { Some(max.parse().ok()?) };
    Some((min.parse().ok()?, max))
}

/// `Reference(Patient,http://…){http://…}`; structures of the standard go by name.
fn written_type(t: &Type) -> String {
    let list = |urls: &[String], open: char, close: char| {
        if urls.is_empty() {
            return String::new();
        }
        let names: Vec<&str> =
            urls.iter().map(|url| url.strip_prefix(CORE_STRUCTURE).unwrap_or(url)).collect();
        format!("{open}{}{close}", names.join(","))
    };
    format!("{}{}{}", t.code, list(&t.targets, '(', ')'), list(&t.profiles, '{', '}'))
}

fn read_type(text: &str) -> Option<Type> {
    let long = |name: &str| {
        if name.contains(':') { name.to_owned() } else { format!("{CORE_STRUCTURE}{name}") }
    };
    let list = |text: &str| text.split(',').map(long).collect();
    let (head, profiles) = match text.split_once('{') {
        Some((head, profiles)) => (head, list(profiles.strip_suffix('}')?)),
        None => (text, Vec::new()),
    };
    let (code, targets) = match head.split_once('(') {
        Some((code, targets)) => (code, list(targets.strip_suffix(')')?)),
        None => (head, Vec::new()),
    };
    Some(Type { code: code.to_owned(), profiles, targets })
}

/// `open ordered value@url`.
fn written_slicing(slicing: &Slicing) -> String {
    let mut words = vec![slicing.rules.code().to_owned()];
    words.extend(slicing.is_ordered.then(|| "ordered".to_owned()));
    words.extend(slicing.discriminators.iter().map(|d| format!("{}@{}", d.kind.code(), d.path)));
    words.join(" ")
}

fn read_slicing(text: &str) -> Option<Slicing> {
    let mut words = text.split(' ').peekable();
    let rules = SlicingRules::from_code(words.next()?)?;
    let is_ordered = words.next_if_eq(&"ordered").is_some();
    let discriminator = |word: &str| {
        let (kind, path) = word.split_once('@')?;
        Some(Discriminator { kind: DiscriminatorKind::from_code(kind)?, path: path.to_owned() })
    };
    Some(Slicing {
        discriminators: words.map(discriminator).collect::<Option<_>>()?,
        rules,
        is_ordered,
    })
}

/// `required ~ValueSet/x max ~ValueSet/y`; a binding without value set has `-`.
fn written_binding(binding: &Binding) -> String {
    let set = binding.value_set.as_deref().map_or(Cow::Borrowed("-"), short_url);
    let max = binding.max_value_set.as_deref().map(short_url);
    let max = max.map(|max| format!(" max {max}")).unwrap_or_default();
    format!("{} {set}{max}", binding.strength.code())
}

fn read_binding(text: &str) -> Option<Binding> {
    let mut words = text.split(' ');
    let strength = Strength::from_code(words.next()?)?;
    let value_set = words.next().filter(|set| *set != "-").map(long_url);
    let max_value_set = match (words.next(), words.next()) {
        (None, _) => None,
        (Some("max"), Some(set)) => Some(long_url(set)),
        _ => return None,
    };
    Some(Binding { strength, value_set, max_value_set })
}
