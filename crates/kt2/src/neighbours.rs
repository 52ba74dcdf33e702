//! Whether a resource in hand meets conditions, with the other resources of its
//! domain as a transaction sees them: for subscriptions, which ask of each change,
//! and for what is in no index table. Chains are index look-ups of one reference
//! at a time, and the answers are those of the search in SQL.

use std::cell::{RefCell, RefMut};

use koppeltaal_core::search::{Condition, Qualifier, Target, Test, Values};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::DomainTx;

use crate::catalog::Catalog;
use crate::kept;
use crate::matches::{Neighbours, Subject, matches};

/// Whether a resource meets all of these. What needs no other resource is asked
/// first. Fails when the store does, or when a condition has too many alternatives.
pub fn meets(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    conditions: &[Condition],
    subject: &Subject<'_>,
) -> Result<bool> {
    let (linked, plain): (Vec<&Condition>, Vec<&Condition>) =
        conditions.iter().partition(|condition| is_linked(condition));
    let others = Others { asked: RefCell::new(Asked { tx, failed: None }), catalog };
    let is_met = plain.into_iter().chain(linked).all(|one| {
        // After a failure nothing is asked any more: the answer does not count.
        !others.has_failed() && matches(one, subject, &others)
    });
    match others.asked.into_inner().failed {
        Some(error) => Err(error),
        None => Ok(is_met),
    }
}

/// Whether a condition speaks of other resources.
pub fn is_linked(condition: &Condition) -> bool {
    match condition {
        Condition::RefersTo { .. } | Condition::ReferredBy { .. } => true,
        Condition::Not(inner) => is_linked(inner),
        Condition::AnyOf(_)
        | Condition::Id(_)
        | Condition::Origin(_)
        | Condition::Updated(_)
        | Condition::Words(..) => false,
    }
}

/// The other resources of the domain.
struct Others<'t, 'd> {
    catalog: &'t Catalog,
    asked: RefCell<Asked<'t, 'd>>,
}

/// The transaction, and why it answers no more.
struct Asked<'t, 'd> {
    tx: &'t mut DomainTx<'d>,
    failed: Option<Error>,
}

impl<'t, 'd> Others<'t, 'd> {
    fn has_failed(&self) -> bool {
        self.asked.borrow().failed.is_some()
    }

    /// Whether a resource of the target's type meets this and its conditions.
    fn any(&self, target: &Target, first: Condition) -> bool {
        let conditions: Vec<Condition> =
            std::iter::once(first).chain(target.conditions.iter().cloned()).collect();
        let mut asked: RefMut<'_, Asked<'t, 'd>> = self.asked.borrow_mut();
        match kept::any(asked.tx, self.catalog, &target.resource_type, &conditions) {
            Ok(is_there) => is_there,
            Err(error) => {
                asked.failed.get_or_insert(error);
                false
            }
        }
    }
}

impl Neighbours for Others<'_, '_> {
    fn is_there(&self, target: &Target, id: &str) -> bool {
        self.any(target, Condition::Id(vec![id.to_owned()]))
    }

    fn refers(&self, source: &Target, parameter: i64, reference: &str) -> bool {
        let value = Values::Is(reference.to_owned());
        let test = Test { parameter, value, qualifier: Qualifier::Any };
        self.any(source, Condition::AnyOf(vec![test]))
    }
}

#[cfg(test)]
mod tests;
