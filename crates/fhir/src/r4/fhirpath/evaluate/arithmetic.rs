//! `+ - * / div mod &` and the sign (FHIRPath, "Math"). What does not fit is nothing.

use std::borrow::Cow;

use super::super::ast::Operator;
use super::super::collection::Collection;
use super::super::decimal::Decimal;
use super::super::error::EvaluateError;
use super::super::item::Item;
use super::super::quantity::{CalendarUnit, Quantity};
use super::super::temporal::Temporal;
use super::equality::as_decimal;
use super::value::single;
use super::{Answer, Evaluator};

const WHAT: &str = "an arithmetic operator";
const WRONG: EvaluateError = EvaluateError::WrongType { what: WHAT };

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn negative(&self, of: &Collection<'a>) -> Answer<'a> {
        let Some(item) = single(of, "a sign")? else { return Ok(Collection::new()) };
        Ok(Collection::maybe(match self.system(item) {
            None => None,
            Some(Item::Integer(value)) => value.checked_neg().map(Item::Integer),
            Some(Item::Decimal(value)) => Some(Item::Decimal(value.negated())),
            Some(Item::Quantity(mut quantity)) => {
                quantity.value = quantity.value.negated();
                Some(Item::Quantity(quantity))
            }
            Some(_) => return Err(EvaluateError::WrongType { what: "a sign" }),
        }))
    }

    pub(super) fn calculate(
        &self,
        left: &Collection<'a>,
        operator: Operator,
        right: &Collection<'a>,
    ) -> Answer<'a> {
        if operator == Operator::Concatenate {
            let left = self.text(left, "&")?.unwrap_or(Cow::Borrowed(""));
            let right = self.text(right, "&")?.unwrap_or(Cow::Borrowed(""));
            return self.made(left.into_owned() + &right);
        }
        if operator == Operator::Add && left.as_text().is_some() && right.as_text().is_some() {
            let (left, right) = (self.text(left, WHAT)?, self.text(right, WHAT)?);
            return match (left, right) {
                (Some(left), Some(right)) => self.made(left.into_owned() + &right),
                _ => Ok(Collection::new()),
            };
        }
        let (Some(left), Some(right)) = (single(left, WHAT)?, single(right, WHAT)?) else {
            return Ok(Collection::new());
        };
        let (Some(left), Some(right)) = (self.system(left), self.system(right)) else {
            return Ok(Collection::new());
        };
        Ok(Collection::maybe(compute(&left, operator, &right)?))
    }
}

impl Collection<'_> {
    /// The text of a single item.
    fn as_text(&self) -> Option<&str> {
        match self.as_slice() {
            [item] => item.as_str(),
            _ => None,
        }
    }
}

fn compute<'a>(
    left: &Item<'a>,
    operator: Operator,
    right: &Item<'a>,
) -> Result<Option<Item<'a>>, EvaluateError> {
    match (left, right) {
        (Item::Integer(left), Item::Integer(right)) => Ok(integers(*left, operator, *right)),
        (Item::Temporal(left), Item::Quantity(right)) => {
            Ok(shift(left, operator, right)?.map(Item::Temporal))
        }
        (Item::Quantity(left), Item::Quantity(right)) => quantities(left, operator, right),
        (Item::Quantity(quantity), number) if as_decimal(number).is_some() => {
            let number = as_decimal(number).ok_or(WRONG)?;
            Ok(scaled(quantity, decimals(quantity.value, operator, number), operator)?)
        }
        (number, Item::Quantity(quantity)) if operator == Operator::Multiply => {
            let number = as_decimal(number).ok_or(WRONG)?;
            Ok(scaled(quantity, number.multiply(quantity.value), operator)?)
        }
        (left, right) => {
            let (left, right) = as_decimal(left).zip(as_decimal(right)).ok_or(WRONG)?;
            let result = decimals(left, operator, right);
            Ok(result.map(|value| match operator {
                Operator::DivideWhole => {
                    value.to_integer().map_or(Item::Decimal(value), Item::Integer)
                }
                _ => Item::Decimal(value),
            }))
        }
    }
}

fn integers<'a>(left: i64, operator: Operator, right: i64) -> Option<Item<'a>> {
    match operator {
        Operator::Add => left.checked_add(right).map(Item::Integer),
        Operator::Subtract => left.checked_sub(right).map(Item::Integer),
        Operator::Multiply => left.checked_mul(right).map(Item::Integer),
        Operator::DivideWhole => left.checked_div(right).map(Item::Integer),
        Operator::Remainder => left.checked_rem(right).map(Item::Integer),
        _ => Decimal::from(left).divide(Decimal::from(right)).map(Item::Decimal),
    }
}

fn decimals(left: Decimal, operator: Operator, right: Decimal) -> Option<Decimal> {
    match operator {
        Operator::Add => left.plus(right),
        Operator::Subtract => left.plus(right.negated()),
        Operator::Multiply => left.multiply(right),
        Operator::DivideWhole => left.divide_whole(right),
        Operator::Remainder => left.remainder(right),
        _ => left.divide(right),
    }
}

/// A quantity times or by a number.
fn scaled<'a>(
    quantity: &Quantity<'a>,
    value: Option<Decimal>,
    operator: Operator,
) -> Result<Option<Item<'a>>, EvaluateError> {
    if !matches!(operator, Operator::Multiply | Operator::Divide) {
        return Err(WRONG);
    }
    Ok(value.map(|value| Item::Quantity(Box::new(Quantity { value, ..quantity.clone() }))))
}

fn quantities<'a>(
    left: &Quantity<'a>,
    operator: Operator,
    right: &Quantity<'a>,
) -> Result<Option<Item<'a>>, EvaluateError> {
    let is_same_unit = left.canonical_unit(false) == right.canonical_unit(false);
    match operator {
        Operator::Add | Operator::Subtract => {
            let value = is_same_unit.then(|| decimals(left.value, operator, right.value)).flatten();
            Ok(value.map(|value| Item::Quantity(Box::new(Quantity { value, ..left.clone() }))))
        }
        Operator::Divide => {
            let value = is_same_unit.then(|| left.value.divide(right.value)).flatten();
            Ok(value.map(|value| {
                Item::Quantity(Box::new(Quantity { value, unit: "1".into(), is_calendar: false }))
            }))
        }
        _ => Err(WRONG),
    }
}

/// A date or time and a span. The fraction counts for seconds only.
fn shift(
    from: &Temporal,
    operator: Operator,
    by: &Quantity<'_>,
) -> Result<Option<Temporal>, EvaluateError> {
    let value = match operator {
        Operator::Add => by.value,
        Operator::Subtract => by.value.negated(),
        _ => return Err(WRONG),
    };
    let unit = CalendarUnit::named(&by.unit).ok_or(WRONG)?;
    let is_whole = value.to_integer().is_some();
    let (value, unit) = match unit {
        CalendarUnit::Second if !is_whole => {
            (value.multiply(Decimal::from(1000)), CalendarUnit::Millisecond)
        }
        unit => (Some(value), unit),
    };
    let amount = value.and_then(|value| value.truncated().to_integer());
    Ok(amount.and_then(|amount| from.plus(amount, unit)))
}
