//! Numbers: a value stands for all that round to it, unless it is compared
//! (FHIR R4, Search, 3.1.1.4.6).

use koppeltaal_core::search::{Condition, End, Qualifier, Test, Values};
use koppeltaal_fhir::r4::search::{number_key, number_span};

use super::asked::Asked;
use super::value::{Prefix, unescape};
use crate::outcome::Issue;

/// What numbers look like.
const FORM: &str =
    "a number as in `100`, `5.40` or `1e2`, after a prefix (eq ne gt lt ge le sa eb ap) if any";

/// The condition of a number parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    if asked.modifier.is_some() {
        return Err(asked.misfit());
    }
    let parameter = asked.numbers().own;
    asked.any_of(|value| {
        let ranges = ranges(&unescape(value)).ok_or_else(|| asked.bad(value, FORM))?;
        let test = |value| Test { parameter, value, qualifier: Qualifier::Is(0) };
        Ok(ranges.into_iter().map(test).collect())
    })
}

/// The values that a number with its prefix accepts; any of them is enough.
/// `None` when it is no number.
pub fn ranges(value: &str) -> Option<Vec<Values>> {
    let (prefix, number) = Prefix::of(value);
    let key = number_key(number)?;
    let (low, high) = number_span(number)?;
    let end = |value: &str, is_included| Some(End { value: value.to_owned(), is_included });
    let between = |from, to| Values::Between { from, to };
    Some(match prefix {
        Prefix::Equal => vec![between(end(&low, true), end(&high, false))],
        Prefix::NotEqual => {
            vec![between(None, end(&low, false)), between(end(&high, true), None)]
        }
        Prefix::Greater | Prefix::After => vec![between(end(&key, false), None)],
        Prefix::Less | Prefix::Before => vec![between(None, end(&key, false))],
        Prefix::AtLeast => vec![between(end(&key, true), None)],
        Prefix::AtMost => vec![between(None, end(&key, true))],
        Prefix::About => {
            let (from, to) = about(number).unwrap_or((low, high));
            vec![between(end(&from, true), end(&to, true))]
        }
    })
}

/// The keys of a tenth less and a tenth more; `None` when that is not near at all.
fn about(number: &str) -> Option<(String, String)> {
    let number: f64 = number.parse().ok()?;
    let width = number.abs() / 10.0;
    let (from, to) = (number - width, number + width);
    (from < to && to.is_finite() && from.is_finite())
        .then(|| Some((number_key(&from.to_string())?, number_key(&to.to_string())?)))?
}
