//! PUT Other/{id}?code=StorageItem (spec 4). The version that the client knows, if it names one in
//! the URL or in `Content-Location`, must be the current one.

use koppeltaal_core::audit::Action;
use koppeltaal_core::directory::Storage;
use koppeltaal_fhir::dstu1::reference::split_version;
use koppeltaal_store::storage_item;

use super::provider::Provider;
use super::sent::Sent;
use super::{Place, kept, owner, place, recorded};
use crate::answer::{Answer, Content, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};

/// Replaces an item.
pub async fn update(
    app: &App,
    call: &Call,
    caller: &Caller,
    id: &str,
    version: Option<String>,
) -> Result<Answer, Refusal> {
    let place = place(caller)?;
    let sent = Sent::read(call, caller).await?;
    let named = || split_version(call.content_location.as_deref()?).1.map(String::from);
    let version = version.or_else(named);
    match place {
        Place::Here(storage) => here(app, call, caller, storage, id, version, &sent).await,
        Place::At(provider) => at(app, call, caller, &provider, id, version, &sent).await,
    }
}

async fn here(
    app: &App,
    call: &Call,
    caller: &Caller,
    storage: &Storage,
    id: &str,
    version: Option<String>,
    sent: &Sent,
) -> Result<Answer, Refusal> {
    let number = kept::number(id)?;
    let (ids, now) = (app.parts.ids.clone(), app.now());
    let audit = recorded(app, call, caller, Action::Update, id, Some(&sent.patient));
    let (change, text) = kept::change(app, caller, storage, sent, number, now, audit)?;
    let owner = owner(caller);
    let stored = app
        .parts
        .store
        .scope(&caller.domain)
        .write(move |tx| storage_item::update(tx, &ids, now, &owner, version.as_deref(), &change))
        .await?;
    let stamp = stored.map_err(|refused| kept::refusal(app, refused, id))?;
    let location = app.links.storage_item(&number.to_string(), Some(&stamp.to_string()));
    Ok(Answer {
        content: Content::Json(text),
        location: Some(location),
        written: true,
        ..Answer::json(String::new())
    })
}

async fn at(
    app: &App,
    call: &Call,
    caller: &Caller,
    provider: &Provider<'_>,
    id: &str,
    version: Option<String>,
    sent: &Sent,
) -> Result<Answer, Refusal> {
    let item = provider.update(app, call, caller, id, version, sent).await?;
    let mut entry = recorded(app, call, caller, Action::Update, id, Some(&sent.patient));
    entry.version.clone_from(&item.version);
    provider.record(app, caller, entry).await?;
    Ok(Answer { location: Some(item.location(app)), written: true, ..Answer::tree(item.node) })
}
