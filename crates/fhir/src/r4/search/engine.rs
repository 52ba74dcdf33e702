//! Expressions that are not simple paths, evaluated by the FHIRPath engine.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::shape::{Shape, Value};
use crate::node::Node;
use crate::r4::definition::Definitions;
use crate::r4::fhirpath::{Context, Expression, Item};

/// The types of objects that a search can use.
const TYPES: [(&str, Shape); 13] = [
    ("Reference", Shape::Reference),
    ("Coding", Shape::Coding),
    ("CodeableConcept", Shape::CodeableConcept),
    ("Identifier", Shape::Identifier),
    ("ContactPoint", Shape::ContactPoint),
    ("HumanName", Shape::HumanName),
    ("Address", Shape::Address),
    ("Period", Shape::Period),
    ("Timing", Shape::Timing),
    ("Quantity", Shape::Quantity),
    ("Money", Shape::Money),
    ("Range", Shape::Range),
    ("Extension", Shape::Extension),
];

/// Types of text that are compared in different ways.
const TEXTS: [(&str, Shape); 4] = [
    ("uri", Shape::Uri),
    ("date", Shape::Moment),
    ("dateTime", Shape::Moment),
    ("instant", Shape::Moment),
];

/// Gives everything that an expression finds. One that fails on this resource finds nothing.
pub(super) fn walk<'a>(
    expression: &'a Expression,
    resource: &'a Node,
    definitions: &'a Definitions,
    found: &mut dyn FnMut(Value<'a>),
) {
    let context = Context::new(resource, definitions);
    let Ok(items) = expression.evaluate(&context) else { return };
    for item in &items {
        if let Some(value) = value(item, &context) {
            found(value);
        }
    }
}

fn value<'a>(item: &Item<'a>, context: &Context<'a>) -> Option<Value<'a>> {
    let (node, shape) = match item {
        Item::Element(element) => {
            let node = element.value()?;
            (Cow::Borrowed(node), shape_of(node, item, context))
        }
        Item::Boolean(value) => (Cow::Owned(Node::Bool(*value)), Shape::Boolean),
        Item::Integer(value) => (Cow::Owned(Node::from(*value)), Shape::Number),
        Item::Decimal(value) => (Cow::Owned(Node::Number(value.to_string().into())), Shape::Number),
        Item::String(text) => (Cow::Owned(Node::from(&**text)), Shape::Text),
        Item::Temporal(time) => (Cow::Owned(Node::from(time.to_string())), Shape::Moment),
        Item::Quantity(_) => return None,
    };
    Some(Value { node, shape, system: None })
}

fn shape_of<'a>(node: &Node, item: &Item<'a>, context: &Context<'a>) -> Shape {
    let (tests, otherwise) = match node {
        Node::Bool(_) => return Shape::Boolean,
        Node::Number(_) => return Shape::Number,
        Node::String(_) => (&tests().1, Shape::Text),
        Node::Object(_) => (&tests().0, Shape::Other),
        Node::Null | Node::Array(_) => return Shape::Other,
    };
    let context = context.clone().with_focus(item.clone());
    tests
        .iter()
        .find(|(test, _)| test.is_true(&context) == Ok(true))
        .map_or(otherwise, |(_, shape)| *shape)
}

type Tests = Vec<(Expression, Shape)>;

/// Expressions that ask an item for its type.
fn tests() -> &'static (Tests, Tests) {
    static TESTS: OnceLock<(Tests, Tests)> = OnceLock::new();
    let compile = |types: &[(&str, Shape)]| {
        let test = |(name, shape): &(&str, Shape)| {
            Some((Expression::parse(&format!("$this is {name}")).ok()?, *shape))
        };
        types.iter().filter_map(test).collect()
    };
    TESTS.get_or_init(|| (compile(&TYPES), compile(&TEXTS)))
}
