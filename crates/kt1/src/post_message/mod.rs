//! POST Mailbox: a message is checked, its resources are versioned, and every
//! subscribed instance gets a copy (spec 3). The order of the checks is that of
//! the standard; nothing is stored unless all of them pass.

mod check;
mod header;
mod kind;
mod prepare;
mod respond;
mod text;
mod warn;

use http::StatusCode;
use koppeltaal_core::versioning::Decision;
use koppeltaal_fhir::dstu1::{Bundle, Issue};
use koppeltaal_store::mailbox::{self, Accepted, Conflict};

use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller, Seen};
use crate::hub::Arrival;
use crate::negotiate;

/// The largest MessageHeader: a page of a mailbox holds up to 1,000 of them.
const MAX_HEADER: usize = 64 * 1024;

/// Accepts a message, or says why not.
pub(crate) async fn post_message(
    app: &App,
    call: &Call,
    caller: &Caller,
    seen: &mut Seen,
) -> Result<Answer, Refusal> {
    let format = call.body_format.ok_or_else(|| {
        Refusal::bad_request("structure", "The body must be a message bundle in JSON or XML.")
    })?;
    let node = negotiate::read(format, &call.body).await?;
    let bundle = Bundle::from_node(node)
        .map_err(|error| Refusal::bad_request("structure", error.to_string()))?;
    check::domain(&bundle, &caller.domain.name)?;
    let message = check::message(bundle, caller, seen)?;
    check::patient(&message, caller)?;
    warn::of_message(app, call, caller, &message);
    let reply = respond::Reply::to(&message, caller);
    let incoming = prepare::prepare(app, call, caller, message)?;
    if incoming.header.len() > MAX_HEADER {
        return Err(Refusal::bad_request(
            "too-long",
            format!("The MessageHeader is larger than {MAX_HEADER} bytes."),
        ));
    }
    let urls: Vec<String> = incoming.resources.iter().map(|r| r.url.clone()).collect();
    let named = warn::named(&incoming.resources, incoming.focal);
    let (event, focal) = (incoming.event, incoming.focal);
    let patient = incoming.patient.as_deref().map(mailbox::patient_key);
    let announces = incoming.recipients.iter().any(|recipient| recipient.announce);
    let (ids, now) = (app.parts.ids.clone(), app.now());
    let accepted = app
        .parts
        .store
        .scope(&caller.domain)
        .write(move |tx| mailbox::accept(tx, &ids, now, &incoming))
        .await?;
    match accepted {
        Accepted::Refused(conflicts) => Err(refused(&conflicts, &urls, caller)),
        Accepted::Valid => Ok(reply.valid(app)),
        Accepted::Stored { versions, copies, .. } => {
            if announces {
                app.parts.waker.wake();
            }
            app.metrics().accepted(&caller.domain.name, event, copies.len());
            app.hub.arrived(copies.into_iter().map(|copied| Arrival {
                instance: copied.instance,
                stamp: copied.stamp.0,
                patient,
            }));
            let decisions = versions.iter().map(|v| v.decision);
            warn::of_versions(app, call, caller, &named, decisions);
            Ok(reply.stored(app, &urls, focal, &versions))
        }
    }
}

/// The 409 that names every resource whose version is wrong (spec 3.4).
fn refused(conflicts: &[Conflict], urls: &[String], caller: &Caller) -> Refusal {
    let of_135 = prepare::rules(caller).all_resources;
    let issues = conflicts.iter().map(|conflict| {
        let url = urls.get(conflict.resource).map_or("", String::as_str);
        let details = match conflict.decision {
            Decision::FocalVersionMissing => {
                "No version specified for the focal resource, message is rejected."
            }
            _ if of_135 => "The specified resource version is not correct",
            // What servers before 1.3.5 said.
            _ => {
                "Message Version mismatch: Please retrieve the latest version of this Message \
                 and apply changes before resubmit."
            }
        };
        let issue = Issue::error(details).with_type("conflict").with_resource(url);
        match &conflict.current {
            Some(version) => issue.with_location(format!("{url}/_history/{version}")),
            None => issue,
        }
    });
    Refusal {
        issues: issues.collect(),
        // In the transaction that found it.
        recorded: true,
        ..Refusal::new(StatusCode::CONFLICT, "conflict", "version", "")
    }
}
