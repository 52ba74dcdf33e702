//! One item of a collection: a borrowed element of a resource, or a value that was computed
//! (FHIRPath, "Literals").

use std::borrow::Cow;

use super::context::Type;
use super::decimal::Decimal;
use super::quantity::Quantity;
use super::temporal::Temporal;
use crate::node::{Members, Node};

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// An element of a resource, or a whole resource.
    Element(Element<'a>),
    /// `System.Boolean`.
    Boolean(bool),
    /// `System.Integer`.
    Integer(i64),
    /// `System.Decimal`.
    Decimal(Decimal),
    /// `System.String`.
    String(Cow<'a, str>),
    /// `System.Date`, `System.DateTime` or `System.Time`.
    Temporal(Temporal),
    /// `System.Quantity`.
    Quantity(Box<Quantity<'a>>),
}

/// An element of a resource. A primitive has its value and, apart, its id and extensions.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    value: Option<&'a Node>,
    extra: Option<&'a Node>,
    known: Known<'a>,
}

/// What is known of the type. Looking it up is put off until an expression asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known<'a> {
    /// Nothing; a resource names its type itself.
    Nothing,
    /// The type.
    Type(Type<'a>),
    /// It is the child that JSON calls `name` of this place.
    Child { structure: &'a str, element: usize, name: &'a str },
}

impl<'a> Item<'a> {
    /// A resource; its type is its `resourceType`.
    pub fn resource(node: &'a Node) -> Self {
        Item::Element(Element { value: Some(node), extra: None, known: Known::Nothing })
    }

    /// An element of a known type. `extra` is the object with id and extensions of a primitive,
    /// which JSON keeps beside it (`_birthDate`).
    pub fn element(value: Option<&'a Node>, extra: Option<&'a Node>, r#type: Type<'a>) -> Self {
        Item::Element(Element { value, extra, known: Known::Type(r#type) })
    }

    /// A resource of which only the type is known.
    pub fn of_type(r#type: Type<'a>) -> Self {
        Item::element(None, None, r#type)
    }

    /// The node of an element; `None` for computed values and primitives without a value.
    pub fn node(&self) -> Option<&'a Node> {
        match self {
            Item::Element(element) => element.value,
            _ => None,
        }
    }

    /// The boolean that it is, as element or as computed value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Item::Boolean(value) => Some(*value),
            Item::Element(Element { value: Some(Node::Bool(value)), .. }) => Some(*value),
            _ => None,
        }
    }

    /// The text of a string, also of a code, uri or date of the resource.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Item::String(text) => Some(text),
            Item::Element(Element { value: Some(Node::String(text)), .. }) => Some(text),
            _ => None,
        }
    }
}

impl<'a> Element<'a> {
    pub(super) const fn new(
        value: Option<&'a Node>,
        extra: Option<&'a Node>,
        known: Known<'a>,
    ) -> Self {
        Element { value, extra, known }
    }

    /// The node: the value of a primitive, the object of anything else.
    pub fn value(&self) -> Option<&'a Node> {
        self.value
    }

    /// The object with id and extensions of a primitive.
    pub fn extra(&self) -> Option<&'a Node> {
        self.extra
    }

    pub(super) fn known(&self) -> Known<'a> {
        self.known
    }

    /// Where the children are: the object, or the companion of a primitive.
    pub(super) fn members(&self) -> Option<&'a Members> {
        match self.value {
            Some(Node::Object(members)) => Some(members),
            _ => self.extra?.as_object(),
        }
    }

    /// Is there the value of a primitive?
    pub(super) fn has_value(&self) -> bool {
        matches!(self.value, Some(Node::String(_) | Node::Number(_) | Node::Bool(_)))
    }
}
