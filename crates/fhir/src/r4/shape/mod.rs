//! A part of a resource, as a search asks for it: `_summary` and `_elements` (FHIR R4, "Search",
//! 3.1.1.5.8 and 3.1.1.5.9). What is incomplete says so with the tag SUBSETTED, so that nobody
//! writes it back in place of the whole.
//!
//! Where the standard leaves a choice:
//! * what is mandatory stays, judged by the type of R4 and not by a profile;
//! * `implicitRules` and `modifierExtension` stay: without them the rest could be misread;
//! * contained resources stay as far as something that stays refers to them;
//! * a resource of which nothing was left out carries no tag.

mod contained;
mod elements;
mod subsetted;
mod summary;

pub use elements::only_elements;
pub use summary::{Summary, summarized};

use crate::node::{Members, Node};
use crate::r4::definition::{Definitions, Element, Kind, Structure};

/// Members of a resource that are never left out.
const ALWAYS: [&str; 5] = ["resourceType", "id", "meta", "implicitRules", "modifierExtension"];

/// The structure of the type of a resource; `None` when the type is not known here.
fn structure_of<'d>(resource: &Node, definitions: &'d Definitions) -> Option<&'d Structure> {
    let name = resource.resource_type()?;
    definitions.structure(name).filter(|s| s.kind == Kind::Resource && s.type_name == name)
}

/// The element that a member of the resource itself belongs to.
fn element_of<'d>(structure: Option<&'d Structure>, bare_name: &str) -> Option<&'d Element> {
    let structure = structure?;
    structure.element(structure.child(0, bare_name)?.0)
}

/// The name of the element that a member holds a part of: `birthDate` of `_birthDate`.
fn bare(member: &str) -> &str {
    member.strip_prefix('_').unwrap_or(member)
}

/// The resource with the members for which `part` gives something, with what is referred to, and
/// with the tag when that is not all.
fn cut(resource: &Node, part: impl Fn(&str, &Node) -> Option<Node>) -> Node {
    let Some(members) = resource.as_object() else { return resource.clone() };
    let mut kept = Members::new();
    let mut contained = None;
    for (name, value) in members.iter() {
        let given = match ALWAYS.contains(&bare(name)) {
            true => Some(value.clone()),
            false => part(name, value),
        };
        match given {
            Some(value) => kept.push(name, value),
            None if name == "contained" => contained = Some((kept.len(), value)),
            None => {}
        }
    }
    if let Some((at, all)) = contained
        && let Some(linked) = contained::linked(all.one_or_many(), &kept)
    {
        kept.0.insert(at, ("contained".to_owned(), linked));
    }
    if kept != *members {
        subsetted::mark(&mut kept);
    }
    Node::Object(kept)
}
