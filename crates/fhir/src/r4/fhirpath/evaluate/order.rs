//! `<`, `<=`, `>`, `>=` (FHIRPath, "Comparison").

use std::cmp::Ordering;

use super::super::ast::Operator;
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::item::Item;
use super::Evaluator;
use super::equality::{as_decimal, temporal_like};
use super::value::single;

const WHAT: &str = "a comparison";

impl<'a> Evaluator<'_, 'a> {
    /// `None` when a side is nothing, or precision or units leave it open.
    pub(super) fn order(
        &self,
        left: &Collection<'a>,
        operator: Operator,
        right: &Collection<'a>,
    ) -> Result<Option<bool>, EvaluateError> {
        let (Some(left), Some(right)) = (single(left, WHAT)?, single(right, WHAT)?) else {
            return Ok(None);
        };
        let (Some(left), Some(right)) = (self.system(left), self.system(right)) else {
            return Ok(None);
        };
        Ok(compare(&left, &right)?.map(|order| match operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }
}

fn compare(left: &Item<'_>, right: &Item<'_>) -> Result<Option<Ordering>, EvaluateError> {
    const WRONG: EvaluateError = EvaluateError::WrongType { what: WHAT };
    match (left, right) {
        (Item::String(left), Item::String(right)) => Ok(Some(left.cmp(right))),
        (Item::Temporal(left), Item::Temporal(right)) => Ok(left.compare(right)),
        (Item::String(text), Item::Temporal(right)) => {
            Ok(temporal_like(text, right).and_then(|left| left.compare(right)))
        }
        (Item::Temporal(left), Item::String(text)) => {
            Ok(temporal_like(text, left).and_then(|right| left.compare(&right)))
        }
        (Item::Quantity(left), Item::Quantity(right)) => {
            let is_same_unit = left.canonical_unit(false) == right.canonical_unit(false);
            Ok(is_same_unit.then(|| left.value.cmp(&right.value)))
        }
        (Item::Quantity(left), right) => {
            let right = as_decimal(right).ok_or(WRONG)?;
            Ok((left.canonical_unit(false) == "1").then(|| left.value.cmp(&right)))
        }
        (left, Item::Quantity(right)) => {
            let left = as_decimal(left).ok_or(WRONG)?;
            Ok((right.canonical_unit(false) == "1").then(|| left.cmp(&right.value)))
        }
        (left, right) => match (as_decimal(left), as_decimal(right)) {
            (Some(left), Some(right)) => Ok(Some(left.cmp(&right))),
            _ => Err(WRONG),
        },
    }
}
