//! Paths of search parameters that were compiled against the definitions, so that walking a
//! resource along them asks nobody anything: the write of a resource walks some thirty of them.

use std::borrow::Cow;

use super::shape::{Shape, Value};
use crate::node::Node;

/// One alternative of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    /// What stands at the end; of a choice its step says it.
    pub(super) leaf: Leaf,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The child that JSON calls so.
    Child(Box<str>),
    /// The last step: a choice under any of these names.
    Choice(Vec<(Box<str>, Leaf)>),
    /// The extensions with this URL.
    Extension(Box<str>),
    /// Only where the child has this text.
    Equal(Box<str>, Box<str>),
    /// Only references to this type of resource.
    Refers(Box<str>),
}

/// What stands at the end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) shape: Shape,
    /// The code system that the place implies.
    pub(super) system: Option<Box<str>>,
}

impl Path {
    /// Gives everything that stands at the end of the path; `root` holds the contained resources.
    pub(super) fn walk<'a>(
        &'a self,
        root: &'a Node,
        from: &'a Node,
        found: &mut dyn FnMut(Value<'a>),
    ) {
        Walk { root, leaf: &self.leaf, found }.go(from, &self.steps);
    }
}

struct Walk<'a, 'f> {
    root: &'a Node,
    leaf: &'a Leaf,
    found: &'f mut dyn FnMut(Value<'a>),
}

impl<'a> Walk<'a, '_> {
    fn go(&mut self, at: &'a Node, steps: &'a [Step]) {
        let Some((step, rest)) = steps.split_first() else { return self.give(at, self.leaf) };
        match step {
            Step::Child(name) => {
                for child in at.items(name).iter().filter(|child| **child != Node::Null) {
                    self.go(child, rest);
                }
            }
            Step::Choice(names) => {
                for (name, leaf) in names {
                    for child in at.items(name).iter().filter(|child| **child != Node::Null) {
                        self.give(child, leaf);
                    }
                }
            }
            Step::Extension(url) => {
                for extension in at.items("extension") {
                    if extension.get("url").and_then(Node::as_str) == Some(url) {
                        self.go(extension, rest);
                    }
                }
            }
            Step::Equal(name, text) => {
                if let [Node::String(found)] = at.items(name)
                    && **found == **text
                {
                    self.go(at, rest);
                }
            }
            Step::Refers(wanted) => {
                if referred_type(self.root, at) == Some(wanted) {
                    self.go(at, rest);
                }
            }
        }
    }

    fn give(&mut self, at: &'a Node, leaf: &'a Leaf) {
        let system = leaf.system.as_deref();
        (self.found)(Value { node: Cow::Borrowed(at), shape: leaf.shape, system });
    }
}

/// The type of resource that a Reference, or a canonical, names.
fn referred_type<'a>(root: &'a Node, reference: &'a Node) -> Option<&'a str> {
    let text = match reference {
        Node::String(text) => text,
        other => other.get("reference")?.as_str()?,
    };
    match text.strip_prefix('#') {
        Some("") => root.resource_type(),
        Some(id) => root
            .items("contained")
            .iter()
            .find(|resource| resource.get("id").and_then(Node::as_str) == Some(id))?
            .resource_type(),
        None => {
            super::reference::type_in(text).or_else(|| reference.get("type").and_then(Node::as_str))
        }
    }
}
