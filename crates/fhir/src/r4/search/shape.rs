//! What an element looks like to a search: types of R4 that are indexed in the same way are one
//! shape (FHIR R4, Search, 3.1.1.4.10 "token" and its neighbours).

use std::borrow::Cow;

use crate::node::Node;

/// How the value of an element is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// A string, markdown, id.
    Text,
    /// A code.
    Code,
    /// A uri, url, canonical, oid or uuid.
    Uri,
    Boolean,
    /// A number.
    Number,
    /// A date, dateTime or instant.
    Moment,
    Coding,
    CodeableConcept,
    Identifier,
    ContactPoint,
    HumanName,
    Address,
    Reference,
    Period,
    Timing,
    Quantity,
    Money,
    Range,
    /// An extension stands for its value.
    Extension,
    /// Nothing that is indexed.
    Other,
}

impl Shape {
    /// The shape of a type.
    pub(super) fn of(type_name: &str) -> Shape {
        match type_name {
            "string" | "markdown" | "id" | "System.String" => Shape::Text,
            "code" => Shape::Code,
            "uri" | "url" | "canonical" | "oid" | "uuid" => Shape::Uri,
            "boolean" => Shape::Boolean,
            "integer" | "decimal" | "positiveInt" | "unsignedInt" => Shape::Number,
            "date" | "dateTime" | "instant" => Shape::Moment,
            "Coding" => Shape::Coding,
            "CodeableConcept" => Shape::CodeableConcept,
            "Identifier" => Shape::Identifier,
            "ContactPoint" => Shape::ContactPoint,
            "HumanName" => Shape::HumanName,
            "Address" => Shape::Address,
            "Reference" => Shape::Reference,
            "Period" => Shape::Period,
            "Timing" => Shape::Timing,
            "Quantity" | "SimpleQuantity" | "Age" | "Count" | "Distance" | "Duration" => {
                Shape::Quantity
            }
            "Money" => Shape::Money,
            "Range" => Shape::Range,
            "Extension" => Shape::Extension,
            _ => Shape::Other,
        }
    }

    /// The shape of the type that the name of a choice ends in: `dateTime` of `valueDateTime`.
    fn of_suffix(suffix: &str) -> Shape {
        match Shape::of(suffix) {
            Shape::Other => {}
            found => return found,
        }
        let mut chars = suffix.chars();
        match chars.next() {
            Some(first) if first.is_ascii_uppercase() => {
                Shape::of(&format!("{}{}", first.to_ascii_lowercase(), chars.as_str()))
            }
            _ => Shape::Other,
        }
    }
}

/// One thing that an expression found.
#[derive(Clone, Debug)]
pub(super) struct Value<'a> {
    /// What is there.
    pub(super) node: Cow<'a, Node>,
    /// How it is built.
    pub(super) shape: Shape,
    /// The code system of a code, which its place implies.
    pub(super) system: Option<&'a str>,
}

impl<'a> Value<'a> {
    /// The value itself; of an extension its value, `None` when it has none.
    pub(super) fn without_extension(self) -> Option<Value<'a>> {
        if self.shape != Shape::Extension {
            return Some(self);
        }
        let (name, shape) = match self.node.as_object()?.iter().find_map(value_member) {
            Some((name, shape)) => (name.to_owned(), shape),
            None => return None,
        };
        let node = match self.node {
            Cow::Borrowed(node) => Cow::Borrowed(node.get(&name)?),
            Cow::Owned(node) => Cow::Owned(node.get(&name)?.clone()),
        };
        Some(Value { node, shape, system: None })
    }
}

/// The `value[x]` of an extension.
fn value_member<'m>((name, _): (&'m str, &'m Node)) -> Option<(&'m str, Shape)> {
    let suffix = name.strip_prefix("value")?;
    suffix.starts_with(|c: char| c.is_ascii_uppercase()).then(|| (name, Shape::of_suffix(suffix)))
}
