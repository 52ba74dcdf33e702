//! PUT MessageHeader/{n}: the recipient sets the ProcessingStatus of its copy;
//! nothing else of the body is looked at (spec 5.4).

use koppeltaal_core::audit::Action;
use koppeltaal_core::status;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::names::message_header as names;
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
    let header = body(call)?;
    let (code, exception) = asked_status(&header)?;
    let asked = status::settable(&code).ok_or_else(|| {
        Refusal::bad_request(
            "value",
            format!(
                "The ProcessingStatus `{}` cannot be set: use New, Claimed, Success or Failed.",
                code.chars().take(50).collect::<String>()
            ),
        )
    })?;
    let now = app.now();
    let request = PutRequest {
        item: number,
        recipient: Some(caller.instance.number),
        status: asked,
        exception: exception.map(|text| text.chars().take(MAX_EXCEPTION).collect()),
        claim_until: app.claim_until(&caller.domain, now),
        audit: call.audit(Action::Status, caller),
    };
    let rules: Rules = app.retention_rules(&app.directory(), &caller.domain);
    let (ids, limits) = (app.parts.ids.clone(), app.parts.settings.retention);
    let scope = app.parts.store.scope(&caller.domain);
    let put = scope
        .write(move |tx| {
            mailbox::put(tx, &ids, now, &request, limits, &|event| rules.rule(event))
        })
        .await?;
    match put {
        Put::Unknown => Err(read_message::unknown(number)),
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

fn body(call: &Call) -> Result<Node, Refusal> {
    let format = call.body_format.ok_or_else(|| {
        Refusal::bad_request("structure", "The body must be a MessageHeader in JSON or XML.")
    })?;
    let node = negotiate::parse(format, &call.body)?;
    if node.resource_type() == Some("MessageHeader") {
        Ok(node)
    } else {
        Err(Refusal::bad_request("structure", "The body must be a MessageHeader."))
    }
}

/// The status and exception of the ProcessingStatus extension.
fn asked_status(header: &Node) -> Result<(String, Option<String>), Refusal> {
    let parts = |url: &'static str, node: &Node| -> Option<Node> {
        let is = |part: &&Node| part.get("url").and_then(Node::as_str) == Some(url);
        node.items("extension").iter().find(is).cloned()
    };
    let status = parts(names::PROCESSING_STATUS, header);
    let code = status
        .as_ref()
        .and_then(|status| parts(names::STATUS, status))
        .and_then(|part| Some(part.get("valueCode")?.text()?.to_owned()))
        .ok_or_else(|| {
            Refusal::bad_request(
                "required",
                "The MessageHeader has no ProcessingStatus extension with a ProcessingStatusStatus.",
            )
        })?;
    let exception = status
        .and_then(|status| parts(names::STATUS_EXCEPTION, &status))
        .and_then(|part| Some(part.get("valueString")?.text()?.to_owned()));
    Ok((code, exception))
}
