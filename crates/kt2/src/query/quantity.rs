//! Quantities: a number with a unit, as `number`, `number|system|code` or
//! `number||code`, where the last also finds the unit as people write it
//! (FHIR R4, Search, 3.1.1.4.11).

use koppeltaal_core::search::{Condition, Qualifier, Test};
use koppeltaal_fhir::r4::search::hash;

use super::asked::Asked;
use super::number;
use super::value::{split, unescape};
use crate::outcome::Issue;

/// What quantities look like.
const FORM: &str = "`number`, `number|system|code` or `number||code`, after a prefix \
                    (eq ne gt lt ge le sa eb ap) if any";

/// The condition of a quantity parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    if asked.modifier.is_some() {
        return Err(asked.misfit());
    }
    let parameter = asked.numbers().own;
    asked.any_of(|value| {
        let bad = || asked.bad(value, FORM);
        let (number, unit) = parts(value).ok_or_else(bad)?;
        let qualifier = Qualifier::Is(hash(&unit));
        let ranges = number::ranges(&number).ok_or_else(bad)?;
        Ok(ranges.into_iter().map(|value| Test { parameter, value, qualifier }).collect())
    })
}

/// The number of a value and the form of its unit, empty for any.
pub fn parts(value: &str) -> Option<(String, String)> {
    let parts: Vec<_> = split(value, '|').into_iter().map(unescape).collect();
    match parts.as_slice() {
        [number] => Some((number.to_string(), String::new())),
        [number, system, code] if !code.is_empty() => {
            Some((number.to_string(), format!("{system}|{code}")))
        }
        [number, system, code] if system.is_empty() && code.is_empty() => {
            Some((number.to_string(), String::new()))
        }
        _ => None,
    }
}
