//! The JSON form as XML, elements in the order of their definition, which XML prescribes (FHIR R4,
//! "XML Representation of Resources", 2.6.1). The output is well-formed whatever the tree is.

use std::collections::HashMap;

use super::place::{Child, Kind, Place, is_element};
use crate::node::{Members, Node};
use crate::r4::definition::Definitions;
use crate::xml::characters::escape_attribute;
use crate::xml::{FHIR, xhtml};

/// An object without members: inside a primitive that has neither id nor extensions.
static NOTHING: Members = Members::new();

/// Writes one resource, beginning with its element. Members without a definition stand last, as
/// their JSON suggests; what cannot be an element is left out.
///
/// Characters that XML cannot carry, such as `\u0000` in a JSON string, become U+FFFD.
pub fn render(resource: &Node, definitions: &Definitions) -> String {
    let mut out = String::with_capacity(4096);
    self::resource(resource, definitions, true, &mut out);
    out
}

/// A resource with its element; `root` declares the namespace.
fn resource(node: &Node, definitions: &Definitions, root: bool, out: &mut String) {
    // Without a type there is no right name; this one says what is known.
    let name = node.resource_type().filter(|name| is_element(name)).unwrap_or("Resource");
    out.push('<');
    out.push_str(name);
    if root {
        attribute("xmlns", FHIR, out);
    }
    let members = node.as_object().unwrap_or(&NOTHING);
    body(name, None, members, Place::of_resource(definitions, name), out);
}

/// Attributes, children and end tag of an element whose start tag is still open.
fn body(name: &str, value: Option<&str>, members: &Members, place: Place<'_>, out: &mut String) {
    for name in ["id", "url"].into_iter().filter(|name| place.is_attribute(name)) {
        if let Some(value) = members.get(name).and_then(Node::text) {
            attribute(name, value, out);
        }
    }
    for (member, value) in members.iter() {
        if let (Some(name), Some(value)) = (place.kept_attribute(member), value.text()) {
            attribute(name, value, out);
        }
    }
    if let Some(value) = value {
        attribute("value", value, out);
    }
    let start = out.len();
    out.push('>');
    children(members, place, out);
    if out.len() == start + 1 {
        out.truncate(start);
        out.push_str("/>");
    } else {
        close(name, out);
    }
}

fn close(name: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape_attribute(value, out);
    out.push('"');
}

/// A member, its companion, or both.
struct Piece<'a, 'd> {
    name: &'a str,
    child: Child<'d>,
    position: usize,
    node: Option<&'a Node>,
    companion: Option<&'a Node>,
}

fn children(members: &Members, place: Place<'_>, out: &mut String) {
    let mut companions: HashMap<&str, (usize, &Node)> = HashMap::new();
    for (position, (name, node)) in members.iter().enumerate() {
        if let Some(name) = name.strip_prefix('_') {
            companions.insert(name, (position, node));
        }
    }
    let is_child = |name: &str, child: &Child<'_>| {
        !place.is_attribute(name) && (!matches!(child.kind, Kind::Unknown) || is_element(name))
    };
    let mut pieces: Vec<Piece<'_, '_>> = Vec::with_capacity(members.len());
    for (position, (name, node)) in members.iter().enumerate() {
        if name.starts_with('_') || place.is_resource() && name == "resourceType" {
            continue;
        }
        let child = place.child(name);
        let companion = if companions.is_empty() { None } else { companions.remove(name) };
        if is_child(name, &child) {
            let companion = companion.map(|(_, companion)| companion);
            pieces.push(Piece { name, child, position, node: Some(node), companion });
        }
    }
    for (name, (position, companion)) in companions {
        let child = place.child(name);
        if is_child(name, &child) {
            pieces.push(Piece { name, child, position, node: None, companion: Some(companion) });
        }
    }
    pieces.sort_unstable_by_key(|piece| (piece.child.order, piece.position));
    for piece in pieces {
        let nodes = piece.node.map_or(&[][..], Node::one_or_many);
        let companions = piece.companion.map_or(&[][..], Node::one_or_many);
        for at in 0..nodes.len().max(companions.len()) {
            let companion = companions.get(at).and_then(Node::as_object);
            item(piece.name, nodes.get(at), companion, piece.child.kind, place, out);
        }
    }
}

/// One element. What does not have the form of its kind is written as the JSON suggests.
fn item(
    name: &str,
    node: Option<&Node>,
    companion: Option<&Members>,
    kind: Kind<'_>,
    parent: Place<'_>,
    out: &mut String,
) {
    let place = match kind {
        Kind::Complex(place) => place,
        Kind::Boolean | Kind::Number | Kind::Text => parent.inside_primitive(),
        Kind::Unknown | Kind::Xhtml | Kind::Resource => parent.inside_unknown(),
    };
    let is_scalar = matches!(kind, Kind::Boolean | Kind::Number | Kind::Text | Kind::Unknown);
    match (kind, node) {
        // A list in a list has no form in XML; its items stand in a row.
        (_, Some(Node::Array(items))) => {
            items.iter().for_each(|one| item(name, Some(one), None, kind, parent, out));
        }
        (Kind::Resource, Some(node @ Node::Object(_))) => {
            out.push('<');
            out.push_str(name);
            out.push('>');
            resource(node, parent.definitions(), false, out);
            close(name, out);
        }
        (Kind::Xhtml, Some(Node::String(narrative))) => xhtml::render_div(narrative, out),
        (Kind::Resource | Kind::Xhtml, _) => {}
        (_, Some(Node::Object(members))) => {
            out.push('<');
            out.push_str(name);
            body(name, None, members, place, out);
        }
        (_, scalar) => {
            let value = scalar.and_then(Node::text);
            let companion = companion.filter(|_| is_scalar);
            if value.is_none() && companion.is_none() {
                return;
            }
            out.push('<');
            out.push_str(name);
            body(name, value, companion.unwrap_or(&NOTHING), place, out);
        }
    }
}
