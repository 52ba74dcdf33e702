//! What the answer of a provider means. An item that is not of the caller's application and domain
//! is as if it were not there.

use http::{Response, StatusCode, header};
use koppeltaal_fhir::dstu1::reference::split_version;
use koppeltaal_fhir::dstu1::{self, OperationOutcome, StorageItem, Stored};
use koppeltaal_fhir::{Node, json};

use super::super::criteria::plain_id;
use super::super::sent::Sent;
use super::super::{Item, conflict, kept, unknown};
use super::call::failed;
use crate::answer::Refusal;
use crate::call::{Call, Caller};
use crate::negotiate::{Format, text};

/// The longest text of a provider that is passed on.
const MAX_DETAILS: usize = 500;

/// An item as a provider has it, before it is known whose it is.
pub(super) struct Theirs {
    pub(super) node: Node,
    id: String,
    version: Option<String>,
    is_callers: bool,
}

impl Theirs {
    /// The item, if it is the caller's.
    pub(super) fn shown(self) -> Option<Item> {
        self.is_callers.then_some(Item { id: self.id, version: self.version, node: self.node })
    }
}

/// Refuses what is no success.
pub(super) fn check(
    reply: &Response<Vec<u8>>,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<(), Refusal> {
    let status = reply.status();
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE if !id.is_empty() => Err(unknown(id)),
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
            Err(match outcome(reply).and_then(|issue| issue.type_code) {
                Some(code) if code == "duplicate" => kept::duplicate(),
                _ => conflict("conflict", "The specified resource version is not correct"),
            })
        }
        StatusCode::PAYLOAD_TOO_LARGE => Err(Refusal::new(
            status,
            "too-long",
            "too-long",
            "The StorageItem is larger than the storage provider of this domain takes.",
        )),
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = text(reply.headers(), &header::RETRY_AFTER).and_then(|s| s.parse().ok());
            Err(Refusal {
                retry_after: Some(wait.unwrap_or(1)),
                ..Refusal::new(
                    status,
                    "throttled",
                    "throttled",
                    "The storage provider of this domain asks to wait; try again later.",
                )
            })
        }
        StatusCode::BAD_REQUEST
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::INSUFFICIENT_STORAGE => {
            let why =
                outcome(reply).map_or_else(|| "it does not say why".to_owned(), |i| i.details);
            Err(Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "business-rule",
                "business-rule",
                format!("The storage provider of this domain refused this: {}", passed_on(&why)),
            ))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(failed(
            call,
            caller,
            &format!("it refuses the credentials of the domain ({status})"),
            "The storage provider of this domain refuses the credentials of the domain: its \
             administrator has to correct them.",
        )),
        _ => Err(failed(
            call,
            caller,
            &format!("it answered {status}"),
            &format!(
                "The storage provider of this domain failed (status {}). If this was a change, \
                 look first whether it was kept.",
                status.as_u16()
            ),
        )),
    }
}

/// The answer is nothing that a provider of StorageItems says.
pub(super) fn garbage(call: &Call, caller: &Caller) -> Refusal {
    failed(
        call,
        caller,
        "its answer is no StorageItem, nor a list of them",
        "The storage provider of this domain answered with something that is no StorageItem.",
    )
}

/// The resource of an answer, in whatever format.
pub(super) fn resource(reply: &Response<Vec<u8>>) -> Option<Node> {
    let body = reply.body();
    match Format::of_body(reply.headers(), body)? {
        Format::Json => json::parse(body).ok(),
        Format::Xml => dstu1::parse_xml(body).ok(),
    }
}

/// The item that an answer holds, with the id that was asked for.
pub(super) fn item(reply: &Response<Vec<u8>>, caller: &Caller, id: &str) -> Option<Theirs> {
    let version = version_of(reply);
    theirs(&resource(reply)?, caller, id, version)
}

/// An item of a provider under our names.
pub(super) fn theirs(
    node: &Node,
    caller: &Caller,
    id: &str,
    version: Option<String>,
) -> Option<Theirs> {
    let item = StorageItem::of(node)?;
    let (application, domain) = (caller.application.id.as_str(), caller.domain.name.as_str());
    let is_callers = item.application() == Some(application) && item.domain() == Some(domain);
    let stored = Stored { id: Some(id), last_modified: item.last_modified(), application, domain };
    Some(Theirs { node: item.normalised(&stored), id: id.to_owned(), version, is_callers })
}

/// The item that a provider wrote: as it answers, or, if its answer has no body, as it was sent.
/// `None` when nothing tells under which id.
pub(super) fn written(
    reply: &Response<Vec<u8>>,
    caller: &Caller,
    sent: &Sent,
    now: &str,
    id: Option<&str>,
) -> Option<Item> {
    let answered = resource(reply).filter(|node| StorageItem::of(node).is_some());
    let own = answered.as_ref().and_then(|node| node.get("id")?.text());
    let id = match id.or(own) {
        Some(id) => plain_id(id).to_owned(),
        None => id_of(location(reply)?)?.to_owned(),
    };
    super::check_id(&id).ok()?;
    let last_modified = answered.as_ref().and_then(|node| StorageItem::of(node)?.last_modified());
    let node = sent.filled(caller, Some(&id), Some(last_modified.unwrap_or(now)));
    Some(Item { version: version_of(reply), id, node })
}

fn location(reply: &Response<Vec<u8>>) -> Option<&str> {
    let header = |name| text(reply.headers(), name);
    header(&header::CONTENT_LOCATION).or_else(|| header(&header::LOCATION))
}

fn version_of(reply: &Response<Vec<u8>>) -> Option<String> {
    split_version(location(reply)?).1.map(String::from)
}

/// The id in the URL of an item.
pub(super) fn id_of(url: &str) -> Option<&str> {
    let path = split_version(url).0.split(['?', '#']).next()?;
    path.rsplit('/').next().map(plain_id).filter(|id| !id.is_empty())
}

fn outcome(reply: &Response<Vec<u8>>) -> Option<dstu1::Issue> {
    OperationOutcome::from_node(&resource(reply)?)?.issues.into_iter().next()
}

/// The text of a provider as a client may see it.
fn passed_on(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_DETAILS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_last_part_of_a_url() {
        for (url, id) in [
            ("https://p/fhir/Other/12", Some("12")),
            ("https://p/fhir/Other/StorageItem:12/_history/2019:1", Some("12")),
            ("Other/storageitem:a-b?code=StorageItem", Some("a-b")),
            ("https://p/fhir/Other/", None),
            ("", None),
        ] {
            assert_eq!(id_of(url), id, "{url}");
        }
    }

    #[test]
    fn the_words_of_a_provider_are_cut_and_cleaned() {
        assert_eq!(passed_on("a\r\nb\u{0}"), "ab");
        assert_eq!(passed_on(&"x".repeat(900)).len(), MAX_DETAILS);
    }
}
