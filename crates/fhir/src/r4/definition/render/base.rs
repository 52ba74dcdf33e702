//! Where an element was defined first: `HumanName.given` for `Patient.name.given`, `Resource.id`
//! for `Patient.id` (FHIR R4, ElementDefinition.base).

use std::collections::HashMap;

use crate::r4::definition::{Definitions, Element, Structure};

/// Where an element was defined first, and how often it may occur there.
pub struct Base {
    /// Path of the element that was defined first.
    pub path: String,
    pub min: u32,
    /// `None` is any number.
    pub max: Option<u32>,
}

/// No chain of types of the standard is longer; a cycle in a package ends here.
const LONGEST_CHAIN: usize = 16;

/// The bases of the elements of a structure, in their order.
pub fn bases(structure: &Structure, all: &Definitions) -> Vec<Base> {
    let by_id: HashMap<&str, &Element> =
        structure.elements().iter().map(|element| (element.id.as_str(), element)).collect();
    let base = |element: &Element| {
        let origin = origin(structure, element, &by_id, all);
        let (path, min, max) = match origin {
            Some(origin) => (origin.path.clone(), origin.min, origin.max),
            None => (element.path.clone(), element.min, element.max),
        };
        // A list stays one even where a profile allows one value, and the base tells it.
        let max = match max {
            None | Some(2..) if !element.is_list && element.path.contains('.') => Some(1),
            Some(0 | 1) if element.is_list => None,
            max => max,
        };
        Base { path, min, max }
    };
    structure.elements().iter().map(base).collect()
}

/// The element in the type that defines it first; `None` when nothing here knows it.
fn origin<'d>(
    structure: &Structure,
    element: &Element,
    by_id: &HashMap<&str, &Element>,
    all: &'d Definitions,
) -> Option<&'d Element> {
    let Some((parent, _)) = element.id.rsplit_once('.') else {
        return all.structure(&structure.type_name)?.root();
    };
    let owner = match by_id.get(parent)? {
        parent if !parent.path.contains('.') => &structure.type_name,
        parent => match parent.types.as_slice() {
            [only] => &only.code,
            _ => return None,
        },
    };
    let mut found = named(all.structure(owner)?, element);
    let mut at = all.structure(owner)?;
    for _ in 0..LONGEST_CHAIN {
        let Some(above) = at.base.as_deref().and_then(|base| all.structure(base)) else { break };
        found = named(above, element).or(found);
        at = above;
    }
    // What a resource says inside of itself, as `Patient.contact.name`.
    found.or_else(|| {
        let own = all.structure(&structure.type_name)?;
        own.elements().iter().find(|other| other.path == element.path)
    })
}

/// The child of the root with the name of the element.
fn named<'d>(structure: &'d Structure, element: &Element) -> Option<&'d Element> {
    let is_same = |other: &Element| {
        other.name() == element.name() && other.is_choice() == element.is_choice()
    };
    structure.children(0).map(|(_, child)| child).find(|child| is_same(child))
}
