//! URIs: as written, and with `:above` and `:below` along their path (FHIR R4,
//! Search, 3.1.1.4.13).

use koppeltaal_core::search::{Condition, Qualifier, Test, Values};
use koppeltaal_fhir::r4::search::cap;

use super::asked::Asked;
use super::string::starting_with;
use super::value::unescape;
use crate::outcome::Issue;

/// Parts of a path that are looked at.
const MOST_PARTS: usize = 30;

/// The condition of a uri parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    let parameter = asked.numbers().own;
    let test = |value| Test { parameter, value, qualifier: Qualifier::Any };
    let is = |uri: &str| test(Values::Is(cap(uri).into_owned()));
    match asked.modifier {
        None => asked.any_of(|value| Ok(vec![is(&unescape(value))])),
        Some("below") => asked.any_of(|value| {
            let uri = unescape(value);
            let uri = uri.trim_end_matches('/');
            Ok(vec![is(uri), test(starting_with(&format!("{uri}/")))])
        }),
        Some("above") => asked.any_of(|value| {
            let uri = unescape(value);
            Ok(above(&uri).into_iter().map(is).collect())
        }),
        Some(_) => Err(asked.misfit()),
    }
}

/// A URI and those that a part of its path has, the longest first.
fn above(uri: &str) -> Vec<&str> {
    let path = uri.find("://").map_or(0, |at| at + 3);
    let slashes = uri.match_indices('/').map(|(at, _)| at).filter(|at| *at >= path);
    let shorter: Vec<usize> = slashes.collect();
    // With the slash and without: both are in use.
    let ends = shorter.into_iter().rev().flat_map(|at| [at + 1, at]);
    let mut all: Vec<&str> =
        [uri.len()].into_iter().chain(ends).filter_map(|end| uri.get(..end)).collect();
    all.dedup();
    all.truncate(2 * MOST_PARTS);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_a_uri_are_the_parts_of_its_path() {
        for (uri, expected) in [
            (
                "http://x/a/b",
                vec!["http://x/a/b", "http://x/a/", "http://x/a", "http://x/", "http://x"],
            ),
            ("urn:oid:1.2", vec!["urn:oid:1.2"]),
            ("http://x/", vec!["http://x/", "http://x"]),
            ("http://x", vec!["http://x"]),
        ] {
            assert_eq!(above(uri), expected, "{uri}");
        }
        assert_eq!(above(&"/".repeat(2_000)).len(), 2 * MOST_PARTS);
    }
}
