//! Functions on numbers (FHIRPath, "Math"). Roots, powers and logarithms are as near as a float.

use super::super::ast::Expr;
use super::super::collection::Collection;
use super::super::decimal::Decimal;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::Item;
use super::equality::as_decimal;
use super::value::single;
use super::{Answer, Evaluator, Scope};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn math(
        &self,
        function: Function,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let what = function.name();
        let wrong = EvaluateError::WrongType { what };
        let Some(item) = single(input, what)? else { return Ok(Collection::new()) };
        let Some(value) = self.system(item) else { return Ok(Collection::new()) };
        if let (Function::Abs, Item::Quantity(quantity)) = (function, &value) {
            let mut quantity = quantity.clone();
            quantity.value = quantity.value.abs();
            return Ok(Collection::one(Item::Quantity(quantity)));
        }
        let number = as_decimal(&value).ok_or_else(|| wrong.clone())?;
        let argument = match arguments.first() {
            None => None,
            Some(argument) => match self.argument(argument, scope, what)? {
                None => return Ok(Collection::new()),
                Some(item) => match self.system(&item) {
                    None => return Ok(Collection::new()),
                    Some(value) => Some(as_decimal(&value).ok_or(wrong)?),
                },
            },
        };
        Ok(Collection::maybe(compute(function, &value, number, argument)))
    }
}

fn compute<'a>(
    function: Function,
    value: &Item<'a>,
    number: Decimal,
    argument: Option<Decimal>,
) -> Option<Item<'a>> {
    let whole = |number: Decimal| number.to_integer().map(Item::Integer);
    let float = |operation: fn(f64) -> f64| {
        Decimal::from_float(operation(number.to_float()?)).map(Item::Decimal)
    };
    match function {
        Function::Abs => match value {
            Item::Integer(value) => value.checked_abs().map(Item::Integer),
            _ => Some(Item::Decimal(number.abs())),
        },
        Function::Ceiling => whole(number.ceiling()),
        Function::Floor => whole(number.floor()),
        Function::Truncate => whole(number.truncated()),
        Function::Round => {
            let digits = argument.map_or(Some(0), Decimal::to_integer)?;
            Some(Item::Decimal(number.rounded(u32::try_from(digits).ok()?)))
        }
        Function::Exp => float(f64::exp),
        Function::Ln => float(f64::ln),
        Function::Sqrt => float(f64::sqrt),
        Function::Log => {
            let base = argument?.to_float()?;
            Decimal::from_float(number.to_float()?.log(base)).map(Item::Decimal)
        }
        _ => power(value, number, argument?),
    }
}

/// Exact for whole exponents, as long as the result fits.
fn power<'a>(value: &Item<'a>, number: Decimal, exponent: Decimal) -> Option<Item<'a>> {
    let exact = exponent.to_integer().and_then(|exponent| u32::try_from(exponent).ok());
    match (value, exact) {
        (Item::Integer(base), Some(exponent)) => base.checked_pow(exponent).map(Item::Integer),
        (_, Some(exponent)) if exponent <= 128 => (0..exponent)
            .try_fold(Decimal::from(1), |product, _| product.multiply(number))
            .map(Item::Decimal),
        _ => Decimal::from_float(number.to_float()?.powf(exponent.to_float()?)).map(Item::Decimal),
    }
}
