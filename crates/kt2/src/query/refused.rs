//! Parameters of the standard that this server does not have, refused by name:
//! to ignore them would give another answer than the one that was asked for.

use crate::outcome::Issue;

const REFUSED: [&str; 6] =
    ["_contained", "_containedType", "_list", "_offset", "_query", "_filter"];

/// Refuses what is not supported; `_type` is fine where it repeats the type.
pub fn check(resource_type: &str, name: &str, value: &str) -> Result<(), Issue> {
    let code = name.split([':', '.']).next().unwrap_or_default();
    if REFUSED.contains(&code) {
        let told = match code {
            "_offset" => "`_offset` is not supported: follow the links of the answer.".to_owned(),
            _ => format!("`{code}` is not supported."),
        };
        return Err(Issue::error("not-supported", told));
    }
    if code == "_type" && value != resource_type {
        let told = format!("`_type` may only repeat the type that is searched, {resource_type}.");
        return Err(Issue::error("not-supported", told));
    }
    Ok(())
}
