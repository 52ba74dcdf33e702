//! GET Other/{id}?code=StorageItem (spec 4).

use koppeltaal_core::audit::Action;
use koppeltaal_fhir::dstu1::StorageItem;
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_store::storage_item;

use super::{Item, Place, kept, owner, place, recorded, unknown};
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};

/// One item. Only its current version is kept: `version`, when it is named, must be that one.
pub async fn read(
    app: &App,
    call: &Call,
    caller: &Caller,
    id: &str,
    version: Option<&str>,
) -> Result<Answer, Refusal> {
    let item = match place(caller)? {
        Place::Here(_) => here(app, caller, id).await?,
        Place::At(provider) => provider.read(app, call, caller, id).await?,
    };
    if version.is_some_and(|version| item.version.as_deref() != Some(version)) {
        return Err(Refusal::not_found(format!(
            "StorageItem {id} is not of this version any more: only the newest is kept."
        )));
    }
    let patient = StorageItem::of(&item.node).and_then(StorageItem::patient).map(identity);
    let mut entry = recorded(app, call, caller, Action::Read, id, patient);
    entry.version.clone_from(&item.version);
    app.parts.audit_log.add(caller.domain.number, entry);
    Ok(Answer { location: Some(item.location(app)), ..Answer::tree(item.node) })
}

async fn here(app: &App, caller: &Caller, id: &str) -> Result<Item, Refusal> {
    let number = kept::number(id)?;
    let owner = owner(caller);
    let scope = app.parts.store.scope(&caller.domain);
    let found = scope.read(move |tx| storage_item::find(tx, &owner, number)).await?;
    let item = found.ok_or_else(|| unknown(id))?;
    Ok(kept::open(&kept::content_key(app, &caller.domain)?, item)?)
}
