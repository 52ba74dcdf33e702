//! References: `Type/id`, a bare id, an absolute URL, a canonical with its
//! version, or `:identifier` (FHIR R4, Search, 3.1.1.4.12).

use koppeltaal_core::resource_type;
use koppeltaal_core::search::{Condition, Qualifier, Test, Values};
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_fhir::r4::search::{cap, target};

use super::asked::Asked;
use super::chain::targets;
use super::token;
use super::value::unescape;
use crate::localize::below;
use crate::outcome::Issue;

const FORM: &str = "`Type/id`, an id, or an absolute URL";

/// The condition of a reference parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    match asked.modifier {
        None => {
            let number = asked.numbers().own;
            asked.any_of(|value| tests(asked, number, &unescape(value)))
        }
        Some("identifier") => {
            let number = asked.numbers().identifier;
            asked.any_of(|value| token::test(asked, number, value).map(|test| vec![test]))
        }
        Some(name) => match targets(asked.parameter).find(|target| *target == name) {
            Some(target) => {
                let number = asked.numbers().own;
                asked.any_of(|value| of_type(asked, number, target, &unescape(value)))
            }
            None => Err(asked.misfit()),
        },
    }
}

/// The tests of a value; a bare id may be of any type that the parameter leads to.
fn tests(asked: &Asked<'_>, number: i64, value: &str) -> Result<Vec<Test>, Issue> {
    if is_fhir_id(value) {
        let local = |target| is(number, &format!("{target}/{value}"), Qualifier::Any);
        return Ok(targets(asked.parameter).map(local).collect());
    }
    let relative = below(value, asked.context.bases);
    let value = relative.as_deref().unwrap_or(value);
    if let Some((name, id)) = local(value) {
        return Ok(vec![is(number, &format!("{name}/{id}"), Qualifier::Any)]);
    }
    let is_absolute = value.contains("://") || value.starts_with("urn:");
    if !is_absolute {
        return Err(asked.bad(value, FORM));
    }
    let (value, version) = target(value, None);
    let qualifier = if version == 0 { Qualifier::Any } else { Qualifier::Is(version) };
    Ok(vec![is(number, &value, qualifier)])
}

/// The test that a reference leads to a resource of one type.
fn of_type(asked: &Asked<'_>, number: i64, target: &str, value: &str) -> Result<Vec<Test>, Issue> {
    let relative = below(value, asked.context.bases);
    let value = relative.as_deref().unwrap_or(value);
    let id = match local(value) {
        Some((name, id)) if name == target => id,
        None if is_fhir_id(value) => value,
        _ => return Err(asked.bad(value, format!("an id or `{target}/id`"))),
    };
    Ok(vec![is(number, &format!("{target}/{id}"), Qualifier::Any)])
}

/// Type and id of a relative reference; a version does not count.
fn local(value: &str) -> Option<(&str, &str)> {
    let mut parts = value.split('/');
    let (name, id) = (parts.next()?, parts.next()?);
    let is_whole = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => true,
        (Some("_history"), Some(version), None) => is_fhir_id(version),
        _ => false,
    };
    (is_whole && resource_type::number(name).is_some() && is_fhir_id(id)).then_some((name, id))
}

fn is(parameter: i64, value: &str, qualifier: Qualifier) -> Test {
    Test { parameter, value: Values::Is(cap(value).into_owned()), qualifier }
}
