//! Create: a new resource, whose id the server gives (FHIR R4, 3.1.0.8).

use http::StatusCode;
use http::header::{self, HeaderMap};
use koppeltaal_fhir::Node;
use koppeltaal_store::definitions;
use koppeltaal_store::resource::{self, New, Stored};
use uuid::Uuid;

use crate::call::{ATTEMPTS, Call, overtaken, when_current};
use crate::content::{check, check_type, ready, strip};
use crate::negotiate::Returns;
use crate::outcome::{Issue, Refusal};
use crate::record::{self, Author};
use crate::reply::Reply;
use crate::rules::subscription;
use crate::subscription::Watcher;
use crate::targets::dangling;
use crate::{access, audit_event, origin};

/// Refuses what cannot be created, before the body is looked at.
pub fn permit(call: &Call, kind: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    access::require_create(call, kind)?;
    match headers.contains_key("if-none-exist") {
        true => Err(Refusal::bad_request("not-supported", "Conditional create is not supported.")
            .at("http.If-None-Exist")),
        false => Ok(()),
    }
}

/// Answers `POST [type]` for a caller whom [`permit`] let through.
pub async fn create(
    call: &mut Call,
    kind: &'static str,
    mut resource: Node,
) -> Result<Reply, Refusal> {
    check_type(kind, &resource)?;
    let device = call.instance()?.instance.client_id.clone();
    strip(&mut resource);
    origin::inject(&mut resource, &device)?;
    if kind == "Subscription" {
        subscription::accept(call, &mut resource, None)?;
    }
    for _ in 0..ATTEMPTS {
        let done = match kind {
            audit_event::KIND => audit_event::attempt(call, &device, &resource).await?,
            _ => attempt(call, kind, &device, &resource).await?,
        };
        match done {
            Some(reply) => return Ok(reply),
            None => call.renew().await?,
        }
    }
    Err(overtaken().into())
}

/// Creates the resource by the definitions of the call; `None` when the domain has
/// others by now.
async fn attempt(
    call: &Call,
    kind: &'static str,
    device: &str,
    resource: &Node,
) -> Result<Option<Reply>, Refusal> {
    let warnings = check(call, kind, resource)?;
    let content = ready(call, resource, warnings);
    let id = Uuid::new_v4().to_string();
    let (ids, now) = (call.app.ids.clone(), call.app.clock.now());
    let (body, indexed, references) = (content.body, content.indexed, content.references);
    let (device, definitions_version) = (device.to_owned(), call.catalog.version());
    let mut row = Author::of(call).row(record::Kind::Create, kind, &id);
    let watcher = Watcher::of(call).await?;
    let looked = watcher.look(kind, &id, &device, resource, &indexed);
    let watching = watcher.clone();
    let stored = call
        .scope()
        .write(move |tx| {
            if let Some(dangling) = dangling(tx, &references)? {
                return Ok(Err(dangling));
            }
            let new = New {
                resource_type: kind,
                id: &id,
                origin: &device,
                body: &body,
                indexed: &indexed,
            };
            let stored = resource::create(tx, &ids, &new, now)?;
            record::write(tx, &ids, &mut row, stored.version)?;
            let counter = definitions::require(tx, definitions_version)?;
            let told = watching.tell(tx, &looked, &stored, &indexed, counter)?;
            Ok(Ok((stored, told)))
        })
        .await;
    let Some((stored, told)) = when_current(stored)?.transpose()? else { return Ok(None) };
    watcher.done(&told);
    let url = call.version_url(kind, &stored.id, stored.version);
    let reply = written(call, StatusCode::CREATED, &stored, content.warnings);
    Ok(Some(reply.with(header::LOCATION, url)))
}

/// The answer to a write: what the caller prefers to see (FHIR R4, 3.1.0.1.8).
pub fn written(call: &Call, status: StatusCode, stored: &Stored, warnings: Vec<Issue>) -> Reply {
    let reply = match call.wants.returns {
        Returns::Minimal => Reply::empty(status),
        Returns::Representation => Reply::text(status, stored.render()),
        Returns::OperationOutcome => {
            let done =
                format!("{} {} has version {}.", stored.resource_type, stored.id, stored.version);
            let issues: Vec<Issue> =
                std::iter::once(Issue::information(done)).chain(warnings).collect();
            Reply::outcome(status, &issues)
        }
    };
    reply.of_version(stored)
}
