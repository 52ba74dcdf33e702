//! Parameters that are columns and words rather than index rows: `_id`,
//! `_lastUpdated`, `_text`, `_content` (FHIR R4, Search, 3.1.1.4.3).

use koppeltaal_core::search::{Condition, Place};
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_fhir::r4::search::words;

use super::Context;
use super::asked::{alternatives, bad_value};
use super::date;
use super::value::{shown, unescape};
use crate::outcome::Issue;

/// Words of one search.
const MOST_WORDS: usize = 50;

/// The condition of such a parameter; `None` when it is none of these.
pub fn read(
    code: &str,
    modifier: Option<&str>,
    value: &str,
    context: &Context<'_>,
) -> Option<Result<Condition, Issue>> {
    match code {
        "_id" => Some(id(modifier, value)),
        "_lastUpdated" => Some(updated(modifier, value, context)),
        "_text" => Some(text(code, modifier, value, Place::Narrative)),
        "_content" => Some(text(code, modifier, value, Place::Content)),
        _ => None,
    }
}

fn id(modifier: Option<&str>, value: &str) -> Result<Condition, Issue> {
    let values = alternatives("_id", value)?;
    if modifier == Some("missing") {
        return never_missing("_id", value);
    }
    if let Some(odd) = values.iter().find(|id| !is_fhir_id(id)) {
        return Err(bad_value("_id", odd, "the id of a resource"));
    }
    let ids = Condition::Id(values.into_iter().map(str::to_owned).collect());
    match modifier {
        None => Ok(ids),
        Some("not") => Ok(Condition::Not(Box::new(ids))),
        Some(other) => Err(misfit("_id", other)),
    }
}

fn updated(modifier: Option<&str>, value: &str, context: &Context<'_>) -> Result<Condition, Issue> {
    match modifier {
        None => date::read_updated(&alternatives("_lastUpdated", value)?, context),
        Some("missing") => never_missing("_lastUpdated", value),
        Some(other) => Err(misfit("_lastUpdated", other)),
    }
}

/// Every word is looked for; a comma is no alternative.
fn text(code: &str, modifier: Option<&str>, value: &str, place: Place) -> Result<Condition, Issue> {
    if let Some(other) = modifier {
        return Err(misfit(code, other));
    }
    alternatives(code, value)?;
    let words = words(&unescape(value));
    if words.is_empty() {
        return Err(bad_value(code, value, "one or more words"));
    }
    if words.len() > MOST_WORDS {
        let told = format!("`{code}` has more than {MOST_WORDS} words.");
        return Err(Issue::error("too-costly", told));
    }
    Ok(Condition::Words(place, words))
}

/// `:missing` of what every resource has.
fn never_missing(code: &str, value: &str) -> Result<Condition, Issue> {
    let nothing = Condition::AnyOf(Vec::new());
    match value {
        "true" => Ok(nothing),
        "false" => Ok(Condition::Not(Box::new(nothing))),
        _ => Err(bad_value(code, value, "`true` or `false`")),
    }
}

fn misfit(code: &str, modifier: &str) -> Issue {
    let told = format!("Modifier `:{}` does not go with `{code}`.", shown(modifier));
    Issue::error("not-supported", told)
}
