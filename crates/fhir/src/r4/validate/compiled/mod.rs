//! Definitions made ready for validation: names resolved to numbers, invariants parsed, tests of
//! slices worked out. A structure is made ready when it is first needed, and once.

mod constraint;
mod discriminator;
mod path;
mod plan;

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

pub use constraint::Invariant;
pub use discriminator::{Test, Want};
pub use path::{Hit, Path};
pub use plan::{Plan, Rule, Slice, Slices, TypePlan};

use crate::r4::definition::{
    CORE_STRUCTURE, Definitions, Derivation, Kind, canonical_url, canonical_version,
};

/// Definitions made ready for validation. Shared by all validations; replaced as a whole when a
/// domain gets other definitions.
pub struct Compiled {
    definitions: Definitions,
    numbers: HashMap<String, usize>,
    entries: Vec<Entry>,
}

struct Entry {
    url: String,
    plan: OnceLock<Plan>,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("structures", &self.entries.len()).finish_non_exhaustive()
    }
}

impl Compiled {
    /// Takes the definitions; nothing is compiled yet.
    pub fn new(definitions: Definitions) -> Compiled {
        let mut urls: Vec<String> = definitions.structures().map(|s| s.url.clone()).collect();
        urls.sort_unstable();
        let mut numbers = HashMap::with_capacity(urls.len() * 2);
        for (number, url) in urls.iter().enumerate() {
            numbers.insert(url.clone(), number);
            if let Some(name) = url.strip_prefix(CORE_STRUCTURE) {
                numbers.insert(name.to_owned(), number);
            }
        }
        let entries = urls.into_iter().map(|url| Entry { url, plan: OnceLock::new() }).collect();
        Compiled { definitions, numbers, entries }
    }

    /// The definitions.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Is there a structure with this canonical URL, in the version that it may name?
    pub fn is_known(&self, url: &str) -> bool {
        self.number(url).is_some() && self.other_version(url).is_none()
    }

    /// The version that the structure with this canonical URL has, when the URL names another one.
    /// A structure that says none is taken for every version.
    pub fn other_version(&self, url: &str) -> Option<&str> {
        let wanted = canonical_version(url)?;
        let known = self.definitions.structure(url)?.version.as_deref()?;
        (known != wanted).then_some(known)
    }

    /// Is there a profile on this type of resource? Then its resources are to name one.
    pub fn has_profile_for(&self, resource_type: &str) -> bool {
        self.definitions.structures().any(|structure| {
            structure.kind == Kind::Resource
                && structure.derivation == Derivation::Constraint
                && structure.type_name == resource_type
        })
    }

    /// The number of the structure with this canonical URL, or of the type with this name.
    pub(super) fn number(&self, url_or_type_name: &str) -> Option<usize> {
        let found = self.numbers.get(url_or_type_name);
        found.or_else(|| self.numbers.get(canonical_url(url_or_type_name))).copied()
    }

    /// The structure with a number that [`Compiled::number`] gave.
    pub(super) fn plan(&self, number: usize) -> Option<&Plan> {
        let entry = self.entries.get(number)?;
        Some(entry.plan.get_or_init(|| Plan::new(&entry.url, self)))
    }

    /// The structure with this canonical URL, or the type with this name.
    pub(super) fn named(&self, url_or_type_name: &str) -> Option<&Plan> {
        self.plan(self.number(url_or_type_name)?)
    }
}
