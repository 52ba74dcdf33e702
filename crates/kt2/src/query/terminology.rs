//! Tokens by their meaning: `:in` and `:not-in` a value set, `:above` and
//! `:below` a concept, as far as the definitions at hand can tell (FHIR R4,
//! Search, 3.1.1.4.10).

use std::collections::HashSet;

use koppeltaal_core::search::{Condition, Qualifier, Test, Values};
use koppeltaal_fhir::r4::definition::CodeSystem;
use koppeltaal_fhir::r4::search::{cap, hash};

use super::asked::Asked;
use super::value::{shown, split, unescape};
use crate::outcome::Issue;

/// Codes that one parameter may stand for.
const MOST_CODES: usize = 256;

/// Which way a hierarchy is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To broader concepts.
    Up,
    /// To narrower ones.
    Down,
}

/// The codes of a value set. Of one that is not large a code without a system
/// counts too, as elements of type `code` need it.
pub fn members(asked: &Asked<'_>) -> Result<Condition, Issue> {
    let number = asked.numbers().own;
    asked.any_of(|value| {
        let url = unescape(value);
        let set = asked.context.catalog.definitions().value_set(&url);
        let Some(set) = set.filter(|set| set.is_enumerated()) else {
            let told = format!(
                "The codes of value set `{}` cannot be counted out here, so `{}` cannot be \
                 compared with it.",
                shown(&url),
                asked.code()
            );
            return Err(Issue::error("not-supported", told));
        };
        let with_system = set.codes().map(|(system, code)| one(number, code, hash(system)));
        let mut tests: Vec<Test> = with_system.take(MOST_CODES + 1).collect();
        let is_implied = asked.parameter.token_system().is_some();
        if !is_implied && tests.len() <= MOST_CODES / 2 {
            tests.extend(set.codes().map(|(_, code)| one(number, code, 0)));
        }
        not_too_many(asked, tests)
    })
}

/// A concept and all that are broader or narrower.
pub fn hierarchy(asked: &Asked<'_>, way: Way) -> Result<Condition, Issue> {
    let number = asked.numbers().own;
    asked.any_of(|value| {
        let parts: Vec<_> = split(value, '|').into_iter().map(unescape).collect();
        let [url, code] = parts.as_slice() else {
            return Err(asked.bad(value, "`system|code`"));
        };
        let system = asked.context.catalog.definitions().code_system(url);
        let has_parents = |system: &&CodeSystem| {
            system.concepts().iter().any(|concept| !concept.parents.is_empty())
        };
        let known = system.filter(has_parents).filter(|system| system.concept(code).is_some());
        let Some(system) = known else {
            let told = format!(
                "The hierarchy of `{}` in code system `{}` is not known here, so `:{}` cannot \
                 be answered.",
                shown(code),
                shown(url),
                asked.modifier.unwrap_or_default()
            );
            return Err(Issue::error("not-supported", told));
        };
        let qualifier = hash(&system.url);
        let codes = related(system, code, way).into_iter().take(MOST_CODES + 1);
        not_too_many(asked, codes.map(|code| one(number, code, qualifier)).collect())
    })
}

fn one(parameter: i64, code: &str, system: i64) -> Test {
    let value = Values::Is(cap(code).into_owned());
    Test { parameter, value, qualifier: Qualifier::Is(system) }
}

fn not_too_many(asked: &Asked<'_>, tests: Vec<Test>) -> Result<Vec<Test>, Issue> {
    if tests.len() <= MOST_CODES {
        return Ok(tests);
    }
    let told = format!("`{}` stands for too many codes.", asked.code());
    Err(Issue::error("too-costly", told))
}

/// The code and all above or below it, each once.
fn related<'a>(system: &'a CodeSystem, code: &'a str, way: Way) -> Vec<&'a str> {
    let mut seen = HashSet::from([code]);
    let mut found = vec![code];
    let mut at = 0;
    while let Some(code) = found.get(at).copied() {
        at += 1;
        let next: Vec<&str> = match way {
            Way::Up => {
                let concept = system.concept(code).into_iter();
                concept.flat_map(|concept| &concept.parents).map(|parent| &**parent).collect()
            }
            Way::Down => {
                let is_child = |parents: &[Box<str>]| parents.iter().any(|one| **one == *code);
                let children = system.concepts().iter().filter(|one| is_child(&one.parents));
                children.map(|concept| &*concept.code).collect()
            }
        };
        found.extend(next.into_iter().filter(|code| seen.insert(*code)));
    }
    found
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::r4::definition::Concept;

    use super::*;

    #[test]
    fn concepts_are_found_upwards_and_downwards_even_in_a_circle() {
        let mut system = CodeSystem::new("http://s");
        for (code, parents) in [
            ("a", vec!["e"]),
            ("b", vec!["a"]),
            ("c", vec!["a"]),
            ("d", vec!["b", "c"]),
            ("e", vec!["d"]),
        ] {
            let parents = parents.into_iter().map(Box::from).collect();
            system.push(Concept { code: code.into(), display: None, parents });
        }
        assert_eq!(related(&system, "d", Way::Up), ["d", "b", "c", "a", "e"]);
        assert_eq!(related(&system, "d", Way::Down), ["d", "e", "a", "b", "c"]);
        let mut tree = CodeSystem::new("http://t");
        for (code, parents) in [("x", vec![]), ("y", vec!["x"]), ("z", vec!["y"])] {
            let parents = parents.into_iter().map(Box::from).collect();
            tree.push(Concept { code: code.into(), display: None, parents });
        }
        assert_eq!(related(&tree, "y", Way::Up), ["y", "x"]);
        assert_eq!(related(&tree, "y", Way::Down), ["y", "z"]);
    }
}
