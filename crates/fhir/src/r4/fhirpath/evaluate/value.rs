//! Elements as values of FHIRPath, and collections as the single values that operators need
//! (FHIR R4, 2.9.1.1; FHIRPath, "Singleton Evaluation of Collections").

use std::borrow::Cow;

use super::super::collection::Collection;
use super::super::decimal::Decimal;
use super::super::error::EvaluateError;
use super::super::item::{Element, Item};
use super::super::quantity::Quantity;
use super::super::temporal::Temporal;
use super::{Answer, Evaluator, MAX_TEXT};
use crate::node::Node;

/// The one item, or none.
pub(super) fn single<'s, 'a>(
    items: &'s Collection<'a>,
    what: &'static str,
) -> Result<Option<&'s Item<'a>>, EvaluateError> {
    match items.as_slice() {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        _ => Err(EvaluateError::NotSingle { what }),
    }
}

/// A number as JSON has it.
pub(super) fn number(text: &str) -> Option<Item<'static>> {
    match text.parse() {
        Ok(integer) => Some(Item::Integer(integer)),
        Err(_) => Decimal::parse(text).map(Item::Decimal),
    }
}

impl<'a> Evaluator<'_, 'a> {
    /// The value of FHIRPath that an item is; `None` for an element without one.
    pub(super) fn system(&self, item: &Item<'a>) -> Option<Item<'a>> {
        let Item::Element(element) = item else { return Some(item.clone()) };
        match element.value()? {
            Node::Bool(value) => Some(Item::Boolean(*value)),
            Node::Number(text) => number(text),
            Node::String(text) => Some(
                self.temporal(element, text)
                    .map_or_else(|| Item::String(Cow::Borrowed(text)), Item::Temporal),
            ),
            node @ Node::Object(_) => {
                Quantity::from_node(node).map(|quantity| Item::Quantity(Box::new(quantity)))
            }
            Node::Null | Node::Array(_) => None,
        }
    }

    /// The date or time that an element is by its type.
    fn temporal(&self, element: &Element<'a>, text: &str) -> Option<Temporal> {
        // No other text begins so and is a date: saves the look at the type.
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        match self.type_of(element)?.name {
            "date" => Temporal::date(text),
            "dateTime" | "instant" => Temporal::date_time(text),
            "time" => Temporal::time(text),
            _ => None,
        }
    }

    /// A whole number, when there is a value.
    pub(super) fn integer(
        &self,
        items: &Collection<'a>,
        what: &'static str,
    ) -> Result<Option<i64>, EvaluateError> {
        let Some(item) = single(items, what)? else { return Ok(None) };
        match self.system(item) {
            None => Ok(None),
            Some(Item::Integer(value)) => Ok(Some(value)),
            Some(_) => Err(EvaluateError::WrongType { what }),
        }
    }

    /// A text, when there is a value. Dates of the resource count as the text they are.
    pub(super) fn text<'s>(
        &self,
        items: &'s Collection<'a>,
        what: &'static str,
    ) -> Result<Option<Cow<'a, str>>, EvaluateError>
    where
        'a: 's,
    {
        let Some(item) = single(items, what)? else { return Ok(None) };
        match item {
            Item::String(text) => Ok(Some(text.clone())),
            Item::Element(element) => match element.value() {
                Some(Node::String(text)) => {
                    self.charge(text.len() / 64)?;
                    Ok(Some(Cow::Borrowed(text)))
                }
                None => Ok(None),
                Some(_) => Err(EvaluateError::WrongType { what }),
            },
            _ => Err(EvaluateError::WrongType { what }),
        }
    }

    /// A collection of a text that was made.
    pub(super) fn made(&self, text: String) -> Answer<'a> {
        self.charge(1 + text.len() / 64)?;
        if text.len() > MAX_TEXT {
            return Err(EvaluateError::TooMuch);
        }
        Ok(Collection::one(Item::String(Cow::Owned(text))))
    }

    /// A boolean, when there is a value: a single item of another type is true.
    pub(super) fn truth(
        &self,
        items: &Collection<'a>,
        what: &'static str,
    ) -> Result<Option<bool>, EvaluateError> {
        Ok(match single(items, what)? {
            None => None,
            Some(Item::Boolean(value)) => Some(*value),
            Some(Item::Element(element)) => match (element.value(), element.extra()) {
                (Some(Node::Bool(value)), _) => Some(*value),
                (None, Some(_)) => None,
                _ => Some(true),
            },
            Some(_) => Some(true),
        })
    }
}

/// A boolean as a collection.
pub(super) fn boolean<'a>(value: bool) -> Answer<'a> {
    Ok(Collection::one(Item::Boolean(value)))
}
