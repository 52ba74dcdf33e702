//! Switching a Subscription off: all that an operator may change of one (decision on
//! acceptance). Its owner sees the version that says so, and switches it on again.

use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::resource::{self, Stored, Updated};
use koppeltaal_store::{audit, definitions, directory};

use super::Operator;
use super::confidential::parsed;
use crate::content::{body, strip};
use crate::subscription::Subscriptions;

const KIND: &str = "Subscription";

/// Switches the Subscription with this id off; its version that says so, the current
/// one when it is off already. `None`: the domain has no such Subscription.
///
/// Fails with [`Error::PreconditionFailed`] when somebody else changes it, or the
/// definitions, meanwhile.
pub async fn switch_off(operator: &Operator, id: &str) -> Result<Option<Stored>> {
    let (scope, key) = (operator.scope(), id.to_owned());
    let found = scope.read(move |tx| resource::read(tx, KIND, &key)).await?;
    let Some(found) = found.filter(|found| !found.deleted) else { return Ok(None) };
    let mut node = parsed(&found)?;
    if let Some(members) = node.as_object_mut() {
        members.insert("status", "off");
    }
    let catalog = operator.catalog().await?;
    let indexed = catalog.index(&node, Some(&operator.base));
    strip(&mut node);
    let body = body(&node);
    let directory = Arc::new(operator.store.read(directory::load).await?);
    let watcher = operator.watcher(&Subscriptions::default(), &directory, &catalog).await?;
    let looked = watcher.look(KIND, id, &found.origin, &node, &indexed);
    let entry = Entry {
        focal: Some(operator.url(&format!("{KIND}/{id}"))),
        detail: Some("switched off".to_owned()),
        ..operator.entry(Action::Administration)
    };
    let (ids, now, definitions_version) =
        (operator.ids.clone(), operator.clock.now(), catalog.version());
    let switched = scope
        .write(move |tx| {
            let (id, expected) = (&found.id, Some(found.version));
            match resource::update(tx, &ids, KIND, id, expected, &body, &indexed, now)? {
                Updated::Done(stored) => {
                    let version = Some(stored.version.to_string());
                    audit::append(tx, &ids, &[Entry { version, ..entry.clone() }])?;
                    let counter = definitions::require(tx, definitions_version)?;
                    watcher.tell(tx, &looked, &stored, &indexed, counter)?;
                    Ok(stored)
                }
                Updated::Unchanged(stored) => Ok(stored),
                _ => Err(Error::PreconditionFailed(format!(
                    "Subscription/{id} changed meanwhile; try again"
                ))),
            }
        })
        .await?;
    Ok(Some(switched))
}
