//! `koppeltaal messages requeue|fail`: an operator changes the status of a copy,
//! which is audited with the reason.

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::retention::Rule;
use koppeltaal_core::status::Status;
use koppeltaal_store::Ids;
use koppeltaal_store::mailbox::{self, Put, PutRequest};

use super::{find, shown};
use crate::cmd::directory::read;
use crate::context::Context;
use crate::output;

/// Sets the status of a copy.
pub async fn run(
    context: &Context,
    id: i64,
    status: Status,
    verb: &str,
    reason: &str,
) -> Result<()> {
    let directory = read(context).await?;
    let (domain, before) = find(context, &directory, id).await?;
    if status == Status::New && before.item.expired {
        return Err(Error::Conflict(format!(
            "message {id} cannot be put back: its body has been removed"
        ))
        .into());
    }
    let now = context.clock.now();
    let author = context.author(&format!("messages {verb}"));
    let audit = Entry {
        detail: Some(format!("{verb}: {reason}")),
        ..Entry::new(Action::Administration, now, author.agent)
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
    let store = context.store().await?;
    let ids = Ids::take(store).await?;
    let limits = context.config.kt1.retention;
    let rules = koppeltaal_core::event::Event::ALL
        .iter()
        .map(|event| (*event, Rule::of(&directory, &domain, *event, limits)))
        .collect::<Vec<_>>();
    let put = store
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
            let (domain, after) = find(context, &directory, id).await?;
            if context.json {
                return output::json(&shown(&directory, &domain, &after));
            }
            output::line(format_args!(
                "message {id}: {} → {}",
                before.item.status, after.item.status
            ))
        }
        Put::Done { item, .. } => {
            let why = if item.status.is_final() { "that is final, " } else { "" };
            let text = format!("message {id} is {}: {why}nothing was changed", item.status);
            Err(Error::Conflict(text).into())
        }
        Put::Unknown | Put::NotRecipient => {
            Err(Error::NotFound(format!("message {id} does not exist")).into())
        }
    }
}

/// What holds for an event nobody knows: nothing is removed.
const KEEP: Rule =
    Rule { required: true, retain_on_success: true, max_age: std::time::Duration::MAX };
