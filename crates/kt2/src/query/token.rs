//! Tokens: codes and identifiers, with or without their system (FHIR R4, Search,
//! 3.1.1.4.10).

use koppeltaal_core::search::{Condition, Qualifier, Test, Values};
use koppeltaal_fhir::r4::search::{cap, hash};

use super::asked::Asked;
use super::value::{split, unescape};
use super::{string, terminology};
use crate::outcome::Issue;

/// The condition of a token parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    match asked.modifier {
        None => codes(asked),
        Some("not") => Ok(Condition::Not(Box::new(codes(asked)?))),
        Some("text") => {
            let number = asked.numbers().text;
            asked.any_of(|value| string::beginning(asked, number, value))
        }
        Some("of-type") => of_type(asked),
        Some("in") => terminology::members(asked),
        Some("not-in") => Ok(Condition::Not(Box::new(terminology::members(asked)?))),
        Some("above") => terminology::hierarchy(asked, terminology::Way::Up),
        Some("below") => terminology::hierarchy(asked, terminology::Way::Down),
        Some(_) => Err(asked.misfit()),
    }
}

fn codes(asked: &Asked<'_>) -> Result<Condition, Issue> {
    let number = asked.numbers().own;
    asked.any_of(|value| test(asked, number, value).map(|test| vec![test]))
}

/// The test of `code`, `system|code`, `|code` or `system|` on the rows with this
/// number.
pub fn test(asked: &Asked<'_>, number: i64, value: &str) -> Result<Test, Issue> {
    let form = "`code`, `system|code`, `|code` or `system|`";
    let (system, code) = match split(value, '|').as_slice() {
        [code] => (None, unescape(code)),
        [system, code] => (Some(unescape(system)), unescape(code)),
        _ => return Err(asked.bad(value, form)),
    };
    let qualifier = match system.as_deref() {
        None => Qualifier::Any,
        Some("") => Qualifier::Is(0),
        Some(system) => Qualifier::Is(hash(system)),
    };
    let value = match (&*code, qualifier) {
        ("", Qualifier::Is(0) | Qualifier::Any) => return Err(asked.bad(value, form)),
        ("", _) => Values::Any,
        (code, _) => Values::Is(cap(code).into_owned()),
    };
    Ok(Test { parameter: number, value, qualifier })
}

/// `:of-type`: an identifier of a type, `system|code|value`.
fn of_type(asked: &Asked<'_>) -> Result<Condition, Issue> {
    let number = asked.numbers().of_type;
    asked.any_of(|value| {
        let parts: Vec<_> = split(value, '|').into_iter().map(unescape).collect();
        match parts.as_slice() {
            [system, code, value]
                if !system.is_empty() && !code.is_empty() && !value.is_empty() =>
            {
                let value = Values::Is(cap(&format!("{code}|{value}")).into_owned());
                Ok(vec![Test { parameter: number, value, qualifier: Qualifier::Is(hash(system)) }])
            }
            _ => Err(asked.bad(value, "`system|code|value`, the type of the identifier first")),
        }
    })
}
