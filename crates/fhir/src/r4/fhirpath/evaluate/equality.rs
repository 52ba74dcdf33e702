//! `=` (FHIRPath, "Equals").

use super::super::collection::Collection;
use super::super::decimal::Decimal;
use super::super::error::EvaluateError;
use super::super::item::{Element, Item};
use super::super::quantity::Quantity;
use super::super::temporal::{Temporal, TemporalKind};
use super::Evaluator;
use crate::error::MAX_DEPTH;
use crate::node::{Members, Node};

impl<'a> Evaluator<'_, 'a> {
    /// `=`: the same items in the same order; `None` when that cannot be said.
    pub(super) fn are_equal(
        &self,
        left: &Collection<'a>,
        right: &Collection<'a>,
    ) -> Result<Option<bool>, EvaluateError> {
        if left.is_empty() || right.is_empty() {
            return Ok(None);
        }
        if left.len() != right.len() {
            return Ok(Some(false));
        }
        let mut all = Some(true);
        for (left, right) in left.iter().zip(right) {
            match self.is_equal(left, right)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }

    /// Are two items equal? `None` when that cannot be said.
    pub(super) fn is_equal(
        &self,
        left: &Item<'a>,
        right: &Item<'a>,
    ) -> Result<Option<bool>, EvaluateError> {
        self.charge(1)?;
        match (left, right) {
            (Item::Element(left), Item::Element(right)) => self.elements_equal(left, right),
            (Item::Element(element), other) | (other, Item::Element(element)) => {
                Ok(self.element_equals(element, other))
            }
            (left, right) => Ok(values_equal(left, right)),
        }
    }

    fn elements_equal(
        &self,
        left: &Element<'a>,
        right: &Element<'a>,
    ) -> Result<Option<bool>, EvaluateError> {
        match (left.value(), right.value()) {
            (Some(one), Some(other)) if std::ptr::eq(one, other) => Ok(Some(true)),
            (Some(Node::String(one)), Some(Node::String(other))) => {
                self.charge(one.len().min(other.len()) / 64)?;
                if one == other {
                    return Ok(Some(true));
                }
                let (left, right) = (Item::Element(*left), Item::Element(*right));
                match (self.system(&left), self.system(&right)) {
                    (Some(Item::Temporal(left)), Some(Item::Temporal(right))) => {
                        Ok(temporals_equal(&left, &right))
                    }
                    _ => Ok(Some(false)),
                }
            }
            (Some(one), Some(other)) => self.nodes_equal(one, other, 0).map(Some),
            // Of primitives without a value nobody knows; elements known by type only have none.
            _ => Ok(None),
        }
    }

    /// Deep equality, where numbers are equal by value and the order of members does not matter.
    fn nodes_equal(&self, left: &Node, right: &Node, depth: usize) -> Result<bool, EvaluateError> {
        self.charge(1)?;
        if depth > MAX_DEPTH {
            return Err(EvaluateError::TooMuch);
        }
        match (left, right) {
            (Node::Number(left), Node::Number(right)) => {
                Ok(left == right || numbers_equal(left, right))
            }
            (Node::Array(left), Node::Array(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (left, right) in left.iter().zip(right) {
                    if !self.nodes_equal(left, right, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Node::Object(left), Node::Object(right)) => self.members_equal(left, right, depth),
            (Node::String(left), Node::String(right)) => {
                self.charge(left.len() / 64)?;
                Ok(left == right)
            }
            (left, right) => Ok(left == right),
        }
    }

    fn members_equal(
        &self,
        left: &Members,
        right: &Members,
        depth: usize,
    ) -> Result<bool, EvaluateError> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (at, (name, value)) in left.0.iter().enumerate() {
            let same_place = right.0.get(at).filter(|(other, _)| other == name);
            let other = match same_place {
                Some((_, other)) => Some(other),
                None => {
                    self.charge(right.len())?;
                    right.get(name)
                }
            };
            let Some(other) = other else { return Ok(false) };
            if !self.nodes_equal(value, other, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// An element and a computed value.
    fn element_equals(&self, element: &Element<'a>, other: &Item<'a>) -> Option<bool> {
        match (element.value()?, other) {
            (Node::String(text), Item::String(other)) => Some(text == other),
            (Node::String(text), Item::Temporal(other)) => {
                temporal_like(text, other).map_or(Some(false), |it| temporals_equal(&it, other))
            }
            _ => match self.system(&Item::Element(*element)) {
                Some(value) => values_equal(&value, other),
                // An object that is no quantity.
                None => Some(false),
            },
        }
    }
}

fn numbers_equal(left: &str, right: &str) -> bool {
    Decimal::parse(left).zip(Decimal::parse(right)).is_some_and(|(left, right)| left == right)
}

/// The text as a date or time of the kind of the other.
pub(super) fn temporal_like(text: &str, other: &Temporal) -> Option<Temporal> {
    match other.kind() {
        TemporalKind::Time => Temporal::time(text),
        TemporalKind::Date | TemporalKind::DateTime => Temporal::date_or_time(text),
    }
}

pub(super) fn temporals_equal(left: &Temporal, right: &Temporal) -> Option<bool> {
    if (left.kind() == TemporalKind::Time) != (right.kind() == TemporalKind::Time) {
        return Some(false);
    }
    left.compare(right).map(std::cmp::Ordering::is_eq)
}

/// A number of either type.
pub(super) fn as_decimal(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Integer(value) => Some(Decimal::from(*value)),
        Item::Decimal(value) => Some(*value),
        _ => None,
    }
}

/// Two computed values under `=`.
pub(super) fn values_equal(left: &Item<'_>, right: &Item<'_>) -> Option<bool> {
    match (left, right) {
        (Item::Boolean(left), Item::Boolean(right)) => Some(left == right),
        (Item::String(left), Item::String(right)) => Some(left == right),
        (Item::Temporal(left), Item::Temporal(right)) => temporals_equal(left, right),
        (Item::Quantity(left), Item::Quantity(right)) => {
            let is_same_unit = left.canonical_unit(false) == right.canonical_unit(false);
            is_same_unit.then_some(left.value == right.value)
        }
        (Item::Quantity(quantity), number) | (number, Item::Quantity(quantity)) => {
            quantity_equals(quantity, number)
        }
        (left, right) => match (as_decimal(left), as_decimal(right)) {
            (Some(left), Some(right)) => Some(left == right),
            _ => Some(false),
        },
    }
}

/// A plain number is a quantity with unit 1.
fn quantity_equals(quantity: &Quantity<'_>, number: &Item<'_>) -> Option<bool> {
    let Some(number) = as_decimal(number) else { return Some(false) };
    (quantity.canonical_unit(false) == "1").then_some(quantity.value == number)
}
