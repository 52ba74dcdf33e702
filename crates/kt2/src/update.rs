//! Update: the next version of a resource, made of the one that the caller saw
//! (FHIR R4, 3.1.0.4; K002-3).

use http::StatusCode;
use http::header::{self, HeaderMap};
use koppeltaal_core::permission::Operation;
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::definitions;
use koppeltaal_store::resource::{self, Stored, Updated};

use crate::call::{ATTEMPTS, Call, overtaken, when_current};
use crate::content::{check, check_type, is_same, ready, strip};
use crate::create::written;
use crate::if_match::{expected, stale};
use crate::outcome::{Issue, Refusal};
use crate::read::live;
use crate::record::{self, Author};
use crate::reply::Reply;
use crate::rules::subscription;
use crate::subscription::{Told, Watcher};
use crate::targets::dangling;
use crate::{access, origin, provisioned};

/// The resource that is to be updated, when the caller may do so and names the
/// current version: all that is known before the body is looked at.
pub async fn permit(
    call: &Call,
    kind: &'static str,
    id: &str,
    headers: &HeaderMap,
) -> Result<Stored, Refusal> {
    if kind == "AuditEvent" {
        access::require(call, Operation::Update, kind)?;
        return Err(Refusal::not_supported("AuditEvents are not allowed to be updated.")
            .with(header::ALLOW, "GET"));
    }
    let key = id.to_owned();
    let found = call.scope().read(move |tx| resource::read(tx, kind, &key)).await?;
    let found = live(call, access::decide(call, Operation::Update, kind, found)?)?;
    provisioned::check(call, &found)?;
    match expected(headers)? {
        None => Err(Refusal::bad_request(
            "required",
            "If-Match header is required on updates: name the version that you have read, as W/\"3\".",
        )
        .at("http.If-Match")),
        Some(version) if version != found.version => Err(stale(kind, found.version)),
        Some(_) => Ok(found),
    }
}

/// Answers `PUT [type]/[id]` for a caller whom [`permit`] gave `found`.
pub async fn update(call: &mut Call, found: Stored, mut resource: Node) -> Result<Reply, Refusal> {
    let kind = found.resource_type;
    check_type(kind, &resource)?;
    check_id(&found, &resource)?;
    strip(&mut resource);
    origin::keep(&mut resource, &found.origin)?;
    if kind == "Subscription" {
        let before = json::parse(found.render().as_bytes()).ok();
        subscription::accept(call, &mut resource, before.as_ref())?;
    }
    for _ in 0..ATTEMPTS {
        match attempt(call, &found, &resource).await? {
            Some(reply) => return Ok(reply),
            None => call.renew().await?,
        }
    }
    Err(overtaken().into())
}

/// Stores the next version by the definitions of the call; `None` when the domain
/// has others by now.
async fn attempt(call: &Call, found: &Stored, resource: &Node) -> Result<Option<Reply>, Refusal> {
    let kind = found.resource_type;
    let warnings = check(call, kind, resource)?;
    let content = ready(call, resource, warnings);
    let (ids, now) = (call.app.ids.clone(), call.app.clock.now());
    let (indexed, references) = (content.indexed, content.references);
    let body = match says_the_same(found, resource) {
        true => found.body.clone(),
        false => content.body,
    };
    let mut row = Author::of(call).row(record::Kind::Update, kind, &found.id);
    let (id, version) = (found.id.clone(), found.version);
    let definitions_version = call.catalog.version();
    let watcher = Watcher::of(call).await?;
    let looked = watcher.look(kind, &id, &found.origin, resource, &indexed);
    let watching = watcher.clone();
    let updated = call
        .scope()
        .write(move |tx| {
            if let Some(dangling) = dangling(tx, &references)? {
                return Ok(Err(dangling));
            }
            let updated =
                resource::update(tx, &ids, kind, &id, Some(version), &body, &indexed, now)?;
            let mut told = Told::default();
            if let Updated::Done(stored) | Updated::Unchanged(stored) = &updated {
                record::write(tx, &ids, &mut row, stored.version)?;
            }
            if let Updated::Done(stored) = &updated {
                let counter = definitions::require(tx, definitions_version)?;
                told = watching.tell(tx, &looked, stored, &indexed, counter)?;
            }
            Ok(Ok((updated, told)))
        })
        .await;
    let Some((updated, told)) = when_current(updated)?.transpose()? else { return Ok(None) };
    watcher.done(&told);
    match updated {
        Updated::Done(stored) | Updated::Unchanged(stored) => {
            let url = call.version_url(kind, &stored.id, stored.version);
            let reply = written(call, StatusCode::OK, &stored, content.warnings);
            Ok(Some(reply.with(header::CONTENT_LOCATION, url)))
        }
        Updated::Stale(current) => Err(stale(kind, current)),
        Updated::Deleted(deleted) => {
            Err(live(call, deleted).map_or_else(|refusal| refusal, |_| access::unknown(kind)))
        }
        Updated::Unknown => Err(access::unknown(kind)),
    }
}

/// Whether the content is that of the version before, in whatever order it is
/// written: then there is no new version.
fn says_the_same(found: &Stored, resource: &Node) -> bool {
    json::parse(found.render().as_bytes()).is_ok_and(|mut before| {
        strip(&mut before);
        is_same(&before, resource)
    })
}

/// The body names the resource that the URL names (FHIR R4, 3.1.0.4).
fn check_id(found: &Stored, resource: &Node) -> Result<(), Refusal> {
    let told = match resource.get("id").and_then(Node::as_str) {
        Some(id) if id == found.id => return Ok(()),
        Some(_) => "Can not update resource: the id in the body is not that of the URL.",
        None => "Can not update resource: the body must contain the id of the URL.",
    };
    Err(Refusal::of(StatusCode::BAD_REQUEST, vec![Issue::error("invalid", told).at("id")]))
}
