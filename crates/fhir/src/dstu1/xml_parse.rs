//! XML resources into the JSON form (DSTU1, "XML and JSON representation"). Elements may stand in
//! any order; what is not in the table of shapes is kept.

use std::collections::{HashMap, HashSet};

use super::feed_parse;
use super::shape::{Kind, Shape};
use crate::error::{MAX_DEPTH, ParseError};
use crate::json;
use crate::node::{Members, Node};
use crate::xml::cursor::{Cursor, Item, Tag, is_blank};
use crate::xml::{FHIR, Namespace, name};

/// From here on names are found by hash.
const SCAN_GROUPS: usize = 16;

/// Reads a feed or a resource. A `feed` becomes a Bundle in its JSON form, every other root a
/// resource with `resourceType` first.
///
/// The result is refused as well when its JSON form would be too deep for [`crate::json::parse`],
/// since whoever stores it must be able to read it back.
pub fn parse_xml(bytes: &[u8]) -> Result<Node, ParseError> {
    let mut cursor = Cursor::new(bytes, MAX_DEPTH)?;
    let root = cursor.root()?;
    let node = if root.is(Namespace::Atom, "feed") {
        feed_parse::feed(&mut cursor)?
    } else {
        resource(&mut cursor, root)?
    };
    cursor.finish()?;
    if node.depth() > MAX_DEPTH {
        return Err(ParseError::TooDeep);
    }
    Ok(node)
}

/// The rest of a resource whose start tag was read.
pub(super) fn resource(cursor: &mut Cursor<'_>, tag: Tag<'_>) -> Result<Node, ParseError> {
    if tag.namespace != Namespace::Fhir {
        return Err(ParseError::foreign(tag.name, FHIR));
    }
    let resource_type = name::decode(tag.name).into_owned();
    let shape = Shape::of_resource(&resource_type);
    let mut members = Members::new();
    members.push("resourceType", resource_type);
    attributes(cursor, tag, shape, &mut members, None)?;
    children(cursor, shape, &mut members)?;
    Ok(Node::Object(members))
}

/// A value and what belongs to its `_name` companion.
#[derive(Default)]
struct Value {
    node: Option<Node>,
    companion: Option<Node>,
}

fn element(cursor: &mut Cursor<'_>, tag: Tag<'_>, kind: Kind) -> Result<Value, ParseError> {
    let shape = match kind {
        Kind::Complex(shape) => shape,
        _ => Shape::unknown(),
    };
    let mut members = Members::new();
    let mut value = None;
    attributes(cursor, tag, shape, &mut members, Some(&mut value))?;
    children(cursor, shape, &mut members)?;
    if let Some(text) = value {
        let companion = (!members.is_empty()).then_some(Node::Object(members));
        return Ok(Value { node: Some(primitive(text, kind)), companion });
    }
    let node = Node::Object(members);
    let is_companion = match kind {
        Kind::Text | Kind::Boolean | Kind::Integer | Kind::Decimal => only_companion_members(&node),
        _ => false,
    };
    Ok(if is_companion {
        Value { node: None, companion: Some(node) }
    } else {
        Value { node: Some(node), companion: None }
    })
}

fn only_companion_members(node: &Node) -> bool {
    node.as_object().is_some_and(|members| {
        members.iter().all(|(name, _)| {
            matches!(name, "id" | "extension" | "modifierExtension") || name.starts_with('@')
        })
    })
}

fn primitive(text: String, kind: Kind) -> Node {
    match (kind, text.as_str()) {
        (Kind::Boolean, "true") => Node::Bool(true),
        (Kind::Boolean, "false") => Node::Bool(false),
        (Kind::Integer, number) if json::is_integer(number) => Node::Number(number.into()),
        (Kind::Decimal, number) if json::is_number(number) => Node::Number(number.into()),
        _ => Node::String(text),
    }
}

/// Attributes become members; `value` goes into `value` where the element may be a primitive.
/// Attributes that FHIR does not have are kept under `@name`, which is no name of an element.
fn attributes(
    cursor: &Cursor<'_>,
    tag: Tag<'_>,
    shape: &Shape,
    members: &mut Members,
    value: Option<&mut Option<String>>,
) -> Result<(), ParseError> {
    let mut value = value;
    for attribute in tag.attributes {
        if !attribute.prefix.is_empty() {
            return Err(ParseError::foreign(
                &format!("{}:{}", attribute.prefix, attribute.name),
                FHIR,
            ));
        }
        match (attribute.name, &mut value) {
            ("value", Some(value)) => **value = Some(attribute.value.into_owned()),
            ("id", _) => members.push("id", attribute.value.into_owned()),
            ("url", _) if shape.is_extension() => members.push("url", attribute.value.into_owned()),
            (name, _) if name.starts_with('_') => {
                return Err(ParseError::malformed(cursor.text(), attribute.offset, UNDERSCORE));
            }
            (name, _) => members.push(format!("@{name}"), attribute.value.into_owned()),
        }
    }
    Ok(())
}

const UNDERSCORE: &str =
    "a name that starts with an underscore has a meaning of its own in FHIR and is not read";

struct Group {
    name: String,
    repeats: bool,
    values: Vec<Value>,
}

/// Reads up to the end tag and adds one member per name.
fn children(
    cursor: &mut Cursor<'_>,
    shape: &Shape,
    members: &mut Members,
) -> Result<(), ParseError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
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
        let offset = tag.offset;
        let is_narrative = shape.is_narrative() && tag.is(Namespace::Xhtml, "div");
        if tag.namespace != Namespace::Fhir && !is_narrative {
            return Err(ParseError::foreign(tag.name, FHIR));
        }
        let name = name::decode(tag.name).into_owned();
        if tag.name.starts_with('_') && name == tag.name {
            return Err(ParseError::malformed(cursor.text(), offset, UNDERSCORE));
        }
        if members.contains(&name) {
            // An element `id` beside the attribute `id`: in JSON they would be the same member.
            return Err(ParseError::duplicate(cursor.text(), offset, &name));
        }
        let place = shape.lookup(&name);
        let kind = place.map_or(Kind::Unknown, |p| p.kind);
        let at = if groups.len() < SCAN_GROUPS {
            groups.iter().position(|g| g.name == name)
        } else {
            if index.is_empty() {
                index.extend(groups.iter().enumerate().map(|(at, g)| (g.name.clone(), at)));
            }
            index.get(&name).copied()
        };
        let at = at.unwrap_or_else(|| {
            if !index.is_empty() {
                index.insert(name.clone(), groups.len());
            }
            groups.push(Group {
                name,
                repeats: place.is_some_and(|p| p.repeats),
                values: Vec::new(),
            });
            groups.len() - 1
        });
        let values = &mut groups[at].values;
        match kind {
            // With attributes it is no wrapper, but something that a lenient sender made of it.
            Kind::Resource if tag.attributes.is_empty() => contained(cursor, values)?,
            _ if is_narrative => {
                let node = Some(Node::String(cursor.verbatim(&tag)?));
                values.push(Value { node, companion: None });
            }
            _ => values.push(element(cursor, tag, kind)?),
        }
    }
    members.0.reserve_exact(groups.len());
    let (strangers, known): (Vec<Group>, Vec<Group>) =
        groups.into_iter().partition(|group| group.name.starts_with('_'));
    for group in known {
        group.add_to(members);
    }
    if !strangers.is_empty() {
        add_strangers(cursor, strangers, members)?;
    }
    Ok(())
}

/// Members that a JSON sender gave a name with an underscore although they accompany nothing. Where
/// the name is the companion of another element they stay encoded.
fn add_strangers(
    cursor: &Cursor<'_>,
    strangers: Vec<Group>,
    members: &mut Members,
) -> Result<(), ParseError> {
    let known: HashSet<String> = members
        .iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with('_'))
        .map(str::to_owned)
        .collect();
    for mut group in strangers {
        if known.contains(&group.name) {
            group.name = name::encode(&group.name).into_owned();
        }
        group.add_to(members);
    }
    let mut seen = HashSet::new();
    match members.iter().find(|(name, _)| !seen.insert(*name)) {
        Some((name, _)) => Err(ParseError::duplicate(cursor.text(), cursor.offset(), name)),
        None => Ok(()),
    }
}

/// Each `contained` wraps one resource; several in one wrapper are read as well.
fn contained(cursor: &mut Cursor<'_>, values: &mut Vec<Value>) -> Result<(), ParseError> {
    loop {
        match cursor.next()? {
            Item::Start(tag) => {
                values.push(Value { node: Some(resource(cursor, tag)?), companion: None })
            }
            Item::Text(text) if is_blank(&text) => {}
            Item::End => return Ok(()),
            Item::Text(_) | Item::Eof => return Err(cursor.wrong("a resource is expected here")),
        }
    }
}

impl Group {
    fn add_to(mut self, members: &mut Members) {
        if !self.repeats && self.values.len() < 2 {
            let value = self.values.pop().unwrap_or_default();
            members.push_some(&format!("_{}", self.name), value.companion);
            if let Some(node) = value.node {
                members.push(self.name, node);
            }
            return;
        }
        let has_companions = self.values.iter().any(|v| v.companion.is_some());
        let has_nodes = self.values.iter().any(|v| v.node.is_some());
        let mut companions = Vec::new();
        let mut nodes = Vec::with_capacity(self.values.len());
        for value in self.values {
            if has_companions {
                companions.push(value.companion.unwrap_or(Node::Null));
            }
            nodes.push(value.node.unwrap_or(Node::Null));
        }
        if has_companions {
            members.push(format!("_{}", self.name), companions);
        }
        if has_nodes {
            members.push(self.name, nodes);
        }
    }
}
