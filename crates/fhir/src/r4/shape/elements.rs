//! `_elements`: the elements of the resource itself that the caller names (FHIR R4, "Search",
//! 3.1.1.5.9).

use super::{bare, cut, element_of, structure_of};
use crate::node::Node;
use crate::r4::definition::Definitions;

/// The resource with these elements of its first level, its mandatory ones, id and meta. A name
/// is `name`, or `Patient.name` for that type alone; a choice goes by `deceased`, `deceased[x]` or
/// `deceasedBoolean`. A list that has nothing to say about the type leaves the resource whole.
pub fn only_elements(resource: &Node, elements: &[String], definitions: &Definitions) -> Node {
    let structure = structure_of(resource, definitions);
    let type_name = resource.resource_type().unwrap_or_default();
    let wanted: Vec<&str> = elements.iter().filter_map(|e| name_for(type_name, e)).collect();
    if wanted.is_empty() {
        return resource.clone();
    }
    cut(resource, |name, value| {
        let bare = bare(name);
        let element = element_of(structure, bare);
        let is_wanted = wanted.contains(&bare)
            || element.is_some_and(|e| e.min > 0 || wanted.contains(&e.name()));
        is_wanted.then(|| value.clone())
    })
}

/// The element of the first level that an entry of the list means for this type.
fn name_for<'e>(type_name: &str, entry: &'e str) -> Option<&'e str> {
    let mut parts = entry.trim().split('.');
    let first = parts.next().unwrap_or_default();
    let name = match first.starts_with(|c: char| c.is_ascii_uppercase()) {
        true if first == type_name => parts.next().unwrap_or_default(),
        true => return None,
        false => first,
    };
    Some(name.strip_suffix("[x]").unwrap_or(name)).filter(|name| !name.is_empty())
}
