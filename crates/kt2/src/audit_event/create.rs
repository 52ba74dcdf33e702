//! Create: what applications report of themselves (topic 012b). The event is a row of
//! the trail, which needs no other row to record it.

use http::{StatusCode, header};
use koppeltaal_core::audit::{Action, Entry, EventBody};
use koppeltaal_core::id::time_of_key;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::audit_event::split_resource;
use koppeltaal_fhir::r4::search::span;
use koppeltaal_store::resource::Stored;
use koppeltaal_store::{audit, definitions};

use super::KIND;
use crate::call::{Call, when_current};
use crate::content::{body, check, local};
use crate::create::written;
use crate::outcome::Refusal;
use crate::reply::Reply;
use crate::subscription::Watcher;
use crate::targets::dangling;

/// Adds an event to the trail by the definitions of the call; `None` when the domain
/// has others by now.
pub async fn attempt(call: &Call, device: &str, resource: &Node) -> Result<Option<Reply>, Refusal> {
    let warnings = check(call, KIND, resource)?;
    let references = local(&call.base, resource);
    let (instance, version) = (call.instance()?, call.catalog.version());
    let (ids, now) = (call.app.ids.clone(), call.app.clock.now());
    let entry = Entry {
        instance: Some(instance.instance.number),
        ..entry_of(resource, None, Entry::new(Action::Report, now, instance.name().to_owned()))
    };
    let indexed = call.catalog.index(resource, Some(&call.base));
    let watcher = Watcher::of(call).await?;
    // Its id is that of its row, which is not there yet.
    let looked = watcher.look(KIND, "", device, resource, &indexed);
    let (watching, device, content) = (watcher.clone(), device.to_owned(), body(resource));
    let stored = call
        .scope()
        .write(move |tx| {
            if let Some(dangling) = dangling(tx, &references)? {
                return Ok(Err(dangling));
            }
            let keys = audit::append(tx, &ids, std::slice::from_ref(&entry))?;
            let missing = || Error::internal("a row of the trail has a number");
            let key = keys.first().copied().ok_or_else(missing)?;
            let stored = Stored {
                key,
                stamp: key,
                resource_type: KIND,
                id: audit::event_id(key),
                version: 1,
                updated: time_of_key(key),
                deleted: false,
                origin: device.clone(),
                body: content.clone(),
            };
            let counter = definitions::require(tx, version)?;
            let told = watching.tell(tx, &looked, &stored, &indexed, counter)?;
            Ok(Ok((stored, told)))
        })
        .await;
    let Some((stored, told)) = when_current(stored)?.transpose()? else { return Ok(None) };
    watcher.done(&told);
    let url = call.version_url(KIND, &stored.id, stored.version);
    let reply = written(call, StatusCode::CREATED, &stored, warnings);
    Ok(Some(reply.with(header::LOCATION, url)))
}

/// The row of an event that comes from outside, on top of `entry`. Its ids of requests
/// are those that it names: of the request that brings it nothing is said.
pub fn entry_of(resource: &Node, id: Option<String>, entry: Entry) -> Entry {
    let made = split_resource(resource);
    let recorded = made.recorded.as_deref().and_then(span);
    let body = EventBody {
        shape: made.split.shape.into(),
        date: recorded.map_or(entry.recorded, |(first, _)| Timestamp(first)),
        content: made.split.content,
        keys: made.split.keys,
        id,
    };
    Entry {
        focal: made.split.focal,
        version: made.split.version,
        trace_id: made.trace_ids.into_iter().next(),
        request_id: made.request_ids.into_iter().next(),
        correlation_id: made.correlation_ids.into_iter().next(),
        resource: Some(body),
        ..entry
    }
}
