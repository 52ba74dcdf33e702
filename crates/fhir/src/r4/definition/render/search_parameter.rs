//! A [`SearchParameter`] as the resource of this name.

use super::{head, push_list, push_nodes};
use crate::node::Node;
use crate::object;
use crate::r4::definition::SearchParameter;

impl SearchParameter {
    /// The SearchParameter with this id.
    pub fn to_resource(&self, id: &str) -> Node {
        let mut resource = head("SearchParameter", id, &self.url, None, &self.name());
        let bases = self.base.join(", ");
        resource.push("description", format!("Finds {bases} by {}.", self.code));
        resource.push("code", &self.code);
        push_list(&mut resource, "base", &self.base);
        resource.push("type", self.kind.code());
        resource.push_some("expression", self.expression.as_deref());
        if self.expression.is_some() {
            resource.push("xpathUsage", "normal");
        }
        push_list(&mut resource, "target", &self.targets);
        resource.push("multipleOr", self.has_or);
        resource.push("multipleAnd", self.has_and);
        push_list(&mut resource, "comparator", &self.comparators);
        push_list(&mut resource, "modifier", &self.modifiers);
        push_list(&mut resource, "chain", &self.chain);
        let components = self.components.iter();
        let components = components
            .map(|c| object! { "definition" => &c.definition, "expression" => &c.expression })
            .collect();
        push_nodes(&mut resource, "component", components);
        Node::Object(resource)
    }

    /// A name for programs out of the URL: `ResourceOriginExtension`.
    fn name(&self) -> String {
        let last = self.url.rsplit('/').next().unwrap_or_default();
        let words = last.split(|c: char| !c.is_ascii_alphanumeric());
        let capital = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        let name: String = words.map(capital).collect();
        if name.starts_with(|c: char| c.is_ascii_uppercase()) { name } else { format!("S{name}") }
    }
}
