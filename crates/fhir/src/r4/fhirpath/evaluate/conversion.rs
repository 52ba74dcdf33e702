//! `toInteger` and its kin (FHIRPath, "Conversion"). What cannot be converted is nothing.

use std::borrow::Cow;

use super::super::ast::Expr;
use super::super::collection::Collection;
use super::super::decimal::Decimal;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::Item;
use super::super::quantity::Quantity;
use super::super::temporal::{Temporal, TemporalKind};
use super::equality::as_decimal;
use super::value::{boolean, single};
use super::{Answer, Evaluator, Scope};
use crate::node::Node;

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn convert(
        &self,
        function: Function,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let Some(item) = single(input, function.name())? else { return Ok(Collection::new()) };
        let (target, is_question) = target(function);
        let mut found = if target == Function::ToString {
            self.shown(item)
        } else {
            self.system(item).and_then(|value| converted(target, &value))
        };
        if let (Some(Item::Quantity(quantity)), Some(unit)) = (&found, arguments.first()) {
            let unit = self.argument_text(unit, scope, function.name())?;
            if unit.is_some_and(|unit| unit != quantity.canonical_unit(true)) {
                found = None;
            }
        }
        if is_question {
            return boolean(found.is_some());
        }
        self.charge(1)?;
        Ok(Collection::maybe(found))
    }

    /// As text: what the resource has, as it has it.
    fn shown(&self, item: &Item<'a>) -> Option<Item<'a>> {
        let text = match item {
            Item::Element(element) => match element.value()? {
                Node::Object(_) | Node::Array(_) | Node::Null => {
                    return match self.system(item)? {
                        Item::Quantity(quantity) => Some(string(quantity.to_string())),
                        _ => None,
                    };
                }
                scalar => Cow::Borrowed(scalar.text()?),
            },
            Item::String(text) => text.clone(),
            Item::Boolean(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Item::Integer(value) => value.to_string().into(),
            Item::Decimal(value) => value.to_string().into(),
            Item::Temporal(value) => value.to_string().into(),
            Item::Quantity(value) => value.to_string().into(),
        };
        Some(Item::String(text))
    }

    /// The text of an argument.
    pub(super) fn argument_text(
        &self,
        argument: &'a Expr,
        scope: Scope<'a, '_>,
        what: &'static str,
    ) -> Result<Option<Cow<'a, str>>, EvaluateError> {
        self.text(&self.value(argument, scope)?, what)
    }
}

fn string<'a>(text: String) -> Item<'a> {
    Item::String(text.into())
}

/// The conversion, and whether only its success is asked for.
fn target(function: Function) -> (Function, bool) {
    match function {
        Function::ConvertsToBoolean => (Function::ToBoolean, true),
        Function::ConvertsToInteger => (Function::ToInteger, true),
        Function::ConvertsToDecimal => (Function::ToDecimal, true),
        Function::ConvertsToString => (Function::ToString, true),
        Function::ConvertsToDate => (Function::ToDate, true),
        Function::ConvertsToDateTime => (Function::ToDateTime, true),
        Function::ConvertsToTime => (Function::ToTime, true),
        Function::ConvertsToQuantity => (Function::ToQuantity, true),
        other => (other, false),
    }
}

fn converted<'a>(target: Function, value: &Item<'a>) -> Option<Item<'a>> {
    match target {
        Function::ToBoolean => to_boolean(value).map(Item::Boolean),
        Function::ToInteger => to_integer(value).map(Item::Integer),
        Function::ToDecimal => match value {
            Item::Boolean(value) => Some(Item::Decimal(Decimal::from(i64::from(*value)))),
            Item::String(text) => plain(text).map(Item::Decimal),
            number => as_decimal(number).map(Item::Decimal),
        },
        Function::ToDate => match value {
            Item::String(text) => Temporal::date_or_time(text)?.to_date(),
            Item::Temporal(value) => value.to_date(),
            _ => None,
        }
        .map(Item::Temporal),
        Function::ToDateTime => match value {
            Item::String(text) => Temporal::date_time(text),
            Item::Temporal(value) if value.kind() != TemporalKind::Time => {
                Some(value.to_date_time())
            }
            _ => None,
        }
        .map(Item::Temporal),
        Function::ToTime => match value {
            Item::String(text) => Temporal::time(text.strip_prefix('T').unwrap_or(text)),
            Item::Temporal(value) if value.kind() == TemporalKind::Time => Some(*value),
            Item::Temporal(value) => value.to_time(),
            _ => None,
        }
        .map(Item::Temporal),
        Function::ToQuantity => to_quantity(value).map(|found| Item::Quantity(Box::new(found))),
        _ => None,
    }
}

/// A number without exponent.
fn plain(text: &str) -> Option<Decimal> {
    if text.contains(['e', 'E']) { None } else { Decimal::parse(text) }
}

fn to_boolean(value: &Item<'_>) -> Option<bool> {
    match value {
        Item::Boolean(value) => Some(*value),
        Item::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        number => match as_decimal(number)?.to_integer()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

fn to_integer(value: &Item<'_>) -> Option<i64> {
    match value {
        Item::Integer(value) => Some(*value),
        Item::Boolean(value) => Some(i64::from(*value)),
        Item::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn to_quantity<'a>(value: &Item<'a>) -> Option<Quantity<'a>> {
    match value {
        Item::Quantity(quantity) => Some((**quantity).clone()),
        Item::Boolean(value) => Some(unitless(Decimal::from(i64::from(*value)))),
        Item::String(text) => Quantity::parse(text),
        number => as_decimal(number).map(unitless),
    }
}

fn unitless<'a>(value: Decimal) -> Quantity<'a> {
    Quantity { value, unit: Cow::Borrowed("1"), is_calendar: false }
}
