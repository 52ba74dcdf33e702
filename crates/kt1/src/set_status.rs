//! PUT MessageHeader/{n}: the recipient sets the ProcessingStatus of its copy;
//! nothing else of the body is looked at (spec 5.4).

use koppeltaal_core::audit::Action;
use koppeltaal_core::status;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::message_header::MessageHeader;
use koppeltaal_store::mailbox::{self, Put, PutRequest};

use crate::answer::{Answer, Refusal};
use crate::app::{App, Rules};
use crate::call::{Call, Caller};
use crate::{deliver, negotiate, read_message};

/// The longest exception text that is kept.
const MAX_EXCEPTION: usize = 4000;

/// Sets the status of a copy.
pub async fn set_status(
    app: &App,
    call: &Call,
    caller: &Caller,
    number: i64,
) -> Result<Answer, Refusal> {
    let header = body(call).await?;
    let sent = MessageHeader::of(&header).and_then(MessageHeader::status).ok_or_else(|| {
        Refusal::bad_request(
            "required",
            "The MessageHeader has no ProcessingStatus extension with a ProcessingStatusStatus.",
        )
    })?;
    let asked = status::settable(sent.code).ok_or_else(|| {
        Refusal::bad_request(
            "value",
            format!(
                "The ProcessingStatus `{}` cannot be set: use New, Claimed, Success or Failed.",
                sent.code.chars().take(50).collect::<String>()
            ),
        )
    })?;
    let now = app.now();
    let request = PutRequest {
        item: number,
        recipient: Some(caller.instance.number),
        patient: caller.patient.clone(),
        status: asked,
        exception: sent.exception.map(kept_exception),
        claim_until: app.claim_until(&caller.domain, now),
        audit: call.audit(Action::Status, caller),
    };
    let rules: Rules = app.retention_rules(&app.directory(), &caller.domain);
    let (ids, limits) = (app.parts.ids.clone(), app.parts.settings.retention);
    let scope = app.parts.store.scope(&caller.domain);
    let put = scope
        .write(move |tx| mailbox::put(tx, &ids, now, &request, limits, &|event| rules.rule(event)))
        .await?;
    match put {
        Put::Unknown => Err(read_message::unknown(number)),
        // Whom an access token is for hears of no message of others.
        Put::NotRecipient if caller.patient.is_some() => Err(read_message::unknown(number)),
        Put::NotRecipient => Err(Refusal::forbidden(
            "Only the recipient of a message may set the ProcessingStatus of its copy.",
        )),
        Put::Done { item, changed } => {
            if changed {
                app.metrics().status(&caller.domain.name, item.event, item.status);
            }
            let location = app.links.header_version(item.id, item.stamp);
            Ok(Answer { location: Some(location), ..Answer::json(deliver::header(&item)) })
        }
    }
}

async fn body(call: &Call) -> Result<Node, Refusal> {
    let format = call.body_format.ok_or_else(|| {
        Refusal::bad_request("structure", "The body must be a MessageHeader in JSON or XML.")
    })?;
    let node = negotiate::read(format, &call.body).await?;
    if node.resource_type() == Some("MessageHeader") {
        Ok(node)
    } else {
        Err(Refusal::bad_request("structure", "The body must be a MessageHeader."))
    }
}

/// The text of an exception as the store keeps it.
fn kept_exception(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(MAX_EXCEPTION).collect()
}
