//! The types of elements, read from the definitions of R4.

use super::context::{Child, Type, Types};
use crate::r4::definition::{CORE_STRUCTURE, Definitions};

impl Types for Definitions {
    fn child(&self, structure: &str, element: usize, name: &str) -> Option<Child<'_>> {
        let found = self.structure(structure)?;
        let (at, choice) = found.child(element, name)?;
        let child = found.element(at)?;
        let place = found.content(at).unwrap_or(at);
        let code = match choice.or_else(|| child.types.first()) {
            Some(one) => one.code.as_str(),
            None => found.element(place)?.types.first()?.code.as_str(),
        };
        // The structure spells the children of a backbone out; a data type has its own.
        let r#type = if found.has_children(place) {
            Type { name: code, structure: key(found), element: place }
        } else {
            Type::named(code)
        };
        Some(Child { name: child.name(), r#type })
    }

    fn is_subtype(&self, name: &str, ancestor: &str) -> bool {
        name == ancestor || self.is_a(name, ancestor)
    }

    fn knows(&self, structure: &str) -> bool {
        self.structure(structure).is_some()
    }

    fn resource_type(&self, name: &str) -> Option<&str> {
        self.structure(name).map(|structure| structure.type_name.as_str())
    }
}

/// The name or URL under which the definitions find the structure again.
fn key(structure: &crate::r4::definition::Structure) -> &str {
    structure.url.strip_prefix(CORE_STRUCTURE).unwrap_or(&structure.url)
}
