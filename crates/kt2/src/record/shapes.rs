//! The shapes of events about one resource, made once: for each request of a plain
//! read nothing is put together but a row.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use koppeltaal_fhir::r4::audit_event::Outcome;

use super::kind::Kind;

/// More than the instances, interactions and types of an installation give.
const MOST: usize = 20_000;

/// What the shape of an event about one resource depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The number of the domain.
    pub domain: i64,
    /// The Device of who calls.
    pub device: String,
    /// What was asked for.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// The type of the entity.
    pub resource_type: &'static str,
}

/// The shapes that were made.
#[derive(Default)]
pub struct Shapes(RwLock<HashMap<Key, Arc<str>>>);

impl Shapes {
    /// The shape of such events.
    pub(super) fn of(&self, key: Key, make: impl FnOnce() -> String) -> Arc<str> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let shape: Arc<str> = make().into();
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key, shape.clone());
        shape
    }
}
