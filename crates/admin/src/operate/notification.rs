//! Notifications: what applications were told, every attempt, and dead letters
//! sent again.

use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::notification::State;
use koppeltaal_core::{Error, Result};
use koppeltaal_store::audit;
use koppeltaal_store::outbox::{self, Filter, Generation, Notification};
use serde_json::json;

use super::check_reason;
use crate::desk::Desk;
use crate::names;
use crate::page::{self, Object, Page, Part};
use crate::seen;

/// Notifications that are read at least for somebody who sees only some of them.
const READ_AT_LEAST: usize = 1000;

/// Which notifications.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// In this domain only.
    pub domain: Option<String>,
    /// To this instance only.
    pub instance: Option<i64>,
    /// In this state only.
    pub state: Option<State>,
    /// After this notification.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// The notifications that fit, oldest first.
pub async fn list(desk: &Desk, directory: &Directory, wanted: &Wanted) -> Result<Page> {
    let filter = Filter { state: wanted.state, instance: wanted.instance, after: wanted.after };
    let mut parts = Vec::new();
    for domain in directory.domains() {
        if wanted.domain.as_ref().is_some_and(|name| *name != domain.name)
            || seen::domain(directory, &desk.rights, domain) == seen::Seen::Not
        {
            continue;
        }
        let whole = desk.rights.has_domain(&domain.name);
        let read = if whole { wanted.limit } else { wanted.limit.max(READ_AT_LEAST) };
        let most = i64::try_from(read).map_err(Error::internal)?;
        let all = desk.store.scope(domain).read(move |tx| outbox::list(tx, &filter, most)).await?;
        let read_up_to = all.last().filter(|_| all.len() == read).map(|one| one.id);
        let found = all
            .iter()
            .filter(|one| is_seen(desk, directory, one))
            .map(|one| (one.id, shown(directory, domain, one)))
            .collect();
        parts.push(Part { found, read_up_to });
    }
    Ok(page::of(parts, wanted.limit))
}

/// The notification with this number, whatever domain it is in.
pub async fn find(
    desk: &Desk,
    directory: &Directory,
    id: i64,
) -> Result<(Arc<Domain>, Notification)> {
    for domain in directory.domains() {
        let found = desk.store.scope(domain).read(move |tx| outbox::show(tx, id)).await?;
        if let Some(found) = found.filter(|one| is_seen(desk, directory, one)) {
            return Ok((domain.clone(), found));
        }
    }
    Err(Error::NotFound(format!(
        "notification {id} does not exist; `koppeltaal notifications list` shows those that do"
    )))
}

fn is_seen(desk: &Desk, directory: &Directory, one: &Notification) -> bool {
    desk.rights.is_system() || seen::number(directory, &desk.rights, Some(one.instance))
}

/// Sends a dead or delivered notification again, for a reason that is recorded.
pub async fn resend(desk: &Desk, directory: &Directory, id: i64, reason: &str) -> Result<Object> {
    check_reason(reason)?;
    let (domain, notification) = find(desk, directory, id).await?;
    let now = desk.clock.now();
    let entry = Entry {
        item: (notification.generation == Generation::Kt1).then_some(notification.item),
        outcome: "pending".to_owned(),
        detail: Some(format!("resend notification {id}: {reason}")),
        request_id: desk.author.request_id.clone(),
        ..Entry::new(Action::Administration, now, desk.author.agent.clone())
    };
    let ids = desk.ids.clone();
    desk.store
        .scope(&domain)
        .write(move |tx| {
            outbox::resend(tx, id, now)?;
            audit::append(tx, &ids, std::slice::from_ref(&entry))
        })
        .await?;
    let (domain, notification) = find(desk, directory, id).await?;
    Ok(shown(directory, &domain, &notification))
}

/// A notification under the names of the contract.
pub fn shown(directory: &Directory, domain: &Domain, notification: &Notification) -> Object {
    let instance = directory.instance(notification.instance);
    let endpoint = instance.and_then(|found| Some(found.instance.webhook.as_ref()?.url.clone()));
    // The endpoint of a rest-hook stands in its Subscription; where it went is known
    // from its attempts.
    let is_rest_hook = notification.generation == Generation::Kt2;
    let endpoint = if is_rest_hook {
        tried_at(notification)
    } else {
        endpoint.or_else(|| tried_at(notification))
    };
    page::object(json!({
        "id": notification.id,
        "domain": domain.name,
        "generation": notification.generation,
        "instance": names::instance(directory, notification.instance),
        "subscription": notification.subscription,
        "endpoint": endpoint,
        "item": (!is_rest_hook).then_some(notification.item),
        "message_identifier": (!is_rest_hook).then_some(&notification.identifier),
        "resource": is_rest_hook.then_some(&notification.identifier),
        "request_id": notification.request_id,
        "trace_id": notification.trace_id,
        "state": notification.state,
        "attempts": notification.attempts,
        "next_attempt": notification.next_attempt,
        "created": notification.created,
    }))
}

fn tried_at(notification: &Notification) -> Option<String> {
    notification.attempts.iter().rev().find_map(|attempt| attempt.endpoint.clone())
}
