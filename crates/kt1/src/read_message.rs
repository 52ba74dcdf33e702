//! One message of the caller's mailbox: the whole bundle by `_id`, or the bare
//! MessageHeader by its URL (spec 1.1, E5 and E6).

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_store::mailbox::{self, Item, Key};

use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::deliver;
use crate::feed;

/// GET MessageHeader/_search?_id=… : the complete bundle, whatever its status.
pub async fn by_id(app: &App, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Refusal> {
    let (keys, who) = (keys(id), caller.clone());
    let recipient = caller.instance.number;
    let scope = app.parts.store.scope(&caller.domain);
    let found = scope
        .read(move |tx| {
            let mut item = None;
            for key in &keys {
                item = item.or(mailbox::read(tx, recipient, key)?);
            }
            let Some(item) = item.filter(|item| who.may_see(item.patient.as_deref())) else {
                return Ok(None);
            };
            let body = mailbox::body(tx, item.message)?;
            Ok(Some((item, body)))
        })
        .await?;
    let Some((item, body)) = found else {
        let entry =
            Entry { detail: Some("nothing found".to_owned()), ..call.audit(Action::Read, caller) };
        app.parts.audit_log.add(caller.domain.number, entry);
        return Ok(feed::nothing(app, call, "MessageHeader"));
    };
    record(app, call, caller, &item);
    let content = deliver::bundle(app, caller, &item, body.as_ref())?;
    Ok(Answer { content, ..Answer::json(String::new()) })
}

/// GET MessageHeader/{n}: the bare MessageHeader.
pub async fn header(
    app: &App,
    call: &Call,
    caller: &Caller,
    number: i64,
) -> Result<Answer, Refusal> {
    let recipient = caller.instance.number;
    let scope = app.parts.store.scope(&caller.domain);
    let item = scope.read(move |tx| mailbox::read(tx, recipient, &Key::Number(number))).await?;
    let item = item.filter(|item| caller.may_see(item.patient.as_deref()));
    let item = item.ok_or_else(|| unknown(number))?;
    record(app, call, caller, &item);
    let location = app.links.header_version(item.id, item.stamp);
    Ok(Answer { location: Some(location), ..Answer::json(deliver::header(&item)) })
}

/// The error for a number that is none of the caller's.
pub fn unknown(number: i64) -> Refusal {
    Refusal::not_found(format!("There is no MessageHeader {number} in this mailbox."))
}

/// How `_id` names a message: by the integer, by the URL of the copy in any
/// version, or by MessageHeader.identifier, which can look like an integer too.
fn keys(id: &str) -> Vec<Key> {
    let url = identity(id);
    let is_url = url.contains("://");
    let number = match url.rsplit_once("/MessageHeader/") {
        Some((base, number)) if !is_url || base.to_ascii_lowercase().ends_with(BASE) => number,
        _ if is_url => "",
        _ => url,
    };
    let number = number.parse().ok().map(Key::Number);
    number.into_iter().chain([Key::Identifier(id.to_owned())]).collect()
}

const BASE: &str = "/fhir/koppeltaal";

fn record(app: &App, call: &Call, caller: &Caller, item: &Item) {
    let entry = Entry {
        event: Some(item.event),
        patient: item.patient.clone(),
        focal: Some(item.focal.clone()),
        version: Some(item.focal_version.clone()),
        item: Some(item.id),
        ..call.audit(Action::Read, caller)
    };
    app.parts.audit_log.add(caller.domain.number, entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_several_names() {
        for (id, number) in [
            ("45909", Some(45909)),
            ("https://h/FHIR/Koppeltaal/MessageHeader/45909", Some(45909)),
            ("https://h/FHIR/Koppeltaal/MessageHeader/45909/_history/old", Some(45909)),
            ("MessageHeader/45909", None),
            ("/MessageHeader/45909", Some(45909)),
            ("https://app/MessageHeader/1", None),
            ("urn:uuid:9e1ba0c2-1d9e-4b6f-8b5a-3c7b1a6c3c11", None),
            ("https://h/1", None),
            ("", None),
        ] {
            let expected = number.map(Key::Number).into_iter();
            let expected: Vec<Key> = expected.chain([Key::Identifier(id.to_owned())]).collect();
            assert_eq!(keys(id), expected, "{id}");
        }
    }
}
