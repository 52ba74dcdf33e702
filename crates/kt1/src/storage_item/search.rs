//! GET Other?code=StorageItem&… (spec 4): by patient, id, type, key and time of the last change.

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_store::storage_item::{self, Found as Page, Owner, Search};

use super::criteria::Criteria;
use super::provider::Provider;
use super::{Item, Place, kept, place};
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::feed::{self, Found, Paging};
use koppeltaal_core::Error;

/// A page ends before an item that would make it larger than this.
const PAGE_BYTES: i64 = 8 << 20;

/// Lists items with their content, the longest unchanged first unless it is asked otherwise.
pub async fn search(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    let place = place(caller)?;
    let criteria = Criteria::read(&call.query)?;
    let patient = caller.narrowed(call.query.get("patient"))?;
    let found = match place {
        Place::Here(_) => here(app, call, caller, criteria, patient.clone()).await?,
        Place::At(provider) => at(app, call, caller, &provider, patient.as_deref()).await?,
    };
    let entry = Entry {
        patient,
        detail: Some(format!("{} StorageItems", found.entry.len())),
        ..call.audit(Action::Search, caller)
    };
    app.parts.audit_log.add(caller.domain.number, entry);
    Ok(Answer::tree(feed::bundle(app, call, found)))
}

async fn here(
    app: &App,
    call: &Call,
    caller: &Caller,
    criteria: Criteria,
    patient: Option<String>,
) -> Result<Found, Refusal> {
    let (count, page) = (feed::count(call), feed::page(call));
    let asked = storage_item::Page {
        count,
        bytes: PAGE_BYTES,
        offset: (page - 1).saturating_mul(count),
        after: call.query.get(feed::AFTER).and_then(position),
    };
    // An id that no item here can have finds none.
    let id = criteria.id.as_deref().map(|id| kept::number(id).unwrap_or(-1));
    let wanted = Search {
        owner: Owner { application: caller.application.number, patient },
        id,
        object_type: criteria.object_type,
        keys: criteria.keys,
        from: criteria.from,
        until: criteria.until,
        is_descending: criteria.is_descending,
    };
    let scope = app.parts.store.scope(&caller.domain);
    let Page { items, more, total } =
        scope.read(move |tx| storage_item::search(tx, &wanted, asked)).await?;
    let last = items.last().map(|item| (item.changed, item.id));
    let next =
        last.filter(|_| more).map(|(changed, id)| format!("{}={}.{id}", feed::AFTER, changed.0));
    let key = kept::content_key(app, &caller.domain)?;
    // A page can be large: it is opened beside the runtime, so that nobody waits for it.
    let open = move || {
        items.into_iter().map(|item| kept::open(&key, item)).collect::<Result<Vec<Item>, Error>>()
    };
    let items = tokio::task::spawn_blocking(open).await.map_err(Error::internal)??;
    let entry = items.into_iter().map(|item| item.into_entry(app)).collect();
    Ok(Found { collection: "Other", entry, total, paging: Some(Paging { page, count, next }) })
}

/// The last item of the page before: when it changed, and its number.
fn position(text: &str) -> Option<(Timestamp, i64)> {
    let (changed, id) = text.split_once('.')?;
    Some((Timestamp(changed.parse().ok()?), id.parse().ok()?))
}

async fn at(
    app: &App,
    call: &Call,
    caller: &Caller,
    provider: &Provider<'_>,
    patient: Option<&str>,
) -> Result<Found, Refusal> {
    let page = feed::page(call);
    let found = provider.search(app, call, caller, patient).await?;
    let total = found.total;
    let entry = found.items.into_iter().map(|item| item.into_entry(app)).collect();
    let paging = Some(Paging { page, count: found.count, next: found.next });
    Ok(Found { collection: "Other", entry, total, paging })
}
