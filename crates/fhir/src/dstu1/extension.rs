//! Extensions, which carry most of what Koppeltaal adds to DSTU1.

use crate::node::Node;
use crate::object;

/// The first extension of `owner` with this URL.
pub fn find<'a>(owner: &'a Node, url: &str) -> Option<&'a Node> {
    owner.items("extension").iter().find(|extension| has_url(extension, url))
}

/// All extensions of `owner` with this URL, in order.
pub fn all<'a>(owner: &'a Node, url: &str) -> impl Iterator<Item = &'a Node> {
    owner.items("extension").iter().filter(move |extension| has_url(extension, url))
}

/// Is this the URL of the extension?
pub fn has_url(extension: &Node, url: &str) -> bool {
    extension.get("url").and_then(Node::text) == Some(url)
}

/// The value of an extension, whatever its type.
pub fn value(extension: &Node) -> Option<&Node> {
    extension
        .as_object()?
        .iter()
        .find(|(name, _)| name.starts_with("value"))
        .map(|(_, value)| value)
}

/// The essence of a value as text: of a scalar itself, of a reference the URL, of a coding or
/// concept the code, of an identifier the value. Senders differ in the type they choose.
pub fn text(extension: &Node) -> Option<&str> {
    let value = value(extension)?;
    value.text().or_else(|| {
        ["reference", "code", "value"]
            .iter()
            .find_map(|part| value.get(part)?.text())
            .or_else(|| value.items("coding").first()?.get("code")?.text())
    })
}

/// [`text`] of the first extension of `owner` with this URL.
pub fn find_text<'a>(owner: &'a Node, url: &str) -> Option<&'a str> {
    text(find(owner, url)?)
}

/// An extension with a value: `with("…#IsExpired", "valueBoolean", false)`.
pub fn with(url: &str, value_name: &str, value: impl Into<Node>) -> Node {
    object! { "url" => url, value_name => value }
}

/// An extension that refers to a resource.
pub fn reference(url: &str, target: &str) -> Node {
    with(url, "valueResource", object! { "reference" => target })
}

/// An extension that consists of extensions.
pub fn nested(url: &str, parts: Vec<Node>) -> Node {
    object! { "url" => url, "extension" => parts }
}
