//! Parameters that find what others of their type find, and more: `name` has every value of `family`
//! and of `given`, `telecom` those of `phone`. Such a value is one row, that of the narrower
//! parameter, and whoever looks for the wider one reads the rows of both (FHIR R4, Search, 3.1.1.4).

use super::index::Row;
use super::parameter::Parameter;
use super::path::{Path, Step};
use super::shape::Shape;
use super::text;
use crate::r4::definition::{Definitions, SearchKind, SearchParameter};

/// A parameter and those whose rows it does not repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cover {
    /// The number of its rows.
    pub(super) number: i64,
    /// The numbers of their rows.
    pub(super) parts: Vec<i64>,
}

/// The covers of a type with these parameters. Only parameters of the standard cover each other:
/// nobody can define them anew, so that rows and queries agree whatever a domain brings, and no
/// parameter that comes or goes takes rows of others with it.
pub(super) fn covers(resource_type: &str, parameters: &[Parameter]) -> Vec<Cover> {
    // Asked last: a comparison of whole definitions is for the few that would do.
    let is_core = |parameter: &Parameter| is_core(resource_type, parameter.definition());
    let mut found = Vec::new();
    for (at, whole) in parameters.iter().enumerate() {
        let is_part = |(other, part): &(usize, &Parameter)| {
            // Of two that find the same the first covers the other.
            let is_wider = || !has_all_of(part, whole) || at < *other;
            *other != at && has_all_of(whole, part) && is_wider() && is_core(part)
        };
        let parts = parameters.iter().enumerate().filter(is_part);
        let parts: Vec<i64> = parts.map(|(_, part)| part.number()).collect();
        if !parts.is_empty() && is_core(whole) {
            found.push(Cover { number: whole.number(), parts });
        }
    }
    found
}

/// Is it a parameter of the standard, as the standard has it?
pub(super) fn is_core(resource_type: &str, definition: &SearchParameter) -> bool {
    Definitions::core().search_parameter(resource_type, &definition.code) == Some(definition)
}

/// Is every row of `part` one of `whole` but for its number?
fn has_all_of(whole: &Parameter, part: &Parameter) -> bool {
    let kind = whole.definition().kind;
    let (Some(all), Some(some)) = (whole.paths(), part.paths()) else { return false };
    matches!(kind, SearchKind::String | SearchKind::Token)
        && kind == part.definition().kind
        && some.iter().all(|path| all.iter().any(|wider| leads_further(kind, wider, path)))
}

/// Does a path lead to some of what another leads to, or to a part of it that is a row of the
/// other too?
fn leads_further(kind: SearchKind, whole: &Path, path: &Path) -> bool {
    let Some(rest) = path.steps.strip_prefix(&whole.steps[..]) else { return false };
    let is_filter = |step: &&Step| matches!(step, Step::Equal(..));
    let filters = rest.iter().take_while(is_filter).count();
    match rest.get(filters..) {
        Some([]) => path.leaf == whole.leaf,
        Some([Step::Child(name)]) => {
            kind == SearchKind::String
                && path.leaf.shape == Shape::Text
                && text::part_names(whole.leaf.shape).contains(&&**name)
        }
        _ => false,
    }
}

/// Takes away the rows of each parameter that stand as those of a part of it. `rows` are sorted.
pub(super) fn take_repeated(rows: &mut Vec<Row>, covers: &[Cover]) {
    let is_there = |parameter: i64, row: &Row| {
        let wanted = (parameter, row.value.as_str(), row.qualifier);
        let order =
            |other: &Row| (other.parameter, other.value.as_str(), other.qualifier).cmp(&wanted);
        rows.binary_search_by(order).is_ok()
    };
    let is_repeated = |row: &Row| {
        let cover = covers.iter().find(|cover| cover.number == row.parameter);
        cover.is_some_and(|cover| cover.parts.iter().any(|part| is_there(*part, row)))
    };
    let repeated: Vec<bool> = rows.iter().map(is_repeated).collect();
    let mut repeated = repeated.into_iter();
    rows.retain(|_| repeated.next() != Some(true));
}
