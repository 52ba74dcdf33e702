//! StorageItems in this server: their JSON is sealed with a key of the domain and bound to the
//! number of the item, so that a copy of the store gives no content away.

use koppeltaal_auth::{ContentKey, SealKey};
use koppeltaal_core::audit::Entry;
use koppeltaal_core::directory::{Domain, Storage};
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_fhir::json;
use koppeltaal_store::Store;
use koppeltaal_store::storage_item::{self, Change, Draft, Limits};

use super::sent::Sent;
use super::{Item, conflict, unknown};
use crate::answer::Refusal;
use crate::app::Inner;
use crate::call::Caller;
use crate::feed::fine_instant;

/// Items about a patient in an application.
const MAX_ITEMS: i64 = 1000;
/// What they may take, in bytes.
const MAX_BYTES: i64 = 100 << 20;

/// The key over the items of a domain.
pub(super) fn content_key(app: &Inner, domain: &Domain) -> Result<ContentKey> {
    app.parts.seal.content_key(&purpose(domain))
}

/// What is written about an item that was sent, at `now`.
pub(super) fn change(
    app: &Inner,
    caller: &Caller,
    storage: &Storage,
    sent: &Sent,
    id: i64,
    now: Timestamp,
    audit: Entry,
) -> Result<(Change, String)> {
    let name = id.to_string();
    let text = json::render(&sent.filled(caller, Some(&name), Some(&fine_instant(now))));
    let content = content_key(app, &caller.domain)?.seal(text.as_bytes(), name.as_bytes())?;
    let draft = Draft {
        id,
        application: caller.application.number,
        patient: sent.patient.clone(),
        object_type: sent.object_type.clone(),
        object_key: sent.object_key.clone(),
        size: i64::try_from(text.len()).unwrap_or(i64::MAX),
        content,
    };
    let limits = Limits {
        items: MAX_ITEMS,
        bytes: MAX_BYTES,
        domain_bytes: storage.quota.map(|quota| i64::try_from(quota).unwrap_or(i64::MAX)),
    };
    Ok((Change { draft, limits, audit }, text))
}

/// The item, opened.
pub(super) fn open(key: &ContentKey, item: storage_item::Item) -> Result<Item> {
    let id = item.id.to_string();
    let text = key.open(item.content, id.as_bytes())?;
    let node = json::parse(&text).map_err(Error::internal)?;
    Ok(Item { id, version: Some(item.stamp.to_string()), node })
}

/// The number of an item in this server.
pub(super) fn number(id: &str) -> Result<i64, Refusal> {
    id.parse().ok().filter(|number| *number >= 0).ok_or_else(|| unknown(id))
}

/// Why an item was not changed, as the client is told.
pub(super) fn refusal(app: &Inner, refused: storage_item::Refusal, id: &str) -> Refusal {
    match refused {
        storage_item::Refusal::Unknown => unknown(id),
        storage_item::Refusal::Duplicate => duplicate(),
        storage_item::Refusal::OtherPatient => other_patient(),
        storage_item::Refusal::VersionConflict(current) => {
            outdated(app, id, Some(&current.to_string()))
        }
    }
}

/// The patient has an item with this type and key.
pub(super) fn duplicate() -> Refusal {
    conflict(
        "duplicate",
        "This application has another StorageItem about this patient with this ObjectType and ObjectKey.",
    )
}

/// An item stays with its patient.
pub(super) fn other_patient() -> Refusal {
    Refusal::from(Error::Unprocessable(
        "A StorageItem stays with its patient: delete it and create another.".to_owned(),
    ))
}

/// The version that the client knows is not the current one.
pub(super) fn outdated(app: &Inner, id: &str, current: Option<&str>) -> Refusal {
    let mut refusal = conflict("conflict", "The specified resource version is not correct");
    for issue in &mut refusal.issues {
        *issue = issue
            .clone()
            .with_resource(app.links.storage_item(id, None))
            .with_location(app.links.storage_item(id, current));
    }
    refusal
}

/// Whether this seal key opens the items of a domain; `None` when it has none.
pub async fn opens(store: &Store, seal: &SealKey, domain: &Domain) -> Result<Option<bool>> {
    let Some(item) = store.scope(domain).read(storage_item::any).await? else {
        return Ok(None);
    };
    Ok(Some(open(&seal.content_key(&purpose(domain))?, item).is_ok()))
}

fn purpose(domain: &Domain) -> String {
    format!("storage item/{}", domain.name)
}
