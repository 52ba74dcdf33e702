//! Composites: two values of one and the same element, joined by `$` (FHIR R4,
//! Search, 3.1.1.4.12).

use koppeltaal_core::search::{Condition, Qualifier, Test, Values};
use koppeltaal_fhir::r4::definition::SearchKind;
use koppeltaal_fhir::r4::search::{Component, cap, hash};

use super::asked::Asked;
use super::value::{split, unescape};
use super::{number, quantity};
use crate::outcome::Issue;

/// The condition of a composite parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    if asked.modifier.is_some() {
        return Err(asked.misfit());
    }
    let kinds: Vec<SearchKind> = asked.parameter.components().iter().map(Component::kind).collect();
    let parameter = asked.numbers().own;
    match kinds.as_slice() {
        [SearchKind::Token, SearchKind::Token] => {
            asked.any_of(|value| codes(asked, parameter, value))
        }
        [SearchKind::Token, SearchKind::Quantity] => {
            asked.any_of(|value| code_and_quantity(asked, parameter, value))
        }
        _ => {
            let told = format!("`{}` joins values of kinds that are not supported.", asked.code());
            Err(Issue::error("not-supported", told))
        }
    }
}

fn codes(asked: &Asked<'_>, parameter: i64, value: &str) -> Result<Vec<Test>, Issue> {
    let bad = || asked.bad(value, "`[system|]code$[system|]code`");
    let [one, other] = split(value, '$')[..] else { return Err(bad()) };
    let (one, other) = (token(one).ok_or_else(bad)?, token(other).ok_or_else(bad)?);
    let value = Values::Is(cap(&format!("{one}${other}")).into_owned());
    Ok(vec![Test { parameter, value, qualifier: Qualifier::Is(0) }])
}

fn code_and_quantity(asked: &Asked<'_>, parameter: i64, value: &str) -> Result<Vec<Test>, Issue> {
    let bad = || asked.bad(value, "`[system|]code$[prefix]number[|system|code]`");
    let [code, quantity] = split(value, '$')[..] else { return Err(bad()) };
    let code = token(code).ok_or_else(bad)?;
    let (number, unit) = quantity::parts(quantity).ok_or_else(bad)?;
    let qualifier = Qualifier::Is(hash(&format!("{code}${unit}")));
    let ranges = number::ranges(&number).ok_or_else(bad)?;
    Ok(ranges.into_iter().map(|value| Test { parameter, value, qualifier }).collect())
}

/// The form of a token that the index has: `code` or `system|code`.
fn token(text: &str) -> Option<String> {
    let parts: Vec<_> = split(text, '|').into_iter().map(unescape).collect();
    match parts.as_slice() {
        [code] if !code.is_empty() => Some(code.to_string()),
        [system, code] if !code.is_empty() => Some(format!("{system}|{code}")),
        _ => None,
    }
}
