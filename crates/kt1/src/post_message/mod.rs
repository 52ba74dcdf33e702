//! POST Mailbox: a message is checked, its resources are versioned, and every
//! subscribed instance gets a copy (spec 3). The order of the checks is that of
//! the standard; nothing is stored unless all of them pass.

mod check;
mod header;
mod prepare;
mod respond;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::versioning::Decision;
use koppeltaal_fhir::dstu1::{Bundle, Issue};
use koppeltaal_store::mailbox::{self, Accepted, Conflict, Incoming};

use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::negotiate;

/// What is known of a message when a later check refuses it: for the audit row
/// and the metrics.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub event: Option<koppeltaal_core::event::Event>,
    pub patient: Option<String>,
    pub focal: Option<String>,
}

/// Accepts a message, or says why not.
pub async fn post_message(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    let mut seen = Seen::default();
    let result = accept(app, call, caller, &mut seen).await;
    if let Err(refusal) = &result {
        app.metrics().rejected(&caller.domain.name, seen.event, refusal.reason);
        // A version conflict recorded itself in its transaction.
        if refusal.reason != VERSION_CONFLICT {
            let entry = Entry {
                event: seen.event,
                patient: seen.patient,
                focal: seen.focal,
                outcome: refusal.status.as_u16().to_string(),
                detail: Some(refusal.reason.to_owned()),
                ..call.audit(Action::Reject, caller)
            };
            app.parts.audit_log.add(caller.domain.number, entry);
        }
    }
    result
}

const VERSION_CONFLICT: &str = "version";

async fn accept(
    app: &App,
    call: &Call,
    caller: &Caller,
    seen: &mut Seen,
) -> Result<Answer, Refusal> {
    let format = call.body_format.ok_or_else(|| {
        Refusal::bad_request("structure", "The body must be a message bundle in JSON or XML.")
    })?;
    let node = negotiate::parse(format, &call.body)?;
    let bundle = Bundle::from_node(node)
        .map_err(|error| Refusal::bad_request("structure", error.to_string()))?;
    check::domain(&bundle, &caller.domain.name)?;
    let message = check::message(bundle, caller, seen)?;
    let reply = respond::Reply::to(&message, caller);
    let incoming = prepare::prepare(app, call, caller, message)?;
    for warning in &incoming.warnings {
        tracing::warn!(
            request_id = call.request_id,
            domain = caller.domain.name,
            instance = caller.name(),
            "{warning}"
        );
    }
    let (incoming, now) = (incoming.incoming, app.now());
    let urls: Vec<String> = incoming.resources.iter().map(|r| r.url.clone()).collect();
    let (event, focal) = (incoming.event, incoming.focal);
    let ids = app.parts.ids.clone();
    let announces = incoming.recipients.iter().any(|recipient| recipient.announce);
    let accepted = app
        .parts
        .store
        .scope(&caller.domain)
        .write(move |tx| mailbox::accept(tx, &ids, now, &incoming))
        .await?;
    match accepted {
        Accepted::Refused(conflicts) => Err(refused(&conflicts, &urls, call, caller)),
        Accepted::Valid => Ok(reply.valid(app)),
        Accepted::Stored { versions, recipients, .. } => {
            if announces {
                app.parts.waker.wake();
            }
            app.metrics().accepted(&caller.domain.name, event, recipients);
            Ok(reply.stored(app, &urls, focal, &versions))
        }
    }
}

/// The 409 that names every resource whose version is wrong (spec 3.4).
fn refused(conflicts: &[Conflict], urls: &[String], call: &Call, caller: &Caller) -> Refusal {
    let issues = conflicts.iter().map(|conflict| {
        let url = urls.get(conflict.resource).map_or("", String::as_str);
        let details = match conflict.decision {
            Decision::FocalVersionMissing => {
                "No version specified for the focal resource, message is rejected."
            }
            _ => "The specified resource version is not correct",
        };
        let issue = Issue::error(details).with_type("conflict").with_resource(url);
        match &conflict.current {
            Some(version) => issue.with_location(format!("{url}/_history/{version}")),
            None => issue,
        }
    });
    tracing::debug!(
        request_id = call.request_id,
        instance = caller.name(),
        conflicts = conflicts.len(),
        "version conflict"
    );
    Refusal {
        issues: issues.collect(),
        ..Refusal::new(http::StatusCode::CONFLICT, "conflict", VERSION_CONFLICT, "")
    }
}

/// A prepared message and what its sender should be told in the log.
pub(crate) struct Prepared {
    pub incoming: Incoming,
    pub warnings: Vec<String>,
}
