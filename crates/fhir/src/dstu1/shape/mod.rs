//! Which elements DSTU1 resources have, in schema order, whether they repeat and what they hold:
//! what is needed to turn JSON into XML and back, where the two differ.

mod conformance;
mod datatypes;
mod resources;

use datatypes::{EXTENSION, NARRATIVE};
use resources::{RESOURCES, UNKNOWN_RESOURCE};

/// The elements of a type.
#[derive(Debug)]
pub struct Shape {
    /// Name of the resource or datatype; empty for the inner part of a resource.
    pub name: &'static str,
    is_resource: bool,
    elements: &'static [Element],
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Element {
    name: &'static str,
    kind: Kind,
    repeats: bool,
}

/// What an element holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A primitive that is a string in JSON.
    Text,
    /// A primitive that is `true` or `false` in JSON.
    Boolean,
    /// A primitive that is a number in JSON.
    Integer,
    /// A primitive that is a number in JSON, possibly with a fraction.
    Decimal,
    /// The `div` of a narrative.
    Xhtml,
    /// A wrapper around one resource (`contained`).
    Resource,
    /// An element with children.
    Complex(&'static Shape),
    /// Nothing is known about it.
    Unknown,
}

/// What is known about an element at its place.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// What it holds.
    pub kind: Kind,
    /// Is it a list in JSON?
    pub repeats: bool,
    /// Its rank among its siblings in XML.
    pub order: u16,
}

/// Rank of elements that are in no table: after the known ones.
pub const LAST: u16 = u16::MAX;

/// First the elements that every element may have, then those of every resource, then its own.
const OWN_ELEMENTS: u16 = 8;

impl Shape {
    /// The shape of a resource; of an unknown one only what every resource has.
    pub fn of_resource(resource_type: &str) -> &'static Shape {
        RESOURCES
            .iter()
            .find(|shape| shape.name == resource_type)
            .copied()
            .unwrap_or(&UNKNOWN_RESOURCE)
    }

    /// Nothing but what every element may have.
    pub fn unknown() -> &'static Shape {
        &datatypes::UNKNOWN
    }

    /// Is this the shape of `Extension`, whose `url` is an attribute in XML?
    pub fn is_extension(&self) -> bool {
        std::ptr::eq(self, &raw const EXTENSION)
    }

    /// Is this the shape of a narrative, which holds XHTML?
    pub fn is_narrative(&self) -> bool {
        std::ptr::eq(self, &raw const NARRATIVE)
    }

    /// Is this the shape of a resource?
    pub fn is_resource(&self) -> bool {
        self.is_resource
    }

    /// What is known about the child `name`.
    pub fn lookup(&self, name: &str) -> Option<Place> {
        if let Some(at) = self.elements.iter().position(|e| e.name == name) {
            let element = self.elements[at];
            let rank = u16::try_from(at).unwrap_or(LAST - OWN_ELEMENTS - 1);
            return Some(Place {
                kind: element.kind,
                repeats: element.repeats,
                order: OWN_ELEMENTS + rank,
            });
        }
        let (kind, repeats, order) = match name {
            "extension" => (Kind::Complex(&EXTENSION), true, 0),
            "modifierExtension" => (Kind::Complex(&EXTENSION), true, 1),
            "language" if self.is_resource => (Kind::Text, false, 2),
            "text" if self.is_resource => (Kind::Complex(&NARRATIVE), false, 3),
            "contained" if self.is_resource => (Kind::Resource, true, 4),
            _ if self.is_extension() => {
                let kind = datatypes::extension_value(name)?;
                (kind, false, OWN_ELEMENTS)
            }
            _ => return None,
        };
        Some(Place { kind, repeats, order })
    }
}

/// What is known about `element` inside the resource `resource_type`; a shorthand of
/// [`Shape::of_resource`] and [`Shape::lookup`].
pub fn lookup(resource_type: &str, element: &str) -> Option<Place> {
    Shape::of_resource(resource_type).lookup(element)
}

const fn resource(name: &'static str, elements: &'static [Element]) -> Shape {
    Shape { name, is_resource: true, elements }
}

const fn datatype(name: &'static str, elements: &'static [Element]) -> Shape {
    Shape { name, is_resource: false, elements }
}

/// The inside of an element that has no type of its own.
const fn inner(elements: &'static [Element]) -> Shape {
    Shape { name: "", is_resource: false, elements }
}

const fn one(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, repeats: false }
}

const fn many(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, repeats: true }
}

const fn text(name: &'static str) -> Element {
    one(name, Kind::Text)
}

const fn texts(name: &'static str) -> Element {
    many(name, Kind::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(resource: &str, path: &str) -> Place {
        let mut shape = Shape::of_resource(resource);
        let mut found = None;
        for name in path.split('.') {
            let place = shape.lookup(name).unwrap_or_else(|| panic!("{resource}.{path}"));
            if let Kind::Complex(inner) = place.kind {
                shape = inner;
            }
            found = Some(place);
        }
        found.unwrap()
    }

    #[test]
    fn the_table_knows_what_repeats_and_what_is_native() {
        assert!(place("Patient", "name").repeats && !place("Practitioner", "name").repeats);
        assert!(
            place("Organization", "address").repeats && !place("RelatedPerson", "address").repeats
        );
        assert!(place("Patient", "name.given").repeats && !place("Patient", "gender.text").repeats);
        assert!(matches!(place("Patient", "active").kind, Kind::Boolean));
        assert!(matches!(place("CarePlan", "activity.simple.quantity.value").kind, Kind::Decimal));
        assert!(matches!(place("Patient", "extension.valueInteger").kind, Kind::Integer));
        assert!(matches!(place("Patient", "extension.extension.valueDecimal").kind, Kind::Decimal));
        assert!(matches!(place("Condition", "text.div").kind, Kind::Xhtml));
        assert!(matches!(place("Patient", "contained").kind, Kind::Resource));
        assert!(matches!(place("MessageHeader", "data.reference").kind, Kind::Text));
        assert!(
            lookup("Patient", "nonsense").is_none() && lookup("Patient", "valueString").is_none()
        );
    }

    #[test]
    fn known_elements_rank_in_schema_order() {
        let names = [
            "extension",
            "modifierExtension",
            "language",
            "text",
            "contained",
            "identifier",
            "name",
            "active",
        ];
        let ranks: Vec<u16> = names.iter().map(|n| place("Patient", n).order).collect();
        assert!(ranks.is_sorted() && ranks.iter().all(|r| *r < LAST));
    }
}
