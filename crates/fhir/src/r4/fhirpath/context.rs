//! What an evaluation needs beside the expression: the resource, the types of its elements and,
//! for some functions, the resources and terminology around it.

use super::item::Item;
use super::temporal::Temporal;
use crate::node::Node;

/// What an expression is evaluated on.
#[derive(Clone)]
pub struct Context<'a> {
    /// `%resource`: the resource that the focus belongs to.
    pub resource: &'a Node,
    /// `%rootResource`: the resource that contains it, or itself.
    pub root: &'a Node,
    /// `$this` and `%context`: where the expression begins.
    pub focus: Item<'a>,
    /// The types of elements.
    pub types: &'a dyn Types,
    /// Who knows where references lead; without it a reference is as much as its text says.
    pub resolver: Option<&'a dyn Resolver>,
    /// Who knows the codes of value sets; without it `memberOf` gives nothing.
    pub terminology: Option<&'a dyn Terminology>,
    /// The time for `now()`, `today()` and `timeOfDay()`: a dateTime.
    pub now: Option<Temporal>,
}

impl<'a> Context<'a> {
    /// A context whose focus is the whole resource.
    pub fn new(resource: &'a Node, types: &'a dyn Types) -> Self {
        Context {
            resource,
            root: resource,
            focus: Item::resource(resource),
            types,
            resolver: None,
            terminology: None,
            now: None,
        }
    }

    /// The same with another focus.
    #[must_use]
    pub fn with_focus(mut self, focus: Item<'a>) -> Self {
        self.focus = focus;
        self
    }
}

/// The type of an element and where the definition of its children is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type<'a> {
    /// Name of the type: `Patient`, `HumanName`, `code`, `BackboneElement`, `System.String`.
    pub name: &'a str,
    /// Name of the structure that defines the children; for a data type its own name.
    pub structure: &'a str,
    /// Element of that structure; 0 is the root.
    pub element: usize,
}

impl<'a> Type<'a> {
    /// A type that has a structure of its own.
    pub const fn named(name: &'a str) -> Self {
        Type { name, structure: name, element: 0 }
    }
}

/// A child as its definition has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child<'a> {
    /// Name of the element: `value` for `valueQuantity`.
    pub name: &'a str,
    /// Its type.
    pub r#type: Type<'a>,
}

/// The types of elements.
pub trait Types {
    /// The child that JSON calls `name`; a choice is asked for with its type, as `valueQuantity`.
    fn child(&self, structure: &str, element: usize, name: &str) -> Option<Child<'_>>;

    /// Is the first type the second one, or built on it?
    fn is_subtype(&self, name: &str, ancestor: &str) -> bool;

    /// The type of resource with this name, when there is one.
    fn resource_type(&self, name: &str) -> Option<&str>;

    /// Is there a definition of this structure? Without one the names of choices are guessed.
    fn knows(&self, structure: &str) -> bool;
}

/// No knowledge of types: elements are what their JSON is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTypes;

/// No knowledge of types, to borrow.
pub static UNTYPED: NoTypes = NoTypes;

impl Types for NoTypes {
    fn child(&self, _: &str, _: usize, _: &str) -> Option<Child<'_>> {
        None
    }

    fn is_subtype(&self, name: &str, ancestor: &str) -> bool {
        name == ancestor
    }

    fn resource_type(&self, _: &str) -> Option<&str> {
        None
    }

    fn knows(&self, _: &str) -> bool {
        false
    }
}

/// Where a reference leads.
#[derive(Clone, Copy, Debug)]
pub struct Resolved<'a> {
    /// The type of the resource.
    pub type_name: &'a str,
    /// The resource, when it is at hand.
    pub node: Option<&'a Node>,
}

/// Who knows where references lead.
pub trait Resolver {
    /// The resource behind a literal reference; `#id` never comes here.
    fn resolve(&self, reference: &str) -> Option<Resolved<'_>>;
}

/// Who knows the codes of value sets.
pub trait Terminology {
    /// Is the code in the value set? `None` when that cannot be said. A plain code has no system.
    fn member_of(&self, value_set: &str, system: Option<&str>, code: &str) -> Option<bool>;
}
