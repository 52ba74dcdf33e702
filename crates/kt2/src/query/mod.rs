//! The query of a search: parameters of the URL become conditions on index rows
//! (FHIR R4, Search). What is known and wrong is refused by name; what is not
//! known is told, and refused only when the caller wants it strict.

mod asked;
mod chain;
mod composite;
mod date;
mod include;
mod name;
mod number;
mod quantity;
mod reader;
mod reference;
mod refused;
mod result;
mod sort;
mod special;
mod string;
mod terminology;
mod token;
mod uri;
mod value;

#[cfg(test)]
mod tests;

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::{Condition, SortBy, SortKey};

pub use include::Include;

use crate::catalog::Catalog;
use crate::outcome::{Issue, Refusal};
use reader::Reader;
use result::Results;
use value::shown;

pub use value::with_plus;

/// Results on a page when the caller does not say.
pub const DEFAULT_COUNT: usize = 20;
/// Results on a page at most; who asks for more gets so many.
pub const MOST_COUNT: usize = 200;
/// Conditions and includes of one search.
const MOST_CONDITIONS: usize = 20;

/// What a query is read with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The definitions of the domain.
    pub catalog: &'a Catalog,
    /// The FHIR base of the domain and its alias, which references may spell out.
    pub bases: &'a [String],
    /// The present, for `ap` on dates; on later pages that of the first one.
    pub now: Timestamp,
    /// Whether a parameter that is not known is an error (`Prefer: handling=strict`).
    pub is_strict: bool,
    /// Whether parameters are known that do not cover every resource yet: for a
    /// resource in hand, which was indexed by them.
    pub with_unready: bool,
}

/// A query that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What is looked for: all of these.
    pub conditions: Vec<Condition>,
    /// The order; never empty.
    pub sort: Vec<SortKey>,
    /// Results on a page; 0 for the total only.
    pub count: usize,
    /// What the results refer to and comes with them.
    pub includes: Vec<Include>,
    /// What refers to the results and comes with them.
    pub revincludes: Vec<Include>,
    /// What was not done, as warnings.
    pub ignored: Vec<Issue>,
    /// Our own parameter for a page: everything else is in it.
    pub page: Option<String>,
    /// What was done, as it was written: for the link to this search.
    pub used: Vec<(String, String)>,
}

/// Reads the parameters of a search for resources of a type. Every mistake is
/// an issue of the refusal.
pub fn parse(
    resource_type: &str,
    pairs: &[(String, String)],
    context: &Context<'_>,
) -> Result<Query, Refusal> {
    let mut reader = Reader::new(context);
    let mut results = Results::default();
    let mut query = Query {
        conditions: Vec::new(),
        sort: Vec::new(),
        count: DEFAULT_COUNT,
        includes: Vec::new(),
        revincludes: Vec::new(),
        ignored: Vec::new(),
        page: None,
        used: Vec::new(),
    };
    let mut errors = Vec::new();
    for (name, value) in pairs {
        match one(resource_type, name, value, &mut reader, &mut results, &mut query) {
            Ok(Outcome::Used) => query.used.push((name.clone(), value.clone())),
            Ok(Outcome::Ignored(issue)) => query.ignored.push(issue.at(place(name))),
            Err(issue) => errors.push(issue.at(place(name))),
        }
        let asked = query.conditions.len() + query.includes.len() + query.revincludes.len();
        if asked > MOST_CONDITIONS || errors.len() + query.ignored.len() > MOST_CONDITIONS {
            let told = format!("A search has at most {MOST_CONDITIONS} parameters.");
            return Err(Refusal::bad_request("too-costly", told));
        }
    }
    if !errors.is_empty() {
        return Err(Refusal::of(http::StatusCode::BAD_REQUEST, errors));
    }
    query.count = results.count();
    query.page = results.page;
    if query.sort.is_empty() {
        query.sort.push(SortKey { by: SortBy::Updated, is_descending: true });
    }
    Ok(query)
}

enum Outcome {
    Used,
    Ignored(Issue),
}

fn one(
    resource_type: &str,
    name: &str,
    value: &str,
    reader: &mut Reader<'_>,
    results: &mut Results,
    query: &mut Query,
) -> Result<Outcome, Issue> {
    refused::check(resource_type, name, value)?;
    if value.trim_matches([' ', ',']).is_empty() {
        let told = format!("Parameter `{}` has no value and was left out.", shown(name));
        return Ok(Outcome::Ignored(Issue::warning("value", told)));
    }
    let context = reader.context;
    if results.take(name, value)? {
        return Ok(Outcome::Used);
    }
    match name.split(':').next().unwrap_or_default() {
        "_sort" => query.sort.extend(sort::parse(resource_type, value, context)?),
        "_include" => query.includes.push(include::parse(resource_type, name, value, context)?),
        "_revinclude" => {
            query.revincludes.push(include::parse_reverse(resource_type, name, value, context)?);
        }
        _ => match reader.read(resource_type, name, value)? {
            Some(condition) => query.conditions.push(condition),
            None => return unknown(resource_type, name, context.is_strict),
        },
    }
    if query.sort.len() > sort::MOST {
        return Err(Issue::error(
            "too-costly",
            format!("`_sort` has at most {} keys.", sort::MOST),
        ));
    }
    Ok(Outcome::Used)
}

fn unknown(resource_type: &str, name: &str, is_strict: bool) -> Result<Outcome, Issue> {
    let told = format!("{resource_type} has no search parameter `{}`", shown(name));
    match is_strict {
        true => Err(Issue::error("not-supported", format!("{told}."))),
        false => {
            let told = format!("{told}; the results are not narrowed by it.");
            Ok(Outcome::Ignored(Issue::warning("not-supported", told)))
        }
    }
}

/// The place of a parameter in an issue (FHIR R4, OperationOutcome.issue.expression).
fn place(name: &str) -> String {
    format!("http.{}", shown(name))
}
