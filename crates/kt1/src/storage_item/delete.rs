//! DELETE Other/StorageItem:{id} (spec 4).

use koppeltaal_core::audit::Action;
use koppeltaal_store::storage_item;

use super::{Place, kept, owner, place, recorded};
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};

/// Removes an item; 204, as DSTU1 has it.
pub async fn delete(app: &App, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Refusal> {
    match place(caller)? {
        Place::Here(_) => {
            let number = kept::number(id)?;
            let owner = owner(caller);
            let audit = recorded(app, call, caller, Action::Delete, id, None);
            let ids = app.parts.ids.clone();
            let scope = app.parts.store.scope(&caller.domain);
            let deleted = scope
                .write(move |tx| storage_item::delete(tx, &ids, &owner, number, &audit))
                .await?;
            deleted.map_err(|refused| kept::refusal(app, refused, id))?;
        }
        Place::At(provider) => {
            let patient = provider.delete(app, call, caller, id).await?;
            let entry = recorded(app, call, caller, Action::Delete, id, patient.as_deref());
            provider.record(app, caller, entry).await?;
        }
    }
    Ok(Answer::nothing())
}
