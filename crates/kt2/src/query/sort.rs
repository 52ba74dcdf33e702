//! `_sort`: the order of results (FHIR R4, Search, 3.1.1.5.1).

use koppeltaal_core::search::{SortBy, SortKey};
use koppeltaal_fhir::r4::definition::SearchKind;

use super::Context;
use super::asked::bad_value;
use super::reader::parameter;
use crate::outcome::Issue;

/// Keys of one order.
pub const MOST: usize = 5;

/// The keys that a value names, the first counts most.
pub fn parse(
    resource_type: &str,
    value: &str,
    context: &Context<'_>,
) -> Result<Vec<SortKey>, Issue> {
    let named = value.split(',').filter(|code| !code.is_empty());
    named.map(|code| key(resource_type, code, context)).collect()
}

fn key(resource_type: &str, code: &str, context: &Context<'_>) -> Result<SortKey, Issue> {
    let (code, is_descending) = match code.strip_prefix('-') {
        Some(code) => (code, true),
        None => (code, false),
    };
    let by = match code {
        "_lastUpdated" => SortBy::Updated,
        "_id" => SortBy::Id,
        _ => {
            let known = parameter(context, resource_type, code)
                .filter(|known| known.definition().kind != SearchKind::Composite);
            let Some(known) = known else {
                let form =
                    format!("search parameters of {resource_type}, with `-` for the reverse");
                return Err(bad_value("_sort", code, form));
            };
            let numbers = [known.number()].into_iter().chain(known.covered().iter().copied());
            SortBy::Parameter(numbers.collect())
        }
    };
    Ok(SortKey { by, is_descending })
}
