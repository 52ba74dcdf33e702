//! XML into the JSON form. Elements may stand in any order; what has no definition is kept, so that
//! the validator refuses it by its name.

use std::collections::HashMap;

use super::place::{Attribute, Child, Kind, Place};
use crate::error::{MAX_DEPTH, ParseError};
use crate::json;
use crate::node::{Members, Node};
use crate::r4::definition::Definitions;
use crate::xml::cursor::{Cursor, Item, Tag, is_blank};
use crate::xml::{FHIR, Namespace, XHTML};

/// From so many different elements on, names are found by hash.
const SCAN_GROUPS: usize = 16;

const UNDERSCORE: &str =
    "a name that starts with an underscore has a meaning of its own in FHIR and is not read";

/// Reads one resource, with `resourceType` first. Values become numbers and booleans where the
/// definitions say so and the text is one; elements become lists where the definitions say so or
/// where they repeat.
///
/// # Errors
/// No well-formed XML, or XML that has no JSON form: other namespaces, text between elements, a
/// `contained` that is not one resource, more than [`MAX_DEPTH`] levels in either format.
pub fn parse(bytes: &[u8], definitions: &Definitions) -> Result<Node, ParseError> {
    let mut cursor = Cursor::new(bytes, MAX_DEPTH)?;
    let root = cursor.root()?;
    let node = resource(&mut cursor, root, definitions)?;
    cursor.finish()?;
    if node.depth() > MAX_DEPTH {
        return Err(ParseError::TooDeep);
    }
    Ok(node)
}

/// The rest of a resource whose start tag was read.
fn resource(
    cursor: &mut Cursor<'_>,
    tag: Tag<'_>,
    definitions: &Definitions,
) -> Result<Node, ParseError> {
    if tag.namespace != Namespace::Fhir {
        return Err(ParseError::foreign(tag.name, FHIR));
    }
    if tag.name.starts_with('_') {
        return Err(ParseError::malformed(cursor.text(), tag.offset, UNDERSCORE));
    }
    let place = Place::of_resource(definitions, tag.name);
    let mut members = Members::new();
    members.push("resourceType", tag.name);
    attributes(cursor, tag, place, &mut members)?;
    children(cursor, place, &mut members)?;
    Ok(Node::Object(members))
}

/// A value and what belongs to its `_name` companion.
#[derive(Default)]
struct Value {
    node: Option<Node>,
    companion: Option<Node>,
}

impl From<Node> for Value {
    fn from(node: Node) -> Value {
        Value { node: Some(node), companion: None }
    }
}

/// The rest of an element whose start tag was read.
fn element(
    cursor: &mut Cursor<'_>,
    tag: Tag<'_>,
    kind: Kind<'_>,
    parent: Place<'_>,
) -> Result<Value, ParseError> {
    let place = match kind {
        Kind::Xhtml => return Ok(Node::String(narrative(cursor, &tag)?).into()),
        Kind::Resource => return Ok(wrapped(cursor, &tag, parent.definitions())?.into()),
        Kind::Complex(place) => place,
        Kind::Unknown => parent.inside_unknown(),
        Kind::Boolean | Kind::Number | Kind::Text => parent.inside_primitive(),
    };
    let mut members = Members::new();
    let value = attributes(cursor, tag, place, &mut members)?;
    children(cursor, place, &mut members)?;
    Ok(match (kind, value) {
        (Kind::Complex(_) | Kind::Unknown, None) => Node::Object(members).into(),
        (_, value) => {
            // A primitive without anything must not vanish: the validator is to see it.
            let is_needed = value.is_none() || !members.is_empty();
            let companion = is_needed.then_some(Node::Object(members));
            Value { node: value.map(|text| primitive(text, kind)), companion }
        }
    })
}

fn primitive(text: String, kind: Kind<'_>) -> Node {
    match (kind, text.as_str()) {
        (Kind::Boolean, "true") => Node::Bool(true),
        (Kind::Boolean, "false") => Node::Bool(false),
        (Kind::Number, number) if json::is_number(number) => Node::Number(number.into()),
        _ => Node::String(text),
    }
}

/// Attributes become members; the value of a primitive is given back.
fn attributes(
    cursor: &Cursor<'_>,
    tag: Tag<'_>,
    place: Place<'_>,
    members: &mut Members,
) -> Result<Option<String>, ParseError> {
    let mut value = None;
    for attribute in tag.attributes {
        let name = attribute.name;
        if !attribute.prefix.is_empty() {
            return Err(ParseError::foreign(&format!("{}:{name}", attribute.prefix), FHIR));
        }
        if name.starts_with('_') {
            return Err(ParseError::malformed(cursor.text(), attribute.offset, UNDERSCORE));
        }
        let text = attribute.value.into_owned();
        match place.attribute(name) {
            Attribute::Value => value = Some(text),
            Attribute::Member => members.push(name, text),
            Attribute::Unknown => members.push(format!("@{name}"), text),
        }
    }
    Ok(value)
}

/// The elements with one name.
struct Group<'a, 'd> {
    name: &'a str,
    child: Child<'d>,
    values: Vec<Value>,
}

/// Reads up to the end tag and adds one member per name, and its companion.
fn children(
    cursor: &mut Cursor<'_>,
    place: Place<'_>,
    members: &mut Members,
) -> Result<(), ParseError> {
    let mut groups: Vec<Group<'_, '_>> = Vec::new();
    let mut index: HashMap<&str, usize> = HashMap::new();
    loop {
        let tag = match cursor.next()? {
            Item::Start(tag) => tag,
            Item::Text(text) if is_blank(&text) => continue,
            Item::Text(_) => {
                return Err(
                    cursor.wrong("text stands between elements; values are written as value=\"…\"")
                );
            }
            Item::End => break,
            Item::Eof => return Err(cursor.wrong("the document ends too early")),
        };
        let name = tag.name;
        // Elements that repeat stand together.
        let known = match groups.last() {
            Some(last) if last.name == name => Some(groups.len() - 1),
            _ if index.is_empty() => groups.iter().position(|group| group.name == name),
            _ => index.get(name).copied(),
        };
        let at = match known {
            Some(at) => at,
            None => {
                check_name(cursor, &tag, place)?;
                groups.push(Group { name, child: place.child(name), values: Vec::new() });
                if !index.is_empty() {
                    index.insert(name, groups.len() - 1);
                } else if groups.len() > SCAN_GROUPS {
                    index.extend(groups.iter().enumerate().map(|(at, group)| (group.name, at)));
                }
                groups.len() - 1
            }
        };
        let Some(group) = groups.get_mut(at) else { continue };
        let (namespace, expected) = match group.child.kind {
            Kind::Xhtml => (Namespace::Xhtml, XHTML),
            _ => (Namespace::Fhir, FHIR),
        };
        if tag.namespace != namespace {
            return Err(ParseError::foreign(name, expected));
        }
        group.values.push(element(cursor, tag, group.child.kind, place)?);
    }
    members.0.reserve_exact(groups.len());
    for group in groups {
        group.add_to(members);
    }
    Ok(())
}

/// Refuses names that would become members with another meaning.
fn check_name(cursor: &Cursor<'_>, tag: &Tag<'_>, place: Place<'_>) -> Result<(), ParseError> {
    let wrong = |reason| Err(ParseError::malformed(cursor.text(), tag.offset, reason));
    match tag.name {
        name if name.starts_with('_') => wrong(UNDERSCORE),
        "resourceType" if place.is_resource() => {
            Err(ParseError::duplicate(cursor.text(), tag.offset, tag.name))
        }
        name if place.is_attribute(name) => {
            wrong("the id of an element and the url of an extension are attributes")
        }
        _ => Ok(()),
    }
}

/// A narrative as it was written. With a prefix it may have elements without any namespace, which
/// would get another one where the text is put: such a narrative is none.
fn narrative(cursor: &mut Cursor<'_>, div: &Tag<'_>) -> Result<String, ParseError> {
    let text = cursor.verbatim(div)?;
    if text.starts_with("<div") && !text.starts_with("<div:") {
        return Ok(text);
    }
    let mut inside = Cursor::new(text.as_bytes(), MAX_DEPTH)?;
    loop {
        match inside.next()? {
            Item::Start(tag) if tag.namespace == Namespace::None => {
                return Err(ParseError::foreign(tag.name, XHTML));
            }
            Item::Eof => break,
            _ => {}
        }
    }
    Ok(text)
}

/// The one resource in a wrapper such as `contained`.
fn wrapped(
    cursor: &mut Cursor<'_>,
    wrapper: &Tag<'_>,
    definitions: &Definitions,
) -> Result<Node, ParseError> {
    if let Some(attribute) = wrapper.attributes.first() {
        let reason = "an element that holds a resource has no attributes";
        return Err(ParseError::malformed(cursor.text(), attribute.offset, reason));
    }
    let mut found = None;
    loop {
        match cursor.next()? {
            Item::Start(tag) if found.is_none() => {
                found = Some(resource(cursor, tag, definitions)?);
            }
            Item::Text(text) if is_blank(&text) => {}
            Item::End => return found.ok_or_else(|| cursor.wrong("a resource is missing here")),
            _ => return Err(cursor.wrong("exactly one resource is expected here")),
        }
    }
}

impl Group<'_, '_> {
    fn add_to(mut self, members: &mut Members) {
        let companion_name = || format!("_{}", self.name);
        if !self.child.is_list && self.values.len() < 2 {
            let Value { node, companion } = self.values.pop().unwrap_or_default();
            members.push_some(self.name, node);
            if companion.is_some() {
                members.push_some(&companion_name(), companion);
            }
            return;
        }
        let has_nodes = self.values.iter().any(|value| value.node.is_some());
        let has_companions = self.values.iter().any(|value| value.companion.is_some());
        let mut nodes = Vec::with_capacity(if has_nodes { self.values.len() } else { 0 });
        let mut companions = Vec::new();
        for value in self.values {
            if has_nodes {
                nodes.push(value.node.unwrap_or(Node::Null));
            }
            if has_companions {
                companions.push(value.companion.unwrap_or(Node::Null));
            }
        }
        if has_nodes {
            members.push(self.name, nodes);
        }
        if has_companions {
            members.push(format!("_{}", self.name), companions);
        }
    }
}
