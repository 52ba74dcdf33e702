//! Definitions as resources: what is built in comes out as valid R4 and reads back the same, and a
//! package that somebody else published is read file by file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod built_in;
mod guide;
mod ids;
mod read;
mod render;

use koppeltaal_fhir::Node;

fn text<'a>(resource: &'a Node, name: &str) -> &'a str {
    resource.get(name).and_then(Node::as_str).unwrap_or_default()
}

fn of_type<'a>(resources: &'a [Node], name: &'a str) -> impl Iterator<Item = &'a Node> {
    resources.iter().filter(move |resource| resource.resource_type() == Some(name))
}
