//! What the shapes of AuditEvents are found by, indexed once for each catalog: the
//! conditions that a shape decides are asked of it and not of its events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use koppeltaal_core::Result;
use koppeltaal_core::Timestamp;
use koppeltaal_core::search::{IndexRow, Words};
use koppeltaal_fhir::json;
use koppeltaal_store::DomainTx;
use koppeltaal_store::audit;

use super::KIND;
use super::numbers::Numbers;
use crate::catalog::Catalog;
use crate::matches::Subject;
use crate::origin;

/// Shapes that are remembered. A domain has 5,000 at most, and catalogs are shared.
const MOST: usize = 20_000;

/// The skeletons that a catalog has made of shapes, by their text: what a domain
/// calls them, and whether its transaction was committed, does not matter.
#[derive(Default)]
pub struct Skeletons {
    made: Mutex<HashMap<Arc<str>, Arc<Skeleton>>>,
    numbers: OnceLock<Numbers>,
}

/// A shape with what it is found by.
#[derive(Debug)]
pub struct Skeleton {
    /// The Device that its events come from; empty when they name none.
    pub origin: String,
    /// Its rows.
    pub rows: Vec<IndexRow>,
    words: Words,
}

impl Skeleton {
    fn of(shape: &str, catalog: &Catalog) -> Self {
        let Ok(node) = json::parse(shape.as_bytes()) else {
            return Self { origin: String::new(), rows: Vec::new(), words: Words::default() };
        };
        let indexed = catalog.index(&node, None);
        let origin = origin::only(&node).unwrap_or_default().to_owned();
        Self { origin, rows: indexed.rows, words: Words::default() }
    }

    /// As something that meets conditions.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            resource_type: KIND,
            id: "",
            origin: &self.origin,
            updated: Timestamp(0),
            rows: &self.rows,
            words: &self.words,
        }
    }
}

impl Skeletons {
    fn made(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Skeleton>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbers of the parameters that matter here.
    pub(super) fn numbers(&self, catalog: &Catalog) -> &Numbers {
        self.numbers.get_or_init(|| Numbers::of(catalog))
    }

    fn of(&self, shape: &Arc<str>, catalog: &Catalog) -> Arc<Skeleton> {
        if let Some(known) = self.made().get(shape) {
            return known.clone();
        }
        let skeleton = Arc::new(Skeleton::of(shape, catalog));
        let mut made = self.made();
        if made.len() >= MOST {
            made.clear();
        }
        made.insert(shape.clone(), skeleton.clone());
        skeleton
    }
}

/// The shapes of the domain, by their numbers.
pub fn skeletons(tx: &mut DomainTx<'_>, catalog: &Catalog) -> Result<Vec<(i64, Arc<Skeleton>)>> {
    let shapes = audit::shapes(tx)?;
    let of = |shape: audit::Shape| (shape.number, catalog.skeletons.of(&shape.json, catalog));
    Ok(shapes.into_iter().map(of).collect())
}
