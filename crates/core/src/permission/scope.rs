//! Permissions as the `scope` of an access token, and back.
//!
//! ```text
//! entry   = "system/" (Type | "*") "." letters [ "?resource-origin=" device *("," device) ]
//! letters = some of c r u d s, in this order
//! device  = "Device/" id | id
//! ```

use super::permissions::is_resource;
use super::{Operation, Operations, Origins, Permissions, Rule};
use crate::resource_type;
use crate::trace::is_fhir_id;

/// The scope of those who may do everything: shorter than 146 entries.
const EVERYTHING: &str = "system/*.cruds";

impl Permissions {
    /// Reads a scope. Entries of others (`openid`, `launch`, `user/…`) and
    /// entries that are malformed in any part give nothing.
    pub fn from_scope(scope: &str) -> Self {
        Self { rules: scope.split_ascii_whitespace().filter_map(rule).collect() }
    }

    /// The scope that a token carries, empty for no permissions. Rules for the
    /// resources of nobody are left out.
    pub fn to_scope(&self) -> String {
        if self.are_everything() {
            return EVERYTHING.to_owned();
        }
        let said = self.rules.iter().filter(|rule| !rule.origins.is_empty());
        said.map(Rule::to_string).collect::<Vec<_>>().join(" ")
    }

    fn are_everything(&self) -> bool {
        let of_all = || self.rules.iter().filter(|rule| rule.origins == Origins::All);
        resource_type::ALL.iter().all(|name| {
            Operation::ALL.iter().all(|o| of_all().any(|rule| rule.speaks_of(*o, name)))
        })
    }
}

fn rule(entry: &str) -> Option<Rule> {
    let (resource, rest) = entry.strip_prefix("system/")?.split_once('.')?;
    if !is_resource(resource) {
        return None;
    }
    let (letters, qualifier) = match rest.split_once('?') {
        Some((letters, qualifier)) => (letters, Some(qualifier)),
        None => (rest, None),
    };
    let origins = match qualifier {
        Some(qualifier) => devices(qualifier)?,
        None => Origins::All,
    };
    Some(Rule { resource: resource.to_owned(), operations: operations(letters)?, origins })
}

/// The operations of `letters`. An `s` alone gives none: searching is reading.
fn operations(letters: &str) -> Option<Operations> {
    let mut known = "cruds".chars();
    // Each letter is looked for behind the one before: that is the order.
    if !letters.chars().all(|letter| known.any(|next| next == letter)) {
        return None;
    }
    let operations: Operations = letters.chars().filter_map(Operation::from_letter).collect();
    (!operations.is_empty()).then_some(operations)
}

fn devices(qualifier: &str) -> Option<Origins> {
    let list = qualifier.strip_prefix("resource-origin=")?;
    let ids = list.split(',').map(|device| {
        let id = device.strip_prefix("Device/").unwrap_or(device);
        is_fhir_id(id).then(|| id.to_owned())
    });
    Some(Origins::of(ids.collect::<Option<Vec<_>>>()?))
}
