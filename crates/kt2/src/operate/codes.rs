//! The codes that search parameters of a domain may have: none that a type has
//! already, and none that this program answers itself. The same for packages and
//! for files.

use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::definition::{Definitions, SearchParameter};
use koppeltaal_fhir::r4::profile;

use super::reindex::served_types;
use crate::catalog::Catalog;

/// Where a resource comes from: it means the same in every domain.
const ORIGIN: (&str, &str) =
    ("resource-origin", "http://koppeltaal.nl/fhir/SearchParameter/resource-origin-extension");

/// The search parameters that the domain publishes, with the ids of their resources.
pub fn published(catalog: &Catalog) -> Vec<(String, SearchParameter)> {
    let all = catalog.publications().iter();
    let all = all.filter(|one| one.resource_type == "SearchParameter");
    all.filter_map(|one| {
        let node = json::parse(one.text.as_bytes()).ok()?;
        Some((one.id.clone(), SearchParameter::from_resource(&node).ok()?))
    })
    .collect()
}

/// Why a search parameter cannot stand beside these others and those of the
/// standard. `of_koppeltaal`: it comes with the guide of Koppeltaal, which may
/// define its own anew.
pub fn objection<'a>(
    new: &SearchParameter,
    of_koppeltaal: bool,
    others: impl Iterator<Item = &'a SearchParameter> + Clone,
) -> Option<String> {
    let built_in = match of_koppeltaal {
        true => Definitions::core(),
        false => profile::koppeltaal(),
    };
    if built_in.search_parameter_by_url(&new.url).is_some() {
        return Some(format!("{} is built in", new.url));
    }
    if new.code.starts_with('_') {
        return Some(format!("`{}`: codes that begin with `_` are those of FHIR", new.code));
    }
    if new.code == ORIGIN.0 && new.url != ORIGIN.1 {
        return Some(format!("`{}` is {}, and nothing else", ORIGIN.0, ORIGIN.1));
    }
    for kind in served_types(new.base.iter().map(String::as_str)) {
        let is_for = |other: &&SearchParameter| {
            served_types(other.base.iter().map(String::as_str)).contains(&kind)
        };
        let mut others =
            Definitions::core().search_parameters(kind).chain(others.clone().filter(is_for));
        if let Some(other) = others.find(|one| one.code == new.code && one.url != new.url) {
            return Some(format!("`{}` of {kind} is {}", new.code, other.url));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::r4::definition::SearchKind;

    use super::*;

    fn parameter(url: &str, code: &str, base: &str) -> SearchParameter {
        let mut parameter = SearchParameter::new(url, code, SearchKind::Token);
        parameter.base = vec![base.to_owned()];
        parameter
    }

    #[test]
    fn no_code_is_taken_twice_and_none_that_the_server_answers_itself() {
        let known = [
            parameter("urn:known", "known", "Patient"),
            parameter("urn:everywhere", "everywhere", "DomainResource"),
        ];
        for (url, code, base, of_koppeltaal, told) in [
            ("urn:new", "new", "Patient", false, ""),
            ("urn:new", "known", "Task", false, ""),
            ("urn:known", "known", "Patient", false, ""),
            ("urn:new", "known", "Patient", true, "is urn:known"),
            ("urn:new", "known", "Resource", false, "of Patient is urn:known"),
            ("urn:new", "everywhere", "Task", false, "is urn:everywhere"),
            ("urn:new", "gender", "Patient", true, "is http://hl7.org/fhir"),
            ("urn:new", "_id", "Task", true, "begin with `_`"),
            ("urn:new", "_sort", "Task", false, "begin with `_`"),
            ("urn:new", ORIGIN.0, "Task", true, "nothing else"),
            ("urn:new", ORIGIN.0, "Observation", false, "nothing else"),
            (ORIGIN.1, ORIGIN.0, "Task", true, ""),
            (ORIGIN.1, ORIGIN.0, "Task", false, "is built in"),
            ("http://hl7.org/fhir/SearchParameter/Task-status", "own", "Task", true, "is built in"),
        ] {
            let new = parameter(url, code, base);
            let found = objection(&new, of_koppeltaal, known.iter()).unwrap_or_default();
            assert!(found.contains(told) && found.is_empty() == told.is_empty(), "{code}: {found}");
        }
    }
}
