//! Messages in the mailboxes: listed, shown, put back or failed. Bodies are never
//! shown.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::event::Event;
use koppeltaal_core::retention::Rule;
use koppeltaal_core::status::Status;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::mailbox::{self, Listing, ListingFilter, Put, PutRequest};
use serde_json::json;

use super::check_reason;
use crate::desk::Desk;
use crate::names;
use crate::page::{self, Object, Page, Part};
use crate::seen;

/// Copies that are read at least for somebody who sees only some of them.
const READ_AT_LEAST: usize = 1000;

/// Which copies.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// In this domain only.
    pub domain: Option<String>,
    /// Of this instance only.
    pub recipient: Option<i64>,
    /// In this status only.
    pub status: Option<Status>,
    /// Of this event only.
    pub event: Option<Event>,
    /// About this patient only (URL without version).
    pub patient: Option<String>,
    /// Accepted at this time or later.
    pub since: Option<Timestamp>,
    /// After this copy.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// The copies that fit, oldest first.
pub async fn list(desk: &Desk, directory: &Directory, wanted: &Wanted) -> Result<Page> {
    let filter = ListingFilter {
        recipient: wanted.recipient,
        status: wanted.status,
        event: wanted.event,
        patient: wanted.patient.clone(),
        from: wanted.since,
        after: wanted.after,
    };
    let mut parts = Vec::new();
    for domain in directory.domains() {
        if wanted.domain.as_ref().is_some_and(|name| *name != domain.name)
            || seen::domain(directory, &desk.rights, domain) == seen::Seen::Not
        {
            continue;
        }
        let whole = desk.rights.has_domain(&domain.name);
        let read = if whole { wanted.limit } else { wanted.limit.max(READ_AT_LEAST) };
        let (filter, most) = (filter.clone(), i64::try_from(read).map_err(Error::internal)?);
        let copies =
            desk.store.scope(domain).read(move |tx| mailbox::list(tx, &filter, most)).await?;
        let read_up_to = copies.last().filter(|_| copies.len() == read).map(|copy| copy.item.id);
        let found = copies
            .iter()
            .filter(|copy| is_seen(desk, directory, copy))
            .map(|copy| (copy.item.id, shown(directory, domain, copy)))
            .collect();
        parts.push(Part { found, read_up_to });
    }
    Ok(page::of(parts, wanted.limit))
}

/// The copy with this number, whatever domain it is in.
pub async fn find(desk: &Desk, directory: &Directory, id: i64) -> Result<(Arc<Domain>, Listing)> {
    for domain in directory.domains() {
        let found = desk.store.scope(domain).read(move |tx| mailbox::find(tx, id)).await?;
        if let Some(found) = found.filter(|copy| is_seen(desk, directory, copy)) {
            return Ok((domain.clone(), found));
        }
    }
    Err(Error::NotFound(format!(
        "message {id} does not exist; `koppeltaal messages list` shows those that do"
    )))
}

/// Whether a copy is theirs: by recipient or by sender.
fn is_seen(desk: &Desk, directory: &Directory, copy: &Listing) -> bool {
    desk.rights.is_system()
        || seen::number(directory, &desk.rights, Some(copy.item.recipient))
        || seen::number(directory, &desk.rights, copy.sender)
}

/// Sets the status of a copy to New or Failed, for a reason that is recorded.
/// Tells the copy before and after.
pub async fn intervene(
    desk: &Desk,
    directory: &Directory,
    id: i64,
    status: Status,
    reason: &str,
) -> Result<(Listing, Object)> {
    check_reason(reason)?;
    let (domain, before) = find(desk, directory, id).await?;
    // The sender sees its message; the mailbox is the recipient's.
    if !desk.rights.is_system()
        && !seen::number(directory, &desk.rights, Some(before.item.recipient))
    {
        return Err(Error::Forbidden(format!("message {id} is in the mailbox of somebody else")));
    }
    if status == Status::New && before.item.expired {
        return Err(Error::Conflict(format!(
            "message {id} cannot be put back: its body has been removed"
        )));
    }
    let verb = if status == Status::New { "requeue" } else { "fail" };
    let now = desk.clock.now();
    let audit = Entry {
        detail: Some(format!("{verb}: {reason}")),
        request_id: desk.author.request_id.clone(),
        ..Entry::new(Action::Administration, now, desk.author.agent.clone())
    };
    let request = PutRequest {
        item: id,
        recipient: None,
        patient: None,
        status,
        exception: Some(reason.to_owned()),
        claim_until: now,
        audit,
    };
    let limits = desk.settings.retention;
    let rules = Event::ALL
        .iter()
        .map(|event| (*event, Rule::of(directory, &domain, *event, limits)))
        .collect::<Vec<_>>();
    let ids = desk.ids.clone();
    let put = desk
        .store
        .scope(&domain)
        .write(move |tx| {
            let rule = |event| {
                let found = rules.iter().find(|(known, _)| *known == event);
                found.map_or(KEEP, |(_, rule)| *rule)
            };
            mailbox::put(tx, &ids, now, &request, limits, &rule)
        })
        .await?;
    match put {
        Put::Done { changed: true, .. } => {
            let (domain, after) = find(desk, directory, id).await?;
            Ok((before, shown(directory, &domain, &after)))
        }
        Put::Done { item, .. } => {
            let why = if item.status.is_final() { "that is final, " } else { "" };
            let text = format!("message {id} is {}: {why}nothing was changed", item.status);
            Err(Error::Conflict(text))
        }
        Put::Unknown | Put::NotRecipient => {
            Err(Error::NotFound(format!("message {id} does not exist")))
        }
    }
}

/// What holds for an event nobody knows: nothing is removed.
const KEEP: Rule = Rule { required: true, retain_on_success: true, max_age: Duration::MAX };

/// A copy under the names of the contract.
pub fn shown(directory: &Directory, domain: &Domain, listing: &Listing) -> Object {
    let item = &listing.item;
    page::object(json!({
        "id": item.id,
        "message_identifier": item.identifier,
        "domain": domain.name,
        "event": item.event,
        "sender": names::sender(directory, listing.sender),
        "recipient": names::instance(directory, item.recipient),
        "patient": item.patient,
        "focal": item.focal,
        "version": item.focal_version,
        "status": item.status,
        "claims": item.claims,
        "exception": item.exception,
        "created": item.created,
        "last_changed": item.changed,
        "expired": item.expired,
    }))
}
