//! Definitions out of the resources that the standard and packages publish them in.

mod element;
mod others;
mod structure;

pub(super) use others::{code_system_from, search_parameter_from};
pub(super) use structure::structure_from;

use super::DefinitionError;
use crate::node::Node;

/// A string that must be there.
fn required<'a>(
    resource: &'a Node,
    of: &str,
    name: &'static str,
) -> Result<&'a str, DefinitionError> {
    text(resource, name).ok_or_else(|| DefinitionError::missing(of, name))
}

/// A string that may be there.
fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name)?.text().filter(|text| !text.is_empty())
}

/// A list of strings.
fn texts(node: &Node, name: &str) -> Vec<String> {
    node.items(name).iter().filter_map(Node::text).map(str::to_owned).collect()
}

/// The value of the extension with this URL, whatever its type.
fn extension<'a>(node: &'a Node, url: &str) -> Option<&'a Node> {
    let found = node.items("extension").iter().find(|e| text(e, "url") == Some(url))?;
    choice(found, "value")
}

/// The value of a choice: `valueString`, `valueUri`, for `value`.
fn choice<'a>(node: &'a Node, stem: &str) -> Option<&'a Node> {
    let capital = |rest: &str| rest.starts_with(|c: char| c.is_ascii_uppercase());
    node.as_object()?
        .iter()
        .find(|(name, _)| name.strip_prefix(stem).is_some_and(capital))
        .map(|(_, value)| value)
}
