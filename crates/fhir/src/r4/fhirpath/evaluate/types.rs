//! Types of items, and the operators on them (FHIRPath, "Types"; FHIR R4, 2.9.1.1).

use super::super::ast::{Namespace, TypeName};
use super::super::collection::Collection;
use super::super::context::Type;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::{Element, Item, Known};
use super::super::temporal::TemporalKind;
use super::{Answer, Evaluator};
use crate::node::Node;

impl<'a> Evaluator<'_, 'a> {
    /// The type of an element; `None` when the definitions do not know it.
    pub(super) fn type_of(&self, element: &Element<'a>) -> Option<Type<'a>> {
        let found = match element.known() {
            Known::Nothing => None,
            Known::Type(found) => Some(found),
            Known::Child { structure, element, name } => {
                Some(self.context.types.child(structure, element, name)?.r#type)
            }
        };
        match found {
            // A resource says itself what it is, as do those in Bundle.entry.resource.
            None => resource_type(element),
            Some(Type { name: "Resource" | "DomainResource", .. }) => {
                resource_type(element).or(found)
            }
            found => found,
        }
    }

    /// Is it of the FHIR type, or of one built on it?
    pub(super) fn has_type(&self, item: &Item<'a>, name: &str) -> bool {
        let Item::Element(element) = item else { return false };
        if is_primitive_name(name) {
            // An object is no primitive; saves the look at the definitions.
            return !matches!(element.value(), Some(Node::Object(_)))
                && self.type_of(element).is_some_and(|found| is_primitive(found.name, name));
        }
        self.type_of(element).is_some_and(|found| {
            found.name == name || self.context.types.is_subtype(found.name, name)
        })
    }

    fn is(&self, item: &Item<'a>, wanted: &TypeName) -> bool {
        let name = &*wanted.name;
        match (item, wanted.namespace) {
            (_, Some(Namespace::Other)) => false,
            (Item::Element(element), Some(Namespace::System)) => self
                .type_of(element)
                .is_some_and(|found| found.name.strip_prefix("System.") == Some(name)),
            (Item::Element(_), _) => self.has_type(item, name),
            (_, Some(Namespace::Fhir)) => false,
            (_, _) => name == system_type(item) || name == "Any",
        }
    }

    /// `is`, `as` and `ofType`.
    pub(super) fn typed(
        &self,
        function: Function,
        wanted: &TypeName,
        input: &Collection<'a>,
    ) -> Answer<'a> {
        self.charge(input.len())?;
        if function != Function::Is {
            return Ok(input.iter().filter(|item| self.is(item, wanted)).cloned().collect());
        }
        match input.as_slice() {
            [] => Ok(Collection::new()),
            [item] => Ok(Collection::one(Item::Boolean(self.is(item, wanted)))),
            _ => Err(EvaluateError::NotSingle { what: "is" }),
        }
    }
}

/// Names of primitive types begin with a small letter, all others with a capital.
fn is_primitive_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Is the primitive type the other, or built on it (FHIR R4, 2.24.0.1)?
fn is_primitive(name: &str, ancestor: &str) -> bool {
    let base = match name {
        // Ids of elements are declared as values of the system.
        "code" | "id" | "markdown" | "System.String" => "string",
        "canonical" | "oid" | "url" | "uuid" => "uri",
        "positiveInt" | "unsignedInt" => "integer",
        _ => "",
    };
    name == ancestor || base == ancestor
}

fn resource_type<'a>(element: &Element<'a>) -> Option<Type<'a>> {
    element.value().and_then(Node::resource_type).map(Type::named)
}

fn system_type(item: &Item<'_>) -> &'static str {
    match item {
        Item::Element(_) => "",
        Item::Boolean(_) => "Boolean",
        Item::Integer(_) => "Integer",
        Item::Decimal(_) => "Decimal",
        Item::String(_) => "String",
        Item::Temporal(temporal) => match temporal.kind() {
            TemporalKind::Date => "Date",
            TemporalKind::DateTime => "DateTime",
            TemporalKind::Time => "Time",
        },
        Item::Quantity(_) => "Quantity",
    }
}
