//! POST Other?code=StorageItem (spec 4).

use http::StatusCode;
use koppeltaal_core::audit::Action;
use koppeltaal_core::directory::Storage;
use koppeltaal_store::storage_item;

use super::provider::Provider;
use super::sent::Sent;
use super::{Place, kept, place, recorded};
use crate::answer::{Answer, Content, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};

/// Keeps a new item.
pub async fn create(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    let place = place(caller)?;
    let sent = Sent::read(call, caller).await?;
    match place {
        Place::Here(storage) => here(app, call, caller, storage, &sent).await,
        Place::At(provider) => at(app, call, caller, &provider, &sent).await,
    }
}

async fn here(
    app: &App,
    call: &Call,
    caller: &Caller,
    storage: &Storage,
    sent: &Sent,
) -> Result<Answer, Refusal> {
    let (ids, now) = (app.parts.ids.clone(), app.now());
    let number = ids.key(now);
    let id = number.to_string();
    let audit = recorded(app, call, caller, Action::Create, &id, Some(&sent.patient));
    let (change, text) = kept::change(app, caller, storage, sent, number, now, audit)?;
    let stored = app
        .parts
        .store
        .scope(&caller.domain)
        .write(move |tx| storage_item::create(tx, &ids, now, &change))
        .await?;
    let stamp = stored.map_err(|refused| kept::refusal(app, refused, &id))?;
    Ok(Answer {
        status: StatusCode::CREATED,
        content: Content::Json(text),
        location: Some(app.links.storage_item(&id, Some(&stamp.to_string()))),
        written: true,
    })
}

async fn at(
    app: &App,
    call: &Call,
    caller: &Caller,
    provider: &Provider<'_>,
    sent: &Sent,
) -> Result<Answer, Refusal> {
    let item = provider.create(app, call, caller, sent).await?;
    let mut entry = recorded(app, call, caller, Action::Create, &item.id, Some(&sent.patient));
    entry.version.clone_from(&item.version);
    provider.record(app, caller, entry).await?;
    Ok(Answer {
        status: StatusCode::CREATED,
        location: Some(item.location(app)),
        written: true,
        ..Answer::tree(item.node)
    })
}
