//! All definitions that are in force: the core, and what profiles or a domain's package lay over
//! it. Immutable; clones and overlays share the definitions themselves.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::canonical::{CORE_STRUCTURE, canonical_url};
use super::{CodeSystem, Overlay, SearchParameter, Structure, ValueSet};

/// All definitions that are in force.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// By canonical URL.
    structures: HashMap<String, Arc<Structure>>,
    /// By the name that follows [`CORE_STRUCTURE`]: `Patient`, also `SimpleQuantity`.
    types: HashMap<String, Arc<Structure>>,
    value_sets: HashMap<String, Arc<ValueSet>>,
    code_systems: HashMap<String, Arc<CodeSystem>>,
    /// By base, sorted by code.
    search: HashMap<String, Vec<Arc<SearchParameter>>>,
}

/// The code system whose codes are the names of all types of resource.
const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";

/// Resources that are not DomainResources, so that `_text` is not for them.
const PLAIN_RESOURCES: [&str; 3] = ["Binary", "Bundle", "Parameters"];

impl Definitions {
    /// FHIR R4 4.0.1 as far as the service needs it. Read once, on first use.
    pub fn core() -> &'static Definitions {
        static CORE: OnceLock<Definitions> = OnceLock::new();
        // The tables are part of the program and a test reads them, so this cannot fail.
        CORE.get_or_init(|| super::core::read().unwrap_or_default())
    }

    /// The structure with this canonical URL (`|version` is not looked at) or, as `Patient`, the
    /// type of the standard with this name.
    pub fn structure(&self, url_or_type_name: &str) -> Option<&Structure> {
        let shared = match self.types.get(url_or_type_name) {
            Some(found) => found,
            None => self.structures.get(canonical_url(url_or_type_name))?,
        };
        Some(shared)
    }

    /// The value set with this canonical URL; `|version` is not looked at.
    pub fn value_set(&self, url: &str) -> Option<&ValueSet> {
        self.value_sets.get(canonical_url(url)).map(|shared| &**shared)
    }

    /// The code system with this canonical URL; `|version` is not looked at.
    pub fn code_system(&self, url: &str) -> Option<&CodeSystem> {
        self.code_systems.get(canonical_url(url)).map(|shared| &**shared)
    }

    /// The search parameters for a type: its own, then those of all resources, each group sorted
    /// by code. A type's own parameter comes before one with the same code for all.
    pub fn search_parameters(&self, resource_type: &str) -> impl Iterator<Item = &SearchParameter> {
        let is_domain_resource = !PLAIN_RESOURCES.contains(&resource_type);
        [Some(resource_type), is_domain_resource.then_some("DomainResource"), Some("Resource")]
            .into_iter()
            .flatten()
            .filter_map(|base| self.search.get(base))
            .flatten()
            .map(|shared| &**shared)
    }

    /// The search parameter that a URL calls `code`.
    pub fn search_parameter(&self, resource_type: &str, code: &str) -> Option<&SearchParameter> {
        self.search_parameters(resource_type).find(|parameter| parameter.code == code)
    }

    /// The search parameter with this canonical URL, as composites name their parts. Walks all of
    /// them: not for the hot path.
    pub fn search_parameter_by_url(&self, url: &str) -> Option<&SearchParameter> {
        let url = canonical_url(url);
        self.search.values().flatten().map(|shared| &**shared).find(|p| p.url == url)
    }

    /// Does R4 know a type of resource with this name, also one without a structure here?
    pub fn is_resource_type(&self, name: &str) -> bool {
        self.code_systems.get(RESOURCE_TYPES).is_some_and(|system| system.concept(name).is_some())
    }

    /// Is `type_name` the type `ancestor` or built on it? `Age` is a `Quantity`.
    pub fn is_a(&self, type_name: &str, ancestor: &str) -> bool {
        let mut at = type_name;
        // No chain of the standard is longer; a cycle in a package ends here.
        for _ in 0..16 {
            if at == ancestor {
                return true;
            }
            match self.structure(at).and_then(|structure| structure.base.as_deref()) {
                Some(base) => at = base.strip_prefix(CORE_STRUCTURE).unwrap_or(base),
                None => return false,
            }
        }
        false
    }

    /// All structures, in no order.
    pub fn structures(&self) -> impl Iterator<Item = &Structure> {
        self.structures.values().map(|shared| &**shared)
    }

    /// All value sets, in no order.
    pub fn value_sets(&self) -> impl Iterator<Item = &ValueSet> {
        self.value_sets.values().map(|shared| &**shared)
    }

    /// All code systems, in no order.
    pub fn code_systems(&self) -> impl Iterator<Item = &CodeSystem> {
        self.code_systems.values().map(|shared| &**shared)
    }

    /// These definitions with more on top: what has the same URL is replaced.
    #[must_use]
    pub fn with(&self, more: Overlay) -> Definitions {
        let mut all = self.clone();
        for structure in more.structures {
            let structure = Arc::new(structure);
            if let Some(name) = structure.url.strip_prefix(CORE_STRUCTURE) {
                all.types.insert(name.to_owned(), Arc::clone(&structure));
            }
            all.structures.insert(structure.url.clone(), structure);
        }
        for value_set in more.value_sets {
            all.value_sets.insert(value_set.url.clone(), Arc::new(value_set));
        }
        for code_system in more.code_systems {
            all.code_systems.insert(code_system.url.clone(), Arc::new(code_system));
        }
        for parameter in more.search_parameters {
            for listed in all.search.values_mut() {
                listed.retain(|old| old.url != parameter.url);
            }
            let parameter = Arc::new(parameter);
            for base in &parameter.base {
                let listed = all.search.entry(base.clone()).or_default();
                let at = listed.partition_point(|old| old.code < parameter.code);
                listed.insert(at, Arc::clone(&parameter));
            }
        }
        all
    }
}
