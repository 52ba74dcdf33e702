//! The JSON form as XML, known elements in schema order and unknown ones after them. Whatever
//! shape a JSON sender chose, the output is well-formed and nothing of it is dropped but `null`.

use std::collections::HashMap;

use super::feed_render;
use super::shape::{Kind, LAST, Place, Shape};
use crate::node::{Members, Node};
use crate::xml::characters::escape_attribute;
use crate::xml::{FHIR, name, xhtml};

/// A Bundle as `feed`, any other resource as its element. The text starts with the root element:
/// receivers test for that, so there is neither a declaration nor a byte order mark.
///
/// Characters that XML cannot carry, such as `\u0000` in a JSON string, become U+FFFD.
pub fn render_xml(node: &Node) -> String {
    let mut out = String::with_capacity(4096);
    if node.resource_type() == Some("Bundle") {
        feed_render::feed(node, &mut out);
    } else {
        resource(node, true, &mut out);
    }
    out
}

/// A resource with its element; `root` declares the namespace.
pub(super) fn resource(node: &Node, root: bool, out: &mut String) {
    // Without a type there is no right name; this one says what is known.
    let resource_type = node.resource_type().unwrap_or("Resource");
    let shape = Shape::of_resource(resource_type);
    let element = name::encode(resource_type);
    out.push('<');
    out.push_str(&element);
    if root {
        out.push_str(" xmlns=\"");
        out.push_str(FHIR);
        out.push('"');
    }
    let empty = Members::new();
    let members = node.as_object().unwrap_or(&empty);
    body(&element, members, shape, out);
}

/// Attributes, children and end tag of an element whose start tag is still open.
fn body(element: &str, members: &Members, shape: &Shape, out: &mut String) {
    attributes(members, shape, out);
    let start = out.len();
    out.push('>');
    children(members, shape, out);
    if out.len() == start + 1 {
        out.truncate(start);
        out.push_str("/>");
    } else {
        close(element, out);
    }
}

fn close(element: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(element);
    out.push('>');
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape_attribute(value, out);
    out.push('"');
}

fn attributes(members: &Members, shape: &Shape, out: &mut String) {
    for (name, value) in members.iter() {
        if let (Some(attribute_name), Some(value)) =
            (attribute_name(name, value, shape), value.text())
        {
            attribute(attribute_name, value, out);
        }
    }
}

/// The attribute that this member is in XML, if it is one.
fn attribute_name<'a>(name: &'a str, value: &Node, shape: &Shape) -> Option<&'a str> {
    value.text()?;
    match name {
        "id" => Some("id"),
        "url" if shape.is_extension() => Some("url"),
        _ => {
            let kept = name.strip_prefix('@')?;
            let free = !kept.starts_with('_') && !["value", "id", "url", "xmlns"].contains(&kept);
            (free && name::is_name(kept)).then_some(kept)
        }
    }
}

/// A member that becomes one or more elements.
struct Child<'a> {
    order: u16,
    name: &'a str,
    place: Option<Place>,
    node: &'a Node,
    companion: Option<&'a Node>,
}

const NOTHING: Node = Node::Null;

fn children(members: &Members, shape: &Shape, out: &mut String) {
    let mut index: HashMap<&str, &Node> = HashMap::new();
    if members.iter().any(|(name, _)| name.starts_with('_')) {
        index.extend(members.iter());
    }
    let is_element = |name: &str, node: &Node| attribute_name(name, node, shape).is_none();
    let mut children: Vec<Child<'_>> = Vec::with_capacity(members.len());
    for (name, node) in members.iter() {
        if shape.is_resource() && name == "resourceType" || !is_element(name, node) {
            continue;
        }
        let mut child = Child { order: LAST, name, place: None, node, companion: None };
        if let Some(base) = name.strip_prefix('_').filter(|base| may_have_companion(base)) {
            let primary = index.get(base).copied();
            if primary.is_none_or(|p| is_element(base, p))
                && belong_together(primary.unwrap_or(&NOTHING), node)
            {
                if primary.is_some() {
                    continue;
                }
                child = Child { name: base, node: &NOTHING, companion: Some(node), ..child };
            }
        } else if !index.is_empty() && may_have_companion(name) {
            let companion = format!("_{name}");
            child.companion =
                index.get(companion.as_str()).copied().filter(|c| belong_together(node, c));
        }
        // A member that starts with an underscore and is no companion is a stranger.
        if !child.name.starts_with('_') {
            child.place = shape.lookup(child.name);
            child.order = child.place.map_or(LAST, |p| p.order);
        }
        children.push(child);
    }
    children.sort_by_key(|child| child.order);
    for child in children {
        render_child(&child, out);
    }
}

fn may_have_companion(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('_')
}

/// Is `companion` what FHIR puts under `_name`: an object beside a scalar, or a list of objects and
/// nulls beside a list of scalars? Otherwise it is an unknown member like any other.
fn belong_together(node: &Node, companion: &Node) -> bool {
    let scalar = |node: &Node| !matches!(node, Node::Array(_) | Node::Object(_));
    match (node, companion) {
        (Node::Array(nodes), Node::Array(companions)) => {
            companions.iter().enumerate().all(|(at, c)| match c {
                Node::Null => true,
                Node::Object(_) => nodes.get(at).is_none_or(scalar),
                _ => false,
            })
        }
        (Node::Null, Node::Array(companions)) => {
            companions.iter().all(|c| matches!(c, Node::Null | Node::Object(_)))
        }
        (Node::Array(_), _) => false,
        (node, Node::Object(_)) => scalar(node),
        _ => false,
    }
}

fn render_child(child: &Child<'_>, out: &mut String) {
    let element = name::encode(child.name);
    let kind = child.place.map_or(Kind::Unknown, |p| p.kind);
    let companions: &[Node] = match child.companion {
        Some(Node::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let nodes: &[Node] = child.node.one_or_many();
    for at in 0..nodes.len().max(companions.len()) {
        let node = nodes.get(at).unwrap_or(&NOTHING);
        let companion = companions.get(at).and_then(Node::as_object);
        render_item(&element, node, companion, kind, out);
    }
}

fn render_item(
    element: &str,
    node: &Node,
    companion: Option<&Members>,
    kind: Kind,
    out: &mut String,
) {
    match (node, kind) {
        (Node::Array(items), _) => {
            // A list in a list has no form in XML; its items stand in a row.
            for item in items {
                render_item(element, item, None, kind, out);
            }
        }
        (Node::Null, _) if companion.is_none() => {}
        (Node::Object(_), Kind::Resource) => {
            out.push('<');
            out.push_str(element);
            out.push('>');
            resource(node, false, out);
            close(element, out);
        }
        (Node::Object(members), _) => {
            out.push('<');
            out.push_str(element);
            let shape = match kind {
                Kind::Complex(shape) => shape,
                _ => Shape::unknown(),
            };
            body(element, members, shape, out);
        }
        (scalar, Kind::Xhtml) if companion.is_none() => {
            xhtml::render_div(scalar.text().unwrap_or_default(), out);
        }
        (scalar, _) => {
            out.push('<');
            out.push_str(element);
            if let Some(value) = scalar.text() {
                attribute("value", value, out);
            }
            match companion {
                Some(members) => body(element, members, Shape::unknown(), out),
                None => out.push_str("/>"),
            }
        }
    }
}
